//! `nodesleuth catalog new`: an entry to be filled in, with what a bundle or files show.

use crate::bundle;
use crate::failure::Failure;
use crate::ingest;
use crate::output;
use nodesleuth_analyze::Catalog;
use nodesleuth_model::{Diagnosis, Evidence, Fact, FactValue};
use nodesleuth_profile::{Limits, top};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Functions, log lines and calls that are shown.
const MOST: usize = 12;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A bundle, or files as `analyze` takes them.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let read = ingest::read(&args.files, None, &[])?;
    let diagnosis = bundle::diagnose(&read.evidence, &read.profiles, &Catalog::built_in()?);
    let functions = functions(&read.evidence, &read.profiles);
    output::print_lines(&page(&read.evidence, &diagnosis, &functions))
}

/// The most expensive functions of the profiles, then those of tables and stacks.
fn functions(evidence: &Evidence, profiles: &[(String, Vec<u8>)]) -> Vec<String> {
    let mut names = Vec::new();
    for (_, bytes) in profiles {
        let Ok(opened) = nodesleuth_profile::open(bytes.as_slice(), &Limits::default()) else {
            continue;
        };
        let Some(value) = opened.profile.default_value_index() else {
            continue;
        };
        let mut rows = top(&opened.profile, value);
        rows.sort_by_key(|row| Reverse(row.cum));
        let rows = rows.iter().take(MOST);
        names.extend(rows.map(|row| nodesleuth_profile::normalize(row.name).into_owned()));
    }
    let tables = evidence.pasted.stack_tables.iter();
    names.extend(tables.flat_map(|table| table.rows.iter().map(|row| row.name.clone())));
    let stacks = evidence.pasted.stacks.iter();
    names.extend(stacks.flat_map(|stack| stack.frames.clone()));
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names.truncate(MOST);
    names
}

fn page(evidence: &Evidence, diagnosis: &Diagnosis, functions: &[String]) -> String {
    let target = diagnosis.target.as_ref();
    let component = target.map_or("the program or kernel part", |target| &target.comm);
    let mut text = format!(
        "# A known cause of your own. `nodesleuth catalog check FILE` says what is wrong with it,\n\
         # `--catalog FOLDER` uses it. Lines that begin with # are hints.\n\
         id = \"my-cause\"                 # names the problem, not the remedy; an id of ours replaces ours\n\
         class = \"T25_load_or_unresolved\" # one of docs/catalog.md\n\
         title = \"what burns CPU, in one line\"\n\
         component = {}\n\
         standing = \"reported\"           # or verified\n\
         explanation = \"why it happens\"\n\
         disproof = [\"what would show that it is not this\"]\n\
         look_alikes = []\n\n\
         # What must hold in evidence that was collected; facts are listed in docs/facts.md.\n\
         # Known here:\n",
        quoted(component)
    );
    let facts = diagnosis.facts.iter();
    let known: Vec<String> = facts
        .filter_map(|(name, fact)| condition(name, fact))
        .collect();
    match known.as_slice() {
        [] => text.push_str("#   nothing\n"),
        known => known
            .iter()
            .for_each(|known| text.push_str(&format!("#   {known}\n"))),
    }
    text.push_str("[when]\nfact = \"target.hot\"\nop = \"==\"\nvalue = true\n");
    text.push_str(&symptoms(evidence, functions));
    text.push_str(
        "\n# Which part of the target's CPU it takes; parts stand in catalog/parts.toml.\n\
         # [[claims]]\n# part = \"kernel\"\n\n\
         [[confirm]]\ntext = \"how to check by hand\"\n# command = \"…\"\n\n\
         [[remedies.now]]\ntext = \"what helps at once\"\n# command = \"…\"\n# risk = \"…\"\n\n\
         [[remedies.for_good]]\ntext = \"what helps for good\"\n",
    );
    text
}

/// What was seen, as symptoms to choose from.
fn symptoms(evidence: &Evidence, functions: &[String]) -> String {
    let mut text = String::from(
        "\n# What outputs of other tools and logs show; points: a deciding symptom 4 to 5, a hint 1.\n",
    );
    let mut add = |what: &str, value: String| {
        text.push_str(&format!(
            "# [[symptoms]]\n# {what} = {value}\n# points = 4\n# decides = true\n"
        ));
    };
    for name in functions {
        add("frames", format!("[[{}]]", quoted(name)));
    }
    for line in evidence.pasted.logs.iter().take(MOST) {
        let words = regex_lite::escape(line.template.trim());
        add("log", quoted(&words.replace("\\*", ".*")));
    }
    for table in &evidence.pasted.calls {
        for call in table.calls.iter().take(3) {
            add("call", quoted(&format!("^{}", call.name)));
        }
    }
    text
}

/// A comparison that holds here; numbers a little below what is known.
fn condition(name: &str, fact: &Fact) -> Option<String> {
    Some(match fact.value.as_ref()? {
        FactValue::Number(number) if number.is_finite() => {
            let bound = number * 0.9;
            format!(
                "{{ fact = {}, op = \">=\", value = {bound:.6} }}",
                quoted(name)
            )
        }
        FactValue::Number(_) => return None,
        FactValue::Flag(flag) => {
            format!("{{ fact = {}, op = \"==\", value = {flag} }}", quoted(name))
        }
        FactValue::Text(word) => {
            format!(
                "{{ fact = {}, op = \"==\", value = {} }}",
                quoted(name),
                quoted(word)
            )
        }
    })
}

/// A TOML string: JSON's are such strings too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

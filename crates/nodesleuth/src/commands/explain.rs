//! `nodesleuth explain ID`: a known cause, as the catalogue has it.

use crate::failure::Failure;
use crate::output;
use nodesleuth_analyze::catalog::{Condition, Entry, Operand, ProofRule, RemedyRule, Symptom};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Id of the cause; `nodesleuth catalog` lists them.
    #[arg(value_name = "ID")]
    id: String,

    /// Folder with known causes of your own.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let catalog = super::catalog::load(args.catalog.as_deref())?;
    let Some(entry) = catalog.entry(&args.id) else {
        let near: Vec<&str> = catalog
            .entries
            .iter()
            .map(|entry| entry.id.as_str())
            .filter(|id| id.split('-').any(|word| args.id.contains(word)))
            .collect();
        let help = match near.as_slice() {
            [] => "`nodesleuth catalog` lists all".to_owned(),
            near => format!(
                "similar: {}; `nodesleuth catalog` lists all",
                near.join(", ")
            ),
        };
        return Err(Failure::usage(
            format!("there is no known cause {:?}", args.id),
            help,
        ));
    };
    output::print_lines(&page(entry))
}

/// One entry as text.
fn page(entry: &Entry) -> String {
    let mut text = format!(
        "{} · {} · {}\n{}\nconcerns: {}\n\n{}\n",
        entry.id,
        entry.class,
        entry.standing.as_str(),
        entry.title.outline(),
        entry.component,
        entry.explanation.trim(),
    );
    if let Some(when) = &entry.when {
        text.push_str(&format!("\nblamed when {}\n", words(when)));
    }
    if let Some(unless) = &entry.unless {
        text.push_str(&format!("but not when {}\n", words(unless)));
    }
    for frames in &entry.signature {
        text.push_str(&format!("stack: {}\n", frames.join(" → ")));
    }
    lines(
        &mut text,
        "in files from outside it shows as",
        entry.symptoms.iter().map(|seen| symptom(seen, '+')),
    );
    lines(
        &mut text,
        "and is contradicted there by",
        entry.contradictions.iter().map(|seen| symptom(seen, '-')),
    );
    let parts: Vec<&str> = entry
        .claims
        .iter()
        .map(|claim| claim.part.as_str())
        .collect();
    if !parts.is_empty() {
        text.push_str(&format!(
            "claims the ledger's parts: {}\n",
            parts.join(", ")
        ));
    }
    lines(
        &mut text,
        "wrong if",
        entry.disproof.iter().map(|line| format!("- {line}")),
    );
    lines(&mut text, "check by hand", entry.confirm.iter().map(proof));
    lines(&mut text, "do now", entry.remedies.now.iter().map(remedy));
    lines(
        &mut text,
        "do for good",
        entry.remedies.for_good.iter().map(remedy),
    );
    lines(
        &mut text,
        "looks like",
        entry.look_alikes.iter().map(|line| format!("- {line}")),
    );
    lines(
        &mut text,
        "see",
        entry.references.iter().map(|line| format!("- {line}")),
    );
    text
}

/// `+4, decides: log line “…”`.
fn symptom(symptom: &Symptom, sign: char) -> String {
    let decides = if symptom.decides { ", decides" } else { "" };
    let what = symptom.when.as_ref().map_or_else(|| symptom.words(), words);
    format!("{sign}{}{decides}: {what}", symptom.points)
}

fn lines(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n{title}:\n  {}\n", lines.join("\n  ")));
    }
}

fn proof(rule: &ProofRule) -> String {
    match &rule.command {
        Some(command) => format!("- {}\n    $ {}", rule.text.outline(), command.outline()),
        None => format!("- {}", rule.text.outline()),
    }
}

fn remedy(rule: &RemedyRule) -> String {
    let mut line = format!("- {}", rule.text.outline());
    if let Some(command) = &rule.command {
        line.push_str(&format!("\n    $ {}", command.outline()));
    }
    if let Some(risk) = &rule.risk {
        line.push_str(&format!("\n    risk: {risk}"));
    }
    line
}

/// A condition in words.
fn words(condition: &Condition) -> String {
    let mut parts = Vec::new();
    if let (Some(fact), Some(op), Some(value)) = (&condition.fact, &condition.op, &condition.value)
    {
        let value = match value {
            Operand::Flag(flag) => flag.to_string(),
            Operand::Number(number) => number.to_string(),
            Operand::Text(text) => format!("{text:?}"),
        };
        let unit = condition.unit.as_deref().unwrap_or_default();
        parts.push(format!("{fact} {op} {value} {unit}").trim_end().to_owned());
    }
    parts.extend(condition.all.iter().map(words));
    if !condition.any.is_empty() {
        let any: Vec<String> = condition.any.iter().map(words).collect();
        parts.push(format!("({})", any.join(" or ")));
    }
    if let Some(not) = &condition.not {
        parts.push(format!("not ({})", words(not)));
    }
    parts.join(" and ")
}

//! Checks a catalogue as a whole: ids, facts, units, parts. A wrong entry must not load silently.

use super::part_matches;
use super::template::{NUMBER_STYLES, SHELL};
use super::{Catalog, CatalogError, Condition, Entry, EntryKind, Operand, Template};
use crate::call_ledger::{OUTSIDE, PREFIXES};
use crate::facts::{self, FactType};
use crate::kernel_ledger;
use nodesleuth_profile::Signature;
use std::collections::BTreeSet;

const NUMBER_OPS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
const TEXT_OPS: &[&str] = &["==", "!=", "starts-with", "contains"];
const FLAG_OPS: &[&str] = &["==", "!="];

pub(super) fn check(catalog: &Catalog) -> Result<(), CatalogError> {
    let mut ids = BTreeSet::new();
    for part in &catalog.parts.part {
        let fail = |reason: String| CatalogError::new("parts.toml", reason);
        check_signatures(&part.frames).map_err(fail)?;
    }
    check_remedies(catalog)?;
    for part in &catalog.kernel_parts.part {
        let fail = |reason: String| CatalogError::new("kernel-parts.toml", reason);
        check_signatures(&part.frames).map_err(fail)?;
    }
    for entry in &catalog.entries {
        let fail = |reason: String| CatalogError::new(&entry.file, reason);
        if !ids.insert(&entry.id) {
            return Err(fail(format!("the id {:?} is used twice", entry.id)));
        }
        check_entry(catalog, entry).map_err(fail)?;
    }
    Ok(())
}

/// Rows of remedies name kernel defects that there are.
fn check_remedies(catalog: &Catalog) -> Result<(), CatalogError> {
    for remedy in &catalog.remedies {
        let named = remedy
            .frees
            .iter()
            .flat_map(|row| [&row.with, &row.without]);
        for defect in named.flatten() {
            if !catalog.kernel.iter().any(|entry| entry.id == *defect) {
                let why = format!("there is no kernel defect {defect:?}");
                return Err(CatalogError::new(&remedy.id, why));
            }
        }
    }
    Ok(())
}

fn check_entry(catalog: &Catalog, entry: &Entry) -> Result<(), String> {
    let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if entry.id.is_empty() || !entry.id.bytes().all(kebab) {
        return Err(format!(
            "id {:?}: use lower-case words joined by -",
            entry.id
        ));
    }
    if !entry.class.starts_with('T') || !entry.class.contains('_') {
        return Err(format!(
            "class {:?}: use a class of the taxonomy, T01_…",
            entry.class
        ));
    }
    if entry.disproof.is_empty() {
        return Err("disproof is empty: say what would show the claim to be wrong".to_owned());
    }
    if entry.when.is_none() && entry.symptoms.is_empty() {
        return Err("when and symptoms are missing: the entry would never be blamed".to_owned());
    }
    if !entry.kind.explains_cpu() && !entry.claims.is_empty() {
        return Err("only a cause or a contributor claims CPU".to_owned());
    }
    check_burns(catalog, entry)?;
    if !entry.is_state() && (entry.severe.is_some() || entry.in_kernel) {
        return Err(
            "severe and in_kernel are of states: a cause with when and no claims".to_owned(),
        );
    }
    check_signatures(&entry.signature)?;
    for symptom in entry.symptoms.iter().chain(&entry.contradictions) {
        symptom.check_form()?;
        check_signatures(&symptom.frames)?;
    }
    check_conditions(catalog, entry)?;
    check_claims(catalog, entry)?;
    check_templates(catalog, entry)
}

/// What burns elsewhere is priced by a fact; everything else by the ledger.
fn check_burns(catalog: &Catalog, entry: &Entry) -> Result<(), String> {
    match (&entry.burns, entry.kind == EntryKind::Elsewhere) {
        (None, false) => Ok(()),
        (None, true) => Err("burns is missing: name the fact that prices it".to_owned()),
        (Some(_), false) => Err("burns is for kind = \"elsewhere\" only".to_owned()),
        (Some(fact), true) => match facts::describe(catalog, fact) {
            Some((FactType::Number, "cores")) => Ok(()),
            _ => Err(format!("burns {fact:?} is not a fact in cores")),
        },
    }
}

fn check_signatures(lists: &[Vec<String>]) -> Result<(), String> {
    for frames in lists {
        Signature::parse(frames.iter().map(String::as_str))
            .map_err(|error| format!("stack pattern {frames:?}: {error}"))?;
    }
    Ok(())
}

fn check_conditions(catalog: &Catalog, entry: &Entry) -> Result<(), String> {
    let remedies = entry.remedies.now.iter().chain(&entry.remedies.for_good);
    let symptoms = entry.symptoms.iter().chain(&entry.contradictions);
    let conditions = [&entry.when, &entry.unless, &entry.sure, &entry.severe]
        .into_iter()
        .flatten()
        .chain(entry.claims.iter().filter_map(|claim| claim.when.as_ref()))
        .chain(symptoms.filter_map(|symptom| symptom.when.as_ref()));
    let mut result = Ok(());
    for condition in conditions.chain(remedies.filter_map(|remedy| remedy.when.as_ref())) {
        condition.check_form()?;
        condition.visit(&mut |comparison| {
            if result.is_ok() {
                result = check_comparison(catalog, comparison);
            }
        });
    }
    result
}

fn check_comparison(catalog: &Catalog, comparison: &Condition) -> Result<(), String> {
    let name = comparison.fact.as_deref().unwrap_or_default();
    let Some((kind, unit)) = facts::describe(catalog, name) else {
        return Err(format!("there is no fact {name:?} (see docs/facts.md)"));
    };
    if let Some(given) = &comparison.unit
        && given != unit
    {
        return Err(format!("fact {name:?} is in {unit:?}, not in {given:?}"));
    }
    if let Some(Operand::Number(value)) = comparison.value
        && !value.is_finite()
    {
        return Err(format!(
            "fact {name:?} is compared with {value}: use a finite number"
        ));
    }
    let (ops, fits) = match (kind, &comparison.value) {
        (FactType::Number, Some(Operand::Number(_))) => (NUMBER_OPS, true),
        (FactType::Text, Some(Operand::Text(_))) => (TEXT_OPS, true),
        (FactType::Flag, Some(Operand::Flag(_))) => (FLAG_OPS, true),
        _ => (FLAG_OPS, false),
    };
    if !fits {
        return Err(format!(
            "fact {name:?} is a {kind}: compare it with a {kind}"
        ));
    }
    let op = comparison.op.as_deref().unwrap_or_default();
    if ops.contains(&op) {
        Ok(())
    } else {
        Err(format!(
            "op {op:?} does not fit fact {name:?}: use one of {}",
            ops.join(" ")
        ))
    }
}

fn check_claims(catalog: &Catalog, entry: &Entry) -> Result<(), String> {
    for claim in &entry.claims {
        let unknown = claim
            .by_allocation_of
            .iter()
            .find(|part| !catalog.parts.knows(part));
        if let Some(part) = unknown {
            return Err(format!("there is no ledger part {part:?} (see parts.toml)"));
        }
        if !catalog.parts.knows(&claim.part) {
            return Err(format!(
                "there is no ledger part {:?} (see parts.toml)",
                claim.part
            ));
        }
        if claim.limit.is_some() && !claim.by_allocation_of.is_empty() {
            return Err(format!(
                "the claim on {:?} has limit and by_allocation_of: use one of them",
                claim.part
            ));
        }
        check_through(catalog, &claim.through)?;
        if let Some(limit) = &claim.limit
            && facts::describe(catalog, limit).is_none_or(|(_, unit)| unit != "cores")
        {
            return Err(format!("limit {limit:?} is not a fact in cores"));
        }
    }
    Ok(())
}

/// Which calls and files a target uses is not known beforehand; what kinds of parts there are is.
fn check_through(catalog: &Catalog, parts: &[String]) -> Result<(), String> {
    let known = |part: &String| {
        if let Some(pattern) = part.strip_prefix(kernel_ledger::PREFIX) {
            return catalog
                .kernel_parts
                .ids()
                .any(|id| part_matches(pattern, id));
        }
        let rest = PREFIXES.iter().find_map(|kind| part.strip_prefix(kind.0));
        part == OUTSIDE || rest.is_some_and(|rest| !rest.is_empty())
    };
    match parts.iter().find(|part| !known(part)) {
        Some(part) => {
            let kinds = PREFIXES
                .iter()
                .map(|(prefix, what)| format!("{prefix}… ({what})"));
            let kinds: Vec<String> = kinds.collect();
            Err(format!(
                "through {part:?} is no part of the views of system calls and of kernel \
                 functions: use {}, {}… (a part of kernel-parts.toml)",
                kinds.join(", "),
                kernel_ledger::PREFIX
            ))
        }
        None => Ok(()),
    }
}

fn check_templates(catalog: &Catalog, entry: &Entry) -> Result<(), String> {
    let proofs = entry.evidence.iter().chain(&entry.confirm);
    let remedies = entry.remedies.now.iter().chain(&entry.remedies.for_good);
    let mut sentences: Vec<&Template> = vec![&entry.title];
    sentences.extend(&entry.plain_title);
    let mut commands: Vec<&Template> = Vec::new();
    sentences.extend(entry.claims.iter().filter_map(|claim| claim.why.as_ref()));
    for proof in proofs {
        sentences.push(&proof.text);
        commands.extend(&proof.command);
    }
    for remedy in remedies {
        sentences.push(&remedy.text);
        commands.extend(&remedy.command);
    }
    for template in sentences.into_iter().chain(commands.iter().copied()) {
        for (fact, style) in template.facts() {
            check_style(catalog, fact, style)?;
        }
    }
    commands
        .into_iter()
        .try_for_each(|command| check_command(catalog, command))
}

fn check_style(catalog: &Catalog, fact: &str, style: &str) -> Result<(), String> {
    let Some((kind, _)) = facts::describe(catalog, fact) else {
        return Err(format!("there is no fact {fact:?} (see docs/facts.md)"));
    };
    let of_numbers = NUMBER_STYLES.contains(&style);
    if !style.is_empty() && style != SHELL && !of_numbers {
        return Err(format!(
            "there is no style {style:?} ({{{fact}:{style}}}): use one of {} {SHELL}",
            NUMBER_STYLES.join(" ")
        ));
    }
    if of_numbers && kind != FactType::Number {
        return Err(format!(
            "{{{fact}:{style}}}: the style is for numbers, the fact is a {kind}"
        ));
    }
    Ok(())
}

/// Names come from outside: one that is not quoted could run as a command when it is pasted.
fn check_command(catalog: &Catalog, command: &Template) -> Result<(), String> {
    for (fact, style) in command.facts() {
        let number =
            facts::describe(catalog, fact).is_some_and(|(kind, _)| kind == FactType::Number);
        if style != SHELL && !(number && style.is_empty()) {
            return Err(format!(
                "command {:?}: write {{{fact}:{SHELL}}}, so that the shell takes it as one word",
                command.text()
            ));
        }
    }
    match command.quoted_fact() {
        Some(fact) => Err(format!(
            "command {:?}: {{{fact}}} stands inside quotes, and {SHELL} brings its own",
            command.text()
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHEN: &str = "[when]\nfact = \"target.cpu.cores\"\nop = \">\"\nvalue = 1\n";

    /// What becomes of a user's entry that ends like this.
    fn loaded(rest: &str) -> Result<Catalog, CatalogError> {
        let text = format!(
            "id = \"mine\"\nclass = \"T19_mine\"\ntitle = \"mine\"\ncomponent = \"x\"\n\
             standing = \"reported\"\nexplanation = \"x\"\ndisproof = [\"x\"]\n{rest}"
        );
        Catalog::with_user_files(&[("mine.toml".to_owned(), text)])
    }

    fn refused(rest: &str, word: &str) {
        let error = loaded(rest).unwrap_err().to_string();
        assert!(error.starts_with("mine.toml: "), "{error}");
        assert!(error.contains(word), "{rest}: {error}");
    }

    fn command(command: &str) -> String {
        format!("{WHEN}[[confirm]]\ntext = \"x\"\ncommand = \"{command}\"\n")
    }

    #[test]
    fn an_entry_that_could_never_or_always_be_blamed_is_refused() {
        assert!(loaded(WHEN).is_ok());
        refused("", "would never be blamed");
        refused("[when]\n", "empty");
        refused("[when]\nop = \">\"\nvalue = 1\n", "empty");
        refused(&format!("{WHEN}[when.not]\n"), "fact and not");
        refused(&format!("{WHEN}[unless]\n"), "empty");
    }

    #[test]
    fn what_burns_elsewhere_has_a_price_in_cores() {
        let elsewhere = "kind = \"elsewhere\"\n";
        let priced = |fact: &str| format!("burns = \"{fact}\"\n");
        assert!(
            loaded(&format!(
                "{elsewhere}{}{WHEN}",
                priced("node.runtime.cores")
            ))
            .is_ok()
        );
        refused(&format!("{elsewhere}{WHEN}"), "burns is missing");
        refused(
            &format!("{elsewhere}{}{WHEN}", priced("node.pods.count")),
            "in cores",
        );
        refused(
            &format!("{}{WHEN}", priced("node.runtime.cores")),
            "elsewhere",
        );
    }

    #[test]
    fn a_comparison_with_no_number_is_refused() {
        for number in ["nan", "inf", "-inf"] {
            refused(
                &WHEN.replace("value = 1", &format!("value = {number}")),
                "finite",
            );
        }
    }

    #[test]
    fn a_claim_cannot_be_bounded_in_two_ways() {
        let claim = "[[claims]]\npart = \"go-gc\"\nlimit = \"target.cpu.cores\"\n\
                     by_allocation_of = [\"disk-usage\"]\n";
        refused(&format!("{WHEN}{claim}"), "limit and by_allocation_of");
    }

    #[test]
    fn a_claim_goes_through_kinds_of_parts_that_exist() {
        let claim =
            |part: &str| format!("{WHEN}[[claims]]\npart = \"kernel\"\nthrough = [\"{part}\"]\n");
        assert!(loaded(&claim("cgroup-file:*")).is_ok());
        refused(&claim("memory.stat"), "cgroup-file:…");
        refused(&claim("call:"), "call:…");
    }

    #[test]
    fn an_unknown_style_or_one_that_does_not_fit_is_refused() {
        let seen = |text: &str| format!("{WHEN}[[evidence]]\ntext = \"{text}\"\n");
        assert!(loaded(&seen("{target.cpu.cores:cores}")).is_ok());
        refused(&seen("{target.cpu.cores:core}"), "no style \"core\"");
        refused(&seen("{target.comm:time}"), "is for numbers");
    }

    #[test]
    fn a_command_takes_quoted_names_and_plain_numbers_only() {
        assert!(loaded(&command("cat {cgroup.slowest_read.path:shell}")).is_ok());
        assert!(loaded(&command("ls /proc/{target.pid}/fd")).is_ok());
        refused(&command("cat {cgroup.slowest_read.path}"), "path:shell}");
        refused(&command("sleep {target.cpu.cores:cores}"), "cores:shell}");
        refused(
            &command("cat '{cgroup.slowest_read.path:shell}'"),
            "inside quotes",
        );
    }
}

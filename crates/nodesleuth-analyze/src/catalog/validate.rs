//! Checks a catalogue as a whole: ids, facts, units, parts. A wrong entry must not load silently.

use super::{Catalog, CatalogError, Condition, Entry, EntryKind, Operand, Template};
use crate::facts::{self, FactType};
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
    for entry in &catalog.entries {
        let fail = |reason: String| CatalogError::new(&entry.file, reason);
        if !ids.insert(&entry.id) {
            return Err(fail(format!("the id {:?} is used twice", entry.id)));
        }
        check_entry(catalog, entry).map_err(fail)?;
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
    if entry.kind == EntryKind::RedHerring && !entry.claims.is_empty() {
        return Err("a red herring claims no CPU".to_owned());
    }
    check_signatures(&entry.signature)?;
    check_conditions(catalog, entry)?;
    check_claims(catalog, entry)?;
    check_templates(catalog, entry)
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
    let conditions = [&entry.when, &entry.unless, &entry.sure]
        .into_iter()
        .flatten()
        .chain(entry.claims.iter().filter_map(|claim| claim.when.as_ref()));
    let mut result = Ok(());
    for condition in conditions.chain(remedies.filter_map(|remedy| remedy.when.as_ref())) {
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
        if let Some(limit) = &claim.limit
            && facts::describe(catalog, limit).is_none_or(|(_, unit)| unit != "cores")
        {
            return Err(format!("limit {limit:?} is not a fact in cores"));
        }
    }
    Ok(())
}

fn check_templates(catalog: &Catalog, entry: &Entry) -> Result<(), String> {
    let proofs = entry.evidence.iter().chain(&entry.confirm);
    let remedies = entry.remedies.now.iter().chain(&entry.remedies.for_good);
    let mut templates: Vec<&Template> = vec![&entry.title];
    templates.extend(entry.claims.iter().filter_map(|claim| claim.why.as_ref()));
    for proof in proofs {
        templates.extend(std::iter::once(&proof.text).chain(&proof.command));
    }
    for remedy in remedies {
        templates.extend(std::iter::once(&remedy.text).chain(&remedy.command));
    }
    for fact in templates.iter().flat_map(|template| template.facts()) {
        if facts::describe(catalog, fact).is_none() {
            return Err(format!("there is no fact {fact:?} (see docs/facts.md)"));
        }
    }
    Ok(())
}

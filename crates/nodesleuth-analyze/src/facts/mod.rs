//! The facts table: closed, documented, derived from evidence before anything is concluded.
//!
//! A fact that cannot be derived is unknown and says why; it is never zero or false instead.

mod agents;
mod api_node;
mod cgroups;
mod file_costs;
mod files;
mod flush;
mod goroutines;
mod growth;
mod handles;
mod interrupts;
mod kernel;
mod kernel_threads;
mod kubelet;
mod kubelet_pages;
mod kubelet_stats;
mod machine;
mod memory;
mod network;
mod profile;
mod quota;
mod reads;
mod remedies;
mod runtime;
mod spin;
mod stacks;
mod syscalls;
mod target;
#[cfg(test)]
mod testing;
mod traps;

use crate::catalog::Catalog;
use crate::input::Input;
use crate::pasted::of_pasted;
use nodesleuth_model::{Fact, FactValue, Missing, MissingKind};
use std::collections::BTreeMap;
use std::fmt;

/// One row of the facts table.
pub struct FactDef {
    /// Name, dotted, lower case.
    pub name: &'static str,
    /// Type of the value.
    pub kind: FactType,
    /// Unit of a number; empty for counts of nothing, flags and text.
    pub unit: &'static str,
    /// What it is.
    pub doc: &'static str,
    pub(crate) derive: fn(&Input<'_>) -> Derived,
}

impl fmt::Debug for FactDef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactDef")
            .field("name", &self.name)
            .field("unit", &self.unit)
            .finish()
    }
}

/// Type of a fact's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactType {
    /// A number in a unit.
    Number,
    /// Yes or no.
    Flag,
    /// A word.
    Text,
}

impl fmt::Display for FactType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Text => "text",
        })
    }
}

/// A derived value and where it came from, or why there is none.
pub(crate) type Derived = Result<Known, Missing>;

/// A derived value and where it came from.
pub(crate) struct Known {
    pub(crate) value: FactValue,
    pub(crate) source: String,
}

pub(crate) fn number(value: f64, source: impl Into<String>) -> Derived {
    if value.is_finite() {
        Ok(Known {
            value: FactValue::Number(value),
            source: source.into(),
        })
    } else {
        Err(Missing::new(
            MissingKind::Malformed,
            "the arithmetic gave no finite number",
        ))
    }
}

pub(crate) fn flag(value: bool, source: impl Into<String>) -> Derived {
    Ok(Known {
        value: FactValue::Flag(value),
        source: source.into(),
    })
}

pub(crate) fn text(value: impl Into<String>, source: impl Into<String>) -> Derived {
    Ok(Known {
        value: FactValue::Text(value.into()),
        source: source.into(),
    })
}

pub(crate) fn absent(reason: impl Into<String>) -> Missing {
    Missing::new(MissingKind::Absent, reason)
}

/// All facts, by subject.
#[must_use]
pub fn table() -> Vec<&'static FactDef> {
    [
        target::FACTS,
        quota::FACTS,
        agents::FACTS,
        files::FACTS,
        syscalls::FACTS,
        spin::FACTS,
        file_costs::FACTS,
        profile::FACTS,
        stacks::FACTS,
        cgroups::FACTS,
        growth::FACTS,
        reads::FACTS,
        flush::FACTS,
        kernel::FACTS,
        memory::FACTS,
        machine::FACTS,
        kernel_threads::FACTS,
        interrupts::FACTS,
        network::FACTS,
        handles::FACTS,
        remedies::FACTS,
        traps::FACTS,
        api_node::FACTS,
        kubelet::FACTS,
        kubelet_pages::FACTS,
        kubelet_stats::FACTS,
        runtime::FACTS,
        goroutines::FACTS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Type and unit of a fact, also of the ones that the catalogue's parts bring
/// (`part.ID.share`, `part.ID.cores`, `part.ID.alloc_share`, `kernel_part.ID.share`,
/// `kernel_part.ID.cores`), an entry's own `signature.*`, of any system call (`call.NAME.rate`,
/// `.error_rate`, `.cores`) and of pasted evidence ([`OfPasted`](crate::pasted::OfPasted));
/// `None` when there is no such fact.
#[must_use]
pub fn describe(catalog: &Catalog, name: &str) -> Option<(FactType, &'static str)> {
    if let Some(def) = table().into_iter().find(|def| def.name == name) {
        return Some((def.kind, def.unit));
    }
    if let Some((_, what)) = of_call(name) {
        return Some((FactType::Number, what.unit()));
    }
    if let Some(question) = of_pasted(name) {
        return Some(question.kind());
    }
    if let Some((_, kind, unit)) = OF_SIGNATURE.iter().find(|(known, ..)| *known == name) {
        return Some((*kind, unit));
    }
    if let Some(rest) = name.strip_prefix(KERNEL_PART) {
        let (id, what) = rest.rsplit_once('.')?;
        let unit = ["share", "cores"].into_iter().find(|unit| *unit == what)?;
        let known = catalog.kernel_parts.ids().any(|known| known == id);
        return known.then_some((FactType::Number, unit));
    }
    let (id, what) = name.strip_prefix("part.")?.rsplit_once('.')?;
    if !catalog.parts.knows(id) {
        return None;
    }
    match what {
        "share" | "alloc_share" => Some((FactType::Number, "share")),
        "cores" => Some((FactType::Number, "cores")),
        _ => None,
    }
}

/// Facts that each entry has of its own `signature`, with type and unit.
const OF_SIGNATURE: &[(&str, FactType, &str)] = &[
    ("signature.share", FactType::Number, "share"),
    ("signature.memory_share", FactType::Number, "share"),
    ("signature.stacks", FactType::Number, "count"),
    ("signature.wait_minutes", FactType::Number, "minutes"),
    ("signature.mentioned", FactType::Flag, ""),
];

/// How facts about a part of kernel-parts.toml begin.
pub(crate) const KERNEL_PART: &str = "kernel_part.";

/// What can be asked of any system call, as `call.NAME.rate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfCall {
    Rate,
    ErrorRate,
    Cores,
}

impl OfCall {
    fn unit(self) -> &'static str {
        match self {
            Self::Rate | Self::ErrorRate => "per second",
            Self::Cores => "cores",
        }
    }
}

/// The call and the number that a fact's name asks for.
pub(crate) fn of_call(name: &str) -> Option<(&str, OfCall)> {
    let (call, what) = name.strip_prefix("call.")?.rsplit_once('.')?;
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if call.is_empty() || !call.bytes().all(word) {
        return None;
    }
    let what = match what {
        "rate" => OfCall::Rate,
        "error_rate" => OfCall::ErrorRate,
        "cores" => OfCall::Cores,
        _ => return None,
    };
    Some((call, what))
}

/// One fact of the table, if it is known.
pub(crate) fn derive_one(input: &Input<'_>, name: &str) -> Option<FactValue> {
    let def = table().into_iter().find(|def| def.name == name)?;
    (def.derive)(input).ok().map(|known| known.value)
}

/// Measured seconds of one read of a file of the memory hierarchy's root.
pub(crate) fn read_seconds(input: &Input<'_>, file: &str) -> Option<f64> {
    match reads::root_file(input, file).ok()?.value {
        FactValue::Number(seconds) => Some(seconds),
        _ => None,
    }
}

/// What the user said of a fact that nothing measured, if it is of the fact's type.
fn stated(input: &Input<'_>, def: &FactDef) -> Option<Known> {
    let mut stated = input.evidence.pasted.stated.iter();
    let value = &stated.find(|stated| stated.name == def.name)?.value;
    let value = match def.kind {
        FactType::Number => FactValue::Number(value.parse().ok().filter(|n: &f64| n.is_finite())?),
        FactType::Flag => FactValue::Flag(value.parse().ok()?),
        FactType::Text => FactValue::Text(value.clone()),
    };
    Some(Known {
        value,
        source: "stated with --fact".to_owned(),
    })
}

/// Derives every fact of the table.
pub(crate) fn derive_all(input: &Input<'_>) -> BTreeMap<String, Fact> {
    let derived = table().into_iter().map(|def| {
        let derived = (def.derive)(input).or_else(|missing| stated(input, def).ok_or(missing));
        let fact = match derived {
            Ok(known) => Fact {
                value: Some(known.value),
                unit: def.unit.to_owned(),
                source: known.source,
            },
            Err(missing) => Fact {
                value: None,
                unit: def.unit.to_owned(),
                source: missing.to_string(),
            },
        };
        (def.name.to_owned(), fact)
    });
    derived.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Evidence;

    #[test]
    fn names_are_unique_and_every_fact_is_documented() {
        let mut seen = std::collections::BTreeSet::new();
        for def in table() {
            assert!(seen.insert(def.name), "{} twice", def.name);
            assert!(def.doc.len() > 10, "{} needs a sentence", def.name);
        }
    }

    #[test]
    fn what_was_stated_fills_what_nothing_measured() {
        let mut evidence = Evidence::default();
        for (name, value) in [("dentry.negative", "5000"), ("target.hot", "perhaps")] {
            evidence
                .pasted
                .stated
                .push(nodesleuth_model::evidence::pasted::StatedFact {
                    name: name.to_owned(),
                    value: value.to_owned(),
                });
        }
        let catalog = Catalog::built_in().unwrap();
        let facts = derive_all(&Input::new(&evidence, &[], &catalog));
        assert_eq!(
            facts["dentry.negative"].value,
            Some(FactValue::Number(5000.0))
        );
        assert_eq!(facts["dentry.negative"].source, "stated with --fact");
        assert_eq!(facts["target.hot"].value, None);
    }

    #[test]
    fn without_evidence_everything_is_unknown_and_nothing_is_zero() {
        let evidence = Evidence::default();
        let catalog = Catalog::built_in().unwrap();
        let facts = derive_all(&Input::new(&evidence, &[], &catalog));
        for (name, fact) in facts {
            // How evidence was collected is known even where there is none.
            let expected = (name == "node.asked_through_api").then_some(FactValue::Flag(false));
            assert_eq!(fact.value, expected, "{name}");
            assert!(!fact.source.is_empty(), "{name} does not say why");
        }
    }
}

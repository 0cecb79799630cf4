//! The units of labels that are numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::profile::Profile;
use crate::rows::LabelValueRow;
use crate::strings::StrId;

/// The unit of each label that has numbers: the first that is named, else one that fits its name,
/// else its name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Units {
    by_key: BTreeMap<StrId, String>,
    /// Labels with several units, one sentence each.
    pub(crate) conflicts: Vec<String>,
}

impl Units {
    pub(crate) fn of_profile(profile: &Profile) -> Self {
        let mut named: BTreeMap<StrId, StrId> = BTreeMap::new();
        let mut others: BTreeMap<StrId, BTreeSet<&str>> = BTreeMap::new();
        for label in &profile.samples.labels {
            let LabelValueRow::Number { unit, .. } = label.value else {
                continue;
            };
            let known = named.entry(label.key).or_default();
            if *known == StrId::EMPTY {
                *known = unit;
            } else if unit != StrId::EMPTY && unit != *known {
                let others = others.entry(label.key).or_default();
                others.insert(profile.strings.get(unit));
            }
        }
        let text = |id| profile.strings.get(id);
        let conflicts = others.iter().map(|(key, others)| {
            let (others, used) = (others.iter().copied().collect::<Vec<_>>(), text(named[key]));
            let key = text(*key);
            format!(
                "For tag {key} used unit {used}, also encountered unit(s) {}",
                others.join(", ")
            )
        });
        Self {
            conflicts: conflicts.collect(),
            by_key: named
                .iter()
                .map(|(key, unit)| {
                    let unit = match (text(*unit), text(*key)) {
                        ("", "alignment" | "request") => "bytes",
                        ("", key) => key,
                        (unit, _) => unit,
                    };
                    (*key, unit.to_owned())
                })
                .collect(),
        }
    }

    pub(crate) fn of(&self, key: StrId) -> &str {
        self.by_key.get(&key).map_or("", String::as_str)
    }
}

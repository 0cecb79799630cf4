//! Looking facts up: the table, the ledger's parts, and an entry's own signature.

use crate::catalog::Entry;
use crate::input::Input;
use crate::stacks::ProfileView;
use nodesleuth_model::{Fact, FactValue, Ledger};
use std::collections::BTreeMap;

/// Where conditions and templates find their facts.
pub(crate) struct Lookup<'a> {
    pub(crate) facts: &'a BTreeMap<String, Fact>,
    ledger: &'a Ledger,
    /// Part ids exist although they are zero: the profile was there.
    has_profile: bool,
    /// Share of allocation samples by part.
    allocation: BTreeMap<String, f64>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(
        facts: &'a BTreeMap<String, Fact>,
        ledger: &'a Ledger,
        input: &Input<'_>,
    ) -> Self {
        let profile = input.profile.as_ref();
        Self {
            facts,
            ledger,
            has_profile: profile.is_some(),
            allocation: profile
                .map(ProfileView::allocation_shares)
                .unwrap_or_default(),
        }
    }

    /// A fact that does not depend on an entry.
    pub(crate) fn fact(&self, name: &str) -> Option<FactValue> {
        if let Some(rest) = name.strip_prefix("part.") {
            let (id, what) = rest.rsplit_once('.')?;
            return self.part(id, what).map(FactValue::Number);
        }
        self.facts.get(name)?.value.clone()
    }

    /// The same with `signature.share` of this entry.
    pub(crate) fn for_entry<'b>(
        &'b self,
        entry: &'b Entry,
        input: &'b Input<'_>,
    ) -> impl Fn(&str) -> Option<FactValue> + 'b {
        move |name| {
            if name == "signature.share" {
                let profile = input.profile.as_ref()?;
                return Some(FactValue::Number(profile.signature_share(&entry.signature)));
            }
            self.fact(name)
        }
    }

    /// Why a fact is unknown.
    pub(crate) fn reason(&self, name: &str) -> String {
        if name.starts_with("part.") || name == "signature.share" {
            let cpu = self.facts.get("target.cpu.cores");
            let unknown = cpu.filter(|cpu| self.has_profile && cpu.value.is_none());
            return unknown.map_or("there is no CPU profile".to_owned(), |cpu| {
                cpu.source.clone()
            });
        }
        self.facts
            .get(name)
            .map_or_else(|| "no such fact".to_owned(), |fact| fact.source.clone())
    }

    fn part(&self, id: &str, what: &str) -> Option<f64> {
        let view = self.ledger.view("owner")?;
        let found = view.parts.iter().find(|part| part.id == id);
        let cores = match found {
            Some(part) => part.cores.0,
            None if self.has_profile => 0.0,
            None => return None,
        };
        match what {
            "cores" => Some(cores),
            "alloc_share" => self.allocation.get(id).copied(),
            _ if self.ledger.total_cores.0 > 0.0 => Some(cores / self.ledger.total_cores.0),
            _ => None,
        }
    }
}

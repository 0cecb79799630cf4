//! States of a node without a target: what `nodesleuth kernel` tells beside the defects.

use crate::catalog::{Catalog, Entry, Truth};
use crate::input::Input;
use crate::lookup::Lookup;
use crate::{facts, matcher};
use nodesleuth_model::diagnosis::{NodeState, StateStatus};
use nodesleuth_model::{Evidence, Ledger};

/// Whether each state of the catalogue that is told at one moment is there, in its order.
#[must_use]
pub fn node_states(evidence: &Evidence, catalog: &Catalog) -> Vec<NodeState> {
    let input = Input::new(evidence, &[], catalog);
    let facts = facts::derive_all(&input);
    let ledger = Ledger::default();
    let lookup = Lookup::new(&facts, &ledger, &input);
    let told = catalog.entries.iter().filter(|entry| entry.in_kernel);
    told.map(|entry| judge(entry, &lookup, &input, &ledger))
        .collect()
}

fn judge(entry: &Entry, lookup: &Lookup<'_>, input: &Input<'_>, ledger: &Ledger) -> NodeState {
    let facts = lookup.for_entry(entry, input);
    let (status, missing) = match matcher::decide(entry, &facts) {
        Truth::True => (StateStatus::Seen, Vec::new()),
        Truth::False => (StateStatus::NotSeen, Vec::new()),
        Truth::Unknown(names) => {
            let mut reasons: Vec<String> = names.iter().map(|name| lookup.reason(name)).collect();
            reasons.dedup();
            (StateStatus::Unknown, reasons)
        }
    };
    let found = matcher::state(entry, ledger, &facts);
    let is_there = status == StateStatus::Seen;
    let plain = || entry.plain_title.as_ref()?.fill(&facts);
    NodeState {
        id: entry.id.clone(),
        title: match is_there {
            true => found.title,
            false => plain().unwrap_or(found.title),
        },
        status,
        severity: found.severity.filter(|_| is_there),
        missing,
        evidence: found.evidence,
        remedies: match is_there {
            true => [found.remedies_now, found.remedies_for_good].concat(),
            false => Vec::new(),
        },
    }
}

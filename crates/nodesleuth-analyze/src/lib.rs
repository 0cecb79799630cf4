//! Evidence to diagnosis: pure functions over a catalogue of known causes.
//!
//! No files, no clock, no environment (clippy enforces it): the same evidence always gives the
//! same diagnosis. Facts are derived first, then the target's CPU is split into a ledger, then
//! every catalogue entry is matched and claims the parts that it explains; the rest is printed
//! as unexplained.

#![deny(clippy::disallowed_methods)]

mod call_ledger;
pub mod catalog;
mod cgroup_cpu;
mod cpu;
pub mod facts;
mod fleet;
mod input;
pub mod kernel;
mod kernel_ledger;
mod kubelet_cpu;
mod ledger;
mod lookup;
mod matcher;
mod not_checked;
mod others;
mod owner_ledger;
pub mod pasted;
mod period;
mod pricing;
pub mod remedy;
mod sources;
mod spin;
mod stacks;
mod states;
mod summary;
mod suspicion;
mod symptoms;
mod traced;
mod verdict;

pub use catalog::{Catalog, CatalogError, Thresholds};
pub use fleet::{fleet_node, fleet_report};
pub use stacks::LoadedProfile;
pub use states::node_states;

use input::Input;
use kernel::{LabTimes, Measured, Release, advise};
use matcher::Matches;
use nodesleuth_model::diagnosis::Advisory;
use nodesleuth_model::evidence::WindowEnd;
use nodesleuth_model::{Cores, Diagnosis, Evidence, FactValue};

/// Explains the evidence.
///
/// `profiles` are the bundle's profiles, read; `tool` is the version that analyses.
#[must_use]
pub fn analyze(
    evidence: &Evidence,
    profiles: &[LoadedProfile<'_>],
    catalog: &Catalog,
    tool: &str,
) -> Diagnosis {
    let input = Input::new(evidence, profiles, catalog);
    let facts = facts::derive_all(&input);
    let unclaimed = ledger::build(&input);
    let lookup = lookup::Lookup::new(&facts, &unclaimed, &input);
    let mut ledger = unclaimed.clone();
    let mut matches = matcher::run(&input, &lookup, &mut ledger);
    sources::add(&input, &ledger, &mut matches.findings);
    if !evidence.pasted.is_empty() {
        let suspects = symptoms::judge(&input, &lookup);
        suspicion::add(&input, &lookup, &ledger, suspects, &mut matches);
        // Symptoms judge it by more than its threshold.
        let Matches {
            findings, states, ..
        } = &mut matches;
        states.retain(|state| findings.iter().all(|finding| finding.id != state.id));
    }
    let priced = matches
        .findings
        .iter()
        .filter(|found| found.share.is_some());
    let explained: f64 = priced.filter_map(|found| found.cores).map(|c| c.0).sum();
    ledger.unexplained_cores = Cores((ledger.total_cores.0 - explained).max(0.0));

    let target = verdict::target_summary(&input);
    let ranking = match evidence.pasted.is_empty() {
        true => Vec::new(),
        false => suspicion::ranking(&matches),
    };
    let from_paste_alone = target.is_none() && !evidence.pasted.is_empty();
    let (outcome, verdict) = match from_paste_alone {
        true => suspicion::verdict(&input, &ranking),
        false => verdict::decide(&input, target.as_ref(), &ledger, &matches),
    };
    let next = from_paste_alone
        .then(|| suspicion::next(&input, &ranking))
        .flatten();
    let ranking = ranking.iter().map(|finding| finding.id.clone()).collect();
    let not_checked = match from_paste_alone {
        // Nobody asked for anything to be collected, so nothing of it is missing.
        true => Vec::new(),
        false => [matches.undecided, not_checked::list(evidence)].concat(),
    };
    Diagnosis {
        tool: tool.to_owned(),
        outcome,
        verdict,
        target,
        window_seconds: evidence.window.seconds(),
        window_note: window_note(evidence),
        findings: matches.findings,
        red_herrings: matches.red_herrings,
        elsewhere: matches.elsewhere,
        states: matches.states,
        ledger,
        advisories: told_advisories(&input),
        others: others::hot(&input),
        ranking,
        next,
        files: evidence.pasted.files.clone(),
        not_checked,
        facts: facts.clone(),
        syscalls: summary::of(&input),
        goroutines: evidence.goroutines.value().cloned(),
        heap: evidence.heap.value().cloned(),
        own_cost: evidence.own_cost.value().cloned(),
        warnings: input.warnings.clone(),
    }
}

fn window_note(evidence: &Evidence) -> Option<String> {
    let window = &evidence.window;
    let seconds = window.seconds();
    match window.ended {
        WindowEnd::Completed => None,
        WindowEnd::Interrupted => Some(format!(
            "interrupted after {seconds:.1} s of {:.0} s: what was measured until then counts",
            window.requested_seconds
        )),
        WindowEnd::TargetExited => Some(format!(
            "the target ended after {seconds:.1} s of {:.0} s",
            window.requested_seconds
        )),
    }
}

/// Those of them that a report tells.
fn told_advisories(input: &Input<'_>) -> Vec<Advisory> {
    let told = input.catalog.kernel.iter().map(|entry| entry.in_reports);
    let all = advisories(input).into_iter().zip(told);
    all.filter_map(|(advisory, told)| told.then_some(advisory))
        .collect()
}

/// What is known of every kernel defect on the node that the evidence is of, in the order of the
/// catalogue. `lab` gives what was measured of a file in scratch cgroups.
#[must_use]
pub fn kernel_advisories(
    evidence: &Evidence,
    catalog: &Catalog,
    lab: impl Fn(&str) -> Option<LabTimes>,
) -> Vec<Advisory> {
    judged(&Input::new(evidence, &[], catalog), lab)
}

/// What is known of this kernel, corrected by what was measured on it.
pub(crate) fn advisories(input: &Input<'_>) -> Vec<Advisory> {
    judged(input, |_| None)
}

fn judged(input: &Input<'_>, lab: impl Fn(&str) -> Option<LabTimes>) -> Vec<Advisory> {
    let catalog = input.catalog;
    let host = input.host().ok();
    let release = host.and_then(|host| Release::of(host, &catalog.families));
    let entries = catalog.kernel.iter();
    let judged = entries.map(|entry| {
        let probe_file = entry.probe_file.as_deref();
        let measured = Measured {
            lab: probe_file.and_then(&lab),
            ..measured(input, probe_file)
        };
        advise(entry, release.as_ref(), measured, &catalog.thresholds)
    });
    judged.collect()
}

fn measured(input: &Input<'_>, probe_file: Option<&str>) -> Measured {
    let memory = input
        .evidence
        .cgroups
        .value()
        .and_then(|census| census.memory());
    let number = |name: &str| match facts::derive_one(input, name) {
        Some(FactValue::Number(number)) => Some(number),
        _ => None,
    };
    Measured {
        read_seconds: probe_file.and_then(|file| facts::read_seconds(input, file)),
        memory_cgroups: number("cgroup.memory.total"),
        memory_on_v1: memory
            .map(|memory| memory.version == nodesleuth_model::evidence::CgroupVersion::V1),
        lab: None,
    }
}

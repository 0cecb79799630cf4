//! The answer in one sentence.

use crate::facts;
use crate::input::Input;
use crate::matcher::Matches;
use nodesleuth_model::diagnosis::TargetSummary;
use nodesleuth_model::{Cores, FactValue, FindingKind, Ledger, Outcome};

/// Who was looked at and what it burns.
pub(crate) fn target_summary(input: &Input<'_>) -> Option<TargetSummary> {
    let target = input.target().ok()?;
    let number = |name: &str| match facts::derive_one(input, name) {
        Some(FactValue::Number(number)) => Some(number),
        _ => None,
    };
    let cpu = input.cpu().ok();
    let split = cpu.and_then(|cpu| cpu.split().ok());
    let go = target.go.value();
    Some(TargetSummary {
        pid: target.pid,
        comm: target.comm.clone(),
        version: go.map(|go| {
            let main = go
                .main
                .as_ref()
                .map(|main| main.version.as_str())
                .unwrap_or_default();
            format!("{} {main}", go.go_version).trim_end().to_owned()
        }),
        node: input.evidence.vantage.node.clone(),
        cores: cpu.map(|cpu| Cores(cpu.total())),
        user_cores: split.map(|cpu| Cores(cpu.user)),
        kernel_cores: split.map(|cpu| Cores(cpu.kernel)),
        children_cores: cpu.and_then(|cpu| cpu.children).map(Cores),
        lifetime_cores: number("target.cpu.lifetime_cores").map(Cores),
        age_seconds: number("target.age_seconds"),
    })
}

/// Which kind of answer it is, and the sentence.
pub(crate) fn decide(
    input: &Input<'_>,
    target: Option<&TargetSummary>,
    ledger: &Ledger,
    matches: &Matches,
) -> (Outcome, String) {
    let Some(target) = target else {
        return (
            Outcome::NoTarget,
            "there is no evidence about any process".to_owned(),
        );
    };
    let name = target.name();
    if let Err(missing) = input.cpu() {
        return (
            Outcome::NotIdentified,
            format!("the CPU of {name} is not known: {missing}"),
        );
    }
    if let Some(said) = &matches.not_hot {
        let said = match matches.elsewhere.first() {
            Some(other) => format!(
                "{said}; elsewhere on the node {} cores are burnt: {}",
                other.cores.unwrap_or_default(),
                other.title
            ),
            None => said.clone(),
        };
        return (Outcome::NotHot, said);
    }
    let total = ledger.total_cores;
    let enough = ledger.explained_share() >= input.catalog.thresholds.min_explained_share;
    match matches.findings.first() {
        Some(top) if enough => {
            let driven = match top.kind {
                FindingKind::Contributor => "; what drives it is none of the known causes",
                _ => "",
            };
            let cores = top.cores.unwrap_or_default();
            let percent = top.share.unwrap_or_default() * 100.0;
            let said = format!(
                "{name} burns {total} cores; {cores} of them ({percent:.0}%) because of: \
                 {}{driven}",
                top.title
            );
            (Outcome::CauseFound, said)
        }
        Some(_) => (
            Outcome::NotIdentified,
            format!(
                "{name} burns {total} cores; not identified: what was found explains only \
                 {:.0}% of it",
                ledger.explained_share() * 100.0
            ),
        ),
        None => {
            let why = match matches.undecided_causes {
                0 => "no known cause fits the evidence".to_owned(),
                1 => "the one known cause that may fit could not be checked (see below)".to_owned(),
                some => format!("{some} known causes could not be checked (see below)"),
            };
            let said = format!("{name} burns {total} cores; not identified: {why}");
            (Outcome::NotIdentified, said)
        }
    }
}

//! From entries that fit what was pasted to findings, an answer, and what would decide.

use crate::input::Input;
use crate::lookup::Lookup;
use crate::matcher::{self, Matches};
use crate::pasted::PastedView;
use crate::symptoms::{self, Burnt, Suspect};
use nodesleuth_model::diagnosis::Proof;
use nodesleuth_model::{Confidence, Cores, Finding, FindingKind, Ledger, Outcome};
use std::collections::BTreeMap;

/// Findings that are shown.
const MOST: usize = 5;
/// … of one class.
const MOST_OF_A_CLASS: usize = 2;
/// What has less than this share of the best one's points is not shown.
const LEAST_SHARE_OF_BEST: f64 = 0.3;
/// From so many points on a cause is the answer, whatever else misleads.
const ESTABLISHED_POINTS: f64 = 5.0;

/// Adds suspects to what was found. Where no CPU was measured they are all that is found.
pub(crate) fn add(
    input: &Input<'_>,
    lookup: &Lookup<'_>,
    ledger: &Ledger,
    suspects: Vec<Suspect<'_>>,
    matches: &mut Matches,
) {
    let measured = input.cpu().is_ok();
    if !measured {
        matches.findings.clear();
        matches.red_herrings.clear();
    }
    let best = suspects.first().map_or(0.0, |best| best.score.points);
    let mut of_class: BTreeMap<&str, usize> = BTreeMap::new();
    let mut shown = 0;
    for suspect in suspects {
        let known = |finding: &&mut Finding| finding.id == suspect.entry.id;
        let findings = matches.findings.iter_mut();
        if let Some(finding) = findings.chain(&mut matches.red_herrings).find(known) {
            finding.score = Some(suspect.score);
            continue;
        }
        let same = of_class.entry(&suspect.entry.class).or_default();
        let weak = suspect.score.points < LEAST_SHARE_OF_BEST * best
            || (measured && suspect.confidence < Confidence::Medium);
        if weak || *same >= MOST_OF_A_CLASS || shown >= MOST {
            continue;
        }
        *same += 1;
        shown += 1;
        let finding = finding(suspect, input, lookup, ledger);
        match finding.kind {
            FindingKind::RedHerring => matches.red_herrings.push(finding),
            _ => matches.findings.push(finding),
        }
    }
}

fn finding(
    suspect: Suspect<'_>,
    input: &Input<'_>,
    lookup: &Lookup<'_>,
    ledger: &Ledger,
) -> Finding {
    let facts = lookup.for_entry(suspect.entry, input);
    let mut finding = matcher::finding(suspect.entry, None, ledger, &facts);
    let seen = suspect.score.parts.iter().filter(|part| part.points > 0.0);
    finding.evidence.extend(seen.map(|part| Proof {
        text: part.what.clone(),
        command: None,
    }));
    finding.confidence = suspect.confidence;
    finding.cores = suspect.cores;
    finding.score = Some(suspect.score);
    finding
}

/// What fits, the best answer first: what was measured, then by points. A trap says what misleads,
/// and so stands behind a cause that is established.
pub(crate) fn ranking(matches: &Matches) -> Vec<&Finding> {
    let traps = matches
        .red_herrings
        .iter()
        .filter(|trap| trap.score.is_some());
    let mut scored: Vec<&Finding> = matches.findings.iter().chain(traps).collect();
    let is_trap = |finding: &Finding| finding.kind == FindingKind::RedHerring;
    let established = |finding: &Finding| {
        !is_trap(finding)
            && points(finding) >= ESTABLISHED_POINTS
            && finding.confidence >= Confidence::Medium
    };
    let beaten = scored.iter().any(|finding| established(finding));
    scored.sort_by(|a, b| {
        let behind = |finding: &Finding| beaten && is_trap(finding);
        let order = behind(a).cmp(&behind(b));
        order.then_with(|| points(b).total_cmp(&points(a)))
    });
    scored
}

/// Of a price that was measured more than any points.
fn points(finding: &Finding) -> f64 {
    match (&finding.score, finding.share) {
        (Some(score), None) => score.points,
        _ => f64::INFINITY,
    }
}

/// The answer from pasted evidence alone.
pub(crate) fn verdict(input: &Input<'_>, ranking: &[&Finding]) -> (Outcome, String) {
    if let Burnt::Little(cores) = symptoms::burnt(input) {
        let said = format!(
            "what was given holds {} cores: too little to have a cause; a share of it is nothing",
            Cores(cores)
        );
        return (Outcome::NotHot, said);
    }
    let Some(best) = ranking.first() else {
        let said = "not identified: no known cause fits what was given".to_owned();
        return (Outcome::NotIdentified, said);
    };
    let sure = match best.confidence {
        Confidence::High => "",
        Confidence::Medium => "probably: ",
        Confidence::Low => "not identified; nearest: ",
    };
    let title = &best.title;
    match (best.kind, best.confidence) {
        (FindingKind::RedHerring, _) => (
            Outcome::NotIdentified,
            format!("not identified, and what was given misleads: {title}"),
        ),
        (FindingKind::NotCpu, _) => (
            Outcome::NotIdentified,
            format!("{sure}{title}; CPU is not what is short"),
        ),
        (_, Confidence::Low) => (Outcome::NotIdentified, format!("{sure}{title}")),
        _ => (Outcome::CauseFound, format!("{sure}{title}")),
    }
}

/// The single measurement that decides most: the first check of the best suspect that is not
/// certain; without any, a look at the busiest process itself.
pub(crate) fn next(input: &Input<'_>, ranking: &[&Finding]) -> Option<Proof> {
    let best = ranking.first();
    if best.is_some_and(|best| best.confidence == Confidence::High) {
        return None;
    }
    let checks = best.map(|best| best.confirm.iter()).unwrap_or_default();
    let check = checks.into_iter().find(|check| check.command.is_some());
    check.cloned().or_else(|| Some(measure_it(input)))
}

fn measure_it(input: &Input<'_>) -> Proof {
    let busiest = PastedView::new(&input.evidence.pasted).busiest();
    let plain = |name: &&str| {
        let mut bytes = name.bytes();
        bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let name = busiest.map(|usage| usage.comm.as_str()).filter(plain);
    Proof {
        text: "measure it where it happens".to_owned(),
        command: Some(format!(
            "nodesleuth diagnose --name {}",
            name.unwrap_or("kubelet")
        )),
    }
}

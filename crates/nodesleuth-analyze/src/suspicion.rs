//! From entries that fit what was pasted to findings, an answer, and what would decide.

use crate::input::Input;
use crate::lookup::Lookup;
use crate::matcher::{self, Matches};
use crate::symptoms::Suspect;
use nodesleuth_model::diagnosis::Proof;
use nodesleuth_model::{Confidence, Finding, FindingKind, Ledger, Outcome};
use std::collections::BTreeMap;

/// Findings that are shown.
const MOST: usize = 5;
/// … of one class.
const MOST_OF_A_CLASS: usize = 2;
/// What has less than this share of the best one's points is not shown.
const LEAST_SHARE_OF_BEST: f64 = 0.3;

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
        if let Some(finding) = matches.findings.iter_mut().find(known) {
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

/// The answer from pasted evidence alone.
pub(crate) fn verdict(matches: &Matches) -> (Outcome, String) {
    let points = |finding: &Finding| finding.score.as_ref().map_or(0.0, |score| score.points);
    let best = matches.findings.first();
    let trap = matches.red_herrings.first();
    if let Some(trap) = trap.filter(|trap| best.is_none_or(|best| points(best) < points(trap))) {
        let said = format!("not identified, and beware: {}", trap.title);
        return (Outcome::NotIdentified, said);
    }
    let Some(best) = best else {
        let said = "not identified: no known cause fits what was given".to_owned();
        return (Outcome::NotIdentified, said);
    };
    let sure = match best.confidence {
        Confidence::High => "",
        Confidence::Medium => "probably: ",
        Confidence::Low => "not identified for sure; nearest: ",
    };
    match best.kind {
        FindingKind::NotCpu => {
            let said = format!("{sure}{}; CPU is not what is short", best.title);
            (Outcome::NotIdentified, said)
        }
        _ if best.confidence == Confidence::Low => {
            (Outcome::NotIdentified, format!("{sure}{}", best.title))
        }
        _ => (Outcome::CauseFound, format!("{sure}{}", best.title)),
    }
}

/// The single measurement that decides most: the first check of the best suspect that is not
/// certain; without any, a look at the busiest process itself.
pub(crate) fn next(input: &Input<'_>, matches: &Matches) -> Option<Proof> {
    let all = matches.findings.iter().chain(&matches.red_herrings);
    let best = all.max_by(|a, b| {
        let points = |finding: &Finding| finding.score.as_ref().map_or(0.0, |score| score.points);
        points(a).total_cmp(&points(b))
    });
    match best {
        Some(best) if best.confidence == Confidence::High => None,
        Some(best) if best.confirm.iter().any(|check| check.command.is_some()) => {
            let mut checks = best.confirm.iter();
            checks.find(|check| check.command.is_some()).cloned()
        }
        _ => {
            let busiest = crate::pasted::PastedView::new(&input.evidence.pasted).busiest();
            let plain = |name: &&str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            };
            let name = busiest.map(|usage| usage.comm.as_str()).filter(plain);
            Some(Proof {
                text: "measure it where it happens".to_owned(),
                command: Some(format!(
                    "nodesleuth diagnose --name {}",
                    name.unwrap_or("kubelet")
                )),
            })
        }
    }
}

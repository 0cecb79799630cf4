//! Known causes judged by what files from outside said: each entry's symptoms are looked for, and
//! what was seen adds up to points that can be printed.
//!
//! A symptom counts its points times how well it was seen: fully where something measured it,
//! less where prose says so or where its share of CPU is small. Contradictions take points away.

mod confidence;
mod look;
mod shares;
mod texts;

use crate::catalog::{Entry, EntryKind, Symptom, Truth};
use crate::input::Input;
use crate::lookup::Lookup;
use crate::matcher;
pub(crate) use confidence::{Burnt, burnt};
use look::Looker;
use nodesleuth_model::diagnosis::{Score, ScorePart};
use nodesleuth_model::{Confidence, Cores};
use texts::Texts;

/// Fewer points than this are a coincidence.
const LEAST_POINTS: f64 = 2.0;
/// Points for conditions over facts that hold, as they stand in an entry's `when`.
const POINTS_OF_CONDITIONS: f64 = 6.0;

/// What of a symptom was seen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    /// 0 to 1.
    pub(crate) strength: f64,
    /// Printed by a tool or a program, not told by somebody.
    pub(crate) measured: bool,
    /// The CPU that it takes, where that follows from what was given.
    pub(crate) cores: Option<f64>,
    /// In words.
    pub(crate) what: String,
}

/// An entry that fits what was seen.
#[derive(Debug)]
pub(crate) struct Suspect<'c> {
    pub(crate) entry: &'c Entry,
    pub(crate) score: Score,
    pub(crate) confidence: Confidence,
    /// The largest price that one of its symptoms has.
    pub(crate) cores: Option<Cores>,
}

/// All entries that fit, most points first.
pub(crate) fn judge<'c>(input: &Input<'c>, lookup: &Lookup<'_>) -> Vec<Suspect<'c>> {
    let burnt = burnt(input);
    let texts = Texts::of(&input.evidence.pasted);
    let entries = input.catalog.entries.iter();
    let mut suspects: Vec<Suspect<'c>> = entries
        .filter(|entry| entry.kind != EntryKind::NotHot)
        .filter_map(|entry| judge_one(entry, input, lookup, (&texts, burnt)))
        .collect();
    suspects.sort_by(|a, b| {
        let points = b.score.points.total_cmp(&a.score.points);
        points.then_with(|| a.entry.id.cmp(&b.entry.id))
    });
    suspects
}

fn judge_one<'c>(
    entry: &'c Entry,
    input: &Input<'c>,
    lookup: &Lookup<'_>,
    (texts, burnt): (&Texts, Burnt),
) -> Option<Suspect<'c>> {
    let looker = Looker::new(entry, input, lookup, texts);
    let mut parts = Vec::new();
    let mut cores: Option<f64> = None;
    for (symptoms, sign) in [(&entry.symptoms, 1.0), (&entry.contradictions, -1.0)] {
        for symptom in symptoms {
            if let Some(seen) = looker.look(symptom) {
                if sign > 0.0 {
                    cores = larger(cores, seen.cores);
                }
                parts.push(part(symptom, seen, sign));
            }
        }
    }
    parts.extend(conditions(entry, input, lookup));
    let points: f64 = parts.iter().map(|part| part.points).sum();
    if points < LEAST_POINTS {
        return None;
    }
    let score = Score { points, parts };
    let confidence = confidence::of(entry, &score, burnt);
    Some(Suspect {
        entry,
        score,
        confidence,
        cores: cores.map(Cores),
    })
}

fn part(symptom: &Symptom, seen: Seen, sign: f64) -> ScorePart {
    ScorePart {
        what: seen.what,
        points: sign * symptom.points * seen.strength,
        decides: symptom.decides && sign > 0.0,
        measured: seen.measured,
    }
}

/// An entry that explains CPU by conditions over facts fits when they hold.
fn conditions(entry: &Entry, input: &Input<'_>, lookup: &Lookup<'_>) -> Option<ScorePart> {
    let explains = entry.kind.explains_cpu();
    let facts = lookup.for_entry(entry, input);
    (explains && matcher::decide(entry, &facts) == Truth::True).then(|| ScorePart {
        what: "its conditions hold over the facts".to_owned(),
        points: POINTS_OF_CONDITIONS,
        decides: true,
        measured: true,
    })
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

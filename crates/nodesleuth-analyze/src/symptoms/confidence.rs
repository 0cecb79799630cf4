//! How sure points make.

use crate::catalog::Entry;
use nodesleuth_model::Confidence;
use nodesleuth_model::diagnosis::Score;
use nodesleuth_model::evidence::Pasted;
use nodesleuth_model::evidence::pasted::Weighed;
use regex_lite::Regex;

/// From so many points on, with a deciding symptom that was measured, nothing else is likely.
const HIGH: f64 = 6.0;
/// From so many points on, with a deciding symptom, it fits better than chance.
const MEDIUM: f64 = 3.5;
/// A deciding symptom that was hardly seen decides nothing.
const SEEN: f64 = 1.0;
/// A process below this burns nothing worth explaining.
const HOT_CORES: f64 = 0.1;

/// High needs a deciding symptom that was measured, and CPU that is burnt at all; a contradiction
/// or hearsay leaves it at medium, and without a deciding symptom it is low.
pub(super) fn of(entry: &Entry, score: &Score, cpu_is_shown: bool) -> Confidence {
    let deciding = || {
        let parts = score.parts.iter();
        parts.filter(|part| part.decides && part.points >= SEEN)
    };
    let contradicted = score.parts.iter().any(|part| part.points < 0.0);
    let measured = deciding().any(|part| part.measured);
    let explains_cpu = entry.kind.explains_cpu();
    let sure = measured && !contradicted && (cpu_is_shown || !explains_cpu);
    if score.points >= HIGH && sure {
        Confidence::High
    } else if score.points >= MEDIUM && deciding().next().is_some() {
        Confidence::Medium
    } else {
        Confidence::Low
    }
}

/// Whether anything given says that CPU is burnt; without it the most that can be said is what
/// is wrong, not that it costs.
pub(super) fn cpu_is_shown(pasted: &Pasted) -> bool {
    let hot = pasted.processes.iter().filter_map(|usage| usage.cores);
    let busy = pasted.machine.iter().filter_map(|usage| {
        let parts = [usage.user, usage.system, usage.softirq];
        parts.into_iter().flatten().reduce(|a, b| a + b)
    });
    let sampled = pasted.stack_tables.iter();
    hot.fold(0.0, f64::max) >= HOT_CORES
        || busy.fold(0.0, f64::max) >= 0.3
        || sampled.into_iter().any(|table| {
            let cores = table.total_seconds.zip(table.length_seconds);
            let cores = cores.map(|(total, length)| total / length.max(1e-9));
            table.weighed == Weighed::Cpu && cores.is_none_or(|cores| cores >= HOT_CORES)
        })
        || says_so(pasted)
}

fn says_so(pasted: &Pasted) -> bool {
    let said =
        Regex::new(r"(?i)\bcpus?\b|\bcores?\b|\b\d+(\.\d+)? ?%|pegged|spinning|\bhot\b|busy");
    let Ok(said) = said else {
        return false;
    };
    pasted.prose.iter().any(|line| said.is_match(&line.text))
}

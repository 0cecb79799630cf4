//! How sure points make.

use crate::catalog::Entry;
use nodesleuth_model::Confidence;
use nodesleuth_model::diagnosis::Score;
use nodesleuth_model::evidence::Pasted;
use nodesleuth_model::evidence::pasted::Weighed;
use regex_lite::Regex;

/// From so many points on, with a deciding symptom that was measured, nothing else is likely.
const HIGH: f64 = 6.0;
/// From so many points on, with a deciding symptom that was measured, it fits better than chance.
const MEDIUM: f64 = 3.5;
/// The same when everything that decides is hearsay.
const MEDIUM_BY_HEARSAY: f64 = 4.5;
/// A deciding symptom that was hardly seen decides nothing.
const SEEN: f64 = 1.0;
/// A process below this burns nothing worth explaining.
const HOT_CORES: f64 = 0.1;
/// A machine that is busy for more of its CPUs than this burns something.
const BUSY_SHARE: f64 = 0.3;

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
    } else if measured && score.points >= MEDIUM {
        Confidence::Medium
    } else if deciding().next().is_some() && score.points >= MEDIUM_BY_HEARSAY {
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
    let sampled = pasted.stack_tables.iter().any(|table| {
        let cores = table.total_seconds.zip(table.length_seconds);
        let cores = cores.map(|(total, length)| total / length.max(1e-9));
        let has_shares = table.rows.iter().any(|row| row.share().is_some());
        table.weighed == Weighed::Cpu && has_shares && cores.is_none_or(|cores| cores >= HOT_CORES)
    });
    hot.fold(0.0, f64::max) >= HOT_CORES
        || busy.fold(0.0, f64::max) >= BUSY_SHARE
        || sampled
        || says_so(pasted)
}

/// Whether prose tells of CPU that is used, and not only of a file or option with such a name.
fn says_so(pasted: &Pasted) -> bool {
    const USED: &str = r"(?i)\b(cpus?|cores?|load average|sy)\b.{0,50}(\d|%|high|hot|burn|climb|ris|grow|jump|spik|peg|busy|full|heav|more|out of control|max)|(high|full|\d ?%|burns?|uses?|takes?|eats?|more|hot|pegged|spend\w*).{0,40}\b(cpus?|cores?)\b|\d ?%|pegged|spinning";
    let Ok(used) = Regex::new(USED) else {
        return false;
    };
    pasted.prose.iter().any(|line| used.is_match(&line.text))
}

//! How sure points make.

use crate::catalog::Entry;
use crate::input::Input;
use crate::stacks::ProfileView;
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

/// What everything given says about how much CPU is burnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Burnt {
    /// Something says that CPU is burnt.
    Shown,
    /// Nothing speaks of CPU: what is wrong can be said, not that it costs any.
    Unknown,
    /// CPU was measured, and it is this little, in cores: shares of it explain nothing.
    Little(f64),
}

/// High needs a deciding symptom that was measured, and CPU that is burnt at all; a contradiction
/// or hearsay leaves it at medium, and without a deciding symptom it is low.
pub(super) fn of(entry: &Entry, score: &Score, burnt: Burnt) -> Confidence {
    let deciding = || {
        let parts = score.parts.iter();
        parts.filter(|part| part.decides && part.points >= SEEN)
    };
    let explains_cpu = entry.kind.explains_cpu();
    if explains_cpu && matches!(burnt, Burnt::Little(_)) {
        return Confidence::Low;
    }
    let contradicted = score.parts.iter().any(|part| part.points < 0.0);
    let measured = deciding().any(|part| part.measured);
    let sure = measured && !contradicted && (burnt == Burnt::Shown || !explains_cpu);
    if score.points >= HIGH && sure {
        return Confidence::High;
    }
    let enough = if measured { MEDIUM } else { MEDIUM_BY_HEARSAY };
    match deciding().next() {
        Some(_) if score.points >= enough => Confidence::Medium,
        _ => Confidence::Low,
    }
}

/// How much CPU is burnt, by everything that was given.
pub(crate) fn burnt(input: &Input<'_>) -> Burnt {
    let profile = input.profiles.own_first().filter(|profile| profile.is_time);
    of_pasted(
        &input.evidence.pasted,
        profile.map(ProfileView::total_cores),
    )
}

fn of_pasted(pasted: &Pasted, profile: Option<f64>) -> Burnt {
    let processes = pasted.processes.iter().filter_map(|usage| usage.cores);
    let profiles = pasted.stack_tables.iter().filter_map(|table| {
        let (total, length) = table.total_seconds.zip(table.length_seconds)?;
        (table.weighed == Weighed::Cpu && length > 0.0).then(|| total / length)
    });
    let most = processes.chain(profiles).chain(profile).reduce(f64::max);
    let machine = pasted.machine.iter().filter_map(|usage| {
        let parts = [usage.user, usage.system, usage.softirq];
        parts.into_iter().flatten().reduce(|a, b| a + b)
    });
    let sampled = pasted.stack_tables.iter().any(|table| {
        let has_shares = table.rows.iter().any(|row| row.share().is_some());
        table.weighed == Weighed::Cpu && has_shares
    });
    match most {
        Some(cores) if cores >= HOT_CORES => Burnt::Shown,
        _ if machine.fold(0.0, f64::max) >= BUSY_SHARE => Burnt::Shown,
        Some(cores) => Burnt::Little(cores),
        None if sampled || says_so(pasted) => Burnt::Shown,
        None => Burnt::Unknown,
    }
}

/// Whether prose tells of CPU that is used, and not only of a file or option with such a name.
fn says_so(pasted: &Pasted) -> bool {
    const USED: &str = r"(?i)\b(cpus?|cores?|load average|sy)\b.{0,50}(\d|%|high|hot|burn|climb|ris|grow|jump|spik|peg|busy|full|heav|more|out of control|max)|(high|full|\d ?%|burns?|uses?|takes?|eats?|more|hot|pegged|spend\w*).{0,40}\b(cpus?|cores?)\b|\d ?%|pegged|spinning";
    let Ok(used) = Regex::new(USED) else {
        return false;
    };
    pasted.prose.iter().any(|line| used.is_match(&line.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::pasted::{ProcessUsage, ProseLine, StackTable};

    #[test]
    fn a_profile_of_next_to_nothing_explains_nothing() {
        let mut pasted = Pasted::default();
        assert_eq!(of_pasted(&pasted, None), Burnt::Unknown);
        pasted.stack_tables.push(StackTable {
            total_seconds: Some(0.2),
            length_seconds: Some(30.0),
            ..StackTable::default()
        });
        assert!(matches!(of_pasted(&pasted, None), Burnt::Little(cores) if cores < 0.01));
        pasted.processes.push(ProcessUsage {
            cores: Some(1.0),
            ..ProcessUsage::default()
        });
        assert_eq!(of_pasted(&pasted, None), Burnt::Shown);
    }

    #[test]
    fn prose_must_speak_of_use_not_of_a_file() {
        let says = |text: &str| {
            let mut pasted = Pasted::default();
            pasted.prose.push(ProseLine {
                text: text.to_owned(),
                ..ProseLine::default()
            });
            of_pasted(&pasted, None)
        };
        assert_eq!(says("the kubelet is pegged"), Burnt::Shown);
        assert_eq!(says("it takes a lot of CPU"), Burnt::Shown);
        assert_eq!(says("see /sys/fs/cgroup/cpu,cpuacct"), Burnt::Unknown);
    }
}

//! Which of a profile's values is CPU time.

use nodesleuth_profile::Profile;

/// Where the CPU time is among a profile's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CpuValue {
    pub(super) index: usize,
    /// `None` when a sample is a share of the CPU time and not a time (perf's cycles).
    pub(super) nanos_per_unit: Option<f64>,
}

/// Kinds of values that are CPU time: Go's, and the events of perf that are clocks.
const CLOCKS: &[&str] = &["cpu", "cpu-clock", "task-clock"];
/// Events of perf that only count where a CPU was.
const CYCLES: &[&str] = &[
    "cycles",
    "cpu-cycles",
    "cpu_core/cycles/",
    "cpu_atom/cycles/",
];

impl CpuValue {
    /// `None` for heap and other profiles. A profile that only counts samples is CPU when its
    /// period says so.
    pub(super) fn of(profile: &Profile) -> Option<Self> {
        let kind_is = |kind: &str, kinds: &[&str]| kinds.contains(&event(kind));
        let clock = profile
            .sample_types()
            .position(|value| kind_is(value.kind, CLOCKS));
        if let Some(index) = clock {
            let unit = profile.sample_types().nth(index)?.unit;
            return Some(Self {
                index,
                nanos_per_unit: Some(nanos_per(unit)?),
            });
        }
        let samples = profile
            .sample_types()
            .position(|value| value.kind == "samples");
        let period = profile.period_type();
        if period.kind == "cpu" {
            return Some(Self {
                index: samples?,
                nanos_per_unit: Some(profile.period() as f64 * nanos_per(period.unit)?),
            });
        }
        let cycles = profile
            .sample_types()
            .position(|value| kind_is(value.kind, CYCLES));
        // Folded stacks do not say what they count: where a CPU was, in all but a few.
        let only_samples =
            samples.filter(|_| profile.sample_types().len() == 1 && period.kind.is_empty());
        let index = cycles.or(only_samples)?;
        Some(Self {
            index,
            nanos_per_unit: None,
        })
    }
}

/// An event without its modifiers: `cycles:ppp`, `cpu-clock:u`.
fn event(kind: &str) -> &str {
    kind.split(':').next().unwrap_or_default()
}

fn nanos_per(unit: &str) -> Option<f64> {
    match unit {
        "nanoseconds" | "ns" => Some(1.0),
        "microseconds" | "us" => Some(1e3),
        "milliseconds" | "ms" => Some(1e6),
        "seconds" | "s" => Some(1e9),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_profile::ValueType;

    fn of(kind: &str, unit: &str) -> Option<(usize, Option<f64>)> {
        let profile = Profile::from_stacks(ValueType { kind, unit }, [(["f"], 1)]);
        CpuValue::of(&profile).map(|value| (value.index, value.nanos_per_unit))
    }

    #[test]
    fn clocks_are_times_cycles_are_shares_and_memory_is_neither() {
        assert_eq!(of("cpu", "nanoseconds"), Some((0, Some(1.0))));
        assert_eq!(of("cpu-clock:u", "nanoseconds"), Some((0, Some(1.0))));
        assert_eq!(of("cycles:ppp", "count"), Some((0, None)));
        assert_eq!(of("inuse_space", "bytes"), None);
        assert_eq!(of("cpu", "bytes"), None);
        assert_eq!(of("samples", "count"), Some((0, None)));
    }
}

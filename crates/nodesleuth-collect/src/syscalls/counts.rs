//! A summary of the engine as evidence: times by call, errors by name.

use super::tally::spelt;
use nodesleuth_model::evidence::SyscallUse;
use nodesleuth_trace::{Figures, InFlight, Summary, error_name};
use std::collections::BTreeMap;

/// All calls, most CPU first; `None` when the engine does not count.
pub(super) fn calls(summary: &Summary) -> Option<Vec<SyscallUse>> {
    let Figures::Counted { totals, errors } = &summary.figures else {
        return None;
    };
    let mut calls: BTreeMap<u16, SyscallUse> = BTreeMap::new();
    for total in totals {
        let call = calls.entry(total.number).or_default();
        call.calls += total.calls + total.began_before;
        call.wall.0 += total.wall_ns;
        call.on_cpu.0 += total.on_cpu_ns.unwrap_or(0);
    }
    for error in errors {
        let name =
            error_name(error.error).map_or_else(|| format!("error {}", error.error), str::to_owned);
        let call = calls.entry(error.number).or_default();
        *call.errors.entry(name).or_default() += error.count;
    }
    for call in &summary.in_flight {
        add_in_flight(
            calls.entry(call.number).or_default(),
            call,
            summary.length_ns,
        );
    }
    let mut calls: Vec<SyscallUse> = calls
        .into_iter()
        .map(|(number, call)| SyscallUse {
            name: spelt(number),
            ..call
        })
        .filter(|call| call.calls > 0 || call.in_flight > 0)
        .collect();
    calls.sort_by_key(|call| std::cmp::Reverse(call.on_cpu));
    Some(calls)
}

fn add_in_flight(call: &mut SyscallUse, in_flight: &InFlight, length_ns: u64) {
    call.in_flight += 1;
    // One that began before the capture has lasted all of it.
    call.wall.0 += in_flight.wall_ns.unwrap_or(length_ns);
    call.on_cpu.0 += in_flight.on_cpu_ns.unwrap_or(0);
}

/// Calls that could not be counted for want of room, or as their numbers mean other calls.
pub(super) fn uncounted(summary: &Summary) -> u64 {
    let lost = &summary.lost;
    let counts = [lost.untracked_calls, lost.unsummed, lost.by_32_bit];
    counts.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::fake_summary;
    use nodesleuth_model::Nanos;
    use nodesleuth_trace::{Arch, ErrorCount};

    #[test]
    fn calls_in_flight_have_waited_too_and_errors_have_names() {
        let mut summary = fake_summary(1_000_000_000, &[("futex", 10)]);
        let number = Arch::native().unwrap().number("futex").unwrap();
        if let Figures::Counted { errors, .. } = &mut summary.figures {
            errors.push(ErrorCount {
                part: None,
                number,
                error: 110,
                count: 4,
            });
        }
        let in_flight = |wall_ns| InFlight {
            tgid: 1,
            tid: 1,
            number,
            wall_ns,
            on_cpu_ns: Some(5),
            arguments: [0; 6],
        };
        summary.in_flight = vec![in_flight(Some(100)), in_flight(None)];
        let calls = calls(&summary).unwrap();
        assert_eq!(calls[0].errors["ETIMEDOUT"], 4);
        assert_eq!((calls[0].calls, calls[0].in_flight), (10, 2));
        assert_eq!(calls[0].wall, Nanos(10 * 2_000 + 100 + 1_000_000_000));
        assert_eq!(calls[0].on_cpu, Nanos(10 * 1_000 + 10));
    }

    #[test]
    fn an_engine_that_only_samples_gives_no_counts() {
        let mut summary = fake_summary(1, &[]);
        summary.figures = Figures::Sampled {
            looks: 3,
            totals: Vec::new(),
        };
        assert_eq!(calls(&summary), None);
    }
}

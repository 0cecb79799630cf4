//! The capture of system calls as rates and cores.

use crate::cpu::TargetCpu;
use crate::facts::absent;
use nodesleuth_model::evidence::{ArgumentKind, ArgumentSample, FailingCall, FileUse};
use nodesleuth_model::evidence::{SyscallTrace, SyscallUse};
use nodesleuth_model::{Evidence, Missing, Nanos, Ticks};
use std::ops::RangeInclusive;

/// A capture shorter than this says nothing about rates.
const SHORTEST_SECONDS: f64 = 0.05;
/// Fewer ticks of CPU cannot be compared.
const FEWEST_TICKS: Ticks = Ticks(10);
const COMPARABLE: RangeInclusive<f64> = 0.5..=2.0;

/// The capture of system calls, as rates.
#[derive(Clone, Copy)]
pub(crate) struct Traced<'a> {
    pub(crate) trace: &'a SyscallTrace,
    pub(crate) seconds: f64,
    /// CPU of the target in the window per CPU in the capture, 1 where they cannot be compared.
    pub(crate) busier: f64,
}

impl<'a> Traced<'a> {
    pub(crate) fn of(evidence: &'a Evidence) -> Result<Self, Missing> {
        let trace = evidence.syscalls.require("system calls")?;
        let seconds = trace.length.seconds();
        if seconds < SHORTEST_SECONDS {
            return Err(absent(format!(
                "system calls were counted for only {seconds:.3} s"
            )));
        }
        Ok(Self {
            trace,
            seconds,
            busier: busier(evidence, trace),
        })
    }

    pub(crate) fn rate(&self, calls: u64) -> f64 {
        calls as f64 / self.seconds
    }

    /// Cores of CPU time inside calls, brought to the CPU that the target had in the window: on a
    /// busy node it may get more or less of it while it is traced.
    pub(crate) fn priced(&self, on_cpu: Nanos) -> f64 {
        self.cores(on_cpu) * self.busier
    }

    /// CPU or wall time per second of the capture.
    pub(crate) fn cores(&self, time: Nanos) -> f64 {
        time.seconds() / self.seconds
    }

    /// The calls of this name; `None` when there were none.
    pub(crate) fn call(&self, name: &str) -> Option<&'a SyscallUse> {
        self.trace.calls.iter().find(|call| call.name == name)
    }

    /// A sum over all calls.
    pub(crate) fn sum(&self, part: impl Fn(&SyscallUse) -> u64) -> u64 {
        let parts = self.trace.calls.iter().map(part);
        parts.fold(0, u64::saturating_add)
    }

    /// Cores of all calls together.
    pub(crate) fn all_cores(&self) -> f64 {
        self.cores(Nanos(self.sum(|call| call.on_cpu.0)))
    }

    pub(crate) fn arguments(&self) -> Result<&'a ArgumentSample, Missing> {
        self.trace.arguments.require("arguments of system calls")
    }

    /// Calls a second with arguments of this kind.
    pub(crate) fn argument_rate(&self, kind: ArgumentKind) -> Result<f64, Missing> {
        let uses = self.arguments()?.uses.iter();
        let of_kind = uses.filter(|one| one.kind == kind && one.looked.0 > 0);
        Ok(of_kind
            .map(|one| one.calls as f64 / one.looked.seconds())
            .sum())
    }

    pub(crate) fn failing(&self) -> Result<&'a [FailingCall], Missing> {
        self.trace
            .failing
            .require("failing calls")
            .map(Vec::as_slice)
    }

    pub(crate) fn files(&self) -> Result<&'a [FileUse], Missing> {
        self.trace.files.require("cost of files").map(Vec::as_slice)
    }

    /// Where it comes from, for a fact's source.
    pub(crate) fn source(&self) -> String {
        format!(
            "system calls counted for {:.1} s after the window ({})",
            self.seconds, self.trace.engine
        )
    }
}

/// How much more CPU the target had in the window than in the capture. A target that is more than
/// twice as busy in one of them does other things there, so nothing is brought from one to the
/// other then.
fn busier(evidence: &Evidence, trace: &SyscallTrace) -> f64 {
    let both = || {
        let host = evidence.host.value()?;
        let traced = trace.target_cpu?;
        let ticks = Ticks(traced.user.0.saturating_add(traced.kernel.0));
        let cpu = TargetCpu::of(evidence).ok()?;
        let capture = ticks.seconds(host.ticks_per_second) / trace.length.seconds();
        (ticks >= FEWEST_TICKS).then_some(cpu.own() / capture)
    };
    both()
        .filter(|ratio| COMPARABLE.contains(ratio))
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::{Host, ProcessStat, ProcessTable, Target, TracedCpu};
    use nodesleuth_model::{BootNanos, Observed, Pid, Reading, Window};

    /// A second of half a core in the window.
    fn evidence() -> Evidence {
        let table = |at: u64, utime: u64| Reading {
            at: BootNanos(at),
            value: ProcessTable {
                processes: vec![ProcessStat {
                    pid: Pid(7),
                    utime: Ticks(utime),
                    ..ProcessStat::default()
                }],
                ..ProcessTable::default()
            },
        };
        let mut evidence = Evidence::default();
        evidence.host = Observed::Value(Host {
            ticks_per_second: 100,
            ..Host::default()
        });
        evidence.target = Observed::Value(Target {
            pid: Pid(7),
            ..Target::default()
        });
        evidence.processes = Observed::Value(Window {
            before: table(0, 0),
            after: table(1_000_000_000, 50),
        });
        evidence
    }

    fn ratio(ticks: Option<u64>) -> f64 {
        let trace = SyscallTrace {
            length: Nanos(1_000_000_000),
            target_cpu: ticks.map(|ticks| TracedCpu {
                user: Ticks(ticks),
                kernel: Ticks(0),
            }),
            ..SyscallTrace::default()
        };
        busier(&evidence(), &trace)
    }

    #[test]
    fn a_target_that_got_less_cpu_while_traced_is_priced_by_what_it_had_before() {
        assert_eq!(ratio(Some(40)), 1.25);
        assert_eq!(ratio(Some(80)), 0.625);
    }

    #[test]
    fn what_cannot_be_compared_is_left_as_it_was_measured() {
        for ticks in [None, Some(5), Some(24), Some(101)] {
            assert_eq!(ratio(ticks), 1.0, "{ticks:?}");
        }
    }
}

//! The capture of system calls as rates and cores.

use crate::facts::absent;
use nodesleuth_model::evidence::{ArgumentKind, ArgumentSample, FailingCall, FileUse};
use nodesleuth_model::evidence::{SyscallTrace, SyscallUse};
use nodesleuth_model::{Evidence, Missing, Nanos};

/// A capture shorter than this says nothing about rates.
const SHORTEST_SECONDS: f64 = 0.05;

/// The capture of system calls, as rates.
#[derive(Clone, Copy)]
pub(crate) struct Traced<'a> {
    pub(crate) trace: &'a SyscallTrace,
    pub(crate) seconds: f64,
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
        Ok(Self { trace, seconds })
    }

    pub(crate) fn rate(&self, calls: u64) -> f64 {
        calls as f64 / self.seconds
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

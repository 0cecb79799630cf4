//! The target's CPU over the window, from the kernel's own accounting.

use nodesleuth_model::evidence::{Host, ProcessStat};
use nodesleuth_model::{Cores, Evidence, Missing, MissingKind, Ticks};

/// The target's CPU over the window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TargetCpu {
    pub(crate) seconds: f64,
    pub(crate) user: f64,
    pub(crate) kernel: f64,
    pub(crate) children: f64,
}

impl TargetCpu {
    /// From the process table at both ends. A target that exited before the window closed is
    /// told apart from one that was never there.
    pub(crate) fn of(evidence: &Evidence) -> Result<Self, Missing> {
        let host = evidence.host.require("host")?;
        let target = evidence.target.require("target")?;
        let window = evidence.processes.require("processes")?;
        let before = window.before.value.by_pid(target.pid);
        let after = window.after.value.by_pid(target.pid);
        let (Some(before), Some(after)) = (before, after) else {
            let reason = format!(
                "process {} was not there at both ends of the window",
                target.pid
            );
            return Err(Missing::new(MissingKind::TargetGone, reason));
        };
        if before.start != after.start {
            let reason = format!(
                "the pid {} was given to another process meanwhile",
                target.pid
            );
            return Err(Missing::new(MissingKind::TargetGone, reason));
        }
        let seconds = window.seconds();
        let rate = |before: Ticks, after: Ticks| rate(host, before, after, seconds);
        Ok(Self {
            seconds,
            user: rate(before.utime, after.utime),
            kernel: rate(before.stime, after.stime),
            children: rate(before.cutime, after.cutime) + rate(before.cstime, after.cstime),
        })
    }

    pub(crate) fn total(self) -> f64 {
        self.user + self.kernel + self.children
    }
}

/// CPU of one process between two readings, as cores: total and its kernel part.
pub(crate) fn process_cores(
    host: &Host,
    before: &ProcessStat,
    after: &ProcessStat,
    seconds: f64,
) -> (Cores, Cores) {
    let kernel = rate(host, before.stime, after.stime, seconds);
    (
        Cores(rate(host, before.utime, after.utime, seconds) + kernel),
        Cores(kernel),
    )
}

/// Cores between two tick counts. A count that went back (a counter of another process) is zero.
pub(crate) fn rate(host: &Host, before: Ticks, after: Ticks, seconds: f64) -> f64 {
    Ticks(after.0.saturating_sub(before.0)).seconds(host.ticks_per_second) / seconds
}

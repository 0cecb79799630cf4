//! The target's CPU over the window, from the kernel's own accounting.

use crate::kubelet_cpu;
use nodesleuth_model::evidence::{Host, ProcessStat, ProcessTable, Via};
use nodesleuth_model::{Cores, Evidence, Missing, MissingKind, Pid, Ticks, Window};

/// A window shorter than this measures nothing: ticks are 10 ms.
const SHORTEST_WINDOW_SECONDS: f64 = 0.1;
/// Clocks differ a little; more than this many cores above all there are is nonsense.
const CORES_TOLERANCE: f64 = 0.5;

/// The target's CPU over the window, as cores.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TargetCpu {
    pub(crate) seconds: f64,
    pub(crate) user: f64,
    pub(crate) kernel: f64,
    /// User and kernel together, where nobody tells them apart.
    pub(crate) unsplit: f64,
    /// Children that ended and were waited for in the window, without what they had burnt before;
    /// `None` where nobody counts them.
    pub(crate) children: Option<f64>,
    /// Nobody counted it: it is what the target's own profile shows.
    pub(crate) is_of_profile: bool,
}

impl TargetCpu {
    /// From the process table at both ends, or from what the kubelet tells of itself where the
    /// node's processes could not be looked at.
    pub(crate) fn of(evidence: &Evidence) -> Result<Self, Missing> {
        match evidence.vantage.via {
            Via::Api => kubelet_cpu::of(evidence),
            Via::Host | Via::Pod => Self::of_processes(evidence),
        }
    }

    /// A target that exited before the window closed is told apart from one that was never there.
    fn of_processes(evidence: &Evidence) -> Result<Self, Missing> {
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
        if seconds < SHORTEST_WINDOW_SECONDS {
            let reason = format!("a window of {seconds:.3} s is too short to measure CPU");
            return Err(Missing::new(MissingKind::Malformed, reason));
        }
        let rate = |before: Ticks, after: Ticks| rate(host, before, after, seconds);
        let reaped = rate(before.cutime, after.cutime) + rate(before.cstime, after.cstime);
        let earlier = burnt_before(window, target.pid);
        let cpu = Self {
            seconds,
            user: rate(before.utime, after.utime),
            kernel: rate(before.stime, after.stime),
            unsplit: 0.0,
            children: Some((reaped - earlier.seconds(host.ticks_per_second) / seconds).max(0.0)),
            is_of_profile: false,
        };
        cpu.plausible_on(host)
    }

    /// What children burnt before the window cannot always be told, but more than all CPUs can
    /// give was not burnt in it.
    fn plausible_on(self, host: &Host) -> Result<Self, Missing> {
        let Some(cpus) = host.possible_cpus.value() else {
            return Ok(self);
        };
        let most = f64::from(*cpus) + CORES_TOLERANCE;
        let own = self.user + self.kernel;
        if own > most {
            let reason = format!("{own:.1} cores were accounted on {cpus} CPUs: not believed");
            return Err(Missing::new(MissingKind::Malformed, reason));
        }
        let most = (f64::from(*cpus) - own).max(0.0);
        Ok(Self {
            children: self.children.map(|children| children.min(most)),
            ..self
        })
    }

    pub(crate) fn total(self) -> f64 {
        self.own() + self.waited_for()
    }

    /// Its own threads, without children.
    pub(crate) fn own(self) -> f64 {
        self.user + self.kernel + self.unsplit
    }

    /// Children, zero where nobody counts them.
    pub(crate) fn waited_for(self) -> f64 {
        self.children.unwrap_or(0.0)
    }

    /// Itself, if user and kernel are told apart.
    pub(crate) fn split(self) -> Result<Self, Missing> {
        match self.unsplit > 0.0 {
            false => Ok(self),
            true => Err(Missing::new(
                MissingKind::Unsupported,
                "from outside the node user and kernel time of the kubelet are only told apart \
                 where it has a cgroup of its own that cAdvisor follows",
            )),
        }
    }
}

/// What children that ended in the window had burnt before it: it is booked to their parent only
/// when they are waited for.
fn burnt_before(window: &Window<ProcessTable>, parent: Pid) -> Ticks {
    let ended = window.before.value.processes.iter().filter(|process| {
        process.ppid == parent && window.after.value.by_pid(process.pid).is_none()
    });
    let burnt = ended.map(|child| {
        let reaped = child.cutime.0.saturating_add(child.cstime.0);
        child.own().0.saturating_add(reaped)
    });
    Ticks(burnt.fold(0, u64::saturating_add))
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

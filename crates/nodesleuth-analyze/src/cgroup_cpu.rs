//! CPU of one program's cgroup between two readings that cAdvisor took of it.

use nodesleuth_model::evidence::{AgentCgroup, ContainerStats};
use nodesleuth_model::{Evidence, Window};

/// The same cgroup at two moments of its own clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CgroupCpu<'a> {
    before: &'a AgentCgroup,
    after: &'a AgentCgroup,
    seconds: f64,
}

impl<'a> CgroupCpu<'a> {
    /// Nothing where cAdvisor does not follow it, or took one reading only.
    pub(crate) fn of(
        evidence: &'a Evidence,
        which: impl Fn(&'a ContainerStats) -> Option<&'a AgentCgroup>,
    ) -> Option<Self> {
        let window: &Window<ContainerStats> = evidence.container_stats.value()?;
        let (before, after) = (which(&window.before.value)?, which(&window.after.value)?);
        let seconds = (after.unix_millis? - before.unix_millis?) as f64 / 1e3;
        let is_told = before.path == after.path && seconds > 0.0;
        is_told.then_some(Self {
            before,
            after,
            seconds,
        })
    }

    /// Cores of one of its counters.
    pub(crate) fn cores(self, counter: fn(&AgentCgroup) -> Option<f64>) -> Option<f64> {
        let cores = (counter(self.after)? - counter(self.before)?) / self.seconds;
        (cores >= 0.0).then_some(cores)
    }

    pub(crate) fn path(self) -> &'a str {
        &self.after.path
    }
}

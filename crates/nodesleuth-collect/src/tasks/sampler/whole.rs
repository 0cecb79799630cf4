//! A process as one: its threads, living and ended, as `/proc/PID/stat` adds them up.

use super::reads::Reads;
use super::task::Gone;
use crate::tasks::descriptors::KeptFile;
use crate::tasks::used::{Counters, Used};
use nodesleuth_model::{Nanos, Ticks};
use std::os::fd::BorrowedFd;

/// A process as one.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) comm: String,
    pub(super) start: Ticks,
    before: Counters,
    after: Counters,
    stat: KeptFile,
}

impl Whole {
    /// The first reading; `cpu_time` of the process's clock, where there is one.
    pub(super) fn open(
        folder: BorrowedFd<'_>,
        cpu_time: Option<Nanos>,
        reads: &mut Reads,
    ) -> Result<Self, Gone> {
        let mut whole = Self::default();
        whole.read(folder, cpu_time, reads)?;
        let young = reads.is_new(whole.start);
        whole.before = if young { Counters::ZERO } else { whole.after };
        Ok(whole)
    }

    /// The next reading. Another process with the same id counts as gone.
    pub(super) fn update(
        &mut self,
        folder: BorrowedFd<'_>,
        cpu_time: Option<Nanos>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        self.before = self.after;
        let started = self.start;
        self.read(folder, cpu_time, reads)?;
        if self.start == started {
            Ok(())
        } else {
            Err(Gone)
        }
    }

    fn read(
        &mut self,
        folder: BorrowedFd<'_>,
        cpu_time: Option<Nanos>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        let times = reads.process_stat(folder, &mut self.stat, &mut self.comm);
        let times = times.map_err(|_| Gone)?;
        self.after.utime = times.map(|times| times.utime);
        self.after.stime = times.map(|times| times.stime);
        self.after.on_cpu = cpu_time;
        self.start = times.map_or(self.start, |times| times.start);
        Ok(())
    }

    /// CPU used since the reading before; waiting and switches are not known here.
    pub(super) fn used(&self) -> Used {
        self.after.since(&self.before)
    }
}

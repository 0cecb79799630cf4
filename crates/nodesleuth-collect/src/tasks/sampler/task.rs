//! One thread: what it costs to know whether it ran, and what is read only then.
//!
//! `schedstat` is the cheapest file that changes whenever a task has run. While it stands still,
//! `stat` and `status` need no look.

use super::reads::{Reads, Times};
use crate::tasks::descriptors::KeptFile;
use crate::tasks::used::{Counters, Used};
use nodesleuth_model::{Nanos, Ticks};
use nodesleuth_parse::proc::schedstat::SchedStat;
use std::os::fd::BorrowedFd;

/// A thread that ran in one of so many samples before is looked at first.
const RECENT_SAMPLES: u8 = 8;

/// The task is gone; its id may belong to another one by now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

/// One thread.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) tid: u32,
    pub(super) comm: String,
    pub(super) start: Ticks,
    /// Whether it ran since the sample before.
    pub(super) ran: bool,
    /// How often it was put on a CPU.
    pub(super) timeslices: u64,
    /// Samples since it last ran.
    rested: u8,
    /// Time on a CPU when `stat` was last read.
    ticks_read_at: Option<Nanos>,
    before: Counters,
    after: Counters,
    schedstat: KeptFile,
    stat: KeptFile,
    status: KeptFile,
}

impl Task {
    /// A task that was not known before. None: it is gone again.
    pub(super) fn open(folder: BorrowedFd<'_>, tid: u32, reads: &mut Reads) -> Option<Self> {
        let mut task = Self {
            tid,
            comm: String::new(),
            start: Ticks(0),
            ran: false,
            timeslices: 0,
            rested: u8::MAX,
            ticks_read_at: None,
            before: Counters::default(),
            after: Counters::default(),
            schedstat: KeptFile::default(),
            stat: KeptFile::default(),
            status: KeptFile::default(),
        };
        let exact = task.exact(folder, reads);
        if reads.previous.is_none() {
            task.baseline(folder, exact, reads).ok()?;
        } else {
            task.appeared(folder, exact, reads).ok()?;
        }
        Some(task)
    }

    /// What it used since the sample before.
    pub(super) fn used(&self) -> Used {
        self.after.since(&self.before)
    }

    /// The first sample only gives what later ones are compared with. A task that has run for
    /// less than a tick in all its life has no ticks to read (the kernel scales user and kernel
    /// time to add up to the exact time), which spares most of a thousand idle threads.
    fn baseline(
        &mut self,
        folder: BorrowedFd<'_>,
        exact: Option<SchedStat>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        self.keep(exact);
        if exact.is_some_and(|exact| exact.on_cpu < reads.tick) {
            (self.after.utime, self.after.stime) = (Some(Ticks(0)), Some(Ticks(0)));
        } else {
            // Not kept: it may never run again, and a kept file holds a page.
            let times = reads.stat(folder, self.tid, &mut KeptFile::default(), &mut self.comm);
            self.note_times(times.map_err(|_| Gone)?);
        }
        self.before = self.after;
        Ok(())
    }

    /// The switches that the first interval's are counted from; such a task is looked at first.
    pub(super) fn baseline_switches(&mut self, folder: BorrowedFd<'_>, reads: &mut Reads) {
        self.after.switches = reads.switches(folder, self.tid, &mut KeptFile::default());
        self.before.switches = self.after.switches;
        self.rested = RECENT_SAMPLES;
    }

    /// A task that came after the first sample: all its life counts if it is that young.
    fn appeared(
        &mut self,
        folder: BorrowedFd<'_>,
        exact: Option<SchedStat>,
        reads: &mut Reads,
    ) -> Result<(), Gone> {
        self.keep(exact);
        let times = reads.stat(folder, self.tid, &mut self.stat, &mut self.comm);
        self.note_times(times.map_err(|_| Gone)?);
        self.after.switches = reads.switches(folder, self.tid, &mut self.status);
        self.begin_life(reads);
        Ok(())
    }

    fn begin_life(&mut self, reads: &Reads) {
        let young = reads.is_new(self.start);
        self.before = if young { Counters::ZERO } else { self.after };
        self.rested = 0;
        self.ran = !self.used().is_nothing();
    }

    /// Time on a CPU as last read.
    pub(super) fn on_cpu(&self) -> Option<Nanos> {
        self.after.on_cpu
    }

    /// Whether it is worth looking at first.
    pub(super) fn ran_recently(&self) -> bool {
        self.rested <= RECENT_SAMPLES
    }

    /// It is known not to have run.
    pub(super) fn rest(&mut self) {
        self.ran = false;
        self.rested = self.rested.saturating_add(1);
    }

    /// Looks whether it ran, and if so, at everything.
    pub(super) fn update(&mut self, folder: BorrowedFd<'_>, reads: &mut Reads) -> Result<(), Gone> {
        self.before = self.after;
        self.rest();
        let exact = self.exact(folder, reads);
        if exact.is_some() && !self.moved(exact) {
            return Ok(());
        }
        self.rested = 0;
        self.keep(exact);
        let started = self.start;
        if !self.ticks_still_hold(reads.tick) {
            let times = reads.stat(folder, self.tid, &mut self.stat, &mut self.comm);
            self.note_times(times.map_err(|_| Gone)?);
        }
        self.ran = exact.is_some() || !self.used().is_nothing();
        if self.ran {
            self.after.switches = reads.switches(folder, self.tid, &mut self.status);
        }
        let unknown = started == Ticks(0);
        if (unknown && reads.is_new(self.start)) || (!unknown && started != self.start) {
            self.begin_life(reads);
        }
        Ok(())
    }

    fn exact(&mut self, folder: BorrowedFd<'_>, reads: &mut Reads) -> Option<SchedStat> {
        if !reads.exact {
            return None;
        }
        reads
            .schedstat(folder, self.tid, &mut self.schedstat)
            .ok()?
    }

    fn moved(&self, exact: Option<SchedStat>) -> bool {
        let timeslices = exact.map(|exact| exact.timeslices);
        exact.map(|exact| exact.on_cpu) != self.after.on_cpu
            || exact.map(|exact| exact.run_wait) != self.after.run_wait
            || timeslices != Some(self.timeslices)
    }

    fn keep(&mut self, exact: Option<SchedStat>) {
        self.after.on_cpu = exact.map(|exact| exact.on_cpu);
        self.after.run_wait = exact.map(|exact| exact.run_wait);
        self.timeslices = exact.map_or(0, |exact| exact.timeslices);
    }

    /// User and kernel time have a tick's precision: less than that later there is nothing new
    /// to read. Who holds the id is certain only while `schedstat` is kept open.
    fn ticks_still_hold(&self, tick: Nanos) -> bool {
        let since = self
            .after
            .on_cpu
            .zip(self.ticks_read_at)
            .map(|(now, then)| now.0.checked_sub(then.0));
        self.start != Ticks(0)
            && self.schedstat.is_kept()
            && since.flatten().is_some_and(|since| since < tick.0)
    }

    fn note_times(&mut self, times: Option<Times>) {
        self.ticks_read_at = times.and(self.after.on_cpu);
        self.after.utime = times.map(|times| times.utime);
        self.after.stime = times.map(|times| times.stime);
        if let Some(times) = times {
            self.start = times.start;
        }
    }
}

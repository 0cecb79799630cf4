//! What all tasks of a sampler share: the descriptors, one buffer, what this kernel offers.

use crate::tasks::descriptors::{Descriptors, KeptFile};
use nodesleuth_model::evidence::Switches;
use nodesleuth_model::{BootNanos, Nanos, Ticks};
use nodesleuth_parse::proc::{pid_stat, schedstat, status};
use std::fmt::Write;
use std::io;
use std::os::fd::BorrowedFd;

/// The largest file read here is `status`: under 2 KiB, more with masks of thousands of CPUs.
const BUFFER_BYTES: usize = 16 << 10;

/// Shared by all tasks of a sampler.
#[derive(Debug)]
pub(super) struct Reads {
    descriptors: Descriptors,
    buffer: Vec<u8>,
    name: String,
    /// Whether this kernel keeps `schedstat`.
    pub(super) exact: bool,
    /// Length of a clock tick of `/proc`.
    pub(super) tick: Nanos,
    /// When the sample before this one was taken; none while the first one is.
    pub(super) previous: Option<BootNanos>,
}

/// The CPU times in a `stat` line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) utime: Ticks,
    pub(super) stime: Ticks,
    pub(super) start: Ticks,
}

impl Reads {
    pub(super) fn new(descriptors: Descriptors, tick: Nanos) -> Self {
        Self {
            descriptors,
            buffer: vec![0; BUFFER_BYTES],
            name: String::with_capacity(32),
            exact: true,
            tick,
            previous: None,
        }
    }

    /// Whether a task with this start began after the previous sample (give or take a tick).
    pub(super) fn is_new(&self, start: Ticks) -> bool {
        let began = start.0.saturating_add(1).saturating_mul(self.tick.0);
        self.previous.is_some_and(|previous| began >= previous.0)
    }

    /// One more descriptor to keep, if there is one.
    pub(super) fn descriptors(&self) -> &Descriptors {
        &self.descriptors
    }

    /// `TID/schedstat` below the folder `task`; `None` when it is not three numbers.
    pub(super) fn schedstat(
        &mut self,
        folder: BorrowedFd<'_>,
        tid: u32,
        file: &mut KeptFile,
    ) -> io::Result<Option<schedstat::SchedStat>> {
        let bytes = self.read(folder, tid, "schedstat", file)?;
        Ok(schedstat::parse(bytes).ok())
    }

    /// `TID/stat`; the name goes to `comm`. `None` when the line cannot be understood.
    pub(super) fn stat(
        &mut self,
        folder: BorrowedFd<'_>,
        tid: u32,
        file: &mut KeptFile,
        comm: &mut String,
    ) -> io::Result<Option<Times>> {
        Ok(understood(self.read(folder, tid, "stat", file)?, comm))
    }

    /// The process's own `stat` above the folder `task`.
    pub(super) fn process_stat(
        &mut self,
        folder: BorrowedFd<'_>,
        file: &mut KeptFile,
        comm: &mut String,
    ) -> io::Result<Option<Times>> {
        let got = file.read(folder, "../stat", &self.descriptors, &mut self.buffer)?;
        Ok(understood(&self.buffer[..got], comm))
    }

    /// The context switches of `TID/status`.
    pub(super) fn switches(
        &mut self,
        folder: BorrowedFd<'_>,
        tid: u32,
        file: &mut KeptFile,
    ) -> Option<Switches> {
        status::switches(self.read(folder, tid, "status", file).ok()?)
    }

    fn read(
        &mut self,
        folder: BorrowedFd<'_>,
        tid: u32,
        name: &str,
        file: &mut KeptFile,
    ) -> io::Result<&[u8]> {
        self.name.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.name, "{tid}/{name}");
        let got = file.read(folder, &self.name, &self.descriptors, &mut self.buffer)?;
        Ok(&self.buffer[..got])
    }
}

fn understood(bytes: &[u8], comm: &mut String) -> Option<Times> {
    let times = pid_stat::times(bytes).ok()?;
    if times.comm != comm.as_bytes() {
        comm.clear();
        comm.push_str(&String::from_utf8_lossy(times.comm));
    }
    Some(Times {
        utime: Ticks(times.utime),
        stime: Ticks(times.stime),
        start: Ticks(times.start),
    })
}

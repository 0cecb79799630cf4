//! The files of the threads of one process, each opened for one reading.

use crate::Node;
use crate::tasks::descriptors::open_at;
use crate::tasks::ids;
use nodesleuth_model::evidence::{Switches, ThreadStat};
use nodesleuth_parse::proc::schedstat::{self, SchedStat};
use nodesleuth_parse::proc::{pid_stat, status};
use std::fmt::Write;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// The largest file read here is `status`, longer than 2 KiB only with masks of many CPUs.
const BUFFER_BYTES: usize = 16 << 10;

/// The folder `/proc/PID/task`.
pub(super) struct Folder {
    folder: File,
    tids: Vec<u32>,
    buffer: Vec<u8>,
    name: String,
}

impl Folder {
    pub(super) fn open(node: &Node, path: &str) -> io::Result<Self> {
        let folder = File::open(node.path(path))?;
        let mut tids = Vec::new();
        ids::list(&node.path(path), &mut tids)?;
        Ok(Self {
            folder,
            tids,
            buffer: vec![0; BUFFER_BYTES],
            name: String::new(),
        })
    }

    /// The threads' ids, ascending; they can be taken once.
    pub(super) fn tids(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.tids)
    }

    /// None: gone, or the kernel does not keep it (then some print zeros, others have no file).
    pub(super) fn schedstat(&mut self, tid: u32) -> Option<SchedStat> {
        let exact = schedstat::parse(self.read(tid, "schedstat")?).ok()?;
        (exact.timeslices > 0).then_some(exact)
    }

    /// The thread, without its switches.
    pub(super) fn stat(&mut self, tid: u32, exact: Option<SchedStat>) -> Option<ThreadStat> {
        let mut thread = pid_stat::parse_thread(self.read(tid, "stat")?).ok()?;
        thread.on_cpu = exact.map(|exact| exact.on_cpu);
        thread.run_wait = exact.map(|exact| exact.run_wait);
        Some(thread)
    }

    pub(super) fn switches(&mut self, tid: u32) -> Option<Switches> {
        status::switches(self.read(tid, "status")?)
    }

    fn read(&mut self, tid: u32, name: &str) -> Option<&[u8]> {
        self.name.clear();
        write!(self.name, "{tid}/{name}").ok()?;
        let file = open_at(self.folder.as_fd(), &self.name).ok()?;
        let got = file.read_at(&mut self.buffer, 0).ok()?;
        Some(&self.buffer[..got])
    }
}

//! The folder `/proc/PID/task`: kept open where there is a descriptor for it.

use crate::Node;
use crate::tasks::descriptors::{Descriptors, Permit};
use crate::tasks::ids;
use nix::sys::stat::fstat;
use std::fs::File;
use std::io;
use std::rc::Rc;

/// Links of the folder of a process with one thread. The kernel counts two and one for each
/// thread; file systems that do not count folders as links say 1, which is never trusted.
pub(super) const ONE_THREAD: u64 = 3;

/// The folder of one process's threads.
#[derive(Debug)]
pub(super) struct TaskFolder {
    pid: u32,
    kept: Option<(Rc<File>, Permit)>,
}

impl TaskFolder {
    /// The folder of this process, and the same opened.
    pub(super) fn open(
        node: &Node,
        pid: u32,
        descriptors: &Descriptors,
    ) -> io::Result<(Self, Rc<File>)> {
        let mut folder = Self { pid, kept: None };
        let file = folder.file(node)?;
        folder.kept = descriptors.take().map(|permit| (Rc::clone(&file), permit));
        Ok((folder, file))
    }

    /// The folder, opened now if it was not kept.
    pub(super) fn file(&self, node: &Node) -> io::Result<Rc<File>> {
        match &self.kept {
            Some((file, _)) => Ok(Rc::clone(file)),
            None => File::open(node.path(self.path())).map(Rc::new),
        }
    }

    /// The threads' ids, ascending; `links` as just read.
    pub(super) fn list(&self, node: &Node, links: u64) -> io::Result<Vec<u32>> {
        let mut tids = vec![self.pid];
        if links != ONE_THREAD {
            ids::list(&node.path(self.path()), &mut tids)?;
        }
        Ok(tids)
    }

    fn path(&self) -> String {
        format!("/proc/{}/task", self.pid)
    }
}

/// Links of the folder; 0 when it is gone.
pub(super) fn links(folder: &File) -> u64 {
    fstat(folder).map_or(0, |stat| stat.st_nlink)
}

//! Files that are kept open and read again from their beginning, within the limit on open files.
//!
//! Opening a task's file costs several times what reading it costs. A kept one also answers ESRCH
//! for good once its task is gone, whoever gets the number next.

use nix::fcntl::{OFlag, openat};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::Mode;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

/// Left free for everything else that opens files in this process.
const RESERVE: u64 = 128;
/// Each kept file holds about a page of kernel memory (its seq_file buffer): at most about 55 MiB
/// on a node that is sick already.
const MOST: u64 = 12_000;

/// How many more files may be kept open. A clone shares the count.
#[derive(Clone, Debug)]
pub(super) struct Descriptors(Rc<Cell<u64>>);

impl Descriptors {
    /// Raises the soft limit on open files to the hard one; where that is refused, the soft limit
    /// is what there is.
    pub(super) fn raised() -> Self {
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
            return Self::at_most(0);
        };
        let wanted = hard.min(MOST + RESERVE);
        let limit = if wanted > soft && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok() {
            wanted
        } else {
            soft
        };
        Self::at_most(limit.saturating_sub(RESERVE).min(MOST))
    }

    /// So many and no more.
    pub(super) fn at_most(left: u64) -> Self {
        Self(Rc::new(Cell::new(left)))
    }

    /// Leave to keep one more file.
    pub(super) fn take(&self) -> Option<Permit> {
        let left = self.0.get().checked_sub(1)?;
        self.0.set(left);
        Some(Permit(self.clone()))
    }
}

/// Leave to keep one file; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit(Descriptors);

impl Drop for Permit {
    fn drop(&mut self) {
        let count = &self.0.0;
        count.set(count.get() + 1);
    }
}

/// Opens a file below an open folder.
pub(super) fn open_at(folder: BorrowedFd<'_>, name: &str) -> io::Result<File> {
    let file = openat(
        folder,
        name,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC,
        Mode::empty(),
    )?;
    Ok(File::from(file))
}

/// A file that is opened at its first reading and then kept, if there is a descriptor for it.
#[derive(Debug, Default)]
pub(super) struct KeptFile(Option<(File, Permit)>);

impl KeptFile {
    /// Whether it is open.
    pub(super) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Reads the file from its beginning; at most what fits the buffer.
    pub(super) fn read(
        &mut self,
        folder: BorrowedFd<'_>,
        name: &str,
        descriptors: &Descriptors,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        if let Some((file, _)) = &self.0 {
            return file.read_at(buffer, 0);
        }
        let file = open_at(folder, name)?;
        let got = file.read_at(buffer, 0)?;
        self.0 = descriptors.take().map(|permit| (file, permit));
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;
    use std::os::fd::AsFd;

    #[test]
    fn a_kept_file_shows_what_was_written_since() {
        let fake = FakeNode::new().file("/proc/1/stat", "one");
        let folder = File::open(fake.node.path("/proc/1")).unwrap();
        let (mut kept, mut buffer) = (KeptFile::default(), [0; 8]);
        let descriptors = Descriptors::at_most(1);
        assert_eq!(
            kept.read(folder.as_fd(), "stat", &descriptors, &mut buffer)
                .unwrap(),
            3
        );
        fake.write("/proc/1/stat", "three");
        assert_eq!(
            kept.read(folder.as_fd(), "stat", &descriptors, &mut buffer)
                .unwrap(),
            5
        );
        assert!(descriptors.take().is_none());
        drop(kept);
        assert!(descriptors.take().is_some());
    }

    #[test]
    fn without_descriptors_a_file_is_opened_for_each_reading() {
        let fake = FakeNode::new().file("/proc/1/stat", "one");
        let folder = File::open(fake.node.path("/proc/1")).unwrap();
        let (mut kept, mut buffer) = (KeptFile::default(), [0; 8]);
        let descriptors = Descriptors::at_most(0);
        for _ in 0..2 {
            assert_eq!(
                kept.read(folder.as_fd(), "stat", &descriptors, &mut buffer)
                    .unwrap(),
                3
            );
        }
        assert!(kept.0.is_none());
    }
}

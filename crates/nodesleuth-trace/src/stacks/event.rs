//! What happens to processes during a capture, for whoever has to name their addresses.

use std::ops::Range;

/// One thing that happened to a process. Times are CLOCK_MONOTONIC nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// A process was started.
    Started {
        /// When.
        time_ns: u64,
        /// The new process.
        tgid: u32,
        /// How often processes with this id were started or replaced before, as in
        /// [`StackCount::exec`](super::StackCount::exec).
        exec: u32,
        /// Who started it.
        parent: u32,
    },
    /// A process has become another program; what was mapped before is no longer.
    Exec {
        /// When.
        time_ns: u64,
        /// The process.
        tgid: u32,
        /// The number of the new image, as in [`StackCount::exec`](super::StackCount::exec).
        exec: u32,
        /// Its new name.
        comm: String,
    },
    /// Code was mapped.
    Mapped {
        /// When.
        time_ns: u64,
        /// The process.
        tgid: u32,
        /// Of this image.
        exec: u32,
        /// Its addresses.
        addresses: Range<u64>,
        /// Where in the file it begins, in bytes.
        offset: u64,
        /// Which file, as far as the kernel says.
        file: MappedFile,
        /// The file's name in the process's mount namespace; also `[vdso]` and `//anon`.
        path: Vec<u8>,
    },
    /// A process's first thread has ended; others may still run.
    Exited {
        /// When.
        time_ns: u64,
        /// The process.
        tgid: u32,
    },
}

/// How a mapped file is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappedFile {
    /// By the build id in it, up to 20 bytes. Linux 5.12.
    BuildId(Vec<u8>),
    /// By where it is.
    Inode {
        /// The file system's device.
        major: u32,
        /// The file system's device.
        minor: u32,
        /// The file's number in it.
        inode: u64,
        /// Tells files apart that had the same number one after another.
        generation: u64,
    },
    /// Only by its path: the kernel is older than 3.16.
    Path,
}

//! Which file a process's calls were about, and what they cost.

#[cfg(target_os = "linux")]
mod by_descriptor;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod tracker;

#[cfg(target_os = "linux")]
pub(crate) use by_descriptor::ByDescriptor;
#[cfg(target_os = "linux")]
pub(crate) use mounts::Mounts;
#[cfg(target_os = "linux")]
pub(crate) use names::Names;
#[cfg(target_os = "linux")]
pub(crate) use tracker::Tracker;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What calls about files cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileCosts {
    /// How files were told apart.
    pub method: FileMethod,
    /// By process, file and system call, in the order of their paths.
    pub totals: Vec<FileTotal>,
    /// Calls about descriptors whose file is not known.
    pub unknown_calls: u64,
}

impl FileCosts {
    /// Puts the totals in the order of their paths.
    pub(crate) fn new(method: FileMethod, mut totals: Vec<FileTotal>, unknown_calls: u64) -> Self {
        totals.sort_by(|one, other| (&one.path, one.number).cmp(&(&other.path, other.number)));
        Self {
            method,
            totals,
            unknown_calls,
        }
    }
}

/// How files were told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileMethod {
    /// By the kernel's own file behind each descriptor.
    #[default]
    Kernel,
    /// By following which path each descriptor was opened for.
    Descriptors {
        /// Why the kernel's own was not used.
        because: String,
    },
}

/// One system call about one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTotal {
    /// The process.
    pub tgid: u32,
    /// The path as the process's mounts show it, or what else the descriptor is
    /// (`socket`, `pipe`, `anon_inode:[eventfd]`); `None`: not known.
    /// Shared by all that is about the same file: a collector of statistics has a hundred thousand.
    pub path: Option<Arc<str>>,
    /// Which system call.
    pub number: u16,
    /// How many returned.
    pub calls: u64,
    /// How many of those failed.
    pub errors: u64,
    /// Bytes read or written.
    pub bytes: u64,
    /// How long they took together.
    pub wall_ns: u64,
    /// How long of that threads were on a CPU; `None`: not known.
    pub on_cpu_ns: Option<u64>,
}

/// System calls whose first argument is the descriptor of the file that they work on.
const BY_DESCRIPTOR: &[&str] = &[
    "read",
    "pread64",
    "readv",
    "preadv",
    "preadv2",
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "getdents",
    "getdents64",
    "fsync",
    "fdatasync",
];
/// System calls that return the descriptor of a file: opening costs too.
const BY_RESULT: &[&str] = &["open", "openat", "openat2", "creat"];

/// Where a system call's file is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFrom {
    /// It is about none.
    Nowhere,
    /// Its first argument is the descriptor.
    Argument,
    /// It returns the descriptor.
    Result,
}

impl FileFrom {
    pub(crate) fn of(name: &str) -> Self {
        if BY_DESCRIPTOR.contains(&name) {
            Self::Argument
        } else if BY_RESULT.contains(&name) {
            Self::Result
        } else {
            Self::Nowhere
        }
    }
}

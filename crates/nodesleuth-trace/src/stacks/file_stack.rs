//! Which code's calls were about which file.

use super::StackCount;
use std::sync::Arc;

/// Calls of one kind that one stack has made about one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStack {
    /// Whose stack, and the user's part of it. Its times are those of the calls: on a CPU, and not;
    /// it has no samples, and neither a thread nor a name: calls of all threads are added up.
    pub stack: StackCount,
    /// The path as the process's mounts show it, or what else the descriptor is (`socket`, `pipe`,
    /// `anon_inode:[eventfd]`); `None`: not known, as of a file that could not be opened.
    pub path: Option<Arc<str>>,
    /// Which system call.
    pub number: u16,
    /// How many returned.
    pub calls: u64,
    /// How many of those failed.
    pub errors: u64,
    /// Bytes read or written.
    pub bytes: u64,
    /// Calls that had not returned at the end; their time until then is counted.
    pub in_flight: u64,
}

//! What is to be seen, of whom.

use crate::Record;

/// What a capture is to see.
#[derive(Clone, Debug)]
pub struct Options {
    /// The process.
    pub pid: u32,
    /// Also the processes that it starts during the capture, and those that they start. The
    /// capture ends with the first one all the same.
    pub children: bool,
    /// Totals by system call; without them [`Figures`](crate::Figures) has none.
    pub counts: bool,
    /// For what totals are kept apart.
    pub split: Split,
    /// Which file each call was about.
    pub files: bool,
    /// Single calls, if wanted.
    pub stream: Option<StreamOptions>,
}

/// For what totals are kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Split {
    /// For nothing: one total of each system call.
    #[default]
    Together,
    /// For each thread.
    Threads,
    /// For each process, with [`Options::children`].
    Processes,
}

impl Split {
    /// The thread or process that a call is counted for.
    pub(crate) fn part(self, tgid: u32, tid: u32) -> Option<u32> {
        match self {
            Self::Together => None,
            Self::Threads => Some(tid),
            Self::Processes => Some(tgid),
        }
    }
}

/// Which calls are to be seen singly.
#[derive(Clone, Debug)]
pub struct StreamOptions {
    /// These system calls; all when `None`.
    pub numbers: Option<Vec<u16>>,
    /// Only those that failed.
    pub errors_only: bool,
    /// Only those that took at least so long.
    pub slower_than_ns: u64,
    /// Bytes of data that a call reads or writes: so many are delivered at most, of
    /// [`captures::MOST_DATA`](crate::captures::MOST_DATA).
    pub data_bytes: u16,
    /// Room for records that have not been read yet; rounded up to a power of two.
    pub ring_bytes: u32,
}

impl StreamOptions {
    /// Room for about a third of a second at 200,000 calls a second.
    pub const RING_BYTES: u32 = 8 << 20;

    /// Whether single calls of this system call are wanted.
    pub(crate) fn wants(&self, number: u16) -> bool {
        let numbers = self.numbers.as_ref();
        numbers.is_none_or(|numbers| numbers.contains(&number))
    }

    /// Whether this single call is wanted.
    pub(crate) fn passes(&self, record: &Record<'_>) -> bool {
        self.wants(record.number)
            && record.wall_ns >= self.slower_than_ns
            && (!self.errors_only || record.end.error().is_some())
    }
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            numbers: None,
            errors_only: false,
            slower_than_ns: 0,
            data_bytes: crate::captures::DATA,
            ring_bytes: Self::RING_BYTES,
        }
    }
}

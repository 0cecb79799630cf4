//! What is to be seen, of whom.

/// What a capture is to see.
#[derive(Clone, Debug)]
pub struct Options {
    /// The process.
    pub pid: u32,
    /// Also the processes that it starts during the capture.
    pub children: bool,
    /// Totals for each thread, not only for the process.
    pub by_thread: bool,
    /// Single calls, if wanted.
    pub stream: Option<StreamOptions>,
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
    /// Room for records that have not been read yet; rounded up to a power of two.
    pub ring_bytes: u32,
}

impl StreamOptions {
    /// Room for about a sixth of a second at 200,000 calls a second.
    pub const RING_BYTES: u32 = 4 << 20;
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            numbers: None,
            errors_only: false,
            slower_than_ns: 0,
            ring_bytes: Self::RING_BYTES,
        }
    }
}

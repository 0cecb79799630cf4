//! One call of one thread, as the kernel side reports it.

/// One call of one thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// When it began, CLOCK_MONOTONIC.
    pub begin_ns: u64,
    /// How long it took, or has taken so far.
    pub wall_ns: u64,
    /// How long of that the thread was on a CPU. `None`: this engine does not know.
    pub on_cpu_ns: Option<u64>,
    /// The process.
    pub tgid: u32,
    /// The thread.
    pub tid: u32,
    /// Which system call.
    pub number: u16,
    /// How it ended, if it did.
    pub end: End,
    /// Its arguments as they were when it began.
    pub arguments: [u64; 6],
    /// What was read of its memory: [`captures`](crate::captures).
    pub captured: [Captured<'a>; 4],
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned this; an error is the negative number.
    Returned(i64),
    /// It was still going on when the capture ended.
    InFlight,
    /// The thread ended in it, as in `exit_group` or when killed.
    ThreadEnded,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured<'a> {
    /// Nothing was asked for, or there was nothing: a null pointer, a length of zero.
    Nothing,
    /// The memory was not there or not in memory at that moment.
    Unreadable,
    /// The bytes.
    Bytes(&'a [u8]),
}

/// The largest number of an error that a system call returns.
const LAST_ERROR: i64 = 4095;

impl End {
    /// The error's number, if the call failed.
    pub fn error(self) -> Option<u16> {
        match self {
            Self::Returned(result) if (-LAST_ERROR..0).contains(&result) => {
                u16::try_from(-result).ok()
            }
            _ => None,
        }
    }
}

impl<'a> Captured<'a> {
    /// The bytes, if there are any.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_error() {
        assert_eq!(End::Returned(-110).error(), Some(110));
        assert_eq!(End::Returned(-4095).error(), Some(4095));
        for end in [End::Returned(-4096), End::Returned(0), End::InFlight] {
            assert_eq!(end.error(), None);
        }
    }
}

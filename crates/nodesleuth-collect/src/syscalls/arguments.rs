//! What matters of a call's arguments: whether it may wait, how long it sleeps, what it makes.

use nodesleuth_model::evidence::ArgumentKind;
use nodesleuth_trace::{Captured, End, Record};

/// Calls whose time-out tells whether they may wait, or how long they sleep.
pub(super) const TIMED: &[&str] = &[
    "clock_nanosleep",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "nanosleep",
    "poll",
    "ppoll",
    "pselect6",
    "select",
];
/// Calls that make processes and threads, and start programs.
pub(super) const MAKING: &[&str] = &["clone", "clone3", "execve", "execveat", "fork", "vfork"];

const SHORT_SLEEP_NS: u128 = 1_000_000;
const CLONE_THREAD: u64 = 0x1_0000;
const TIMER_ABSTIME: u64 = 1;

/// What this call's arguments are; `None` for a call that failed to make anything.
pub(super) fn kind(name: &str, record: &Record<'_>) -> Option<ArgumentKind> {
    let zero = |is: bool| {
        if is {
            ArgumentKind::ZeroTimeout
        } else {
            ArgumentKind::Other
        }
    };
    let millis = |argument: usize| zero(record.arguments[argument] as u32 == 0);
    let kind = match name {
        "epoll_wait" | "epoll_pwait" => millis(3),
        "poll" => millis(2),
        "epoll_pwait2" | "pselect6" | "select" => zero(length(record, 0) == Some(0)),
        "ppoll" => zero(length(record, 1) == Some(0)),
        "clock_nanosleep" if record.arguments[1] & TIMER_ABSTIME != 0 => ArgumentKind::Other,
        "nanosleep" | "clock_nanosleep" => match length(record, 0) {
            Some(time) if time < SHORT_SLEEP_NS => ArgumentKind::ShortSleep,
            _ => ArgumentKind::Other,
        },
        _ => return made(name, record),
    };
    Some(kind)
}

fn made(name: &str, record: &Record<'_>) -> Option<ArgumentKind> {
    let End::Returned(result) = record.end else {
        return None;
    };
    let flags = match name {
        "execve" | "execveat" => return (result == 0).then_some(ArgumentKind::NewProgram),
        "clone" => record.arguments[0],
        "clone3" => word(record.captured[0], 0)?,
        "fork" | "vfork" => 0,
        _ => return None,
    };
    if result <= 0 {
        return None;
    }
    Some(match flags & CLONE_THREAD {
        0 => ArgumentKind::NewProcess,
        _ => ArgumentKind::NewThread,
    })
}

/// A `timespec` or `timeval` in a slot. Both are two words, and a timeval of microseconds is only
/// asked whether it is zero.
fn length(record: &Record<'_>, slot: usize) -> Option<u128> {
    let captured = record.captured[slot];
    let (seconds, rest) = (word(captured, 0)?, word(captured, 8)?);
    Some(u128::from(seconds) * 1_000_000_000 + u128::from(rest))
}

fn word(captured: Captured<'_>, at: usize) -> Option<u64> {
    let bytes = captured.bytes()?.get(at..at + 8)?;
    Some(u64::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syscalls::fake_record;

    fn of(name: &str, arguments: [u64; 6], slots: [&[u8]; 2], result: i64) -> Option<ArgumentKind> {
        let mut record = fake_record(name, arguments, result);
        for (slot, bytes) in record.captured.iter_mut().zip(slots) {
            if !bytes.is_empty() {
                *slot = Captured::Bytes(bytes);
            }
        }
        kind(name, &record)
    }

    fn time(seconds: u64, nanos: u64) -> Vec<u8> {
        [seconds.to_ne_bytes(), nanos.to_ne_bytes()].concat()
    }

    #[test]
    fn a_poll_of_no_time_is_told_from_one_that_waits() {
        let forever = u64::from(u32::MAX);
        for (timeout, expected) in [
            (0, ArgumentKind::ZeroTimeout),
            (1, ArgumentKind::Other),
            (forever, ArgumentKind::Other),
            (u64::MAX, ArgumentKind::Other),
        ] {
            assert_eq!(
                of("epoll_pwait", [4, 0, 128, timeout, 0, 0], [b""; 2], 0),
                Some(expected)
            );
            assert_eq!(
                of("poll", [0, 1, timeout, 0, 0, 0], [b""; 2], 0),
                Some(expected)
            );
        }
        assert_eq!(
            of("ppoll", [0; 6], [b"", &time(0, 0)], 0),
            Some(ArgumentKind::ZeroTimeout)
        );
        // No time at all is no time-out: it waits for ever.
        assert_eq!(of("ppoll", [0; 6], [b""; 2], 0), Some(ArgumentKind::Other));
    }

    #[test]
    fn a_sleep_is_short_below_a_millisecond() {
        let sleep = |nanos| of("nanosleep", [0; 6], [&time(0, nanos), b""], 0);
        assert_eq!(sleep(999_999), Some(ArgumentKind::ShortSleep));
        assert_eq!(sleep(1_000_000), Some(ArgumentKind::Other));
        let until = of("clock_nanosleep", [1, 1, 0, 0, 0, 0], [&time(0, 5), b""], 0);
        assert_eq!(until, Some(ArgumentKind::Other));
    }

    #[test]
    fn threads_processes_and_programs_are_told_apart() {
        let flags = |flags: u64| [flags, 0, 0, 0, 0, 0];
        let thread = of("clone", flags(0x3d_0f00), [b""; 2], 88);
        assert_eq!(thread, Some(ArgumentKind::NewThread));
        assert_eq!(
            of("clone", flags(0x4111), [b""; 2], 88),
            Some(ArgumentKind::NewProcess)
        );
        let clone3 = CLONE_THREAD.to_ne_bytes();
        assert_eq!(
            of("clone3", [0; 6], [&clone3, b""], 88),
            Some(ArgumentKind::NewThread)
        );
        assert_eq!(
            of("vfork", [0; 6], [b""; 2], 88),
            Some(ArgumentKind::NewProcess)
        );
        assert_eq!(
            of("execve", [0; 6], [b"/bin/true\0", b""], 0),
            Some(ArgumentKind::NewProgram)
        );
    }

    #[test]
    fn what_failed_made_nothing() {
        assert_eq!(of("clone", [0x4111, 0, 0, 0, 0, 0], [b""; 2], -11), None);
        assert_eq!(of("execve", [0; 6], [b"/no\0", b""], -2), None);
    }
}

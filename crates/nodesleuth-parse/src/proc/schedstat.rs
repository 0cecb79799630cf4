//! `/proc/PID/schedstat` and `/proc/PID/task/TID/schedstat` (since 2.6.23, `CONFIG_SCHED_INFO`):
//! one line of three numbers, `Documentation/scheduler/sched-stats.rst`.

use crate::Malformed;
use crate::number::decimal;
use nodesleuth_model::Nanos;

const WHAT: &str = "/proc/PID/schedstat";

/// Exact CPU time of one thread; of a process only its main thread's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedStat {
    /// Time on a CPU.
    pub on_cpu: Nanos,
    /// Time waiting for a CPU while runnable.
    pub run_wait: Nanos,
    /// Times that it was put on a CPU. A kernel that does not keep these numbers (since 4.2 it may
    /// be switched off) prints `0 0 0`, also for a busy thread: with 0 here, the others mean
    /// nothing.
    pub timeslices: u64,
}

/// Reads the line without allocating.
///
/// # Errors
/// When there are not three numbers.
pub fn parse(bytes: &[u8]) -> Result<SchedStat, Malformed> {
    let mut numbers = bytes
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .map(decimal);
    match (
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
    ) {
        (Some(Some(on_cpu)), Some(Some(run_wait)), Some(Some(timeslices)), None) => Ok(SchedStat {
            on_cpu: Nanos(on_cpu),
            run_wait: Nanos(run_wait),
            timeslices,
        }),
        _ => Err(Malformed::whole(WHAT, "expected three numbers")),
    }
}

#[cfg(test)]
mod tests {
    use super::{SchedStat, parse};
    use nodesleuth_model::Nanos;

    #[test]
    fn three_numbers_are_cpu_wait_and_timeslices() {
        let expected = SchedStat {
            on_cpu: Nanos(1_065_012),
            run_wait: Nanos(7),
            timeslices: 1,
        };
        assert_eq!(parse(b"1065012 7 1\n"), Ok(expected));
    }

    #[test]
    fn a_kernel_that_keeps_no_numbers_shows_no_timeslices() {
        assert_eq!(parse(b"0 0 0\n").unwrap().timeslices, 0);
    }

    #[test]
    fn anything_but_three_numbers_is_malformed() {
        for text in [
            "",
            "\n",
            "1 2",
            "1 2 3 4",
            "-1 2 3",
            "1 2 18446744073709551616",
            "a b c",
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "/proc/PID/schedstat: expected three numbers"
            );
        }
    }
}

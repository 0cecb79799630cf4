//! `/proc/PID/stat` and `/proc/PID/task/TID/stat`: one line, `proc_pid_stat(5)`.
//!
//! Fields are counted from one there. The name (field 2) stands in parentheses and may contain
//! anything, also parentheses, blanks and newlines: only the last `)` ends it. Newer kernels
//! append fields (52 since 3.5); what is read here is older than Linux 2.6.

use crate::Malformed;
use crate::number::{decimal, decimal32};
use nodesleuth_model::evidence::{ProcessStat, ThreadStat};
use nodesleuth_model::{Bytes, Pid, Ticks};

const WHAT: &str = "/proc/PID/stat";

/// The part of the line that accounts CPU time, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskTimes<'a> {
    /// Process or thread id (field 1).
    pub id: u32,
    /// State letter (field 3), ASCII.
    pub state: u8,
    /// Parent's process id (field 4).
    pub ppid: u32,
    /// User time in clock ticks (field 14); of a process: all its threads, ended ones included.
    pub utime: u64,
    /// Kernel time in clock ticks (field 15), the same way.
    pub stime: u64,
    /// User time of waited-for children in clock ticks (field 16).
    pub cutime: u64,
    /// Kernel time of waited-for children in clock ticks (field 17).
    pub cstime: u64,
    /// Threads alive (field 20).
    pub threads: u32,
    /// Start in clock ticks after boot (field 22).
    pub start: u64,
    /// Resident pages (field 24); 0 for kernel threads and zombies.
    pub resident_pages: u64,
    /// CPU last run on (field 39); absent when the line ends earlier.
    pub processor: Option<u32>,
    /// Process or thread name (field 2), at most 15 bytes for user tasks, not always UTF-8.
    pub comm: &'a [u8],
}

/// Reads the line without allocating.
///
/// # Errors
/// When the line ends before field 24 or a field that is kept is not a number.
pub fn times(bytes: &[u8]) -> Result<TaskTimes<'_>, Malformed> {
    let open = position(bytes, b'(').ok_or_else(|| expected("a name in parentheses"))?;
    let close = bytes
        .iter()
        .rposition(|&byte| byte == b')')
        .filter(|&close| close > open)
        .ok_or_else(|| expected("a name in parentheses"))?;
    let mut fields = Fields::new(&bytes[close + 1..]);
    let id = decimal32(bytes[..open].trim_ascii()).ok_or_else(|| expected("an id first"))?;
    let state = match fields.next() {
        Some([state]) if state.is_ascii_graphic() => *state,
        _ => return Err(expected("one state letter after the name")),
    };
    Ok(TaskTimes {
        id,
        state,
        comm: &bytes[open + 1..close],
        ppid: fields.number32(4)?,
        utime: fields.number(14)?,
        stime: fields.number(15)?,
        cutime: fields.number(16)?,
        cstime: fields.number(17)?,
        threads: fields.number32(20)?,
        start: fields.number(22)?,
        resident_pages: fields.number(24)?,
        processor: fields.optional32(39)?,
    })
}

/// A process; `page_size` in bytes turns resident pages into memory.
///
/// # Errors
/// As [`times`].
pub fn parse(bytes: &[u8], page_size: u64) -> Result<ProcessStat, Malformed> {
    let task = times(bytes)?;
    Ok(ProcessStat {
        pid: Pid(task.id),
        ppid: Pid(task.ppid),
        comm: name(task.comm),
        state: char::from(task.state),
        utime: Ticks(task.utime),
        stime: Ticks(task.stime),
        cutime: Ticks(task.cutime),
        cstime: Ticks(task.cstime),
        threads: task.threads,
        start: Ticks(task.start),
        resident: Bytes(task.resident_pages.saturating_mul(page_size)),
    })
}

/// A thread, from `task/TID/stat`; what other files say of it stays `None`.
///
/// # Errors
/// As [`times`].
pub fn parse_thread(bytes: &[u8]) -> Result<ThreadStat, Malformed> {
    let task = times(bytes)?;
    Ok(ThreadStat {
        tid: Pid(task.id),
        comm: name(task.comm),
        state: char::from(task.state),
        utime: Ticks(task.utime),
        stime: Ticks(task.stime),
        start: Ticks(task.start),
        on_cpu: None,
        run_wait: None,
        switches: None,
    })
}

/// Walks the fields behind the name, forwards only.
struct Fields<'a> {
    rest: &'a [u8],
    /// Number of the next field, as `proc_pid_stat(5)` counts.
    next: usize,
}

impl<'a> Fields<'a> {
    fn new(after_name: &'a [u8]) -> Self {
        Self {
            rest: after_name,
            next: 3,
        }
    }

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.trim_ascii_start();
        let end = rest
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len());
        let (field, rest) = rest.split_at(end);
        self.rest = rest;
        self.next += 1;
        (!field.is_empty()).then_some(field)
    }

    fn field(&mut self, number: usize) -> Option<&'a [u8]> {
        while self.next < number {
            self.next()?;
        }
        self.next()
    }

    fn number(&mut self, number: usize) -> Result<u64, Malformed> {
        let field = self.field(number).ok_or_else(|| ends_before(number))?;
        decimal(field).ok_or_else(|| not_a_number(number))
    }

    fn number32(&mut self, number: usize) -> Result<u32, Malformed> {
        let field = self.field(number).ok_or_else(|| ends_before(number))?;
        decimal32(field).ok_or_else(|| not_a_number(number))
    }

    fn optional32(&mut self, number: usize) -> Result<Option<u32>, Malformed> {
        match self.field(number) {
            Some(field) => decimal32(field)
                .map(Some)
                .ok_or_else(|| not_a_number(number)),
            None => Ok(None),
        }
    }
}

fn name(comm: &[u8]) -> String {
    String::from_utf8_lossy(comm).into_owned()
}

fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|&byte| byte == wanted)
}

fn expected(what: &str) -> Malformed {
    Malformed::whole(WHAT, format!("expected {what}"))
}

fn ends_before(field: usize) -> Malformed {
    Malformed::whole(WHAT, format!("ends before field {field}"))
}

fn not_a_number(field: usize) -> Malformed {
    Malformed::whole(WHAT, format!("field {field} is not a number in range"))
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_thread, times};
    use nodesleuth_model::{Bytes, Pid, Ticks};
    use proptest::prelude::{any, proptest};

    /// Linux 6.18, a copy of sleep(1) under a hostile name.
    const HOSTILE: &[u8] = b"27266 (a) (b\nc) S 27261 27261 5807 0 -1 4194304 127 0 0 0 6 11 0 0 20 0 1 0 221562 2990080 425 18446744073709551615 94569974771712 94569974789641 140726704499616 0 0 0 0 6 0 1 0 0 17 1 0 0 0 0 0 94569974803728 94569974804992 94570613608448 140726704503504 140726704503519 140726704503519 140726704504811 0\n";
    /// A kernel thread of Linux 3.10: 44 fields, no memory.
    const KTHREAD: &[u8] = b"2 (kthreadd) S 0 0 0 0 -1 2149613632 0 0 0 0 0 38 0 0 20 0 1 0 0 0 0 18446744073709551615 0 0 0 0 0 0 0 2147483647 0 18446744072089526404 0 0 0 3 0 0 0 0 0\n";

    #[test]
    fn a_name_with_parentheses_and_a_newline_is_kept_whole() {
        let task = times(HOSTILE).unwrap();
        assert_eq!(task.comm, b"a) (b\nc");
        assert_eq!((task.id, task.ppid, task.state), (27266, 27261, b'S'));
        assert_eq!((task.utime, task.stime), (6, 11));
        assert_eq!((task.cutime, task.cstime), (0, 0));
        assert_eq!((task.threads, task.start), (1, 221_562));
        assert_eq!((task.resident_pages, task.processor), (425, Some(1)));
    }

    #[test]
    fn a_process_gets_its_memory_in_bytes() {
        let process = parse(HOSTILE, 4096).unwrap();
        assert_eq!(process.comm, "a) (b\nc");
        assert_eq!(process.pid, Pid(27266));
        assert_eq!(process.resident, Bytes(425 * 4096));
        assert_eq!(process.own(), Ticks(17));
    }

    #[test]
    fn an_old_kernel_thread_has_neither_memory_nor_a_name_to_trip_over() {
        let task = times(KTHREAD).unwrap();
        assert_eq!((task.comm, task.stime), (&b"kthreadd"[..], 38));
        assert_eq!((task.resident_pages, task.processor), (0, Some(3)));
    }

    #[test]
    fn a_thread_has_nothing_that_other_files_tell() {
        let thread = parse_thread(HOSTILE).unwrap();
        assert_eq!((thread.tid, thread.state), (Pid(27266), 'S'));
        assert_eq!((thread.on_cpu, thread.run_wait), (None, None));
        assert_eq!(thread.switches, None);
    }

    #[test]
    fn a_line_without_the_newer_fields_has_no_processor() {
        let short = b"7 (sh) R 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 9 100 5";
        let task = times(short).unwrap();
        assert_eq!((task.resident_pages, task.processor), (5, None));
    }

    #[test]
    fn every_cut_before_the_memory_field_is_malformed() {
        let end = HOSTILE.windows(4).position(|four| four == b" 425").unwrap();
        for length in 0..=end {
            assert!(times(&HOSTILE[..length]).is_err(), "{length}");
        }
        let error = times(b"7 (sh) R 1 7 7 0 -1").unwrap_err();
        assert_eq!(error.to_string(), "/proc/PID/stat: ends before field 14");
    }

    #[test]
    fn absurd_numbers_are_malformed_and_named() {
        for (number, field) in [
            ("-1", 14),
            ("18446744073709551616", 14),
            ("1e3", 14),
            ("4294967296", 4),
        ] {
            let ppid = if field == 4 { number } else { "1" };
            let utime = if field == 14 { number } else { "1" };
            let line = format!("7 (sh) R {ppid} 7 7 0 -1 0 0 0 0 0 {utime} 2 3 4 20 0 1 0 9 1 5");
            let error = times(line.as_bytes()).unwrap_err();
            assert!(error.reason.contains(&format!("field {field} ")), "{error}");
        }
        for line in ["", "(", ")(", "7 sh R", "x (sh) R", "7 (sh) RR 1"] {
            assert!(times(line.as_bytes()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn the_largest_memory_does_not_overflow() {
        let line = format!(
            "7 (x) R 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 9 1 {}",
            u64::MAX
        );
        assert_eq!(
            parse(line.as_bytes(), 4096).unwrap().resident,
            Bytes(u64::MAX)
        );
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_kept_as_well_as_possible() {
        let line = b"7 (\xffx) R 1 7 7 0 -1 0 0 0 0 0 1 2 3 4 20 0 1 0 9 1 5";
        assert_eq!(parse(line, 4096).unwrap().comm, "\u{fffd}x");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            comm in "[ -~\n]{0,15}", utime in any::<u64>(), threads in any::<u32>(), start in any::<u64>(),
        ) {
            let line = format!(
                "7 ({comm}) R 1 7 7 0 -1 0 0 0 0 0 {utime} 2 3 4 -20 0 {threads} 0 {start} 1 5 6\n"
            );
            let task = times(line.as_bytes()).unwrap();
            assert_eq!(task.comm, comm.as_bytes());
            assert_eq!((task.utime, task.threads, task.start), (utime, threads, start));
        }
    }
}

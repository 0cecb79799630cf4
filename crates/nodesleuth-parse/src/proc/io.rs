//! `/proc/PID/io` (since 2.6.20, `CONFIG_TASK_IO_ACCOUNTING`): `name: number` lines,
//! `proc_pid_io(5)`. For other users' processes it needs ptrace rights.

use crate::Malformed;
use crate::number::from_text;
use nodesleuth_model::evidence::TaskIo;

const WHAT: &str = "/proc/PID/io";

/// Reads the file; of a process it counts all threads, ended ones included.
///
/// # Errors
/// When one of the six lines that are kept is missing or not a number.
pub fn parse(text: &str) -> Result<TaskIo, Malformed> {
    let number = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
            .and_then(|value| from_text(value.trim()))
            .ok_or_else(|| Malformed::whole(WHAT, format!("no number for {key}")))
    };
    Ok(TaskIo {
        read_chars: number("rchar")?,
        written_chars: number("wchar")?,
        read_calls: number("syscr")?,
        write_calls: number("syscw")?,
        read_bytes: number("read_bytes")?,
        written_bytes: number("write_bytes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use nodesleuth_model::evidence::TaskIo;

    const TEXT: &str = "\
rchar: 6976
wchar: 12
syscr: 10
syscw: 3
read_bytes: 4096
write_bytes: 8192
cancelled_write_bytes: 1
";

    #[test]
    fn calls_and_bytes_are_told_apart() {
        let expected = TaskIo {
            read_chars: 6976,
            written_chars: 12,
            read_calls: 10,
            write_calls: 3,
            read_bytes: 4096,
            written_bytes: 8192,
        };
        assert_eq!(parse(TEXT), Ok(expected));
    }

    #[test]
    fn every_cut_and_the_empty_text_are_malformed() {
        let needed = TEXT.find(" 8192").unwrap();
        for length in 0..=needed {
            assert!(parse(&TEXT[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn absurd_numbers_are_malformed_and_named() {
        for number in ["-1", "18446744073709551616", "many", ""] {
            let text = TEXT.replace("syscr: 10", &format!("syscr: {number}"));
            assert_eq!(
                parse(&text).unwrap_err().to_string(),
                "/proc/PID/io: no number for syscr"
            );
        }
    }
}

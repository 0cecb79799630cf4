//! The table of `strace -c`.

use super::clean::Lines;
use super::numbers::{count, plain};
use super::sink::{Sink, counted};
use nodesleuth_model::evidence::pasted::{CallTime, PastedCall, PastedCalls};

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let header = lines.get(at).trim();
    let has_header =
        header.starts_with("% time") && header.contains("seconds") && header.contains("syscall");
    // People cut the head off: then two whole rows in a row are one.
    let is_headless = || is_whole(header) && is_whole(lines.get(at + 1).trim());
    if !(has_header || is_headless()) {
        return 0;
    }
    let mut calls = Vec::new();
    let mut taken = usize::from(has_header);
    for line in lines.from(at + taken) {
        let line = line.trim();
        if line.starts_with("---") {
            taken += 1;
            continue;
        }
        let Some(call) = row(line) else { break };
        taken += 1;
        if call.name != "total" {
            calls.push(call);
        }
    }
    let wall = is_wall(sink.command.as_deref().unwrap_or(""));
    sink.block("strace -c", at, counted(calls.len(), "system call"));
    let table = PastedCalls {
        file: sink.file,
        tool: "strace -c".to_owned(),
        time: if wall {
            CallTime::Wall
        } else {
            CallTime::BilledCpu
        },
        calls,
        ..PastedCalls::default()
    };
    sink.evidence().pasted.calls.push(table);
    taken
}

/// Whether the typed command asks for wall time (`-w` among its short options).
fn is_wall(command: &str) -> bool {
    let mut words = command
        .split_whitespace()
        .skip_while(|word| !word.ends_with("strace"));
    words.any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains('w'))
}

/// A row with nothing left out: share, seconds with six digits, a time, calls, perhaps errors, a name.
fn is_whole(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let seconds = words.get(1).and_then(|word| word.split_once('.'));
    let whole = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| word.parse::<u64>().is_ok())
    };
    matches!(words.len(), 5 | 6)
        && seconds.is_some_and(|(_, digits)| digits.len() == 6)
        && whole(2)
        && whole(3)
        && (words.len() == 5 || whole(4))
        && row(line).is_some()
}

/// `40.00    0.538280         824       653       105 futex`; calls and errors may be left out.
fn row(line: &str) -> Option<PastedCall> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (name, numbers) = words.split_last()?;
    if numbers.is_empty() || !name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') {
        return None;
    }
    let share = plain(numbers[0].trim_end_matches('%'))? / 100.0;
    let number = |at: usize| numbers.get(at).and_then(|word| count(word));
    let whole = |value: f64| value as u64;
    // Newer versions print `-nan` and leave columns of the total line empty.
    Some(PastedCall {
        name: (*name).to_owned(),
        share: Some(share),
        seconds: number(1),
        calls: number(3).map(whole),
        errors: Some(number(4).map_or(0, whole)),
    })
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use nodesleuth_model::evidence::pasted::CallTime;

    const TABLE: &str = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 99.99   25.451882      519426        49        12 futex
  0.01    0.001790          17       104           read
  0.00    0.000000           0        53           open
------ ----------- ----------- --------- --------- ----------------
100.00   25.453672                   206        12 total
";

    #[test]
    fn calls_errors_and_shares_are_taken_and_the_time_is_billed_cpu() {
        let mut ingested = Ingested::default();
        ingested.read("t", TABLE.as_bytes(), None, true);
        let table = &ingested.evidence.pasted.calls[0];
        assert_eq!((table.time, table.calls.len()), (CallTime::BilledCpu, 3));
        let futex = table.call("futex").unwrap();
        assert_eq!((futex.calls, futex.errors), (Some(49), Some(12)));
        assert_eq!(futex.seconds, Some(25.451882));
        assert_eq!(table.call("read").unwrap().errors, Some(0));
    }

    #[test]
    fn rows_without_their_head_are_a_table_and_a_single_one_is_not() {
        let rows = "  0.35    0.042107          10      3841           sched_yield\n  0.35    0.041509         152       273        13 openat\n";
        let mut ingested = Ingested::default();
        ingested.read("t", rows.as_bytes(), None, true);
        let table = &ingested.evidence.pasted.calls[0];
        assert_eq!(table.call("openat").unwrap().errors, Some(13));
        assert_eq!(table.calls.len(), 2);
        let mut ingested = Ingested::default();
        ingested.read(
            "t",
            b"0.35 0.042107 10 3841 sched_yield\nis one\n",
            None,
            true,
        );
        assert!(ingested.evidence.pasted.calls.is_empty());
    }

    #[test]
    fn with_w_it_is_wall_time() {
        let mut ingested = Ingested::default();
        let text = format!("$ strace -c -f -w -p 123\n{TABLE}");
        ingested.read("t", text.as_bytes(), None, true);
        assert_eq!(ingested.evidence.pasted.calls[0].time, CallTime::Wall);
    }
}

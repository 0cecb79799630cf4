//! Tables of system calls by bcc's `syscount` and `perf trace -s`.

use super::clean::Lines;
use super::numbers::{count, plain};
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::{CallTime, PastedCall, PastedCalls};

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let words: Vec<&str> = lines.get(at).split_whitespace().collect();
    match words.as_slice() {
        ["SYSCALL", "COUNT", ..] => syscount(lines, at, sink),
        ["syscall", "calls", ..] => perf_trace(lines, at, sink),
        _ => 0,
    }
}

fn syscount(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let with_time = lines.get(at).contains("TIME");
    let unit = if lines.get(at).contains("(ms)") {
        1e-3
    } else {
        1e-6
    };
    let rows = lines.from(at + 1).map_while(|line| {
        let mut words = line.split_whitespace();
        let (name, calls) = (words.next()?, count(words.next()?)?);
        let seconds = words.next().filter(|_| with_time).and_then(plain);
        Some(PastedCall {
            name: name.to_owned(),
            calls: Some(calls as u64),
            seconds: seconds.map(|time| time * unit),
            ..PastedCall::default()
        })
    });
    let calls: Vec<PastedCall> = rows.collect();
    let time = if with_time {
        CallTime::Wall
    } else {
        CallTime::Unknown
    };
    let taken = calls.len() + 1;
    push(sink, at, "syscount", time, calls);
    taken
}

/// ```text
///    syscall            calls  errors  total       min       avg       max       stddev
///                                      (msec)    (msec)    (msec)    (msec)        (%)
///    --------------- --------  ------ -------- --------- --------- ---------     ------
///    futex               1234      5  1234.567     0.001     0.050   100.000     10.00%
/// ```
fn perf_trace(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let has_errors = lines.get(at).contains("errors");
    let mut taken = 1;
    let mut calls = Vec::new();
    for line in lines.from(at + 1) {
        let line = line.trim();
        if line.starts_with('(') || line.starts_with("---") {
            taken += 1;
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(name), Some(number)) = (words.next(), words.next().and_then(count)) else {
            break;
        };
        let errors = if has_errors {
            words.next().and_then(count)
        } else {
            None
        };
        let total = words.next().and_then(plain);
        calls.push(PastedCall {
            name: name.to_owned(),
            calls: Some(number as u64),
            errors: errors.map(|errors| errors as u64),
            seconds: total.map(|milliseconds| milliseconds / 1e3),
            share: None,
        });
        taken += 1;
    }
    push(sink, at, "perf trace -s", CallTime::Wall, calls);
    taken
}

fn push(sink: &mut Sink<'_>, at: usize, tool: &str, time: CallTime, mut calls: Vec<PastedCall>) {
    let total: f64 = calls.iter().filter_map(|call| call.seconds).sum();
    for call in &mut calls {
        call.share = call
            .seconds
            .filter(|_| total > 0.0)
            .map(|seconds| seconds / total);
    }
    sink.block(tool, at, format!("{} system calls", calls.len()));
    let table = PastedCalls {
        file: sink.file,
        tool: tool.to_owned(),
        time,
        calls,
        ..PastedCalls::default()
    };
    sink.evidence().pasted.calls.push(table);
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn both_tables() {
        let text = "\
SYSCALL                   COUNT        TIME (us)
epoll_pwait               120000      1000000.5
futex                       1000       500000.0

 kubelet (123), 5000 events, 12.0%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   futex               1234      5  1500.000     0.001     0.050   100.000     10.00%
";
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        let [one, two] = ingested.evidence.pasted.calls.as_slice() else {
            panic!("{:?}", ingested.evidence.pasted.calls)
        };
        assert_eq!(one.call("epoll_pwait").unwrap().calls, Some(120_000));
        let futex = two.call("futex").unwrap();
        assert_eq!((futex.errors, futex.seconds), (Some(5), Some(1.5)));
    }
}

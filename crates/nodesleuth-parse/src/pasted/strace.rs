//! Lines of `strace` without `-c`: calls with arguments, results and times.

use super::clean::Lines;
use super::numbers::{Times, plain, time_of_day};
use super::sink::Sink;
use super::template;
use nodesleuth_model::evidence::pasted::{CallPattern, CallTime, PastedCall, PastedCalls};
use std::collections::HashMap;

/// Different calls with their arguments that are told apart.
const MOST_PATTERNS: usize = 2_000;
/// Patterns that are kept.
const KEPT_PATTERNS: usize = 60;
/// Calls that wait to be resumed.
const MOST_UNFINISHED: usize = 10_000;
/// Calls that are believed without a result.
const COMMON: &[&str] = &[
    "accept4",
    "access",
    "bpf",
    "clone",
    "clone3",
    "close",
    "connect",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "execve",
    "exit_group",
    "fcntl",
    "fstat",
    "futex",
    "getdents",
    "getdents64",
    "getpid",
    "getsockopt",
    "inotify_add_watch",
    "ioctl",
    "kill",
    "lseek",
    "lstat",
    "madvise",
    "mmap",
    "mount",
    "munmap",
    "nanosleep",
    "newfstatat",
    "open",
    "openat",
    "ppoll",
    "pread64",
    "pselect6",
    "read",
    "readlink",
    "readlinkat",
    "recvfrom",
    "recvmsg",
    "rmdir",
    "rt_sigaction",
    "rt_sigreturn",
    "sched_yield",
    "select",
    "sendmsg",
    "sendto",
    "setsockopt",
    "socket",
    "stat",
    "statfs",
    "statx",
    "tgkill",
    "umount",
    "umount2",
    "unlinkat",
    "vfork",
    "wait4",
    "waitid",
    "write",
    "writev",
];
const LONGEST_EXAMPLE: usize = 300;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if Line::parse(lines.get(at)).is_none() {
        return 0;
    }
    let mut log = Log::default();
    let mut taken = 0;
    let mut last = 0;
    // A few lines between the calls (signals, ellipses) do not end the log.
    const MOST_BETWEEN: usize = 3;
    for line in lines.from(at) {
        taken += 1;
        match Line::parse(line) {
            Some(line) => {
                log.add(&line);
                last = taken;
            }
            None if is_beside(line) => last = taken,
            None if taken - last > MOST_BETWEEN || line.trim().is_empty() => break,
            None => {}
        }
    }
    let table = log.finish(sink);
    let calls = table.total_calls().unwrap_or(0);
    let taken = format!("{calls} calls of {} kinds", table.calls.len());
    sink.block("strace", at, taken);
    sink.evidence().pasted.calls.push(table);
    last
}

/// Lines that strace prints between calls.
fn is_beside(line: &str) -> bool {
    let line = line.trim();
    line.contains("+++ exited with")
        || line.contains("--- SIG")
        || line.starts_with("strace: ")
        || matches!(line, "..." | "…" | "[...]" | "(...)")
}

/// One line.
#[derive(Debug, PartialEq)]
struct Line<'t> {
    pid: Option<u32>,
    seconds: Option<f64>,
    name: &'t str,
    what: What<'t>,
    text: &'t str,
}

#[derive(Debug, PartialEq)]
enum What<'t> {
    Whole { arguments: &'t str, end: End<'t> },
    Unfinished { arguments: &'t str },
    Resumed { end: End<'t> },
}

/// What stands behind the arguments.
#[derive(Debug, Default, PartialEq)]
struct End<'t> {
    error: Option<&'t str>,
    seconds: Option<f64>,
}

impl<'t> Line<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let mut rest = line.trim();
        // Most lines of other texts end here.
        if !rest.contains('(') && !rest.contains("resumed>") {
            return None;
        }
        let mut pid = None;
        if let Some(inner) = rest.strip_prefix("[pid") {
            let (number, behind) = inner.split_once(']')?;
            pid = number.trim().parse().ok();
            rest = behind.trim_start();
        }
        let mut seconds = None;
        // Pid, time and the like in front.
        for _ in 0..3 {
            let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
            if word.contains('(') || word.starts_with('<') {
                break;
            }
            if let Some(time) = time_of_day(word) {
                seconds = Some(time);
            } else if let Some(number) = plain(word) {
                match word.contains('.') {
                    true => seconds = Some(number),
                    false => pid = word.parse().ok(),
                }
            } else if !is_name(word) || !behind.contains(") = ") {
                // A program's name, as mountsnoop and the like print it.
                return None;
            }
            rest = behind.trim_start();
        }
        let line = |name, what| Self {
            pid,
            seconds,
            name,
            what,
            text: rest,
        };
        if let Some(inner) = rest.strip_prefix("<... ") {
            let (name, behind) = inner.split_once(" resumed>")?;
            let end = End::parse(behind.rsplit_once(") = ").map_or(behind, |(_, end)| end));
            return is_name(name).then(|| line(name, What::Resumed { end }));
        }
        let (name, behind) = rest.split_once('(')?;
        if !is_name(name) {
            return None;
        }
        if let Some(arguments) = behind.strip_suffix("<unfinished ...>") {
            return Some(line(
                name,
                What::Unfinished {
                    arguments: arguments.trim_end(),
                },
            ));
        }
        if let Some((arguments, end)) = split_result(behind) {
            let end = End::parse(end);
            return Some(line(name, What::Whole { arguments, end }));
        }
        // People shorten lines; then only a name that is a system call's is believed.
        let known = COMMON.contains(&name);
        let arguments = behind.rsplit_once(')').map_or(behind, |(inside, _)| inside);
        let end = End::default();
        (known && rest.len() > name.len() + 2).then(|| line(name, What::Whole { arguments, end }))
    }
}

/// Arguments and result, at the last `) = `, which may be padded.
fn split_result(text: &str) -> Option<(&str, &str)> {
    let at = text.rfind(") ")?;
    let result = text[at + 1..].trim_start().strip_prefix("= ");
    if let Some(result) = result {
        return Some((&text[..at], result));
    }
    // `= -1 EAGAIN (Resource temporarily unavailable) <0.000012>` has brackets of its own.
    let at = text.rfind(") = ")?;
    Some((&text[..at], &text[at + 4..]))
}

impl<'t> End<'t> {
    /// `-1 ETIMEDOUT (Connection timed out) <0.000123>`.
    fn parse(text: &'t str) -> Self {
        let text = text.trim().trim_start_matches("= ");
        let seconds = text.rsplit_once('<').and_then(|(_, inner)| {
            let inner = inner.split_once('>')?.0;
            plain(inner)
        });
        let mut words = text.split_whitespace();
        let failed = words
            .next()
            .is_some_and(|result| matches!(result, "-1" | "?"));
        let error = words.next().filter(|word| {
            failed
                && word.starts_with('E')
                && word
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        });
        Self { error, seconds }
    }
}

fn is_name(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && word.len() >= 2
}

#[derive(Default)]
struct Log {
    calls: Vec<PastedCall>,
    by_name: HashMap<String, usize>,
    patterns: Vec<(CallPattern, Times)>,
    by_pattern: HashMap<(usize, String, String), usize>,
    unfinished: HashMap<(Option<u32>, String), (String, String)>,
    times: Times,
    left_out: u64,
}

impl Log {
    fn add(&mut self, line: &Line<'_>) {
        if let Some(seconds) = line.seconds {
            self.times.at(seconds);
        }
        let key = || (line.pid, line.name.to_owned());
        match &line.what {
            What::Unfinished { arguments } => {
                if self.unfinished.len() < MOST_UNFINISHED {
                    let begun = ((*arguments).to_owned(), line.text.to_owned());
                    self.unfinished.insert(key(), begun);
                }
                self.count(line, arguments, &End::default(), line.text, true);
            }
            What::Resumed { end } => {
                let (arguments, text) = self.unfinished.remove(&key()).unwrap_or_default();
                // Its beginning was counted; a call that began before the log was not.
                let begun = !text.is_empty();
                let text = if begun { text.as_str() } else { line.text };
                self.count(line, &arguments, end, text, !begun);
            }
            What::Whole { arguments, end } => self.count(line, arguments, end, line.text, true),
        }
    }

    fn count(&mut self, line: &Line<'_>, arguments: &str, end: &End<'_>, text: &str, new: bool) {
        let call = match self.by_name.get(line.name) {
            Some(at) => *at,
            None => {
                self.calls.push(PastedCall {
                    name: line.name.to_owned(),
                    calls: Some(0),
                    errors: Some(0),
                    ..PastedCall::default()
                });
                self.by_name
                    .insert(line.name.to_owned(), self.calls.len() - 1);
                self.calls.len() - 1
            }
        };
        let known = &mut self.calls[call];
        known.calls = known.calls.map(|calls| calls + u64::from(new));
        known.errors = known
            .errors
            .map(|errors| errors + u64::from(end.error.is_some()));
        if let Some(seconds) = end.seconds {
            known.seconds = Some(known.seconds.unwrap_or(0.0) + seconds);
        }
        self.pattern(call, line, arguments, end, text, new);
    }

    fn pattern(
        &mut self,
        call: usize,
        line: &Line<'_>,
        arguments: &str,
        end: &End<'_>,
        text: &str,
        new: bool,
    ) {
        let arguments = template::of(arguments);
        let error = end.error.unwrap_or("").to_owned();
        let key = (call, arguments, error);
        let at = match self.by_pattern.get(&key) {
            Some(at) => *at,
            None if self.patterns.len() >= MOST_PATTERNS => {
                self.left_out += 1;
                return;
            }
            None => {
                let pattern = CallPattern {
                    call: line.name.to_owned(),
                    arguments: key.1.clone(),
                    error: end.error.map(str::to_owned),
                    example: cut(text),
                    ..CallPattern::default()
                };
                self.patterns.push((pattern, Times::default()));
                self.by_pattern.insert(key, self.patterns.len() - 1);
                self.patterns.len() - 1
            }
        };
        let (pattern, times) = &mut self.patterns[at];
        if new || end.error.is_some() {
            pattern.calls += 1;
            if let Some(seconds) = line.seconds {
                times.at(seconds);
            }
        }
        if let Some(seconds) = end.seconds {
            pattern.longest_seconds = Some(pattern.longest_seconds.unwrap_or(0.0).max(seconds));
        }
    }

    fn finish(mut self, sink: &mut Sink<'_>) -> PastedCalls {
        if self.left_out > 0 {
            let left_out = self.left_out;
            sink.ignore(format!(
                "{left_out} calls with ever new arguments are counted by name only"
            ));
        }
        let mut patterns: Vec<CallPattern> = self
            .patterns
            .into_iter()
            .map(|(pattern, times)| CallPattern {
                period_seconds: times.period(),
                ..pattern
            })
            .collect();
        patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.calls));
        patterns.truncate(KEPT_PATTERNS);
        self.calls.sort_by(|a, b| {
            let seconds = |call: &PastedCall| call.seconds.unwrap_or(0.0);
            seconds(b)
                .total_cmp(&seconds(a))
                .then(b.calls.cmp(&a.calls))
        });
        let total: f64 = self.calls.iter().filter_map(|call| call.seconds).sum();
        let has_times = total > 0.0;
        if has_times {
            for call in &mut self.calls {
                call.share = call.seconds.map(|seconds| seconds / total);
            }
        }
        PastedCalls {
            file: sink.file,
            tool: "strace".to_owned(),
            time: if has_times {
                CallTime::Wall
            } else {
                CallTime::Unknown
            },
            comm: None,
            length_seconds: self.times.span(),
            calls: self.calls,
            patterns,
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_EXAMPLE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pasted::Ingested;

    fn read(text: &str) -> PastedCalls {
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        ingested.evidence.pasted.calls.remove(0)
    }

    #[test]
    fn a_log_with_times_pids_and_unfinished_calls() {
        let table = read(
            "17433 15:54:33.000000 epoll_pwait(3,  <unfinished ...>\n\
             17434 15:54:34.000000 futex(0xc000f5f548, FUTEX_WAIT_PRIVATE, 0, NULL) = -1 ETIMEDOUT (Connection timed out) <0.5>\n\
             17433 15:54:35.000000 <... epoll_pwait resumed>[], 128, 0, NULL, 0) = 0 <2.0>\n\
             17434 15:54:36.000000 futex(0xc000f5f549, FUTEX_WAIT_PRIVATE, 0, NULL) = -1 ETIMEDOUT (Connection timed out) <0.25>\n\
             +++ exited with 0 +++\n",
        );
        assert_eq!(table.time, CallTime::Wall);
        assert_eq!(table.length_seconds, Some(3.0));
        let futex = table.call("futex").unwrap();
        assert_eq!((futex.calls, futex.errors), (Some(2), Some(2)));
        assert_eq!(table.call("epoll_pwait").unwrap().calls, Some(1));
        let pattern = &table.patterns[0];
        assert_eq!(pattern.arguments, "*, FUTEX_WAIT_PRIVATE, *, NULL");
        assert_eq!(
            (pattern.calls, pattern.error.as_deref()),
            (2, Some("ETIMEDOUT"))
        );
        assert_eq!(pattern.longest_seconds, Some(0.5));
    }

    #[test]
    fn shortened_lines_and_lines_of_other_tracers() {
        let table = read(
            "readlinkat(AT_FDCWD, \"/sys/devices/vbd-768\", ...)\n\
             exe mount(\"\", \"/var/run/x\", \"\", MS_BIND, \"\") = 0\n",
        );
        assert_eq!(table.total_calls(), Some(2));
        assert!(Line::parse("the function foo(bar) is slow").is_none());
        assert!(Line::parse("see openat(2)").is_none());
    }
}

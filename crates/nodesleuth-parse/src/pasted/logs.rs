//! Log lines, alike ones counted together.

use super::clean::Lines;
use super::log_line::{self, LogLine};
use super::numbers::{Times, count, larger, longest_duration};
use super::sink::Sink;
use super::template;
use nodesleuth_model::evidence::pasted::{FileId, LogTemplate};
use std::collections::{HashMap, HashSet};

/// Templates that are told apart.
const MOST_TEMPLATES: usize = 5_000;
/// Templates that are kept.
const KEPT: usize = 400;
/// Distinct messages that are told apart for each.
const MOST_DISTINCT: usize = 1_000;
const LONGEST_EXAMPLE: usize = 600;

/// klog lines: told apart quickly, and there are many.
pub(super) fn take_klog(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let mut taken = 0;
    while let Some(line) = log_line::klog(lines.get(at + taken).trim_start()) {
        sink.one("log");
        let file = sink.file;
        sink.log().add(file, &line);
        taken += 1;
    }
    taken
}

/// Any log line.
pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let Some(line) = LogLine::parse(lines.get(at)) else {
        return 0;
    };
    sink.one("log");
    let file = sink.file;
    sink.log().add(file, &line);
    1
}

/// A line of a log whose lines have no head.
pub(super) fn take_bare(line: &str, sink: &mut Sink<'_>) {
    sink.one("log");
    let file = sink.file;
    let message = line.trim();
    sink.log().add(
        file,
        &LogLine {
            message,
            ..LogLine::default()
        },
    );
}

/// A line of something else that is looked at as logs are.
pub(super) fn take_bare_of(component: &str, line: &str, sink: &mut Sink<'_>) {
    let file = sink.file;
    let line = LogLine {
        component: Some(component),
        message: line.trim(),
        ..LogLine::default()
    };
    sink.log().add(file, &line);
}

/// Counts log lines by template.
#[derive(Debug, Default)]
pub(super) struct Collector {
    kinds: Vec<Kind>,
    known: HashMap<(FileId, String, String), usize>,
}

#[derive(Debug)]
struct Kind {
    line: LogTemplate,
    times: Times,
    distinct: HashSet<u64>,
}

impl Collector {
    pub(super) fn add(&mut self, file: FileId, line: &LogLine<'_>) {
        let (message, repeats) = repeated(line.message);
        if message.is_empty() {
            return;
        }
        let template = template::of(message);
        let component = line.component.unwrap_or("").to_owned();
        let key = (file, component, template);
        let at = match self.known.get(&key) {
            Some(at) => *at,
            None if self.kinds.len() >= MOST_TEMPLATES => return,
            None => {
                let line = LogTemplate {
                    file,
                    component: line.component.map(str::to_owned),
                    severity: line.severity,
                    template: key.2.clone(),
                    example: cut(message),
                    ..LogTemplate::default()
                };
                self.kinds.push(Kind {
                    line,
                    times: Times::default(),
                    distinct: HashSet::new(),
                });
                self.known.insert(key, self.kinds.len() - 1);
                self.kinds.len() - 1
            }
        };
        let kind = &mut self.kinds[at];
        kind.line.count = kind.line.count.saturating_add(repeats);
        if let Some(seconds) = line.seconds {
            kind.times.at(seconds);
        }
        if kind.distinct.len() < MOST_DISTINCT {
            kind.distinct.insert(hash(message));
        }
        let longest = longest_duration(message);
        kind.line.longest_seconds = larger(kind.line.longest_seconds, longest);
    }

    pub(super) fn finish(self) -> Vec<LogTemplate> {
        let mut lines: Vec<LogTemplate> = self
            .kinds
            .into_iter()
            .map(|kind| LogTemplate {
                distinct: kind.distinct.len() as u64,
                span_seconds: kind.times.span(),
                per_second: kind.times.rate(),
                period_seconds: kind.times.period(),
                ..kind.line
            })
            .collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.count));
        lines.truncate(KEPT);
        lines
    }
}

/// `message repeated 12 times: [ … ]` counts as twelve.
fn repeated(message: &str) -> (&str, u64) {
    let found = message.strip_prefix("message repeated ").and_then(|rest| {
        let (number, rest) = rest.split_once(" times: [")?;
        Some((rest.trim_end_matches(']').trim(), count(number)? as u64))
    });
    found.unwrap_or((message.trim(), 1))
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_EXAMPLE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;

    #[test]
    fn alike_lines_are_counted_with_their_rate_period_and_longest_time() {
        let mut text = String::new();
        for at in 0..5 {
            text.push_str(&format!(
                "I0101 00:00:{:02}.000000  12 fsHandler.go:131] du and find on following dirs took {}.5s: [/var/lib/docker/overlay/{at}]\n",
                at * 10, at
            ));
        }
        let mut ingested = Ingested::default();
        ingested.read("kubelet.log", text.as_bytes(), None, true);
        ingested.finish();
        let [line] = ingested.evidence.pasted.logs.as_slice() else {
            panic!("{:?}", ingested.evidence.pasted.logs)
        };
        assert_eq!((line.count, line.distinct), (5, 5));
        assert_eq!(
            (line.span_seconds, line.period_seconds),
            (Some(40.0), Some(10.0))
        );
        assert_eq!(
            (line.per_second, line.longest_seconds),
            (Some(0.1), Some(4.5))
        );
        assert_eq!(line.component.as_deref(), Some("fsHandler.go"));
    }

    #[test]
    fn repeated_messages_count_and_a_log_without_heads_is_one() {
        let text = "Nov  3 00:01:00 n kernel: message repeated 7 times: [ oom]\nskipping pod synchronization\n";
        let mut ingested = Ingested::default();
        ingested.read("node.log", text.as_bytes(), None, true);
        ingested.finish();
        let counts: Vec<_> = ingested
            .evidence
            .pasted
            .logs
            .iter()
            .map(|line| line.count)
            .collect();
        assert_eq!(counts, [7, 1]);
    }
}

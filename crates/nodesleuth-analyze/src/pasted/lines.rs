//! Log lines and prose by regular expression.

use super::PastedView;
use nodesleuth_model::evidence::pasted::LogTemplate;
use regex_lite::Regex;

/// Log lines that match an expression.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinesSeen {
    /// How many.
    pub count: u64,
    /// How many a second, where the logs have times.
    pub per_second: Option<f64>,
    /// Seconds between two of the most frequent kind.
    pub period_seconds: Option<f64>,
    /// The longest time that one of them names, in seconds.
    pub longest_seconds: Option<f64>,
    /// One of them.
    pub example: String,
    /// The file that it is from.
    pub file: String,
}

impl PastedView<'_> {
    /// Log lines whose message (without time stamp) or template matches; `None` for none.
    #[must_use]
    pub fn lines(&self, pattern: &Regex) -> Option<LinesSeen> {
        let matches = |line: &&LogTemplate| {
            pattern.is_match(&line.example) || pattern.is_match(&line.template)
        };
        let mut seen: Option<LinesSeen> = None;
        for line in self.pasted.logs.iter().filter(matches) {
            let known = seen.get_or_insert_with(|| LinesSeen {
                period_seconds: line.period_seconds,
                example: line.example.clone(),
                file: self.name(line.file).to_owned(),
                ..LinesSeen::default()
            });
            known.count = known.count.saturating_add(line.count);
            known.per_second = add(known.per_second, line.per_second);
            known.longest_seconds = larger(known.longest_seconds, line.longest_seconds);
        }
        seen
    }

    /// A sentence of prose that matches.
    #[must_use]
    pub fn said(&self, pattern: &Regex) -> Option<&str> {
        let prose = self.pasted.prose.iter().map(|line| line.text.as_str());
        prose.into_iter().find(|text| pattern.is_match(text))
    }

    /// Whether a command line matches: of a process, a timed command, or a call that started one.
    /// Other calls are asked for as calls.
    #[must_use]
    pub fn command(&self, pattern: &Regex) -> Option<&str> {
        let processes = self.pasted.processes.iter();
        let processes = processes.filter_map(|process| process.command.as_deref());
        let timed = self
            .pasted
            .timed
            .iter()
            .filter_map(|timed| timed.command.as_deref());
        let calls = self.pasted.calls.iter().flat_map(|log| &log.patterns);
        let started = calls.filter(|call| call.call.starts_with("execve"));
        let calls = started.map(|call| call.example.as_str());
        let mut all = processes.chain(timed).chain(calls);
        all.find(|text| pattern.is_match(text))
    }
}

fn add(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

fn larger(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::evidence::Pasted;
    use nodesleuth_model::evidence::pasted::ProseLine;

    #[test]
    fn lines_of_several_templates_are_added() {
        let line = |example: &str, count, per_second| LogTemplate {
            example: example.to_owned(),
            template: "du and find took *".to_owned(),
            count,
            per_second,
            longest_seconds: Some(count as f64),
            ..LogTemplate::default()
        };
        let pasted = Pasted {
            logs: vec![
                line("du and find took 4s: [/a]", 3, Some(0.5)),
                line("du and find took 9s: [/b]", 2, None),
            ],
            prose: vec![ProseLine {
                text: "the kubelet is slow".to_owned(),
                ..ProseLine::default()
            }],
            ..Pasted::default()
        };
        let view = PastedView::new(&pasted);
        let seen = view
            .lines(&Regex::new("du and find .*took").unwrap())
            .unwrap();
        assert_eq!((seen.count, seen.per_second), (5, Some(0.5)));
        assert_eq!(seen.longest_seconds, Some(3.0));
        assert_eq!(view.lines(&Regex::new("PLEG").unwrap()), None);
        assert!(view.said(&Regex::new("(?i)KUBELET").unwrap()).is_some());
    }
}

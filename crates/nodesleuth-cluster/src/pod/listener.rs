//! Listens to the agent: progress is passed on, its own reason for a failure is kept.

use super::{AgentLine, PROTOCOL};
use crate::ClusterError;
use nodesleuth_collect::Progress;
use std::collections::VecDeque;

/// Of what others write (a runtime, an older binary) the last lines are kept.
const LINES_KEPT: usize = 3;
/// A line that is longer is nobody's.
const LONGEST_LINE: usize = 32 << 10;
const VERSION_HELP: &str =
    "use an image of the same version as this nodesleuth (deploy/image/README.md)";

/// What was heard so far.
pub(super) struct Listener<'a> {
    progress: &'a dyn Progress,
    note: &'a dyn Fn(&str),
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    protocol: Option<u32>,
    error: Option<String>,
    help: Option<String>,
    others: VecDeque<String>,
}

impl<'a> Listener<'a> {
    pub(super) fn new(progress: &'a dyn Progress, note: &'a dyn Fn(&str)) -> Self {
        Self {
            progress,
            note,
            partial: Vec::new(),
            protocol: None,
            error: None,
            help: None,
            others: VecDeque::new(),
        }
    }

    /// The next bytes of a stream of lines.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.line(&String::from_utf8_lossy(&line));
        }
        if self.partial.len() > LONGEST_LINE {
            self.partial.clear();
        }
    }

    pub(super) fn line(&mut self, line: &str) {
        match AgentLine::parse(line) {
            Some(AgentLine::Hello { protocol, .. }) => self.protocol = Some(protocol),
            Some(AgentLine::Stage(what)) => self.progress.stage(&format!("on the node: {what}")),
            Some(AgentLine::Window(passed, of)) => self.progress.window(passed, of),
            Some(AgentLine::Note(what)) => (self.note)(&what),
            Some(AgentLine::Error(what)) => self.error = Some(what),
            Some(AgentLine::Help(what)) => self.help = Some(what),
            Some(AgentLine::Alive) => {}
            None if line.trim().is_empty() => {}
            None => {
                if self.others.len() == LINES_KEPT {
                    self.others.pop_front();
                }
                self.others.push_back(line.trim_end().to_owned());
            }
        }
    }

    /// Why the agent failed: its own words, else `otherwise`.
    pub(super) fn failure(&self, otherwise: &str, help: &str) -> ClusterError {
        if let Some(error) = &self.error {
            let help = self
                .help
                .as_deref()
                .unwrap_or("the agent in the pod said this");
            return ClusterError::new(format!("on the node: {error}"), help);
        }
        match self.protocol {
            Some(PROTOCOL) => ClusterError::new(otherwise, help),
            Some(other) => ClusterError::new(
                format!("the agent in the image talks protocol {other}, and we {PROTOCOL}"),
                VERSION_HELP,
            ),
            None if self.others.is_empty() => ClusterError::new(otherwise, help),
            // A binary that does not know the command complains so.
            None => {
                let said: Vec<&str> = self.others.iter().map(|line| line.trim()).collect();
                ClusterError::new(format!("{otherwise}: {}", said.join(" / ")), VERSION_HELP)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_collect::Quiet;
    use std::cell::RefCell;

    #[test]
    fn the_agents_own_words_come_first() {
        let notes = RefCell::new(Vec::new());
        let note = |what: &str| notes.borrow_mut().push(what.to_owned());
        let mut listener = Listener::new(&Quiet, &note);
        listener.bytes(b"@nodesleuth hello 1 nodesleuth 0.1.0\n@nodesleuth note 4 proc");
        listener.bytes(b"esses\n@nodesleuth error no such process\n@nodesleuth help see top\n");
        let error = listener.failure("it ended", "look");
        assert_eq!(error.what, "on the node: no such process");
        assert_eq!(error.help, "see top");
        assert_eq!(*notes.borrow(), ["4 processes"]);
    }

    #[test]
    fn a_binary_that_does_not_know_us_is_told_by_what_it_says() {
        let mut listener = Listener::new(&Quiet, &|_| ());
        listener.bytes(b"error: unrecognized subcommand '__pod-agent'\n\n");
        let error = listener.failure("it ended with exit code 2", "look");
        assert!(error.what.contains("unrecognized subcommand"), "{error:?}");
        assert!(error.help.contains("same version"), "{error:?}");
        listener.bytes(b"@nodesleuth hello 9 nodesleuth 9.0.0\n");
        assert!(listener.failure("", "").what.contains("protocol 9"));
    }
}

//! What the agent in a pod tells its client on stderr while it works: one line each, so that it
//! passes through an exec stream and through a container's log alike.

use std::fmt;
use std::time::Duration;

/// How the two talk. A client that meets another number says that the versions do not fit.
pub const PROTOCOL: u32 = 1;

/// What the client writes to the agent's stdin to close the window early.
pub const STOP: &str = "stop\n";

/// Begins every line, to be told from what others write.
const MARK: &str = "@nodesleuth";

/// One line of the agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentLine {
    /// Who speaks, and in which protocol.
    Hello {
        /// See [`PROTOCOL`].
        protocol: u32,
        /// Such as "nodesleuth 0.1.0".
        tool: String,
    },
    /// A new stage begins.
    Stage(String),
    /// The window is at the first of the second.
    Window(Duration, Duration),
    /// It still works: connections that are silent are cut by some front ends.
    Alive,
    /// Why it could not do it.
    Error(String),
    /// What to do then.
    Help(String),
    /// Anything else for people.
    Note(String),
}

impl AgentLine {
    /// What a line says; `None` where it is not one of ours.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let line = line.trim_end().strip_prefix(MARK)?.strip_prefix(' ')?;
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let two = || {
            let (first, second) = rest.split_once(' ')?;
            Some((first.parse::<u64>().ok()?, second))
        };
        Some(match word {
            "hello" => {
                let (protocol, tool) = two()?;
                Self::Hello {
                    protocol: protocol.try_into().ok()?,
                    tool: tool.to_owned(),
                }
            }
            "stage" => Self::Stage(rest.to_owned()),
            "window" => {
                let (passed, of) = two()?;
                let of: u64 = of.parse().ok()?;
                Self::Window(Duration::from_millis(passed), Duration::from_millis(of))
            }
            "alive" => Self::Alive,
            "error" => Self::Error(rest.to_owned()),
            "help" => Self::Help(rest.to_owned()),
            "note" => Self::Note(rest.to_owned()),
            _ => return None,
        })
    }
}

impl fmt::Display for AgentLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |word: &str, rest: &str| {
            let rest = rest.replace(['\n', '\r'], " ");
            match rest.as_str() {
                "" => write!(f, "{MARK} {word}"),
                rest => write!(f, "{MARK} {word} {rest}"),
            }
        };
        match self {
            Self::Hello { protocol, tool } => line("hello", &format!("{protocol} {tool}")),
            Self::Stage(what) => line("stage", what),
            Self::Window(passed, of) => line(
                "window",
                &format!("{} {}", passed.as_millis(), of.as_millis()),
            ),
            Self::Alive => line("alive", ""),
            Self::Error(what) => line("error", what),
            Self::Help(what) => line("help", what),
            Self::Note(what) => line("note", what),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        for line in [
            AgentLine::Hello {
                protocol: PROTOCOL,
                tool: "nodesleuth 0.1.0".to_owned(),
            },
            AgentLine::Stage("choosing the target".to_owned()),
            AgentLine::Window(Duration::from_millis(1_500), Duration::from_secs(15)),
            AgentLine::Alive,
            AgentLine::Error("no process is called \"x\"".to_owned()),
            AgentLine::Help("see `top`".to_owned()),
            AgentLine::Note("4 processes".to_owned()),
        ] {
            assert_eq!(AgentLine::parse(&line.to_string()), Some(line));
        }
    }

    #[test]
    fn a_text_of_several_lines_stays_one() {
        let line = AgentLine::Error("one\ntwo".to_owned()).to_string();
        assert_eq!(line, "@nodesleuth error one two");
    }

    #[test]
    fn what_others_write_is_not_ours() {
        for line in [
            "",
            "exec: not found",
            "@nodesleuth",
            "@nodesleuthx stage y",
            "@nodesleuth window 5",
            "@nodesleuth hello one two",
            "@nodesleuth unheard of",
        ] {
            assert_eq!(AgentLine::parse(line), None, "{line}");
        }
    }
}

//! Who a process is: its pid and its start time together, which no later process shares.

use nodesleuth_collect::{Node, ReadError};
use nodesleuth_model::{Pid, Ticks};
use nodesleuth_parse::proc::pid_stat;
use std::io;

/// One process, told apart from a later one with the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its pid.
    pub pid: Pid,
    /// When it started, in ticks since boot (`/proc/PID/stat`, field 22).
    pub start: Ticks,
}

impl Identity {
    /// The process with this pid; `None` when there is none, or only its unreaped remains.
    ///
    /// # Errors
    /// When `/proc` cannot be read or understood.
    pub fn of(node: &Node, pid: Pid) -> Result<Option<Self>, ReadError> {
        let path = format!("/proc/{pid}/stat");
        let line = match node.bytes(&path) {
            Err(error) if is_gone(&error.source) => return Ok(None),
            other => other?,
        };
        let task = pid_stat::times(&line).map_err(|error| ReadError {
            path,
            source: io::Error::new(io::ErrorKind::InvalidData, error),
        })?;
        let ended = matches!(task.state, b'Z' | b'X');
        Ok((!ended).then_some(Self {
            pid,
            start: Ticks(task.start),
        }))
    }

    /// Whether exactly this process still runs. What cannot be read counts as running, so that
    /// nothing is taken away from it.
    #[must_use]
    pub fn is_alive(&self, node: &Node) -> bool {
        Self::of(node, self.pid).map_or(true, |found| found == Some(*self))
    }
}

/// ESRCH: it ended between opening and reading.
fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "42 (a) b (c)) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 9001 1 1 1";

    #[test]
    fn we_are_alive_and_our_namesake_is_not() {
        let node = Node::live();
        let me = Identity::of(&node, Pid(std::process::id()))
            .unwrap()
            .unwrap();
        assert!(me.is_alive(&node));
        assert!(
            !Identity {
                start: Ticks(me.start.0 + 1),
                ..me
            }
            .is_alive(&node)
        );
    }

    #[test]
    fn an_unreaped_process_is_not_alive_and_an_unreadable_one_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("proc/42")).unwrap();
        let node = Node::at(folder.path());
        let them = Identity {
            pid: Pid(42),
            start: Ticks(9001),
        };
        let write = |line: &str| std::fs::write(folder.path().join("proc/42/stat"), line).unwrap();
        write(LINE);
        assert!(them.is_alive(&node));
        write(&LINE.replace(" S ", " Z "));
        assert!(!them.is_alive(&node));
        write("rubbish");
        assert!(them.is_alive(&node));
    }
}

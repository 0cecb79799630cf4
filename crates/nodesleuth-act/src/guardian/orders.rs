//! What we tell the guardian: one line each, at most `PIPE_BUF` bytes, so a line arrives whole or
//! not at all.

use crate::{ActError, Identity};
use nodesleuth_model::{Pid, Ticks};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Something that the guardian is responsible for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ward {
    /// Scratch cgroups under this parent: remove.
    Cgroups(PathBuf),
    /// A temporary folder: remove.
    Tree(PathBuf),
    /// A process that we started: end.
    Agent(Identity),
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Be responsible for this.
    Watch(Ward),
    /// All is done; go.
    Leave,
}

impl Order {
    /// As it goes through the pipe.
    pub(super) fn line(&self) -> Result<Vec<u8>, ActError> {
        let mut line = match self {
            Self::Watch(Ward::Cgroups(path)) => with_path(b"cgroups ", path)?,
            Self::Watch(Ward::Tree(path)) => with_path(b"tree ", path)?,
            Self::Watch(Ward::Agent(agent)) => {
                format!("agent {} {}", agent.pid, agent.start.0).into_bytes()
            }
            Self::Leave => b"leave".to_vec(),
        };
        line.push(b'\n');
        Ok(line)
    }

    /// Reads a line without its end; `None` when it is none of ours.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        if line == b"leave" {
            return Some(Self::Leave);
        }
        let blank = line.iter().position(|&byte| byte == b' ')?;
        let (word, rest) = (&line[..blank], &line[blank + 1..]);
        let path = || PathBuf::from(OsStr::from_bytes(rest));
        Some(Self::Watch(match word {
            b"cgroups" => Ward::Cgroups(path()),
            b"tree" => Ward::Tree(path()),
            b"agent" => Ward::Agent(identity(rest)?),
            _ => return None,
        }))
    }
}

fn with_path(word: &[u8], path: &Path) -> Result<Vec<u8>, ActError> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.contains(&b'\n') {
        return Err(ActError::LineBreak {
            path: path.to_owned(),
        });
    }
    Ok([word, bytes].concat())
}

fn identity(text: &[u8]) -> Option<Identity> {
    let (pid, start) = std::str::from_utf8(text).ok()?.split_once(' ')?;
    Some(Identity {
        pid: Pid(pid.parse().ok()?),
        start: Ticks(start.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(order: &Order) -> Option<Order> {
        let line = order.line().unwrap();
        Order::parse(line.strip_suffix(b"\n").unwrap())
    }

    #[test]
    fn orders_arrive_as_they_were_given() {
        let agent = Ward::Agent(Identity {
            pid: Pid(7),
            start: Ticks(90_210),
        });
        for order in [Order::Leave, Order::Watch(agent)] {
            assert_eq!(round_trip(&order), Some(order));
        }
    }

    proptest! {
        #[test]
        fn any_path_without_a_line_break_arrives(bytes in "[^\n]{0,80}") {
            for ward in [Ward::Cgroups(bytes.clone().into()), Ward::Tree(bytes.clone().into())] {
                let order = Order::Watch(ward);
                prop_assert_eq!(round_trip(&order), Some(order));
            }
        }

        #[test]
        fn rubbish_is_no_order_and_no_panic(bytes: Vec<u8>) {
            let _ = Order::parse(&bytes);
        }
    }

    #[test]
    fn a_line_break_in_a_path_is_refused() {
        let order = Order::Watch(Ward::Tree("/tmp/a\nleave".into()));
        assert!(matches!(order.line(), Err(ActError::LineBreak { .. })));
    }

    #[test]
    fn half_an_order_is_none() {
        for line in ["", "agent", "agent 7", "agent x y", "leave now", "remove /"] {
            assert_eq!(Order::parse(line.as_bytes()), None, "{line:?}");
        }
    }
}

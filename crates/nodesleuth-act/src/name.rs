//! Names of what we leave on a node while we work: `nodesleuth-demo-<boot>-<pid>-<start>`.
//!
//! Boot (first 8 hex digits of the boot id), pid and start time name the owner exactly, so
//! `nodesleuth clean` knows what belongs to nobody any more. Names without a start time are read
//! too; nothing that differs by one character is ours.

use crate::ActError;
use crate::identity::Identity;
use nodesleuth_collect::Node;
use nodesleuth_model::{Pid, Ticks};
use std::fmt;
use std::path::Path;

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// Programs that make things with such names: ours and the developers' task runner.
const PROGRAMS: [&str; 2] = ["nodesleuth", "xtask"];

/// What a scratch thing is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `nodesleuth demo`.
    Demo,
    /// The developers' lab.
    Lab,
    /// `nodesleuth kernel --probe-lab`.
    Probe,
}

/// The first 8 hex digits of a boot id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootTag(String);

/// A name of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScratchName {
    /// What for.
    pub purpose: Purpose,
    /// In which boot it was made.
    pub boot: BootTag,
    /// By whom.
    pub pid: Pid,
    /// When that process started; names of other tools may lack it.
    pub start: Option<Ticks>,
}

impl BootTag {
    /// The running boot's.
    ///
    /// # Errors
    /// When the boot id cannot be read or is none.
    pub fn current(node: &Node) -> Result<Self, ActError> {
        let text = node
            .text(BOOT_ID)
            .map_err(|error| ActError::read(error.path)(error.source))?;
        text.get(..8).and_then(Self::parse).ok_or_else(|| {
            ActError::read(BOOT_ID)(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "not a boot id",
            ))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 8 && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }
}

impl ScratchName {
    /// The name for something that this process makes now.
    ///
    /// # Errors
    /// When `/proc` does not say which boot this is or when we started.
    pub fn own(node: &Node, purpose: Purpose) -> Result<Self, ActError> {
        let pid = Pid(std::process::id());
        // Who we are is a question to the live /proc, also when a test's node is elsewhere.
        let me = Identity::of(&Node::live(), pid)
            .map_err(|error| ActError::read(error.path)(error.source))?;
        let start = me.map(|identity| identity.start);
        Ok(Self {
            purpose,
            boot: BootTag::current(node)?,
            pid,
            start,
        })
    }

    /// Reads a name; `None` unless it is exactly one of ours.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (purpose, rest) = match name.strip_prefix("nodesleuth-")?.split_once('-')? {
            ("demo", rest) => (Purpose::Demo, rest),
            ("lab", rest) => (Purpose::Lab, rest),
            ("probe", rest) => (Purpose::Probe, rest),
            _ => return None,
        };
        let (boot, rest) = rest.split_once('-')?;
        let (pid, start) = match rest.split_once('-') {
            Some((pid, start)) => (pid, Some(Ticks(number(start)?))),
            None => (rest, None),
        };
        let pid = Pid(u32::try_from(number(pid)?).ok()?);
        Some(Self {
            purpose,
            boot: BootTag::parse(boot)?,
            pid,
            start,
        })
    }

    /// The name that a path ends in.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::parse(path.file_name()?.to_str()?)
    }

    /// Whether its owner still runs: same boot and same process; without a start time in the
    /// name, a process with that pid whose program is one of ours or cannot be told.
    #[must_use]
    pub fn owner_is_alive(&self, node: &Node, boot: &BootTag) -> bool {
        if self.boot != *boot {
            return false;
        }
        match self.start {
            Some(start) => Identity {
                pid: self.pid,
                start,
            }
            .is_alive(node),
            None => {
                !matches!(Identity::of(node, self.pid), Ok(None))
                    && runs_our_program(node, self.pid)
            }
        }
    }
}

impl fmt::Display for BootTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// True also when it cannot be told.
fn runs_our_program(node: &Node, pid: Pid) -> bool {
    node.link(&format!("/proc/{pid}/exe")).map_or(true, |exe| {
        let exe = exe.strip_suffix(" (deleted)").unwrap_or(&exe);
        PROGRAMS.contains(&exe.rsplit('/').next().unwrap_or(exe))
    })
}

/// Decimal digits as we print them: no sign, no leading zero.
fn number(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (plain && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok())?
}

impl fmt::Display for ScratchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = match self.purpose {
            Purpose::Demo => "demo",
            Purpose::Lab => "lab",
            Purpose::Probe => "probe",
        };
        write!(f, "nodesleuth-{purpose}-{}-{}", self.boot.0, self.pid)?;
        match self.start {
            Some(start) => write!(f, "-{}", start.0),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;

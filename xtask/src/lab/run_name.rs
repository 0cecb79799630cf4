//! Names of what a run leaves on the machine while it lasts. They carry the boot id and the pid,
//! so a later run can tell whether the owner still lives.

use std::fmt;
use std::fs;

use crate::failure::{Result, While};

const PREFIX: &str = "nodesleuth-lab";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// How much of the boot id a name carries.
const BOOT_ID_CHARS: usize = 8;
/// What the kernel calls our process (`/proc/PID/comm`).
const OUR_COMM: &str = "xtask";

/// `nodesleuth-lab-BOOT-PID-PURPOSE`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunName {
    boot: String,
    pid: u32,
    purpose: String,
}

impl RunName {
    /// A name of this process for one purpose (a word of letters).
    pub(crate) fn ours(purpose: &str) -> Result<Self> {
        Ok(Self {
            boot: this_boot()?,
            pid: std::process::id(),
            purpose: purpose.to_owned(),
        })
    }

    /// None if some other program chose the name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?.strip_prefix('-')?;
        let mut parts = rest.splitn(3, '-');
        let boot = parts.next().filter(|boot| boot.len() == BOOT_ID_CHARS)?;
        Some(Self {
            boot: boot.to_owned(),
            pid: parts.next()?.parse().ok()?,
            purpose: parts.next()?.to_owned(),
        })
    }

    /// Whether the process that made it has ended.
    pub(crate) fn is_orphan(&self) -> Result<bool> {
        let owner = fs::read_to_string(format!("/proc/{}/comm", self.pid)).ok();
        Ok(self.is_orphan_given(&this_boot()?, owner.as_deref()))
    }

    /// Whether the machine has not been booted since.
    pub(crate) fn is_of_this_boot(&self) -> Result<bool> {
        Ok(self.boot == this_boot()?)
    }

    fn is_orphan_given(&self, boot: &str, owner_comm: Option<&str>) -> bool {
        self.boot != boot || owner_comm.map(str::trim_end) != Some(OUR_COMM)
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}-{}-{}-{}", self.boot, self.pid, self.purpose)
    }
}

fn this_boot() -> Result<String> {
    let id = fs::read_to_string(BOOT_ID).doing(|| format!("reading {BOOT_ID}"))?;
    Ok(id.chars().take(BOOT_ID_CHARS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> RunName {
        RunName {
            boot: "0123abcd".to_owned(),
            pid: 4321,
            purpose: "leak".to_owned(),
        }
    }

    #[test]
    fn a_name_survives_printing_and_parsing() {
        assert_eq!(name().to_string(), "nodesleuth-lab-0123abcd-4321-leak");
        assert_eq!(RunName::parse(&name().to_string()), Some(name()));
    }

    #[test]
    fn names_of_others_are_not_ours() {
        for other in [
            "kubepods",
            "nodesleuth-lab",
            "nodesleuth-lab-0123abcd",
            "nodesleuth-lab-0123abcd-4321",
            "nodesleuth-lab-0123abcd-x-leak",
            "nodesleuth-demo-0123abcd-4321-leak",
        ] {
            assert_eq!(RunName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn an_orphan_is_of_another_boot_or_its_pid_is_no_longer_ours() {
        assert!(!name().is_orphan_given("0123abcd", Some("xtask\n")));
        assert!(name().is_orphan_given("ffffffff", Some("xtask\n")));
        assert!(name().is_orphan_given("0123abcd", Some("bash\n")));
        assert!(name().is_orphan_given("0123abcd", None));
    }
}

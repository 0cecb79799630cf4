//! The note that says whose cluster is on this machine and what must be put back: written before
//! anything else is made, removed after everything else is gone.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::{Failure, Result, While};
use crate::lab::RunName;
use crate::lab::cluster::{cgroups, sysctls};

/// One for the machine: there is room for one cluster.
const PATH: &str = "/run/nodesleuth-lab-cluster.json";

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// The run of `up` that made it.
    run: String,
    /// Where the cluster keeps its files.
    pub(crate) state: PathBuf,
    /// Settings of the kernel as they were before.
    pub(crate) sysctls: BTreeMap<String, String>,
    /// Slices that did not exist before.
    pub(crate) made_slices: Vec<PathBuf>,
    /// Whether `up` came to its end.
    pub(crate) is_up: bool,
}

impl Claim {
    /// Takes the machine; an error if somebody has it.
    pub(crate) fn take(state: &Path) -> Result<Self> {
        let claim = Self {
            run: RunName::ours("cluster")?.to_string(),
            state: state.to_owned(),
            sysctls: sysctls::now()?,
            made_slices: cgroups::without_slice()?,
            is_up: false,
        };
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(PATH)
            .doing(|| format!("making {PATH}"))?;
        file.write_all(claim.text()?.as_bytes())
            .doing(|| format!("writing {PATH}"))?;
        Ok(claim)
    }

    /// None when there is no cluster on this machine.
    pub(crate) fn read() -> Result<Option<Self>> {
        let text = match fs::read_to_string(PATH) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.doing(|| format!("reading {PATH}"))?,
        };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            Failure::new(format!("reading {PATH}"), error)
                .remedy("remove it, if no lab cluster runs on this machine")
        })
    }

    /// Notes that the cluster is complete.
    pub(crate) fn complete(&mut self) -> Result<()> {
        self.is_up = true;
        fs::write(PATH, self.text()?).doing(|| format!("writing {PATH}"))
    }

    pub(crate) fn give_up(self) -> Result<()> {
        fs::remove_file(PATH).doing(|| format!("removing {PATH}"))
    }

    /// Whether whoever made it was killed before it was complete.
    pub(crate) fn is_orphan(&self) -> Result<bool> {
        match RunName::parse(&self.run) {
            Some(run) => Ok(!self.is_up && run.is_orphan()?),
            None => Err(Failure::new(
                format!("reading {PATH}"),
                "names no run of the lab",
            )),
        }
    }

    /// Whether the machine has been booted since: only files are left then.
    pub(crate) fn is_of_this_boot(&self) -> Result<bool> {
        let run = RunName::parse(&self.run);
        run.map_or(Ok(false), |run| run.is_of_this_boot())
    }

    fn text(&self) -> Result<String> {
        serde_json::to_string_pretty(self).doing(|| "writing a claim".to_owned())
    }
}

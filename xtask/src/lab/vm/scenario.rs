//! What is done in every guest, and what must come of it.

use crate::failure::Result;
use crate::lab::vm::CgroupMode;
use crate::lab::vm::steps::{Step, Transcript};

/// One guest's work.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) mode: CgroupMode,
    pub(crate) zombies: usize,
}

impl Scenario {
    pub(crate) fn steps(&self) -> Vec<Step> {
        vec![
            Step::new("kernel", "uname -r", 10),
            Step::new("cgroups", "nodesleuth cgroups -o json", 60),
        ]
    }

    pub(crate) fn table(&self, transcript: &Transcript) -> Result<String> {
        Ok(format!("{:?}", transcript.steps))
    }

    pub(crate) fn unmet(&self, transcript: &Transcript) -> Result<Vec<String>> {
        let json = transcript.step("cgroups")?.json()?;
        Ok(vec![json.to_string()])
    }
}

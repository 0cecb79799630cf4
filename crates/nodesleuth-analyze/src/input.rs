//! What facts are derived from, and the readings that several of them share.

use crate::catalog::Catalog;
use crate::cpu::TargetCpu;
use crate::stacks::{LoadedProfile, ProfileView};
use nodesleuth_model::evidence::{Host, Target};
use nodesleuth_model::{Evidence, Missing};

/// Evidence, the profile that counts, and the catalogue.
pub(crate) struct Input<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) catalog: &'a Catalog,
    pub(crate) profile: Option<ProfileView<'a>>,
    pub(crate) warnings: Vec<String>,
}

impl<'a> Input<'a> {
    pub(crate) fn new(
        evidence: &'a Evidence,
        profiles: &[LoadedProfile<'a>],
        catalog: &'a Catalog,
    ) -> Self {
        let (profile, warnings) = ProfileView::choose(profiles, evidence, &catalog.parts);
        Self {
            evidence,
            catalog,
            profile,
            warnings,
        }
    }

    pub(crate) fn host(&self) -> Result<&'a Host, Missing> {
        self.evidence.host.require("host")
    }

    pub(crate) fn target(&self) -> Result<&'a Target, Missing> {
        self.evidence.target.require("target")
    }

    pub(crate) fn cpu(&self) -> Result<TargetCpu, Missing> {
        TargetCpu::of(self.evidence)
    }

    pub(crate) fn profile(&self) -> Result<&ProfileView<'a>, Missing> {
        self.profile
            .as_ref()
            .ok_or_else(|| crate::facts::absent("there is no CPU profile"))
    }
}

//! What facts are derived from, and the readings that several of them share.

use crate::catalog::Catalog;
use crate::cpu::TargetCpu;
use crate::kubelet_cpu;
use crate::stacks::{LoadedProfile, ProfileView, Profiles};
use nodesleuth_model::evidence::{Host, KernelSettings, Target, Via};
use nodesleuth_model::{Evidence, Missing};

/// Evidence, the profiles that count, and the catalogue.
pub(crate) struct Input<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) catalog: &'a Catalog,
    pub(crate) profiles: Profiles<'a>,
    pub(crate) warnings: Vec<String>,
}

impl<'a> Input<'a> {
    pub(crate) fn new(
        evidence: &'a Evidence,
        profiles: &[LoadedProfile<'a>],
        catalog: &'a Catalog,
    ) -> Self {
        let (profiles, warnings) = Profiles::choose(profiles, evidence, catalog);
        Self {
            evidence,
            catalog,
            profiles,
            warnings,
        }
    }

    pub(crate) fn host(&self) -> Result<&'a Host, Missing> {
        self.evidence.host.require("host")
    }

    pub(crate) fn kernel_settings(&self) -> Result<&'a KernelSettings, Missing> {
        self.evidence.kernel.require("kernel settings")
    }

    pub(crate) fn target(&self) -> Result<&'a Target, Missing> {
        self.evidence.target.require("target")
    }

    pub(crate) fn cpu(&self) -> Result<TargetCpu, Missing> {
        TargetCpu::of(self.evidence).or_else(|missing| {
            let is_outside = self.evidence.vantage.via == Via::Api;
            let profile = self.profiles.own_first().filter(|_| is_outside);
            profile.and_then(kubelet_cpu::of_profile).ok_or(missing)
        })
    }

    /// The profile by which the ledger tells who burns.
    pub(crate) fn owner(&self) -> Option<&ProfileView<'a>> {
        self.profiles.owner()
    }

    /// What the program says of itself, or else what was sampled from outside.
    pub(crate) fn profile(&self) -> Result<&ProfileView<'a>, Missing> {
        let profile = self.profiles.own_first();
        profile.ok_or_else(|| crate::facts::absent("there is no CPU profile"))
    }

    /// Stacks of the machine, kernel frames included.
    pub(crate) fn stacks(&self) -> Result<&ProfileView<'a>, Missing> {
        let stacks = self.profiles.machine();
        stacks.ok_or_else(|| crate::facts::absent("no stacks of kernel functions were sampled"))
    }
}

//! Stacks that were sampled while the window was open. The samples are a profile of the bundle.

use super::RefusedEngine;
use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// How the target's stacks were sampled, and how good they are. Samples are those of the target and
/// of the processes that it started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StackRecording {
    /// What took them, such as `bpf`.
    pub engine: String,
    /// Better engines, each with the reason why it did not run.
    pub not_used: Vec<RefusedEngine>,
    /// Samples a second and CPU.
    pub hz: u32,
    /// File of the profile inside the bundle.
    pub file: String,
    /// Samples on a CPU.
    pub samples: u64,
    /// Their time.
    pub on_cpu: Nanos,
    /// Of it with the kernel on top.
    pub in_kernel: Nanos,
    /// Samples that were taken and could not be handed over.
    pub lost: u64,
    /// Samples whose stack ends before a function at which stacks begin.
    pub broken: u64,
    /// Samples with stacks deeper than the kernel walks.
    pub truncated: u64,
    /// Samples of code whose own stack could not be read.
    pub no_user_stack: u64,
    /// Code without names, that with the most samples first.
    pub unresolved: Vec<UnresolvedCode>,
    /// Why functions of the kernel have no names.
    pub kernel_problem: Option<String>,
    /// Why there are no stacks of the kernel, only of the programs' own code.
    pub kernel_missing: Option<String>,
}

/// Code without names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnresolvedCode {
    /// The mapped file, or `[anonymous]` and the like.
    pub module: String,
    /// Why there are none.
    pub why: String,
    /// Samples whose stack holds an address of it.
    pub samples: u64,
}

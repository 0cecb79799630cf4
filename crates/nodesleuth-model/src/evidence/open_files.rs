//! Which files the target had open, seen by looking again and again.
//!
//! A descriptor that is there in some samples only belongs to work in progress; the share of
//! samples in which a kind of file was open estimates the share of time spent on such files.

use crate::units::Nanos;
use serde::{Deserialize, Serialize};

/// Which files the target had open over the window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenFileSamples {
    /// How often it was looked.
    pub samples: u32,
    /// CPU time that the looking took.
    pub cost: Nanos,
    /// Samples in which at least one passing descriptor (not open in every sample) was there.
    pub samples_with_passing: u32,
    /// Passing paths, grouped by pattern, most often seen first.
    pub passing: Vec<OpenPath>,
    /// Distinct passing paths seen, before grouping.
    pub distinct_paths: u32,
}

/// Files of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenPath {
    /// What kind: `cgroup`, `proc`, `sys`, `dir`, `file`, `socket`, `other`.
    pub kind: String,
    /// Path with changing components as `*`, such as `/sys/fs/cgroup/memory/**/memory.stat`.
    pub pattern: String,
    /// Samples in which at least one such descriptor was open.
    pub samples: u32,
    /// Distinct paths behind the pattern.
    pub distinct: u32,
    /// One of them.
    pub example: String,
}

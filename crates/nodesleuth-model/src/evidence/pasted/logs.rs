//! Log lines.

use super::FileId;
use serde::{Deserialize, Serialize};

/// Log lines that differ only in numbers, ids and names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogTemplate {
    /// Where they were read.
    pub file: FileId,
    /// Who wrote them: `kubelet`, `kernel`, `systemd`; of klog lines without a name the source
    /// file such as `fsHandler.go`.
    pub component: Option<String>,
    /// Letter of the severity: `E`, `W`, `I`, `F`.
    pub severity: Option<char>,
    /// The message with what changes as `*`.
    pub template: String,
    /// The first of them, without time stamp.
    pub example: String,
    /// How many.
    pub count: u64,
    /// Distinct messages among them, as far as they were told apart.
    pub distinct: u64,
    /// Seconds from the first to the last.
    pub span_seconds: Option<f64>,
    /// How many a second, when there are several with times.
    pub per_second: Option<f64>,
    /// Seconds between two of them (median).
    pub period_seconds: Option<f64>,
    /// The longest time that a message names ("took 24.9s"), in seconds.
    pub longest_seconds: Option<f64>,
}

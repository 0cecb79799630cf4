//! The process under suspicion.

use crate::observed::Observed;
use crate::units::{Pid, Ticks};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The process under suspicion.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// Process id; 0 where it cannot be known (through the API server).
    pub pid: Pid,
    /// Process name.
    pub comm: String,
    /// Start, ticks after boot.
    pub start: Ticks,
    /// How it was chosen.
    pub chosen: ChosenBy,
    /// `/proc/PID/exe`.
    pub exe: Observed<String>,
    /// Allow-listed flags of its command line, without dashes: name → value. Nothing else of the
    /// command line is kept.
    pub flags: Observed<BTreeMap<String, String>>,
    /// Go build information, for Go binaries.
    pub go: Observed<GoBuild>,
    /// Its cgroup in each hierarchy: controllers (or "" for v2) → path.
    pub cgroup: Observed<BTreeMap<String, String>>,
    /// Open descriptors when the window closed.
    pub open_fds: Observed<u64>,
    /// Descriptors that are inotify instances.
    pub inotify_instances: Observed<u64>,
    /// Watches of those instances (lines of their fdinfo).
    pub inotify_watches: Observed<u64>,
    /// Limit on open files.
    pub open_files_limit: Observed<Limit>,
    /// Process id of a tracer (strace, gdb), 0 for none.
    pub tracer: Observed<Pid>,
    /// `Speculation_Store_Bypass` of its status, such as "thread force mitigated" (since 4.17).
    pub store_bypass: Observed<String>,
    /// `Seccomp` of its status: 0 off, 1 strict, 2 filters.
    pub seccomp: Observed<u64>,
    /// `Seccomp_filters` of its status (since 5.9).
    pub seccomp_filters: Observed<u64>,
    /// Loopback TCP ports it listens on, for the hint where a profile could be had.
    pub listening_ports: Observed<Vec<u16>>,
}

/// How the target was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// `--pid`.
    #[default]
    Pid,
    /// `--name`.
    Name,
    /// The busiest known agent.
    BusiestAgent,
    /// Known from imported files.
    Import,
    /// The kubelet of a node that was named.
    Node,
}

/// What `.go.buildinfo` says (Go 1.18 and later store all of it; older ones only the version).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoBuild {
    /// Toolchain, such as "go1.19.8".
    pub go_version: String,
    /// Path of the main package.
    pub path: String,
    /// The main module, where recorded.
    pub main: Option<GoModule>,
    /// Modules linked in.
    pub deps: Vec<GoModule>,
    /// Build settings such as `vcs.revision` and `-ldflags`.
    pub settings: BTreeMap<String, String>,
}

/// A Go module and its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GoModule {
    /// Module path.
    pub path: String,
    /// Version.
    pub version: String,
}

/// A resource limit; `None` is unlimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Soft limit.
    pub soft: Option<u64>,
    /// Hard limit.
    pub hard: Option<u64>,
}

/// `/proc/PID/io`: bytes and calls since the process started, all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskIo {
    /// Bytes returned by read calls.
    pub read_chars: u64,
    /// Bytes given to write calls.
    pub written_chars: u64,
    /// Read calls.
    pub read_calls: u64,
    /// Write calls.
    pub write_calls: u64,
    /// Bytes fetched from storage.
    pub read_bytes: u64,
    /// Bytes sent to storage.
    pub written_bytes: u64,
}

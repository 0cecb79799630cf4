//! CPU of processes and of the machine, and commands that were timed.

use super::FileId;
use crate::units::Pid;
use serde::{Deserialize, Serialize};

/// CPU of one process or thread; of several intervals the mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessUsage {
    /// Where it was read.
    pub file: FileId,
    /// What printed it.
    pub tool: UsageTool,
    /// Process or thread name.
    pub comm: String,
    /// Process or thread id.
    pub pid: Option<Pid>,
    /// Whether it is a single thread.
    pub is_thread: bool,
    /// CPUs in use: 1.0 is one CPU.
    pub cores: Option<f64>,
    /// The part of it in user mode.
    pub user_cores: Option<f64>,
    /// The part of it in the kernel.
    pub kernel_cores: Option<f64>,
    /// The largest of its intervals.
    pub peak_cores: Option<f64>,
    /// Intervals behind the mean.
    pub intervals: u32,
    /// State letter.
    pub state: Option<char>,
    /// CPU time since it started, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Its command line or what the table shows of it, without values of unknown flags.
    pub command: Option<String>,
}

/// What told a process's CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageTool {
    /// `pidstat`: of an interval.
    Pidstat,
    /// `top`, `docker stats`, `kubectl top`: of an interval.
    Top,
    /// `ps`: CPU time by age, a mean over its whole life.
    Ps,
    /// Prose: "kubelet at 100 %".
    #[default]
    Prose,
}

/// CPU of the machine, in shares of all its CPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineUsage {
    /// Where it was read.
    pub file: FileId,
    /// What printed it: `top`, `mpstat`, `vmstat`, `uptime`, `prose`.
    pub tool: String,
    /// User mode, 0 to 1.
    pub user: Option<f64>,
    /// Kernel, 0 to 1.
    pub system: Option<f64>,
    /// Idle, 0 to 1.
    pub idle: Option<f64>,
    /// Idle while a disk is waited for, 0 to 1.
    pub iowait: Option<f64>,
    /// Software interrupts, 0 to 1.
    pub softirq: Option<f64>,
    /// Taken by the hypervisor, 0 to 1.
    pub steal: Option<f64>,
    /// Load averages of 1, 5 and 15 minutes, as many as are told.
    pub load: Vec<f64>,
    /// CPUs, where told.
    pub cpus: Option<u32>,
}

/// A command that was timed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimedCommand {
    /// Where it was read.
    pub file: FileId,
    /// The command, where it is told.
    pub command: Option<String>,
    /// The path in it, such as `/sys/fs/cgroup/memory/memory.stat`.
    pub path: Option<String>,
    /// Seconds that passed.
    pub real_seconds: Option<f64>,
    /// Seconds of CPU in user mode.
    pub user_seconds: Option<f64>,
    /// Seconds of CPU in the kernel.
    pub kernel_seconds: Option<f64>,
}

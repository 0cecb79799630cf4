//! The process whose system calls are watched, and how long; shared by `syscalls` and `trace`.

pub(crate) mod process;
mod run;

pub(crate) use run::{Ended, Watch, Watched};

use super::target_choice::one_process;
use crate::args;
use crate::failure::Failure;
use nodesleuth_collect::{Cancel, Progress};
use nodesleuth_model::evidence::Target;
use nodesleuth_model::units::grouped;
use nodesleuth_trace::{Engine, Lost};
use std::time::Duration;

/// What was not followed at all, as lines.
pub(crate) fn left_out(lost: &Lost) -> String {
    let mut text = String::new();
    if lost.by_32_bit > 0 {
        text.push_str(&format!(
            "INCOMPLETE: {} calls by the 32-bit interface (int $0x80) are left out: their numbers \
             mean other calls\n",
            grouped(lost.by_32_bit)
        ));
    }
    if lost.unfollowed > 0 {
        text.push_str(&format!(
            "INCOMPLETE: no room to follow {} of the processes that were started\n",
            grouped(lost.unfollowed)
        ));
    }
    text
}

/// Every process on the node pays while a capture lasts.
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Watch this process
    #[arg(long, value_name = "PID", conflicts_with = "name")]
    pub(crate) pid: Option<u32>,

    /// Watch the busiest process of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// How long to watch; at most 10m, as every process of the node pays for it
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = length)]
    pub(crate) length: Duration,

    /// Use this engine and no other: bpf-ring, bpf-perf, bpf-classic, perf-rings or sampling
    /// [default: the first that runs]
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<Engine>,
}

fn length(text: &str) -> Result<Duration, String> {
    let length = args::window(text)?;
    if length <= LONGEST {
        Ok(length)
    } else {
        Err("a capture lasts at most 10m: every process of the node pays for it".to_owned())
    }
}

impl WatchArgs {
    /// Chooses the process.
    pub(crate) fn target(
        &self,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Target, Failure> {
        let name = self.name.as_deref();
        one_process(self.pid, name, self.length, cancel, progress)
    }
}

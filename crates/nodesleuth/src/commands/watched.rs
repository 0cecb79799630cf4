//! The process whose system calls are watched, and watching it until the time is over, the user
//! stops it, or it ends; shared by `syscalls` and `trace`.

use super::target_choice::{choice, own_binary, show_busiest, tell_a_thread};
use crate::args;
use crate::failure::Failure;
use crate::output;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid as RawPid;
use nodesleuth_analyze::Catalog;
use nodesleuth_collect::tasks::choose_target;
use nodesleuth_collect::{
    Cancel, Clock, CollectError, Node, Options, Progress, SystemClock, TargetChoice, TracePlan,
};
use nodesleuth_model::evidence::Target;
use nodesleuth_model::{Cores, Nanos, printable};
use nodesleuth_trace::{Engine, Record, Session, Summary};
use std::path::Path;
use std::time::Duration;

/// Every process on the node pays while a capture lasts.
const LONGEST: Duration = Duration::from_secs(600);

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

/// A capture that is over.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) target: Target,
    pub(crate) summary: Summary,
    pub(crate) attempts: Vec<nodesleuth_trace::Attempt>,
    /// CPU that the target used meanwhile; `None`: its clock could not be read.
    pub(crate) target_cpu: Option<Nanos>,
    /// CPU that we used.
    pub(crate) own_cpu: Nanos,
    /// Why it ended before its time.
    pub(crate) ended: Ended,
}

/// What ended a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Its time was over, or enough was seen.
    InTime,
    /// The user stopped it.
    Stopped,
    /// The process watched ended.
    TargetGone,
}

impl WatchArgs {
    /// Chooses the process.
    pub(crate) fn target(
        &self,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Target, Failure> {
        let target = choice(self.pid, self.name.as_deref())?;
        let node = Node::live();
        if let TargetChoice::Pid(pid) = target {
            tell_a_thread(&node, pid);
        }
        let options = Options {
            window: self.length,
            target,
            profiles: Vec::new(),
            read_child: own_binary(),
            slow_read_budget: Duration::ZERO,
            trace: TracePlan::Never,
            hot_cores: Cores(Catalog::built_in()?.thresholds.hot_cores),
        };
        choose_target(&node, &SystemClock, &options, cancel, progress).map_err(|error| {
            if let CollectError::NothingHot { busiest } = &error {
                show_busiest(busiest);
            }
            error.into()
        })
    }

    /// Watches until there is an end; hands over each record.
    pub(crate) fn watch(
        &self,
        target: Target,
        options: &nodesleuth_trace::Options,
        cancel: &Cancel,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> Result<Watched, Failure> {
        self.watch_until(target, options, cancel, &|| false, each)
    }

    /// Watches until there is an end or enough was seen.
    pub(crate) fn watch_until(
        &self,
        target: Target,
        options: &nodesleuth_trace::Options,
        cancel: &Cancel,
        enough: &dyn Fn() -> bool,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> Result<Watched, Failure> {
        let clock = SystemClock;
        let own_before = own_cpu();
        let mut session = Session::open(options, self.engine)?;
        tell_engine(&session);
        let target_before = cpu_of(options.pid);
        let (begin, gone) = (clock.boot(), format!("/proc/{}", options.pid));
        let mut last_cpu = target_before;
        let ended = loop {
            session.poll(each)?;
            if !Path::new(&gone).exists() {
                break Ended::TargetGone;
            }
            last_cpu = cpu_of(options.pid).or(last_cpu);
            if cancel.requested() {
                break Ended::Stopped;
            }
            let left = self
                .length
                .saturating_sub(Duration::from_nanos(clock.boot().since(begin).0));
            if left.is_zero() || enough() {
                break Ended::InTime;
            }
            clock.wait(left.min(session.pause()));
        };
        let attempts = session.attempts().to_vec();
        let summary = session.finish(each)?;
        let between = |(before, after): (Nanos, Nanos)| Nanos(after.0.saturating_sub(before.0));
        Ok(Watched {
            target,
            summary,
            attempts,
            target_cpu: target_before.zip(last_cpu).map(between),
            own_cpu: between((own_before, own_cpu())),
            ended,
        })
    }
}

/// Says why a better engine does not run.
fn tell_engine(session: &Session) {
    for attempt in session.attempts() {
        if let Some(reason) = &attempt.refused {
            output::note(&format!(
                "note: engine {} cannot run: {}\n",
                attempt.engine,
                printable(reason)
            ));
        }
    }
}

fn own_cpu() -> Nanos {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Nanos(0), nanos)
}

fn cpu_of(pid: u32) -> Option<Nanos> {
    let clock = clock_getcpuclockid(RawPid::from_raw(pid.cast_signed())).ok()?;
    clock_gettime(clock).ok().map(nanos)
}

fn nanos(time: nix::sys::time::TimeSpec) -> Nanos {
    Nanos(
        Duration::from(time)
            .as_nanos()
            .try_into()
            .unwrap_or(u64::MAX),
    )
}

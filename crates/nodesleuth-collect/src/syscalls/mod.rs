//! The target's system calls, counted in the kernel once the window is closed.
//!
//! First a fifth of a second: how many calls everybody makes tells what counting costs others, and
//! which calls the target makes too many of to be looked at one by one. Then seconds, if that is
//! not too much. Nothing of it lies inside the window, whose CPU is that of an undisturbed target.

mod arguments;
mod counts;
mod files;
mod paths;
mod plan;
mod tally;
mod tax;
mod wanted;
mod watch;

pub use plan::TracePlan;

use crate::file_kind::Kinds;
use crate::tasks::cgroup_mounts;
use crate::{Collector, Ctx, Finish};
use nodesleuth_model::evidence::{ArgumentSample, ArgumentUse, SyscallTrace};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed, Pid};
use nodesleuth_trace::{Options, Split, StreamOptions};
use paths::Paths;
use std::time::Duration;
use tally::Tally;
use watch::{Each, Watch, Watched};

/// A small part of all calls is seen singly. The kernel maps a ring twice, and every touched page
/// of both counts as our memory.
const RING_BYTES: u32 = 1 << 20;
/// The first look.
const FIRST_LOOK: Duration = Duration::from_millis(200);

/// Fills `syscalls`.
#[derive(Debug)]
pub(crate) struct SyscallsCollector;

impl Collector for SyscallsCollector {
    fn name(&self) -> &'static str {
        "system calls"
    }

    fn start<'a>(&self, ctx: &'a Ctx<'a>) -> Finish<'a> {
        Box::new(move |evidence| {
            if ctx.trace == TracePlan::Never {
                return;
            }
            let live = |options: &Options, length, each: &mut Each<'_>| {
                watch::live(ctx, options, length, each)
            };
            evidence.syscalls = capture(ctx, cpus(evidence), &live).into();
        })
    }

    fn lost(&self, evidence: &mut Evidence, missing: Missing) {
        evidence.syscalls = Observed::Unavailable(missing);
    }
}

/// CPUs of the node; of one that cannot be read one is known to be there.
fn cpus(evidence: &Evidence) -> u32 {
    let host = evidence.host.value();
    let online = host.and_then(|host| host.online_cpus.value().or(host.possible_cpus.value()));
    online.copied().unwrap_or(1).max(1)
}

fn capture(ctx: &Ctx<'_>, cpus: u32, watch: &Watch<'_>) -> Result<SyscallTrace, Missing> {
    let pid = ctx
        .target
        .ok_or_else(|| Missing::new(MissingKind::NotRequested, "no target was chosen"))?;
    if !ctx.node.is_live() {
        let reason = "only processes of this machine can be watched, not those of another root";
        return Err(Missing::new(MissingKind::Unsupported, reason));
    }
    let captures = Captures { ctx, pid, watch };
    let first = captures.run(FIRST_LOOK, captures.options(wanted::timed()))?;
    let tax = tax::predict(&first.watched.summary);
    tax::allow(&tax, ctx.trace, cpus)?;
    let wanted = wanted::paths_and_processes(&first.watched.summary);
    let main = captures.run(
        ctx.trace.length(),
        Options {
            files: true,
            ..captures.options(wanted.numbers)
        },
    )?;
    let mut trace = evidence(&main)?;
    trace.tax = tax::with_real(tax, &main.watched.summary);
    // Processes and threads were looked at for longer in the main capture, polls in the first look.
    let timed = |one: &ArgumentUse| arguments::TIMED.contains(&one.call.as_str());
    let mut uses: Vec<ArgumentUse> = first.arguments().filter(timed).collect();
    uses.extend(main.arguments());
    let dropped = [&first, &main].map(|ran| ran.watched.summary.lost.dropped);
    trace.arguments = Observed::Value(ArgumentSample {
        lost: dropped.iter().copied().fold(0, u64::saturating_add),
        left_out: wanted.left_out.iter().copied().map(tally::spelt).collect(),
        uses,
    });
    Ok(trace)
}

/// What all captures of one collection share.
struct Captures<'a> {
    ctx: &'a Ctx<'a>,
    pid: Pid,
    watch: &'a Watch<'a>,
}

/// A capture and what its single calls say.
struct Ran<'a> {
    watched: Watched,
    tally: Tally<'a>,
}

impl<'a> Captures<'a> {
    fn run(&self, length: Duration, options: Options) -> Result<Ran<'a>, Missing> {
        if self.ctx.cancel.requested() {
            let reason = "interrupted before they were counted";
            return Err(Missing::new(MissingKind::Interrupted, reason));
        }
        let mounts = cgroup_mounts(self.ctx.node, &format!("/proc/{}", self.pid));
        let paths = Paths::new(Kinds::new(mounts), self.pid);
        let mut tally = Tally::new(self.ctx.node, self.pid.0, paths);
        let watched = (self.watch)(&options, length, &mut |record| tally.add(record))?;
        Ok(Ran { watched, tally })
    }

    fn options(&self, numbers: Vec<u16>) -> Options {
        Options {
            pid: self.pid.0,
            children: false,
            counts: true,
            split: Split::Together,
            files: false,
            stream: Some(StreamOptions {
                numbers: Some(numbers),
                ring_bytes: RING_BYTES,
                ..StreamOptions::default()
            }),
        }
    }
}

impl Ran<'_> {
    fn length(&self) -> Nanos {
        Nanos(self.watched.summary.length_ns)
    }

    fn arguments(&self) -> impl Iterator<Item = ArgumentUse> {
        self.tally.argument_uses(self.length()).into_iter()
    }
}

/// The main capture as evidence.
fn evidence(main: &Ran<'_>) -> Result<SyscallTrace, Missing> {
    let watched = &main.watched;
    let calls = counts::calls(&watched.summary).ok_or_else(|| only_samples(watched))?;
    let costs = watched.summary.files.as_ref();
    let files = costs.map(|costs| main.tally.files_with(costs));
    let unknown = || {
        Missing::new(
            MissingKind::Unsupported,
            "this engine does not tell files apart",
        )
    };
    Ok(SyscallTrace {
        uncounted: counts::uncounted(&watched.summary),
        engine: watched.engine.clone(),
        refused: watched.refused.clone(),
        began: watched.began,
        length: main.length(),
        target_cpu: watched.target_cpu,
        calls,
        failing: Observed::Value(main.tally.failing()),
        files: files.ok_or_else(unknown).into(),
        files_note: costs.and_then(files::note),
        ..SyscallTrace::default()
    })
}

fn only_samples(watched: &Watched) -> Missing {
    let reasons: Vec<String> = watched
        .refused
        .iter()
        .map(|refused| format!("{}: {}", refused.engine, refused.reason))
        .collect();
    let reason = format!(
        "only the engine {} runs here, which does not count calls ({})",
        watched.engine,
        reasons.join("; ")
    );
    Missing::new(MissingKind::Unsupported, reason).needs(watch::NEED)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::{fake_record, fake_summary};

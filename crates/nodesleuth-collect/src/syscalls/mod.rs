//! The target's system calls, counted in the kernel once the window is closed.
//!
//! First a fifth of a second: how many calls everybody makes tells what counting costs others, and
//! which calls the target makes too many of to be looked at one by one. Then seconds, if that is
//! not too much. Nothing of it lies inside the window, whose CPU is that of an undisturbed target.

mod arguments;
mod counts;
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
use nodesleuth_model::evidence::{ArgumentKind, ArgumentSample, SyscallTrace};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed, Pid};
use nodesleuth_trace::{Options, StreamOptions};
use paths::Paths;
use std::time::Duration;
use tally::Tally;
use watch::{Each, Watch, Watched};

/// The first look.
const FIRST_LOOK: Duration = Duration::from_millis(200);
/// A look at the children of a target that makes some: which programs they start.
const CHILDREN_LOOK: Duration = Duration::from_millis(500);

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
    stopped(ctx)?;
    let mut first = Tally::new(ctx.node, pid.0, paths(ctx, pid));
    let look = run(
        watch,
        options(pid, false, wanted::timed()),
        FIRST_LOOK,
        &mut first,
    )?;
    let tax = tax::predict(&look.summary);
    tax::allow(&tax, ctx.trace, cpus)?;
    stopped(ctx)?;

    let forks = first
        .argument_uses(Nanos(0))
        .iter()
        .any(|one| one.kind == ArgumentKind::NewProcess);
    let length =
        ctx.trace
            .length()
            .saturating_sub(if forks { CHILDREN_LOOK } else { Duration::ZERO });
    let wanted = wanted::files_and_processes(&look.summary);
    let mut tally = Tally::new(ctx.node, pid.0, paths(ctx, pid));
    let main = run(
        watch,
        options(pid, false, wanted.numbers),
        length,
        &mut tally,
    )?;
    let calls = counts::calls(&main.summary).ok_or_else(|| only_samples(&main))?;
    let length = Nanos(main.summary.length_ns);

    let mut arguments = first.argument_uses(Nanos(look.summary.length_ns));
    // Processes and threads were looked at for longer afterwards.
    arguments.retain(|one| arguments::TIMED.contains(&one.call.as_str()));
    arguments.extend(tally.argument_uses(length));
    if forks && !ctx.cancel.requested() {
        let mut children = Tally::new(ctx.node, pid.0, paths(ctx, pid));
        let looked = run(
            watch,
            options(pid, true, wanted::programs()),
            CHILDREN_LOOK,
            &mut children,
        )?;
        arguments.retain(|one| one.kind != ArgumentKind::NewProgram);
        let seen = children.argument_uses(Nanos(looked.summary.length_ns));
        arguments.extend(
            seen.into_iter()
                .filter(|one| one.kind == ArgumentKind::NewProgram),
        );
    }
    let lost = look
        .summary
        .lost
        .dropped
        .saturating_add(main.summary.lost.dropped);
    let left_out = wanted
        .left_out
        .iter()
        .map(|number| tally::spelt(*number))
        .collect();
    Ok(SyscallTrace {
        tax: tax::with_real(tax, &main.summary),
        uncounted: counts::uncounted(&main.summary),
        engine: main.engine,
        refused: main.refused,
        began: main.began,
        length,
        target_cpu: main.target_cpu,
        calls,
        arguments: Observed::Value(ArgumentSample {
            lost,
            left_out,
            uses: arguments,
        }),
        failing: Observed::Value(tally.failing()),
        files: Observed::Value(tally.file_uses()),
    })
}

fn run(
    watch: &Watch<'_>,
    options: Options,
    length: Duration,
    tally: &mut Tally<'_>,
) -> Result<Watched, Missing> {
    watch(&options, length, &mut |record| tally.add(record))
}

fn paths(ctx: &Ctx<'_>, pid: Pid) -> Paths {
    let mounts = cgroup_mounts(ctx, &format!("/proc/{pid}"));
    Paths::new(Kinds::new(mounts), pid)
}

fn options(pid: Pid, children: bool, numbers: Vec<u16>) -> Options {
    Options {
        pid: pid.0,
        children,
        by_thread: false,
        stream: Some(StreamOptions {
            numbers: Some(numbers),
            ..StreamOptions::default()
        }),
    }
}

fn stopped(ctx: &Ctx<'_>) -> Result<(), Missing> {
    if ctx.cancel.requested() {
        let reason = "interrupted before they were counted";
        return Err(Missing::new(MissingKind::Interrupted, reason));
    }
    Ok(())
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

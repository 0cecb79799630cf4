//! One capture from its beginning to its end: until its time is over, the user stops it, or the
//! target ends.

use crate::Ctx;
use nodesleuth_model::evidence::{RefusedEngine, TracedCpu};
use nodesleuth_model::{BootNanos, Missing, MissingKind, Ticks};
use nodesleuth_parse::proc::pid_stat;
use nodesleuth_trace::{Attempt, Options, Record, Session, Summary, TraceError};
use std::time::Duration;

/// Rings are read so often: nothing wakes us, as a wake-up for each event would cost the target
/// many times what the event itself costs.
const POLL: Duration = Duration::from_millis(5);
/// What it takes to count system calls.
pub(super) const NEED: &str = "root, or CAP_BPF and CAP_PERFMON";

/// A capture that is over.
pub(super) struct Watched {
    pub(super) began: BootNanos,
    pub(super) summary: Summary,
    pub(super) engine: String,
    pub(super) refused: Vec<RefusedEngine>,
    pub(super) target_cpu: Option<TracedCpu>,
}

/// Takes single calls.
pub(super) type Each<'a> = dyn FnMut(&Record<'_>) + 'a;

/// A way to watch: the real one, or a test's.
pub(super) type Watch<'a> =
    dyn Fn(&Options, Duration, &mut Each<'_>) -> Result<Watched, Missing> + 'a;

/// Watches the live system.
pub(super) fn live(
    ctx: &Ctx<'_>,
    options: &Options,
    length: Duration,
    each: &mut Each<'_>,
) -> Result<Watched, Missing> {
    let mut session = Session::open(options, None).map_err(missing)?;
    let process = format!("/proc/{}", options.pid);
    let before = cpu_of(ctx, &process);
    let began = ctx.clock.boot();
    loop {
        session.poll(each).map_err(missing)?;
        let past = Duration::from_nanos(ctx.clock.boot().since(began).0);
        let left = length.saturating_sub(past);
        if left.is_zero() || ctx.cancel.requested() || !ctx.node.path(&process).exists() {
            break;
        }
        ctx.clock.wait(left.min(POLL));
    }
    let after = cpu_of(ctx, &process);
    let (engine, refused) = (session.engine().to_string(), refused(session.attempts()));
    let summary = session.finish(each).map_err(missing)?;
    Ok(Watched {
        began,
        summary,
        engine,
        refused,
        target_cpu: before.zip(after).map(|(before, after)| TracedCpu {
            user: Ticks(after.user.0.saturating_sub(before.user.0)),
            kernel: Ticks(after.kernel.0.saturating_sub(before.kernel.0)),
        }),
    })
}

/// CPU of the process so far. The kernel adds up all its threads for this, so it is read only at
/// both ends.
fn cpu_of(ctx: &Ctx<'_>, process: &str) -> Option<TracedCpu> {
    let line = ctx.node.bytes(&format!("{process}/stat")).ok()?;
    let times = pid_stat::times(&line).ok()?;
    Some(TracedCpu {
        user: Ticks(times.utime),
        kernel: Ticks(times.stime),
    })
}

fn refused(attempts: &[Attempt]) -> Vec<RefusedEngine> {
    let refused = attempts.iter().filter_map(|attempt| {
        Some(RefusedEngine {
            engine: attempt.engine.to_string(),
            reason: attempt.refused.clone()?,
        })
    });
    refused.collect()
}

pub(super) fn missing(error: TraceError) -> Missing {
    let reason = error.to_string();
    match error {
        TraceError::NoProcess(_) => Missing::new(
            MissingKind::TargetGone,
            "the target ended before they were counted",
        ),
        TraceError::NoEngine(_) => Missing::new(MissingKind::Permission, reason).needs(NEED),
        TraceError::ThirtyTwoBit(_) => Missing::new(MissingKind::Unsupported, reason),
        TraceError::Broken { .. } => Missing::new(MissingKind::Failed, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_trace::Engine;

    #[test]
    fn why_nothing_was_counted_says_what_would_help() {
        let attempts = vec![Attempt {
            engine: Engine::BpfRing,
            refused: Some("operation not permitted".to_owned()),
        }];
        assert_eq!(refused(&attempts)[0].engine, "bpf-ring");
        let missing = super::missing(TraceError::NoEngine(attempts)).to_string();
        assert!(
            missing.contains("bpf-ring: operation not permitted"),
            "{missing}"
        );
        assert!(missing.contains("needs root, or CAP_BPF"), "{missing}");
    }

    #[test]
    fn a_target_that_is_gone_is_said_so() {
        let gone = super::missing(TraceError::NoProcess(7));
        assert_eq!(gone.kind, MissingKind::TargetGone);
    }
}

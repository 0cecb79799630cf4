//! Samples the target's stacks while the window is open, in a thread of its own.

use crate::Ctx;
use crate::stacks::{NamedStacks, ProfileWords, StackNamer};
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{ProfileRecord, RefusedEngine, StackRecording, UnresolvedCode};
use nodesleuth_model::{Evidence, Missing, MissingKind, Nanos, Observed};
use nodesleuth_trace::stacks::{
    StackCapture, StackError, StackOptions, StackSession, StackTarget, start as open,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread::{Scope, ScopedJoinHandle};

/// What sampling stacks takes.
const NEED: &str = "root, or CAP_PERFMON (with CAP_BPF for the better engine)";

/// File of the bundle that holds the stacks.
fn file() -> String {
    format!("{PROFILES_DIR}/stacks.pb.gz")
}

/// The thread that samples.
pub(crate) struct Sampling<'scope> {
    stop: &'scope AtomicBool,
    thread: ScopedJoinHandle<'scope, Result<Sampled, Missing>>,
}

/// What it brings back.
struct Sampled {
    recording: StackRecording,
    profile: Vec<u8>,
}

/// Begins, and comes back once samples are taken or it is clear that none will be. `None` when
/// nobody asked for stacks; `stop` is set by [`Sampling::finish`].
pub(crate) fn start<'scope, 'env: 'scope>(
    scope: &'scope Scope<'scope, 'env>,
    ctx: &'env Ctx<'env>,
    stop: &'env AtomicBool,
) -> Option<Sampling<'scope>> {
    let hz = ctx.stacks_hz?;
    let (ready, begun) = mpsc::channel();
    let thread = scope.spawn(move || sample(ctx, hz, stop, ready));
    wait_for(&begun);
    Some(Sampling { stop, thread })
}

/// The sender is dropped when the capture runs, and when there will be none.
fn wait_for(begun: &Receiver<()>) {
    while begun.recv().is_ok() {}
}

impl Sampling<'_> {
    /// Ends the capture, gives the stacks their names and puts them into the evidence. Returns the
    /// profile for the bundle.
    pub(crate) fn finish(self, evidence: &mut Evidence) -> Option<(String, Vec<u8>)> {
        self.stop.store(true, Ordering::Relaxed);
        let sampled = self.thread.join().unwrap_or_else(|_| {
            let reason = "sampling stacks ended in a panic: a bug in nodesleuth";
            Err(Missing::new(MissingKind::Failed, reason))
        });
        match sampled {
            Ok(Sampled { recording, profile }) => {
                evidence.profiles.push(ProfileRecord {
                    file: file(),
                    source: format!("stacks sampled by {}", recording.engine),
                    covers_window: true,
                    ..ProfileRecord::default()
                });
                evidence.stacks = Observed::Value(recording);
                Some((file(), profile))
            }
            Err(missing) => {
                evidence.stacks = Observed::Unavailable(missing);
                None
            }
        }
    }
}

fn sample(
    ctx: &Ctx<'_>,
    hz: u32,
    stop: &AtomicBool,
    ready: mpsc::Sender<()>,
) -> Result<Sampled, Missing> {
    let target = ctx
        .target
        .ok_or_else(|| Missing::new(MissingKind::Absent, "there is no target to sample"))?;
    let options = StackOptions {
        hz,
        children: true,
        ..StackOptions::new(StackTarget::Process(target.0))
    };
    let time_unix_ns = ctx.clock.utc_unix_nanos();
    let mut session = open(&options).map_err(missing)?;
    let mut namer = StackNamer::new(ctx.node);
    namer.know(target.0);
    drop(ready);
    while !stop.load(Ordering::Relaxed) {
        namer.follow(&session.poll().map_err(missing)?);
        ctx.clock.wait(session.pause());
    }
    namer.look_again(target.0);
    let recording = begun(&session, hz);
    let words = ProfileWords {
        time_unix_ns,
        hz,
        main: Some(target.0),
        off_cpu: false,
        process_frames: true,
        comments: vec![format!(
            "engine {}, {} at {hz} Hz",
            session.engine(),
            session.event()
        )],
    };
    let capture = session.finish().map_err(missing)?;
    let named = namer.name(&capture, &words);
    let mut profile = Vec::new();
    nodesleuth_profile::write(&named.profile, &mut profile)
        .map_err(|error| Missing::new(MissingKind::Failed, error.to_string()))?;
    Ok(Sampled {
        recording: told(recording, &capture, &named),
        profile,
    })
}

fn begun(session: &StackSession, hz: u32) -> StackRecording {
    let not_used = session
        .not_used()
        .iter()
        .map(|(engine, reason)| RefusedEngine {
            engine: engine.to_string(),
            reason: reason.clone(),
        });
    StackRecording {
        engine: session.engine().to_string(),
        not_used: not_used.collect(),
        hz,
        file: file(),
        kernel_missing: session.kernel_missing().map(str::to_owned),
        ..StackRecording::default()
    }
}

fn told(recording: StackRecording, capture: &StackCapture, named: &NamedStacks) -> StackRecording {
    let figures = &named.figures;
    let unresolved = figures.unresolved.iter();
    let mut unresolved: Vec<UnresolvedCode> = unresolved
        .map(|(unnamed, samples)| UnresolvedCode {
            module: unnamed.module.to_string(),
            why: unnamed.why.to_string(),
            samples: *samples,
        })
        .collect();
    unresolved.sort_by_key(|code| std::cmp::Reverse(code.samples));
    StackRecording {
        samples: figures.samples,
        on_cpu: Nanos(figures.on_cpu_ns),
        in_kernel: Nanos(figures.kernel_ns),
        lost: capture.lost,
        broken: figures.broken,
        truncated: figures.truncated,
        no_user_stack: figures.no_user_stack,
        unresolved,
        kernel_problem: named.kernel_problem.clone(),
        ..recording
    }
}

fn missing(error: StackError) -> Missing {
    let reason = error.to_string();
    match error {
        StackError::NoProcess(_) => Missing::new(
            MissingKind::TargetGone,
            "the target ended before stacks were sampled",
        ),
        StackError::NoEngine(_) => Missing::new(MissingKind::Permission, reason).needs(NEED),
        StackError::Thread { .. }
        | StackError::ThirtyTwoBit(_)
        | StackError::Frequency(_)
        | StackError::Broken { .. } => Missing::new(MissingKind::Failed, reason),
    }
}

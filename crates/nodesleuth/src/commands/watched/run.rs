//! Watching until the time is over, the user stops it, enough was seen, or the process ends.

use super::WatchArgs;
use super::process::{cpu_of, has_ended, own_cpu};
use crate::failure::Failure;
use crate::output;
use nodesleuth_collect::{Cancel, Clock, Progress, SystemClock};
use nodesleuth_model::evidence::Target;
use nodesleuth_model::units::grouped;
use nodesleuth_model::{BootNanos, Cores, Nanos, printable};
use nodesleuth_trace::{Arch, Attempt, Engine, Options, Record, Session, Summary};
use std::time::Duration;

/// Looking whether the process is still there costs more than reading a ring.
const LOOK_EVERY: Nanos = Nanos(50_000_000);

/// A capture that is over.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) target: Target,
    pub(crate) summary: Summary,
    pub(crate) attempts: Vec<nodesleuth_trace::Attempt>,
    /// CPU that the target used meanwhile; `None`: its clock could not be read.
    pub(crate) target_cpu: Option<Nanos>,
    /// CPU that we used until everything was loaded.
    pub(crate) setup_cpu: Nanos,
    /// CPU that we used from then on.
    pub(crate) own_cpu: Nanos,
    /// Why it ended before its time.
    pub(crate) ended: Ended,
}

impl Watched {
    /// What watching cost others and us, as a line.
    pub(crate) fn cost(&self) -> String {
        let summary = &self.summary;
        let seconds = Nanos(summary.length_ns).seconds().max(1e-9);
        let own = Cores(self.own_cpu.seconds() / seconds);
        let cost = &summary.cost;
        let others = match (&cost.node_calls, cost.cores(summary.length_ns)) {
            (Some(calls), Some(cores)) => format!(
                "{} system calls/s on the whole node took {:.0} ns more each: {} cores",
                grouped((*calls as f64 / seconds) as u64),
                cost.call_during_ns.unwrap_or(0.0) - cost.call_before_ns.unwrap_or(0.0),
                Cores(cores)
            ),
            _ => "what others paid was not measured".to_owned(),
        };
        format!(
            "cost of watching: {others}; nodesleuth itself {own} cores, and {} of CPU to begin\n",
            self.setup_cpu
        )
    }
}

/// What ended a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// Its time was over, or enough was seen.
    InTime,
    /// The user stopped it.
    Stopped,
    /// The process watched ended.
    TargetGone,
}

/// What watching needs from outside.
pub(crate) struct Watch<'a> {
    pub(crate) args: &'a WatchArgs,
    pub(crate) options: &'a Options,
    pub(crate) cancel: &'a Cancel,
    pub(crate) progress: &'a dyn Progress,
    /// Asked whether enough was seen.
    pub(crate) enough: &'a dyn Fn() -> bool,
}

impl Watch<'_> {
    /// Watches until there is an end; hands over each record.
    pub(crate) fn run(
        &self,
        target: Target,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> Result<Watched, Failure> {
        let before_setup = own_cpu();
        let mut session = Session::open(self.options, self.args.engine)?;
        let after_setup = own_cpu();
        tell_refused(session.attempts());
        tell_untold(session.engine());
        self.progress
            .stage(&format!("watching with engine {}", session.engine()));
        let before = cpu_of(self.options.pid);
        let mut cpu = before;
        let ended = self.until_an_end(&mut session, &mut cpu, each)?;
        let attempts = session.attempts().to_vec();
        let summary = session.finish(each)?;
        Ok(Watched {
            target,
            summary,
            attempts,
            target_cpu: before.zip(cpu).map(|(before, after)| since(after, before)),
            setup_cpu: since(after_setup, before_setup),
            own_cpu: since(own_cpu(), after_setup),
            ended,
        })
    }

    fn until_an_end(
        &self,
        session: &mut Session,
        cpu: &mut Option<Nanos>,
        each: &mut dyn FnMut(&Record<'_>),
    ) -> Result<Ended, Failure> {
        let clock = SystemClock;
        let begin = clock.boot();
        let mut looked = BootNanos::default();
        loop {
            session.poll(each)?;
            let now = clock.boot();
            if now.since(looked) >= LOOK_EVERY {
                looked = now;
                if has_ended(self.options.pid) {
                    return Ok(Ended::TargetGone);
                }
                *cpu = cpu_of(self.options.pid).or(*cpu);
            }
            if self.cancel.requested() {
                return Ok(Ended::Stopped);
            }
            let passed = Duration::from_nanos(now.since(begin).0);
            let left = self.args.length.saturating_sub(passed);
            if left.is_zero() || (self.enough)() {
                *cpu = cpu_of(self.options.pid).or(*cpu);
                return Ok(Ended::InTime);
            }
            clock.wait(left.min(session.pause()));
        }
    }
}

fn since(after: Nanos, before: Nanos) -> Nanos {
    Nanos(after.0.saturating_sub(before.0))
}

/// Says what the engine takes for something else.
fn tell_untold(engine: Engine) {
    if Arch::native() == Some(Arch::X86_64) && !engine.tells_32_bit() {
        output::note(&format!(
            "note: engine {engine} cannot tell calls by the 32-bit interface (int $0x80) from the \
             others: a program that makes some has them shown under wrong names\n"
        ));
    }
}

/// Says why a better engine does not run.
fn tell_refused(attempts: &[Attempt]) {
    for attempt in attempts {
        if let Some(reason) = &attempt.refused {
            let (engine, reason) = (attempt.engine, printable(reason));
            output::note(&format!("note: engine {engine} cannot run: {reason}\n"));
        }
    }
}

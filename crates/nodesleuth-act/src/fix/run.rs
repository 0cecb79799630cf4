//! Carries a prepared plan out: guards, journal, one step after another, and the look afterwards.

use super::guard::{obstacle, under_pressure};
use super::journal::Journal;
use super::look::{Look, Looker, Target};
use super::prepare::prepare;
use super::step_child::{self, Answer};
use super::{Limits, Obstacle, Prepared, Refusal, Request, Step};
use crate::ActError;
use nodesleuth_collect::Progress;
use nodesleuth_model::{BootNanos, Pid};
use serde::Serialize;
use std::time::{Duration, Instant};

/// The kernel releases cgroups after an RCU grace period, one after another in a queue of its own:
/// of 20,000 that had read files it had released 1,446 after ten seconds (6.1 v2, emulated on a busy
/// machine), of 20,000 that had written files 262 (5.10 v2), and all in three minutes.
const RELEASE_LIMIT: Duration = Duration::from_secs(300);
/// The queue is empty when for so long no cgroup has gone.
const RELEASE_STILL: Duration = Duration::from_secs(5);
const RELEASE_PAUSE: Duration = Duration::from_millis(500);

/// One fix of one node.
#[derive(Debug)]
pub struct Fix<'a> {
    /// Where.
    pub looker: Looker<'a>,
    /// When not.
    pub limits: Limits,
    /// What.
    pub request: Request,
    /// Where its journal is kept.
    pub state_folder: String,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepResult {
    /// The step.
    pub step: Step,
    /// Things done; of a write 1 or 0.
    pub done: usize,
    /// What did not work, and why.
    pub failed: Vec<String>,
    /// A process that is stuck in the kernel with it.
    pub stuck: Option<Pid>,
    /// Wall time.
    pub seconds: f64,
}

/// Why no further step was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// All steps were tried.
    Completely,
    /// A guard stopped it between two steps.
    Stopped(Obstacle),
    /// The user did.
    Interrupted,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Done {
    /// Each step that was tried.
    pub steps: Vec<StepResult>,
    /// Why it ended.
    pub ended: Ended,
    /// What was seen afterwards.
    pub after: Look,
}

impl Fix<'_> {
    /// Looks at the node and plans.
    ///
    /// # Errors
    /// When the plan cannot be carried out on this node.
    pub fn prepare(&self) -> Result<Prepared, Refusal> {
        prepare(&self.looker, &self.request)
    }

    /// What is in the way of carrying it out now.
    #[must_use]
    pub fn obstacle(&self, prepared: &Prepared) -> Option<Obstacle> {
        obstacle(self.request.plan, &prepared.before, &self.limits)
    }

    /// Watches the target before the first step.
    pub fn watch_before(&self, prepared: &mut Prepared, target: &Target) {
        let look = &mut prepared.before;
        look.target = self.looker.watch(target, &mut look.missing);
    }

    /// Carries the steps out and looks again.
    ///
    /// # Errors
    /// When what is about to be done cannot be written down first.
    pub fn carry_out(
        &self,
        prepared: &Prepared,
        target: Option<&Target>,
        progress: &dyn Progress,
    ) -> Result<Done, ActError> {
        let looker = &self.looker;
        let plan = self.request.plan.id();
        let began = looker.clock.utc_unix_nanos();
        let steps = &prepared.steps;
        let mut journal = Journal::open(looker.node, &self.state_folder, (plan, steps), began)?;
        let mut results = Vec::new();
        let mut ended = Ended::Completely;
        for (index, step) in steps.iter().enumerate() {
            if looker.cancel.requested() {
                ended = Ended::Interrupted;
                break;
            }
            let calm = under_pressure(&looker.pressure(), &self.limits);
            // What the steps before wrote may itself press on storage: judged before the first.
            if let Some(obstacle) = calm.filter(|found| index == 0 || !is_io(found)) {
                ended = Ended::Stopped(obstacle);
                break;
            }
            progress.stage(&step.to_string());
            journal.begin(index)?;
            let (result, cancelled) = self.one_step(step);
            results.push(result);
            if cancelled {
                ended = Ended::Interrupted;
                break;
            }
            journal.end()?;
        }
        let interrupted = ended == Ended::Interrupted;
        let after = self.look_after(prepared, target, progress);
        // An interrupted fix is told at the next start too.
        if !interrupted {
            journal.close()?;
        }
        Ok(Done {
            steps: results,
            ended,
            after,
        })
    }

    fn one_step(&self, step: &Step) -> (StepResult, bool) {
        let looker = &self.looker;
        let began = Instant::now();
        let answer = step_child::run(&looker.binary, looker.node, step, looker.cancel);
        let cancelled = matches!(answer, Answer::Cancelled(_));
        let (done, failed, stuck) = match answer {
            Answer::Said(said) => {
                let mut failed = said.why;
                let unnamed = said.failed.saturating_sub(failed.len());
                if unnamed > 0 {
                    failed.push(format!("and {unnamed} more"));
                }
                (said.done, failed, None)
            }
            Answer::Failed(why) => (0, vec![why], None),
            Answer::TimedOut(stuck) => {
                let limit = step.limit().as_secs();
                (
                    0,
                    vec![format!("not done after {limit} s, given up")],
                    stuck,
                )
            }
            Answer::Cancelled(stuck) => {
                (0, vec!["interrupted while it was done".to_owned()], stuck)
            }
        };
        let result = StepResult {
            step: step.clone(),
            done,
            failed,
            stuck,
            seconds: began.elapsed().as_secs_f64(),
        };
        (result, cancelled)
    }

    /// Waits until the kernel has released and counted what it releases, then looks.
    fn look_after(
        &self,
        prepared: &Prepared,
        target: Option<&Target>,
        progress: &dyn Progress,
    ) -> Look {
        let looker = &self.looker;
        progress.stage("waiting for the kernel to release cgroups");
        let all_released = self.let_cgroups_go();
        progress.stage("looking at what has changed");
        let subtree = prepared.subtree.as_ref();
        if subtree.is_some() {
            looker.let_statistics_settle();
        }
        let mut look = looker.look_again(subtree);
        if !all_released {
            look.missing.push(format!(
                "what the remedy frees in the end: after {} s the kernel was still releasing cgroups",
                RELEASE_LIMIT.as_secs()
            ));
        }
        look.target = target.and_then(|target| looker.watch(target, &mut look.missing));
        look
    }

    /// Waits as long as there are fewer and fewer dying cgroups; whether that came to its end.
    fn let_cgroups_go(&self) -> bool {
        let looker = &self.looker;
        let began = looker.clock.boot();
        let since =
            |then: BootNanos| Duration::from_nanos(looker.clock.boot().0.saturating_sub(then.0));
        let (mut fewest, mut fell) = (looker.dying(), began);
        while fewest != Some(0) && since(fell) < RELEASE_STILL && !looker.cancel.requested() {
            if since(began) >= RELEASE_LIMIT {
                return false;
            }
            looker.clock.wait(RELEASE_PAUSE);
            let now = looker.dying();
            if now.zip(fewest).is_some_and(|(now, before)| now < before) {
                (fewest, fell) = (now, looker.clock.boot());
            }
        }
        true
    }
}

fn is_io(obstacle: &Obstacle) -> bool {
    matches!(obstacle, Obstacle::Pressure { resource, .. } if *resource == "io")
}

#[cfg(test)]
mod tests;

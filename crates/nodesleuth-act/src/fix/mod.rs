//! Remedies for cgroups: planned, guarded, carried out one step after another, measured before and
//! after.
//!
//! A step that may hang in the kernel runs in a process of its own under a deadline (`step_child`);
//! what is about to be done is on disk before it is done ([`journal`]); nothing here prints.

mod do_step;
mod empty_cgroups;
mod filesystems;
mod guard;
pub mod journal;
mod look;
mod plan;
mod prepare;
mod reclaim;
mod run;
mod step;
mod step_child;
mod verdict;

pub use empty_cgroups::EmptyCgroups;
pub use guard::{Limits, Obstacle};
pub use look::{Look, Looker, SlowestRead, SubtreeLook, Target, TargetCpu};
pub use plan::Plan;
pub use prepare::{Prepared, Refusal, Request, Subtree};
pub use run::{Done, Ended, Fix, StepResult};
pub use step::Step;
pub use step_child::{COMMAND, child_main};
pub use verdict::{Verdict, verdict};

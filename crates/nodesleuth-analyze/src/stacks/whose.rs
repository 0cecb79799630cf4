//! Which stacks of a recording are the target's: one of the whole machine has everybody's.

use nodesleuth_model::Evidence;
use nodesleuth_profile::{LabelValue, Profile, Stack};
use std::collections::BTreeSet;

/// Key of the label that holds the process id.
const PID: &str = "pid";
/// Keys of which at least one is in a recording of several processes.
const IDS: &[&str] = &[PID, "tid"];

/// Whose stacks are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The recording is of one process, or nobody knows the target.
    Everybodys,
    /// Of the process with this id.
    Pid(i64),
    /// Whose root frame is this process name, as perf's texts have it.
    Comm(String),
    /// The recording holds none of the target.
    Nobodys,
}

impl Whose {
    pub(super) fn of(profile: &Profile, evidence: &Evidence) -> Self {
        let Some(target) = evidence.target.value() else {
            return Self::Everybodys;
        };
        let mut pids = BTreeSet::new();
        let (mut is_root, mut has_ids) = (false, false);
        for stack in profile.stacks() {
            pids.extend(pid(stack));
            is_root |= root(stack).is_some_and(|name| name == target.comm);
            has_ids |= stack.labels().any(|label| IDS.contains(&label.key));
        }
        let wanted = i64::from(target.pid.0);
        if pids.contains(&wanted) {
            return Self::Pid(wanted);
        }
        match (is_root, has_ids) {
            (true, _) => Self::Comm(target.comm.clone()),
            (false, true) => Self::Nobodys,
            (false, false) => Self::Everybodys,
        }
    }

    pub(super) fn is(&self, stack: Stack<'_>) -> bool {
        match self {
            Self::Everybodys => true,
            Self::Pid(wanted) => pid(stack) == Some(*wanted),
            Self::Comm(wanted) => root(stack) == Some(wanted),
            Self::Nobodys => false,
        }
    }
}

fn pid(stack: Stack<'_>) -> Option<i64> {
    stack.labels().find_map(|label| match label.value {
        LabelValue::Number { number, .. } if label.key == PID => Some(number),
        _ => None,
    })
}

fn root(stack: Stack<'_>) -> Option<&str> {
    stack.frames().next().map(|frame| frame.name())
}

//! What a number given as a process id really is.

use crate::Node;
use nodesleuth_model::Pid;
use nodesleuth_parse::proc::status;

/// What a number given as a process id really is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidKind {
    /// A process.
    Process,
    /// A thread of this process, not its first one.
    ThreadOf(Pid),
    /// Nobody, or somebody we are not shown (`hidepid`).
    Nobody,
}

impl PidKind {
    /// Looks it up. `/proc/TID` opens for every thread, although only processes are listed.
    #[must_use]
    pub fn of(node: &Node, pid: Pid) -> Self {
        let Ok(text) = node.text(&format!("/proc/{pid}/status")) else {
            return Self::Nobody;
        };
        match status::parse(&text).ok().and_then(|status| status.tgid) {
            Some(tgid) if tgid != pid.0 => Self::ThreadOf(Pid(tgid)),
            _ => Self::Process,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    #[test]
    fn a_thread_id_is_told_from_a_process_id() {
        let fake = FakeNode::new()
            .file("/proc/7/status", "Name:\tkubelet\nTgid:\t7\n")
            .file("/proc/9/status", "Name:\tkubelet\nTgid:\t7\n");
        assert_eq!(PidKind::of(&fake.node, Pid(7)), PidKind::Process);
        assert_eq!(PidKind::of(&fake.node, Pid(9)), PidKind::ThreadOf(Pid(7)));
        assert_eq!(PidKind::of(&fake.node, Pid(8)), PidKind::Nobody);
    }
}

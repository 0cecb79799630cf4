//! The kernel's own account of the CPU time whose stacks are taken: sampled time is held against it.

use crate::Node;
use crate::tasks::{ProcessClock, ticks_per_second};
use nodesleuth_model::{Nanos, Pid, Ticks};
use nodesleuth_parse::proc::{pid_stat, stat};
use std::collections::BTreeMap;

/// Columns of `/proc/stat` in which CPUs do nothing, or belong to others: idle, iowait, steal. Time
/// of guests is in user time already.
const NOT_BUSY: [usize; 5] = [3, 4, 7, 8, 9];

/// Whose time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuScope {
    /// One process.
    Process(u32),
    /// It, and what it starts from now on.
    Family(u32),
    /// All processes of the node, with interrupts.
    Node,
}

/// An account that is kept during a capture.
#[derive(Debug)]
pub struct CpuAccount<'n> {
    node: &'n Node,
    scope: CpuScope,
    children: BTreeMap<u32, ProcessClock>,
    clock: ProcessClock,
    before: Option<Nanos>,
    /// At the last look at which there was one.
    now: Option<Nanos>,
}

impl<'n> CpuAccount<'n> {
    /// Begins with what was used so far.
    pub fn begin(node: &'n Node, scope: CpuScope) -> Self {
        let clock = match scope {
            CpuScope::Process(pid) | CpuScope::Family(pid) if node.is_live() => {
                ProcessClock::of(Pid(pid))
            }
            _ => ProcessClock::none(),
        };
        let mut account = Self {
            node,
            scope,
            children: BTreeMap::new(),
            clock,
            before: None,
            now: None,
        };
        account.before = account.sum();
        account.now = account.before;
        account
    }

    /// Takes note of a process that was started by one of the family.
    pub fn started(&mut self, pid: u32) {
        if matches!(self.scope, CpuScope::Family(_)) {
            self.children.insert(pid, ProcessClock::of(Pid(pid)));
        }
    }

    /// Looks again; to be called now and then, as the process may end.
    pub fn look(&mut self) {
        self.now = self.sum().or(self.now);
    }

    /// What was used from the beginning to the last look; `None` if it could not be read.
    pub fn used(&self) -> Option<Nanos> {
        let (before, now) = (self.before?, self.now?);
        Some(Nanos(now.0.saturating_sub(before.0)))
    }

    fn sum(&mut self) -> Option<Nanos> {
        match self.scope {
            CpuScope::Process(_) => self.clock.read(),
            CpuScope::Family(pid) => {
                let own = self.clock.read()?.0 + waited_for(self.node, pid)?.0;
                // Those that have ended are in the time that their parents waited for.
                self.children.retain(|_, clock| clock.read().is_some());
                let of_child = |(pid, clock): (&u32, &ProcessClock)| {
                    let waited = waited_for(self.node, *pid).unwrap_or_default();
                    clock.read().unwrap_or_default().0 + waited.0
                };
                Some(Nanos(own + self.children.iter().map(of_child).sum::<u64>()))
            }
            CpuScope::Node => busy(self.node),
        }
    }
}

/// Time of children that have ended and were waited for.
fn waited_for(node: &Node, pid: u32) -> Option<Nanos> {
    let line = node.bytes(&format!("/proc/{pid}/stat")).ok()?;
    let times = pid_stat::times(&line).ok()?;
    Some(nanos(times.cutime.saturating_add(times.cstime)))
}

fn busy(node: &Node) -> Option<Nanos> {
    let machine = stat::parse(&node.text("/proc/stat").ok()?).ok()?;
    let columns = machine.total.iter().enumerate();
    let busy = columns.filter(|(column, _)| !NOT_BUSY.contains(column));
    Some(nanos(busy.map(|(_, ticks)| ticks.0).sum()))
}

fn nanos(ticks: u64) -> Nanos {
    Nanos::from_seconds(Ticks(ticks).seconds(ticks_per_second()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    fn stat(user: u64, idle: u64) -> String {
        format!(
            "cpu  {user} 10 20 {idle} 5 1 2 9 {user} 0\nctxt 1\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n"
        )
    }

    #[test]
    fn a_node_is_busy_where_it_is_not_idle() {
        let fake = FakeNode::new().file("/proc/stat", &stat(100, 1000));
        let mut account = CpuAccount::begin(&fake.node, CpuScope::Node);
        fake.write("/proc/stat", &stat(250, 5000));
        account.look();
        assert_eq!(account.used(), Some(nanos(150)));
    }

    #[test]
    fn a_process_that_is_not_there_has_no_account() {
        let fake = FakeNode::new();
        for scope in [CpuScope::Process(7), CpuScope::Family(7), CpuScope::Node] {
            assert_eq!(CpuAccount::begin(&fake.node, scope).used(), None);
        }
    }

    #[test]
    fn our_own_time_is_counted() {
        let node = Node::live();
        let mut account = CpuAccount::begin(&node, CpuScope::Family(std::process::id()));
        let sum: u64 = (0..200_000_u64).map(std::hint::black_box).sum();
        account.look();
        assert!(account.used() > Some(Nanos(0)), "{sum}");
    }
}

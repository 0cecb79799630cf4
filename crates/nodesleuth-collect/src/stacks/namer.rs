//! Follows processes while their stacks are taken, and names the stacks at the end.

use super::kernel_names::KernelNames;
use super::named_files::{self, NamedFiles};
use super::named_stacks::{self, Draft, NamedStacks, ProfileWords};
use super::processes::Processes;
use super::versions;
use crate::Node;
use crate::cpu_time::monotonic;
use crate::file_kind::Kinds;
use crate::tasks::cgroup_mounts;
use nodesleuth_trace::stacks::{StackCapture, StackCount, TaskEvent};
use std::collections::BTreeSet;

/// Knows what processes had mapped.
#[derive(Debug)]
pub struct StackNamer<'n> {
    processes: Processes<'n>,
    kernel: KernelNames<'n>,
}

impl<'n> StackNamer<'n> {
    /// One that knows no process yet.
    pub fn new(node: &'n Node) -> Self {
        Self {
            processes: Processes::new(node),
            kernel: KernelNames::new(node),
        }
    }

    /// Reads what a process has mapped and opens it; to be called once the capture runs, so that
    /// nothing is missed in between.
    pub fn know(&mut self, pid: u32) {
        self.processes.read(pid, monotonic().0);
    }

    /// The same for every process of the node.
    pub fn know_all(&mut self) {
        self.processes.read_all(monotonic().0);
    }

    /// Takes what the capture tells of processes, which should be soon after it happened.
    pub fn follow(&mut self, events: &[TaskEvent]) {
        self.processes.follow(events);
    }

    /// Looks once more at a process that still runs, for what it has mapped since.
    pub fn look_again(&mut self, pid: u32) {
        self.processes.read_again(pid);
    }

    /// Names the stacks of a capture that is over.
    pub fn name(&self, capture: &StackCapture, words: &ProfileWords) -> NamedStacks {
        let builder = named_stacks::builder(words);
        let draft = Draft::new(&self.processes, &self.kernel, words, builder);
        let (profile, figures) = draft.samples(capture);
        NamedStacks {
            profile,
            figures,
            kernel_problem: self.kernel.problem().map(str::to_owned),
            versions: self.versions(&capture.stacks),
        }
    }

    /// Names calls about files; `pid` has the mounts that tell which are of cgroups.
    pub fn name_files(&self, capture: &StackCapture, words: &ProfileWords, pid: u32) -> NamedFiles {
        let mounts = cgroup_mounts(self.processes.node(), &format!("/proc/{pid}"));
        let kinds = Kinds::new(mounts);
        let (processes, kernel) = (&self.processes, &self.kernel);
        let named = named_files::name(processes, kernel, &kinds, capture, words);
        NamedFiles {
            versions: self.versions(capture.files.iter().map(|file| &file.stack)),
            ..named
        }
    }

    /// Of the binaries whose code is in these stacks.
    fn versions<'s>(&self, stacks: impl IntoIterator<Item = &'s StackCount>) -> Vec<String> {
        let stacks = stacks.into_iter();
        let programs: BTreeSet<_> = stacks.map(|stack| (stack.tgid, stack.exec)).collect();
        let builds = self.processes.files_of(&programs);
        versions::agreed(builds.filter_map(|file| file.go_if_read()))
    }
}

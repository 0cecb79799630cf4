//! What is heard of cgroups, whoever tells it: counted as it comes, with the names of whom they are.

use super::KEPT;
use super::owners::Pods;
use super::tally::Tally;
use crate::Node;
use nodesleuth_model::evidence::CgroupGrowth;
use nodesleuth_trace::{CgroupEvent, CgroupEvents};

/// Births and deaths so far.
pub(super) struct Heard<'a> {
    node: &'a Node,
    pub(super) tally: Tally,
    pods: Pods,
}

impl<'a> Heard<'a> {
    pub(super) fn nothing(node: &'a Node) -> Self {
        Self {
            node,
            tally: Tally::default(),
            pods: Pods::default(),
        }
    }

    /// Remembers whose they are: a pod's folder may be gone before the watch is over.
    pub(super) fn remember_owners(&mut self) {
        self.pods.look(self.node, &self.tally);
    }

    pub(super) fn growth(mut self) -> CgroupGrowth {
        let mut growth = self.tally.growth(KEPT);
        for group in &mut growth.groups {
            self.pods.name(self.node, group);
        }
        growth
    }
}

fn events(node: &Node) -> Result<CgroupEvents, String> {
    if !node.is_live() {
        return Err("only this machine's own kernel can be asked".to_owned());
    }
    CgroupEvents::open()
}

/// Listens to the kernel's tracepoints.
pub(super) struct Listener<'a> {
    events: CgroupEvents,
    /// The number in the kernel of the hierarchy that is meant; `None`: all.
    hierarchy: Option<u32>,
    heard: Heard<'a>,
}

impl<'a> Listener<'a> {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the kernel refuses, or another root than the machine's own is looked at.
    pub(super) fn open(node: &'a Node, hierarchy: Option<u32>) -> Result<Self, String> {
        Ok(Self {
            events: events(node)?,
            hierarchy,
            heard: Heard::nothing(node),
        })
    }

    /// Takes what has happened since the last time.
    pub(super) fn poll(&mut self) {
        let Self {
            events,
            hierarchy,
            heard,
        } = self;
        events.poll(&mut |event| heard.event(*hierarchy, event));
        heard.remember_owners();
    }

    /// Stops, and says what was heard; for how long is the caller's to say.
    pub(super) fn finish(self) -> CgroupGrowth {
        let Self {
            events,
            hierarchy,
            mut heard,
        } = self;
        let lost = events.finish(&mut |event| heard.event(hierarchy, event));
        CgroupGrowth {
            lost,
            ..heard.growth()
        }
    }
}

impl Heard<'_> {
    fn event(&mut self, hierarchy: Option<u32>, event: CgroupEvent) {
        if hierarchy.is_none_or(|ours| ours == event.hierarchy) {
            self.tally.add(self.node, event);
        }
    }
}

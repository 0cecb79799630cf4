//! Who makes and removes memory cgroups while a target is watched: the kernel's tracepoints cost only
//! whoever makes one, so a thread may listen all the time.

use super::heard::Listener;
use crate::cpu_time::monotonic;
use crate::{Cancel, Node};
use nodesleuth_model::evidence::CgroupGrowth;
use nodesleuth_model::{Missing, MissingKind, Nanos};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Whoever made a cgroup must still be there to have a name; a look at empty rings takes microseconds.
const POLL: Duration = Duration::from_millis(50);

/// Listens until it is finished, dropped or cancelled.
#[derive(Debug)]
pub(crate) struct InWindow {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<CgroupGrowth, String>>>,
}

impl InWindow {
    /// Begins to listen to the hierarchy with this number in the kernel, or to all.
    pub(crate) fn start(
        node: &Node,
        hierarchy: Option<u32>,
        cancel: &Cancel,
    ) -> Result<Self, Missing> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, cancel, node) = (Arc::clone(&stop), cancel.clone(), node.clone());
        let thread = thread::Builder::new()
            .name("cgroup-growth".to_owned())
            .spawn(move || listen(&node, hierarchy, &stopped, &cancel))
            .map_err(|error| Missing::new(MissingKind::Failed, format!("a thread: {error}")))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Stops and says what was heard.
    pub(crate) fn finish(mut self) -> Result<CgroupGrowth, Missing> {
        self.stop();
        let ended = self.thread.take().map(JoinHandle::join);
        match ended {
            Some(Ok(Ok(growth))) => Ok(growth),
            Some(Ok(Err(why))) => Err(Missing::new(MissingKind::Unsupported, why)),
            Some(Err(_)) | None => Err(Missing::new(
                MissingKind::Failed,
                "the thread that listens to cgroups ended in a panic",
            )),
        }
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for InWindow {
    fn drop(&mut self) {
        self.stop();
    }
}

fn listen(
    node: &Node,
    hierarchy: Option<u32>,
    stop: &AtomicBool,
    cancel: &Cancel,
) -> Result<CgroupGrowth, String> {
    let mut listener = Listener::open(node, hierarchy)?;
    let began = monotonic();
    while !stop.load(Ordering::Relaxed) && !cancel.requested() {
        listener.poll();
        thread::park_timeout(POLL);
    }
    let length = Nanos(monotonic().0.saturating_sub(began.0));
    Ok(CgroupGrowth {
        length,
        ..listener.finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    #[test]
    fn another_root_than_the_machines_own_is_not_listened_to() {
        let fake = FakeNode::new();
        let listening = InWindow::start(&fake.node, None, &Cancel::default()).unwrap();
        let missing = listening.finish().unwrap_err();
        assert_eq!(missing.kind, MissingKind::Unsupported);
        assert!(missing.reason.contains("this machine's own kernel"));
    }
}

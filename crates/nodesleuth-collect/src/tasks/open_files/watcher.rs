//! The thread that looks, at a pace that keeps it cheap.

use super::look::ProcessFolder;
use super::tally::Tally;
use crate::file_kind::Kinds;
use crate::{Cancel, cpu_time};
use nodesleuth_model::evidence::OpenFileSamples;
use nodesleuth_model::{Missing, MissingKind, Nanos};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Looks follow each other no faster than this.
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// And no slower, however dear one look is.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A look may take one part in so many of a core.
const PARTS_OF_A_CORE: u32 = 200;
/// So many descriptors are asked for their flags in one look.
const MOST_FLAGS: usize = 8;

/// Looks until it is finished, dropped or cancelled, or the process is gone.
#[derive(Debug)]
pub(super) struct Watcher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<OpenFileSamples>>,
}

impl Watcher {
    /// Takes the first look and starts the thread that takes the others.
    pub(super) fn start(process: PathBuf, kinds: Kinds, cancel: &Cancel) -> io::Result<Self> {
        let mut looks = Looks {
            folder: ProcessFolder::new(process),
            tally: Tally::new(kinds),
            cost: Nanos(0),
        };
        let cost = looks.once()?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, cancel) = (Arc::clone(&stop), cancel.clone());
        let thread = thread::Builder::new()
            .name("open-files".to_owned())
            .spawn(move || looks.go_on(cost, &stopped, &cancel))?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }

    /// Stops looking and says what was seen.
    pub(super) fn finish(mut self) -> Result<OpenFileSamples, Missing> {
        self.stop();
        let samples = self.thread.take().and_then(|thread| thread.join().ok());
        samples.ok_or_else(|| {
            Missing::new(
                MissingKind::Failed,
                "the thread that looks at open files ended in a panic",
            )
        })
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The looks taken so far.
struct Looks {
    folder: ProcessFolder,
    tally: Tally,
    cost: Nanos,
}

impl Looks {
    fn go_on(mut self, first_cost: Nanos, stop: &AtomicBool, cancel: &Cancel) -> OpenFileSamples {
        let mut pause = pause_after(first_cost);
        while !stop.load(Ordering::Relaxed) && !cancel.requested() {
            // Waking early for no reason only means one look more.
            thread::park_timeout(pause);
            if stop.load(Ordering::Relaxed) {
                break;
            }
            match self.once() {
                Ok(cost) => pause = pause_after(cost),
                Err(_) => break,
            }
        }
        self.tally.finish(self.cost)
    }

    /// Looks once and returns the CPU time that it took.
    fn once(&mut self) -> io::Result<Nanos> {
        let before = cpu_time::of_this_thread();
        let Self { folder, tally, .. } = self;
        let seen = folder.look(|fd| tally.wants(fd))?;
        let mut left = MOST_FLAGS;
        tally.add(seen, |fd| {
            let asked = left > 0;
            left = left.saturating_sub(1);
            asked.then(|| folder.is_folder(fd)).flatten()
        });
        let cost = Nanos(cpu_time::of_this_thread().0.saturating_sub(before.0));
        self.cost.0 += cost.0;
        Ok(cost)
    }
}

fn pause_after(cost: Nanos) -> Duration {
    let pause = Duration::from_nanos(cost.0).saturating_mul(PARTS_OF_A_CORE);
    pause.clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    #[test]
    fn a_dear_look_is_followed_by_a_long_pause() {
        assert_eq!(pause_after(Nanos(10_000)), SHORTEST_PAUSE);
        assert_eq!(pause_after(Nanos(1_000_000)), Duration::from_millis(200));
        assert_eq!(pause_after(Nanos(u64::MAX)), LONGEST_PAUSE);
    }

    #[test]
    fn it_ends_at_once_when_finished_or_cancelled() {
        let fake = FakeNode::new().link("/proc/7/fd/3", "/etc/hosts");
        let start = |cancel: &Cancel| {
            Watcher::start(fake.node.path("/proc/7"), Kinds::new(Vec::new()), cancel).unwrap()
        };
        assert!(start(&Cancel::default()).finish().unwrap().samples >= 1);
        let cancel = Cancel::default();
        cancel.flag().store(true, Ordering::Relaxed);
        assert_eq!(start(&cancel).finish().unwrap().samples, 1);
    }

    #[test]
    fn a_process_that_is_gone_ends_it() {
        let fake = FakeNode::new().link("/proc/7/fd/3", "/etc/hosts");
        let folder = ProcessFolder::new(fake.node.path("/proc/7"));
        let tally = Tally::new(Kinds::new(Vec::new()));
        let mut looks = Looks {
            folder,
            tally,
            cost: Nanos(0),
        };
        let cost = looks.once().unwrap();
        fake.remove("/proc/7");
        let samples = looks.go_on(cost, &AtomicBool::new(false), &Cancel::default());
        assert_eq!(samples.samples, 1);
    }
}

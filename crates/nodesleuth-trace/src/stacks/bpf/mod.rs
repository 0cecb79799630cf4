//! Stacks counted in the kernel by a BPF program that a timer of each CPU runs. Everything of it in
//! the kernel hangs on our file descriptors.

mod layout;
mod load;
mod object;

use super::records::PerfRecord;
use super::session::Sampler;
use super::stream::Stream;
use super::tasks::Tasks;
use super::{SampleEvent, StackCapture, StackCount, StackOptions, TaskEvent};
use crate::bpf::refusal;
use crate::clock::monotonic_ns;
use crate::perf;
use layout::{Counted, Key, Message};
use load::Loaded;
use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

/// Whether a sample's bytes after thread and time are a message of our programs.
pub(super) fn understands(rest: &[u8]) -> bool {
    layout::message(rest).is_some()
}

/// A running capture.
pub(super) struct BpfSampler {
    loaded: Loaded,
    stream: Stream,
    tasks: Tasks,
    received: Received,
    shortest_wait_ns: u64,
    started_ns: u64,
}

/// What the programs have sent.
#[derive(Default)]
struct Received {
    frames: HashMap<u64, Arc<[u64]>>,
    counts: Vec<Counted>,
}

impl BpfSampler {
    pub(super) fn open(options: &StackOptions) -> Result<Self, String> {
        let mut loaded = load::load(options)?;
        let stream = Stream::new(std::mem::take(&mut loaded.rings));
        for sampler in &loaded.samplers {
            perf::start(sampler.as_fd())
                .map_err(|error| refusal::reason("starting timers", &error))?;
        }
        Ok(Self {
            loaded,
            stream,
            tasks: Tasks::new(options),
            received: Received::default(),
            shortest_wait_ns: options.shortest_wait_ns,
            started_ns: monotonic_ns(),
        })
    }

    fn drain(&mut self, until: Option<u64>) -> Vec<TaskEvent> {
        let (tasks, received) = (&mut self.tasks, &mut self.received);
        let mut events = Vec::new();
        self.stream.drain(until, &mut |_, told| match told.record {
            PerfRecord::Sample { rest, .. } => received.take(rest),
            _ => events.extend(tasks.take(told)),
        });
        events
    }
}

impl Sampler for BpfSampler {
    fn event(&self) -> SampleEvent {
        SampleEvent::CpuClock
    }

    fn off_cpu_missing(&self) -> Option<&str> {
        self.loaded.off_cpu_missing.as_deref()
    }

    fn kernel_missing(&self) -> Option<&str> {
        None
    }

    fn poll(&mut self) -> Result<Vec<TaskEvent>, String> {
        Ok(self.drain(Some(monotonic_ns())))
    }

    fn finish(mut self: Box<Self>) -> Result<StackCapture, String> {
        let ended_ns = monotonic_ns();
        self.loaded.detach();
        self.drain(Some(u64::MAX));
        let read = self.counted(ended_ns);
        let (counts, counters) =
            read.map_err(|error| refusal::reason("reading the counts", &error))?;
        let mut capture = StackCapture {
            started_ns: self.started_ns,
            ended_ns,
            records_lost: self.stream.lost(),
            ..counters
        };
        self.received.counts.extend(counts);
        self.received.resolve(&mut capture);
        Ok(capture)
    }
}

impl BpfSampler {
    fn counted(&self, ended_ns: u64) -> io::Result<(Vec<Counted>, StackCapture)> {
        let maps = &self.loaded.maps;
        let mut all = Vec::new();
        maps.counts
            .each(&mut |key, count| all.extend(Counted::entry(key, count)))?;
        maps.waiting.each(&mut |_, wait| {
            let wait = Counted::wait(wait, ended_ns);
            all.extend(wait.filter(|wait| wait.count.off_cpu_ns >= self.shortest_wait_ns));
        })?;
        let cpus = perf::possible_cpus()?;
        let counters = maps.cpu_counters.get(&0_u32.to_ne_bytes(), cpus)?;
        Ok((all, layout::counters(&counters)))
    }
}

impl Received {
    fn take(&mut self, bytes: &[u8]) {
        match layout::message(bytes) {
            Some(Message::Frames { hash, frames }) => {
                self.frames.insert(hash, frames);
            }
            Some(Message::Count(counted)) => self.counts.push(counted),
            None => {}
        }
    }

    /// Puts frames in the place of hashes and sums up.
    fn resolve(self, capture: &mut StackCapture) {
        let frames_of = |hash: u64| match hash {
            0 => Some(Arc::default()),
            hash => self.frames.get(&hash).cloned(),
        };
        for Counted { key, count } in merged(self.counts) {
            match (frames_of(key.kernel), frames_of(key.user)) {
                (Some(kernel), Some(user)) => capture.stacks.push(StackCount {
                    kernel,
                    user,
                    ..count
                }),
                // There was no room for them each time that they were to be sent.
                _ => capture.lost += count.samples + count.off_cpu_count,
            }
        }
        capture.sum_up();
    }
}

/// One of each key.
fn merged(mut counts: Vec<Counted>) -> Vec<Counted> {
    let order = |key: &Key| (key.tgid, key.tid, key.image, key.kernel, key.user, key.top);
    counts.sort_by_key(|counted| order(&counted.key));
    counts.dedup_by(|next, kept| {
        let same = next.key == kept.key;
        if same {
            kept.count.add(&next.count);
        }
        same
    });
    counts
}

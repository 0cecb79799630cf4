//! Stacks counted in the kernel by a BPF program that a timer of each CPU runs. Everything of it in
//! the kernel hangs on our file descriptors.

mod file_calls;
mod layout;
mod load;
mod object;

use super::records::PerfRecord;
use super::session::Sampler;
use super::stream::Stream;
use super::tasks::Tasks;
use super::{SampleEvent, StackCapture, StackCount, StackOptions, StackTarget, TaskEvent};
use crate::Cost;
use crate::bpf::refusal;
use crate::clock::monotonic_ns;
use crate::cost;
use crate::files::{Mounts, Names};
use crate::perf;
use file_calls::Billed;
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
    mounts: Mounts,
    /// While calls about files are billed.
    call_before_ns: Option<f64>,
    shortest_wait_ns: u64,
    started_ns: u64,
}

/// What the programs have sent.
#[derive(Default)]
struct Received {
    frames: HashMap<u64, Arc<[u64]>>,
    counts: Vec<Counted>,
    names: Names,
}

impl BpfSampler {
    pub(super) fn open(options: &StackOptions) -> Result<Self, String> {
        let call_before_ns = options.files.then(cost::own_call_ns);
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
            mounts: match options.target {
                StackTarget::Process(pid) => Mounts::of(pid),
                StackTarget::All => Mounts::default(),
            },
            call_before_ns,
            shortest_wait_ns: options.shortest_wait_ns,
            started_ns: monotonic_ns(),
        })
    }

    fn drain(&mut self, until: Option<u64>) -> Vec<TaskEvent> {
        let (tasks, received, mounts) = (&mut self.tasks, &mut self.received, &self.mounts);
        let mut events = Vec::new();
        self.stream.drain(until, &mut |_, told| match told.record {
            PerfRecord::Sample { rest, .. } => received.take(rest, mounts),
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
        let call_during_ns = self.call_before_ns.map(|_| cost::own_call_ns());
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
            cost: Cost {
                call_before_ns: self.call_before_ns,
                call_during_ns,
                ..counters.cost
            },
            ..counters
        };
        let billed = self.billed(ended_ns);
        let billed = billed.map_err(|error| refusal::reason("reading the bill by file", &error))?;
        self.received.name_files(billed, &mut capture);
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

    fn billed(&self, ended_ns: u64) -> io::Result<Vec<Billed>> {
        let mut billed = Vec::new();
        if let Some(files) = &self.loaded.maps.files {
            files.each(ended_ns, &mut |one| billed.push(one))?;
        }
        Ok(billed)
    }
}

impl Received {
    fn take(&mut self, bytes: &[u8], mounts: &Mounts) {
        match layout::message(bytes) {
            Some(Message::Frames { hash, frames }) => {
                self.frames.insert(hash, frames);
            }
            Some(Message::Count(counted)) => self.counts.push(counted),
            Some(Message::Names(names)) => self.names.take(names, mounts),
            None => {}
        }
    }

    fn frames_of(&self, hash: u64) -> Option<Arc<[u64]>> {
        match hash {
            0 => Some(Arc::default()),
            hash => self.frames.get(&hash).cloned(),
        }
    }

    /// Puts frames and paths in the place of hashes and numbers.
    fn name_files(&self, billed: Vec<Billed>, capture: &mut StackCapture) {
        for Billed {
            user,
            device,
            inode,
            mut file,
        } in billed
        {
            let Some(user) = self.frames_of(user) else {
                capture.lost += file.calls + file.in_flight;
                continue;
            };
            file.stack.user = user;
            file.path = self.names.get(device, inode);
            capture.files.push(file);
        }
    }

    /// Puts frames in the place of hashes and sums up.
    fn resolve(mut self, capture: &mut StackCapture) {
        let counts = std::mem::take(&mut self.counts);
        let frames_of = |hash| self.frames_of(hash);
        for Counted { key, count } in merged(counts) {
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

//! Stacks from perf rings with call chains, counted here. No BPF.

mod chain;
mod names;
mod open;

use super::missed::Missed;
use super::records::{PerfRecord, Timed};
use super::session::Sampler;
use super::stream::Stream;
use super::tasks::Tasks;
use super::{SampleEvent, StackCapture, StackCount, StackOptions, TaskEvent, depth};
use crate::bpf::namespace;
use crate::clock::monotonic_ns;
use chain::Chain;
use names::Names;
use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

/// Whether a sample's bytes after thread and time are a call chain.
pub(super) fn understands(rest: &[u8]) -> bool {
    Chain::parse(rest).is_some()
}

/// A running capture.
pub(super) struct RingsSampler {
    stream: Stream,
    /// Closing them detaches; those of the rings are stopped.
    others: Vec<OwnedFd>,
    counting: Counting,
    tasks: Tasks,
    clock: bool,
    kernel_missing: Option<String>,
    off_cpu_missing: Option<String>,
    started_ns: u64,
}

/// A stack of a thread of an image of a process.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    tgid: u32,
    tid: u32,
    image: u32,
    chain: Chain,
}

#[derive(Debug, Default)]
struct Count {
    samples: u64,
    comm: String,
}

/// What was seen so far.
struct Counting {
    period_ns: u64,
    most_frames: usize,
    /// By ring, where each ring has all samples of a CPU.
    missed: Option<Vec<Missed>>,
    /// Whether no process has the number 0 for us but the one that runs when nobody does.
    zero_is_idle: bool,
    names: Names,
    counts: BTreeMap<Key, Count>,
    idle: u64,
    others: u64,
    lost: u64,
}

impl RingsSampler {
    pub(super) fn open(options: &StackOptions) -> Result<Self, String> {
        if options.files {
            return Err("it does not see which file a call is about".to_owned());
        }
        let opened = open::open(options)?;
        opened.start()?;
        let missed = vec![Missed::default(); opened.rings.len()];
        let off_cpu_missing = options
            .off_cpu
            .then(|| "without BPF nobody tells where a thread waits".to_owned());
        Ok(Self {
            counting: Counting {
                period_ns: options.period_ns(),
                most_frames: depth::most_frames() as usize,
                missed: opened.by_cpu.then_some(missed),
                zero_is_idle: namespace::own().is_none(),
                names: Names::default(),
                counts: BTreeMap::new(),
                idle: 0,
                others: 0,
                lost: 0,
            },
            stream: Stream::new(opened.rings),
            others: opened.others,
            tasks: Tasks::new(options),
            clock: opened.clock,
            kernel_missing: opened.kernel_missing,
            off_cpu_missing,
            started_ns: monotonic_ns(),
        })
    }

    fn drain(&mut self, until: Option<u64>) -> Vec<TaskEvent> {
        let (tasks, counting) = (&mut self.tasks, &mut self.counting);
        let mut events = Vec::new();
        self.stream.drain(until, &mut |ring, told| {
            counting.take(ring, told, tasks);
            events.extend(tasks.take(told));
        });
        events
    }
}

impl Sampler for RingsSampler {
    fn event(&self) -> SampleEvent {
        match self.counting.missed {
            Some(_) => SampleEvent::CpuClock,
            None => SampleEvent::TaskClock,
        }
    }

    fn off_cpu_missing(&self) -> Option<&str> {
        self.off_cpu_missing.as_deref()
    }

    fn kernel_missing(&self) -> Option<&str> {
        self.kernel_missing.as_deref()
    }

    fn poll(&mut self) -> Result<Vec<TaskEvent>, String> {
        let now = self.clock.then(monotonic_ns);
        Ok(self.drain(now))
    }

    fn finish(mut self: Box<Self>) -> Result<StackCapture, String> {
        if self.stream.is_full() {
            // Losses are told with the next sample.
            self.drain(self.clock.then(monotonic_ns));
            thread::sleep(2 * Duration::from_nanos(self.counting.period_ns));
        }
        let ended_ns = monotonic_ns();
        self.others.clear();
        self.stream.stop()?;
        self.drain(Some(u64::MAX));
        let lost = self.stream.lost();
        let mut capture = self.counting.finish();
        // Samples or task records: the ring does not tell which.
        capture.lost += lost;
        capture.records_lost = lost;
        capture.started_ns = self.started_ns;
        capture.ended_ns = ended_ns;
        Ok(capture)
    }
}

impl Counting {
    fn take(&mut self, ring: usize, told: &Timed<'_>, tasks: &Tasks) {
        match told.record {
            PerfRecord::Sample { tgid, tid, rest } => {
                self.note_time(ring, told.time_ns);
                match tasks.image(tgid) {
                    Some(image) => self.sample(tgid, tid, image, rest),
                    None if tgid == 0 && tid == 0 && self.zero_is_idle => self.idle += 1,
                    None => self.others += 1,
                }
            }
            PerfRecord::Named { tid, comm, .. } => self.names.set(tid, comm),
            PerfRecord::Forked { tgid, parent } => self.names.inherit(tgid, parent),
            // Of a process the last samples may come later.
            PerfRecord::Ended { tgid, tid } if tgid != tid => self.names.forget(tid),
            // Those that were lost are not missed too.
            PerfRecord::Lost(_) => self.forget_time(ring),
            _ => {}
        }
    }

    fn note_time(&mut self, ring: usize, time_ns: u64) {
        let period_ns = self.period_ns;
        if let Some(missed) = self.missed_of(ring) {
            missed.note(time_ns, period_ns);
        }
    }

    fn forget_time(&mut self, ring: usize) {
        if let Some(missed) = self.missed_of(ring) {
            missed.forget();
        }
    }

    fn missed_of(&mut self, ring: usize) -> Option<&mut Missed> {
        self.missed.as_mut()?.get_mut(ring)
    }

    fn sample(&mut self, tgid: u32, tid: u32, image: u32, rest: &[u8]) {
        let Some(chain) = Chain::parse(rest) else {
            self.lost += 1;
            return;
        };
        let key = Key {
            tgid,
            tid,
            image,
            chain,
        };
        let names = &mut self.names;
        let count = self.counts.entry(key).or_insert_with(|| Count {
            comm: names.of(tgid, tid),
            ..Count::default()
        });
        count.samples += 1;
    }

    fn finish(self) -> StackCapture {
        let most = self.most_frames;
        let stacks = self.counts.into_iter().map(|(key, count)| StackCount {
            tgid: key.tgid,
            tid: key.tid,
            exec: key.image,
            comm: count.comm,
            truncated: key.chain.depth() >= most,
            kernel: key.chain.kernel.into(),
            user: key.chain.user.into(),
            top: key.chain.top,
            samples: count.samples,
            on_cpu_ns: count.samples * self.period_ns,
            ..StackCount::default()
        });
        let mut capture = StackCapture {
            stacks: stacks.collect(),
            idle: self.idle,
            others: self.others,
            lost: self.lost,
            missed: self
                .missed
                .iter()
                .flatten()
                .map(|of_cpu| of_cpu.count)
                .sum(),
            ..StackCapture::default()
        };
        capture.sum_up();
        capture
    }
}

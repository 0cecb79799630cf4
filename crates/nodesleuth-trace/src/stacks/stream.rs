//! Rings of all CPUs, read as one stream of records in the order of time.

use super::records::{self, PerfRecord, Timed};
use crate::bpf::refusal;
use crate::perf::{self, Ring};

/// A record that something from another CPU may still overtake.
struct Kept {
    time_ns: u64,
    cpu: usize,
    kind: u32,
    misc: u16,
    body: Vec<u8>,
}

/// Rings and what was read of them too early.
pub(super) struct Stream {
    rings: Vec<Ring>,
    waiting: Vec<Kept>,
    latest_ns: u64,
    lost: u64,
}

impl Stream {
    pub(super) fn new(rings: Vec<Ring>) -> Self {
        Self {
            rings,
            waiting: Vec::new(),
            latest_ns: 0,
            lost: 0,
        }
    }

    /// Ends what writes to the rings.
    pub(super) fn stop(&self) -> Result<(), String> {
        let mut events = self.rings.iter().map(Ring::event);
        let stopped = events.try_for_each(perf::stop);
        stopped.map_err(|error| refusal::reason("stopping timers", &error))
    }

    /// Records that did not fit, so far.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// Hands over all records with a time before `until`, earliest first, and the index of the ring
    /// that each comes from. `until` must not be later than the moment of the call; without it,
    /// where nobody knows the rings' clock, what was there the last time is handed over.
    pub(super) fn drain(&mut self, until: Option<u64>, each: &mut dyn FnMut(usize, &Timed<'_>)) {
        let until = until.unwrap_or(self.latest_ns);
        for (cpu, ring) in self.rings.iter_mut().enumerate() {
            ring.drain_records(&mut |raw| {
                let Some(told) = records::parse(raw.kind, raw.misc, raw.body) else {
                    return;
                };
                match told.record {
                    PerfRecord::Lost(count) => self.lost += count,
                    _ => self.waiting.push(Kept {
                        time_ns: told.time_ns,
                        cpu,
                        kind: raw.kind,
                        misc: raw.misc,
                        body: raw.body.to_vec(),
                    }),
                }
            });
        }
        self.waiting.sort_by_key(|kept| kept.time_ns);
        self.latest_ns = self.waiting.last().map_or(until, |kept| kept.time_ns);
        let due = self.waiting.partition_point(|kept| kept.time_ns < until);
        for kept in self.waiting.drain(..due) {
            if let Some(told) = records::parse(kept.kind, kept.misc, &kept.body) {
                each(kept.cpu, &told);
            }
        }
    }
}

//! System calls through perf rings: an event for each thread, CPU and end of a call. Follows
//! threads that begin during the capture, since events are inherited. No BPF.

mod calls;
mod events;

use crate::children;
use crate::clock::monotonic_ns;
use crate::cost;
use crate::perf::Rings;
use crate::session::{Capture, POLL};
use crate::{Cost, Engine, Lost, Options, Record, Summary};
use calls::{Calls, Event};
use events::Tracepoints;
pub(crate) use events::{allow_files, threads};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A running capture.
pub(crate) struct RingsCapture {
    /// Closing them detaches.
    events: Vec<OwnedFd>,
    rings: Rings,
    tracepoints: Tracepoints,
    calls: Calls,
    pid: u32,
    entries: u64,
    began_ns: u64,
    call_before_ns: f64,
}

impl RingsCapture {
    pub(crate) fn open(options: &Options) -> Result<Self, String> {
        let tracepoints = Tracepoints::find()?;
        let call_before_ns = cost::own_call_ns();
        let (rings, events) = events::open(&tracepoints, options)?;
        Ok(Self {
            events,
            rings: Rings::new(rings),
            tracepoints,
            calls: Calls::new(options),
            pid: options.pid,
            entries: 0,
            began_ns: monotonic_ns(),
            call_before_ns,
        })
    }

    fn drain(&mut self, until: u64, each: &mut dyn FnMut(&Record<'_>)) {
        let (tracepoints, calls, entries) = (&self.tracepoints, &mut self.calls, &mut self.entries);
        self.rings.drain(until, Event::time, &mut |body| {
            *entries += 1;
            if let Some(event) = Event::parse(body, tracepoints) {
                calls.take(&event, each);
            }
        });
    }
}

impl Capture for RingsCapture {
    fn pause(&self) -> Duration {
        POLL
    }

    fn poll(&mut self, each: &mut dyn FnMut(&Record<'_>)) -> Result<(), String> {
        self.drain(monotonic_ns(), each);
        Ok(())
    }

    fn finish(mut self: Box<Self>, each: &mut dyn FnMut(&Record<'_>)) -> Result<Summary, String> {
        let call_during_ns = cost::own_call_ns();
        let end_ns = monotonic_ns();
        self.events.clear();
        self.drain(u64::MAX, each);
        let dropped = self.rings.lost();
        let children = self.calls.children(self.pid);
        let (figures, in_flight) = self.calls.finish(end_ns, each);
        Ok(Summary {
            engine: Engine::PerfRings,
            length_ns: end_ns.saturating_sub(self.began_ns),
            figures,
            files: None,
            in_flight,
            children: children::named(children, &|_| None),
            lost: Lost {
                produced: self.entries + dropped,
                dropped,
                ..Lost::default()
            },
            cost: Cost {
                node_calls: None,
                call_before_ns: Some(self.call_before_ns),
                call_during_ns: Some(call_during_ns),
            },
        })
    }
}

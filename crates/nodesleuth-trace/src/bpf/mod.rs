//! System calls through BPF programs.

mod files;
mod interface;
mod layout;
mod load;
pub(crate) mod namespace;
mod objects;
mod output;
mod read;
pub(crate) mod refusal;
#[cfg(test)]
mod registers_tests;
mod ring;

use crate::clock::monotonic_ns;
use crate::cost;
use crate::sampling;
use crate::session::{Capture, LOOK, POLL};
use crate::{Engine, Options, Record, Split, Summary};
use aya::Ebpf;
use aya::maps::{Map, MapError};
use files::Files;
use output::Output;
use std::time::Duration;

/// A running capture. Everything of it in the kernel hangs on our file descriptors.
pub(crate) struct BpfCapture {
    engine: Engine,
    ebpf: Ebpf,
    output: Output,
    files: Option<Files>,
    counts: bool,
    pid: u32,
    split: Split,
    follows: bool,
    streams: bool,
    began_ns: u64,
    call_before_ns: f64,
}

impl BpfCapture {
    pub(crate) fn open(engine: Engine, options: &Options) -> Result<Self, String> {
        let mut ebpf = load::load(engine, options)?;
        let events = ebpf
            .take_map("events")
            .ok_or("the BPF object has no map events")?;
        let output = Output::open(engine, events, options)?;
        let files = match options.files {
            true => Some(Files::open(&mut ebpf, options.pid)?),
            false => None,
        };
        let call_before_ns = cost::own_call_ns();
        load::attach(&mut ebpf, options.children)?;
        Ok(Self {
            engine,
            ebpf,
            output,
            files,
            counts: options.counts,
            pid: options.pid,
            split: options.split,
            follows: options.children,
            streams: options.stream.is_some(),
            began_ns: monotonic_ns(),
            call_before_ns,
        })
    }
}

impl Capture for BpfCapture {
    fn pause(&self) -> Duration {
        if self.streams { POLL } else { LOOK }
    }

    fn poll(&mut self, each: &mut dyn FnMut(&Record<'_>)) -> Result<(), String> {
        self.output.drain(false, each);
        if let Some(files) = &mut self.files {
            files.poll();
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, each: &mut dyn FnMut(&Record<'_>)) -> Result<Summary, String> {
        let call_during_ns = cost::own_call_ns();
        // Before detaching: a thread that was not seen until then has been in its call all the time.
        let before = sampling::calls_now(self.pid);
        let end_ns = monotonic_ns();
        load::detach(&mut self.ebpf, self.follows)?;
        self.output.drain(true, each);
        let mut counted = read::counters(&self.ebpf)?;
        counted.lost.dropped = counted.lost.dropped.max(self.output.lost());
        let mut nobody = |_: &Record<'_>| ();
        let each = if self.streams { each } else { &mut nobody };
        Ok(Summary {
            engine: self.engine,
            length_ns: end_ns.saturating_sub(self.began_ns),
            figures: match self.counts {
                true => read::figures(&self.ebpf, self.split)?,
                false => crate::Figures::NotWanted,
            },
            files: match self.files {
                Some(files) => Some(files.finish(&self.ebpf)?),
                None => None,
            },
            in_flight: read::in_flight(&self.ebpf, (before, end_ns), each)?,
            children: match self.follows {
                true => read::children(&self.ebpf)?,
                false => Vec::new(),
            },
            lost: counted.lost,
            cost: crate::Cost {
                node_calls: Some(counted.node_calls),
                call_before_ns: Some(self.call_before_ns),
                call_during_ns: Some(call_during_ns),
            },
        })
    }
}

fn map<'e>(ebpf: &'e Ebpf, name: &str) -> Result<&'e Map, MapError> {
    ebpf.map(name).ok_or_else(|| no_map(name))
}

fn map_mut<'e>(ebpf: &'e mut Ebpf, name: &str) -> Result<&'e mut Map, MapError> {
    ebpf.map_mut(name).ok_or_else(|| no_map(name))
}

fn no_map(name: &str) -> MapError {
    MapError::InvalidName {
        name: name.to_owned(),
    }
}

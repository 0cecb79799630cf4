//! Where the records come out: a ring buffer, or perf rings of all CPUs.

use super::ring::RingBuffer;
use super::{layout, load, refusal};
use crate::bpf_system_call;
use crate::clock::monotonic_ns;
use crate::perf::{self, Attributes, Ring, Rings, Scope};
use crate::{Engine, Options, Record};
use aya::maps::{Map, MapData};
use std::io;
use std::os::fd::AsFd;

/// The end of the stream that we read. The maps stay open: the programs are loaded with their
/// descriptors' numbers in them.
pub(super) enum Output {
    Ring(
        RingBuffer,
        #[expect(dead_code, reason = "kept open, not used")] MapData,
    ),
    Perf(
        Rings,
        #[expect(dead_code, reason = "kept open, not used")] MapData,
    ),
}

impl Output {
    /// Takes the map that the programs write to.
    pub(super) fn open(engine: Engine, events: Map, options: &Options) -> Result<Self, String> {
        let stream = options.stream.as_ref();
        match (engine, events) {
            (Engine::BpfRing, Map::RingBuf(map)) => {
                let bytes = load::ring_bytes(options) as usize;
                RingBuffer::new(map.fd().as_fd(), bytes)
                    .map(|ring| Self::Ring(ring, map))
                    .map_err(|error| refusal::reason("mapping the ring buffer", &error))
            }
            (_, Map::PerfEventArray(map)) => match stream {
                None => Ok(Self::Perf(Rings::new(Vec::new()), map)),
                Some(stream) => perf_rings(&map, stream.ring_bytes)
                    .map(|rings| Self::Perf(Rings::new(rings), map))
                    .map_err(|error| refusal::reason("opening perf rings", &error)),
            },
            _ => Err("the BPF object's map events is of another kind".to_owned()),
        }
    }

    /// Records that did not fit, as the rings themselves count them. Only newer kernels tell the
    /// program.
    pub(super) fn lost(&self) -> u64 {
        match self {
            Self::Ring(..) => 0,
            Self::Perf(rings, _) => rings.lost(),
        }
    }

    /// Hands over the records that are there; at the end really all.
    pub(super) fn drain(&mut self, all: bool, each: &mut dyn FnMut(&Record<'_>)) {
        let mut hand_over = |bytes: &[u8]| {
            if let Some(record) = layout::record(bytes) {
                each(&record);
            }
        };
        match self {
            Self::Ring(ring, _) => ring.drain(&mut hand_over),
            Self::Perf(rings, _) => {
                let until = if all { u64::MAX } else { monotonic_ns() };
                let end = |body: &[u8]| layout::end_ns(raw(body)?);
                rings.drain(until, end, &mut |body| {
                    if let Some(bytes) = raw(body) {
                        hand_over(bytes);
                    }
                });
            }
        }
    }
}

/// What the program wrote: its size, then that many bytes.
fn raw(body: &[u8]) -> Option<&[u8]> {
    let (size, data) = body.split_at_checked(4)?;
    let size = u32::from_ne_bytes(size.try_into().ok()?);
    data.get(..usize::try_from(size).ok()?)
}

/// A ring for each CPU. The whole room is shared out among them.
fn perf_rings(map: &MapData, bytes: u32) -> io::Result<Vec<Ring>> {
    let cpus = perf::online_cpus()?;
    let each = bytes as usize / cpus.len().max(1);
    let attributes = Attributes {
        kind: Attributes::SOFTWARE,
        config: Attributes::BPF_OUTPUT,
        sample_period: 1,
        sample_type: Attributes::SAMPLE_RAW,
        // Never wakes us: an event's wake-up costs more than the event.
        flags: Attributes::WATERMARK,
        wakeup_watermark: u32::MAX,
        ..Attributes::default()
    };
    let mut rings = Vec::new();
    for cpu in cpus {
        let ring = Ring::new(perf::open(&attributes, Scope::Cpu(cpu))?, each)?;
        bpf_system_call::set_event(map.fd().as_fd(), cpu, ring.event())?;
        perf::start(ring.event())?;
        rings.push(ring);
    }
    Ok(rings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_s_bytes_follow_their_size_and_padding_is_left_out() {
        assert_eq!(raw(&[2, 0, 0, 0, 5, 6, 0, 0]), Some(&[5, 6][..]));
        assert_eq!(raw(&[9, 0, 0, 0, 5]), None);
        assert_eq!(raw(&[1]), None);
    }
}

//! Where the records come out: a ring buffer, or perf rings of all CPUs.

use super::layout::{self, Registers};
use super::refusal;
use crate::clock::monotonic_ns;
use crate::perf::{self, Attributes, Ring, Rings, Scope};
use crate::{Engine, Options, Record};
use aya::maps::{Map, MapData, RingBuf};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// The end of the stream that we read.
pub(super) enum Output {
    Ring(RingBuf<MapData>),
    /// The map stays open: the programs are loaded with its descriptor's number in them.
    Perf(
        Rings,
        #[expect(dead_code, reason = "kept open, not used")] MapData,
    ),
}

impl Output {
    /// Takes the map that the programs write to.
    pub(super) fn open(engine: Engine, events: Map, options: &Options) -> Result<Self, String> {
        match (engine, events) {
            (Engine::BpfRing, events) => RingBuf::try_from(events)
                .map(Self::Ring)
                .map_err(|error| refusal::reason("mapping the ring buffer", &error)),
            (_, Map::PerfEventArray(map)) => match &options.stream {
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
            Self::Ring(_) => 0,
            Self::Perf(rings, _) => rings.lost(),
        }
    }

    /// Hands over the records that are there; at the end really all.
    pub(super) fn drain(
        &mut self,
        registers: &Registers,
        all: bool,
        each: &mut dyn FnMut(&Record<'_>),
    ) {
        let mut hand_over = |bytes: &[u8]| {
            if let Some(record) = layout::record(bytes, registers) {
                each(&record);
            }
        };
        // What comes in meanwhile waits: a process that makes records faster than we take them would
        // keep us here for ever.
        let until = if all { u64::MAX } else { monotonic_ns() };
        match self {
            Self::Ring(ring) => {
                while let Some(item) = ring.next() {
                    let late = layout::end_ns(&item).is_some_and(|end| end > until);
                    hand_over(&item);
                    if late {
                        break;
                    }
                }
            }
            Self::Perf(rings, _) => {
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
        set_entry(map.fd().as_fd(), cpu, ring.event())?;
        perf::start(ring.event())?;
        rings.push(ring);
    }
    Ok(rings)
}

const MAP_UPDATE_ELEM: libc::c_int = 2;

/// The part of `union bpf_attr` that updates a map.
#[repr(C)]
struct UpdateAttributes {
    map: u32,
    key: u64,
    value: u64,
    flags: u64,
}

/// Puts an event into a perf event array. aya would do so only together with a ring of its own,
/// which wakes its reader for every event.
pub(crate) fn set_entry(map: BorrowedFd<'_>, cpu: i32, event: BorrowedFd<'_>) -> io::Result<()> {
    let (key, value) = (cpu, event.as_raw_fd());
    let attributes = UpdateAttributes {
        map: map.as_raw_fd().cast_unsigned(),
        key: (&raw const key).addr() as u64,
        value: (&raw const value).addr() as u64,
        flags: 0,
    };
    // SAFETY: the kernel reads the attributes, and through them four bytes of `key` and of
    // `value`, the sizes that this kind of map has; all three live until the call returns.
    let result = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            MAP_UPDATE_ELEM,
            &raw const attributes,
            size_of::<UpdateAttributes>(),
        )
    };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
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

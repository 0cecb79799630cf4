//! The compiled programs. `cargo xtask bpf` makes them from `bpf/*.c` and compares.

use crate::Engine;
use aya::include_bytes_aligned;

static RING: &[u8] = include_bytes_aligned!("../../bpf/objects/syscalls_ring.o");
static PERF: &[u8] = include_bytes_aligned!("../../bpf/objects/syscalls_perf.o");
static CLASSIC: &[u8] = include_bytes_aligned!("../../bpf/objects/syscalls_classic.o");

static FILES: &[u8] = include_bytes_aligned!("../../bpf/objects/syscalls_files.o");

/// The object of an engine, if it has one.
pub(super) fn of(engine: Engine, files: bool) -> Option<&'static [u8]> {
    match engine {
        Engine::BpfRing if files => Some(FILES),
        Engine::BpfRing => Some(RING),
        Engine::BpfPerf => Some(PERF),
        Engine::BpfClassic => Some(CLASSIC),
        Engine::PerfRings | Engine::Sampling => None,
    }
}

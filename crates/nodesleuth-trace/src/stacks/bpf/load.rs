//! Loads the programs, sizes and fills their maps, attaches them.

use super::layout;
use crate::bpf::{namespace, refusal, set_entry};
use crate::perf::{self, Attributes, Ring, Scope};
use crate::stacks::{StackOptions, StackTarget, depth};
use crate::tasks::btf::Btf;
use aya::maps::{Array, HashMap, Map, MapError};
use aya::programs::{PerfEvent, ProgramError, RawTracePoint};
use aya::{Ebpf, EbpfLoader, VerifierLogLevel, include_bytes_aligned};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

static HOST: &[u8] = include_bytes_aligned!("../../../bpf/objects/stacks.o");
static NAMESPACE: &[u8] = include_bytes_aligned!("../../../bpf/objects/stacks_namespace.o");

/// Each has the name of its tracepoint but for the prefix.
const TRACEPOINTS: [(&str, &str); 3] = [
    ("process_fork", "sched_process_fork"),
    ("process_exec", "sched_process_exec"),
    ("process_exit", "sched_process_exit"),
];
const SWITCH: &str = "sched_switch";

/// What an entry of each map takes of the kernel's memory, about.
const COUNT_BYTES: u64 = 144;
const SMALL_ENTRY_BYTES: u64 = 72;
const WAIT_BYTES: u64 = 128;
const SMALLEST_RING: u64 = 4096;
const LARGEST_RING: u64 = 1 << 20;

/// Kernel memory shared out: a quarter to the rings, half to the counts, the rest to small maps.
struct Sizes {
    ring_bytes: usize,
    counts: u32,
    small: u32,
    waiting: u32,
}

impl Sizes {
    fn of(options: &StackOptions, cpus: usize) -> Self {
        let memory = options.memory_bytes;
        let entries = |bytes: u64, each: u64| u32::try_from(bytes / each).unwrap_or(1 << 24).max(2);
        let ring = memory / 4 / cpus.max(1) as u64;
        // A power of two that is not above its share.
        let ring = (ring / 2 + 1).next_power_of_two();
        let waiting = if options.off_cpu { memory / 8 } else { 0 };
        Self {
            ring_bytes: ring.clamp(SMALLEST_RING, LARGEST_RING) as usize,
            counts: entries(memory / 2, COUNT_BYTES),
            small: entries(memory / 4 / 3, SMALL_ENTRY_BYTES),
            waiting: entries(waiting, WAIT_BYTES),
        }
    }
}

/// What runs in the kernel; gone with its descriptors.
pub(super) struct Loaded {
    pub(super) ebpf: Ebpf,
    pub(super) rings: Vec<Ring>,
    pub(super) samplers: Vec<OwnedFd>,
    /// Why waits are not seen.
    pub(super) off_cpu_missing: Option<String>,
}

/// Everything but the start of the sampling.
pub(super) fn load(options: &StackOptions) -> Result<Loaded, String> {
    let cpus = perf::online_cpus().map_err(|error| refusal::reason("finding the CPUs", &error))?;
    let sizes = Sizes::of(options, cpus.len());
    let namespace = namespace::own();
    let object = match namespace {
        None => HOST,
        Some(_) => NAMESPACE,
    };
    let (state_offset, mut off_cpu_missing) = match options.off_cpu {
        true => state_offset(),
        false => (0, None),
    };
    let mut ebpf = EbpfLoader::new()
        .verifier_log_level(VerifierLogLevel::DISABLE)
        .map_max_entries("counts", sizes.counts)
        .map_max_entries("sent", sizes.small)
        .map_max_entries("processes", sizes.small)
        .map_max_entries("born", sizes.small)
        .map_max_entries("waiting", sizes.waiting)
        .load(object)
        .map_err(|error| refusal::reason("loading the BPF object", &error))?;
    let config = layout::config(options, state_offset, namespace, depth::most_frames());
    fill(&mut ebpf, options, config)
        .map_err(|error| refusal::reason("filling a BPF map", &error))?;
    let rings = rings(&ebpf, &cpus, sizes.ring_bytes)
        .map_err(|error| refusal::reason("opening perf rings", &error))?;
    for (program, tracepoint) in TRACEPOINTS {
        attach(&mut ebpf, program, tracepoint)?;
    }
    if options.off_cpu && off_cpu_missing.is_none() {
        off_cpu_missing = attach(&mut ebpf, SWITCH, SWITCH).err();
    }
    let samplers = samplers(&mut ebpf, &cpus, options.period_ns())?;
    Ok(Loaded {
        ebpf,
        rings,
        samplers,
        off_cpu_missing,
    })
}

/// Where a thread's state is: only with it a wait is told from being pushed off the CPU.
fn state_offset() -> (u32, Option<String>) {
    let found = Btf::of_kernel().and_then(|btf| {
        // Renamed in Linux 5.14.
        let names = ["__state", "state"];
        let found = names
            .iter()
            .find_map(|name| btf.offset("task_struct", name));
        found.ok_or_else(|| "the kernel's BTF does not say where a thread's state is".to_owned())
    });
    match found {
        Ok(offset) => (offset, None),
        Err(reason) => (0, Some(reason)),
    }
}

fn fill(
    ebpf: &mut Ebpf,
    options: &StackOptions,
    config: layout::ConfigBytes,
) -> Result<(), MapError> {
    let mut settings = Array::<_, layout::ConfigBytes>::try_from(map_mut(ebpf, "settings")?)?;
    settings.set(0, config, 0)?;
    if let StackTarget::Process(tgid) = options.target {
        let mut processes =
            HashMap::<_, u32, layout::ProcessWords>::try_from(map_mut(ebpf, "processes")?)?;
        processes.insert(tgid, [0, 1], 0)?;
    }
    Ok(())
}

pub(super) fn map<'e>(ebpf: &'e Ebpf, name: &str) -> Result<&'e Map, MapError> {
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

/// A ring for each CPU: for what the programs send, and for what happens to processes.
fn rings(ebpf: &Ebpf, cpus: &[i32], bytes: usize) -> io::Result<Vec<Ring>> {
    let Some(Map::PerfEventArray(events)) = ebpf.map("events") else {
        return Err(io::Error::other("the BPF object has no map events"));
    };
    let mut rings = Vec::new();
    for cpu in cpus {
        let ring = Ring::new(ring_event(*cpu)?, bytes)?;
        set_entry(events.fd().as_fd(), *cpu, ring.event())?;
        perf::start(ring.event())?;
        rings.push(ring);
    }
    Ok(rings)
}

/// A kernel that has what our programs need has the clock too.
fn ring_event(cpu: i32) -> io::Result<OwnedFd> {
    let attributes = Attributes {
        kind: Attributes::SOFTWARE,
        config: Attributes::BPF_OUTPUT,
        sample_period: 1,
        sample_type: Attributes::SAMPLE_TID | Attributes::SAMPLE_TIME | Attributes::SAMPLE_RAW,
        flags: Attributes::WATERMARK,
        clock: libc::CLOCK_MONOTONIC,
        // Never wakes us.
        wakeup_watermark: u32::MAX,
        ..Attributes::default()
    };
    perf::open_telling(&attributes, Scope::Cpu(cpu)).map(|(event, _)| event)
}

fn attach(ebpf: &mut Ebpf, program: &str, tracepoint: &str) -> Result<(), String> {
    let attach = |ebpf: &mut Ebpf| -> Result<(), ProgramError> {
        let loaded: &mut RawTracePoint = of_kind(ebpf, program)?;
        loaded.load()?;
        loaded.attach(tracepoint).map(|_| ())
    };
    attach(ebpf).map_err(|error| refusal::reason(&format!("attaching {program}"), &error))
}

fn of_kind<'e, P>(ebpf: &'e mut Ebpf, name: &str) -> Result<&'e mut P, ProgramError>
where
    &'e mut P: TryFrom<&'e mut aya::programs::Program, Error = ProgramError>,
{
    let program = ebpf.program_mut(name);
    program
        .ok_or(ProgramError::UnexpectedProgramType)?
        .try_into()
}

/// A timer for each CPU that runs the program; not started.
fn samplers(ebpf: &mut Ebpf, cpus: &[i32], period_ns: u64) -> Result<Vec<OwnedFd>, String> {
    let load = |ebpf| -> Result<&mut PerfEvent, ProgramError> {
        let program: &mut PerfEvent = of_kind(ebpf, "sample")?;
        program.load()?;
        Ok(program)
    };
    let program = load(ebpf).map_err(|error| refusal::reason("loading sample", &error))?;
    let program = program.fd();
    let program = program.map_err(|error| refusal::reason("loading sample", &error))?;
    let sampler = |cpu: &i32| sampler(*cpu, period_ns, program.as_fd());
    let samplers: io::Result<_> = cpus.iter().map(sampler).collect();
    samplers.map_err(|error| refusal::reason("opening timers", &error))
}

fn sampler(cpu: i32, period_ns: u64, program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let attributes = Attributes {
        kind: Attributes::SOFTWARE,
        config: Attributes::CPU_CLOCK,
        sample_period: period_ns,
        flags: Attributes::DISABLED,
        ..Attributes::default()
    };
    let event = perf::open(&attributes, Scope::Cpu(cpu))?;
    perf::attach(event.as_fd(), program)?;
    Ok(event)
}

/// Takes all programs from what runs them.
pub(super) fn detach(loaded: &mut Loaded) -> Result<(), String> {
    loaded.samplers.clear();
    for (_, program) in loaded.ebpf.programs_mut() {
        let detached = match program {
            aya::programs::Program::RawTracePoint(program) => program.unload(),
            aya::programs::Program::PerfEvent(program) => program.unload(),
            _ => Ok(()),
        };
        match detached {
            // Not loaded: waits were not wanted.
            Ok(()) | Err(ProgramError::NotLoaded) => {}
            Err(error) => return Err(refusal::reason("detaching", &error)),
        }
    }
    Ok(())
}

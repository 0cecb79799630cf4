//! Loads the programs, sizes and fills their maps, attaches them.

use super::file_calls::{self, FileMaps};
use super::layout;
use super::object::Object;
use crate::Arch;
use crate::bpf::{namespace, refusal};
use crate::bpf_system_call::{self, Kind, Map, Runs};
use crate::btf::Btf;
use crate::perf::{self, Attributes, Ring, Scope};
use crate::stacks::{StackOptions, StackTarget, depth};
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use std::collections::HashMap;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

static HOST: &[u8] = include_bytes!("../../../bpf/objects/stacks.o");
static NAMESPACE: &[u8] = include_bytes!("../../../bpf/objects/stacks_namespace.o");

/// A program that a tracepoint runs.
struct Watcher {
    name: &'static str,
    section: &'static str,
    tracepoint: &'static CStr,
}

const WATCHERS: [Watcher; 3] = [
    Watcher {
        name: "process_fork",
        section: "raw_tp/sched_process_fork",
        tracepoint: c"sched_process_fork",
    },
    Watcher {
        name: "process_exec",
        section: "raw_tp/sched_process_exec",
        tracepoint: c"sched_process_exec",
    },
    Watcher {
        name: "process_exit",
        section: "raw_tp/sched_process_exit",
        tracepoint: c"sched_process_exit",
    },
];
/// In place of the timers, where calls about files are wanted: beginning with what sees the end of
/// calls.
const FILE_WATCHERS: [Watcher; 4] = [
    Watcher {
        name: "call_dies",
        section: "raw_tp/sched_process_exit/calls",
        tracepoint: c"sched_process_exit",
    },
    Watcher {
        name: "call_switches",
        section: "raw_tp/sched_switch/calls",
        tracepoint: c"sched_switch",
    },
    Watcher {
        name: "call_ends",
        section: "raw_tp/sys_exit",
        tracepoint: c"sys_exit",
    },
    Watcher {
        name: "call_begins",
        section: "raw_tp/sys_enter",
        tracepoint: c"sys_enter",
    },
];
const SWITCH: Watcher = Watcher {
    name: "sched_switch",
    section: "raw_tp/sched_switch",
    tracepoint: c"sched_switch",
};

/// What an entry of each map takes of the kernel's memory, about.
const COUNT_BYTES: u64 = 144;
const SMALL_ENTRY_BYTES: u64 = 72;
const WAIT_BYTES: u64 = 128;
const SMALLEST_RING: u64 = 4096;
const LARGEST_RING: u64 = 1 << 20;

/// Kernel memory shared out: a quarter to the rings, half to the counts or to the bill by file, the
/// rest to small maps.
struct Sizes {
    ring_bytes: usize,
    counts: u32,
    small: u32,
    waiting: u32,
    /// For calls about files; none of them without.
    sums: u32,
    calling: u32,
}

impl Sizes {
    fn of(options: &StackOptions, cpus: usize) -> Self {
        let memory = options.memory_bytes;
        let entries = |bytes: u64, each: u64| u32::try_from(bytes / each).unwrap_or(1 << 24).max(2);
        let ring = memory / 4 / cpus.max(1) as u64;
        // A power of two that is not above its share.
        let ring = (ring / 2 + 1).next_power_of_two();
        let waiting = if options.off_cpu { memory / 8 } else { 0 };
        let (counts, bill) = match options.files {
            false => (memory / 2, 0),
            true => (0, memory / 2),
        };
        Self {
            ring_bytes: ring.clamp(SMALLEST_RING, LARGEST_RING) as usize,
            counts: entries(counts, COUNT_BYTES),
            small: entries(memory / 4 / 3, SMALL_ENTRY_BYTES),
            waiting: entries(waiting, WAIT_BYTES),
            sums: entries(bill / 8 * 7, file_calls::SUM_BYTES),
            calling: entries(bill / 8, file_calls::CALL_BYTES),
        }
    }
}

/// The programs' maps.
pub(super) struct Maps {
    events: Map,
    settings: Map,
    pub(super) counts: Map,
    sent: Map,
    processes: Map,
    born: Map,
    pub(super) waiting: Map,
    buffers: Map,
    pub(super) cpu_counters: Map,
    /// Where calls about files are wanted.
    pub(super) files: Option<FileMaps>,
}

impl Maps {
    fn new(sizes: &Sizes, cpus: &[i32], files: bool) -> io::Result<Self> {
        use layout::{BIRTH, CONFIG, COUNT, COUNTERS, FRAMES, KEY, PROCESS, WAIT};
        let hash = |name, sizes, entries| Map::new(name, Kind::Hash, sizes, entries);
        let per_cpu = |name, size, entries| Map::new(name, Kind::PerCpuArray, (4, size), entries);
        let last = cpus.iter().max().copied().unwrap_or_default();
        Ok(Self {
            events: Map::new("events", Kind::PerfEvents, (4, 4), last.unsigned_abs() + 1)?,
            settings: Map::new("settings", Kind::Array, (4, CONFIG), 1)?,
            counts: hash("counts", (KEY, COUNT), sizes.counts)?,
            sent: hash("sent", (8, 4), sizes.small)?,
            processes: hash("processes", (4, PROCESS), sizes.small)?,
            born: hash("born", (8, BIRTH), sizes.small)?,
            waiting: hash("waiting", (8, WAIT), sizes.waiting)?,
            buffers: per_cpu("buffers", FRAMES, 2)?,
            cpu_counters: per_cpu("cpu_counters", 8 * COUNTERS, 1)?,
            files: match files {
                true => Some(FileMaps::new(sizes.sums, sizes.calling)?),
                false => None,
            },
        })
    }

    /// By the names that the programs have for them.
    fn by_name(&self) -> HashMap<&'static str, i32> {
        let maps = [
            ("events", &self.events),
            ("settings", &self.settings),
            ("counts", &self.counts),
            ("sent", &self.sent),
            ("processes", &self.processes),
            ("born", &self.born),
            ("waiting", &self.waiting),
            ("buffers", &self.buffers),
            ("cpu_counters", &self.cpu_counters),
        ];
        let files = self.files.as_ref().map(FileMaps::by_name);
        let all = maps.into_iter().chain(files.into_iter().flatten());
        all.map(|(name, map)| (name, map.fd().as_raw_fd()))
            .collect()
    }

    fn fill(&self, options: &StackOptions, config: &[u8]) -> io::Result<()> {
        self.settings.set(&0_u32.to_ne_bytes(), config)?;
        match options.target {
            StackTarget::Process(tgid) => {
                self.processes.set(&tgid.to_ne_bytes(), &layout::FOLLOWED)
            }
            StackTarget::All => Ok(()),
        }
    }
}

/// What runs in the kernel; gone with its descriptors.
pub(super) struct Loaded {
    pub(super) maps: Maps,
    pub(super) rings: Vec<Ring>,
    pub(super) samplers: Vec<OwnedFd>,
    watchers: Vec<OwnedFd>,
    /// Why waits are not seen.
    pub(super) off_cpu_missing: Option<String>,
}

impl Loaded {
    /// Takes all programs from what runs them.
    pub(super) fn detach(&mut self) {
        self.samplers.clear();
        // What sees calls begin was attached last and goes first.
        while self.watchers.pop().is_some() {}
    }
}

/// Everything but the start of the sampling.
pub(super) fn load(options: &StackOptions) -> Result<Loaded, String> {
    let cpus = perf::online_cpus().map_err(|error| refusal::reason("finding the CPUs", &error))?;
    // Before Linux 5.11 maps count as locked memory. Where it cannot be raised there may be enough.
    let _ = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
    let sizes = Sizes::of(options, cpus.len());
    let namespace = namespace::own();
    let object = match namespace {
        None => HOST,
        Some(_) => NAMESPACE,
    };
    let object = Object::parse(object).ok_or("the BPF object cannot be understood")?;
    let (state_offset, mut off_cpu_missing) = match options.off_cpu {
        true => state_offset(),
        false => (0, None),
    };
    let maps = Maps::new(&sizes, &cpus, options.files);
    let maps = maps.map_err(|error| refusal::reason("making BPF maps", &error))?;
    let config = layout::config(options, state_offset, namespace, depth::most_frames());
    maps.fill(options, &config)
        .map_err(|error| refusal::reason("filling a BPF map", &error))?;
    if let Some(files) = &maps.files {
        let arch = Arch::native().ok_or("system calls of this architecture are not known")?;
        let layout = file_calls::layout()?;
        files
            .fill(&layout, arch)
            .map_err(|error| refusal::reason("filling a BPF map", &error))?;
    }
    let rings = rings(&maps.events, &cpus, sizes.ring_bytes)
        .map_err(|error| refusal::reason("opening perf rings", &error))?;
    let watch = |watcher: &Watcher| attach(&object, &maps, watcher);
    let mut watchers: Vec<_> = WATCHERS.iter().map(watch).collect::<Result<_, _>>()?;
    if options.off_cpu && off_cpu_missing.is_none() {
        match watch(&SWITCH) {
            Ok(watcher) => watchers.push(watcher),
            Err(reason) => off_cpu_missing = Some(reason),
        }
    }
    let samplers = match options.files {
        true => {
            for watcher in &FILE_WATCHERS {
                watchers.push(watch(watcher)?);
            }
            Vec::new()
        }
        false => samplers(&object, &maps, &cpus, options.period_ns())?,
    };
    Ok(Loaded {
        maps,
        rings,
        samplers,
        watchers,
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

/// A ring for each CPU: for what the programs send, and for what happens to processes.
fn rings(events: &Map, cpus: &[i32], bytes: usize) -> io::Result<Vec<Ring>> {
    let mut rings = Vec::new();
    for cpu in cpus {
        let ring = Ring::new(ring_event(*cpu)?, bytes)?;
        bpf_system_call::set_event(events.fd(), *cpu, ring.event())?;
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

fn program(
    object: &Object<'_>,
    maps: &Maps,
    section: &str,
    name: &str,
    runs: Runs,
) -> Result<OwnedFd, String> {
    let code = object.program(section, &maps.by_name());
    let code = code.ok_or_else(|| format!("the BPF object has no program {name}"))?;
    bpf_system_call::load(name, runs, &code)
        .map_err(|error| refusal::reason(&format!("loading {name}"), &error))
}

fn attach(object: &Object<'_>, maps: &Maps, watcher: &Watcher) -> Result<OwnedFd, String> {
    let &Watcher {
        name,
        section,
        tracepoint,
    } = watcher;
    let program = program(object, maps, section, name, Runs::RawTracepoint)?;
    bpf_system_call::attach(program.as_fd(), tracepoint)
        .map_err(|error| refusal::reason(&format!("attaching {name}"), &error))
}

/// A timer for each CPU that runs the program; not started.
fn samplers(
    object: &Object<'_>,
    maps: &Maps,
    cpus: &[i32],
    period_ns: u64,
) -> Result<Vec<OwnedFd>, String> {
    let program = program(object, maps, "perf_event", "sample", Runs::PerfEvent)?;
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

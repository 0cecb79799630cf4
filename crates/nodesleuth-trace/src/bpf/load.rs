//! Loads the programs of an engine, fills their settings and attaches them.

use super::layout::{self, Config, Registers};
use super::{interface, namespace, objects, refusal};
use crate::btf::Btf;
use crate::mapped::page_size;
use crate::{Arch, Engine, Options, Split};
use aya::maps::{Array, MapError};
use aya::programs::{Program, ProgramError};
use aya::{Ebpf, EbpfLoader, VerifierLogLevel};
use std::fs;

/// Beginning here, so that no call is seen to begin whose end could be missed.
const ATTACHED_IN_ORDER: [&str; 5] = [FORK, "thread_exit", "sched_switch", "sys_exit", "sys_enter"];
/// Only where children are wanted.
const FORK: &str = "process_fork";

/// Threads may come and go during a capture.
const SPARE_THREADS: usize = 1024;
/// With the children of a process nobody knows how many threads there will be at a time.
const THREADS_WITH_CHILDREN: usize = 4096;
/// Processes that are started during a capture.
const PROCESSES: usize = 16 * 1024;
/// A collector of statistics opens, reads and closes tens of thousands of different cgroup files
/// a second. About 30 MB of kernel memory while it lasts.
const FILE_TOTALS: u32 = 256 * 1024;
/// Names of files on their way to us.
pub(super) const NAMES_BYTES: u32 = 1024 * 1024;
/// Different system calls that a thread makes, as a rule.
const CALLS_OF_A_THREAD: usize = 16;
const MOST_PART_TOTALS: usize = 64 * 1024;

/// Loaded and set up, not yet attached.
pub(super) fn load(engine: Engine, options: &Options) -> Result<Ebpf, String> {
    let arch = Arch::native().ok_or("system calls of this architecture are not known")?;
    let object = objects::of(engine, options.files).ok_or("no BPF program belongs to it")?;
    let namespace = namespace::own();
    if namespace.is_some() && engine != Engine::BpfRing {
        return Err(
            "we run in a PID namespace and this engine knows the host's ids only".to_owned(),
        );
    }
    let tgid_offset = match options.children {
        true => children_offset(engine)?,
        false => 0,
    };
    let registers = match engine {
        Engine::BpfClassic => Registers::CLASSIC,
        _ => Registers::raw(arch),
    };
    let mut ebpf = loader(engine, options)
        .load(object)
        .map_err(|error| refusal::reason("loading the BPF object", &error))?;
    fill(&mut ebpf, options, arch, registers, namespace, tgid_offset)
        .map_err(|error| refusal::reason("filling a BPF map", &error))?;
    Ok(ebpf)
}

/// Where a process that is started is found in what the kernel hands over.
fn children_offset(engine: Engine) -> Result<u32, String> {
    if engine == Engine::BpfClassic {
        return Err("it does not follow processes that are started".to_owned());
    }
    let offset = Btf::of_kernel()?.offset("task_struct", "tgid");
    offset.ok_or_else(|| "the kernel's BTF has no task_struct.tgid".to_owned())
}

fn loader(engine: Engine, options: &Options) -> EbpfLoader<'static> {
    let threads = threads_expected(options);
    let totals = match options.split {
        Split::Together => 1,
        Split::Threads | Split::Processes => (threads * CALLS_OF_A_THREAD).min(MOST_PART_TOTALS),
    };
    let mut loader = EbpfLoader::new();
    loader
        .verifier_log_level(VerifierLogLevel::DISABLE)
        .map_max_entries("threads", entries(threads))
        .map_max_entries("part_totals", entries(totals));
    if options.children {
        for map in ["descendants", "last_names", "errors"] {
            loader.map_max_entries(map, entries(PROCESSES));
        }
    }
    if options.files {
        loader
            .map_max_entries("file_totals", FILE_TOTALS)
            .map_max_entries("names", NAMES_BYTES);
    }
    // A perf event array has an entry for each CPU instead.
    if engine == Engine::BpfRing {
        loader.map_max_entries("events", ring_bytes(options));
    }
    loader
}

/// Room of the ring that the programs write to: a power of two of pages; one, where no stream is
/// wanted.
pub(super) fn ring_bytes(options: &Options) -> u32 {
    let wanted = options
        .stream
        .as_ref()
        .map_or(0, |stream| stream.ring_bytes);
    wanted.next_power_of_two().max(entries(page_size()))
}

fn entries(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn threads_expected(options: &Options) -> usize {
    let folder = format!("/proc/{}/task", options.pid);
    let now = fs::read_dir(folder).map_or(0, Iterator::count);
    match options.children {
        true => now + THREADS_WITH_CHILDREN,
        false => 2 * now + SPARE_THREADS,
    }
}

fn fill(
    ebpf: &mut Ebpf,
    options: &Options,
    arch: Arch,
    registers: Registers,
    namespace: Option<(u64, u64)>,
    tgid_offset: u32,
) -> Result<(), MapError> {
    let stream = options.stream.as_ref();
    let config = Config {
        tgid: options.pid,
        counts: options.counts,
        stream: stream.is_some(),
        files: options.files,
        split: options.split,
        errors_only: stream.is_some_and(|stream| stream.errors_only),
        children: options.children,
        slower_than_ns: stream.map_or(0, |stream| stream.slower_than_ns),
        registers,
        namespace,
        two_ways: arch == Arch::X86_64,
        status_offset: interface::status_offset(),
        tgid_offset,
    };
    let mut settings =
        Array::<_, layout::ConfigBytes>::try_from(super::map_mut(ebpf, "settings")?)?;
    settings.set(0, config.bytes(), 0)?;
    let mut interests =
        Array::<_, layout::InterestBytes>::try_from(super::map_mut(ebpf, "interests")?)?;
    let streamed = |number: u16| {
        let stream = stream.filter(|stream| stream.wants(number))?;
        Some(stream.data_bytes)
    };
    for number in 0..layout::SYSCALLS - 1 {
        let wanted = streamed(number);
        if wanted.is_some() || options.files {
            let interest = layout::interest(arch, number, wanted, options.files);
            interests.set(u32::from(number), interest, 0)?;
        }
    }
    Ok(())
}

fn attached(children: bool) -> impl DoubleEndedIterator<Item = &'static str> {
    let wanted = move |name: &&str| children || *name != FORK;
    ATTACHED_IN_ORDER.into_iter().filter(wanted)
}

/// Loads every program into the kernel and attaches it.
pub(super) fn attach(ebpf: &mut Ebpf, children: bool) -> Result<(), String> {
    for name in attached(children) {
        let program = ebpf
            .program_mut(name)
            .ok_or_else(|| format!("the BPF object has no program {name}"))?;
        attach_one(program, name)
            .map_err(|error| refusal::reason(&format!("attaching {name}"), &error))?;
    }
    Ok(())
}

fn attach_one(program: &mut Program, name: &str) -> Result<(), ProgramError> {
    let tracepoint = match name {
        "thread_exit" => "sched_process_exit",
        FORK => "sched_process_fork",
        name => name,
    };
    match program {
        Program::RawTracePoint(program) => {
            program.load()?;
            program.attach(tracepoint)?;
        }
        Program::TracePoint(program) => {
            program.load()?;
            let category = match tracepoint.starts_with("sys_") {
                true => "raw_syscalls",
                false => "sched",
            };
            program.attach(category, tracepoint)?;
        }
        _ => return Err(ProgramError::UnexpectedProgramType),
    }
    Ok(())
}

/// Detaches all, first what sees calls begin: what is then still under way did not end in time.
pub(super) fn detach(ebpf: &mut Ebpf, children: bool) -> Result<(), String> {
    for name in attached(children).rev() {
        if let Some(program) = ebpf.program_mut(name) {
            detach_one(program)
                .map_err(|error| refusal::reason(&format!("detaching {name}"), &error))?;
        }
    }
    Ok(())
}

fn detach_one(program: &mut Program) -> Result<(), ProgramError> {
    match program {
        Program::RawTracePoint(program) => program.unload(),
        Program::TracePoint(program) => program.unload(),
        _ => Err(ProgramError::UnexpectedProgramType),
    }
}

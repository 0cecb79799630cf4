//! Opens the events: a timer for each CPU; where whole CPUs are not allowed to be watched, one for
//! each thread of the process and CPU, which what the thread starts inherits.

use crate::bpf::refusal;
use crate::perf::{self, Attributes, Ring, Scope};
use crate::stacks::{StackOptions, StackTarget};
use crate::tracepoints::{allow_files, threads};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// Bytes of the user's stack that are wanted.
const WORD: u32 = 8;
const SMALLEST_RING: u64 = 4096;
/// What everybody may map for each CPU.
const LARGEST_UNPRIVILEGED: u64 = 512 << 10;
const LARGEST: u64 = 4 << 20;
/// Threads that begin while we open events make us begin anew, but not for ever.
const TRIES: usize = 5;

/// Events that are open and not started.
pub(super) struct Opened {
    pub(super) rings: Vec<Ring>,
    /// Events that write to the rings of others.
    pub(super) others: Vec<OwnedFd>,
    /// Whether whole CPUs are watched.
    pub(super) by_cpu: bool,
    /// Whether times are those of CLOCK_MONOTONIC.
    pub(super) clock: bool,
    pub(super) kernel_missing: Option<String>,
}

pub(super) fn open(options: &StackOptions) -> Result<Opened, String> {
    let told = |error: io::Error| match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            format!("opening perf events: {error}; this needs root or CAP_PERFMON")
        }
        _ => format!("opening perf events: {error}"),
    };
    let cpus = perf::online_cpus().map_err(|error| refusal::reason("finding the CPUs", &error))?;
    match (every_cpu(options, &cpus), options.target) {
        (Err(error), StackTarget::Process(pid)) if is_denied(&error) => {
            every_thread(options, pid, &cpus)
        }
        (opened, _) => opened.map_err(told),
    }
}

fn is_denied(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES))
}

fn attributes(options: &StackOptions, clock: u64, flags: u64) -> Attributes {
    Attributes {
        kind: Attributes::SOFTWARE,
        config: clock,
        sample_period: options.period_ns(),
        sample_type: Attributes::SAMPLE_TID
            | Attributes::SAMPLE_TIME
            | Attributes::SAMPLE_CALLCHAIN,
        flags: Attributes::DISABLED | Attributes::WATERMARK | flags,
        clock: libc::CLOCK_MONOTONIC,
        // Never wakes us.
        wakeup_watermark: u32::MAX,
        ..Attributes::default()
    }
}

/// A ring's share of the memory.
fn ring_bytes(options: &StackOptions, cpus: usize, largest: u64) -> usize {
    let share = options.memory_bytes / cpus.max(1) as u64;
    // A power of two that is not above it.
    let bytes = (share / 2 + 1).next_power_of_two();
    bytes.clamp(SMALLEST_RING, largest) as usize
}

/// With the word on top of the user's stack in each sample, if the kernel can.
fn open_with_top(attributes: &Attributes, scope: Scope) -> io::Result<(OwnedFd, bool)> {
    let with_top = Attributes {
        sample_type: attributes.sample_type | Attributes::SAMPLE_STACK_USER,
        sample_stack_user: WORD,
        ..*attributes
    };
    match perf::open_telling(&with_top, scope) {
        Err(error) if is_unknown(&error) => perf::open_telling(attributes, scope),
        opened => opened,
    }
}

fn is_unknown(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    matches!(code, Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP))
}

fn every_cpu(options: &StackOptions, cpus: &[i32]) -> io::Result<Opened> {
    let attributes = attributes(options, Attributes::CPU_CLOCK, 0);
    let bytes = ring_bytes(options, cpus.len(), LARGEST);
    let mut opened = Opened {
        rings: Vec::new(),
        others: Vec::new(),
        by_cpu: true,
        clock: true,
        kernel_missing: None,
    };
    for cpu in cpus {
        let (event, clock) = open_with_top(&attributes, Scope::Cpu(*cpu))?;
        opened.clock &= clock;
        opened.rings.push(Ring::new(event, bytes)?);
    }
    Ok(opened)
}

/// The threads of one process. Without the right to see the kernel, only their own code.
fn every_thread(options: &StackOptions, pid: u32, cpus: &[i32]) -> Result<Opened, String> {
    let told = |error: io::Error| {
        format!(
            "opening perf events for the threads of process {pid}: {error}; this needs root or \
             CAP_PERFMON, or kernel.perf_event_paranoid at 2 or less and a process of our own"
        )
    };
    let without_kernel = Attributes::EXCLUDE_KERNEL | Attributes::EXCLUDE_HYPERVISOR;
    let mut threads = self::threads(pid).map_err(told)?;
    for _ in 0..TRIES {
        allow_files(threads.len() * cpus.len())?;
        let open = |flags| {
            let attributes = attributes(options, Attributes::TASK_CLOCK, flags);
            of_threads(options, &attributes, &threads, cpus)
        };
        let opened = match open(Attributes::INHERIT) {
            Err(error) if is_denied(&error) => Opened {
                kernel_missing: Some(format!("{error}; this needs root or CAP_PERFMON")),
                ..open(Attributes::INHERIT | without_kernel).map_err(told)?
            },
            opened => opened.map_err(told)?,
        };
        let now = self::threads(pid).map_err(told)?;
        // A thread that has begun meanwhile may or may not have inherited an event.
        if now.is_subset(&threads) {
            return Ok(opened);
        }
        threads = now;
    }
    Err("threads begin faster than events can be opened for them".to_owned())
}

fn of_threads<'t>(
    options: &StackOptions,
    attributes: &Attributes,
    threads: impl IntoIterator<Item = &'t i32>,
    cpus: &[i32],
) -> io::Result<Opened> {
    let bytes = ring_bytes(options, cpus.len(), LARGEST_UNPRIVILEGED);
    let mut opened = Opened {
        rings: Vec::new(),
        others: Vec::new(),
        by_cpu: false,
        clock: true,
        kernel_missing: None,
    };
    for thread in threads {
        for (index, cpu) in cpus.iter().enumerate() {
            let scope = Scope::ThreadOnCpu(*thread, *cpu);
            let (event, clock) = match open_with_top(attributes, scope) {
                Ok(opened) => opened,
                // The thread has ended.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => continue,
                Err(error) => return Err(error),
            };
            opened.clock &= clock;
            match opened.rings.get(index) {
                Some(ring) => {
                    perf::redirect(event.as_fd(), ring.event())?;
                    opened.others.push(event);
                }
                None => opened.rings.push(Ring::new(event, bytes)?),
            }
        }
    }
    match opened.rings.len() == cpus.len() {
        true => Ok(opened),
        false => Err(io::Error::from_raw_os_error(libc::ESRCH)),
    }
}

impl Opened {
    pub(super) fn start(&self) -> Result<(), String> {
        let rings = self.rings.iter().map(Ring::event);
        let others = self.others.iter().map(AsFd::as_fd);
        let mut events = rings.chain(others);
        let started = events.try_for_each(perf::start);
        started.map_err(|error| refusal::reason("starting timers", &error))
    }
}

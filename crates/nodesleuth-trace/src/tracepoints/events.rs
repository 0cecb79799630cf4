//! Opens the tracepoints of system calls for every thread of a process.

use crate::perf::{self, Attributes, Ring, Scope};
use crate::{Options, StreamOptions};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

const PLACES: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
/// More would take longer to open than a capture lasts.
const MOST_EVENTS: usize = 40_000;
/// Threads that begin while we open events make us begin anew, but not for ever.
const TRIES: usize = 5;
/// Room for each CPU at least.
const SMALLEST_RING: usize = 256 << 10;

/// What the kernel calls the two tracepoints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracepoints {
    pub(super) enter: u16,
    pub(super) exit: u16,
}

impl Tracepoints {
    pub(super) fn find() -> Result<Self, String> {
        let here = |place: &&str| fs::metadata(format!("{place}/events")).is_ok();
        let place = PLACES.into_iter().find(here).ok_or(
            "tracefs is not mounted or not for us (as root: mount -t tracefs tracefs \
             /sys/kernel/tracing)",
        )?;
        Ok(Self {
            enter: number(place, "sys_enter")?,
            exit: number(place, "sys_exit")?,
        })
    }
}

fn number(place: &str, name: &str) -> Result<u16, String> {
    let path = format!("{place}/events/raw_syscalls/{name}/id");
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let number = text.trim().parse();
    number.map_err(|_| format!("{path} holds no number"))
}

/// Opens rings and events and starts the events.
pub(super) fn open(
    tracepoints: &Tracepoints,
    options: &Options,
) -> Result<(Vec<Ring>, Vec<OwnedFd>), String> {
    let told = |error: io::Error| match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            format!("opening perf events: {error}; this needs root or CAP_PERFMON")
        }
        _ => format!("opening perf events: {error}"),
    };
    let cpus = perf::online_cpus().map_err(told)?;
    let rings = rings(&cpus, options).map_err(told)?;
    let mut threads = threads(options.pid).map_err(told)?;
    for _ in 0..TRIES {
        allow_files(threads.len() * cpus.len() * 2)?;
        let events = events_of(&threads, &cpus, &rings, tracepoints).map_err(told)?;
        let now = self::threads(options.pid).map_err(told)?;
        // A thread that has begun meanwhile may or may not have inherited an event.
        if now.is_subset(&threads) {
            events
                .iter()
                .try_for_each(|event| perf::start(event.as_fd()))
                .map_err(told)?;
            return Ok((rings, events));
        }
        threads = now;
    }
    Err("threads begin faster than events can be opened for them".to_owned())
}

/// A ring for each CPU, of an event that never happens: others write to it.
fn rings(cpus: &[i32], options: &Options) -> io::Result<Vec<Ring>> {
    let wanted = options
        .stream
        .as_ref()
        .map_or(StreamOptions::RING_BYTES, |stream| stream.ring_bytes);
    let bytes = match &options.stream {
        // Whoever asks for a small ring gets it.
        Some(_) => wanted as usize / cpus.len().max(1),
        None => (wanted as usize / cpus.len().max(1)).max(SMALLEST_RING),
    };
    let attributes = Attributes {
        kind: Attributes::SOFTWARE,
        config: Attributes::DUMMY,
        ..common()
    };
    let ring = |cpu: &i32| Ring::new(perf::open(&attributes, Scope::Cpu(*cpu))?, bytes);
    cpus.iter().map(ring).collect()
}

/// Times of the same clock as everywhere, and never a wake-up.
fn common() -> Attributes {
    Attributes {
        sample_period: 1,
        sample_type: Attributes::SAMPLE_TID | Attributes::SAMPLE_TIME | Attributes::SAMPLE_RAW,
        flags: Attributes::WATERMARK | Attributes::USE_CLOCK,
        wakeup_watermark: u32::MAX,
        clock: libc::CLOCK_MONOTONIC,
        ..Attributes::default()
    }
}

fn events_of(
    threads: &BTreeSet<i32>,
    cpus: &[i32],
    rings: &[Ring],
    tracepoints: &Tracepoints,
) -> io::Result<Vec<OwnedFd>> {
    let mut events = Vec::new();
    for thread in threads {
        for (cpu, ring) in cpus.iter().zip(rings) {
            for tracepoint in [tracepoints.exit, tracepoints.enter] {
                match event(*thread, *cpu, tracepoint) {
                    Ok(event) => {
                        perf::redirect(event.as_fd(), ring.event())?;
                        events.push(event);
                    }
                    // The thread has ended.
                    Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
    Ok(events)
}

fn event(thread: i32, cpu: i32, tracepoint: u16) -> io::Result<OwnedFd> {
    let common = common();
    let attributes = Attributes {
        kind: Attributes::TRACEPOINT,
        config: u64::from(tracepoint),
        flags: common.flags | Attributes::DISABLED | Attributes::INHERIT,
        ..common
    };
    perf::open(&attributes, Scope::ThreadOnCpu(thread, cpu))
}

/// The threads that a process has now.
pub(crate) fn threads(pid: u32) -> io::Result<BTreeSet<i32>> {
    let entries = fs::read_dir(format!("/proc/{pid}/task"))?;
    let number = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
    Ok(entries.filter_map(number).collect())
}

/// Raises the limit on open files as far as it goes.
pub(crate) fn allow_files(events: usize) -> Result<(), String> {
    if events > MOST_EVENTS {
        return Err(format!(
            "it would need {events} perf events; at most {MOST_EVENTS} are opened"
        ));
    }
    let needed = events as u64 + 256;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return Ok(());
    };
    if soft >= needed {
        return Ok(());
    }
    let raised = setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed))
        .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, needed.min(hard), hard));
    match raised {
        Ok(()) if hard >= needed => Ok(()),
        _ if getrlimit(Resource::RLIMIT_NOFILE).is_ok_and(|(soft, _)| soft >= needed) => Ok(()),
        _ => Err(format!(
            "it needs {needed} open files and only {hard} are allowed (ulimit -n)"
        )),
    }
}

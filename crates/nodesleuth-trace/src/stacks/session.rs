//! A capture of stacks: the best engine that runs here, what it delivers, and its end.

use super::{SampleEvent, StackCapture, StackEngine, StackOptions, StackTarget, TaskEvent};
use crate::session::is_32_bit_program;
use std::fs;
use std::time::Duration;

/// Rings are read so often: short-lived processes are to be seen while they live.
const POLL: Duration = Duration::from_millis(20);

/// What every engine does once it runs.
pub(super) trait Sampler {
    /// What makes the samples.
    fn event(&self) -> SampleEvent;

    /// Why waits are not seen, though they were asked for.
    fn off_cpu_missing(&self) -> Option<&str>;

    /// Why time in the kernel is not seen.
    fn kernel_missing(&self) -> Option<&str>;

    /// What has happened since the last time.
    fn poll(&mut self) -> Result<Vec<TaskEvent>, String>;

    /// Detaches first, then reads the rest.
    fn finish(self: Box<Self>) -> Result<StackCapture, String>;
}

/// Why there is no capture of stacks.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// No such process.
    #[error("there is no process {0}")]
    NoProcess(u32),
    /// The number is that of a thread.
    #[error("{tid} is a thread of process {tgid}: only whole processes can be watched")]
    Thread {
        /// The number.
        tid: u32,
        /// Its process.
        tgid: u32,
    },
    /// Its system calls have numbers of their own.
    #[error("process {0} is a 32-bit program: which of its calls are about files is not known")]
    ThirtyTwoBit(u32),
    /// Nobody can sample so often.
    #[error("{0} samples a second are not possible: 1 to {most} are", most = StackOptions::MOST_HZ)]
    Frequency(u32),
    /// No engine runs here.
    #[error("no engine can take stacks here: {}", refusals(.0))]
    NoEngine(Vec<(StackEngine, String)>),
    /// An engine broke off.
    #[error("{engine}: {reason}")]
    Broken {
        /// Which.
        engine: StackEngine,
        /// Why.
        reason: String,
    },
}

fn refusals(refused: &[(StackEngine, String)]) -> String {
    let told = refused
        .iter()
        .map(|(engine, why)| format!("{engine}: {why}"));
    told.collect::<Vec<_>>().join("; ")
}

/// A running capture. Dropping it ends it; so does the end of our process, however it comes.
pub struct StackSession {
    engine: StackEngine,
    not_used: Vec<(StackEngine, String)>,
    sampler: Box<dyn Sampler>,
}

impl std::fmt::Debug for StackSession {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("StackSession")
            .field("engine", &self.engine)
            .field("not_used", &self.not_used)
            .finish_non_exhaustive()
    }
}

/// Begins a capture with the engine asked for, or the first that runs.
///
/// # Errors
/// When there is no such process, the frequency is not possible, or no engine runs.
pub fn start(options: &StackOptions) -> Result<StackSession, StackError> {
    if let StackTarget::Process(pid) = options.target {
        match process_of(pid) {
            Some(tgid) if tgid == pid => {}
            Some(tgid) => return Err(StackError::Thread { tid: pid, tgid }),
            None => return Err(StackError::NoProcess(pid)),
        }
        if options.files && is_32_bit_program(pid) {
            return Err(StackError::ThirtyTwoBit(pid));
        }
    }
    if !(1..=StackOptions::MOST_HZ).contains(&options.hz) {
        return Err(StackError::Frequency(options.hz));
    }
    let mut not_used = Vec::new();
    let wanted = |engine: &StackEngine| options.engine.is_none_or(|only| only == *engine);
    for engine in StackEngine::ALL.into_iter().filter(wanted) {
        match open(engine, options) {
            Ok(sampler) => {
                return Ok(StackSession {
                    engine,
                    not_used,
                    sampler,
                });
            }
            Err(reason) => not_used.push((engine, reason)),
        }
    }
    Err(StackError::NoEngine(not_used))
}

/// The process that a thread belongs to; a process's first thread has its number.
fn process_of(tid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    line?.trim().parse().ok()
}

impl StackSession {
    /// The engine that runs.
    pub fn engine(&self) -> StackEngine {
        self.engine
    }

    /// Better ones, and why they do not run.
    pub fn not_used(&self) -> &[(StackEngine, String)] {
        &self.not_used
    }

    /// What makes the samples.
    pub fn event(&self) -> SampleEvent {
        self.sampler.event()
    }

    /// Why waits are not seen, though they were asked for.
    pub fn off_cpu_missing(&self) -> Option<&str> {
        self.sampler.off_cpu_missing()
    }

    /// Why time in the kernel is not seen at all: neither its stacks nor its samples.
    pub fn kernel_missing(&self) -> Option<&str> {
        self.sampler.kernel_missing()
    }

    /// How soon the next poll should come.
    pub fn pause(&self) -> Duration {
        POLL
    }

    /// What has happened to the processes watched since the last time. To be called after each
    /// pause: rings that nobody empties run over.
    ///
    /// # Errors
    /// When the engine broke off.
    pub fn poll(&mut self) -> Result<Vec<TaskEvent>, StackError> {
        let engine = self.engine;
        let polled = self.sampler.poll();
        polled.map_err(|reason| StackError::Broken { engine, reason })
    }

    /// Ends the capture: detaches, then reads what is left.
    ///
    /// # Errors
    /// When the engine's counts cannot be read.
    pub fn finish(self) -> Result<StackCapture, StackError> {
        let engine = self.engine;
        let finished = self.sampler.finish();
        finished.map_err(|reason| StackError::Broken { engine, reason })
    }
}

#[cfg(target_os = "linux")]
fn open(engine: StackEngine, options: &StackOptions) -> Result<Box<dyn Sampler>, String> {
    match engine {
        StackEngine::Bpf => Ok(Box::new(super::bpf::BpfSampler::open(options)?)),
        StackEngine::PerfRings => Ok(Box::new(super::rings::RingsSampler::open(options)?)),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(_: StackEngine, _: &StackOptions) -> Result<Box<dyn Sampler>, String> {
    Err("it needs Linux".to_owned())
}

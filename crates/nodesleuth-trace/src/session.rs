//! A capture: the best engine that runs here, what it delivers, and its end.

use crate::{Arch, Attempt, Engine, Figures, Options, Record, Summary};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Rings are read so often. Nothing wakes us: a wake-up for each event would cost the process
/// watched many times what the event itself costs.
pub(crate) const POLL: Duration = Duration::from_millis(5);
/// Where there is nothing to read, only the end to notice.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// What every engine does once it runs.
pub(crate) trait Capture {
    /// How soon the next poll should come.
    fn pause(&self) -> Duration;

    /// Hands over the records that have come in since the last time.
    fn poll(&mut self, each: &mut dyn FnMut(&Record<'_>)) -> Result<(), String>;

    /// Detaches first, then hands over the rest, calls in flight included.
    fn finish(self: Box<Self>, each: &mut dyn FnMut(&Record<'_>)) -> Result<Summary, String>;
}

/// Whether a process runs a program whose system calls have numbers of their own.
pub(crate) fn is_32_bit_program(pid: u32) -> bool {
    executable(pid).is_some_and(|head| is_32_bit(&head))
}

/// The first bytes of a process's program; none where there is none or it is not shown to us.
fn executable(pid: u32) -> Option<[u8; 5]> {
    let mut head = [0; 5];
    let mut file = File::open(format!("/proc/{pid}/exe")).ok()?;
    file.read_exact(&mut head).ok()?;
    Some(head)
}

/// By the class in an ELF file's identification.
fn is_32_bit(head: &[u8; 5]) -> bool {
    head == b"\x7fELF\x01"
}

/// Why there is no capture.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// No such process.
    #[error("there is no process {0}")]
    NoProcess(u32),
    /// Its system calls have numbers and structures of their own.
    #[error(
        "process {0} is a 32-bit program: the numbers of its system calls mean other calls than \
         those of 64-bit programs, and only these are known"
    )]
    ThirtyTwoBit(u32),
    /// No engine runs here.
    #[error("no engine can watch system calls here: {}", refusals(.0))]
    NoEngine(Vec<Attempt>),
    /// An engine broke off.
    #[error("{engine}: {reason}")]
    Broken {
        /// Which.
        engine: Engine,
        /// Why.
        reason: String,
    },
}

fn refusals(attempts: &[Attempt]) -> String {
    let told = attempts.iter().filter_map(|attempt| {
        let reason = attempt.refused.as_ref()?;
        Some(format!("{}: {reason}", attempt.engine))
    });
    told.collect::<Vec<_>>().join("; ")
}

/// A running capture. Dropping it ends it.
pub struct Session {
    engine: Engine,
    attempts: Vec<Attempt>,
    capture: Box<dyn Capture>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Session")
            .field("engine", &self.engine)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Begins a capture with the engine asked for, or the first that runs.
    ///
    /// # Errors
    /// When there is no such process or no engine runs.
    pub fn open(options: &Options, choice: Option<Engine>) -> Result<Self, TraceError> {
        if !Path::new(&format!("/proc/{}/task", options.pid)).exists() {
            return Err(TraceError::NoProcess(options.pid));
        }
        if is_32_bit_program(options.pid) {
            return Err(TraceError::ThirtyTwoBit(options.pid));
        }
        let mut attempts = Vec::new();
        let wanted = |engine: &Engine| choice.is_none_or(|choice| choice == *engine);
        for engine in Engine::ALL.into_iter().filter(wanted) {
            match open(engine, options) {
                Ok(capture) => {
                    attempts.push(Attempt {
                        engine,
                        refused: None,
                    });
                    return Ok(Self {
                        engine,
                        attempts,
                        capture,
                    });
                }
                Err(reason) => attempts.push(Attempt {
                    engine,
                    refused: Some(reason),
                }),
            }
        }
        Err(TraceError::NoEngine(attempts))
    }

    /// The engine that runs.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The engines that were tried, the last one with success.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// How soon the next poll should come.
    pub fn pause(&self) -> Duration {
        self.capture.pause()
    }

    /// Hands over the records that have come in since the last time. To be called after each
    /// pause: nothing wakes us when there are some, as that would slow the process watched.
    ///
    /// # Errors
    /// When the engine broke off.
    pub fn poll(&mut self, each: &mut dyn FnMut(&Record<'_>)) -> Result<(), TraceError> {
        let engine = self.engine;
        let polled = self.capture.poll(each);
        polled.map_err(|reason| TraceError::Broken { engine, reason })
    }

    /// Ends the capture: detaches, hands over what is left, calls in flight last, and sums up.
    ///
    /// # Errors
    /// When the engine's counts cannot be read.
    pub fn finish(self, each: &mut dyn FnMut(&Record<'_>)) -> Result<Summary, TraceError> {
        let engine = self.engine;
        let finished = self.capture.finish(each);
        let finished = finished.map(|summary| Summary {
            figures: without_births(summary.figures),
            ..summary
        });
        finished.map_err(|reason| TraceError::Broken { engine, reason })
    }
}

/// System calls that return twice: once to whoever called, once in the thread that they make.
const RETURN_TWICE: [&str; 4] = ["clone", "clone3", "fork", "vfork"];

/// A new thread's first return looks like that of a call that began before the capture, which such
/// a short call hardly ever did.
fn without_births(figures: Figures) -> Figures {
    let Figures::Counted { mut totals, errors } = figures else {
        return figures;
    };
    let name = |number| Arch::native().and_then(|arch| arch.name(number));
    for total in &mut totals {
        if name(total.number).is_some_and(|name| RETURN_TWICE.contains(&name)) {
            total.began_before = 0;
        }
    }
    totals.retain(|total| total.calls + total.unreturned + total.began_before > 0);
    Figures::Counted { totals, errors }
}

#[cfg(target_os = "linux")]
fn open(engine: Engine, options: &Options) -> Result<Box<dyn Capture>, String> {
    if !options.files || !engine.counts() {
        return open_plain(engine, options);
    }
    let because = match engine {
        Engine::BpfRing => match open_plain(engine, options) {
            Ok(capture) => return Ok(capture),
            Err(reason) => reason,
        },
        _ => "this engine reads no kernel structs".to_owned(),
    };
    let arch = crate::Arch::native().ok_or("system calls of this architecture are not known")?;
    let tracker = crate::files::Tracker::new(arch, because);
    let open = |options: &Options| open_plain(engine, options);
    Ok(Box::new(crate::files::ByDescriptor::open(
        options, tracker, open,
    )?))
}

#[cfg(target_os = "linux")]
fn open_plain(engine: Engine, options: &Options) -> Result<Box<dyn Capture>, String> {
    match engine {
        Engine::BpfRing | Engine::BpfPerf | Engine::BpfClassic => {
            Ok(Box::new(crate::bpf::BpfCapture::open(engine, options)?))
        }
        Engine::PerfRings => Ok(Box::new(crate::tracepoints::RingsCapture::open(options)?)),
        Engine::Sampling => Ok(Box::new(crate::sampling::SamplingCapture::open(options)?)),
    }
}

#[cfg(not(target_os = "linux"))]
fn open(_: Engine, _: &Options) -> Result<Box<dyn Capture>, String> {
    Err("it needs Linux".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Total;

    #[test]
    fn a_thread_s_birth_is_no_call() {
        let total = |name: &str, calls, began_before| Total {
            number: Arch::native().unwrap().number(name).unwrap(),
            calls,
            began_before,
            ..Total::default()
        };
        let totals = vec![
            total("clone3", 2, 2),
            total("clone", 0, 1),
            total("read", 0, 1),
        ];
        let errors = Vec::new();
        let Figures::Counted { totals, .. } = without_births(Figures::Counted { totals, errors })
        else {
            panic!()
        };
        assert_eq!(totals, [total("clone3", 2, 0), total("read", 0, 1)]);
    }

    #[test]
    fn programs_of_32_bits_are_known_by_their_class() {
        assert!(is_32_bit(b"\x7fELF\x01"));
        assert!(!is_32_bit(b"\x7fELF\x02"));
        assert!(!is_32_bit(b"#!/bi"));
    }
}

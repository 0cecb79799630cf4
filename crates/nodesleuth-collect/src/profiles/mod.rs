//! Profiles that the user named: fetched while the window is open, checked, and kept as they came, or
//! as pprof files if they came as text.

mod address;
pub(crate) mod debug_pages;
mod fetch;
mod file;
mod goroutines;
mod heap;
mod server_text;
mod validate;

use crate::{Cancel, Clock, CollectError};
pub use debug_pages::{DebugPages, kept as kept_debug_page};
pub use file::Loaded;
pub use goroutines::goroutines_of;
pub use heap::heap_of;

use address::{Source, seconds_of, with_seconds};
use fetch::fetch;
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{ProfileFailure, ProfileRecord};
use nodesleuth_model::{BootNanos, Evidence, Missing, MissingKind, Nanos};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The largest profile that is taken, as it comes; real CPU profiles are below 10 MiB.
const MAX_PROFILE_BYTES: u64 = 32 << 20;
/// A server gets this long beyond the window to send what it sampled.
const GRACE: Duration = Duration::from_secs(30);
/// How often the user's wish to stop is looked at while a profile is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a server sends at this `http://` address within this time; a profile, if it is one.
///
/// # Errors
/// Why it did not come, or was refused. Nothing in it repeats the address, which may hold secrets.
pub fn fetch_profile(address: &str, give_up_after: Duration) -> Result<Vec<u8>, Missing> {
    fetch(address, give_up_after)
}

/// Checks that bytes are a profile, in any format, before they go into a bundle.
///
/// # Errors
/// When they are none, or too large a one.
pub fn checked_profile(bytes: Vec<u8>) -> Result<Loaded, Missing> {
    validate::any_format(bytes)
}

/// An address as it may be shown: without user, password and parameters that could be a token.
pub fn shown_address(address: &str) -> String {
    Source::Http(address.to_owned()).shown()
}

/// A profile that will be part of the evidence, or the reason why it is not.
pub(crate) struct Wanted {
    source: Source,
    /// Of a file.
    loaded: Option<Loaded>,
}

/// Reads those that are files, before anything else is done: a wrong name must not cost a window.
pub(crate) fn prepare(sources: &[String]) -> Result<Vec<Wanted>, CollectError> {
    let prepare_one = |text: &String| {
        let source = Source::of(text);
        let loaded = match &source {
            Source::File(path) => Some(file::load(path)?),
            Source::Http(_) | Source::OtherScheme(_) => None,
        };
        Ok(Wanted { source, loaded })
    };
    sources.iter().map(prepare_one).collect()
}

/// A profile under way.
pub(crate) struct Pending {
    source: Source,
    began: BootNanos,
    answer: Answer,
}

enum Answer {
    Loaded(Loaded),
    /// From a thread of its own.
    Coming(Receiver<Arrived>),
}

/// What the thread brings back.
struct Arrived {
    bytes: Result<Vec<u8>, Missing>,
    took: Duration,
}

/// Starts fetching each of them that is not here yet.
pub(crate) fn start(wanted: Vec<Wanted>, window: Duration, clock: &dyn Clock) -> Vec<Pending> {
    let begin = |wanted: Wanted| Pending {
        began: clock.boot(),
        answer: match wanted.loaded {
            Some(loaded) => Answer::Loaded(loaded),
            None => Answer::Coming(fetching(wanted.source.clone(), window)),
        },
        source: wanted.source,
    };
    wanted.into_iter().map(begin).collect()
}

/// The thread is not joined: when the user stops, nobody waits for a server that has not answered.
fn fetching(source: Source, window: Duration) -> Receiver<Arrived> {
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || {
        let started = Instant::now();
        let bytes = fetched(&source, window);
        let _ = sender.send(Arrived {
            bytes,
            took: started.elapsed(),
        });
    });
    answer
}

fn fetched(source: &Source, window: Duration) -> Result<Vec<u8>, Missing> {
    let Source::Http(address) = source else {
        return Err(Missing::new(
            MissingKind::Unsupported,
            "only files and http:// addresses are read; go through `kubectl proxy`, or fetch it \
             with curl into a file and name the file",
        ));
    };
    let address = with_seconds(address, window.as_secs_f64().ceil() as u64);
    let sampling = seconds_of(&address).map_or(window, Duration::from_secs);
    fetch(&address, sampling.max(window) + GRACE)
}

/// Waits for what was started; fills the records and returns the raw profiles by bundle file name.
pub(crate) fn finish(
    pending: Vec<Pending>,
    window: Duration,
    cancel: &Cancel,
    evidence: &mut Evidence,
) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for one in pending {
        let (source, began) = (one.source.shown(), one.began);
        match one.answer.wait(cancel) {
            Ok((loaded, took)) => {
                let file = file_name(files.len());
                let fetched = took.map(|took| {
                    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                    (began, BootNanos(began.0.saturating_add(nanos)))
                });
                evidence.profiles.push(ProfileRecord {
                    file: file.clone(),
                    source,
                    fetched,
                    covers_window: fetched.is_some() && is_as_long_as(loaded.duration, window),
                    duration: loaded.duration,
                    notes: loaded.notes,
                });
                files.push((file, loaded.bytes));
            }
            Err(missing) => evidence
                .profile_failures
                .push(ProfileFailure { source, missing }),
        }
    }
    files
}

impl Answer {
    /// The profile, and how long it took to come if it did not lie here before.
    fn wait(self, cancel: &Cancel) -> Result<(Loaded, Option<Duration>), Missing> {
        let arrived = match self {
            Self::Loaded(loaded) => return Ok((loaded, None)),
            Self::Coming(answer) => wait(&answer, cancel)?,
        };
        let loaded = validate::any_format(arrived.bytes?)?;
        Ok((loaded, Some(arrived.took)))
    }
}

/// The thread ends by its own timeouts, so this does too.
fn wait(answer: &Receiver<Arrived>, cancel: &Cancel) -> Result<Arrived, Missing> {
    loop {
        match answer.recv_timeout(LOOK_EVERY) {
            Ok(arrived) => return Ok(arrived),
            Err(RecvTimeoutError::Timeout) if cancel.requested() => {
                return Err(Missing::new(
                    MissingKind::Interrupted,
                    "interrupted before the profile was complete",
                ));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Missing::new(
                    MissingKind::Failed,
                    "fetching it ended in a panic",
                ));
            }
        }
    }
}

/// A profile of another length was fetched during the window but is not of it.
#[must_use]
pub fn is_as_long_as(duration: Option<Nanos>, window: Duration) -> bool {
    const ABOUT: std::ops::Range<f64> = 0.8..1.25;
    // Go stops sampling a little late; with short windows that is a large share.
    const LATE_SECONDS: f64 = 1.0;
    duration.is_none_or(|duration| {
        let (sampled, window) = (duration.seconds(), window.as_secs_f64());
        ABOUT.contains(&(sampled / window)) || (0.0..LATE_SECONDS).contains(&(sampled - window))
    })
}

/// `profiles/cpu.pb.gz`, `profiles/cpu-2.pb.gz` …
fn file_name(index: usize) -> String {
    match index {
        0 => format!("{PROFILES_DIR}/cpu.pb.gz"),
        _ => format!("{PROFILES_DIR}/cpu-{}.pb.gz", index + 1),
    }
}

#[cfg(test)]
mod tests;

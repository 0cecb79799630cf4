//! Profiles that the user named: fetched while the window is open, checked, and kept as they came.

mod address;
mod fetch;
mod server_text;
mod validate;

use crate::{Cancel, Clock};
use address::{Source, seconds_of, with_seconds};
use fetch::{MAX_PROFILE_BYTES, fetch};
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{ProfileFailure, ProfileRecord};
use nodesleuth_model::{BootNanos, Evidence, Missing, MissingKind, Nanos};
use std::fs::File;
use std::io::Read;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// A server gets this long beyond the window to send what it sampled.
const GRACE: Duration = Duration::from_secs(30);
/// How often the user's wish to stop is looked at while a profile is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A profile under way, in a thread of its own.
pub(crate) struct Pending {
    source: Source,
    began: BootNanos,
    answer: Receiver<Arrived>,
}

/// What the thread brings back.
struct Arrived {
    bytes: Result<Vec<u8>, Missing>,
    took: Duration,
}

/// Starts fetching or reading each of them.
pub(crate) fn start(sources: &[String], window: Duration, clock: &dyn Clock) -> Vec<Pending> {
    let begin = |text: &String| {
        let source = Source::of(text);
        let (sender, answer) = mpsc::channel();
        let began = clock.boot();
        let wanted = source.clone();
        // Not joined: when the user stops, nobody waits for a server that has not answered.
        thread::spawn(move || {
            let started = Instant::now();
            let bytes = bytes_of(&wanted, window);
            let _ = sender.send(Arrived {
                bytes,
                took: started.elapsed(),
            });
        });
        Pending {
            source,
            began,
            answer,
        }
    };
    sources.iter().map(begin).collect()
}

fn bytes_of(source: &Source, window: Duration) -> Result<Vec<u8>, Missing> {
    match source {
        Source::File(path) => read_file(path),
        Source::Http(address) => {
            let address = with_seconds(address, window.as_secs_f64().ceil() as u64);
            let sampling = seconds_of(&address).map_or(window, Duration::from_secs);
            fetch(&address, sampling.max(window) + GRACE)
        }
        Source::OtherScheme(_) => Err(Missing::new(
            MissingKind::Unsupported,
            "only files and http:// addresses are read; go through `kubectl proxy`, or fetch it \
             with curl into a file and name the file",
        )),
    }
}

fn read_file(path: &str) -> Result<Vec<u8>, Missing> {
    let read = || {
        let mut bytes = Vec::new();
        File::open(path)?
            .take(MAX_PROFILE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|source| crate::ReadError {
        path: path.to_owned(),
        source,
    })?;
    if bytes.len() as u64 > MAX_PROFILE_BYTES {
        let reason = format!("{path}: larger than {} MiB", MAX_PROFILE_BYTES >> 20);
        return Err(Missing::new(MissingKind::Malformed, reason));
    }
    Ok(bytes)
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
        let source = one.source.shown();
        let checked = one.wait(cancel).and_then(|(bytes, took)| {
            let duration = validate::duration(&bytes)?;
            Ok((bytes, took, duration))
        });
        match checked {
            Ok((bytes, took, duration)) => {
                let file = file_name(files.len());
                let fetched = matches!(one.source, Source::Http(_)).then(|| {
                    let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
                    (one.began, BootNanos(one.began.0.saturating_add(nanos)))
                });
                evidence.profiles.push(ProfileRecord {
                    file: file.clone(),
                    source,
                    fetched,
                    covers_window: fetched.is_some() && is_as_long_as(duration, window),
                    duration,
                });
                files.push((file, bytes));
            }
            Err(missing) => evidence
                .profile_failures
                .push(ProfileFailure { source, missing }),
        }
    }
    files
}

impl Pending {
    /// The thread ends by its own timeouts, so this does too.
    fn wait(&self, cancel: &Cancel) -> Result<(Vec<u8>, Duration), Missing> {
        loop {
            match self.answer.recv_timeout(LOOK_EVERY) {
                Ok(Arrived { bytes, took }) => return bytes.map(|bytes| (bytes, took)),
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
}

/// A profile of another length was fetched during the window but is not of it.
fn is_as_long_as(duration: Option<Nanos>, window: Duration) -> bool {
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

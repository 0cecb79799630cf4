//! The CPU profile of a kubelet, over the window: waiting for others who profile it, in slices
//! where a front end cuts long requests.

use super::Run;
use crate::request::{Bounds, interrupted, stopped};
use crate::slices::Slices;
use crate::{Refusal, RefusalKind as Kind};
use nodesleuth_collect::{checked_profile, is_as_long_as};
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{KubeletMetrics, ProfileFailure, ProfileRecord};
use nodesleuth_model::{BootNanos, Evidence, Missing, Reading};
use nodesleuth_profile::{Limits, Merger, write};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// As for profiles from elsewhere.
const MAX_PROFILE_BYTES: u64 = 32 << 20;
/// A kubelet gets this long beyond the profile's length.
const GRACE: Duration = Duration::from_secs(30);
/// How often a kubelet is asked again that is being profiled by somebody else.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// And how long beyond the window: the other's profile may be as long as ours, or the usual 30 s.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(30);

/// What a window gave.
pub(super) struct Taken {
    /// The kubelet's metrics when the profile began.
    pub(super) opened: Result<Reading<KubeletMetrics>, Refusal>,
    pub(super) profile: ProfileTaken,
}

/// A profile, or why there is none.
pub(super) struct ProfileTaken {
    began: BootNanos,
    ended: BootNanos,
    bytes: Result<Vec<u8>, Refusal>,
    slices: usize,
}

/// Taking one.
pub(super) struct Taking<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) length: Duration,
}

impl Taking<'_> {
    pub(super) async fn take(&self) -> Taken {
        let node = self.run.node;
        let started = Instant::now();
        let give_up = self.length + WAIT_FOR_OTHERS;
        loop {
            // Anew for each try: both ends of the window belong to the profile.
            let opened = self.run.unless_stopped(node.metrics()).await;
            let began = node.clock.boot();
            let (bytes, slices) = self.slices().await;
            if let Err(refusal) = &bytes
                && refusal.kind == Kind::ProfilingInUse
                && started.elapsed() < give_up
            {
                self.run.progress.stage("waiting for another's profile");
                tokio::select! {
                    () = sleep(ASK_AGAIN) => continue,
                    () = stopped(self.run.cancel) => {}
                }
            }
            if bytes.is_err() {
                self.rest_of_window(began).await;
            }
            let ended = node.clock.boot();
            let profile = ProfileTaken {
                began,
                ended,
                bytes,
                slices,
            };
            return Taken { opened, profile };
        }
    }

    /// Without a profile the counters still need a window.
    async fn rest_of_window(&self, began: BootNanos) {
        let passed = self.run.node.clock.boot().since(began);
        let left = self.length.saturating_sub(Duration::from_nanos(passed.0));
        tokio::select! {
            () = sleep(left) => {}
            () = stopped(self.run.cancel) => {}
        }
    }

    /// The profile's bytes, and of how many slices they are.
    async fn slices(&self) -> (Result<Vec<u8>, Refusal>, usize) {
        let mut slices = Slices::new(self.length, self.run.options.longest_slice);
        let mut taken: Vec<Vec<u8>> = Vec::new();
        while let Some(seconds) = slices.next() {
            let asked = Instant::now();
            match self.slice(seconds).await {
                Ok(bytes) => {
                    taken.push(bytes);
                    slices.taken(seconds);
                }
                Err(refusal) if refusal.kind == Kind::Cut => {
                    if !slices.cut_after(asked.elapsed()) {
                        return (Err(refusal), taken.len());
                    }
                    self.run.progress.stage("watching in shorter slices");
                }
                // What was taken until then is of some use.
                Err(refusal) if refusal.kind == Kind::Interrupted && !taken.is_empty() => break,
                Err(refusal) => return (Err(refusal), taken.len()),
            }
        }
        let count = taken.len();
        (merged(taken), count)
    }

    async fn slice(&self, seconds: u64) -> Result<Vec<u8>, Refusal> {
        let node = self.run.node;
        let path = node.page(&format!("/debug/pprof/profile?seconds={seconds}"));
        let bounds = Bounds {
            bytes: MAX_PROFILE_BYTES,
            first: Duration::from_secs(seconds) + GRACE,
            idle: Duration::from_secs(15),
        };
        tokio::select! {
            bytes = node.requester.bytes(&path, bounds) => bytes,
            () = stopped(self.run.cancel) => Err(interrupted()),
        }
    }
}

/// One profile of several.
fn merged(mut slices: Vec<Vec<u8>>) -> Result<Vec<u8>, Refusal> {
    if slices.len() == 1 {
        return Ok(slices.remove(0));
    }
    let unusable = |error: String| Refusal::new(Kind::Malformed, error);
    let mut merger = Merger::new();
    for slice in &slices {
        let opened = nodesleuth_profile::open(slice.as_slice(), &Limits::default());
        let opened = opened.map_err(|error| unusable(error.to_string()))?;
        merger
            .add(&opened.profile)
            .map_err(|error| unusable(error.to_string()))?;
    }
    let mut bytes = Vec::new();
    write(&merger.finish(), &mut bytes).map_err(|error| unusable(error.to_string()))?;
    Ok(bytes)
}

impl ProfileTaken {
    /// Notes it, or why there is none, in the evidence; returns the bundle's files.
    pub(super) fn record(
        self,
        node: &str,
        window: Duration,
        evidence: &mut Evidence,
    ) -> Vec<(String, Vec<u8>)> {
        let source = format!("node {node}, /debug/pprof/profile");
        let checked = self.bytes.map_err(|refusal| Missing {
            reason: format!("{refusal}; {}", refusal.help()),
            ..refusal.missing()
        });
        let checked = match checked.and_then(checked_profile) {
            Ok(checked) => checked,
            Err(missing) => {
                let failure = ProfileFailure { source, missing };
                evidence.profile_failures.push(failure);
                return Vec::new();
            }
        };
        let mut notes = checked.notes;
        if self.slices > 1 {
            notes.push(format!(
                "taken in {} slices, one after another",
                self.slices
            ));
        }
        let file = format!("{PROFILES_DIR}/cpu.pb.gz");
        evidence.profiles.push(ProfileRecord {
            file: file.clone(),
            source,
            fetched: Some((self.began, self.ended)),
            covers_window: is_as_long_as(checked.duration, window),
            duration: checked.duration,
            notes,
        });
        vec![(file, checked.bytes)]
    }
}

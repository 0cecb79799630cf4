//! The CPU profile of a kubelet over the window, waiting for others who profile it.

use super::Run;
use crate::profile::{ProfileOf, Taking};
use crate::request::stopped;
use crate::{Refusal, RefusalKind as Kind};
use nodesleuth_collect::{checked_profile, is_as_long_as};
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{KubeletMetrics, ProfileFailure, ProfileRecord};
use nodesleuth_model::{BootNanos, Evidence, Missing, Reading};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How often a kubelet is asked again that is being profiled by somebody else.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// What a window gave.
pub(super) struct Taken {
    /// The kubelet's metrics when the profile began.
    pub(super) opened: Result<Reading<KubeletMetrics>, Refusal>,
    pub(super) profile: ProfileTaken,
}

/// A profile and its number of slices, or why there is none.
pub(super) struct ProfileTaken {
    began: BootNanos,
    ended: BootNanos,
    taken: Result<(Vec<u8>, usize), Refusal>,
}

impl Run<'_> {
    /// Takes the CPU profile; without one the window lasts as long all the same.
    pub(super) async fn watch(&self, of: &ProfileOf) -> Taken {
        let node = self.node;
        let taking = Taking {
            requester: node.requester,
            of,
            length: self.options.window,
            longest_slice: self.options.longest_slice,
            cancel: self.cancel,
            progress: self.progress,
            patience: self.options.patience,
        };
        let started = Instant::now();
        let give_up = self.options.patience;
        loop {
            // Anew for each try: both ends of the window belong to the profile.
            let opened = self
                .unless_stopped(node.metrics(self.options.first_answer))
                .await;
            let began = node.clock.boot();
            let taken = taking.cpu().await;
            if let Err(refusal) = &taken
                && refusal.kind == Kind::ProfilingInUse
                && started.elapsed() < give_up
            {
                self.progress.stage("waiting for another's profile");
                tokio::select! {
                    () = sleep(ASK_AGAIN) => continue,
                    () = stopped(self.cancel) => {}
                }
            }
            if taken.is_err() {
                self.rest_of_window(began).await;
            }
            let profile = ProfileTaken {
                began,
                ended: node.clock.boot(),
                taken,
            };
            return Taken { opened, profile };
        }
    }

    /// Without a profile the counters still need a window.
    async fn rest_of_window(&self, began: BootNanos) {
        let passed = self.node.clock.boot().since(began);
        let passed = Duration::from_nanos(passed.0);
        tokio::select! {
            () = sleep(self.options.window.saturating_sub(passed)) => {}
            () = stopped(self.cancel) => {}
        }
    }
}

impl ProfileTaken {
    /// Notes it, or why there is none, in the evidence; returns the bundle's files.
    pub(super) fn record(
        self,
        of: &ProfileOf,
        window: Duration,
        evidence: &mut Evidence,
    ) -> Vec<(String, Vec<u8>)> {
        let source = format!("/debug/pprof/profile of {of}");
        let taken = self.taken.map_err(|refusal| Missing {
            reason: format!("{refusal}; {}", refusal.help()),
            ..refusal.missing()
        });
        let checked = taken.and_then(|(bytes, slices)| Ok((checked_profile(bytes)?, slices)));
        let (checked, slices) = match checked {
            Ok(checked) => checked,
            Err(missing) => {
                let failure = ProfileFailure { source, missing };
                evidence.profile_failures.push(failure);
                return Vec::new();
            }
        };
        let mut notes = checked.notes;
        if slices > 1 {
            notes.push(format!("taken in {slices} slices, one after another"));
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

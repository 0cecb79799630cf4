//! The CPU profile of a kubelet over the window, waiting for others who profile it.

use super::run::{Answer, Run};
use crate::profile::{ProfileOf, Taking};
use crate::{Refusal, RefusalKind as Kind};
use nodesleuth_collect::{checked_profile, is_as_long_as};
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::{KubeletMetrics, ProfileFailure, ProfileRecord};
use nodesleuth_model::{BootNanos, Evidence, Missing, Reading};
use std::future::{Future, pending, ready};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// How often a kubelet is asked again that is being profiled by somebody else.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// A profile that is so late, of a kubelet that has not answered a page of metrics either, will not
/// come.
const TOO_LATE: Duration = Duration::from_secs(5);

/// A kubelet does not stop collecting when its client goes away.
const DISTURBED: &str = "the kubelet may still have been putting together /metrics/cadvisor for us, \
    which had not come before the window";

/// What a window gave.
pub(super) struct Taken {
    /// The kubelet's metrics when the profile began.
    pub(super) opened: Answer<Reading<KubeletMetrics>>,
    /// When it was over, where they were read then.
    pub(super) closed: Option<Answer<Reading<KubeletMetrics>>>,
    pub(super) profile: ProfileTaken,
}

/// A profile, and the reading that closed its window.
type Closed = (ProfileTaken, Option<Answer<Reading<KubeletMetrics>>>);

/// A profile and its number of slices, or why there is none.
#[derive(Debug)]
pub(super) struct ProfileTaken {
    began: BootNanos,
    ended: BootNanos,
    taken: Result<(Vec<u8>, usize), Refusal>,
}

impl Run<'_> {
    /// Takes the CPU profile between two readings of metrics, of which this is the first, unless one
    /// that came just now is `at_hand`; without a profile the window lasts as long all the same.
    pub(super) async fn watch(
        &self,
        of: &ProfileOf,
        at_hand: Option<Answer<Reading<KubeletMetrics>>>,
    ) -> Taken {
        self.progress.stage("watching");
        let mut at_hand = at_hand;
        let open = || {
            let at_hand = at_hand.take();
            async move {
                match at_hand {
                    Some(opened) => opened,
                    None => self.opening_metrics().await,
                }
            }
        };
        let (opened, (profile, closed)) = self.patiently(of, open).await;
        Taken {
            opened,
            closed,
            profile,
        }
    }

    /// Takes the profile of a kubelet whose metrics are still to come.
    ///
    /// # Errors
    /// When these say that the node cannot be asked at all, and no profile has come.
    pub(super) async fn watch_meanwhile(
        &self,
        of: &ProfileOf,
        mut opened: Pin<&mut impl Future<Output = Answer<Reading<KubeletMetrics>>>>,
    ) -> Answer<Taken> {
        self.progress.stage("watching; the kubelet is slow");
        let given_up = sleep(self.options.window + TOO_LATE);
        let mut given_up = pin!(given_up);
        let mut profile = pin!(self.patiently(of, || ready(())));
        let (opened, profile) = tokio::select! {
            biased;
            opened = &mut opened => {
                let refusal = opened.as_ref().err();
                match refusal.filter(|refusal| refusal.is_about_the_whole_node()) {
                    Some(refusal) if refusal.kind != Kind::NoAnswer => return Err(refusal.clone()),
                    None => (opened, profile.await.1),
                    // It has said nothing yet, and may all the same send its profile.
                    Some(refusal) => tokio::select! {
                        profile = &mut profile => (opened, profile.1),
                        () = &mut given_up => return Err(refusal.clone()),
                    },
                }
            }
            profile = &mut profile => (opened.await, profile.1),
        };
        let (profile, closed) = profile;
        match opened {
            Err(refusal) if refusal.is_about_the_whole_node() && profile.taken.is_err() => {
                Err(refusal)
            }
            opened => Ok(Taken {
                opened,
                closed,
                profile,
            }),
        }
    }

    /// The profile, waiting for others who take one; each try begins with this.
    async fn patiently<T, F: Future<Output = T>>(
        &self,
        of: &ProfileOf,
        mut first: impl FnMut() -> F,
    ) -> (T, Closed) {
        let started = Instant::now();
        loop {
            let opened = first().await;
            let (profile, closed) = self.profile_and_closing(of).await;
            let may_wait = started.elapsed() < self.options.patience
                && self.time().left() > self.options.window;
            if profile.is_anothers() && may_wait {
                self.progress.stage("waiting for another's profile");
                tokio::select! {
                    () = sleep(ASK_AGAIN) => continue,
                    () = self.stop.wanted() => {}
                }
            }
            return (opened, (self.rest_of_window(profile).await, closed));
        }
    }

    /// The profile, and of one of many nodes the reading that closes its window: without it the CPU is
    /// not known, so it does not wait until a profile has come that may be late among hundreds.
    async fn profile_and_closing(&self, of: &ProfileOf) -> Closed {
        let mut profile = pin!(self.profile(of));
        let over = async {
            match self.is_one_of_many() {
                true => sleep(self.options.window).await,
                false => pending().await,
            }
        };
        tokio::select! {
            biased;
            profile = &mut profile => (profile, None),
            () = over => {
                let (closed, profile) = tokio::join!(self.closing_metrics(), profile);
                (profile, Some(closed))
            }
        }
    }

    async fn profile(&self, of: &ProfileOf) -> ProfileTaken {
        let clock = self.node.clock;
        let taking = Taking {
            requester: self.node.requester,
            of,
            length: self.options.window,
            longest_slice: self.options.longest_slice,
            stop: self.stop,
            progress: self.progress,
            patience: self.options.patience.min(self.time().spare() / 2),
        };
        let began = clock.boot();
        let taken = timeout(self.time().left(), taking.cpu()).await;
        let late = |_| {
            let said = "it had not come when the time for this node was over";
            Refusal::new(Kind::NoAnswer, said)
        };
        ProfileTaken {
            began,
            taken: taken.map_err(late).and_then(|taken| taken),
            ended: clock.boot(),
        }
    }

    /// Without a profile the counters still need a window.
    async fn rest_of_window(&self, profile: ProfileTaken) -> ProfileTaken {
        if profile.taken.is_ok() {
            return profile;
        }
        let clock = self.node.clock;
        let passed = Duration::from_nanos(clock.boot().since(profile.began).0);
        let rest = self.options.window.saturating_sub(passed);
        tokio::select! {
            () = sleep(rest.min(self.time().left())) => {}
            () = self.stop.wanted() => {}
        }
        ProfileTaken {
            ended: clock.boot(),
            ..profile
        }
    }
}

impl ProfileTaken {
    pub(super) fn began(&self) -> BootNanos {
        self.began
    }

    pub(super) fn ended(&self) -> BootNanos {
        self.ended
    }

    /// Somebody else takes one just now.
    fn is_anothers(&self) -> bool {
        let refusal = self.taken.as_ref().err();
        refusal.is_some_and(|refusal| refusal.kind == Kind::ProfilingInUse)
    }

    /// Notes it, or why there is none, in the evidence; returns the bundle's files. `is_disturbed`
    /// says that the kubelet had been asked for statistics that had not come.
    pub(super) fn record(
        self,
        of: &ProfileOf,
        window: Duration,
        is_disturbed: bool,
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
        if is_disturbed {
            notes.push(DISTURBED.to_owned());
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

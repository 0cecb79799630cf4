//! The user's wish to stop: looked at in one place, however many wait for it. A timer for each of
//! two thousand nodes would cost more than all their pages.

use crate::request::stopped;
use nodesleuth_collect::Cancel;
use std::future::{Future, pending};
use tokio::sync::Notify;

/// The user's wish to stop.
#[derive(Debug)]
pub(crate) struct Stop<'a> {
    cancel: &'a Cancel,
    told: Notify,
}

impl<'a> Stop<'a> {
    pub(crate) fn of(cancel: &'a Cancel) -> Self {
        Self {
            cancel,
            told: Notify::new(),
        }
    }

    /// Whether it was uttered.
    pub(crate) fn is_wanted(&self) -> bool {
        self.cancel.requested()
    }

    /// Does this, and meanwhile tells all who wait when the user asks to stop.
    pub(crate) async fn told_during<T>(&self, work: impl Future<Output = T>) -> T {
        let tell = async {
            stopped(self.cancel).await;
            self.told.notify_waiters();
            pending().await
        };
        tokio::select! {
            biased;
            done = work => done,
            done = tell => done,
        }
    }

    /// Ends when the user asks to stop; somebody must be in [`Stop::told_during`].
    pub(crate) async fn wanted(&self) {
        // Before the look: what is told in between counts.
        let told = self.told.notified();
        if !self.is_wanted() {
            told.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stop;
    use futures_util::future::join_all;
    use nodesleuth_collect::Cancel;
    use std::sync::atomic::Ordering;
    use tokio::time::{Duration, sleep};

    #[test]
    fn all_who_wait_are_told_and_so_is_who_comes_later() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let cancel = Cancel::default();
        let stop = Stop::of(&cancel);
        runtime.block_on(stop.told_during(async {
            let ask = async {
                sleep(Duration::from_millis(20)).await;
                cancel.flag().store(true, Ordering::Relaxed);
            };
            let waiting = join_all((0..100).map(|_| stop.wanted()));
            tokio::join!(ask, waiting);
            stop.wanted().await;
        }));
        assert!(stop.is_wanted());
    }
}

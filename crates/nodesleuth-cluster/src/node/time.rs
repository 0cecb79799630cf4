//! The time that there is for one node, and for each of its pages: what does not come in it is
//! missing, and the run goes on.

use super::NodeOptions;
use std::time::{Duration, Instant};

/// No page is waited for longer: API servers give up on a node after 30 s and say so, which tells
/// more than our own limit.
const LONGEST_PAGE: Duration = Duration::from_secs(35);
/// A kubelet whose first page takes longer is slow: its profile is taken meanwhile.
const PROMPT: Duration = Duration::from_secs(3);
/// The window opens no later, whatever is still missing.
const BEFORE_WINDOW: Duration = Duration::from_secs(10);
/// With less time left nobody is asked any more.
const SHORTEST: Duration = Duration::from_millis(100);

/// When things about one node must be over.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeTime {
    began: Instant,
    limit: Duration,
    /// What there is besides the window.
    spare: Duration,
}

impl NodeTime {
    pub(super) fn begin(options: &NodeOptions) -> Self {
        Self {
            began: Instant::now(),
            limit: options.limit,
            spare: options.limit.saturating_sub(options.window),
        }
    }

    /// How long the first page may take before the kubelet counts as slow.
    pub(super) fn prompt(&self) -> Duration {
        PROMPT.min(self.spare / 2)
    }

    /// For the page that opens the window: it may come while the profile is being taken.
    pub(super) fn opening_page(&self) -> Option<Duration> {
        self.until(self.limit.saturating_sub(self.spare / 2))
    }

    /// For the page that closes the window, without which the CPU is not known: all but a little of
    /// what is left.
    pub(super) fn closing_page(&self) -> Option<Duration> {
        self.until(self.limit.saturating_sub(self.spare / 8))
    }

    /// For another page at the end, if there is time for it: half of what is left, so that the pages
    /// after it have their turn.
    pub(super) fn page(&self) -> Option<Duration> {
        let page = (self.left() / 2).min(LONGEST_PAGE);
        (page >= SHORTEST).then_some(page)
    }

    /// For one page before the window opens: at most half of the spare time goes by until then.
    pub(super) fn page_before_window(&self) -> Option<Duration> {
        self.until(BEFORE_WINDOW.min(self.spare / 2))
    }

    /// What is left of it all.
    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.began.elapsed())
    }

    /// What there is of it besides the window.
    pub(super) fn spare(&self) -> Duration {
        self.spare
    }

    /// All of it.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    fn until(&self, moment: Duration) -> Option<Duration> {
        let left = moment.saturating_sub(self.began.elapsed());
        (left >= SHORTEST).then_some(left.min(LONGEST_PAGE))
    }
}

//! Whether the threads looked at account for all CPU time of their process, so that the others
//! need no look.
//!
//! A process's CPU clock is the sum over its living threads and of those that ended; `schedstat`
//! shows the same counters one by one, and counters only grow. So if all threads' last known
//! times, with the least that ended threads can have used, add up to what the clock says after
//! looking, then no thread has run that was not looked at. Equality to the nanosecond is asked
//! for: where a kernel's clock counts a little differently, every thread is looked at.

use super::task::Task;
use nodesleuth_model::Nanos;

/// With fewer threads, reading the clock again costs more than it spares.
const FEWEST_THREADS: usize = 64;

/// What is known of the threads that have ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accounts {
    /// CPU time that the ended threads have used at least.
    ended: u64,
}

impl Accounts {
    /// Whether a process has so many threads that accounts pay off.
    pub(super) fn pay_off(tasks: &[Task]) -> bool {
        tasks.len() >= FEWEST_THREADS
    }

    /// Whether the threads' last known times and those of ended threads are all there is.
    pub(super) fn balance(self, cpu_time: Option<Nanos>, tasks: &[Task]) -> bool {
        let known = sum(tasks).and_then(|sum| sum.checked_add(self.ended));
        known.is_some() && known == cpu_time.map(|time| time.0)
    }

    /// All threads were looked at after the clock was read.
    pub(super) fn learn(&mut self, cpu_time: Option<Nanos>, tasks: &[Task]) {
        let ended = cpu_time
            .zip(sum(tasks))
            .map(|(time, sum)| time.0.saturating_sub(sum));
        self.ended = self.ended.max(ended.unwrap_or(0));
    }
}

/// Time on a CPU of all threads as last read; none where one's is not known.
fn sum(tasks: &[Task]) -> Option<u64> {
    tasks
        .iter()
        .map(|task| task.on_cpu().map(|time| time.0))
        .sum()
}

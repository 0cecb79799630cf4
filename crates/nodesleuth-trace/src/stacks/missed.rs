//! How many samples a CPU should have delivered and did not: its timer came late, or it slept. The
//! programs in `bpf/stacks.bpf.c` count the same.
//!
//! A sample still stands for one period. Its time is not that since the sample before: a CPU that
//! slept meanwhile was nobody's.

/// The samples of one CPU.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Missed {
    last_ns: Option<u64>,
    /// Samples that should have been and were not.
    pub(super) count: u64,
}

impl Missed {
    /// Samples were lost: nobody knows when the last one was.
    pub(super) fn forget(&mut self) {
        self.last_ns = None;
    }

    /// Takes note of a sample at this time.
    pub(super) fn note(&mut self, now_ns: u64, period_ns: u64) {
        if let Some(last) = self.last_ns.replace(now_ns) {
            let passed = now_ns.saturating_sub(last);
            self.count += (passed + period_ns / 2).saturating_sub(period_ns) / period_ns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_samples_tell_how_many_were_missed() {
        let mut missed = Missed::default();
        let mut counts = [1000, 1010, 1045, 1050, 1060].map(|now| {
            missed.note(now, 10);
            missed.count
        });
        counts.sort_unstable();
        assert_eq!(counts, [0, 0, 3, 3, 3]);
    }

    #[test]
    fn samples_that_were_lost_are_not_missed() {
        let mut missed = Missed::default();
        missed.note(1000, 10);
        missed.forget();
        missed.note(9000, 10);
        assert_eq!(missed.count, 0);
    }

    #[test]
    fn time_that_runs_backwards_misses_nothing() {
        let mut missed = Missed::default();
        missed.note(500, 10);
        missed.note(400, 10);
        assert_eq!(missed.count, 0);
    }
}

//! What a sample stands for: the time since its CPU's last one, as timers are late at times. The
//! programs in `bpf/stacks.bpf.c` do the same.

/// The samples of one CPU.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    last_ns: Option<u64>,
    /// Samples that should have been and were not.
    pub(super) missed: u64,
}

impl Weight {
    /// Of a sample at this time.
    pub(super) fn of(&mut self, now_ns: u64, period_ns: u64) -> u64 {
        let Some(last) = self.last_ns.replace(now_ns) else {
            return period_ns;
        };
        let passed = now_ns.saturating_sub(last);
        self.missed += (passed + period_ns / 2).saturating_sub(period_ns) / period_ns;
        passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_sample_stands_for_those_that_were_missed() {
        let mut weight = Weight::default();
        let weights = [1000, 1010, 1045, 1050, 1060].map(|now| weight.of(now, 10));
        assert_eq!(weights, [10, 10, 35, 5, 10]);
        assert_eq!(weight.missed, 3);
    }

    #[test]
    fn time_that_runs_backwards_weighs_nothing() {
        let mut weight = Weight::default();
        assert_eq!([500, 400].map(|now| weight.of(now, 10)), [10, 0]);
    }
}

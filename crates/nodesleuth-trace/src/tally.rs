//! Sums up calls one by one, where the kernel cannot do it.

use crate::{BUCKETS, ErrorCount, Figures, Record, Split, Total};
use std::collections::BTreeMap;

/// Totals so far.
#[derive(Debug)]
pub(crate) struct Tally {
    split: Split,
    totals: BTreeMap<(Option<u32>, u16), Total>,
    errors: BTreeMap<(Option<u32>, u16, u16), u64>,
}

impl Tally {
    pub(crate) fn new(split: Split) -> Self {
        Self {
            split,
            totals: BTreeMap::new(),
            errors: BTreeMap::new(),
        }
    }

    /// A call that returned, or in which its thread ended.
    pub(crate) fn add(&mut self, record: &Record<'_>) {
        let part = self.split.part(record.tgid, record.tid);
        let total = self.total(part, record.number);
        if !matches!(record.end, crate::End::Returned(_)) {
            total.unreturned += 1;
            return;
        }
        let wall_ns = record.wall_ns;
        if total.calls == 0 || wall_ns < total.shortest_ns {
            total.shortest_ns = wall_ns;
        }
        total.longest_ns = total.longest_ns.max(wall_ns);
        total.calls += 1;
        total.wall_ns += wall_ns;
        let known = total.on_cpu_ns.zip(record.on_cpu_ns);
        total.on_cpu_ns = known.map(|(sum, more)| sum + more);
        let class = (wall_ns.max(1).ilog2() as usize).min(BUCKETS - 1);
        total.buckets.resize(total.buckets.len().max(class + 1), 0);
        total.buckets[class] += 1;
        if let Some(error) = record.end.error() {
            total.errors += 1;
            *self.errors.entry((part, record.number, error)).or_default() += 1;
        }
    }

    /// A call that returned but had begun before the capture.
    pub(crate) fn began_before(&mut self, number: u16) {
        self.total(None, number).began_before += 1;
    }

    fn total(&mut self, part: Option<u32>, number: u16) -> &mut Total {
        let none = || Total {
            part,
            number,
            on_cpu_ns: Some(0),
            ..Total::default()
        };
        self.totals.entry((part, number)).or_insert_with(none)
    }

    pub(crate) fn figures(self) -> Figures {
        let errors = self.errors.into_iter();
        let errors = errors.map(|((part, number, error), count)| ErrorCount {
            part,
            number,
            error,
            count,
        });
        Figures::Counted {
            totals: self.totals.into_values().collect(),
            errors: errors.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Captured, End};

    fn record(wall_ns: u64, end: End) -> Record<'static> {
        Record {
            begin_ns: 1000,
            wall_ns,
            on_cpu_ns: Some(wall_ns / 2),
            tgid: 7,
            tid: 8,
            number: 202,
            end,
            arguments: [0; 6],
            captured: [Captured::Nothing; 4],
        }
    }

    #[test]
    fn calls_errors_and_extremes_are_kept() {
        let mut tally = Tally::new(Split::Together);
        tally.add(&record(1024, End::Returned(0)));
        tally.add(&record(10, End::Returned(-110)));
        tally.add(&record(1, End::ThreadEnded));
        tally.began_before(202);
        let Figures::Counted { totals, errors } = tally.figures() else {
            panic!("counted")
        };
        let total = &totals[0];
        assert_eq!((total.calls, total.errors, total.wall_ns), (2, 1, 1034));
        assert_eq!((total.shortest_ns, total.longest_ns), (10, 1024));
        assert_eq!((total.unreturned, total.began_before), (1, 1));
        assert_eq!(total.on_cpu_ns, Some(517));
        assert_eq!((total.buckets[3], total.buckets[10]), (1, 1));
        assert_eq!((errors[0].error, errors[0].count), (110, 1));
    }

    #[test]
    fn one_call_of_unknown_cpu_time_makes_the_sum_unknown() {
        let mut tally = Tally::new(Split::Threads);
        tally.add(&record(5, End::Returned(0)));
        let unknown = Record {
            on_cpu_ns: None,
            ..record(5, End::Returned(0))
        };
        tally.add(&unknown);
        let Figures::Counted { totals, .. } = tally.figures() else {
            panic!("counted")
        };
        assert_eq!((totals[0].part, totals[0].on_cpu_ns), (Some(8), None));
    }
}

//! One line of the table: what a task used, per second of the interval.

use nodesleuth_collect::tasks::{TaskUse, Used, ticks_per_second};
use nodesleuth_model::{Nanos, Pid};
use std::cmp::Ordering;

/// What a table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One interval.
    Sample,
    /// All of them.
    Average,
}

/// The rows of one interval or of all.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) kind: Kind,
    pub(super) length: Nanos,
    /// How many tasks there were, whether or not they ran.
    pub(super) total: Option<usize>,
    pub(super) rows: Vec<Row<'a>>,
}

/// One task.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row<'a> {
    pub(super) pid: Pid,
    pub(super) tid: Option<Pid>,
    pub(super) comm: &'a str,
    pub(super) rates: Rates,
}

/// Per second. `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) user_percent: Option<f64>,
    pub(super) system_percent: Option<f64>,
    pub(super) wait_percent: Option<f64>,
    pub(super) cpu_percent: Option<f64>,
    pub(super) voluntary: Option<f64>,
    pub(super) involuntary: Option<f64>,
}

/// What was used, in seconds and numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Amounts {
    pub(super) user: Option<f64>,
    pub(super) system: Option<f64>,
    pub(super) wait: Option<f64>,
    pub(super) cpu: Option<f64>,
    pub(super) voluntary: Option<f64>,
    pub(super) involuntary: Option<f64>,
}

impl Amounts {
    pub(super) fn of(used: &Used) -> Self {
        let ticks = ticks_per_second();
        let user = used.utime.map(|time| time.seconds(ticks));
        let system = used.stime.map(|time| time.seconds(ticks));
        let in_ticks = user.zip(system).map(|(user, system)| user + system);
        Self {
            user,
            system,
            wait: used.run_wait.map(Nanos::seconds),
            cpu: used.on_cpu.map(Nanos::seconds).or(in_ticks),
            voluntary: used.voluntary.map(|count| count as f64),
            involuntary: used.involuntary.map(|count| count as f64),
        }
    }
}

impl<'a> Row<'a> {
    pub(super) fn of(task: &TaskUse<'a>, length: Nanos) -> Self {
        let amounts = Amounts::of(&task.used);
        // A window of no length would make any use infinite.
        let seconds = length.seconds().max(1e-9);
        let rate = |amount: Option<f64>| amount.map(|amount| amount / seconds);
        let percent = |amount: Option<f64>| rate(amount).map(|rate| rate * 100.0);
        let rates = Rates {
            user_percent: percent(amounts.user),
            system_percent: percent(amounts.system),
            wait_percent: percent(amounts.wait),
            cpu_percent: percent(amounts.cpu),
            voluntary: rate(amounts.voluntary),
            involuntary: rate(amounts.involuntary),
        };
        Self {
            pid: task.pid,
            tid: task.tid,
            comm: task.comm,
            rates,
        }
    }

    /// By CPU, then by waiting for it; unknown last.
    pub(super) fn most_cpu_first(&self, other: &Self) -> Ordering {
        let key = |row: &Self| {
            (
                row.rates.cpu_percent.unwrap_or(-1.0),
                row.rates.wait_percent.unwrap_or(-1.0),
            )
        };
        let ((cpu, wait), (other_cpu, other_wait)) = (key(self), key(other));
        let by_use = other_cpu.total_cmp(&cpu).then(other_wait.total_cmp(&wait));
        by_use.then((self.pid, self.tid).cmp(&(other.pid, other.tid)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Ticks;

    fn used(on_cpu: Option<u64>) -> TaskUse<'static> {
        let used = Used {
            on_cpu: on_cpu.map(Nanos),
            utime: Some(Ticks(0)),
            ..Used::default()
        };
        TaskUse {
            pid: Pid(1),
            tid: None,
            comm: "x",
            start: Ticks(1),
            used,
        }
    }

    #[test]
    fn rates_are_per_second_of_the_real_interval() {
        let row = Row::of(&used(Some(500_000_000)), Nanos(2_000_000_000));
        assert_eq!(row.rates.cpu_percent, Some(25.0));
    }

    #[test]
    fn without_exact_time_cpu_is_user_and_system_together() {
        let mut task = used(None);
        task.used.stime = Some(Ticks(ticks_per_second()));
        assert_eq!(
            Row::of(&task, Nanos(1_000_000_000)).rates.cpu_percent,
            Some(100.0)
        );
        task.used.stime = None;
        assert_eq!(Row::of(&task, Nanos(1_000_000_000)).rates.cpu_percent, None);
    }

    #[test]
    fn the_busiest_comes_first_and_the_unknown_last() {
        let length = Nanos(1_000_000_000);
        let mut rows = [None, Some(1), Some(2)].map(|on_cpu| Row::of(&used(on_cpu), length));
        rows.sort_by(Row::most_cpu_first);
        let order = rows.map(|row| row.rates.cpu_percent.is_some());
        assert_eq!(order, [true, true, false]);
        assert!(rows[0].rates.cpu_percent > rows[1].rates.cpu_percent);
    }
}

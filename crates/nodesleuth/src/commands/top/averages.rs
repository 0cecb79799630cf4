//! What every task used over all intervals.

use super::row::{Amounts, Rates, Row};
use nodesleuth_collect::tasks::TaskUse;
use nodesleuth_model::{Nanos, Pid, Ticks};
use std::collections::BTreeMap;

/// So many tasks are kept; beyond that the half with the least CPU is forgotten. Only a node that
/// starts tasks all the time gets there.
const MOST_TASKS: usize = 50_000;

type Key = (Pid, Option<Pid>, Ticks);

/// What every task used over all intervals.
#[derive(Debug, Default)]
pub(super) struct Averages {
    length: Nanos,
    tasks: BTreeMap<Key, Task>,
}

/// One task; an interval in which something was unknown does not count for that.
#[derive(Debug, Default)]
struct Task {
    comm: String,
    user: Sum,
    system: Sum,
    wait: Sum,
    cpu: Sum,
    voluntary: Sum,
    involuntary: Sum,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    known: f64,
    unknown_seconds: f64,
}

impl Sum {
    fn add(&mut self, amount: Option<f64>, seconds: f64) {
        match amount {
            Some(amount) => self.known += amount,
            None => self.unknown_seconds += seconds,
        }
    }

    fn per_second(self, seconds: f64) -> Option<f64> {
        let known_seconds = seconds - self.unknown_seconds;
        (known_seconds > 1e-9).then(|| self.known / known_seconds)
    }
}

impl Averages {
    /// Time measured in all.
    pub(super) fn length(&self) -> Nanos {
        self.length
    }

    /// One more interval.
    pub(super) fn add(&mut self, length: Nanos, used: &[TaskUse<'_>]) {
        self.length.0 += length.0;
        for task in used {
            let sums = self
                .tasks
                .entry((task.pid, task.tid, task.start))
                .or_default();
            sums.add(task, length.seconds());
        }
        if self.tasks.len() > MOST_TASKS {
            self.forget_half();
        }
    }

    /// Per second of all the time, whenever the task began.
    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        let seconds = self.length.seconds();
        let rows = self.tasks.iter().map(|(&(pid, tid, _), task)| Row {
            pid,
            tid,
            comm: &task.comm,
            rates: task.rates(seconds),
        });
        rows.collect()
    }

    fn forget_half(&mut self) {
        let mut cpu: Vec<f64> = self.tasks.values().map(|task| task.cpu.known).collect();
        let middle = cpu.len() / 2;
        let cut = *cpu.select_nth_unstable_by(middle, f64::total_cmp).1;
        let mut left = MOST_TASKS / 2;
        self.tasks.retain(|_, task| {
            let kept = task.cpu.known >= cut && left > 0;
            left -= usize::from(kept);
            kept
        });
    }
}

impl Task {
    fn add(&mut self, task: &TaskUse<'_>, seconds: f64) {
        if self.comm != task.comm {
            task.comm.clone_into(&mut self.comm);
        }
        let amounts = Amounts::of(&task.used);
        self.user.add(amounts.user, seconds);
        self.system.add(amounts.system, seconds);
        self.wait.add(amounts.wait, seconds);
        self.cpu.add(amounts.cpu, seconds);
        self.voluntary.add(amounts.voluntary, seconds);
        self.involuntary.add(amounts.involuntary, seconds);
    }

    fn rates(&self, seconds: f64) -> Rates {
        let percent = |sum: Sum| sum.per_second(seconds).map(|rate| rate * 100.0);
        Rates {
            user_percent: percent(self.user),
            system_percent: percent(self.system),
            wait_percent: percent(self.wait),
            cpu_percent: percent(self.cpu),
            voluntary: self.voluntary.per_second(seconds),
            involuntary: self.involuntary.per_second(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_collect::tasks::Used;

    const SECOND: Nanos = Nanos(1_000_000_000);

    fn task(pid: u32, on_cpu: u64, voluntary: Option<u64>) -> TaskUse<'static> {
        let used = Used {
            on_cpu: Some(Nanos(on_cpu)),
            voluntary,
            ..Used::default()
        };
        TaskUse {
            pid: Pid(pid),
            tid: None,
            comm: "kubelet",
            start: Ticks(7),
            used,
        }
    }

    #[test]
    fn an_interval_in_which_a_task_slept_counts_as_nothing_used() {
        let mut averages = Averages::default();
        averages.add(SECOND, &[task(1, 500_000_000, Some(10))]);
        averages.add(SECOND, &[]);
        let rows = averages.rows();
        assert_eq!(rows[0].rates.cpu_percent, Some(25.0));
        assert_eq!(rows[0].rates.voluntary, Some(5.0));
    }

    #[test]
    fn an_interval_in_which_something_was_unknown_does_not_count_for_it() {
        let mut averages = Averages::default();
        averages.add(SECOND, &[task(1, 0, None)]);
        assert_eq!(averages.rows()[0].rates.voluntary, None);
        averages.add(SECOND, &[task(1, 0, Some(8))]);
        assert_eq!(averages.rows()[0].rates.voluntary, Some(8.0));
    }

    #[test]
    fn an_endless_run_keeps_the_tasks_that_used_most() {
        let mut averages = Averages::default();
        let used: Vec<_> = (1..=MOST_TASKS as u32 + 1)
            .map(|pid| task(pid, pid.into(), None))
            .collect();
        averages.add(SECOND, &used);
        assert_eq!(averages.tasks.len(), MOST_TASKS / 2);
        assert!(averages.rows().iter().all(|row| row.pid.0 > 20_000));
    }
}

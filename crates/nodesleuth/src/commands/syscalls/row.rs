//! One row of the table for each system call, and for each of a thread.

use super::reading::Reading;
use crate::commands::watched::Watched;
use nodesleuth_model::{Cores, Nanos};
use nodesleuth_trace::{Arch, ErrorCount, Figures, InFlight, Split, Summary, Total, error_name};
use std::collections::BTreeMap;

/// What was seen, in the order in which it is shown.
#[derive(Debug)]
pub(super) struct Table {
    /// How long was watched.
    pub(super) length: Nanos,
    /// CPU that all who are in the table used meanwhile; `None`: not known, as of children.
    pub(super) target_cpu: Option<Nanos>,
    /// Of the process.
    pub(super) rows: Vec<Row>,
    /// For what else totals were kept.
    pub(super) split: Split,
    /// Those, by thread or process.
    pub(super) parts: BTreeMap<u32, Vec<Row>>,
}

/// One system call.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) number: u16,
    pub(super) total: Total,
    /// How often it failed with which error.
    pub(super) errors: Vec<(String, u64)>,
    /// Calls that had not returned.
    pub(super) in_flight: Vec<InFlight>,
    pub(super) reading: Reading,
}

impl Row {
    /// The mean time of a call.
    pub(super) fn mean(&self) -> Option<Nanos> {
        let calls = self.total.calls;
        (calls > 0).then(|| Nanos(self.total.wall_ns / calls))
    }

    /// Time on a CPU.
    pub(super) fn on_cpu(&self) -> Option<Nanos> {
        self.total.on_cpu_ns.map(Nanos)
    }

    /// Time off the CPU: waiting for something or, rarely, for a CPU.
    pub(super) fn blocked(&self) -> Option<Nanos> {
        let on_cpu = self.total.on_cpu_ns?;
        Some(Nanos(self.total.wall_ns.saturating_sub(on_cpu)))
    }

    /// Cores that it took.
    pub(super) fn cores(&self, length: Nanos) -> Option<Cores> {
        let on_cpu = self.on_cpu()?.seconds();
        Some(Cores(on_cpu / length.seconds().max(1e-9)))
    }
}

impl Table {
    pub(super) fn of(watched: &Watched, split: Split) -> Self {
        let summary = &watched.summary;
        let target_cpu = watched.target_cpu.filter(|_| split != Split::Processes);
        let Figures::Counted { totals, errors } = &summary.figures else {
            return Self {
                length: Nanos(summary.length_ns),
                target_cpu,
                rows: Vec::new(),
                split,
                parts: BTreeMap::new(),
            };
        };
        let make = Maker {
            summary,
            errors,
            split,
            target_cpu,
        };
        let mut parts: BTreeMap<u32, Vec<Row>> = BTreeMap::new();
        for total in totals {
            if let Some(part) = total.part {
                let in_flight = make.in_flight(total.number, Some(part));
                let row = make.row(total.clone(), in_flight);
                parts.entry(part).or_default().push(row);
            }
        }
        parts.values_mut().for_each(|rows| sort(rows));
        Self {
            length: Nanos(summary.length_ns),
            target_cpu,
            rows: make.all_rows(totals),
            split,
            parts,
        }
    }
}

/// The most CPU first, then the most calls.
fn sort(rows: &mut [Row]) {
    rows.sort_by(|one, other| {
        let key = |row: &Row| (row.total.on_cpu_ns, row.total.calls, row.in_flight.len());
        key(other).cmp(&key(one)).then(one.name.cmp(&other.name))
    });
}

struct Maker<'a> {
    summary: &'a Summary,
    errors: &'a [ErrorCount],
    split: Split,
    target_cpu: Option<Nanos>,
}

impl Maker<'_> {
    /// Parts added up, and the system calls that are only in flight.
    fn all_rows(&self, totals: &[Total]) -> Vec<Row> {
        let mut sums: BTreeMap<u16, Total> = BTreeMap::new();
        for total in totals {
            let none = || nothing(total);
            add(sums.entry(total.number).or_insert_with(none), total);
        }
        for call in &self.summary.in_flight {
            sums.entry(call.number)
                .or_insert_with(|| only_in_flight(call));
        }
        let in_flight = |number| self.in_flight(number, None);
        let rows = sums.into_values();
        let mut rows: Vec<Row> = rows
            .map(|total| {
                let in_flight = in_flight(total.number);
                self.row(total, in_flight)
            })
            .collect();
        sort(&mut rows);
        rows
    }

    fn row(&self, total: Total, in_flight: Vec<InFlight>) -> Row {
        let name = call_name(total.number);
        let reading = Reading::of(&name, &total, self.target_cpu);
        Row {
            number: total.number,
            errors: self.errors_of(&total),
            name,
            total,
            in_flight,
            reading,
        }
    }

    fn errors_of(&self, total: &Total) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<u16, u64> = BTreeMap::new();
        let wanted = |count: &&ErrorCount| {
            count.number == total.number && (total.part.is_none() || count.part == total.part)
        };
        for count in self.errors.iter().filter(wanted) {
            *counts.entry(count.error).or_default() += count.count;
        }
        let named = |(error, count)| (named_error(error), count);
        let mut errors: Vec<(String, u64)> = counts.into_iter().map(named).collect();
        errors.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        errors
    }

    fn in_flight(&self, number: u16, part: Option<u32>) -> Vec<InFlight> {
        let calls = self.summary.in_flight.iter();
        let part_of = |call: &InFlight| match self.split {
            Split::Processes => call.tgid,
            Split::Threads | Split::Together => call.tid,
        };
        let wanted = |call: &&InFlight| {
            call.number == number && part.is_none_or(|part| part == part_of(call))
        };
        calls.filter(wanted).cloned().collect()
    }
}

pub(super) fn call_name(number: u16) -> String {
    let known = Arch::native().and_then(|arch| arch.name(number));
    known.map_or_else(|| format!("syscall_{number}"), str::to_owned)
}

fn named_error(error: u16) -> String {
    error_name(error).map_or_else(|| error.to_string(), str::to_owned)
}

fn nothing(like: &Total) -> Total {
    Total {
        part: None,
        number: like.number,
        calls: 0,
        errors: 0,
        wall_ns: 0,
        on_cpu_ns: like.on_cpu_ns.map(|_| 0),
        shortest_ns: 0,
        longest_ns: 0,
        buckets: Vec::new(),
        unreturned: 0,
        began_before: 0,
    }
}

fn only_in_flight(call: &InFlight) -> Total {
    Total {
        part: None,
        number: call.number,
        on_cpu_ns: call.on_cpu_ns.map(|_| 0),
        ..Total::default()
    }
}

fn add(sum: &mut Total, total: &Total) {
    if total.calls > 0 {
        sum.shortest_ns = match sum.calls {
            0 => total.shortest_ns,
            _ => sum.shortest_ns.min(total.shortest_ns),
        };
    }
    sum.calls += total.calls;
    sum.errors += total.errors;
    sum.wall_ns += total.wall_ns;
    sum.on_cpu_ns = sum
        .on_cpu_ns
        .zip(total.on_cpu_ns)
        .map(|(one, other)| one + other);
    sum.longest_ns = sum.longest_ns.max(total.longest_ns);
    sum.unreturned += total.unreturned;
    sum.began_before += total.began_before;
    let classes = sum.buckets.len().max(total.buckets.len());
    sum.buckets.resize(classes, 0);
    for (sum, calls) in sum.buckets.iter_mut().zip(&total.buckets) {
        *sum += calls;
    }
}

//! Facts about how long cgroup files take to read, and what that costs at the target's rate.

use super::{Derived, FactDef, FactType, absent, flag, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{ReadOutcome, TimedRead};
use nodesleuth_model::{FactValue, Missing};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "cgroup.memory.root_stat.read_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of one read of the root memory.stat.",
        derive: |input| root_file(input, "memory.stat"),
    },
    FactDef {
        name: "cgroup.memory.root_numa_stat.read_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of one read of the root memory.numa_stat.",
        derive: |input| root_file(input, "memory.numa_stat"),
    },
    FactDef {
        name: "cgroup.slowest_read.seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of the slowest cgroup file that was timed (or predicted, when it was \
              skipped as too slow).",
        derive: |input| {
            let slow = slowest(input)?;
            number(slow.seconds, slow.said)
        },
    },
    FactDef {
        name: "cgroup.slowest_read.path",
        kind: FactType::Text,
        unit: "",
        doc: "Which file that was.",
        derive: |input| {
            let slow = slowest(input)?;
            text(slow.path, slow.said)
        },
    },
    FactDef {
        name: "cgroup.walk_reads.slow",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether a cgroup statistics file takes longer than `walk_read_seconds` while there \
              are more than `walk_min_cgroups` memory cgroups.",
        derive: slow,
    },
    FactDef {
        name: "cgroup.walk_reads.round_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of reading the slow files (memory.stat, memory.numa_stat, usage) of all \
              timed cgroups once.",
        derive: round,
    },
    FactDef {
        name: "cgroup.walk_reads.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "The same at the target's housekeeping interval.",
        derive: |input| {
            let known = round(input)?;
            let every = super::agents::interval(input)?;
            let (FactValue::Number(seconds), FactValue::Number(interval)) =
                (&known.value, &every.value)
            else {
                return Err(absent("not numbers"));
            };
            let source = format!("{} every {interval} s ({})", known.source, every.source);
            number(seconds / interval.max(0.1), source)
        },
    },
    FactDef {
        name: "cgroup.scan.file_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of opening, reading and closing one ordinary cgroup file, measured here.",
        derive: scan_file,
    },
    FactDef {
        name: "cgroup.file_reads.measured_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "The target's read rate (two reads a file) × the share of cgroup files × the \
              measured cost of a file: a cross-check of estimates.",
        derive: rate_times_cost,
    },
    FactDef {
        name: "cgroup.file_reads.of_kernel",
        kind: FactType::Number,
        unit: "share",
        doc: "The same per kernel CPU of the target; around 1 when reading cgroup files is all \
              that it does in the kernel.",
        derive: |input| {
            let known = rate_times_cost(input)?;
            let FactValue::Number(cores) = known.value else {
                return Err(absent("not a number"));
            };
            let kernel = input.cpu()?.kernel;
            if kernel <= 0.0 {
                return Err(absent("the target used no kernel CPU"));
            }
            number(cores / kernel, known.source)
        },
    },
];

struct Slow {
    path: String,
    seconds: f64,
    said: String,
}

/// Seconds of a cgroup file that was read, or its prediction when it was skipped or timed out.
fn seconds(read: &TimedRead) -> Option<(f64, &'static str)> {
    match &read.outcome {
        ReadOutcome::Read { cpu, .. } => Some((cpu.seconds(), "measured")),
        ReadOutcome::TimedOut { after, .. } => Some((after.seconds(), "timed out after")),
        ReadOutcome::Skipped { .. } => read
            .predicted
            .map(|predicted| (predicted.seconds(), "predicted, not read")),
        ReadOutcome::Failed { .. } => None,
    }
}

fn cgroup_reads<'a>(input: &Input<'a>) -> Result<Vec<&'a TimedRead>, Missing> {
    let timed = input.evidence.timed_reads.require("timed reads")?;
    Ok(timed
        .reads
        .iter()
        .filter(|read| read.file_name().starts_with("memory."))
        .collect())
}

fn root_file(input: &Input<'_>, name: &str) -> Derived {
    let census = input.evidence.cgroups.require("cgroup census")?;
    let memory = census
        .memory()
        .ok_or_else(|| absent("no memory hierarchy"))?;
    let path = format!("{}/{name}", memory.mount.trim_end_matches('/'));
    let timed = input.evidence.timed_reads.require("timed reads")?;
    let read = timed.reads.iter().find(|read| read.path == path);
    let read = read.ok_or_else(|| absent(format!("{path} was not timed")))?;
    let (seconds, how) =
        seconds(read).ok_or_else(|| absent(format!("{path} could not be read")))?;
    number(seconds, format!("{how}: {path}"))
}

fn slowest(input: &Input<'_>) -> Result<Slow, Missing> {
    let mut worst: Option<Slow> = None;
    for read in cgroup_reads(input)? {
        let Some((seconds, how)) = seconds(read) else {
            continue;
        };
        if worst.as_ref().is_none_or(|worst| seconds > worst.seconds) {
            let said = format!("{how}: {}", read.path);
            worst = Some(Slow {
                path: read.path.clone(),
                seconds,
                said,
            });
        }
    }
    worst.ok_or_else(|| absent("no cgroup file was timed"))
}

fn slow(input: &Input<'_>) -> Derived {
    let worst = slowest(input)?;
    let limits = &input.catalog.thresholds;
    let FactValue::Number(cgroups) = super::cgroups::total(input)?.value else {
        return Err(absent("not a number"));
    };
    let is_slow = worst.seconds > limits.walk_read_seconds && cgroups > limits.walk_min_cgroups;
    flag(is_slow, worst.said)
}

fn round(input: &Input<'_>) -> Derived {
    let limit = input.catalog.thresholds.walk_read_seconds;
    let (mut sum, mut files, mut predicted) = (0.0, 0, 0);
    for read in cgroup_reads(input)? {
        let Some((seconds, how)) = seconds(read) else {
            continue;
        };
        if seconds > limit {
            sum += seconds;
            files += 1;
            predicted += u32::from(how != "measured");
        }
    }
    let source = match predicted {
        0 => format!("{files} slow files, all measured"),
        _ => format!("{files} slow files, {predicted} of them predicted or timed out"),
    };
    number(sum, source)
}

fn scan_file(input: &Input<'_>) -> Derived {
    let scan = input.evidence.cgroup_scan.require("cgroup scan")?;
    if scan.files == 0 {
        return Err(absent("no cgroup file could be read"));
    }
    let cpu = (scan.user.0 + scan.kernel.0) as f64 / 1e9;
    let source = format!("{} files of {} cgroups", scan.files, scan.cgroups);
    number(cpu / scan.files as f64, source)
}

fn rate_times_cost(input: &Input<'_>) -> Derived {
    let counts = super::files::counts(input)?;
    let window = input.evidence.target_io.require("/proc/PID/io")?;
    let (before, after) = (window.before.value, window.after.value);
    let calls = after.read_calls.saturating_sub(before.read_calls) as f64 / window.seconds();
    let FactValue::Number(cost) = scan_file(input)?.value else {
        return Err(absent("not a number"));
    };
    if counts.all == 0 {
        return Err(absent("no short-lived descriptor was seen"));
    }
    let share = (f64::from(counts.cgroup) / f64::from(counts.all)).min(1.0);
    let source = format!(
        "{:.0} reads/s ÷ 2 × {share:.2} × {:.1} µs",
        calls,
        cost * 1e6
    );
    number(calls / 2.0 * share * cost, source)
}

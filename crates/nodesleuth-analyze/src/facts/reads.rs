//! Facts about how long cgroup files take to read, and what that costs at the target's rate.
//!
//! What was measured and what was only predicted are different facts: a prediction rests on the
//! kernel's version and must not come back as its proof.

use super::{Derived, FactDef, FactType, Known, absent, flag, number, text};
use crate::input::Input;
use crate::kernel::Release;
use nodesleuth_model::diagnosis::AdvisoryStatus;
use nodesleuth_model::evidence::{ReadOutcome, TimedRead};
use nodesleuth_model::{FactValue, Missing, MissingKind};

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
        doc: "CPU time of the slowest cgroup file that was read.",
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
        name: "cgroup.unread.seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "Predicted CPU time of the slowest cgroup file that was left unread for its predicted \
              cost, or the time after which a read was given up.",
        derive: |input| {
            let unread = slowest_unread(input)?;
            number(unread.seconds, unread.said)
        },
    },
    FactDef {
        name: "cgroup.unread.path",
        kind: FactType::Text,
        unit: "",
        doc: "Which file that was.",
        derive: |input| {
            let unread = slowest_unread(input)?;
            text(unread.path, unread.said)
        },
    },
    FactDef {
        name: "cgroup.walk_reads.slow",
        kind: FactType::Flag,
        unit: "",
        doc: "Whether reading a cgroup statistics file was slower than `walk_read_seconds` (or gave \
              no answer) with more than `walk_min_cgroups` memory cgroups. Unknown while a file \
              that may be slow was not read.",
        derive: slow,
    },
    FactDef {
        name: "cgroup.walk_reads.round_seconds",
        kind: FactType::Number,
        unit: "seconds",
        doc: "CPU time of reading the slow files (memory.stat, memory.numa_stat, usage) of all \
              timed cgroups once; for files left unread their prediction.",
        derive: round,
    },
    FactDef {
        name: "cgroup.walk_reads.how",
        kind: FactType::Text,
        unit: "",
        doc: "How much of that was measured and how much predicted.",
        derive: |input| {
            let source = round(input)?.source;
            text(source.clone(), source)
        },
    },
    FactDef {
        name: "cgroup.walk_reads.cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "The same at the target's housekeeping interval.",
        derive: round_cores,
    },
    FactDef {
        name: "cgroup.walk_reads.of_kernel",
        kind: FactType::Number,
        unit: "share",
        doc: "The same per kernel CPU of the target.",
        derive: |input| per_kernel(input, round_cores(input)?),
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
        derive: |input| per_kernel(input, rate_times_cost(input)?),
    },
    FactDef {
        name: "cgroup.file_reads.kernel_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "Kernel CPU that may be put down to reading cgroup files without a profile: its share \
              of the descriptors seen, but no more than 1.5 times read rate × measured cost.",
        derive: file_reads_kernel,
    },
    FactDef {
        name: "cgroup.file_reads.user_cores",
        kind: FactType::Number,
        unit: "cores",
        doc: "User CPU that goes with it (parsing, garbage), but no more than 0.95 of the kernel \
              part: what a real cAdvisor was measured to use.",
        derive: |input| {
            let kernel = value_of(&file_reads_kernel(input)?)?;
            let share = super::files::cgroup_share_of_passing(input)?;
            let user = input.cpu()?.user * share;
            number(
                user.min(kernel * USER_PER_KERNEL),
                "bounded by the kernel part",
            )
        },
    },
];

/// A real cAdvisor among 2,000 cgroups: 0.51 to 0.60 user and 0.62 to 0.67 kernel cores.
const USER_PER_KERNEL: f64 = 0.95;
/// Our own reads are of warm files; the target's may cost more, but not very much.
const COST_TOLERANCE: f64 = 1.5;

struct Slow {
    path: String,
    seconds: f64,
    said: String,
}

/// CPU seconds of a file that was read.
fn measured(read: &TimedRead) -> Option<f64> {
    match &read.outcome {
        ReadOutcome::Read { cpu, .. } => Some(cpu.seconds()),
        _ => None,
    }
}

/// What an unread file would have cost: its prediction, or the time that it was waited for.
fn unread(read: &TimedRead) -> Option<(f64, &'static str)> {
    match &read.outcome {
        ReadOutcome::TimedOut { after, .. } => Some((after.seconds(), "no answer in time")),
        ReadOutcome::Skipped { .. } => read
            .predicted
            .map(|predicted| (predicted.seconds(), "predicted, not read")),
        ReadOutcome::Read { .. } | ReadOutcome::Failed { .. } => None,
    }
}

fn cgroup_reads<'a>(input: &Input<'a>) -> Result<Vec<&'a TimedRead>, Missing> {
    let timed = input.evidence.timed_reads.require("timed reads")?;
    let reads = timed.reads.iter();
    Ok(reads
        .filter(|read| read.file_name().starts_with("memory."))
        .collect())
}

fn root_read<'a>(input: &Input<'a>, name: &str) -> Result<&'a TimedRead, Missing> {
    let census = input.evidence.cgroups.require("cgroup census")?;
    let memory = census
        .memory()
        .ok_or_else(|| absent("no memory hierarchy"))?;
    let path = format!("{}/{name}", memory.mount.trim_end_matches('/'));
    let timed = input.evidence.timed_reads.require("timed reads")?;
    let read = timed.reads.iter().find(|read| read.path == path);
    read.ok_or_else(|| absent(format!("{path} was not timed")))
}

/// CPU seconds of one read of a file of the memory hierarchy's root.
pub(crate) fn root_file(input: &Input<'_>, name: &str) -> Derived {
    let read = root_read(input, name)?;
    let seconds = measured(read).ok_or_else(|| not_read(read))?;
    number(seconds, format!("measured: {}", read.path))
}

fn not_read(read: &TimedRead) -> Missing {
    let why = match &read.outcome {
        ReadOutcome::Skipped { reason } | ReadOutcome::Failed { reason } => reason.clone(),
        ReadOutcome::TimedOut { after, .. } => format!("no answer within {after}"),
        ReadOutcome::Read { .. } => String::new(),
    };
    Missing::new(
        MissingKind::OverBudget,
        format!("{} was not read: {why}", read.path),
    )
}

fn slowest(input: &Input<'_>) -> Result<Slow, Missing> {
    let reads = cgroup_reads(input)?;
    let timed = reads
        .iter()
        .filter_map(|read| Some((read, measured(read)?)));
    let worst = timed.max_by(|a, b| a.1.total_cmp(&b.1));
    let (read, seconds) = worst.ok_or_else(|| absent("no cgroup file was timed"))?;
    Ok(Slow {
        path: read.path.clone(),
        seconds,
        said: format!("measured: {}", read.path),
    })
}

fn slowest_unread(input: &Input<'_>) -> Result<Slow, Missing> {
    let reads = cgroup_reads(input)?;
    let left = reads.iter().filter_map(|read| Some((read, unread(read)?)));
    let worst = left.max_by(|a, b| a.1.0.total_cmp(&b.1.0));
    let (read, (seconds, how)) = worst.ok_or_else(|| absent("no cgroup file was left unread"))?;
    Ok(Slow {
        path: read.path.clone(),
        seconds,
        said: format!("{how}: {}", read.path),
    })
}

/// False where the table knows that this kernel does not walk for this file. Then no answer in time
/// tells nothing: on a starved machine the reading process may not even have begun.
fn may_walk(input: &Input<'_>, read: &TimedRead) -> bool {
    let id = if read.path.ends_with("/memory.numa_stat") {
        "numa-stat-walk"
    } else {
        "memory-stat-walk"
    };
    let entry = input.catalog.kernel.iter().find(|entry| entry.id == id);
    let release = input
        .host()
        .ok()
        .and_then(|host| Release::parse(&host.kernel_release, &input.catalog.families));
    match (entry, release) {
        (Some(entry), Some(release)) => entry.judge(&release).0 != AdvisoryStatus::Fixed,
        _ => true,
    }
}

/// True by a measurement, or a read without an answer on a kernel that may walk; false only when the root's memory.stat was
/// read and nothing that may be slow was left out.
fn slow(input: &Input<'_>) -> Derived {
    let limits = &input.catalog.thresholds;
    let cgroups = value_of(&super::cgroups::total(input)?)?;
    if cgroups <= limits.walk_min_cgroups {
        return flag(false, format!("only {cgroups:.0} memory cgroups"));
    }
    for read in cgroup_reads(input)? {
        let hangs = matches!(read.outcome, ReadOutcome::TimedOut { .. }) && may_walk(input, read);
        if hangs || measured(read).is_some_and(|seconds| seconds > limits.walk_read_seconds) {
            return flag(true, read.path.clone());
        }
    }
    let left = cgroup_reads(input)?;
    let left = left
        .into_iter()
        .find(|read| unread(read).is_some_and(|(seconds, _)| seconds > limits.walk_read_seconds));
    if let Some(read) = left {
        return Err(not_read(read));
    }
    let root = root_read(input, "memory.stat")?;
    measured(root).ok_or_else(|| not_read(root))?;
    flag(false, slowest(input)?.said)
}

fn round(input: &Input<'_>) -> Derived {
    let limit = input.catalog.thresholds.walk_read_seconds;
    let (mut sum, mut timed, mut predicted) = (0.0, 0, 0);
    for read in cgroup_reads(input)? {
        if let Some(seconds) = measured(read).filter(|seconds| *seconds > limit) {
            sum += seconds;
            timed += 1;
        }
        if let Some((seconds, _)) = unread(read).filter(|(seconds, _)| *seconds > limit) {
            sum += seconds;
            predicted += 1;
        }
    }
    let source = match (timed, predicted) {
        (_, 0) => format!("reading {timed} slow files once, measured"),
        (0, _) => format!("reading {predicted} files once, predicted from their number of cgroups"),
        _ => format!("reading {timed} slow files (measured) and {predicted} (predicted) once"),
    };
    number(sum, source)
}

fn round_cores(input: &Input<'_>) -> Derived {
    let known = round(input)?;
    let seconds = value_of(&known)?;
    if seconds == 0.0 {
        return number(0.0, "no slow file");
    }
    let every = super::agents::interval(input)?;
    let interval = value_of(&every)?;
    let source = format!("{} every {interval} s ({})", known.source, every.source);
    number(seconds / interval.max(0.1), source)
}

fn per_kernel(input: &Input<'_>, known: Known) -> Derived {
    let kernel = input.cpu()?.kernel;
    if kernel <= 0.0 {
        return Err(absent("the target used no kernel CPU"));
    }
    number(value_of(&known)? / kernel, known.source)
}

fn value_of(known: &Known) -> Result<f64, Missing> {
    match known.value {
        FactValue::Number(number) => Ok(number),
        _ => Err(absent("not a number")),
    }
}

fn scan_file(input: &Input<'_>) -> Derived {
    let scan = input.evidence.cgroup_scan.require("cgroup scan")?;
    if scan.files == 0 {
        return Err(absent("no cgroup file could be read"));
    }
    let cpu = scan.cpu.seconds();
    let source = format!("{} files of {} cgroups", scan.files, scan.cgroups);
    number(cpu / scan.files as f64, source)
}

fn rate_times_cost(input: &Input<'_>) -> Derived {
    let window = input.evidence.target_io.require("/proc/PID/io")?;
    let (before, after) = (window.before.value, window.after.value);
    let calls = after.read_calls.saturating_sub(before.read_calls) as f64 / window.seconds();
    let cost = value_of(&scan_file(input)?)?;
    let share = super::files::cgroup_share_of_passing(input)?;
    let source = format!("{calls:.0} reads/s ÷ 2 × {share:.2} × {:.1} µs", cost * 1e6);
    number(calls / 2.0 * share * cost, source)
}

fn file_reads_kernel(input: &Input<'_>) -> Derived {
    let share = super::files::cgroup_share_of_passing(input)?;
    let measured = rate_times_cost(input)?;
    let most = value_of(&measured)? * COST_TOLERANCE;
    number((input.cpu()?.kernel * share).min(most), measured.source)
}

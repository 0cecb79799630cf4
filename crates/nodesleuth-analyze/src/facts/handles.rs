//! Facts about who holds inotify instances, performance events and fanotify marks.

use super::{Derived, FactDef, FactType, absent, number, text};
use crate::input::Input;
use nodesleuth_model::evidence::{HandleHolder, KernelHandles};
use nodesleuth_model::{Missing, Nanos};

pub(super) const FACTS: &[FactDef] = &[
    FactDef {
        name: "inotify.root.instances",
        kind: FactType::Number,
        unit: "count",
        doc: "inotify instances of user 0; at least, where some processes could not be looked at.",
        derive: |input| number(of_root(handles(input)?), source(handles(input)?)),
    },
    FactDef {
        name: "inotify.root.of_limit",
        kind: FactType::Number,
        unit: "share",
        doc: "The same per fs.inotify.max_user_instances: with 1 no program of root gets another.",
        derive: |input| {
            let kernel = input.kernel_settings()?;
            let limit = kernel
                .inotify_max_user_instances
                .require("max_user_instances")?;
            let seen = handles(input)?;
            number(of_root(seen) / (*limit).max(1) as f64, source(seen))
        },
    },
    FactDef {
        name: "inotify.root.holder",
        kind: FactType::Text,
        unit: "",
        doc: "Who holds most of them.",
        derive: |input| {
            let seen = handles(input)?;
            let holder = seen.inotify_holder.as_ref();
            holder.map_or_else(
                || Err(absent("root holds none")),
                |holder| named(holder, seen),
            )
        },
    },
    FactDef {
        name: "perf.old_events",
        kind: FactType::Number,
        unit: "count",
        doc: "Performance events that processes older than ten minutes hold: when an event was \
              opened is not told.",
        derive: |input| {
            let seen = handles(input)?;
            let old = seen.perf_events.iter().filter(|holder| holder.age >= OLD);
            number(
                old.map(|holder| holder.count).sum::<u64>() as f64,
                source(seen),
            )
        },
    },
    FactDef {
        name: "perf.old_holder",
        kind: FactType::Text,
        unit: "",
        doc: "Who holds most of them.",
        derive: |input| {
            let seen = handles(input)?;
            let mut old = seen.perf_events.iter().filter(|holder| holder.age >= OLD);
            old.next().map_or_else(
                || Err(absent("nobody holds one")),
                |holder| named(holder, seen),
            )
        },
    },
    FactDef {
        name: "fanotify.permission_marks",
        kind: FactType::Number,
        unit: "count",
        doc: "fanotify marks that make others wait for an answer when they open, read or execute.",
        derive: |input| {
            let seen = handles(input)?;
            let marks = seen.fanotify_permission.iter().map(|holder| holder.count);
            number(marks.sum::<u64>() as f64, source(seen))
        },
    },
    FactDef {
        name: "fanotify.holder",
        kind: FactType::Text,
        unit: "",
        doc: "Who has most of them.",
        derive: |input| {
            let seen = handles(input)?;
            let first = seen.fanotify_permission.first();
            first.map_or_else(
                || Err(absent("nobody has one")),
                |holder| named(holder, seen),
            )
        },
    },
];

/// Shorter lived measurements are somebody's work, not left over.
const OLD: Nanos = Nanos(600_000_000_000);

fn handles<'a>(input: &Input<'a>) -> Result<&'a KernelHandles, Missing> {
    input
        .evidence
        .kernel_handles
        .require("descriptors of all processes")
}

fn of_root(seen: &KernelHandles) -> f64 {
    seen.inotify_instances.get(&0).copied().unwrap_or(0) as f64
}

fn named(holder: &HandleHolder, seen: &KernelHandles) -> Derived {
    text(
        format!("{} (pid {})", holder.comm, holder.pid),
        source(seen),
    )
}

/// How much was seen.
fn source(seen: &KernelHandles) -> String {
    match seen.left_out {
        0 => "/proc/PID/fd".to_owned(),
        left => format!(
            "/proc/PID/fd of {} processes; {left} were left out",
            seen.processes
        ),
    }
}

//! What a fix says to people.

use super::{Judged, Told};
use crate::failure::Failure;
use crate::output::utc;
use comfy_table::{Table, presets};
use nodesleuth_act::fix::journal::Record;
use nodesleuth_act::fix::{Done, Ended, Look, Plan, Refusal, Step, StepResult};
use nodesleuth_analyze::remedy::RemedyEntry;
use nodesleuth_model::evidence::CgroupVersion;
use nodesleuth_model::units::grouped;
use std::fmt::Display;

/// Steps and folders that are listed one by one.
const LISTED: usize = 12;
const UNKNOWN: &str = "not known";

/// A plan that cannot be carried out here.
pub(super) fn refused(plan: Plan, refusal: &Refusal, next: Option<&RemedyEntry>) -> Failure {
    let next = next.map(|next| format!("next: `nodesleuth fix {}` ({})", next.id, next.title));
    let help: Vec<String> = refusal.help.iter().cloned().chain(next).collect();
    let help = if help.is_empty() {
        "see `nodesleuth cgroups`".to_owned()
    } else {
        help.join("; ")
    };
    Failure::usage(format!("{plan}: {}", refusal.why), help)
}

/// The plan: what it would do here.
pub(super) fn plan(told: &Told<'_>) -> String {
    let mut text = format!("{}: {}\n\n", told.plan, told.entry.title);
    text.push_str(&node(told));
    text.push_str(&frees(told));
    text.push_str(&held(told));
    text.push_str(&empty(told));
    text.push_str(&steps(told));
    for note in &told.prepared.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    text.push_str(&format!("risk: {}\n", told.entry.risk));
    text.push_str(&format!("takes: {}\n", told.entry.duration));
    if let Some(obstacle) = &told.obstacle {
        text.push_str(&format!("\nin the way now: {obstacle}\n"));
    }
    text
}

fn node(told: &Told<'_>) -> String {
    let look = &told.prepared.before;
    let release = told.prepared.release.as_deref().unwrap_or(UNKNOWN);
    let version = match told.prepared.version {
        Some(CgroupVersion::V1) => "memory controller on cgroup v1",
        Some(CgroupVersion::V2) => "memory controller on cgroup v2",
        None => "memory controller not found",
    };
    let mut text = format!("kernel {release}, {version}\n");
    text.push_str(&format!(
        "dying memory cgroups: {}\n",
        shown(look.dying.map(grouped))
    ));
    match &look.slowest {
        Some(read) => text.push_str(&format!("slowest read: {} {}\n", read.path, read.took)),
        None => text.push_str("slowest read: not measured\n"),
    }
    if let Some(subtree) = &told.prepared.subtree {
        text.push_str(&format!("subtree: {}\n", subtree.folder()));
    }
    text
}

fn frees(told: &Told<'_>) -> String {
    if told.expected.is_empty() {
        return String::new();
    }
    let mut table = table();
    for row in &told.expected {
        table.add_row([row.pin.as_str(), row.effect.as_str(), &row.measured]);
    }
    format!(
        "\nwhat it frees on this kernel, by what pins dying cgroups (zombies before → after):\n{}\n\n",
        table.trim_fmt()
    )
}

fn held(told: &Told<'_>) -> String {
    let mut text = String::new();
    if let Some(shmem) = told.prepared.shmem.filter(|bytes| bytes.0 > 0) {
        text.push_str(&format!(
            "{shmem} of what they hold is on a tmpfs: only removing the files frees it\n"
        ));
    }
    let writes_out = |step: &Step| matches!(step, Step::WriteOut { .. });
    let dirty = told.prepared.dirty.filter(|bytes| bytes.0 > 0);
    if let Some(dirty) = dirty.filter(|_| told.prepared.steps.iter().any(writes_out)) {
        text.push_str(&format!(
            "{dirty} of it is dirty: it has to be written out first\n"
        ));
    }
    text
}

fn empty(told: &Told<'_>) -> String {
    let Some(empty) = &told.prepared.empty else {
        return String::new();
    };
    let mut text = format!(
        "\n{} cgroups follow the pattern, {} folders are empty{}\n",
        grouped(empty.matching as u64),
        grouped(empty.folders.len() as u64),
        if empty.folders.is_empty() { "" } else { ":" }
    );
    text.push_str(&listed(&empty.folders));
    text
}

fn listed(items: &[impl Display]) -> String {
    let shown = items.iter().take(LISTED);
    let mut text: String = shown.map(|item| format!("  {item}\n")).collect();
    if items.len() > LISTED {
        text.push_str(&format!(
            "  and {} more\n",
            grouped((items.len() - LISTED) as u64)
        ));
    }
    text
}

fn steps(told: &Told<'_>) -> String {
    if told.prepared.steps.is_empty() {
        return String::new();
    }
    format!("steps:\n{}", listed(&told.prepared.steps))
}

/// Nothing was done.
pub(super) fn not_done(told: &Told<'_>, nothing_to_do: bool) -> String {
    if nothing_to_do {
        let for_memory = match &told.obstacle {
            Some(_) => "; --although-fast does it all the same, for the memory that they hold",
            None => "",
        };
        return format!("\nNothing to do{for_memory}.\n");
    }
    format!(
        "\nThis was a dry run: nothing was changed. `nodesleuth fix {} --yes` does it.\n",
        told.plan
    )
}

/// What was done, and what came of it.
pub(super) fn done(before: &Look, done: &Done, judged: &Judged) -> String {
    let mut text = "\ndone:\n".to_owned();
    let worked = done.steps.iter().filter(|step| step.failed.is_empty());
    let failed = done.steps.iter().filter(|step| !step.failed.is_empty());
    let worked: Vec<String> = worked.map(in_time).collect();
    text.push_str(&listed(&worked));
    for step in failed {
        text.push_str(&format!("  {}\n", in_time(step)));
        for why in &step.failed {
            text.push_str(&format!("    {why}\n"));
        }
        if let Some(pid) = step.stuck {
            text.push_str(&format!(
                "    process {pid} is stuck in the kernel with it (see /proc/{pid}/stack)\n"
            ));
        }
    }
    match &done.ended {
        Ended::Completely => {}
        Ended::Stopped(obstacle) => {
            text.push_str(&format!("stopped before the next: {obstacle}\n"))
        }
        Ended::Interrupted => text.push_str("interrupted: what was left of it was not done\n"),
    }
    text.push_str(&format!("\n{}\n", compared(before, &done.after)));
    for missing in &done.after.missing {
        text.push_str(&format!("not measured: {missing}\n"));
    }
    text.push_str(&format!(
        "\nverdict: {} ({})\n",
        judged.0.as_str(),
        judged.1
    ));
    text
}

fn in_time(step: &StepResult) -> String {
    format!("{} ({:.2} s)", step.step, step.seconds)
}

fn compared(before: &Look, after: &Look) -> String {
    let mut table = table();
    table.set_header(["", "before", "after"]);
    let mut row = |name: String, of: &dyn Fn(&Look) -> Option<String>| {
        let (was, is) = (of(before), of(after));
        if was.is_some() || is.is_some() {
            table.add_row([name, shown(was), shown(is)]);
        }
    };
    row("dying memory cgroups".to_owned(), &|look| {
        look.dying.map(grouped)
    });
    row("live memory cgroups".to_owned(), &|look| {
        look.live.map(grouped)
    });
    let path = before.slowest.as_ref().map(|read| read.path.clone());
    row(
        format!("slowest read ({})", path.unwrap_or_default()),
        &|look| Some(look.slowest.as_ref()?.took.to_string()),
    );
    row("dying below the subtree".to_owned(), &|look| {
        look.subtree.as_ref()?.dying.map(grouped)
    });
    row("held by dying ones below it".to_owned(), &|look| {
        Some(look.subtree.as_ref()?.held?.to_string())
    });
    row("slab".to_owned(), &|look| Some(look.slab?.to_string()));
    row("available memory".to_owned(), &|look| {
        Some(look.available?.to_string())
    });
    let target = before.target.as_ref().or(after.target.as_ref());
    if let Some(target) = target {
        row(
            format!("CPU of {} ({})", target.comm, target.pid),
            &|look| Some(format!("{} cores", look.target.as_ref()?.cores)),
        );
    }
    table.trim_fmt()
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn shown(value: Option<String>) -> String {
    value.unwrap_or_else(|| UNKNOWN.to_owned())
}

/// What an earlier fix was at when it was interrupted.
pub(super) fn earlier(record: &Record) -> String {
    let at = match record.unfinished() {
        Some(step) => format!("while it did `{step}`"),
        None => "between two steps".to_owned(),
    };
    format!(
        "note: an earlier fix ({}, begun {}) was interrupted {at}, with {} of {} steps done. Nothing \
         has to be undone: caches fill again by themselves. `nodesleuth clean` forgets this.\n",
        record.plan,
        utc(record.began_unix_nanos),
        record.done,
        record.steps.len()
    )
}

//! What dying cgroups hold, for people.

use super::text::told;
use nodesleuth_collect::CgroupsSeen;
use nodesleuth_model::evidence::{DyingHolder, DyingMemory, Host, kernel_memory_of_dying};
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Bytes, Observed, printable};

/// Holders that are shown.
const SHOWN: usize = 10;
/// The lowest cgroup is named that holds this share of the bytes.
const MOST: f64 = 0.9;

pub(super) fn text(seen: &CgroupsSeen) -> String {
    let dying = seen
        .census
        .value()
        .and_then(|census| census.memory()?.dying.value());
    let mut text = String::new();
    if let Some(dying) = dying.filter(|dying| dying.count > 0) {
        text.push_str(&format!(
            "\ndying memory cgroups: {}{}\n",
            grouped(dying.count),
            own_memory(dying.count, seen.host.value())
        ));
    }
    let memory = seen.census.value().and_then(|census| census.memory());
    if let Some(objects) = memory.and_then(|memory| memory.dying_by_objects.value()) {
        text.push_str(&format!(
            "counted otherwise: {}, {}\n",
            grouped(objects.count),
            printable(&objects.how)
        ));
    }
    match &seen.dying_memory {
        Observed::NotRequested => {}
        Observed::Unavailable(missing) => {
            text.push_str(&format!("what they hold is not known: {}\n", told(missing)));
        }
        Observed::Value(memory) if memory.cgroups_read > 0 => text.push_str(&held(memory)),
        Observed::Value(_) => {}
    }
    text
}

/// Their own kernel memory, as far as the number of CPUs is known.
fn own_memory(dying: u64, host: Option<&Host>) -> String {
    let cpus = host.and_then(|host| host.possible_cpus.value().copied());
    cpus.map_or_else(String::new, |cpus| {
        let cpus_word = if cpus == 1 { "CPU" } else { "CPUs" };
        format!(
            ", about {} of kernel memory of their own (estimate: 10 KiB each and 2 KiB for each of \
             {cpus} possible {cpus_word})",
            kernel_memory_of_dying(dying, cpus)
        )
    })
}

fn held(memory: &DyingMemory) -> String {
    let at_least = if memory.partial { "at least " } else { "" };
    let mut text = format!(
        "they hold {at_least}{} ({}; {} cgroups read, {} of CPU)\n",
        memory.total,
        memory.method.as_str(),
        grouped(memory.cgroups_read),
        memory.cost
    );
    if let Some((path, bytes)) = memory.lowest_holding(MOST) {
        text.push_str(&format!(
            "lowest cgroup that holds {} % of it: {} ({bytes})\n",
            (MOST * 100.0) as u64,
            shown_path(path)
        ));
    }
    for holder in memory.holders.iter().take(SHOWN) {
        text.push_str(&format!("  {}\n", row(holder)));
    }
    if let Some(more) = memory.holders.len().checked_sub(SHOWN).filter(|n| *n > 0) {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

fn row(holder: &DyingHolder) -> String {
    let bytes = holder
        .bytes
        .map_or_else(|| "?".to_owned(), |bytes| bytes.to_string());
    let mut notes = Vec::new();
    if let Some(dying) = holder.dying {
        notes.push(format!("{} dying", grouped(dying)));
    }
    for (part, what) in [
        (holder.shmem, "tmpfs: only deleting its files frees it"),
        (holder.dirty, "not written yet"),
        (holder.kernel, "of kernel memory besides"),
    ] {
        if let Some(part) = part.filter(|part| part.0 > 0) {
            notes.push(format!("{part} {what}"));
        }
    }
    if let Some(spread) = holder.spread.filter(|spread| *spread > Bytes(0)) {
        notes.push(format!("two readings were {spread} apart"));
    }
    let notes = match notes.is_empty() {
        true => String::new(),
        false => format!(" ({})", notes.join("; ")),
    };
    format!("{bytes:>10}  {}{notes}", shown_path(&holder.path))
}

fn shown_path(path: &str) -> String {
    match path {
        "" => "/ (the root)".to_owned(),
        path => printable(path).into_owned(),
    }
}

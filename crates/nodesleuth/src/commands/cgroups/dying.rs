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
        Observed::Value(memory) if memory.cgroups_read > 0 => {
            text.push_str(&held(memory));
            let lag = seen.host.value().and_then(Host::statistics_lag);
            text.push_str(&late(memory, lag));
        }
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

/// Said where a shown figure is so small that it matters.
fn late(memory: &DyingMemory, lag: Option<Bytes>) -> String {
    let Some(lag) = lag else {
        return String::new();
    };
    let mut shown = memory.holders.iter().take(SHOWN);
    let is_small = |holder: &DyingHolder| {
        let changes = [holder.bytes, holder.spread.filter(|spread| spread.0 > 0)];
        changes.into_iter().flatten().any(|bytes| bytes < lag)
    };
    match shown.any(is_small) {
        true => format!(
            "bytes may lag: the kernel shows changes of less than {lag} (64 pages a CPU) up to two \
             seconds late\n"
        ),
        false => String::new(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_bytes_are_said_to_lag_and_large_ones_are_not() {
        let holding = |bytes: u64, spread: u64| DyingMemory {
            holders: vec![DyingHolder {
                bytes: Some(Bytes(bytes)),
                spread: Some(Bytes(spread)),
                ..DyingHolder::default()
            }],
            ..DyingMemory::default()
        };
        let lag = nodesleuth_model::evidence::statistics_lag(2, 4096);
        assert_eq!(lag, Bytes(512 << 10));
        let said = late(&holding(40 << 10, 0), Some(lag));
        assert!(
            said.contains("512.0 KiB") || said.contains("512 KiB"),
            "{said}"
        );
        assert_eq!(late(&holding(80 << 20, 0), Some(lag)), "");
        assert!(!late(&holding(80 << 20, 4096), Some(lag)).is_empty());
        assert_eq!(late(&holding(4096, 0), None), "");
    }
}

//! Object caches for people.

use super::{Row, grew, rows};
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_collect::SlabSeen;
use nodesleuth_model::evidence::kernel_memory_of_dying;
use nodesleuth_model::units::grouped;
use nodesleuth_model::{Bytes, Missing, Observed, printable};

/// Slab that cannot be reclaimed and takes more than this share of memory is named …
const UNRECLAIMABLE_SHARE: f64 = 0.1;
/// … and one that grows faster than this a second.
const GROWTH_A_SECOND: f64 = 1e6;
/// Negative dentries are named from this share of all …
const NEGATIVE_SHARE: f64 = 0.5;
/// … and this number on. All four are choices, not measurements.
const MANY_NEGATIVE: u64 = 2_000_000;

pub(super) fn of(seen: &SlabSeen, shown: usize) -> String {
    let mut text = memory(seen);
    text.push_str(&caches(seen, shown));
    text.push_str(&dentries(seen));
    text.push_str(&dying(seen));
    text
}

fn memory(seen: &SlabSeen) -> String {
    let meminfo = match seen.after.meminfo.require("/proc/meminfo") {
        Ok(meminfo) => meminfo,
        Err(missing) => return format!("{}\n", told(&missing)),
    };
    let total = meminfo.field("MemTotal").map_or(0, |kib| kib.bytes().0);
    let seconds = seen.length().seconds();
    let mut text = format!(
        "slab against {} of memory, and growth in {seconds:.1} s:\n",
        Bytes(total)
    );
    for (name, what) in [
        ("Slab", "all"),
        ("SReclaimable", "reclaimable"),
        ("SUnreclaim", "not reclaimable"),
        ("Percpu", "per-CPU (beside slab)"),
    ] {
        let Some(size) = meminfo.field(name).map(|kib| kib.bytes()) else {
            continue;
        };
        let grown = grew(seen, name).map_or_else(String::new, growth);
        let share = size.0 as f64 * 100.0 / total.max(1) as f64;
        text.push_str(&format!(
            "  {what:<22} {:>10}  {share:>5.1} %  {grown}\n",
            size.to_string()
        ));
    }
    let unreclaimable = meminfo.field("SUnreclaim").map_or(0, |kib| kib.bytes().0);
    if unreclaimable as f64 > total as f64 * UNRECLAIMABLE_SHARE {
        text.push_str("  ! more than a tenth of memory is slab that cannot be reclaimed\n");
    }
    let rate = grew(seen, "SUnreclaim").map_or(0.0, |bytes| bytes as f64 / seconds.max(1e-9));
    if rate > GROWTH_A_SECOND {
        let rate = Bytes(rate as u64);
        text.push_str(&format!(
            "  ! slab that cannot be reclaimed grows {rate} a second\n"
        ));
    }
    text
}

fn caches(seen: &SlabSeen, shown: usize) -> String {
    if let Err(missing) = seen.after.slab.require("caches") {
        return format!("\n{}\n", told(&missing));
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header([
        "size",
        "growth",
        "objects",
        "in use",
        "each",
        "cache",
        "reclaimable",
    ]);
    let asked_for = |row: &Row<'_>| {
        let name = row.cache.name.as_str();
        ["dentry", "inode", "cgroup"]
            .iter()
            .any(|part| name.contains(part))
    };
    for (index, row) in rows(seen).iter().enumerate() {
        if index >= shown && !asked_for(row) {
            continue;
        }
        let cache = row.cache;
        table.add_row([
            cache.bytes().to_string(),
            row.grew.map_or_else(|| "new".to_owned(), growth),
            grouped(cache.objects),
            grouped(cache.active_objects),
            Bytes(cache.object_size).to_string(),
            printable(&cache.name).into_owned(),
            match row.reclaimable {
                Some(true) => "yes",
                Some(false) => "no",
                None => "?",
            }
            .to_owned(),
        ]);
    }
    for column in 0..5 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("\n{}\n", table.trim_fmt())
}

fn dentries(seen: &SlabSeen) -> String {
    let state = match seen.after.dentries.require("dentries") {
        Ok(state) => state,
        Err(missing) => return format!("\n{}\n", told(&missing)),
    };
    // Before 5.0 the field is a dummy that is always 0.
    let negative = match state.negative {
        0 => "negative ones are not counted by this kernel, or there are none".to_owned(),
        negative => format!("{} negative", grouped(negative)),
    };
    let mut text = format!(
        "\ndentries: {}, {} of them unused, {negative}\n",
        grouped(state.total),
        grouped(state.unused)
    );
    let share = state.negative as f64 / state.total.max(1) as f64;
    if share > NEGATIVE_SHARE && state.negative > MANY_NEGATIVE {
        text.push_str(
            "  ! most dentries are of names that do not exist: something looks for them\n",
        );
    }
    text
}

/// What of it is tied to dying cgroups.
fn dying(seen: &SlabSeen) -> String {
    let memory = seen.census.require("cgroups").and_then(|census| {
        census.memory().ok_or_else(|| {
            let reason = "no hierarchy carries the memory controller";
            Missing::new(nodesleuth_model::MissingKind::Absent, reason)
        })
    });
    let dying = match memory.and_then(|memory| memory.dying.require("dying cgroups")) {
        Ok(dying) => dying,
        Err(missing) => return format!("tied to dying cgroups: not known: {}\n", told(&missing)),
    };
    let mut text = format!("tied to dying cgroups: {} are dying", grouped(dying.count));
    let cpus = seen
        .host
        .value()
        .and_then(|host| host.possible_cpus.value());
    if let (Some(cpus), true) = (cpus, dying.count > 0) {
        let bytes = kernel_memory_of_dying(dying.count, *cpus);
        text.push_str(&format!(
            ", about {bytes} of slab and per-CPU memory of their own (estimate)"
        ));
    }
    text.push('\n');
    match &seen.dying_memory {
        Observed::Value(memory) => {
            for holder in &memory.holders {
                if let Some(kernel) = holder.kernel.filter(|kernel| kernel.0 > 0) {
                    text.push_str(&format!(
                        "  {kernel} of kernel memory is charged to the dying children of {}\n",
                        match holder.path.as_str() {
                            "" => "the root, and to itself".to_owned(),
                            path => printable(path).into_owned(),
                        }
                    ));
                }
            }
        }
        Observed::Unavailable(missing) => {
            text.push_str(&format!(
                "  what they are charged is not known: {}\n",
                told(missing)
            ));
        }
        Observed::NotRequested => {}
    }
    text
}

fn growth(bytes: i64) -> String {
    let sign = match bytes {
        0 => return "0".to_owned(),
        bytes if bytes < 0 => "-",
        _ => "+",
    };
    format!("{sign}{}", Bytes(bytes.unsigned_abs()))
}

fn told(missing: &Missing) -> String {
    printable(&missing.to_string()).into_owned()
}

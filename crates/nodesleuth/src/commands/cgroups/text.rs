//! The census for people.

use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_model::evidence::{
    CgroupCensus, CgroupScan, CgroupVersion, Hierarchy, ReadOutcome, TimedReads,
};
use nodesleuth_model::{Missing, Nanos, Observed, printable};

use super::{Found, dying, growth, occupancy, readers};

pub(super) fn of(found: &Found) -> String {
    let seen = &found.seen;
    let mut text = match seen.census.require("cgroups") {
        Ok(census) => format!("{}{}", hierarchies(census), patterns(census)),
        Err(missing) => format!("{}\n", told(&missing)),
    };
    text.push_str(&occupancy::text(&found.occupancy));
    text.push_str(&dying::text(seen));
    text.push_str(&reads(&seen.timed_reads));
    text.push_str(&readers::text(&found.readers));
    text.push_str(&growth::text(&found.growth));
    text.push_str(&scan(&seen.scan));
    text
}

fn hierarchies(census: &CgroupCensus) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["hierarchy", "version", "live", "dying", "how counted"]);
    for hierarchy in &census.hierarchies {
        let live = match hierarchy.live.require("live") {
            Ok(live) if hierarchy.partial => format!("≥ {live}"),
            Ok(live) => live.to_string(),
            Err(_) => "?".to_owned(),
        };
        let (dying, how) = match hierarchy.dying.require("dying") {
            Ok(dying) => (dying.count.to_string(), printable(&dying.how).into_owned()),
            Err(missing) => ("?".to_owned(), told(&missing)),
        };
        table.add_row([
            name(hierarchy),
            version(hierarchy).to_owned(),
            live,
            dying,
            how,
        ]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!(
        "{}\n(counting took {} of CPU)\n",
        table.trim_fmt(),
        census.cost
    )
}

fn name(hierarchy: &Hierarchy) -> String {
    let name = match hierarchy.controllers.as_slice() {
        [] => hierarchy.mount.clone(),
        controllers => controllers.join(","),
    };
    printable(&name).into_owned()
}

pub(super) fn told(missing: &Missing) -> String {
    printable(&missing.to_string()).into_owned()
}

fn version(hierarchy: &Hierarchy) -> &'static str {
    match hierarchy.version {
        CgroupVersion::V1 => "v1",
        CgroupVersion::V2 => "v2",
    }
}

/// Name patterns of the largest hierarchy.
fn patterns(census: &CgroupCensus) -> String {
    let counted = census.hierarchies.iter();
    let largest = counted.max_by_key(|hierarchy| hierarchy.live.value().copied().unwrap_or(0));
    let Some(largest) = largest.filter(|largest| !largest.patterns.is_empty()) else {
        return String::new();
    };
    let mut text = format!("\nby name in {}:\n", name(largest));
    for pattern in &largest.patterns {
        let name = printable(&pattern.pattern);
        text.push_str(&format!("{:>8}  {name}\n", pattern.count));
    }
    text
}

fn reads(timed: &Observed<TimedReads>) -> String {
    let timed = match timed.require("timed reads") {
        Ok(timed) => timed,
        Err(missing) => return format!("\n{}\n", told(&missing)),
    };
    let mut text = String::from("\nhow long one read takes:\n");
    for read in &timed.reads {
        let said = match &read.outcome {
            ReadOutcome::Read { wall, cpu, .. } => format!("{wall} ({cpu} of CPU)"),
            ReadOutcome::Skipped { reason } => format!("not read: {reason}"),
            ReadOutcome::Failed { reason } => format!("failed: {reason}"),
            ReadOutcome::TimedOut { after, stuck: None } => format!("no answer within {after}"),
            ReadOutcome::TimedOut {
                after,
                stuck: Some(pid),
            } => {
                format!("no answer within {after}; process {pid} is stuck in it")
            }
        };
        text.push_str(&format!(
            "  {:<48} {}\n",
            printable(&read.path),
            printable(&said)
        ));
    }
    text
}

fn scan(scan: &Observed<CgroupScan>) -> String {
    let scan = match scan {
        Observed::NotRequested => return String::new(),
        Observed::Unavailable(missing) => return format!("\nscan: {}\n", told(missing)),
        Observed::Value(scan) => scan,
    };
    let share = scan.kernel_share.map_or_else(String::new, |share| {
        format!(" ({:.0}% of it in the kernel)", share * 100.0)
    });
    let mut text = format!(
        "\nreading {} files of {} cgroups once: {} wall, {} of CPU{share}; {} files \
         failed\n",
        scan.files, scan.cgroups, scan.wall, scan.cpu, scan.failed
    );
    for file in &scan.by_file {
        let each = Nanos(file.cpu.0 / file.files.max(1));
        text.push_str(&format!(
            "  {:<28} {each} each, slowest {}\n",
            printable(&file.name),
            file.slowest
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_collect::CgroupsSeen;
    use nodesleuth_model::MissingKind;
    use nodesleuth_model::evidence::{
        CgroupGrowth, DyingHolder, DyingMemory, GrowthGroup, PatternCount, TimedRead,
    };

    #[test]
    fn names_of_cgroups_cannot_forge_lines_or_move_the_cursor() {
        let name = "x\nNOTHING WRONG\u{1b}[31m\u{202e}".to_owned();
        let hierarchy = Hierarchy {
            mount: name.clone(),
            live: Observed::Value(3),
            patterns: vec![PatternCount {
                pattern: name.clone(),
                count: 3,
                ..PatternCount::default()
            }],
            ..Hierarchy::default()
        };
        let read = TimedRead {
            path: name.clone(),
            outcome: ReadOutcome::Failed {
                reason: name.clone(),
            },
            ..TimedRead::default()
        };
        let missing = Missing::new(MissingKind::Failed, name.clone());
        let seen = CgroupsSeen {
            census: Observed::Value(CgroupCensus {
                hierarchies: vec![hierarchy],
                ..CgroupCensus::default()
            }),
            timed_reads: Observed::Value(TimedReads {
                reads: vec![read],
                ..TimedReads::default()
            }),
            scan: Observed::Unavailable(missing.clone()),
            dying_memory: Observed::Value(DyingMemory {
                holders: vec![DyingHolder {
                    path: name.clone(),
                    ..DyingHolder::default()
                }],
                cgroups_read: 3,
                ..DyingMemory::default()
            }),
            ..CgroupsSeen::default()
        };
        let found = Found {
            seen,
            occupancy: Observed::Unavailable(missing.clone()),
            readers: Observed::Unavailable(missing.clone()),
            growth: Observed::Value(CgroupGrowth {
                groups: vec![GrowthGroup {
                    pattern: name,
                    ..GrowthGroup::default()
                }],
                ..CgroupGrowth::default()
            }),
        };
        let shown = of(&found);
        assert_eq!(
            shown
                .matches("x\u{fffd}NOTHING WRONG\u{fffd}[31m\u{fffd}")
                .count(),
            10
        );
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    }
}

//! The census for people.

use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_collect::CgroupsSeen;
use nodesleuth_model::evidence::{
    CgroupCensus, CgroupScan, CgroupVersion, Hierarchy, ReadOutcome, TimedReads,
};
use nodesleuth_model::{Nanos, Observed};

pub(super) fn of(seen: &CgroupsSeen) -> String {
    let mut text = match seen.census.require("cgroups") {
        Ok(census) => format!("{}{}", hierarchies(census), patterns(census)),
        Err(missing) => format!("{missing}\n"),
    };
    text.push_str(&reads(&seen.timed_reads));
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
            Ok(dying) => (dying.count.to_string(), dying.how.clone()),
            Err(missing) => ("?".to_owned(), missing.to_string()),
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
    match hierarchy.controllers.as_slice() {
        [] => hierarchy.mount.clone(),
        controllers => controllers.join(","),
    }
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
        text.push_str(&format!("{:>8}  {}\n", pattern.count, pattern.pattern));
    }
    text
}

fn reads(timed: &Observed<TimedReads>) -> String {
    let timed = match timed.require("timed reads") {
        Ok(timed) => timed,
        Err(missing) => return format!("\n{missing}\n"),
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
        text.push_str(&format!("  {:<48} {said}\n", read.path));
    }
    text
}

fn scan(scan: &Observed<CgroupScan>) -> String {
    let scan = match scan {
        Observed::NotRequested => return String::new(),
        Observed::Unavailable(missing) => return format!("\nscan: {missing}\n"),
        Observed::Value(scan) => scan,
    };
    let cpu = Nanos(scan.user.0 + scan.kernel.0);
    let share = scan.kernel.0 as f64 / cpu.0.max(1) as f64 * 100.0;
    let mut text = format!(
        "\nreading {} files of {} cgroups once: {} wall, {cpu} of CPU, {share:.0} % of it in the \
         kernel; {} files failed\n",
        scan.files, scan.cgroups, scan.wall, scan.failed
    );
    for file in &scan.by_file {
        let each = Nanos(file.cpu.0 / file.files.max(1));
        text.push_str(&format!(
            "  {:<28} {each} each, slowest {}\n",
            file.name, file.slowest
        ));
    }
    text
}

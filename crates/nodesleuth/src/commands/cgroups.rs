//! `nodesleuth cgroups`: live and dying cgroups of every hierarchy, and how long files take.

use super::target_choice::own_binary;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::signals;
use comfy_table::{CellAlignment, Table, presets};
use nodesleuth_collect::{CgroupLook, Node, SystemClock, look_at_cgroups};
use nodesleuth_model::evidence::{CgroupCensus, CgroupScan, Hierarchy, ReadOutcome, TimedReads};
use nodesleuth_model::{Nanos, Observed};
use serde::Serialize;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also read about twelve files of every cgroup, as a statistics collector does, and say what
    /// that costs. Refused where single files are slow.
    #[arg(long)]
    scan: bool,

    /// Kernel time that reading possibly slow files may cost in all; 0 reads none.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = args::duration)]
    read_budget: Duration,

    /// Format of the result.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// What the command found.
#[derive(Serialize)]
struct Found {
    census: Observed<CgroupCensus>,
    timed_reads: Observed<TimedReads>,
    #[serde(skip_serializing_if = "is_not_requested")]
    scan: Observed<CgroupScan>,
}

fn is_not_requested<T>(observed: &Observed<T>) -> bool {
    matches!(observed, Observed::NotRequested)
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let look = CgroupLook {
        slow_read_budget: args.read_budget,
        read_child: own_binary(),
        scan: args.scan,
    };
    let seen = look_at_cgroups(&Node::live(), &SystemClock, &signals::cancel(), &look);
    let found = Found { census: seen.census, timed_reads: seen.timed_reads, scan: seen.scan };
    match args.output {
        Format::Json => output::json(&found),
        Format::Text => output::print(&text(&found)),
    }
}

fn text(found: &Found) -> String {
    let mut text = match found.census.require("cgroups") {
        Ok(census) => format!("{}{}", hierarchies(census), patterns(census)),
        Err(missing) => format!("{missing}\n"),
    };
    text.push_str(&reads(&found.timed_reads));
    text.push_str(&scan(&found.scan));
    text
}

fn hierarchies(census: &CgroupCensus) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["hierarchy", "version", "live", "dying", "how counted"]);
    for hierarchy in &census.hierarchies {
        let live = match hierarchy.live.require("live cgroups") {
            Ok(live) if hierarchy.partial => format!("≥ {live}"),
            Ok(live) => live.to_string(),
            Err(_) => "?".to_owned(),
        };
        let (dying, how) = match hierarchy.dying.require("dying cgroups") {
            Ok(dying) => (dying.count.to_string(), dying.how.clone()),
            Err(missing) => ("?".to_owned(), missing.to_string()),
        };
        table.add_row([name(hierarchy), version(hierarchy).to_owned(), live, dying, how]);
    }
    for column in [2, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{}\n(the census itself took {} of CPU)\n", table.trim_fmt(), census.cost)
}

fn name(hierarchy: &Hierarchy) -> String {
    if hierarchy.controllers.is_empty() {
        hierarchy.mount.clone()
    } else {
        hierarchy.controllers.join(",")
    }
}

fn version(hierarchy: &Hierarchy) -> &'static str {
    match hierarchy.version {
        nodesleuth_model::evidence::CgroupVersion::V1 => "v1",
        nodesleuth_model::evidence::CgroupVersion::V2 => "v2",
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
    let mut text = String::from("\nhow long one read takes:\n");
    let timed = match timed.require("timed reads") {
        Ok(timed) => timed,
        Err(missing) => return format!("\n{missing}\n"),
    };
    for read in &timed.reads {
        let said = match &read.outcome {
            ReadOutcome::Read { wall, cpu, .. } => format!("{wall} ({cpu} of CPU)"),
            ReadOutcome::Skipped { reason } => format!("not read: {reason}"),
            ReadOutcome::Failed { reason } => format!("failed: {reason}"),
            ReadOutcome::TimedOut { after, stuck } => match stuck {
                Some(pid) => format!("no answer within {after}; process {pid} is stuck in it"),
                None => format!("no answer within {after}"),
            },
        };
        text.push_str(&format!("  {:<56} {said}\n", read.path));
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

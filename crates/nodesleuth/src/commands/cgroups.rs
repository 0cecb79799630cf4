//! `nodesleuth cgroups`: live and dying cgroups of every hierarchy, what the dying ones hold, how
//! long files take, who reads them and who makes them.

mod dying;
mod growth;
mod json;
mod occupancy;
mod readers;
mod text;

use super::target_choice::own_binary;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_collect::{
    Cancel, CgroupLook, CgroupsSeen, GrowthWatch, Node, SystemClock, look_at_cgroups, watch_growth,
    watch_readers,
};
use nodesleuth_model::evidence::{CgroupGrowth, CgroupOccupancy, CgroupReaders};
use nodesleuth_model::{Missing, Nanos, Observed};
use std::time::Duration;

/// Count live and dying cgroups, say what the dying ones hold, and time their files.
///
/// Bytes that they hold may lag: the kernel shows changes of less than 64 pages a CPU (512 KiB with
/// two CPUs) up to two seconds late.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also look which cgroups hold no process, by name pattern: leaked scopes, pods without
    /// containers, empty subtrees. Reads one small file of each.
    #[arg(long)]
    by_prefix: bool,

    /// Also count the calls of busy processes and agents on cgroup files, for TIME each (default:
    /// 3 s, if others do not pay too much for it), one process after the other.
    #[arg(long, value_name = "TIME", num_args = 0..=1, value_parser = args::window)]
    readers: Option<Option<Duration>>,

    /// Also watch for TIME who makes and removes cgroups, how soon the kernel lets them go, and
    /// when reading them will be slow.
    #[arg(long, value_name = "TIME", value_parser = args::window)]
    growth: Option<Duration>,

    /// Also read about twelve files of every cgroup, as a statistics collector does, and say what
    /// that costs.
    #[arg(long)]
    scan: bool,

    /// Kernel time that reading possibly slow files may cost in all; 0 reads none.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = args::duration)]
    read_budget: Duration,

    /// Format of the result.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// All that was asked for.
struct Found {
    seen: CgroupsSeen,
    occupancy: Observed<CgroupOccupancy>,
    readers: Observed<CgroupReaders>,
    growth: Observed<CgroupGrowth>,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    let progress = Display::new(verbose);
    let (node, cancel) = (Node::live(), signals::cancel());
    let look = CgroupLook {
        slow_read_budget: args.read_budget,
        read_child: own_binary(),
        dying_memory: true,
        scan: args.scan,
    };
    let seen = look_at_cgroups(&node, &SystemClock, &cancel, &look);
    let timed = seen.timed_reads.value();
    let readers = args
        .readers
        .map(|length| watch_readers(&node, &SystemClock, &cancel, length, timed));
    let growth = args.growth.map(|length| {
        let watch = GrowthWatch {
            length,
            timed,
            progress: &progress,
        };
        watch_growth(&node, &SystemClock, &cancel, watch)
    });
    let found = Found {
        occupancy: match args.by_prefix {
            true => occupancy(&node, &seen, args.read_budget).into(),
            false => Observed::NotRequested,
        },
        readers: match readers {
            Some(readers) => Observed::Value(readers?),
            None => Observed::NotRequested,
        },
        growth: growth.map_or(Observed::NotRequested, Observed::from),
        seen,
    };
    progress.finish();
    tell_interrupt(&cancel);
    match args.output {
        Format::Json => output::json(&json::of(&found)),
        Format::Text => output::print(&text::of(&found)),
    }
}

fn occupancy(
    node: &Node,
    seen: &CgroupsSeen,
    budget: Duration,
) -> Result<CgroupOccupancy, Missing> {
    let census = seen.census.require("cgroups")?;
    let memory = census.memory().ok_or_else(|| {
        let reason = "no hierarchy carries the memory controller";
        Missing::new(nodesleuth_model::MissingKind::Absent, reason)
    })?;
    let budget = Nanos(u64::try_from(budget.as_nanos()).unwrap_or(u64::MAX));
    nodesleuth_collect::occupancy(node, memory, budget)
}

fn tell_interrupt(cancel: &Cancel) {
    if cancel.requested() {
        output::note("interrupted: what was seen until then counts\n");
    }
}

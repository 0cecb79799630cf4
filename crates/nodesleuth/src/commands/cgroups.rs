//! `nodesleuth cgroups`: live and dying cgroups of every hierarchy, and how long files take.

mod json;
mod text;

use super::target_choice::own_binary;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::signals;
use nodesleuth_collect::{CgroupLook, Node, SystemClock, look_at_cgroups};
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
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

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let look = CgroupLook {
        slow_read_budget: args.read_budget,
        read_child: own_binary(),
        scan: args.scan,
    };
    let seen = look_at_cgroups(&Node::live(), &SystemClock, &signals::cancel(), &look);
    match args.output {
        Format::Json => output::json(&json::of(&seen)),
        Format::Text => output::print(&text::of(&seen)),
    }
}

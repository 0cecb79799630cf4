//! `nodesleuth demo`: this machine's own small sick agent, diagnosed for real.

use super::cluster_choice::ReaderArgs;
use super::pod_choice::PodArgs;
use super::target_choice::TargetArgs;
use super::{diagnose, target_choice};
use crate::args::{self, ReportFormat};
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use nodesleuth_act::demo::Demo;
use nodesleuth_collect::Progress;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run although there is a kubelet on this node.
    #[arg(long)]
    force: bool,

    /// How long to watch.
    #[arg(long, value_name = "TIME", default_value = "8s", value_parser = args::window)]
    window: Duration,

    /// Format of the report.
    #[arg(short, long, value_enum, default_value_t)]
    output: ReportFormat,
}

pub(crate) fn run(args: &Args, verbose: bool) -> Result<(), Failure> {
    let catalog = super::catalog::load(None)?;
    let progress = Display::new(verbose);
    let Some(binary) = target_choice::own_binary() else {
        return Err(Failure::usage(
            "our own program file cannot be found",
            "run nodesleuth from a mounted filesystem with /proc mounted",
        ));
    };
    let demo = Demo::set_up(&binary, args.force, &|step| progress.stage(step))?;
    output::note(&format!("demo: made {}\n", demo.describe()));
    let target = TargetArgs {
        node: None,
        pid: Some(demo.agent_pid().0),
        name: None,
        pprof: Vec::new(),
        window: args.window,
        read_budget: None,
        trace_for: None,
        no_stacks: false,
        no_trace: false,
        goroutines: false,
        heap: false,
        timeout: None,
        cluster: ReaderArgs::default(),
        pod: PodArgs::default(),
    };
    let collected = target.collect(&catalog, &progress);
    let torn_down = demo.tear_down();
    let printed = output::diagnosis(&diagnose::analyze(&collected?, &catalog), args.output);
    let torn_down = torn_down?;
    if torn_down.leftovers.is_empty() {
        output::note(&format!(
            "demo: agent ended, {} scratch entries removed in {:.1} s\n",
            torn_down.removed,
            torn_down.took.as_secs_f64()
        ));
    } else {
        output::note("demo: something stayed; `nodesleuth clean` tries again:\n");
        for leftover in &torn_down.leftovers {
            output::note(&format!("  {leftover}\n"));
        }
    }
    printed
}

//! `nodesleuth diagnose --nodes`: many nodes at once, one report.

mod gathered;

use super::TOOL;
use super::cluster_choice::{NodeQuestions, ReaderArgs, checked_rights};
use crate::args::ReportFormat;
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use gathered::{Gathered, LookedAt};
use nodesleuth_analyze::{Catalog, fleet_report};
use nodesleuth_cluster::{Cluster, FleetResult, NodeChoice, NodeOptions, sampled};
use nodesleuth_collect::{Progress, SystemClock};
use nodesleuth_model::Outcome;
use nodesleuth_model::evidence::NodeObject;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A single node that answers late must not hold up all others: it has its window and this part of it.
const SPARE: f64 = 0.2;
const SHORTEST_SPARE: Duration = Duration::from_secs(3);
/// Each needs some megabytes.
const MOST_THREADS: usize = 8;

/// Which nodes, and how many at once.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Many nodes")]
pub(crate) struct FleetArgs {
    /// Watch the kubelets of these nodes: `all`, or names with commas.
    #[arg(long, value_name = "all|NODE,NODE…", conflicts_with_all = [
        "node", "pid", "name", "pprof", "read_budget", "no_stacks", "trace_for", "no_trace", "save",
    ])]
    nodes: Option<String>,

    /// Watch the kubelets of nodes with these labels.
    #[arg(short = 'l', long, value_name = "SELECTOR", conflicts_with_all = [
        "nodes", "node", "pid", "name", "pprof", "read_budget", "no_stacks", "trace_for",
        "no_trace", "save",
    ])]
    selector: Option<String>,

    /// So many nodes are watched at the same time.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=2000))]
    in_flight: u16,

    /// Only so many of them, spread over all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    sample: Option<u16>,

    /// A new folder: one bundle a node, merged profiles, and a flame graph of the hot nodes against
    /// the others.
    #[arg(long, value_name = "DIR")]
    save_to: Option<PathBuf>,
}

impl FleetArgs {
    /// Which nodes, if many are asked for.
    pub(crate) fn choice(&self) -> Option<NodeChoice> {
        match (&self.nodes, &self.selector) {
            (Some(nodes), _) if nodes == "all" => Some(NodeChoice::All),
            (Some(nodes), _) => {
                let names = nodes.split(',').map(|name| name.trim().to_owned());
                Some(NodeChoice::Names(names.collect()))
            }
            (None, Some(selector)) => Some(NodeChoice::Selector(selector.clone())),
            (None, None) => None,
        }
    }
}

/// How the report is wanted.
pub(crate) struct Wanted<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) questions: NodeQuestions,
    pub(crate) output: ReportFormat,
    pub(crate) exit_code: bool,
    pub(crate) verbose: bool,
}

pub(crate) fn run(
    choice: &NodeChoice,
    args: &FleetArgs,
    cluster: &ReaderArgs,
    wanted: &Wanted<'_>,
) -> Result<ExitCode, Failure> {
    let questions = &wanted.questions;
    let spare = questions.window.mul_f64(SPARE).max(SHORTEST_SPARE);
    let limit = questions.limit(spare)?;
    let cluster = cluster.connect()?;
    if let Some(folder) = &args.save_to {
        create(folder)?;
    }
    let nodes = cluster.nodes(choice)?;
    let nodes = sampled(nodes, args.sample.map(usize::from));
    let in_flight = usize::from(args.in_flight).min(cluster.most_in_flight());
    let in_flight = in_flight.min(nodes.len());
    output::note(&format!(
        "reading through {}: the pods and the kubelet's {} of {} nodes, {} at a time, {} at most for each\n",
        cluster.server(),
        questions.pages(),
        nodes.len(),
        in_flight,
        humantime::format_duration(limit)
    ));
    let rights = checked_rights(&cluster)?;
    let options = NodeOptions {
        window: questions.window,
        longest_slice: NodeOptions::LONGEST_SLICE,
        pods_from_api_server: rights.may("list pods"),
        limit,
        patience: limit.saturating_sub(questions.window),
        in_flight,
        goroutines: questions.goroutines,
        heap: questions.heap,
        tool: TOOL.to_owned(),
    };
    let progress = Display::new(wanted.verbose);
    let folder = args.save_to.as_deref();
    let gathered = gather(&cluster, nodes, folder, &options, wanted, &progress);
    progress.finish();
    let Gathered {
        nodes,
        failed,
        stacks,
        complaints,
        ..
    } = gathered;
    let report = fleet_report(TOOL, questions.window.as_secs_f64(), nodes, failed);
    match wanted.output {
        ReportFormat::Json => output::json(&report)?,
        format => output::document(&nodesleuth_report::fleet_document(&report), format)?,
    }
    for complaint in complaints {
        output::complain(&complaint);
    }
    if let Some(folder) = &args.save_to {
        stacks.write(folder)?;
        output::note(&format!("wrote {}\n", folder.display()));
    }
    if report.nodes.is_empty() {
        return Err(Failure::usage(
            "no node could be looked at",
            "the reasons stand above, one for each node",
        ));
    }
    let is_found = report
        .nodes
        .iter()
        .any(|node| node.outcome == Outcome::CauseFound);
    Ok(ExitCode::from(u8::from(wanted.exit_code && is_found)))
}

fn create(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir(folder).map_err(|error| Failure::file("create", folder, error))
}

/// Evidence is analysed in threads of their own: the one that asks must not be late for the end of
/// any window, and at its end hundreds of nodes are there at once. It has a processor to itself, and
/// helps with what is left when nobody has to be asked any more.
fn gather<'a>(
    cluster: &Cluster,
    nodes: Vec<NodeObject>,
    folder: Option<&'a Path>,
    options: &NodeOptions,
    wanted: &Wanted<'a>,
    progress: &Display,
) -> Gathered<'a> {
    let count = nodes.len();
    let cancel = signals::cancel();
    let (sender, results) = mpsc::channel::<FleetResult>();
    let results = Mutex::new(results);
    let gathered = Mutex::new(Gathered::new(folder));
    progress.stage(&format!("0 of {count} nodes"));
    let analyse = || {
        while let Some(result) = next(&results) {
            let looked_at = LookedAt::of(result, wanted.catalog, folder);
            let mut gathered = lock(&gathered);
            let line = gathered.add(looked_at);
            let (done, failed) = (gathered.done(), gathered.failed.len());
            progress.stage(&match wanted.verbose {
                true => line,
                false => format!("{done} of {count} nodes, {failed} failed"),
            });
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let analysing: Vec<_> = (1..threads.clamp(2, MOST_THREADS))
            .map(|_| scope.spawn(analyse))
            .collect();
        cluster.collect_fleet(nodes, options, &SystemClock, &cancel, |result| {
            // It is received until the end.
            let _ = sender.send(result);
        });
        drop(sender);
        analyse();
        let ended = analysing.into_iter().map(thread::ScopedJoinHandle::join);
        if ended.filter(Result::is_err).count() > 0 {
            output::note("analysing the nodes ended in a panic: the report is not whole\n");
        }
    });
    gathered
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
}

/// The next node that is there; waits for it.
fn next(results: &Mutex<Receiver<FleetResult>>) -> Option<FleetResult> {
    lock(results).recv().ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

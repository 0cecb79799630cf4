//! Commands that only our own programs type.

use super::{docs, top};
use crate::failure::Failure;
use crate::output;
use nodesleuth_collect::tasks::look_cost;
use nodesleuth_collect::{Node, SystemClock};
use serde_json::json;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct ReadFileArgs {
    path: PathBuf,
    repeats: u32,
}

/// Reads a file and prints how long that took.
pub(crate) fn read_file(args: &ReadFileArgs) -> Result<(), Failure> {
    let line = nodesleuth_collect::read_file_child(&args.path, args.repeats);
    output::print(&format!("{line}\n"))
}

#[derive(Debug, clap::Args)]
pub(crate) struct DocsArgs {
    /// `facts`, `catalog` or `cli`.
    page: String,
}

/// Prints a generated page of the documentation.
pub(crate) fn docs(args: &DocsArgs) -> Result<(), Failure> {
    let page = match args.page.as_str() {
        "facts" => docs::facts(),
        "catalog" => docs::catalog()?,
        "cli" => docs::cli(),
        other => {
            let what = format!("there is no page {other:?}");
            return Err(Failure::usage(what, "pages: facts, catalog, cli"));
        }
    };
    output::print(&page)
}

/// Longer than any thread of the benchmark rests, so that all have run.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(crate) struct LookCostArgs {
    #[arg(value_enum)]
    engine: top::Engine,
    looks: usize,
}

/// Prints what CPU looking at all threads takes.
pub(crate) fn look_at_tasks(args: &LookCostArgs) -> Result<(), Failure> {
    let (node, clock) = (Node::live(), SystemClock);
    let cost = look_cost(args.engine.into(), (&node, &clock), (args.looks, PAUSE))
        .map_err(|why| Failure::usage(why, "is this root?"))?;
    output::json(&json!({ "start_ns": cost.start, "look_ns": cost.looks }))
}

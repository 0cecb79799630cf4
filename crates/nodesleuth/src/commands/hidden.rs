//! Commands that only our own programs type.

use super::docs;
use crate::failure::Failure;
use crate::output;
use std::path::PathBuf;

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

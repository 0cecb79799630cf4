//! `nodesleuth catalog`: the known causes, loading them, and writing and checking one's own.

mod check;
mod template;

use crate::args::Format;
use crate::failure::Failure;
use crate::output;
use comfy_table::{Table, presets};
use nodesleuth_analyze::Catalog;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    task: Option<Task>,

    /// Format of the list.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,

    /// Folder with known causes of your own.
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Print a commented entry made from a bundle or from files, to be filled in.
    New(template::Args),
    /// Check entries of your own, each mistake with its line and column.
    Check(check::Args),
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    match &args.task {
        Some(Task::New(args)) => template::run(args),
        Some(Task::Check(args)) => check::run(args),
        None => list(args),
    }
}

fn list(args: &Args) -> Result<(), Failure> {
    let catalog = load(args.catalog.as_deref())?;
    if args.output == Format::Json {
        let rows = catalog.entries.iter().map(|entry| {
            serde_json::json!({
                "id": entry.id,
                "class": entry.class,
                "title": entry.title.text(),
                "standing": entry.standing.as_str(),
                "file": entry.file,
            })
        });
        return output::json(&rows.collect::<Vec<_>>());
    }
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["id", "class", "standing"]);
    for entry in &catalog.entries {
        table.add_row([&entry.id, &entry.class, entry.standing.as_str()]);
    }
    output::print_lines(&format!(
        "{}\n\nnodesleuth explain ID says more.\n",
        table.trim_fmt()
    ))
}

/// The built-in catalogue, with a folder of the user's own entries where one is given.
pub(crate) fn load(folder: Option<&Path>) -> Result<Catalog, Failure> {
    match folder {
        None => Ok(Catalog::built_in()?),
        Some(folder) => Ok(Catalog::with_user_files(&own_files(folder)?)?),
    }
}

/// Names and texts of the entries in a folder.
fn own_files(folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| Failure::file("read", folder, error))?;
    for entry in entries {
        let path = entry
            .map_err(|error| Failure::file("read", folder, error))?
            .path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(own_file(&path)?);
        }
    }
    files.sort();
    if files.is_empty() {
        let what = format!("no .toml file in {}", folder.display());
        return Err(Failure::usage(
            what,
            "give the folder that holds your catalogue entries",
        ));
    }
    Ok(files)
}

fn own_file(path: &Path) -> Result<(String, String), Failure> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, error))?;
    Ok((path.display().to_string(), text))
}

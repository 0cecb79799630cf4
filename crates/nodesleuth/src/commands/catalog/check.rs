//! `nodesleuth catalog check`: mistakes in entries of one's own, all of them.

use super::{own_file, own_files};
use crate::failure::Failure;
use crate::output;
use nodesleuth_analyze::Catalog;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Entries, or folders of entries.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut files = Vec::new();
    for path in &args.files {
        match path.is_dir() {
            true => files.extend(own_files(path)?),
            false => files.push(own_file(path)?),
        }
    }
    let mut wrong = 0;
    for file in &files {
        if let Err(error) = Catalog::with_user_files(std::slice::from_ref(file)) {
            wrong += 1;
            output::note(&format!("{error}\n"));
        }
    }
    if wrong > 0 {
        let what = format!("{wrong} of {} entries cannot be used", files.len());
        return Err(Failure::usage(what, "correct what is said above"));
    }
    // Only together they can have the same id.
    let catalog = Catalog::with_user_files(&files)?;
    let built_in = Catalog::built_in()?;
    let mut text = String::new();
    for entry in &catalog.entries {
        let Some((name, _)) = files.iter().find(|(name, _)| *name == entry.file) else {
            continue;
        };
        let replaces = match built_in.entry(&entry.id) {
            Some(_) => ", in place of the built-in entry",
            None => "",
        };
        text.push_str(&format!("{name}: {}{replaces}\n", entry.id));
    }
    output::print_lines(&text)
}

//! Pages of docs/ that are generated from the binary itself, so that they cannot be wrong.
//! `--check` compares and changes nothing.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use crate::bounded;
use crate::eval;
use crate::failure::{Result, While};
use crate::workspace::Workspace;

/// May have to build the binary first.
const LIMIT: Duration = Duration::from_secs(20 * 60);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only say which pages differ.
    #[arg(long)]
    check: bool,
}

/// A page is what `nodesleuth __docs NAME` prints.
const PAGES: &[&str] = &["facts", "catalog", "cli"];

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    if !args.check {
        write(workspace)?;
        return Ok(ExitCode::SUCCESS);
    }
    let stale = stale(workspace)?;
    for page in &stale {
        println!("{page}");
    }
    Ok(ExitCode::from(u8::from(!stale.is_empty())))
}

/// The page that a test writes, because making it takes the corpus beside the repository.
const CONFORMANCE: [&str; 5] = [
    "test",
    "--package",
    "nodesleuth",
    "--test",
    "pprof_conformance",
];

/// Without the corpus the page stays as it is; the test itself says so when it runs.
fn write_conformance(workspace: &Workspace) -> Result<()> {
    let corpus = workspace.root().join("../shared/conformance");
    if !corpus.is_dir() {
        println!(
            "SKIPPED docs/conformance.md: no corpus at {}",
            corpus.display()
        );
        return Ok(());
    }
    let mut command = workspace.cargo();
    command.args(CONFORMANCE).env("BLESS", "1");
    bounded::output(&mut command, LIMIT)?.success("the conformance test")?;
    Ok(())
}

fn write(workspace: &Workspace) -> Result<()> {
    write_conformance(workspace)?;
    eval::write(workspace)?;
    for page in PAGES {
        let (path, text) = (path(workspace, page), generate(workspace, page)?);
        fs::write(&path, text).doing(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// A sentence for each page that is not what the binary would print now.
pub(crate) fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for page in PAGES {
        let fresh = generate(workspace, page)?;
        let kept = fs::read_to_string(path(workspace, page)).unwrap_or_default();
        if let Some(line) = first_difference(&kept, &fresh) {
            stale.push(format!(
                "docs/{page}.md is not up to date (line {line}): run `cargo xtask docs`"
            ));
        }
    }
    Ok(stale)
}

fn path(workspace: &Workspace, page: &str) -> PathBuf {
    workspace.root().join("docs").join(format!("{page}.md"))
}

fn generate(workspace: &Workspace, page: &str) -> Result<String> {
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "--package", "nodesleuth", "--"]);
    command.args(["__docs", page]);
    bounded::output(&mut command, LIMIT)?.success(&format!("nodesleuth __docs {page}"))
}

/// Number of the first line that differs.
fn first_difference(kept: &str, fresh: &str) -> Option<usize> {
    if kept == fresh {
        return None;
    }
    let same = kept.lines().zip(fresh.lines()).take_while(|(a, b)| a == b);
    Some(same.count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_differing_line_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}

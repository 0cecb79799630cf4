//! 20,000 zombies on this machine's kernel, and what `nodesleuth fix reclaim-subtree` makes of them.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::zombies::{PAGE_BYTES, Zombies};
use crate::lab::{MANY_ZOMBIES, RunName};
use crate::workspace::Workspace;

const FIX_LIMIT: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Dying cgroups to make.
    #[arg(long, value_name = "N", default_value_t = MANY_ZOMBIES)]
    zombies: usize,
    /// Try this nodesleuth instead of a new release build.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// How far bytes may be from a page each. While 20,000 are made a machine reclaims some of their pages
/// by itself (282 of 20,000 were missing on one that runs DAMON), and charges others to where the worker is: its own,
/// and the filesystem's. To the byte the live tests count 300.
const SHARE_OFF: f64 = 0.05;

/// Makes them, has them freed, and demands that next to nothing is left.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let zombies = args.zombies;
    let binary = workspace.release_binary_or(args.binary.as_deref())?;
    let lab = workspace.lab_dir()?;
    let made = Zombies::make(&RunName::ours("zombies")?, zombies, &lab)?;
    let state = tempfile::tempdir().doing(|| "making a folder for the fix's state".to_owned())?;
    let mut command = Command::new(binary);
    command
        .args([
            "fix",
            "reclaim-subtree",
            "--yes",
            "--although-fast",
            "-o",
            "json",
        ])
        .args(["--max-pressure", "100", "--subtree", &made.subtree()])
        .arg("--state-dir")
        .arg(state.path());
    let spelled = bounded::spelled(&command);
    let printed = bounded::output(&mut command, FIX_LIMIT).and_then(|out| out.success(&spelled));
    made.remove()?;
    let said: serde_json::Value =
        serde_json::from_str(&printed?).doing(|| format!("reading what {spelled} printed"))?;
    let held = |when: &str| said[when]["subtree"]["held"].as_u64();
    let (before, after) = (held("before"), held("after"));
    println!(
        "{zombies} zombies on this machine: {} bytes held before, {} after; dying on the machine {} and {}; \
         verdict {}",
        shown(before),
        shown(after),
        said["before"]["dying"],
        said["after"]["dying"],
        said["verdict"]
    );
    let made = (zombies as u64 * PAGE_BYTES) as f64;
    let off = |bytes: Option<u64>, wanted: f64| {
        bytes.is_none_or(|bytes| (bytes as f64 - wanted).abs() > made * SHARE_OFF)
    };
    if !off(before, made) && !off(after, 0.0) && said["verdict"] == "worked" {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(
        "reclaiming the zombies of this machine",
        format!("{made} bytes were to be counted, and nothing to be left"),
    ))
}

fn shown(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown".to_owned(), |bytes| bytes.to_string())
}

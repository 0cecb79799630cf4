//! `cargo xtask lab kills`: kills captures at chance moments and asks bpftool what is left of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::workspace::Workspace;

/// Loading, attaching, watching and detaching: a few have ended by themselves by then.
const LONGEST: Duration = Duration::from_millis(500);
const WATCHING: &str = "300ms";
const ASK_LIMIT: Duration = Duration::from_secs(30);
/// The kernel takes programs away a moment later.
const LOOKS: u32 = 100;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// What is killed.
const CAPTURES: [&[&str]; 4] = [
    &["syscalls"],
    &["syscalls", "--files"],
    &["syscalls", "--engine", "bpf-perf"],
    &["trace"],
];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many captures to kill.
    #[arg(default_value_t = 100)]
    count: u32,
    /// Try this nodesleuth instead of a new release build.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let binary = workspace.release_binary_or(args.binary.as_deref())?;
    let before = attached()?;
    for index in 0..args.count {
        interrupt::check()?;
        kill_one(&binary, index)?;
    }
    for _ in 0..LOOKS {
        if attached()?.is_subset(&before) {
            println!("{} captures killed: nothing is left of them", args.count);
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    let left: Vec<_> = attached()?.difference(&before).cloned().collect();
    println!("left (or somebody else's): {}", left.join(", "));
    Ok(ExitCode::FAILURE)
}

/// Of ourselves, as anybody would do.
fn kill_one(binary: &Path, index: u32) -> Result<()> {
    let words = CAPTURES[index as usize % CAPTURES.len()];
    let mut capture = Command::new(binary)
        .args(words)
        .args(["--for", WATCHING, "--pid", &std::process::id().to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .doing(|| "starting a capture".to_owned())?;
    thread::sleep(delay(index));
    capture.kill().doing(|| "killing a capture".to_owned())?;
    capture
        .wait()
        .doing(|| "waiting for a killed capture".to_owned())?;
    Ok(())
}

/// Spread over the whole time without a pattern, the same in every run.
fn delay(index: u32) -> Duration {
    let scattered = index.wrapping_mul(2_654_435_769) >> 16;
    LONGEST * scattered / 0x1_0000
}

/// Every program, link and map in the kernel, as bpftool names them.
fn attached() -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for what in ["prog", "link", "map"] {
        let mut bpftool = Command::new("bpftool");
        let said = bounded::output(bpftool.args(["-j", what]), ASK_LIMIT)
            .map_err(|error| error.remedy("apt-get install bpftool"))?
            .success("bpftool")?;
        let list: serde_json::Value =
            serde_json::from_str(&said).doing(|| "reading bpftool's list".to_owned())?;
        let list = list
            .as_array()
            .ok_or_else(|| Failure::new("bpftool", "no list"))?;
        found.extend(list.iter().map(|entry| format!("{what} {}", entry["id"])));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_spread_over_the_whole_time() {
        let delays: Vec<_> = (0..100).map(delay).collect();
        assert!(delays.iter().all(|delay| *delay <= LONGEST));
        for tenth in 0..10 {
            let part = LONGEST * tenth / 10..LONGEST * (tenth + 1) / 10;
            assert!(delays.iter().any(|delay| part.contains(delay)), "{part:?}");
        }
    }
}

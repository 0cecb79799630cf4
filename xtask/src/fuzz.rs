//! `cargo xtask fuzz`: the fuzz targets of `nodesleuth-profile`, one after the other, each for a
//! bounded time. Without cargo-fuzz or a nightly toolchain the seeds are mutated by a test on the
//! stable toolchain.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::workspace::Workspace;

const CRATE: &str = "crates/nodesleuth-profile";
/// Building may take this much longer than fuzzing.
const BUILD_LIMIT: Duration = Duration::from_secs(900);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long to run each target.
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    minutes: f64,
    /// Only this target; else all, one after the other.
    #[arg(long, value_name = "T")]
    target: Option<String>,
    /// Mutate on the stable toolchain even where cargo-fuzz is installed.
    #[arg(long)]
    stable: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let all = targets(workspace)?;
    let wanted: Vec<_> = match &args.target {
        None => all,
        Some(one) if all.contains(one) => vec![one.clone()],
        Some(other) => {
            let reason = format!("there are {}", all.join(", "));
            return Err(Failure::new(format!("no target {other}"), reason));
        }
    };
    if !(args.minutes > 0.0 && args.minutes <= 24.0 * 60.0) {
        return Err(Failure::new(
            "--minutes",
            "give a number above 0, at most 1440",
        ));
    }
    let length = Duration::from_secs_f64((args.minutes * 60.0).max(1.0));
    let coverage_guided = !args.stable && has_cargo_fuzz();
    println!(
        "fuzzing with {}",
        match coverage_guided {
            true => "cargo-fuzz",
            false => "the mutation test on the stable toolchain",
        }
    );
    for target in &wanted {
        println!("\n=== {target} ===");
        let mut command = match coverage_guided {
            true => cargo_fuzz(workspace, target, length)?,
            false => mutations(workspace, target, length),
        };
        bounded::succeed(&mut command, length + BUILD_LIMIT)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Each has a folder of seeds.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root().join(CRATE).join("fuzz/corpus");
    let reading = || format!("reading {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).doing(reading)? {
        names.push(
            entry
                .doing(reading)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

fn has_cargo_fuzz() -> bool {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    bounded::succeed(&mut command, Duration::from_secs(60)).is_ok()
}

/// What it finds interesting goes to the target folder; seeds are only read.
fn cargo_fuzz(workspace: &Workspace, target: &str, length: Duration) -> Result<Command> {
    let found = workspace.root().join("target/fuzz-corpus").join(target);
    fs::create_dir_all(&found).doing(|| format!("making {}", found.display()))?;
    let mut command = Command::new("cargo");
    command
        .current_dir(workspace.root().join(CRATE))
        // There is no unsafe code to be watched by a sanitizer, which would only be slow.
        .args(["+nightly", "fuzz", "run", "--sanitizer", "none", target])
        .arg(found)
        .arg(PathBuf::from("fuzz/corpus").join(target))
        .arg("--")
        .arg(format!("-max_total_time={}", length.as_secs()))
        .args([
            "-timeout=20",
            "-rss_limit_mb=2048",
            "-max_len=65536",
            "-print_final_stats=1",
        ]);
    Ok(command)
}

fn mutations(workspace: &Workspace, target: &str, length: Duration) -> Command {
    let mut command = workspace.cargo();
    command
        .args([
            "test",
            "--release",
            "-p",
            "nodesleuth-profile",
            "--test",
            "mutations",
            "--",
        ])
        .arg(format!("broken_{target}_does"))
        .args(["--nocapture", "--test-threads=1"])
        .env("NODESLEUTH_FUZZ_SECONDS", length.as_secs().to_string());
    command
}

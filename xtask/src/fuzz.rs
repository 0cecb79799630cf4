//! `cargo xtask fuzz`: the fuzz targets of all crates, one after the other, each for a bounded time,
//! whether those before it passed or not. Without cargo-fuzz or a nightly toolchain a test on the
//! stable toolchain mutates good inputs.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::interrupt;
use crate::workspace::Workspace;

/// Crates that read bytes from outside; each has a folder `fuzz`.
const CRATES: [&str; 3] = ["nodesleuth-parse", "nodesleuth-profile", "nodesleuth-trace"];
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
        Some(one) if all.iter().any(|target| target.name == *one) => {
            let is_it = |target: &Target| target.name == *one;
            all.into_iter().filter(is_it).collect()
        }
        Some(other) => {
            let names: Vec<_> = all.iter().map(|target| target.name.as_str()).collect();
            let reason = format!("there are {}", names.join(", "));
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
    let outcomes = each(&wanted, |target| {
        println!("\n=== {} of {} ===", target.name, target.package);
        let mut command = match coverage_guided {
            true => cargo_fuzz(workspace, target, length)?,
            false => mutations(workspace, target, length),
        };
        bounded::succeed(&mut command, length + BUILD_LIMIT)
    })?;
    print!("\n{}", summary(&outcomes));
    let passed = outcomes.iter().all(|(_, outcome)| outcome.is_ok());
    Ok(ExitCode::from(u8::from(!passed)))
}

/// What is fuzzed.
struct Target {
    package: &'static str,
    name: String,
}

type Outcomes<'t> = Vec<(&'t str, Result<()>)>;

/// Runs all of them: one that fails does not stop the others, Ctrl-C does.
fn each<'t>(targets: &'t [Target], run: impl Fn(&Target) -> Result<()>) -> Result<Outcomes<'t>> {
    let mut outcomes = Vec::new();
    for target in targets {
        let outcome = run(target);
        interrupt::check()?;
        if let Err(failure) = &outcome {
            println!("--- {} failed: {failure}", target.name);
        }
        outcomes.push((target.name.as_str(), outcome));
    }
    Ok(outcomes)
}

fn summary(outcomes: &Outcomes<'_>) -> String {
    let rows = outcomes.iter().map(|(target, outcome)| match outcome {
        Ok(()) => format!("{target}: passed\n"),
        Err(failure) => format!("{target}: FAILED: {failure}\n"),
    });
    rows.collect()
}

/// All of them, by crate.
fn targets(workspace: &Workspace) -> Result<Vec<Target>> {
    let mut targets = Vec::new();
    for package in CRATES {
        let folder = folder(workspace, package).join("fuzz/fuzz_targets");
        let reading = || format!("reading {}", folder.display());
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).doing(reading)? {
            let name = entry.doing(reading)?.file_name();
            let name = name.to_string_lossy().into_owned();
            names.extend(name.strip_suffix(".rs").map(str::to_owned));
        }
        names.sort();
        targets.extend(names.into_iter().map(|name| Target { package, name }));
    }
    Ok(targets)
}

fn folder(workspace: &Workspace, package: &str) -> PathBuf {
    workspace.root().join("crates").join(package)
}

fn has_cargo_fuzz() -> bool {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "--version"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    bounded::succeed(&mut command, Duration::from_secs(60)).is_ok()
}

/// What it finds interesting goes to the target folder; seeds, if there are any, are only read.
fn cargo_fuzz(workspace: &Workspace, target: &Target, length: Duration) -> Result<Command> {
    let found = workspace.root().join("target/fuzz-corpus");
    let found = found.join(target.package).join(&target.name);
    fs::create_dir_all(&found).doing(|| format!("making {}", found.display()))?;
    let folder = folder(workspace, target.package);
    let seeds = PathBuf::from("fuzz/corpus").join(&target.name);
    let seeds = folder.join(&seeds).exists().then_some(seeds);
    let mut command = Command::new("cargo");
    command
        .current_dir(folder)
        // There is no unsafe code to be watched by a sanitizer, which would only be slow.
        .args([
            "+nightly",
            "fuzz",
            "run",
            "--sanitizer",
            "none",
            &target.name,
        ])
        .arg(found)
        .args(seeds)
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

fn mutations(workspace: &Workspace, target: &Target, length: Duration) -> Command {
    let mut command = workspace.cargo();
    command
        .args([
            "test",
            "--release",
            "-p",
            target.package,
            "--lib",
            "--tests",
            "--",
        ])
        .arg(format!("broken_{}_does", target.name))
        .args(["--nocapture", "--test-threads=1"])
        .env("NODESLEUTH_FUZZ_SECONDS", length.as_secs().to_string());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_fails_does_not_stop_the_others() {
        let target = |name: &str| Target {
            package: CRATES[0],
            name: name.to_owned(),
        };
        let targets = ["a", "b", "c"].map(target);
        let outcomes = each(&targets, |target| match target.name.as_str() {
            "b" => Err(Failure::new("cargo", "exit status: 101")),
            _ => Ok(()),
        });
        assert_eq!(
            summary(&outcomes.unwrap()),
            "a: passed\nb: FAILED: cargo: exit status: 101\nc: passed\n"
        );
    }

    #[test]
    fn every_target_has_a_mutation_test_for_the_stable_toolchain() {
        let workspace = Workspace::find().unwrap();
        let targets = targets(&workspace).unwrap();
        assert!(targets.len() >= 11, "{}", targets.len());
        for Target { package, name } in targets {
            let test = format!("fn broken_{name}_does");
            assert!(
                has(&folder(&workspace, package), &test),
                "{package}: {test}"
            );
        }
    }

    /// Whether some source below a folder holds a text.
    fn has(folder: &std::path::Path, text: &str) -> bool {
        fs::read_dir(folder).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => has(&path, text),
                false => fs::read_to_string(&path).is_ok_and(|source| source.contains(text)),
            }
        })
    }
}

//! Tests on the real system. Whoever shares the machine can spoil what one of them measures, so the
//! few that fail are run once more, alone; those that pass then are named at the end of the run.

use std::time::Duration;

use nix::unistd::geteuid;

use crate::bounded;
use crate::failure::{Failure, Result};
use crate::test::summary::Outcome;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(30 * 60);
/// More than so many failures are no noise.
const MOST_AGAIN: usize = 3;
const OPTIONS: [&str; 2] = ["--ignored", "--test-threads=1"];

/// One test of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Test {
    /// The name of the file or folder below `tests`.
    target: String,
    name: String,
}

/// What is watched: cgroups, stacks, system calls, remedies.
pub(crate) fn machine(workspace: &Workspace) -> Result<Outcome> {
    let targets = [
        "live",
        "live_syscalls",
        "live_stacks",
        "live_profile",
        "live_cgroups",
        "live_fix",
    ];
    run(workspace, &["nodesleuth", "nodesleuth-trace"], &targets)
}

/// The demo's agent, guardian and scratch cgroups in full size.
pub(crate) fn demo_processes(workspace: &Workspace) -> Result<Outcome> {
    run(workspace, &["nodesleuth-act"], &["processes"])
}

fn run(workspace: &Workspace, packages: &[&str], targets: &[&str]) -> Result<Outcome> {
    if !geteuid().is_root() {
        return Ok(Outcome::Skipped("it needs root".to_owned()));
    }
    let (passed, printed) = tested(workspace, packages, targets, &[])?;
    if passed {
        return Ok(Outcome::Passed);
    }
    let failed = failed_tests(&printed)
        .ok_or_else(|| Failure::new("the live tests", "it is not clear which of them failed"))?;
    if failed.len() > MOST_AGAIN {
        return Ok(Outcome::Failed);
    }
    for test in &failed {
        println!("\n--- once more, alone: {} of {}", test.name, test.target);
        let alone = ["--exact", &test.name];
        let (passed, printed) = tested(workspace, packages, &[&test.target], &alone)?;
        if !passed || !printed.contains("test result: ok. 1 passed") {
            return Ok(Outcome::Failed);
        }
    }
    let names = failed.into_iter().map(|test| test.name);
    Ok(Outcome::PassedAgain(names.collect()))
}

/// Whether all passed, and what was printed.
fn tested(
    workspace: &Workspace,
    packages: &[&str],
    targets: &[&str],
    options: &[&str],
) -> Result<(bool, String)> {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--release", "--no-fail-fast"]);
    cargo.args(packages.iter().flat_map(|package| ["-p", package]));
    cargo.args(targets.iter().flat_map(|target| ["--test", target]));
    cargo.arg("--").args(OPTIONS).args(options);
    let (status, printed) = bounded::shown(&mut cargo, LIMIT)?;
    Ok((status.success(), printed))
}

/// The tests that failed, from what cargo and the tests printed. None when the names do not add up
/// to the number that each target gives, as when one is killed.
fn failed_tests(printed: &str) -> Option<Vec<Test>> {
    let mut failed = Vec::new();
    let mut target = None;
    let mut names: Vec<&str> = Vec::new();
    for line in printed.lines() {
        if let Some(path) = line.trim_start().strip_prefix("Running tests/") {
            target = path.split(['/', '.']).next();
        } else if line == "failures:" {
            // The list of names is the last block with this heading.
            names.clear();
        } else if let Some(name) = line.strip_prefix("    ").filter(|it| !it.contains(' ')) {
            names.push(name);
        } else if let Some(counts) = line.strip_prefix("test result: FAILED. ") {
            let of_target = target.take()?;
            let number = counts.split("; ").find_map(|it| it.strip_suffix(" failed"));
            if number?.parse() != Ok(names.len()) {
                return None;
            }
            failed.extend(names.drain(..).map(|name| Test {
                target: of_target.to_owned(),
                name: name.to_owned(),
            }));
        } else if line.starts_with("error: test failed") {
            // Said once for each target, so one that printed no result shows here.
            let names_one = |test: &Test| line.ends_with(&format!("--test {}`", test.target));
            if !failed.iter().any(names_one) {
                return None;
            }
        }
    }
    (!failed.is_empty()).then_some(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_TARGETS: &str = "     Running tests/live.rs (target/release/deps/live-1)

running 1 test
test two ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s

     Running tests/live_stacks/main.rs (target/release/deps/live_stacks-7e)
test faults::lost ... a child's words
FAILED

failures:

---- faults::lost stdout ----
    indented
thread 'faults::lost' (31287) panicked at crates/nodesleuth-trace/tests/live_stacks/faults.rs:237:9:


failures:
    faults::lost

test result: FAILED. 24 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 69.09s

error: test failed, to rerun pass `-p nodesleuth-trace --test live_stacks`
error: 1 target failed:
    `-p nodesleuth-trace --test live_stacks`
";

    #[test]
    fn failures_are_found_with_their_target() {
        let found = failed_tests(TWO_TARGETS);
        let expected = Test {
            target: "live_stacks".to_owned(),
            name: "faults::lost".to_owned(),
        };
        assert_eq!(found, Some(vec![expected]));
    }

    #[test]
    fn what_does_not_add_up_is_not_tried_again() {
        let two = TWO_TARGETS.replace("; 1 failed;", "; 2 failed;");
        assert_eq!(failed_tests(&two), None);
        let killed = TWO_TARGETS.replace("test result: FAILED", "killed");
        assert_eq!(failed_tests(&killed), None);
        let unbuilt = "error: could not compile `nodesleuth`";
        assert_eq!(failed_tests(unbuilt), None);
    }
}

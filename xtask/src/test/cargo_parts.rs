//! Parts that are calls of cargo, each with a limit that only a hang reaches.

use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::Result;
use crate::lab::cadvisor_program;
use crate::test::browser;
use crate::test::summary::Outcome;
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
const FORMAT_LIMIT: Duration = Duration::from_secs(120);

pub(crate) fn format(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = cargo(workspace, "fmt --all --check");
    passes(&mut cargo, FORMAT_LIMIT)
}

pub(crate) fn clippy(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = cargo(workspace, "clippy --workspace --all-targets -- -D warnings");
    passes(&mut cargo, BUILD_LIMIT)
}

pub(crate) fn tests(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = cargo(workspace, "test --workspace --no-fail-fast");
    // Those in a browser are a part of their own, which gets the browser first.
    passes(cargo.env(browser::WANTED, "0"), BUILD_LIMIT)
}

pub(crate) fn rustdoc(workspace: &Workspace) -> Result<Outcome> {
    let mut cargo = cargo(workspace, "doc --no-deps --workspace");
    passes(cargo.env("RUSTDOCFLAGS", "-Dwarnings"), BUILD_LIMIT)
}

/// Binaries of the installed Go and Debian's stripped cadvisor, against what Go makes of them.
pub(crate) fn go_binaries(workspace: &Workspace) -> Result<Outcome> {
    if Command::new("go").arg("version").output().is_err() {
        return Ok(Outcome::Skipped("Go is not installed".to_owned()));
    }
    let words = "test --release -p nodesleuth-parse --test go_binaries -- --ignored --nocapture";
    let mut cargo = cargo(workspace, words);
    cargo.env("NODESLEUTH_TEST_GO_BINARIES", cadvisor_program(workspace)?);
    passes(&mut cargo, BUILD_LIMIT)
}

fn cargo(workspace: &Workspace, words: &str) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(words.split(' '));
    cargo
}

fn passes(command: &mut Command, limit: Duration) -> Result<Outcome> {
    bounded::succeed(command, limit).map(|()| Outcome::Passed)
}

//! The pictures in a real browser, which root gets from Debian.

use std::env;
use std::process::Command;
use std::time::Duration;

use nix::unistd::geteuid;

use crate::bounded;
use crate::failure::Result;
use crate::test::summary::Outcome;
use crate::workspace::Workspace;

/// Programs that the tests start, and the packages of Debian that hold them.
const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
/// Tells the tests whether they must not skip themselves (`1`), or must (`0`).
pub(crate) const WANTED: &str = "NODESLEUTH_TEST_BROWSER";
const UPDATE_LIMIT: Duration = Duration::from_secs(180);
const INSTALL_LIMIT: Duration = Duration::from_secs(600);
const TEST_LIMIT: Duration = Duration::from_secs(20 * 60);

pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    if let Err(why) = install_if_missing()? {
        return Ok(Outcome::Skipped(why.to_owned()));
    }
    let mut cargo = tests(workspace, &[]);
    bounded::succeed(&mut cargo, TEST_LIMIT).map(|()| Outcome::Passed)
}

/// The tests in a browser, which must be there: nothing is skipped.
pub(crate) fn tests(workspace: &Workspace, options: &[&str]) -> Command {
    let mut cargo = workspace.cargo();
    cargo.args(["test", "-p", "nodesleuth", "--test", "browser"]);
    cargo.args(options).env(WANTED, "1");
    cargo
}

/// Why there is no browser, in the inner result.
pub(crate) fn install_if_missing() -> Result<std::result::Result<(), &'static str>> {
    if is_installed() {
        return Ok(Ok(()));
    }
    if !geteuid().is_root() {
        return Ok(Err(
            "Chromium is not installed, and only root can install it",
        ));
    }
    install().map(Ok)
}

fn is_installed() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = env::split_paths(&path).collect();
    let is_in = |program: &str| folders.iter().any(|folder| folder.join(program).is_file());
    PROGRAMS.into_iter().all(is_in)
}

fn install() -> Result<()> {
    let mut update = apt(&["update", "-qq"]);
    bounded::succeed(&mut update, UPDATE_LIMIT)?;
    let mut install = apt(&["install", "-qq", "-y", "--no-install-recommends"]);
    bounded::succeed(install.args(PACKAGES), INSTALL_LIMIT)
}

fn apt(words: &[&str]) -> Command {
    let mut apt = Command::new("apt-get");
    apt.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

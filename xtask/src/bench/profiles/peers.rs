//! The programs ours is compared with: `go tool pprof` of Debian, inferno of crates.io, and
//! FlameGraph's scripts where the machine has them.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::unistd::geteuid;

use crate::bounded;
use crate::failure::{Failure, Result};
use crate::workspace::Workspace;

const PROBE_LIMIT: Duration = Duration::from_secs(30);
const INSTALL_LIMIT: Duration = Duration::from_secs(600);
const INFERNO: &str = "0.12.8";

/// Names the folder with stackcollapse-go.pl and flamegraph.pl.
pub(crate) const FLAMEGRAPH: &str = "NODESLEUTH_FLAMEGRAPH";

/// `go`, installed from Debian if it is not there.
pub(crate) fn go() -> Result<PathBuf> {
    let mut version = Command::new("go");
    version.arg("version").stdout(Stdio::null());
    if bounded::succeed(&mut version, PROBE_LIMIT).is_err() {
        if !geteuid().is_root() {
            let missing = Failure::new("go", "not installed");
            return Err(missing.remedy("apt-get install golang-go"));
        }
        let mut install = Command::new("apt-get");
        install
            .args(["install", "-y", "--no-install-recommends", "golang-go"])
            .env("DEBIAN_FRONTEND", "noninteractive");
        bounded::succeed(&mut install, INSTALL_LIMIT)?;
    }
    Ok(PathBuf::from("go"))
}

/// The version that `go` says it is.
pub(crate) fn go_version() -> Result<String> {
    let mut version = Command::new(go()?);
    version.arg("version");
    let said = bounded::output(&mut version, PROBE_LIMIT)?.success("go version")?;
    Ok(said.split_whitespace().nth(2).unwrap_or("go").to_owned())
}

/// inferno's flamegraph, built into the lab's folder.
pub(crate) fn inferno(workspace: &Workspace) -> Result<PathBuf> {
    let root = workspace.lab_dir()?.join("inferno");
    let program = root.join("bin/inferno-flamegraph");
    if !program.exists() {
        let mut install = workspace.cargo();
        install
            .args(["install", "inferno", "--quiet", "--version", INFERNO])
            .args(["--no-default-features", "--features", "cli", "--root"])
            .arg(&root);
        bounded::succeed(&mut install, INSTALL_LIMIT)?;
    }
    Ok(program)
}

/// FlameGraph's scripts.
pub(crate) struct Scripts {
    pub(crate) folder: PathBuf,
    /// What stackcollapse-go.pl must be told of profiles with two values.
    pub(crate) index: &'static str,
}

/// FlameGraph's scripts, if the machine has them.
pub(crate) fn flamegraph_scripts() -> Option<Scripts> {
    let folder = PathBuf::from(env::var_os(FLAMEGRAPH)?);
    let collapse = fs::read_to_string(folder.join("stackcollapse-go.pl")).ok()?;
    let index = match collapse.contains("sample_index") {
        true => "--sample_index=0",
        // Older ones know no options and take the first value.
        false => "",
    };
    let is_complete = folder.join("flamegraph.pl").exists();
    is_complete.then_some(Scripts { folder, index })
}

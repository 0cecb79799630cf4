//! Running the binary with a kubeconfig.

use crate::support::{Run, finish, nodesleuth, start};
use nodesleuth_fake_cluster::{FakeCluster, TOKEN};
use std::process::Command;
use tempfile::TempDir;

/// A command line against this cluster; nobody's own kubeconfig is looked at.
pub(crate) fn command(cluster: &FakeCluster, folder: &TempDir, args: &[&str]) -> Command {
    let kubeconfig = cluster.write_kubeconfig(folder.path()).unwrap();
    let mut command = nodesleuth(args);
    command
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .env("HOME", folder.path())
        .env_remove("KUBECONFIG")
        .env_remove("HTTPS_PROXY")
        .env_remove("https_proxy");
    command
}

/// Runs to the end. No token is ever shown.
pub(crate) fn run(cluster: &FakeCluster, args: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    ended(&mut command(cluster, &folder, args))
}

pub(crate) fn ended(command: &mut Command) -> Run {
    let run = finish(start(command));
    let shown = run.out.contains(TOKEN) || run.err.contains(TOKEN);
    assert!(!shown, "a token was shown");
    run
}

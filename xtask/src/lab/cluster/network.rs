//! The cluster's network namespace: a loopback with the node's address, since a kubelet refuses
//! 127.0.0.1, and a way on which everything is lost. No route leads out.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bounded;
use crate::failure::Result;

/// Everybody's, because the cluster is one per machine.
pub(crate) const NAMESPACE: &str = "/run/netns/nodesleuth-cluster";
const NAME: &str = "nodesleuth-cluster";
/// The only real node's and the API server's.
pub(crate) const ADDRESS: &str = "10.199.0.10";
/// Packets to it are dropped without a word.
pub(crate) const LOST_ADDRESS: &str = "10.199.9.2";
const DROPPING: &str = "10.199.9.1/24";
const LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn exists() -> bool {
    Path::new(NAMESPACE).exists()
}

pub(crate) fn make() -> Result<()> {
    ip(&["netns", "add", NAME])?;
    let node = format!("{ADDRESS}/32");
    let inside: [&[&str]; 7] = [
        &["link", "set", "lo", "up"],
        &["address", "add", &node, "dev", "lo"],
        &[
            "link", "add", "lost", "type", "veth", "peer", "name", "void",
        ],
        &["address", "add", DROPPING, "dev", "lost"],
        &["link", "set", "lost", "up"],
        &["link", "set", "void", "up"],
        // Nobody has this hardware address, so whoever gets the packets throws them away.
        &[
            "neighbour",
            "add",
            LOST_ADDRESS,
            "lladdr",
            "02:00:00:00:00:01",
            "dev",
            "lost",
        ],
    ];
    inside
        .iter()
        .try_for_each(|words| ip(&[&["-n", NAME], *words].concat()))
}

pub(crate) fn remove() -> Result<()> {
    if exists() {
        ip(&["netns", "delete", NAME])
    } else {
        Ok(())
    }
}

fn ip(words: &[&str]) -> Result<()> {
    let mut command = Command::new("ip");
    let spelled = format!("ip {}", words.join(" "));
    bounded::output(command.args(words), LIMIT)?
        .success(&spelled)
        .map(drop)
}

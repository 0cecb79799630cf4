//! Whether this node runs a kubelet, under any of its names.

use nodesleuth_collect::Node;
use nodesleuth_model::Pid;

/// Process names of programs that are or contain a kubelet.
const EXACT: [&str; 4] = ["kubelet", "hyperkube", "kubelite", "k0s"];
/// The same, with anything behind.
const PREFIXES: [&str; 2] = ["k3s", "rke2"];

/// The first kubelet of the process table, with its name. What cannot be read is not one: a
/// process that ended meanwhile, or a `/proc` that hides other users' processes.
pub(crate) fn running(node: &Node) -> Option<(Pid, String)> {
    let pids = node.names("/proc").unwrap_or_default();
    pids.iter()
        .filter_map(|name| name.parse().ok().map(Pid))
        .find_map(|pid| {
            let comm = node.text(&format!("/proc/{pid}/comm")).ok()?;
            let comm = comm.trim_end();
            is_kubelet(comm).then(|| (pid, comm.to_owned()))
        })
}

fn is_kubelet(comm: &str) -> bool {
    EXACT.contains(&comm) || PREFIXES.iter().any(|prefix| comm.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn node_running(comm: &str) -> (tempfile::TempDir, Node) {
        let folder = tempfile::tempdir().unwrap();
        for (pid, comm) in [("1", "systemd"), ("77", comm)] {
            let process = folder.path().join("proc").join(pid);
            fs::create_dir_all(&process).unwrap();
            fs::write(process.join("comm"), format!("{comm}\n")).unwrap();
        }
        let node = Node::at(folder.path());
        (folder, node)
    }

    #[test]
    fn every_name_of_a_kubelet_is_known() {
        for comm in [
            "kubelet",
            "k3s",
            "k3s-server",
            "rke2",
            "kubelite",
            "hyperkube",
        ] {
            let (_folder, node) = node_running(comm);
            assert_eq!(running(&node), Some((Pid(77), comm.to_owned())));
        }
    }

    #[test]
    fn a_node_without_one_has_none() {
        let (_folder, node) = node_running("kubelet-exporte");
        assert_eq!(running(&node), None);
        assert_eq!(running(&Node::at("/nonexistent")), None);
    }
}

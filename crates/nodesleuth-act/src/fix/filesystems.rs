//! Which filesystems have dirty pages that can be written out: those on devices of this machine.
//! A network's or a FUSE server's may hang for as long as the other side likes, and is left alone.

use crate::ActError;
use crate::scratch::mounts;
use nodesleuth_collect::Node;
use nodesleuth_parse::proc::mountinfo::Mount;
use std::collections::BTreeSet;

/// Filesystems with a `/dev/` source whose data are elsewhere or behind a server.
const SLOW_OR_REMOTE: [&str; 6] = ["fuseblk", "ocfs2", "gfs2", "ceph", "lustre", "iso9660"];

/// One mount point of each filesystem on a local device that is mounted read-write, in mount
/// order.
///
/// # Errors
/// When the mounts cannot be read.
pub(super) fn on_local_devices(node: &Node) -> Result<Vec<String>, ActError> {
    Ok(local(&mounts(node)?))
}

fn local(mounts: &[Mount]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    mounts
        .iter()
        .filter(|mount| {
            mount.source.starts_with("/dev/")
                && !SLOW_OR_REMOTE.contains(&mount.fs_type.as_str())
                && is_writable(&mount.super_options)
        })
        .filter(|mount| seen.insert(mount.device.clone()))
        .map(|mount| mount.mount_point.clone())
        .collect()
}

fn is_writable(options: &str) -> bool {
    options.split(',').any(|option| option == "rw")
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_parse::proc::mountinfo;

    #[test]
    fn each_local_device_is_written_out_once_and_no_network() {
        let text = "\
27 1 254:0 / / rw,relatime - ext4 /dev/root rw\n\
90 27 254:0 /var/lib/kubelet /mnt/bind rw - ext4 /dev/root rw\n\
91 27 254:16 / /data ro - xfs /dev/vdb rw\n\
92 27 254:32 / /cd ro - iso9660 /dev/sr0 ro\n\
93 27 0:50 / /nfs rw - nfs4 server:/x rw\n\
94 27 0:51 / /run rw - tmpfs tmpfs rw\n\
95 27 0:52 / /fuse rw - fuseblk /dev/vdc rw\n";
        assert_eq!(local(&mountinfo::parse(text).unwrap()), ["/", "/data"]);
    }
}

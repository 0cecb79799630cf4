//! TCP ports on which the target listens, as far as they can be reached from this machine.

use crate::collectors::malformed;
use crate::tasks::target_only;
use crate::{Ctx, ReadError};
use nodesleuth_model::{Missing, Pid};
use nodesleuth_parse::proc::net_tcp;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};

/// The kernel lists listening sockets first; walking all connections of a busy node is dear.
const MOST_BYTES: u64 = 256 << 10;

/// Ports of the sockets with these inodes that listen on loopback or on every address.
pub(super) fn of(ctx: &Ctx<'_>, pid: Pid, sockets: &BTreeSet<u64>) -> Result<Vec<u16>, Missing> {
    let mut ports = BTreeSet::new();
    for file in ["tcp", "tcp6"] {
        let path = format!("/proc/{pid}/net/{file}");
        let text = match beginning(ctx, &path) {
            Ok(text) => text,
            // Without IPv6 there is no such file.
            Err(error) if error.kind() == io::ErrorKind::NotFound && file == "tcp6" => continue,
            Err(source) => return Err(target_only::missing(ctx, pid, ReadError { path, source })),
        };
        let listeners = net_tcp::listening(&text).map_err(malformed)?;
        let ours = listeners
            .into_iter()
            .filter(|listener| sockets.contains(&listener.inode));
        ports.extend(
            ours.filter(|one| one.loopback || one.any)
                .map(|listener| listener.port),
        );
    }
    Ok(ports.into_iter().collect())
}

/// The whole lines of the file's beginning.
fn beginning(ctx: &Ctx<'_>, path: &str) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(ctx.node.path(path))?
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)?;
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    Ok(String::from_utf8_lossy(&bytes[..whole]).into_owned())
}

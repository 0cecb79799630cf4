//! Seeing the node from inside a pod: the namespaces of a process of the host, which a privileged
//! container with the host's process ids may enter. Then files, cgroups and the machine's name are
//! where a local run finds them, and nothing of the pod but its limits is left.

use crate::failure::Failure;
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::unistd::getppid;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;

/// Names below `/proc/PID/ns`; mounts last, because they change what `/proc` is.
const SPACES: &[(&str, CloneFlags)] = &[
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("mnt", CloneFlags::CLONE_NEWNS),
];

type Doors = Vec<(File, CloneFlags)>;

/// Enters those that are not ours already. There must be no other thread yet.
///
/// The host's first process is asked, and where it has more rights than a privileged container gets
/// (nodes that are containers themselves), whoever started us: the container runtime.
pub(super) fn enter() -> Result<(), Failure> {
    let doors = doors("1").or_else(|error| match getppid().as_raw() {
        // It is outside of what we see: the pod has process ids of its own.
        0 => Err(error),
        parent => doors(&parent.to_string()).map_err(|_| error),
    });
    let entered = doors.and_then(|doors| {
        doors
            .into_iter()
            .try_for_each(|(door, flag)| Ok(setns(door, flag)?))
    });
    entered.map_err(refused)
}

fn doors(process: &str) -> io::Result<Doors> {
    let mut doors = Vec::new();
    for (name, flag) in SPACES {
        if let Some(door) = door(process, name)? {
            doors.push((door, *flag));
        }
    }
    Ok(doors)
}

/// A namespace of this process, if it is another than ours.
fn door(process: &str, name: &str) -> io::Result<Option<File>> {
    let number = |of: &str| fs::metadata(format!("/proc/{of}/ns/{name}")).map(|about| about.ino());
    let ours = match number("self") {
        Ok(ours) => ours,
        // Cgroup namespaces came with Linux 4.6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match number(process)? == ours {
        true => Ok(None),
        false => File::open(format!("/proc/{process}/ns/{name}")).map(Some),
    }
}

fn refused(error: io::Error) -> Failure {
    let help = match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => {
            "the pod must be privileged and have the host's process ids; a policy, SELinux or a sandboxed runtime \
             may keep that from it"
        }
        _ => "run nodesleuth on the node itself",
    };
    Failure::usage(
        format!("the agent in the pod cannot enter the node's namespaces: {error}"),
        help,
    )
}

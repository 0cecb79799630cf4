//! Seeing the node from inside a pod: the namespaces of the host's first process, which a privileged
//! container with the host's process ids may enter. Then files, cgroups and the machine's name are
//! where a local run finds them, and nothing of the pod but its limits is left.

use crate::failure::Failure;
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;

/// Names below `/proc/PID/ns`; mounts last, because they change what `/proc` is.
const SPACES: &[(&str, CloneFlags)] = &[
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("mnt", CloneFlags::CLONE_NEWNS),
];

/// Enters those that are not ours already. There must be no other thread yet.
pub(super) fn enter() -> Result<(), Failure> {
    let mut doors = Vec::new();
    for (name, flag) in SPACES {
        if let Some(door) = door(name).map_err(|error| refused(name, error))? {
            doors.push((*name, door, *flag));
        }
    }
    for (name, door, flag) in doors {
        setns(door, flag).map_err(|error| refused(name, error.into()))?;
    }
    Ok(())
}

/// The first process's namespace, if it is another than ours.
fn door(name: &str) -> io::Result<Option<File>> {
    let number = |of: &str| fs::metadata(format!("/proc/{of}/ns/{name}")).map(|about| about.ino());
    let ours = match number("self") {
        Ok(ours) => ours,
        // Cgroup namespaces came with Linux 4.6.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match number("1")? == ours {
        true => Ok(None),
        false => File::open(format!("/proc/1/ns/{name}")).map(Some),
    }
}

fn refused(name: &str, error: io::Error) -> Failure {
    let help = match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => {
            "the pod must be privileged and have the host's process ids; a policy, SELinux or a sandboxed runtime \
             may keep that from it"
        }
        _ => "run nodesleuth on the node itself",
    };
    Failure::usage(
        format!("the agent in the pod cannot see the node ({name}): {error}"),
        help,
    )
}

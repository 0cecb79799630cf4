//! What a step does, seen from the process of its own in which it runs.

use super::Step;
use nix::unistd::syncfs;
use nodesleuth_collect::Node;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::Command;

/// Cgroups that would not go are named up to this many.
const NAMED: usize = 5;
/// `systemctl stop`: the unit is not loaded, so there is nothing to stop.
const NOT_LOADED: i32 = 5;

/// What a step came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Said {
    /// Things stopped or removed; 1 for a write that went through.
    pub(super) done: usize,
    /// What did not work.
    pub(super) failed: usize,
    /// What the system said, first failures only.
    pub(super) why: Vec<String>,
}

impl Said {
    fn of(outcome: io::Result<()>, what: &str) -> Self {
        let mut said = Self::default();
        said.count(outcome, what);
        said
    }

    fn count(&mut self, outcome: io::Result<()>, what: &str) {
        match outcome {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.failed += 1;
                if self.why.len() < NAMED {
                    self.why.push(format!("{what}: {}", explained(&error)));
                }
            }
        }
    }
}

/// What the system said and, where it helps, what that means here.
fn explained(error: &io::Error) -> String {
    let meaning = match error.kind() {
        ErrorKind::ResourceBusy => "; something is in it again",
        ErrorKind::PermissionDenied => "; it needs root on the node itself",
        ErrorKind::ReadOnlyFilesystem => "; it is mounted read-only, as in a container",
        _ => "",
    };
    format!("{error}{meaning}")
}

/// Carries the step out.
pub(super) fn carry_out(node: &Node, step: &Step) -> Said {
    match step {
        Step::WriteOut { filesystem } => Said::of(write_out(&node.path(filesystem)), filesystem),
        Step::DropCaches { what } => {
            let path = "/proc/sys/vm/drop_caches";
            Said::of(write(&node.path(path), &what.to_string()), path)
        }
        Step::ForceEmpty { cgroup } => {
            let path = format!("{cgroup}/memory.force_empty");
            Said::of(write(&node.path(&path), "0"), &path)
        }
        Step::Reclaim { cgroup, bytes } => {
            let path = format!("{cgroup}/memory.reclaim");
            let written = write(&node.path(&path), &bytes.0.to_string());
            Said::of(as_much_as_there_was(written), &path)
        }
        Step::StopUnits { units } => {
            let mut said = Said::default();
            for unit in units {
                said.count(stop(unit), unit);
            }
            said
        }
        Step::RemoveCgroups { cgroups } => {
            let mut said = Said::default();
            for cgroup in cgroups {
                said.count(remove(&node.path(cgroup)), cgroup);
            }
            said
        }
    }
}

fn write_out(mount: &Path) -> io::Result<()> {
    Ok(syncfs(&File::open(mount)?)?)
}

/// Into a file that exists: these are the kernel's, none is made.
fn write(path: &Path, value: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(value.as_bytes())
}

/// EAGAIN: less could be reclaimed than was asked for. What was freed is measured afterwards.
fn as_much_as_there_was(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
        other => other,
    }
}

fn stop(unit: &str) -> io::Result<()> {
    let output = Command::new("systemctl")
        .args(["stop", "--", unit])
        .output()?;
    if output.status.success() || output.status.code() == Some(NOT_LOADED) {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(said.trim().to_owned()))
}

/// A cgroup that has gone meanwhile is as good as removed. The kernel itself refuses one with a
/// process or a child in it.
fn remove(cgroup: &Path) -> io::Result<()> {
    // Best effort: where it fails the cgroup is dying for longer, and no worse than before.
    let _ = write(&cgroup.join("memory.force_empty"), "0");
    match fs::remove_dir(cgroup) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nodesleuth_model::Bytes;

    fn node_with(files: &[&str]) -> (tempfile::TempDir, Node) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let node = Node::at(folder.path());
        (folder, node)
    }

    #[test]
    fn values_are_written_where_they_belong() {
        let (folder, node) = node_with(&[
            "proc/sys/vm/drop_caches",
            "cg/a/memory.force_empty",
            "cg/b/memory.reclaim",
        ]);
        let steps = [
            Step::DropCaches { what: 2 },
            Step::ForceEmpty {
                cgroup: "/cg/a".to_owned(),
            },
            Step::Reclaim {
                cgroup: "/cg/b".to_owned(),
                bytes: Bytes(8192),
            },
        ];
        for step in &steps {
            let said = carry_out(&node, step);
            assert_eq!((said.done, said.failed), (1, 0), "{said:?}");
        }
        let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
        assert_eq!(read("proc/sys/vm/drop_caches"), "2");
        assert_eq!(read("cg/a/memory.force_empty"), "0");
        assert_eq!(read("cg/b/memory.reclaim"), "8192");
    }

    #[test]
    fn a_file_that_is_not_there_is_not_made() {
        let (folder, node) = node_with(&["cg/a/x"]);
        let said = carry_out(
            &node,
            &Step::ForceEmpty {
                cgroup: "/cg/a".to_owned(),
            },
        );
        assert_eq!((said.done, said.failed), (0, 1));
        assert!(said.why[0].contains("memory.force_empty: No such file"));
        assert!(!folder.path().join("cg/a/memory.force_empty").exists());
    }

    #[test]
    fn a_cgroup_that_would_not_go_is_named_and_the_others_go() {
        let (folder, node) = node_with(&["cg/busy/child/x"]);
        fs::create_dir(folder.path().join("cg/empty")).unwrap();
        let cgroups = ["/cg/empty", "/cg/busy", "/cg/gone"]
            .map(str::to_owned)
            .to_vec();
        let said = carry_out(&node, &Step::RemoveCgroups { cgroups });
        assert_eq!((said.done, said.failed), (2, 1));
        assert!(said.why[0].starts_with("/cg/busy: "), "{:?}", said.why);
        assert!(!folder.path().join("cg/empty").exists());
    }

    #[test]
    fn less_than_was_asked_for_is_no_failure() {
        let again = io::Error::from_raw_os_error(nix::errno::Errno::EAGAIN as i32);
        assert!(as_much_as_there_was(Err(again)).is_ok());
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        assert!(as_much_as_there_was(Err(denied)).is_err());
    }

    #[test]
    fn a_filesystem_is_written_out() {
        let folder = tempfile::tempdir().unwrap();
        let step = Step::WriteOut {
            filesystem: "/".to_owned(),
        };
        let said = carry_out(&Node::at(folder.path()), &step);
        assert_eq!((said.done, said.failed), (1, 0), "{said:?}");
    }
}

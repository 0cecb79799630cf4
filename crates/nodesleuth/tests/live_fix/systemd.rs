//! systemd's own cgroups are stopped through `systemctl stop`. A mount namespace makes this machine
//! one on which systemd runs, and a program of ours stands in for `systemctl`: it writes down its
//! arguments, and removes the unit's cgroup or refuses.

use super::support::{binary, finish, must, start};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const SYSTEMCTL: &str = r#"#!/bin/sh
echo "$@" >> "$LOG"
case "$3" in
*refused*) echo "Failed to stop $3: Unit is masked." >&2; exit 1;;
*unloaded*) exit 5;;
*) rmdir "$PARENT/$3";;
esac
"#;

/// Cgroups named like units, below a parent of our own.
struct Units {
    parent: PathBuf,
    folder: tempfile::TempDir,
}

impl Units {
    fn make(names: &[&str]) -> Self {
        let parent = Path::new("/sys/fs/cgroup/memory")
            .join(format!("nodesleuth-live-units-{}", std::process::id()));
        fs::create_dir(&parent).unwrap();
        for name in names {
            fs::create_dir(parent.join(name)).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("systemctl");
        fs::write(&program, SYSTEMCTL).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { parent, folder }
    }

    fn fix(&self) -> super::support::Run {
        let folder = self.folder.path().display();
        let name = self.parent.file_name().unwrap().to_str().unwrap();
        let script = format!(
            "mount -t tmpfs none /run && mkdir -p /run/systemd/system && PATH={folder}:$PATH \
             exec {} fix remove-empty-cgroups --yes --max-pressure 100 --settle 0s \
             --pattern '/{name}/run-*.scope' --state-dir {folder}/state -o json",
            binary()
        );
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-c", &script])
            .env("LOG", self.folder.path().join("log"))
            .env("PARENT", &self.parent);
        finish(start(&mut command))
    }

    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Units {
    fn drop(&mut self) {
        for entry in fs::read_dir(&self.parent).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                fs::remove_dir(entry.path()).unwrap();
            }
        }
        fs::remove_dir(&self.parent).unwrap();
    }
}

#[test]
#[ignore = "needs root, writable cgroups and a mount namespace"]
fn units_are_stopped_by_name_and_what_systemd_leaves_is_removed() {
    let units = Units::make(&["run-r1.scope", "run-unloaded.scope"]);
    let run = units.fix();
    let json = run.json();
    assert_eq!(
        units.log(),
        ["stop -- run-r1.scope", "stop -- run-unloaded.scope"]
    );
    assert_eq!(json["done"][0]["step"]["do"], "stop-units", "{json:#}");
    assert_eq!(json["done"][0]["done"], 2);
    assert_eq!(json["done"][1]["step"]["do"], "remove-cgroups");
    let left = must(Command::new("ls").arg(&units.parent));
    assert!(!String::from_utf8_lossy(&left.stdout).contains(".scope"));
    assert_eq!(
        (run.code, json["verdict"].as_str()),
        (Some(0), Some("worked"))
    );
}

#[test]
#[ignore = "needs root, writable cgroups and a mount namespace"]
fn a_unit_that_systemd_does_not_stop_is_told_with_what_it_said() {
    let units = Units::make(&["run-refused.scope", "run-r1.scope"]);
    let json = units.fix().json();
    assert_eq!(json["done"][0]["done"], 1, "{json:#}");
    let failed = json["done"][0]["failed"][0].as_str().unwrap();
    assert_eq!(
        failed,
        "run-refused.scope: Failed to stop run-refused.scope: Unit is masked."
    );
}

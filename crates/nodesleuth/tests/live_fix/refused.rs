//! What happens where we may not: as nobody, and in a container whose /proc/sys is read-only.

use super::support::{binary, finish, start};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const FIX: &str = "fix drop-slab --yes --although-fast --max-pressure 100";

#[test]
#[ignore = "needs root, to become nobody"]
fn nobody_is_told_that_it_needs_root_before_anything_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("nodesleuth");
    fs::copy(binary(), &program).unwrap();
    for path in [folder.path(), &program] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&program)
        .args(FIX.split(' '))
        .args(["--state-dir", "/var/lib/nodesleuth-live-fix"]);
    let run = finish(start(&mut command));
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.contains("it needs root"), "{run:?}");
}

#[test]
#[ignore = "needs root, for a mount namespace"]
fn in_a_container_the_step_says_that_it_may_not() {
    let state = tempfile::tempdir().unwrap();
    let script = format!(
        "mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && \
         exec {} {FIX} --state-dir {} -o json",
        binary(),
        state.path().display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]);
    let run = finish(start(&mut command));
    let json = run.json();
    let why = json["done"][0]["failed"][0].as_str().unwrap();
    assert!(
        why.contains("mounted read-only, as in a container"),
        "{why}"
    );
    assert_eq!(
        (run.code, json["verdict"].as_str()),
        (Some(4), Some("nothing")),
        "{json:#}"
    );
}

/// Somebody may enter a cgroup after it was seen to be empty: the kernel's refusal is what counts.
#[test]
#[ignore = "needs root and a v1 memory hierarchy"]
fn a_cgroup_that_somebody_has_entered_meanwhile_is_named_and_stays() {
    let name = format!("nodesleuth-live-busy-{}", std::process::id());
    let folder = Path::new("/sys/fs/cgroup/memory").join(name);
    fs::create_dir(&folder).unwrap();
    let mut sleeper = Command::new("sleep").arg("600").spawn().unwrap();
    fs::write(folder.join("cgroup.procs"), sleeper.id().to_string()).unwrap();
    let step = serde_json::json!({ "do": "remove-cgroups", "cgroups": [folder] });
    let mut command = Command::new(binary());
    command.args(["__fix-step", &std::process::id().to_string(), "/"]);
    let run = finish(start(command.arg(step.to_string())));
    let stayed = folder.exists();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    while fs::remove_dir(&folder).is_err() && folder.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(stayed);
    let said = run.json();
    assert_eq!(said["done"], 0, "{said}");
    let why = said["why"][0].as_str().unwrap();
    assert!(why.contains("something is in it again"), "{why}");
    assert!(why.contains(folder.to_str().unwrap()), "{why}");
}

//! The binary that runs is the one that is read, whatever stands at its path.

use crate::programs::{Running, build, cum, profile, sampled, toolchains};
use std::fs;

const SHORT: [&str; 6] = ["--hz", "499", "--for", "2s", "-o", "json"];

#[test]
#[ignore = "needs root"]
fn a_deleted_and_a_replaced_binary_still_have_their_names() {
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = build(&go, folder.path(), "known_split", &["-ldflags=-s -w"]);
    let running = Running::start(&program, &[]);
    for replaced in [false, true] {
        let _ = fs::remove_file(&program);
        if replaced {
            fs::copy("/bin/true", &program).unwrap();
        }
        let profile = profile(&running.pid(), &SHORT).json();
        let share = cum(&profile, "main.main") / sampled(&profile);
        assert!(share > 0.9, "replaced: {replaced}, main.main has {share}");
        assert_eq!(profile["samples"]["unresolved"], serde_json::json!([]));
    }
}

#[test]
#[ignore = "needs root"]
fn code_without_frame_pointers_hangs_under_no_wrong_parent() {
    let folder = tempfile::tempdir().unwrap();
    let source = format!("{}/tests/programs/frameless.c", env!("CARGO_MANIFEST_DIR"));
    let program = folder.path().join("frameless");
    let mut cc = std::process::Command::new("cc");
    cc.args(["-O2", "-fomit-frame-pointer", "-o"])
        .arg(&program)
        .arg(source);
    crate::support::must(&mut cc);
    let running = Running::start(&program, &[]);
    let profile = profile(&running.pid(), &SHORT).json();
    let samples = &profile["samples"];
    let number = |name: &str| samples[name].as_f64().unwrap();
    assert!(number("broken") > number("all") * 0.5, "{samples:#}");
    let burn = cum(&profile, "burn_without_frames");
    assert!(burn > sampled(&profile) * 0.8, "{profile:#}");
    assert!(cum(&profile, "[broken stack]") > sampled(&profile) * 0.5);
}

/// What a program is called that only exists where it runs.
fn profiled_inside(inside: &mut std::process::Command, what: &str) {
    let running = Running::of(inside);
    for engine in ["bpf", "perf-rings"] {
        let options = [&SHORT[..], &["--engine", engine]].concat();
        let profile = profile(&running.pid(), &options).json();
        let share = cum(&profile, "main.main") / sampled(&profile);
        assert!(share > 0.9, "{what}, {engine}: main.main has {share}");
        let unresolved = &profile["samples"]["unresolved"];
        assert_eq!(*unresolved, serde_json::json!([]), "{what}, {engine}");
    }
}

#[test]
#[ignore = "needs root"]
fn binaries_of_other_mount_namespaces_and_roots_have_their_names() {
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = build(&go, folder.path(), "known_split", &["-ldflags=-s -w"]);
    let hidden = folder.path().join("hidden");
    fs::create_dir(&hidden).unwrap();
    // A file system that nobody else sees, as a container has it.
    let script = "mount -t tmpfs none \"$1\" && cp \"$0\" \"$1/agent\" && exec \"$1/agent\"";
    let mut unshare = std::process::Command::new("unshare");
    unshare.args(["--mount", "sh", "-c", script]);
    profiled_inside(unshare.arg(&program).arg(&hidden), "mount namespace");
    assert_eq!(fs::read_dir(&hidden).unwrap().count(), 0);
    // Another file stands at the path that the process sees.
    let root = folder.path().join("root/bin");
    fs::create_dir_all(&root).unwrap();
    fs::copy(&program, root.join("true")).unwrap();
    // The program reads it.
    let device = folder.path().join("root/dev/zero");
    fs::create_dir(device.parent().unwrap()).unwrap();
    let mut mknod = std::process::Command::new("mknod");
    crate::support::must(mknod.arg(device).args(["c", "1", "5"]));
    let mut chroot = std::process::Command::new("chroot");
    profiled_inside(
        chroot.arg(folder.path().join("root")).arg("/bin/true"),
        "chroot",
    );
}

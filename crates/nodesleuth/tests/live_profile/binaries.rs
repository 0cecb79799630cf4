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

//! What is written can be read, by Go's pprof and by us.

use crate::programs::{Running, build, profile, toolchains};
use crate::support::{must, run};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
#[ignore = "needs root"]
fn profiles_are_read_by_go_and_compared_by_us() {
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let program = build(&go, folder.path(), "known_split", &[]);
    let running = Running::start(&program, &["syscalls"]);
    let out = folder.path().join("out.pb.gz");
    let out = out.to_str().unwrap();
    profile(
        &running.pid(),
        &["--for", "2s", "--hz", "499", "--off-cpu", "--out", out],
    );
    let mode = std::fs::metadata(out).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let top = must(Command::new(&go).args(["tool", "pprof", "-top", out]));
    // Versions of Go write the time of day differently.
    let without_time = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("Time: "));
        lines.collect::<Vec<_>>().join("\n")
    };
    let theirs = without_time(&String::from_utf8(top.stdout).unwrap());
    let ours = without_time(&run(&["pprof", "-top", out]).out);
    assert_eq!(theirs, ours);
    assert!(theirs.contains("File: known_split"), "{theirs}");
    assert!(theirs.contains("main.mix"), "{theirs}");
    let tags = must(Command::new(&go).args(["tool", "pprof", "-tags", out]));
    let tags = String::from_utf8(tags.stdout).unwrap();
    for label in ["comm:", "process:", "thread:"] {
        assert!(tags.contains(label), "{tags}");
    }
    for value in ["samples", "cpu", "offcpu", "offcpu_waits"] {
        let sample_index = format!("-sample_index={value}");
        must(Command::new(&go).args(["tool", "pprof", "-top", &sample_index, out]));
    }
    for ending in ["svg", "html", "folded"] {
        let drawn = folder.path().join(format!("difference.{ending}"));
        let drawn = drawn.to_str().unwrap();
        let run = profile(
            &running.pid(),
            &["--for", "1s", "--compare", out, "--out", drawn],
        );
        assert!(run.out.contains("since out.pb.gz"), "{run:?}");
        let text = std::fs::read_to_string(drawn).unwrap();
        assert!(text.contains("main.main") || ending == "html", "{drawn}");
    }
    let again = run(&[
        "profile",
        "--pid",
        &running.pid(),
        "--for",
        "1s",
        "--out",
        out,
    ]);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.contains("never overwritten"), "{again:?}");
}

//! Known shares of CPU time are measured, whatever way a Go program was built.

use crate::programs::{Running, build, cum, profile, sampled, toolchains};
use serde_json::Value;
use std::path::Path;

/// How far a share may be off.
const POINTS: f64 = 0.03;
/// Samples are dense, so that chance is small also on a machine that does other things.
const DENSE: [&str; 6] = ["--hz", "1997", "--for", "8s", "-o", "json"];
const BUILDS: [(&str, &[&str]); 5] = [
    ("plain", &[]),
    ("stripped", &["-ldflags=-s -w"]),
    ("no inlining", &["-gcflags=-l"]),
    ("position independent", &["-buildmode=pie"]),
    (
        "stripped, position independent",
        &["-buildmode=pie", "-ldflags=-s -w"],
    ),
];

fn check_split(profile: &Value, what: &str) {
    let parts = [("main.sixty", 0.6), ("main.thirty", 0.3), ("main.ten", 0.1)];
    let all: f64 = parts.iter().map(|(name, _)| cum(profile, name)).sum();
    for (name, share) in parts {
        let found = cum(profile, name) / all;
        assert!(
            (found - share).abs() <= POINTS,
            "{what}: {name} has {found:.3}, not {share}"
        );
    }
}

fn check_reading(profile: &Value, what: &str) {
    let all = sampled(profile);
    // The call itself, from the Go function down to the kernel's.
    for name in ["main.reading", "vfs_read"] {
        let found = cum(profile, name) / all;
        let least = if name == "vfs_read" {
            0.25
        } else {
            1.0 / 3.0 - POINTS
        };
        let fits = (least..=1.0 / 3.0 + POINTS).contains(&found);
        assert!(fits, "{what}: {name} has {found:.3} of all");
    }
}

/// Names, and what the stacks are like, do not depend on what was stripped.
fn check_names(profile: &Value, what: &str) {
    let samples = &profile["samples"];
    let (all, rooted) = (&samples["all"], &samples["rooted"]);
    let share = rooted.as_f64().unwrap() / all.as_f64().unwrap();
    assert!(
        share >= 0.95,
        "{what}: {share:.3} of the stacks have a root: {samples:#}"
    );
    let functions = profile["functions"].as_array().unwrap();
    let mix = functions
        .iter()
        .find(|function| function["name"] == "main.mix")
        .unwrap();
    let file = mix["place"]["file"].as_str().unwrap();
    assert!(file.ends_with("/known_split.go"), "{what}: {mix}");
    assert_eq!(
        mix["place"]["line"],
        line_of("p.x*2862933555777941757"),
        "{what}: {mix}"
    );
}

/// Where the program has this text.
fn line_of(text: &str) -> usize {
    let source = include_str!("../programs/known_split.go");
    1 + source.lines().position(|line| line.contains(text)).unwrap()
}

fn measured(program: &Path, options: &[&str]) -> Value {
    let running = Running::start(program, &["syscalls"]);
    profile(&running.pid(), &[&DENSE[..], options].concat()).json()
}

#[test]
#[ignore = "needs root"]
fn sixty_thirty_ten_and_a_third_in_the_kernel() {
    for go in toolchains() {
        for (name, flags) in BUILDS {
            let what = format!("{} {name}", go.display());
            let folder = tempfile::tempdir().unwrap();
            let program = build(&go, folder.path(), "known_split", flags);
            let profile = measured(&program, &["--engine", "bpf"]);
            check_split(&profile, &what);
            check_reading(&profile, &what);
            check_names(&profile, &what);
        }
    }
}

#[test]
#[ignore = "needs root"]
fn perf_rings_tell_the_same() {
    for go in toolchains() {
        let folder = tempfile::tempdir().unwrap();
        let program = build(&go, folder.path(), "known_split", &[]);
        let profile = measured(&program, &["--engine", "perf-rings"]);
        assert_eq!(profile["engine"], "perf-rings");
        check_split(&profile, "perf-rings");
        check_reading(&profile, "perf-rings");
        check_names(&profile, "perf-rings");
    }
}

//! `perf` sees the same functions on the same load.

use crate::programs::{Running, build, profile, toolchains};
use crate::support::must;
use nodesleuth_profile::normalize;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::thread;

/// Functions that cost less are a matter of chance.
const SURE: f64 = 0.03;
const TOP: usize = 10;

/// What each function costs itself, as a part of all.
type Shares = BTreeMap<String, f64>;

fn of_perf(pid: &str, folder: &std::path::Path) -> Shares {
    let mut record = Command::new("perf");
    record.args([
        "record",
        "-q",
        "-g",
        "-e",
        "cpu-clock",
        "-F",
        "499",
        "-p",
        pid,
        "-o",
        "perf.data",
    ]);
    must(record.args(["--", "sleep", "8"]).current_dir(folder));
    let mut script = Command::new("perf");
    script
        .args(["script", "-i", "perf.data", "-F", "comm,ip,sym"])
        .current_dir(folder);
    let text = String::from_utf8(must(&mut script).stdout).unwrap();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    // A sample is its header, its frames from the leaf on, and an empty line.
    for sample in text.split("\n\n") {
        let Some(leaf) = sample.lines().find(|line| line.starts_with([' ', '\t'])) else {
            continue;
        };
        if let Some((_, symbol)) = leaf.trim().split_once(' ') {
            *counts
                .entry(normalize(symbol.trim()).into_owned())
                .or_default() += 1;
        }
    }
    let all = counts.values().sum::<u64>().max(1) as f64;
    counts
        .into_iter()
        .map(|(name, count)| (name, count as f64 / all))
        .collect()
}

fn of_ours(pid: &str) -> Shares {
    let json = profile(pid, &["--hz", "499", "--for", "8s", "-o", "json"]).json();
    let functions = json["functions"].as_array().unwrap();
    let flat = |function: &serde_json::Value| function["flat"].as_f64().unwrap();
    let all: f64 = functions.iter().map(flat).sum();
    let named = functions.iter().map(|function| {
        let name = normalize(function["name"].as_str().unwrap()).into_owned();
        (name, flat(function) / all)
    });
    named.collect()
}

fn top(shares: &Shares) -> Vec<&str> {
    let mut names: Vec<(&str, f64)> = shares
        .iter()
        .map(|(name, share)| (name.as_str(), *share))
        .collect();
    names.sort_by(|one, other| other.1.total_cmp(&one.1));
    names.into_iter().take(TOP).map(|(name, _)| name).collect()
}

#[test]
#[ignore = "needs root"]
fn perf_names_the_same_top_ten() {
    let Some(go) = toolchains().into_iter().next() else {
        return;
    };
    if Command::new("perf")
        .arg("version")
        .stdin(Stdio::null())
        .output()
        .is_err()
    {
        eprintln!("SKIPPED: perf is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // perf tells no inlined calls of Go apart.
    let program = build(&go, folder.path(), "known_split", &["-gcflags=-l"]);
    let running = Running::start(&program, &["syscalls"]);
    let pid = running.pid();
    let (theirs, ours) = thread::scope(|scope| {
        let theirs = scope.spawn(|| of_perf(&pid, folder.path()));
        let ours = of_ours(&pid);
        (theirs.join().unwrap(), ours)
    });
    for (shares, other, whose) in [(&theirs, &ours, "perf's"), (&ours, &theirs, "our")] {
        let top = top(other);
        for (name, share) in shares.iter().filter(|(_, share)| **share >= SURE) {
            assert!(
                top.contains(&name.as_str()),
                "{whose} {name} ({share:.3}) is not in {top:?}"
            );
            let difference = (share - other[name]).abs();
            assert!(
                difference < 0.1,
                "{name}: {share:.3} and {:.3}",
                other[name]
            );
        }
    }
}

//! Dying cgroups of a real kernel: counted, their bytes exact to a page, their makers named. As
//! root on Linux with the memory controller on v1; run by `cargo xtask test`, which says loudly
//! when it cannot.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails and skips loudly"
)]

#[path = "../support/mod.rs"]
mod support;

mod slow_file;
mod zombies;

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};
use support::{binary, finish, nodesleuth, run, start};
use zombies::Zombies;

/// The kernel brings its statistics up to date every two seconds, by a timer that wakes no idle CPU.
const STATISTICS_LAG: Duration = Duration::from_millis(2_500);
const PAGE: u64 = 4096;

fn cgroups() -> Value {
    run(&["cgroups", "-o", "json"]).json()
}

fn dying(json: &Value) -> u64 {
    json["dying"].as_u64().unwrap()
}

/// How much the machine's own number of dying cgroups moves while nothing of ours happens.
fn noise() -> u64 {
    let counts: Vec<u64> = (0..4).map(|_| dying(&cgroups())).collect();
    counts.iter().max().unwrap() - counts.iter().min().unwrap()
}

#[test]
#[ignore = "needs root"]
fn zombies_are_counted_and_their_bytes_are_exact_to_a_page() {
    const MADE: u64 = 300;
    let Some(mut zombies) = Zombies::on("/dev/shm") else {
        return;
    };
    let noise = noise() + 2;
    let before = dying(&cgroups());
    zombies.make(MADE);
    thread::sleep(STATISTICS_LAG);
    let json = cgroups();
    let more = dying(&json).abs_diff(before);
    assert!(
        more.abs_diff(MADE) <= noise,
        "{more} for {MADE}, noise {noise}"
    );
    let holders = json["dying_memory"]["value"]["holders"].as_array().unwrap();
    let ours = holders
        .iter()
        .find(|holder| holder["path"] == zombies.cgroup_path())
        .unwrap_or_else(|| panic!("{} holds nothing: {holders:#?}", zombies.cgroup_path()));
    assert_eq!(ours["bytes"].as_u64(), Some(MADE * PAGE), "{ours}");
    assert_eq!(ours["shmem"].as_u64(), Some(MADE * PAGE), "{ours}");
    zombies.delete_files();
    let began = Instant::now();
    while dying(&cgroups()) > before + noise {
        assert!(began.elapsed() < Duration::from_secs(30), "they do not go");
        thread::sleep(Duration::from_millis(200));
    }
}

/// What `cgroups --growth -o json` tells of a while in which something happens.
fn watched(command: &mut Command, happens: impl FnOnce()) -> Value {
    let mut watching = start(command);
    // What is made before it watches is missed.
    let told = BufReader::new(watching.stderr.take().unwrap());
    let mut told = told.lines();
    assert!(told.any(|line| line.unwrap().contains("watching cgroups")));
    let rest = thread::spawn(move || told.count());
    happens();
    let mut out = String::new();
    watching
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut out)
        .unwrap();
    assert!(watching.wait().unwrap().success());
    rest.join().unwrap();
    let json: Value = serde_json::from_str(&out).unwrap();
    json["growth"]["value"].clone()
}

/// The group of cgroups that were made below our parent.
fn made_below<'a>(growth: &'a Value, zombies: &Zombies) -> &'a Value {
    let groups = growth["groups"].as_array().unwrap();
    let is_ours = |group: &&Value| {
        let example = group["example"].as_str().unwrap();
        example.starts_with(&format!("{}/", zombies.cgroup_path()))
    };
    let ours = groups.iter().find(is_ours);
    ours.unwrap_or_else(|| panic!("{groups:#?}"))
}

#[test]
#[ignore = "needs root"]
fn whoever_makes_cgroups_is_named_and_each_release_is_seen() {
    const MADE: u64 = 60;
    let Some(mut zombies) = Zombies::on("/dev/shm") else {
        return;
    };
    let watch = ["-v", "cgroups", "--growth", "15s", "-o", "json"];
    let growth = watched(&mut nodesleuth(&watch), || {
        zombies.make(MADE);
        zombies.delete_files();
    });
    assert_eq!(growth["method"], "tracepoints", "{growth}");
    let ours = made_below(&growth, &zombies);
    assert_eq!(ours["made"].as_u64(), Some(MADE), "{ours}");
    assert_eq!(ours["removed"].as_u64(), Some(MADE), "{ours}");
    let ourselves = std::fs::read_to_string("/proc/self/comm").unwrap();
    assert_eq!(ours["maker"], ourselves.trim(), "{ours}");
    // The kernel may take longer than the watch for a few.
    assert!(ours["released"].as_u64().unwrap() > MADE / 2, "{ours}");
    assert!(growth["lag"]["cgroups"].as_u64().unwrap() > MADE / 2);
}

/// Tracefs is hidden and the right to mount one of our own is taken away, so that no tracepoint can
/// be had, whatever this machine's settings are.
const WITHOUT_TRACEPOINTS: &str = r#"
for place in /sys/kernel/tracing /sys/kernel/debug; do
    if [ -d "$place" ]; then mount -t tmpfs none "$place"; fi
done
exec setpriv --bounding-set=-sys_admin,-perfmon --inh-caps=-sys_admin,-perfmon "$@"
"#;

#[test]
#[ignore = "needs root and a mount namespace"]
fn without_tracepoints_names_tell_who_comes_and_goes() {
    const MADE: u64 = 60;
    let Some(mut zombies) = Zombies::on("/dev/shm") else {
        return;
    };
    // A folder that holds no cgroup when the watch begins is not watched.
    zombies.make_empty_scopes(1);
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-e", "-c", WITHOUT_TRACEPOINTS, "sh"])
        .args([binary(), "-v", "cgroups", "--growth", "15s", "-o", "json"]);
    let growth = watched(&mut command, || {
        zombies.make(MADE);
        zombies.delete_files();
    });
    let because = growth["method"]["names"]["because"].as_str();
    assert!(because.is_some_and(|it| it.contains("tracefs")), "{growth}");
    assert_eq!(growth["lost"], 0, "{growth}");
    assert_eq!(growth["released"], Value::Null, "{growth}");
    let ours = made_below(&growth, &zombies);
    assert_eq!(ours["made"].as_u64(), Some(MADE), "{ours}");
    assert_eq!(ours["removed"].as_u64(), Some(MADE), "{ours}");
    assert_eq!(ours["maker"], Value::Null, "{ours}");
    let pattern = ours["pattern"].as_str().unwrap();
    assert!(pattern.ends_with("/pod*"), "{ours}");
}

/// In a private cgroup namespace, as in a container, the kernel's number is the whole machine's and
/// the directories are not: what is counted is a part, and that is said.
#[test]
#[ignore = "needs root and a cgroup namespace"]
fn in_a_private_cgroup_namespace_no_number_is_taken_for_the_machines() {
    let namespaced = |format: &str| {
        let mut command = Command::new("unshare");
        command.args(["--cgroup", binary(), "cgroups", "-o", format]);
        let run = finish(start(&mut command));
        assert_eq!(run.code, Some(0), "{run:?}");
        run
    };
    let json = namespaced("json").json();
    assert_eq!(json["dying"], Value::Null, "{json:#}");
    let text = namespaced("text").out;
    assert!(text.contains("only a part of the cgroup tree"), "{text}");
}

#[test]
#[ignore = "needs root"]
fn a_probe_with_scratch_cgroups_tells_and_leaves_nothing() {
    let Some(zombies) = Zombies::on("/dev/shm") else {
        return;
    };
    let ran = run(&["kernel", "--probe-lab", "-o", "json"]);
    if ran.err.contains("are dying already") {
        eprintln!("SKIPPED: {}", ran.err);
        return;
    }
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let json = ran.json();
    let problems = json["problems"].as_array().unwrap();
    for id in ["memory-stat-walk", "numa-stat-walk"] {
        let problem = problems.iter().find(|one| one["id"] == id).unwrap();
        let reason = problem["reason"].as_str().unwrap();
        assert!(reason.contains("400 scratch cgroups"), "{reason}");
        assert_eq!(problem["status"], "fixed", "{reason}");
    }
    assert!(
        !zombies.mount_holds("nodesleuth-probe-"),
        "scratch cgroups stayed"
    );
}

#[test]
#[ignore = "needs root"]
fn an_empty_cgroup_is_found_by_its_pattern() {
    let Some(zombies) = Zombies::on("/dev/shm") else {
        return;
    };
    zombies.make_empty_scopes(5);
    let json = run(&["cgroups", "--by-prefix", "-o", "json"]).json();
    let patterns = json["occupancy"]["value"]["patterns"].as_array().unwrap();
    let ours = patterns
        .iter()
        .find(|row| row["pattern"].as_str().unwrap().ends_with("/run-r*.scope"))
        .unwrap_or_else(|| panic!("{patterns:#?}"));
    assert_eq!(
        (ours["count"].as_u64(), ours["empty"].as_u64()),
        (Some(5), Some(5))
    );
    assert_eq!(ours["kind"], "leaked_scope");
}

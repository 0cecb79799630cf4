//! What each remedy frees on this kernel, to the page.

use super::fix;
use super::zombies::{COUNT, PAGE, Pin, Zombies};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const ALL: u64 = COUNT as u64 * PAGE;

fn reclaimed(zombies: &Zombies) -> (Option<i32>, Value) {
    let state = tempfile::tempdir().unwrap();
    let run = fix(
        &["reclaim-subtree", "--subtree", &zombies.subtree()],
        state.path(),
    );
    assert_eq!(fs::read_dir(state.path()).unwrap().count(), 0, "state left");
    (run.code, run.json())
}

/// Again, a few times, when the machine itself took page cache away meanwhile: it takes that of dying
/// cgroups first, and other programs may drop it all.
fn undisturbed(test: fn()) {
    for attempt in 1.. {
        let before = taken_away();
        match std::panic::catch_unwind(test) {
            Ok(()) => return,
            Err(_) if attempt < 5 && (damon_takes_pages() || taken_away() != before) => {}
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Pages that were reclaimed for want of memory, and times that somebody dropped page cache.
fn taken_away() -> u64 {
    let text = fs::read_to_string("/proc/vmstat").unwrap();
    let values = text.lines().filter_map(|line| line.split_once(' '));
    values
        .filter(|(name, _)| {
            matches!(
                *name,
                "pgsteal_kswapd" | "pgsteal_direct" | "drop_pagecache"
            )
        })
        .map(|(_, value)| value.parse::<u64>().unwrap())
        .sum()
}

/// Whether DAMON takes away pages that nobody has used for a while; no counter says which.
fn damon_takes_pages() -> bool {
    let kdamonds = fs::read_dir("/sys/kernel/mm/damon/admin/kdamonds");
    let mut kdamonds = kdamonds.into_iter().flatten().flatten();
    kdamonds.any(|kdamond| {
        let state = fs::read_to_string(kdamond.path().join("state"));
        state.is_ok_and(|state| state.trim() == "on")
    })
}

fn held(json: &Value, when: &str) -> Option<u64> {
    json[when]["subtree"]["held"].as_u64()
}

#[test]
#[ignore = "needs root and a v1 memory hierarchy"]
fn reclaiming_frees_page_cache_clean_and_dirty_to_the_page() {
    undisturbed(|| {
        reclaiming_is_exact(Pin::Read);
        reclaiming_is_exact(Pin::Written);
    });
}

fn reclaiming_is_exact(pin: Pin) {
    let zombies = Zombies::make(pin);
    assert_eq!(zombies.held(), ALL, "{pin:?}");
    let (code, json) = reclaimed(&zombies);
    assert_eq!(held(&json, "before"), Some(ALL), "{json:#}");
    assert_eq!(
        (held(&json, "after"), zombies.held()),
        (Some(0), 0),
        "{json:#}"
    );
    assert_eq!((code, &json["verdict"]), (Some(0), &Value::from("worked")));
    let writes_out = json["steps"][0]["do"] == "write-out";
    assert_eq!(writes_out, matches!(pin, Pin::Written), "{json:#}");
}

#[test]
#[ignore = "needs root and a v1 memory hierarchy"]
fn nothing_but_removing_the_files_frees_a_tmpfs() {
    let zombies = Zombies::make(Pin::Tmpfs);
    let (code, json) = reclaimed(&zombies);
    assert_eq!(json["held_on_tmpfs"].as_u64(), Some(ALL), "{json:#}");
    assert_eq!((code, &json["verdict"]), (Some(4), &Value::from("nothing")));
    assert_eq!(zombies.held(), ALL);
    zombies.remove_files();
    assert_eq!(zombies.held(), 0);
}

#[test]
#[ignore = "needs root and a v1 memory hierarchy"]
fn dropping_page_cache_frees_what_was_written_and_dropping_slab_does_not() {
    let zombies = Zombies::make(Pin::Written);
    let state = tempfile::tempdir().unwrap();
    let slab = fix(&["drop-slab"], state.path()).json();
    assert!(slab["done"][0]["failed"].as_array().unwrap().is_empty());
    assert_eq!(zombies.held(), ALL);
    let run = fix(&["drop-page-cache"], state.path());
    let json = run.json();
    assert_eq!(zombies.held(), 0, "{json:#}");
    let dying = |when: &str| json[when]["dying"].as_u64().unwrap();
    // Other programs' cgroups die and go meanwhile.
    assert!(
        dying("after") + COUNT as u64 <= dying("before") + 50,
        "{json:#}"
    );
    assert_ne!(json["verdict"], "nothing", "{json:#}");
}

#[test]
#[ignore = "needs root and a v1 memory hierarchy"]
fn a_subtree_in_which_somebody_lives_is_refused_without_a_word_more() {
    let zombies = Zombies::make(Pin::Read);
    let live = zombies.parent.join("live");
    fs::create_dir(&live).unwrap();
    let mut sleeper = Command::new("sleep")
        .arg("600")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    fs::write(live.join("cgroup.procs"), sleeper.id().to_string()).unwrap();
    let state = tempfile::tempdir().unwrap();
    let subtree = zombies.subtree();
    let arguments = ["reclaim-subtree", "--subtree", &subtree];
    let refused = fix(&arguments, state.path());
    let left = zombies.held();
    let done = fix(
        &[&arguments[..], &["--include-live"]].concat(),
        state.path(),
    );
    let (gone, live_path) = (zombies.held(), live.clone());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    while fs::remove_dir(&live_path).is_err() && live_path.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("processes live in"), "{refused:?}");
    assert!(refused.err.contains("--include-live"), "{refused:?}");
    // The machine may have taken some of it away.
    assert!(left > ALL / 2, "{left}");
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(gone < ALL / 10, "{gone} {done:?}");
}

#[test]
#[ignore = "needs root and writable cgroups"]
fn leaked_empty_cgroups_are_removed_and_inhabited_ones_stay() {
    let parent = Path::new("/sys/fs/cgroup/memory")
        .join(format!("nodesleuth-live-empty-{}", std::process::id()));
    fs::create_dir(&parent).unwrap();
    for index in 0..250 {
        fs::create_dir(parent.join(format!("leak-{index}.x"))).unwrap();
    }
    let busy = parent.join("leak-busy.x");
    fs::create_dir(&busy).unwrap();
    let mut sleeper = Command::new("sleep").arg("600").spawn().unwrap();
    fs::write(busy.join("cgroup.procs"), sleeper.id().to_string()).unwrap();
    let state = tempfile::tempdir().unwrap();
    let pattern = format!(
        "/{}/leak-*.x",
        parent.file_name().unwrap().to_str().unwrap()
    );
    let run = fix(
        &[
            "remove-empty-cgroups",
            "--pattern",
            &pattern,
            "--settle",
            "1s",
        ],
        state.path(),
    );
    let left: Vec<_> = fs::read_dir(&parent)
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name())
        .collect();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    for path in [&busy, &parent] {
        while fs::remove_dir(path).is_err() && path.exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
    let json = run.json();
    assert_eq!(left, ["leak-busy.x"], "{json:#}");
    assert_eq!(run.code, Some(0));
    assert_eq!(json["empty_cgroups"].as_array().unwrap().len(), 250);
    assert_eq!(json["verdict"], "worked");
}

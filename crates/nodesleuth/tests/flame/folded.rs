//! Folded text and profiles as output.

use crate::support::{must, nodesleuth, run};
use crate::{data, out, shared, stacks};
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn folded_text_is_sorted_by_frames_and_reads_back() {
    let small = data("small.folded");
    let folded = run(&["flame", &small, "--format", "folded"]);
    let expected = "\
main.main;k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop 5
main.main;k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop;github.com/google/cadvisor/manager.(*containerData).housekeeping 10
main.main;k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop;github.com/google/cadvisor/manager.(*containerData).housekeeping;os.ReadFile;syscall.read;vfs_read_[k];memcg_stat_show_[k] 60
main.main;k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop.func1;encoding/json.Marshal 12
runtime.gcBgMarkWorker;runtime.gcDrain;runtime.scanobject 13
";
    assert_eq!(out(&folded), expected);
    let (_folder, again) = stacks(&folded.out);
    assert_eq!(
        run(&["flame", &again, "--format", "folded"]).out,
        folded.out
    );
}

#[test]
fn folded_text_can_begin_with_the_leaf_and_be_filtered() {
    let (_folder, path) = stacks("a;b;c 1\nd;c 2\n");
    let folded = run(&[
        "flame",
        &path,
        "--format",
        "folded",
        "--reverse",
        "--ignore",
        "d",
    ]);
    assert_eq!(out(&folded), "c;b;a 1\n");
}

#[test]
fn a_comparison_as_text_has_both_weights_and_reads_back() {
    let (_folder, before) = stacks("a;b 1\na;c 2\n");
    let (_folder2, after) = stacks("a;b 3\nd;e 1\n");
    let compare = ["flame", "--diff", &before, &after, "--format", "folded"];
    let text = run(&compare);
    assert_eq!(out(&text), "a;b 1 3\na;c 2 0\nd;e 0 1\n");
    let ignoring = run(&[&compare[..], &["--ignore", "d", "--reverse"]].concat());
    assert_eq!(out(&ignoring), "b;a 1 3\nc;a 2 0\n");
    let (_folder3, pair) = stacks(&text.out);
    for (value, expected) in [("before", "a;b 1\na;c 2\n"), ("after", "a;b 3\nd;e 1\n")] {
        let one = run(&[
            "flame",
            &pair,
            "--format",
            "folded",
            "--sample-index",
            value,
        ]);
        assert_eq!(out(&one), expected);
    }
}

#[test]
fn a_frame_like_a_comment_is_kept() {
    let (_folder, path) = stacks("main;# total 2\n # total 3\n# total 4\n");
    let folded = run(&["flame", &path, "--format", "folded"]);
    assert_eq!(out(&folded), " # total 3\nmain;# total 2\n");
}

#[test]
fn many_files_become_one_profile() {
    let folder = tempfile::tempdir().unwrap();
    let sum = folder.path().join("sum.pb.gz");
    let sum = sum.to_str().unwrap();
    let (small, after) = (data("small.folded"), data("after.folded"));
    let merged = run(&["flame", &small, &after, "--out", sum]);
    assert_eq!(merged.code, Some(0), "{merged:?}");
    let of = |files: &[&str]| run(&[&["flame", "--format", "folded"], files].concat()).out;
    assert_eq!(of(&[sum]), of(&[&small, &after]));
}

/// The profiles of which `stackcollapse-go.pl` is right about the number of values.
fn two_values(path: &Path) -> bool {
    let name = path.to_str().unwrap();
    let raw = run(&["pprof", "-raw", name]);
    let types = raw
        .out
        .lines()
        .skip_while(|line| *line != "Samples:")
        .nth(1);
    raw.code == Some(0) && types.is_some_and(|types| types.split(' ').count() == 2)
}

#[test]
fn the_script_itself_prints_the_same() {
    let Some(folder) = std::env::var_os("NODESLEUTH_FLAMEGRAPH") else {
        eprintln!("SKIPPED: NODESLEUTH_FLAMEGRAPH does not name a folder with stackcollapse-go.pl");
        return;
    };
    let script = Path::new(&folder).join("stackcollapse-go.pl");
    // Newer ones must be told which value; they took the first before.
    let knows_index = fs::read_to_string(&script)
        .unwrap()
        .contains("sample_index");
    let index = knows_index.then_some("--sample_index=0");
    let profiles = shared("profiles")
        .into_iter()
        .filter(|path| two_values(path));
    for profile in profiles {
        let name = profile.to_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let raw = folder.path().join("raw.txt");
        fs::write(&raw, run(&["pprof", "-raw", name]).out).unwrap();
        let expected = must(Command::new(&script).args(index).arg(&raw)).stdout;
        let ours = must(&mut nodesleuth(&[
            "flame",
            name,
            "--compat",
            "stackcollapse-go",
        ]))
        .stdout;
        assert!(ours == expected, "{name}");
    }
}

#[test]
fn the_script_is_not_followed_where_it_is_wrong_about_everything() {
    let run = run(&[
        "flame",
        &data("small.folded"),
        "--compat",
        "stackcollapse-go",
    ]);
    crate::refusals::refuses(&run, &["two values", "this one has 1", "--compat"]);
}

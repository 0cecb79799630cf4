//! `nodesleuth flame --out FILE.html`: the page as text. A browser looks at it in `tests/browser`.

use crate::support::{Run, run};
use crate::{refuses, repository};
use nodesleuth_profile::{Profile, ValueType, encode};
use std::fs;
use std::path::Path;

const KUBELET: &str = "crates/nodesleuth-profile/tests/data/kubelet-idle-cpu.pb.gz";

fn flame(out: &Path, arguments: &[&str]) -> Run {
    let profile = repository(KUBELET);
    let mut all = vec!["flame", "--out", out.to_str().unwrap()];
    all.extend_from_slice(arguments);
    if !arguments.contains(&"--diff") {
        all.push(profile.to_str().unwrap());
    }
    run(&all)
}

#[test]
fn the_page_needs_nothing_else_and_is_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let pages = ["a.html", "b.html"].map(|name| {
        let out = folder.path().join(name);
        let run = flame(&out, &[]);
        assert_eq!(run.code, Some(0), "{run:?}");
        fs::read_to_string(out).unwrap()
    });
    assert_eq!(pages[0], pages[1]);
    for outside in ["src=\"http", "url(", "<link", "import "] {
        assert!(!pages[0].contains(outside), "{outside}");
    }
    assert!(pages[0].contains("<title>kubelet-idle-cpu.pb.gz</title>"));
}

#[test]
fn lines_are_linked_only_with_a_version() {
    let folder = tempfile::tempdir().unwrap();
    let (without, with) = (folder.path().join("0.html"), folder.path().join("1.html"));
    flame(&without, &[]);
    let run = flame(&with, &["--version", "go=1.19.8"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let link = "href=\"https://github.com/golang/go/blob/go1.19.8/src/";
    assert!(
        !fs::read_to_string(&without)
            .unwrap()
            .contains("href=\"https")
    );
    assert!(fs::read_to_string(&with).unwrap().contains(link));
}

#[test]
fn what_does_not_fit_a_page_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("page.html");
    refuses(
        &flame(&out, &["--version", "go=1.21"]),
        &["--version", "1.21", "release"],
    );
    refuses(&flame(&out, &["--colors", "hot"]), &["--colors package"]);
    refuses(
        &flame(&out, &["--min-width", "2"]),
        &["--min-width", "an HTML page"],
    );
    let svg = folder.path().join("page.svg");
    refuses(
        &flame(&svg, &["--version", "go=1.19.8"]),
        &["--version", "SVG"],
    );
    let profile = repository(KUBELET);
    let heap = Profile::from_stacks(ValueType::new("space", "bytes"), [(["main"], 3)]);
    let other = folder.path().join("heap.pb");
    fs::write(&other, encode(&heap)).unwrap();
    let words = ["--diff", other.to_str().unwrap(), profile.to_str().unwrap()];
    refuses(&flame(&out, &words), &["no sample type in common"]);
    assert!(!out.exists() && !svg.exists());
}

//! `nodesleuth flame` through the real binary: pictures that were looked at, folded text, numbers
//! of comparisons, refusals.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]
#![expect(clippy::print_stderr, reason = "a test is skipped loudly")]

mod conformance;
mod folded;
mod html;
mod refusals;
#[expect(dead_code, reason = "shared with tests that read JSON")]
#[path = "../support/mod.rs"]
mod support;
mod svg;

use std::path::{Path, PathBuf};
use support::Run;

/// A file beside this one.
fn data(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flame");
    folder.join(name).to_str().unwrap().to_owned()
}

/// Everything in a folder that is not part of the repository; nothing, loudly, if it is not there.
fn shared(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let Ok(entries) = root.join(folder).read_dir() else {
        eprintln!("SKIPPED: {} is not there", root.join(folder).display());
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// A run that must have worked; what it printed.
fn out(run: &Run) -> &str {
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(!run.err.contains("panicked"), "{run:?}");
    &run.out
}

/// A file with stacks in a folder that goes away with the test.
fn stacks(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.folded");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

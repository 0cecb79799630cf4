//! The real binary on recorded bundles and on bad input; needs neither root nor a special kernel.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

mod analyze_files;
mod bad_input;
mod bundles;
mod cases;
mod cases_in_part;
mod flame_html;
mod node_states;
mod pprof;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use support::Run;

/// A folder of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Checks for a clear refusal: exit code 2 and a message that holds every one of `words`.
fn refuses(run: &Run, words: &[&str]) {
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.err.starts_with("error: "), "{run:?}");
    for word in words {
        assert!(run.err.contains(word), "{word:?} is not in {run:?}");
    }
    assert!(!run.err.contains("panicked"), "{run:?}");
}

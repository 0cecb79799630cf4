//! Remedies on this machine's kernel: zombies of every kind, fixes that are killed half way, and
//! what refuses them. As root with a v1 memory hierarchy; run by `cargo xtask test`.

#![expect(clippy::unwrap_used, reason = "a test fails loudly")]

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/typed.rs"]
mod typed;

mod interrupted;
mod refused;
mod remedies;
mod systemd;
mod target;
mod terminal;
mod zombies;

use support::{Run, run};

/// A fix that is done whatever the machine is doing, with its state in a folder of the test.
fn fix(arguments: &[&str], state: &std::path::Path) -> Run {
    let state = state.to_str().unwrap();
    let always = [
        "fix",
        "--yes",
        "--although-fast",
        "--max-pressure",
        "100",
        "-o",
        "json",
    ];
    let words = [&always[..], &["--state-dir", state], arguments].concat();
    run(&words)
}

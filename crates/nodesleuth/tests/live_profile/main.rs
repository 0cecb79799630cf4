//! `profile` on programs whose CPU time is split in known parts. As root on Linux; run by
//! `cargo xtask test`, which says loudly when it cannot.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails and skips loudly"
)]

mod binaries;
mod children;
mod ends;
mod files;
mod perf;
mod programs;
mod readers;
mod split;
#[path = "../support/mod.rs"]
mod support;

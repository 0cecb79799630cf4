//! The formats that pprof had before `profile.proto`: what `debug=1` of Go's handlers still
//! prints, and what C++ and Java programs wrote. Semantics as pprof reads them; the functions that
//! Go adds as comments are kept too, which pprof does not do.

mod addresses;
mod contention;
mod count;
mod cpu;
mod heap;
mod java;
mod memory_map;
mod stacks;
mod symbols;
mod threads;
mod uninteresting;

pub(crate) use contention::{read as read_contention, recognise as is_contention};
pub(crate) use count::{read as read_count, recognise as is_count};
pub(crate) use cpu::read as read_cpu;
pub(crate) use heap::{read as read_heap, recognise as is_heap};
pub(crate) use java::{read as read_java, recognise as is_java};
pub(crate) use threads::{read as read_threads, recognise as is_threads};

/// The first line that is neither blank nor a comment.
fn first_line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    let found = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    found.unwrap_or_default()
}

/// Whether the memory map begins here.
/// What stands between the parts of a text.
fn is_rule(line: &str) -> bool {
    line.starts_with("---")
}

fn is_memory_map(line: &str) -> bool {
    line.contains("--- Memory map: ---") || line.contains("MAPPED_LIBRARIES:")
}

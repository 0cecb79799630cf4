//! `nodesleuth slab`: what the kernel's object caches take and how they grow.

mod json;
mod text;

use super::target_choice::own_binary;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::signals;
use nodesleuth_collect::{Node, SlabSeen, SystemClock, look_at_slab};
use nodesleuth_model::evidence::{MemInfo, SlabCache};
use nodesleuth_model::{Bytes, Observed};
use std::time::Duration;

/// Kernel object caches by size and growth, dentries and inodes, and what is tied to dying cgroups.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long to watch their growth.
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = args::window)]
    length: Duration,

    /// How many caches to show; those of dentries, inodes and cgroups always are.
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 15)]
    caches: usize,

    /// Kernel time that reading possibly slow files may cost in all; 0 reads none.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = args::duration)]
    read_budget: Duration,

    /// Format of the result.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let seen = look_at_slab(
        &Node::live(),
        &SystemClock,
        &signals::cancel(),
        args.length,
        args.read_budget,
        own_binary(),
    );
    match args.output {
        Format::Json => output::json(&json::of(&seen)),
        Format::Text => output::print_lines(&text::of(&seen, args.caches)),
    }
}

/// One cache at both ends.
struct Row<'a> {
    cache: &'a SlabCache,
    /// Bytes that it grew; absent when it was not there before.
    grew: Option<i64>,
    reclaimable: Option<bool>,
}

/// Every cache that was kept, largest first.
fn rows(seen: &SlabSeen) -> Vec<Row<'_>> {
    let after = seen.after.slab.value().map_or(&[][..], |slab| &slab.caches);
    let before = |name: &str| seen.before.slab.value()?.cache(name);
    after
        .iter()
        .map(|cache| Row {
            cache,
            grew: before(&cache.name).map(|before| difference(before.bytes(), cache.bytes())),
            reclaimable: seen.reclaimable.get(&cache.name).copied(),
        })
        .collect()
}

/// The growth of a line of `/proc/meminfo`, in bytes.
fn grew(seen: &SlabSeen, name: &str) -> Option<i64> {
    let of = |meminfo: &Observed<MemInfo>| Some(meminfo.value()?.field(name)?.bytes());
    Some(difference(
        of(&seen.before.meminfo)?,
        of(&seen.after.meminfo)?,
    ))
}

fn difference(before: Bytes, after: Bytes) -> i64 {
    let signed = |bytes: Bytes| i64::try_from(bytes.0).unwrap_or(i64::MAX);
    signed(after) - signed(before)
}

//! Reports on a profile, character by character as `go tool pprof` of Go 1.27 prints them (time
//! zone UTC).
//!
//! A [`Draft`] is a profile that is being changed: pruned, filtered, aggregated. [`report`] takes
//! one through those steps in pprof's order and prints it. Reading options and files is left to the
//! caller, and so is merging several.

mod aggregate;
mod draft;
mod filter;
pub(crate) mod go_format;
mod graph;
mod header;
pub(crate) mod measure;
mod node;
mod options;
mod prune;
mod raw;
mod run;
mod tag_filter;
mod tag_frames;
mod tags;
mod text;
mod traces;
mod tree;
mod trim;
mod units;
mod weigh;

pub use draft::Draft;
#[cfg(test)]
pub(crate) use go_format::duration;
pub use options::{Filters, Granularity, ReportError, ReportKind, ReportOptions};
pub use run::{Report, report};
pub use tag_filter::TagFilter;

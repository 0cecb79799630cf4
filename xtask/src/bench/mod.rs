//! `cargo xtask bench`: measures and writes docs/benchmarks.md. What is compared runs in the same
//! minute, in turns; figures are medians. A section that fails leaves its old text alone.

mod census;
mod cpu;
mod diagnose;
mod document;
mod html;
mod ingest;
mod machine;
mod names;
pub(crate) mod profiles;
mod stacks;
mod syscalls;
pub(crate) mod threads;
mod top;
pub(crate) mod usage;
mod zombies;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::bench::document::Document;
use crate::bench::profiles::{flame, merge, reports};
use crate::failure::Result;
use crate::interrupt;
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure.
    #[arg(value_enum, default_value_t = Which::All)]
    which: Which,
    /// Measure this nodesleuth instead of a new release build.
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// `top` against pidstat on 2,000 threads.
    Top,
    /// Watching system calls against strace and perf trace.
    Syscalls,
    /// Taking stacks against `perf record -g`.
    Stacks,
    /// Names of addresses in large Go binaries.
    Names,
    /// The kernel's share of reading 1,000 cgroups.
    Census,
    /// CPU and memory of `diagnose` itself.
    Diagnose,
    /// Real cAdvisor among 20,000 zombies.
    Zombies,
    /// `flame` against `go tool pprof -raw`, inferno and FlameGraph's scripts.
    Flame,
    /// `pprof -top` against `go tool pprof -top`.
    Reports,
    /// `pprof -proto` of 600 profiles against `go tool pprof -proto`.
    Merge,
    /// `analyze` of large logs.
    Ingest,
    /// Pages in a headless Chromium: load, zoom, search.
    Html,
    All,
}

struct Section {
    which: Which,
    id: &'static str,
    /// The section's text; gets the released binary.
    measure: fn(&Workspace, &Path) -> Result<String>,
}

/// In the page's order.
const SECTIONS: &[Section] = &[
    Section {
        which: Which::Top,
        id: "top",
        measure: top::measure,
    },
    Section {
        which: Which::Syscalls,
        id: "syscalls",
        measure: syscalls::measure,
    },
    Section {
        which: Which::Stacks,
        id: "stacks",
        measure: stacks::measure,
    },
    Section {
        which: Which::Names,
        id: "names",
        measure: names::measure,
    },
    Section {
        which: Which::Census,
        id: "census",
        measure: census::measure,
    },
    Section {
        which: Which::Diagnose,
        id: "diagnose",
        measure: diagnose::measure,
    },
    Section {
        which: Which::Zombies,
        id: "zombies",
        measure: zombies::measure,
    },
    Section {
        which: Which::Flame,
        id: "flame",
        measure: flame::measure,
    },
    Section {
        which: Which::Reports,
        id: "reports",
        measure: reports::measure,
    },
    Section {
        which: Which::Merge,
        id: "merge",
        measure: merge::measure,
    },
    Section {
        which: Which::Ingest,
        id: "ingest",
        measure: ingest::measure,
    },
    Section {
        which: Which::Html,
        id: "html",
        measure: html::measure,
    },
];

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<ExitCode> {
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => workspace.release_binary()?,
    };
    let mut document = Document::open(&workspace.root().join("docs/benchmarks.md"))?;
    let mut code = ExitCode::SUCCESS;
    for section in SECTIONS {
        if args.which != Which::All && args.which != section.which {
            continue;
        }
        interrupt::check()?;
        eprintln!("bench: {}", section.id);
        match (section.measure)(workspace, &binary) {
            Ok(text) => {
                println!("{text}");
                document.put(section.id, &format!("{text}\n{}\n", machine::describe()));
                document.save(SECTIONS.iter().map(|section| section.id))?;
            }
            Err(failure) => {
                eprintln!("bench {}: {failure}", section.id);
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

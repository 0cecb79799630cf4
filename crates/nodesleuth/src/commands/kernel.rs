//! `nodesleuth kernel`: which known problems a kernel has.

mod lab;
mod told;

use super::target_choice::own_binary;
use crate::args::{self, Format};
use crate::failure::Failure;
use crate::output;
use crate::signals;
use nodesleuth_analyze::kernel::Release;
use nodesleuth_analyze::{Catalog, kernel_advisories, node_states};
use nodesleuth_collect::{CgroupLook, Node, SystemClock, look_at_cgroups, look_at_states};
use nodesleuth_model::evidence::Host;
use nodesleuth_model::{Evidence, Observed};
use nodesleuth_parse::proc::os_release;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use told::{HowKnown, Problem, Told};

/// Say which known kernel problems this kernel has: memory.stat walks and others, and which states
/// of this machine are known to cost CPU: full tables, tracing left on, a slow clock.
///
/// The table knows distributions' own kernels. What a vendor took over from newer kernels is not
/// always known; then only a measurement tells, and a measurement always wins over the table.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Judge this release string (`uname -r` of another machine) instead of this machine's kernel.
    #[arg(long, value_name = "STRING")]
    release: Option<String>,

    /// /etc/os-release of that machine, as a hint where the string tells no distribution.
    #[arg(long, value_name = "FILE", requires = "release")]
    os_release: Option<PathBuf>,

    /// Also time this machine's own memory.stat and memory.numa_stat, each in a process of its
    /// own, against the number of its cgroups.
    #[arg(long, conflicts_with = "release")]
    probe: bool,

    /// Also make 400 scratch cgroups, time their parent's files and remove them (root). Refused
    /// on 3.10, and where more than 1,000 cgroups are dying already.
    #[arg(long, conflicts_with = "release")]
    probe_lab: bool,

    /// Kernel time that reading possibly slow files may cost in all.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = args::duration)]
    read_budget: Duration,

    /// Format of the result.
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let catalog = super::catalog::load(None)?;
    let evidence = match &args.release {
        Some(release) => described(release, args.os_release.as_deref(), &catalog)?,
        None => looked_at(args),
    };
    let lab = match args.probe_lab {
        true => Some(lab::probe()?),
        false => None,
    };
    let of_lab = |file: &str| lab.as_ref().and_then(|lab| lab.times(file));
    let advisories = kernel_advisories(&evidence, &catalog, of_lab);
    let host = evidence.host.value();
    let release = host.and_then(|host| Release::of(host, &catalog.families));
    let told = Told {
        release: host.map_or("", |host| host.kernel_release.as_str()),
        family: release.as_ref().map(|release| release.family.as_str()),
        measured: match (&lab, args.probe) {
            (Some(_), _) => HowKnown::Lab,
            (None, true) => HowKnown::Probe,
            (None, false) => HowKnown::Table,
        },
        problems: advisories
            .iter()
            .zip(&catalog.kernel)
            .map(|(advisory, entry)| Problem::new(advisory, entry))
            .collect(),
        states: match args.release {
            Some(_) => Vec::new(),
            None => node_states(&evidence, &catalog),
        },
        lab: lab.as_ref().map(lab::Lab::lines).unwrap_or_default(),
        unmeasured: match args.probe {
            true => told::unmeasured(&evidence),
            false => Vec::new(),
        },
    };
    match args.output {
        Format::Json => output::json(&told),
        Format::Text => output::print_lines(&told.text()),
    }
}

/// Another machine, of which only this is known.
fn described(
    release: &str,
    os_release: Option<&Path>,
    catalog: &Catalog,
) -> Result<Evidence, Failure> {
    if Release::parse(release, &catalog.families).is_none() {
        return Err(Failure::usage(
            format!("{release:?} is no kernel release: it does not begin with a version"),
            "give what `uname -r` prints there, such as 4.18.0-193.28.1.el8_2.x86_64",
        ));
    }
    let os = match os_release {
        Some(path) => {
            let text = fs::read_to_string(path);
            let text = text.map_err(|error| Failure::file("read", path, error))?;
            Observed::Value(os_release::parse(&text))
        }
        None => Observed::NotRequested,
    };
    let mut evidence = Evidence::default();
    evidence.host = Observed::Value(Host {
        kernel_release: release.to_owned(),
        os,
        ..Host::default()
    });
    Ok(evidence)
}

/// This machine; its files are timed only with `--probe`.
fn looked_at(args: &Args) -> Evidence {
    let look = CgroupLook {
        slow_read_budget: if args.probe {
            args.read_budget
        } else {
            Duration::ZERO
        },
        read_child: own_binary(),
        dying_memory: false,
        scan: false,
    };
    let seen = look_at_cgroups(&Node::live(), &SystemClock, &signals::cancel(), &look);
    let mut evidence = Evidence::default();
    evidence.host = seen.host;
    evidence.cgroups = seen.census;
    evidence.timed_reads = seen.timed_reads;
    look_at_states(
        &Node::live(),
        &SystemClock,
        &signals::cancel(),
        &mut evidence,
    );
    evidence
}

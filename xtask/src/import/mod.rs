//! Turns captures of real agents into fixture bundles under `fixtures/bundles/`.
//!
//! The captures were taken by other tools (`cat`, `pidstat`, `curl`), so each bundle holds only
//! what they show, and says in `imported_from` what it is of. The bundles are committed; this is
//! run again only when a capture or the schema changes.

mod kubelet;
mod old_kernels;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use nodesleuth_model::bundle::{EVIDENCE_FILE, PROFILES_DIR};
use nodesleuth_model::evidence::{ProfileRecord, WindowSpan};
use nodesleuth_model::{BootNanos, Evidence, Nanos};

use crate::failure::{Result, While};
use crate::workspace::Workspace;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of captures.
    #[arg(default_value = "../shared/captures")]
    captures: PathBuf,
}

/// One bundle to be.
struct Case {
    name: String,
    /// What it is of, for its README.
    about: String,
    evidence: Evidence,
    profiles: Vec<Recorded>,
}

/// A profile, copied as it is.
struct Recorded {
    file: PathBuf,
    /// Its name in the bundle.
    name: &'static str,
    source: &'static str,
    covers_window: bool,
}

impl Recorded {
    /// What the agent answers at /debug/pprof/profile, taken over the window.
    fn own(file: PathBuf) -> Self {
        Self {
            file,
            name: "cpu.pb.gz",
            source: "the agent's own /debug/pprof/profile",
            covers_window: true,
        }
    }

    /// What `perf record -a -g` saw after it.
    fn perf_script(file: PathBuf) -> Self {
        Self {
            file,
            name: "perf-script.txt.gz",
            source: "perf script",
            covers_window: false,
        }
    }
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let captures = workspace.root().join(&args.captures);
    let mut cases = old_kernels::cases(&captures.join("old-kernels"))?;
    cases.extend(kubelet::cases(&captures)?);
    for case in cases {
        let folder = workspace.root().join("fixtures/bundles").join(&case.name);
        write(&folder, case).doing(|| format!("writing {}", folder.display()))?;
        println!("wrote {}", folder.display());
    }
    Ok(())
}

fn write(folder: &Path, mut case: Case) -> std::io::Result<()> {
    fs::create_dir_all(folder.join(PROFILES_DIR))?;
    for recorded in &case.profiles {
        let file = format!("{PROFILES_DIR}/{}", recorded.name);
        // Not a copy of the file's mode: what is shared is read-only.
        fs::write(folder.join(&file), fs::read(&recorded.file)?)?;
        case.evidence.profiles.push(ProfileRecord {
            file,
            source: recorded.source.to_owned(),
            covers_window: recorded.covers_window,
            ..ProfileRecord::default()
        });
    }
    let mut json = serde_json::to_string_pretty(&case.evidence)?;
    json.push('\n');
    fs::write(folder.join(EVIDENCE_FILE), json)?;
    fs::write(folder.join("README.md"), case.about)
}

/// A window of this length that closed at this time after boot.
fn window(closed_seconds: f64, seconds: f64) -> WindowSpan {
    let closed = Nanos::from_seconds(closed_seconds).0;
    WindowSpan {
        opened: BootNanos(closed.saturating_sub(Nanos::from_seconds(seconds).0)),
        closed: BootNanos(closed),
        requested_seconds: seconds,
        ..WindowSpan::default()
    }
}

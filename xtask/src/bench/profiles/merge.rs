//! Merging many profiles against `go tool pprof -proto`.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::bench::profiles::folder::Folder;
use crate::bench::profiles::peers;
use crate::bench::profiles::table::{self, Contestant};
use crate::bench::usage;
use crate::failure::Result;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(300);
const FILES: u64 = 600;
const SAMPLES: usize = 1000;
const REPEATS: usize = 1;

pub(crate) fn measure(_: &Workspace, binary: &Path) -> Result<String> {
    let (go, version) = (peers::go()?, peers::go_version()?);
    let folder = Folder::new()?;
    let files: Result<Vec<_>> = (1..=FILES)
        .map(|seed| folder.profile(SAMPLES, seed))
        .collect();
    let files = files?;
    let run = |program: &Path, first: &[&str]| {
        let mut arguments: Vec<_> = first.iter().map(OsString::from).collect();
        let mut output = OsString::from("-output=");
        output.push(folder.fresh("merged.pb.gz"));
        arguments.extend(["-proto".into(), output]);
        arguments.extend(files.iter().map(|file| file.clone().into_os_string()));
        usage::of(program, &arguments, LIMIT)
    };
    let contestants = [
        Contestant {
            name: "`nodesleuth pprof -proto`".to_owned(),
            run: Box::new(|| run(binary, &["pprof"])),
        },
        Contestant {
            name: format!("`go tool pprof -proto` ({version})"),
            run: Box::new(|| run(&go, &["tool", "pprof"])),
        },
    ];
    let rows = table::measure(&contestants, REPEATS)?;
    Ok(format!(
        "## Merging\n\n{FILES} synthetic profiles of {SAMPLES} samples each, of one program, \
         merged into one; at least 5 times less CPU and memory is wanted.\n\n{}\n\
         **{:.1} times less CPU, {:.1} times less memory.**\n",
        table::print(&rows),
        rows[1].cpu / rows[0].cpu,
        rows[1].peak_mebibytes / rows[0].peak_mebibytes,
    ))
}

//! `nodesleuth pprof -top` against `go tool pprof -top`.

use std::path::Path;
use std::time::Duration;

use crate::bench::profiles::folder::{DEPTH, Folder};
use crate::bench::profiles::peers;
use crate::bench::profiles::table::{self, Contestant};
use crate::bench::usage;
use crate::failure::Result;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(300);
/// Samples, and how often.
const SIZES: [(usize, usize); 4] = [(1_000, 5), (10_000, 5), (100_000, 5), (1_000_000, 1)];

pub(crate) fn measure(_: &Workspace, binary: &Path) -> Result<String> {
    let (go, version) = (peers::go()?, peers::go_version()?);
    let folder = Folder::new()?;
    let mut text = format!(
        "## Reports\n\nSynthetic profiles (`cargo xtask synthetic-profile`), stacks about {DEPTH} \
         frames deep and nearly all distinct; CPU seconds of a run. At least 20 times is wanted \
         at 100,000 samples.\n"
    );
    for (samples, repeats) in SIZES {
        let profile = folder.profile(samples, 1)?;
        let top = |program: &'static [&'static str]| {
            let mut arguments: Vec<_> = program.iter().map(std::ffi::OsString::from).collect();
            arguments.extend(["-top".into(), profile.clone().into_os_string()]);
            arguments
        };
        let contestants = [
            Contestant {
                name: "`nodesleuth pprof -top`".to_owned(),
                run: Box::new(|| usage::of(binary, &top(&["pprof"]), LIMIT)),
            },
            Contestant {
                name: format!("`go tool pprof -top` ({version})"),
                run: Box::new(|| usage::of(&go, &top(&["tool", "pprof"]), LIMIT)),
            },
        ];
        let rows = table::measure(&contestants, repeats)?;
        text.push_str(&format!("\n{samples} samples:\n\n{}", table::print(&rows)));
    }
    Ok(text)
}

//! From a profile to a picture, against `go tool pprof -raw` (the first third of the usual way),
//! inferno, and FlameGraph's scripts.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bench::profiles::folder::{DEPTH, Folder};
use crate::bench::profiles::peers::{self, FLAMEGRAPH, Scripts};
use crate::bench::profiles::table::{self, Contestant};
use crate::bench::usage::{self, Usage};
use crate::bounded;
use crate::failure::Result;
use crate::workspace::Workspace;

const LIMIT: Duration = Duration::from_secs(300);
/// Samples, and how often.
const SIZES: [(usize, usize); 4] = [(1_000, 5), (10_000, 5), (100_000, 5), (1_000_000, 1)];
/// Beyond this the scripts take minutes and gigabytes.
const SCRIPTS_UP_TO: usize = 100_000;

pub(crate) fn measure(workspace: &Workspace, binary: &Path) -> Result<String> {
    let peers = Peers {
        go: peers::go()?,
        go_version: peers::go_version()?,
        inferno: peers::inferno(workspace)?,
        scripts: peers::flamegraph_scripts(),
    };
    let mut text = format!(
        "## Pictures\n\nSynthetic profiles (`cargo xtask synthetic-profile`), stacks about {DEPTH} \
         frames deep and nearly all distinct. Ours reads the .pb.gz and draws; `go tool pprof \
         -raw` only writes the text that others draw from; inferno-flamegraph gets stacks already \
         folded by ours. At 100,000 samples at least 30 times less CPU than `-raw` and at most \
         60 MB are wanted, at 1,000,000 at most 400 MB.\n"
    );
    if peers.scripts.is_none() {
        text.push_str(&format!(
            "\nFlameGraph's Perl scripts were not on this machine ({FLAMEGRAPH} names their folder).\n"
        ));
    }
    for (samples, repeats) in SIZES {
        let folder = Folder::new()?;
        let run = Run {
            binary,
            profile: folder.profile(samples, 1)?,
            folder,
        };
        run.fold()?;
        let rows = table::measure(&run.contestants(&peers, samples), repeats)?;
        text.push_str(&format!("\n{samples} samples:\n\n{}", table::print(&rows)));
    }
    Ok(text)
}

struct Peers {
    go: PathBuf,
    go_version: String,
    inferno: PathBuf,
    scripts: Option<Scripts>,
}

struct Run<'a> {
    binary: &'a Path,
    profile: PathBuf,
    folder: Folder,
}

impl Run<'_> {
    fn contestants<'a>(&'a self, peers: &'a Peers, samples: usize) -> Vec<Contestant<'a>> {
        let mut all: Vec<Contestant<'a>> = vec![
            Contestant {
                name: "`nodesleuth flame --out x.svg`".to_owned(),
                run: Box::new(|| self.ours("x.svg")),
            },
            Contestant {
                name: "`nodesleuth flame --out x.html`".to_owned(),
                run: Box::new(|| self.ours("x.html")),
            },
            Contestant {
                name: format!("`go tool pprof -raw` ({})", peers.go_version),
                run: Box::new(|| self.raw(&peers.go)),
            },
            Contestant {
                name: "`inferno-flamegraph`, from folded text".to_owned(),
                run: Box::new(|| usage::of(&peers.inferno, &[self.folded()], LIMIT)),
            },
        ];
        if let Some(scripts) = &peers.scripts
            && samples <= SCRIPTS_UP_TO
        {
            all.push(Contestant {
                name: "`-raw`, stackcollapse-go.pl and flamegraph.pl".to_owned(),
                run: Box::new(|| self.scripts(&peers.go, scripts)),
            });
        }
        all
    }

    fn ours(&self, name: &str) -> Result<Usage> {
        usage::of(self.binary, &self.flame(name), LIMIT)
    }

    fn flame(&self, name: &str) -> [OsString; 4] {
        let out = self.folder.fresh(name).into_os_string();
        let profile = self.profile.clone().into_os_string();
        ["flame".into(), profile, "--out".into(), out]
    }

    fn folded(&self) -> PathBuf {
        self.folder.path().join("stacks.folded")
    }

    fn fold(&self) -> Result<()> {
        let mut fold = Command::new(self.binary);
        fold.args(self.flame("stacks.folded"));
        bounded::succeed(&mut fold, LIMIT)
    }

    fn raw(&self, go: &Path) -> Result<Usage> {
        let mut output = OsString::from("-output=");
        output.push(self.folder.fresh("raw.txt"));
        let profile = self.profile.clone().into_os_string();
        let arguments = [
            "tool".into(),
            "pprof".into(),
            "-raw".into(),
            output,
            profile,
        ];
        usage::of(go, &arguments, LIMIT)
    }

    fn scripts(&self, go: &Path, scripts: &Scripts) -> Result<Usage> {
        let pipeline =
            r#""$1" tool pprof -raw "$2" | "$3/stackcollapse-go.pl" $4 | "$3/flamegraph.pl""#;
        let arguments: [OsString; 7] = [
            "-c".into(),
            pipeline.into(),
            "sh".into(),
            go.into(),
            self.profile.clone().into_os_string(),
            scripts.folder.clone().into_os_string(),
            scripts.index.into(),
        ];
        usage::of(Path::new("sh"), &arguments, LIMIT)
    }
}

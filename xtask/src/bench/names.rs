//! Naming addresses of large Go binaries, stripped and not: one that is built here, and Debian's
//! cadvisor.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::profiles::peers;
use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::lab::cadvisor_program;
use crate::workspace::Workspace;

/// What is built: of all that comes with Go it has the most functions.
const LARGE: &str = "cmd/compile";
/// On busy cores, from nothing.
const LIMIT: Duration = Duration::from_secs(900);
/// At most wanted.
const MOST_OPEN_MS: f64 = 5.0;
const MOST_LOOKUP_US: f64 = 3.0;

/// What `examples/go_names.rs` says.
struct Figures(String);

impl Figures {
    fn get(&self, name: &str) -> Result<f64> {
        let mut lines = self.0.lines().filter_map(|line| line.split_once(' '));
        let found = lines.find(|(key, _)| *key == name);
        let number = found.and_then(|(_, value)| value.parse().ok());
        number.ok_or_else(|| Failure::new("go_names", format!("it said no {name}: {}", self.0)))
    }
}

pub(crate) fn measure(workspace: &Workspace, _: &Path) -> Result<String> {
    let folder = tempfile::tempdir().doing(|| "making a temporary folder".to_owned())?;
    let [plain, stripped] = [("plain", None), ("stripped", Some("-ldflags=-s -w"))]
        .map(|(name, flags)| (folder.path().join(name), flags));
    for (path, flags) in [&plain, &stripped] {
        let mut go = Command::new(peers::go()?);
        go.args(["build", "-o"]).arg(path).args(*flags).arg(LARGE);
        bounded::succeed(go.env("GOTOOLCHAIN", "local"), LIMIT)?;
    }
    let large = figures(workspace, &[&stripped.0, &plain.0])?;
    let cadvisor = cadvisor_program(workspace)?;
    let debian = figures(workspace, &[&cadvisor])?;
    let built = format!("{LARGE} of {}, stripped", peers::go_version()?);
    let mut text = "## Names of addresses in Go binaries\n\n\
        Through `.gopclntab`, with inlined calls, files and lines: opening (median of 21) and looking \
        an address up (CPU, mean of 200,000 here and there, beginning with nothing in memory, median of \
        5 such passes; the files are in the page cache).\n\n\
        | binary | functions | opened in | each lookup |\n|---|---|---|---|\n"
        .to_owned();
    let mut within = true;
    for (name, figures) in [(built.as_str(), &large), ("Debian's cadvisor", &debian)] {
        let (open, lookup) = (figures.get("open_ms")?, figures.get("lookup_us")?);
        within &= open <= MOST_OPEN_MS && lookup <= MOST_LOOKUP_US;
        text.push_str(&format!(
            "| {name} | {} | {open:.2} ms | {lookup:.2} µs |\n",
            figures.get("functions")?
        ));
    }
    let (addresses, different) = (large.get("addresses")?, large.get("different")?);
    text.push_str(&format!(
        "\nWanted: at most {MOST_OPEN_MS} ms and {MOST_LOOKUP_US} µs: **{}**. Stripped against \
         unstripped: {addresses} addresses that have a name, every 61 bytes of code, **{different} \
         differ** in function, inlined calls, file or line. `cargo xtask test --only names` \
         compares with what Go itself says, and lists the kinds of spelling in which symbols differ.\n",
        if within { "met" } else { "not met" }
    ));
    Ok(text)
}

fn figures(workspace: &Workspace, binaries: &[&Path]) -> Result<Figures> {
    let mut cargo = workspace.cargo();
    cargo.args("run --release --quiet -p nodesleuth-parse --example go_names --".split(' '));
    let said = bounded::output(cargo.args(binaries), LIMIT)?;
    said.success("go_names").map(Figures)
}

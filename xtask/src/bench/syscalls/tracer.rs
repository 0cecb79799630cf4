//! The programs that watch a load, and what one of them used.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::unistd::geteuid;

use crate::bench::syscalls::load::{Done, Load};
use crate::bench::usage::Usage;
use crate::bounded::{self, Running};
use crate::failure::{Failure, Result, While};
use crate::parent;

/// What all of them need to attach; perf says nothing when it has.
const SETTLE: Duration = Duration::from_millis(1500);
const END_LIMIT: Duration = Duration::from_secs(60);
const INSTALL_LIMIT: Duration = Duration::from_secs(300);
/// Some engines and perf need it; the mount is gone with the process.
const WITH_TRACEFS: &str =
    "mount -t tracefs tracefs /sys/kernel/tracing && exec \"$@\" >\"$0\" 2>&1";

/// Who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nobody,
    /// strace or perf.
    Theirs,
    Summary,
    Stream,
}

/// A way to watch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tracer {
    pub(super) kind: Kind,
    /// As a person types it, without the process.
    pub(super) typed: &'static str,
}

const fn tracer(kind: Kind, typed: &'static str) -> Tracer {
    Tracer { kind, typed }
}

pub(super) const STRACE_C: &str = "strace -c -f";
pub(super) const STRACE: &str = "strace -f -tt";
pub(super) const PERF_TRACE: &str = "perf trace";

pub(super) const TRACERS: [Tracer; 14] = [
    tracer(Kind::Nobody, "nobody"),
    tracer(Kind::Theirs, STRACE_C),
    tracer(Kind::Theirs, STRACE),
    tracer(Kind::Theirs, "perf trace -s"),
    tracer(Kind::Theirs, PERF_TRACE),
    tracer(Kind::Summary, "nodesleuth syscalls --engine bpf-ring"),
    tracer(Kind::Summary, "nodesleuth syscalls --engine bpf-perf"),
    tracer(Kind::Summary, "nodesleuth syscalls --engine bpf-classic"),
    tracer(Kind::Summary, "nodesleuth syscalls --engine perf-rings"),
    tracer(
        Kind::Summary,
        "nodesleuth syscalls --files --engine bpf-ring",
    ),
    tracer(Kind::Stream, "nodesleuth trace --engine bpf-ring"),
    tracer(Kind::Stream, "nodesleuth trace --engine bpf-perf"),
    tracer(Kind::Stream, "nodesleuth trace --engine bpf-classic"),
    tracer(Kind::Stream, "nodesleuth trace --engine perf-rings"),
];

/// One run of a load that was watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub(super) load: Done,
    /// Of the watcher, if it told.
    pub(super) own: Option<Usage>,
}

/// Where what a watcher prints goes.
pub(super) enum Output<'a> {
    Nowhere,
    /// There.
    To(&'a Path),
}

impl Tracer {
    /// Runs a load that is watched.
    pub(super) fn watch(
        self,
        binary: &Path,
        load: Command,
        output: &Output<'_>,
    ) -> Result<Watched> {
        let load = Load::start(load)?;
        if self.kind == Kind::Nobody {
            let (load, own) = (load.go()?, None);
            return Ok(Watched { load, own });
        }
        let told = tempfile::NamedTempFile::new().doing(|| "making a temporary file".to_owned())?;
        let mut command = self.command(binary, load.pid(), told.path(), output);
        let watcher = Running::start(&mut command)?;
        thread::sleep(SETTLE);
        let load = load.go()?;
        watcher.wait(END_LIMIT)?;
        let text = fs::read(told.path()).doing(|| "reading a usage".to_owned())?;
        let own = serde_json::from_slice(&text).ok();
        Ok(Watched { load, own })
    }

    fn command(self, binary: &Path, pid: u32, told: &Path, output: &Output<'_>) -> Command {
        let words: Vec<&str> = self.typed.split(' ').collect();
        let mut command = Command::new(parent::OURSELVES);
        command.arg("__usage").arg(told).arg("--");
        command.args(["unshare", "--mount", "sh", "-c", WITH_TRACEFS]);
        match output {
            Output::Nowhere => command.arg("/dev/null"),
            Output::To(path) => command.arg(path),
        };
        match self.kind {
            Kind::Summary | Kind::Stream => command.arg(binary).args(&words[1..]),
            Kind::Nobody | Kind::Theirs => command.args(&words),
        };
        match self.kind {
            Kind::Summary | Kind::Stream => command.args(["--for", "60s", "--pid"]),
            Kind::Nobody | Kind::Theirs => command.args(["-o", "/dev/null", "-p"]),
        };
        command.arg(pid.to_string()).stdin(Stdio::null());
        command
    }
}

/// Installs Debian's strace and perf if they are not there.
pub(in crate::bench) fn have_peers() -> Result<()> {
    for (program, package) in [("strace", "strace"), ("perf", "linux-perf")] {
        let mut version = Command::new(program);
        version.arg("--version").stdout(Stdio::null());
        if bounded::succeed(&mut version, END_LIMIT).is_ok() {
            continue;
        }
        if !geteuid().is_root() {
            let missing = Failure::new(program, "not installed");
            return Err(missing.remedy(format!("apt-get install {package}")));
        }
        let mut install = Command::new("apt-get");
        install
            .args(["install", "-y", "--no-install-recommends", package])
            .env("DEBIAN_FRONTEND", "noninteractive");
        bounded::succeed(&mut install, INSTALL_LIMIT)?;
    }
    Ok(())
}

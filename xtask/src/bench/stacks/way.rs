//! Who takes the stacks, and what came of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bench::syscalls::load::{Done, Load};
use crate::bench::usage::Usage;
use crate::bounded::Running;
use crate::failure::{Failure, Result, While};
use crate::parent;

/// What all of them need to attach; perf says nothing when it has.
const SETTLE: Duration = Duration::from_millis(1000);
const END_LIMIT: Duration = Duration::from_secs(120);

/// Whose stacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Process,
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nobody,
    Theirs,
    Ours,
}

/// A way to take stacks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// As a person types it, without the process, the time and the output.
    pub(super) typed: &'static str,
    whose: Whose,
    subject: Subject,
}

/// One run of the load that was watched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watched {
    pub(super) load: Done,
    pub(super) own: Option<Own>,
}

/// What the watcher used, and how long it ran.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub(super) usage: Usage,
    pub(super) seconds: f64,
    /// CPU seconds at the end of it, once, for names and output; of others none is known.
    pub(super) at_the_end: Option<f64>,
}

impl Own {
    /// CPU while it watched, its start included, in percent of a core.
    pub(super) fn percent(&self) -> f64 {
        100.0 * (self.usage.cpu() - self.at_the_end.unwrap_or(0.0)) / self.seconds
    }
}

impl Way {
    pub(super) const fn nobody() -> Self {
        Self {
            typed: "nobody",
            whose: Whose::Nobody,
            subject: Subject::Process,
        }
    }

    pub(super) const fn theirs(typed: &'static str, subject: Subject) -> Self {
        Self {
            typed,
            whose: Whose::Theirs,
            subject,
        }
    }

    pub(super) const fn ours(typed: &'static str, subject: Subject) -> Self {
        Self {
            typed,
            whose: Whose::Ours,
            subject,
        }
    }

    pub(super) fn is_ours(self) -> bool {
        self.whose == Whose::Ours
    }

    /// Runs a load of so many seconds that is watched.
    pub(super) fn watch(self, binary: &Path, load: Command, seconds: u32) -> Result<Watched> {
        let load = Load::start(load)?;
        if self.whose == Whose::Nobody {
            let (load, own) = (load.go()?, None);
            return Ok(Watched { load, own });
        }
        let folder = tempfile::tempdir().doing(|| "making a temporary folder".to_owned())?;
        let told = folder.path().join("usage");
        let length = SETTLE + Duration::from_secs(u64::from(seconds) + 1);
        let mut command = Command::new(parent::OURSELVES);
        command.arg("__usage").arg(&told).arg("--");
        let pid = load.pid().to_string();
        match self.whose {
            Whose::Ours => self.our_words(&mut command, binary, folder.path(), &pid, length),
            Whose::Theirs | Whose::Nobody => self.their_words(&mut command, &pid, length),
        }
        let said = folder.path().join("said");
        let out = fs::File::create(&said).doing(|| format!("making {}", said.display()))?;
        let silent = command.stdin(Stdio::null()).stdout(out);
        let began = Instant::now();
        let watcher = Running::start(silent.stderr(Stdio::null()))?;
        thread::sleep(SETTLE);
        let load = load.go()?;
        watcher.wait(END_LIMIT)?;
        let seconds = began.elapsed().as_secs_f64();
        let text = fs::read(&told).doing(|| format!("reading what {} used", self.typed))?;
        let usage = serde_json::from_slice(&text).doing(|| "reading a usage".to_owned())?;
        let at_the_end = match self.whose {
            Whose::Ours => Some(at_the_end(&said)?),
            Whose::Theirs | Whose::Nobody => None,
        };
        let own = Some(Own {
            usage,
            seconds,
            at_the_end,
        });
        Ok(Watched { load, own })
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        self.typed.split(' ')
    }

    /// It ends with the process, or after the time.
    fn our_words(
        self,
        command: &mut Command,
        binary: &Path,
        folder: &Path,
        pid: &str,
        length: Duration,
    ) {
        command.arg(binary).args(self.words().skip(1));
        let length = format!("{}ms", length.as_millis());
        command.args(["--for", &length, "-o", "json"]);
        command.arg("--out").arg(folder.join("out.pb.gz"));
        if self.subject == Subject::Process {
            command.args(["--pid", pid]);
        }
    }

    fn their_words(self, command: &mut Command, pid: &str, length: Duration) {
        command.args(self.words()).args(["-o", "/dev/null"]);
        match self.subject {
            Subject::Process => command.args(["-p", pid]),
            Subject::All => command.args(["sleep", &length.as_secs_f64().to_string()]),
        };
    }
}

/// What `nodesleuth profile -o json` says of its own CPU after the window.
fn at_the_end(said: &Path) -> Result<f64> {
    let text = fs::read(said).doing(|| format!("reading {}", said.display()))?;
    let said: Value = serde_json::from_slice(&text).doing(|| "reading a profile".to_owned())?;
    let seconds = said
        .pointer("/own/names_cpu_seconds")
        .and_then(Value::as_f64);
    seconds.ok_or_else(|| Failure::new("reading a profile", "it does not say what names cost"))
}

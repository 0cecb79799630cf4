//! The programs that make system calls, and one run of one of them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::bench::profiles::peers;
use crate::bounded::{self, Running};
use crate::failure::{Failure, Result, While};
use crate::workspace::Workspace;

const BUILD_LIMIT: Duration = Duration::from_secs(300);
const END_LIMIT: Duration = Duration::from_secs(120);

/// What a run of a load did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::bench) struct Done {
    pub(in crate::bench) operations: u64,
    pub(in crate::bench) cpu_ns: u64,
}

impl Done {
    /// CPU of the load for one operation.
    pub(in crate::bench) fn each_ns(self) -> f64 {
        self.cpu_ns as f64 / self.operations.max(1) as f64
    }
}

/// Programs and the small file that they read.
pub(in crate::bench) struct Programs {
    folder: tempfile::TempDir,
}

impl Programs {
    pub(in crate::bench) fn build(workspace: &Workspace) -> Result<Self> {
        let folder = tempfile::tempdir().doing(|| "making a temporary folder".to_owned())?;
        let sources = workspace.root().join("xtask/programs");
        let programs = Self { folder };
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-o"]).arg(programs.path("c"));
        bounded::succeed(cc.arg(sources.join("calls.c")), BUILD_LIMIT)?;
        let mut go = Command::new(peers::go()?);
        go.args(["build", "-o"]).arg(programs.path("go"));
        bounded::succeed(go.arg(sources.join("calls.go")), BUILD_LIMIT)?;
        let file = programs.path("file");
        fs::write(&file, "12345678\n").doing(|| format!("writing {}", file.display()))?;
        Ok(programs)
    }

    pub(in crate::bench) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self) -> String {
        self.path("file").display().to_string()
    }

    /// The read loop; `rate` a second, 0 is as often as it can.
    pub(in crate::bench) fn reads(&self, seconds: u32, rate: u32) -> Command {
        let words = ["zread".to_owned(), seconds.to_string(), rate.to_string()];
        command(&self.path("c"), &words)
    }

    /// The small-file load in C.
    pub(in crate::bench) fn files(&self, seconds: u32) -> Command {
        let words = ["mix".to_owned(), seconds.to_string(), self.file()];
        command(&self.path("c"), &words)
    }

    /// The small-file load in Go.
    pub(in crate::bench) fn go(&self, seconds: u32) -> Command {
        command(&self.path("go"), &[seconds.to_string(), self.file()])
    }
}

fn command(program: &Path, words: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(words);
    command
}

/// A load that is ready and waits to be let go.
pub(in crate::bench) struct Load {
    process: Running,
    out: BufReader<std::process::ChildStdout>,
}

impl Load {
    pub(in crate::bench) fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Running::start(&mut command)?;
        let out = process.child().stdout.take().map(BufReader::new);
        let out = out.ok_or_else(|| Failure::new("starting a load", "no output"))?;
        let mut load = Self { process, out };
        match load.line()?.as_str() {
            "ready" => Ok(load),
            said => Err(Failure::new("starting a load", format!("it said {said:?}"))),
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.out.read_line(&mut line);
        read.doing(|| "reading what a load says".to_owned())?;
        Ok(line.trim_end().to_owned())
    }

    pub(in crate::bench) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Lets it work and waits for its end.
    pub(in crate::bench) fn go(mut self) -> Result<Done> {
        if let Some(mut stdin) = self.process.child().stdin.take() {
            stdin
                .write_all(b"x")
                .doing(|| "letting a load go".to_owned())?;
        }
        let said = self.line()?;
        self.process.wait(END_LIMIT)?;
        parse(&said).ok_or_else(|| Failure::new("running a load", format!("it said {said:?}")))
    }
}

fn parse(line: &str) -> Option<Done> {
    let (operations, cpu_ns) = line.split_once(' ')?;
    Some(Done {
        operations: operations.parse().ok()?,
        cpu_ns: cpu_ns.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_load_says_is_operations_and_cpu() {
        let done = parse("2000 500000").unwrap();
        assert_eq!(done.each_ns(), 250.0);
        assert_eq!(parse("ready"), None);
    }
}

//! Programs to be profiled, built with the Go that is installed.

use crate::support::{Run, finish, must, nodesleuth, start};
use serde_json::Value;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// `go`, if it is installed, and those that `NODESLEUTH_TEST_GO` names.
pub(crate) fn toolchains() -> Vec<PathBuf> {
    let more = env::var_os("NODESLEUTH_TEST_GO").unwrap_or_default();
    let all = [PathBuf::from("go")]
        .into_iter()
        .chain(env::split_paths(&more));
    let runs = |go: &PathBuf| Command::new(go).arg("version").output().is_ok();
    let found: Vec<PathBuf> = all.filter(runs).collect();
    if found.is_empty() {
        eprintln!("SKIPPED: Go is not installed");
    }
    found
}

/// Builds a program of `tests/programs`.
pub(crate) fn build(go: &Path, folder: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let source = format!("{}/tests/programs/{name}.go", env!("CARGO_MANIFEST_DIR"));
    let program = folder.join(name);
    let mut command = Command::new(go);
    command.arg("build").args(flags).arg("-o").arg(&program);
    command.arg(source).env("GOTOOLCHAIN", "local");
    must(&mut command);
    program
}

/// A program that has said that it is ready, and is ended when it is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Self {
        Self::of(Command::new(program).args(arguments))
    }

    /// The same of any command that becomes such a program.
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = start(command.stdin(Stdio::null()));
        let mut line = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self(child)
    }

    pub(crate) fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Profiles a process with these options.
pub(crate) fn profile(pid: &str, options: &[&str]) -> Run {
    let fixed = ["profile", "--pid", pid];
    let run = finish(start(&mut nodesleuth(&[&fixed[..], options].concat())));
    assert_eq!(run.code, Some(0), "{run:?}");
    run
}

/// What a function and those that it calls cost, in nanoseconds of CPU.
pub(crate) fn cum(profile: &Value, name: &str) -> f64 {
    let functions = profile["functions"].as_array().unwrap();
    let found = functions.iter().find(|function| function["name"] == name);
    found.map_or(0.0, |function| function["cum"].as_f64().unwrap())
}

/// All of the CPU time that was sampled.
pub(crate) fn sampled(profile: &Value) -> f64 {
    profile["cpu"]["sampled_seconds"].as_f64().unwrap() * 1e9
}

//! On a terminal it asks, and only a typed "yes" does it.

use super::support::nodesleuth;
use nix::pty::openpty;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;

const QUESTION: &str = "Type yes to do it: ";

/// An empty cgroup that was left behind.
struct Leaked(PathBuf);

impl Leaked {
    fn make() -> Self {
        let name = format!("nodesleuth-live-asked-{}", std::process::id());
        let folder = Path::new("/sys/fs/cgroup/memory").join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Leaked {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// What a terminal shows of a fix that removes it, when `answer` is typed at the question.
fn shown(leaked: &Leaked, answer: &str) -> String {
    let state = tempfile::tempdir().unwrap();
    let name = leaked.0.file_name().unwrap().to_str().unwrap();
    let terminal = openpty(None, None).unwrap();
    let side = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut child = nodesleuth(&[
        "fix",
        "remove-empty-cgroups",
        "--max-pressure",
        "100",
        "--settle",
        "0s",
        "--pattern",
        &format!("/{name}"),
        "--state-dir",
        state.path().to_str().unwrap(),
    ])
    .stdin(side())
    .stdout(side())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    drop(terminal.slave);
    let mut master = File::from(terminal.master);
    let (mut seen, mut byte, mut asked) = (Vec::new(), [0], false);
    // EIO: the program has ended.
    while matches!(master.read(&mut byte), Ok(1)) {
        seen.push(byte[0]);
        if !asked && seen.ends_with(QUESTION.as_bytes()) {
            asked = true;
            writeln!(master, "{answer}").unwrap();
        }
    }
    child.wait().unwrap();
    let text = String::from_utf8_lossy(&seen).into_owned();
    assert!(asked, "it does not ask:\n{text}");
    text
}

#[test]
#[ignore = "needs root and writable cgroups"]
fn nothing_but_a_typed_yes_does_it() {
    let leaked = Leaked::make();
    for answer in ["", "y", "no", "YES!"] {
        let text = shown(&leaked, answer);
        assert!(text.contains("This was a dry run"), "{answer:?}: {text}");
        assert!(leaked.0.exists(), "{answer:?} did it");
    }
    let text = shown(&leaked, "yes");
    assert!(text.contains("verdict: worked"), "{text}");
    assert!(!leaked.0.exists());
}

//! On a terminal it asks, and only a typed "yes" does it.

use super::support::nodesleuth;
use super::typed::answered;
use std::fs;
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
    let arguments = [
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
    ];
    let (text, _) = answered(QUESTION, answer, |terminal| {
        let mut command = nodesleuth(&arguments);
        command.stdin(terminal()).stdout(terminal());
        command.stderr(Stdio::null()).spawn().unwrap()
    });
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

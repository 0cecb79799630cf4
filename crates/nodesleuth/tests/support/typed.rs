//! A program on a terminal of its own, at which something is typed.

#![expect(clippy::unwrap_used, reason = "test support fails loudly")]

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, ExitStatus, Stdio};

/// What the terminal shows of a program, and how that ended, when `answer` is typed at `question`.
/// `start` is given what makes one of its streams the terminal.
pub(crate) fn answered(
    question: &str,
    answer: &str,
    start: impl FnOnce(&dyn Fn() -> Stdio) -> Child,
) -> (String, ExitStatus) {
    let terminal = openpty(None, None).unwrap();
    // What other tests start meanwhile must not hold it open.
    for end in [&terminal.master, &terminal.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    }
    let side = || Stdio::from(terminal.slave.try_clone().unwrap());
    let mut child = start(&side);
    drop(terminal.slave);
    let mut master = File::from(terminal.master);
    let (mut seen, mut byte, mut asked) = (Vec::new(), [0], false);
    // EIO: the program has ended.
    while matches!(master.read(&mut byte), Ok(1)) {
        seen.push(byte[0]);
        if !asked && seen.ends_with(question.as_bytes()) {
            asked = true;
            writeln!(master, "{answer}").unwrap();
        }
    }
    let status = child.wait().unwrap();
    let text = String::from_utf8_lossy(&seen).into_owned();
    assert!(asked, "it does not ask:\n{text}");
    (text, status)
}

//! The agent's own side: it makes sure that it ends, then works.

use super::{disk_usage, housekeeping};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub(super) const HOUSEKEEPING: &str = "housekeeping";
pub(super) const DISK_USAGE: &str = "disk-usage";

/// Whatever happens, it is over then.
const LIFE: Duration = Duration::from_secs(600);

/// The agent's `main`, with the arguments behind the command: kind, parent's pid, path.
///
/// Exit code 0 at the end of its time, 1 when its parent is gone or its work is, 2 for wrong
/// arguments.
pub fn child_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let Some((kind, parent, path)) = parsed(arguments) else {
        return ExitCode::from(2);
    };
    // In this order: a parent that dies between the two is noticed by one of them.
    if set_pdeathsig(Signal::SIGKILL).is_err() || getppid().as_raw() != parent {
        return ExitCode::FAILURE;
    }
    match work(&kind, &path, Instant::now() + LIFE) {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(_)) => ExitCode::FAILURE,
        None => ExitCode::from(2),
    }
}

fn parsed(arguments: impl IntoIterator<Item = OsString>) -> Option<(String, i32, PathBuf)> {
    let mut arguments = arguments.into_iter();
    let kind = arguments.next()?.into_string().ok()?;
    let parent = arguments.next()?.to_str()?.parse().ok()?;
    Some((kind, parent, arguments.next()?.into()))
}

fn work(kind: &str, path: &Path, end: Instant) -> Option<io::Result<()>> {
    match kind {
        HOUSEKEEPING => Some(housekeeping::run(path, end)),
        DISK_USAGE => Some(disk_usage::run(path, end)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_kind_parent_and_path() {
        let of = |words: &[&str]| parsed(words.iter().map(OsString::from));
        assert_eq!(
            of(&["disk-usage", "7", "/x"]),
            Some(("disk-usage".into(), 7, "/x".into()))
        );
        assert_eq!(of(&["disk-usage", "seven", "/x"]), None);
        assert_eq!(of(&["disk-usage", "7"]), None);
    }

    #[test]
    fn an_agent_whose_work_is_gone_ends() {
        let end = Instant::now() + LIFE;
        let gone = Path::new("/nonexistent/nodesleuth-demo");
        assert!(work(HOUSEKEEPING, gone, end).unwrap().is_err());
        assert!(work(DISK_USAGE, gone, end).unwrap().is_err());
        assert!(work("mining", gone, end).is_none());
    }
}

//! The guardian's own side: listen until the pipe ends, then clean up, in bounded time.

use super::READY;
use super::orders::{Order, Ward};
use crate::{Identity, scratch};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::{Pid as RawPid, setsid};
use nodesleuth_collect::Node;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a killed agent may take to go.
const AGENT_LIMIT: Duration = Duration::from_secs(10);
/// Removals are tried this often; each is bounded itself.
const ATTEMPTS: usize = 2;
const PAUSE: Duration = Duration::from_millis(20);

/// The guardian's `main`: returns when it was told to leave or has cleaned up.
///
/// Exit code 1: it could not get out of reach of our terminal, or something stayed.
pub fn child_main() -> ExitCode {
    match leave_the_terminal().and_then(|()| listen(&mut io::stdin().lock())) {
        Ok(wards) => clean_up(&Node::live(), &wards),
        Err(_) => ExitCode::FAILURE,
    }
}

/// A session of our own; SIGTERM and its like blocked, because whoever stops our whole service
/// (systemd signals every process of it) still wants its node clean.
fn leave_the_terminal() -> io::Result<()> {
    SigSet::all().thread_block()?;
    setsid()?;
    std::env::set_current_dir("/")?;
    let mut answer = io::stdout().lock();
    answer.write_all(READY)?;
    answer.flush()
}

/// Everything to be cleaned up once the pipe has ended; nothing after an order to leave.
fn listen(pipe: &mut impl BufRead) -> io::Result<Vec<Ward>> {
    let mut wards = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        // A pipe that cannot be read any more is as good as ended.
        if pipe.read_until(b'\n', &mut line).unwrap_or(0) == 0 {
            return Ok(wards);
        }
        match line.strip_suffix(b"\n").and_then(Order::parse) {
            Some(Order::Watch(ward)) => wards.push(ward),
            Some(Order::Leave) => return Ok(Vec::new()),
            None => {}
        }
    }
}

/// Processes first: an agent at work may hold up the removal of what it works on.
fn clean_up(node: &Node, wards: &[Ward]) -> ExitCode {
    let mut clean = true;
    for ward in wards {
        if let Ward::Agent(agent) = ward {
            clean &= end(node, *agent);
        }
    }
    for ward in wards {
        clean &= match ward {
            Ward::Agent(_) => continue,
            Ward::Cgroups(path) => until_gone(|| scratch::remove_cgroups(path).is_complete()),
            Ward::Tree(path) => until_gone(|| scratch::remove_folder(path).is_complete()),
        };
    }
    if clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn until_gone(mut attempt: impl FnMut() -> bool) -> bool {
    (0..ATTEMPTS).any(|_| attempt())
}

/// Kills exactly this process and waits for it to go. (It also dies with its parent by itself.)
fn end(node: &Node, agent: Identity) -> bool {
    let deadline = Instant::now() + AGENT_LIMIT;
    let Ok(pid) = i32::try_from(agent.pid.0) else {
        return true;
    };
    while agent.is_alive(node) {
        let _ = kill(RawPid::from_raw(pid), Signal::SIGKILL);
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_pipe_leaves_everything_that_was_told_to_be_cleaned_up() {
        let mut pipe = &b"tree /tmp/a\nrubbish\ncgroups /sys/b\ncgroups /cut/off"[..];
        let wards = listen(&mut pipe).unwrap();
        assert_eq!(
            wards,
            [Ward::Tree("/tmp/a".into()), Ward::Cgroups("/sys/b".into())]
        );
    }

    #[test]
    fn an_order_to_leave_leaves_nothing_to_do() {
        assert_eq!(listen(&mut &b"tree /tmp/a\nleave\n"[..]).unwrap(), []);
    }

    #[test]
    fn a_path_that_is_not_ours_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let wards = [Ward::Tree(path.clone()), Ward::Cgroups(path.clone())];
        clean_up(&Node::live(), &wards);
        assert!(path.exists());
    }
}

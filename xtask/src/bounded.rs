//! Running other programs with a time limit. A program runs in a process group of its own, which
//! is ended as a whole when the limit is over, on Ctrl-C, and when the caller panics.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::failure::{Failure, Result, While};
use crate::interrupt;

/// How long a program may take to end itself after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(10);

/// A running program that does not outlive its guard.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    name: String,
    own_group: bool,
}

impl Running {
    /// Starts `command` in a process group of its own.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Self::spawn(command.process_group(0), true)
    }

    /// Starts `command` in our own process group, so that it may use the terminal.
    pub(crate) fn start_in_foreground(command: &mut Command) -> Result<Self> {
        Self::spawn(command, false)
    }

    fn spawn(command: &mut Command, own_group: bool) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().doing(|| format!("starting {name}"))?;
        Ok(Self {
            child,
            name,
            own_group,
        })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The exit status if it has ended.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .doing(|| format!("waiting for {}", self.name))
    }

    /// Waits for the end; ends the program when `limit` is over or somebody interrupts.
    pub(crate) fn wait(mut self, limit: Duration) -> Result<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            interrupt::check()?;
            if Instant::now() >= end {
                return Err(Failure::new(
                    self.name.clone(),
                    format!("still running after {} s; ended it", limit.as_secs()),
                ));
            }
            std::thread::sleep(POLL);
        }
    }

    fn signal(&self, signal: Signal) {
        let Ok(pid) = i32::try_from(self.child.id()) else {
            return;
        };
        let sent = if self.own_group {
            killpg(Pid::from_raw(pid), signal)
        } else {
            kill(Pid::from_raw(pid), signal)
        };
        // The only likely error is that it has just ended, which is what is wanted.
        let _ = sent;
    }

    fn wait_for_end(&mut self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            std::thread::sleep(POLL);
        }
        false
    }
}

impl Drop for Running {
    /// SIGTERM, a moment of grace, SIGKILL.
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        self.signal(Signal::SIGTERM);
        if !self.wait_for_end(GRACE) {
            self.signal(Signal::SIGKILL);
            self.wait_for_end(GRACE);
        }
    }
}

/// Runs `command` to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<ExitStatus> {
    Running::start(command)?.wait(limit)
}

/// Like [`run`], and a non-zero exit status is an error too.
pub(crate) fn succeed(command: &mut Command, limit: Duration) -> Result<()> {
    let status = run(command, limit)?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(spelled(command), status))
    }
}

/// What a program printed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// Standard output, or an error that carries the end of standard error.
    pub(crate) fn success(self, what: &str) -> Result<String> {
        if self.status.success() {
            return Ok(self.stdout);
        }
        let said = last_lines(&self.stderr, 8);
        Err(Failure::new(what, format!("{}\n{said}", self.status)))
    }
}

/// Runs `command` and keeps what it prints. Files and not pipes take the output, so a grandchild
/// that keeps them open cannot make us wait.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<Output> {
    let temporary = || tempfile::tempfile().doing(|| "making a temporary file".to_owned());
    let (mut stdout, mut stderr) = (temporary()?, temporary()?);
    let handle = |file: &File| {
        file.try_clone()
            .doing(|| "cloning a file handle".to_owned())
    };
    command
        .stdin(Stdio::null())
        .stdout(handle(&stdout)?)
        .stderr(handle(&stderr)?);
    let status = run(command, limit)?;
    Ok(Output {
        status,
        stdout: from_start(&mut stdout)?,
        stderr: from_start(&mut stderr)?,
    })
}

/// Runs `command`, shows what it prints to either stream, and keeps it.
pub(crate) fn shown(command: &mut Command, limit: Duration) -> Result<(ExitStatus, String)> {
    let doing = || "keeping a program's output".to_owned();
    let kept = tempfile::NamedTempFile::new().doing(doing)?;
    // Both streams append: neither writes over the other.
    let append = || File::options().append(true).open(kept.path());
    command
        .stdin(Stdio::null())
        .stdout(append().doing(doing)?)
        .stderr(append().doing(doing)?);
    let mut following = kept.reopen().doing(doing)?;
    let ended = AtomicBool::new(false);
    let status = std::thread::scope(|scope| {
        scope.spawn(|| show(&mut following, &ended));
        let status = run(command, limit);
        ended.store(true, Ordering::Release);
        status
    })?;
    let printed = from_start(&mut kept.reopen().doing(doing)?)?;
    Ok((status, printed))
}

/// Copies a growing file to standard output, to its end once nobody writes it any more.
fn show(growing: &mut File, ended: &AtomicBool) {
    loop {
        let last = ended.load(Ordering::Acquire);
        // What cannot be shown is kept all the same.
        let _ = std::io::copy(growing, &mut std::io::stdout());
        if last {
            return;
        }
        std::thread::sleep(POLL);
    }
}

fn from_start(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .doing(|| "reading a program's output".to_owned())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// The command as a person would type it.
pub(crate) fn spelled(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_over_its_limit_is_ended_with_its_children() {
        let began = Instant::now();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 61 & echo $!; wait"]);
        let file = tempfile::NamedTempFile::new().unwrap();
        command.stdout(file.reopen().unwrap());

        let failure = run(&mut command, Duration::from_millis(300)).unwrap_err();

        assert!(failure.to_string().contains("still running"), "{failure}");
        assert!(began.elapsed() < Duration::from_secs(10));
        let grandchild = std::fs::read_to_string(file.path()).unwrap();
        let state = format!("/proc/{}/stat", grandchild.trim());
        let gone = |_| {
            std::thread::sleep(POLL);
            std::fs::read_to_string(&state).map_or(true, |stat| stat.contains(") Z "))
        };
        assert!((0..200).any(gone), "grandchild {grandchild} still runs");
    }

    #[test]
    fn output_keeps_both_streams_and_the_status() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);

        let output = output(&mut command, Duration::from_secs(10)).unwrap();

        assert_eq!(
            (output.stdout.as_str(), output.stderr.as_str()),
            ("out\n", "err\n")
        );
        let failure = output.success("sh").unwrap_err().to_string();
        assert!(failure.contains("exit status: 3") && failure.contains("err"));
    }

    #[test]
    fn what_is_shown_is_kept_in_order() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo first; echo second >&2; echo third; exit 3"]);

        let (status, printed) = shown(&mut command, Duration::from_secs(10)).unwrap();

        assert_eq!(status.code(), Some(3));
        assert_eq!(printed, "first\nsecond\nthird\n");
    }
}

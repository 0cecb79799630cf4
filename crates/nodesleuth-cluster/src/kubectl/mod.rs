//! kubectl in place of our own client, for kubeconfigs that are beyond it: one process for each
//! request, read while it writes, and ended with it.

mod said;

use crate::way::{Ask, Body};
use crate::{ClusterError, ConnectOptions, Refusal, RefusalKind as Kind};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Response};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::Frame;
use std::ffi::OsString;
use std::fs;
use std::future::ready;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc;

/// A piece of an answer, and how many of them wait to be taken.
const PIECE: usize = 64 << 10;
const WAITING: usize = 4;
/// Of its complaints this much is kept.
const MOST_COMPLAINTS: usize = 16 << 10;
/// It gives up by itself so much later than we do, should we be gone then.
const LATER: Duration = Duration::from_secs(5);
/// How often its end is looked at once it has said everything.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// What a login plugin that it started leaves open is not waited for any longer.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Somebody's kubectl, and the options that say which cluster.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    program: PathBuf,
    which: Vec<OsString>,
}

/// What a running kubectl says.
#[derive(Debug)]
enum Said {
    Piece(Bytes),
    /// It has ended, well or with these complaints.
    End(Result<(), String>),
}

/// A running kubectl; it is killed when nobody wants its answer any more.
#[derive(Debug)]
struct Running(Arc<Mutex<Child>>);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = lock(&self.0).kill();
    }
}

impl Kubectl {
    /// Finds it, as a shell would.
    ///
    /// # Errors
    /// When there is no such program.
    pub(crate) fn find(program: &Path, options: &ConnectOptions) -> Result<Self, ClusterError> {
        let found = match program.components().count() {
            1 if !program.is_absolute() => in_path(program),
            _ => Some(program.to_owned()).filter(|file| is_program(file)),
        };
        let program = found.ok_or_else(|| {
            ClusterError::new(
                format!("there is no program {}", program.display()),
                "install kubectl, or name it with --kubectl=PATH",
            )
        })?;
        let given = [
            ("--context", options.context.as_ref().map(OsString::from)),
            (
                "--kubeconfig",
                options.kubeconfig.as_ref().map(OsString::from),
            ),
            ("--as", options.as_user.as_ref().map(OsString::from)),
        ];
        let which = given.into_iter().filter_map(|(name, value)| {
            let mut word = OsString::from(format!("{name}="));
            word.push(value?);
            Some(word)
        });
        Ok(Self {
            program,
            which: which.collect(),
        })
    }

    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Asks by it. What it says is the body; what it complains of is the refusal.
    pub(crate) async fn send(
        &self,
        ask: &Ask<'_>,
        left: Duration,
    ) -> Result<Response<Body>, Refusal> {
        let (running, mut said) = self.start(ask, left)?;
        let body = match said.recv().await {
            Some(Said::Piece(first)) => body(first, running, said),
            Some(Said::End(Ok(()))) => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            Some(Said::End(Err(complaints))) => return Err(said::refusal(&complaints)),
            None => return Err(failed("reading its answer ended in a panic")),
        };
        Ok(Response::new(body))
    }

    fn start(
        &self,
        ask: &Ask<'_>,
        left: Duration,
    ) -> Result<(Running, mpsc::Receiver<Said>), Refusal> {
        let words: &[&str] = match ask.method {
            Method::GET => &["get", "--raw", ask.path],
            Method::POST => &["create", "--raw", ask.path, "-f", "-"],
            _ => return Err(failed("it is only asked to read")),
        };
        let limit = (left + LATER).as_secs();
        let cannot = |error: io::Error| failed(&error.to_string());
        let mut child = Command::new(&self.program)
            .args(words)
            .args(&self.which)
            .arg(format!("--request-timeout={limit}s"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us: what was begun may still end well.
            .process_group(0)
            .spawn()
            .map_err(cannot)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let child = Arc::new(Mutex::new(child));
        let running = Running(Arc::clone(&child));
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(failed("it has no pipes"));
        };
        // Small enough for the pipe; one that ended before reading it complains elsewhere.
        let _ = stdin.write_all(ask.body);
        drop(stdin);
        let (sender, said) = mpsc::channel(WAITING);
        thread::Builder::new()
            .name("kubectl".to_owned())
            .spawn(move || follow(&child, stdout, stderr, &sender))
            .map_err(cannot)?;
        Ok((running, said))
    }
}

/// Hands its answer over while it comes, and says how it ended.
fn follow(
    child: &Mutex<Child>,
    stdout: ChildStdout,
    stderr: ChildStderr,
    sender: &mpsc::Sender<Said>,
) {
    let complaints = Arc::new(Mutex::new(Vec::new()));
    let listening = {
        let complaints = Arc::clone(&complaints);
        thread::spawn(move || listen(stderr, &complaints))
    };
    let whole = hand_over(stdout, sender);
    let ended = loop {
        match lock(child).try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) => {}
            Err(error) => break Err(error),
        }
        thread::sleep(LOOK_EVERY);
    };
    let mut waited = Duration::ZERO;
    while !listening.is_finished() && waited < LAST_WORDS {
        thread::sleep(LOOK_EVERY);
        waited += LOOK_EVERY;
    }
    let end = match (whole, ended) {
        (Ok(()), Ok(status)) if status.success() => Ok(()),
        (Err(error), _) | (_, Err(error)) => Err(error.to_string()),
        (_, Ok(status)) => {
            let text = String::from_utf8_lossy(&lock(&complaints)).into_owned();
            match text.trim().is_empty() {
                true => Err(format!("kubectl ended without a word ({status})")),
                false => Err(text),
            }
        }
    };
    // Whoever asked may not want it any more.
    let _ = sender.blocking_send(Said::End(end));
}

/// Until its end, or until nobody takes it any more: then the pipe is closed.
fn hand_over(mut stdout: ChildStdout, sender: &mpsc::Sender<Said>) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let length = match stdout.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let said = Said::Piece(Bytes::copy_from_slice(&piece[..length]));
        if sender.blocking_send(said).is_err() {
            return Ok(());
        }
    }
}

/// Takes all that it complains of, so that it is never held up, and keeps the beginning.
fn listen(mut stderr: ChildStderr, complaints: &Mutex<Vec<u8>>) {
    let mut piece = [0; 4 << 10];
    while let Ok(length @ 1..) = stderr.read(&mut piece) {
        let mut complaints = lock(complaints);
        let room = MOST_COMPLAINTS.saturating_sub(complaints.len());
        complaints.extend_from_slice(&piece[..length.min(room)]);
    }
}

fn body(first: Bytes, running: Running, said: mpsc::Receiver<Said>) -> Body {
    let rest = stream::unfold((running, said), |(running, mut said)| async move {
        let next = match said.recv().await? {
            Said::Piece(piece) => Ok(Frame::data(piece)),
            Said::End(Ok(())) => return None,
            Said::End(Err(complaints)) => Err(said::refusal(&complaints).said.into()),
        };
        Some((next, (running, said)))
    });
    let first = stream::once(ready(Ok(Frame::data(first))));
    StreamBody::new(first.chain(rest)).boxed_unsync()
}

fn failed(why: &str) -> Refusal {
    Refusal::new(Kind::KubectlFailed, format!("kubectl cannot be run: {why}"))
}

fn in_path(name: &Path) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let files = std::env::split_paths(&path).map(|folder| folder.join(name));
    files.into_iter().find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

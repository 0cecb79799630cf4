//! kubectl in place of our own client, for kubeconfigs that are beyond it: one process for each
//! request, read while it writes, and ended with it.

mod said;

use crate::way::{Ask, Body};
use crate::{ClusterError, ConnectOptions, Refusal, RefusalKind as Kind};
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{Method, Response};
use http_body_util::{BodyExt, Empty, StreamBody};
use hyper::body::Frame;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// A piece of an answer.
const PIECE: usize = 64 << 10;
/// Of its complaints this much is kept.
const MOST_COMPLAINTS: usize = 16 << 10;
/// It gives up by itself so much later than we do, should we be gone then.
const LATER: Duration = Duration::from_secs(5);
/// What a login plugin that it started leaves open is not waited for any longer.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Somebody's kubectl, and the options that say which cluster.
#[derive(Clone, Debug)]
pub(crate) struct Kubectl {
    program: PathBuf,
    which: Vec<OsString>,
}

/// A running kubectl; it is killed when nobody wants its answer any more.
#[derive(Debug)]
struct Running {
    child: Child,
    stdout: ChildStdout,
    /// None when it has said all of them.
    stderr: Option<ChildStderr>,
    /// What it complained of, as much as is kept.
    complaints: Vec<u8>,
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
        let mut running = self.start(ask, left).await?;
        let body = match running.piece().await {
            Ok(Some(first)) => body(first, running),
            Ok(None) => Empty::new().map_err(|never| match never {}).boxed_unsync(),
            Err(complaints) => return Err(said::refusal(&complaints)),
        };
        Ok(Response::new(body))
    }

    async fn start(&self, ask: &Ask<'_>, left: Duration) -> Result<Running, Refusal> {
        let words: &[&str] = match ask.method {
            Method::GET => &["get", "--raw", ask.path],
            Method::POST => &["create", "--raw", ask.path, "-f", "-"],
            _ => return Err(failed("it is only asked to read")),
        };
        let limit = (left + LATER).as_secs();
        let mut child = Command::new(&self.program)
            .args(words)
            .args(&self.which)
            .arg(format!("--request-timeout={limit}s"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for us: what was begun may still end well.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(&error.to_string()))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(failed("it has no pipes"));
        };
        // Small enough for the pipe; one that ended before reading it complains elsewhere.
        let _ = stdin.write_all(ask.body).await;
        Ok(Running {
            child,
            stdout,
            stderr: Some(stderr),
            complaints: Vec::new(),
        })
    }
}

impl Running {
    /// The next piece of its answer, none when it has ended well, or its complaints.
    async fn piece(&mut self) -> Result<Option<Bytes>, String> {
        let mut piece = BytesMut::with_capacity(PIECE);
        loop {
            // Its complaints are taken meanwhile, so that it is never held up.
            let read = tokio::select! {
                read = self.stdout.read_buf(&mut piece) => read,
                () = complain(&mut self.stderr, &mut self.complaints), if self.stderr.is_some() => {
                    continue;
                }
            };
            return match read {
                Ok(0) => self.end().await.map(|()| None),
                Ok(_) => Ok(Some(piece.freeze())),
                Err(error) => Err(error.to_string()),
            };
        }
    }

    async fn end(&mut self) -> Result<(), String> {
        let status = self.child.wait().await.map_err(|error| error.to_string())?;
        let rest = async {
            while self.stderr.is_some() {
                complain(&mut self.stderr, &mut self.complaints).await;
            }
        };
        // Those that came until then count all the same.
        let _ = timeout(LAST_WORDS, rest).await;
        if status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&self.complaints).into_owned();
        Err(match text.trim().is_empty() {
            true => format!("kubectl ended without a word ({status})"),
            false => text,
        })
    }
}

/// Takes some of its complaints, of which the beginning is kept.
async fn complain(stderr: &mut Option<ChildStderr>, complaints: &mut Vec<u8>) {
    let Some(pipe) = stderr else { return };
    let mut piece = [0; 4 << 10];
    match pipe.read(&mut piece).await {
        Ok(length @ 1..) => {
            let room = MOST_COMPLAINTS.saturating_sub(complaints.len());
            complaints.extend_from_slice(&piece[..length.min(room)]);
        }
        _ => *stderr = None,
    }
}

fn body(first: Bytes, running: Running) -> Body {
    let rest = stream::unfold((Some(first), running), |(first, mut running)| async move {
        let next = match first {
            Some(first) => Ok(first),
            None => match running.piece().await {
                Ok(piece) => Ok(piece?),
                Err(complaints) => Err(said::refusal(&complaints).said.into()),
            },
        };
        Some((next.map(Frame::data), (None, running)))
    });
    StreamBody::new(rest).boxed_unsync()
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

//! The server itself, in a thread of its own.

use crate::reply::End;
use crate::{Asked, Reply, TOKEN, exec, tls};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;

pub(crate) type Answer = Box<dyn Fn(&Asked) -> Option<Reply> + Send + Sync>;

/// A running server.
pub(crate) struct Server {
    address: SocketAddr,
    authority: String,
    seen: Arc<Mutex<Seen>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Seen {
    asked: Vec<String>,
    unexpected: Vec<String>,
    now: usize,
    most_at_once: usize,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

struct Shared {
    prefix: String,
    answer: Answer,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    pub(crate) fn start(prefix: &str, answer: Answer) -> io::Result<Self> {
        let (acceptor, authority) = tls::acceptor()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::new(Shared {
            prefix: prefix.to_owned(),
            answer,
            seen: Arc::clone(&seen),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, &acceptor, &shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            address,
            authority,
            seen,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        lock(&self.seen).asked.clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        lock(&self.seen).most_at_once
    }

    /// Ends the thread; returns what nobody expected.
    pub(crate) fn stop(&mut self) -> Vec<String> {
        // Either end may be gone already.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
        std::mem::take(&mut lock(&self.seen).unexpected)
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: std::net::TcpListener, acceptor: &TlsAcceptor, shared: &Arc<Shared>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(shared));
        tokio::spawn(async move {
            // Clients that go away, or do not trust us, are part of tests.
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let service = service_fn(|request| reply(request, Arc::clone(&shared)));
            let _ = auto::Builder::new(TokioExecutor::new())
                .serve_connection_with_upgrades(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// Counts a request as long as it is answered.
struct Counted<'a>(&'a Mutex<Seen>);

impl<'a> Counted<'a> {
    fn new(seen: &'a Mutex<Seen>) -> Self {
        let mut now = lock(seen);
        now.now += 1;
        now.most_at_once = now.most_at_once.max(now.now);
        Self(seen)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        lock(self.0).now -= 1;
    }
}

async fn reply(
    mut request: Request<Incoming>,
    shared: Arc<Shared>,
) -> io::Result<Response<Pieces>> {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.path();
    let asked = Asked {
        method: parts.method.to_string(),
        path: path.strip_prefix(&shared.prefix).unwrap_or(path).to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    let _counted = Counted::new(&shared.seen);
    let reply = shared.reply_to(&asked, path.starts_with(&shared.prefix));
    sleep(reply.after).await;
    match reply.end {
        End::HangUp => return Err(io::Error::other("hanging up")),
        End::Never => std::future::pending().await,
        End::Whole | End::Cut(_) | End::Trickle(..) => {}
    }
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    if let Some(scenes) = reply.scenes.clone() {
        let key = asked.header("sec-websocket-key").unwrap_or_default();
        for (name, value) in exec::headers(key) {
            response = response.header(name, value);
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(exec::play(upgrade, scenes, move |said| {
            let line = format!("STDIN {}", said.unwrap_or("is gone"));
            lock(&shared.seen).asked.push(line);
        }));
    }
    response.body(Pieces::of(&reply)).map_err(io::Error::other)
}

impl Shared {
    fn reply_to(&self, asked: &Asked, is_ours: bool) -> Reply {
        let line = match asked.query.as_str() {
            "" => format!("{} {}", asked.method, asked.path),
            query => format!("{} {}?{query}", asked.method, asked.path),
        };
        lock(&self.seen).asked.push(line.clone());
        let token = asked.header("authorization");
        if token != Some(&format!("Bearer {TOKEN}")) {
            return Reply::status(401, "Unauthorized", "Unauthorized");
        }
        let reply = is_ours.then(|| (self.answer)(asked)).flatten();
        reply.unwrap_or_else(|| {
            lock(&self.seen).unexpected.push(line);
            Reply::text(418, "nobody expected this request")
        })
    }
}

/// A body in pieces that may end in the middle, or take its time.
struct Pieces {
    left: VecDeque<io::Result<Bytes>>,
    /// What came before a cut is out.
    is_flushed: bool,
    /// Before each piece.
    pause: Duration,
    pausing: Option<Pin<Box<Sleep>>>,
}

impl Pieces {
    fn of(reply: &Reply) -> Self {
        let (piece, pause) = match reply.end {
            End::Trickle(bytes, pause) => (bytes.max(1), pause),
            _ => (16 << 10, Duration::ZERO),
        };
        let shown = match reply.end {
            End::Cut(bytes) => reply.body.slice(..bytes.min(reply.body.len())),
            _ => reply.body.clone(),
        };
        let starts = (0..shown.len()).step_by(piece);
        let mut pieces: VecDeque<io::Result<Bytes>> = starts
            .map(|at| Ok(shown.slice(at..(at + piece).min(shown.len()))))
            .collect();
        if matches!(reply.end, End::Cut(_)) {
            pieces.push_back(Err(io::Error::other("cut")));
        }
        Self {
            left: pieces,
            is_flushed: false,
            pause,
            pausing: None,
        }
    }

    /// Whether the pause before the next piece is over.
    fn is_rested(&mut self, context: &mut Context<'_>) -> bool {
        if self.pause.is_zero() || self.left.is_empty() {
            return true;
        }
        let pause = self.pause;
        let pausing = self.pausing.get_or_insert_with(|| Box::pin(sleep(pause)));
        let is_over = pausing.as_mut().poll(context).is_ready();
        if is_over {
            self.pausing = None;
        }
        is_over
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if matches!(self.left.front(), Some(Err(_))) && !self.is_flushed {
            self.is_flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if !self.is_rested(context) {
            return Poll::Pending;
        }
        let piece = self.left.pop_front();
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }
}

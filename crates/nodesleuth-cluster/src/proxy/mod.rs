//! A port on loopback that leads to the debug pages of one node, for other tools.
//!
//! Loopback alone is no protection: on a shared machine everybody reaches it, and a web page can
//! make its visitor's browser ask. So the path begins with a random token, only GET is taken,
//! `Host` and `Origin` must be ours, and only pages that show something are led on.

mod door;

use crate::node::node_name;
use crate::profile::ProfileOf;
use crate::request::{Requester, stopped};
use crate::way::Body;
use crate::{Cluster, ClusterError};
use bytes::Bytes;
use door::{Door, Refused};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use nodesleuth_collect::Cancel;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Connections that are served at the same time.
const MOST_CONNECTIONS: usize = 32;
/// How long a client may take to say what it wants.
const HEADERS: Duration = Duration::from_secs(10);
/// Headers of an answer that are led on.
const PASSED: &[&str] = &["content-type", "content-disposition", "x-go-pprof"];

/// How a proxy runs.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// It ends when nobody asked for so long.
    pub idle: Duration,
}

/// Why it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyEnd {
    /// The user ended it.
    Stopped,
    /// Nobody asked any more.
    Idle,
}

/// What every connection is served with.
struct Shared {
    requester: Arc<Requester>,
    door: Door,
    of: ProfileOf,
    /// When somebody asked last, and how many are being answered.
    used: Mutex<(Instant, usize)>,
}

impl Cluster {
    /// Serves one node's debug pages until the user stops or nobody asks any more; `listening` is
    /// told the address.
    ///
    /// # Errors
    /// When the name is none, or the port cannot be had.
    pub fn proxy(
        &self,
        node: &str,
        options: &ProxyOptions,
        cancel: &Cancel,
        listening: impl FnOnce(&str),
    ) -> Result<ProxyEnd, ClusterError> {
        let node = node_name(node)?;
        let failed = |error: io::Error| {
            ClusterError::new(
                format!("cannot listen on 127.0.0.1:{}: {error}", options.port),
                "choose another --port, or leave it away for a free one",
            )
        };
        self.block_on(async {
            let place = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
            let listener = TcpListener::bind(place).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            let door = Door::new(address).map_err(failed)?;
            listening(&door.url());
            let shared = Arc::new(Shared {
                requester: Arc::clone(&self.requester),
                door,
                of: ProfileOf::of_checked(&node),
                used: Mutex::new((Instant::now(), 0)),
            });
            Ok(tokio::select! {
                () = stopped(cancel) => ProxyEnd::Stopped,
                () = shared.unused(options.idle) => ProxyEnd::Idle,
                never = accept(&listener, &shared) => match never {},
            })
        })
    }
}

async fn accept(listener: &TcpListener, shared: &Arc<Shared>) -> Infallible {
    let connections = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        // Nobody closes it.
        let permit = Arc::clone(&connections).acquire_owned().await;
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors for a moment, or the client is gone already.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let shared = Arc::clone(shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&shared)));
            let serving = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS)
                .serve_connection(TokioIo::new(stream), service);
            // A client that goes away is its own affair.
            let _ = serving.await;
            drop(permit);
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Body>, Infallible> {
    let (parts, _) = request.into_parts();
    let _using = Using::new(&shared);
    let path = match shared.door.page(&parts) {
        Ok(path) => path,
        Err(Refused(status, why)) => return Ok(said(status, why)),
    };
    let response = match shared.requester.raw(&shared.of.page(&path)).await {
        Ok(response) => response,
        Err(refusal) => {
            let text = format!("{refusal}\n{}\n", refusal.help());
            return Ok(said(StatusCode::BAD_GATEWAY, text));
        }
    };
    let (parts, body) = response.into_parts();
    let mut passed = HeaderMap::new();
    for name in PASSED {
        if let Some(value) = parts.headers.get(*name) {
            passed.insert(*name, value.clone());
        }
    }
    let mut answer = Response::new(body);
    *answer.status_mut() = parts.status;
    *answer.headers_mut() = passed;
    Ok(answer)
}

fn said(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    let body = Full::new(text.into()).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
}

impl Shared {
    fn used(&self) -> std::sync::MutexGuard<'_, (Instant, usize)> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when nobody has asked for so long.
    async fn unused(&self, idle: Duration) {
        loop {
            let (last, answering) = *self.used();
            let passed = last.elapsed();
            if answering == 0 && passed >= idle {
                return;
            }
            let left = idle.saturating_sub(passed);
            sleep(left.max(Duration::from_millis(20))).await;
        }
    }
}

/// A request is being answered.
struct Using<'a>(&'a Shared);

impl<'a> Using<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.used().1 += 1;
        Self(shared)
    }
}

impl Drop for Using<'_> {
    fn drop(&mut self) {
        let mut used = self.0.used();
        *used = (Instant::now(), used.1 - 1);
    }
}

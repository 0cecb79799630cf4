//! The way of a request to the API server: our own client, or somebody's kubectl.

use crate::kubectl::Kubectl;
use crate::request::failed;
use crate::{Refusal, RefusalKind as Kind};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use kube::Client;
use std::error::Error;
use std::time::Duration;

/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

/// How it gets there.
pub(crate) enum Way {
    Library(Client),
    Kubectl(Kubectl),
}

impl Way {
    /// Sends it; the answer is awaited for `left` at most.
    pub(crate) async fn send(
        &self,
        ask: &Ask<'_>,
        left: Duration,
    ) -> Result<Response<Body>, Refusal> {
        match self {
            Self::Library(client) => by_library(client, ask).await,
            Self::Kubectl(kubectl) => kubectl.send(ask, left).await,
        }
    }
}

/// A profile takes a connection for itself as long as its window. Kept open behind it, that would also
/// keep the buffers through which the profile came, of thousands of nodes at once.
const HAS_A_CONNECTION_FOR_ITSELF: &str = "/debug/pprof/profile";

async fn by_library(client: &Client, ask: &Ask<'_>) -> Result<Response<Body>, Refusal> {
    let mut request = Request::builder()
        .method(ask.method.clone())
        .uri(ask.path)
        .header("accept", "application/json, text/plain, */*")
        .header("content-type", "application/json")
        .header(
            "user-agent",
            concat!("nodesleuth/", env!("CARGO_PKG_VERSION")),
        );
    if ask.path.contains(HAS_A_CONNECTION_FOR_ITSELF) {
        request = request.header("connection", "close");
    }
    let request = request
        .body(kube::client::Body::from(ask.body.to_vec()))
        .map_err(|error| Refusal::new(Kind::Malformed, error.to_string()))?;
    let response = client.send(request).await;
    let response = response.map_err(|error| failed(&error))?;
    Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
}

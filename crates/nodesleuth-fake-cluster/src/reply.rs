//! What is answered.

use crate::Scene;
use bytes::Bytes;
use std::time::Duration;

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) after: Duration,
    pub(crate) end: End,
    /// An exec stream is opened, and this happens on it.
    pub(crate) scenes: Option<Vec<Scene>>,
}

/// How a reply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// The connection ends without an answer.
    HangUp,
    /// Nothing is ever said.
    Never,
    /// So many bytes at a time, with such pauses.
    Trickle(usize, Duration),
}

impl Reply {
    /// A body of this type with status 200.
    pub fn ok(content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::text(200, body).header("content-type", content_type)
    }

    /// JSON with status 200.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::ok("application/json", body)
    }

    /// Plain text with this status, as kubelets refuse.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            after: Duration::ZERO,
            end: End::Whole,
            scenes: None,
        }
    }

    /// A `Status` object, as API servers refuse. The message must need no escapes but quotes.
    #[must_use]
    pub fn status(status: u16, reason: &str, message: &str) -> Self {
        let message = message.replace('"', "\\\"");
        let body = format!(
            "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{{}},\"status\":\"Failure\",\
             \"message\":\"{message}\",\"reason\":\"{reason}\",\"code\":{status}}}"
        );
        Self::text(status, body).header("content-type", "application/json")
    }

    /// An exec stream on which this happens.
    #[must_use]
    pub fn exec(scenes: Vec<Scene>) -> Self {
        Self {
            scenes: Some(scenes),
            ..Self::text(101, "")
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same after this time.
    #[must_use]
    pub fn after(mut self, time: Duration) -> Self {
        self.after = time;
        self
    }

    /// The connection ends after so many bytes of the body.
    #[must_use]
    pub fn cut(mut self, bytes: usize) -> Self {
        self.end = End::Cut(bytes);
        self
    }

    /// So many bytes at a time, with such pauses.
    #[must_use]
    pub fn trickle(mut self, bytes: usize, pause: Duration) -> Self {
        self.end = End::Trickle(bytes, pause);
        self
    }

    /// The connection ends without an answer.
    #[must_use]
    pub fn hang_up() -> Self {
        Self {
            end: End::HangUp,
            ..Self::text(0, "")
        }
    }

    /// Nothing is ever said, as by a frozen kubelet.
    #[must_use]
    pub fn never() -> Self {
        Self {
            end: End::Never,
            ..Self::text(0, "")
        }
    }
}

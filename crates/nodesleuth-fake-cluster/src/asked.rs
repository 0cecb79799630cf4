//! A request as a test sees it.

use bytes::Bytes;
use http::HeaderMap;

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET`, `POST` …
    pub method: String,
    /// Path without the front end's prefix.
    pub path: String,
    /// Query without `?`.
    pub query: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Asked {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The value of a parameter of the query, as it was sent.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value)
            .next()
    }

    /// The node and the kubelet's path of a request through the node proxy.
    #[must_use]
    pub fn of_node(&self) -> Option<(&str, &str)> {
        let rest = self.path.strip_prefix("/api/v1/nodes/")?;
        let (node, rest) = rest.split_once('/')?;
        let path = rest.strip_prefix("proxy")?;
        Some((node, path))
    }
}

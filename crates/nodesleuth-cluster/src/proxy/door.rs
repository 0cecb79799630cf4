//! Who is let in, and to which pages.

use crate::random;
use http::request::Parts;
use http::{Method, StatusCode};
use std::io;
use std::net::SocketAddr;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 16;
/// Pages that show something and change nothing.
const PAGES: &[&str] = &[
    "/metrics",
    "/metrics/cadvisor",
    "/metrics/probes",
    "/metrics/resource",
    "/stats/summary",
    "/configz",
    "/healthz",
];
/// Profiles by name.
const PROFILES: &[&str] = &[
    "profile",
    "heap",
    "allocs",
    "goroutine",
    "mutex",
    "block",
    "threadcreate",
    "trace",
    "cmdline",
    "symbol",
];

/// Checks requests.
pub(super) struct Door {
    address: SocketAddr,
    token: String,
}

/// Why somebody is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) &'static str);

impl Door {
    /// With a new token.
    pub(super) fn new(address: SocketAddr) -> io::Result<Self> {
        Ok(Self {
            address,
            token: random::digits::<TOKEN_BYTES>()?,
        })
    }

    /// What other tools are told.
    pub(super) fn url(&self) -> String {
        format!("http://{}/{}", self.address, self.token)
    }

    /// The kubelet's page that is asked for.
    pub(super) fn page(&self, request: &Parts) -> Result<String, Refused> {
        let refused = |status, why| Err(Refused(status, why));
        if request.method != Method::GET {
            return refused(StatusCode::METHOD_NOT_ALLOWED, "only GET is led on\n");
        }
        if !self.is_ours(request, "host", "") {
            return refused(StatusCode::FORBIDDEN, "this name is not ours\n");
        }
        let from_elsewhere = request.headers.contains_key("origin");
        if from_elsewhere && !self.is_ours(request, "origin", "http://") {
            return refused(StatusCode::FORBIDDEN, "web pages may not ask\n");
        }
        let path = request.uri.path().strip_prefix('/').unwrap_or_default();
        let (token, page) = path.split_at(path.find('/').unwrap_or(path.len()));
        if !equal(token, &self.token) {
            return refused(
                StatusCode::FORBIDDEN,
                "the path must begin with the token that was printed\n",
            );
        }
        if !is_allowed(page) {
            return refused(StatusCode::NOT_FOUND, "this page is not led on\n");
        }
        match request.uri.query() {
            None => Ok(page.to_owned()),
            Some(query) if query.bytes().all(is_plain) => Ok(format!("{page}?{query}")),
            Some(_) => refused(StatusCode::BAD_REQUEST, "this query is not led on\n"),
        }
    }

    /// Whether a header names the address that was printed; a name that leads elsewhere could be
    /// anybody's.
    fn is_ours(&self, request: &Parts, header: &str, scheme: &str) -> bool {
        let value = request.headers.get(header);
        let value = value.and_then(|value| value.to_str().ok()?.strip_prefix(scheme));
        value.is_some_and(|value| {
            value == self.address.to_string()
                || value == format!("localhost:{}", self.address.port())
        })
    }
}

fn is_allowed(page: &str) -> bool {
    let profile = page.strip_prefix("/debug/pprof/");
    PAGES.contains(&page) || profile.is_some_and(|name| PROFILES.contains(&name))
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'&' | b'_' | b'-' | b'.')
}

/// In a time that does not tell how much is right.
fn equal(a: &str, b: &str) -> bool {
    let differing = a.bytes().zip(b.bytes()).map(|(a, b)| a ^ b);
    a.len() == b.len() && differing.fold(0, |all, one| all | one) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn door() -> Door {
        Door::new("127.0.0.1:4711".parse().unwrap()).unwrap()
    }

    fn ask(door: &Door, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<String, u16> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        door.page(&parts).map_err(|refused| refused.0.as_u16())
    }

    const HOST: (&str, &str) = ("host", "127.0.0.1:4711");

    #[test]
    fn the_printed_address_leads_to_allowed_pages() {
        let door = door();
        let token = &door.token;
        assert_eq!(door.url(), format!("http://127.0.0.1:4711/{token}"));
        for page in [
            "/metrics",
            "/debug/pprof/profile?seconds=5",
            "/debug/pprof/heap",
        ] {
            let path = format!("/{token}{page}");
            assert_eq!(ask(&door, "GET", &path, &[HOST]).as_deref(), Ok(page));
        }
        let path = format!("/{token}/metrics");
        assert!(ask(&door, "GET", &path, &[("host", "localhost:4711")]).is_ok());
        let ours = ("origin", "http://127.0.0.1:4711");
        assert!(ask(&door, "GET", &path, &[HOST, ours]).is_ok());
    }

    #[test]
    fn everybody_and_everything_else_is_refused() {
        let door = door();
        let token = &door.token;
        let path = format!("/{token}/metrics");
        assert_eq!(ask(&door, "POST", &path, &[HOST]), Err(405));
        assert_eq!(ask(&door, "GET", "/metrics", &[HOST]), Err(403));
        let wrong = format!("/{}/metrics", "0".repeat(32));
        assert_eq!(ask(&door, "GET", &wrong, &[HOST]), Err(403));
        assert_eq!(ask(&door, "GET", &path, &[]), Err(403));
        assert_eq!(
            ask(&door, "GET", &path, &[("host", "evil.example:4711")]),
            Err(403)
        );
        let page = ("origin", "http://evil.example");
        assert_eq!(ask(&door, "GET", &path, &[HOST, page]), Err(403));
        for page in [
            "/run/x",
            "/exec",
            "/debug/pprof/../../run",
            "/logs/",
            "",
            "/",
            "/metrics/",
        ] {
            assert_eq!(
                ask(&door, "GET", &format!("/{token}{page}"), &[HOST]),
                Err(404),
                "{page}"
            );
        }
        let query = format!("/{token}/metrics?x=%2e%2e");
        assert_eq!(ask(&door, "GET", &query, &[HOST]), Err(400));
    }

    #[test]
    fn every_run_has_its_own_token() {
        assert_ne!(door().token, door().token);
        assert_eq!(door().token.len(), 2 * TOKEN_BYTES);
    }
}

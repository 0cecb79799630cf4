//! Profiles that are fetched: what counts as an address, and what is asked of the server.

use crate::commands::pprof::request::Sources;
use crate::failure::Failure;
use nodesleuth_collect::shown_address;
use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

/// What a bare `host:port` means.
const USUAL_PATH: &str = "/debug/pprof/profile";
/// How long a server that samples nothing may take.
const USUAL_TIMEOUT_SECONDS: u64 = 60;
/// A server gets this long beyond its time to send what it has.
const GRACE_SECONDS: u64 = 30;

/// Where a profile is fetched from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    /// What `-seconds` says.
    pub(crate) asked_seconds: Option<u64>,
    pub(crate) give_up_after: Duration,
}

impl Address {
    /// `None` if the source is a file.
    pub(crate) fn of(source: &OsStr, sources: &Sources) -> Result<Option<Self>, Failure> {
        let Some(text) = source.to_str().filter(|_| !Path::new(source).exists()) else {
            return Ok(None);
        };
        let Some(url) = with_scheme(text) else {
            return Ok(None);
        };
        if !url.to_ascii_lowercase().starts_with("http://") {
            let what = format!("{}: only http:// is spoken", shown_address(&url));
            let help = "go through `kubectl proxy` and http://127.0.0.1:8001/api/v1/nodes/NODE/\
                        proxy/debug/pprof/profile, or fetch it with curl and name the file";
            return Err(Failure::usage(what, help));
        }
        let url = with_path(&url);
        let seconds = sources.seconds.or_else(|| seconds_of(&url));
        let usual = seconds.map_or(USUAL_TIMEOUT_SECONDS, |s| s.saturating_add(s / 2));
        let wait = sources.timeout_seconds.unwrap_or(usual);
        Ok(Some(Self {
            url: match sources.seconds {
                Some(seconds) => with_seconds(&url, seconds),
                None => url,
            },
            asked_seconds: sources.seconds,
            give_up_after: Duration::from_secs(wait.saturating_add(GRACE_SECONDS)),
        }))
    }
}

/// `host:port` and `host:port/path` are addresses too.
fn with_scheme(text: &str) -> Option<String> {
    if text.contains("://") {
        return Some(text.to_owned());
    }
    let authority = text.split(['/', '?']).next().unwrap_or_default();
    let (host, port) = authority.rsplit_once(':')?;
    let is_address = !host.is_empty() && port.parse::<u16>().is_ok();
    is_address.then(|| format!("http://{text}"))
}

/// An address without a path means a CPU profile.
fn with_path(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let host = place.split_once("://").map_or("", |(_, rest)| rest);
    let place = match host.split_once('/') {
        None => format!("{place}{USUAL_PATH}"),
        Some((_, "")) => format!("{}{USUAL_PATH}", &place[..place.len() - 1]),
        Some(_) => place.to_owned(),
    };
    match query {
        "" => place,
        query => format!("{place}?{query}"),
    }
}

fn with_seconds(url: &str, seconds: u64) -> String {
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let others = query
        .split('&')
        .filter(|p| !p.is_empty() && !p.starts_with("seconds="));
    let own = format!("seconds={seconds}");
    let parameters: Vec<_> = others.chain([own.as_str()]).collect();
    format!("{place}?{}", parameters.join("&"))
}

fn seconds_of(url: &str) -> Option<u64> {
    let mut parameters = url.split_once('?')?.1.split('&');
    let value = parameters.find_map(|parameter| parameter.strip_prefix("seconds="))?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(source: &str, seconds: Option<u64>) -> Option<String> {
        let sources = Sources {
            seconds,
            ..Sources::default()
        };
        let address = Address::of(OsStr::new(source), &sources).unwrap();
        address.map(|address| address.url)
    }

    #[test]
    fn addresses_are_completed_as_pprof_completes_them() {
        let cases = [
            ("http://h:1/x", None, "http://h:1/x"),
            ("h:1", None, "http://h:1/debug/pprof/profile"),
            ("h:1/", Some(5), "http://h:1/debug/pprof/profile?seconds=5"),
            (
                "127.0.0.1:8001/api/x?a=b",
                Some(5),
                "http://127.0.0.1:8001/api/x?a=b&seconds=5",
            ),
            (
                "http://h/p?seconds=9&a=b#c",
                Some(5),
                "http://h/p?a=b&seconds=5",
            ),
            ("[::1]:80/p", None, "http://[::1]:80/p"),
        ];
        for (source, seconds, expected) in cases {
            assert_eq!(url(source, seconds).as_deref(), Some(expected));
        }
        for file in ["cpu.pb.gz", "./a:b", "dir/x:1", "localhost", "c:x"] {
            assert_eq!(url(file, None), None, "{file}");
        }
    }

    #[test]
    fn a_server_may_take_half_as_long_again() {
        let address = |source: &str| {
            Address::of(OsStr::new(source), &Sources::default())
                .unwrap()
                .unwrap()
        };
        assert_eq!(address("h:1/x?seconds=40").give_up_after.as_secs(), 90);
        assert_eq!(address("h:1/x").give_up_after.as_secs(), 90);
    }

    #[test]
    fn https_is_refused_with_a_way_around_and_without_secrets() {
        let source = OsStr::new("https://me:s3cret@host/debug/pprof/profile");
        let failure = Address::of(source, &Sources::default())
            .unwrap_err()
            .to_string();
        assert_eq!(
            failure,
            "https://host/debug/pprof/profile: only http:// is spoken"
        );
    }
}

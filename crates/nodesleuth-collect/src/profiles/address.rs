//! Where a profile is to come from: a file, or an address with its secrets kept out of the record.

/// Query parameters that are kept in the record; anything else could be a token.
const KEPT_PARAMETERS: [&str; 3] = ["seconds", "debug", "gc"];

/// Where a profile is to come from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file.
    File(String),
    /// An address to fetch it from.
    Http(String),
    /// An address that we do not speak.
    OtherScheme(String),
}

impl Source {
    /// What the user meant; anything with `://` is an address.
    pub(crate) fn of(text: &str) -> Self {
        match text.split_once("://") {
            None => Self::File(text.to_owned()),
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => Self::Http(text.to_owned()),
            Some(_) => Self::OtherScheme(text.to_owned()),
        }
    }

    /// How it may be shown and stored: without user, password, unknown parameters and fragment.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::File(path) => path.clone(),
            Self::Http(address) | Self::OtherScheme(address) => without_secrets(address),
        }
    }
}

/// An address without user, password, unknown parameters and fragment. Where a login is mistyped
/// or holds what should have been escaped, rather too much is left out than too little.
pub(crate) fn without_secrets(address: &str) -> String {
    let (scheme, rest) = match address.find("://") {
        Some(end) => address.split_at(end + 3),
        None => ("", address),
    };
    let rest = after_login(rest).split('#').next().unwrap_or_default();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|parameter| {
            KEPT_PARAMETERS.contains(&parameter.split('=').next().unwrap_or_default())
        })
        .collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    format!("{scheme}{place}{mark}{}", kept.join("&"))
}

/// What follows `user:password@`. A password may hold `/`, `?` or `#` although it should not: then
/// what stands before that is no host with a port.
fn after_login(rest: &str) -> &str {
    let Some(at) = rest.rfind('@') else {
        return rest;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = !authority.contains('@')
        && authority
            .rsplit_once(':')
            .is_none_or(|(_, port)| is_port(port));
    if is_host {
        return rest;
    }
    let path_begins = authority.rfind('@').unwrap_or(at);
    &rest[path_begins + 1..]
}

fn is_port(text: &str) -> bool {
    // An IPv6 address without a port ends with a bracket.
    text.parse::<u16>().is_ok() || text.ends_with(']')
}

/// Whether text without a scheme is rather `host:port/…` or `user:password@host/…` than a path.
pub(crate) fn looks_like_an_address(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) => !host.is_empty() && is_port(port),
        None => authority.contains('@') || authority == "localhost",
    }
}

/// The address with `seconds=` for CPU profiles, unless it says something itself. Go reads a whole
/// number and takes 30 s for anything else.
pub(crate) fn with_seconds(address: &str, seconds: u64) -> String {
    let address = address.split('#').next().unwrap_or_default();
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let says_itself = query
        .split('&')
        .any(|parameter| parameter.starts_with("seconds="));
    if !place.trim_end_matches('/').ends_with("/profile") || says_itself {
        return address.to_owned();
    }
    let joint = if query.is_empty() { "" } else { "&" };
    format!("{place}?{query}{joint}seconds={}", seconds.max(1))
}

/// Another page of pprof beside that of a CPU profile. What the query says besides the length is
/// kept: a server may want a token.
pub(crate) fn sibling(address: &str, page: &str) -> Option<String> {
    let address = address.split('#').next().unwrap_or_default();
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let folder = place.trim_end_matches('/').strip_suffix("/profile")?;
    let kept = query.split('&').filter(|parameter| {
        let name = parameter.split('=').next().unwrap_or_default();
        !name.is_empty() && !KEPT_PARAMETERS.contains(&name)
    });
    let kept: Vec<&str> = kept.collect();
    let mark = if kept.is_empty() { "" } else { "?" };
    Some(format!("{folder}/{page}{mark}{}", kept.join("&")))
}

/// For how long the server was asked to sample.
pub(crate) fn seconds_of(address: &str) -> Option<u64> {
    let query = address.split_once('?')?.1;
    let value = query
        .split('&')
        .find_map(|parameter| parameter.strip_prefix("seconds="))?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_password_and_tokens_are_not_kept() {
        for (given, shown) in [
            (
                "http://admin:s3cret@node:10255/debug/pprof/profile?seconds=5",
                "http://node:10255/debug/pprof/profile?seconds=5",
            ),
            (
                "http://n/profile?access_token=abc&seconds=5#x",
                "http://n/profile?seconds=5",
            ),
            ("http://a:b@c:d@host/p", "http://host/p"),
            ("https://t@host", "https://host"),
            ("http://a:b/c@host/p", "http://host/p"),
            ("http://a:b?c@host/p", "http://host/p"),
            ("http://a:b#c@host/p?seconds=5", "http://host/p?seconds=5"),
            (
                "http://n:80/p?user=a@b&seconds=5",
                "http://n:80/p?seconds=5",
            ),
            ("http://[::1]:80/p", "http://[::1]:80/p"),
        ] {
            assert_eq!(Source::of(given).shown(), shown);
        }
    }

    #[test]
    fn seconds_are_added_to_cpu_profiles_only_and_only_when_unsaid() {
        let added = |address| with_seconds(address, 15);
        assert_eq!(
            added("http://n/debug/pprof/profile"),
            "http://n/debug/pprof/profile?seconds=15"
        );
        assert_eq!(
            added("http://n/profile?debug=0"),
            "http://n/profile?debug=0&seconds=15"
        );
        assert_eq!(
            added("http://n/profile?seconds=3"),
            "http://n/profile?seconds=3"
        );
        assert_eq!(
            added("http://n/debug/pprof/heap"),
            "http://n/debug/pprof/heap"
        );
        assert_eq!(seconds_of("http://n/profile?debug=0&seconds=15"), Some(15));
        assert_eq!(seconds_of("http://n/heap"), None);
        assert_eq!(
            with_seconds("http://n/profile", 0),
            "http://n/profile?seconds=1"
        );
    }

    #[test]
    fn other_pages_stand_beside_that_of_the_cpu() {
        let heap = |address| sibling(address, "heap");
        assert_eq!(
            heap("http://n/debug/pprof/profile?seconds=5&token=a").as_deref(),
            Some("http://n/debug/pprof/heap?token=a")
        );
        assert_eq!(
            heap("http://n/profile/#x").as_deref(),
            Some("http://n/heap")
        );
        assert_eq!(heap("http://n/cpu"), None);
    }

    #[test]
    fn a_path_is_a_file_and_https_is_told_apart() {
        assert!(Source::of("./cpu.pb.gz") == Source::File("./cpu.pb.gz".to_owned()));
        assert!(matches!(Source::of("HTTP://n/x"), Source::Http(_)));
        assert!(matches!(Source::of("https://n/x"), Source::OtherScheme(_)));
    }
}

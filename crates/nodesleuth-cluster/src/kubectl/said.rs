//! What kubectl complains of, as the refusal that our own client would have got.

use crate::{Refusal, RefusalKind as Kind, answer};

/// What its client library makes of a page that is no Status object: the page's own words are lost.
const NOT_FOUND: &str = "the server could not find the requested resource";
const ASKS_FOR_LOGIN: &str = "the server has asked for the client to provide credentials";

/// The status that stands behind a reason.
const STATUS: &[(&str, u16)] = &[
    ("BadRequest", 400),
    ("Unauthorized", 401),
    ("Forbidden", 403),
    ("NotFound", 404),
    ("MethodNotAllowed", 405),
    ("TooManyRequests", 429),
    ("InternalError", 500),
    ("ServiceUnavailable", 503),
    ("Timeout", 504),
];

/// The refusal in its complaints.
pub(super) fn refusal(complaints: &str) -> Refusal {
    let lines = complaints.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    // Warnings and its log come before.
    let told = lines.iter().rev().find_map(|line| of_line(line));
    told.unwrap_or_else(|| {
        let last = lines.last().copied().unwrap_or_default();
        Refusal::new(
            Kind::KubectlFailed,
            format!("kubectl: {}", answer::shown(last)),
        )
    })
}

fn of_line(line: &str) -> Option<Refusal> {
    if let Some(said) = line.strip_prefix("Error from server") {
        return Some(of_server(said));
    }
    if let Some(said) = line.strip_prefix("error: You must be logged in to the server") {
        let said = said.trim().trim_start_matches('(').trim_end_matches(')');
        return Some(of_status(401, "Unauthorized", said));
    }
    if let Some(said) = line.strip_prefix("Unable to connect to the server:") {
        return Some(not_connected(said.trim()));
    }
    if line.starts_with("The connection to the server") {
        let said = format!("the API server cannot be reached: {}", answer::shown(line));
        return Some(Refusal::new(Kind::ApiServerUnreachable, said));
    }
    None
}

/// ` (REASON): words`, or without a reason.
fn of_server(said: &str) -> Refusal {
    let reason = said.trim_start().strip_prefix('(');
    let with_reason = reason.and_then(|rest| rest.split_once("): "));
    match with_reason {
        Some((reason, said)) => {
            let status = STATUS.iter().find(|(name, _)| *name == reason);
            of_status(status.map_or(500, |(_, status)| *status), reason, said)
        }
        None => of_status(500, "", said.trim_start_matches(':').trim()),
    }
}

fn of_status(status: u16, reason: &str, said: &str) -> Refusal {
    match status {
        // Only a kubelet without debugging handlers answers a GET so.
        405 => Refusal::new(Kind::DebugDisabled, answer::shown(said)),
        401 if said == ASKS_FOR_LOGIN => answer::of_words(status, said, None),
        403 if said.contains("(user=") => answer::of_words(status, said, None),
        404 if said == NOT_FOUND => answer::of_words(status, said, None),
        _ => answer::of_words(status, said, Some(reason)),
    }
}

/// Before anything was asked.
fn not_connected(said: &str) -> Refusal {
    let has = |words: &[&str]| words.iter().any(|words| said.contains(words));
    let (kind, lead) = if has(&[
        "getting credentials",
        "exec plugin",
        "failed to refresh token",
    ]) {
        (Kind::LoginFailed, "logging in failed")
    } else if has(&["x509", "certificate"]) {
        (
            Kind::NotTrusted,
            "the API server's certificate is not trusted",
        )
    } else if has(&["deadline exceeded", "Client.Timeout"]) {
        (Kind::NoAnswer, "no answer in kubectl's time")
    } else if has(&["EOF", "connection reset", "closed network"]) {
        (Kind::Cut, "the connection was closed without an answer")
    } else {
        (
            Kind::ApiServerUnreachable,
            "the API server cannot be reached",
        )
    };
    Refusal::new(kind, format!("{lead}: {}", answer::shown(said)))
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::RefusalKind as Kind;

    /// As kubectl 1.20 and 1.32 wrote it.
    #[test]
    fn every_complaint_is_told_apart() {
        let rows = [
            (
                "Error from server (Forbidden): nodes \"node-a\" is forbidden: User \"dev\" cannot get resource \"nodes/proxy\" in API group \"\" at the cluster scope",
                Kind::Forbidden,
            ),
            (
                "Error from server (Forbidden): Forbidden (user=dev, verb=get, resource=nodes, subresource=proxy)",
                Kind::KubeletForbids,
            ),
            (
                "error: You must be logged in to the server (Unauthorized)",
                Kind::Unauthorized,
            ),
            (
                "error: You must be logged in to the server (the server has asked for the client to provide credentials)",
                Kind::KubeletForbids,
            ),
            (
                "Error from server (NotFound): nodes \"node-zz\" not found",
                Kind::NoSuchNode,
            ),
            (
                "Error from server (NotFound): the server could not find the requested resource",
                Kind::NotServed,
            ),
            (
                "Error from server (NotFound): pods \"x\" not found",
                Kind::NoSuchObject,
            ),
            (
                "Error from server (MethodNotAllowed): the server does not allow this method on the requested resource",
                Kind::DebugDisabled,
            ),
            (
                "Error from server (InternalError): an error on the server (\"Could not enable CPU profiling: cpu profiling already in use\") has prevented the request from succeeding",
                Kind::ProfilingInUse,
            ),
            (
                "Error from server: error trying to reach service: dial tcp 10.199.0.10:10250: connect: connection refused",
                Kind::KubeletDown,
            ),
            (
                "Error from server: error trying to reach service: dial tcp 10.199.0.10:10250: i/o timeout",
                Kind::NodeUnreachable,
            ),
            (
                "Unable to connect to the server: x509: certificate signed by unknown authority",
                Kind::NotTrusted,
            ),
            (
                "Unable to connect to the server: getting credentials: exec: executable aws not found",
                Kind::LoginFailed,
            ),
            (
                "Unable to connect to the server: context deadline exceeded",
                Kind::NoAnswer,
            ),
            (
                "Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout",
                Kind::ApiServerUnreachable,
            ),
            (
                "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
                Kind::ApiServerUnreachable,
            ),
            (
                "error: context \"nope\" does not exist",
                Kind::KubectlFailed,
            ),
        ];
        for (complaint, kind) in rows {
            let with_log = format!("E1128 03:04:05.6 7 memcache.go:1] something\n\n{complaint}\n");
            let refusal = refusal(&with_log);
            assert_eq!(refusal.kind, kind, "{complaint}");
            assert!(!refusal.said.is_empty() && !refusal.help().is_empty());
        }
    }
}

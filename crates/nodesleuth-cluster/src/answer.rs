//! What an answer means that has another status than 200.

use crate::{Refusal, RefusalKind as Kind};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::time::Duration;

/// Texts are cut here.
const SHOWN_CHARACTERS: usize = 300;
/// Without a `Retry-After` this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// No server makes us wait longer than this for one request.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);

/// The API server's own refusals; kubelets answer in plain text.
#[derive(Deserialize)]
struct Status {
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
}

/// The refusal that an answer is; `body` may be cut.
pub(crate) fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(body);
    let object = serde_json::from_str::<Status>(&text)
        .ok()
        .filter(|status| status.kind == "Status");
    let said = match &object {
        Some(object) if !object.message.is_empty() => object.message.as_str(),
        _ => first_line(&text),
    };
    of(status, headers, said, object.as_ref())
}

/// The same of what somebody else made of an answer: its message, and the API server's reason where
/// the answer was a `Status` object.
pub(crate) fn of_words(status: u16, said: &str, reason: Option<&str>) -> Refusal {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let object = reason.map(|reason| Status {
        kind: "Status".to_owned(),
        message: said.to_owned(),
        reason: reason.to_owned(),
    });
    of(status, &HeaderMap::new(), said, object.as_ref())
}

/// As much of a text as is shown.
pub(crate) fn shown(said: &str) -> String {
    said.chars().take(SHOWN_CHARACTERS).collect()
}

fn of(status: StatusCode, headers: &HeaderMap, said: &str, object: Option<&Status>) -> Refusal {
    let kind = kind(status, headers, said, object);
    let said = shown(said);
    let said = match (kind, said.is_empty()) {
        (Kind::Redirected, _) => format!("HTTP {status}, a redirect, not followed"),
        (_, true) => format!("HTTP {status} without a word"),
        (Kind::Other(_) | Kind::Cut, false) => format!("HTTP {status}: {said}"),
        (_, false) => said,
    };
    Refusal { kind, said }
}

fn first_line(text: &str) -> &str {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or_default()
}

fn kind(status: StatusCode, headers: &HeaderMap, said: &str, object: Option<&Status>) -> Kind {
    let by_kubelet = object.is_none();
    match status.as_u16() {
        300..=399 => Kind::Redirected,
        401 if by_kubelet => Kind::KubeletForbids,
        401 => Kind::Unauthorized,
        403 if by_kubelet && said.contains("resource=nodes") => Kind::KubeletForbids,
        403 => Kind::Forbidden,
        404 if by_kubelet => Kind::NotServed,
        404 if said.starts_with("nodes \"") => Kind::NoSuchNode,
        404 if object.is_some_and(|object| object.reason == "NotFound") => Kind::NoSuchObject,
        405 if said.contains("disabled") => Kind::DebugDisabled,
        400 if said.contains("WriteTimeout") => Kind::ProfileTooLong,
        429 => Kind::TooManyRequests(retry_after(headers)),
        500 if said.contains("already in use") => Kind::ProfilingInUse,
        // Some front ends and client libraries wrap it: `an error on the server ("…")`.
        500..=599 => unreachable(status.as_u16(), headers, said),
        other => Kind::Other(other),
    }
}

/// 500 or 503 depending on the release; 502 and 504 come from front ends.
fn unreachable(status: u16, headers: &HeaderMap, said: &str) -> Kind {
    const UNREACHABLE: &[&str] = &[
        "i/o timeout",
        "no route to host",
        "network is unreachable",
        "context deadline exceeded",
        "no such host",
        "tunnel",
    ];
    if said.contains("connection refused") {
        Kind::KubeletDown
    } else if said.contains("connection reset") || said.contains("EOF") {
        Kind::Cut
    } else if UNREACHABLE.iter().any(|words| said.contains(words)) {
        Kind::NodeUnreachable
    } else if status == 503 && headers.contains_key("retry-after") {
        Kind::TooManyRequests(retry_after(headers))
    } else if matches!(status, 502 | 504) {
        Kind::Cut
    } else {
        Kind::Other(status)
    }
}

/// In seconds; dates are not sent by API servers.
fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    seconds.map_or(RETRY_AFTER, |seconds| {
        Duration::from_secs(seconds).min(LONGEST_RETRY_AFTER)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap();
        refusal(status, &HeaderMap::new(), body.as_bytes())
    }

    fn object(reason: &str, message: &str) -> String {
        let message = message.replace('"', "\\\"");
        format!(
            "{{\n  \"kind\": \"Status\",\n  \"message\": \"{message}\",\n  \"reason\": \"{reason}\"\n}}"
        )
    }

    /// Bodies of a real cluster (1.20).
    #[test]
    fn every_row_of_the_table_is_told_apart() {
        let reach = |why: &str| {
            let message = format!("error trying to reach service: {why}");
            format!("{{\"kind\":\"Status\",\"message\":\"{message}\",\"code\":500}}")
        };
        let forbidden = "nodes \"node-a\" is forbidden: User \"dev\" cannot get resource \"nodes/proxy\" in API group \"\" at the cluster scope";
        let kubelet = "Forbidden (user=dev, verb=get, resource=nodes, subresource=proxy)";
        let rows = [
            (403, object("Forbidden", forbidden), Kind::Forbidden),
            (
                401,
                object("Unauthorized", "Unauthorized"),
                Kind::Unauthorized,
            ),
            (
                404,
                object("NotFound", "nodes \"node-zz\" not found"),
                Kind::NoSuchNode,
            ),
            (
                404,
                object("NotFound", "pods \"x\" not found"),
                Kind::NoSuchObject,
            ),
            (
                500,
                reach("dial tcp 10.199.0.10:10250: connect: connection refused"),
                Kind::KubeletDown,
            ),
            (
                503,
                reach("dial tcp 10.199.0.10:10250: connect: connection refused"),
                Kind::KubeletDown,
            ),
            (
                500,
                reach("dial tcp 10.199.0.10:10250: i/o timeout"),
                Kind::NodeUnreachable,
            ),
            (
                500,
                reach("read tcp 10.199.0.10:45516: read: connection reset by peer"),
                Kind::Cut,
            ),
            (
                500,
                "Could not enable CPU profiling: cpu profiling already in use\n".into(),
                Kind::ProfilingInUse,
            ),
            (
                405,
                "Debug endpoints are disabled.\n".into(),
                Kind::DebugDisabled,
            ),
            (
                400,
                "profile duration exceeds server's WriteTimeout\n".into(),
                Kind::ProfileTooLong,
            ),
            (404, "404 page not found\n".into(), Kind::NotServed),
            (403, kubelet.into(), Kind::KubeletForbids),
            (401, "Unauthorized".into(), Kind::KubeletForbids),
            (302, String::new(), Kind::Redirected),
            (504, "<html>Gateway Time-out</html>".into(), Kind::Cut),
            (418, "teapot".into(), Kind::Other(418)),
        ];
        for (status, body, kind) in rows {
            let refusal = answered(status, &body);
            assert_eq!(refusal.kind, kind, "{status} {body}");
            assert!(!refusal.said.is_empty() && !refusal.help().is_empty());
        }
    }

    #[test]
    fn too_many_requests_says_when_to_come_back() {
        let mut headers = HeaderMap::new();
        let many = |headers: &HeaderMap| refusal(StatusCode::TOO_MANY_REQUESTS, headers, b"").kind;
        assert_eq!(many(&headers), Kind::TooManyRequests(RETRY_AFTER));
        for (text, seconds) in [("7", 7), ("900", 60), ("soon", 1)] {
            headers.insert("retry-after", text.parse().unwrap());
            let after = Duration::from_secs(seconds);
            assert_eq!(many(&headers), Kind::TooManyRequests(after));
        }
    }

    #[test]
    fn what_was_said_is_one_short_line() {
        let refusal = answered(500, &format!("\n\n{}\nmore", "x".repeat(1_000)));
        assert_eq!(
            refusal.said.chars().count(),
            SHOWN_CHARACTERS + "HTTP 500 Internal Server Error: ".len()
        );
    }
}

//! Gets the bytes of a profile over plain HTTP and says clearly what went wrong.

use super::MAX_PROFILE_BYTES;
use super::address::without_secrets;
use super::server_text::said;
use nodesleuth_model::{Missing, MissingKind};
use std::io;
use std::time::Duration;
use ureq::{Agent, Error, Timeout};

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Of an error's text this much is read to find its first line.
const MAX_ERROR_TEXT: u64 = 64 << 10;

/// The body of a 200 answer.
pub(super) fn fetch(address: &str, give_up_after: Duration) -> Result<Vec<u8>, Missing> {
    let config = Agent::config_builder()
        .timeout_global(Some(give_up_after))
        .timeout_connect(Some(CONNECT))
        .http_status_as_error(false)
        // A node's debug port is asked directly, whatever proxy is set for the internet.
        .proxy(None)
        // Where a redirect leads is for the user to judge, often a login page.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .build();
    let mut answer = Agent::new_with_config(config)
        .get(address)
        .call()
        .map_err(|error| explain(error, give_up_after))?;
    let status = answer.status();
    if status.is_redirection() {
        let to = answer
            .headers()
            .get("location")
            .and_then(|to| to.to_str().ok());
        return Err(redirected(status.as_u16(), to.unwrap_or("nowhere")));
    }
    if status.as_u16() != 200 {
        let text = answer
            .body_mut()
            .with_config()
            .limit(MAX_ERROR_TEXT)
            .read_to_vec();
        return Err(refused(
            status.as_u16(),
            status.canonical_reason(),
            &text.unwrap_or_default(),
        ));
    }
    answer
        .body_mut()
        .with_config()
        .limit(MAX_PROFILE_BYTES)
        .read_to_vec()
        .map_err(|error| cut(error, give_up_after))
}

fn redirected(status: u16, to: &str) -> Missing {
    let to = without_secrets(to);
    let reason = format!("the server answered HTTP {status}, a redirect to {to}, not followed");
    Missing::new(MissingKind::Failed, reason)
}

fn refused(status: u16, name: Option<&str>, body: &[u8]) -> Missing {
    let name = name.map(|name| format!(" {name}")).unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    let said = match said(&text) {
        line if line.is_empty() => line,
        line => format!(": {line}"),
    };
    let missing = Missing::new(
        MissingKind::Failed,
        format!("the server answered HTTP {status}{name}{said}"),
    );
    match status {
        401 | 403 => Missing {
            kind: MissingKind::Permission,
            ..missing
        }
        .needs("the right to get nodes/proxy (RBAC)"),
        404 => Missing {
            kind: MissingKind::Absent,
            ..missing
        },
        405 if text.contains("disabled") => Missing {
            kind: MissingKind::Unsupported,
            ..missing
        }
        .needs("enableDebuggingHandlers: true in the kubelet's configuration"),
        _ => missing,
    }
}

/// Before an answer came.
fn explain(error: Error, give_up_after: Duration) -> Missing {
    match error {
        Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => Missing::new(
                MissingKind::Failed,
                "connection refused: nothing listens on that address and port",
            ),
            _ => io_failed(&error),
        },
        Error::Timeout(Timeout::Connect) => Missing::new(
            MissingKind::TimedOut,
            format!(
                "the server did not accept a connection within {} s",
                CONNECT.as_secs()
            ),
        ),
        Error::Timeout(_) => timed_out(give_up_after),
        Error::HostNotFound => Missing::new(MissingKind::Failed, "the host's name is not known"),
        // Its text repeats the address, which may hold a password.
        Error::BadUri(_) | Error::Http(_) => Missing::new(
            MissingKind::Failed,
            "the address is not a valid http:// address",
        ),
        Error::Protocol(error) => Missing::new(
            MissingKind::Malformed,
            format!("the answer is not HTTP: {error}"),
        ),
        other => Missing::new(MissingKind::Failed, other.to_string()),
    }
}

/// While the body came.
fn cut(error: Error, give_up_after: Duration) -> Missing {
    match error {
        Error::Timeout(_) => timed_out(give_up_after),
        Error::BodyExceedsLimit(_) => Missing::new(
            MissingKind::Malformed,
            format!("the answer is larger than {} MiB", MAX_PROFILE_BYTES >> 20),
        ),
        other => Missing::new(
            MissingKind::Failed,
            format!("the connection was cut in the middle of the profile ({other})"),
        ),
    }
}

fn io_failed(error: &io::Error) -> Missing {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Missing::new(
            MissingKind::Failed,
            format!("the server closed the connection without an answer ({error})"),
        ),
        io::ErrorKind::TimedOut => Missing::new(MissingKind::TimedOut, error.to_string()),
        _ => Missing::new(MissingKind::Failed, error.to_string()),
    }
}

fn timed_out(after: Duration) -> Missing {
    Missing::new(
        MissingKind::TimedOut,
        format!("no complete answer within {:.0} s", after.as_secs_f64()),
    )
}

//! A profile in a file: found out to be unusable before the window, not after it.

use super::address::{looks_like_an_address, without_secrets};
use super::{MAX_PROFILE_BYTES, validate};
use crate::CollectError;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nodesleuth_model::Nanos;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;

/// What to do about most files that cannot be used.
const GIVE_A_CPU_PROFILE: &str = "give a CPU profile as /debug/pprof/profile serves it (.pb.gz), or the text of `go tool pprof -raw`";

/// A profile as a bundle keeps it.
#[derive(Debug)]
pub struct Loaded {
    /// A pprof file.
    pub bytes: Vec<u8>,
    /// The profile's own idea of its length.
    pub duration: Option<Nanos>,
    /// What is to be known about the reading, such as lines of a text that were not understood.
    pub notes: Vec<String>,
}

/// Reads and checks it.
pub(super) fn load(path: &str) -> Result<Loaded, CollectError> {
    let bytes = read(path).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_PROFILE_BYTES {
        return Err(unusable(path, too_large(), GIVE_A_CPU_PROFILE));
    }
    validate::any_format(bytes)
        .map_err(|missing| unusable(path, missing.reason, GIVE_A_CPU_PROFILE))
}

/// At most one byte more than is taken. Opening neither waits for a pipe's writer nor wakes a
/// device.
fn read(path: &str) -> io::Result<Vec<u8>> {
    regular(&fs::metadata(path)?)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let file = File::from(open(path, flags, Mode::empty())?);
    // Once more: what has this name may be another file by now.
    let metadata = file.metadata()?;
    regular(&metadata)?;
    if metadata.len() > MAX_PROFILE_BYTES {
        return Err(io::Error::other(too_large()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_PROFILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    let what = match kind {
        _ if kind.is_file() => return Ok(()),
        _ if kind.is_dir() => "a directory",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(io::Error::other(format!("it is {what}, not a file")))
}

fn too_large() -> String {
    format!("it is larger than {} MiB", MAX_PROFILE_BYTES >> 20)
}

fn unreadable(path: &str, error: &io::Error) -> CollectError {
    let absent = matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    );
    if absent && looks_like_an_address(path) {
        // Nobody's file, so possibly user and password of a server.
        let shown = without_secrets(path);
        let help = format!("if it is an address, write http://{shown}");
        return unusable(&shown, "there is no such file".to_owned(), help);
    }
    let help = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            "check the path; an address begins with http://"
        }
        io::ErrorKind::PermissionDenied => "check its permissions, or run as root",
        _ => GIVE_A_CPU_PROFILE,
    };
    unusable(&without_secrets_in_path(path), error.to_string(), help)
}

/// A path whose beginning only looks like a login is somebody's file; other text with an `@` may
/// be an address with a slash too few.
fn without_secrets_in_path(path: &str) -> String {
    match path.split_once('@') {
        Some((login, _)) if login.contains(':') => without_secrets(path),
        _ => path.to_owned(),
    }
}

fn unusable(path: &str, reason: String, help: impl Into<String>) -> CollectError {
    CollectError::UnusableProfile {
        path: path.to_owned(),
        reason,
        help: help.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::{FakeNode, fifo};

    /// The message and what to do.
    fn refusal(path: &str) -> (String, String) {
        let error = load(path).unwrap_err();
        let message = error.to_string();
        let CollectError::UnusableProfile { help, .. } = error else {
            panic!("{error}")
        };
        (message, help)
    }

    #[test]
    fn a_pipe_without_a_writer_is_refused_and_not_waited_for() {
        let fake = FakeNode::new();
        let (message, _) = refusal(fifo(fake.root(), "pipe").to_str().unwrap());
        assert!(message.ends_with("it is a pipe, not a file"), "{message}");
        let (message, _) = refusal(fake.root().to_str().unwrap());
        assert!(message.contains("a directory"), "{message}");
        assert!(refusal("/dev/zero").0.contains("a device"));
    }

    #[test]
    fn what_is_no_profile_and_what_is_not_there_says_so() {
        let fake = FakeNode::new().file("/x", "hello");
        let path = fake.root().join("x");
        let (message, help) = refusal(path.to_str().unwrap());
        assert!(message.contains(path.to_str().unwrap()), "{message}");
        assert!(help.contains("/debug/pprof/profile"), "{help}");
        let (message, help) = refusal("/nowhere/cpu.pb.gz");
        assert!(message.contains("/nowhere/cpu.pb.gz: No such file"));
        assert!(help.contains("check the path"), "{help}");
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let fake = FakeNode::new().file("/x", "");
        let path = fake.root().join("x");
        let file = nix::fcntl::open(&path, OFlag::O_WRONLY, Mode::empty()).unwrap();
        File::from(file).set_len(MAX_PROFILE_BYTES + 1).unwrap();
        let (message, _) = refusal(path.to_str().unwrap());
        assert!(message.ends_with("larger than 32 MiB"), "{message}");
    }

    #[test]
    fn an_address_without_http_is_recognised_and_its_password_is_not_shown() {
        let (_, help) = refusal("127.0.0.1:6060/debug/pprof/profile");
        assert!(
            help.ends_with("write http://127.0.0.1:6060/debug/pprof/profile"),
            "{help}"
        );
        for typed in [
            "me:s3cret@node:6060/debug/pprof/profile",
            "me:s3cret@node/x",
            "http:/me:s3cret@node/x",
            "http:me:s3cret@node/x",
            "localhost:6060/x?access_token=s3cret",
        ] {
            let (message, help) = refusal(typed);
            assert!(!(message + &help).contains("s3cret"), "{typed}");
        }
    }
}

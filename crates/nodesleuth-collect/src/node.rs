//! The node's files under one injectable root: `/` for the live node, a folder in tests.
//!
//! Collectors name absolute node paths and errors carry those, never the prefix, so that
//! recordings are reproducible.

use nodesleuth_model::{Missing, MissingKind};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest text file that is read whole; larger ones are refused as malformed.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// A node's files.
#[derive(Clone, Debug)]
pub struct Node {
    root: PathBuf,
}

/// Reading a node's file failed.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct ReadError {
    /// Path on the node.
    pub path: String,
    /// What the system said.
    pub source: io::Error,
}

impl Node {
    /// The machine we run on.
    #[must_use]
    pub fn live() -> Self {
        Self::at("/")
    }

    /// A node whose `/` is this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Whether this is the machine we run on.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where a node path is for us.
    pub fn path(&self, node_path: impl AsRef<Path>) -> PathBuf {
        let node_path = node_path.as_ref();
        self.root
            .join(node_path.strip_prefix("/").unwrap_or(node_path))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// When it cannot be opened or read, or is absurdly large.
    pub fn bytes(&self, node_path: &str) -> Result<Vec<u8>, ReadError> {
        let read = || {
            let mut bytes = Vec::new();
            let file = File::open(self.path(node_path))?;
            let got = file.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
            if got as u64 > MAX_TEXT_BYTES {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "larger than 64 MiB",
                ));
            }
            Ok(bytes)
        };
        read().map_err(|source| ReadError {
            path: node_path.to_owned(),
            source,
        })
    }

    /// The text of a file; bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// As [`Node::bytes`].
    pub fn text(&self, node_path: &str) -> Result<String, ReadError> {
        self.bytes(node_path)
            .map(|bytes| match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            })
    }

    /// Names in a folder, sorted.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self, node_path: &str) -> Result<Vec<String>, ReadError> {
        let list = || {
            let mut names = Vec::new();
            for entry in fs::read_dir(self.path(node_path))? {
                names.push(entry?.file_name().to_string_lossy().into_owned());
            }
            names.sort_unstable();
            Ok(names)
        };
        list().map_err(|source| ReadError {
            path: node_path.to_owned(),
            source,
        })
    }

    /// Where a symbolic link points.
    ///
    /// # Errors
    /// When it is not a link or cannot be read.
    pub fn link(&self, node_path: &str) -> Result<String, ReadError> {
        fs::read_link(self.path(node_path))
            .map(|target| target.to_string_lossy().into_owned())
            .map_err(|source| ReadError {
                path: node_path.to_owned(),
                source,
            })
    }
}

impl From<ReadError> for Missing {
    fn from(error: ReadError) -> Self {
        let kind = match error.source.kind() {
            io::ErrorKind::PermissionDenied => MissingKind::Permission,
            io::ErrorKind::NotFound => MissingKind::Absent,
            io::ErrorKind::TimedOut => MissingKind::TimedOut,
            io::ErrorKind::InvalidData => MissingKind::Malformed,
            // ESRCH: the process ended between listing and reading.
            _ if error.source.raw_os_error() == Some(3) => MissingKind::TargetGone,
            _ => MissingKind::Failed,
        };
        let missing = Self::new(kind, error.to_string());
        if kind == MissingKind::Permission {
            missing.needs("root")
        } else {
            missing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_path_on_the_node_not_the_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let error = Node::at(folder.path()).text("/proc/slabinfo").unwrap_err();
        assert_eq!(
            error.to_string(),
            "/proc/slabinfo: No such file or directory (os error 2)"
        );
        assert_eq!(Missing::from(error).kind, MissingKind::Absent);
    }

    #[test]
    fn a_refusal_is_a_permission_and_says_who_may() {
        for refusal in [nix::errno::Errno::EACCES, nix::errno::Errno::EPERM] {
            let source = io::Error::from(refusal);
            let missing = Missing::from(ReadError {
                path: "/proc/slabinfo".to_owned(),
                source,
            });
            assert_eq!(missing.kind, MissingKind::Permission);
            assert_eq!(missing.need.as_deref(), Some("root"));
        }
    }
}

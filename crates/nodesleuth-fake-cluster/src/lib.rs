//! For tests: an API server that answers recorded bodies over TLS, and remembers what nobody
//! expected to be asked.
//!
//! It runs in a thread of its own; a test gives it a function from requests to replies. Where that
//! function has no reply the request is refused, and dropping the server fails the test.

mod asked;
mod exec;
mod reply;
mod server;
mod tls;

pub use asked::Asked;
pub use exec::Scene;
pub use reply::Reply;

use server::Server;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The token that the kubeconfig holds; requests without it are not authorised.
pub const TOKEN: &str = "fake-token-that-must-never-be-shown";

/// An API server of a test.
#[derive(Debug)]
pub struct FakeCluster {
    server: Server,
    /// Path before every request, such as `/k8s/clusters/c-1`.
    prefix: String,
}

impl FakeCluster {
    /// Starts a server whose replies this function gives; `None` is "not expected".
    ///
    /// # Errors
    /// When no port or no certificate can be had.
    pub fn start(
        answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Self::start_under("", answer)
    }

    /// The same behind a front end that puts a path before everything; the function sees paths
    /// without it.
    ///
    /// # Errors
    /// When no port or no certificate can be had.
    pub fn start_under(
        prefix: &str,
        answer: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Ok(Self {
            server: Server::start(prefix, Box::new(answer))?,
            prefix: prefix.to_owned(),
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Writes a kubeconfig for it, and its certificate authority, into a folder.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write_kubeconfig(&self, folder: &Path) -> io::Result<PathBuf> {
        let authority = folder.join("ca.crt");
        fs::write(&authority, self.server.authority())?;
        let path = folder.join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
             clusters:\n- name: fake\n  cluster:\n    server: https://{}{}\n    certificate-authority: {}\n\
             users:\n- name: tester\n  user:\n    token: {TOKEN}\n\
             contexts:\n- name: fake\n  context:\n    cluster: fake\n    user: tester\n",
            self.address(),
            self.prefix,
            authority.display(),
        );
        fs::write(&path, text)?;
        Ok(path)
    }

    /// What was asked so far, in order: method, path and query; `STDIN text` is what came over an exec
    /// stream, `STDIN is gone` its client's end.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.server.asked()
    }

    /// The most requests that were answered at the same time.
    #[must_use]
    pub fn most_at_once(&self) -> usize {
        self.server.most_at_once()
    }
}

impl Drop for FakeCluster {
    fn drop(&mut self) {
        let unexpected = self.server.stop();
        if !unexpected.is_empty() && !std::thread::panicking() {
            panic!("nobody expected these requests: {unexpected:?}");
        }
    }
}

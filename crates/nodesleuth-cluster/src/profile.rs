//! Any profile of a node's kubelet or of a pod, as it comes.

use crate::request::{Bounds, Queue, Requester, interrupted};
use crate::slices::Slices;
use crate::stop::Stop;
use crate::{Cluster, ClusterError, NodeOptions, Refusal, RefusalKind as Kind, node_name};
use nodesleuth_collect::{Cancel, Progress};
use nodesleuth_profile::{Limits, Merger, write};
use std::fmt;
use std::future::pending;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// As for profiles from elsewhere.
const MAX_PROFILE_BYTES: u64 = 32 << 20;
/// How often progress is told.
const SHOW_EVERY: Duration = Duration::from_millis(250);
/// The one that samples for a time.
const CPU: &str = "/debug/pprof/profile";

/// Who serves a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileOf {
    /// Path of the API server that leads to its pages.
    base: String,
    name: String,
    file_name: String,
}

/// Which profile.
#[derive(Clone, Debug)]
pub struct ProfileOptions {
    /// Page, such as `/debug/pprof/heap`.
    pub path: String,
    /// Length of a CPU profile.
    pub length: Duration,
    /// See [`crate::NodeOptions::longest_slice`].
    pub longest_slice: Duration,
}

impl ProfileOf {
    /// A node's kubelet.
    ///
    /// # Errors
    /// When this is no name of a node.
    pub fn node(name: &str) -> Result<Self, ClusterError> {
        node_name(name).map(|name| Self::of_checked(&name))
    }

    /// Of a node whose name was checked.
    pub(crate) fn of_checked(name: &str) -> Self {
        Self {
            base: format!("/api/v1/nodes/{name}/proxy"),
            file_name: name.to_owned(),
            name: format!("node {name}"),
        }
    }

    /// A pod, as `NAMESPACE/POD:PORT`.
    ///
    /// # Errors
    /// When it is not written so.
    pub fn pod(text: &str) -> Result<Self, ClusterError> {
        let parts = || {
            let (namespace, rest) = text.split_once('/')?;
            let (pod, port) = rest.rsplit_once(':')?;
            let port: u16 = port.parse().ok()?;
            Some((node_name(namespace).ok()?, node_name(pod).ok()?, port))
        };
        let Some((namespace, pod, port)) = parts() else {
            return Err(ClusterError::new(
                format!("{text:?} does not name a pod's port"),
                "write it as NAMESPACE/POD:PORT, such as monitoring/cadvisor-x2k4:8080",
            ));
        };
        Ok(Self {
            base: format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy"),
            file_name: pod.clone(),
            name: format!("pod {namespace}/{pod}, port {port}"),
        })
    }

    /// A name for a file.
    #[must_use]
    pub fn file_name(&self) -> &str {
        &self.file_name
    }

    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl fmt::Display for ProfileOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Cluster {
    /// Fetches a profile.
    ///
    /// # Errors
    /// When it is refused, or the path is none of pprof's.
    pub fn profile(
        &self,
        of: &ProfileOf,
        options: &ProfileOptions,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>, ClusterError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-');
        let name = options.path.strip_prefix("/debug/pprof/");
        if !name.is_some_and(|name| !name.is_empty() && name.chars().all(plain)) {
            return Err(ClusterError::new(
                format!("{:?} is no profile's page", options.path),
                "pages are /debug/pprof/profile, heap, allocs, goroutine, mutex, block, threadcreate",
            ));
        }
        let stop = Stop::of(cancel);
        let taking = Taking {
            requester: &self.requester,
            of,
            length: options.length,
            longest_slice: options.longest_slice,
            stop: &stop,
            progress,
            patience: NodeOptions::PATIENCE,
        };
        let taken = self.block_on(stop.told_during(async {
            match options.path == CPU {
                true => taking.cpu().await.map(|(bytes, _)| bytes),
                false => taking.page(&options.path, Duration::ZERO).await,
            }
        }));
        taken.map_err(|refusal| ClusterError::refused(&format!("{}, {of}", options.path), &refusal))
    }
}

/// Taking a profile.
pub(crate) struct Taking<'a> {
    pub(crate) requester: &'a Requester,
    pub(crate) of: &'a ProfileOf,
    pub(crate) length: Duration,
    pub(crate) longest_slice: Duration,
    pub(crate) stop: &'a Stop<'a>,
    pub(crate) progress: &'a dyn Progress,
    /// How long beyond a profile's length its server may take.
    pub(crate) patience: Duration,
}

impl Taking<'_> {
    /// A CPU profile, and of how many slices it is put together: a front end that cuts long requests
    /// lets short ones through.
    pub(crate) async fn cpu(&self) -> Result<(Vec<u8>, usize), Refusal> {
        let mut slices = Slices::new(self.length, self.longest_slice);
        let mut taken: Vec<Vec<u8>> = Vec::new();
        let started = Instant::now();
        while let Some(seconds) = slices.next() {
            let asked = Instant::now();
            let page = format!("{CPU}?seconds={seconds}");
            let slice = tokio::select! {
                slice = self.page(&page, Duration::from_secs(seconds)) => slice,
                () = self.show_time(started) => Err(interrupted()),
            };
            match slice {
                Ok(bytes) => {
                    taken.push(bytes);
                    slices.taken(seconds);
                }
                Err(refusal) if refusal.kind == Kind::Cut => {
                    if !slices.cut_after(asked.elapsed()) {
                        return Err(refusal);
                    }
                    self.progress.stage("watching in shorter slices");
                }
                // What was taken until then is of some use.
                Err(refusal) if refusal.kind == Kind::Interrupted && !taken.is_empty() => break,
                Err(refusal) => return Err(refusal),
            }
        }
        let count = taken.len();
        merged(taken).map(|bytes| (bytes, count))
    }

    /// A page that takes this long.
    async fn page(&self, page: &str, length: Duration) -> Result<Vec<u8>, Refusal> {
        let bounds = Bounds {
            bytes: MAX_PROFILE_BYTES,
            within: length + self.patience,
            // Then it is asked for in shorter slices.
            again_when_cut: false,
            queue: Queue::Windows,
        };
        let page = self.of.page(page);
        tokio::select! {
            bytes = self.requester.bytes(&page, bounds) => bytes,
            () = self.stop.wanted() => Err(interrupted()),
        }
    }

    /// Tells how far the window is, for ever.
    async fn show_time(&self, started: Instant) {
        if !self.progress.is_shown() {
            return pending().await;
        }
        loop {
            let passed = started.elapsed().min(self.length);
            self.progress.window(passed, self.length);
            sleep(SHOW_EVERY).await;
        }
    }
}

/// One profile of several.
fn merged(mut slices: Vec<Vec<u8>>) -> Result<Vec<u8>, Refusal> {
    if slices.len() == 1 {
        return Ok(slices.remove(0));
    }
    let unusable = |error: String| Refusal::new(Kind::Malformed, error);
    let mut merger = Merger::new();
    for slice in &slices {
        let opened = nodesleuth_profile::open(slice.as_slice(), &Limits::default());
        let opened = opened.map_err(|error| unusable(error.to_string()))?;
        merger
            .add(&opened.profile)
            .map_err(|error| unusable(error.to_string()))?;
    }
    let mut bytes = Vec::new();
    write(&merger.finish(), &mut bytes).map_err(|error| unusable(error.to_string()))?;
    Ok(bytes)
}

//! Profiles straight from a cluster: of a node's kubelet, or of a pod that serves pprof.

use super::cluster_choice::ReaderArgs;
use crate::args;
use crate::failure::Failure;
use crate::new_file::NewFile;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_cluster::{NodeOptions, ProfileOf, ProfileOptions};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where a profile comes from, if it comes from a cluster.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "From a cluster")]
pub(crate) struct ProfileArgs {
    /// Take the profile from this node's kubelet, through the API server.
    #[arg(long, value_name = "NODE", conflicts_with = "pod")]
    pub(crate) node: Option<String>,

    /// Take it from a pod that serves pprof.
    #[arg(long, value_name = "[NAMESPACE/]POD:PORT")]
    pub(crate) pod: Option<String>,

    /// Namespace of the pod, where --pod does not say it.
    #[arg(
        long,
        value_name = "NAMESPACE",
        requires = "pod",
        conflicts_with = "node"
    )]
    pub(crate) namespace: Option<String>,

    /// Which profile [default: /debug/pprof/profile].
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,

    /// How long a CPU profile takes [default: 15s].
    #[arg(long, value_name = "TIME", value_parser = args::window)]
    pub(crate) window: Option<Duration>,

    #[command(flatten)]
    pub(crate) cluster: ReaderArgs,
}

/// A profile in a private file that is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct FetchedProfile(PathBuf);

impl FetchedProfile {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for FetchedProfile {
    fn drop(&mut self) {
        // Whoever cleans the folder was faster.
        let _ = fs::remove_file(&self.0);
    }
}

impl ProfileArgs {
    /// Fetches it, if one is asked for.
    pub(crate) fn fetch(&self) -> Result<Option<FetchedProfile>, Failure> {
        let of = match (&self.node, &self.pod) {
            (Some(node), _) => ProfileOf::node(node)?,
            (None, Some(pod)) => ProfileOf::pod(&self.in_namespace(pod)?)?,
            (None, None) => return self.not_asked().map(|()| None),
        };
        let path = self.path.as_deref().unwrap_or("/debug/pprof/profile");
        let options = ProfileOptions {
            path: path.to_owned(),
            length: self.window.unwrap_or(Duration::from_secs(15)),
            longest_slice: NodeOptions::LONGEST_SLICE,
        };
        let cluster = self.cluster.connect()?;
        output::note(&format!(
            "Fetching {path} of {of} through {}\n",
            cluster.server()
        ));
        let progress = Display::new(false);
        let bytes = cluster.profile(&of, &options, &signals::cancel(), &progress);
        progress.finish();
        let name = format!(
            "nodesleuth-{}-{}-{}.pb.gz",
            std::process::id(),
            of.file_name(),
            path.rsplit('/').next().unwrap_or_default()
        );
        let file = std::env::temp_dir().join(name);
        let failed = |error| Failure::file("write", &file, error);
        let new = NewFile::create(&file).map_err(failed)?;
        let fetched = FetchedProfile(file.clone());
        new.write(&bytes?).map_err(failed)?;
        Ok(Some(fetched))
    }

    /// The pod's name with its namespace.
    fn in_namespace(&self, pod: &str) -> Result<String, Failure> {
        match &self.namespace {
            None => Ok(pod.to_owned()),
            Some(namespace) if !pod.contains('/') => Ok(format!("{namespace}/{pod}")),
            Some(_) => Err(Failure::usage(
                format!("--pod {pod} names its namespace already"),
                "leave --namespace away, or the part before the /",
            )),
        }
    }

    /// Options that say nothing without a node or pod.
    fn not_asked(&self) -> Result<(), Failure> {
        let given = args::first_given(&[
            ("--path", self.path.is_some()),
            ("--window", self.window.is_some()),
        ]);
        match given.or(self.cluster.given()) {
            None => Ok(()),
            Some(option) => Err(Failure::usage(
                format!("{option} is for profiles from a cluster"),
                "name a node with --node or a pod with --pod, or leave the option away",
            )),
        }
    }
}

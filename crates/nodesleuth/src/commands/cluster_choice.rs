//! Options that say which node of which cluster, and connecting to it.

use super::TOOL;
use crate::args;
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_cluster::{Cluster, ConnectOptions, NodeOptions, Rights};
use nodesleuth_collect::{Collected, SystemClock};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Beside its window a node needs this long for its pages.
const SHORTEST_SPARE: Duration = Duration::from_secs(1);

/// Which cluster, and as whom: as for kubectl.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ClusterArgs {
    /// Context of the kubeconfig.
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,

    /// The kubeconfig; else KUBECONFIG, ~/.kube/config, or a pod's service account.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// User to act as.
    #[arg(long = "as", value_name = "USER")]
    pub(crate) as_user: Option<String>,
}

/// The same for what only reads, which kubectl can do too.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ReaderArgs {
    #[command(flatten)]
    pub(crate) cluster: ClusterArgs,

    /// Ask by `kubectl get --raw` from PATH, or by this kubectl, where the kubeconfig is beyond our
    /// own client.
    #[arg(
        long,
        value_name = "PATH",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "kubectl",
        help_heading = "Cluster"
    )]
    pub(crate) kubectl: Option<PathBuf>,
}

impl ReaderArgs {
    /// Reads the kubeconfig, or finds kubectl.
    pub(crate) fn connect(&self) -> Result<Cluster, Failure> {
        let cluster = self.cluster.connect_by(self.kubectl.clone())?;
        if let Some(why) = cluster.beyond_library() {
            output::note(&format!("note: kubectl asks, since our own client {why}\n"));
        }
        Ok(cluster)
    }

    /// The option that was given although no node was named.
    pub(crate) fn given(&self) -> Option<&'static str> {
        let kubectl = ("--kubectl", self.kubectl.is_some());
        self.cluster.given().or(args::first_given(&[kubectl]))
    }
}

impl ClusterArgs {
    /// Reads the kubeconfig.
    pub(crate) fn connect(&self) -> Result<Cluster, Failure> {
        self.connect_by(None)
    }

    fn connect_by(&self, kubectl: Option<PathBuf>) -> Result<Cluster, Failure> {
        Ok(Cluster::connect(&ConnectOptions {
            context: self.context.clone(),
            kubeconfig: self.kubeconfig.clone(),
            as_user: self.as_user.clone(),
            kubectl,
        })?)
    }

    /// The same choice, for a program of our own.
    pub(crate) fn words(&self) -> Vec<OsString> {
        let given = [
            ("--context", self.context.as_ref().map(OsString::from)),
            ("--kubeconfig", self.kubeconfig.as_ref().map(OsString::from)),
            ("--as", self.as_user.as_ref().map(OsString::from)),
        ];
        let given = given
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        given
            .flat_map(|(name, value)| [OsString::from(name), value])
            .collect()
    }

    /// The option that was given although no node was named.
    pub(crate) fn given(&self) -> Option<&'static str> {
        args::first_given(&[
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--as", self.as_user.is_some()),
        ])
    }
}

/// What is asked of a node, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeQuestions {
    pub(crate) window: Duration,
    /// In all; `None`: the window and a minute.
    pub(crate) timeout: Option<Duration>,
    pub(crate) goroutines: bool,
    pub(crate) heap: bool,
}

impl NodeQuestions {
    /// Longest time for one node, `spare` beyond the window unless the user says otherwise.
    pub(crate) fn limit(&self, spare: Duration) -> Result<Duration, Failure> {
        let limit = self.timeout.unwrap_or(self.window + spare);
        if limit < self.window + SHORTEST_SPARE {
            return Err(Failure::usage(
                format!(
                    "--timeout {} leaves no time beside a window of {}",
                    humantime::format_duration(limit),
                    humantime::format_duration(self.window)
                ),
                "give the window and some seconds more, or a shorter --window",
            ));
        }
        Ok(limit)
    }

    /// What they read, in words.
    pub(crate) fn pages(&self) -> String {
        let mut pages = vec!["metrics", "statistics", "configuration"];
        pages.extend(self.goroutines.then_some("goroutines"));
        pages.extend(self.heap.then_some("heap"));
        format!("{} and CPU profile", pages.join(", "))
    }
}

/// Watches one node's kubelet through the API server.
pub(crate) fn collect_node(
    node: &str,
    questions: &NodeQuestions,
    args: &ReaderArgs,
    progress: &Display,
) -> Result<Collected, Failure> {
    let node = nodesleuth_cluster::node_name(node)?;
    let limit = questions.limit(NodeOptions::SPARE)?;
    let cluster = args.connect()?;
    output::note(&format!(
        "reading through {}: the Node object of {node}, its pods, and its kubelet's {}; {} at most\n",
        cluster.server(),
        questions.pages(),
        humantime::format_duration(limit)
    ));
    let rights = checked_rights(&cluster)?;
    let options = NodeOptions {
        window: questions.window,
        longest_slice: NodeOptions::LONGEST_SLICE,
        pods_from_api_server: rights.may("list pods"),
        limit,
        patience: NodeOptions::PATIENCE,
        in_flight: 1,
        goroutines: questions.goroutines,
        heap: questions.heap,
        tool: TOOL.to_owned(),
    };
    let cancel = signals::cancel();
    let collected = cluster.collect(&node, &options, &SystemClock, &cancel, progress);
    progress.finish();
    Ok(collected?)
}

/// Says what may be asked; ends where the right that everything needs is not granted.
pub(crate) fn checked_rights(cluster: &Cluster) -> Result<Rights, Failure> {
    let rights = cluster.rights()?;
    tell_rights(&rights);
    rights.enough(nodesleuth_cluster::GRANT)?;
    output::note(
        "note: nodes/proxy is close to root on the nodes: who has it can run commands in \
         their pods; grant it for as long as it is needed\n",
    );
    Ok(rights)
}

/// Says which rights are missing, and which are unknown.
pub(crate) fn tell_rights(rights: &Rights) {
    for right in &rights.0 {
        match right.granted {
            Some(true) => {}
            Some(false) if right.needed => {}
            Some(false) => output::note(&format!(
                "note: no right to {}: {}\n",
                right.name, right.used_for
            )),
            None => output::note(&format!(
                "note: the API server does not say whether you may {}\n",
                right.name
            )),
        }
    }
}

//! Options that say which node of which cluster, and connecting to it.

use super::TOOL;
use crate::failure::Failure;
use crate::output;
use crate::progress::Display;
use crate::signals;
use nodesleuth_cluster::{Cluster, ConnectOptions, NodeOptions, Rights};
use nodesleuth_collect::{Collected, SystemClock};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

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

impl ClusterArgs {
    /// Reads the kubeconfig.
    pub(crate) fn connect(&self) -> Result<Cluster, Failure> {
        Ok(Cluster::connect(&ConnectOptions {
            context: self.context.clone(),
            kubeconfig: self.kubeconfig.clone(),
            as_user: self.as_user.clone(),
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
        let given = [
            ("--context", self.context.is_some()),
            ("--kubeconfig", self.kubeconfig.is_some()),
            ("--as", self.as_user.is_some()),
        ];
        given
            .into_iter()
            .find(|(_, given)| *given)
            .map(|(name, _)| name)
    }
}

/// Watches one node's kubelet through the API server.
pub(crate) fn collect_node(
    node: &str,
    window: Duration,
    args: &ClusterArgs,
    progress: &Display,
) -> Result<Collected, Failure> {
    let node = nodesleuth_cluster::node_name(node)?;
    let cluster = args.connect()?;
    output::note(&format!(
        "reading through {}: the Node object of {node}, its pods, and its kubelet's metrics, \
         statistics, configuration and CPU profile\n",
        cluster.server()
    ));
    let rights = checked_rights(&cluster)?;
    let options = NodeOptions {
        window,
        longest_slice: NodeOptions::LONGEST_SLICE,
        pods_from_api_server: rights.may("list pods"),
        first_answer: NodeOptions::FIRST_ANSWER,
        patience: NodeOptions::PATIENCE,
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

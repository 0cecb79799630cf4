//! `nodesleuth clean --cluster`: pods that interrupted runs left.

use super::cluster_choice::ClusterArgs;
use crate::failure::Failure;
use crate::output;
use nodesleuth_cluster::LeftPod;

/// Pods of a cluster, in place of what is on this machine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Pods in a cluster")]
pub(crate) struct PodsArgs {
    /// Remove pods of ours in a cluster that have ended, in place of what is on this machine.
    #[arg(long)]
    pub(crate) cluster: bool,

    /// Namespace of the pods; else the context's.
    #[arg(long, value_name = "NAME", requires = "cluster")]
    namespace: Option<String>,

    /// Pods of all namespaces.
    #[arg(short = 'A', long, requires = "cluster", conflicts_with = "namespace")]
    all_namespaces: bool,

    /// Also pods that still run: whoever looks at a node by one of them loses it.
    #[arg(long, requires = "cluster")]
    running: bool,
}

pub(crate) fn run(pods: &PodsArgs, which: &ClusterArgs, dry_run: bool) -> Result<(), Failure> {
    let cluster = which.connect()?;
    let found = cluster.left_pods(pods.namespace.as_deref(), pods.all_namespaces)?;
    let (mut done, mut failed) = (0, 0);
    for pod in &found {
        if !pod.has_ended && !pods.running {
            output::note(&format!(
                "{}: still runs, left alone; it ends at its deadline, --running removes it now\n",
                described(pod)
            ));
            continue;
        }
        done += 1;
        if dry_run {
            output::print_lines(&format!("would remove {}\n", described(pod)))?;
            continue;
        }
        match cluster.remove_pod(pod) {
            Ok(()) => output::print_lines(&format!("removed {}\n", described(pod)))?,
            Err(error) => {
                failed += 1;
                output::note(&format!("{error}; {}\n", error.help));
            }
        }
    }
    match (done, failed) {
        (0, _) => output::print("nothing to clean\n"),
        (_, 0) => Ok(()),
        (_, failed) => Err(Failure::usage(
            format!("{failed} pods could not be removed"),
            "see the messages above",
        )),
    }
}

fn described(pod: &LeftPod) -> String {
    format!(
        "pod {}/{} on {} (made {} by {})",
        pod.namespace, pod.name, pod.node, pod.created, pod.owner
    )
}

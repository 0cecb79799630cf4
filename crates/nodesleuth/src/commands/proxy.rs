//! `nodesleuth proxy`: a local port to a node's debug pages.

use super::cluster_choice::{ClusterArgs, checked_rights};
use crate::args;
use crate::failure::Failure;
use crate::output;
use crate::signals;
use nodesleuth_cluster::{ProxyEnd, ProxyOptions};
use std::time::Duration;

/// A local port to the debug pages of one node's kubelet, for other tools.
///
/// Listens on 127.0.0.1 only and leads GET requests on to pages that show something: profiles,
/// metrics, statistics, configuration. The address holds a random token; whoever has it sees what you
/// see.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whose pages.
    #[arg(long, value_name = "NODE")]
    node: String,

    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,

    /// End when nobody has asked for so long.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = args::duration)]
    idle: Duration,

    #[command(flatten)]
    cluster: ClusterArgs,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let node = nodesleuth_cluster::node_name(&args.node)?;
    let cluster = args.cluster.connect()?;
    checked_rights(&cluster)?;
    let options = ProxyOptions {
        port: args.port,
        idle: args.idle,
    };
    let mut printed = Ok(());
    let end = cluster.proxy(&node, &options, &signals::cancel(), |url| {
        printed = output::print(&format!("{url}\n"));
        output::note(&format!(
            "leads to the kubelet of {node}, such as {url}/debug/pprof/profile?seconds=15 for \
             `go tool pprof`; Ctrl-C ends it\n"
        ));
    })?;
    printed?;
    if end == ProxyEnd::Idle {
        output::note("nobody asked any more: ended\n");
    }
    Ok(())
}

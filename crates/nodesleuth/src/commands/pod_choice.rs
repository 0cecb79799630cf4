//! Options of a pod on the node, and looking at a node by one.

use super::cluster_choice::{collect_node, tell_rights};
use super::pod_guardian::PodGuardian;
use super::target_choice::TargetArgs;
use crate::args;
use crate::bundle;
use crate::failure::Failure;
use crate::input;
use crate::output;
use crate::progress::Display;
use crate::signals;
use clap::ValueEnum;
use nodesleuth_cluster::{AnswerBy, Cluster, GRANT_POD, PodOptions, PodRun, RefusalKind};
use nodesleuth_collect::{Collected, SystemClock};
use nodesleuth_model::Observed;
use nodesleuth_model::evidence::{NodeObject, Vantage, Via};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

/// Where releases are published; `deploy/image/README.md` says how to make one of your own.
const IMAGE: &str = concat!("ghcr.io/nodesleuth/nodesleuth:", env!("CARGO_PKG_VERSION"));

/// The way to a node of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// Ask its kubelet through the API server.
    Api,
    /// Run a short-lived privileged pod on it, which sees what a run on the node itself sees.
    Pod,
}

/// A pod on the node.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "A pod on the node")]
pub(crate) struct PodArgs {
    /// How to look at the node; without this option its kubelet is asked, and a pod only made when
    /// you type yes.
    #[arg(long, value_enum, value_name = "WAY", requires = "node")]
    pub(crate) via: Option<Way>,

    /// Namespace for the pod; else the context's.
    #[arg(long, value_name = "NAME", requires = "via")]
    namespace: Option<String>,

    /// Image with the binary at /nodesleuth; without this option the one of this release.
    #[arg(long, value_name = "IMAGE", requires = "via")]
    image: Option<String>,

    /// Secret with the login for the image's registry.
    #[arg(long, value_name = "SECRET", requires = "via")]
    pull_secret: Option<String>,

    /// How long the pod may take to start, pulling the image included; 2m without this option.
    #[arg(long, value_name = "TIME", requires = "via", value_parser = start_wait)]
    start_wait: Option<Duration>,

    /// Get the answer through the pod's log, where exec is forbidden.
    #[arg(long, requires = "via")]
    via_logs: bool,
}

const START_WAIT: Duration = Duration::from_secs(120);

fn start_wait(text: &str) -> Result<Duration, String> {
    let wait = args::duration(text)?;
    match (Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&wait) {
        true => Ok(wait),
        false => Err("a pod is waited for from 1s to 1h".to_owned()),
    }
}

impl PodArgs {
    /// The option that was given although it is about a pod.
    fn given(&self) -> Option<&'static str> {
        args::first_given(&[
            ("--namespace", self.namespace.is_some()),
            ("--image", self.image.is_some()),
            ("--pull-secret", self.pull_secret.is_some()),
            ("--start-wait", self.start_wait.is_some()),
            ("--via-logs", self.via_logs),
        ])
    }

    fn options(&self, target: &TargetArgs) -> PodOptions {
        PodOptions {
            namespace: self.namespace.clone(),
            image: self.image.clone().unwrap_or_else(|| IMAGE.to_owned()),
            pull_secret: self.pull_secret.clone(),
            start: self.start_wait.unwrap_or(START_WAIT),
            work: target.longest(),
            by: match self.via_logs {
                true => AnswerBy::Logs,
                false => AnswerBy::Exec,
            },
            words: target.words(),
            owner: owner(),
        }
    }
}

/// Who makes it: this host and process.
fn owner() -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    format!("{}-{}", host.to_string_lossy(), std::process::id())
}

/// Looks at a node of a cluster, the way that was chosen.
pub(crate) fn collect_from(
    target: &TargetArgs,
    node: &str,
    progress: &Display,
) -> Result<Collected, Failure> {
    if target.pod.via == Some(Way::Pod) {
        if target.cluster.kubectl.is_some() {
            return Err(Failure::usage(
                "--kubectl is only asked for pages, and a pod is made, talked to and removed",
                "leave it away, or use --via api",
            ));
        }
        if let Some(option) = target.given_on_kubelet() {
            return Err(Failure::usage(
                format!("{option} is about what is asked of a kubelet, and a pod asks none"),
                "leave it away, or use --via api",
            ));
        }
        return by_pod(target, node, progress);
    }
    if let Some(option) = target.given_on_node().or_else(|| target.pod.given()) {
        return Err(Failure::usage(
            format!("{option} needs somebody on the node, and --node alone only asks its kubelet"),
            "add --via pod, or leave the option away",
        ));
    }
    let collected = collect_node(node, &target.questions(), &target.cluster, progress);
    match collected {
        Err(failure) if target.may_make_a_pod() && a_pod_may_help(&failure) => {
            match agrees(node, failure)? {
                true => by_pod(target, node, progress),
                false => Err(Failure::usage(
                    "no pod was made, and without one the node cannot be looked at",
                    "--via pod makes one without asking",
                )),
            }
        }
        other => other,
    }
}

/// Whether others than the kubelet could tell it.
fn a_pod_may_help(failure: &Failure) -> bool {
    use RefusalKind as Kind;
    let Failure::Cluster(error) = failure else {
        return false;
    };
    matches!(
        error.refusal,
        Some(Kind::Forbidden | Kind::KubeletForbids | Kind::NotServed)
    )
}

/// Asks, where somebody can answer; else the failure stays one.
fn agrees(node: &str, failure: Failure) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(failure);
    }
    output::complain(&failure);
    output::note(&format!(
        "A short-lived privileged pod on {node} could look instead. Type yes to run it: "
    ));
    Ok(input::says_yes()?)
}

fn by_pod(target: &TargetArgs, node: &str, progress: &Display) -> Result<Collected, Failure> {
    let cluster = target.cluster.cluster.connect()?;
    let run = cluster.plan_pod(node, target.pod.options(target))?;
    output::note(&format!(
        "through {}: a privileged pod {}/{} on {node}, root on that node while it runs, removed \
         afterwards and after {} s at the latest\n",
        cluster.server(),
        run.namespace(),
        run.name(),
        run.deadline_seconds()
    ));
    let object = checked(&cluster, &run)?;
    let cancel = signals::cancel();
    let guardian = PodGuardian::start(&run, &target.cluster.cluster)?;
    let tell = |what: &str| output::note(&format!("note: {what}\n"));
    let bundle = cluster.bundle_by_pod(&run, &cancel, progress, &tell);
    progress.finish();
    match cluster.remove_run(&run) {
        Ok(()) => guardian.dismiss(),
        // The guardian goes on trying.
        Err(error) => output::note(&format!("note: {error}; {}\n", error.help)),
    }
    understood(&bundle?, &run, node, object)
}

/// The node, where it may be asked for; ends where a right is missing or the node runs no pods.
fn checked(cluster: &Cluster, run: &PodRun) -> Result<Option<NodeObject>, Failure> {
    let rights = cluster.rights_for_pod(run)?;
    tell_rights(&rights);
    rights.enough(GRANT_POD)?;
    match rights.may("get nodes") {
        true => Ok(Some(cluster.ready_node(run, &SystemClock)?)),
        false => Ok(None),
    }
}

fn understood(
    bytes: &[u8],
    run: &PodRun,
    node: &str,
    object: Option<NodeObject>,
) -> Result<Collected, Failure> {
    let name = format!("the bundle of pod {}", run.name());
    let bundle = bundle::from_bytes(Path::new(&name), bytes)?;
    for warning in &bundle.warnings {
        output::note(&format!("note: {warning}\n"));
    }
    let mut evidence = bundle.evidence;
    evidence.vantage = Vantage {
        via: Via::Pod,
        node: Some(node.to_owned()),
    };
    if let Some(object) = object {
        evidence.node_object = Observed::Value(object);
    }
    Ok(Collected {
        evidence,
        profiles: bundle.profiles,
    })
}

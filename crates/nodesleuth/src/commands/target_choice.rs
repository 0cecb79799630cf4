//! Options that say whom to watch, how long, and with which profiles; shared by `diagnose` and
//! `collect`.

use super::cluster_choice::{NodeQuestions, ReaderArgs};
use super::pod_choice::{PodArgs, collect_from};
use crate::args;
use crate::failure::Failure;
use crate::output;
use crate::plugin;
use crate::progress::Display;
use crate::signals;
use nodesleuth_analyze::Catalog;
use nodesleuth_collect::tasks::{PidKind, choose_target, named};
use nodesleuth_collect::{
    Cancel, CollectError, Collected, DebugPages, Node, Options, Progress, SystemClock,
    TargetChoice, TracePlan,
};
use nodesleuth_model::evidence::Target;
use nodesleuth_model::{Cores, Pid, printable};
use nodesleuth_trace::stacks::StackOptions;
use std::path::PathBuf;
use std::time::Duration;

/// Kernel time that possibly slow reads may cost in all, unless told otherwise.
const SLOW_READ_BUDGET: Duration = Duration::from_secs(2);
/// So long system calls are counted unless told otherwise, as `nodesleuth-collect` has it.
const POLITE_TRACE: Duration = Duration::from_secs(3);
/// So many of several processes with one name are listed.
const SHOWN: usize = 8;

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct TargetArgs {
    /// Watch the kubelet of this node through the API server, without anything on the node; with
    /// `--via pod`, its busiest agent by a pod on it.
    #[arg(long, value_name = "NODE", conflicts_with = "pprof")]
    pub(crate) node: Option<String>,

    /// Watch this process.
    #[arg(long, value_name = "PID", conflicts_with = "name")]
    pub(crate) pid: Option<u32>,

    /// Watch the busiest process of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// A CPU profile of the target: an address such as
    /// http://127.0.0.1:8001/api/v1/nodes/NODE/proxy/debug/pprof/profile (fetched during the
    /// window) or a file. May be given several times.
    #[arg(long, value_name = "URL-or-FILE")]
    pub(crate) pprof: Vec<String>,

    /// How long to watch.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = args::window)]
    pub(crate) window: Duration,

    /// Also count the target's goroutines once the window is closed: by the function that they are
    /// in, and by what they wait for. On this machine from the server of --pprof.
    #[arg(long)]
    pub(crate) goroutines: bool,

    /// Also tell which functions allocated what its Go heap holds. On this machine from the server
    /// of --pprof.
    #[arg(long)]
    pub(crate) heap: bool,

    /// Longest time for one node, from the first question to the last answer: what does not come in
    /// it is missing from the report. By default the window and 1m; of many nodes the window and a
    /// fifth of it.
    #[arg(long, value_name = "TIME", value_parser = args::duration)]
    pub(crate) timeout: Option<Duration>,

    /// Kernel time that reading possibly slow files may cost in all; 2s without this option.
    #[arg(long, value_name = "TIME", value_parser = args::duration)]
    pub(crate) read_budget: Option<Duration>,

    /// Do not sample the target's stacks, user and kernel together, while the window is open.
    #[arg(long)]
    pub(crate) no_stacks: bool,

    /// How long to count the target's system calls in the kernel, once the window is closed.
    /// Without this option it is 3s, and not done at all if it would cost other processes more
    /// than 1% of this node's CPUs; with it, it is done whatever it costs. At most 1m.
    #[arg(long, value_name = "TIME", value_parser = trace_length)]
    pub(crate) trace_for: Option<Duration>,

    /// Do not count system calls.
    #[arg(long, conflicts_with = "trace_for")]
    pub(crate) no_trace: bool,

    #[command(flatten)]
    pub(crate) cluster: ReaderArgs,

    #[command(flatten)]
    pub(crate) pod: PodArgs,
}

/// Every process of the node pays for a capture while it lasts.
fn trace_length(text: &str) -> Result<Duration, String> {
    let length = args::duration(text)?;
    if (Duration::from_millis(200)..=Duration::from_secs(60)).contains(&length) {
        Ok(length)
    } else {
        Err("system calls are counted for 200ms to 1m: every process of the node pays while it lasts".to_owned())
    }
}

impl TargetArgs {
    /// What is asked of nodes of a cluster.
    pub(crate) fn questions(&self) -> NodeQuestions {
        NodeQuestions {
            window: self.window,
            timeout: self.timeout,
            goroutines: self.goroutines,
            heap: self.heap,
        }
    }

    fn trace_plan(&self) -> TracePlan {
        match self.trace_for {
            _ if self.no_trace => TracePlan::Never,
            Some(length) => TracePlan::For(length),
            None => TracePlan::Polite,
        }
    }

    /// On this machine they come from the server of the CPU profile.
    fn check_debug_pages(&self) -> Result<(), Failure> {
        let given = args::first_given(&[("--goroutines", self.goroutines), ("--heap", self.heap)]);
        let has_server = self.pprof.iter().any(|source| source.contains("://"));
        match given {
            Some(option) if !has_server => Err(Failure::usage(
                format!("{option} needs a server that tells it, and none is named"),
                "name the target's CPU profile with --pprof http://…/debug/pprof/profile, or a node \
                 with --node",
            )),
            _ => Ok(()),
        }
    }

    /// Collects evidence as the options say.
    pub(crate) fn collect(
        &self,
        catalog: &Catalog,
        progress: &Display,
    ) -> Result<Collected, Failure> {
        if let Some(node) = &self.node {
            return collect_from(self, node, progress);
        }
        if self.timeout.is_some() {
            return Err(Failure::usage(
                "--timeout is for nodes of a cluster, and none is named",
                "name one with --node or several with --nodes; on this machine --window and \
                 --read-budget say how long things take",
            ));
        }
        if let Some(option) = self.cluster.given() {
            return Err(Failure::usage(
                format!("{option} says which cluster, but no node of it is named"),
                "name it with --node, or leave the option away to watch this machine",
            ));
        }
        if self.pid.is_none() && self.name.is_none() && plugin::is_plugin() {
            return Err(Failure::usage(
                "as a plugin of kubectl nodesleuth watches nodes of the cluster, and none is named",
                "name one with --node, several with --nodes or -l; --pid and --name watch this machine",
            ));
        }
        let collected = self.collect_here(catalog, own_binary(), &signals::cancel(), progress);
        progress.finish();
        if let Err(Failure::Collect(CollectError::NothingHot { busiest })) = &collected {
            show_busiest(busiest);
        }
        collected
    }

    /// Collects evidence on this machine; `read_child` is our own binary.
    pub(crate) fn collect_here(
        &self,
        catalog: &Catalog,
        read_child: Option<PathBuf>,
        cancel: &Cancel,
        progress: &dyn Progress,
    ) -> Result<Collected, Failure> {
        self.check_debug_pages()?;
        let target = choice(self.pid, self.name.as_deref())?;
        if let TargetChoice::Pid(pid) = target {
            tell_a_thread(&Node::live(), pid);
        }
        let options = Options {
            window: self.window,
            target,
            profiles: self.pprof.clone(),
            debug_pages: DebugPages {
                goroutines: self.goroutines,
                heap: self.heap,
            },
            read_child,
            slow_read_budget: self.slow_read_budget(),
            stacks_hz: (!self.no_stacks).then_some(StackOptions::HZ),
            trace: self.trace_plan(),
            hot_cores: Cores(catalog.thresholds.hot_cores),
        };
        let collected =
            nodesleuth_collect::collect(&Node::live(), &SystemClock, &options, cancel, progress);
        collected.map_err(|error| match &error {
            CollectError::UnusableProfile { help, .. } => Failure::usage(error.to_string(), help),
            _ => error.into(),
        })
    }

    pub(crate) fn slow_read_budget(&self) -> Duration {
        self.read_budget.unwrap_or(SLOW_READ_BUDGET)
    }

    /// The longest that measuring takes: the window, probing and counting system calls.
    pub(crate) fn longest(&self) -> Duration {
        let trace = match self.no_trace {
            true => Duration::ZERO,
            false => self.trace_for.unwrap_or(POLITE_TRACE),
        };
        self.window + self.slow_read_budget() + trace
    }

    /// The option that was given although it asks for something on the node itself.
    pub(crate) fn given_on_node(&self) -> Option<&'static str> {
        args::first_given(&[
            ("--pid", self.pid.is_some()),
            ("--name", self.name.is_some()),
            ("--read-budget", self.read_budget.is_some()),
            ("--no-stacks", self.no_stacks),
            ("--trace-for", self.trace_for.is_some()),
            ("--no-trace", self.no_trace),
        ])
    }

    /// Whether a pod may be proposed: nobody chose the way, or one that cannot make pods.
    pub(crate) fn may_make_a_pod(&self) -> bool {
        self.pod.via.is_none() && self.cluster.kubectl.is_none()
    }

    /// The option that was given although only a kubelet that is asked can heed it.
    pub(crate) fn given_on_kubelet(&self) -> Option<&'static str> {
        args::first_given(&[
            ("--timeout", self.timeout.is_some()),
            ("--goroutines", self.goroutines),
            ("--heap", self.heap),
        ])
    }

    /// The same choice for an agent that runs on the node.
    pub(crate) fn words(&self) -> Vec<String> {
        let millis = |length: Duration| format!("{}ms", length.as_millis());
        let valued = [
            ("--window", Some(millis(self.window))),
            ("--pid", self.pid.map(|pid| pid.to_string())),
            ("--name", self.name.clone()),
            ("--read-budget", self.read_budget.map(millis)),
            ("--trace-for", self.trace_for.map(millis)),
        ];
        let valued = valued
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        let plain = [
            ("--no-stacks", self.no_stacks),
            ("--no-trace", self.no_trace),
        ];
        let plain = plain.into_iter().filter(|(_, given)| *given);
        valued
            .chain(plain.map(|(name, _)| name.to_owned()))
            .collect()
    }
}

/// The process to watch for a while, by id, by name, or the busiest agent; who is chosen among several
/// is said.
pub(crate) fn one_process(
    pid: Option<u32>,
    name: Option<&str>,
    length: Duration,
    cancel: &Cancel,
    progress: &dyn Progress,
) -> Result<Target, Failure> {
    let target = choice(pid, name)?;
    let node = Node::live();
    if let TargetChoice::Pid(pid) = target {
        tell_a_thread(&node, pid);
    }
    let options = Options {
        window: length,
        target,
        profiles: Vec::new(),
        debug_pages: DebugPages::default(),
        read_child: own_binary(),
        slow_read_budget: Duration::ZERO,
        stacks_hz: None,
        trace: TracePlan::Never,
        hot_cores: Cores(Catalog::built_in()?.thresholds.hot_cores),
    };
    let chosen = choose_target(&node, &SystemClock, &options, cancel, progress);
    let target = chosen.map_err(|error| {
        if let CollectError::NothingHot { busiest } = &error {
            show_busiest(busiest);
        }
        Failure::from(error)
    })?;
    if let Some(name) = name {
        tell_others(&node, name, target.pid);
    }
    Ok(target)
}

/// Whoever names several is told which of them is watched.
fn tell_others(node: &Node, name: &str, chosen: Pid) {
    let named = named(node, name);
    if named.len() > 1 {
        let others = named.iter().filter(|pid| **pid != chosen).take(SHOWN);
        let others: Vec<String> = others.map(ToString::to_string).collect();
        output::note(&format!(
            "note: {} processes are called {}: watching the busiest, {chosen}; --pid chooses another ({})\n",
            named.len(),
            printable(name),
            others.join(", ")
        ));
    }
}

/// The process named by `--pid` or `--name`, or else the busiest agent.
pub(crate) fn choice(pid: Option<u32>, name: Option<&str>) -> Result<TargetChoice, Failure> {
    Ok(match (pid, name) {
        (Some(0), _) => {
            return Err(Failure::usage(
                "0 is not a process id",
                "give the pid of a process",
            ));
        }
        (Some(pid), _) => TargetChoice::Pid(Pid(pid)),
        (None, Some(name)) if name.trim().is_empty() => {
            return Err(Failure::usage(
                "the name of a process cannot be empty",
                "give a name such as kubelet, or leave --name away to look for a hot agent",
            ));
        }
        (None, Some(name)) => TargetChoice::Name(name.to_owned()),
        (None, None) => TargetChoice::BusiestAgent,
    })
}

/// Our own binary, for reads that need a process of their own.
pub(crate) fn own_binary() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// Whoever names a thread is told that its whole process is watched.
pub(crate) fn tell_a_thread(node: &Node, tid: Pid) {
    if let PidKind::ThreadOf(process) = PidKind::of(node, tid) {
        let comm = node
            .text(&format!("/proc/{process}/comm"))
            .unwrap_or_default();
        output::note(&format!(
            "note: {tid} is a thread of process {process} ({}): watching the process\n",
            printable(comm.trim_end())
        ));
    }
}

pub(crate) fn show_busiest(busiest: &[(Pid, String, Cores)]) {
    let mut text = String::from("The busiest processes:\n  cores    pid  name\n");
    for (pid, comm, cores) in busiest {
        text.push_str(&format!("{:>7} {pid:>6}  {comm}\n", cores.to_string()));
    }
    output::note(&text);
}

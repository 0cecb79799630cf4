//! What is typed. What it means is each command's work.

use crate::commands::{
    agent, analyze, bundle, catalog, cgroups, clean, collect, completions, demo, diagnose, explain,
};
use crate::commands::{
    fix, flame, hidden, kernel, pod_guardian, pprof, profile, proxy, slab, syscalls, top, trace,
};
use clap::{Parser, Subcommand, ValueEnum};
use std::time::Duration;

/// Explains why a Kubernetes node agent (kubelet, cAdvisor, containerd, …) burns CPU, and proves it.
#[derive(Debug, Parser)]
#[command(
    name = "nodesleuth",
    version,
    about,
    max_term_width = 100,
    propagate_version = false
)]
pub(crate) struct Args {
    /// Say on stderr what is being done.
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch a node agent on this host and say why it burns CPU.
    Diagnose(diagnose::Args),
    /// Collect the evidence only, to be analysed elsewhere.
    Collect(collect::Args),
    /// Analyse a bundle that was collected before.
    Analyze(analyze::Args),
    /// Look into a bundle.
    Bundle(bundle::Args),
    /// Processes or threads by CPU, as pidstat shows them.
    Top(top::Args),
    Syscalls(syscalls::Args),
    Trace(trace::Args),
    Profile(profile::Args),
    Cgroups(cgroups::Args),
    Kernel(kernel::Args),
    Slab(slab::Args),
    Pprof(pprof::Args),
    Flame(Box<flame::Args>),
    Proxy(proxy::Args),
    Fix(Box<fix::Args>),
    /// Explain a known cause.
    Explain(explain::Args),
    /// List the known causes.
    Catalog(catalog::Args),
    /// Make this machine's own small sick agent and diagnose it.
    Demo(demo::Args),
    /// Remove what an interrupted demo or fix left behind here, or pods in a cluster.
    Clean(clean::Args),
    Completions(completions::Args),
    /// Measure in a pod, for a client elsewhere.
    #[command(name = agent::COMMAND, hide = true)]
    Agent(Box<agent::Args>),
    /// Remove a pod when whoever made it dies.
    #[command(name = pod_guardian::COMMAND, hide = true)]
    PodGuardian(pod_guardian::Args),
    /// Read one file and say how long it took (runs in a process of its own).
    #[command(name = nodesleuth_collect::READ_FILE_COMMAND, hide = true)]
    ReadFile(hidden::ReadFileArgs),
    /// Print a generated page of the documentation.
    #[command(name = "__docs", hide = true)]
    Docs(hidden::DocsArgs),
    /// Say what CPU looking at all threads takes.
    #[command(name = "__look-at-tasks", hide = true)]
    LookAtTasks(hidden::LookCostArgs),
}

/// Format of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// To paste into a ticket.
    Markdown,
}

/// A length of time such as `15s`, `2m`, `500ms`, or plain seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string()),
        Err(_) => humantime::parse_duration(text).map_err(|error| error.to_string()),
    };
    parsed.map_err(|error| format!("{error}; write it as 15s, 2m or 500ms"))
}

/// A window: long enough to measure something, short enough to be a window.
pub(crate) fn window(text: &str) -> Result<Duration, String> {
    let window = duration(text)?;
    if (Duration::from_millis(200)..=Duration::from_secs(3600)).contains(&window) {
        Ok(window)
    } else {
        Err("a window lasts from 200ms to 1h".to_owned())
    }
}

/// The first of these options that was given.
pub(crate) fn first_given(options: &[(&'static str, bool)]) -> Option<&'static str> {
    let mut options = options.iter();
    options.find(|(_, given)| *given).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_fit_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn times_may_be_plain_seconds() {
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("-3").is_err() && duration("NaN").is_err() && duration("soon").is_err());
    }

    #[test]
    fn a_window_of_nothing_is_refused() {
        assert!(window("0s").is_err() && window("2h").is_err() && window("15s").is_ok());
    }
}

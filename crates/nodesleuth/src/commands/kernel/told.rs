//! What the command prints.

use nodesleuth_analyze::kernel::KernelEntry;
use nodesleuth_model::Evidence;
use nodesleuth_model::diagnosis::{Advisory, AdvisoryStatus, NodeState, StateStatus};
use nodesleuth_model::evidence::ReadOutcome;
use serde::Serialize;

const WIDTH: usize = 100;
const INDENT: &str = "              ";

#[derive(Serialize)]
pub(super) struct Told<'a> {
    pub(super) release: &'a str,
    pub(super) family: Option<&'a str>,
    pub(super) measured: HowKnown,
    pub(super) problems: Vec<Problem<'a>>,
    /// States of this machine; none of another one.
    pub(super) states: Vec<NodeState>,
    pub(super) lab: Vec<String>,
    /// Files that a probe could not time, and why.
    pub(super) unmeasured: Vec<String>,
}

/// What the statuses rest on.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HowKnown {
    Table,
    Probe,
    Lab,
}

#[derive(Serialize)]
pub(super) struct Problem<'a> {
    id: &'a str,
    title: &'a str,
    status: AdvisoryStatus,
    reason: &'a str,
    effect: &'a str,
    remedy: &'a str,
    fixed_in: &'a str,
    commits: &'a [String],
    source: &'a str,
}

impl<'a> Problem<'a> {
    pub(super) fn new(advisory: &'a Advisory, entry: &'a KernelEntry) -> Self {
        Self {
            id: &advisory.id,
            title: &advisory.title,
            status: advisory.status,
            reason: &advisory.reason,
            effect: &entry.effect,
            remedy: &entry.remedy,
            fixed_in: &entry.fixed_in,
            commits: &entry.commits,
            source: &entry.source,
        }
    }

    /// What does not concern this kernel is told in one line.
    fn text(&self) -> String {
        let word = match self.status {
            AdvisoryStatus::Affected => "AFFECTED",
            AdvisoryStatus::Unknown => "unknown",
            AdvisoryStatus::Fixed => "not affected",
        };
        let mut text = format!("{word:<13} {} [{}]\n", self.title, self.id);
        text.push_str(&wrapped(self.reason));
        if self.status == AdvisoryStatus::Fixed {
            return text;
        }
        text.push_str(&wrapped(self.effect));
        let commits = match self.commits {
            [] => String::new(),
            commits => format!(" ({})", commits.join(", ")),
        };
        text.push_str(&wrapped(&format!(
            "fixed in mainline {}{commits}; helps: {}",
            self.fixed_in, self.remedy
        )));
        text.push_str(&wrapped(&format!("source: {}", self.source)));
        text
    }
}

impl Told<'_> {
    pub(super) fn text(&self) -> String {
        let family = match self.family {
            None => "no release",
            Some("unknown") => "of no distribution that is known",
            Some(family) => family,
        };
        let mut text = format!("kernel {} ({family})\n\n", self.release);
        for status in [
            AdvisoryStatus::Affected,
            AdvisoryStatus::Unknown,
            AdvisoryStatus::Fixed,
        ] {
            let of_status = self.problems.iter().filter(|one| one.status == status);
            for problem in of_status {
                text.push_str(&problem.text());
            }
        }
        text.push_str(&states(&self.states));
        for line in &self.unmeasured {
            text.push_str(&format!("\nnot timed: {line}"));
        }
        for line in &self.lab {
            text.push_str(&format!("\nlab: {line}"));
        }
        text.push_str(match self.measured {
            HowKnown::Table => {
                "\nFrom the table alone. --probe times this machine's own files, --probe-lab \
                 scratch cgroups; a\nmeasurement wins over the table.\n"
            }
            HowKnown::Probe | HowKnown::Lab => {
                "\nWhere it says measured, that won over the table.\n"
            }
        });
        text
    }
}

/// What is there first, then what is not known; what is not there in one line each.
fn states(states: &[NodeState]) -> String {
    if states.is_empty() {
        return String::new();
    }
    let mut text =
        "\nstates of this machine that are known to cost CPU (thresholds are proposals; \
                    what needs a window or a target:\nnodesleuth diagnose)\n\n"
            .to_owned();
    for status in [
        StateStatus::Seen,
        StateStatus::Unknown,
        StateStatus::NotSeen,
    ] {
        for state in states.iter().filter(|state| state.status == status) {
            text.push_str(&of_state(state));
        }
    }
    text
}

fn of_state(state: &NodeState) -> String {
    let word = match state.status {
        StateStatus::Seen => "SEEN",
        StateStatus::Unknown => "unknown",
        StateStatus::NotSeen => "not seen",
    };
    let severity = state
        .severity
        .map_or(String::new(), |severity| format!("{}: ", severity.as_str()));
    let mut text = format!("{word:<13} {severity}{} [{}]\n", state.title, state.id);
    for reason in &state.missing {
        text.push_str(&wrapped(reason));
    }
    for proof in &state.evidence {
        text.push_str(&wrapped(&proof.text));
    }
    for remedy in &state.remedies {
        let command = remedy
            .command
            .as_ref()
            .map_or(String::new(), |command| format!(": {command}"));
        text.push_str(&wrapped(&format!("helps: {}{command}", remedy.text)));
    }
    text
}

fn wrapped(text: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(INDENT)
        .subsequent_indent(INDENT);
    let mut text = textwrap::fill(text, options);
    text.push('\n');
    text
}

/// Root files of the memory hierarchy that were to be timed and were not.
pub(super) fn unmeasured(evidence: &Evidence) -> Vec<String> {
    let timed = match evidence.timed_reads.require("timed reads") {
        Ok(timed) => timed,
        Err(missing) => return vec![missing.to_string()],
    };
    let mount = evidence
        .cgroups
        .value()
        .and_then(|census| census.memory())
        .map_or("", |memory| memory.mount.as_str());
    let of_root = timed
        .reads
        .iter()
        .filter(|read| read.path == format!("{mount}/{}", read.file_name()));
    of_root
        .filter_map(|read| match &read.outcome {
            ReadOutcome::Read { .. } => None,
            ReadOutcome::Skipped { reason } | ReadOutcome::Failed { reason } => {
                Some(format!("{}: {reason}", read.path))
            }
            ReadOutcome::TimedOut { after, .. } => {
                Some(format!("{}: no answer within {after}", read.path))
            }
        })
        .collect()
}

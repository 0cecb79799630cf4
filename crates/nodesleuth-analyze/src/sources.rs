//! Where in the source a finding's CPU is burnt: the functions of the agent and its libraries that
//! are nearest to the leaf, with the page of their line at the version that runs.

use crate::input::Input;
use crate::stacks::ProfileView;
use nodesleuth_model::diagnosis::SourceLine;
use nodesleuth_model::evidence::GoBuild;
use nodesleuth_model::{Cores, Finding, Ledger};
use nodesleuth_profile::{Frame, FrameName, SourceLinks, Stack};
use std::collections::BTreeMap;

/// More lines than this nobody reads.
const MOST_LINES: usize = 3;
/// A line with less than this share of what the finding claims says nothing.
const LEAST_SHARE: f64 = 0.05;

/// Adds to each finding the lines that burn most of what it claims.
pub(crate) fn add(input: &Input<'_>, ledger: &Ledger, findings: &mut [Finding]) {
    let Some(profile) = input.owner() else {
        return;
    };
    let links = links(input);
    for finding in findings {
        let owners = claimed(ledger, &finding.id);
        finding.sources = lines(profile, &owners, &links);
    }
}

/// Owners of which a finding claims something.
fn claimed<'l>(ledger: &'l Ledger, finding: &str) -> Vec<&'l str> {
    let parts = ledger.view("owner").map(|view| &view.parts);
    let mine = parts.into_iter().flatten().filter(|part| {
        let mut claims = part.claims.iter();
        claims.any(|claim| claim.finding == finding)
    });
    mine.map(|part| part.id.as_str()).collect()
}

fn lines(profile: &ProfileView<'_>, owners: &[&str], links: &SourceLinks) -> Vec<SourceLine> {
    let mut found: BTreeMap<(&str, &str, i64), f64> = BTreeMap::new();
    let mut total = 0.0;
    for (stack, cores) in profile.stacks_of(owners) {
        total += cores;
        if let Some(frame) = nearest(stack) {
            let at = (
                frame.name(),
                frame.file().unwrap_or_default(),
                frame.line().unwrap_or(0),
            );
            *found.entry(at).or_default() += cores;
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.retain(|(_, cores)| *cores >= LEAST_SHARE * total);
    // The sort is stable: lines of equal price stay in the order of their names.
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(MOST_LINES);
    let line = |((function, file, line), cores): ((&str, &str, i64), f64)| SourceLine {
        function: FrameName::new(function).as_str().to_owned(),
        file: file.to_owned(),
        line: u64::try_from(line).ok().filter(|line| *line > 0),
        link: links.line(file, line),
        cores: Cores(cores),
    };
    found.into_iter().map(line).collect()
}

/// The frame nearest to the leaf that is of a Go module and not of Go itself.
fn nearest(stack: Stack<'_>) -> Option<Frame<'_>> {
    stack.frames().rev().find(|frame| {
        let name = FrameName::new(frame.name());
        name.go().is_some_and(|go| is_of_a_module(go.package))
    })
}

/// Packages of Go's own have no dot in their path's first part, or are golang.org/x. The main package
/// is somebody's.
fn is_of_a_module(package: &str) -> bool {
    let first = package.split('/').next().unwrap_or_default();
    let is_go_s = package.starts_with("golang.org/x/");
    (first.contains('.') && !is_go_s) || package == "main"
}

fn links(input: &Input<'_>) -> SourceLinks {
    let mut links = SourceLinks::default();
    let target = input.target().ok();
    let Some(build) = target.and_then(|target| target.go.value()) else {
        return links;
    };
    for version in versions(build) {
        // A version without a page, such as "(devel)", gives no link.
        let _ = links.set_version(&version);
    }
    links
}

fn versions(build: &GoBuild) -> impl Iterator<Item = String> {
    let modules = build.main.iter().chain(&build.deps);
    let modules = modules.map(|module| format!("{}={}", module.path, module.version));
    modules.chain([format!("go={}", build.go_version)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_s_own_packages_are_no_module_s() {
        for (package, expected) in [
            ("github.com/google/cadvisor/manager", true),
            ("k8s.io/kubernetes/pkg/kubelet", true),
            ("main", true),
            ("internal/runtime/syscall", false),
            ("os", false),
            ("golang.org/x/sys/unix", false),
        ] {
            assert_eq!(is_of_a_module(package), expected, "{package}");
        }
    }
}

//! The parts of the test command, in order. A new part is a line here.

use crate::bpf;
use crate::docs;
use crate::eval;
use crate::failure::Result;
use crate::lab::vm;
use crate::policy;
use crate::test::summary::Outcome;
use crate::test::{browser, cadvisor, cargo_parts};
use crate::workspace::Workspace;

/// Whether a part also belongs to `--quick`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    Quick,
    Slow,
}

/// One part of the test command.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) speed: Speed,
    /// An error is a failure of the part.
    pub(crate) run: fn(&Workspace) -> Result<Outcome>,
}

pub(crate) const PARTS: &[Part] = &[
    quick("format", cargo_parts::format),
    quick("clippy", cargo_parts::clippy),
    quick("tests and doc tests", cargo_parts::tests),
    quick("rustdoc", cargo_parts::rustdoc),
    quick("policy", |workspace| {
        policy::violations(workspace).map(none_of)
    }),
    quick("generated pages", |workspace| {
        docs::stale(workspace).map(none_of)
    }),
    quick("accuracy", |workspace| {
        eval::violations(workspace).map(none_of)
    }),
    slow("BPF objects", bpf::check),
    slow("release build", |workspace| {
        workspace.release_binary().map(|_| Outcome::Passed)
    }),
    slow("browser", browser::run),
    slow("live tests on this machine", cargo_parts::live),
    slow("names in Go binaries", cargo_parts::go_binaries),
    slow("demo processes in full size", cargo_parts::demo_processes),
    slow("lab: real cAdvisor", cadvisor::many_cgroups),
    slow("lab: real cAdvisor among zombies", cadvisor::zombies),
    slow("lab: remedies in a guest with cgroup v2", vm::small),
];

const fn quick(name: &'static str, run: fn(&Workspace) -> Result<Outcome>) -> Part {
    let speed = Speed::Quick;
    Part { name, speed, run }
}

const fn slow(name: &'static str, run: fn(&Workspace) -> Result<Outcome>) -> Part {
    let speed = Speed::Slow;
    Part { name, speed, run }
}

/// Prints what is wrong; passes if nothing is.
pub(crate) fn none_of(violations: Vec<String>) -> Outcome {
    for violation in &violations {
        println!("{violation}");
    }
    if violations.is_empty() {
        Outcome::Passed
    } else {
        Outcome::Failed
    }
}

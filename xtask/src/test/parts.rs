//! The parts of the test command, in order. A new part is a line here.

use crate::bpf;
use crate::docs;
use crate::eval;
use crate::failure::Result;
use crate::lab::vm;
use crate::policy;
use crate::test::summary::Outcome;
use crate::test::{browser, cadvisor, cargo_parts, live};
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
    /// Whether others on the machine can spoil what it measures, so that a failure is tried again.
    pub(crate) again: bool,
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
    slow("live tests on this machine", live::machine),
    slow("names in Go binaries", cargo_parts::go_binaries),
    slow("demo processes in full size", live::demo_processes),
    lab("lab: real cAdvisor", cadvisor::many_cgroups),
    lab("lab: real cAdvisor among zombies", cadvisor::zombies),
    lab("lab: remedies in a guest with cgroup v2", vm::small),
];

const fn quick(name: &'static str, run: fn(&Workspace) -> Result<Outcome>) -> Part {
    Part {
        name,
        speed: Speed::Quick,
        again: false,
        run,
    }
}

const fn slow(name: &'static str, run: fn(&Workspace) -> Result<Outcome>) -> Part {
    Part {
        speed: Speed::Slow,
        ..quick(name, run)
    }
}

const fn lab(name: &'static str, run: fn(&Workspace) -> Result<Outcome>) -> Part {
    Part {
        again: true,
        ..slow(name, run)
    }
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

//! `nodesleuth completions`: words that a shell completes.

use crate::args::Args as Line;
use crate::failure::Failure;
use crate::output;
use clap::CommandFactory;
use clap_complete::Shell;

/// Print a script that makes a shell complete nodesleuth's words.
///
/// `nodesleuth completions bash > /etc/bash_completion.d/nodesleuth`; zsh: into a folder of $fpath as
/// `_nodesleuth`; fish: ~/.config/fish/completions/nodesleuth.fish. For `kubectl nodesleuth`, link the
/// binary as `kubectl_complete-nodesleuth` beside `kubectl-nodesleuth`: kubectl (1.26 and newer) asks it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For which shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Line::command(), "nodesleuth", &mut script);
    output::print(&String::from_utf8_lossy(&script))
}

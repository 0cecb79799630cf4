//! nodesleuth explains why a Kubernetes node agent burns CPU, and proves it.
//!
//! `main` only dispatches and turns results into exit codes: 0 done, 1 done and a cause was found
//! (only with `--exit-code`), 2 could not do it. Data goes to stdout, progress and errors to
//! stderr.

mod args;
mod bundle;
mod commands;
mod failure;
mod ingest;
mod input;
mod new_file;
mod output;
mod plugin;
mod progress;
mod redact;
mod signals;
mod stack_files;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Children of our own (guardian, demo agent) must not parse options or start threads.
    if let Some(code) = nodesleuth_act::hidden::run(std::env::args_os()) {
        return code;
    }
    if plugin::asks_for_completion() {
        return plugin::complete(std::env::args_os().skip(1));
    }
    match commands::run(plugin::args()) {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::from(2)
        }
    }
}

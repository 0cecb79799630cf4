//! Guardian and agent as real processes. This program plays all parts: the test, the parent that
//! is killed, the guardian and the agent; that is why it has a `main` of its own.
//!
//! Arguments are libtest's: a filter, `--ignored`, `--include-ignored`, `--exact`, `--list`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test; its output is its result"
)]

mod machine;
mod on_fake_nodes;
mod on_this_node;
mod parent;

use std::panic::catch_unwind;
use std::process::ExitCode;

/// Name, function, and why it is ignored unless asked for.
type Case = (&'static str, fn(), Option<&'static str>);

fn main() -> ExitCode {
    if let Some(code) = nodesleuth_act::hidden::run(std::env::args_os()) {
        return code;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|first| first == parent::COMMAND)
    {
        return parent::play(&arguments[1..]);
    }
    let cases: Vec<Case> = [on_fake_nodes::CASES, on_this_node::CASES].concat();
    run(&cases, &arguments)
}

fn run(cases: &[Case], arguments: &[String]) -> ExitCode {
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let wanted = |name: &str| match filter {
        Some(filter) if has("--exact") => name == filter,
        Some(filter) => name.contains(filter.as_str()),
        None => true,
    };
    let mut failed: Vec<&str> = Vec::new();
    for (name, case, ignored) in cases.iter().filter(|(name, ..)| wanted(name)) {
        if has("--list") {
            println!("{name}: test");
            continue;
        }
        let runs = has("--include-ignored") || has("--ignored") == ignored.is_some();
        match ignored {
            _ if runs => {
                let passed = catch_unwind(case).is_ok();
                println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
                failed.extend((!passed).then_some(*name));
            }
            Some(why) => println!("test {name} ... ignored, {why}"),
            None => {}
        }
    }
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

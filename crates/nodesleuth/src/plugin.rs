//! Being `kubectl nodesleuth`: kubectl starts what is called `kubectl-nodesleuth`, and asks what is
//! called `kubectl_complete-nodesleuth` (a link to the same binary) which words may come next.

use crate::args::Args;
use crate::output;
use clap::{Arg, Command, CommandFactory, FromArgMatches};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// What kubectl's shell completion does with the words: nothing more, or complete names of files.
const ONLY_WORDS: u32 = 4;
const FILES_TOO: u32 = 0;

/// Whether it was started as `kubectl nodesleuth`: on somebody's laptop, which is not what they ask
/// about.
pub(crate) fn is_plugin() -> bool {
    started_as("kubectl-")
}

/// Whether kubectl asks for words.
pub(crate) fn asks_for_completion() -> bool {
    started_as("kubectl_complete-")
}

fn started_as(prefix: &str) -> bool {
    let name = std::env::args_os().next();
    let name = name.as_deref().map(Path::new).and_then(Path::file_name);
    name.is_some_and(|name| name.to_string_lossy().starts_with(prefix))
}

/// What was typed; usage texts name the command as it was typed.
pub(crate) fn args() -> Args {
    let command = match is_plugin() {
        true => Args::command().bin_name("kubectl nodesleuth"),
        false => Args::command(),
    };
    let matches = command.get_matches();
    Args::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// Prints the words that may stand where the last of `words` begins, one a line, and what to do
/// with them.
pub(crate) fn complete(words: impl Iterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = words
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let (candidates, directive) = candidates(&words);
    let text: String = candidates.iter().map(|word| format!("{word}\n")).collect();
    match output::print(&format!("{text}:{directive}\n")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(2),
    }
}

fn candidates(words: &[String]) -> (BTreeSet<String>, u32) {
    let mut command = Args::command();
    command.build();
    let (begun, before) = match words.split_last() {
        Some((last, before)) => (last.as_str(), before),
        None => ("", words),
    };
    let mut at = &command;
    for word in before {
        at = at.find_subcommand(word).unwrap_or(at);
    }
    let (found, directive) = match (value_of(at, before), begun.strip_prefix("--")) {
        (Some(option), _) => (values(option), FILES_TOO),
        (None, Some(_)) => (options(at), ONLY_WORDS),
        (None, None) if at.has_subcommands() => (subcommands(at), ONLY_WORDS),
        (None, None) => (positional_values(at), FILES_TOO),
    };
    let found: BTreeSet<String> = found
        .into_iter()
        .filter(|word| word.starts_with(begun))
        .collect();
    let directive = if found.is_empty() {
        directive
    } else {
        ONLY_WORDS
    };
    (found, directive)
}

/// The option whose value comes next.
fn value_of<'c>(command: &'c Command, before: &[String]) -> Option<&'c Arg> {
    let name = before.last()?.strip_prefix('-')?;
    let mut options = command.get_arguments();
    options.find(|option| {
        let is_it = match name.strip_prefix('-') {
            Some(long) => option.get_long() == Some(long),
            None => option
                .get_short()
                .is_some_and(|short| name == short.to_string()),
        };
        is_it && option.get_action().takes_values()
    })
}

fn values(option: &Arg) -> Vec<String> {
    let values = option.get_possible_values().into_iter();
    values.map(|value| value.get_name().to_owned()).collect()
}

fn positional_values(command: &Command) -> Vec<String> {
    command.get_positionals().flat_map(values).collect()
}

fn options(command: &Command) -> Vec<String> {
    let shown = command
        .get_arguments()
        .filter(|option| !option.is_hide_set());
    shown
        .filter_map(|option| Some(format!("--{}", option.get_long()?)))
        .collect()
}

fn subcommands(command: &Command) -> Vec<String> {
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    shown.map(|command| command.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> (Vec<String>, u32) {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (found, directive) = candidates(&words);
        (found.into_iter().collect(), directive)
    }

    #[test]
    fn commands_options_and_values_are_completed() {
        assert_eq!(completed("diag"), (vec!["diagnose".to_owned()], ONLY_WORDS));
        assert_eq!(
            completed("diagnose --node n --via"),
            (
                vec!["--via".to_owned(), "--via-logs".to_owned()],
                ONLY_WORDS
            )
        );
        assert_eq!(
            completed("diagnose --via "),
            (vec!["api".to_owned(), "pod".to_owned()], ONLY_WORDS)
        );
        assert_eq!(
            completed("diagnose -o j"),
            (vec!["json".to_owned()], ONLY_WORDS)
        );
        assert_eq!(
            completed("completions ba"),
            (vec!["bash".to_owned()], ONLY_WORDS)
        );
        assert_eq!(completed("bundle s"), (vec!["show".to_owned()], ONLY_WORDS));
    }

    #[test]
    fn where_a_file_may_stand_the_shell_completes_it() {
        assert_eq!(completed("diagnose --save "), (vec![], FILES_TOO));
        assert_eq!(completed("analyze x"), (vec![], FILES_TOO));
    }

    #[test]
    fn hidden_commands_stay_hidden() {
        let (all, _) = completed("");
        assert!(all.contains(&"top".to_owned()));
        assert!(!all.iter().any(|word| word.starts_with("__")), "{all:?}");
    }
}

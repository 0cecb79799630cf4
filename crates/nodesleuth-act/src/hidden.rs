//! The commands of our own binary that only we type: guardian, demo agent, a remedy's step.

use crate::{agent, fix, guardian};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs a hidden command if the arguments (program name first) are one, to its end.
///
/// `main` calls this before anything else: a child must not start threads, print or parse options.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    match arguments.next()?.to_str()? {
        guardian::COMMAND => Some(guardian::child_main()),
        fix::COMMAND => Some(fix::child_main(arguments)),
        agent::COMMAND => Some(agent::child_main(arguments)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_types_is_not_hidden() {
        for typed in [vec!["nodesleuth"], vec!["nodesleuth", "demo"], vec![]] {
            assert!(run(typed.into_iter().map(OsString::from)).is_none());
        }
    }
}

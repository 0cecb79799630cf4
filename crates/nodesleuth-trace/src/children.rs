//! Names of the processes that the one watched has started.

use crate::Child;
use std::fs;

/// Names them: those that live by what they are called now, others as `ended` knows.
pub(crate) fn named(
    processes: impl IntoIterator<Item = u32>,
    ended: &dyn Fn(u32) -> Option<String>,
) -> Vec<Child> {
    let child = |tgid| Child {
        tgid,
        comm: ended(tgid).or_else(|| called_now(tgid)),
    };
    processes.into_iter().map(child).collect()
}

fn called_now(tgid: u32) -> Option<String> {
    let comm = fs::read_to_string(format!("/proc/{tgid}/comm")).ok()?;
    Some(comm.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_at_the_end_comes_before_that_of_who_has_the_id_now() {
        let own = std::process::id();
        let ended = |tgid| (tgid == 7).then(|| "du".to_owned());
        let children = named([7, own, u32::MAX], &ended);
        assert_eq!(children[0].comm.as_deref(), Some("du"));
        assert!(children[1].comm.is_some());
        assert_eq!(children[2].comm, None);
    }
}

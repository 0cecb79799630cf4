//! The numbered folders of `/proc` and of `/proc/PID/task`.

use std::fs;
use std::io;
use std::path::Path;

/// The numbers among the names of a folder, ascending, into a buffer that is used again.
pub(super) fn list(folder: &Path, ids: &mut Vec<u32>) -> io::Result<()> {
    ids.clear();
    for entry in fs::read_dir(folder)? {
        // An entry that cannot be read is a task that ended while it was listed.
        let Ok(entry) = entry else { continue };
        if let Some(id) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            ids.push(id);
        }
    }
    ids.sort_unstable();
    Ok(())
}

/// Brings `known` (ascending by `id_of`) in line with `ids`: what is no longer listed is dropped,
/// what is new is opened.
pub(super) fn reconcile<T>(
    known: &mut Vec<T>,
    ids: &[u32],
    id_of: impl Fn(&T) -> u32,
    mut open: impl FnMut(u32) -> Option<T>,
) {
    let mut old = std::mem::take(known).into_iter().peekable();
    known.reserve(ids.len());
    for &id in ids {
        while old.next_if(|item| id_of(item) < id).is_some() {}
        match old.next_if(|item| id_of(item) == id) {
            Some(item) => known.push(item),
            None => known.extend(open(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_node::FakeNode;

    #[test]
    fn only_numbers_are_listed_in_numeric_order() {
        let fake = FakeNode::new()
            .folder("/proc/10")
            .folder("/proc/9")
            .folder("/proc/sys");
        let mut ids = vec![77];
        list(&fake.node.path("/proc"), &mut ids).unwrap();
        assert_eq!(ids, [9, 10]);
    }

    #[test]
    fn what_stays_is_kept_what_went_is_dropped_what_came_is_opened() {
        let mut known = vec![(1, "old"), (2, "old"), (5, "old")];
        reconcile(
            &mut known,
            &[2, 3, 4],
            |item| item.0,
            |id| (id != 4).then_some((id, "new")),
        );
        assert_eq!(known, [(2, "old"), (3, "new")]);
    }
}

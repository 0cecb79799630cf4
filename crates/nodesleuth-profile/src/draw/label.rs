//! As much of a name as fits into a box.

use std::borrow::Cow;

use crate::draw::module_path::short_name;

/// Below this many columns no label is better than one.
const FEWEST_COLUMNS: usize = 3;

/// The name, without the folders of its package if it is too long, cut with `…` if that is still
/// too long; `None` if there is no room.
pub(crate) fn label(name: &str, columns: usize) -> Option<Cow<'_, str>> {
    if columns < FEWEST_COLUMNS {
        return None;
    }
    let short = short_name(name);
    match [name, short].into_iter().find(|text| fits(text, columns)) {
        Some(text) => Some(Cow::Borrowed(text)),
        None => Some(Cow::Owned(format!("{}…", cut(short, columns - 1)))),
    }
}

fn fits(text: &str, columns: usize) -> bool {
    cut(text, columns).len() == text.len()
}

fn cut(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += column_count(c);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// Columns of a monospaced font; what is not surely narrow counts twice, so that nothing overlaps.
fn column_count(c: char) -> usize {
    if c < '\u{1100}' || c == '…' { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_folders_then_their_end() {
        let name = "k8s.io/kubernetes/pkg/kubelet.(*Kubelet).syncLoop";
        assert_eq!(label(name, 60).as_deref(), Some(name));
        assert_eq!(
            label(name, 30).as_deref(),
            Some("kubelet.(*Kubelet).syncLoop")
        );
        assert_eq!(label(name, 9).as_deref(), Some("kubelet.…"));
        assert_eq!(label(name, 2), None);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(label("漢字漢字", 8).as_deref(), Some("漢字漢字"));
        assert_eq!(label("漢字漢字", 7).as_deref(), Some("漢字漢…"));
    }
}

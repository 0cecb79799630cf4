//! Names that may have been meant.

use std::collections::BTreeSet;

const MOST: usize = 5;
/// So many letters may be wrong, missing or too many.
const TYPING_ERRORS: usize = 2;

/// "; similar: a, b" or nothing.
pub(super) fn similar<'a>(meant: &str, names: impl Iterator<Item = &'a str>) -> String {
    let meant = meant.to_lowercase();
    let alike: BTreeSet<&str> = names
        .filter(|name| is_alike(&meant, &name.to_lowercase()))
        .collect();
    let list: Vec<&str> = alike.into_iter().take(MOST).collect();
    if list.is_empty() {
        String::new()
    } else {
        format!("; similar: {}", list.join(", "))
    }
}

fn is_alike(meant: &str, name: &str) -> bool {
    let long_enough = meant.len() >= 3 && name.len() >= 3;
    long_enough
        && (name.contains(meant)
            || meant.contains(name)
            || distance(meant.as_bytes(), name.as_bytes()) <= TYPING_ERRORS)
}

/// Levenshtein distance.
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, byte) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other_byte) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(byte != other_byte);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_and_partial_names_are_recognised() {
        let names = ["kubelet", "kube-proxy", "containerd", "sh", "kubelet"];
        assert_eq!(similar("kublet", names.into_iter()), "; similar: kubelet");
        assert_eq!(
            similar("Kube", names.into_iter()),
            "; similar: kube-proxy, kubelet"
        );
        assert_eq!(similar("nginx", names.into_iter()), "");
    }
}

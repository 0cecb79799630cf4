//! Counts directories by the pattern of their names.

use super::walk::Met;
use nodesleuth_model::evidence::PatternCount;
use nodesleuth_parse::cgroup::name_pattern;
use std::collections::BTreeMap;

/// Patterns that are kept.
const KEPT: usize = 12;

/// Patterns that are told apart; names beyond that count as `*`, so that memory stays bounded.
const MOST: usize = 20_000;

/// Directories by pattern; a directory's kept value is its own pattern, which its children's
/// patterns begin with.
#[derive(Default)]
pub(super) struct Patterns {
    found: BTreeMap<String, (u64, String)>,
}

impl Patterns {
    /// Counts a directory and returns its pattern.
    pub(super) fn count(&mut self, met: Met<'_, String>) -> String {
        let mut pattern = format!("{}/{}", met.parent, name_pattern(met.name));
        if self.found.len() >= MOST && !self.found.contains_key(&pattern) {
            pattern = format!("{}/*", met.parent);
        }
        match self.found.get_mut(&pattern) {
            Some((count, _)) => *count += 1,
            None => {
                let example = format!("{}/{}", met.parent_path, met.name);
                self.found.insert(pattern.clone(), (1, example));
            }
        }
        pattern
    }

    /// The most frequent ones, most first.
    pub(super) fn most_frequent(self) -> Vec<PatternCount> {
        let mut counts: Vec<PatternCount> = self
            .found
            .into_iter()
            .map(|(pattern, (count, example))| PatternCount {
                pattern,
                count,
                example,
            })
            .collect();
        counts.sort_by_key(|pattern| std::cmp::Reverse(pattern.count));
        counts.truncate(KEPT);
        counts
    }
}

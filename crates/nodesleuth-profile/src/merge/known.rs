//! Rows that are already in a table, found by their content without keeping it a second time.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash};

use crate::keyed_hash::KeyedHash;
use crate::strings::dense;

const NONE: u32 = u32::MAX;

/// Positions of a table's rows by a hash of their content. The hash has a random key, so that no
/// file can be made whose rows all collide.
#[derive(Debug, Default)]
pub(super) struct Known {
    hasher: KeyedHash,
    /// The last row with this hash.
    last: HashMap<u64, u32, KeyedHash>,
    /// For each row the one before it with the same hash.
    before: Vec<u32>,
}

impl Known {
    /// The row with this content, or `Err` with the position it is to be added at.
    pub(super) fn find(
        &mut self,
        content: impl Hash,
        is: impl Fn(usize) -> bool,
    ) -> Result<u32, u32> {
        let hash = self.hasher.hash_one(content);
        let new = dense(self.before.len());
        let last = self.last.entry(hash).or_insert(NONE);
        let mut row = *last;
        while row != NONE {
            if is(row as usize) {
                return Ok(row);
            }
            row = self.before[row as usize];
        }
        self.before.push(*last);
        *last = new;
        Err(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_the_same_hash_are_told_apart() {
        let rows = ["a", "b", "c"];
        let mut known = Known::default();
        for (position, text) in rows.iter().enumerate() {
            let is = |row: usize| rows[row] == *text;
            assert_eq!(known.find(0, is), Err(dense(position)));
        }
        assert_eq!(known.find(0, |row| rows[row] == "a"), Ok(0));
        assert_eq!(known.find(1, |row| rows[row] == "a"), Err(3));
    }
}

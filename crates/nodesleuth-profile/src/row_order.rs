//! Sorting rows of small numbers: several keys at a time, packed into one word.

use crate::stack::nth_range;

/// Rows one after the other; the lowest bit of a key is not part of its symbol.
#[derive(Debug)]
pub(crate) struct RowTable<'t> {
    pub(crate) keys: &'t [u32],
    pub(crate) ends: &'t [usize],
    /// Rank of each symbol, from 1, so that 0 can stand for the end of a row.
    pub(crate) ranks: &'t [u32],
}

/// A row with the keys that are being compared.
#[derive(Clone, Copy)]
struct Entry {
    packed: u64,
    row: u32,
}

/// As many ranks in a word as fit.
#[derive(Clone, Copy)]
struct Packing {
    bits: u32,
    keys: usize,
}

impl RowTable<'_> {
    /// The rows in the order of their ranks, a row before those it begins.
    ///
    /// Each round looks at the next few keys of the rows that are equal so far, so that a long
    /// common beginning is looked at once, and no comparison leaves the cache.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let packing = Packing::new(self.ranks.len());
        let mut entries: Vec<Entry> = (0..crate::strings::dense(self.ends.len()))
            .map(|row| Entry { packed: 0, row })
            .collect();
        let mut equal_so_far = vec![(0..entries.len(), 0)];
        while let Some((range, depth)) = equal_so_far.pop() {
            let first = range.start;
            let group = &mut entries[range];
            for entry in &mut *group {
                entry.packed = self.pack(packing, entry.row, depth);
            }
            group.sort_unstable_by_key(|entry| entry.packed);
            let mut start = first;
            for same in group.chunk_by(|left, right| left.packed == right.packed) {
                let end = start + same.len();
                if same.len() > 1 && !packing.ended(same[0].packed) {
                    equal_so_far.push((start..end, depth + packing.keys));
                }
                start = end;
            }
        }
        entries.into_iter().map(|entry| entry.row).collect()
    }

    fn pack(&self, packing: Packing, row: u32, depth: usize) -> u64 {
        let row = &self.keys[nth_range(self.ends, row as usize)];
        let rest = row.get(depth..).unwrap_or_default();
        let taken = &rest[..rest.len().min(packing.keys)];
        let packed = taken.iter().fold(0, |packed, key| {
            packed << packing.bits | u64::from(self.ranks[(key >> 1) as usize])
        });
        let missing = packing.keys - taken.len();
        match taken.is_empty() {
            true => 0,
            false => packed << (packing.bits * missing as u32),
        }
    }
}

impl Packing {
    fn new(ranks: usize) -> Self {
        let bits = (usize::BITS - ranks.leading_zeros()).max(1);
        Self {
            bits,
            keys: (u64::BITS / bits) as usize,
        }
    }

    /// Whether a row ends within these keys.
    fn ended(self, packed: u64) -> bool {
        packed & ((1 << self.bits) - 1) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(rows: &[&[u32]], symbols: u32) -> Vec<Vec<u32>> {
        let keys: Vec<u32> = rows.concat().iter().map(|key| key * 2).collect();
        let ends: Vec<usize> = rows
            .iter()
            .scan(0, |end, row| {
                *end += row.len();
                Some(*end)
            })
            .collect();
        let ranks: Vec<u32> = (1..=symbols).collect();
        let table = RowTable {
            keys: &keys,
            ends: &ends,
            ranks: &ranks,
        };
        let row = |row: &u32| rows[*row as usize].to_vec();
        table.sorted().iter().map(row).collect()
    }

    #[test]
    fn rows_are_in_the_order_of_slices() {
        let long = [0; 100];
        let longer = [0; 101];
        let rows: [&[u32]; 7] = [&longer, &[2, 1], &[0], &[2], &long, &[1, 2, 0], &[0, 2]];
        for symbols in [3, 70_000, u32::from(u16::MAX)] {
            let mut expected: Vec<_> = rows.iter().map(|row| row.to_vec()).collect();
            expected.sort();
            assert_eq!(sorted(&rows, symbols), expected);
        }
    }

    #[test]
    fn one_symbol_fills_a_word_with_sixty_four_keys() {
        let rows: [&[u32]; 3] = [&[0; 65], &[0; 64], &[0; 63]];
        let lengths: Vec<_> = sorted(&rows, 1).iter().map(Vec::len).collect();
        assert_eq!(lengths, [63, 64, 65]);
    }
}

//! Sorting rows of small numbers: several keys at a time, packed into one word.

use std::cmp::Ordering;

use crate::stack::nth_range;
use crate::strings::dense;

/// Rows one after the other; the lowest bit of a key is not part of its symbol.
#[derive(Debug)]
pub(crate) struct RowTable<'t> {
    pub(crate) keys: &'t [u32],
    pub(crate) ends: &'t [usize],
    /// Rank of each symbol, from 1, so that 0 can stand for the end of a row.
    pub(crate) ranks: &'t [u32],
}

/// A row in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sorted {
    pub(crate) row: u32,
    /// How many symbols it has in common with the row before, from the beginning; [`REPEATED`] if
    /// all of them.
    pub(crate) shared: u32,
}

/// Stands for a row that is the same as the one before.
pub(crate) const REPEATED: u32 = u32::MAX;

/// A row with the keys that are being compared.
#[derive(Clone, Copy)]
struct Entry {
    packed: Packed,
    row: u32,
}

/// Words of ranks. With fewer of them, most rows would have to be looked up a second time, and at
/// that time they are in no order and not in the cache.
type Packed = [u64; WORDS];

const WORDS: usize = 3;

/// As many ranks in a word as fit.
#[derive(Clone, Copy)]
struct Packing {
    bits: u32,
    /// In one word.
    keys: usize,
}

impl RowTable<'_> {
    /// The rows in the order of their ranks, a row before those it begins.
    ///
    /// Each round looks at the next few keys of the rows that are equal so far, so that a long
    /// common beginning is looked at once, and no comparison leaves the cache.
    pub(crate) fn sorted(&self) -> Vec<Sorted> {
        let packing = Packing::new(self.ranks.len());
        let mut entries: Vec<Entry> = (0..dense(self.ends.len()))
            .map(|row| Entry {
                packed: [0; WORDS],
                row,
            })
            .collect();
        // By position: which row stands there may still change.
        let mut shared = vec![0; entries.len()];
        let mut equal_so_far = vec![(0..entries.len(), 0)];
        while let Some((range, depth)) = equal_so_far.pop() {
            let (first, mut start) = (range.start, range.start);
            let group = &mut entries[range];
            for entry in &mut *group {
                entry.packed = self.pack(packing, entry.row, depth);
            }
            group.sort_unstable_by(|left, right| compare(&left.packed, &right.packed));
            for same in group.chunk_by(|left, right| left.packed == right.packed) {
                let (packed, end) = (same[0].packed, start + same.len());
                if let Some(before) = (start - first).checked_sub(1) {
                    let common = packing.common(&group[before].packed, &packed);
                    shared[start] = dense(depth + common);
                }
                if packing.ended(&packed) {
                    shared[start + 1..end].fill(REPEATED);
                } else if same.len() > 1 {
                    equal_so_far.push((start..end, depth + WORDS * packing.keys));
                }
                start = end;
            }
        }
        let rows = entries.iter().map(|entry| entry.row);
        rows.zip(shared)
            .map(|(row, shared)| Sorted { row, shared })
            .collect()
    }

    fn pack(&self, packing: Packing, row: u32, depth: usize) -> Packed {
        let row = &self.keys[nth_range(self.ends, row as usize)];
        let rest = row.get(depth..).unwrap_or_default();
        std::array::from_fn(|at| {
            let keys = rest.get(at * packing.keys..).unwrap_or_default();
            self.word(packing, keys)
        })
    }

    fn word(&self, packing: Packing, keys: &[u32]) -> u64 {
        let taken = &keys[..keys.len().min(packing.keys)];
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

/// As arrays compare, but two words at once: no processor could guess which of them differ.
fn compare([l0, l1, l2]: &Packed, [r0, r1, r2]: &Packed) -> Ordering {
    let both = |high: u64, low: u64| u128::from(high) << u64::BITS | u128::from(low);
    both(*l0, *l1).cmp(&both(*r0, *r1)).then_with(|| l2.cmp(r2))
}

impl Packing {
    fn new(ranks: usize) -> Self {
        let bits = (usize::BITS - ranks.leading_zeros()).max(1);
        Self {
            bits,
            keys: (u64::BITS / bits) as usize,
        }
    }

    /// How many keys have two in common that differ, from their beginning.
    fn common(self, left: &Packed, right: &Packed) -> usize {
        let words = left.iter().zip(right).enumerate();
        let mut differing = words.map(|(at, (left, right))| (at, left ^ right));
        let first = differing.find(|(_, bits)| *bits != 0);
        first.map_or(WORDS * self.keys, |(at, bits)| {
            at * self.keys + ((bits.leading_zeros() - self.unused()) / self.bits) as usize
        })
    }

    /// Bits of a word that no key has.
    fn unused(self) -> u32 {
        u64::BITS - self.bits * self.keys as u32
    }

    /// Whether a row ends within these keys.
    fn ended(self, packed: &Packed) -> bool {
        packed[WORDS - 1] & ((1 << self.bits) - 1) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(rows: &[&[u32]], symbols: u32) -> Vec<(Vec<u32>, u32)> {
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
        let row = |at: Sorted| (rows[at.row as usize].to_vec(), at.shared);
        table.sorted().into_iter().map(row).collect()
    }

    #[test]
    fn rows_are_in_the_order_of_slices_and_know_what_they_share() {
        let (long, longer, other) = ([0; 100], [0; 101], [[0; 62].as_slice(), &[1]].concat());
        let rows: [&[u32]; 9] = [
            &longer,
            &[2, 1],
            &[0],
            &[2],
            &long,
            &[1, 2, 0],
            &[0, 2],
            &[1, 2, 2, 0],
            &other,
        ];
        let common = |pair: &[Vec<u32>]| {
            let same = pair[0]
                .iter()
                .zip(&pair[1])
                .take_while(|(left, right)| left == right);
            dense(same.count())
        };
        for symbols in [3, 70_000, u32::from(u16::MAX)] {
            let mut expected: Vec<_> = rows.iter().map(|row| row.to_vec()).collect();
            expected.sort();
            let shared: Vec<_> = [0]
                .into_iter()
                .chain(expected.windows(2).map(common))
                .collect();
            let expected: Vec<_> = expected.into_iter().zip(shared).collect();
            assert_eq!(sorted(&rows, symbols), expected);
        }
    }

    #[test]
    fn equal_rows_are_marked() {
        let keys = [2, 4, 2, 4, 2, 2, 5];
        let table = RowTable {
            keys: &keys,
            ends: &[2, 4, 5, 7],
            ranks: &[1, 2, 3],
        };
        let shared: Vec<_> = table.sorted().iter().map(|at| at.shared).collect();
        assert_eq!(shared, [0, 1, REPEATED, REPEATED]);
    }

    #[test]
    fn one_symbol_fills_a_word_with_sixty_four_keys() {
        let rows: [&[u32]; 3] = [&[0; 65], &[0; 64], &[0; 63]];
        let lengths: Vec<_> = sorted(&rows, 1).iter().map(|(row, _)| row.len()).collect();
        assert_eq!(lengths, [63, 64, 65]);
    }
}

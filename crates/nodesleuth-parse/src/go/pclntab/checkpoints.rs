//! Places in long value tables from which a walk can go on.
//!
//! Value tables can only be read from their start. Those of the largest functions have thousands of
//! ranges, and a profile asks for such functions again and again.

use super::bytes::Bytes;
use super::values::{Place, Runs};
use std::cell::RefCell;
use std::collections::HashMap;

/// Ranges between two places, about.
const APART: u32 = 96;
/// Places that are kept: about a megabyte.
const MOST: usize = 32 << 10;

/// Places by table, which goes by its offset.
#[derive(Debug, Default)]
pub(super) struct Checkpoints(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    by_table: HashMap<u64, Vec<Place>>,
    count: usize,
}

impl Checkpoints {
    /// The value of the table at `offset` at a distance from the function's entry; `None` where no
    /// range has it.
    pub(super) fn value(
        &self,
        bytes: Bytes<'_>,
        offset: u64,
        quantum: u64,
        distance: u64,
    ) -> Option<i32> {
        let mut known = self.0.borrow_mut();
        let places = known.by_table.get(&offset).map_or(&[][..], Vec::as_slice);
        let before = places.partition_point(|place| place.end() <= distance);
        let start = before.checked_sub(1).map(|index| places[index]);
        // Whoever begins behind the last place may find new ones.
        let is_new = before == places.len();
        let start = start.unwrap_or_else(|| Place::start(offset));
        let mut found = Vec::new();
        let mut last = start;
        let value = Runs::from(bytes, start, quantum).at(distance, |place| {
            if place.steps_since(last) >= APART {
                last = place;
                found.push(place);
            }
        });
        if is_new {
            known.keep(offset, found);
        }
        value
    }
}

impl Known {
    fn keep(&mut self, table: u64, places: Vec<Place>) {
        if places.is_empty() || self.count + places.len() > MOST {
            return;
        }
        self.count += places.len();
        self.by_table.entry(table).or_default().extend(places);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::kinds;
    use super::*;
    use crate::elf::{Elf, Image, LoadMap, Range};

    const RANGES: u32 = 5000;

    fn varint(mut number: u32, into: &mut Vec<u8>) {
        while number > 0x7f {
            into.push(number as u8 | 0x80);
            number >>= 7;
        }
        into.push(number as u8);
    }

    /// A table with numbers of one to four bytes, and (end, value) of its ranges.
    fn table() -> (Vec<u8>, Vec<(u64, i32)>) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        let (mut end, mut value) = (0, -1);
        for index in 0..RANGES {
            let change: i32 = match index % 7 {
                0 => 1 + index.cast_signed() % 60,
                1 => -700,
                2 => 100_000 + index.cast_signed(),
                3 => -99_000,
                _ => -1,
            };
            let length = if index % 11 == 0 {
                20_000
            } else {
                index % 150 + 1
            };
            varint((change << 1 ^ change >> 31).cast_unsigned(), &mut bytes);
            varint(length, &mut bytes);
            value += change;
            end += u64::from(length);
            expected.push((end, value));
        }
        bytes.push(0);
        (bytes, expected)
    }

    #[test]
    fn wherever_a_walk_begins_it_finds_the_same() {
        let mut file = kinds()[0].file();
        let offset = file.len() as u64;
        let (bytes, expected) = table();
        file.extend(&bytes);
        let file = &file[..];
        let map = LoadMap::read(&Elf::open(&file).unwrap()).unwrap();
        let image = Image {
            file: &file,
            map: &map,
            relocations: None,
        };
        let range = Range {
            address: 0,
            offset,
            size: bytes.len() as u64,
        };
        let bytes = Bytes { image, range };
        let checkpoints = Checkpoints::default();
        // Here and there, so that known places grow and are used in any order.
        for step in 0..u64::from(RANGES) {
            let index = (step * 1237 % u64::from(RANGES)) as usize;
            let (end, value) = expected[index];
            let start = index.checked_sub(1).map_or(0, |before| expected[before].0);
            for distance in [start, end - 1] {
                let found = checkpoints.value(bytes, 0, 1, distance);
                assert_eq!(found, Some(value), "{index} {distance}");
            }
        }
        let end = expected.last().unwrap().0;
        assert_eq!(checkpoints.value(bytes, 0, 1, end), None);
        let known = checkpoints.0.borrow();
        let places = &known.by_table[&0];
        assert!(places.len() > 20, "{}", places.len());
        assert!(places.is_sorted_by_key(|place| place.end()));
        assert_eq!(known.count, places.len());
    }
}

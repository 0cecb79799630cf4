//! From ids in a file, any 64-bit number, to positions in a table.

use crate::error::{Place, ReadError, Table};
use crate::strings::dense;

/// Small ids are looked up directly, others by search; memory follows the number of entries,
/// never the size of an id.
#[derive(Debug)]
pub(crate) struct IdIndex {
    /// So many entries from the beginning have the ids 1, 2, 3, …, as all have in files of Go.
    /// They need no table, and so no wait for memory in the innermost loop of reading.
    in_order: u64,
    direct: Vec<u32>,
    others: Vec<(u64, u32)>,
}

const FREE: u32 = u32::MAX;

impl IdIndex {
    /// Refuses id 0 and ids used twice. `offset` tells where an entry starts, for errors.
    pub(crate) fn new(
        table: Table,
        ids: &[u64],
        offset: impl Fn(usize) -> usize,
    ) -> Result<Self, ReadError> {
        let in_order = ids.iter().zip(1..).take_while(|(id, n)| *id == n).count();
        let mut index = Self {
            in_order: in_order as u64,
            direct: Vec::new(),
            others: Vec::new(),
        };
        if in_order == ids.len() {
            return Ok(index);
        }
        index.direct.resize(ids.len() + 1, FREE);
        let place = |position: usize| Place {
            table,
            number: position + 1,
            offset: offset(position),
        };
        for (position, &id) in ids.iter().enumerate() {
            if id == 0 {
                let at = place(position);
                return Err(ReadError::ReservedId { at });
            }
            match usize::try_from(id)
                .ok()
                .and_then(|id| index.direct.get_mut(id))
            {
                Some(slot) if *slot == FREE => *slot = dense(position),
                Some(_) => {
                    let at = place(position);
                    return Err(ReadError::DuplicateId { at, id });
                }
                None => index.others.push((id, dense(position))),
            }
        }
        index.others.sort_unstable();
        match index.others.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(ReadError::DuplicateId {
                at: place(pair[1].1 as usize),
                id: pair[0].0,
            }),
            None => Ok(index),
        }
    }

    /// The position of the entry with this id.
    #[inline]
    pub(crate) fn find(&self, id: u64) -> Option<u32> {
        // Id 0 becomes the largest number.
        match id.wrapping_sub(1) {
            position if position < self.in_order => Some(position as u32),
            _ => self.look_up(id),
        }
    }

    /// Adds the positions of the entries with these ids.
    ///
    /// # Errors
    /// The first id that no entry has.
    #[inline]
    pub(crate) fn find_all(&self, ids: &[u64], to: &mut Vec<u32>) -> Result<(), u64> {
        // Id 0 becomes the largest number.
        let in_order = |id: &u64| id.wrapping_sub(1) < self.in_order;
        if ids.iter().all(in_order) {
            to.extend(ids.iter().map(|id| (id - 1) as u32));
            return Ok(());
        }
        ids.iter().try_for_each(|id| {
            to.push(self.find(*id).ok_or(*id)?);
            Ok(())
        })
    }

    fn look_up(&self, id: u64) -> Option<u32> {
        match usize::try_from(id).ok().and_then(|id| self.direct.get(id)) {
            Some(&position) => (position != FREE).then_some(position),
            None => self.search(id),
        }
    }

    fn search(&self, id: u64) -> Option<u32> {
        let found = self
            .others
            .binary_search_by_key(&id, |entry| entry.0)
            .ok()?;
        Some(self.others[found].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(ids: &[u64]) -> Result<IdIndex, ReadError> {
        IdIndex::new(Table::Location, ids, |position| position * 10)
    }

    #[test]
    fn any_number_can_be_an_id() {
        let ids = [u64::MAX, 2, 1 << 40, 4, 5];
        let index = index(&ids).unwrap();
        for (position, id) in ids.iter().enumerate() {
            assert_eq!(index.find(*id), Some(dense(position)));
        }
        for absent in [0, 1, 3, 6, u64::MAX - 1] {
            assert_eq!(index.find(absent), None);
        }
    }

    #[test]
    fn ids_in_order_need_no_table() {
        for (ids, table) in [(&[1, 2, 3, 4][..], 0), (&[1, 2, 4, 3], 5), (&[], 0)] {
            let index = index(ids).unwrap();
            assert_eq!(index.direct.len(), table);
            for (position, id) in ids.iter().enumerate() {
                assert_eq!(index.find(*id), Some(dense(position)));
            }
            assert_eq!(
                (index.find(0), index.find(5), index.find(u64::MAX)),
                (None, None, None)
            );
        }
    }

    #[test]
    fn an_id_used_twice_is_refused() {
        for id in [1, u64::MAX] {
            let error = index(&[7, id, id]).unwrap_err().to_string();
            let expected = format!("location number 3 (byte 20) has the id {id}, as one before");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn id_zero_is_refused_with_its_place() {
        let error = index(&[7, 0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "location number 2 (byte 10) has the reserved id 0"
        );
    }
}

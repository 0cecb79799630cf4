//! Which mapping an address is in.

use crate::proc::maps::Mapping;

/// The mappings of a process, by address.
#[derive(Clone, Debug, Default)]
pub struct AddressSpace {
    mappings: Vec<Mapping>,
}

impl AddressSpace {
    /// Sorts the mappings; `/proc/PID/maps` is sorted, but events of a tracer may come in any
    /// order. Of two that overlap the later one has taken the place of the earlier.
    pub fn new(mut mappings: Vec<Mapping>) -> Self {
        mappings.sort_by_key(|mapping| mapping.start);
        Self { mappings }
    }

    /// The mapping that holds an address.
    pub fn find(&self, address: u64) -> Option<&Mapping> {
        let end = self
            .mappings
            .partition_point(|mapping| mapping.start <= address);
        let last = self.mappings.get(end.checked_sub(1)?)?;
        (address < last.end).then_some(last)
    }

    /// All mappings in ascending order.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }
}

#[cfg(test)]
mod tests {
    use super::AddressSpace;
    use crate::proc::maps::parse;

    #[test]
    fn an_address_is_in_the_mapping_that_begins_last_before_it() {
        let maps =
            parse("7000-8000 r-xp 00000000 00:01 1 /b\n1000-3000 r-xp 00000000 00:01 2 /a\n");
        let space = AddressSpace::new(maps.unwrap());
        let path = |address| space.find(address).map(|mapping| mapping.path.as_str());
        assert_eq!(path(0x1000), Some("/a"));
        assert_eq!(path(0x2fff), Some("/a"));
        assert_eq!(path(0x7abc), Some("/b"));
        for address in [0, 0xfff, 0x3000, 0x8000, u64::MAX] {
            assert_eq!(path(address), None, "{address:#x}");
        }
    }
}

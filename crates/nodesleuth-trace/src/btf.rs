//! The few things that we ask of the kernel's BTF, found by walking over it once: aya's reader
//! keeps every type, which takes ten times as long and 20 MB.

use std::fs::File;
use std::io::Read;
use std::ops::Range;

const KERNEL: &str = "/sys/kernel/btf/vmlinux";
/// Several times what a kernel's is.
const MOST_BYTES: u64 = 64 << 20;
const MAGIC: u16 = 0xeb9f;
/// A structure in a structure in a structure is as deep as a field of ours can be.
const DEEPEST: usize = 8;

const STRUCT: u32 = 4;
const UNION: u32 = 5;
const TYPEDEF: u32 = 8;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
const FUNCTION: u32 = 12;
const TYPE_TAG: u32 = 18;

/// A kernel's BTF.
pub(crate) struct Btf {
    bytes: Vec<u8>,
    strings: Range<usize>,
    /// Where each type begins; the first has id 1.
    types: Vec<usize>,
}

/// One type, or one member of a structure.
#[derive(Clone, Copy)]
struct Entry {
    at: usize,
    kind: u32,
    flag: bool,
    members: usize,
}

impl Btf {
    pub(crate) fn of_kernel() -> Result<Self, String> {
        let told = |error| format!("{KERNEL}: {error}");
        let file = File::open(KERNEL).map_err(told)?;
        let mut bytes = Vec::new();
        file.take(MOST_BYTES)
            .read_to_end(&mut bytes)
            .map_err(told)?;
        Self::parse(bytes).ok_or_else(|| format!("{KERNEL}: it cannot be understood"))
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let magic = bytes.get(..2)?;
        if magic != MAGIC.to_ne_bytes() {
            return None;
        }
        let header = word(&bytes, 4)? as usize;
        let part = |offset: usize| {
            let begin = header.checked_add(word(&bytes, offset)? as usize)?;
            let end = begin.checked_add(word(&bytes, offset + 4)? as usize)?;
            (end <= bytes.len()).then_some(begin..end)
        };
        let (types, strings) = (part(8)?, part(16)?);
        let mut btf = Self {
            bytes,
            strings,
            types: Vec::new(),
        };
        let mut at = types.start;
        while at < types.end {
            btf.types.push(at);
            at = btf.entry(at)?.end()?;
        }
        Some(btf)
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let info = word(&self.bytes, at + 4)?;
        Some(Entry {
            at,
            kind: info >> 24 & 0x1f,
            flag: info >> 31 == 1,
            members: (info & 0xffff) as usize,
        })
    }

    /// The id of a function.
    pub(crate) fn function(&self, name: &str) -> Option<u32> {
        let (id, _) = self.find(name, FUNCTION)?;
        Some(id)
    }

    /// Where a field is in a structure, in bytes; a field of a field is named after a dot.
    pub(crate) fn offset(&self, structure: &str, field: &str) -> Option<u32> {
        let (_, mut within) = self.find(structure, STRUCT)?;
        let mut bits = 0;
        for name in field.split('.') {
            let (offset, kind) = self.member(within, name, DEEPEST)?;
            bits += offset;
            within = self.bare(kind, DEEPEST)?;
        }
        (bits % 8 == 0).then_some(bits / 8)
    }

    /// A type without names for it, `const` and the like.
    fn bare(&self, of: Entry, deep: usize) -> Option<Entry> {
        match of.kind {
            TYPEDEF | VOLATILE | CONST | RESTRICT | TYPE_TAG if deep > 0 => {
                let inner = (word(&self.bytes, of.at + 8)? as usize).checked_sub(1)?;
                self.bare(self.entry(*self.types.get(inner)?)?, deep - 1)
            }
            _ => Some(of),
        }
    }

    fn find(&self, name: &str, kind: u32) -> Option<(u32, Entry)> {
        let found = self.types.iter().enumerate().find_map(|(index, at)| {
            let entry = self.entry(*at)?;
            (entry.kind == kind && self.is_named(*at, name)).then_some((index, entry))
        });
        let (index, entry) = found?;
        Some((u32::try_from(index + 1).ok()?, entry))
    }

    /// A member's offset in bits and its type; those of structures without a name are its own.
    fn member(&self, of: Entry, name: &str, deep: usize) -> Option<(u32, Entry)> {
        if deep == 0 || !matches!(of.kind, STRUCT | UNION) {
            return None;
        }
        (0..of.members).find_map(|index| {
            let at = of.at + 12 + index * 12;
            let offset = word(&self.bytes, at + 8)?;
            let offset = if of.flag { offset & 0xff_ffff } else { offset };
            let kind = (word(&self.bytes, at + 4)? as usize).checked_sub(1)?;
            let kind = self.entry(*self.types.get(kind)?)?;
            if self.is_named(at, name) {
                return Some((offset, kind));
            }
            if !self.is_named(at, "") {
                return None;
            }
            let (further, kind) = self.member(kind, name, deep - 1)?;
            Some((offset.checked_add(further)?, kind))
        })
    }

    /// Whether what stands at a place, which begins with its name, is named so.
    fn is_named(&self, at: usize, name: &str) -> bool {
        let strings = self.bytes.get(self.strings.clone()).unwrap_or_default();
        let begin = word(&self.bytes, at).map_or(usize::MAX, |begin| begin as usize);
        let rest = strings
            .get(begin..)
            .and_then(|it| it.strip_prefix(name.as_bytes()));
        rest.is_some_and(|rest| rest.first() == Some(&0))
    }
}

impl Entry {
    /// Where the next type begins; none when the kind of this one is not known.
    fn end(self) -> Option<usize> {
        let more = match self.kind {
            2 | 7..=12 | 16 | 18 => 0,
            1 | 14 | 17 => 4,
            3 => 12,
            STRUCT | UNION | 15 | 19 => 12 * self.members,
            6 | 13 => 8 * self.members,
            _ => return None,
        };
        Some(self.at + 12 + more)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const STRINGS: &[u8] = b"\0task\0inner\0time\0bpf_iter_task\0";

    /// An int, `struct inner { int; int time; }`, `struct task { struct { struct inner inner } }`
    /// with the structure without a name 8 bytes in, and a function.
    fn words() -> Vec<u32> {
        let kind = |kind: u32, members: u32| kind << 24 | members;
        let mut types = vec![0, kind(1, 0), 4, 32];
        types.extend([6, kind(4, 1), 8, 12, 1, 32]);
        types.extend([0, kind(4, 1), 8, 6, 2, 0]);
        types.extend([1, kind(4, 1), 16, 0, 3, 64]);
        types.extend([17, kind(12, 0), 1]);
        types
    }

    fn built(types: &[u32]) -> Vec<u8> {
        let length = u32::try_from(types.len() * 4).unwrap();
        let strings = u32::try_from(STRINGS.len()).unwrap();
        let header = [24, 0, length, length, strings];
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.extend([1, 0]);
        bytes.extend(
            header
                .iter()
                .chain(types)
                .flat_map(|word| word.to_ne_bytes()),
        );
        bytes.extend(STRINGS);
        bytes
    }

    #[test]
    fn fields_are_found_through_structures_with_and_without_a_name() {
        let btf = Btf::parse(built(&words())).unwrap();
        assert_eq!(btf.offset("task", "inner.time"), Some(12));
        assert_eq!(btf.offset("task", "inner.space"), None);
        assert_eq!(btf.offset("taskset", "inner"), None);
        assert_eq!(btf.function("bpf_iter_task"), Some(5));
        assert_eq!(btf.function("task"), None);
    }

    #[test]
    fn what_is_cut_off_or_of_a_kind_unknown_is_refused() {
        let whole = built(&words());
        for length in 0..whole.len() {
            assert!(Btf::parse(whole[..length].to_vec()).is_none(), "{length}");
        }
        let mut unknown = words();
        unknown[1] = 31 << 24;
        assert!(Btf::parse(built(&unknown)).is_none());
    }

    #[test]
    fn a_field_that_is_const_has_fields_too() {
        let mut types = words();
        // The sixth type, of which `inner` is now.
        types.extend([0, CONST << 24, 2]);
        types[14] = 6;
        let found = Btf::parse(built(&types)).unwrap();
        assert_eq!(found.offset("task", "inner.time"), Some(12));
    }

    #[test]
    fn a_structure_within_itself_ends() {
        let mut types = words();
        // The structure without a name now holds the one that it is in, also without a name.
        types[13] = 0;
        types[14] = 4;
        let btf = Btf::parse(built(&types)).unwrap();
        assert_eq!(btf.offset("task", "time"), None);
    }
}

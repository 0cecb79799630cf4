//! The table's header: its version and where its parts are.

use super::bytes::Bytes;
use crate::elf::Layout;

/// The layouts that differ in their magic number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// Go 1.2 to 1.15: absolute addresses, every offset counts from the start of the table.
    Go12,
    /// Go 1.16 and 1.17: parts of their own for names, files and values.
    Go116,
    /// Go 1.18 and 1.19: addresses count from the start of the text.
    Go118,
    /// Go 1.20 and later: functions know the line they start at.
    Go120,
}

/// Magic numbers of the versions.
const MAGICS: [(u32, Version); 4] = [
    (0xffff_fffb, Version::Go12),
    (0xffff_fffa, Version::Go116),
    (0xffff_fff0, Version::Go118),
    (0xffff_fff1, Version::Go120),
];

/// The header. Places are offsets from the start of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) version: Version,
    /// The smallest size of an instruction; distances in code are multiples of it.
    pub(super) quantum: u64,
    /// How many functions there are.
    pub(super) functions: u64,
    /// Address of the text, where the linker wrote it (Go 1.18 to 1.25, not where it is relocated).
    pub(super) text: u64,
    pub(super) names: u64,
    /// File numbers of the compilation units (since Go 1.16).
    pub(super) units: u64,
    pub(super) files: u64,
    pub(super) values: u64,
    /// What the offsets of function records count from.
    pub(super) records: u64,
    pub(super) function_table: u64,
}

/// Bytes before the first number of pointer size.
const START: usize = 8;
const LONGEST: usize = START + 8 * 8;

/// The version that the first eight bytes tell, if they are those of a table of this word size and
/// byte order.
pub(super) fn version(layout: Layout, start: &[u8]) -> Option<Version> {
    let [m0, m1, m2, m3, 0, 0, 1 | 2 | 4, pointer] = *start.get(..START)? else {
        return None;
    };
    let magic = layout.number(&[m0, m1, m2, m3]);
    let fits = usize::from(pointer) == layout.pointer_size();
    let found = MAGICS.iter().find(|(known, _)| u64::from(*known) == magic);
    found.filter(|_| fits).map(|(_, version)| *version)
}

impl Header {
    pub(super) fn read(bytes: &Bytes<'_>) -> Option<Self> {
        let layout = bytes.image.layout();
        let mut start = [0; LONGEST];
        let filled = bytes.read_some(0, &mut start)?;
        let start = &start[..filled];
        let version = version(layout, start)?;
        let size = layout.pointer_size();
        let number = |index: usize| {
            let at = START + index * size;
            start.get(at..at + size).map(|bytes| layout.number(bytes))
        };
        let quantum = u64::from(start[6]);
        let header = match version {
            Version::Go12 => Self::in_one_part(bytes, quantum, number(0)?)?,
            Version::Go116 => Self::in_parts(version, quantum, 0, number, 2)?,
            Version::Go118 | Version::Go120 => {
                Self::in_parts(version, quantum, number(2)?, number, 3)?
            }
        };
        header.is_inside(bytes.range.size).then_some(header)
    }

    /// Until Go 1.15: the function table follows, and behind it the offset of the files.
    fn in_one_part(bytes: &Bytes<'_>, quantum: u64, functions: u64) -> Option<Self> {
        let size = bytes.image.layout().pointer_size() as u64;
        let function_table = START as u64 + size;
        let length = functions
            .checked_mul(2)?
            .checked_add(1)?
            .checked_mul(size)?;
        let files = bytes.word(function_table.checked_add(length)?)?;
        Some(Self {
            version: Version::Go12,
            quantum,
            functions,
            text: 0,
            names: 0,
            units: 0,
            files: u64::from(files),
            values: 0,
            records: 0,
            function_table,
        })
    }

    /// Since Go 1.16: five offsets from `first` on.
    fn in_parts(
        version: Version,
        quantum: u64,
        text: u64,
        number: impl Fn(usize) -> Option<u64>,
        first: usize,
    ) -> Option<Self> {
        Some(Self {
            version,
            quantum,
            functions: number(0)?,
            text,
            names: number(first)?,
            units: number(first + 1)?,
            files: number(first + 2)?,
            values: number(first + 3)?,
            records: number(first + 4)?,
            function_table: number(first + 4)?,
        })
    }

    fn is_inside(&self, size: u64) -> bool {
        let places = [
            self.names,
            self.units,
            self.files,
            self.values,
            self.records,
            self.function_table,
        ];
        self.functions > 0 && places.iter().all(|&place| place < size)
    }

    /// Whether addresses count from the start of the text.
    pub(super) fn is_relative(&self) -> bool {
        self.version >= Version::Go118
    }
}

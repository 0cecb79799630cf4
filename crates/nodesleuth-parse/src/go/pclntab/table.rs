//! An opened table.

use super::bytes::Bytes;
use super::checkpoints::Checkpoints;
use super::functions::{FunctionRange, Functions};
use super::header::{Header, Version};
use super::inline_layout::InlineLayout;
use super::module_data::Expected;
use super::record::{Record, RecordEnd};
use super::strings::function_name;
use crate::elf::{Image, Range};

/// Functions whose records are looked at before a table is believed.
const CHECKED: usize = 64;

/// A table that checked out.
#[derive(Debug)]
pub(crate) struct Pclntab {
    range: Range,
    header: Header,
    functions: Functions,
    record_end: RecordEnd,
    checkpoints: Checkpoints,
    /// `None` if it is not certain where inlined calls are.
    pub(super) inlining: Option<InlineLayout>,
}

/// A table with the file it is in.
pub(super) struct View<'b> {
    pub(super) bytes: Bytes<'b>,
    pub(super) header: &'b Header,
    pub(super) functions: &'b Functions,
    pub(super) record_end: RecordEnd,
    pub(super) checkpoints: &'b Checkpoints,
}

impl View<'_> {
    pub(super) fn record(&self, function: FunctionRange) -> Option<Record> {
        Record::read(
            &self.bytes,
            self.header,
            self.record_end,
            self.functions.base,
            function,
        )
    }

    /// Offset of a value table from the start of the whole table.
    pub(super) fn values(&self, offset: u32) -> Option<u64> {
        self.header.values.checked_add(u64::from(offset))
    }

    /// Whether the records of some functions, spread over the table, are theirs.
    fn checks_out(&self) -> bool {
        let step = (self.functions.len() / CHECKED).max(1);
        (0..self.functions.len()).step_by(step).all(|index| {
            self.functions
                .get(index)
                .and_then(|function| self.record(function))
                .is_some_and(|record| {
                    function_name(&self.bytes, self.header, record.name).is_some()
                })
        })
    }
}

impl Pclntab {
    /// Opens the table in this range of the file; `None` if anything does not fit.
    pub(crate) fn open(image: &Image<'_>, range: Range) -> Option<Self> {
        let bytes = Bytes {
            image: *image,
            range,
        };
        let header = Header::read(&bytes)?;
        let mut functions = Functions::read(&bytes, &header)?;
        let mut bases = Vec::new();
        if header.is_relative() {
            let expected = Expected {
                range,
                header: &header,
                functions: &functions,
            };
            let found = expected.find(image);
            let text = found.as_ref().map_or(header.text, |found| found.text);
            bases = found.map_or(bases, |found| found.rest);
            functions.base = text;
        }
        let mut table = Self {
            range,
            header,
            functions,
            record_end: RecordEnd::Packed,
            checkpoints: Checkpoints::default(),
            inlining: None,
        };
        table.is_in_code(image).then_some(())?;
        table.record_end = table.find_record_end(image)?;
        table.inlining = InlineLayout::find(&table.view(image), &bases);
        Some(table)
    }

    pub(super) fn view<'b>(&'b self, image: &Image<'b>) -> View<'b> {
        View {
            bytes: Bytes {
                image: *image,
                range: self.range,
            },
            header: &self.header,
            functions: &self.functions,
            record_end: self.record_end,
            checkpoints: &self.checkpoints,
        }
    }

    /// How many functions it has.
    pub(crate) fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether all of the text is code of one segment.
    fn is_in_code(&self, image: &Image<'_>) -> bool {
        let ends = (self.functions.get(0), self.functions.get(self.len() - 1));
        match ends {
            (Some(first), Some(last)) => image.is_code(first.entry) && image.is_code(last.entry),
            _ => false,
        }
    }

    /// How records end: the first way that fits. Where a big-endian table of Go 1.12 fits the older
    /// way, the numbers are the same.
    fn find_record_end(&mut self, image: &Image<'_>) -> Option<RecordEnd> {
        let ends: &[RecordEnd] = match self.header.version {
            Version::Go12 => &[RecordEnd::Count, RecordEnd::Packed],
            _ => &[RecordEnd::Packed],
        };
        ends.iter().copied().find(|end| {
            self.record_end = *end;
            self.view(image).checks_out()
        })
    }
}

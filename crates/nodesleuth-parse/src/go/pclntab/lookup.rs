//! From an address to the calls it is in.

use super::inline_layout::{InlineLayout, Shape};
use super::inline_tree::InlinedCall;
use super::record::Record;
use super::strings::{file_name, function_name};
use super::table::{Pclntab, View};
use crate::elf::Image;

/// Calls inlined into each other; compilers stop long before.
const DEEPEST: usize = 64;

/// One call of a Go function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GoFrame {
    pub(crate) function: String,
    /// Path as the compiler was given it, or with `-trimpath` module and version.
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    /// Its code is part of its caller.
    pub(crate) inlined: bool,
}

/// A position in the source.
#[derive(Clone, Copy)]
struct Position {
    /// Number of the file.
    file: Option<i32>,
    line: Option<u32>,
}

/// A function that holds an address.
struct Found<'b> {
    view: View<'b>,
    record: Record,
}

impl Pclntab {
    /// The calls at an address, the outermost first; `None` if no function is known to hold it.
    /// Inlined calls are left out when `inlining_is_known` is false, or when one does not fit.
    pub(crate) fn lookup(&self, image: &Image<'_>, address: u64) -> Option<Vec<GoFrame>> {
        let view = self.view(image);
        let function = view.functions.at(address)?;
        let found = Found {
            record: view.record(function)?,
            view,
        };
        let distance = address.checked_sub(function.entry)?;
        let here = found.here(distance)?;
        let inlined = self.inlining.as_ref();
        let mut frames = inlined
            .and_then(|layout| found.inlined(layout, distance, here))
            .or_else(|| Some(vec![found.frame(found.record.name, here, false)?]))?;
        frames.reverse();
        Some(frames)
    }

    /// How many bytes the function at an address has put on the stack when it is there; `None` if no
    /// function is known to hold it.
    pub(crate) fn stack_depth(&self, image: &Image<'_>, address: u64) -> Option<i32> {
        let view = self.view(image);
        let function = view.functions.at(address)?;
        let record = view.record(function)?;
        let distance = address.checked_sub(function.entry)?;
        Found { view, record }.value(record.stack_values, distance)
    }

    /// Whether inlined calls are found.
    pub(crate) fn inlining_is_known(&self) -> bool {
        self.inlining.is_some()
    }
}

impl Found<'_> {
    /// The position of an instruction; `None` if it is not in this function but in padding or
    /// foreign code behind it.
    fn here(&self, distance: u64) -> Option<Position> {
        let line = self.value(self.record.line_values, distance);
        (line.is_some() || self.record.line_values == 0).then(|| Position {
            file: self.value(self.record.file_values, distance),
            line: line.and_then(|line| u32::try_from(line).ok()),
        })
    }

    /// The calls from the innermost on; `None` if a call does not fit.
    fn inlined(
        &self,
        layout: &InlineLayout,
        distance: u64,
        here: Position,
    ) -> Option<Vec<GoFrame>> {
        let bytes = &self.view.bytes;
        let tree = self
            .record
            .data(bytes, self.view.header, layout.base, layout.data);
        let table = self.record.value_table(bytes, layout.value_table);
        let index_at = |distance| match table {
            Some(table) => self.value(table, distance).unwrap_or(-1),
            None => -1,
        };
        let mut position = here;
        let mut index = tree.map_or(-1, |_| index_at(distance));
        let mut frames = Vec::new();
        while let (Some(tree), 0..) = (tree, index) {
            let call = InlinedCall::read(&bytes.image, layout.shape, tree, index)?;
            frames.push(self.frame(call.name, position, true)?);
            (position, index) = match call.parent_distance {
                Some(distance) => {
                    let distance = u64::from(distance);
                    (self.here(distance)?, index_at(distance))
                }
                None => (call_line(layout, &call)?, call.parent),
            };
            (frames.len() < DEEPEST).then_some(())?;
        }
        frames.push(self.frame(self.record.name, position, false)?);
        Some(frames)
    }

    fn frame(&self, name: u32, position: Position, inlined: bool) -> Option<GoFrame> {
        let (bytes, header) = (&self.view.bytes, self.view.header);
        let path = |number| file_name(bytes, header, self.record.unit, number);
        Some(GoFrame {
            function: function_name(bytes, header, name)?,
            file: position.file.and_then(path),
            line: position.line.filter(|line| *line > 0),
            inlined,
        })
    }

    /// The value of a table at a distance; 0 is no table.
    fn value(&self, table: u32, distance: u64) -> Option<i32> {
        let offset = self.view.values(table).filter(|_| table != 0)?;
        let View { bytes, header, .. } = self.view;
        self.view
            .checkpoints
            .value(bytes, offset, header.quantum, distance)
    }
}

fn call_line(layout: &InlineLayout, call: &InlinedCall) -> Option<Position> {
    (layout.shape == Shape::Lines).then_some(Position {
        file: Some(call.file),
        line: call.line,
    })
}

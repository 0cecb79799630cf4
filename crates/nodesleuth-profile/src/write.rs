//! Writing a pprof file: what `read` and `go tool pprof` read.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::profile::Profile;
use crate::rows::{FunctionRow, LabelRow, LabelValueRow, MappingRow, ValueTypeRow};
use crate::stack::Stack;
use crate::strings::StrId;

/// Writes a profile in gzip, as profiles are kept (`.pb.gz`).
///
/// # Errors
/// If `out` fails.
pub fn write(profile: &Profile, out: impl Write) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::default());
    encoder.write_all(&encode(profile))?;
    encoder.finish().map(drop)
}

/// A profile as uncompressed protobuf. The same profile always gives the same bytes.
pub fn encode(profile: &Profile) -> Vec<u8> {
    let mut out = Message::default();
    let mut part = Message::default();
    let header = &profile.header;
    for row in &header.sample_types {
        out.message(1, &mut part, |m| value_type(m, *row));
    }
    for stack in profile.stacks() {
        out.message(2, &mut part, |m| sample(m, profile, stack));
    }
    for row in &profile.mappings {
        out.message(3, &mut part, |m| mapping(m, row));
    }
    for position in 0..profile.locations.len() {
        out.message(4, &mut part, |m| location(m, profile, position));
    }
    for row in &profile.functions {
        out.message(5, &mut part, |m| function(m, row));
    }
    for id in profile.strings.ids() {
        out.bytes(6, profile.strings.bytes(id));
    }
    if profile.samples.labels.iter().any(is_empty) {
        out.bytes(6, b"");
    }
    out.number(7, header.drop_frames.0.into());
    out.number(8, header.keep_frames.0.into());
    out.signed(9, header.time_nanos);
    out.signed(10, header.duration_nanos);
    if header.period_type != ValueTypeRow::default() {
        out.message(11, &mut part, |m| value_type(m, header.period_type));
    }
    out.signed(12, header.period);
    out.packed(13, header.comments.iter().map(|id| id.0.into()));
    out.number(14, header.default_sample_type.0.into());
    out.number(15, header.doc_url.0.into());
    out.0
}

fn value_type(out: &mut Message, row: ValueTypeRow) {
    out.number(1, row.kind.0.into());
    out.number(2, row.unit.0.into());
}

fn sample(out: &mut Message, profile: &Profile, stack: Stack<'_>) {
    let ids = stack
        .locations()
        .iter()
        .rev()
        .map(|l| profile.locations[*l as usize].id);
    out.packed(1, ids);
    out.packed(2, stack.values().iter().map(|value| value.cast_unsigned()));
    let mut part = Message::default();
    for row in stack.label_rows() {
        out.message(3, &mut part, |m| {
            label(m, row, profile.strings.len() as u64)
        });
    }
}

fn is_empty(label: &LabelRow) -> bool {
    match label.value {
        LabelValueRow::Text(text) => text == StrId::EMPTY,
        LabelValueRow::Number { number, unit } => number == 0 && unit == StrId::EMPTY,
    }
}

/// A text that is there but empty is a second empty string after all others, because 0 would mean
/// that there is none.
fn label(out: &mut Message, row: &LabelRow, empty: u64) {
    let present = |text: StrId| match text {
        StrId::EMPTY => empty,
        text => text.0.into(),
    };
    out.number(1, row.key.0.into());
    match row.value {
        LabelValueRow::Text(text) => out.number(2, present(text)),
        LabelValueRow::Number { number: 0, unit } => out.number(4, present(unit)),
        LabelValueRow::Number { number, unit } => {
            out.signed(3, number);
            out.number(4, unit.0.into());
        }
    }
}

fn mapping(out: &mut Message, row: &MappingRow) {
    out.number(1, row.id);
    out.number(2, row.start);
    out.number(3, row.limit);
    out.number(4, row.offset);
    out.number(5, row.file.0.into());
    out.number(6, row.build_id.0.into());
    out.number(7, row.has_functions.into());
    out.number(8, row.has_filenames.into());
    out.number(9, row.has_line_numbers.into());
    out.number(10, row.has_inline_frames.into());
}

fn location(out: &mut Message, profile: &Profile, position: usize) {
    let row = &profile.locations[position];
    out.number(1, row.id);
    out.number(
        2,
        row.mapping
            .map_or(0, |mapping| profile.mappings[mapping as usize].id),
    );
    out.number(3, row.address);
    let mut part = Message::default();
    for frame in profile.frames_of(crate::strings::dense(position)).rev() {
        let frame = profile.frames[frame as usize];
        if let Some(function) = frame.function {
            out.message(4, &mut part, |m| {
                m.number(1, profile.functions[function as usize].id);
                m.signed(2, frame.line);
                m.signed(3, frame.column);
            });
        }
    }
    out.number(5, row.is_folded.into());
}

fn function(out: &mut Message, row: &FunctionRow) {
    out.number(1, row.id);
    out.number(2, row.name.0.into());
    out.number(3, row.system_name.0.into());
    out.number(4, row.file.0.into());
    out.signed(5, row.start_line);
}

/// A message being written.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A scalar; 0 is the default and not written.
    fn number(&mut self, field: u64, number: u64) {
        if number != 0 {
            self.varint(field << 3);
            self.varint(number);
        }
    }

    fn signed(&mut self, field: u64, number: i64) {
        self.number(field, number.cast_unsigned());
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn packed(&mut self, field: u64, numbers: impl Iterator<Item = u64>) {
        let mut part = Self::default();
        numbers.for_each(|number| part.varint(number));
        if !part.0.is_empty() {
            self.bytes(field, &part.0);
        }
    }

    /// A message inside; `part` is scratch space.
    fn message(&mut self, field: u64, part: &mut Self, fill: impl FnOnce(&mut Self)) {
        part.0.clear();
        fill(part);
        self.bytes(field, &part.0);
    }
}

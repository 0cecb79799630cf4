//! Second pass: strings, mappings and functions into tables. Locations are in `locations`, samples
//! in `sample_reader`.

use crate::error::{Place, ReadError, Table};
use crate::ids::IdIndex;
use crate::index::{Index, RawValueType};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::rows::{FunctionRow, Header, MappingRow, ValueTypeRow};
use crate::strings::{Interner, StrId};
use crate::wire::{Fields, Span};

/// What decoding needs to know.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) index: Index,
    pub(crate) limits: &'a Limits,
    strings: StringIds,
}

/// Position in the file's string table to our id.
#[derive(Debug)]
pub(crate) struct StringIds(Vec<StrId>);

/// All tables but the samples.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) profile: Profile,
    pub(crate) location_ids: IdIndex,
}

impl StringIds {
    /// Our id for a string of the file.
    pub(crate) fn get(
        &self,
        index: i64,
        at: Place,
        field: &'static str,
    ) -> Result<StrId, ReadError> {
        let Self(ids) = self;
        let found = usize::try_from(index).ok().and_then(|index| ids.get(index));
        found.copied().ok_or(ReadError::StringIndex {
            at,
            field,
            index,
            strings: ids.len(),
        })
    }
}

impl<'a> Decoder<'a> {
    /// Decodes everything but samples, and gives what samples need.
    pub(crate) fn tables(
        data: &'a [u8],
        index: Index,
        limits: &'a Limits,
    ) -> Result<(StringIds, Tables), ReadError> {
        if index.strings.is_empty() {
            return Err(ReadError::NoStringTable);
        }
        let mut interner = Interner::default();
        let strings = index
            .strings
            .iter()
            .map(|span| interner.intern(span.of(data)));
        let strings = StringIds(strings.collect());
        let decoder = Self {
            data,
            index,
            limits,
            strings,
        };
        let mut profile = Profile {
            strings: interner.finish(),
            ..Profile::default()
        };
        profile.header = decoder.header()?;
        profile.mappings = decoder.each(Table::Mapping, Self::mapping)?;
        profile.functions = decoder.each(Table::Function, Self::function)?;
        let ids: Vec<_> = profile.mappings.iter().map(|row| row.id).collect();
        let mappings = decoder.ids(Table::Mapping, &ids)?;
        let ids: Vec<_> = profile.functions.iter().map(|row| row.id).collect();
        let functions = decoder.ids(Table::Function, &ids)?;
        decoder.locations(&mut profile, &mappings, &functions)?;
        let ids: Vec<_> = profile.locations.iter().map(|row| row.id).collect();
        let location_ids = decoder.ids(Table::Location, &ids)?;
        Ok((
            decoder.strings,
            Tables {
                profile,
                location_ids,
            },
        ))
    }

    fn string(&self, index: i64, at: Place, field: &'static str) -> Result<StrId, ReadError> {
        self.strings.get(index, at, field)
    }

    fn spans(&self, table: Table) -> &[Span] {
        match table {
            Table::Mapping => &self.index.mappings,
            Table::Function => &self.index.functions,
            Table::Location => &self.index.locations,
            Table::Profile | Table::SampleType | Table::Sample => &[],
        }
    }

    fn each<T>(
        &self,
        table: Table,
        decode: impl Fn(&Self, Span, Place) -> Result<T, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        let spans = self.spans(table).iter().enumerate();
        spans
            .map(|(i, span)| decode(self, *span, place(table, i, *span)))
            .collect()
    }

    fn ids(&self, table: Table, ids: &[u64]) -> Result<IdIndex, ReadError> {
        IdIndex::new(table, ids, |position| self.spans(table)[position].start)
    }

    fn header(&self) -> Result<Header, ReadError> {
        let index = &self.index;
        let whole = Place {
            table: Table::Profile,
            number: 1,
            offset: 0,
        };
        let types = index.sample_types.iter().enumerate().map(|(i, raw)| {
            self.value_type(
                *raw,
                Place {
                    table: Table::SampleType,
                    number: i + 1,
                    offset: 0,
                },
            )
        });
        let comments = index
            .comments
            .iter()
            .map(|c| self.string(*c, whole, "comment"));
        Ok(Header {
            sample_types: types.collect::<Result<_, _>>()?,
            period_type: self.value_type(index.period_type, whole)?,
            period: index.period,
            time_nanos: index.time_nanos,
            duration_nanos: index.duration_nanos,
            default_sample_type: self.string(
                index.default_sample_type,
                whole,
                "default_sample_type",
            )?,
            drop_frames: self.string(index.drop_frames, whole, "drop_frames")?,
            keep_frames: self.string(index.keep_frames, whole, "keep_frames")?,
            doc_url: self.string(index.doc_url, whole, "doc_url")?,
            comments: comments.collect::<Result<_, _>>()?,
        })
    }

    fn value_type(&self, raw: RawValueType, at: Place) -> Result<ValueTypeRow, ReadError> {
        let kind = self.string(raw.kind, at, "type")?;
        Ok(ValueTypeRow {
            kind,
            unit: self.string(raw.unit, at, "unit")?,
        })
    }

    fn mapping(&self, span: Span, at: Place) -> Result<MappingRow, ReadError> {
        let mut row = MappingRow::default();
        let (mut file, mut build_id) = (0, 0);
        let mut fields = Fields::within(self.data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => row.id = field.number("Mapping.id")?,
                2 => row.start = field.number("Mapping.memory_start")?,
                3 => row.limit = field.number("Mapping.memory_limit")?,
                4 => row.offset = field.number("Mapping.file_offset")?,
                5 => file = field.signed("Mapping.filename")?,
                6 => build_id = field.signed("Mapping.build_id")?,
                7 => row.has_functions = field.number("Mapping.has_functions")? != 0,
                8 => row.has_filenames = field.number("Mapping.has_filenames")? != 0,
                9 => row.has_line_numbers = field.number("Mapping.has_line_numbers")? != 0,
                10 => row.has_inline_frames = field.number("Mapping.has_inline_frames")? != 0,
                _ => {}
            }
        }
        row.file = self.string(file, at, "filename")?;
        row.build_id = self.string(build_id, at, "build_id")?;
        Ok(row)
    }

    fn function(&self, span: Span, at: Place) -> Result<FunctionRow, ReadError> {
        let mut row = FunctionRow::default();
        let (mut name, mut system_name, mut file) = (0, 0, 0);
        let mut fields = Fields::within(self.data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => row.id = field.number("Function.id")?,
                2 => name = field.signed("Function.name")?,
                3 => system_name = field.signed("Function.system_name")?,
                4 => file = field.signed("Function.filename")?,
                5 => row.start_line = field.signed("Function.start_line")?,
                _ => {}
            }
        }
        row.name = self.string(name, at, "name")?;
        row.system_name = self.string(system_name, at, "system_name")?;
        row.file = self.string(file, at, "filename")?;
        Ok(row)
    }
}

pub(crate) fn place(table: Table, position: usize, span: Span) -> Place {
    Place {
        table,
        number: position + 1,
        offset: span.start,
    }
}

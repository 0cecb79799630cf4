//! One profile being added: its ids and strings in terms of the merged tables, translated when a
//! sample needs them, each once.

use crate::merge::tables::Tables;
use crate::profile::Profile;
use crate::rows::{FunctionRow, LabelRow, LabelValueRow, LocationRow, MappingRow};
use crate::stack::Stack;
use crate::strings::StrId;

/// Not translated yet.
const NEW: u32 = u32::MAX;

pub(super) struct Source<'a> {
    profile: &'a Profile,
    tables: &'a mut Tables,
    string_ids: Vec<u32>,
    mapping_ids: Vec<Option<(u32, u64)>>,
    function_ids: Vec<u32>,
    location_ids: Vec<u32>,
    /// Of the last [`stack`](Self::stack), root first.
    pub(super) locations: Vec<u32>,
    /// Likewise, in the order of their keys, text before numbers.
    pub(super) labels: Vec<LabelRow>,
}

impl<'a> Source<'a> {
    pub(super) fn new(profile: &'a Profile, tables: &'a mut Tables) -> Self {
        let mut source = Self {
            string_ids: vec![NEW; profile.strings.len()],
            mapping_ids: vec![None; profile.mappings.len()],
            function_ids: vec![NEW; profile.functions.len()],
            location_ids: vec![NEW; profile.locations.len()],
            locations: Vec::new(),
            labels: Vec::new(),
            profile,
            tables,
        };
        // The first mapping is the main binary, whether samples need it or not.
        if !source.tables.has_mappings() {
            match profile.mappings.is_empty() {
                true => source.made_up_mapping(),
                false => source.mapping(0),
            };
        }
        source
    }

    /// Translates a sample's locations and labels.
    pub(super) fn stack(&mut self, stack: Stack<'_>) {
        self.locations.clear();
        // From the leaf, so that locations are numbered as pprof numbers them.
        for at in stack.locations().iter().rev() {
            let location = self.location(*at);
            self.locations.push(location);
        }
        self.locations.reverse();
        let strings = &self.profile.strings;
        let mut labels = stack.label_rows().to_vec();
        labels.sort_by_key(|label| {
            let is_number = matches!(label.value, LabelValueRow::Number { .. });
            (is_number, strings.get(label.key))
        });
        self.labels.clear();
        for row in &labels {
            let label = self.label(row);
            self.labels.push(label);
        }
    }

    fn label(&mut self, row: &LabelRow) -> LabelRow {
        LabelRow {
            key: self.text(row.key),
            value: match row.value {
                LabelValueRow::Text(text) => LabelValueRow::Text(self.text(text)),
                LabelValueRow::Number { number, unit } => LabelValueRow::Number {
                    number,
                    unit: self.text(unit),
                },
            },
        }
    }

    fn location(&mut self, at: u32) -> u32 {
        let known = self.location_ids[at as usize];
        if known != NEW {
            return known;
        }
        let profile = self.profile;
        let row = &profile.locations[at as usize];
        let mapping = match row.mapping {
            Some(mapping) => Some(self.mapping(mapping)),
            None if profile.mappings.is_empty() => Some(self.made_up_mapping()),
            None => None,
        };
        let frames = profile.frames_of(at);
        let mut frames = profile.frames[frames.start as usize..frames.end as usize].to_vec();
        // Innermost first, for the same reason.
        for frame in frames.iter_mut().rev() {
            frame.function = frame.function.map(|function| self.function(function));
        }
        let ours = LocationRow {
            mapping: mapping.map(|(at, _)| at),
            address: row
                .address
                .wrapping_add(mapping.map_or(0, |(_, shift)| shift)),
            ..*row
        };
        let translated = self.tables.location(ours, &frames);
        self.location_ids[at as usize] = translated;
        translated
    }

    fn function(&mut self, at: u32) -> u32 {
        let known = self.function_ids[at as usize];
        if known != NEW {
            return known;
        }
        let row = self.profile.functions[at as usize];
        let ours = FunctionRow {
            id: 0,
            name: self.text(row.name),
            system_name: self.text(row.system_name),
            file: self.text(row.file),
            start_line: row.start_line,
        };
        let translated = self.tables.function(ours);
        self.function_ids[at as usize] = translated;
        translated
    }

    /// pprof makes up a mapping for a profile that has none.
    fn made_up_mapping(&mut self) -> (u32, u64) {
        self.tables.mapping(MappingRow::default())
    }

    fn mapping(&mut self, at: u32) -> (u32, u64) {
        if let Some(known) = self.mapping_ids[at as usize] {
            return known;
        }
        let row = self.profile.mappings[at as usize];
        let ours = MappingRow {
            file: self.text(row.file),
            build_id: self.text(row.build_id),
            ..row
        };
        let translated = self.tables.mapping(ours);
        self.mapping_ids[at as usize] = Some(translated);
        translated
    }

    fn text(&mut self, id: StrId) -> StrId {
        let known = self.string_ids[id.index()];
        if known != NEW {
            return StrId(known);
        }
        let bytes = self.profile.strings.bytes(id);
        let translated = self.tables.strings.intern_copy(bytes);
        self.string_ids[id.index()] = translated.0;
        translated
    }
}

//! `-tagroot` and `-tagleaf`: values of labels as frames of stacks.

use std::collections::HashMap;

use crate::report::draft::Draft;
use crate::report::measure::scaled_label;
use crate::report::options::ReportOptions;
use crate::rows::{FrameRow, FunctionRow, LabelRow, LabelValueRow, LocationRow};
use crate::samples::Sample;
use crate::strings::{StrId, dense};

impl Draft {
    /// Adds the frames that `options` ask for; returns a warning for each that no sample has.
    pub(crate) fn add_tag_frames(&mut self, options: &ReportOptions) -> Vec<String> {
        if options.tag_root.is_empty() && options.tag_leaf.is_empty() {
            return Vec::new();
        }
        let mut frames = TagFrames::default();
        let (mut root_found, mut leaf_found) = (false, false);
        let mut stacks = Vec::new();
        let mut ends = Vec::new();
        for (sample, _) in self.samples() {
            let mut of = |keys, found| frames.locations(self, sample, keys, &options.unit, found);
            stacks.extend(of(&options.tag_root, &mut root_found));
            stacks.extend_from_slice(sample.locations);
            stacks.extend(of(&options.tag_leaf, &mut leaf_found));
            ends.push(stacks.len());
        }
        self.profile.samples.locations = stacks;
        self.profile.samples.location_ends = ends;
        frames.add_to(self);
        let checks = [
            (&options.tag_root, root_found, "TagRoot"),
            (&options.tag_leaf, leaf_found, "TagLeaf"),
        ];
        let idle = checks
            .iter()
            .filter(|(keys, found, _)| !keys.is_empty() && !found);
        idle.map(|(_, _, name)| format!("{name} expression matched no samples"))
            .collect()
    }
}

/// Frames made from labels, by value and key; their locations follow those of the profile.
#[derive(Debug, Default)]
struct TagFrames {
    known: HashMap<(String, String), u32>,
    in_order: Vec<(String, String)>,
}

impl TagFrames {
    /// The frames of a sample, root first. As pprof does, the last key is numbered first.
    fn locations(
        &mut self,
        draft: &Draft,
        sample: Sample<'_>,
        keys: &[String],
        unit: &str,
        found: &mut bool,
    ) -> Vec<u32> {
        let keys = keys.iter().rev();
        let mut locations: Vec<_> = keys
            .map(|key| self.location(draft, sample, key, unit, found))
            .collect();
        locations.reverse();
        locations
    }

    fn location(
        &mut self,
        draft: &Draft,
        sample: Sample<'_>,
        key: &str,
        unit: &str,
        found: &mut bool,
    ) -> u32 {
        let values = values(draft, sample, key, unit);
        *found |= !values.is_empty();
        let frame = (values.join(","), key.to_owned());
        let new = dense(draft.profile.locations.len() + self.in_order.len());
        *self.known.entry(frame).or_insert_with_key(|frame| {
            self.in_order.push(frame.clone());
            new
        })
    }

    fn add_to(self, draft: &mut Draft) {
        let profile = &mut draft.profile;
        let last_function = profile.functions.iter().map(|row| row.id).max();
        let last_location = profile.locations.iter().map(|row| row.id).max();
        let next = |last: Option<u64>, more: usize| last.unwrap_or(0).wrapping_add(more as u64 + 1);
        let ids = profile.strings.ids();
        let mut strings: HashMap<String, StrId> = ids
            .map(|id| (profile.strings.get(id).to_owned(), id))
            .collect();
        for (more, (name, file)) in self.in_order.iter().enumerate() {
            let mut text = |text: &str| {
                let id = strings.entry(text.to_owned());
                *id.or_insert_with(|| profile.strings.push(text.as_bytes()))
            };
            let row = FunctionRow {
                id: next(last_function, more),
                name: text(name),
                file: text(file),
                ..FunctionRow::default()
            };
            profile.functions.push(row);
            profile.frames.push(FrameRow {
                location: dense(profile.locations.len()),
                function: Some(dense(profile.functions.len() - 1)),
                line: 0,
                column: 0,
            });
            profile.locations.push(LocationRow {
                id: next(last_location, more),
                address: 0,
                mapping: None,
                is_folded: false,
                frames_end: dense(profile.frames.len()),
            });
        }
    }
}

/// A label's values, numbers in the unit of the report.
fn values(draft: &Draft, sample: Sample<'_>, key: &str, unit: &str) -> Vec<String> {
    let values = sample
        .labels
        .iter()
        .filter(|label| draft.text(label.key) == key);
    let value = |label: &LabelRow| match label.value {
        LabelValueRow::Text(text) => draft.text(text).to_owned(),
        LabelValueRow::Number { number, unit: from } => match draft.text(from) {
            "" => scaled_label(number, "", ""),
            from => scaled_label(number, from, unit),
        },
    };
    values.map(value).collect()
}

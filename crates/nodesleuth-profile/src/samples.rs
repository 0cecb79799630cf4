//! The samples of a profile: columns, walked and thinned out in place.

use crate::rows::{LabelRow, LabelValueRow};
use crate::stack::nth_range;

/// All samples, column by column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Samples {
    /// Locations of all stacks, each from root to leaf.
    pub(crate) locations: Vec<u32>,
    pub(crate) location_ends: Vec<usize>,
    /// As many per sample as there are sample types.
    pub(crate) values: Vec<i64>,
    pub(crate) labels: Vec<LabelRow>,
    pub(crate) label_ends: Vec<usize>,
}

/// A stack, root first, with its labels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'s> {
    pub(crate) locations: &'s [u32],
    pub(crate) labels: &'s [LabelRow],
}

impl Samples {
    /// Makes room for so many more, as far as that does not depend on what is in them.
    pub(crate) fn reserve(&mut self, samples: usize) {
        self.location_ends.reserve(samples);
        self.label_ends.reserve(samples);
    }

    /// Without samples, but with the room for them.
    pub(crate) fn clear(&mut self) {
        self.locations.clear();
        self.location_ends.clear();
        self.values.clear();
        self.labels.clear();
        self.label_ends.clear();
    }

    /// The samples with their values, of which there are `types` each.
    pub(crate) fn iter(&self, types: usize) -> impl Iterator<Item = (Sample<'_>, &[i64])> {
        (0..self.location_ends.len()).map(move |at| {
            let sample = Sample {
                locations: &self.locations[nth_range(&self.location_ends, at)],
                labels: &self.labels[nth_range(&self.label_ends, at)],
            };
            (sample, &self.values[at * types..][..types])
        })
    }

    /// Leaves out samples and parts of stacks: `edit` puts what stays of a stack, root first, into
    /// its last argument, and says whether the sample stays. Stacks do not grow.
    pub(crate) fn keep(
        &mut self,
        types: usize,
        mut edit: impl FnMut(Sample<'_>, &mut Vec<u32>) -> bool,
    ) {
        let mut stack = Vec::new();
        let (mut kept, mut location_end, mut label_end) = (0, 0, 0);
        let (mut location_start, mut label_start) = (0, 0);
        for at in 0..self.location_ends.len() {
            let locations = location_start..self.location_ends[at];
            let labels = label_start..self.label_ends[at];
            (location_start, label_start) = (locations.end, labels.end);
            let sample = Sample {
                locations: &self.locations[locations],
                labels: &self.labels[labels.clone()],
            };
            stack.clear();
            if !edit(sample, &mut stack) {
                continue;
            }
            let until = location_end + stack.len();
            self.locations[location_end..until].copy_from_slice(&stack);
            let count = labels.len();
            self.labels.copy_within(labels, label_end);
            let values = at * types..(at + 1) * types;
            self.values.copy_within(values, kept * types);
            (location_end, label_end) = (until, label_end + count);
            self.location_ends[kept] = location_end;
            self.label_ends[kept] = label_end;
            kept += 1;
        }
        self.locations.truncate(location_end);
        self.location_ends.truncate(kept);
        self.labels.truncate(label_end);
        self.label_ends.truncate(kept);
        self.values.truncate(kept * types);
    }
}

/// Groups of labels, for labels in the order that [`Draft`](crate::Draft) gives them: text before
/// numbers, each in the order of their keys.
impl<'s> Sample<'s> {
    /// Labels that are text, one slice for each key.
    pub(crate) fn texts(self) -> impl Iterator<Item = &'s [LabelRow]> {
        self.groups().filter(|group| !is_number(&group[0]))
    }

    /// Labels that are numbers, one slice for each key.
    pub(crate) fn numbers(self) -> impl Iterator<Item = &'s [LabelRow]> {
        self.groups().filter(|group| is_number(&group[0]))
    }

    fn groups(self) -> impl Iterator<Item = &'s [LabelRow]> {
        self.labels
            .chunk_by(|one, next| one.key == next.key && is_number(one) == is_number(next))
    }
}

pub(crate) fn is_number(label: &LabelRow) -> bool {
    matches!(label.value, LabelValueRow::Number { .. })
}

//! The merged samples: equal stacks with equal labels are one.

use crate::merge::Column;
use crate::merge::column_values;
use crate::merge::known::Known;
use crate::rows::LabelRow;
use crate::samples::Samples;
use crate::stack::nth_range;

#[derive(Debug, Default)]
pub(super) struct Stacks {
    pub(super) samples: Samples,
    /// Values of each sample.
    pub(super) types: usize,
    known: Known,
}

impl Stacks {
    pub(super) fn add(&mut self, locations: &[u32], labels: &[LabelRow], values: &[i64]) {
        let samples = &mut self.samples;
        let is = |row: usize| {
            samples.locations[nth_range(&samples.location_ends, row)] == *locations
                && samples.labels[nth_range(&samples.label_ends, row)] == *labels
        };
        match self.known.find((locations, labels), is) {
            Ok(row) => {
                let sums = &mut samples.values[row as usize * self.types..][..self.types];
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = sum.wrapping_add(*value);
                }
            }
            Err(_) => {
                samples.locations.extend_from_slice(locations);
                samples.location_ends.push(samples.locations.len());
                samples.labels.extend_from_slice(labels);
                samples.label_ends.push(samples.labels.len());
                samples.values.extend_from_slice(values);
            }
        }
    }

    /// Takes all samples into other units, or leaves out values. A sample that is nothing then
    /// stays, with zeros: it is left out at the end.
    pub(super) fn convert(&mut self, columns: &[Column]) {
        let stays = |(at, column): (usize, &Column)| column.index == at && column.ratio == 1.0;
        if columns.len() == self.types && columns.iter().enumerate().all(stays) {
            return;
        }
        let values = self.samples.values.chunks_exact(self.types.max(1));
        let nothing = vec![0; columns.len()];
        let converted =
            values.flat_map(|row| column_values(row, columns).unwrap_or_else(|| nothing.clone()));
        self.samples.values = converted.collect();
    }

    /// Whether samples are among these that weigh nothing.
    pub(super) fn has_zeros(&self) -> bool {
        let mut rows = self.samples.values.chunks_exact(self.types.max(1));
        rows.any(|row| row.iter().all(|value| *value == 0))
    }
}

//! Changes to a whole profile that pprof makes before it merges.

use crate::merge::MergeError;
use crate::profile::Profile;
use crate::rows::{LabelRow, LabelValueRow, MappingRow};
use crate::stack::Stack;
use crate::strings::StrId;

impl Profile {
    /// Multiplies each value by the ratio of its sample type, and leaves out samples of which
    /// nothing is left. As in pprof, values whose ratio is 1 do not keep a sample.
    ///
    /// # Panics
    /// If there is not one ratio for each sample type.
    pub fn scale(&mut self, ratios: &[f64]) {
        let types = self.header.sample_types.len();
        assert_eq!(ratios.len(), types, "a ratio for each sample type");
        if ratios.iter().all(|ratio| *ratio == 1.0) {
            return;
        }
        let mut is_kept = Vec::with_capacity(self.samples.location_ends.len());
        for values in self.samples.values.chunks_exact_mut(types) {
            let mut keeps = false;
            for (value, ratio) in values.iter_mut().zip(ratios) {
                if *ratio != 1.0 {
                    *value = (*value as f64 * ratio).round() as i64;
                    keeps |= *value != 0;
                }
            }
            is_kept.push(keeps);
        }
        self.keep_samples(is_kept);
    }

    /// Leaves out the samples that `keep` does not want.
    ///
    /// ```
    /// use nodesleuth_profile::{GoRegex, Profile, StackFilter, ValueType};
    ///
    /// let stacks = [(vec!["main", "work"], 30), (vec!["main", "idle"], 10)];
    /// let mut profile = Profile::from_stacks(ValueType::CPU, stacks);
    /// let filter = StackFilter::new(&profile, Some(&GoRegex::new("work")?), None);
    /// profile.retain_stacks(|stack| filter.keeps(stack));
    /// assert_eq!(profile.total(0), 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain_stacks(&mut self, keep: impl FnMut(Stack<'_>) -> bool) {
        let is_kept: Vec<bool> = self.stacks().map(keep).collect();
        self.keep_samples(is_kept);
    }

    /// Those for which it says so, one for each.
    fn keep_samples(&mut self, is_kept: Vec<bool>) {
        let mut is_kept = is_kept.into_iter();
        let types = self.header.sample_types.len();
        self.samples.keep(types, |sample, stack| {
            stack.extend_from_slice(sample.locations);
            is_kept.next() == Some(true)
        });
    }

    /// Scales each value so that its sum is that of another profile.
    ///
    /// # Errors
    /// If the other one has other sample types.
    pub fn normalize_to(&mut self, other: &Self) -> Result<(), MergeError> {
        let pairs = self.sample_types().zip(other.sample_types());
        let period = ("period", self.period_type(), other.period_type());
        let all = pairs.map(|(own, other)| ("sample", own, other));
        for (what, own, other) in std::iter::once(period).chain(all) {
            if own != other {
                return Err(MergeError::types(what, own, other));
            }
        }
        if self.sample_types().len() != other.sample_types().len() {
            return Err(MergeError::nothing_in_common(
                self.sample_types(),
                other.sample_types(),
            ));
        }
        let sum = |profile: &Self, at| profile.values(at).fold(0i64, i64::wrapping_add);
        let ratios = (0..self.header.sample_types.len()).map(|at| match sum(self, at) {
            0 => 0.0,
            own => sum(other, at) as f64 / own as f64,
        });
        let ratios: Vec<_> = ratios.collect();
        self.scale(&ratios);
        Ok(())
    }

    /// Gives every sample a label with this text, in place of other texts with this key.
    pub fn set_label(&mut self, key: &str, text: &str) {
        let key = self.strings.find_or_add(key.as_bytes());
        let value = LabelValueRow::Text(self.strings.find_or_add(text.as_bytes()));
        let samples = &mut self.samples;
        let all = std::mem::take(&mut samples.labels);
        let mut start = 0;
        for end in &mut samples.label_ends {
            let others = all[start..*end].iter().filter(|label| {
                label.key != key || matches!(label.value, LabelValueRow::Number { .. })
            });
            start = *end;
            samples.labels.extend(others.copied());
            samples.labels.push(LabelRow { key, value });
            *end = samples.labels.len();
        }
    }

    /// Adds a comment.
    pub fn add_comment(&mut self, comment: &str) {
        let comment = self.strings.find_or_add(comment.as_bytes());
        self.header.comments.push(comment);
    }

    /// Says which file is the main binary, and what its build id is if none is known.
    pub fn name_binary(&mut self, file: Option<&str>, build_id: Option<&str>) {
        self.complete_mappings();
        let main = &mut self.mappings[0];
        if let Some(file) = file {
            main.file = self.strings.find_or_add(file.as_bytes());
        }
        if let Some(build_id) = build_id
            && main.build_id == StrId::EMPTY
        {
            main.build_id = self.strings.find_or_add(build_id.as_bytes());
        }
        *self = std::mem::take(self).with_names();
    }

    /// Makes up a mapping if there is none, as pprof does.
    pub(crate) fn complete_mappings(&mut self) {
        if self.mappings.is_empty() {
            self.mappings.push(MappingRow {
                id: 1,
                ..MappingRow::default()
            });
            for location in &mut self.locations {
                location.mapping = Some(0);
            }
        }
    }
}

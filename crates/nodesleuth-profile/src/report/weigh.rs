//! What a sample weighs in a report.

use crate::report::draft::Draft;
use crate::report::measure::scaled_label;
use crate::report::options::{ReportError, ReportOptions};
use crate::rows::{LabelRow, LabelValueRow};
use crate::samples::Sample;

/// Marks samples of the profile that is subtracted.
pub(crate) const BASE_LABEL: &str = "pprof::base";

/// One of a sample's values, with its unit and how it is printed.
#[derive(Debug, Clone)]
pub(crate) struct Weight {
    index: usize,
    mean: bool,
    /// What is counted.
    pub(crate) kind: String,
    pub(crate) unit: String,
    /// What it is printed in; may still be `minimum`.
    pub(crate) output_unit: String,
    ratio: f64,
    /// What percentages are shares of.
    pub(crate) total: i64,
}

impl Weight {
    pub(crate) fn new(draft: &Draft, options: &ReportOptions) -> Result<Self, ReportError> {
        let index = index(draft, &options.sample_index)?;
        if options.divide_by == 0.0 {
            return Err(ReportError::ZeroDivisor);
        }
        let chosen = draft
            .profile
            .value_type(draft.profile.header.sample_types[index]);
        let prefix = if options.mean { "mean_" } else { "" };
        let mut weight = Self {
            index,
            mean: options.mean,
            kind: format!("{prefix}{}", chosen.kind),
            unit: chosen.unit.to_owned(),
            output_unit: options.unit.clone(),
            ratio: 1.0 / options.divide_by,
            total: 0,
        };
        weight.total = weight.total_of(draft);
        Ok(weight)
    }

    pub(crate) fn is_mean(&self) -> bool {
        self.mean
    }

    /// Value, and what to divide it by (0: nothing).
    pub(crate) fn of(&self, values: &[i64]) -> (i64, i64) {
        let divisor = if self.mean { values[0] } else { 0 };
        (values[self.index], divisor)
    }

    /// What base samples weigh if there are any, else what all do.
    fn total_of(&self, draft: &Draft) -> i64 {
        let is_base = |label: &LabelRow| match label.value {
            LabelValueRow::Text(text) => {
                draft.text(label.key) == BASE_LABEL && draft.text(text) == "true"
            }
            LabelValueRow::Number { .. } => false,
        };
        let (mut all, mut base) = ((0i64, 0i64), (0i64, 0i64));
        let add = |sum: &mut (i64, i64), (value, divisor): (i64, i64)| {
            sum.0 = sum.0.wrapping_add(value.wrapping_abs());
            sum.1 = sum.1.wrapping_add(divisor);
        };
        for (Sample { labels, .. }, values) in draft.samples() {
            add(&mut all, self.of(values));
            if labels.iter().any(is_base) {
                add(&mut base, self.of(values));
            }
        }
        let (total, divisor) = if base.0 > 0 { base } else { all };
        divided(total, divisor)
    }

    pub(crate) fn print(&self, value: i64) -> String {
        let value = self.scaled(value);
        scaled_label(value, &self.unit, &self.output_unit)
    }

    /// The value as it is printed, before units.
    pub(crate) fn scaled(&self, value: i64) -> i64 {
        if self.ratio > 0.0 && self.ratio != 1.0 {
            (value as f64 * self.ratio) as i64
        } else {
            value
        }
    }
}

/// A mean; without a divisor the value itself.
pub(crate) fn divided(value: i64, divisor: i64) -> i64 {
    match divisor {
        0 => value,
        divisor => value.wrapping_div(divisor),
    }
}

fn index(draft: &Draft, wanted: &str) -> Result<usize, ReportError> {
    let types: Vec<_> = draft.profile.sample_types().collect();
    let last = types
        .len()
        .checked_sub(1)
        .ok_or(ReportError::NoSampleTypes)?;
    let named = |name: &str| types.iter().position(|t| t.kind == name);
    if wanted.is_empty() {
        let default = Some(draft.text(draft.profile.header.default_sample_type))
            .filter(|name| !name.is_empty());
        return Ok(default.and_then(named).unwrap_or(last));
    }
    let found = match wanted.parse::<usize>() {
        Ok(index) => Some(index).filter(|index| *index <= last),
        Err(_) => {
            let bare = wanted.strip_prefix("inuse_").unwrap_or(wanted);
            types
                .iter()
                .position(|t| t.kind == wanted || t.kind == bare)
        }
    };
    found.ok_or_else(|| ReportError::SampleIndex {
        wanted: wanted.to_owned(),
        known: types.iter().map(|t| t.kind).collect::<Vec<_>>().join(", "),
    })
}

//! What a sample weighs in a report.

use crate::report::draft::{Draft, DraftSample};
use crate::report::measure::scaled_label;
use crate::report::options::{ReportError, ReportOptions};

/// Marks samples of the profile that is subtracted.
const BASE_LABEL: &str = "pprof::base";

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
    pub(crate) fn new(draft: &Draft<'_>, options: &ReportOptions) -> Result<Self, ReportError> {
        let index = index(draft, &options.sample_index)?;
        if options.divide_by == 0.0 {
            return Err(ReportError::ZeroDivisor);
        }
        let chosen = draft.sample_types[index];
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

    /// Value, and what to divide it by (0: nothing).
    pub(crate) fn of(&self, sample: &DraftSample<'_>) -> (i64, i64) {
        let divisor = if self.mean { sample.values[0] } else { 0 };
        (sample.values[self.index], divisor)
    }

    fn total_of(&self, draft: &Draft<'_>) -> i64 {
        let sum = |samples: &mut dyn Iterator<Item = &DraftSample<'_>>| {
            samples.fold((0i64, 0i64), |(total, divisor), sample| {
                let (value, by) = self.of(sample);
                (
                    total.wrapping_add(value.wrapping_abs()),
                    divisor.wrapping_add(by),
                )
            })
        };
        let is_base = |sample: &&DraftSample<'_>| {
            let labels = sample.labels.get(BASE_LABEL);
            labels.is_some_and(|values| values.contains(&"true"))
        };
        let base = sum(&mut draft.samples.iter().filter(is_base));
        let (total, divisor) = if base.0 > 0 {
            base
        } else {
            sum(&mut draft.samples.iter())
        };
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

fn index(draft: &Draft<'_>, wanted: &str) -> Result<usize, ReportError> {
    let types = &draft.sample_types;
    let last = types
        .len()
        .checked_sub(1)
        .ok_or(ReportError::NoSampleTypes)?;
    let named = |name: &str| types.iter().position(|t| t.kind == name);
    if wanted.is_empty() {
        let default = Some(draft.default_sample_type).filter(|name| !name.is_empty());
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

//! Which values a page shows: the sample types, and with a profile to compare with those that both
//! have. Each is a column of the page's data, the ones of the profile before after all others.

use crate::fields::ValueType;
use crate::html::{HtmlError, HtmlOptions};
use crate::profile::Profile;
use crate::stack_rows::StackRows;

/// A sample type on the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'p> {
    pub(super) value_type: ValueType<'p>,
    /// Its index in the profile.
    pub(super) now: usize,
    /// Its index in the one before.
    pub(super) before: Option<usize>,
}

/// The profiles of a page and what is shown of them.
#[derive(Debug)]
pub(super) struct Columns<'p> {
    pub(super) profile: &'p Profile,
    pub(super) before: Option<&'p Profile>,
    pub(super) columns: Vec<Column<'p>>,
    /// The column that is shown first.
    pub(super) first: usize,
    /// Sample types that only one of the profiles has.
    pub(super) left_out: Vec<String>,
}

impl<'p> Columns<'p> {
    pub(super) fn of(profile: &'p Profile, options: &HtmlOptions<'p>) -> Result<Self, HtmlError> {
        let before = options.before;
        let column = |(now, value_type)| Column {
            value_type,
            now,
            before: before.and_then(|p| p.sample_types().position(|t| t == value_type)),
        };
        let all: Vec<Column<'p>> = profile.sample_types().enumerate().map(column).collect();
        let shown = |column: &&Column<'_>| before.is_none() || column.before.is_some();
        let columns: Vec<Column<'p>> = all.iter().filter(shown).copied().collect();
        if columns.is_empty() {
            return Err(nothing_to_show(profile, before));
        }
        let wanted = options.value_index.or(profile.default_value_index());
        let first = columns.iter().position(|column| Some(column.now) == wanted);
        Ok(Self {
            profile,
            before,
            first: first.unwrap_or(columns.len() - 1),
            left_out: left_out(profile, before, &columns),
            columns,
        })
    }

    /// The column that is shown first.
    pub(super) fn shown(&self) -> Column<'p> {
        self.columns[self.first]
    }

    /// Number of values that each stack has on the page.
    pub(super) fn width(&self) -> usize {
        self.columns.len() * if self.before.is_some() { 2 } else { 1 }
    }

    /// The profiles, each with the index of its first value and its index for each column.
    pub(super) fn sides(&self) -> Vec<(&'p Profile, usize, Vec<usize>)> {
        let now = self.columns.iter().map(|column| column.now).collect();
        let mut sides = vec![(self.profile, 0, now)];
        if let Some(before) = self.before {
            let indices = self
                .columns
                .iter()
                .filter_map(|column| column.before)
                .collect();
            sides.push((before, self.columns.len(), indices));
        }
        sides
    }

    /// The stacks of all profiles, merged.
    pub(super) fn rows(&self) -> StackRows {
        let mut rows = StackRows::builder(self.width());
        for (profile, start, indices) in self.sides() {
            rows.add(profile, |stack, values| {
                for (at, index) in indices.iter().enumerate() {
                    values[start + at] = stack.values()[*index];
                }
            });
        }
        rows.finish()
    }
}

fn nothing_to_show(profile: &Profile, before: Option<&Profile>) -> HtmlError {
    match before {
        Some(before) if profile.sample_types().len() > 0 => HtmlError::NoCommonType {
            after: names(profile).join(", "),
            before: names(before).join(", "),
        },
        _ => HtmlError::NoSampleTypes,
    }
}

fn names(profile: &Profile) -> Vec<String> {
    profile.sample_types().map(name).collect()
}

pub(super) fn name(value_type: ValueType<'_>) -> String {
    format!("{} ({})", value_type.kind, value_type.unit)
}

fn left_out(profile: &Profile, before: Option<&Profile>, columns: &[Column<'_>]) -> Vec<String> {
    let shown: Vec<String> = columns
        .iter()
        .map(|column| name(column.value_type))
        .collect();
    let sides = before.map(|before| [profile, before]).into_iter().flatten();
    let all = sides.flat_map(names);
    all.filter(|name| !shown.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::ProfileBuilder;

    fn profile(types: &[(&str, &str)]) -> Profile {
        let types: Vec<_> = types
            .iter()
            .map(|(kind, unit)| ValueType { kind, unit })
            .collect();
        let mut builder = ProfileBuilder::new(&types);
        let main = builder.named("main");
        let values: Vec<i64> = (1..).take(types.len()).collect();
        builder.sample([main], &values, &[]);
        builder.finish()
    }

    #[test]
    fn only_common_types_are_compared() {
        let now = profile(&[("samples", "count"), ("cpu", "nanoseconds"), ("x", "y")]);
        let before = profile(&[("cpu", "nanoseconds"), ("samples", "count")]);
        let options = HtmlOptions {
            before: Some(&before),
            ..HtmlOptions::default()
        };
        let columns = Columns::of(&now, &options).unwrap();
        assert_eq!(columns.left_out, ["x (y)"]);
        let rows = columns.rows();
        let values: Vec<_> = rows.stacks().map(|row| row.values.to_vec()).collect();
        assert_eq!(values, [[1, 2, 2, 1]]);
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let now = profile(&[("cpu", "nanoseconds")]);
        let before = profile(&[("space", "bytes")]);
        let options = HtmlOptions {
            before: Some(&before),
            ..HtmlOptions::default()
        };
        let error = Columns::of(&now, &options).unwrap_err().to_string();
        assert!(
            error.ends_with("cpu (nanoseconds) against space (bytes)"),
            "{error}"
        );
        let error = Columns::of(&profile(&[]), &HtmlOptions::default()).unwrap_err();
        assert!(matches!(error, HtmlError::NoSampleTypes));
    }
}

//! Several profiles as one, as pprof merges them: stacks that are the same become one sample.
//!
//! What differs between inputs is made alike in `header` (units, sample types) and `tables`
//! (mappings at other addresses, ids); `stacks` finds equal samples.

mod error;
mod header;
mod known;
mod source;
mod stacks;
mod tables;

pub use error::MergeError;

use crate::profile::Profile;
use header::CommonHeader;
use source::Source;
use stacks::Stacks;
use tables::Tables;

/// Adds profiles up, one at a time: memory follows the number of different stacks, not of inputs.
///
/// Equal are stacks whose locations and labels are; a location keeps its identity when its file is
/// mapped elsewhere in another process. Samples without any value are left out, as are functions
/// and locations that no sample needs. Durations add up, the period is the largest, the time the
/// earliest.
///
/// ```
/// use nodesleuth_profile::{Merger, Profile, ValueType, fold};
///
/// let of = |weight| Profile::from_stacks(ValueType::CPU, [(["main", "work"], weight)]);
/// let mut merger = Merger::new();
/// merger.add(&of(30))?;
/// merger.add(&of(12))?;
/// assert_eq!(fold(&merger.finish(), 0).to_string(), "main;work 42\n");
/// # Ok::<(), nodesleuth_profile::MergeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Merger {
    header: Option<CommonHeader>,
    tables: Tables,
    stacks: Stacks,
    untold_period_fits: bool,
}

impl Merger {
    /// A merger without any profile.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on a profile without a period goes with one that has it: a text may have no place
    /// for it ([`Format::tells_period`](crate::Format::tells_period)). pprof refuses that.
    pub fn allow_untold_period(&mut self) {
        self.untold_period_fits = true;
    }

    /// Adds a profile.
    ///
    /// Sample types that not all profiles have are left out; values in different units of the same
    /// kind are converted to the finest.
    ///
    /// # Errors
    /// If the profile has nothing in common with those before it, which are then still good.
    pub fn add(&mut self, profile: &Profile) -> Result<(), MergeError> {
        self.add_scaled(profile, 1.0)
    }

    /// Adds a profile with all its values multiplied by `factor`: -1 subtracts it.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_scaled(&mut self, profile: &Profile, factor: f64) -> Result<(), MergeError> {
        let strings = &mut self.tables.strings;
        let columns = match &mut self.header {
            None => {
                let (header, columns) = CommonHeader::first(profile, strings)?;
                self.header = Some(header);
                columns
            }
            Some(header) => {
                let joined = header.join(profile, self.untold_period_fits, strings)?;
                self.stacks.convert(&joined.ours);
                joined.theirs
            }
        };
        self.stacks.types = columns.len();
        let columns: Vec<_> = columns.iter().map(|column| column.times(factor)).collect();
        let mut source = Source::new(profile, &mut self.tables);
        for stack in profile.stacks() {
            if let Some(values) = column_values(stack.values(), &columns) {
                source.stack(stack);
                self.stacks.add(&source.locations, &source.labels, &values);
            }
        }
        Ok(())
    }

    /// The sum of all; without any profile an empty one.
    pub fn finish(mut self) -> Profile {
        let strings = &mut self.tables.strings;
        let header = self.header.map(|header| header.finish(strings));
        let header = header.unwrap_or_default();
        let has_zeros = self.stacks.has_zeros();
        let profile = self.tables.finish(header, self.stacks.samples);
        if !has_zeros {
            return profile;
        }
        // What cancelled out may have been the only use of a location.
        let mut again = Self::new();
        match again.add(&profile) {
            Ok(()) => again.finish(),
            Err(_) => profile,
        }
    }
}

/// Where a value comes from, and what it is multiplied by.
#[derive(Debug, Clone, Copy)]
struct Column {
    index: usize,
    ratio: f64,
}

impl Column {
    fn times(self, factor: f64) -> Self {
        Self {
            ratio: self.ratio * factor,
            ..self
        }
    }

    fn of(self, values: &[i64]) -> i64 {
        let value = values[self.index];
        match self.ratio {
            1.0 => value,
            ratio => (value as f64 * ratio).round() as i64,
        }
    }
}

/// `None` if nothing is left. As in pprof, a sample is dropped when all of its converted values
/// are 0, even if a value that needs no conversion is not.
fn column_values(values: &[i64], columns: &[Column]) -> Option<Vec<i64>> {
    let out: Vec<i64> = columns.iter().map(|column| column.of(values)).collect();
    let converts = columns.iter().any(|column| column.ratio != 1.0);
    let counts =
        |(value, column): (&i64, &Column)| *value != 0 && (!converts || column.ratio != 1.0);
    out.iter().zip(columns).any(counts).then_some(out)
}

#[cfg(test)]
mod tests;

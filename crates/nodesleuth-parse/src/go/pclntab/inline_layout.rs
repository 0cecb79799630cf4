//! Where a function's inlined calls are kept: it depends on the Go version, and since Go 1.18 on
//! an address that only the module data has.

use super::header::Version;
use super::inline_tree::InlinedCall;
use super::record::Record;
use super::strings::is_go_name;
use super::table::View;
use super::values::Runs;

/// How one call is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Go 1.9 to 1.11: parent, file, line, name.
    Lines,
    /// Go 1.12 to 1.19: the same, then where in the code the call is.
    Parents,
    /// Since Go 1.20: name and where in the code the call is.
    Names,
}

/// Where inlined calls are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InlineLayout {
    /// Which value table tells the index of the inlined call.
    pub(super) value_table: u32,
    /// Which function data are the calls.
    pub(super) data: u32,
    pub(super) shape: Shape,
    /// What relative addresses of function data count from (`go:func.*`).
    pub(super) base: u64,
}

/// Functions looked at, and how many of them with inlined calls are enough, to check a layout.
const LOOKED_AT: usize = 192;
const ENOUGH: usize = 24;
/// All functions are looked at up to this many.
const ALL: usize = 300_000;
/// Inlined calls checked in each.
const CALLS: usize = 4;
/// No source file is longer.
const MOST_LINES: u32 = 10_000_000;

impl InlineLayout {
    /// The layout of this table, if it is certain: of those that its version may have, the only one
    /// that fits. `bases` are the words of the module data among which is what relative addresses
    /// count from; which of them it is moved with the Go versions.
    pub(super) fn find(view: &View<'_>, bases: &[u64]) -> Option<Self> {
        let mut bases = bases.to_vec();
        if !view.header.is_relative() {
            bases.push(0);
        }
        bases.sort_unstable();
        bases.dedup();
        let kinds = Self::kinds(view.header.version);
        let records = spread_records(view);
        let mut fitting = kinds.iter().flat_map(|kind| {
            let samples = kind.samples(view, &records);
            let fitting = bases.iter().map(|base| Self {
                base: *base,
                ..*kind
            });
            fitting
                .filter(|layout| layout.fits(view, &samples))
                .collect::<Vec<_>>()
        });
        match (fitting.next(), fitting.next()) {
            (Some(found), None) => Some(found),
            (None, _) => kinds
                .iter()
                .all(|kind| !kind.is_used(view))
                .then_some(kinds[0]),
            _ => None,
        }
    }

    fn kinds(version: Version) -> &'static [Self] {
        match version {
            // Go 1.9 to 1.11, 1.12, 1.13 to 1.15; nothing was inlined before
            Version::Go12 => {
                const {
                    &[
                        Self::of(1, 2, Shape::Lines),
                        Self::of(1, 2, Shape::Parents),
                        Self::of(2, 4, Shape::Parents),
                    ]
                }
            }
            Version::Go116 | Version::Go118 => const { &[Self::of(2, 3, Shape::Parents)] },
            Version::Go120 => const { &[Self::of(2, 3, Shape::Names)] },
        }
    }

    const fn of(value_table: u32, data: u32, shape: Shape) -> Self {
        Self {
            value_table,
            data,
            shape,
            base: 0,
        }
    }

    /// Those of the records whose functions have inlined calls, and how long these are.
    fn samples(&self, view: &View<'_>, records: &[(Record, u64)]) -> Vec<(Record, u64)> {
        let has_calls = |(record, _): &&(Record, u64)| self.calls_of(view, record).is_some();
        records
            .iter()
            .filter(has_calls)
            .take(ENOUGH)
            .copied()
            .collect()
    }

    /// Whether a function has inlined calls.
    fn calls_of(&self, view: &View<'_>, record: &Record) -> Option<()> {
        record.data(&view.bytes, view.header, 0, self.data)?;
        record
            .value_table(&view.bytes, self.value_table)
            .map(|_| ())
    }

    /// Whether any function has inlined calls; not so when all was compiled with `-l`.
    fn is_used(&self, view: &View<'_>) -> bool {
        (0..view.functions.len().min(ALL)).any(|index| {
            let record = view.functions.get(index).and_then(|at| view.record(at));
            record.is_none_or(|record| {
                record
                    .data(&view.bytes, view.header, 0, self.data)
                    .is_some()
            })
        }) || view.functions.len() > ALL
    }

    fn fits(&self, view: &View<'_>, samples: &[(Record, u64)]) -> bool {
        let mut samples = samples.iter().peekable();
        samples.peek().is_some()
            && samples.all(|(record, length)| self.fits_function(view, record, *length).is_some())
    }

    fn fits_function(&self, view: &View<'_>, record: &Record, length: u64) -> Option<()> {
        let tree = record.data(&view.bytes, view.header, self.base, self.data)?;
        let table = view.values(record.value_table(&view.bytes, self.value_table)?)?;
        let runs = Runs::new(view.bytes, table, view.header.quantum);
        for run in runs.filter(|run| run.value >= 0).take(CALLS) {
            let call = InlinedCall::read(&view.bytes.image, self.shape, tree, run.value)?;
            let fits = call.padding_is_zero
                && call.parent_distance.is_none_or(|at| u64::from(at) < length)
                && call.line.is_none_or(|line| line < MOST_LINES)
                && is_go_name(&view.bytes, view.header, call.name);
            fits.then_some(())?;
        }
        Some(())
    }
}

/// Records of some functions, spread over the table, and how long the functions are.
fn spread_records(view: &View<'_>) -> Vec<(Record, u64)> {
    let step = (view.functions.len() / LOOKED_AT).max(1);
    let indices = (0..view.functions.len()).step_by(step);
    let records = indices.filter_map(|index| {
        let function = view.functions.get(index)?;
        Some((view.record(function)?, function.end - function.entry))
    });
    records.collect()
}

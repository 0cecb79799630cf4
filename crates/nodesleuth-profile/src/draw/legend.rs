//! What the colours mean, and what is not in the picture.

use crate::draw::colors::Colors;
use crate::draw::layout::{Layout, MAX_LEVELS};
use crate::draw::numbers::{percent, share, value_text};
use crate::draw::palette::{CHANGE, KERNEL, KERNEL_AMONG_HOT, Rgb};
use crate::draw::svg::{Lanes, SvgOptions};
use crate::stack_rows::StackRows;

/// Coloured fields and the words after them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) swatches: Vec<Rgb>,
    pub(crate) words: String,
}

/// The legend's entries, in one line.
pub(crate) fn legend(rows: &StackRows, options: &SvgOptions<'_>, layout: &Layout) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut add = |swatches: &[Rgb], words: &str| {
        entries.push(Entry {
            swatches: swatches.to_vec(),
            words: words.to_owned(),
        });
    };
    match (options.colors, options.lanes) {
        (Colors::Diff, Lanes::BeforeAfter) => {
            add(&CHANGE, "share of all: less, the same, more than before");
        }
        (Colors::Diff, Lanes::Signed) => add(&CHANGE, "negative, both, positive"),
        (Colors::Package, _) => add(&[], "one colour for each module"),
        (Colors::Hot, _) => {}
    }
    let kernel = match options.colors {
        Colors::Package => Some(KERNEL),
        Colors::Hot => Some(KERNEL_AMONG_HOT),
        Colors::Diff => None,
    };
    let has_kernel = || layout.boxes.iter().any(|b| rows.symbol(b.symbol).is_kernel);
    if let Some(kernel) = kernel.filter(|_| has_kernel()) {
        add(&[kernel], "kernel");
    }
    if layout.boxes.iter().any(|b| b.is_inline) {
        add(&[], "italic: inlined by the compiler");
    }
    entries
}

/// Sentences about what is not drawn.
pub(crate) fn omissions(
    rows: &StackRows,
    options: &SvgOptions<'_>,
    layout: &Layout,
) -> Vec<String> {
    let mut notes = Vec::new();
    if layout.narrow > 0 {
        notes.push(format!(
            "Not drawn: {} boxes narrower than {} px, which themselves hold {} of all.",
            layout.narrow,
            options.min_width,
            percent(share(layout.narrow_own, layout.whole))
        ));
    }
    if layout.too_deep > 0 {
        notes.push(format!(
            "Not drawn: {} boxes above level {MAX_LEVELS}.",
            layout.too_deep
        ));
    }
    if options.lanes == Lanes::BeforeAfter
        && let gone = gone(rows)
        && gone != 0
    {
        notes.push(format!(
            "Without width: {} ({} of before) in stacks that are not there after; exchange the two to see them.",
            value_text(gone, options.unit),
            percent(share(gone, layout.totals[0]))
        ));
    }
    notes
}

/// The value before of stacks that have none after.
fn gone(rows: &StackRows) -> i64 {
    let gone = rows.stacks().filter(|row| row.values[1] == 0);
    gone.fold(0, |sum, row| sum.saturating_add(row.values[0]))
}

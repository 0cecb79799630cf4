//! Sorted rows as one SVG file.

use std::io::{self, Write};

use crate::draw::colors::Colors;
use crate::draw::layout::Layout;
use crate::draw::page::Page;
use crate::stack_rows::StackRows;

/// What the two lanes of the rows to be drawn are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lanes {
    /// The positive and the negative part of one value; see [`Lanes::signed`]. Widths are sizes,
    /// as in pprof's differences.
    Signed,
    /// One value before and after; widths are those of after.
    BeforeAfter,
}

impl Lanes {
    /// A value as the two lanes of [`Lanes::Signed`].
    pub fn signed(value: i64) -> [i64; 2] {
        match value {
            0.. => [value, 0],
            _ => [0, value.saturating_neg()],
        }
    }

    pub(crate) fn width(self, lanes: [i64; 2]) -> i64 {
        match self {
            Self::Signed => lanes[0].saturating_add(lanes[1]),
            Self::BeforeAfter => lanes[1],
        }
    }
}

/// How a picture looks.
#[derive(Debug, Clone, PartialEq)]
pub struct SvgOptions<'a> {
    /// The headline.
    pub title: &'a str,
    /// What else to say above the picture, in lines.
    pub subtitle: &'a str,
    /// Unit of the values, as profiles spell it.
    pub unit: &'a str,
    /// What the rows hold.
    pub lanes: Lanes,
    /// How long before and after were measured for, in seconds; used with values that are times.
    pub seconds: Option<[f64; 2]>,
    /// By what boxes are coloured.
    pub colors: Colors,
    /// Roots at the top.
    pub inverted: bool,
    /// Boxes narrower than this many of 1180 pixels are not drawn.
    pub min_width: f64,
}

impl Default for SvgOptions<'_> {
    fn default() -> Self {
        Self {
            title: "Flame graph",
            subtitle: "",
            unit: "count",
            lanes: Lanes::Signed,
            seconds: None,
            colors: Colors::Package,
            inverted: false,
            min_width: 0.5,
        }
    }
}

/// What became of the boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drawn {
    /// Boxes in the picture, without the one for all.
    pub boxes: usize,
    /// Boxes that were left out because they are too narrow.
    pub narrow: usize,
    /// Boxes that were left out because they are on too high a level.
    pub too_deep: usize,
}

/// Draws rows with two lanes as a flame graph. Equal rows and options give equal bytes.
///
/// The file holds a small script for zooming and searching and needs nothing from a network;
/// without scripts it is a still picture with tooltips.
///
/// # Errors
/// If `out` fails.
pub fn svg(rows: &StackRows, options: &SvgOptions<'_>, out: impl Write) -> io::Result<Drawn> {
    let smallest = options.min_width / Page::INNER_WIDTH;
    let layout = Layout::new(rows, options.lanes, smallest);
    Page::new(rows, options, &layout).write(out)?;
    Ok(Drawn {
        boxes: layout.boxes.len(),
        narrow: layout.narrow,
        too_deep: layout.too_deep,
    })
}

//! What is said of a box when one points at it.

use crate::draw::layout::{Layout, Placed};
use crate::draw::numbers::{difference, percent, points, share, unit_seconds, value_text};
use crate::draw::svg::{Lanes, SvgOptions};
use crate::symbols::Symbol;

/// Says what boxes of one picture cost.
#[derive(Debug)]
pub(crate) struct Hover<'o> {
    options: &'o SvgOptions<'o>,
    totals: [i64; 2],
    /// Seconds of a value of 1, if values are times.
    unit_seconds: Option<f64>,
}

impl<'o> Hover<'o> {
    pub(crate) fn new(options: &'o SvgOptions<'o>, layout: &Layout) -> Self {
        Self {
            options,
            totals: layout.totals,
            unit_seconds: unit_seconds(options.unit),
        }
    }

    /// One line for a function.
    pub(crate) fn of(&self, placed: &Placed, symbol: Symbol<'_>) -> String {
        let kind = match (symbol.is_kernel, placed.is_inline) {
            (true, _) => "kernel; ",
            (_, true) => "inlined; ",
            _ => "",
        };
        let cost = match self.options.lanes {
            Lanes::Signed => self.signed(placed),
            Lanes::BeforeAfter => self.change(placed),
        };
        format!("{kind}{cost}")
    }

    /// One line for the whole.
    pub(crate) fn of_all(&self) -> String {
        match self.options.lanes {
            Lanes::Signed => self.value(net(self.totals)),
            Lanes::BeforeAfter => {
                let [before, after] = self.totals;
                let change = self.difference(after.saturating_sub(before));
                let cores = self.cores(self.totals);
                format!(
                    "before {}, after {}: {change}{cores}",
                    self.value(before),
                    self.value(after)
                )
            }
        }
    }

    fn signed(&self, placed: &Placed) -> String {
        let size = |lanes| Lanes::Signed.width(lanes);
        let width = size(placed.totals);
        let of_all = percent(share(width, size(self.totals)));
        let of_parent = percent(share(width, size(placed.parent)));
        let sizes = match width == net(placed.totals) || placed.totals[0] == 0 {
            true => String::new(),
            false => format!(
                " ({} up, {} down)",
                self.value(placed.totals[0]),
                self.value(placed.totals[1])
            ),
        };
        let own = self.value(net(placed.own));
        let total = self.value(net(placed.totals));
        format!("{total}{sizes}, {of_all} of all, {of_parent} of parent; itself {own}")
    }

    fn change(&self, placed: &Placed) -> String {
        let shares = self.shares(placed);
        let side = |at: usize| {
            format!(
                "{} ({})",
                self.value(placed.totals[at]),
                percent(shares[at])
            )
        };
        let change = self.difference(placed.totals[1].saturating_sub(placed.totals[0]));
        let points = points(shares[1] - shares[0]);
        let cores = self.cores(placed.totals);
        let own = placed.own.map(|own| self.value(own));
        format!(
            "before {}, after {}: {change}, {points}{cores}; itself {} → {}",
            side(0),
            side(1),
            own[0],
            own[1]
        )
    }

    /// Shares of before and after, each of its own whole.
    pub(crate) fn shares(&self, placed: &Placed) -> [f64; 2] {
        [0, 1].map(|at| share(placed.totals[at], self.totals[at]))
    }

    /// Cores before and after, where values are times and the windows are known.
    fn cores(&self, totals: [i64; 2]) -> String {
        let (Some(unit), Some(seconds)) = (self.unit_seconds, self.options.seconds) else {
            return String::new();
        };
        let cores = [0, 1].map(|at| totals[at] as f64 * unit / seconds[at]);
        format!(", {:.3} → {:.3} cores", cores[0], cores[1])
    }

    fn value(&self, number: i64) -> String {
        value_text(number, self.options.unit)
    }

    fn difference(&self, number: i64) -> String {
        difference(number, self.options.unit)
    }
}

fn net(lanes: [i64; 2]) -> i64 {
    lanes[0].saturating_sub(lanes[1])
}

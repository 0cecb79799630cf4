//! Figures of many answers, and the floors that they must not fall below.

use crate::eval::Judged;

/// Share of answerable cases whose class is named first.
const FLOOR_FIRST: f64 = 0.90;
/// … or among the first three.
const FLOOR_THIRD: f64 = 0.97;

/// What many answers come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figures {
    /// Cases whose cause is known.
    pub(crate) answerable: usize,
    /// Named first.
    pub(crate) first: usize,
    /// Named among the first three.
    pub(crate) third: usize,
    /// Of the answerable ones, those that got no answer.
    pub(crate) unanswered: usize,
    /// Cases that have no cause of burnt CPU to be named.
    pub(crate) quiet: usize,
    /// Of these, those for which one was named.
    pub(crate) false_alarms: usize,
}

impl Figures {
    pub(crate) fn of<'j>(judged: impl Iterator<Item = &'j Judged>) -> Self {
        let mut figures = Self::default();
        for one in judged {
            if one.case.answerable {
                figures.answerable += 1;
                figures.first += usize::from(one.right_within(1));
                figures.third += usize::from(one.right_within(3));
                figures.unanswered += usize::from(one.answer.classes.is_empty());
            }
            if !one.case.cpu_cause {
                figures.quiet += 1;
                figures.false_alarms += usize::from(one.is_false_alarm());
            }
        }
        figures
    }

    /// A sentence for each figure that is worse than it may be.
    pub(crate) fn below_floors(&self) -> Vec<String> {
        let share = |part: usize| part as f64 / self.answerable.max(1) as f64;
        let mut wrong = Vec::new();
        for (name, part, floor) in [
            ("right at first", self.first, FLOOR_FIRST),
            ("right among three", self.third, FLOOR_THIRD),
        ] {
            if share(part) < floor {
                wrong.push(format!(
                    "{name}: {part} of {}, less than {:.0} %",
                    self.answerable,
                    floor * 100.0
                ));
            }
        }
        if self.false_alarms > 0 {
            wrong.push(format!(
                "{} false alarms, none is allowed",
                self.false_alarms
            ));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_below_its_floor_is_said() {
        let good = Figures {
            answerable: 100,
            first: 90,
            third: 97,
            ..Figures::default()
        };
        assert!(good.below_floors().is_empty());
        let bad = Figures {
            first: 89,
            false_alarms: 1,
            ..good
        };
        assert_eq!(bad.below_floors().len(), 2);
    }
}

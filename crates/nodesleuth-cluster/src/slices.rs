//! A profile in slices: a front end that cuts idle connections after a minute lets none of two
//! minutes through, but two of one.

use std::time::Duration;

/// No slice is shorter.
const SHORTEST: Duration = Duration::from_secs(5);

/// How a profile of some length is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slices {
    left: Duration,
    longest: Duration,
}

impl Slices {
    /// Of this length, in slices no longer than `longest`.
    pub(crate) fn new(length: Duration, longest: Duration) -> Self {
        Self {
            left: length,
            longest: longest.max(Duration::from_secs(1)),
        }
    }

    /// Seconds of the next slice, `None` when all is taken. Slices are about equal.
    pub(crate) fn next(&self) -> Option<u64> {
        let left = self.left.as_secs_f64().ceil();
        let count = (left / self.longest.as_secs_f64()).ceil();
        (left > 0.0).then(|| ((left / count).ceil() as u64).max(1))
    }

    /// A slice of so many seconds was taken.
    pub(crate) fn taken(&mut self, seconds: u64) {
        self.left = self.left.saturating_sub(Duration::from_secs(seconds));
    }

    /// The connection was cut after this time: whether shorter slices may get through.
    pub(crate) fn cut_after(&mut self, time: Duration) -> bool {
        let shorter = (time / 2).min(self.longest / 2);
        self.longest = shorter.max(SHORTEST);
        shorter >= SHORTEST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut slices: Slices) -> Vec<u64> {
        let mut taken = Vec::new();
        while let Some(seconds) = slices.next() {
            slices.taken(seconds);
            taken.push(seconds);
        }
        taken
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn slices_are_about_equal_and_none_is_too_long() {
        assert_eq!(all(Slices::new(seconds(15), seconds(50))), [15]);
        assert_eq!(all(Slices::new(seconds(120), seconds(50))), [40, 40, 40]);
        assert_eq!(all(Slices::new(seconds(101), seconds(50))), [34, 34, 33]);
        assert_eq!(
            all(Slices::new(Duration::from_millis(200), seconds(50))),
            [1]
        );
    }

    #[test]
    fn a_cut_makes_slices_shorter_until_that_is_no_use() {
        let mut slices = Slices::new(seconds(40), seconds(50));
        assert!(slices.cut_after(seconds(30)));
        assert_eq!(all(slices.clone()), [14, 13, 13]);
        assert!(!slices.cut_after(seconds(2)));
    }
}

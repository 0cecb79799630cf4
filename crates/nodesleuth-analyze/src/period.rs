//! Whether something happens again and again at a fixed time.

use nodesleuth_model::Nanos;

/// Fewer gaps than this make no period.
const FEWEST_GAPS: usize = 2;
/// Gaps may differ so much from their median.
const TOLERANCE: f64 = 0.2;

/// The period in seconds of events at these moments, if there is one.
pub(crate) fn of(moments: &[Nanos]) -> Option<f64> {
    let mut gaps: Vec<f64> = moments
        .windows(2)
        .map(|pair| pair[1].seconds() - pair[0].seconds())
        .collect();
    if gaps.len() < FEWEST_GAPS {
        return None;
    }
    gaps.sort_by(f64::total_cmp);
    let median = gaps[gaps.len() / 2];
    let regular = |gap: &f64| (gap - median).abs() <= TOLERANCE * median;
    (median > 0.0 && gaps.iter().all(regular)).then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: &[f64]) -> Vec<Nanos> {
        seconds.iter().copied().map(Nanos::from_seconds).collect()
    }

    #[test]
    fn regular_gaps_are_a_period_and_others_are_not() {
        let period = of(&at(&[0.3, 1.31, 2.29])).unwrap();
        assert!((period - 1.0).abs() < 0.02, "{period}");
        assert_eq!(of(&at(&[0.3, 0.8, 2.9])), None);
    }

    #[test]
    fn two_moments_are_no_period() {
        assert_eq!(of(&at(&[0.0, 1.0])), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn moments_that_go_back_or_stand_still_are_none() {
        assert_eq!(of(&at(&[2.0, 1.0, 0.0])), None);
        assert_eq!(of(&at(&[1.0, 1.0, 1.0])), None);
    }
}

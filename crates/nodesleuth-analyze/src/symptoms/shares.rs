//! How much a share, a price or a count says.

/// A tenth of all CPU is a clear sign, a third the whole; hundredths are nearly nothing.
const POINTS_OF_SHARES: [(f64, f64); 5] = [
    (0.0, 0.05),
    (0.01, 0.3),
    (0.03, 0.5),
    (0.1, 0.8),
    (0.3, 1.0),
];

/// Strength of functions that take this share of CPU, 0 to 1.
pub(super) fn of_share(share: f64) -> f64 {
    let share = share.clamp(0.0, 1.0);
    for ends in POINTS_OF_SHARES.windows(2) {
        let ((from, low), (to, high)) = (ends[0], ends[1]);
        if share <= to {
            return low + (high - low) * (share - from) / (to - from);
        }
    }
    1.0
}

/// Strength of a process that burns so many cores; what is not told counts half.
pub(super) fn of_cores(cores: Option<f64>) -> f64 {
    match cores {
        None => 0.5,
        Some(cores) if cores >= 0.3 => 1.0,
        Some(cores) if cores >= 0.1 => 0.8,
        Some(cores) if cores >= 0.04 => 0.4,
        Some(_) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strength_grows_with_the_share() {
        let steps = [0.0, 0.005, 0.02, 0.05, 0.2, 0.5, 1.0];
        let strengths = steps.map(of_share);
        assert!(strengths.windows(2).all(|pair| pair[0] <= pair[1]));
        assert!(strengths[0] < 0.1 && strengths[6] >= 1.0);
    }

    #[test]
    fn a_process_that_does_nothing_is_no_sign() {
        assert!(of_cores(Some(0.01)) <= 0.0 && of_cores(Some(1.0)) >= 1.0);
        assert!(of_cores(None) > of_cores(Some(0.05)));
    }
}

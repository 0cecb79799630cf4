//! Whether bytes are a profile at all, before they go into the bundle.

use nodesleuth_model::{Missing, MissingKind, Nanos};
use nodesleuth_profile::{Limits, ReadError, WireProblem, read};

/// What one profile may take of us: measured at these limits, the whole process stays below 70 MB.
/// A kubelet's profile has some thousand stacks; 69,000 different ones of thirty frames (7 MB)
/// fit.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 16 << 20;
    limits.max_samples = 1 << 19;
    limits.max_table_entries = 1 << 18;
    limits.max_frames = 2 << 20;
    limits.max_labels = 1 << 18;
    limits
}

/// The profile's own idea of its length; `Err` when the bytes are something else.
pub(super) fn duration(bytes: &[u8]) -> Result<Option<Nanos>, Missing> {
    let profile = read(bytes, &limits()).map_err(|error| {
        let lead = if is_cut(&error) {
            "the profile was cut in the middle: "
        } else {
            ""
        };
        Missing::new(MissingKind::Malformed, format!("{lead}{error}"))
    })?;
    Ok(u64::try_from(profile.duration_nanos())
        .ok()
        .filter(|nanos| *nanos > 0)
        .map(Nanos))
}

/// Data that ends where more was promised.
fn is_cut(error: &ReadError) -> bool {
    match error {
        ReadError::Gzip { offset, length, .. } => offset >= length,
        ReadError::Wire { problem, .. } => {
            matches!(
                problem,
                WireProblem::VarintCut | WireProblem::PastEnd { .. }
            )
        }
        _ => false,
    }
}

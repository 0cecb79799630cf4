//! Whether bytes are a profile at all, before they go into the bundle.

use nodesleuth_model::{Missing, MissingKind, Nanos};
use nodesleuth_profile::{Limits, ReadError, WireProblem, read};

/// How much of us checking may take: thirty times what a kubelet with a hundred threads gives in
/// two minutes. A hostile file ends here, not with a node out of memory.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 64 << 20;
    limits.max_samples = 1 << 20;
    limits.max_table_entries = 1 << 20;
    limits.max_frames = 4 << 20;
    limits.max_labels = 1 << 20;
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

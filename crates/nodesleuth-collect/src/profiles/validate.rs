//! Whether bytes are a profile at all, before they go into the bundle.

use super::file::Loaded;
use nodesleuth_model::{Missing, MissingKind, Nanos};
use nodesleuth_profile::{
    Format, Limits, OpenError, Opened, Profile, ReadError, WireProblem, open, write,
};

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

/// A profile in any format: with its length, and as the bytes of a pprof file, which bundles hold.
pub(super) fn any_format(bytes: Vec<u8>) -> Result<Loaded, Missing> {
    let Opened {
        profile,
        format,
        notes,
    } = opened(&bytes)?;
    let duration = length(&profile);
    if format == Format::Pprof {
        return Ok(Loaded {
            bytes,
            duration,
            notes,
        });
    }
    let mut bytes = Vec::new();
    write(&profile, &mut bytes)
        .map_err(|error| Missing::new(MissingKind::Failed, error.to_string()))?;
    Ok(Loaded {
        bytes,
        duration,
        notes,
    })
}

/// A profile to look into.
pub(super) fn profile(bytes: &[u8]) -> Result<Profile, Missing> {
    opened(bytes).map(|opened| opened.profile)
}

fn opened(bytes: &[u8]) -> Result<Opened, Missing> {
    open(bytes, &limits()).map_err(|error| match error {
        OpenError::Profile(error) => malformed(&error),
        other => Missing::new(MissingKind::Malformed, other.to_string()),
    })
}

fn length(profile: &Profile) -> Option<Nanos> {
    let nanos = u64::try_from(profile.duration_nanos()).ok();
    nanos.filter(|nanos| *nanos > 0).map(Nanos)
}

fn malformed(error: &ReadError) -> Missing {
    let lead = match is_cut(error) {
        true => "the profile was cut in the middle: ",
        false => "",
    };
    Missing::new(MissingKind::Malformed, format!("{lead}{error}"))
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

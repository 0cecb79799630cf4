//! Reading stacks in whatever format people have them: told from the content, never from a name.

use crate::fields::ValueType;
use crate::folded_text::{FoldedError, FoldedText, read_folded};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::read::read;
use crate::{ReadError, gzip};

/// What a file of stacks turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `profile.proto`, plain or in gzip.
    Pprof,
    /// Folded stacks: `frame;frame weight`.
    Folded,
}

/// Stacks read by [`open`].
#[derive(Debug, Clone)]
pub struct Opened {
    /// The stacks.
    pub profile: Profile,
    /// What the bytes were.
    pub format: Format,
    /// What a user should know about the reading, one sentence each, such as lines that were not
    /// understood.
    pub notes: Vec<String>,
}

/// Why bytes are no stacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// They look like a profile but are not a good one, or are recognised as something else.
    #[error(transparent)]
    Profile(#[from] ReadError),
    /// They are text, but not stacks.
    #[error(transparent)]
    Folded(#[from] FoldedError),
}

/// Reads a profile in any known format.
///
/// # Errors
/// If the bytes are in no known format, are broken, or hold more than `limits` allow.
pub fn open(bytes: &[u8], limits: &Limits) -> Result<Opened, OpenError> {
    match read(bytes, limits) {
        Ok(profile) => Ok(Opened {
            profile,
            format: Format::Pprof,
            notes: Vec::new(),
        }),
        Err(error @ ReadError::NotAProfile { what: "text", .. }) if !gzip::is_gzip(bytes) => {
            folded(read_folded(bytes).map_err(|_| error)?)
        }
        Err(error) => Err(error.into()),
    }
}

fn folded(text: FoldedText) -> Result<Opened, OpenError> {
    Ok(Opened {
        profile: text.folded.to_profile(ValueType {
            kind: "samples",
            unit: "count",
        }),
        format: Format::Folded,
        notes: Vec::new(),
    })
}

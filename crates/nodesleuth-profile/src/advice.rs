//! What to do about bytes that cannot be read.

use crate::error::ReadError;
use crate::open::OpenError;
use crate::text::TextError;

const FORMATS: &str = "give a profile as Go writes it (.pb.gz), text of `go tool pprof -raw` or \
                       -traces, of debug=1 or debug=2, or of `perf script`, or folded stacks";
const DAMAGED: &str = "it was cut off or changed on its way, or is no profile: fetch it again, \
                       without a terminal or an editor between (curl -o FILE URL)";
const FAULTY: &str = "it was written like this: report it, with this message, to whoever makes the \
                      program that wrote it";

impl OpenError {
    /// What a user can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Profile(error) => profile(error),
            Self::Text(TextError::NotRead { .. }) | Self::Folded(_) => FORMATS,
            Self::Text(_) => "give the text as it was printed, all of it",
        }
    }
}

fn profile(error: &ReadError) -> &'static str {
    match error {
        ReadError::Empty => "nothing arrived: fetch it again, and look at what curl -v says",
        ReadError::NotAProfile { .. } => FORMATS,
        ReadError::OverLimit { .. } => "if it is to be trusted, raise the limits",
        ReadError::Gzip { .. } | ReadError::Wire { .. } | ReadError::WireType { .. } => DAMAGED,
        ReadError::NoStringTable | ReadError::StringIndex { .. } => DAMAGED,
        ReadError::Concatenated { .. } => {
            "keep them in a file each, and give both: they are merged"
        }
        ReadError::FirstString { .. }
        | ReadError::ReservedId { .. }
        | ReadError::DuplicateId { .. }
        | ReadError::Missing { .. }
        | ReadError::ValueCount { .. }
        | ReadError::NoSampleTypes { .. } => FAULTY,
    }
}

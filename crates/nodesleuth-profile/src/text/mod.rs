//! Texts that hold stacks, one module for each format.

mod amount;
mod assembly;
mod error;
mod folded;
mod goroutines;
mod ignored;
mod legacy;
mod numbers;
mod perf;
mod raw;
mod refused;
mod section;
pub(crate) mod source;
mod time;
mod traces;

pub use error::TextError;
pub(crate) use folded::read as read_folded;
pub(crate) use ignored::Ignored;
pub(crate) use legacy::read_cpu;

use crate::limits::Limits;
use crate::open::{Format, OpenError};
use crate::profile::Profile;

/// What a text turned out to hold.
#[derive(Debug)]
pub(crate) struct Understood {
    pub(crate) profile: Profile,
    pub(crate) notes: Vec<String>,
}

/// Recognises a format by its content and reads it.
struct Reader {
    format: Format,
    recognise: fn(&str) -> bool,
    read: for<'t> fn(&'t str, &'t Limits) -> Result<Understood, OpenError>,
}

/// The one that is surest of itself first.
const READERS: &[Reader] = &[
    Reader {
        format: Format::PprofRaw,
        recognise: raw::recognise,
        read: raw::read,
    },
    Reader {
        format: Format::PprofTraces,
        recognise: traces::recognise,
        read: traces::read,
    },
    Reader {
        format: Format::LegacyHeap,
        recognise: legacy::is_heap,
        read: legacy::read_heap,
    },
    Reader {
        format: Format::LegacyCount,
        recognise: legacy::is_count,
        read: legacy::read_count,
    },
    Reader {
        format: Format::LegacyJava,
        recognise: legacy::is_java,
        read: legacy::read_java,
    },
    Reader {
        format: Format::LegacyContention,
        recognise: legacy::is_contention,
        read: legacy::read_contention,
    },
    Reader {
        format: Format::LegacyThreads,
        recognise: legacy::is_threads,
        read: legacy::read_threads,
    },
    Reader {
        format: Format::GoroutineDump,
        recognise: goroutines::recognise,
        read: goroutines::read,
    },
    Reader {
        format: Format::PerfScript,
        recognise: perf::recognise,
        read: perf::read,
    },
];

/// Reads a text in a format that can be told by a line of it; `None` if there is no such line.
pub(crate) fn read(text: &str, limits: &Limits) -> Option<Result<(Format, Understood), OpenError>> {
    let Some(reader) = READERS.iter().find(|reader| (reader.recognise)(text)) else {
        return refused::refuse(text).map(|error| Err(error.into()));
    };
    let understood = (reader.read)(text, limits);
    Some(understood.map(|understood| (reader.format, understood)))
}

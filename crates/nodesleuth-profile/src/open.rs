//! Reading stacks in whatever format people have them: told from the content, never from a name.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::foreign::{explain, markup, unreadable};
use crate::gzip::{inflate, inflate_from};
use crate::limits::Limits;
use crate::parts::Parts;
use crate::profile::Profile;
use crate::sample_reader::SampleReader;
use crate::text::{self, TextError, Understood, source};
use crate::{FoldedError, ReadError};

/// What a file of stacks turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `profile.proto`, plain or in gzip.
    Pprof,
    /// The text of `go tool pprof -raw`.
    PprofRaw,
    /// The text of `go tool pprof -traces`.
    PprofTraces,
    /// A heap profile of Go with `debug=1`, or of tcmalloc.
    LegacyHeap,
    /// A goroutine, threadcreate or own profile of Go with `debug=1`.
    LegacyCount,
    /// A mutex or block profile of Go with `debug=1`, or a C++ `contentionz`.
    LegacyContention,
    /// A C++ `threadz`.
    LegacyThreads,
    /// A Java `heapz` or `contentionz`.
    LegacyJava,
    /// A binary CPU profile of gperftools, of an old Go, or of Java.
    LegacyCpu,
    /// A dump of goroutines, with `debug=2` or from a panic.
    GoroutineDump,
    /// The text of `perf script`.
    PerfScript,
    /// Folded stacks: `frame;frame weight`.
    Folded,
    /// Folded stacks with two weights, as `difffolded.pl` writes them: before and after.
    FoldedPair,
}

/// Stacks read by [`open`], or to be read: then `P` is [`Parts`].
#[derive(Debug, Clone)]
pub struct Opened<P = Profile> {
    /// The stacks.
    pub profile: P,
    /// What the bytes were.
    pub format: Format,
    /// What a user should know about the reading, one sentence each, such as lines that were not
    /// understood.
    pub notes: Vec<String>,
}

impl Opened {
    /// Without the functions that a text tells in comments (Go's with `debug=1`). pprof does not
    /// read them.
    #[must_use]
    pub fn without_commented_symbols(self) -> Self {
        use Format::{LegacyContention, LegacyCount, LegacyHeap};
        match self.format {
            LegacyContention | LegacyCount | LegacyHeap => Self {
                profile: self.profile.unsymbolized(),
                ..self
            },
            _ => self,
        }
    }
}

impl Opened<Parts<'_>> {
    /// With all samples, if none was read.
    ///
    /// # Errors
    /// If a sample is not valid, or there are more of something than the limits allow.
    pub fn whole(self) -> Result<Opened, ReadError> {
        Ok(Opened {
            profile: self.profile.whole()?,
            format: self.format,
            notes: self.notes,
        })
    }

    fn new(format: Format, understood: Understood) -> Self {
        let Understood { profile, notes } = understood;
        Self {
            profile: profile.into(),
            format,
            notes,
        }
    }
}

/// Why bytes are no stacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// They look like a profile but are not a good one, or are recognised as something else.
    #[error(transparent)]
    Profile(#[from] ReadError),
    /// They are text in a known format, but not a good one.
    #[error(transparent)]
    Text(#[from] TextError),
    /// They are text, but not stacks.
    #[error(transparent)]
    Folded(#[from] FoldedError),
}

impl OpenError {
    /// Whether larger [`Limits`] might help.
    pub fn is_over_limit(&self) -> bool {
        matches!(self, Self::Profile(ReadError::OverLimit { .. }))
    }
}

/// Reads stacks in any known format, in gzip or not. Bytes that are given away (a `Vec`) are freed
/// as soon as they are inflated, those of a large profile before it takes up memory itself.
///
/// # Errors
/// If the bytes are in no known format, are broken, or hold more than `limits` allow.
pub fn open<'b>(bytes: impl Into<Cow<'b, [u8]>>, limits: &Limits) -> Result<Opened, OpenError> {
    Ok(open_in_parts(bytes, limits)?.whole()?)
}

/// The same, but the samples of a profile are still to be read: of a large one they take most of
/// the memory. Texts are read whole.
///
/// # Errors
/// As [`open`]. What is wrong with the samples of a `profile.proto` is found when they are read.
pub fn open_in_parts<'b>(
    bytes: impl Into<Cow<'b, [u8]>>,
    limits: &Limits,
) -> Result<Opened<Parts<'b>>, OpenError> {
    recognise(inflate(bytes, limits.max_inflated_bytes)?, limits)
}

/// [`open_in_parts`] with what a file or pipe holds, which is inflated while it is read.
///
/// # Errors
/// The outer one if reading fails, the inner one as [`open_in_parts`].
pub fn open_from(
    from: impl Read,
    limits: &Limits,
) -> io::Result<Result<Opened<Parts<'static>>, OpenError>> {
    let inflated = inflate_from(from, limits.max_inflated_bytes)?;
    Ok(inflated
        .map_err(OpenError::from)
        .and_then(|data| recognise(data, limits)))
}

/// What inflated bytes are.
fn recognise<'b>(mut data: Cow<'b, [u8]>, limits: &Limits) -> Result<Opened<Parts<'b>>, OpenError> {
    match SampleReader::new(&mut data, limits) {
        Ok((tables, samples)) => Ok(Opened {
            profile: Parts::new(tables, samples),
            format: Format::Pprof,
            notes: Vec::new(),
        }),
        Err(over @ ReadError::OverLimit { .. }) => Err(over.into()),
        Err(error) => match source::decode(&data) {
            Some(text) => open_text(&text, limits),
            None => match text::read_cpu(&data, limits) {
                Some(read) => Ok(Opened::new(Format::LegacyCpu, read?)),
                None => Err(explain(&data, error).into()),
            },
        },
    }
}

/// A text that names its format is read as that; folded stacks are what is left.
fn open_text(text: &str, limits: &Limits) -> Result<Opened<Parts<'static>>, OpenError> {
    if let Some(error) = markup(text) {
        return Err(error.into());
    }
    let (format, understood) = match text::read(text, limits) {
        Some(read) => read?,
        None => text::read_folded(text, limits).map_err(|error| unreadable(text, error))?,
    };
    Ok(Opened::new(format, understood))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &str) -> Vec<String> {
        open(text.as_bytes(), &Limits::default()).unwrap().notes
    }

    fn error(text: &str) -> String {
        open(text.as_bytes(), &Limits::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn lines_that_are_not_understood_are_told() {
        assert_eq!(notes("# made by hand\na;b 1\n"), [""; 0]);
        let expected = "line 2 was not understood and is ignored: what is this";
        assert_eq!(notes("a;b 1\nwhat is this\nc 2\n"), [expected]);
    }

    #[test]
    fn an_answer_with_a_number_in_it_is_not_taken_for_stacks() {
        for text in [
            "unexpected status code 503\n",
            "{\n  \"kind\": \"Status\",\n  \"code\": 403\n}\n",
            "<html>\n502 Bad Gateway 502\n</html>",
            "Forbidden\n",
            "num_symbols: 1\n",
        ] {
            assert!(error(text).contains("not a profile"), "{text}");
        }
    }

    #[test]
    fn folded_stacks_may_begin_with_a_bracket() {
        for text in ["[unknown];main 3\n", "{closure};x 1\n", "<lambda>;x 1\n"] {
            let opened = open(text.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(
                (opened.format, opened.profile.stack_count()),
                (Format::Folded, 1)
            );
        }
    }
}

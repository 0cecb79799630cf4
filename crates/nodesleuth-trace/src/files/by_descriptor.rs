//! A capture that follows descriptors beside what else is wanted of it.

use super::Tracker;
use crate::session::Capture;
use crate::{Options, Record, StreamOptions, Summary};
use std::time::Duration;

/// Single calls go to the tracker, and on to the user those that the user wants.
pub(crate) struct ByDescriptor {
    inner: Box<dyn Capture>,
    tracker: Tracker,
    stream: Option<StreamOptions>,
}

impl ByDescriptor {
    /// Opens a capture with single calls of everything that opens, closes, reads and writes.
    pub(crate) fn open(
        options: &Options,
        tracker: Tracker,
        open: impl FnOnce(&Options) -> Result<Box<dyn Capture>, String>,
    ) -> Result<Self, String> {
        let numbers = tracker.numbers();
        let all = match options.stream.as_ref().map(|stream| &stream.numbers) {
            None => Some(numbers),
            Some(None) => None,
            Some(Some(wanted)) => Some(wanted.iter().copied().chain(numbers).collect()),
        };
        let stream = StreamOptions {
            numbers: all,
            errors_only: false,
            slower_than_ns: 0,
            ..options.stream.clone().unwrap_or_default()
        };
        let inner = open(&Options {
            files: false,
            stream: Some(stream),
            ..options.clone()
        })?;
        Ok(Self {
            inner,
            tracker,
            stream: options.stream.clone(),
        })
    }
}

/// Takes a record in and hands it on.
fn pass(
    tracker: &mut Tracker,
    stream: Option<&StreamOptions>,
    record: &Record<'_>,
    each: &mut dyn FnMut(&Record<'_>),
) {
    tracker.take(record);
    if stream.is_some_and(|stream| stream.passes(record)) {
        each(record);
    }
}

impl Capture for ByDescriptor {
    fn pause(&self) -> Duration {
        self.inner.pause()
    }

    fn poll(&mut self, each: &mut dyn FnMut(&Record<'_>)) -> Result<(), String> {
        let (tracker, stream) = (&mut self.tracker, self.stream.as_ref());
        self.inner
            .poll(&mut |record| pass(tracker, stream, record, each))
    }

    fn finish(self: Box<Self>, each: &mut dyn FnMut(&Record<'_>)) -> Result<Summary, String> {
        let Self {
            inner,
            mut tracker,
            stream,
        } = *self;
        let summary =
            inner.finish(&mut |record| pass(&mut tracker, stream.as_ref(), record, each))?;
        Ok(Summary {
            files: Some(tracker.finish()),
            ..summary
        })
    }
}

//! Second pass over samples, in the order of the file: as many at a time as the caller has use for.

use std::borrow::Cow;

use crate::decode::{Decoder, StringIds, Tables, place};
use crate::error::{Place, ReadError, Table};
use crate::foreign::explain;
use crate::ids::IdIndex;
use crate::index::Index;
use crate::limits::Limits;
use crate::profile::Profile;
use crate::rows::{LabelRow, LabelValueRow};
use crate::strings::dense;
use crate::wire::{Fields, Span};

/// `Profile.sample`.
const SAMPLE: u64 = 2;

/// Where reading is in the samples of a file.
#[derive(Debug)]
pub(crate) struct SampleReader<'b> {
    data: Cow<'b, [u8]>,
    limits: Limits,
    strings: StringIds,
    location_ids: IdIndex,
    /// Samples in the file, and their bytes together.
    count: usize,
    bytes: usize,
    /// Samples that were read, and where the field after the last of them begins.
    number: usize,
    position: usize,
    /// What was in them.
    frames: usize,
    values: usize,
    labels: usize,
    /// Whether there may be too many frames: else they need not be counted.
    counts_frames: bool,
}

impl<'b> SampleReader<'b> {
    /// Reads everything but the samples of inflated bytes. They are given away only if they are a
    /// profile, as far as that can be told without its samples.
    pub(crate) fn new(
        data: &mut Cow<'b, [u8]>,
        limits: &Limits,
    ) -> Result<(Profile, Self), ReadError> {
        let index = Index::new(data, limits)?;
        let (count, bytes) = (index.samples, index.sample_bytes);
        let types = index.sample_types.len();
        let (strings, tables) = Decoder::tables(data, index, limits)?;
        if types == 0 && count > 0 {
            return Err(ReadError::NoSampleTypes { samples: count });
        }
        let Tables {
            profile,
            location_ids,
        } = tables;
        // A frame takes a byte, and its location stands for no more than that many frames.
        let counts_frames = bytes.saturating_mul(most_frames(&profile)) > limits.max_frames;
        let reader = Self {
            data: std::mem::take(data),
            limits: limits.clone(),
            strings,
            location_ids,
            count,
            bytes,
            number: 0,
            position: 0,
            frames: 0,
            values: 0,
            labels: 0,
            counts_frames,
        };
        Ok((profile.with_names(), reader))
    }

    /// Samples in the file.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Samples that have not been read.
    pub(crate) fn left(&self) -> usize {
        self.count - self.number
    }

    /// More frames than all samples have, without those that are inlined, for most files: ids take
    /// two bytes or more in a large one.
    pub(crate) fn usual_frames(&self) -> usize {
        (self.bytes / 2).min(self.limits.max_frames)
    }

    /// Adds all samples that are left.
    pub(crate) fn read_all(&mut self, profile: &mut Profile) -> Result<(), ReadError> {
        let samples = &mut profile.samples;
        samples.reserve(self.left());
        samples.locations.reserve(self.usual_frames());
        self.read(profile, usize::MAX)
    }

    /// Adds the next samples to the profile that the tables became, at most so many. After an error
    /// there is nothing left.
    pub(crate) fn read(&mut self, profile: &mut Profile, most: usize) -> Result<(), ReadError> {
        let data = std::mem::take(&mut self.data);
        let read = self.read_from(&data, profile, most);
        let read = read.map_err(|error| {
            self.number = self.count;
            explain(&data, error)
        });
        self.data = data;
        read
    }

    fn read_from(
        &mut self,
        data: &[u8],
        profile: &mut Profile,
        most: usize,
    ) -> Result<(), ReadError> {
        let last = self.number + most.min(self.left());
        let mut fields = Fields::from(data, self.position);
        while self.number < last
            && let Some(field) = fields.next()?
        {
            if field.number == SAMPLE {
                let span = field.span("Profile.sample")?;
                self.sample(data, span, profile)?;
                self.number += 1;
            }
        }
        self.position = fields.position();
        Ok(())
    }

    /// Adds a sample.
    fn sample(&mut self, data: &[u8], span: Span, profile: &mut Profile) -> Result<(), ReadError> {
        let at = place(Table::Sample, self.number, span);
        let expected = profile.header.sample_types.len();
        let samples = &mut profile.samples;
        let first = samples.locations.len();
        let mut found = 0;
        let mut fields = Fields::within(data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => field.numbers("Sample.location_id", data, |ids| {
                    let locations = &mut samples.locations;
                    self.location_ids.find_all(ids, locations).map_err(|id| {
                        let table = Table::Location;
                        ReadError::Missing { at, table, id }
                    })
                })?,
                2 => field.numbers("Sample.value", data, |values| {
                    // More are only counted, and then refused.
                    let kept = values.len().min(expected.saturating_sub(found));
                    let values_kept = values[..kept].iter().map(|value| value.cast_signed());
                    samples.values.extend(values_kept);
                    found += values.len();
                    Ok(())
                })?,
                3 => {
                    let label = field.span("Sample.label")?;
                    if let Some(label) = self.label(data, label, at)? {
                        count(&mut self.labels, 1, "labels", self.limits.max_labels)?;
                        samples.labels.push(label);
                    }
                }
                _ => {}
            }
        }
        if found != expected {
            return Err(ReadError::ValueCount {
                at,
                found,
                expected,
            });
        }
        samples.locations[first..].reverse();
        samples.location_ends.push(samples.locations.len());
        samples.label_ends.push(samples.labels.len());
        count(
            &mut self.values,
            found,
            "sample values",
            self.limits.max_values,
        )?;
        self.count_frames(profile, first)
    }

    fn count_frames(&mut self, profile: &Profile, first: usize) -> Result<(), ReadError> {
        if !self.counts_frames {
            return Ok(());
        }
        let locations = &profile.samples.locations[first..];
        let frames = locations.iter().map(|at| profile.frames_of(*at).len());
        let limit = self.limits.max_frames;
        count(&mut self.frames, frames.sum(), "stack frames", limit)
    }

    /// `None` for a label that says nothing. Text wins over a number.
    fn label(&self, data: &[u8], span: Span, at: Place) -> Result<Option<LabelRow>, ReadError> {
        let (mut key, mut text, mut number, mut unit) = (0, 0, 0, 0);
        let mut fields = Fields::within(data, span);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => key = field.signed("Label.key")?,
                2 => text = field.signed("Label.str")?,
                3 => number = field.signed("Label.num")?,
                4 => unit = field.signed("Label.num_unit")?,
                _ => {}
            }
        }
        let key = self.strings.get(key, at, "label key")?;
        let value = if text != 0 {
            LabelValueRow::Text(self.strings.get(text, at, "label text")?)
        } else if number != 0 || unit != 0 {
            LabelValueRow::Number {
                number,
                unit: self.strings.get(unit, at, "label unit")?,
            }
        } else {
            return Ok(None);
        };
        Ok(Some(LabelRow { key, value }))
    }
}

fn count(
    counted: &mut usize,
    more: usize,
    what: &'static str,
    limit: usize,
) -> Result<(), ReadError> {
    *counted += more;
    match *counted > limit {
        true => Err(ReadError::OverLimit { what, limit }),
        false => Ok(()),
    }
}

/// Of any location.
fn most_frames(profile: &Profile) -> usize {
    let locations = 0..dense(profile.locations.len());
    let frames = locations.map(|location| profile.frames_of(location).len());
    frames.max().unwrap_or(0)
}

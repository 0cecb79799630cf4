//! Reading a pprof file: `profile.proto`, plain or in gzip.
//!
//! The schema is <https://github.com/google/pprof/blob/main/proto/profile.proto>; what is accepted
//! and what is refused is what Go's `profile.Parse` accepts and refuses, for this format. Pprof's
//! older text and binary formats are not read.

use crate::decode::{Decoder, Tables, place};
use crate::error::{Place, ReadError, Table};
use crate::foreign::explain;
use crate::gzip::inflate;
use crate::index::{Index, push};
use crate::limits::Limits;
use crate::profile::Profile;
use crate::rows::{LabelRow, LabelValueRow};
use crate::strings::dense;
use crate::wire::{Fields, Span};

/// Reads a profile from the bytes of a `.pb.gz` or `.pb` file.
///
/// # Errors
/// If the bytes are not a valid profile (with what they are instead, if that can be told), or
/// hold more than `limits` allow.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, ReadError> {
    let data = inflate(bytes, limits.max_inflated_bytes)?;
    match decode(&data, limits) {
        Err(over @ ReadError::OverLimit { .. }) => Err(over),
        other => other.map_err(|error| explain(&data, error)),
    }
}

/// Reads inflated bytes, and does not guess what they are if they are no profile.
pub(crate) fn decode(data: &[u8], limits: &Limits) -> Result<Profile, ReadError> {
    let index = Index::new(data, limits)?;
    let (decoder, mut tables) = Decoder::tables(data, index, limits)?;
    let types = decoder.index.sample_types.len();
    let samples = decoder.spans(Table::Sample);
    if types == 0 && !samples.is_empty() {
        return Err(ReadError::NoSampleTypes {
            samples: samples.len(),
        });
    }
    tables.profile.samples.reserve(samples.len());
    for (number, span) in samples.iter().enumerate() {
        let at = place(Table::Sample, number, *span);
        sample(&decoder, *span, at, &mut tables)?;
    }
    check_frames(&tables.profile, limits)?;
    Ok(tables.profile.with_names())
}

/// Inlined frames are counted too, which takes a look at each location only if there may be too
/// many.
fn check_frames(profile: &Profile, limits: &Limits) -> Result<(), ReadError> {
    let frames_of = |location: u32| profile.frames_of(location).len();
    let locations = &profile.samples.locations;
    let most = (0..dense(profile.locations.len())).map(frames_of).max();
    let bound = locations.len().saturating_mul(most.unwrap_or(0));
    let frames = || -> usize { locations.iter().map(|location| frames_of(*location)).sum() };
    match bound > limits.max_frames {
        true => check("stack frames", frames(), limits.max_frames),
        false => Ok(()),
    }
}

fn check(what: &'static str, count: usize, limit: usize) -> Result<(), ReadError> {
    match count > limit {
        true => Err(ReadError::OverLimit { what, limit }),
        false => Ok(()),
    }
}

/// Adds a sample.
fn sample(
    decoder: &Decoder<'_>,
    span: Span,
    at: Place,
    tables: &mut Tables,
) -> Result<(), ReadError> {
    let Decoder { data, limits, .. } = *decoder;
    let Tables {
        profile,
        location_ids,
    } = tables;
    let first_value = profile.samples.values.len();
    let first_location = profile.samples.locations.len();
    let mut fields = Fields::within(data, span);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => {
                let locations = &mut profile.samples.locations;
                field.numbers("Sample.location_id", data, |id| {
                    let missing = || ReadError::Missing {
                        at,
                        table: Table::Location,
                        id,
                    };
                    locations.push(location_ids.find(id).ok_or_else(missing)?);
                    Ok(())
                })?;
                // Not for each: a field is no longer than the file.
                check("stack frames", locations.len(), limits.max_frames)?;
            }
            2 => field.numbers("Sample.value", data, |value| {
                let values = &mut profile.samples.values;
                push(
                    values,
                    value.cast_signed(),
                    "sample values",
                    limits.max_values,
                )
            })?,
            3 => {
                if let Some(label) = label(decoder, field.span("Sample.label")?, at)? {
                    push(
                        &mut profile.samples.labels,
                        label,
                        "labels",
                        limits.max_labels,
                    )?;
                }
            }
            _ => {}
        }
    }
    let samples = &mut profile.samples;
    let found = samples.values.len() - first_value;
    let expected = profile.header.sample_types.len();
    if found != expected {
        return Err(ReadError::ValueCount {
            at,
            found,
            expected,
        });
    }
    samples.locations[first_location..].reverse();
    samples.location_ends.push(samples.locations.len());
    samples.label_ends.push(samples.labels.len());
    Ok(())
}

/// `None` for a label that says nothing. Text wins over a number.
fn label(decoder: &Decoder<'_>, span: Span, at: Place) -> Result<Option<LabelRow>, ReadError> {
    let (mut key, mut text, mut number, mut unit) = (0, 0, 0, 0);
    let mut fields = Fields::within(decoder.data, span);
    while let Some(field) = fields.next()? {
        match field.number {
            1 => key = field.signed("Label.key")?,
            2 => text = field.signed("Label.str")?,
            3 => number = field.signed("Label.num")?,
            4 => unit = field.signed("Label.num_unit")?,
            _ => {}
        }
    }
    let key = decoder.string(key, at, "label key")?;
    let value = if text != 0 {
        LabelValueRow::Text(decoder.string(text, at, "label text")?)
    } else if number != 0 || unit != 0 {
        LabelValueRow::Number {
            number,
            unit: decoder.string(unit, at, "label unit")?,
        }
    } else {
        return Ok(None);
    };
    Ok(Some(LabelRow { key, value }))
}

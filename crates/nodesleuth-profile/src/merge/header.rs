//! What merged profiles say about themselves together.

use std::collections::{HashMap, HashSet};

use crate::fields::ValueType;
use crate::merge::Column;
use crate::merge::error::MergeError;
use crate::profile::Profile;
use crate::report::measure::{convertible, scale};
use crate::rows::{Header, ValueTypeRow};
use crate::strings::{Interner, StrId};

/// The header of all profiles so far, in the strings of the merger.
#[derive(Debug)]
pub(super) struct CommonHeader {
    header: Header,
    /// What the first profile shows by default. It must name a sample type as soon as some are
    /// left out.
    first_default: StrId,
    /// Become strings at the end, so that the order of strings does not follow the order in which
    /// profiles were joined.
    comments: Vec<Vec<u8>>,
    known_comments: HashSet<Vec<u8>>,
}

/// How values so far and values of the profile that is added become values of both.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) ours: Vec<Column>,
    pub(super) theirs: Vec<Column>,
}

/// A sample type that both have: its positions here and there.
#[derive(Debug, Clone, Copy)]
struct Pair {
    ours: usize,
    theirs: usize,
    finest: Finest,
}

/// The finer of two units, and what values in each are multiplied by.
#[derive(Debug, Clone, Copy)]
struct Finest {
    is_theirs: bool,
    ours: f64,
    theirs: f64,
}

impl CommonHeader {
    /// The header of the first profile, and its values that are kept.
    pub(super) fn first(
        profile: &Profile,
        strings: &mut Interner<'static>,
    ) -> Result<(Self, Vec<Column>), MergeError> {
        let from = &profile.header;
        let kept = kept(profile);
        if kept.is_empty() {
            return Err(MergeError::NoSampleTypes);
        }
        let mut text = |id| strings.intern_copy(profile.strings.bytes(id));
        let mut value_type = |row: ValueTypeRow| ValueTypeRow {
            kind: text(row.kind),
            unit: text(row.unit),
        };
        let sample_types = kept.iter().map(|at| value_type(from.sample_types[*at]));
        let mut header = Header {
            sample_types: sample_types.collect(),
            period_type: value_type(from.period_type),
            default_sample_type: text(from.default_sample_type),
            drop_frames: text(from.drop_frames),
            keep_frames: text(from.keep_frames),
            doc_url: text(from.doc_url),
            comments: Vec::new(),
            ..*from
        };
        if kept.len() < from.sample_types.len() {
            settle(&mut header.default_sample_type, &header.sample_types);
        }
        let mut common = Self {
            first_default: header.default_sample_type,
            header,
            comments: Vec::new(),
            known_comments: HashSet::new(),
        };
        common.add_comments(profile);
        let as_is = |index| Column { index, ratio: 1.0 };
        Ok((common, kept.into_iter().map(as_is).collect()))
    }

    /// Takes the header of another profile in; an error leaves it as it was. `untold_fits`: no
    /// period at all goes with every period.
    pub(super) fn join(
        &mut self,
        profile: &Profile,
        untold_fits: bool,
        strings: &mut Interner<'static>,
    ) -> Result<Joined, MergeError> {
        let period = self.finest_period(profile, untold_fits, strings)?;
        let pairs = self.pairs(profile, strings)?;
        self.join_period(period, profile, strings);
        self.join_sample_types(&pairs, profile, strings);
        self.join_times(profile);
        self.add_comments(profile);
        if self.header.doc_url == StrId::EMPTY {
            self.header.doc_url = strings.intern_copy(profile.doc_url().as_bytes());
        }
        let column = |index, ratio| Column { index, ratio };
        let ours = pairs.iter().map(|pair| column(pair.ours, pair.finest.ours));
        let theirs = pairs
            .iter()
            .map(|pair| column(pair.theirs, pair.finest.theirs));
        Ok(Joined {
            ours: ours.collect(),
            theirs: theirs.collect(),
        })
    }

    pub(super) fn finish(mut self, strings: &mut Interner<'static>) -> Header {
        let comments = self.comments.iter();
        self.header.comments = comments.map(|text| strings.intern_copy(text)).collect();
        self.header
    }

    fn finest_period(
        &self,
        profile: &Profile,
        untold_fits: bool,
        strings: &Interner<'_>,
    ) -> Result<Finest, MergeError> {
        let (mut ours, mut theirs) = (
            value_type(self.header.period_type, strings),
            profile.period_type(),
        );
        if untold_fits {
            match (is_untold(ours), is_untold(theirs)) {
                (true, _) => ours = theirs,
                (false, true) => theirs = ours,
                (false, false) => {}
            }
        }
        let finest = finest("period", ours, theirs)?;
        // Kinds that differ only in a plural are convertible for pprof, but not mergeable.
        match ours.kind == theirs.kind {
            true => Ok(finest),
            false => Err(MergeError::types("period", ours, theirs)),
        }
    }

    /// Sample types that both have, in our order.
    fn pairs(&self, profile: &Profile, strings: &Interner<'_>) -> Result<Vec<Pair>, MergeError> {
        let rows = self.header.sample_types.iter();
        let ours: Vec<_> = rows.map(|row| value_type(*row, strings)).collect();
        let theirs: Vec<_> = profile.sample_types().collect();
        let kept = kept(profile);
        let places: HashMap<_, _> = kept.iter().map(|at| (theirs[*at].kind, *at)).collect();
        let both = ours.iter().enumerate().filter_map(|(at, our)| {
            let their = *places.get(our.kind)?;
            Some(finest("sample", *our, theirs[their]).map(|finest| Pair {
                ours: at,
                theirs: their,
                finest,
            }))
        });
        let pairs: Vec<_> = both.collect::<Result<_, _>>()?;
        match pairs.is_empty() {
            true => Err(MergeError::nothing_in_common(
                ours.into_iter(),
                theirs.into_iter(),
            )),
            false => Ok(pairs),
        }
    }

    fn join_period(&mut self, finest: Finest, profile: &Profile, strings: &mut Interner<'static>) {
        let times = |period: i64, ratio: f64| match ratio {
            1.0 => period,
            ratio => (period as f64 * ratio) as i64,
        };
        let header = &mut self.header;
        if is_untold(value_type(header.period_type, strings)) {
            let ValueType { kind, unit } = profile.period_type();
            header.period_type = ValueTypeRow {
                kind: strings.intern_copy(kind.as_bytes()),
                unit: strings.intern_copy(unit.as_bytes()),
            };
        }
        header.period = times(header.period, finest.ours);
        let theirs = times(profile.period(), finest.theirs);
        if header.period == 0 || header.period < theirs {
            header.period = theirs;
        }
        if finest.is_theirs {
            header.period_type.unit = strings.intern_copy(profile.period_type().unit.as_bytes());
        }
    }

    fn join_sample_types(
        &mut self,
        pairs: &[Pair],
        profile: &Profile,
        strings: &mut Interner<'static>,
    ) {
        let theirs: Vec<_> = profile.sample_types().collect();
        let before = self.header.sample_types.len();
        let types = pairs.iter().map(|pair| {
            let mut row = self.header.sample_types[pair.ours];
            if pair.finest.is_theirs {
                row.unit = strings.intern_copy(theirs[pair.theirs].unit.as_bytes());
            }
            row
        });
        let types: Vec<_> = types.collect();
        let header = &mut self.header;
        if types.len() < before {
            settle(&mut self.first_default, &types);
            header.default_sample_type = self.first_default;
        }
        if header.default_sample_type == StrId::EMPTY {
            let named = profile.strings.bytes(profile.header.default_sample_type);
            header.default_sample_type = strings.intern_copy(named);
            let mut places = pairs.iter().enumerate();
            let reordered = places.any(|(at, pair)| at != pair.theirs);
            if reordered || types.len() < theirs.len() {
                settle(&mut header.default_sample_type, &types);
            }
        }
        header.sample_types = types;
    }

    /// The earliest time, as pprof finds it: one that is not known is forgotten only when another
    /// profile follows.
    fn join_times(&mut self, profile: &Profile) {
        let header = &mut self.header;
        if header.time_nanos == 0 || profile.time_nanos() < header.time_nanos {
            header.time_nanos = profile.time_nanos();
        }
        header.duration_nanos = header.duration_nanos.wrapping_add(profile.duration_nanos());
    }

    fn add_comments(&mut self, profile: &Profile) {
        for comment in &profile.header.comments {
            let comment = profile.strings.bytes(*comment).to_vec();
            if self.known_comments.insert(comment.clone()) {
                self.comments.push(comment);
            }
        }
    }
}

/// Whether nothing is said.
fn is_untold(value_type: ValueType<'_>) -> bool {
    value_type == ValueType::default()
}

/// Positions of sample types that no other has the name of.
fn kept(profile: &Profile) -> Vec<usize> {
    let rows = &profile.header.sample_types;
    let mut counts: HashMap<StrId, usize> = HashMap::new();
    for row in rows {
        *counts.entry(row.kind).or_default() += 1;
    }
    (0..rows.len())
        .filter(|at| counts[&rows[*at].kind] == 1)
        .collect()
}

/// A default that is not among the types becomes the first.
fn settle(default: &mut StrId, types: &[ValueTypeRow]) {
    if let Some(first) = types.first()
        && !types.iter().any(|row| row.kind == *default)
    {
        *default = first.kind;
    }
}

fn finest(
    what: &'static str,
    ours: ValueType<'_>,
    theirs: ValueType<'_>,
) -> Result<Finest, MergeError> {
    let singular = |kind: &'_ str| kind.strip_suffix('s').unwrap_or(kind).to_owned();
    if singular(ours.kind) != singular(theirs.kind) || !convertible(ours.unit, theirs.unit) {
        return Err(MergeError::types(what, ours, theirs));
    }
    let is_theirs = scale(1, theirs.unit, ours.unit).0 < 1.0;
    let unit = if is_theirs { theirs.unit } else { ours.unit };
    Ok(Finest {
        is_theirs,
        ours: scale(1, ours.unit, unit).0,
        theirs: scale(1, theirs.unit, unit).0,
    })
}

fn value_type<'s>(row: ValueTypeRow, strings: &'s Interner<'_>) -> ValueType<'s> {
    ValueType {
        kind: strings.get(row.kind),
        unit: strings.get(row.unit),
    }
}

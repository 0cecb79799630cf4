//! Filters on labels: which samples (`-tagfocus`, `-tagignore`) and which labels (`-tagshow`,
//! `-taghide`) a report is about.

use std::collections::BTreeMap;

use crate::go_regex::{GoRegex, GoRegexError};
use crate::report::draft::Draft;
use crate::report::measure::scale;
use crate::report::options::Filters;
use crate::rows::{LabelRow, LabelValueRow};
use crate::samples::Sample;
use crate::strings::StrId;

/// Which samples are meant, by their labels.
///
/// `key=a,b` takes samples whose text under this key matches one of the expressions, `a,b` those
/// that match each of them in some `key:text`; `1mb:2mb` (also `1mb:`, `:2mb`, `1mb`, and with a
/// key) numbers in a range.
#[derive(Debug, Clone)]
pub struct TagFilter {
    written: String,
    key: Option<String>,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    Range(Range),
    Texts(Vec<GoRegex>),
}

/// Bounds in one unit; values whose unit does not convert to it are outside.
#[derive(Debug, Clone, PartialEq)]
struct Range {
    unit: String,
    least: f64,
    most: f64,
}

impl TagFilter {
    /// Understands a filter as pprof writes it.
    ///
    /// # Errors
    /// If it is no range, and one of its expressions is malformed.
    pub fn new(written: &str) -> Result<Self, GoRegexError> {
        let (key, value) = match written.split_once('=') {
            Some((key, value)) => (Some(key.to_owned()).filter(|key| !key.is_empty()), value),
            None => (None, written),
        };
        let test = match Range::parse(value) {
            Some(range) => Test::Range(range),
            None => Test::Texts(
                value
                    .split(',')
                    .map(GoRegex::new)
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Self {
            written: written.to_owned(),
            key,
            test,
        })
    }

    /// The filter as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether it compares numbers.
    pub fn is_range(&self) -> bool {
        matches!(self.test, Test::Range(_))
    }

    fn matches(&self, draft: &Draft, sample: Sample<'_>) -> bool {
        let is_meant = |label: &LabelRow| {
            let key = self.key.as_deref();
            key.is_none_or(|key| draft.text(label.key) == key)
        };
        let mut labels = sample.labels.iter().filter(|label| is_meant(label));
        match &self.test {
            Test::Range(range) => labels.any(|label| match label.value {
                LabelValueRow::Number { number, .. } => {
                    range.holds(number, draft.units.of(label.key))
                }
                LabelValueRow::Text(_) => false,
            }),
            Test::Texts(regexes) if self.key.is_some() => labels.any(|label| {
                text(draft, label).is_some_and(|text| regexes.iter().any(|r| r.is_match(text)))
            }),
            Test::Texts(regexes) => {
                let texts: Vec<_> = labels
                    .filter_map(|label| {
                        Some(format!("{}:{}", draft.text(label.key), text(draft, label)?))
                    })
                    .collect();
                let found = |regex: &GoRegex| texts.iter().any(|text| regex.is_match(text));
                regexes.iter().all(found)
            }
        }
    }
}

fn text<'d>(draft: &'d Draft, label: &LabelRow) -> Option<&'d str> {
    match label.value {
        LabelValueRow::Text(text) => Some(draft.text(text)),
        LabelValueRow::Number { .. } => None,
    }
}

impl Range {
    fn parse(written: &str) -> Option<Self> {
        let (first, rest) = Bound::find(written)?;
        let (least, unit) = scale(first.number, first.unit, first.unit);
        let unit = unit.to_owned();
        let range = |least, most| {
            Some(Self {
                unit: unit.clone(),
                least,
                most,
            })
        };
        let before = &written[..first.start];
        match (before, rest) {
            ("", "") => range(least, least),
            ("", ":") => range(least, f64::INFINITY),
            (":", "") => range(f64::NEG_INFINITY, least),
            ("", rest) => {
                let second = rest.strip_prefix(':')?;
                let (last, after) = Bound::find(second)?;
                if last.start != 0 || !after.is_empty() {
                    return None;
                }
                let (most, its_unit) = scale(last.number, last.unit, &unit);
                (its_unit == unit).then(|| range(least, most)).flatten()
            }
            _ => None,
        }
    }

    fn holds(&self, number: i64, unit: &str) -> bool {
        let (value, unit) = scale(number, unit, &self.unit);
        unit == self.unit && (self.least..=self.most).contains(&value)
    }
}

/// A number with a unit, which may be empty.
struct Bound<'a> {
    start: usize,
    number: i64,
    unit: &'a str,
}

impl<'a> Bound<'a> {
    /// The first in a text, and what follows it.
    fn find(text: &'a str) -> Option<(Self, &'a str)> {
        let digit = text.find(|c: char| c.is_ascii_digit())?;
        let start = match text[..digit].ends_with(['+', '-']) {
            true => digit - 1,
            false => digit,
        };
        let end_of = |from: usize, is: fn(char) -> bool| {
            let more = text[from..].find(|c| !is(c));
            more.map_or(text.len(), |length| from + length)
        };
        let digits = end_of(digit, |c| c.is_ascii_digit());
        let letters = end_of(digits, |c| c.is_ascii_alphabetic());
        let bound = Self {
            start,
            number: text[start..digits].parse().ok()?,
            unit: &text[digits..letters],
        };
        Some((bound, &text[letters..]))
    }
}

impl Draft {
    pub(crate) fn filter_by_tag(&mut self, filters: &Filters, idle: &mut Vec<&'static str>) {
        self.filter_samples_by_tag(filters, idle);
        let (show, hide) = (&filters.tag_show, &filters.tag_hide);
        if show.is_none() && hide.is_none() {
            return;
        }
        let (mut shows, mut hides) = (false, false);
        let mut verdicts: BTreeMap<StrId, bool> = BTreeMap::new();
        for label in &self.profile.samples.labels {
            verdicts.entry(label.key).or_insert_with(|| {
                let key = self.text(label.key);
                let shown = show.as_ref().is_none_or(|show| show.is_match(key));
                let hidden = hide.as_ref().is_some_and(|hide| hide.is_match(key));
                (shows, hides) = (shows || shown, hides || hidden);
                shown && !hidden
            });
        }
        if show.is_some() && !shows {
            idle.push("TagShow");
        }
        if hide.is_some() && !hides {
            idle.push("TagHide");
        }
        self.keep_labels(|label| verdicts[&label.key]);
    }

    fn filter_samples_by_tag(&mut self, filters: &Filters, idle: &mut Vec<&'static str>) {
        let (focus, ignore) = (&filters.tag_focus, &filters.tag_ignore);
        if focus.is_none() && ignore.is_none() {
            return;
        }
        let verdict = |(sample, _): (Sample<'_>, &[i64])| {
            let focus = focus.as_ref();
            let ignore = ignore.as_ref();
            (
                focus.is_none_or(|focus| focus.matches(self, sample)),
                ignore.is_some_and(|ignore| ignore.matches(self, sample)),
            )
        };
        let verdicts: Vec<_> = self.samples().map(verdict).collect();
        if focus.is_some() && !verdicts.iter().any(|(focused, _)| *focused) {
            idle.push("TagFocus");
        }
        if ignore.is_some() && !verdicts.iter().any(|(_, ignored)| *ignored) {
            idle.push("TagIgnore");
        }
        let mut verdicts = verdicts.into_iter();
        self.keep_samples(|sample, stack| {
            stack.extend_from_slice(sample.locations);
            verdicts.next() == Some((true, false))
        });
    }

    fn keep_labels(&mut self, is_kept: impl Fn(&LabelRow) -> bool) {
        let samples = &mut self.profile.samples;
        let all = std::mem::take(&mut samples.labels);
        let mut start = 0;
        for end in &mut samples.label_ends {
            let kept = all[start..*end].iter().filter(|label| is_kept(label));
            start = *end;
            samples.labels.extend(kept.copied());
            *end = samples.labels.len();
        }
    }
}

//! The text of `go tool pprof -traces`: each sample between two rules, its labels, its value beside
//! the leaf, then the callers. Values are rounded to what was printed.

use std::collections::HashMap;

use crate::index::push;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::rows::LabelValueRow;
use crate::text::amount::Amount;
use crate::text::assembly::{Assembly, LocationHead};
use crate::text::section::{Line, Section};
use crate::text::{Ignored, TextError, Understood, time};

pub(crate) const WHAT: &str = "the text of `go tool pprof -traces`";

const RULE: &str = "-----------+---";
const INLINE: &str = " (inline)";
const HEAD_LINES: usize = 1000;

/// Whether there is a rule as only this report has it.
pub(crate) fn recognise(text: &str) -> bool {
    text.lines()
        .take(HEAD_LINES)
        .any(|line| is_rule(line.trim()))
}

/// `-tree` and `-peek` have rules that begin the same, and go on with more crosses.
fn is_rule(line: &str) -> bool {
    line.starts_with(RULE)
        && line.matches('+').count() == 1
        && line.trim_matches(['-', '+']).is_empty()
}

/// Reads it.
pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let mut traces = Traces {
        assembly: Assembly::new(limits),
        ignored: Ignored::default(),
        kind: "value",
        unit: "",
        begun: false,
        labels: Vec::new(),
        open: None,
        locations: HashMap::new(),
    };
    for line in Section::whole(text).lines() {
        traces.line(line)?;
    }
    let is_cut = traces.open.is_some();
    traces.end_sample()?;
    if traces.assembly.profile.samples.location_ends.is_empty() {
        return Err(TextError::whole(WHAT, "holds no sample").into());
    }
    let unit = if traces.unit.is_empty() {
        "count"
    } else {
        traces.unit
    };
    traces.assembly.sample_type(traces.kind, unit)?;
    let rounded = "values are rounded to what -traces prints; -raw text has them exactly";
    let mut notes = Vec::new();
    if unit != "count" {
        notes.push(rounded.to_owned());
    }
    if is_cut {
        notes.push("there is no line of dashes at its end: it may have been cut off".to_owned());
    }
    notes.extend(traces.ignored.note());
    Ok(Understood {
        profile: traces.assembly.finish(),
        notes,
    })
}

struct Traces<'t> {
    assembly: Assembly<'t>,
    ignored: Ignored,
    kind: &'t str,
    unit: &'static str,
    /// Whether a rule was seen.
    begun: bool,
    /// Of the sample that comes.
    labels: Vec<(&'t str, &'t str)>,
    open: Option<Open<'t>>,
    /// By the names of their lines, innermost first.
    locations: HashMap<Vec<&'t str>, u32>,
}

/// A sample whose frames are being read.
struct Open<'t> {
    value: i64,
    /// From leaf to root.
    stack: Vec<u32>,
    /// Inlined functions that wait for the one they are in.
    inlined: Vec<&'t str>,
}

impl<'t> Traces<'t> {
    fn line(&mut self, line: Line<'t>) -> Result<(), OpenError> {
        let (number, text) = line;
        let trimmed = text.trim();
        if is_rule(trimmed) {
            self.begun = true;
            return self.end_sample();
        }
        if !self.begun {
            if !self.header(trimmed) {
                self.ignored.add(number, text);
            }
            return Ok(());
        }
        if let Some(mut open) = self.open.take() {
            if !trimmed.is_empty() {
                self.frame(&mut open, trimmed)?;
            }
            self.open = Some(open);
            return Ok(());
        }
        self.before_frames(number, text)
    }

    /// Labels, until a value comes.
    fn before_frames(&mut self, number: usize, text: &'t str) -> Result<(), OpenError> {
        let trimmed = text.trim();
        let (first, rest) = trimmed
            .split_once(char::is_whitespace)
            .unwrap_or((trimmed, ""));
        match Amount::parse(first).filter(|_| !rest.is_empty()) {
            Some(amount) => {
                if !amount.unit.is_empty() {
                    self.unit = amount.unit;
                }
                let mut open = Open {
                    value: amount.value,
                    stack: Vec::new(),
                    inlined: Vec::new(),
                };
                self.frame(&mut open, rest.trim_start())?;
                self.open = Some(open);
            }
            None => match trimmed.split_once(":  ") {
                Some(label) => {
                    let limit = self.assembly.limits.max_labels;
                    push(&mut self.labels, label, "labels", limit)?;
                }
                None => self.ignored.add(number, text),
            },
        }
        Ok(())
    }

    /// What the report says about the whole profile.
    fn header(&mut self, line: &'t str) -> bool {
        let Some((key, value)) = line.split_once(": ") else {
            return line.is_empty();
        };
        match key {
            "Type" => self.kind = value,
            "Time" => match time::parse(value) {
                Some(nanos) => self.assembly.header().time_nanos = nanos,
                // Before Go 1.23: `Nov 14, 2023 at 10:13pm (UTC)`, which nothing depends on.
                None => return true,
            },
            "Duration" => {
                let length = value.split(',').next().and_then(Amount::parse);
                match length {
                    Some(length) => self.assembly.header().duration_nanos = length.value,
                    None => return false,
                }
            }
            "Doc" => self.assembly.header().doc_url = self.assembly.text(value),
            "File" | "Build ID" => {}
            _ => return false,
        }
        true
    }

    /// A function, which may be inlined into the next one.
    fn frame(&mut self, open: &mut Open<'t>, name: &'t str) -> Result<(), OpenError> {
        if let Some(inlined) = name.strip_suffix(INLINE) {
            let limit = self.assembly.limits.max_table_entries;
            push(&mut open.inlined, inlined, "inlined functions", limit)?;
            return Ok(());
        }
        let mut names = std::mem::take(&mut open.inlined);
        names.push(name);
        self.push(open, names)
    }

    fn push(&mut self, open: &mut Open<'t>, names: Vec<&'t str>) -> Result<(), OpenError> {
        if let Some(known) = self.locations.get(&names) {
            open.stack.push(*known);
            return Ok(());
        }
        let mut lines = Vec::new();
        for name in &names {
            // What pprof prints for an address without a function.
            if *name != "<unknown>" {
                lines.push(self.assembly.named(name)?);
            }
        }
        let location = self
            .assembly
            .location(LocationHead::default(), lines.into_iter())?;
        open.stack.push(location);
        self.locations.insert(names, location);
        Ok(())
    }

    fn end_sample(&mut self) -> Result<(), OpenError> {
        let Some(mut open) = self.open.take() else {
            self.labels.clear();
            return Ok(());
        };
        if !open.inlined.is_empty() {
            let names = std::mem::take(&mut open.inlined);
            self.push(&mut open, names)?;
        }
        self.assembly
            .sample(open.stack.iter().rev().copied(), &[open.value])?;
        for (key, value) in std::mem::take(&mut self.labels) {
            self.label(key, value)?;
        }
        Ok(())
    }

    /// Numbers with units are numbers, anything else is text.
    fn label(&mut self, key: &'t str, value: &'t str) -> Result<(), OpenError> {
        let amounts: Option<Vec<_>> = value
            .split(' ')
            .map(|word| Amount::parse(word).filter(|amount| !amount.unit.is_empty()))
            .collect();
        match amounts {
            Some(amounts) => {
                for Amount { value, unit } in amounts {
                    let (number, unit) = (value, self.assembly.text(unit));
                    self.assembly
                        .label(key, LabelValueRow::Number { number, unit })?;
                }
            }
            None => {
                let text = LabelValueRow::Text(self.assembly.text(value));
                self.assembly.label(key, text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folded::fold;

    const TEXT: &str = "\
File: kubelet
Build ID: 0f3e
Type: cpu
Time: 2023-11-14 22:13:20 UTC
Duration: 30.10s, Total samples = 1.52s ( 5.05%)
-----------+-------------------------------------------------------
 thread_id:  a b
     bytes:  16kB
     1.50s   inlined (inline)
             outer
             main.main
-----------+-------------------------------------------------------
      20ms   <unknown>
             main.F[struct { A int }]
-----------+-------------------------------------------------------
";

    #[test]
    fn samples_with_labels_and_inlined_frames_are_read() {
        assert!(recognise(TEXT));
        let limits = Limits::default();
        let Understood { profile, notes } = read(TEXT, &limits).unwrap();
        assert_eq!(notes.len(), 1, "{notes:?}");
        let expected = "main.F[struct { A int }];<unknown> 20000000\n\
                        main.main;outer;inlined 1500000000\n";
        assert_eq!(fold(&profile, 0).to_string(), expected);
        let types: Vec<_> = profile.sample_types().map(|t| (t.kind, t.unit)).collect();
        assert_eq!(types, [("cpu", "nanoseconds")]);
        assert_eq!(profile.duration_nanos(), 30_100_000_000);
        assert_eq!(profile.time_nanos(), 1_700_000_000_000_000_000);
        let stack = profile.stacks().next().unwrap();
        let inline: Vec<_> = stack.frames().map(|frame| frame.is_inline()).collect();
        assert_eq!(inline, [false, false, true]);
        assert_eq!(stack.labels().len(), 2);
    }

    #[test]
    fn a_text_that_ends_within_a_sample_may_have_been_cut_off() {
        let cut = TEXT.trim_end().trim_end_matches(['-', '+']);
        let notes = read(cut, &Limits::default()).unwrap().notes;
        assert!(notes[1].contains("cut off"), "{notes:?}");
    }

    #[test]
    fn other_reports_have_other_rules() {
        assert!(!recognise(
            "----------------------------------------------------------+-------------\n"
        ));
        assert!(!recognise("a;b 1\n"));
    }

    #[test]
    fn a_text_without_samples_says_so() {
        let error = read("-----------+-------\n", &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the text of `go tool pprof -traces` holds no sample"
        );
    }
}

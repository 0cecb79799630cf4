//! The steps from a profile to a report, in pprof's order.

use crate::report::draft::Draft;
use crate::report::options::{ReportError, ReportKind, ReportOptions};
use crate::report::trim::Trimmed;
use crate::report::weigh::Weight;
use crate::report::{header, raw, tags, text, traces, tree};
use crate::strings::unmarked;
use crate::write::write;

/// A finished report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was asked for, byte for byte: a text, or for [`ReportKind::Proto`] a profile in gzip.
    pub bytes: Vec<u8>,
    /// Filters that matched nothing and the like, one sentence each.
    pub warnings: Vec<String>,
}

/// Makes a report.
///
/// # Errors
/// If there is no such value, or nothing for `-peek` to show.
pub fn report(mut draft: Draft, options: &ReportOptions) -> Result<Report, ReportError> {
    // pprof prints names as they are, and text here has to be valid.
    let is_marked = draft.profile.strings.mark_broken_bytes();
    let mut warnings = draft.units.conflicts.clone();
    warnings.extend(draft.add_tag_frames(options));
    if options.relative_percentages {
        warnings.extend(draft.filter(&options.filters));
    }
    let mut weight = Weight::new(&draft, options)?;
    if !options.relative_percentages {
        warnings.extend(draft.filter(&options.filters));
    }
    draft.aggregate(options);
    let mut out = String::new();
    match &options.kind {
        ReportKind::Raw => raw::print(&draft, &mut out),
        ReportKind::Traces => {
            add_lines(header::profile_lines(&draft, &weight), &mut out);
            traces::print(&draft, &weight, &mut out);
        }
        ReportKind::Tags => tags::print(&draft, &weight, &mut out),
        ReportKind::Comments => {
            let comments = draft.profile.comments();
            comments.for_each(|comment| out.extend([comment, "\n"]));
        }
        ReportKind::Proto => {
            let bytes = proto(draft, &weight);
            return Ok(Report { bytes, warnings });
        }
        ReportKind::Text | ReportKind::Tree | ReportKind::Peek(_) => {
            entries(&draft, &mut weight, options, &mut out)?;
        }
    }
    let bytes = match is_marked {
        true => unmarked(&out),
        false => out.into_bytes(),
    };
    Ok(Report { bytes, warnings })
}

/// The profile in gzip, values divided as asked for.
fn proto(mut draft: Draft, weight: &Weight) -> Vec<u8> {
    for value in &mut draft.profile.samples.values {
        *value = weight.scaled(*value);
    }
    let mut bytes = Vec::new();
    write(&draft.profile, &mut bytes).expect("memory takes all bytes");
    bytes
}

fn entries(
    draft: &Draft,
    weight: &mut Weight,
    options: &ReportOptions,
    out: &mut String,
) -> Result<(), ReportError> {
    let trimmed = Trimmed::new(draft, weight, options);
    trimmed.choose_unit(weight);
    add_lines(header::report_lines(draft, weight, options, &trimmed), out);
    match &options.kind {
        ReportKind::Peek(wanted) => {
            if tree::print(&trimmed.graph, weight, Some(wanted), out) == 0 {
                return Err(ReportError::NoMatches(wanted.as_str().to_owned()));
            }
        }
        ReportKind::Tree => drop(tree::print(&trimmed.graph, weight, None, out)),
        _ => text::print(&trimmed.graph, weight, out),
    }
    Ok(())
}

/// No lines at all are one empty line, as pprof prints them.
fn add_lines(lines: Vec<String>, out: &mut String) {
    out.push_str(&lines.join("\n"));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;
    use crate::go_regex::GoRegex;
    use crate::profile::Profile;
    use crate::report::options::Filters;

    fn made(kind: ReportKind, filters: Filters) -> Result<Report, ReportError> {
        let stacks = [
            (vec!["main", "work", "read"], 30_000_000),
            (vec!["main", "idle"], 10_000_000),
        ];
        let profile = Profile::from_stacks(ValueType::CPU, stacks);
        let mut options = ReportOptions::new(kind);
        options.filters = filters;
        report(Draft::of(profile), &options)
    }

    #[test]
    fn a_filter_keeps_the_total_and_is_named() {
        let filters = Filters {
            focus: Some(GoRegex::new("wo.k").unwrap()),
            hide: Some(GoRegex::new("nothing").unwrap()),
            ..Filters::default()
        };
        let made = made(ReportKind::Text, filters).unwrap();
        let expected = "\
Type: cpu
Active filters:
   focus=wo.k
   hide=nothing
Showing nodes accounting for 30ms, 75.00% of 40ms total
      flat  flat%   sum%        cum   cum%
      30ms 75.00% 75.00%       30ms 75.00%  read
         0     0% 75.00%       30ms 75.00%  main
         0     0% 75.00%       30ms 75.00%  work
";
        assert_eq!(String::from_utf8(made.bytes).unwrap(), expected);
        assert_eq!(made.warnings, ["Hide expression matched no samples"]);
    }

    #[test]
    fn broken_bytes_of_names_are_printed_as_they_are() {
        let valid = Profile::from_stacks(ValueType::CPU, [(["main", "é\u{1}\u{2}é"], 10)]);
        let mut bytes = crate::encode(&valid);
        let at = bytes.windows(2).position(|two| two == [1, 2]).unwrap();
        bytes[at..at + 2].copy_from_slice(b"\xff\xc3");
        let profile = crate::read(&bytes, &crate::Limits::default()).unwrap();
        for kind in [ReportKind::Text, ReportKind::Traces, ReportKind::Raw] {
            let draft = Draft::of(profile.clone());
            let printed = report(draft, &ReportOptions::new(kind)).unwrap().bytes;
            let name = b"\xc3\xa9\xff\xc3\xc3\xa9".as_slice();
            assert!(printed.windows(6).any(|six| six == name), "{printed:?}");
        }
    }

    #[test]
    fn peeking_at_nothing_is_an_error() {
        let peek = |name| {
            made(
                ReportKind::Peek(GoRegex::new(name).unwrap()),
                Filters::default(),
            )
        };
        let none = ReportError::NoMatches("absent".to_owned());
        assert_eq!(peek("absent"), Err(none));
        let calls = "      10ms 25.00% |   idle\n";
        let text = String::from_utf8(peek("^main$").unwrap().bytes).unwrap();
        assert!(text.contains(calls), "{text}");
    }
}

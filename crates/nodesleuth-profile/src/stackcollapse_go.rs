//! Folded stacks as FlameGraph's `stackcollapse-go.pl` makes them of `go tool pprof -raw`, its
//! mistakes included: for comparing with pictures and scripts that people already have.
//!
//! It is done as the script does it, on the text of `-raw`:
//!
//! - the weight is the first of two values, so the number of samples of a CPU profile;
//! - a location is called by its first line only: callers it was inlined into are lost;
//! - a name ends at its first space, and `;` in it is not replaced;
//! - an inlined line that contains `Mappings` ends the table of locations, a label that contains
//!   `Locations` the samples;
//! - stacks that are empty or have a negative value vanish.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use crate::profile::Profile;
use crate::report::{Draft, ReportError, ReportKind, ReportOptions, report};

/// Why there is no such text.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompatError {
    /// Only lines with two values are understood.
    #[error(
        "stackcollapse-go.pl is only right about profiles with two values per sample; \
         this one has {0}"
    )]
    ValueCount(usize),
    /// The text it is made from cannot be made.
    #[error(transparent)]
    Report(#[from] ReportError),
}

/// A profile with two sample types as `stackcollapse-go.pl` folds it.
///
/// # Errors
/// If there are not two values per sample.
pub fn stackcollapse_go(profile: Profile) -> Result<String, CompatError> {
    let values = profile.sample_types().len();
    if values != 2 {
        return Err(CompatError::ValueCount(values));
    }
    let mut draft = Draft::of(profile);
    draft.prune();
    let options = ReportOptions::new(ReportKind::Raw);
    let raw = report(draft, &options)?.bytes;
    Ok(collapse(&String::from_utf8_lossy(&raw)))
}

fn collapse(raw: &str) -> String {
    // Lines that begin with `#` are comments to the script, wherever they are.
    let mut lines = raw.split('\n').filter(|line| !line.starts_with('#'));
    lines.find(|line| line.contains("Samples:"));
    let mut weights: HashMap<&str, u64> = HashMap::new();
    for line in lines.by_ref() {
        match sample(line) {
            Some((weight, stack)) => {
                let sum = weights.entry(stack).or_default();
                *sum = sum.saturating_add(weight);
            }
            None if line.contains("Locations") => break,
            None => {}
        }
    }
    let mut names = HashMap::new();
    for line in lines {
        match location(line) {
            Some((id, name)) => {
                names.insert(id, name);
            }
            None if line.contains("Mappings") => break,
            None => {}
        }
    }
    print(&weights, &names)
}

/// `     3   30000000: 1 2 3 `: the first number, and the locations.
fn sample(line: &str) -> Option<(u64, &str)> {
    let (weight, rest) = digits(line.trim_ascii_start())?;
    let second = rest.trim_ascii_start();
    let (_, rest) = digits(second).filter(|_| second.len() < rest.len())?;
    let rest = rest.strip_prefix(": ")?;
    let is_id = |c: char| c.is_ascii_digit() || c == ' ';
    let stack = &rest[..rest.find(|c| !is_id(c)).unwrap_or(rest.len())];
    (!stack.is_empty()).then(|| (weight.parse().unwrap_or(u64::MAX), stack))
}

/// `     1: 0x4a209a M=1 main.main /src/main.go:7:0 s=1`: the id and the name, if a space follows.
fn location(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_ascii_start();
    let (id, rest) = digits(line).unwrap_or(("", line));
    let rest = rest.strip_prefix(": 0x")?;
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    let after = rest.trim_start_matches(is_hex);
    let rest = after
        .strip_prefix(' ')
        .filter(|_| after.len() < rest.len())?;
    let without_mapping = rest
        .strip_prefix("M=")
        .and_then(digits)
        .and_then(|(_, rest)| rest.strip_prefix(' '));
    let word = |text: &str| text.find(' ').filter(|end| *end > 0);
    // Without a name, the mapping is taken for one.
    let (text, end) = [without_mapping, Some(rest)]
        .into_iter()
        .flatten()
        .find_map(|text| Some((text, word(text)?)))?;
    Some((id, &text[..end]))
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (digits, rest) = text.split_at(text.len() - rest.len());
    (!digits.is_empty()).then_some((digits, rest))
}

fn print(weights: &HashMap<&str, u64>, names: &HashMap<&str, &str>) -> String {
    let mut sorted: BTreeMap<String, u64> = BTreeMap::new();
    let mut stacks: Vec<_> = weights.iter().collect();
    stacks.sort_unstable();
    for (ids, weight) in stacks {
        // To Perl the text `0` is false.
        let name = |id| names.get(id).copied().filter(|name| *name != "0");
        let ids = ids.trim_end_matches(' ').split(' ').rev();
        let frames: Vec<&str> = ids.map(|id| name(id).unwrap_or(id)).collect();
        let sum = sorted.entry(frames.join(";")).or_default();
        *sum = sum.saturating_add(*weight);
    }
    let mut text = String::new();
    for (stack, weight) in sorted {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{stack} {weight}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::ValueType;

    /// What the script prints for this text was made with it and looked at.
    const RAW: &str = "\
PeriodType: cpu nanoseconds
Period: 10000000
Samples:
samples/count cpu/nanoseconds
          3   30000000: 1 2 
          2   20000000: 3 2 
                thread:[7 8: 9]
         -4  -40000000: 1 2 
          5   50000000: 
          0          0: 5 6 7 
Locations
     1: 0x10 M=1 main.leaf /main.go:3:0 s=1
             main.caller /main.go:9:0 s=8
     2: 0x20 M=1 main.F[go.shape.struct { a int; b int }] /main.go:20:0 s=18
     3: 0x30 M=1 main.leaf /main.go:4:0 s=1
             main.loadMappings /main.go:9:0 s=8
     5: 0x50 M=1 main.lost /main.go:4:0 s=1
Mappings
1: 0x0/0x0/0x0 /usr/bin/x  
";

    #[test]
    fn the_scripts_mistakes_are_kept() {
        let expected = "7;6;5 0\nmain.F[go.shape.struct;main.leaf 5\n";
        assert_eq!(collapse(RAW), expected);
    }

    #[test]
    fn locations_without_names_are_called_by_what_follows() {
        let cases = [
            ("     1: 0x10 M=1 ", Some(("1", "M=1"))),
            ("     1: 0x10 ", None),
            ("     1: 0x10 M=1 [F] f x:1", Some(("1", "[F]"))),
            ("     1: 0x10 f x:1", Some(("1", "f"))),
            ("     1: 0x10 M=1  x.go:1:0", Some(("1", "M=1"))),
            ("             main.f x:1", None),
        ];
        for (line, expected) in cases {
            assert_eq!(location(line), expected, "{line}");
        }
    }

    #[test]
    fn another_number_of_values_is_refused() {
        let profile = Profile::from_stacks(ValueType::CPU, [(["a"], 12)]);
        assert_eq!(stackcollapse_go(profile), Err(CompatError::ValueCount(1)));
    }
}

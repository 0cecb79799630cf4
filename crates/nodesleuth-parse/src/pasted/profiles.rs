//! Stacks with weights: profiles, `perf script`, folded stacks, `pprof -traces` and `-raw`.

use super::clean::Lines;
use super::sink::{Sink, counted};
use nodesleuth_model::Nanos;
use nodesleuth_model::bundle::PROFILES_DIR;
use nodesleuth_model::evidence::ProfileRecord;
use nodesleuth_model::evidence::pasted::{StackRow, StackTable, StackTool, Weighed};
use nodesleuth_profile::{Format, Limits, Opened, Profile, encode, normalize, open, top};

/// Rows of a table that stands for a profile of memory or of waiting.
const KEPT_ROWS: usize = 100;

/// A whole file that is a profile and no text. Returns whether it was one.
pub(super) fn take_file(bytes: &[u8], sink: &mut Sink<'_>) -> bool {
    // The first field of a profile has this tag; text seldom begins with a line feed.
    let may_be = bytes.first() == Some(&b'\n') || nodesleuth_profile::decode_text(bytes).is_none();
    if !may_be {
        return false;
    }
    match open(bytes, &Limits::default()) {
        Ok(opened) if matches!(opened.format, Format::Pprof | Format::LegacyCpu) => {
            add(opened, 0, sink);
            true
        }
        _ => false,
    }
}

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    let length = raw(lines, at)
        .or_else(|| traces(lines, at))
        .or_else(|| perf_script(lines, at))
        .or_else(|| folded(lines, at));
    let Some(length) = length else { return 0 };
    let text: Vec<&str> = lines.from(at).take(length).collect();
    let text = text.join("\n") + "\n";
    take_stacks(&text, at, sink);
    length
}

/// A text of stacks that the profile crate reads.
pub(super) fn take_stacks(text: &str, at: usize, sink: &mut Sink<'_>) {
    match open(text.as_bytes(), &Limits::default()) {
        Ok(opened) => add(opened, at, sink),
        Err(error) => sink.ignore(format!(
            "line {}: these look like stacks, but {error}",
            at + 1
        )),
    }
}

fn add(opened: Opened, at: usize, sink: &mut Sink<'_>) {
    let kind = match opened.format {
        Format::Pprof => "profile",
        Format::PprofRaw => "pprof -raw",
        Format::PprofTraces => "pprof -traces",
        Format::PerfScript => "perf script",
        Format::Folded | Format::FoldedPair => "folded stacks",
        _ => "stacks",
    };
    let profile = &opened.profile;
    let stacks = profile.stacks().count();
    sink.block(kind, at, counted(stacks, "stack"));
    for note in &opened.notes {
        sink.ignore(note.clone());
    }
    if let Some(table) = other_table(profile, sink) {
        sink.evidence().pasted.stack_tables.push(table);
        return;
    }
    let file = format!("{PROFILES_DIR}/pasted-{}.pb", sink.into.profiles.len());
    let duration = u64::try_from(profile.duration_nanos())
        .ok()
        .filter(|nanos| *nanos > 0);
    let record = ProfileRecord {
        file: file.clone(),
        source: sink.name.to_owned(),
        duration: duration.map(Nanos),
        notes: opened.notes.clone(),
        ..ProfileRecord::default()
    };
    let bytes = encode(profile);
    sink.evidence().profiles.push(record);
    sink.into.profiles.push((file, bytes));
}

/// The functions of a profile that is not about CPU, as a table.
fn other_table(profile: &Profile, sink: &Sink<'_>) -> Option<StackTable> {
    let value = profile.default_value_index()?;
    let kind = profile.sample_types().nth(value)?;
    let weighed = match (kind.kind, kind.unit) {
        (_, "bytes") | ("alloc_objects" | "inuse_objects" | "objects", _) => Weighed::Memory,
        ("delay" | "contentions" | "goroutine" | "threadcreate", _) => Weighed::Waiting,
        _ => return None,
    };
    let total = profile.total(value);
    if total <= 0 {
        return None;
    }
    let share = |amount: i64| Some(amount as f64 / total as f64);
    let mut rows = top(profile, value);
    rows.sort_by_key(|row| std::cmp::Reverse(row.cum));
    Some(StackTable {
        file: sink.file,
        tool: StackTool::Pprof,
        weighed,
        rows: rows
            .iter()
            .take(KEPT_ROWS)
            .map(|row| StackRow {
                name: normalize(row.name).into_owned(),
                flat: share(row.flat),
                cum: share(row.cum),
                ..StackRow::default()
            })
            .collect(),
        ..StackTable::default()
    })
}

/// `PeriodType: cpu nanoseconds` begins the text of `-raw`.
fn raw(lines: &Lines<'_>, at: usize) -> Option<usize> {
    let begins = lines.get(at).starts_with("PeriodType: ");
    begins.then(|| lines.paragraph(at).count())
}

/// `File: …`, `Type: cpu`, then stacks between dashes.
fn traces(lines: &Lines<'_>, at: usize) -> Option<usize> {
    /// Lines of its head.
    const HEAD: usize = 8;
    let is_rule = |line: &str| {
        let line = line.trim();
        line.starts_with("-----")
            && line.contains('+')
            && line.bytes().all(|b| b == b'-' || b == b'+')
    };
    let first = lines.get(at);
    let begins = is_rule(first)
        || ["File: ", "Type: ", "Build ID: "]
            .iter()
            .any(|begin| first.starts_with(begin));
    if !begins {
        return None;
    }
    let head = lines.from(at).take(HEAD).position(is_rule)?;
    // `-tree` and `-peek` have such rules below a header.
    if lines
        .from(at)
        .take(head)
        .any(|line| line.contains("flat%") || line.trim().is_empty())
    {
        return None;
    }
    let is_of = |line: &str| {
        let trimmed = line.trim();
        is_rule(line) || (line.starts_with(' ') && !trimmed.contains("  |  "))
    };
    let body = lines.while_true(at + head, is_of);
    (body > 2).then_some(head + body)
}

/// `kubelet  123 [001] 12.345: 10101010 cpu-clock:` above indented addresses with names.
fn perf_script(lines: &Lines<'_>, at: usize) -> Option<usize> {
    let is_head = |line: &str| {
        line.ends_with(':')
            && !line.starts_with([' ', '\t'])
            && line.contains(": ")
            && line.split_whitespace().count() >= 4
    };
    let is_frame = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next().unwrap_or("");
        line.starts_with([' ', '\t'])
            && address.len() >= 5
            && address.bytes().all(|b| b.is_ascii_hexdigit())
            && words.next().is_some()
    };
    if !(is_head(lines.get(at)) && is_frame(lines.get(at + 1))) {
        return None;
    }
    let mut last = 0;
    for (index, line) in lines.from(at).enumerate() {
        if is_head(line) || is_frame(line) {
            last = index + 1;
        } else if !line.trim().is_empty() {
            break;
        }
    }
    Some(last)
}

/// `a;b;c 12`, two lines or one that is deep.
fn folded(lines: &Lines<'_>, at: usize) -> Option<usize> {
    let is_folded = |line: &str| {
        let Some((stack, weight)) = line.trim().rsplit_once(' ') else {
            return false;
        };
        stack.contains(';')
            && !stack.contains("; ")
            && !weight.is_empty()
            && weight.bytes().all(|b| b.is_ascii_digit())
    };
    if !is_folded(lines.get(at)) {
        return None;
    }
    let is_row = |line: &str| {
        is_folded(line)
            || line.rsplit_once(' ').is_some_and(|(name, weight)| {
                !name.contains(' ')
                    && !weight.is_empty()
                    && weight.bytes().all(|b| b.is_ascii_digit())
            })
    };
    let count = lines.while_true(at, is_row);
    (count >= 2 || lines.get(at).matches(';').count() >= 3).then_some(count)
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use crate::pasted::testing::read;

    fn kinds(ingested: &Ingested) -> Vec<&str> {
        let blocks = &ingested.evidence.pasted.files[0].blocks;
        blocks.iter().map(|block| block.kind.as_str()).collect()
    }

    #[test]
    fn folded_stacks_between_prose() {
        let ingested =
            read("Here is what I saw:\n\nmain;work;vfs_read_[k] 12\nmain;idle 3\n\nSo what now?\n");
        assert_eq!(ingested.profiles.len(), 1);
        assert!(kinds(&ingested).contains(&"folded stacks"));
    }

    #[test]
    fn perf_script_between_prose() {
        let ingested = read(
            "perf script says\n\n\
             kubelet  123 [001] 12.345678:   10101010 cpu-clock:\n\
             \t  ffffffff81e3a4b0 vfs_read+0x10 ([kernel.kallsyms])\n\
             \t          46c361 runtime.goexit+0x1 (/usr/bin/kubelet)\n\n\
             and that was it\n",
        );
        assert_eq!(kinds(&ingested)[0], "perf script");
        assert_eq!(ingested.evidence.profiles[0].source, "t");
    }

    #[test]
    fn code_with_semicolons_is_no_stack() {
        let ingested = read("for i in 1 2 3; do sleep 1; done 5\nint a; int b; return 3\n");
        assert!(ingested.profiles.is_empty());
    }
}

//! Dumps of goroutines: `debug=2` and panics (one by one), `debug=1` (counted).

use super::clean::Lines;
use super::numbers::larger;
use super::sink::Sink;
use nodesleuth_model::evidence::pasted::{PastedStack, StackKind};
use nodesleuth_profile::normalize;
use std::collections::HashMap;

/// Different stacks that are kept.
const MOST_STACKS: usize = 5_000;
const MOST_FRAMES: usize = 200;

pub(super) fn take(lines: &Lines<'_>, at: usize, sink: &mut Sink<'_>) -> usize {
    if !(head(lines.get(at)).is_some() || counted(lines, at).is_some()) {
        return 0;
    }
    let mut dump = Dump::default();
    let mut taken = 0;
    loop {
        let here = at + taken;
        if let Some((state, minutes)) = head(lines.get(here)) {
            let (frames, used) = frames_of_two(lines, here + 1);
            dump.add(sink, state, minutes, frames, 1);
            taken += used + 1;
        } else if let Some(count) = counted(lines, here) {
            let (frames, used) = frames_of_one(lines, here + 1);
            dump.add(sink, "", None, frames, count);
            taken += used + 1;
        } else if lines.get(here).trim().is_empty()
            && here + 1 < lines.len()
            && is_next(lines, here + 1)
        {
            taken += 1;
        } else {
            break;
        }
    }
    let total: u64 = dump.stacks.iter().map(|stack| stack.count).sum();
    let different = dump.stacks.len();
    sink.block(
        "goroutines",
        at,
        format!("{total} goroutines, {different} different"),
    );
    sink.evidence().pasted.stacks.extend(dump.stacks);
    taken
}

fn is_next(lines: &Lines<'_>, at: usize) -> bool {
    lines.get(at).trim().is_empty() || head(lines.get(at)).is_some() || counted(lines, at).is_some()
}

/// `goroutine 12 [semacquire, 5 minutes, locked to thread]:` as state and minutes.
fn head(line: &str) -> Option<(&str, Option<f64>)> {
    let rest = line.trim().strip_prefix("goroutine ")?;
    let (number, inner) = rest.split_once(" [")?;
    // Newer versions print `gp=… m=… mp=…` between.
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let inner = inner.split(']').next()?;
    let mut parts = inner.split(", ");
    let state = parts.next()?;
    let minutes = parts.find_map(|part| part.strip_suffix(" minutes")?.parse().ok());
    Some((state, minutes))
}

/// `20 @ 0x43af56 0x44adfc` followed by its functions in comments.
fn counted(lines: &Lines<'_>, at: usize) -> Option<u64> {
    let (count, addresses) = lines.get(at).split_once(" @ ")?;
    let is_one = addresses.starts_with("0x") && lines.get(at + 1).starts_with("#\t0x");
    is_one.then(|| count.trim().parse().ok())?
}

/// Frames and lines of a goroutine of `debug=2`, leaf first in the text.
fn frames_of_two(lines: &Lines<'_>, at: usize) -> (Vec<String>, usize) {
    let mut frames = Vec::new();
    let mut used = 0;
    for line in lines.paragraph(at) {
        if head(line).is_some() {
            break;
        }
        used += 1;
        let is_place = line.starts_with(['\t', ' ']) && line.contains(".go:");
        let name = line.trim();
        let name = match name.strip_prefix("created by ") {
            Some(name) => name.split(" in goroutine ").next().unwrap_or(name),
            None => without_arguments(name),
        };
        if !is_place && frames.len() < MOST_FRAMES && !name.is_empty() && !name.contains(' ') {
            frames.push(normalize(name).into_owned());
        }
    }
    frames.reverse();
    (frames, used)
}

/// `main.(*T).f(0x1, {0x2, 0x3})` without its last brackets.
fn without_arguments(call: &str) -> &str {
    if !call.ends_with(')') {
        return call;
    }
    let mut depth = 0;
    for (at, c) in call.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &call[..at];
        }
    }
    call
}

/// Frames of `debug=1`: `#\t0x1a0c112\tmain.f+0xd2\t/path/file.go:536`.
fn frames_of_one(lines: &Lines<'_>, at: usize) -> (Vec<String>, usize) {
    let used = lines.while_true(at, |line| line.starts_with('#'));
    let names = lines.from(at).take(used).filter_map(|line| {
        let name = line.split('\t').nth(2)?.trim();
        let name = name.rsplit_once("+0x").map_or(name, |(name, _)| name);
        Some(normalize(name).into_owned())
    });
    let mut frames: Vec<String> = names.take(MOST_FRAMES).collect();
    frames.reverse();
    (frames, used)
}

#[derive(Default)]
struct Dump {
    stacks: Vec<PastedStack>,
    known: HashMap<(String, Vec<String>), usize>,
}

impl Dump {
    fn add(
        &mut self,
        sink: &Sink<'_>,
        state: &str,
        minutes: Option<f64>,
        frames: Vec<String>,
        count: u64,
    ) {
        let key = (state.to_owned(), frames);
        if let Some(at) = self.known.get(&key) {
            let stack = &mut self.stacks[*at];
            stack.count = stack.count.saturating_add(count);
            stack.wait_minutes = larger(stack.wait_minutes, minutes);
        } else if self.stacks.len() < MOST_STACKS {
            self.stacks.push(PastedStack {
                file: sink.file,
                kind: StackKind::Goroutine,
                state: (!state.is_empty()).then(|| state.to_owned()),
                wait_minutes: minutes,
                count,
                frames: key.1.clone(),
                ..PastedStack::default()
            });
            self.known.insert(key, self.stacks.len() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::pasted::Ingested;
    use nodesleuth_model::evidence::pasted::PastedStack;

    fn read(text: &str) -> Vec<PastedStack> {
        let mut ingested = Ingested::default();
        ingested.read("t", text.as_bytes(), None, true);
        ingested.evidence.pasted.stacks
    }

    #[test]
    fn goroutines_one_by_one() {
        let stacks = read(
            "goroutine 7 [semacquire, 5 minutes]:\n\
             sync.runtime_SemacquireMutex(0xc0000, 0x0)\n\t/usr/lib/go/src/runtime/sema.go:71 +0x47\n\
             main.(*T).Lock(...)\n\t/src/a.go:1\n\
             created by main.start in goroutine 1\n\t/src/a.go:9 +0x1\n\n\
             goroutine 8 [semacquire, 9 minutes]:\n\
             sync.runtime_SemacquireMutex(0xc0001, 0x0)\n\t/usr/lib/go/src/runtime/sema.go:71 +0x47\n\
             main.(*T).Lock(...)\n\t/src/a.go:1\n\
             created by main.start in goroutine 1\n\t/src/a.go:9 +0x1\n",
        );
        assert_eq!(stacks.len(), 1);
        assert_eq!((stacks[0].count, stacks[0].wait_minutes), (2, Some(9.0)));
        assert_eq!(
            stacks[0].frames,
            [
                "main.start",
                "main.(*T).Lock",
                "sync.runtime_SemacquireMutex"
            ]
        );
    }

    #[test]
    fn goroutines_counted() {
        let stacks = read(
            "goroutine profile: total 21\n20 @ 0x43af56 0x44adfc\n\
             #\t0x1a0c112\tk8s.io/kubernetes/vendor/a.io/m.(*c).tick+0xd2\t/usr/src/a.go:536\n\
             #\t0x1a0b99a\tmain.run+0x49a\t\t/usr/src/b.go:494\n\n\
             1 @ 0x43 0x44\n#\t0x43\tmain.one+0x1\t/a.go:1\n",
        );
        assert_eq!((stacks[0].count, stacks.len()), (20, 2));
        assert_eq!(stacks[0].frames, ["main.run", "a.io/m.(*c).tick"]);
    }
}

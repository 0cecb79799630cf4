//! A dump of goroutines: `/debug/pprof/goroutine?debug=2`, a panic, or what SIGQUIT prints. Each
//! goroutine is a sample; what it waits for, for how many minutes, and who started it are labels.

use std::collections::HashMap;

use crate::index::push;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::rows::{FunctionRow, LabelValueRow};
use crate::text::assembly::{Assembly, LineRow, LocationHead};
use crate::text::numbers::leading_number;
use crate::text::section::{Line, Section};
use crate::text::{Ignored, Understood};

/// A panic's message and the log around it may come first.
const HEAD_LINES: usize = 1000;

pub(crate) fn recognise(text: &str) -> bool {
    let mut head = text.lines().take(HEAD_LINES).map(without_log_prefix);
    head.any(|line| Goroutine::parse(line).is_some())
}

/// Reads it.
pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let mut dump = Dump {
        assembly: Assembly::new(limits),
        ignored: Ignored::default(),
        open: None,
        stack: Vec::new(),
        inlined: Vec::new(),
        call: None,
        created_by: "",
        locations: HashMap::new(),
    };
    dump.assembly.sample_type("goroutine", "count")?;
    dump.assembly.header().period_type = dump.assembly.value_type("goroutine", "count");
    dump.assembly.header().period = 1;
    for (number, line) in Section::whole(text).lines() {
        dump.line((number, without_log_prefix(line)))?;
    }
    dump.end()?;
    Ok(Understood {
        notes: dump.ignored.note().into_iter().collect(),
        profile: dump.assembly.finish(),
    })
}

/// The line that begins one: `goroutine 12 [chan receive, 5 minutes, locked to thread]:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Goroutine<'t> {
    state: &'t str,
    minutes: i64,
    is_locked: bool,
}

impl<'t> Goroutine<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let (_, rest) = leading_number(line.trim_start().strip_prefix("goroutine ")?)?;
        let (between, state) = rest.split_once('[')?;
        // Newer versions print `gp=0x… m=0 mp=0x…` between.
        let is_between = between.split_whitespace().all(|word| word.contains('='));
        let state = state.trim_end().strip_suffix("]:").filter(|_| is_between)?;
        let mut parts = state.split(", ");
        let mut goroutine = Self {
            state: parts.next()?,
            minutes: 0,
            is_locked: false,
        };
        for part in parts {
            match part.strip_suffix(" minutes").map(str::parse) {
                Some(Ok(minutes)) => goroutine.minutes = minutes,
                _ => goroutine.is_locked |= part == "locked to thread",
            }
        }
        Some(goroutine)
    }
}

/// A call with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Call<'t> {
    name: &'t str,
    file: &'t str,
    line: i64,
    /// Into the one that follows.
    is_inlined: bool,
}

struct Dump<'t> {
    assembly: Assembly<'t>,
    ignored: Ignored,
    open: Option<Goroutine<'t>>,
    /// From leaf to root.
    stack: Vec<u32>,
    inlined: Vec<Call<'t>>,
    /// The call whose place comes in the next line.
    call: Option<Call<'t>>,
    created_by: &'t str,
    locations: HashMap<Vec<Call<'t>>, u32>,
}

impl<'t> Dump<'t> {
    fn line(&mut self, (number, line): Line<'t>) -> Result<(), OpenError> {
        if let Some(goroutine) = Goroutine::parse(line) {
            self.end()?;
            self.open = Some(goroutine);
            return Ok(());
        }
        let trimmed = line.trim();
        if self.open.is_none() || trimmed.is_empty() {
            self.ignored.add(number, line);
            return self.end();
        }
        if let Some(creator) = trimmed.strip_prefix("created by ") {
            self.end_call()?;
            self.created_by = creator.split(" in goroutine ").next().unwrap_or(creator);
        } else if let Some((file, place)) = place(trimmed) {
            // The creator's place is not a frame.
            if let Some(mut call) = self.call.take() {
                (call.file, call.line) = (file, place);
                self.add(call)?;
            }
        } else if let Some((name, is_inlined)) = call(trimmed) {
            self.end_call()?;
            self.call = Some(Call {
                name,
                file: "",
                line: 0,
                is_inlined,
            });
        } else if !trimmed.starts_with("...") && !trimmed.contains("stack unavailable") {
            self.ignored.add(number, line);
        }
        Ok(())
    }

    /// A call whose place is missing.
    fn end_call(&mut self) -> Result<(), OpenError> {
        match self.call.take() {
            Some(call) => self.add(call),
            None => Ok(()),
        }
    }

    fn add(&mut self, call: Call<'t>) -> Result<(), OpenError> {
        let limit = self.assembly.limits.max_table_entries;
        push(&mut self.inlined, call, "inlined functions", limit)?;
        if call.is_inlined {
            return Ok(());
        }
        self.end_location()
    }

    fn end_location(&mut self) -> Result<(), OpenError> {
        if self.inlined.is_empty() {
            return Ok(());
        }
        let calls = std::mem::take(&mut self.inlined);
        if let Some(known) = self.locations.get(&calls) {
            self.stack.push(*known);
            return Ok(());
        }
        let mut lines = Vec::new();
        for call in &calls {
            let name = self.assembly.text(call.name);
            let function = FunctionRow {
                name,
                system_name: name,
                file: self.assembly.text(call.file),
                ..FunctionRow::default()
            };
            lines.push(LineRow {
                function: self.assembly.function(function)?,
                line: call.line,
                column: 0,
            });
        }
        let location = self
            .assembly
            .location(LocationHead::default(), lines.into_iter())?;
        self.stack.push(location);
        self.locations.insert(calls, location);
        Ok(())
    }

    fn end(&mut self) -> Result<(), OpenError> {
        let Some(goroutine) = self.open.take() else {
            return Ok(());
        };
        self.end_call()?;
        self.end_location()?;
        self.assembly
            .sample(self.stack.iter().rev().copied(), &[1])?;
        self.stack.clear();
        self.label("state", goroutine.state)?;
        let creator = std::mem::take(&mut self.created_by);
        self.label("created_by", creator)?;
        self.label("thread", if goroutine.is_locked { "locked" } else { "" })?;
        if goroutine.minutes != 0 {
            let unit = self.assembly.text("minutes");
            let number = goroutine.minutes;
            self.assembly
                .label("waiting", LabelValueRow::Number { number, unit })?;
        }
        Ok(())
    }

    fn label(&mut self, key: &'t str, value: &'t str) -> Result<(), OpenError> {
        if !value.is_empty() {
            let value = LabelValueRow::Text(self.assembly.text(value));
            self.assembly.label(key, value)?;
        }
        Ok(())
    }
}

/// `main.(*T).M({0x1, 0x2}, 0x3)` without its arguments, and whether it is inlined: then they are
/// `...`.
fn call(line: &str) -> Option<(&str, bool)> {
    let inside = line.strip_suffix(')')?;
    let mut depth = 1;
    let open = inside.bytes().enumerate().rev().find(|(_, byte)| {
        match byte {
            b')' => depth += 1,
            b'(' => depth -= 1,
            _ => {}
        }
        depth == 0
    });
    let (open, _) = open?;
    (open > 0).then(|| (&line[..open], &inside[open + 1..] == "..."))
}

/// `/x/y.go:12 +0x1d`.
fn place(line: &str) -> Option<(&str, i64)> {
    let line = line.split(" fp=0x").next().unwrap_or(line);
    let line = line.rsplit_once(" +0x").map_or(line, |(line, _)| line);
    let (file, number) = line.rsplit_once(':')?;
    Some((file, number.parse().ok()?))
}

/// Without what a log puts before each line: a time in RFC 3339, or a syslog's
/// `Nov 27 13:30:08 node kubelet[812]: `.
fn without_log_prefix(line: &str) -> &str {
    let head = line.get(..80).unwrap_or(line);
    if let Some((before, _)) = head.split_once("]: ")
        && let Some((word, pid)) = before.rsplit_once('[')
        && !pid.is_empty()
        && pid.bytes().all(|b| b.is_ascii_digit())
        && word.contains(':')
    {
        return &line[before.len() + 3..];
    }
    match line.split_once(' ') {
        Some((time, rest)) if time.ends_with('Z') && time.contains('T') && time.contains(':') => {
            rest
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folded::fold;

    const TEXT: &str = "\
goroutine 1 [running]:
main.dump({0x4d7405, 0x9}, 0x2)
\t/tmp/gp/main.go:6 +0x9b
main.main()
\t/tmp/gp/main.go:18 +0x5a5

goroutine 20 gp=0xc0 m=nil [select (no cases), 12 minutes, locked to thread]:
main.inlined(...)
\t/tmp/gp/main.go:3
main.(*T).run.func1(0x0?)
\t/tmp/gp/main.go:13 +0x1c
created by main.main in goroutine 1
\t/tmp/gp/main.go:13 +0x257
";

    fn read(text: &str) -> Understood {
        assert!(recognise(text));
        super::read(text, &Limits::default()).unwrap()
    }

    const FOLDED: &str = "main.(*T).run.func1;main.inlined 1\nmain.main;main.dump 1\n";

    #[test]
    fn each_goroutine_is_a_sample_with_its_state() {
        let Understood { profile, notes } = read(TEXT);
        assert_eq!(notes, [""; 0]);
        assert_eq!(fold(&profile, 0).to_string(), FOLDED);
        let stack = profile.stacks().nth(1).unwrap();
        let labels: Vec<_> = stack.labels().map(|label| label.key).collect();
        assert_eq!(labels, ["state", "created_by", "thread", "waiting"]);
        let frames: Vec<_> = stack.frames().map(|f| (f.line(), f.is_inline())).collect();
        assert_eq!(frames, [(Some(13), false), (Some(3), true)]);
    }

    #[test]
    fn a_dump_may_be_in_a_log() {
        for prefix in [
            "Nov 27 13:30:08 node kubelet[812]: ",
            "2026-11-27T13:30:08.1Z ",
        ] {
            let lines = format!("panic: boom\n\n{TEXT}");
            let lines = lines.lines().map(|line| format!("{prefix}{line}\n"));
            let Understood { profile, notes } = read(&lines.collect::<String>());
            assert_eq!(fold(&profile, 0).to_string(), FOLDED);
            assert_eq!(
                notes,
                ["line 1 was not understood and is ignored: panic: boom"]
            );
        }
    }

    #[test]
    fn arguments_and_places_are_told_from_names() {
        assert_eq!(
            call("a.F[...]({0x1, (0x2)}, 0x3)"),
            Some(("a.F[...]", false))
        );
        assert_eq!(call("a.(*T).M(...)"), Some(("a.(*T).M", true)));
        assert_eq!(call("(x)"), None);
        assert_eq!(call("exit status 2"), None);
        let crash = "/x y/a.go:12 +0x1d fp=0xc0 sp=0xc1 pc=0x4";
        assert_eq!(place(crash), Some(("/x y/a.go", 12)));
        assert_eq!(place("C:/x/a.go:12"), Some(("C:/x/a.go", 12)));
    }
}

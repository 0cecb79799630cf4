//! Go's profiles that count stacks, with `debug=1`: goroutine, threadcreate, and those that
//! programs make themselves.

use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::stacks::Stacks;
use crate::text::legacy::{addresses, first_line, is_rule};
use crate::text::section::Section;
use crate::text::{TextError, Understood};

const WHAT: &str = "the text of a count profile (debug=1)";

pub(crate) fn recognise(text: &str) -> bool {
    kind(first_line(text)).is_some()
}

/// `goroutine profile: total 191`.
fn kind(line: &str) -> Option<&str> {
    let (kind, total) = line.split_once(" profile: total ")?;
    let is_total = !total.is_empty() && total.bytes().all(|b| b.is_ascii_digit());
    (is_total && !kind.is_empty() && !kind.contains(' ')).then_some(kind)
}

pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let mut stacks = Stacks::new(limits);
    let kind = kind(first_line(text)).unwrap_or_default();
    stacks.assembly.sample_type(kind, "count")?;
    stacks.assembly.header().period_type = stacks.assembly.value_type(kind, "count");
    stacks.assembly.header().period = 1;
    let mut lines = Section::whole(text).lines();
    // Up to the line that named the kind.
    lines.find(|(_, line)| self::kind(line.trim()).is_some());
    let last = stacks.take_lines(&mut lines, is_rule, |stacks, (_, line)| {
        sample(line, stacks)
    })?;
    if stacks.is_empty() {
        return Err(TextError::whole(WHAT, "holds no stack").into());
    }
    stacks.finish(MemoryMap::read(last, lines, limits)?)
}

/// `51 @ 0x43f076 0x437917`.
fn sample(line: &str, stacks: &mut Stacks<'_>) -> Result<bool, OpenError> {
    stacks.symbols.close();
    let Some((count, stack)) = addresses::split(line) else {
        return Ok(false);
    };
    let Ok(count) = count.trim().parse() else {
        return Ok(false);
    };
    stacks.add_calls(stack, &[count])?;
    Ok(true)
}

//! Waiting for locks: Go's mutex and block profiles with `debug=1`, and `contentionz` of C++.

use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::stacks::Stacks;
use crate::text::legacy::{addresses, first_line, is_rule};
use crate::text::section::{Line, Section};
use crate::text::{TextError, Understood};

const WHAT: &str = "the text of a contention profile (debug=1)";

/// `--- contention:`, `--- mutex:`, `--- contentionz 1 ---`. Java has a format of its own.
pub(crate) fn recognise(text: &str) -> bool {
    let line = first_line(text);
    line.starts_with("--- contention") || line.starts_with("--- mutex:")
}

/// What is said before the samples.
#[derive(Debug)]
struct Attributes {
    cycles_per_second: i64,
    period: i64,
    milliseconds: i64,
}

impl Attributes {
    /// Whether the line is one.
    fn take(&mut self, (number, line): Line<'_>) -> Result<bool, TextError> {
        let Some((key, value)) = line.split_once('=').filter(|_| !line.contains('@')) else {
            return Ok(false);
        };
        let field = match key.trim() {
            "cycles/second" => &mut self.cycles_per_second,
            "sampling period" => &mut self.period,
            "ms since reset" => &mut self.milliseconds,
            "discarded samples" => return Ok(true),
            _ => return Ok(false),
        };
        *field = value
            .trim()
            .parse()
            .map_err(|_| TextError::line(WHAT, (number, line), "should hold a whole number"))?;
        Ok(true)
    }

    /// Times and counts as they would be without sampling.
    fn values(&self, cycles: i64, count: i64) -> [i64; 2] {
        if self.period <= 0 {
            return [count, cycles];
        }
        let delay = match self.cycles_per_second {
            hertz @ 1.. => {
                let gigahertz = hertz as f64 / 1e9;
                (cycles as f64 * self.period as f64 / gigahertz) as i64
            }
            _ => cycles,
        };
        [count.wrapping_mul(self.period), delay]
    }
}

pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let mut stacks = Stacks::new(limits);
    stacks.assembly.sample_type("contentions", "count")?;
    stacks.assembly.sample_type("delay", "nanoseconds")?;
    let mut attributes = Attributes {
        cycles_per_second: 0,
        period: 1,
        milliseconds: 0,
    };
    let mut lines = Section::whole(text).lines();
    lines.find(|(_, line)| is_rule(line.trim()));
    let last = stacks.take_lines(&mut lines, is_rule, |stacks, line| {
        Ok(attributes.take(line)? || sample(line.1, &attributes, stacks)?)
    })?;
    let header = stacks.assembly.header();
    header.period = attributes.period;
    header.duration_nanos = attributes.milliseconds.wrapping_mul(1_000_000);
    stacks.assembly.header().period_type = stacks.assembly.value_type("contentions", "count");
    stacks.finish(MemoryMap::read(last, lines, limits)?)
}

/// `19490304 27 @ 0xbccc97 0xc61202`.
fn sample(line: &str, attributes: &Attributes, stacks: &mut Stacks<'_>) -> Result<bool, OpenError> {
    stacks.symbols.close();
    let Some((values, stack)) = addresses::split(line) else {
        return Ok(false);
    };
    let mut values = values.split_whitespace().map(str::parse);
    let (Some(Ok(cycles)), Some(Ok(count)), None) = (values.next(), values.next(), values.next())
    else {
        return Ok(false);
    };
    stacks.add_calls(stack, &attributes.values(cycles, count))?;
    Ok(true)
}

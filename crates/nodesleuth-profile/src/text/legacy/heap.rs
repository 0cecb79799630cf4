//! Heap profiles: Go's with `debug=1`, tcmalloc's `heapz`, growth and fragmentation.

use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::stacks::Stacks;
use crate::text::legacy::{addresses, first_line, is_memory_map};
use crate::text::numbers::leading_number;
use crate::text::section::Section;
use crate::text::{TextError, Understood};

const WHAT: &str = "the text of a heap profile (debug=1)";

pub(crate) fn recognise(text: &str) -> bool {
    Header::parse(first_line(text)).is_some()
}

/// `heap profile: 144: 8498176 [ 144: 8498176] @ heapz_v2/524288`.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    period: i64,
    /// Whether values are those of sampled allocations only.
    is_sampled: bool,
    has_allocations: bool,
}

impl Header {
    fn parse(line: &str) -> Option<Self> {
        let (totals, kind) = line.strip_prefix("heap profile:")?.split_once('@')?;
        let Counts { in_use, allocated } = Counts::parse(totals)?;
        let differs = |all: i64, used: i64| all != used && all != 0;
        let (kind, rate) = kind.trim().split_once('/').unwrap_or((kind.trim(), ""));
        let rate: i64 = if rate.is_empty() {
            0
        } else {
            leading_number(rate)?.0.try_into().ok()?
        };
        let (period, is_sampled) = match kind {
            "heapz_v2" | "heap_v2" => (rate, true),
            "heapprofile" | "growthz" | "fragmentationz" => (1, false),
            // Go prints twice its rate.
            "heap" => (rate / 2, true),
            _ => return None,
        };
        Some(Self {
            period,
            is_sampled,
            has_allocations: kind.starts_with("heap")
                && (differs(allocated.0, in_use.0) || differs(allocated.1, in_use.1)),
        })
    }
}

/// `1: 9216 [ 1: 9216]`: objects and bytes, in use and ever allocated.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    in_use: (i64, i64),
    allocated: (i64, i64),
}

impl Counts {
    fn parse(text: &str) -> Option<Self> {
        let (in_use, allocated) = text.split_once('[')?;
        let pair = |text: &str| {
            let (objects, bytes) = text.split_once(':')?;
            Some((objects.trim().parse().ok()?, bytes.trim().parse().ok()?))
        };
        Some(Self {
            in_use: pair(in_use)?,
            allocated: pair(allocated.trim_end().strip_suffix(']')?)?,
        })
    }
}

pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let missing = || TextError::whole(WHAT, "has no line `heap profile:`");
    let header = Header::parse(first_line(text)).ok_or_else(missing)?;
    let mut stacks = Stacks::new(limits);
    let types: &[(&str, &str)] = match header.has_allocations {
        true => &[
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ],
        false => &[("objects", "count"), ("space", "bytes")],
    };
    for (kind, unit) in types {
        stacks.assembly.sample_type(kind, unit)?;
    }
    stacks.assembly.header().period_type = stacks.assembly.value_type("space", "bytes");
    stacks.assembly.header().period = header.period;
    let mut lines = Section::whole(text).lines();
    lines.find(|(_, line)| Header::parse(line.trim()).is_some());
    let last = stacks.take_lines(&mut lines, is_memory_map, |stacks, (_, line)| {
        sample(line, &header, stacks)
    })?;
    stacks.finish(MemoryMap::read(last, lines, limits)?)
}

fn sample(line: &str, header: &Header, stacks: &mut Stacks<'_>) -> Result<bool, OpenError> {
    stacks.symbols.close();
    let Some((counts, stack)) = addresses::split(line) else {
        return Ok(false);
    };
    let Some(Counts { in_use, allocated }) = Counts::parse(counts) else {
        return Ok(false);
    };
    let pairs: &[_] = if header.has_allocations {
        &[allocated, in_use]
    } else {
        &[in_use]
    };
    let mut values = Vec::with_capacity(4);
    let mut block = 0;
    for (objects, bytes) in pairs {
        if *objects == 0 && *bytes != 0 {
            return Ok(false);
        }
        let (mut scaled, size) = ((*objects, *bytes), bytes.checked_div(*objects));
        block = size.unwrap_or(block);
        if header.is_sampled && size.is_some() {
            scaled = scale(scaled, header.period);
        }
        values.extend([scaled.0, scaled.1]);
    }
    stacks.add_calls(stack, &values)?;
    stacks.block(block);
    Ok(true)
}

/// What there probably was for each sampled allocation: one of `size` bytes is sampled with
/// probability 1 - exp(-size / rate).
pub(super) fn scale((objects, bytes): (i64, i64), rate: i64) -> (i64, i64) {
    if objects == 0 || bytes == 0 {
        return (0, 0);
    }
    if rate <= 1 {
        return (objects, bytes);
    }
    let size = bytes as f64 / objects as f64;
    let factor = 1.0 / (1.0 - (-size / rate as f64).exp());
    (
        (objects as f64 * factor) as i64,
        (bytes as f64 * factor) as i64,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_how_values_were_sampled() {
        let header = |period, is_sampled, has_allocations| {
            Some(Header {
                period,
                is_sampled,
                has_allocations,
            })
        };
        let cases = [
            (
                "heap profile: 2: 8192 [3: 12288] @ heap/1048576",
                header(524_288, true, true),
            ),
            (
                "heap profile:    144:  8498176 [   144:  8498176] @ heapz_v2/524288",
                header(524_288, true, false),
            ),
            (
                "heap profile: 1: 2 [0: 0] @ heapprofile",
                header(1, false, false),
            ),
            (
                "heap profile: 1: 2 [3: 4] @ growthz",
                header(1, false, false),
            ),
            ("heap profile: 1: 2 [3: 4] @ other", None),
            ("heap profile: 1: 2", None),
        ];
        for (line, expected) in cases {
            assert_eq!(Header::parse(line), expected, "{line}");
        }
    }
}

//! Java's `heapz` and `contentionz` texts, and the functions behind its CPU profile.

use std::collections::HashMap;

use crate::error::ReadError;
use crate::limits::Limits;
use crate::open::OpenError;
use crate::text::legacy::heap::scale;
use crate::text::legacy::memory_map::MemoryMap;
use crate::text::legacy::stacks::Stacks;
use crate::text::legacy::symbols::{Symbol, Symbols};
use crate::text::legacy::{addresses, first_line};
use crate::text::numbers::hex;
use crate::text::section::{Line, Section};
use crate::text::{TextError, Understood};

const WHAT: &str = "the text of a Java profile";

/// How many bytes lie between two sampled allocations.
const HEAP_RATE: i64 = 524_288;

/// The format is named in an attribute; a heap of this kind is Java's anyway.
pub(crate) fn recognise(text: &str) -> bool {
    let is_java = |line: &str| {
        let format = line.split_once('=');
        format.is_some_and(|(key, value)| key.trim() == "format" && value.trim() == "java")
    };
    match first_line(text) {
        "--- heapz 1 ---" => true,
        "--- contentionz 1 ---" => text.lines().take(20).any(is_java),
        _ => false,
    }
}

pub(crate) fn read<'t>(text: &'t str, limits: &'t Limits) -> Result<Understood, OpenError> {
    let is_heap = first_line(text) == "--- heapz 1 ---";
    let mut stacks = Stacks::new(limits);
    let mut unit = if is_heap { "bytes" } else { "nanoseconds" };
    let mut lines = Section::whole(text).lines().peekable();
    lines.find(|(_, line)| line.trim().starts_with("---"));
    while let Some((number, line)) = lines.peek().copied() {
        let line = line.trim();
        let attribute = line.split_once('=').filter(|_| !line.contains('@'));
        let Some((key, value)) = attribute.map(|(key, value)| (key.trim(), value.trim())) else {
            if line.is_empty() {
                lines.next();
                continue;
            }
            break;
        };
        let number = || {
            let error = TextError::line(WHAT, (number, line), "should hold a whole number");
            value.parse::<i64>().map_err(|_| error)
        };
        match key {
            "resolution" => unit = value,
            "sampling period" => stacks.assembly.header().period = number()?,
            "ms since reset" => {
                stacks.assembly.header().duration_nanos = number()?.wrapping_mul(1_000_000);
            }
            _ => {}
        }
        lines.next();
    }
    if is_heap {
        stacks.assembly.sample_type("inuse_objects", "count")?;
        stacks.assembly.sample_type("inuse_space", unit)?;
    } else {
        stacks.assembly.sample_type("contentions", "count")?;
        stacks.assembly.sample_type("delay", unit)?;
        stacks.assembly.header().period_type = stacks.assembly.value_type("contentions", "count");
    }
    while let Some((_, line)) = lines.peek() {
        if !line.trim().is_empty() && !sample(line, is_heap, &mut stacks)? {
            break;
        }
        lines.next();
    }
    if stacks.is_empty() {
        return Err(TextError::whole(WHAT, "holds no stack").into());
    }
    functions(lines, &mut stacks.symbols, limits)?;
    stacks.finish(MemoryMap::default())
}

/// `BYTES OBJECTS @ 0x1 0x2`; addresses are numbers of functions.
fn sample(line: &str, is_heap: bool, stacks: &mut Stacks<'_>) -> Result<bool, OpenError> {
    let Some((values, stack)) = addresses::split(line) else {
        return Ok(false);
    };
    let mut values = values.split_whitespace().map(str::parse::<i64>);
    let (Some(Ok(size)), Some(Ok(count)), None) = (values.next(), values.next(), values.next())
    else {
        return Ok(false);
    };
    if is_heap {
        let Some(block) = size.checked_div(count) else {
            return Ok(false);
        };
        let (count, size) = scale((count, size), HEAP_RATE);
        stacks.add(stack, &[count, size])?;
        stacks.block(block);
    } else {
        let period = match stacks.assembly.header().period {
            0 => 1,
            period => period,
        };
        let values = [count.wrapping_mul(period), size.wrapping_mul(period)];
        stacks.add(stack, &values)?;
    }
    Ok(true)
}

/// Lines of `0x0000006 com.example.Class.method (Class.java:12)`. The numbers are not addresses
/// and are forgotten.
pub(super) fn functions<'t>(
    lines: impl Iterator<Item = Line<'t>>,
    symbols: &mut Symbols<'t>,
    limits: &Limits,
) -> Result<(), ReadError> {
    symbols.replace_addresses = true;
    // As in pprof, a function is in the file in which it was first.
    let mut files: HashMap<&str, &str> = HashMap::new();
    for (_, line) in lines {
        let Some((address, rest)) = line.trim().split_once(char::is_whitespace) else {
            continue;
        };
        if let Some(address) = hex(address) {
            let symbol = symbol(rest.trim());
            let file = *files.entry(symbol.name).or_insert(symbol.file);
            symbols.set(address, Symbol { file, ..symbol }, limits)?;
        }
    }
    Ok(())
}

fn symbol(text: &str) -> Symbol<'_> {
    let place = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("));
    match place {
        Some((name, place)) => match place.rsplit_once(':').map(|(f, n)| (f, n.parse::<i64>())) {
            Some((file, Ok(line))) => Symbol {
                name: name.trim_end(),
                file,
                line: line.max(0),
            },
            // The path of a library, of which the last part is enough.
            _ => Symbol {
                name: name.trim_end(),
                file: place.rsplit('/').next().unwrap_or(place),
                line: 0,
            },
        },
        None if text.contains("generated stub/JIT") => Symbol {
            name: "STUB",
            ..Symbol::default()
        },
        None => Symbol {
            name: text,
            ..Symbol::default()
        },
    }
}

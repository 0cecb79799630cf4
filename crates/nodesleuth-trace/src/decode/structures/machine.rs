//! CPUs and memory of the machine.

use super::{i64_at, u16_at, u32_at, u64_at};
use crate::End;
use crate::decode::printer::Printer;

/// A `cpu_set_t` that is handed over: `[0 1]`.
pub(in crate::decode) fn cpus(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    set(to, bytes, to.record.arguments[1])
}

/// The `cpu_set_t` of so many bytes as the call returned.
pub(in crate::decode) fn cpus_found(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    match to.record.end {
        End::Returned(length) => set(to, bytes, u64::try_from(length).ok()?),
        End::InFlight | End::ThreadEnded => None,
    }
}

/// A set that was not captured in full is not shown in part.
fn set(to: &mut Printer<'_>, bytes: &[u8], length: u64) -> Option<()> {
    if u64::try_from(bytes.len()).ok()? < length {
        return None;
    }
    to.text("[");
    let words = bytes.iter().enumerate();
    let bits = words.flat_map(|(at, byte)| {
        let bits = (0..8).filter(move |bit| byte >> bit & 1 == 1);
        bits.map(move |bit| at * 8 + bit)
    });
    for (index, cpu) in bits.enumerate() {
        if index > 0 {
            to.text(" ");
        }
        to.number(cpu);
    }
    to.text("]");
    Some(())
}

/// `struct sysinfo`.
pub(in crate::decode) fn machine(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("{uptime=");
    to.number(i64_at(bytes, 0)?);
    to.text(", loads=[");
    to.number(u64_at(bytes, 8)?);
    for at in [16, 24] {
        to.text(", ");
        to.number(u64_at(bytes, at)?);
    }
    to.text("]");
    let field = |to: &mut Printer<'_>, name: &str, value: u64| {
        to.text(", ");
        to.text(name);
        to.text("=");
        to.number(value);
    };
    let memory = ["totalram", "freeram", "sharedram", "bufferram"];
    for (index, name) in memory.into_iter().enumerate() {
        field(to, name, u64_at(bytes, 32 + 8 * index)?);
    }
    field(to, "totalswap", u64_at(bytes, 64)?);
    field(to, "freeswap", u64_at(bytes, 72)?);
    field(to, "procs", u16_at(bytes, 80)?.into());
    field(to, "totalhigh", u64_at(bytes, 88)?);
    field(to, "freehigh", u64_at(bytes, 96)?);
    field(to, "mem_unit", u32_at(bytes, 104)?.into());
    to.text("}");
    Some(())
}

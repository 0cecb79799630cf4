//! Puts a call into words: its name, arguments and result.

use super::descriptors::Descriptors;
use super::errno::{error_meaning, is_restart};
use super::file_table::COPYING;
use super::kind::{Gives, Kind, Signature};
use super::printer::{Printer, low};
use super::sets::files;
use super::signatures;
use super::structures::events;
use crate::captures::{self, Slots};
use crate::{Arch, Captured, End, Record, error_name};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a call without a signature is printed with.
const REGISTERS: &[Kind] = &[Kind::Hex; 6];

/// The table of one architecture, ready for use.
#[derive(Debug)]
pub struct Decoder {
    arch: Arch,
    limit: usize,
    calls: BTreeMap<u16, Call>,
}

#[derive(Debug)]
struct Call {
    name: &'static str,
    signature: Option<&'static Signature>,
    slots: Slots,
}

/// What is printed of a call whose number has no name.
const UNKNOWN: Call = Call {
    name: "",
    signature: None,
    slots: [None; 4],
};

impl Decoder {
    /// A decoder that shows at most `limit` bytes of each piece of data.
    pub fn new(arch: Arch, limit: usize) -> Self {
        let by_name: BTreeMap<&str, &'static Signature> = signatures::all()
            .flat_map(|signature| signature.names.iter().map(move |name| (*name, signature)))
            .collect();
        let call = |(number, name): (&u16, &&'static str)| {
            let call = Call {
                name,
                signature: by_name.get(*name).copied(),
                slots: captures::of(name),
            };
            (*number, call)
        };
        Self {
            arch,
            limit,
            calls: arch.names().iter().map(call).collect(),
        }
    }

    /// The name of a call: `futex`, or `syscall_0x1ff`.
    pub fn write_name(&self, number: u16, out: &mut String) {
        match self.call(number).name {
            "" => {
                let _ = write!(out, "syscall_{number:#x}");
            }
            name => out.push_str(name),
        }
    }

    /// The arguments, each in words, with `, ` between them.
    pub fn write_arguments(
        &self,
        record: &Record<'_>,
        descriptors: &mut dyn Descriptors,
        out: &mut String,
    ) {
        let call = self.call(record.number);
        let mut printer = self.printer(call, record, descriptors, out);
        let mut first = true;
        for (index, kind) in kinds(call, record).iter().enumerate() {
            if matches!(kind, Kind::Skipped) {
                continue;
            }
            if !first {
                printer.text(", ");
            }
            first = false;
            printer.argument(index, *kind);
        }
    }

    /// The arguments, each in words.
    pub fn arguments(&self, record: &Record<'_>, descriptors: &mut dyn Descriptors) -> Vec<String> {
        let call = self.call(record.number);
        let shown = kinds(call, record).iter().enumerate();
        shown
            .filter(|(_, kind)| !matches!(kind, Kind::Skipped))
            .map(|(index, kind)| {
                let mut out = String::new();
                self.printer(call, record, descriptors, &mut out)
                    .argument(index, *kind);
                out
            })
            .collect()
    }

    /// The result: `3</path>`, `-1 ENOENT (No such file or directory)`, `?`.
    pub fn write_result(
        &self,
        record: &Record<'_>,
        descriptors: &mut dyn Descriptors,
        out: &mut String,
    ) {
        match (record.end, record.end.error()) {
            (_, Some(error)) => write_error(error, out),
            (End::Returned(result), None) => {
                let call = self.call(record.number);
                let gives = call.signature.map_or(Gives::Number, |known| known.gives);
                let mut printer = self.printer(call, record, descriptors, out);
                success(&mut printer, gives, result);
            }
            (End::InFlight | End::ThreadEnded, None) => out.push('?'),
        }
    }

    fn call(&self, number: u16) -> &Call {
        self.calls.get(&number).unwrap_or(&UNKNOWN)
    }

    fn printer<'a>(
        &self,
        call: &'a Call,
        record: &'a Record<'a>,
        descriptors: &'a mut dyn Descriptors,
        out: &'a mut String,
    ) -> Printer<'a> {
        Printer {
            arch: self.arch,
            limit: self.limit,
            record,
            slots: &call.slots,
            descriptors,
            out,
        }
    }
}

fn kinds(call: &Call, record: &Record<'_>) -> &'static [Kind] {
    call.signature
        .map_or(REGISTERS, |signature| signature.kinds(&record.arguments))
}

/// Errors with which the kernel begins a call again are none that the program sees.
fn write_error(error: u16, out: &mut String) {
    out.push_str(if is_restart(error) { "?" } else { "-1" });
    let _ = match (error_name(error), error_meaning(error)) {
        (Some(name), Some(meaning)) => write!(out, " {name} ({meaning})"),
        (Some(name), None) => write!(out, " {name}"),
        (None, _) => write!(out, " (errno {error})"),
    };
}

fn success(to: &mut Printer<'_>, gives: Gives, result: i64) {
    match gives {
        Gives::Number => to.number(result),
        Gives::Descriptor => to.descriptor(low(result.cast_unsigned()).cast_signed()),
        Gives::Hex => to.hex(result.cast_unsigned()),
        Gives::Octal => to.octal(low(result.cast_unsigned())),
        Gives::Fcntl => fcntl(to, result),
        Gives::Ready => ready(to, result),
    }
}

fn fcntl(to: &mut Printer<'_>, result: i64) {
    const GETFD: u32 = 1;
    const GETFL: u32 = 3;
    let bits = result.cast_unsigned();
    match low(to.record.arguments[1]) {
        command if COPYING.contains(&command) => {
            to.descriptor(low(bits).cast_signed());
        }
        GETFD if bits != 0 => {
            to.hex(bits);
            to.text(" (flags ");
            to.flags(&files::DESCRIPTOR, bits);
            to.text(")");
        }
        GETFL => {
            to.hex(bits);
            to.text(" (flags ");
            to.open_flags(bits);
            to.text(")");
        }
        _ => to.number(result),
    }
}

fn ready(to: &mut Printer<'_>, result: i64) {
    to.number(result);
    if result == 0 {
        return to.text(" (Timeout)");
    }
    let from = to.out.len();
    if let Captured::Bytes(bytes) = to.after(0)
        && events::ready(to, bytes).is_none()
    {
        to.out.truncate(from);
    }
}

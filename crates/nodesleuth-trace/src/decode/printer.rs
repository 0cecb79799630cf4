//! Prints the arguments of one call.

use super::descriptors::Descriptors;
use super::errno::is_restart;
use super::kind::{Kind, Structure};
use super::set::Set;
use super::sets::files;
use super::signal;
use super::text::{self, Around};
use crate::captures::Slots;
use crate::{Arch, Captured, End, Record};
use std::fmt::Write as _;

/// `dirfd` that means the current folder.
const AT_FDCWD: i32 = -100;
/// A signal interrupted the call.
const EINTR: u16 = 4;

/// One call on its way into text.
pub(super) struct Printer<'a> {
    /// The processor that the call was made on.
    pub(super) arch: Arch,
    /// Bytes of data that are shown at most.
    pub(super) limit: usize,
    /// The call.
    pub(super) record: &'a Record<'a>,
    /// What its slots hold.
    pub(super) slots: &'a Slots,
    /// What its descriptors are.
    pub(super) descriptors: &'a mut dyn Descriptors,
    /// Where the text goes.
    pub(super) out: &'a mut String,
}

impl<'a> Printer<'a> {
    /// Prints an argument.
    pub(super) fn argument(&mut self, index: usize, kind: Kind) {
        let value = self.record.arguments.get(index).copied().unwrap_or(0);
        match kind {
            Kind::Int => self.number(low_signed(value)),
            Kind::Unsigned => self.number(low(value)),
            Kind::Long => self.number(value.cast_signed()),
            Kind::Size => self.number(value),
            Kind::Hex => self.hex(value),
            Kind::Pointer => self.pointer(value),
            Kind::Octal => self.octal(low(value)),
            Kind::Descriptor => self.descriptor(low_signed(value)),
            Kind::Folder => self.folder(low_signed(value)),
            Kind::Path => self.string(index, usize::MAX),
            Kind::Text => self.string(index, self.limit),
            Kind::Flags(set) => self.flags(set, low(value).into()),
            Kind::Choice(set) => set.write_choice(low(value).into(), self.out),
            Kind::Signal => signal::write(low(value), self.out),
            Kind::Sent(length) => self.sent(index, length),
            Kind::Received => self.received(index),
            Kind::Value(show) => show(self, value),
            Kind::In(show) => self.structure(index, self.before(index), show),
            Kind::Out(show) => self.structure(index, self.after(index), show),
            Kind::Listed(count, show) => self.listed(index, count, show),
            Kind::Found(show) => self.found(index, show),
            Kind::Left(show) => self.left(index, show),
            Kind::Skipped => {}
        }
    }

    /// Prints text as it is.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Prints a number in decimal.
    pub(super) fn number(&mut self, number: impl std::fmt::Display) {
        let _ = write!(self.out, "{number}");
    }

    /// Prints bits: `0x1f`, `0`.
    pub(super) fn hex(&mut self, bits: u64) {
        let _ = match bits {
            0 => write!(self.out, "0"),
            _ => write!(self.out, "{bits:#x}"),
        };
    }

    /// Prints an address.
    pub(super) fn pointer(&mut self, address: u64) {
        match address {
            0 => self.text("NULL"),
            _ => self.hex(address),
        }
    }

    /// Prints permissions: `0644`, `000`.
    pub(super) fn octal(&mut self, mode: u32) {
        let _ = match mode {
            0 => write!(self.out, "000"),
            mode => write!(self.out, "0{mode:02o}"),
        };
    }

    /// Prints flags.
    pub(super) fn flags(&mut self, set: &Set, value: u64) {
        set.write_flags(value, self.out);
    }

    /// Prints flags of `open`.
    pub(super) fn open_flags(&mut self, value: u64) {
        match self.arch {
            Arch::X86_64 => self.flags(&files::OPEN_X86_64, value),
            Arch::Aarch64 => self.flags(&files::OPEN_AARCH64, value),
        }
    }

    /// Prints `3</path>`.
    pub(super) fn descriptor(&mut self, descriptor: i32) {
        self.number(descriptor);
        if descriptor >= 0 {
            let path = self.descriptors.path(self.record.tgid, descriptor);
            if let Some(path) = path {
                text::angle(path, self.out);
            }
        }
    }

    fn folder(&mut self, descriptor: i32) {
        if descriptor != AT_FDCWD {
            return self.descriptor(descriptor);
        }
        self.text("AT_FDCWD");
        if let Some(path) = self.descriptors.current_folder(self.record.tgid) {
            text::angle(path, self.out);
        }
    }

    fn string(&mut self, index: usize, limit: usize) {
        // Those for which there was no room when the call began are read when it has ended.
        let captured = match self.before(index) {
            Captured::Nothing => self.after(index),
            captured => captured,
        };
        match captured {
            Captured::Bytes(bytes) => {
                let string = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                text::quote(string, is_whole(bytes), limit, self.out);
            }
            Captured::Nothing | Captured::Unreadable => self.address_of(index),
        }
    }

    fn sent(&mut self, index: usize, length: u8) {
        let length = self.record.arguments.get(usize::from(length)).copied();
        self.data(index, self.before(index), length.unwrap_or(0));
    }

    fn received(&mut self, index: usize) {
        match self.record.end {
            End::Returned(result) if result >= 0 => {
                self.data(index, self.after(index), result.unsigned_abs());
            }
            _ => self.address_of(index),
        }
    }

    /// Prints data of which `length` bytes are there and perhaps fewer were captured.
    fn data(&mut self, index: usize, captured: Captured<'_>, length: u64) {
        let address = self.record.arguments.get(index).copied().unwrap_or(0);
        match captured {
            Captured::Bytes(bytes) => {
                let whole = u64::try_from(bytes.len()).is_ok_and(|captured| captured >= length);
                text::quote(bytes, whole, self.limit, self.out);
            }
            Captured::Nothing if length == 0 && address != 0 => self.text("\"\""),
            Captured::Nothing | Captured::Unreadable => self.pointer(address),
        }
    }

    fn listed(&mut self, index: usize, count: u8, show: Structure) {
        match self.record.arguments.get(usize::from(count)) {
            Some(0) => self.empty_list(index),
            _ => self.structure(index, self.before(index), show),
        }
    }

    fn found(&mut self, index: usize, show: Structure) {
        match self.record.end {
            End::Returned(0) => self.empty_list(index),
            _ => self.structure(index, self.after(index), show),
        }
    }

    fn empty_list(&mut self, index: usize) {
        match self.record.arguments.get(index) {
            Some(0) => self.text("NULL"),
            _ => self.text("[]"),
        }
    }

    fn left(&mut self, index: usize, show: Structure) {
        match self.record.end.error() {
            Some(error) if error == EINTR || is_restart(error) => {
                self.structure(index, self.after(index), show);
            }
            _ => self.address_of(index),
        }
    }

    fn structure(&mut self, index: usize, captured: Captured<'_>, show: Structure) {
        let from = self.out.len();
        if let Captured::Bytes(bytes) = captured
            && show(self, bytes).is_some()
        {
            return;
        }
        self.out.truncate(from);
        self.address_of(index);
    }

    fn address_of(&mut self, index: usize) {
        self.pointer(self.record.arguments.get(index).copied().unwrap_or(0));
    }

    /// What was at an argument's address when the call began.
    pub(super) fn before(&self, argument: usize) -> Captured<'a> {
        self.captured(argument, 0..2)
    }

    /// What was at an argument's address when the call had returned.
    pub(super) fn after(&self, argument: usize) -> Captured<'a> {
        self.captured(argument, 2..4)
    }

    fn captured(&self, argument: usize, slots: std::ops::Range<usize>) -> Captured<'a> {
        slots
            .filter(|slot| {
                self.slots[*slot].is_some_and(|slot| usize::from(slot.pointer) == argument)
            })
            .map(|slot| self.record.captured[slot])
            .next()
            .unwrap_or(Captured::Nothing)
    }

    /// Prints bytes as a string that needs no limit.
    pub(super) fn escaped(&mut self, bytes: &[u8]) {
        self.out.push('"');
        text::escape(bytes, Around::Quotes, self.out);
        self.out.push('"');
    }
}

/// A string that ends with its NUL was captured in full.
fn is_whole(bytes: &[u8]) -> bool {
    bytes.contains(&0)
}

/// The lower half of a register: what a call of 32-bit arguments looks at.
pub(super) fn low(value: u64) -> u32 {
    (value & u64::from(u32::MAX)) as u32
}

/// The lower half as a signed number.
pub(super) fn low_signed(value: u64) -> i32 {
    low(value).cast_signed()
}

//! Arguments with a notation of their own.

use crate::Arch;
use crate::decode::printer::{Printer, low};
use crate::decode::sets::{files, network, process, time};
use crate::decode::signal;
use crate::decode::structures::{i64_at, u16_at, u64_at};
use crate::decode::text;

const FUTEX_PRIVATE: u32 = 128;
const FUTEX_CLOCK_REALTIME: u32 = 256;

/// Flags of `clone` after which an argument of it means something.
const PARENT_SETTID: u64 = 0x10_0000;
const SETTLS: u64 = 0x8_0000;
const CHILD_TID: u64 = 0x20_0000 | 0x100_0000;
/// The signal that a child sends when it ends, in `clone`'s flags.
const EXIT_SIGNAL: u64 = 0xff;

/// `FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME`.
pub(in crate::decode) fn futex_operation(to: &mut Printer<'_>, value: u64) {
    let value = low(value);
    let operation = value & !(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
    let Some(name) = time::FUTEX.name(operation.into()) else {
        return time::FUTEX.write_choice(value.into(), to.out);
    };
    to.text(name);
    if value & FUTEX_PRIVATE != 0 {
        to.text("_PRIVATE");
    }
    if value & FUTEX_CLOCK_REALTIME != 0 {
        to.text("|FUTEX_CLOCK_REALTIME");
    }
}

/// The bits that a waiter listens to.
pub(in crate::decode) fn futex_bits(to: &mut Printer<'_>, value: u64) {
    match low(value) {
        u32::MAX => to.text("FUTEX_BITSET_MATCH_ANY"),
        bits => to.hex(bits.into()),
    }
}

/// Flags of `open`.
pub(in crate::decode) fn open_flags(to: &mut Printer<'_>, value: u64) {
    to.open_flags(low(value).into());
}

/// Flags of `pipe2` and `dup3`.
pub(in crate::decode) fn pipe_flags(to: &mut Printer<'_>, value: u64) {
    match to.arch {
        Arch::X86_64 => to.flags(&files::PIPE_X86_64, low(value).into()),
        Arch::Aarch64 => to.flags(&files::PIPE_AARCH64, low(value).into()),
    }
}

/// `struct open_how`.
pub(in crate::decode) fn open_how(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let (flags, mode, resolve) = (u64_at(bytes, 0)?, u64_at(bytes, 8)?, u64_at(bytes, 16)?);
    to.text("{flags=");
    to.open_flags(flags);
    if mode != 0 {
        to.text(", mode=");
        to.octal(low(mode));
    }
    to.text(", resolve=");
    to.flags(&files::RESOLVE, resolve);
    to.text("}");
    Some(())
}

/// A name that ends with its NUL.
pub(in crate::decode) fn name(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let name = bytes.split(|byte| *byte == 0).next()?;
    text::quote(name, bytes.contains(&0), usize::MAX, to.out);
    Some(())
}

/// `struct flock`.
pub(in crate::decode) fn lock(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("{l_type=");
    files::LOCK.write_choice(u16_at(bytes, 0)?.into(), to.out);
    to.text(", l_whence=");
    files::WHENCE.write_choice(u16_at(bytes, 2)?.into(), to.out);
    to.text(", l_start=");
    to.number(i64_at(bytes, 8)?);
    to.text(", l_len=");
    to.number(i64_at(bytes, 16)?);
    to.text("}");
    Some(())
}

/// An owner or a group: -1 leaves it as it is.
pub(in crate::decode) fn owner(to: &mut Printer<'_>, value: u64) {
    match low(value) {
        u32::MAX => to.text("-1"),
        id => to.number(id),
    }
}

/// The type of a file that `mknod` makes, and its permissions.
pub(in crate::decode) fn file_mode(to: &mut Printer<'_>, value: u64) {
    super::status::mode(to, low(value));
}

/// All arguments of `clone`, in the order in which strace prints them. The last two are exchanged
/// on arm64.
pub(in crate::decode) fn clone(to: &mut Printer<'_>, flags: u64) {
    let [_, stack, parent, fourth, fifth, _] = to.record.arguments;
    let (child, thread_local) = match to.arch {
        Arch::X86_64 => (fourth, fifth),
        Arch::Aarch64 => (fifth, fourth),
    };
    to.text("child_stack=");
    to.pointer(stack);
    to.text(", flags=");
    clone_flags(to, low(flags).into());
    for (flag, label, value) in [
        (PARENT_SETTID, ", parent_tid=", parent),
        (SETTLS, ", tls=", thread_local),
        (CHILD_TID, ", child_tidptr=", child),
    ] {
        if flags & flag != 0 {
            to.text(label);
            to.pointer(value);
        }
    }
}

fn clone_flags(to: &mut Printer<'_>, flags: u64) {
    let (bits, ending) = (flags & !EXIT_SIGNAL, flags & EXIT_SIGNAL);
    if bits != 0 || ending == 0 {
        to.flags(&process::CLONE, bits);
    }
    if ending != 0 {
        to.text(if bits != 0 { "|" } else { "" });
        signal::write(low(ending), to.out);
    }
}

/// A request of `ioctl`: its name, or what its bits say.
pub(in crate::decode) fn ioctl(to: &mut Printer<'_>, value: u64) {
    let value = low(value);
    if let Some(name) = files::IOCTL.name(value.into()) {
        return to.text(name);
    }
    let direction = match value >> 30 {
        0 => "_IOC_NONE",
        1 => "_IOC_WRITE",
        2 => "_IOC_READ",
        _ => "_IOC_READ|_IOC_WRITE",
    };
    let (kind, number, size) = (value >> 8 & 0xff, value & 0xff, value >> 16 & 0x3fff);
    to.text("_IOC(");
    to.text(direction);
    for part in [kind, number, size] {
        to.text(", ");
        to.hex(part.into());
    }
    to.text(")");
}

/// A protocol: of the internet, of netlink, or a number, by the family.
pub(in crate::decode) fn protocol(to: &mut Printer<'_>, value: u64) {
    const INET: [u64; 2] = [2, 10];
    const NETLINK: u64 = 16;
    let family = to.record.arguments[0];
    let protocol = u64::from(low(value));
    if INET.contains(&family) {
        network::PROTOCOL.write_choice(protocol, to.out);
    } else if family == NETLINK {
        network::NETLINK.write_choice(protocol, to.out);
    } else {
        to.number(low(value).cast_signed());
    }
}

/// An option of a socket, by its level.
pub(in crate::decode) fn socket_option(to: &mut Printer<'_>, value: u64) {
    let option = u64::from(low(value));
    match to.record.arguments[1] {
        1 => network::SOCKET_OPTION.write_choice(option, to.out),
        6 => network::TCP_OPTION.write_choice(option, to.out),
        41 => network::IPV6_OPTION.write_choice(option, to.out),
        _ => to.number(option),
    }
}

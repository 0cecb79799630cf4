//! `struct stat` and `struct statx`.

use super::{i64_at, u16_at, u32_at, u64_at};
use crate::Arch;
use crate::decode::printer::Printer;
use crate::decode::sets::files::{FILE_TYPE, STATX};

/// Bits of a mode that say the type of the file, and the types that are devices.
const TYPE: u32 = 0o170_000;
const DEVICES: [u32; 2] = [0o020_000, 0o060_000];

/// `struct stat`.
pub(in crate::decode) fn stat(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let (mode_at, device_at) = match to.arch {
        Arch::X86_64 => (24, 40),
        Arch::Aarch64 => (16, 32),
    };
    let file_mode = u32_at(bytes, mode_at)?;
    to.text("{st_mode=");
    mode(to, file_mode);
    if DEVICES.contains(&(file_mode & TYPE)) {
        to.text(", st_rdev=");
        device(to, u64_at(bytes, device_at)?);
    } else {
        to.text(", st_size=");
        to.number(i64_at(bytes, 48)?);
    }
    to.text(", ...}");
    Some(())
}

/// `struct statx`.
pub(in crate::decode) fn statx(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("{stx_mask=");
    to.flags(&STATX, u32_at(bytes, 0)?.into());
    to.text(", stx_attributes=");
    to.hex(u64_at(bytes, 8)?);
    to.text(", stx_mode=");
    mode(to, u16_at(bytes, 28)?.into());
    to.text(", stx_size=");
    to.number(u64_at(bytes, 40)?);
    to.text(", ...}");
    Some(())
}

/// `S_IFREG|0644`, `S_IFDIR|S_ISVTX|0777`.
pub(in crate::decode) fn mode(to: &mut Printer<'_>, mode: u32) {
    FILE_TYPE.write_choice((mode & TYPE).into(), to.out);
    for (bit, name) in [
        (0o4000, "|S_ISUID"),
        (0o2000, "|S_ISGID"),
        (0o1000, "|S_ISVTX"),
    ] {
        if mode & bit != 0 {
            to.text(name);
        }
    }
    to.text("|");
    to.octal(mode & 0o777);
}

fn device(to: &mut Printer<'_>, device: u64) {
    let major = (device >> 8) & 0xfff;
    let minor = (device & 0xff) | ((device >> 12) & 0xf_ff00);
    to.text("makedev(");
    to.hex(major);
    to.text(", ");
    to.hex(minor);
    to.text(")");
}

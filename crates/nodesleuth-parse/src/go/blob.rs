//! The build information blob: 32 bytes, then either the two strings (since Go 1.18) or, in those
//! 32 bytes, two pointers to Go strings somewhere in the data (before).
//!
//! `\xff Go buildinf:`, pointer size, flags: 1 is big-endian pointers, 2 is inline strings. It is
//! described in Go's `debug/buildinfo`.

use crate::Malformed;
use crate::elf::{Elf, ElfError, Range};

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: usize = 16;
const HEADER: usize = 32;
/// How much of a section or segment is searched. Go's linker puts the blob first; with cgo the
/// system's linker may put other data before it.
const SEARCHED: u64 = 4 << 20;
/// A version is some ten bytes long, with experiments or a commit some hundred.
const LONGEST_VERSION: u64 = 4 << 10;
/// The module information of a kubelet is some 30 KiB.
const LONGEST_MODULE_INFO: u64 = 4 << 20;

const FLAG_BIG_ENDIAN: u8 = 1;
const FLAG_INLINE: u8 = 2;

/// The two strings of the blob.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Blob {
    /// Toolchain.
    pub(super) version: String,
    /// Module information, still framed; empty without modules.
    pub(super) module_info: Vec<u8>,
}

/// Offset of the blob within `range`, if it is there.
pub(super) fn find(elf: &Elf<'_>, range: Range) -> Result<Option<u64>, ElfError> {
    let mut chunk = vec![0; 64 << 10];
    let mut done = range.address.wrapping_neg() % ALIGNMENT as u64;
    let size = range.size.min(SEARCHED);
    while done < size {
        let length = usize::try_from(size - done).map_or(chunk.len(), |rest| rest.min(chunk.len()));
        let offset = sum(range.offset, done)?;
        elf.fill(offset, &mut chunk[..length])?;
        let found = (0..length)
            .step_by(ALIGNMENT)
            .find(|&at| chunk[at..length].starts_with(MAGIC));
        if let Some(at) = found {
            return Ok(Some(offset + at as u64));
        }
        done += length as u64;
    }
    Ok(None)
}

impl Blob {
    /// Reads the blob at `offset`, in either format.
    pub(super) fn read(elf: &Elf<'_>, offset: u64) -> Result<Self, ElfError> {
        let mut header = [0; HEADER];
        elf.fill(offset, &mut header)?;
        let (pointer_size, flags) = (header[14], header[15]);
        let (version, module_info) = if flags & FLAG_INLINE != 0 {
            inline(elf, sum(offset, HEADER as u64)?)?
        } else {
            let pointers = Pointers {
                wide: match pointer_size {
                    4 => false,
                    8 => true,
                    size => return Err(malformed(format!("pointers of {size} bytes"))),
                },
                big_endian: flags & FLAG_BIG_ENDIAN != 0,
            };
            pointers.strings(elf, &header[16..])?
        };
        let version = String::from_utf8(version)
            .ok()
            .filter(|version| !version.is_empty())
            .ok_or_else(|| malformed("the version is empty or not UTF-8"))?;
        Ok(Self {
            version,
            module_info,
        })
    }
}

/// Two strings, each behind its length as a varint.
fn inline(elf: &Elf<'_>, offset: u64) -> Result<(Vec<u8>, Vec<u8>), ElfError> {
    let (version, next) = inline_string(elf, offset, LONGEST_VERSION)?;
    let (module_info, _) = inline_string(elf, next, LONGEST_MODULE_INFO)?;
    Ok((version, module_info))
}

fn inline_string(elf: &Elf<'_>, offset: u64, longest: u64) -> Result<(Vec<u8>, u64), ElfError> {
    let mut varint = [0; 10];
    let length = elf.fill_some(offset, &mut varint)?;
    let (length, width) =
        unsigned(&varint[..length]).ok_or_else(|| malformed("a length is not a varint"))?;
    let start = sum(offset, width)?;
    let mut bytes = buffer(length, longest)?;
    elf.fill(start, &mut bytes)?;
    Ok((bytes, sum(start, length)?))
}

/// A varint and how many bytes it takes.
fn unsigned(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut number = 0_u64;
    for (index, byte) in (0_u32..).zip(bytes) {
        let bits = u64::from(byte & 0x7f);
        let shifted = bits.checked_shl(index * 7)?;
        if shifted >> (index * 7) != bits {
            return None;
        }
        number |= shifted;
        if byte & 0x80 == 0 {
            return Some((number, u64::from(index) + 1));
        }
    }
    None
}

/// How pointers are written in the older format.
struct Pointers {
    wide: bool,
    big_endian: bool,
}

impl Pointers {
    /// `places` holds the addresses of two Go string headers (pointer and length).
    fn strings(&self, elf: &Elf<'_>, places: &[u8]) -> Result<(Vec<u8>, Vec<u8>), ElfError> {
        let version = self.string(elf, self.number(places, 0), LONGEST_VERSION)?;
        let module_info = self.string(elf, self.number(places, 1), LONGEST_MODULE_INFO)?;
        Ok((version, module_info))
    }

    fn string(&self, elf: &Elf<'_>, place: u64, longest: u64) -> Result<Vec<u8>, ElfError> {
        if place == 0 {
            // The system's linker leaves the address of a position independent executable to the
            // loader's relocations.
            return Err(malformed("a string's address is only known once loaded"));
        }
        let size = 2 * self.size();
        let mut header = [0; 16];
        let header = &mut header[..size];
        elf.load(place, header)?;
        let (address, length) = (self.number(header, 0), self.number(header, 1));
        let mut bytes = buffer(length, longest)?;
        if length > 0 {
            elf.load(address, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn size(&self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// The pointer at `index` of some pointers; 0 behind their end.
    fn number(&self, bytes: &[u8], index: usize) -> u64 {
        let digits = bytes
            .chunks_exact(self.size())
            .nth(index)
            .unwrap_or_default();
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.big_endian {
            digits.iter().fold(0, join)
        } else {
            digits.iter().rev().fold(0, join)
        }
    }
}

fn buffer(length: u64, longest: u64) -> Result<Vec<u8>, ElfError> {
    usize::try_from(length)
        .ok()
        .filter(|_| length <= longest)
        .map(|length| vec![0; length])
        .ok_or_else(|| malformed(format!("a string of {length} bytes")))
}

fn sum(offset: u64, distance: u64) -> Result<u64, ElfError> {
    offset
        .checked_add(distance)
        .ok_or_else(|| malformed("it ends behind the largest offset"))
}

fn malformed(reason: impl Into<String>) -> ElfError {
    ElfError::Malformed(Malformed::whole("Go build information", reason))
}

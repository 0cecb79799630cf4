//! Names of functions and files.

use super::bytes::Bytes;
use super::header::{Header, Version};

/// Names of generic functions hold the names of their types.
const LONGEST: usize = 16 << 10;
/// No such file.
const ABSENT: u32 = 0xffff_ffff;

/// The function name at an offset of the names.
pub(super) fn function_name(bytes: &Bytes<'_>, header: &Header, offset: u32) -> Option<String> {
    zero_terminated(bytes, header.names.checked_add(u64::from(offset))?)
}

/// Whether the name of a function written in Go begins at an offset of the names, and not in the
/// middle of one. Such a name has a package, a dot and nothing that is not printed.
pub(super) fn is_go_name(bytes: &Bytes<'_>, header: &Header, offset: u32) -> bool {
    let begins = offset.checked_sub(1).is_none_or(|last| {
        let mut before = [1];
        let at = header.names.saturating_add(u64::from(last));
        bytes.read(at, &mut before) == Some(()) && before == [0]
    });
    begins
        && function_name(bytes, header, offset)
            .is_some_and(|name| name.contains('.') && !name.contains(char::is_control))
}

/// The path of the file with this number, which counts within a unit since Go 1.16.
pub(super) fn file_name(
    bytes: &Bytes<'_>,
    header: &Header,
    unit: u32,
    number: i32,
) -> Option<String> {
    let number = u64::try_from(number).ok()?;
    if header.version == Version::Go12 {
        // the first number is how many there are, so files count from one
        let count = bytes.word(header.files)?;
        let known = number > 0 && number < u64::from(count);
        let place = known.then(|| header.files + number * 4)?;
        return zero_terminated(bytes, u64::from(bytes.word(place)?));
    }
    let index = number.checked_add(u64::from(unit))?;
    let offset = bytes.word(header.units.checked_add(index * 4)?)?;
    if offset == ABSENT {
        return None;
    }
    zero_terminated(bytes, header.files.checked_add(u64::from(offset))?)
}

/// The text up to the next zero; `None` if it is empty, endless or not UTF-8.
fn zero_terminated(bytes: &Bytes<'_>, offset: u64) -> Option<String> {
    let mut text = Vec::new();
    let mut chunk = [0; 128];
    while text.len() < LONGEST {
        let filled = bytes.read_some(offset.checked_add(text.len() as u64)?, &mut chunk)?;
        let chunk = chunk.get(..filled).filter(|chunk| !chunk.is_empty())?;
        match chunk.iter().position(|&byte| byte == 0) {
            Some(end) => {
                text.extend_from_slice(&chunk[..end]);
                return String::from_utf8(text).ok().filter(|text| !text.is_empty());
            }
            None => text.extend_from_slice(chunk),
        }
    }
    None
}

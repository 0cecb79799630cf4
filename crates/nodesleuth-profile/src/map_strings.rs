//! Other words for the strings of a profile, everything else byte for byte as it was.

use crate::error::ReadError;
use crate::gzip::inflate;
use crate::limits::Limits;
use crate::wire::Fields;

/// The string table of `profile.proto`: tag of a field with a length.
const STRINGS: u64 = 6;
const STRINGS_TAG: u8 = (STRINGS as u8) << 3 | 2;

/// A profile with each string replaced by what `map` gives for it; `None` leaves it as it is. The
/// result is not compressed. Strings that are not UTF-8 are shown to `map` with U+FFFD.
///
/// # Errors
/// If the bytes are not those of a profile, or hold more than `limits` allow.
pub fn map_strings(
    bytes: &[u8],
    limits: &Limits,
    mut map: impl FnMut(&str) -> Option<String>,
) -> Result<Vec<u8>, ReadError> {
    let data = inflate(bytes, limits.max_inflated_bytes)?;
    let mut out = Vec::with_capacity(data.len());
    let mut fields = Fields::all(&data);
    loop {
        let start = fields.position();
        let Some(field) = fields.next()? else {
            return Ok(out);
        };
        let whole = &data[start..fields.position()];
        if field.number != STRINGS {
            out.extend_from_slice(whole);
            continue;
        }
        let text = String::from_utf8_lossy(field.span("string_table")?.of(&data));
        match map(&text).filter(|_| !text.is_empty()) {
            Some(other) => {
                out.push(STRINGS_TAG);
                push_length(&mut out, other.len());
                out.extend_from_slice(other.as_bytes());
            }
            None => out.extend_from_slice(whole),
        }
    }
}

fn push_length(out: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Profile, ValueType, encode, fold, read};

    #[test]
    fn names_change_and_stacks_stay() {
        let stacks = [(vec!["main", "secret.work"], 3), (vec!["main"], 1)];
        let bytes = encode(&Profile::from_stacks(ValueType::CPU, stacks));
        let long = "x".repeat(300);
        let mapped = map_strings(&bytes, &Limits::default(), |name| {
            name.starts_with("secret").then(|| long.clone())
        });
        let profile = read(&mapped.unwrap(), &Limits::default()).unwrap();
        let expected = format!("main 1\nmain;{long} 3\n");
        assert_eq!(fold(&profile, 0).to_string(), expected);
        assert!(map_strings(b"\x0f\xff", &Limits::default(), |_| None).is_err());
    }
}

//! `/proc/modules`: one loaded kernel module a line, where its code is in the last field.
//!
//! `nfs 425984 1 nfsv4, Live 0xffffffffc0a00000 (OE)`. Without the right to see addresses they are
//! all zero.

use crate::Malformed;
use crate::lines::numbered;
use crate::malformed::quoted;
use crate::number::from_text;
use crate::proc::maps::hexadecimal;

const WHAT: &str = "/proc/modules";

/// A loaded module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelModule {
    /// Name.
    pub name: String,
    /// First address of its code; 0 when hidden.
    pub address: u64,
    /// Bytes it takes from there.
    pub size: u64,
}

/// Reads all modules.
///
/// # Errors
/// When a line is not a module.
pub fn parse(text: &str) -> Result<Vec<KernelModule>, Malformed> {
    numbered(text)
        .map(|(index, line)| {
            module(line).ok_or_else(|| {
                let found = format!("expected a module, found {}", quoted(line));
                Malformed::line(WHAT, index, found)
            })
        })
        .collect()
}

fn module(line: &str) -> Option<KernelModule> {
    let mut words = line.split_ascii_whitespace();
    let name = words.next()?.to_owned();
    let size = from_text(words.next()?)?;
    let address = words.nth(3)?.strip_prefix("0x")?;
    Some(KernelModule {
        name,
        size,
        address: hexadecimal(address)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{KernelModule, parse};

    #[test]
    fn names_sizes_and_addresses_are_read() {
        let text = "nfs 425984 1 nfsv4, Live 0xffffffffc0a00000 (OE)\n\
                    xt_nat 16384 0 - Live 0x0000000000000000\n";
        let module = |name: &str, address, size| KernelModule {
            name: name.to_owned(),
            address,
            size,
        };
        let expected = [
            module("nfs", 0xffff_ffff_c0a0_0000, 425_984),
            module("xt_nat", 0, 16_384),
        ];
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_line_without_an_address_is_refused() {
        let error = parse("nfs 425984 1 -\n").unwrap_err();
        assert_eq!(error.line, Some(1));
    }
}

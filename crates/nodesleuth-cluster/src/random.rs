//! Random digits, for what nobody may guess and for names that nobody else has.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};

/// Two hexadecimal digits for each of so many random bytes of the system.
pub(crate) fn digits<const BYTES: usize>() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut digits = String::with_capacity(2 * BYTES);
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(digits)
}

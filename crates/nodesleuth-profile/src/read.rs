//! Reading a pprof file: `profile.proto`, plain or in gzip.
//!
//! The schema is <https://github.com/google/pprof/blob/main/proto/profile.proto>; what is accepted
//! and what is refused is what Go's `profile.Parse` accepts and refuses, for this format. Pprof's
//! older text and binary formats are not read.

use crate::error::ReadError;
use crate::foreign::explain;
use crate::gzip::inflate;
use crate::limits::Limits;
use crate::parts::Parts;
use crate::profile::Profile;
use crate::sample_reader::SampleReader;

/// Reads a profile from the bytes of a `.pb.gz` or `.pb` file.
///
/// # Errors
/// If the bytes are not a valid profile (with what they are instead, if that can be told), or
/// hold more than `limits` allow.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Profile, ReadError> {
    let mut data = inflate(bytes, limits.max_inflated_bytes)?;
    match SampleReader::new(&mut data, limits) {
        Ok((tables, samples)) => Parts::new(tables, samples).whole(),
        Err(error) => Err(explain(&data, error)),
    }
}

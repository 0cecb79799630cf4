//! Files of stacks that a user names: profiles in any format.

use crate::failure::Failure;
use nodesleuth_profile::{Limits, Opened, open};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Reads one; `-` is standard input.
pub(crate) fn load(name: &OsStr, limits: &Limits) -> Result<Opened, Failure> {
    let path = Path::new(name);
    let bytes = bytes(path).map_err(|error| Failure::file("read", path, error))?;
    open(&bytes, limits).map_err(|error| {
        let help = "give a profile as Go writes it (.pb.gz), or folded stacks";
        Failure::usage(format!("{}: {error}", path.display()), help)
    })
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return fs::read(path);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

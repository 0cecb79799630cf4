//! Files of stacks that a user names: profiles in any format.

use crate::failure::Failure;
use crate::output;
use nodesleuth_profile::{Limits, OpenError, Opened, open};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Multiplies every limit on what a file may hold, for files that are really that large.
const FACTOR: &str = "NODESLEUTH_LIMIT_FACTOR";

/// Reads one, and tells the user what is to be known about the reading.
pub(crate) fn load(name: &OsStr) -> Result<Opened, Failure> {
    let path = Path::new(name);
    let bytes = fs::read(path).map_err(|error| Failure::file("read", path, error))?;
    let opened = open(&bytes, &limits()?)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display()), help(&error)))?;
    for note in &opened.notes {
        output::note(&format!("note: {}: {note}\n", path.display()));
    }
    Ok(opened)
}

fn help(error: &OpenError) -> String {
    if error.is_over_limit() {
        return format!("if the file is to be trusted, raise the limits tenfold with {FACTOR}=10");
    }
    let formats = "give a profile as Go writes it (.pb.gz), text of `go tool pprof -raw` or -traces, \
                   `perf script` text, or folded stacks";
    formats.to_owned()
}

/// The limits on a file, raised by the environment.
fn limits() -> Result<Limits, Failure> {
    let Some(factor) = std::env::var_os(FACTOR) else {
        return Ok(Limits::default());
    };
    let number = factor.to_str().and_then(|text| text.parse().ok());
    match number.filter(|factor| *factor >= 1) {
        Some(factor) => Ok(Limits::default().times(factor)),
        None => Err(Failure::usage(
            format!("{FACTOR}={} is no whole number from 1 on", factor.display()),
            "leave it unset, or set it to 2, 10, …",
        )),
    }
}

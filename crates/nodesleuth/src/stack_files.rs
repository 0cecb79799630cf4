//! Files of stacks that a user names: profiles in any format.

use crate::failure::Failure;
use nodesleuth_profile::{Limits, OpenError, Opened, Parts, open_from};
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;

/// Multiplies every limit on what a file may hold, for files that are really that large.
const FACTOR: &str = "NODESLEUTH_LIMIT_FACTOR";

/// Reads one; `-` is standard input. What is to be known about the reading is in its notes.
pub(crate) fn load(name: &OsStr, limits: &Limits) -> Result<Opened, Failure> {
    let opened = load_in_parts(name, limits)?;
    opened.whole().map_err(|error| refused(name, &error.into()))
}

/// The same, with samples that are still to be read.
pub(crate) fn load_in_parts(
    name: &OsStr,
    limits: &Limits,
) -> Result<Opened<Parts<'static>>, Failure> {
    let limits = raised(limits)?;
    let opened = match name == "-" {
        true => open_from(io::stdin().lock(), &limits),
        false => File::open(name).and_then(|file| open_from(file, &limits)),
    };
    opened
        .map_err(|error| Failure::file("read", Path::new(name), error))?
        .map_err(|error| refused(name, &error))
}

/// Why what was read is no good.
pub(crate) fn refused(name: &OsStr, error: &OpenError) -> Failure {
    Failure::usage(format!("{}: {error}", name.display()), help(error))
}

/// What to do about a file that cannot be read.
fn help(error: &OpenError) -> String {
    match error.is_over_limit() {
        true => format!("if it is to be trusted, set {FACTOR}=10 to raise all limits tenfold"),
        false => error.advice().to_owned(),
    }
}

/// The limits on a file, raised by the environment: every command that reads stacks has them, and
/// `pprof` takes no flags but those of pprof.
fn raised(limits: &Limits) -> Result<Limits, Failure> {
    let Some(factor) = std::env::var_os(FACTOR) else {
        return Ok(limits.clone());
    };
    let number = factor.to_str().and_then(|text| text.parse().ok());
    match number.filter(|factor| *factor >= 1) {
        Some(factor) => Ok(limits.clone().times(factor)),
        None => {
            let what = format!("{FACTOR}={} is no whole number from 1 on", factor.display());
            Err(Failure::usage(
                what,
                "leave it unset, or set it to 2, 10, …",
            ))
        }
    }
}

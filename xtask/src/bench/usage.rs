//! CPU time and peak memory of one program: a small process in between starts it and reports
//! what the kernel accounts to it, since the kernel tells a peak only over all children.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::bench::cpu::{self, Cpu};
use crate::bounded;
use crate::failure::{Failure, Result, While};
use crate::parent;

const KIBIBYTE: u64 = 1024;

/// What a program used.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    user: f64,
    kernel: f64,
    pub(crate) peak_bytes: u64,
}

impl Usage {
    pub(crate) fn cpu(self) -> f64 {
        let Self { user, kernel, .. } = self;
        Cpu { user, kernel }.total()
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the usage is written.
    out: PathBuf,
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// The process in between.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let (program, arguments) = (&args.command[0], &args.command[1..]);
    let status = Command::new(program)
        .args(arguments)
        .status()
        .doing(|| format!("starting {}", program.to_string_lossy()))?;
    if !status.success() {
        return Err(Failure::new(program.to_string_lossy(), status));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).doing(|| "getrusage".to_owned())?;
    let Cpu { user, kernel } = cpu::of_children()?;
    let peak_bytes = u64::try_from(usage.max_rss()).unwrap_or(0) * KIBIBYTE;
    let usage = Usage {
        user,
        kernel,
        peak_bytes,
    };
    let text = serde_json::to_vec(&usage).doing(|| "writing the usage".to_owned())?;
    fs::write(&args.out, text).doing(|| format!("writing {}", args.out.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Runs `program` with its standard streams closed.
pub(crate) fn of(
    program: &Path,
    arguments: &[impl AsRef<std::ffi::OsStr>],
    limit: Duration,
) -> Result<Usage> {
    let out = tempfile::NamedTempFile::new().doing(|| "making a temporary file".to_owned())?;
    let mut command = Command::new(parent::OURSELVES);
    command
        .arg("__usage")
        .arg(out.path())
        .arg("--")
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    bounded::succeed(&mut command, limit)?;
    let text = fs::read(out.path()).doing(|| "reading the usage".to_owned())?;
    serde_json::from_slice(&text).doing(|| "reading the usage".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_is_read_as_it_was_written() {
        let usage = Usage {
            user: 0.25,
            kernel: 0.5,
            peak_bytes: 4096,
        };
        let text = serde_json::to_string(&usage).unwrap();
        assert_eq!(serde_json::from_str::<Usage>(&text).unwrap(), usage);
        assert_eq!(usage.cpu(), 0.75);
    }
}

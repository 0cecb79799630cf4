//! The CPU time of a program, as the kernel accounts it to the parent that waited for it.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::bounded;
use crate::failure::{Failure, Result, While};

/// CPU seconds in user mode and in the kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cpu {
    pub(crate) user: f64,
    pub(crate) kernel: f64,
}

impl Cpu {
    pub(crate) fn total(self) -> f64 {
        self.user + self.kernel
    }

    pub(crate) fn kernel_share(self) -> f64 {
        self.kernel / self.total()
    }
}

/// Runs `command` with its output going nowhere. Nothing else may be waited for meanwhile: the
/// kernel only tells the sum over all children.
pub(crate) fn of(command: &mut Command, limit: Duration) -> Result<Cpu> {
    let before = of_children()?;
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let status = bounded::run(command, limit)?;
    let after = of_children()?;
    if !status.success() {
        return Err(Failure::new(bounded::spelled(command), status));
    }
    Ok(Cpu {
        user: after.user - before.user,
        kernel: after.kernel - before.kernel,
    })
}

pub(crate) fn of_children() -> Result<Cpu> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).doing(|| "getrusage".to_owned())?;
    Ok(Cpu {
        user: seconds(usage.user_time()),
        kernel: seconds(usage.system_time()),
    })
}

fn seconds(time: TimeVal) -> f64 {
    time.num_microseconds() as f64 / 1e6
}

/// The middle value; of an even number the upper one. 0 of none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_care_for_order_or_outliers() {
        assert_eq!(median([3.0, 1.0, 900.0]), 3.0);
        assert_eq!(median([]), 0.0);
    }
}

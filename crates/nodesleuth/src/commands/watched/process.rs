//! Whether a process still runs, and its CPU time to the nanosecond.

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use nodesleuth_model::Nanos;
use std::fs;

/// Whether a process has ended, waited for or not.
pub(crate) fn has_ended(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => is_ended(&stat),
        Err(_) => true,
    }
}

/// A zombie whose other threads have ended too; the first thread alone may end before others.
fn is_ended(stat: &str) -> bool {
    let after_name = stat.rsplit_once(')').map_or(stat, |(_, rest)| rest);
    let mut fields = after_name.split_ascii_whitespace();
    let dead = matches!(fields.next(), Some("Z" | "X"));
    // Threads are the 20th field, the state the third.
    dead && fields
        .nth(16)
        .is_none_or(|threads| matches!(threads, "0" | "1"))
}

pub(crate) fn own_cpu() -> Nanos {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Nanos(0), nanos)
}

/// The CPU time of a process, threads that have ended included.
pub(crate) fn cpu_of(pid: u32) -> Option<Nanos> {
    let clock = clock_getcpuclockid(Pid::from_raw(pid.cast_signed())).ok()?;
    clock_gettime(clock).ok().map(nanos)
}

fn nanos(time: TimeSpec) -> Nanos {
    let nanos = std::time::Duration::from(time).as_nanos();
    Nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(state: &str, threads: u32) -> String {
        format!("7 (a) b) {state} 1 7 7 0 -1 4 0 0 0 0 1 1 0 0 20 0 {threads} 0 100 4096 25")
    }

    #[test]
    fn a_zombie_has_ended_only_without_other_threads() {
        assert!(is_ended(&stat("Z", 1)));
        assert!(!is_ended(&stat("Z", 2)));
        assert!(!is_ended(&stat("S", 1)));
    }

    #[test]
    fn we_run_and_use_cpu() {
        assert!(!has_ended(std::process::id()));
        assert!(has_ended(u32::MAX));
        assert!(cpu_of(std::process::id()) > Some(Nanos(0)));
    }
}

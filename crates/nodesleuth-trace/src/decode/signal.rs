//! Names of signals and sets of them.

use std::fmt::Write as _;

/// From 1 on, without "SIG".
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];
/// The first real-time signal, and the last.
const REAL_TIME: std::ops::RangeInclusive<u32> = 32..=64;
/// Sets that hold at least so many of the 64 are shown by what they lack.
const MANY: u32 = 42;

/// A signal's name: `SIGTERM`, `SIGRT_3`.
pub fn signal_name(signal: u32) -> Option<String> {
    short_name(signal).map(|name| format!("SIG{name}"))
}

/// `SIGTERM`; the number when there is no such signal.
pub(super) fn write(signal: u32, out: &mut String) {
    match signal_name(signal) {
        Some(name) => out.push_str(&name),
        None => {
            let _ = write!(out, "{}", signal.cast_signed());
        }
    }
}

/// `[USR2 CHLD]`, `~[RTMIN RT_1]`.
pub(super) fn write_set(set: u64, out: &mut String) {
    let lacks = set.count_ones() >= MANY;
    let shown = if lacks { !set } else { set };
    out.push_str(if lacks { "~[" } else { "[" });
    let members = (1..=64).filter(|signal| shown >> (signal - 1) & 1 == 1);
    for (index, signal) in members.enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(&short_name(signal).unwrap_or_default());
    }
    out.push(']');
}

fn short_name(signal: u32) -> Option<String> {
    let index = usize::try_from(signal).ok()?.checked_sub(1)?;
    match NAMES.get(index) {
        Some(name) => Some((*name).to_owned()),
        None if signal == *REAL_TIME.start() => Some("RTMIN".to_owned()),
        None if REAL_TIME.contains(&signal) => Some(format!("RT_{}", signal - REAL_TIME.start())),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_and_sets_are_named_as_strace_names_them() {
        assert_eq!(signal_name(15).as_deref(), Some("SIGTERM"));
        assert_eq!(signal_name(31).as_deref(), Some("SIGSYS"));
        assert_eq!(signal_name(35).as_deref(), Some("SIGRT_3"));
        assert_eq!((signal_name(0), signal_name(65)), (None, None));
        let set = |set| {
            let mut out = String::new();
            write_set(set, &mut out);
            out
        };
        assert_eq!(set(0), "[]");
        assert_eq!(
            set(1 | 1 << 31 | 1 << 32 | 1 << 63),
            "[HUP RTMIN RT_1 RT_32]"
        );
        assert_eq!(set(!(3 << 31)), "~[RTMIN RT_1]");
        assert_eq!(set(u64::MAX), "~[]");
    }
}

//! Times, timers and limits.

use super::{i64_at, u64_at};
use crate::decode::printer::Printer;

/// `struct timespec`.
pub(in crate::decode) fn timespec(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    pair(to, bytes, 0, "tv_nsec")
}

/// `struct timeval`.
pub(in crate::decode) fn timeval(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    pair(to, bytes, 0, "tv_usec")
}

/// Two `struct timespec`: when a file was read and written.
pub(in crate::decode) fn timespecs(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("[");
    pair(to, bytes, 0, "tv_nsec")?;
    to.text(", ");
    pair(to, bytes, 16, "tv_nsec")?;
    to.text("]");
    Some(())
}

/// `struct itimerspec`.
pub(in crate::decode) fn itimerspec(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    timer(to, bytes, "tv_nsec")
}

/// `struct itimerval`.
pub(in crate::decode) fn itimerval(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    timer(to, bytes, "tv_usec")
}

/// `struct rlimit64`.
pub(in crate::decode) fn limit(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("{rlim_cur=");
    limit_value(to, u64_at(bytes, 0)?);
    to.text(", rlim_max=");
    limit_value(to, u64_at(bytes, 8)?);
    to.text("}");
    Some(())
}

fn limit_value(to: &mut Printer<'_>, value: u64) {
    match value {
        u64::MAX => to.text("RLIM64_INFINITY"),
        value if value > 1024 && value.is_multiple_of(1024) => {
            to.number(value / 1024);
            to.text("*1024");
        }
        value => to.number(value),
    }
}

fn timer(to: &mut Printer<'_>, bytes: &[u8], part: &str) -> Option<()> {
    to.text("{it_interval=");
    pair(to, bytes, 0, part)?;
    to.text(", it_value=");
    pair(to, bytes, 16, part)?;
    to.text("}");
    Some(())
}

fn pair(to: &mut Printer<'_>, bytes: &[u8], at: usize, part: &str) -> Option<()> {
    to.text("{tv_sec=");
    to.number(i64_at(bytes, at)?);
    to.text(", ");
    to.text(part);
    to.text("=");
    to.number(i64_at(bytes, at + 8)?);
    to.text("}");
    Some(())
}

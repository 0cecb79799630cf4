//! What `clone3` is asked for and what waiting for children tells.

use super::{i32_at, i64_at, u32_at, u64_at};
use crate::End;
use crate::decode::printer::Printer;
use crate::decode::sets::process::{CHILD, CLONE};
use crate::decode::signal;

/// Bits of `clone3`'s flags after which a field of its structure means something.
const PIDFD: u64 = 0x1000;
const SETTLS: u64 = 0x8_0000;
const PARENT_SETTID: u64 = 0x10_0000;
const CHILD_TID: u64 = 0x20_0000 | 0x100_0000;
const INTO_CGROUP: u64 = 0x2_0000_0000;

/// `struct clone_args`.
pub(in crate::decode) fn clone_arguments(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let flags = u64_at(bytes, 0)?;
    to.text("{flags=");
    to.flags(&CLONE, flags);
    address(to, ", pidfd=", flags & PIDFD, u64_at(bytes, 8)?);
    address(to, ", child_tid=", flags & CHILD_TID, u64_at(bytes, 16)?);
    address(
        to,
        ", parent_tid=",
        flags & PARENT_SETTID,
        u64_at(bytes, 24)?,
    );
    to.text(", exit_signal=");
    signal::write(u32_at(bytes, 32)?, to.out);
    address(to, ", stack=", 1, u64_at(bytes, 40)?);
    to.text(", stack_size=");
    to.hex(u64_at(bytes, 48)?);
    address(to, ", tls=", flags & SETTLS, u64_at(bytes, 56)?);
    if flags & INTO_CGROUP != 0 {
        to.text(", cgroup=");
        to.number(u64_at(bytes, 80)?);
    }
    to.text("}");
    Some(())
}

fn address(to: &mut Printer<'_>, label: &str, shown: u64, value: u64) {
    if shown != 0 {
        to.text(label);
        to.pointer(value);
    }
}

/// A status of `wait4`; only there when a child was found.
pub(in crate::decode) fn status(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    if !matches!(to.record.end, End::Returned(child) if child > 0) {
        return None;
    }
    let status = u32_at(bytes, 0)?;
    let (low, high) = (status & 0x7f, status >> 8 & 0xff);
    match (status & 0xffff, low) {
        (0xffff, _) => to.text("[{WIFCONTINUED(s)}]"),
        (_, 0) => {
            to.text("[{WIFEXITED(s) && WEXITSTATUS(s) == ");
            to.number(high);
            to.text("}]");
        }
        (_, 0x7f) => {
            to.text("[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
            signal::write(high, to.out);
            to.text("}]");
        }
        _ => {
            to.text("[{WIFSIGNALED(s) && WTERMSIG(s) == ");
            signal::write(low, to.out);
            to.text(if status & 0x80 != 0 {
                " && WCOREDUMP(s)}]"
            } else {
                "}]"
            });
        }
    }
    Some(())
}

/// `siginfo_t` of `waitid`.
pub(in crate::decode) fn child(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let (number, code) = (u32_at(bytes, 0)?, u32_at(bytes, 8)?);
    if number == 0 {
        to.text("{}");
        return Some(());
    }
    to.text("{si_signo=");
    signal::write(number, to.out);
    to.text(", si_code=");
    CHILD.write_choice(code.into(), to.out);
    to.text(", si_pid=");
    to.number(i32_at(bytes, 16)?);
    to.text(", si_uid=");
    to.number(u32_at(bytes, 20)?);
    to.text(", si_status=");
    match code {
        1 => to.number(i32_at(bytes, 24)?),
        _ => signal::write(u32_at(bytes, 24)?, to.out),
    }
    to.text(", si_utime=");
    to.number(i64_at(bytes, 32)?);
    to.text(", si_stime=");
    to.number(i64_at(bytes, 40)?);
    to.text("}");
    Some(())
}

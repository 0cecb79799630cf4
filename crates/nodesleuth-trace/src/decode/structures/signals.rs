//! Signal sets and actions.

use super::{u32_at, u64_at};
use crate::decode::printer::Printer;
use crate::decode::sets::process::{ACTION, SIGNAL_STACK};
use crate::decode::signal;

/// Says that `sa_restorer` holds something.
const SA_RESTORER: u64 = 0x400_0000;

/// `sigset_t` of the kernel.
pub(in crate::decode) fn set(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    signal::write_set(u64_at(bytes, 0)?, to.out);
    Some(())
}

/// `struct sigaction` of the kernel.
pub(in crate::decode) fn action(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let (handler, flags) = (u64_at(bytes, 0)?, u64_at(bytes, 8)?);
    let (restorer, mask) = (u64_at(bytes, 16)?, u64_at(bytes, 24)?);
    to.text("{sa_handler=");
    match handler {
        0 => to.text("SIG_DFL"),
        1 => to.text("SIG_IGN"),
        _ => to.hex(handler),
    }
    to.text(", sa_mask=");
    signal::write_set(mask, to.out);
    to.text(", sa_flags=");
    to.flags(&ACTION, flags);
    if flags & SA_RESTORER != 0 {
        to.text(", sa_restorer=");
        to.pointer(restorer);
    }
    to.text("}");
    Some(())
}

/// `stack_t`.
pub(in crate::decode) fn stack(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("{ss_sp=");
    to.pointer(u64_at(bytes, 0)?);
    to.text(", ss_flags=");
    to.flags(&SIGNAL_STACK, u32_at(bytes, 8)?.into());
    to.text(", ss_size=");
    to.number(u64_at(bytes, 16)?);
    to.text("}");
    Some(())
}

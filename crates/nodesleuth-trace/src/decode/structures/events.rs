//! epoll's and poll's arrays.

use super::{i32_at, u16_at, u32_at, u64_at};
use crate::decode::printer::Printer;
use crate::decode::sets::events::{EPOLL, POLL};
use crate::{Arch, End};

/// Bytes of a `struct pollfd`.
const POLLFD: usize = 8;

/// Bytes of a `struct epoll_event`, and where its data begins: packed on x86-64 only.
fn event_layout(arch: Arch) -> (usize, usize) {
    match arch {
        Arch::X86_64 => (12, 4),
        Arch::Aarch64 => (16, 8),
    }
}

/// The event of `epoll_ctl`.
pub(in crate::decode) fn event(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let (_, data_at) = event_layout(to.arch);
    let data = u64_at(bytes, data_at)?;
    to.text("{events=");
    to.flags(&EPOLL, u32_at(bytes, 0)?.into());
    to.text(", data={u32=");
    to.number(u32_at(bytes, data_at)?);
    to.text(", u64=");
    to.number(data);
    to.text("}}");
    Some(())
}

/// The events that `epoll_wait` filled.
pub(in crate::decode) fn events(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let (size, _) = event_layout(to.arch);
    to.text("[");
    for (index, bytes) in bytes.chunks_exact(size).enumerate() {
        if index > 0 {
            to.text(", ");
        }
        event(to, bytes)?;
    }
    let all = match to.record.end {
        End::Returned(count) => usize::try_from(count).is_ok_and(|all| all <= bytes.len() / size),
        End::InFlight | End::ThreadEnded => true,
    };
    to.text(if all { "]" } else { ", ...]" });
    Some(())
}

/// What `poll` waits for.
pub(in crate::decode) fn poll_descriptors(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("[");
    for (index, one) in bytes.chunks_exact(POLLFD).enumerate() {
        if index > 0 {
            to.text(", ");
        }
        let descriptor = i32_at(one, 0)?;
        to.text("{fd=");
        to.descriptor(descriptor);
        if descriptor >= 0 {
            to.text(", events=");
            to.flags(&POLL, u16_at(one, 4)?.into());
        }
        to.text("}");
    }
    let count = to.record.arguments[1];
    let all = usize::try_from(count).is_ok_and(|count| count <= bytes.len() / POLLFD);
    to.text(if all { "]" } else { ", ...]" });
    Some(())
}

/// What `poll` found: ` ([{fd=4, revents=POLLIN}])`.
pub(in crate::decode) fn ready(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text(" ([");
    let mut first = true;
    for one in bytes.chunks_exact(POLLFD) {
        let found = u16_at(one, 6)?;
        if found == 0 {
            continue;
        }
        to.text(if first { "{fd=" } else { ", {fd=" });
        to.number(i32_at(one, 0)?);
        to.text(", revents=");
        to.flags(&POLL, found.into());
        to.text("}");
        first = false;
    }
    to.text("])");
    Some(())
}

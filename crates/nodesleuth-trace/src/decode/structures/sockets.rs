//! Addresses, options and messages of sockets.

use super::{i32_at, u16_at, u32_at, u64_at};
use crate::Captured;
use crate::decode::printer::Printer;
use crate::decode::sets::network::{FAMILY, MSG};
use std::net::{Ipv4Addr, Ipv6Addr};

const UNIX: u16 = 1;
const INET: u16 = 2;
const INET6: u16 = 10;
const NETLINK: u16 = 16;

/// Bytes of a `struct iovec`.
const IOVEC: usize = 16;

/// An address that a call hands over: as long as it says.
pub(in crate::decode) fn address(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let family = u16_at(bytes, 0)?;
    to.text("{sa_family=");
    FAMILY.write_choice(family.into(), to.out);
    let known = match family {
        UNIX => unix(to, &bytes[2..]),
        INET => inet(to, bytes),
        INET6 => inet6(to, bytes),
        NETLINK => netlink(to, bytes),
        _ => None,
    };
    if known.is_none() {
        to.text(", sa_data=");
        to.escaped(&bytes[2..]);
    }
    to.text("}");
    Some(())
}

/// An address that a call fills. Its length is behind the next argument.
pub(in crate::decode) fn filled_address(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let length = match to.after(2) {
        Captured::Bytes(length) => usize::try_from(u32_at(length, 0)?).ok()?,
        Captured::Nothing | Captured::Unreadable => bytes.len(),
    };
    address(to, &bytes[..length.min(bytes.len())])
}

/// The path; one that begins with a NUL is no file and is shown with `@`.
fn unix(to: &mut Printer<'_>, path: &[u8]) -> Option<()> {
    match path {
        [] => {}
        [0, name @ ..] => {
            to.text(", sun_path=@");
            to.escaped(name);
        }
        path => {
            to.text(", sun_path=");
            to.escaped(path.split(|byte| *byte == 0).next()?);
        }
    }
    Some(())
}

fn inet(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let host = Ipv4Addr::from(u32_at(bytes, 4)?.swap_bytes());
    to.text(", sin_port=htons(");
    to.number(u16_at(bytes, 2)?.swap_bytes());
    to.text("), sin_addr=inet_addr(\"");
    to.number(host);
    to.text("\")");
    Some(())
}

fn inet6(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let host: [u8; 16] = *bytes.get(8..)?.first_chunk()?;
    let scope = u32_at(bytes, 24)?;
    to.text(", sin6_port=htons(");
    to.number(u16_at(bytes, 2)?.swap_bytes());
    to.text("), sin6_flowinfo=htonl(");
    to.number(u32_at(bytes, 4)?.swap_bytes());
    to.text("), inet_pton(AF_INET6, \"");
    to.number(Ipv6Addr::from(host));
    to.text("\", &sin6_addr), sin6_scope_id=");
    to.number(scope);
    Some(())
}

fn netlink(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    let groups = u32_at(bytes, 8)?;
    to.text(", nl_pid=");
    to.number(i32_at(bytes, 4)?);
    to.text(", nl_groups=");
    to.number(format_args!("{groups:#08x}"));
    Some(())
}

/// A number behind a pointer: `[16]`.
pub(in crate::decode) fn int(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("[");
    to.number(i32_at(bytes, 0)?);
    to.text("]");
    Some(())
}

/// The value of an option: a number, or bytes.
pub(in crate::decode) fn option(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    if bytes.len() == 4 {
        return int(to, bytes);
    }
    to.escaped(bytes);
    Some(())
}

/// Two descriptors that a call made.
pub(in crate::decode) fn descriptors(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("[");
    to.descriptor(i32_at(bytes, 0)?);
    to.text(", ");
    to.descriptor(i32_at(bytes, 4)?);
    to.text("]");
    Some(())
}

/// Buffers: where they are and how long, not what they hold.
pub(in crate::decode) fn buffers(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("[");
    for (index, one) in bytes.chunks_exact(IOVEC).enumerate() {
        if index > 0 {
            to.text(", ");
        }
        to.text("{iov_base=");
        to.pointer(u64_at(one, 0)?);
        to.text(", iov_len=");
        to.number(u64_at(one, 8)?);
        to.text("}");
    }
    let count = to.record.arguments[2];
    let all = usize::try_from(count).is_ok_and(|count| count <= bytes.len() / IOVEC);
    to.text(if all { "]" } else { ", ...]" });
    Some(())
}

/// `struct msghdr`: where its parts are and how long.
pub(in crate::decode) fn message(to: &mut Printer<'_>, bytes: &[u8]) -> Option<()> {
    to.text("{msg_name=");
    to.pointer(u64_at(bytes, 0)?);
    to.text(", msg_namelen=");
    to.number(u32_at(bytes, 8)?);
    to.text(", msg_iov=");
    to.pointer(u64_at(bytes, 16)?);
    to.text(", msg_iovlen=");
    to.number(u64_at(bytes, 24)?);
    to.text(", msg_controllen=");
    to.number(u64_at(bytes, 40)?);
    to.text(", msg_flags=");
    to.flags(&MSG, u32_at(bytes, 48)?.into());
    to.text("}");
    Some(())
}

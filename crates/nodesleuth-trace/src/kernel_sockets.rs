//! What the kernel tells through sockets only: how many packet filter rules a table has, and the
//! audit rules.

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// `IPT_SO_GET_INFO` and `IP6T_SO_GET_INFO` of `<linux/netfilter_ipv4/ip_tables.h>`.
const GET_INFO: libc::c_int = 64;
/// Bytes of a table's name.
const NAME: usize = 32;

/// Internet protocol of a packet filter table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternetProtocol {
    /// ip_tables.
    V4,
    /// ip6_tables.
    V6,
}

/// `struct ipt_getinfo`; that of ip6_tables is the same.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct TableInfo {
    name: [u8; NAME],
    valid_hooks: u32,
    hook_entry: [u32; 5],
    underflow: [u32; 5],
    entries: u32,
    size: u32,
}

/// Entries of a packet filter table of this network namespace: its rules, and one for the end of
/// each chain. Needs CAP_NET_ADMIN.
///
/// Ask only for a table that `/proc/net/ip_tables_names` lists: asking for another one makes it.
///
/// # Errors
/// When there is no such table, or the kernel refuses.
pub fn packet_table_entries(protocol: InternetProtocol, table: &str) -> io::Result<u32> {
    if table.len() >= NAME {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let (family, level) = match protocol {
        InternetProtocol::V4 => (libc::AF_INET, libc::IPPROTO_IP),
        InternetProtocol::V6 => (libc::AF_INET6, libc::IPPROTO_IPV6),
    };
    let socket = open(family, libc::SOCK_DGRAM, 0)?;
    let mut info = TableInfo::default();
    info.name[..table.len()].copy_from_slice(table.as_bytes());
    let mut length = mem::size_of::<TableInfo>() as libc::socklen_t;
    // SAFETY: the kernel reads a name from and writes no more than `length` bytes to `info`, which
    // is that long, made of integers only, and lives until the call ends.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            GET_INFO,
            (&raw mut info).cast(),
            &raw mut length,
        )
    };
    match done {
        0 => Ok(info.entries),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A socket to the kernel's audit. Needs CAP_AUDIT_CONTROL and the initial PID namespace to be
/// answered.
#[derive(Debug)]
pub struct AuditSocket(OwnedFd);

impl AuditSocket {
    /// Opens one that gives up waiting after `patience`.
    ///
    /// # Errors
    /// When this kernel has no audit, or the kernel refuses.
    pub fn open(patience: Duration) -> io::Result<Self> {
        let socket = open(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_AUDIT)?;
        let limit = libc::timeval {
            tv_sec: patience.as_secs() as libc::time_t,
            tv_usec: libc::suseconds_t::from(patience.subsec_micros() as i32),
        };
        let length = mem::size_of::<libc::timeval>() as libc::socklen_t;
        // SAFETY: the kernel reads `length` bytes of `limit`, which is that long.
        let set = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_RCVTIMEO,
                (&raw const limit).cast(),
                length,
            )
        };
        match set {
            0 => Ok(Self(socket)),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Sends a request to the kernel.
    ///
    /// # Errors
    /// When the kernel refuses it.
    pub fn send(&self, message: &[u8]) -> io::Result<()> {
        // SAFETY: the kernel reads `message.len()` bytes of `message`. An unconnected netlink
        // socket sends to the kernel.
        let sent = unsafe {
            libc::send(
                self.0.as_raw_fd(),
                message.as_ptr().cast(),
                message.len(),
                0,
            )
        };
        match sent {
            sent if sent < 0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }

    /// The next datagram of the answer; how long it is.
    ///
    /// # Errors
    /// When none came in time.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // SAFETY: the kernel writes no more than `buffer.len()` bytes to `buffer`.
        let got = unsafe {
            libc::recv(
                self.0.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                0,
            )
        };
        usize::try_from(got).map_err(|_| io::Error::last_os_error())
    }
}

fn open(family: libc::c_int, kind: libc::c_int, protocol: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: all arguments are numbers.
    let socket = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
    if socket < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just handed us this descriptor; nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(socket) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_structure_has_its_size() {
        assert_eq!(mem::size_of::<TableInfo>(), 84);
    }

    #[test]
    fn a_name_that_is_too_long_is_refused_before_the_kernel_sees_it() {
        let error = packet_table_entries(InternetProtocol::V4, &"x".repeat(NAME)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}

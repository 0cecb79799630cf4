//! What of a call's memory goes into its record: which argument of which system call, and how many
//! bytes of it at most.
//!
//! A record has four slots. The first two are read when the call begins, the last two when it has
//! returned (and without error, except where the table says otherwise). A slot that was not asked
//! for is [`Captured::Nothing`](crate::Captured::Nothing), one whose memory could not be read is
//! [`Captured::Unreadable`](crate::Captured::Unreadable). Everything else is the raw bytes, in the
//! machine's byte order:
//!
//! | form | bytes |
//! |---|---|
//! | `string(a)` | argument a up to and with its NUL; none at the end: it was longer than the slot |
//! | `fixed(a, n)` | n bytes at argument a |
//! | `counted(a, c, unit, most)` | argument c units of so many bytes, cut at `most` |
//! | `returned(a, unit, most)` | as many units as the call returned, cut at `most` |
//!
//! Arguments count from 0. A slot holds at most [`MOST`] bytes.

/// How many bytes a slot holds at most.
pub const MOST: [u16; 4] = [512, 256, 256, 64];

/// One slot of a record: what is read into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// How much is read.
    pub extent: Extent,
    /// The argument that points to it.
    pub pointer: u8,
    /// Read also when the call failed; only of slots that are read after the call.
    pub even_on_error: bool,
}

impl Slot {
    /// The argument that says how many units there are.
    pub(crate) fn count(&self) -> Option<u8> {
        match self.extent {
            Extent::Counted { count, .. } => Some(count),
            Extent::String | Extent::Fixed(_) | Extent::Returned { .. } => None,
        }
    }
}

/// How much of the memory at a pointer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Up to the NUL.
    String,
    /// So many bytes.
    Fixed(u16),
    /// As many units as an argument says.
    Counted {
        /// That argument.
        count: u8,
        /// Bytes of a unit.
        unit: u16,
        /// Bytes at most.
        most: u16,
    },
    /// As many units as the call returned.
    Returned {
        /// Bytes of a unit.
        unit: u16,
        /// Bytes at most.
        most: u16,
    },
}

/// The slots of one system call.
pub type Slots = [Option<Slot>; 4];

/// The slots of a system call; none when nothing of its memory is read.
pub fn of(name: &str) -> Slots {
    let found = TABLE.iter().find(|(names, _)| names.contains(&name));
    found.map_or([None; 4], |(_, slots)| *slots)
}

/// The same slots, with other room for data: what a call reads or writes, of which [`DATA`] bytes
/// are read unless told otherwise.
pub fn with_data(slots: Slots, bytes: u16) -> Slots {
    slots.map(|slot| {
        slot.map(|slot| Slot {
            extent: slot.extent.with_data(bytes),
            ..slot
        })
    })
}

impl Extent {
    fn with_data(self, bytes: u16) -> Self {
        match self {
            Self::Counted {
                count,
                unit: 1,
                most: DATA,
            } => Self::Counted {
                count,
                unit: 1,
                most: bytes.min(MOST_DATA),
            },
            Self::Returned {
                unit: 1,
                most: DATA,
            } => Self::Returned {
                unit: 1,
                most: bytes.min(MOST_DATA),
            },
            other => other,
        }
    }
}

const fn string(pointer: u8) -> Option<Slot> {
    slot(pointer, Extent::String)
}

const fn fixed(pointer: u8, bytes: u16) -> Option<Slot> {
    slot(pointer, Extent::Fixed(bytes))
}

const fn counted(pointer: u8, count: u8, unit: u16, most: u16) -> Option<Slot> {
    slot(pointer, Extent::Counted { count, unit, most })
}

const fn returned(pointer: u8, unit: u16, most: u16) -> Option<Slot> {
    slot(pointer, Extent::Returned { unit, most })
}

const fn slot(pointer: u8, extent: Extent) -> Option<Slot> {
    Some(Slot {
        extent,
        pointer,
        even_on_error: false,
    })
}

/// Also when the call failed: the time that a sleep had left, a status.
const fn always(slot: Option<Slot>) -> Option<Slot> {
    match slot {
        Some(slot) => Some(Slot {
            even_on_error: true,
            ..slot
        }),
        None => None,
    }
}

/// Bytes of data that are read unless told otherwise: as many as strace shows.
pub const DATA: u16 = 32;
/// Bytes of data that can be read at most: a slot of every kind has room for them.
pub const MOST_DATA: u16 = 256;
const TIMESPEC: u16 = 16;
const STAT: u16 = 56;
const STATX: u16 = 48;
const EPOLL_EVENT: u16 = if cfg!(target_arch = "x86_64") { 12 } else { 16 };
const POLLFD: u16 = 8;
const IOVEC: u16 = 16;
const MSGHDR: u16 = 56;
const SOCKADDR: u16 = 110;

const NO: Option<Slot> = None;

type Row = (&'static [&'static str], Slots);

/// What is read, by system call.
pub const TABLE: &[Row] = &[
    // Paths: `st_mode` and `st_size` of a stat are in its first 56 bytes, of a statx in 48.
    (
        &[
            "open",
            "creat",
            "access",
            "chdir",
            "chroot",
            "rmdir",
            "mkdir",
            "unlink",
            "truncate",
            "chmod",
            "chown",
            "lchown",
            "mknod",
            "statfs",
            "swapon",
            "swapoff",
            "umount2",
            "acct",
            "uselib",
            "memfd_create",
        ],
        [string(0), NO, NO, NO],
    ),
    (
        &[
            "openat",
            "faccessat",
            "faccessat2",
            "unlinkat",
            "mkdirat",
            "mknodat",
            "fchmodat",
            "fchmodat2",
            "fchownat",
            "futimesat",
            "inotify_add_watch",
            "name_to_handle_at",
            "open_tree",
            "execveat",
        ],
        [string(1), NO, NO, NO],
    ),
    (&["openat2"], [string(1), fixed(2, 24), NO, NO]),
    (&["execve"], [string(0), NO, NO, NO]),
    (
        &["mount"],
        [string(0), string(1), always(string(4)), always(string(2))],
    ),
    (
        &["rename", "link", "symlink", "pivot_root"],
        [string(0), string(1), NO, NO],
    ),
    (
        &["renameat", "renameat2", "linkat"],
        [string(1), string(3), NO, NO],
    ),
    (&["symlinkat"], [string(0), string(2), NO, NO]),
    (
        &[
            "getxattr",
            "lgetxattr",
            "setxattr",
            "lsetxattr",
            "removexattr",
            "lremovexattr",
        ],
        [string(0), string(1), NO, NO],
    ),
    (
        &["fgetxattr", "fsetxattr", "fremovexattr"],
        [string(1), NO, NO, NO],
    ),
    (&["listxattr", "llistxattr"], [string(0), NO, NO, NO]),
    (&["utimensat"], [string(1), fixed(2, 32), NO, NO]),
    (&["readlink"], [string(0), NO, returned(1, 1, 256), NO]),
    (&["readlinkat"], [string(1), NO, returned(2, 1, 256), NO]),
    (&["getcwd"], [NO, NO, returned(0, 1, 256), NO]),
    (&["stat", "lstat"], [string(0), NO, fixed(1, STAT), NO]),
    (&["newfstatat"], [string(1), NO, fixed(2, STAT), NO]),
    (&["fstat"], [NO, NO, fixed(1, STAT), NO]),
    (&["statx"], [string(1), NO, fixed(4, STATX), NO]),
    // Data.
    (&["read", "pread64"], [NO, NO, returned(1, 1, DATA), NO]),
    (&["write", "pwrite64"], [counted(1, 2, 1, DATA), NO, NO, NO]),
    (
        &[
            "readv", "preadv", "preadv2", "writev", "pwritev", "pwritev2", "vmsplice",
        ],
        [counted(1, 2, IOVEC, 4 * IOVEC), NO, NO, NO],
    ),
    (&["getrandom"], [NO, NO, returned(0, 1, DATA), NO]),
    (&["pipe", "pipe2"], [NO, NO, fixed(0, 8), NO]),
    // Waiting.
    (&["futex"], [fixed(3, TIMESPEC), NO, NO, NO]),
    (&["futex_wait"], [fixed(4, TIMESPEC), NO, NO, NO]),
    (
        &["nanosleep"],
        [fixed(0, TIMESPEC), NO, always(fixed(1, TIMESPEC)), NO],
    ),
    (
        &["clock_nanosleep"],
        [fixed(2, TIMESPEC), NO, always(fixed(3, TIMESPEC)), NO],
    ),
    (
        &["clock_gettime", "clock_getres"],
        [NO, NO, fixed(1, TIMESPEC), NO],
    ),
    (&["clock_settime"], [fixed(1, TIMESPEC), NO, NO, NO]),
    (&["gettimeofday"], [NO, NO, fixed(0, 16), NO]),
    (&["epoll_ctl"], [fixed(3, EPOLL_EVENT), NO, NO, NO]),
    (
        &["epoll_wait", "epoll_pwait"],
        [NO, NO, returned(1, EPOLL_EVENT, 20 * EPOLL_EVENT), NO],
    ),
    (
        &["epoll_pwait2"],
        [
            fixed(3, TIMESPEC),
            NO,
            returned(1, EPOLL_EVENT, 20 * EPOLL_EVENT),
            NO,
        ],
    ),
    (
        &["poll"],
        [
            counted(0, 1, POLLFD, 256),
            NO,
            counted(0, 1, POLLFD, 256),
            NO,
        ],
    ),
    (
        &["ppoll"],
        [
            counted(0, 1, POLLFD, 256),
            fixed(2, TIMESPEC),
            counted(0, 1, POLLFD, 256),
            NO,
        ],
    ),
    (&["select"], [fixed(4, 16), NO, NO, NO]),
    (&["pselect6"], [fixed(4, TIMESPEC), NO, NO, NO]),
    (
        &["rt_sigtimedwait"],
        [fixed(0, 8), fixed(2, TIMESPEC), NO, NO],
    ),
    (&["rt_sigprocmask"], [fixed(1, 8), NO, fixed(2, 8), NO]),
    (&["rt_sigpending"], [NO, NO, fixed(0, 8), NO]),
    (&["rt_sigsuspend"], [fixed(0, 8), NO, NO, NO]),
    (&["rt_sigaction"], [fixed(1, 32), NO, fixed(2, 32), NO]),
    (&["signalfd", "signalfd4"], [fixed(1, 8), NO, NO, NO]),
    (&["timerfd_settime"], [fixed(2, 32), NO, fixed(3, 32), NO]),
    (&["timerfd_gettime"], [NO, NO, fixed(1, 32), NO]),
    (&["timer_settime"], [fixed(2, 32), NO, NO, NO]),
    (&["setitimer"], [fixed(1, 32), NO, NO, NO]),
    // Processes.
    (&["clone3"], [counted(0, 1, 1, 88), NO, NO, NO]),
    (&["wait4"], [NO, NO, fixed(1, 4), NO]),
    (&["waitid"], [NO, NO, fixed(2, 48), NO]),
    (&["prlimit64"], [fixed(2, 16), NO, fixed(3, 16), NO]),
    (&["setrlimit"], [fixed(1, 16), NO, NO, NO]),
    (&["getrlimit"], [NO, NO, fixed(1, 16), NO]),
    (&["sched_setaffinity"], [counted(2, 1, 1, 128), NO, NO, NO]),
    (&["sched_getaffinity"], [NO, NO, returned(2, 1, 128), NO]),
    (&["prctl"], [string(1), NO, NO, NO]),
    // Network. The length of an accepted address is itself behind a pointer: 64 bytes are read.
    (
        &["connect", "bind"],
        [counted(1, 2, 1, SOCKADDR), NO, NO, NO],
    ),
    (
        &["accept", "accept4", "getsockname", "getpeername"],
        [NO, NO, fixed(2, 4), fixed(1, 64)],
    ),
    (
        &["sendto"],
        [counted(1, 2, 1, DATA), counted(4, 5, 1, SOCKADDR), NO, NO],
    ),
    (&["recvfrom"], [NO, NO, returned(1, 1, DATA), fixed(4, 28)]),
    (&["sendmsg"], [fixed(1, MSGHDR), NO, NO, NO]),
    (&["recvmsg"], [NO, NO, fixed(1, MSGHDR), NO]),
    (&["setsockopt"], [counted(3, 4, 1, 16), NO, NO, NO]),
    (&["getsockopt"], [NO, NO, fixed(4, 4), fixed(3, 4)]),
    (&["socketpair"], [NO, NO, fixed(3, 8), NO]),
    // The number or structure that many requests hand over or fill.
    (&["ioctl"], [fixed(2, 8), NO, fixed(2, 8), NO]),
    // A lock's `struct flock`; other commands pass a number, which is no address.
    (&["fcntl"], [fixed(2, 32), NO, NO, NO]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arch;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_a_system_call_and_stands_once() {
        let mut seen = BTreeSet::new();
        for name in TABLE.iter().flat_map(|(names, _)| *names) {
            assert!(seen.insert(name), "{name} stands twice");
            let known = Arch::X86_64.number(name).or(Arch::Aarch64.number(name));
            assert!(known.is_some(), "{name} is no system call");
        }
    }

    #[test]
    fn no_slot_can_hold_more_than_it_has_room_for() {
        for (names, slots) in TABLE {
            for (slot, most) in slots.iter().zip(MOST) {
                let bytes = match slot.map(|slot| slot.extent) {
                    None | Some(Extent::String) => 0,
                    Some(Extent::Fixed(bytes)) => bytes,
                    Some(Extent::Counted { most, .. } | Extent::Returned { most, .. }) => most,
                };
                assert!(bytes <= most, "{names:?} wants {bytes} of {most}");
            }
        }
    }

    #[test]
    fn more_data_may_be_wanted_and_only_data_changes() {
        let most = |name, bytes| {
            let slots = with_data(of(name), bytes);
            slots.map(|slot| match slot.map(|slot| slot.extent) {
                Some(Extent::Counted { most, .. } | Extent::Returned { most, .. }) => most,
                _ => 0,
            })
        };
        assert_eq!(most("read", 200), [0, 0, 200, 0]);
        assert_eq!(most("read", 0), [0, 0, 0, 0]);
        assert_eq!(most("write", u16::MAX), [256, 0, 0, 0]);
        assert_eq!(most("sendto", 8), [8, SOCKADDR, 0, 0]);
        assert_eq!(with_data(of("openat"), 200), of("openat"));
    }

    #[test]
    fn what_returns_is_not_read_before_it_has() {
        for (names, slots) in TABLE {
            let early = slots[..2].iter().flatten();
            for slot in early {
                let returned = matches!(slot.extent, Extent::Returned { .. });
                assert!(!returned && !slot.even_on_error, "{names:?}");
            }
        }
    }
}

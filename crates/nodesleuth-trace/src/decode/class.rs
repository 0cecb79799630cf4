//! Groups of system calls by what they are about, with strace's names: `%file`, `%network`.

use super::kind::Kind;
use super::signatures;
use crate::Arch;
use std::collections::BTreeSet;

/// How a group says which calls belong to it.
#[derive(Clone, Copy)]
enum Members {
    /// Those with an argument of this sort.
    With(fn(&Kind) -> bool),
    /// Those whose name begins with one of these.
    Named(&'static [&'static str]),
}

const CLASSES: &[(&str, Members)] = &[
    ("file", Members::With(is_path)),
    ("desc", Members::With(is_descriptor)),
    (
        "network",
        Members::Named(&[
            "socket",
            "bind",
            "connect",
            "listen",
            "accept",
            "getsockname",
            "getpeername",
            "sendto",
            "recvfrom",
            "sendmsg",
            "recvmsg",
            "sendmmsg",
            "recvmmsg",
            "shutdown",
            "setsockopt",
            "getsockopt",
            "sendfile",
        ]),
    ),
    (
        "process",
        Members::Named(&[
            "fork",
            "vfork",
            "clone",
            "execve",
            "exit",
            "wait4",
            "waitid",
            "kill",
            "tkill",
            "tgkill",
            "unshare",
            "pidfd_",
            "rt_sigqueueinfo",
            "rt_tgsigqueueinfo",
        ]),
    ),
    (
        "memory",
        Members::Named(&[
            "mmap",
            "munmap",
            "mprotect",
            "pkey_",
            "madvise",
            "process_madvise",
            "mremap",
            "msync",
            "mincore",
            "mlock",
            "munlock",
            "brk",
            "mbind",
            "migrate_pages",
            "move_pages",
            "get_mempolicy",
            "set_mempolicy",
            "remap_file_pages",
            "shmat",
            "shmdt",
            "memfd_",
            "mseal",
            "map_shadow_stack",
        ]),
    ),
    (
        "signal",
        Members::Named(&[
            "rt_sig",
            "rt_tgsig",
            "kill",
            "tkill",
            "tgkill",
            "sigaltstack",
            "signalfd",
            "pause",
            "pidfd_send_signal",
        ]),
    ),
    ("ipc", Members::Named(&["shm", "sem", "msg"])),
    (
        "creds",
        Members::Named(&[
            "getuid",
            "geteuid",
            "getgid",
            "getegid",
            "setuid",
            "setgid",
            "setreuid",
            "setregid",
            "getresuid",
            "getresgid",
            "setresuid",
            "setresgid",
            "getgroups",
            "setgroups",
            "setfsuid",
            "setfsgid",
            "capget",
            "capset",
            "prctl",
        ]),
    ),
    (
        "clock",
        Members::Named(&[
            "clock_adjtime",
            "clock_getres",
            "clock_gettime",
            "clock_settime",
            "gettimeofday",
            "settimeofday",
            "time",
            "adjtimex",
        ]),
    ),
];

/// Whole names: as beginnings they would take in too much.
const WHOLE: &[&str] = &["time"];

/// The names of the groups.
pub fn classes() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|(name, _)| *name)
}

/// The numbers of a group's calls; `None`: there is no such group.
pub fn class(arch: Arch, name: &str) -> Option<BTreeSet<u16>> {
    let name = if name == "net" { "network" } else { name };
    let (_, members) = CLASSES.iter().find(|(known, _)| *known == name)?;
    Some(match members {
        Members::With(wanted) => with(arch, *wanted),
        Members::Named(beginnings) => named(arch, beginnings),
    })
}

fn with(arch: Arch, wanted: fn(&Kind) -> bool) -> BTreeSet<u16> {
    signatures::all()
        .filter(|signature| signature.kinds(&[0; 6]).iter().any(wanted))
        .flat_map(|signature| signature.names)
        .filter_map(|name| arch.number(name))
        .collect()
}

fn named(arch: Arch, beginnings: &[&str]) -> BTreeSet<u16> {
    let belongs = |name: &str| {
        beginnings.iter().any(|beginning| {
            name == *beginning || (!WHOLE.contains(beginning) && name.starts_with(beginning))
        })
    };
    let all = arch.names().iter();
    all.filter(|(_, name)| belongs(name))
        .map(|(number, _)| *number)
        .collect()
}

fn is_path(kind: &Kind) -> bool {
    matches!(kind, Kind::Path)
}

fn is_descriptor(kind: &Kind) -> bool {
    matches!(kind, Kind::Descriptor | Kind::Folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(class_name: &str, call: &str) -> bool {
        let number = Arch::X86_64.number(call).unwrap();
        class(Arch::X86_64, class_name).unwrap().contains(&number)
    }

    #[test]
    fn groups_hold_what_they_are_about_and_nothing_else() {
        for (class, call) in [
            ("file", "openat"),
            ("file", "open"),
            ("file", "execve"),
            ("file", "statx"),
            ("file", "mount"),
            ("desc", "read"),
            ("desc", "epoll_ctl"),
            ("desc", "ioctl"),
            ("desc", "fcntl"),
            ("network", "socketpair"),
            ("net", "accept4"),
            ("process", "clone3"),
            ("process", "clone"),
            ("process", "exit_group"),
            ("memory", "mlock2"),
            ("memory", "brk"),
            ("signal", "rt_sigaction"),
            ("ipc", "semop"),
            ("clock", "time"),
        ] {
            assert!(holds(class, call), "%{class} lacks {call}");
        }
        for (class, call) in [
            ("file", "read"),
            ("desc", "getpid"),
            ("process", "pidfd_open"),
            ("clock", "times"),
            ("clock", "timer_create"),
            ("network", "pipe"),
            ("memory", "read"),
        ] {
            let expected = call == "pidfd_open";
            assert_eq!(holds(class, call), expected, "%{class} and {call}");
        }
        assert!(class(Arch::X86_64, "nothing").is_none());
    }

    #[test]
    fn every_group_has_members_on_both_architectures_and_every_beginning_is_needed() {
        for (name, members) in CLASSES {
            for arch in [Arch::X86_64, Arch::Aarch64] {
                assert!(!class(arch, name).unwrap().is_empty(), "%{name}");
            }
            if let Members::Named(beginnings) = members {
                for beginning in *beginnings {
                    assert!(!named(Arch::X86_64, &[beginning]).is_empty(), "{beginning}");
                }
            }
        }
    }
}

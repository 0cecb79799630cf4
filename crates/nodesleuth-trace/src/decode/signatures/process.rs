//! Processes, threads, signals and scheduling.

use crate::decode::kind::Kind::{
    self, Choice, Descriptor, Flags, Folder, Hex, In, Int, Out, Path, Pointer, Signal, Size, Text,
    Unsigned, Value,
};
use crate::decode::kind::{Gives, Signature};
use crate::decode::printer::low;
use crate::decode::sets::{files, process as set};
use crate::decode::structures::calls::clone;
use crate::decode::structures::processes::{child, clone_arguments, status};
use crate::decode::structures::signals;
use crate::decode::structures::times::{limit, timespec};

pub(super) const CALLS: &[Signature] = &[
    Signature::of(
        &[
            "fork",
            "vfork",
            "getpid",
            "gettid",
            "getppid",
            "getuid",
            "geteuid",
            "getgid",
            "getegid",
            "getpgrp",
            "setsid",
            "pause",
            "sched_yield",
            "restart_syscall",
            "rt_sigreturn",
        ],
        &[],
    ),
    // One notation for all of them.
    Signature::by(&["clone"], 5, |_| &[Value(clone)]),
    Signature::of(&["clone3"], &[In(clone_arguments), Size]),
    Signature::of(&["execve"], &[Path, Pointer, Pointer]),
    Signature::of(
        &["execveat"],
        &[Folder, Path, Pointer, Pointer, Flags(&files::AT)],
    ),
    Signature::of(&["exit", "exit_group"], &[Int]),
    Signature::of(&["wait4"], &[Int, Out(status), Flags(&set::WAIT), Pointer]),
    Signature::of(
        &["waitid"],
        &[
            Choice(&set::WAIT_FOR),
            Int,
            Out(child),
            Flags(&set::WAIT),
            Pointer,
        ],
    ),
    Signature::of(&["unshare"], &[Flags(&set::CLONE)]),
    Signature::of(&["setns"], &[Descriptor, Flags(&set::CLONE)]),
    Signature::of(&["kill", "tkill"], &[Int, Signal]),
    Signature::of(&["tgkill"], &[Int, Int, Signal]),
    Signature::of(&["pidfd_open"], &[Int, Hex]).gives(Gives::Descriptor),
    Signature::of(&["pidfd_send_signal"], &[Descriptor, Signal, Pointer, Hex]),
    Signature::of(&["pidfd_getfd"], &[Descriptor, Int, Hex]).gives(Gives::Descriptor),
    Signature::of(
        &["rt_sigaction"],
        &[Signal, In(signals::action), Out(signals::action), Size],
    ),
    Signature::of(
        &["rt_sigprocmask"],
        &[
            Choice(&set::MASK),
            In(signals::set),
            Out(signals::set),
            Size,
        ],
    ),
    Signature::of(&["rt_sigpending"], &[Out(signals::set), Size]),
    Signature::of(&["rt_sigsuspend"], &[In(signals::set), Size]),
    Signature::of(
        &["rt_sigtimedwait"],
        &[In(signals::set), Pointer, In(timespec), Size],
    ),
    Signature::of(&["sigaltstack"], &[Pointer, Pointer]),
    Signature::by(&["prctl"], 5, prctl),
    Signature::of(&["arch_prctl"], &[Choice(&set::ARCH_PRCTL), Pointer]),
    Signature::of(&["set_tid_address"], &[Pointer]),
    Signature::of(&["set_robust_list"], &[Pointer, Size]),
    Signature::of(&["rseq"], &[Pointer, Hex, Hex, Hex]),
    Signature::of(&["membarrier"], &[Hex, Hex, Int]),
    Signature::of(
        &["prlimit64"],
        &[Int, Choice(&set::LIMIT), In(limit), Out(limit)],
    ),
    Signature::of(&["setrlimit"], &[Choice(&set::LIMIT), In(limit)]),
    Signature::of(&["getrlimit"], &[Choice(&set::LIMIT), Out(limit)]),
    Signature::of(&["getrusage"], &[Choice(&set::USAGE), Pointer]),
    Signature::of(&["getpriority"], &[Choice(&set::PRIORITY), Int]),
    Signature::of(&["setpriority"], &[Choice(&set::PRIORITY), Int, Int]),
    Signature::of(&["getpgid", "getsid", "sched_getscheduler"], &[Int]),
    Signature::of(&["setpgid"], &[Int, Int]),
    Signature::of(
        &["sched_setscheduler"],
        &[Int, Choice(&set::SCHED), Pointer],
    ),
    Signature::of(
        &["sched_setaffinity", "sched_getaffinity"],
        &[Int, Unsigned, Pointer],
    ),
    Signature::of(&["sched_setattr"], &[Int, Pointer, Hex]),
    Signature::of(&["sched_getattr"], &[Int, Pointer, Unsigned, Hex]),
    Signature::of(&["getcpu"], &[Pointer, Pointer, Pointer]),
    Signature::of(&["setuid", "setgid", "setfsuid", "setfsgid"], &[Int]),
    Signature::of(&["setresuid", "setresgid"], &[Int, Int, Int]),
    Signature::of(&["capget", "capset"], &[Pointer, Pointer]),
    Signature::of(&["uname", "sysinfo", "times"], &[Pointer]),
    Signature::of(&["bpf"], &[Choice(&set::BPF), Pointer, Unsigned]),
    Signature::of(&["perf_event_open"], &[Pointer, Int, Int, Descriptor, Hex])
        .gives(Gives::Descriptor),
    Signature::of(&["ptrace"], &[Hex, Int, Pointer, Pointer]),
];

/// What `prctl`'s other arguments are depends on its first. The numbers: `set::PRCTL`.
fn prctl(arguments: &[u64; 6]) -> &'static [Kind] {
    const OPTION: Kind = Choice(&set::PRCTL);
    match low(arguments[0]) {
        1 => &[OPTION, Signal],
        3 | 7 | 21 | 27 | 30 => &[OPTION],
        2 | 16 | 37 | 40 => &[OPTION, Pointer],
        4 | 8 | 23 | 24 | 28 | 29 | 36 => &[OPTION, Size],
        15 => &[OPTION, Text],
        _ => &[OPTION, Hex, Hex, Hex, Hex],
    }
}

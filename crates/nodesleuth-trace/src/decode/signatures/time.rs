//! Clocks, timers, sleeping and futexes.

use crate::decode::kind::Kind::{
    self, Choice, Descriptor, Flags, Hex, In, Int, Left, Out, Pointer, Size, Unsigned, Value,
};
use crate::decode::kind::{Gives, Signature};
use crate::decode::printer::low;
use crate::decode::sets::time as set;
use crate::decode::structures::calls::{futex_bits, futex_operation};
use crate::decode::structures::times::{itimerspec, itimerval, timespec, timeval};

pub(super) const CALLS: &[Signature] = &[
    Signature::of(&["nanosleep"], &[In(timespec), Left(timespec)]),
    Signature::of(
        &["clock_nanosleep"],
        &[
            Choice(&set::CLOCK),
            Flags(&set::TIMER),
            In(timespec),
            Left(timespec),
        ],
    ),
    Signature::of(
        &["clock_gettime", "clock_getres"],
        &[Choice(&set::CLOCK), Out(timespec)],
    ),
    Signature::of(&["clock_settime"], &[Choice(&set::CLOCK), In(timespec)]),
    Signature::of(&["gettimeofday"], &[Out(timeval), Pointer]),
    Signature::of(&["time"], &[Pointer]),
    Signature::of(&["alarm"], &[Unsigned]),
    Signature::of(
        &["timerfd_create"],
        &[Choice(&set::CLOCK), Flags(&set::TIMERFD)],
    )
    .gives(Gives::Descriptor),
    Signature::of(
        &["timerfd_settime"],
        &[
            Descriptor,
            Flags(&set::TIMERFD_SET),
            In(itimerspec),
            Out(itimerspec),
        ],
    ),
    Signature::of(&["timerfd_gettime"], &[Descriptor, Out(itimerspec)]),
    Signature::of(&["timer_create"], &[Choice(&set::CLOCK), Pointer, Pointer]),
    Signature::of(
        &["timer_settime"],
        &[Int, Flags(&set::TIMER), In(itimerspec), Pointer],
    ),
    Signature::of(&["timer_gettime"], &[Int, Pointer]),
    Signature::of(&["timer_delete", "timer_getoverrun"], &[Int]),
    Signature::of(
        &["setitimer"],
        &[Choice(&set::INTERVAL), In(itimerval), Pointer],
    ),
    Signature::of(&["getitimer"], &[Choice(&set::INTERVAL), Pointer]),
    Signature::by(&["futex"], 6, futex),
    Signature::of(
        &["futex_wait"],
        &[
            Pointer,
            Size,
            Hex,
            Flags(&set::FUTEX2),
            In(timespec),
            Choice(&set::CLOCK),
        ],
    ),
    Signature::of(&["futex_wake"], &[Pointer, Hex, Int, Flags(&set::FUTEX2)]),
    Signature::of(
        &["futex_waitv"],
        &[Pointer, Unsigned, Hex, Pointer, Choice(&set::CLOCK)],
    ),
];

/// `futex`'s arguments by its operation. The numbers: `set::FUTEX`.
fn futex(arguments: &[u64; 6]) -> &'static [Kind] {
    const OPERATION: Kind = Value(futex_operation);
    const BITS: Kind = Value(futex_bits);
    // Without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME.
    match low(arguments[1]) & !0x180 {
        0 => &[Pointer, OPERATION, Unsigned, In(timespec)],
        1 => &[Pointer, OPERATION, Int],
        3 => &[Pointer, OPERATION, Int, Int, Pointer],
        4 => &[Pointer, OPERATION, Int, Int, Pointer, Unsigned],
        5 => &[Pointer, OPERATION, Int, Int, Pointer, Hex],
        6 | 13 => &[Pointer, OPERATION, Kind::Skipped, In(timespec)],
        7 | 8 => &[Pointer, OPERATION],
        9 => &[
            Pointer,
            OPERATION,
            Unsigned,
            In(timespec),
            Kind::Skipped,
            BITS,
        ],
        10 => &[Pointer, OPERATION, Int, Kind::Skipped, Kind::Skipped, BITS],
        11 => &[Pointer, OPERATION, Unsigned, In(timespec), Pointer],
        12 => &[Pointer, OPERATION, Int, Int, Pointer, Unsigned],
        _ => &[Pointer, OPERATION, Unsigned, Pointer, Pointer, Unsigned],
    }
}

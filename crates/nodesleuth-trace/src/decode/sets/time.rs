//! Clocks, timers and futexes.

use crate::decode::set::Set;

/// Clocks.
pub(in crate::decode) const CLOCK: Set = Set::choice(
    "CLOCK_???",
    &[
        (0, "CLOCK_REALTIME"),
        (1, "CLOCK_MONOTONIC"),
        (2, "CLOCK_PROCESS_CPUTIME_ID"),
        (3, "CLOCK_THREAD_CPUTIME_ID"),
        (4, "CLOCK_MONOTONIC_RAW"),
        (5, "CLOCK_REALTIME_COARSE"),
        (6, "CLOCK_MONOTONIC_COARSE"),
        (7, "CLOCK_BOOTTIME"),
        (8, "CLOCK_REALTIME_ALARM"),
        (9, "CLOCK_BOOTTIME_ALARM"),
        (11, "CLOCK_TAI"),
    ],
);

/// Flags of `clock_nanosleep` and `timer_settime`.
pub(in crate::decode) const TIMER: Set = Set::flags("TIMER_???", &[(1, "TIMER_ABSTIME")]);

/// Flags of `timerfd_settime`.
pub(in crate::decode) const TIMERFD_SET: Set = Set::flags(
    "TFD_???",
    &[(1, "TFD_TIMER_ABSTIME"), (2, "TFD_TIMER_CANCEL_ON_SET")],
);

/// Flags of `timerfd_create`.
pub(in crate::decode) const TIMERFD: Set = Set::flags(
    "TFD_???",
    &[(0x8_0000, "TFD_CLOEXEC"), (0x800, "TFD_NONBLOCK")],
);

/// Timers of `setitimer`.
pub(in crate::decode) const INTERVAL: Set = Set::choice(
    "ITIMER_???",
    &[
        (0, "ITIMER_REAL"),
        (1, "ITIMER_VIRTUAL"),
        (2, "ITIMER_PROF"),
    ],
);

/// Operations of `futex`, without their two flags.
pub(in crate::decode) const FUTEX: Set = Set::choice(
    "FUTEX_???",
    &[
        (0, "FUTEX_WAIT"),
        (1, "FUTEX_WAKE"),
        (2, "FUTEX_FD"),
        (3, "FUTEX_REQUEUE"),
        (4, "FUTEX_CMP_REQUEUE"),
        (5, "FUTEX_WAKE_OP"),
        (6, "FUTEX_LOCK_PI"),
        (7, "FUTEX_UNLOCK_PI"),
        (8, "FUTEX_TRYLOCK_PI"),
        (9, "FUTEX_WAIT_BITSET"),
        (10, "FUTEX_WAKE_BITSET"),
        (11, "FUTEX_WAIT_REQUEUE_PI"),
        (12, "FUTEX_CMP_REQUEUE_PI"),
        (13, "FUTEX_LOCK_PI2"),
    ],
);

/// Flags of `futex_wait` and `futex_wake` (Linux 6.7).
pub(in crate::decode) const FUTEX2: Set = Set::mixed(
    "FUTEX2_???",
    3,
    &[
        (0, "FUTEX2_SIZE_U8"),
        (1, "FUTEX2_SIZE_U16"),
        (2, "FUTEX2_SIZE_U32"),
        (3, "FUTEX2_SIZE_U64"),
    ],
    &[(4, "FUTEX2_NUMA"), (128, "FUTEX2_PRIVATE")],
);

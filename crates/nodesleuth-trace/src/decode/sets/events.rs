//! epoll, poll, eventfd, signalfd and inotify.

use crate::decode::set::Set;

/// Operations of `epoll_ctl`.
pub(in crate::decode) const EPOLL_CTL: Set = Set::choice(
    "EPOLL_CTL_???",
    &[
        (1, "EPOLL_CTL_ADD"),
        (2, "EPOLL_CTL_DEL"),
        (3, "EPOLL_CTL_MOD"),
    ],
);

/// Events of epoll.
pub(in crate::decode) const EPOLL: Set = Set::flags(
    "EPOLL???",
    &[
        (0x1, "EPOLLIN"),
        (0x2, "EPOLLPRI"),
        (0x4, "EPOLLOUT"),
        (0x8, "EPOLLERR"),
        (0x10, "EPOLLHUP"),
        (0x20, "EPOLLNVAL"),
        (0x40, "EPOLLRDNORM"),
        (0x80, "EPOLLRDBAND"),
        (0x100, "EPOLLWRNORM"),
        (0x200, "EPOLLWRBAND"),
        (0x400, "EPOLLMSG"),
        (0x2000, "EPOLLRDHUP"),
        (0x1000_0000, "EPOLLEXCLUSIVE"),
        (0x2000_0000, "EPOLLWAKEUP"),
        (0x4000_0000, "EPOLLONESHOT"),
        (0x8000_0000, "EPOLLET"),
    ],
);

/// Flags of `epoll_create1`.
pub(in crate::decode) const EPOLL_CREATE: Set =
    Set::flags("EPOLL_???", &[(0x8_0000, "EPOLL_CLOEXEC")]);

/// Events of poll.
pub(in crate::decode) const POLL: Set = Set::flags(
    "POLL???",
    &[
        (0x1, "POLLIN"),
        (0x2, "POLLPRI"),
        (0x4, "POLLOUT"),
        (0x8, "POLLERR"),
        (0x10, "POLLHUP"),
        (0x20, "POLLNVAL"),
        (0x40, "POLLRDNORM"),
        (0x80, "POLLRDBAND"),
        (0x100, "POLLWRNORM"),
        (0x200, "POLLWRBAND"),
        (0x400, "POLLMSG"),
        (0x1000, "POLLREMOVE"),
        (0x2000, "POLLRDHUP"),
    ],
);

/// Flags of `eventfd2`.
pub(in crate::decode) const EVENTFD: Set = Set::flags(
    "EFD_???",
    &[
        (1, "EFD_SEMAPHORE"),
        (0x8_0000, "EFD_CLOEXEC"),
        (0x800, "EFD_NONBLOCK"),
    ],
);

/// Flags of `signalfd4`.
pub(in crate::decode) const SIGNALFD: Set = Set::flags(
    "SFD_???",
    &[(0x8_0000, "SFD_CLOEXEC"), (0x800, "SFD_NONBLOCK")],
);

/// Flags of `inotify_init1`.
pub(in crate::decode) const INOTIFY_INIT: Set = Set::flags(
    "IN_???",
    &[(0x800, "IN_NONBLOCK"), (0x8_0000, "IN_CLOEXEC")],
);

/// Events and flags of inotify.
pub(in crate::decode) const INOTIFY: Set = Set::flags(
    "IN_???",
    &[
        (0x1, "IN_ACCESS"),
        (0x2, "IN_MODIFY"),
        (0x4, "IN_ATTRIB"),
        (0x8, "IN_CLOSE_WRITE"),
        (0x10, "IN_CLOSE_NOWRITE"),
        (0x20, "IN_OPEN"),
        (0x40, "IN_MOVED_FROM"),
        (0x80, "IN_MOVED_TO"),
        (0x100, "IN_CREATE"),
        (0x200, "IN_DELETE"),
        (0x400, "IN_DELETE_SELF"),
        (0x800, "IN_MOVE_SELF"),
        (0x2000, "IN_UNMOUNT"),
        (0x4000, "IN_Q_OVERFLOW"),
        (0x8000, "IN_IGNORED"),
        (0x100_0000, "IN_ONLYDIR"),
        (0x200_0000, "IN_DONT_FOLLOW"),
        (0x400_0000, "IN_EXCL_UNLINK"),
        (0x1000_0000, "IN_MASK_CREATE"),
        (0x2000_0000, "IN_MASK_ADD"),
        (0x4000_0000, "IN_ISDIR"),
        (0x8000_0000, "IN_ONESHOT"),
    ],
);

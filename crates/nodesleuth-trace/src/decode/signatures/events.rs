//! epoll, poll, select, eventfd, signalfd and inotify.

use crate::decode::kind::Kind::{
    self, Choice, Descriptor, Flags, Found, In, Int, Listed, Path, Pointer, Size, Unsigned,
};
use crate::decode::kind::{Gives, Signature};
use crate::decode::printer::low;
use crate::decode::sets::events as set;
use crate::decode::structures::events::{event, events, poll_descriptors};
use crate::decode::structures::signals;
use crate::decode::structures::times::{timespec, timeval};

pub(super) const CALLS: &[Signature] = &[
    Signature::of(&["epoll_create"], &[Int]).gives(Gives::Descriptor),
    Signature::of(&["epoll_create1"], &[Flags(&set::EPOLL_CREATE)]).gives(Gives::Descriptor),
    Signature::by(&["epoll_ctl"], 4, epoll_ctl),
    Signature::of(&["epoll_wait"], &[Descriptor, Found(events), Int, Int]),
    Signature::of(
        &["epoll_pwait"],
        &[Descriptor, Found(events), Int, Int, Pointer, Size],
    ),
    Signature::of(
        &["epoll_pwait2"],
        &[Descriptor, Found(events), Int, In(timespec), Pointer, Size],
    ),
    Signature::of(&["poll"], &[Listed(1, poll_descriptors), Unsigned, Int]).gives(Gives::Ready),
    Signature::of(
        &["ppoll"],
        &[
            Listed(1, poll_descriptors),
            Unsigned,
            In(timespec),
            Pointer,
            Size,
        ],
    )
    .gives(Gives::Ready),
    Signature::of(&["select"], &[Int, Pointer, Pointer, Pointer, In(timeval)]),
    Signature::of(
        &["pselect6"],
        &[Int, Pointer, Pointer, Pointer, In(timespec), Pointer],
    ),
    Signature::of(&["eventfd"], &[Unsigned]).gives(Gives::Descriptor),
    Signature::of(&["eventfd2"], &[Unsigned, Flags(&set::EVENTFD)]).gives(Gives::Descriptor),
    Signature::of(&["signalfd"], &[Int, In(signals::set), Size]).gives(Gives::Descriptor),
    Signature::of(
        &["signalfd4"],
        &[Int, In(signals::set), Size, Flags(&set::SIGNALFD)],
    )
    .gives(Gives::Descriptor),
    Signature::of(&["inotify_init"], &[]).gives(Gives::Descriptor),
    Signature::of(&["inotify_init1"], &[Flags(&set::INOTIFY_INIT)]).gives(Gives::Descriptor),
    Signature::of(
        &["inotify_add_watch"],
        &[Descriptor, Path, Flags(&set::INOTIFY)],
    ),
    Signature::of(&["inotify_rm_watch"], &[Descriptor, Int]),
];

/// Taking a descriptor out needs no event: what stands there is anything.
fn epoll_ctl(arguments: &[u64; 6]) -> &'static [Kind] {
    const DELETE: u32 = 2;
    match low(arguments[1]) {
        DELETE => &[Descriptor, Choice(&set::EPOLL_CTL), Descriptor, Pointer],
        _ => &[Descriptor, Choice(&set::EPOLL_CTL), Descriptor, In(event)],
    }
}

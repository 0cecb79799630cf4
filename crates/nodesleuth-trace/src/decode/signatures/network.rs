//! Sockets.

use crate::decode::kind::Kind::{
    Choice, Descriptor, Flags, In, Int, Out, Pointer, Received, Sent, Size, Unsigned, Value,
};
use crate::decode::kind::{Gives, Signature};
use crate::decode::sets::network as set;
use crate::decode::structures::calls::{protocol, socket_option};
use crate::decode::structures::sockets::{
    address, descriptors, filled_address, int, message, option,
};

pub(super) const CALLS: &[Signature] = &[
    Signature::of(
        &["socket"],
        &[Choice(&set::FAMILY), Flags(&set::SOCKET), Value(protocol)],
    )
    .gives(Gives::Descriptor),
    Signature::of(
        &["socketpair"],
        &[
            Choice(&set::FAMILY),
            Flags(&set::SOCKET),
            Value(protocol),
            Out(descriptors),
        ],
    ),
    Signature::of(&["connect", "bind"], &[Descriptor, In(address), Int]),
    Signature::of(&["listen"], &[Descriptor, Int]),
    Signature::of(&["accept"], &[Descriptor, Out(filled_address), Out(int)])
        .gives(Gives::Descriptor),
    Signature::of(
        &["accept4"],
        &[
            Descriptor,
            Out(filled_address),
            Out(int),
            Flags(&set::ACCEPT),
        ],
    )
    .gives(Gives::Descriptor),
    Signature::of(
        &["getsockname", "getpeername"],
        &[Descriptor, Out(filled_address), Out(int)],
    ),
    Signature::of(
        &["sendto"],
        &[
            Descriptor,
            Sent(2),
            Size,
            Flags(&set::MSG),
            In(address),
            Unsigned,
        ],
    ),
    Signature::of(
        &["recvfrom"],
        &[
            Descriptor,
            Received,
            Size,
            Flags(&set::MSG),
            Out(address),
            Pointer,
        ],
    ),
    Signature::of(&["sendmsg"], &[Descriptor, In(message), Flags(&set::MSG)]),
    Signature::of(&["recvmsg"], &[Descriptor, Out(message), Flags(&set::MSG)]),
    Signature::of(
        &["sendmmsg"],
        &[Descriptor, Pointer, Unsigned, Flags(&set::MSG)],
    ),
    Signature::of(
        &["recvmmsg"],
        &[Descriptor, Pointer, Unsigned, Flags(&set::MSG), Pointer],
    ),
    Signature::of(
        &["setsockopt"],
        &[
            Descriptor,
            Choice(&set::LEVEL),
            Value(socket_option),
            In(option),
            Unsigned,
        ],
    ),
    Signature::of(
        &["getsockopt"],
        &[
            Descriptor,
            Choice(&set::LEVEL),
            Value(socket_option),
            Out(option),
            Out(int),
        ],
    ),
    Signature::of(&["shutdown"], &[Descriptor, Choice(&set::SHUTDOWN)]),
];

//! Memory.

use crate::decode::kind::Kind::{
    self, Choice, Descriptor, Flags, Hex, Int, Pointer, Received, Size, Text,
};
use crate::decode::kind::{Gives, Signature};
use crate::decode::sets::memory as set;

pub(super) const CALLS: &[Signature] = &[
    Signature::of(
        &["mmap"],
        &[
            Pointer,
            Size,
            Flags(&set::PROT),
            Flags(&set::MAP),
            Descriptor,
            Hex,
        ],
    )
    .gives(Gives::Hex),
    Signature::of(&["munmap", "mlock", "munlock"], &[Pointer, Size]),
    Signature::of(&["mprotect"], &[Pointer, Size, Flags(&set::PROT)]),
    Signature::of(&["pkey_mprotect"], &[Pointer, Size, Flags(&set::PROT), Int]),
    Signature::of(&["madvise"], &[Pointer, Size, Choice(&set::MADVICE)]),
    Signature::of(
        &["process_madvise"],
        &[Descriptor, Pointer, Size, Choice(&set::MADVICE), Hex],
    ),
    Signature::by(&["mremap"], 5, mremap).gives(Gives::Hex),
    Signature::of(&["msync"], &[Pointer, Size, Flags(&set::MSYNC)]),
    Signature::of(&["mincore"], &[Pointer, Size, Pointer]),
    Signature::of(&["mlock2"], &[Pointer, Size, Hex]),
    Signature::of(&["mlockall"], &[Flags(&set::MLOCKALL)]),
    Signature::of(&["munlockall"], &[]),
    Signature::of(&["brk"], &[Pointer]).gives(Gives::Hex),
    Signature::of(&["memfd_create"], &[Text, Flags(&set::MEMFD)]).gives(Gives::Descriptor),
    Signature::of(&["memfd_secret"], &[Hex]).gives(Gives::Descriptor),
    Signature::of(&["getrandom"], &[Received, Size, Flags(&set::GETRANDOM)]),
    Signature::of(&["shmget"], &[Hex, Size, Hex]),
    Signature::of(&["shmat"], &[Int, Pointer, Hex]).gives(Gives::Hex),
    Signature::of(&["shmdt"], &[Pointer]),
];

/// Only with `MREMAP_FIXED` or `MREMAP_DONTUNMAP` the new address means something.
fn mremap(arguments: &[u64; 6]) -> &'static [Kind] {
    match arguments[3] & 6 {
        0 => &[Pointer, Size, Size, Flags(&set::MREMAP)],
        _ => &[Pointer, Size, Size, Flags(&set::MREMAP), Pointer],
    }
}

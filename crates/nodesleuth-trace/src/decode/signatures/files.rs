//! Files, folders and descriptors.

use crate::decode::kind::Kind::{
    self, Choice, Descriptor, Flags, Folder, Hex, In, Int, Listed, Long, Octal, Out, Path, Pointer,
    Received, Sent, Signal, Size, Text, Unsigned, Value,
};
use crate::decode::kind::{Gives, Signature};
use crate::decode::printer::low;
use crate::decode::sets::files as set;
use crate::decode::structures::calls::{
    file_mode, ioctl, lock, name, open_flags, open_how, owner, pipe_flags,
};
use crate::decode::structures::sockets::{buffers, descriptors, int};
use crate::decode::structures::status::{stat, statx};
use crate::decode::structures::times::timespecs;

pub(super) const CALLS: &[Signature] = &[
    Signature::by(&["open"], 3, open).gives(Gives::Descriptor),
    Signature::by(&["openat"], 4, openat).gives(Gives::Descriptor),
    Signature::of(&["openat2"], &[Folder, Path, In(open_how), Size]).gives(Gives::Descriptor),
    Signature::of(&["creat"], &[Path, Octal]).gives(Gives::Descriptor),
    Signature::of(
        &["close", "fsync", "fdatasync", "fchdir", "syncfs"],
        &[Descriptor],
    ),
    Signature::of(&["read"], &[Descriptor, Received, Size]),
    Signature::of(&["write"], &[Descriptor, Sent(2), Size]),
    Signature::of(&["pread64"], &[Descriptor, Received, Size, Long]),
    Signature::of(&["pwrite64"], &[Descriptor, Sent(2), Size, Long]),
    Signature::of(
        &["readv", "writev"],
        &[Descriptor, Listed(2, buffers), Size],
    ),
    Signature::of(
        &["preadv", "pwritev"],
        &[Descriptor, Listed(2, buffers), Size, Long],
    ),
    Signature::of(
        &["preadv2", "pwritev2"],
        &[
            Descriptor,
            Listed(2, buffers),
            Size,
            Long,
            Hex,
            Flags(&set::RWF),
        ],
    ),
    Signature::of(
        &["vmsplice"],
        &[Descriptor, Listed(2, buffers), Size, Flags(&set::SPLICE)],
    ),
    Signature::of(&["lseek"], &[Descriptor, Long, Choice(&set::WHENCE)]),
    Signature::of(&["stat", "lstat"], &[Path, Out(stat)]),
    Signature::of(&["fstat"], &[Descriptor, Out(stat)]),
    Signature::of(&["newfstatat"], &[Folder, Path, Out(stat), Flags(&set::AT)]),
    Signature::of(
        &["statx"],
        &[
            Folder,
            Path,
            Flags(&set::AT_STATX),
            Flags(&set::STATX),
            Out(statx),
        ],
    ),
    Signature::of(&["access"], &[Path, Flags(&set::ACCESS_MODE)]),
    Signature::of(&["faccessat"], &[Folder, Path, Flags(&set::ACCESS_MODE)]),
    Signature::of(
        &["faccessat2"],
        &[
            Folder,
            Path,
            Flags(&set::ACCESS_MODE),
            Flags(&set::AT_ACCESS),
        ],
    ),
    Signature::of(
        &["getdents", "getdents64"],
        &[Descriptor, Pointer, Unsigned],
    ),
    Signature::of(&["readlink"], &[Path, Received, Size]),
    Signature::of(&["readlinkat"], &[Folder, Path, Received, Size]),
    Signature::of(&["getcwd"], &[Out(name), Size]),
    Signature::of(
        &[
            "chdir", "chroot", "rmdir", "unlink", "swapoff", "acct", "uselib",
        ],
        &[Path],
    ),
    Signature::of(&["swapon"], &[Path, Hex]),
    Signature::of(&["mkdir", "chmod"], &[Path, Octal]),
    Signature::of(&["mkdirat", "fchmodat"], &[Folder, Path, Octal]),
    Signature::of(&["fchmodat2"], &[Folder, Path, Octal, Flags(&set::AT)]),
    Signature::of(&["fchmod"], &[Descriptor, Octal]),
    Signature::of(&["umask"], &[Octal]).gives(Gives::Octal),
    Signature::of(&["chown", "lchown"], &[Path, Value(owner), Value(owner)]),
    Signature::of(&["fchown"], &[Descriptor, Value(owner), Value(owner)]),
    Signature::of(
        &["fchownat"],
        &[Folder, Path, Value(owner), Value(owner), Flags(&set::AT)],
    ),
    Signature::of(&["mknod"], &[Path, Value(file_mode)]),
    Signature::of(&["mknodat"], &[Folder, Path, Value(file_mode)]),
    Signature::of(&["unlinkat"], &[Folder, Path, Flags(&set::AT)]),
    Signature::of(&["rename", "link", "symlink", "pivot_root"], &[Path, Path]),
    Signature::of(&["renameat"], &[Folder, Path, Folder, Path]),
    Signature::of(
        &["renameat2"],
        &[Folder, Path, Folder, Path, Flags(&set::RENAME)],
    ),
    Signature::of(&["linkat"], &[Folder, Path, Folder, Path, Flags(&set::AT)]),
    Signature::of(&["symlinkat"], &[Path, Folder, Path]),
    Signature::of(&["truncate"], &[Path, Long]),
    Signature::of(&["ftruncate"], &[Descriptor, Long]),
    Signature::of(
        &["fallocate"],
        &[Descriptor, Flags(&set::FALLOCATE), Long, Long],
    ),
    Signature::of(
        &["fadvise64"],
        &[Descriptor, Long, Size, Choice(&set::FADVICE)],
    ),
    Signature::of(&["readahead"], &[Descriptor, Long, Size]),
    Signature::of(&["sync_file_range"], &[Descriptor, Long, Long, Hex]),
    Signature::of(&["statfs"], &[Path, Pointer]),
    Signature::of(&["fstatfs"], &[Descriptor, Pointer]),
    Signature::of(
        &["utimensat"],
        &[Folder, Path, In(timespecs), Flags(&set::AT)],
    ),
    Signature::of(&["futimesat"], &[Folder, Path, Pointer]),
    Signature::of(&["mount"], &[Path, Path, Text, Flags(&set::MOUNT), Text]),
    Signature::of(&["umount2"], &[Path, Flags(&set::UMOUNT)]),
    Signature::of(&["dup"], &[Descriptor]).gives(Gives::Descriptor),
    Signature::of(&["dup2"], &[Descriptor, Int]).gives(Gives::Descriptor),
    Signature::of(&["dup3"], &[Descriptor, Int, Value(pipe_flags)]).gives(Gives::Descriptor),
    Signature::of(&["pipe"], &[Out(descriptors)]),
    Signature::of(&["pipe2"], &[Out(descriptors), Value(pipe_flags)]),
    Signature::by(&["fcntl"], 3, fcntl).gives(Gives::Fcntl),
    Signature::by(&["ioctl"], 3, ioctl_arguments),
    Signature::of(&["flock"], &[Descriptor, Flags(&set::FLOCK)]),
    Signature::of(
        &["close_range"],
        &[Unsigned, Unsigned, Flags(&set::CLOSE_RANGE)],
    ),
    Signature::of(
        &["copy_file_range"],
        &[Descriptor, Pointer, Descriptor, Pointer, Size, Hex],
    ),
    Signature::of(&["sendfile"], &[Descriptor, Descriptor, Pointer, Size]),
    Signature::of(
        &["splice"],
        &[
            Descriptor,
            Pointer,
            Descriptor,
            Pointer,
            Size,
            Flags(&set::SPLICE),
        ],
    ),
    Signature::of(
        &["tee"],
        &[Descriptor, Descriptor, Size, Flags(&set::SPLICE)],
    ),
    Signature::of(&["getxattr", "lgetxattr"], &[Path, Text, Pointer, Size]),
    Signature::of(&["fgetxattr"], &[Descriptor, Text, Pointer, Size]),
    Signature::of(
        &["setxattr", "lsetxattr"],
        &[Path, Text, Pointer, Size, Flags(&set::XATTR)],
    ),
    Signature::of(
        &["fsetxattr"],
        &[Descriptor, Text, Pointer, Size, Flags(&set::XATTR)],
    ),
    Signature::of(&["listxattr", "llistxattr"], &[Path, Pointer, Size]),
    Signature::of(&["flistxattr"], &[Descriptor, Pointer, Size]),
    Signature::of(&["removexattr", "lremovexattr"], &[Path, Text]),
    Signature::of(&["fremovexattr"], &[Descriptor, Text]),
    Signature::of(&["sync", "vhangup"], &[]),
    Signature::of(
        &["name_to_handle_at"],
        &[Folder, Path, Pointer, Pointer, Flags(&set::AT)],
    ),
    Signature::of(&["open_tree"], &[Folder, Path, Hex]).gives(Gives::Descriptor),
];

/// Bits of `open`'s flags that make its mode mean something: `O_CREAT`, and the part of
/// `O_TMPFILE` that is no `O_DIRECTORY`.
const CREATING: u64 = 0x40 | 0x40_0000;

fn open(arguments: &[u64; 6]) -> &'static [Kind] {
    match arguments[1] & CREATING {
        0 => &[Path, Value(open_flags)],
        _ => &[Path, Value(open_flags), Octal],
    }
}

fn openat(arguments: &[u64; 6]) -> &'static [Kind] {
    match arguments[2] & CREATING {
        0 => &[Folder, Path, Value(open_flags)],
        _ => &[Folder, Path, Value(open_flags), Octal],
    }
}

/// What `fcntl`'s third argument is depends on its second. The numbers: `set::FCNTL`.
fn fcntl(arguments: &[u64; 6]) -> &'static [Kind] {
    const COMMAND: Kind = Choice(&set::FCNTL);
    match low(arguments[1]) {
        0 | 8 | 1030 | 1031 => &[Descriptor, COMMAND, Int],
        1 | 3 | 9 | 11 | 1025 | 1032 | 1034 => &[Descriptor, COMMAND],
        2 => &[Descriptor, COMMAND, Flags(&set::DESCRIPTOR)],
        4 => &[Descriptor, COMMAND, Value(open_flags)],
        5..=7 | 36..=38 => &[Descriptor, COMMAND, In(lock)],
        10 => &[Descriptor, COMMAND, Signal],
        1024 => &[Descriptor, COMMAND, Choice(&set::LOCK)],
        _ => &[Descriptor, COMMAND, Hex],
    }
}

/// `FIONREAD` and its like fill a number, `FIONBIO` takes one, some take nothing.
fn ioctl_arguments(arguments: &[u64; 6]) -> &'static [Kind] {
    match low(arguments[1]) {
        0x541b | 0x5411 | 0x540f => &[Descriptor, Value(ioctl), Out(int)],
        0x5421 | 0x5410 => &[Descriptor, Value(ioctl), In(int)],
        0x5450 | 0x5451 | 0x540e | 0x5422 => &[Descriptor, Value(ioctl)],
        _ => &[Descriptor, Value(ioctl), Hex],
    }
}

//! Flags of opening, describing and changing files.

use crate::decode::set::Set;

const ACCESS: &[(u64, &str)] = &[
    (0, "O_RDONLY"),
    (1, "O_WRONLY"),
    (2, "O_RDWR"),
    (3, "O_ACCMODE"),
];

/// `open` on x86-64.
pub(in crate::decode) const OPEN_X86_64: Set = Set::mixed("O_???", 3, ACCESS, BITS_X86_64);

/// The same without a way of access: `pipe2`, `dup3`.
pub(in crate::decode) const PIPE_X86_64: Set = Set::flags("O_???", BITS_X86_64);

const BITS_X86_64: &[(u64, &str)] = &open_bits(0x4000, 0x8000, 0x1_0000, 0x2_0000);

/// `open` on arm64: four bits are elsewhere.
pub(in crate::decode) const OPEN_AARCH64: Set = Set::mixed("O_???", 3, ACCESS, BITS_AARCH64);

/// The same without a way of access: `pipe2`, `dup3`.
pub(in crate::decode) const PIPE_AARCH64: Set = Set::flags("O_???", BITS_AARCH64);

const BITS_AARCH64: &[(u64, &str)] = &open_bits(0x1_0000, 0x2_0000, 0x4000, 0x8000);

/// Only four bits are not the same everywhere.
const fn open_bits(
    direct: u64,
    large_file: u64,
    directory: u64,
    no_follow: u64,
) -> [(u64, &'static str); 17] {
    [
        (0x40, "O_CREAT"),
        (0x80, "O_EXCL"),
        (0x100, "O_NOCTTY"),
        (0x200, "O_TRUNC"),
        (0x400, "O_APPEND"),
        (0x800, "O_NONBLOCK"),
        (0x10_1000, "O_SYNC"),
        (0x1000, "O_DSYNC"),
        (direct, "O_DIRECT"),
        (large_file, "O_LARGEFILE"),
        (no_follow, "O_NOFOLLOW"),
        (0x4_0000, "O_NOATIME"),
        (0x8_0000, "O_CLOEXEC"),
        (0x20_0000, "O_PATH"),
        (0x40_0000 | directory, "O_TMPFILE"),
        (directory, "O_DIRECTORY"),
        (0x2000, "FASYNC"),
    ]
}

/// `resolve` of `openat2`.
pub(in crate::decode) const RESOLVE: Set = Set::flags(
    "RESOLVE_???",
    &[
        (1, "RESOLVE_NO_XDEV"),
        (2, "RESOLVE_NO_MAGICLINKS"),
        (4, "RESOLVE_NO_SYMLINKS"),
        (8, "RESOLVE_BENEATH"),
        (16, "RESOLVE_IN_ROOT"),
        (32, "RESOLVE_CACHED"),
    ],
);

/// Flags of calls whose name ends in `at`.
pub(in crate::decode) const AT: Set = Set::flags(
    "AT_???",
    &[
        (0x100, "AT_SYMLINK_NOFOLLOW"),
        (0x200, "AT_REMOVEDIR"),
        (0x400, "AT_SYMLINK_FOLLOW"),
        (0x800, "AT_NO_AUTOMOUNT"),
        (0x1000, "AT_EMPTY_PATH"),
        (0x8000, "AT_RECURSIVE"),
    ],
);

/// Flags of `faccessat2`, where one bit has another name.
pub(in crate::decode) const AT_ACCESS: Set = Set::flags(
    "AT_???",
    &[
        (0x100, "AT_SYMLINK_NOFOLLOW"),
        (0x200, "AT_EACCESS"),
        (0x1000, "AT_EMPTY_PATH"),
    ],
);

/// Flags of `statx`.
pub(in crate::decode) const AT_STATX: Set = Set::mixed(
    "AT_???",
    0x6000,
    &[
        (0, "AT_STATX_SYNC_AS_STAT"),
        (0x2000, "AT_STATX_FORCE_SYNC"),
        (0x4000, "AT_STATX_DONT_SYNC"),
    ],
    &[
        (0x100, "AT_SYMLINK_NOFOLLOW"),
        (0x200, "AT_REMOVEDIR"),
        (0x400, "AT_SYMLINK_FOLLOW"),
        (0x800, "AT_NO_AUTOMOUNT"),
        (0x1000, "AT_EMPTY_PATH"),
        (0x8000, "AT_RECURSIVE"),
    ],
);

/// What `statx` is asked for.
pub(in crate::decode) const STATX: Set = Set::flags(
    "STATX_???",
    &[
        (0xfff, "STATX_ALL"),
        (0x7ff, "STATX_BASIC_STATS"),
        (1, "STATX_TYPE"),
        (2, "STATX_MODE"),
        (4, "STATX_NLINK"),
        (8, "STATX_UID"),
        (0x10, "STATX_GID"),
        (0x20, "STATX_ATIME"),
        (0x40, "STATX_MTIME"),
        (0x80, "STATX_CTIME"),
        (0x100, "STATX_INO"),
        (0x200, "STATX_SIZE"),
        (0x400, "STATX_BLOCKS"),
        (0x800, "STATX_BTIME"),
        (0x1000, "STATX_MNT_ID"),
        (0x2000, "STATX_DIOALIGN"),
        (0x4000, "STATX_MNT_ID_UNIQUE"),
        (0x8000, "STATX_SUBVOL"),
        (0x1_0000, "STATX_WRITE_ATOMIC"),
    ],
);

/// The mode of `access`.
pub(in crate::decode) const ACCESS_MODE: Set = Set::mixed(
    "?_OK",
    u32::MAX as u64,
    &[(0, "F_OK")],
    &[(4, "R_OK"), (2, "W_OK"), (1, "X_OK")],
);

/// `whence` of `lseek`.
pub(in crate::decode) const WHENCE: Set = Set::choice(
    "SEEK_???",
    &[
        (0, "SEEK_SET"),
        (1, "SEEK_CUR"),
        (2, "SEEK_END"),
        (3, "SEEK_DATA"),
        (4, "SEEK_HOLE"),
    ],
);

/// Commands of `fcntl`.
pub(in crate::decode) const FCNTL: Set = Set::choice(
    "F_???",
    &[
        (0, "F_DUPFD"),
        (1, "F_GETFD"),
        (2, "F_SETFD"),
        (3, "F_GETFL"),
        (4, "F_SETFL"),
        (5, "F_GETLK"),
        (6, "F_SETLK"),
        (7, "F_SETLKW"),
        (8, "F_SETOWN"),
        (9, "F_GETOWN"),
        (10, "F_SETSIG"),
        (11, "F_GETSIG"),
        (15, "F_SETOWN_EX"),
        (16, "F_GETOWN_EX"),
        (36, "F_OFD_GETLK"),
        (37, "F_OFD_SETLK"),
        (38, "F_OFD_SETLKW"),
        (1024, "F_SETLEASE"),
        (1025, "F_GETLEASE"),
        (1026, "F_NOTIFY"),
        (1030, "F_DUPFD_CLOEXEC"),
        (1031, "F_SETPIPE_SZ"),
        (1032, "F_GETPIPE_SZ"),
        (1033, "F_ADD_SEALS"),
        (1034, "F_GET_SEALS"),
        (1035, "F_GET_RW_HINT"),
        (1036, "F_SET_RW_HINT"),
    ],
);

/// Flags of a descriptor.
pub(in crate::decode) const DESCRIPTOR: Set = Set::flags("FD_???", &[(1, "FD_CLOEXEC")]);

/// Types of a lock.
pub(in crate::decode) const LOCK: Set =
    Set::choice("F_???", &[(0, "F_RDLCK"), (1, "F_WRLCK"), (2, "F_UNLCK")]);

/// Operations of `flock`.
pub(in crate::decode) const FLOCK: Set = Set::flags(
    "LOCK_???",
    &[
        (1, "LOCK_SH"),
        (2, "LOCK_EX"),
        (8, "LOCK_UN"),
        (4, "LOCK_NB"),
    ],
);

/// Flags of `renameat2`.
pub(in crate::decode) const RENAME: Set = Set::flags(
    "RENAME_???",
    &[
        (1, "RENAME_NOREPLACE"),
        (2, "RENAME_EXCHANGE"),
        (4, "RENAME_WHITEOUT"),
    ],
);

/// Flags of `mount`.
pub(in crate::decode) const MOUNT: Set = Set::flags(
    "MS_???",
    &[
        (1, "MS_RDONLY"),
        (2, "MS_NOSUID"),
        (4, "MS_NODEV"),
        (8, "MS_NOEXEC"),
        (0x10, "MS_SYNCHRONOUS"),
        (0x20, "MS_REMOUNT"),
        (0x40, "MS_MANDLOCK"),
        (0x80, "MS_DIRSYNC"),
        (0x100, "MS_NOSYMFOLLOW"),
        (0x400, "MS_NOATIME"),
        (0x800, "MS_NODIRATIME"),
        (0x1000, "MS_BIND"),
        (0x2000, "MS_MOVE"),
        (0x4000, "MS_REC"),
        (0x8000, "MS_SILENT"),
        (0x1_0000, "MS_POSIXACL"),
        (0x2_0000, "MS_UNBINDABLE"),
        (0x4_0000, "MS_PRIVATE"),
        (0x8_0000, "MS_SLAVE"),
        (0x10_0000, "MS_SHARED"),
        (0x20_0000, "MS_RELATIME"),
        (0x80_0000, "MS_I_VERSION"),
        (0x100_0000, "MS_STRICTATIME"),
        (0x200_0000, "MS_LAZYTIME"),
    ],
);

/// Flags of `umount2`.
pub(in crate::decode) const UMOUNT: Set = Set::flags(
    "MNT_???",
    &[
        (1, "MNT_FORCE"),
        (2, "MNT_DETACH"),
        (4, "MNT_EXPIRE"),
        (8, "UMOUNT_NOFOLLOW"),
    ],
);

/// Modes of `fallocate`.
pub(in crate::decode) const FALLOCATE: Set = Set::flags(
    "FALLOC_FL_???",
    &[
        (1, "FALLOC_FL_KEEP_SIZE"),
        (2, "FALLOC_FL_PUNCH_HOLE"),
        (4, "FALLOC_FL_NO_HIDE_STALE"),
        (8, "FALLOC_FL_COLLAPSE_RANGE"),
        (0x10, "FALLOC_FL_ZERO_RANGE"),
        (0x20, "FALLOC_FL_INSERT_RANGE"),
        (0x40, "FALLOC_FL_UNSHARE_RANGE"),
    ],
);

/// Flags of `splice`, `tee` and `vmsplice`.
pub(in crate::decode) const SPLICE: Set = Set::flags(
    "SPLICE_F_???",
    &[
        (1, "SPLICE_F_MOVE"),
        (2, "SPLICE_F_NONBLOCK"),
        (4, "SPLICE_F_MORE"),
        (8, "SPLICE_F_GIFT"),
    ],
);

/// Advice of `fadvise64`.
pub(in crate::decode) const FADVICE: Set = Set::choice(
    "POSIX_FADV_???",
    &[
        (0, "POSIX_FADV_NORMAL"),
        (1, "POSIX_FADV_RANDOM"),
        (2, "POSIX_FADV_SEQUENTIAL"),
        (3, "POSIX_FADV_WILLNEED"),
        (4, "POSIX_FADV_DONTNEED"),
        (5, "POSIX_FADV_NOREUSE"),
    ],
);

/// Flags of `close_range`.
pub(in crate::decode) const CLOSE_RANGE: Set = Set::flags(
    "CLOSE_RANGE_???",
    &[(2, "CLOSE_RANGE_UNSHARE"), (4, "CLOSE_RANGE_CLOEXEC")],
);

/// Flags of `setxattr`.
pub(in crate::decode) const XATTR: Set =
    Set::flags("XATTR_???", &[(1, "XATTR_CREATE"), (2, "XATTR_REPLACE")]);

/// Flags of `preadv2` and `pwritev2`.
pub(in crate::decode) const RWF: Set = Set::flags(
    "RWF_???",
    &[
        (1, "RWF_HIPRI"),
        (2, "RWF_DSYNC"),
        (4, "RWF_SYNC"),
        (8, "RWF_NOWAIT"),
        (0x10, "RWF_APPEND"),
    ],
);

/// Types of files in `st_mode`.
pub(in crate::decode) const FILE_TYPE: Set = Set::choice(
    "S_IF???",
    &[
        (0o010_000, "S_IFIFO"),
        (0o020_000, "S_IFCHR"),
        (0o040_000, "S_IFDIR"),
        (0o060_000, "S_IFBLK"),
        (0o100_000, "S_IFREG"),
        (0o120_000, "S_IFLNK"),
        (0o140_000, "S_IFSOCK"),
    ],
);

/// Requests of `ioctl` that are no driver's own.
pub(in crate::decode) const IOCTL: Set = Set::choice(
    "",
    &[
        (0x5401, "TCGETS"),
        (0x5402, "TCSETS"),
        (0x5403, "TCSETSW"),
        (0x5404, "TCSETSF"),
        (0x540b, "TCFLSH"),
        (0x540e, "TIOCSCTTY"),
        (0x540f, "TIOCGPGRP"),
        (0x5410, "TIOCSPGRP"),
        (0x5411, "TIOCOUTQ"),
        (0x5413, "TIOCGWINSZ"),
        (0x5414, "TIOCSWINSZ"),
        (0x541b, "FIONREAD"),
        (0x5421, "FIONBIO"),
        (0x5422, "TIOCNOTTY"),
        (0x5450, "FIONCLEX"),
        (0x5451, "FIOCLEX"),
        (0x5452, "FIOASYNC"),
        (0x5460, "FIOQSIZE"),
        (0x8910, "SIOCGIFNAME"),
        (0x8912, "SIOCGIFCONF"),
        (0x8913, "SIOCGIFFLAGS"),
        (0x8914, "SIOCSIFFLAGS"),
        (0x8915, "SIOCGIFADDR"),
        (0x8921, "SIOCGIFMTU"),
        (0x8927, "SIOCGIFHWADDR"),
        (0x8933, "SIOCGIFINDEX"),
        (0x8946, "SIOCETHTOOL"),
        (0x1260, "BLKGETSIZE"),
        (0x8008_1272, "BLKGETSIZE64"),
        (0x1277, "BLKDISCARD"),
        (0x4004_9409, "FICLONE"),
        (0xc020_660b, "FS_IOC_FIEMAP"),
        (0x8008_6601, "FS_IOC_GETFLAGS"),
        (0x4008_6602, "FS_IOC_SETFLAGS"),
        (0x801c_581f, "FS_IOC_FSGETXATTR"),
        (0x2400, "PERF_EVENT_IOC_ENABLE"),
        (0x2401, "PERF_EVENT_IOC_DISABLE"),
        (0x2403, "PERF_EVENT_IOC_RESET"),
        (0x4004_2408, "PERF_EVENT_IOC_SET_BPF"),
        (0xb701, "NS_GET_USERNS"),
        (0xb702, "NS_GET_PARENT"),
        (0xb703, "NS_GET_NSTYPE"),
    ],
);

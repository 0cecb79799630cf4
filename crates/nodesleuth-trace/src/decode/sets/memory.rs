//! Flags of memory.

use crate::decode::set::Set;

/// Protection.
pub(in crate::decode) const PROT: Set = Set::mixed(
    "PROT_???",
    u32::MAX as u64,
    &[(0, "PROT_NONE")],
    &[
        (1, "PROT_READ"),
        (2, "PROT_WRITE"),
        (4, "PROT_EXEC"),
        (8, "PROT_SEM"),
        (0x100_0000, "PROT_GROWSDOWN"),
        (0x200_0000, "PROT_GROWSUP"),
    ],
);

/// Flags of `mmap`.
pub(in crate::decode) const MAP: Set = Set::mixed(
    "MAP_???",
    0xf,
    &[
        (0, "MAP_FILE"),
        (1, "MAP_SHARED"),
        (2, "MAP_PRIVATE"),
        (3, "MAP_SHARED_VALIDATE"),
    ],
    &[
        (0x10, "MAP_FIXED"),
        (0x20, "MAP_ANONYMOUS"),
        (0x40, "MAP_32BIT"),
        (0x4000, "MAP_NORESERVE"),
        (0x8000, "MAP_POPULATE"),
        (0x1_0000, "MAP_NONBLOCK"),
        (0x100, "MAP_GROWSDOWN"),
        (0x800, "MAP_DENYWRITE"),
        (0x1000, "MAP_EXECUTABLE"),
        (0x2000, "MAP_LOCKED"),
        (0x2_0000, "MAP_STACK"),
        (0x4_0000, "MAP_HUGETLB"),
        (0x8_0000, "MAP_SYNC"),
        (0x10_0000, "MAP_FIXED_NOREPLACE"),
    ],
);

/// Advice of `madvise`.
pub(in crate::decode) const MADVICE: Set = Set::choice(
    "MADV_???",
    &[
        (0, "MADV_NORMAL"),
        (1, "MADV_RANDOM"),
        (2, "MADV_SEQUENTIAL"),
        (3, "MADV_WILLNEED"),
        (4, "MADV_DONTNEED"),
        (8, "MADV_FREE"),
        (9, "MADV_REMOVE"),
        (10, "MADV_DONTFORK"),
        (11, "MADV_DOFORK"),
        (12, "MADV_MERGEABLE"),
        (13, "MADV_UNMERGEABLE"),
        (14, "MADV_HUGEPAGE"),
        (15, "MADV_NOHUGEPAGE"),
        (16, "MADV_DONTDUMP"),
        (17, "MADV_DODUMP"),
        (18, "MADV_WIPEONFORK"),
        (19, "MADV_KEEPONFORK"),
        (20, "MADV_COLD"),
        (21, "MADV_PAGEOUT"),
        (22, "MADV_POPULATE_READ"),
        (23, "MADV_POPULATE_WRITE"),
        (24, "MADV_DONTNEED_LOCKED"),
        (25, "MADV_COLLAPSE"),
        (100, "MADV_HWPOISON"),
        (101, "MADV_SOFT_OFFLINE"),
    ],
);

/// Flags of `mremap`.
pub(in crate::decode) const MREMAP: Set = Set::flags(
    "MREMAP_???",
    &[
        (1, "MREMAP_MAYMOVE"),
        (2, "MREMAP_FIXED"),
        (4, "MREMAP_DONTUNMAP"),
    ],
);

/// Flags of `msync`.
pub(in crate::decode) const MSYNC: Set = Set::flags(
    "MS_???",
    &[(4, "MS_SYNC"), (1, "MS_ASYNC"), (2, "MS_INVALIDATE")],
);

/// Flags of `mlockall`.
pub(in crate::decode) const MLOCKALL: Set = Set::flags(
    "MCL_???",
    &[(1, "MCL_CURRENT"), (2, "MCL_FUTURE"), (4, "MCL_ONFAULT")],
);

/// Flags of `memfd_create`.
pub(in crate::decode) const MEMFD: Set = Set::flags(
    "MFD_???",
    &[
        (1, "MFD_CLOEXEC"),
        (2, "MFD_ALLOW_SEALING"),
        (4, "MFD_HUGETLB"),
        (8, "MFD_NOEXEC_SEAL"),
        (16, "MFD_EXEC"),
    ],
);

/// Flags of `getrandom`.
pub(in crate::decode) const GETRANDOM: Set = Set::flags(
    "GRND_???",
    &[
        (1, "GRND_NONBLOCK"),
        (2, "GRND_RANDOM"),
        (4, "GRND_INSECURE"),
    ],
);

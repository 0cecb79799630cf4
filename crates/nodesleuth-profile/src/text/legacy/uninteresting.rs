//! Which frames pprof drops from legacy profiles: allocators, lock functions, signal handlers.
//! The profile carries them as `drop_frames` and `keep_frames`, as newer ones do.

use crate::text::assembly::Assembly;

const ALLOCATORS: &[&str] = &[
    "calloc",
    "cfree",
    "malloc",
    "free",
    "memalign",
    "do_memalign",
    "(__)?posix_memalign",
    "pvalloc",
    "valloc",
    "realloc",
    "tcmalloc::.*",
    "tc_calloc",
    "tc_cfree",
    "tc_malloc",
    "tc_free",
    "tc_memalign",
    "tc_posix_memalign",
    "tc_pvalloc",
    "tc_valloc",
    "tc_realloc",
    "tc_new",
    "tc_delete",
    "tc_newarray",
    "tc_deletearray",
    "tc_new_nothrow",
    "tc_newarray_nothrow",
    "malloc_zone_malloc",
    "malloc_zone_calloc",
    "malloc_zone_valloc",
    "malloc_zone_realloc",
    "malloc_zone_memalign",
    "malloc_zone_free",
    r"runtime\..*",
    "BaseArena::.*",
    "(::)?do_malloc_no_errno",
    "(::)?do_malloc_pages",
    "(::)?do_malloc",
    "DoSampledAllocation",
    "MallocedMemBlock::MallocedMemBlock",
    "_M_allocate",
    "__builtin_(vec_)?delete",
    "__builtin_(vec_)?new",
    "__gnu_cxx::new_allocator::allocate",
    "__libc_malloc",
    "__malloc_alloc_template::allocate",
    "allocate",
    "cpp_alloc",
    r"operator new(\[\])?",
    "simple_alloc::allocate",
];

const KEPT_OF_ALLOCATORS: &[&str] = &[r"runtime\.panic"];

const LOCKS: &[&str] = &[
    "RecordLockProfileData",
    "(base::)?RecordLockProfileData.*",
    "(base::)?SubmitMutexProfileData.*",
    "(base::)?SubmitSpinLockProfileData.*",
    "(Mutex::)?AwaitCommon.*",
    "(Mutex::)?Unlock.*",
    "(Mutex::)?UnlockSlow.*",
    "(Mutex::)?ReaderUnlock.*",
    "(MutexLock::)?~MutexLock.*",
    "(SpinLock::)?Unlock.*",
    "(SpinLock::)?SlowUnlock.*",
    "(SpinLockHolder::)?~SpinLockHolder.*",
];

const PROFILERS: &[&str] = &[
    "ProfileData::Add",
    "ProfileData::prof_handler",
    "CpuProfiler::prof_handler",
    "__pthread_sighandler",
    "__restore",
];

/// Chooses by what the profile measures.
pub(super) fn mark(assembly: &mut Assembly<'_>) {
    let kinds = assembly.sample_kinds();
    let (dropped, kept): (&[&str], &[&str]) = match kinds.as_slice() {
        ["objects" | "inuse_objects" | "alloc_objects", _] | ["allocations", "size"] => {
            (ALLOCATORS, KEPT_OF_ALLOCATORS)
        }
        ["contentions", "delay"] => (LOCKS, &[]),
        _ => (PROFILERS, &[]),
    };
    let dropped = assembly.made_up(&dropped.join("|"));
    let kept = assembly.made_up(&kept.join("|"));
    assembly.header().drop_frames = dropped;
    assembly.header().keep_frames = kept;
}

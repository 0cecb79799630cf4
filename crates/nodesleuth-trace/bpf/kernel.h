// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What our programs need of the kernel's interface: types, map and section macros, helpers by
// number. Written by hand so that nothing but clang is needed to rebuild the objects.
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define LIKELY(condition) __builtin_expect(!!(condition), 1)
// Hides a value from the optimiser, so that a bound check before it stays where it is.
#define OPAQUE(variable) __asm__ volatile("" : "+r"(variable))

// Fields of a map definition in BTF.
#define UINT(name, value) int(*name)[value]
#define TYPE(name, type) typeof(type) *name

enum map_type {
    MAP_HASH = 1,
    MAP_ARRAY = 2,
    MAP_PERF_EVENT_ARRAY = 4,
    MAP_PERCPU_HASH = 5,
    MAP_PERCPU_ARRAY = 6,
    MAP_RINGBUF = 27,
};

enum { MAP_UPDATE_NEW = 1 };
enum { RING_NO_WAKEUP = 1 };
#define CURRENT_CPU 0xffffffffULL

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*const map_delete)(void *map, const void *key) = (void *)3;
static __u64 (*const monotonic_ns)(void) = (void *)5;
static __u64 (*const pid_tgid)(void) = (void *)14;
static long (*const current_name)(void *to, __u32 size) = (void *)16;
static long (*const perf_output)(void *context, void *map, __u64 flags, void *data, __u64 size) = (void *)25;
static __u64 (*const current_task_address)(void) = (void *)35;
static long (*const read_user)(void *to, __u64 size, const void *from) = (void *)112;
static long (*const read_kernel)(void *to, __u64 size, const void *from) = (void *)113;
static long (*const read_user_string)(void *to, __u64 size, const void *from) = (void *)114;
static long (*const read_kernel_string)(void *to, __u64 size, const void *from) = (void *)115;

struct namespace_ids {
    __u32 pid;
    __u32 tgid;
};
static long (*const pid_tgid_in_namespace)(__u64 device, __u64 inode, struct namespace_ids *ids, __u32 size) = (void *)120;
static long (*const seq_write)(void *seq, const void *data, __u32 size) = (void *)127;
static long (*const ring_output)(void *ring, void *data, __u64 size, __u64 flags) = (void *)130;

// Arguments of a raw tracepoint as the kernel passes them.
struct raw_arguments {
    __u64 args[2];
};

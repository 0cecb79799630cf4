// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What the syscall programs and user space share. src/layout.rs mirrors every struct here.
#pragma once
#include "kernel.h"

enum { SYSCALLS = 512, BUCKETS = 40, SLOTS = 4, ARGUMENTS = 6 };

// Bits of config.flags.
enum {
    WANT_SUMMARY = 1,
    WANT_STREAM = 2,
    BY_THREAD = 4,
    ERRORS_ONLY = 8,
    WITH_CHILDREN = 16,
    IN_NAMESPACE = 32,
    WANT_FILES = 64,
    // Only x86-64 has two ways into the kernel, whose numbers mean different calls.
    TELL_32_BIT = 128,
    BY_PROCESS = 256,
    // Which registers hold the arguments: x86-64's, else the first ones in their order.
    X86_REGISTERS = 512,
};

struct config {
    __u32 tgid;
    __u32 flags;
    __u64 slower_than_ns;
    // Where in pt_regs the registers with a syscall's arguments begin, and where its number is.
    __u32 registers_offset;
    __u32 number_offset;
    // The PID namespace that ids are meant in, when it is not the first one.
    __u64 namespace_device;
    __u64 namespace_inode;
    // Where in task_struct the kernel notes a call by the 32-bit way; 0 when that is not known.
    __u32 status_offset;
    // Where in task_struct the process's id is, for WITH_CHILDREN.
    __u32 tgid_offset;
};

enum slot_kind {
    SLOT_NONE = 0,
    // A string that ends with a NUL.
    SLOT_STRING = 1,
    // Always `unit` bytes.
    SLOT_FIXED = 2,
    // As many units as the register `count` says.
    SLOT_COUNTED = 3,
    // As many units as the call returned.
    SLOT_RETURNED = 4,
};

// What of a syscall's memory goes into its record. Slots 0 and 1 are read when the call begins,
// 2 and 3 when it has ended.
struct slot {
    __u8 kind;
    __u8 pointer; // which argument
    __u8 count;   // which argument, for SLOT_COUNTED
    __u8 even_on_error;
    __u16 unit;
    __u16 most;
};

struct interest {
    struct slot slots[SLOTS];
    __u8 streamed;
    __u8 file_from;
    // How many arguments the call has: no more of them go into its record.
    __u8 arguments;
    __u8 spare;
};

// Where a call's file is found: interest.file_from.
enum { FILE_NONE = 0, FILE_FROM_RESULT = 1, FILE_FROM_ARGUMENT = 2 };

// A file as far as one system call of one process is about it.
struct file_key {
    __u64 inode;
    __u32 device;
    __u32 number;
    __u32 tgid;
    __u32 spare;
};

enum { MOST_0 = 512, MOST_1 = 256, MOST_2 = 256, MOST_3 = 64 };
enum { PAYLOAD = MOST_0 + MOST_1 + MOST_2 + MOST_3, UNREADABLE = 0xffff };

// Bits of record.flags.
enum {
    ACTIVE = 1,    // the call has not returned
    SWITCHED = 2,  // the thread left its CPU during the call
    UNRETURNED = 4, // the thread ended in the call
    FOREIGN = 8,   // the call came by the 32-bit way: not followed
};

// One call of one thread; also a thread's state while the call lasts. The stream gets it up to the
// end of its payload: each byte costs the process watched.
struct record {
    __u64 begin_ns;
    __u64 wall_ns;
    __u64 on_cpu_ns;
    __s64 result;
    __u32 tgid;
    __u32 tid;
    __u16 number;
    __u8 flags;
    __u8 arguments_kept; // the payload begins behind so many of them
    __u32 spare;
    // Bytes of each slot, one after another in the payload; 0 when there is none.
    __u16 length[SLOTS];
    __u64 arguments[ARGUMENTS];
    __u8 payload[PAYLOAD];
    // Not streamed.
    struct file_key file;
};

enum { HEADER = __builtin_offsetof(struct record, arguments) };
enum { BODY = 8 * ARGUMENTS + PAYLOAD };
_Static_assert(HEADER == 56, "src/layout.rs mirrors this");

struct statistics {
    __u64 calls;
    __u64 errors;
    __u64 wall_ns;
    __u64 on_cpu_ns;
    __u64 shortest_ns;
    __u64 longest_ns;
    __u64 unreturned;
    __u64 began_before;
    __u64 buckets[BUCKETS];
};

struct part_key {
    __u32 part; // thread or process; 0 when they are not told apart
    __u32 number;
};

struct error_key {
    __u32 part;
    __u16 number;
    __u16 error;
};

// The name that a process of the target's had at its end.
struct last_name {
    char text[16];
};

// Who makes system calls on a CPU: known until it changes threads.
enum { WHO_UNKNOWN = 0, WHO_TARGET = 1, WHO_OTHER = 2 };

struct counters {
    __u64 switched_ns; // when this CPU last changed threads
    __u64 seen;        // syscalls of everybody on the node
    __u64 produced;    // records that should be in the stream
    __u64 dropped;     // of them, those for which there was no room
    __u64 untracked;   // calls of threads for which the map had no room
    __u64 unsummed;    // calls or errors for which the map had no room
    __u64 foreign;     // calls by the 32-bit way
    __u64 unfollowed;  // children for which the map had no room
    __u32 tgid;        // of the current thread, as shown
    __u32 tid;
    __u32 kernel_tgid;
    __u32 who;
};

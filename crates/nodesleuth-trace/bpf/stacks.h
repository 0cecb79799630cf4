// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What the stack programs and user space share. src/stacks/bpf/layout.rs mirrors every struct here.
#pragma once
#include "kernel.h"

enum { FRAMES = 127 };

// Bits of stack_config.flags.
enum {
    EVERYBODY = 1,
    FOLLOW_CHILDREN = 2,
    // A call's return address is in a register, not at the stack's top.
    TOP_IN_REGISTER = 4,
};

struct stack_config {
    __u32 flags;
    // Where task_struct has the state of a thread.
    __u32 state_offset;
    __u64 period_ns;
    __u64 shortest_wait_ns;
    __u64 namespace_device;
    __u64 namespace_inode;
    // A stack of so many frames is taken to go on.
    __u32 most_frames;
    // Where in pt_regs the instruction pointer is, and the stack pointer or that register.
    __u32 ip_offset;
    __u32 top_offset;
    // Where task_struct has the lowest address of the thread's kernel stack; 0 when that is not known.
    __u32 stack_offset;
    // How far from there the registers are with which the thread came into the kernel, counted
    // without what newer kernels leave free above them.
    __u32 registers_offset;
    __u32 spare;
};

// What is known of a process.
struct process {
    // Grows when it becomes another program, and when its id is given to another process.
    __u32 image;
    __u32 followed;
};

// A task that nobody has seen yet.
struct birth {
    __u32 parent; // the process that made it
    __u32 followed;
};

struct stack_key {
    __u32 tgid;
    __u32 tid;
    __u32 image;
    __u32 spare;
    // Hashes of the frames, 0 where there are none.
    __u64 kernel;
    __u64 user;
    // The return address of a function without a frame, if it may be one; else 0.
    __u64 top;
};

// Bits of stack_count.flags.
enum { TRUNCATED = 1 };

struct stack_count {
    __u64 samples;
    __u64 on_cpu_ns;
    __u64 off_cpu_ns;
    __u64 off_cpu_count;
    __u64 flags;
    __u8 comm[16];
};

enum message { MESSAGE_FRAMES = 1, MESSAGE_COUNT = 2, MESSAGE_NAMES = 3 };

// Frames that were not seen before; leaf first.
struct frames {
    __u32 message;
    __u32 bytes;
    __u64 hash;
    __u64 frames[FRAMES];
};

// A count for which the map had no room.
struct single {
    __u32 message;
    __u32 spare;
    struct stack_key key;
    struct stack_count count;
};

// A thread that waits.
struct wait {
    __u64 since_ns;
    struct stack_key key;
    __u64 flags;
    __u8 comm[16];
};

struct stack_counters {
    __u64 last_ns; // this CPU's last sample
    __u64 idle;
    __u64 others;
    __u64 missed;
    __u64 lost;
    __u64 unfollowed; // processes for which the maps had no room
    __u64 calls;      // of everybody on the node, while calls about files are billed
    __u64 unnamed;    // files for whose names there was no room
};

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// What the stack programs and user space share. src/stacks/bpf/layout.rs mirrors every struct here.
#pragma once
#include "kernel.h"

enum { FRAMES = 127 };

// Bits of stack_config.flags.
enum {
    EVERYBODY = 1,
    FOLLOW_CHILDREN = 2,
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
    __u32 spare;
};

// What is known of a process.
struct process {
    // Grows when it becomes another program, and when its id is given to another process.
    __u32 image;
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

enum message { MESSAGE_FRAMES = 1, MESSAGE_COUNT = 2 };

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
};

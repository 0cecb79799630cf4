// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Bills calls about files to the code that makes them: by user stack and file, of the processes that
// are followed. Included by stacks.bpf.c; loaded only when that is wanted, in place of the sampler.
#pragma once

enum { NAMES_BYTES = 2048, NAME_MOST = 256, DEPTH_MOST = 24, SYSCALLS = 512 };

// Where a call's file is found; none of the others is looked at.
enum { FILE_FROM_RESULT = 1, FILE_FROM_ARGUMENT = 2 };

// Where fields of the kernel's structs are, and the first argument of a call in pt_regs.
struct file_layout {
    __u32 argument;
    __u32 task_files;
    __u32 files_table;
    __u32 table_most;
    __u32 table_files;
    __u32 file_inode;
    __u32 file_dentry;
    __u32 inode_number;
    __u32 inode_super;
    __u32 inode_mode;
    __u32 super_device;
    __u32 dentry_parent;
    __u32 dentry_name;
    __u32 spare;
};

struct call_key {
    __u32 tgid;
    __u32 image;
    __u64 user;
    __u64 top;
    __u64 inode;
    __u32 device;
    __u32 number;
};

struct call_sum {
    __u64 calls;
    __u64 errors;
    __u64 bytes;
    __u64 wall_ns;
    __u64 on_cpu_ns;
    __u64 flags;
};

// A call that has not returned.
struct call {
    struct call_key key;
    __u64 begin_ns;
    __u64 since_ns; // when its thread was last put on a CPU; 0 while it is not on one
    __u64 on_cpu_ns;
    __u64 flags;
    __u64 from;
};

// A file's names up to the root of its file system.
struct file_names {
    __u32 message;
    __u32 spare;
    __u64 inode;
    __u32 device;
    __u16 mode;
    __u16 depth;
    // Each with its NUL, the file's own first.
    __u8 text[NAMES_BYTES];
};

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct file_layout);
} layout SEC(".maps");

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, SYSCALLS);
    TYPE(key, __u32);
    TYPE(value, __u32);
} file_from SEC(".maps");

// By the address of the task.
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1024);
    TYPE(key, __u64);
    TYPE(value, struct call);
} calling SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1024);
    TYPE(key, struct call_key);
    TYPE(value, struct call_sum);
} call_sums SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct file_names);
} name_buffers SEC(".maps");

static long (*const read_any_string)(void *to, __u32 size, const void *from) = (void *)45;

// Reads what stands at an offset of a kernel struct; 0 when that is not possible.
#define READ_AT(variable, pointer, offset) \
    do { \
        (variable) = 0; \
        read_any(&(variable), sizeof(variable), (const void *)((pointer) + (offset))); \
    } while (0)

INLINE __u64 file_of(const struct file_layout *at, __u64 task, __u32 descriptor)
{
    __u64 files, table, all, file;
    __u32 most;
    READ_AT(files, task, at->task_files);
    READ_AT(table, files, at->files_table);
    READ_AT(most, table, at->table_most);
    if (descriptor >= most)
        return 0;
    READ_AT(all, table, at->table_files);
    READ_AT(file, all, 8ULL * descriptor);
    return file;
}

INLINE long send_names(void *context, __u64 file, const struct call_key *key)
{
    __u32 zero = 0;
    struct file_names *out = map_lookup(&name_buffers, &zero);
    const struct file_layout *at = map_lookup(&layout, &zero);
    if (!out || !at)
        return -1;
    __u64 inode, entry, parent, name, end = 0;
    READ_AT(inode, file, at->file_inode);
    READ_AT(out->mode, inode, at->inode_mode);
    READ_AT(entry, file, at->file_dentry);
    out->message = MESSAGE_NAMES;
    out->inode = key->inode;
    out->device = key->device;
    out->depth = 0;
#pragma unroll
    for (int depth = 0; depth < DEPTH_MOST; depth++) {
        OPAQUE(end);
        if (!entry || end > NAMES_BYTES - NAME_MOST)
            break;
        READ_AT(parent, entry, at->dentry_parent);
        READ_AT(name, entry, at->dentry_name);
        long got = read_any_string(out->text + end, NAME_MOST, (const void *)name);
        if (got <= 0)
            break;
        end += got;
        out->depth++;
        // A root is its own parent.
        if (parent == entry)
            break;
        entry = parent;
    }
    OPAQUE(end);
    if (end > NAMES_BYTES)
        return -1;
    return perf_output(context, &events, CURRENT_CPU, out, __builtin_offsetof(struct file_names, text) + end);
}

// Notes which file it is, and sends its names when it is new. Inlined, as all functions that are not
// are loaded with each program that calls one.
INLINE void identify_file(void *context, struct stack_counters *counters, struct call_key *key, __u32 descriptor)
{
    __u32 zero = 0, yes = 1;
    const struct file_layout *at = map_lookup(&layout, &zero);
    __u64 file = at ? file_of(at, current_task_address(), descriptor) : 0;
    if (!file)
        return;
    __u64 inode, super;
    READ_AT(inode, file, at->file_inode);
    READ_AT(key->inode, inode, at->inode_number);
    READ_AT(super, inode, at->inode_super);
    READ_AT(key->device, super, at->super_device);
    // Beside the hashes of frames, which are as unlikely to be the same.
    __u64 known = (key->inode * 0x9e3779b97f4a7c15ULL) ^ (key->device * 0xff51afd7ed558ccdULL);
    if (LIKELY(map_lookup(&sent, &known) != 0))
        return;
    // Without room to note that it is known it would be sent with every call.
    if (map_update(&sent, &known, &yes, MAP_UPDATE_NEW)) {
        counters->unnamed++;
        return;
    }
    if (send_names(context, file, key))
        map_delete(&sent, &known);
}

struct call_begin {
    __u64 registers;
    __u64 number;
};

SEC("raw_tp/sys_enter")
int call_begins(struct call_begin *context)
{
    struct who who = {};
    __u32 zero = 0, mine = 1, number = context->number;
    const __u32 *from = map_lookup(&file_from, &number);
    if (!begin(&who))
        return 0;
    // Of everybody: most calls go no further.
    who.counters->calls++;
    if (LIKELY(!from || !*from) || !find(&who))
        return 0;
    struct frames *buffer = map_lookup(&buffers, &mine);
    const struct file_layout *at = map_lookup(&layout, &zero);
    if (!buffer || !at)
        return 0;
    struct call call = {.from = *from};
    call.key.tgid = who.tgid;
    call.key.image = who.image;
    call.key.number = number;
    call.key.user = take_stack(context, buffer, USER_STACK);
    if (buffer->bytes >= who.config->most_frames * 8)
        call.flags = TRUNCATED;
    call.key.top = top_of(context->registers, &who, buffer);
    if (call.from == FILE_FROM_ARGUMENT) {
        __u32 descriptor;
        READ_AT(descriptor, context->registers, at->argument);
        identify_file(context, who.counters, &call.key, descriptor);
    }
    // Last, so that our own work is not part of the call.
    call.begin_ns = call.since_ns = monotonic_ns();
    if (map_update(&calling, &who.task, &call, 0))
        who.counters->lost++;
    return 0;
}

INLINE void bill_call(struct stack_counters *counters, const struct call *call, __s64 result, __u64 wall_ns)
{
    struct call_sum *sum = map_lookup(&call_sums, &call->key);
    if (!sum) {
        struct call_sum none = {};
        map_update(&call_sums, &call->key, &none, MAP_UPDATE_NEW);
        sum = map_lookup(&call_sums, &call->key);
    }
    if (!sum) {
        counters->lost++;
        return;
    }
    // Threads on other CPUs add to the same.
    __sync_fetch_and_add(&sum->calls, 1);
    __sync_fetch_and_add(&sum->wall_ns, wall_ns);
    __sync_fetch_and_add(&sum->on_cpu_ns, call->on_cpu_ns);
    if (result < 0)
        __sync_fetch_and_add(&sum->errors, 1);
    else if (call->from == FILE_FROM_ARGUMENT)
        __sync_fetch_and_add(&sum->bytes, result);
    if (call->flags)
        sum->flags = call->flags;
}

struct call_end {
    __u64 registers;
    __s64 result;
};

SEC("raw_tp/sys_exit")
int call_ends(struct call_end *context)
{
    __u64 task = current_task_address();
    struct call *known = map_lookup(&calling, &task);
    if (LIKELY(!known))
        return 0;
    __u64 now = monotonic_ns();
    __u32 zero = 0;
    struct stack_counters *counters = map_lookup(&cpu_counters, &zero);
    struct call call = *known;
    map_delete(&calling, &task);
    if (!counters)
        return 0;
    __s64 result = context->result;
    call.on_cpu_ns += now - call.since_ns;
    if (call.from == FILE_FROM_RESULT && result >= 0)
        identify_file(context, counters, &call.key, result);
    bill_call(counters, &call, result, now - call.begin_ns);
    return 0;
}

SEC("raw_tp/sched_switch/calls")
int call_switches(struct switch_arguments *context)
{
    __u64 now = monotonic_ns();
    __u64 previous = context->previous, next = context->next;
    struct call *leaves = map_lookup(&calling, &previous);
    if (leaves) {
        leaves->on_cpu_ns += now - leaves->since_ns;
        leaves->since_ns = 0;
    }
    struct call *comes = map_lookup(&calling, &next);
    if (comes)
        comes->since_ns = now;
    return 0;
}

SEC("raw_tp/sched_process_exit/calls")
// The thread that ends is the current one; its call never returns.
int call_dies(void *context)
{
    __u64 task = current_task_address();
    map_delete(&calling, &task);
    return 0;
}

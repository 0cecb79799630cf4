// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Counts stacks by thread, image of its process, and hashes of the kernel's and the user's frames.
// Frames go to user space once, when their hash is new. With -DNAMESPACE, ids are those of a PID
// namespace. Nothing of the kernel's structs is read but a thread's state, for waits, its registers
// where it came into the kernel, and what leads from a descriptor to its file: a child is known by the
// address of its task until it is current for the first time.
#include "stacks.h"

static long (*const read_any)(void *to, __u32 size, const void *from) = (void *)4;
static long (*const current_comm)(void *to, __u32 size) = (void *)16;
static long (*const get_stack)(void *context, void *to, __u32 size, __u64 flags) = (void *)67;
enum { USER_STACK = 1 << 8 };
// How many of a raw tracepoint's frames are our own functions.
enum { OWN_FRAMES = 2 };

// Sizes are set by the loader.
struct {
    UINT(type, MAP_PERF_EVENT_ARRAY);
    UINT(key_size, 4);
    UINT(value_size, 4);
} events SEC(".maps");

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct stack_config);
} settings SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1024);
    TYPE(key, struct stack_key);
    TYPE(value, struct stack_count);
} counts SEC(".maps");

// Hashes whose frames have been sent.
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1024);
    TYPE(key, __u64);
    TYPE(value, __u32);
} sent SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1024);
    TYPE(key, __u32);
    TYPE(value, struct process);
} processes SEC(".maps");

// Tasks that were made and have not been current yet, by address.
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1024);
    TYPE(key, __u64);
    TYPE(value, struct birth);
} born SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1);
    TYPE(key, __u64);
    TYPE(value, struct wait);
} waiting SEC(".maps");

// Too large for the stack: one for samples, one for switches, which a sample can interrupt.
struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 2);
    TYPE(key, __u32);
    TYPE(value, struct frames);
} buffers SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct stack_counters);
} cpu_counters SEC(".maps");

struct who {
    const struct stack_config *config;
    struct stack_counters *counters;
    __u64 task;
    __u32 tgid;
    __u32 tid;
    __u32 image;
    __u32 followed;
};

// Settings and counters are arrays of one: the verifier wants the check all the same.
INLINE int begin(struct who *who)
{
    __u32 zero = 0;
    who->config = map_lookup(&settings, &zero);
    who->counters = map_lookup(&cpu_counters, &zero);
    return who->config && who->counters;
}

INLINE void identify(struct who *who)
{
#ifdef NAMESPACE
    struct namespace_ids ids = {};
    pid_tgid_in_namespace(who->config->namespace_device, who->config->namespace_inode, &ids, sizeof(ids));
    who->tgid = ids.tgid;
    who->tid = ids.pid;
#else
    __u64 both = pid_tgid();
    who->tgid = both >> 32;
    who->tid = (__u32)both;
#endif
    who->task = current_task_address();
}

INLINE void add_process(struct who *who, __u32 image, __u32 followed)
{
    struct process fresh = {.image = image, .followed = followed};
    if (map_update(&processes, &who->tgid, &fresh, MAP_UPDATE_NEW))
        who->counters->unfollowed++;
}

INLINE void new_process(struct who *who, __u32 followed)
{
    struct process *known = map_lookup(&processes, &who->tgid);
    if (known) {
        known->image++;
        known->followed = followed;
        return;
    }
    if (followed || who->config->flags & EVERYBODY)
        add_process(who, 0, followed);
}

// A task that is current for the first time has ids that can be asked for.
INLINE void baptise(struct who *who)
{
    struct birth *unborn = map_lookup(&born, &who->task);
    if (LIKELY(!unborn))
        return;
    struct birth birth = *unborn;
    map_delete(&born, &who->task);
    // Else it is a thread, though an exec may have given it its process's id by now.
    if (birth.parent != who->tgid)
        new_process(who, birth.followed);
}

INLINE int is_wanted(struct who *who)
{
    // Of another PID namespace, or nobody.
    if (!who->tgid)
        return 0;
    const struct process *process = map_lookup(&processes, &who->tgid);
    who->image = process ? process->image : 0;
    who->followed = process ? process->followed : 0;
    return who->followed || who->config->flags & EVERYBODY;
}

INLINE int find(struct who *who)
{
    identify(who);
    baptise(who);
    return is_wanted(who);
}

// Unrolled, as older kernels know no loops.
static __attribute__((noinline)) __u64 hash_of(struct frames *buffer)
{
    __u64 count = buffer->bytes / 8;
    __u64 hash = 0xcbf29ce484222325ULL;
#pragma unroll
    for (int index = 0; index < FRAMES; index++) {
        OPAQUE(count);
        if (index >= count)
            break;
        hash = (hash ^ buffer->frames[index]) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 29;
    }
    // 0 stands for no frames.
    return hash ? hash : 1;
}

INLINE void send_frames(void *context, struct frames *buffer, __u64 hash)
{
    if (LIKELY(map_lookup(&sent, &hash) != 0))
        return;
    buffer->message = MESSAGE_FRAMES;
    buffer->hash = hash;
    __u64 size = __builtin_offsetof(struct frames, frames) + buffer->bytes;
    OPAQUE(size);
    if (size > sizeof(*buffer))
        return;
    __u32 yes = 1;
    // When there is no room, the next sample tries again; without it the count has no frames.
    if (!perf_output(context, &events, CURRENT_CPU, buffer, size))
        map_update(&sent, &hash, &yes, MAP_UPDATE_NEW);
}

// The hash of the current stack's frames; 0 when there are none.
static __attribute__((noinline)) __u64 take_stack(void *context, struct frames *buffer, __u64 which)
{
    long bytes = get_stack(context, buffer->frames, sizeof(buffer->frames), which);
    if (bytes <= 0) {
        buffer->bytes = 0;
        return 0;
    }
    buffer->bytes = bytes;
    __u64 hash = hash_of(buffer);
    send_frames(context, buffer, hash);
    return hash;
}

INLINE __u64 take_stacks(void *context, const struct who *who, struct frames *buffer, struct stack_key *key, __u64 skip)
{
    __u32 most = who->config->most_frames * 8;
    __u64 flags = 0;
    key->tgid = who->tgid;
    key->tid = who->tid;
    key->image = who->image;
    key->kernel = take_stack(context, buffer, skip);
    if (buffer->bytes >= most)
        flags = TRUNCATED;
    key->user = take_stack(context, buffer, USER_STACK);
    if (buffer->bytes >= most)
        flags = TRUNCATED;
    return flags;
}

INLINE void merge(struct stack_count *into, const struct stack_count *more)
{
    into->samples += more->samples;
    into->on_cpu_ns += more->on_cpu_ns;
    into->off_cpu_ns += more->off_cpu_ns;
    into->off_cpu_count += more->off_cpu_count;
    into->flags |= more->flags;
}

// A thread is on one CPU at a time, and the key has its id: no atomics.
INLINE void add(void *context, struct stack_counters *counters, struct single *one)
{
    struct stack_count *known = map_lookup(&counts, &one->key);
    if (LIKELY(known != 0)) {
        merge(known, &one->count);
        return;
    }
    if (LIKELY(!map_update(&counts, &one->key, &one->count, MAP_UPDATE_NEW)))
        return;
    one->message = MESSAGE_COUNT;
    if (perf_output(context, &events, CURRENT_CPU, one, sizeof(*one)))
        counters->lost++;
}

// How far code is from code that it calls, in one binary.
enum { FAR = 64 << 20 };

// What kernels with FRED leave free above a thread's registers.
enum { FREE_ABOVE = 16 };

INLINE __u64 ip_at(const struct stack_config *config, __u64 registers)
{
    __u64 ip = 0;
    read_any(&ip, sizeof(ip), (const void *)(registers + config->ip_offset));
    return ip;
}

// The registers of a thread that is in the kernel, as it came there: they are at the top of its kernel
// stack, and right if they hold the address that the walk over the user's stack began with.
INLINE __u64 registers_below(const struct who *who, const struct frames *buffer)
{
    const struct stack_config *config = who->config;
    __u64 stack = 0;
    if (!config->stack_offset || !buffer->bytes)
        return 0;
    read_any(&stack, sizeof(stack), (const void *)(who->task + config->stack_offset));
    __u64 registers = stack + config->registers_offset;
    if (ip_at(config, registers) == buffer->frames[0])
        return registers;
    registers -= FREE_ABOVE;
    return ip_at(config, registers) == buffer->frames[0] ? registers : 0;
}

// What the user's code would return to, had the function that runs no frame. A frame pointer walk
// misses the caller of such code. The buffer holds the user's stack.
INLINE __u64 top_of(__u64 registers, const struct who *who, const struct frames *buffer)
{
    const struct stack_config *config = who->config;
    __u64 ip = registers ? ip_at(config, registers) : 0, top = 0;
    // Code of the kernel is in the upper half.
    if ((__s64)ip <= 0) {
        registers = registers_below(who, buffer);
        ip = buffer->frames[0];
    }
    if (!registers)
        return 0;
    read_any(&top, sizeof(top), (const void *)(registers + config->top_offset));
    if (!(config->flags & TOP_IN_REGISTER)) {
        __u64 stack = top;
        top = 0;
        read_any(&top, sizeof(top), (const void *)stack);
    }
    __u64 distance = top > ip ? top - ip : ip - top;
    return distance < FAR ? top : 0;
}

// Counts what this CPU should have delivered since its last sample. The sample stands for one period
// all the same: a CPU that slept meanwhile was nobody's.
INLINE void count_missed(const struct who *who)
{
    __u64 period = who->config->period_ns;
    __u64 now = monotonic_ns(), since = who->counters->last_ns;
    who->counters->last_ns = now;
    __u64 passed = now - since;
    if (since && passed > period + period / 2)
        who->counters->missed += (passed + period / 2) / period - 1;
}

SEC("perf_event")
int sample(void *context)
{
    struct who who = {};
    __u32 mine = 0;
    struct frames *buffer = map_lookup(&buffers, &mine);
    if (!begin(&who) || !buffer)
        return 0;
    struct single one = {};
    one.count.samples = 1;
    one.count.on_cpu_ns = who.config->period_ns;
    count_missed(&who);
    if (!pid_tgid()) {
        who.counters->idle++;
        return 0;
    }
    if (!find(&who)) {
        who.counters->others++;
        return 0;
    }
    one.count.flags = take_stacks(context, &who, buffer, &one.key, 0);
    // The context's first word points to the registers of what was interrupted.
    __u64 registers = 0;
    read_any(&registers, sizeof(registers), context);
    one.key.top = top_of(registers, &who, buffer);
    current_comm(one.count.comm, sizeof(one.count.comm));
    add(context, who.counters, &one);
    return 0;
}

SEC("raw_tp/sched_process_fork")
// The current task has made the second one.
int process_fork(struct raw_arguments *context)
{
    struct who who = {};
    if (!begin(&who))
        return 0;
    find(&who);
    __u64 child = context->args[1];
    struct birth birth = {.parent = who.tgid};
    birth.followed = who.followed && who.config->flags & FOLLOW_CHILDREN;
    // Also one that nobody follows: it may get an id that was known.
    if (map_update(&born, &child, &birth, 0) && birth.followed)
        who.counters->unfollowed++;
    return 0;
}

SEC("raw_tp/sched_process_exec")
int process_exec(void *context)
{
    struct who who = {};
    if (!begin(&who) || !find(&who))
        return 0;
    struct process *process = map_lookup(&processes, &who.tgid);
    if (process)
        process->image++;
    else
        add_process(&who, 1, 0);
    return 0;
}

SEC("raw_tp/sched_process_exit")
int process_exit(void *context)
{
    struct who who = {};
    if (!begin(&who) || !find(&who) || who.tid != who.tgid)
        return 0;
    // So that whoever gets its id is told from it.
    if (!map_lookup(&processes, &who.tgid))
        add_process(&who, 0, 0);
    return 0;
}

// States that nothing wakes from.
enum { DEAD = 0x10 | 0x20 | 0x80 };

INLINE void begin_wait(void *context, struct who *who, struct frames *buffer)
{
    __u32 state = 0;
    read_any(&state, sizeof(state), (const void *)(who->task + who->config->state_offset));
    // 0: it would go on if it could.
    if (!state || state & DEAD)
        return;
    struct wait wait = {};
    wait.flags = take_stacks(context, who, buffer, &wait.key, OWN_FRAMES);
    wait.key.top = top_of(0, who, buffer);
    current_comm(wait.comm, sizeof(wait.comm));
    wait.since_ns = monotonic_ns();
    if (map_update(&waiting, &who->task, &wait, 0))
        who->counters->lost++;
}

INLINE void end_wait(void *context, struct who *who, __u64 task)
{
    struct wait *wait = map_lookup(&waiting, &task);
    if (!wait)
        return;
    __u64 length = monotonic_ns() - wait->since_ns;
    if (length >= who->config->shortest_wait_ns) {
        struct single one = {.key = wait->key};
        one.count.off_cpu_ns = length;
        one.count.off_cpu_count = 1;
        one.count.flags = wait->flags;
        __builtin_memcpy(one.count.comm, wait->comm, sizeof(wait->comm));
        add(context, who->counters, &one);
    }
    map_delete(&waiting, &task);
}

struct switch_arguments {
    __u64 preempted;
    __u64 previous;
    __u64 next;
};

SEC("raw_tp/sched_switch")
// The thread that leaves is the current one.
int sched_switch(struct switch_arguments *context)
{
    struct who who = {};
    __u32 mine = 1;
    struct frames *buffer = map_lookup(&buffers, &mine);
    if (!begin(&who) || !buffer)
        return 0;
    if (pid_tgid() && !context->preempted && find(&who))
        begin_wait(context, &who, buffer);
    end_wait(context, &who, context->next);
    return 0;
}

#include "file_calls.h"

// Several helpers are for GPL programs only; this names the licence to the kernel.
char licence[] SEC("license") = "GPL";

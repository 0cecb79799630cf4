// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Counts and streams the system calls of one process. One source, an object for each engine:
//   RING     records go to a ring buffer, else to a perf event array
//   CLASSIC  attached to classic tracepoints, for kernels before 4.17, else to raw tracepoints
//   FILES    also bills calls to files; needs the kernel's BTF
// The programs run with preemption off and a thread runs on one CPU at a time, so what is kept for
// a thread or for a CPU needs no atomics.
#include "records.h"
#ifdef FILES
#include "files.h"
#endif

struct {
#ifdef RING
    UINT(type, MAP_RINGBUF);
    UINT(max_entries, 4 * 1024 * 1024);
#else
    UINT(type, MAP_PERF_EVENT_ARRAY);
    UINT(key_size, 4);
    UINT(value_size, 4);
#endif
} events SEC(".maps");

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct config);
} settings SEC(".maps");

struct {
    UINT(type, MAP_ARRAY);
    UINT(max_entries, SYSCALLS);
    TYPE(key, __u32);
    TYPE(value, struct interest);
} interests SEC(".maps");

// The last call that the thread on this CPU has begun here. Most calls end where they began,
// before the thread leaves its CPU: they need no more than this, and finding a thread's state in a
// hash twice would cost them as much as reading the clock twice.
struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct record);
} running SEC(".maps");

// The last call in which a thread has left its CPU; kept until the thread ends. Sizes are set by
// the loader.
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 4096);
    TYPE(key, __u32);
    TYPE(value, struct record);
} threads SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, SYSCALLS);
    TYPE(key, __u32);
    TYPE(value, struct statistics);
} totals SEC(".maps");

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1);
    TYPE(key, struct part_key);
    TYPE(value, struct statistics);
} part_totals SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_HASH);
    UINT(max_entries, 4096);
    TYPE(key, struct error_key);
    TYPE(value, __u64);
} errors SEC(".maps");

struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct counters);
} cpu_counters SEC(".maps");

// Living processes that descend from the target, when they are wanted, by the kernel's own id;
// and how many threads each has.
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, __u32);
} descendants SEC(".maps");

// Of descendants that have ended, by the id that is shown.
struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct last_name);
} last_names SEC(".maps");

enum { LOWEST_ADDRESS = 4096 };

struct event {
    const struct config *config;
    struct counters *counters;
    __u32 tgid;
    __u32 tid;
    __u32 kernel_tgid;
};

INLINE void identify(struct event *event)
{
    __u64 both = pid_tgid();
    event->tgid = both >> 32;
    event->tid = (__u32)both;
    event->kernel_tgid = event->tgid;
#ifdef RING
    if (event->config->flags & IN_NAMESPACE) {
        struct namespace_ids ids = {};
        pid_tgid_in_namespace(event->config->namespace_device, event->config->namespace_inode, &ids, sizeof(ids));
        // A child in a namespace of its own has no ids in ours that could be asked for.
        if (ids.tgid) {
            event->tgid = ids.tgid;
            event->tid = ids.pid;
        }
    }
#endif
}

INLINE int is_target(const struct event *event)
{
    if (event->tgid == event->config->tgid)
        return 1;
    if (LIKELY(!(event->config->flags & WITH_CHILDREN)))
        return 0;
    return map_lookup(&descendants, &event->kernel_tgid) != 0;
}

// Settings and counters are arrays of one: the verifier wants the check all the same.
INLINE int begin_event(struct event *event)
{
    __u32 zero = 0;
    event->config = map_lookup(&settings, &zero);
    event->counters = map_lookup(&cpu_counters, &zero);
    return event->config && event->counters;
}

INLINE struct record *running_here(void)
{
    __u32 zero = 0;
    return map_lookup(&running, &zero);
}

INLINE int is_of(const struct record *state, const struct event *event)
{
    return state->tid == event->tid && state->tgid == event->tgid && state->flags & (ACTIVE | FOREIGN);
}

// The call that the current thread is in; 0: not known.
INLINE struct record *state_of(const struct event *event)
{
    struct record *here = running_here();
    if (LIKELY(here && is_of(here, event)))
        return here;
    struct record *state = map_lookup(&threads, &event->tid);
    return state && is_of(state, event) ? state : 0;
}

INLINE __u64 argument(const struct record *record, __u32 index)
{
    return index < ARGUMENTS ? record->arguments[index] : 0;
}

INLINE __u64 wanted_bytes(const struct record *record, const struct slot *slot)
{
    __u64 bytes = 0;
    switch (slot->kind) {
    case SLOT_FIXED:
        return slot->unit;
    case SLOT_COUNTED:
        bytes = argument(record, slot->count) * slot->unit;
        break;
    case SLOT_RETURNED:
        bytes = record->result > 0 ? record->result * slot->unit : 0;
        break;
    }
    return bytes < slot->most ? bytes : slot->most;
}

// Reads one slot to body + at, at most `room` bytes, and says how many it got.
INLINE __u64 read_slot(struct record *record, const struct slot *slot, __u64 at, __u64 room)
{
    const void *from = (const void *)argument(record, slot->pointer);
    OPAQUE(at);
    if (!from || at > BODY - room)
        return 0;
    // No program has memory there: it is a number. Trying would cost more than the whole record.
    if ((__u64)from < LOWEST_ADDRESS)
        return UNREADABLE;
    void *to = (void *)record->arguments + at;
    if (slot->kind == SLOT_STRING) {
        long got = read_user_string(to, room, from);
        return got <= 0 ? UNREADABLE : got;
    }
    __u64 bytes = wanted_bytes(record, slot);
    OPAQUE(bytes);
    if (bytes > room)
        return 0;
    return read_user(to, bytes, from) ? UNREADABLE : bytes;
}

// How much of the payload a slot has taken.
INLINE __u64 taken(const struct record *record, int index)
{
    __u64 length = record->length[index];
    return length == UNREADABLE ? 0 : length;
}

// Where in a record's body its payload begins.
INLINE __u64 payload_of(const struct record *record)
{
    return 8 * record->arguments_kept;
}

#define READ_SLOT(record, interest, index, at) \
    do { \
        if ((interest)->slots[index].kind != SLOT_NONE) \
            (record)->length[index] = read_slot(record, &(interest)->slots[index], at, MOST_##index); \
    } while (0)

INLINE void read_before(struct record *record, const struct interest *interest)
{
    __u64 at = payload_of(record);
    READ_SLOT(record, interest, 0, at);
    READ_SLOT(record, interest, 1, at + taken(record, 0));
}

INLINE void read_after(struct record *record, const struct interest *interest)
{
    // A page that was not in memory when the call began may be there now.
    if (record->length[0] == UNREADABLE || record->length[1] == UNREADABLE)
        read_before(record, interest);
    __u64 at = payload_of(record) + taken(record, 0) + taken(record, 1);
    if (record->result >= 0 || interest->slots[2].even_on_error)
        READ_SLOT(record, interest, 2, at);
    at += taken(record, 2);
    if (record->result >= 0 || interest->slots[3].even_on_error)
        READ_SLOT(record, interest, 3, at);
}

INLINE void stream(void *context, struct event *event, struct record *record)
{
    __u64 size = HEADER + payload_of(record) + taken(record, 0) + taken(record, 1) + taken(record, 2) + taken(record, 3);
    OPAQUE(size);
    if (size > sizeof(*record))
        return;
    event->counters->produced++;
#ifdef RING
    if (ring_output(&events, record, size, RING_NO_WAKEUP))
#else
    if (perf_output(context, &events, CURRENT_CPU, record, size))
#endif
        event->counters->dropped++;
}

INLINE int is_error(__s64 result)
{
    return result < 0 && result >= -4095;
}

INLINE int bucket_of(__u64 value)
{
    int bucket = 0;
#pragma unroll
    for (int step = 32; step; step /= 2)
        if (value >> step) {
            bucket += step;
            value >>= step;
        }
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

// What a record is counted for, beside the sum over all.
INLINE __u32 part_of(const struct event *event, const struct record *record)
{
    if (event->config->flags & BY_THREAD)
        return record->tid;
    return event->config->flags & BY_PROCESS ? record->tgid : 0;
}

INLINE void count_error(struct event *event, const struct record *record)
{
    struct error_key key = {
        .part = part_of(event, record),
        .number = record->number,
        .error = -record->result,
    };
    __u64 *count = map_lookup(&errors, &key);
    if (!count) {
        __u64 none = 0;
        map_update(&errors, &key, &none, MAP_UPDATE_NEW);
        count = map_lookup(&errors, &key);
    }
    if (count)
        ++*count;
    else
        event->counters->unsummed++;
}

INLINE struct statistics *statistics_of(const struct event *event, const struct record *record)
{
    __u32 number = record->number;
    struct statistics *total = map_lookup(&totals, &number);
    if (LIKELY(!(event->config->flags & (BY_THREAD | BY_PROCESS))))
        return total;
    struct part_key key = {.part = part_of(event, record), .number = number};
    struct statistics *own = map_lookup(&part_totals, &key);
    __u32 last = SYSCALLS - 1;
    // The array's last entry is what a new one begins with: it is never counted in.
    struct statistics *empty = map_lookup(&totals, &last);
    if (!own && empty) {
        map_update(&part_totals, &key, empty, MAP_UPDATE_NEW);
        own = map_lookup(&part_totals, &key);
    }
    return own;
}

INLINE void summarise(struct event *event, const struct record *record)
{
    struct statistics *sum = statistics_of(event, record);
    if (!sum) {
        event->counters->unsummed++;
        return;
    }
    __u64 wall = record->wall_ns;
    if (record->flags & UNRETURNED) {
        sum->unreturned++;
        return;
    }
    if (wall < sum->shortest_ns || !sum->calls)
        sum->shortest_ns = wall;
    if (wall > sum->longest_ns)
        sum->longest_ns = wall;
    sum->calls++;
    sum->wall_ns += wall;
    sum->on_cpu_ns += record->on_cpu_ns;
    sum->buckets[bucket_of(wall)]++;
    if (is_error(record->result)) {
        sum->errors++;
        count_error(event, record);
    }
}

INLINE __u32 clamp_number(__u64 number)
{
    return number < SYSCALLS - 2 ? number : SYSCALLS - 2;
}

INLINE const struct interest *interest_in(__u32 number)
{
    return map_lookup(&interests, &number);
}

INLINE void enter(struct event *event, struct record *state, __u32 number)
{
    state->result = 0;
    state->on_cpu_ns = 0;
    state->number = number;
    state->flags = ACTIVE;
    state->arguments_kept = ARGUMENTS;
    if (event->config->flags & WANT_STREAM) {
        const struct interest *interest = interest_in(number);
        *(__u64 *)state->length = 0;
        if (interest && interest->streamed) {
            state->arguments_kept = interest->arguments;
            read_before(state, interest);
        }
    }
#ifdef FILES
    if (event->config->flags & WANT_FILES) {
        const struct interest *interest = interest_in(number);
        if (interest)
            remember_file(state, interest);
    }
#endif
    // Last, so that our own work is not part of the call.
    state->begin_ns = monotonic_ns();
}

INLINE void add_on_cpu(const struct event *event, struct record *state, __u64 until)
{
    __u64 since = event->counters->switched_ns;
    if (since < state->begin_ns)
        since = state->begin_ns;
    state->on_cpu_ns += until - since;
}

INLINE int is_streamed(const struct event *event, const struct interest *interest, const struct record *record)
{
    const struct config *config = event->config;
    if (!interest || !interest->streamed || record->wall_ns < config->slower_than_ns)
        return 0;
    return !(config->flags & ERRORS_ONLY) || is_error(record->result);
}

INLINE void deliver(void *context, struct event *event, struct record *state)
{
    if (event->config->flags & WANT_SUMMARY)
        summarise(event, state);
#ifdef FILES
    if (event->config->flags & WANT_FILES) {
        const struct interest *interest = interest_in(state->number);
        if (interest && !bill_file(state, interest))
            event->counters->unsummed++;
    }
#endif
    if (event->config->flags & WANT_STREAM) {
        const struct interest *interest = interest_in(state->number);
        if (is_streamed(event, interest, state)) {
            if (!(state->flags & UNRETURNED))
                read_after(state, interest);
            stream(context, event, state);
        }
    }
}

// A call that began before we were there.
INLINE void count_began_before(__u32 number)
{
    struct statistics *sum = map_lookup(&totals, &number);
    if (sum)
        sum->began_before++;
}

INLINE void leave(void *context, struct event *event, struct record *state, __u64 now, __s64 result)
{
    add_on_cpu(event, state, now);
    state->wall_ns = now - state->begin_ns;
    state->result = result;
    state->flags &= ~ACTIVE;
    deliver(context, event, state);
}

// Who makes a call is asked once for as long as the thread has this CPU: of everybody on the node.
INLINE int find_target(struct event *event)
{
    if (!begin_event(event))
        return 0;
    struct counters *known = event->counters;
    if (known->who == WHO_UNKNOWN) {
        identify(event);
        known->tgid = event->tgid;
        known->tid = event->tid;
        known->kernel_tgid = event->kernel_tgid;
        known->who = is_target(event) ? WHO_TARGET : WHO_OTHER;
        return known->who == WHO_TARGET;
    }
    event->tgid = known->tgid;
    event->tid = known->tid;
    event->kernel_tgid = known->kernel_tgid;
    return known->who == WHO_TARGET;
}

// What a call's two ends look like to each kind of tracepoint.
#ifdef CLASSIC
#define CALL_TRACEPOINT(name) SEC("tracepoint/raw_syscalls/" name)

struct call_begin {
    __u64 common;
    __u64 number;
    __u64 arguments[6];
};

struct call_end {
    __u64 common;
    __u64 number;
    __s64 result;
};

INLINE int read_arguments(const struct event *event, struct record *state, struct call_begin *context)
{
#pragma unroll
    for (int index = 0; index < ARGUMENTS; index++)
        state->arguments[index] = context->arguments[index];
    return 1;
}

INLINE __u64 number_at_end(const struct event *event, const struct call_end *context)
{
    return context->number;
}
#else
#define CALL_TRACEPOINT(name) SEC("raw_tp/" name)

struct call_begin {
    const void *registers;
    __u64 number;
};

struct call_end {
    const void *registers;
    __s64 result;
};

// Places among the words that are read; x86-64's are r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip.
enum { R10 = 0, R9 = 1, R8 = 2, CX = 4, DX = 5, SI = 6, DI = 7, IP = 9, WORDS = 10 };
// The kernel's bit in x86-64's thread_info.status.
enum { STATUS_32_BIT = 2 };

// The instruction `syscall` leaves in cx where it came from; `int $0x80` leaves cx alone.
INLINE int came_by_32_bit(const struct event *event, const __u64 *words)
{
    if (LIKELY(!(event->config->flags & TELL_32_BIT) || words[CX] == words[IP]))
        return 0;
    // On a CPU on which `syscall` leaves cx alone too, the kernel's own note decides.
    if (!event->config->status_offset)
        return 1;
    __u32 status = 0;
    read_kernel(&status, sizeof(status), (const void *)current_task_address() + event->config->status_offset);
    return status & STATUS_32_BIT;
}

// Says whether the number means what it means to us.
INLINE int read_arguments(const struct event *event, struct record *state, struct call_begin *context)
{
    __u64 words[WORDS];
    read_kernel(words, sizeof(words), context->registers + event->config->registers_offset);
    __u64 *to = state->arguments;
    if (event->config->flags & X86_REGISTERS) {
        to[0] = words[DI], to[1] = words[SI], to[2] = words[DX];
        to[3] = words[R10], to[4] = words[R8], to[5] = words[R9];
    } else {
#pragma unroll
        for (int index = 0; index < ARGUMENTS; index++)
            to[index] = words[index];
    }
    return !came_by_32_bit(event, words);
}

INLINE __u64 number_at_end(const struct event *event, const struct call_end *context)
{
    __u32 number = 0;
    read_kernel(&number, sizeof(number), context->registers + event->config->number_offset);
    return number;
}
#endif

CALL_TRACEPOINT("sys_enter")
int sys_enter(struct call_begin *context)
{
    struct event event = {};
    int ours = find_target(&event);
    if (event.counters)
        event.counters->seen++;
    if (!ours)
        return 0;
    struct record *state = running_here();
    if (!state)
        return 0;
    state->tgid = event.tgid;
    state->tid = event.tid;
    if (LIKELY(read_arguments(&event, state, context))) {
        enter(&event, state, clamp_number(context->number));
    } else {
        state->flags = FOREIGN;
        event.counters->foreign++;
    }
    return 0;
}

CALL_TRACEPOINT("sys_exit")
int sys_exit(struct call_end *context)
{
    struct event event = {};
    if (!find_target(&event))
        return 0;
    __u64 now = monotonic_ns();
    struct record *state = state_of(&event);
    if (!state)
        count_began_before(clamp_number(number_at_end(&event, context)));
    else if (LIKELY(state->flags & ACTIVE))
        leave(context, &event, state, now, context->result);
    else
        state->flags = 0;
    return 0;
}

// The thread may go on elsewhere.
INLINE void take_along(struct event *event, struct record *state)
{
    if (map_update(&threads, &event->tid, state, 0))
        event->counters->untracked++;
    state->flags = 0;
}

#ifdef CLASSIC
SEC("tracepoint/sched/sched_switch")
#else
SEC("raw_tp/sched_switch")
#endif
// The thread that leaves is the current one. It has been running since this CPU's last switch.
int sched_switch(void *context)
{
    struct event event = {};
    int ours = find_target(&event);
    if (!event.counters)
        return 0;
    __u64 now = monotonic_ns();
    struct record *state = ours ? state_of(&event) : 0;
    if (state) {
        add_on_cpu(&event, state, now);
        if (!(state->flags & SWITCHED)) {
            state->flags |= SWITCHED;
            take_along(&event, state);
        }
    }
    event.counters->switched_ns = now;
    event.counters->who = WHO_UNKNOWN;
    return 0;
}

// The thread that ends is the current one: with a process's last one the process has ended.
INLINE void end_descendant(const struct event *event)
{
    __u32 *living = map_lookup(&descendants, &event->kernel_tgid);
    if (!living)
        return;
    __sync_fetch_and_add(living, -1);
    if (*living)
        return;
    map_delete(&descendants, &event->kernel_tgid);
    struct last_name name = {};
    current_name(name.text, sizeof(name.text));
    map_update(&last_names, &event->tgid, &name, 0);
}

#ifdef CLASSIC
SEC("tracepoint/sched/sched_process_exit")
#else
SEC("raw_tp/sched_process_exit")
#endif
// A thread that ends: the call it ended in never returns.
int thread_exit(void *context)
{
    struct event event = {};
    if (!find_target(&event))
        return 0;
    if (event.config->flags & WITH_CHILDREN)
        end_descendant(&event);
    struct record *state = state_of(&event);
    if (state && state->flags & ACTIVE) {
        __u64 now = monotonic_ns();
        add_on_cpu(&event, state, now);
        state->wall_ns = now - state->begin_ns;
        state->flags = UNRETURNED | (state->flags & SWITCHED);
        deliver(context, &event, state);
    }
    if (state)
        state->flags = 0;
    map_delete(&threads, &event.tid);
    return 0;
}

#ifndef CLASSIC
// The current thread has made another one, maybe of another process. Only attached when children
// are wanted.
SEC("raw_tp/sched_process_fork")
int process_fork(struct raw_arguments *context)
{
    struct event event = {};
    if (!find_target(&event))
        return 0;
    __u32 child = 0, one = 1;
    read_kernel(&child, sizeof(child), (const void *)context->args[1] + event.config->tgid_offset);
    if (child != event.kernel_tgid) {
        if (map_update(&descendants, &child, &one, 0))
            event.counters->unfollowed++;
        return 0;
    }
    __u32 *living = map_lookup(&descendants, &child);
    if (living)
        __sync_fetch_and_add(living, 1);
    return 0;
}
#endif

// Several helpers are for GPL programs only; this names the licence to the kernel.
char licence[] SEC("license") = "GPL";

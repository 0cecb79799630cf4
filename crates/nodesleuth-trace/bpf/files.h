// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Bills calls to the file that they are about: descriptor -> struct file -> inode. A file's names
// are sent once, from the file up to the root of its file system.
#pragma once
#include "records.h"
#include "structs.h"

enum { NAMES_BYTES = 2048, NAME_MOST = 256, DEPTH_MOST = 24 };

struct file_total {
    __u64 calls;
    __u64 errors;
    __u64 bytes;
    __u64 wall_ns;
    __u64 on_cpu_ns;
    __u64 named;
};

struct file_names {
    __u64 inode;
    __u32 device;
    __u16 mode;
    __u16 depth;
    // Each with its NUL, the file's own first.
    __u8 text[NAMES_BYTES];
};

struct {
    UINT(type, MAP_HASH);
    UINT(max_entries, 16384);
    TYPE(key, struct file_key);
    TYPE(value, struct file_total);
} file_totals SEC(".maps");

struct {
    UINT(type, MAP_RINGBUF);
    UINT(max_entries, 1024 * 1024);
} names SEC(".maps");

// Too large for the stack. Preemption is off, so one for each CPU will do.
struct {
    UINT(type, MAP_PERCPU_ARRAY);
    UINT(max_entries, 1);
    TYPE(key, __u32);
    TYPE(value, struct file_names);
} names_buffer SEC(".maps");

INLINE struct file *file_of(__u64 descriptor)
{
    struct task_struct *task = (struct task_struct *)current_task_address();
    struct files_struct *files = 0;
    struct fdtable *table = 0;
    struct file **all = 0;
    struct file *file = 0;
    unsigned int most = 0;
    READ_FIELD(files, task, files);
    READ_FIELD(table, files, fdt);
    READ_FIELD(most, table, max_fds);
    if ((__u32)descriptor >= most)
        return 0;
    READ_FIELD(all, table, fd);
    read_kernel(&file, sizeof(file), all + (__u32)descriptor);
    return file;
}

INLINE void identify_file(struct file_key *key, struct file *file)
{
    struct inode *inode = 0;
    struct super_block *super = 0;
    unsigned long number = 0;
    READ_FIELD(inode, file, f_inode);
    READ_FIELD(number, inode, i_ino);
    READ_FIELD(super, inode, i_sb);
    READ_FIELD(key->device, super, s_dev);
    key->inode = number;
}

INLINE int send_names(struct file *file, const struct file_key *key)
{
    __u32 zero = 0;
    struct file_names *out = map_lookup(&names_buffer, &zero);
    if (!out)
        return 0;
    struct inode *inode = 0;
    struct dentry *entry = 0, *parent = 0;
    __u64 at = 0;
    READ_FIELD(inode, file, f_inode);
    READ_FIELD(out->mode, inode, i_mode);
    READ_FIELD(entry, file, f_path.dentry);
    out->inode = key->inode;
    out->device = key->device;
    out->depth = 0;
#pragma nounroll
    for (int depth = 0; depth < DEPTH_MOST; depth++) {
        const unsigned char *name = 0;
        OPAQUE(at);
        if (!entry || at > NAMES_BYTES - NAME_MOST)
            break;
        READ_FIELD(parent, entry, d_parent);
        READ_FIELD(name, entry, d_name.name);
        long got = read_kernel_string(out->text + at, NAME_MOST, name);
        if (got <= 0)
            break;
        at += got;
        out->depth++;
        // A root is its own parent.
        if (parent == entry)
            break;
        entry = parent;
    }
    OPAQUE(at);
    if (at > NAMES_BYTES)
        return 0;
    return !ring_output(&names, out, __builtin_offsetof(struct file_names, text) + at, RING_NO_WAKEUP);
}

INLINE struct file_total *file_total_of(const struct file_key *key)
{
    struct file_total *total = map_lookup(&file_totals, key);
    if (LIKELY(total != 0))
        return total;
    struct file_total none = {};
    map_update(&file_totals, key, &none, MAP_UPDATE_NEW);
    return map_lookup(&file_totals, key);
}

// Not inlined: it is needed twice and long.
static __attribute__((noinline)) int remember_descriptor(struct record *record, __u64 descriptor)
{
    struct file *file = file_of(descriptor);
    if (!file)
        return 0;
    record->file.number = record->number;
    record->file.tgid = record->tgid;
    identify_file(&record->file, file);
    struct file_total *total = file_total_of(&record->file);
    if (total && !total->named)
        total->named = send_names(file, &record->file);
    return 0;
}

INLINE void remember_file(struct record *record, const struct interest *interest)
{
    record->file.inode = 0;
    if (interest->file_from == FILE_FROM_ARGUMENT)
        remember_descriptor(record, record->arguments[0]);
}

// Says whether there was room.
INLINE int bill_file(struct record *record, const struct interest *interest)
{
    if (interest->file_from == FILE_FROM_RESULT && record->result >= 0)
        remember_descriptor(record, record->result);
    if (!record->file.inode)
        return 1;
    struct file_total *total = map_lookup(&file_totals, &record->file);
    if (!total)
        return 0;
    // Threads on other CPUs add to the same file.
    __sync_fetch_and_add(&total->calls, 1);
    __sync_fetch_and_add(&total->wall_ns, record->wall_ns);
    __sync_fetch_and_add(&total->on_cpu_ns, record->on_cpu_ns);
    if (record->result < 0)
        __sync_fetch_and_add(&total->errors, 1);
    else if (interest->file_from != FILE_FROM_RESULT)
        __sync_fetch_and_add(&total->bytes, record->result);
    return 1;
}

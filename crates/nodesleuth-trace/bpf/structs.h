// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The few fields of kernel structs that we read. Only their names and types matter: where they are
// is looked up in the running kernel's BTF when a program is loaded.
#pragma once
#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
    const unsigned char *name;
};

struct dentry {
    struct dentry *d_parent;
    struct qstr d_name;
};

struct super_block {
    __u32 s_dev;
};

struct inode {
    unsigned short i_mode;
    struct super_block *i_sb;
    unsigned long i_ino;
};

struct path {
    struct dentry *dentry;
};

struct file {
    struct path f_path;
    struct inode *f_inode;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};

struct files_struct {
    struct fdtable *fdt;
};

struct task_struct {
    struct files_struct *files;
    int pid;
    int tgid;
};

#pragma clang attribute pop

// Reads a field of a kernel struct into a variable; zeroes it when that is not possible.
#define READ_FIELD(variable, pointer, field) read_kernel(&(variable), sizeof(variable), &(pointer)->field)

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the examples know of the kernel: the few fields they read, and two things they all report.
 *
 * The kernel's structs are declared with no more than these fields, wherever they really are:
 * preserve_access_index makes libbpf look up each one's place in the kernel that loads the program
 * (CO-RE). So one object file fits Linux 5.10 and 7.3, and needs no vmlinux.h of either.
 */
#ifndef EXAMPLES_KERNEL_BPF_H
#define EXAMPLES_KERNEL_BPF_H

#include <stdbool.h>

#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "record.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
	__u32 i_generation;
	__u32 i_nlink;
	struct {
		int counter;
	} i_writecount;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct task_struct;

struct mm_struct {
	struct task_struct *owner;
	struct file *exe_file;
};

struct task_struct {
	__s32 tgid;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	char comm[16];
};

struct linux_binprm {
	struct file *file;
	unsigned long p;
	unsigned long exec;
	int argc;
	int envc;
	const char *filename;
};

#pragma clang attribute pop

static __always_inline struct task_struct *task_current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline void subject_read(struct subject *subject)
{
	subject->pid = bpf_get_current_pid_tgid() >> 32;
	subject->ppid = BPF_CORE_READ(task_current(), real_parent, tgid);
	subject->uid = (__u32)bpf_get_current_uid_gid();
	subject->reserved = 0;
	bpf_get_current_comm(subject->comm, sizeof(subject->comm));
}

/*
 * Walk from a file up to the root of its mount namespace or, without a mount, of its file system.
 * No lock is held: a rename at the same moment can garble the names. That is good enough for
 * people to read, and not for a decision.
 *
 * The size is kept in the record, of whose contents the verifier knows nothing. In a variable it
 * would be another size on each way through the loop, to be looked at one by one: two to the power
 * of PATH_NAMES_MAX.
 */
static __always_inline void path_read(struct path_names *path, const struct vfsmount *mnt,
				      const struct dentry *dentry)
{
	const struct mount *mount, *below;
	const struct dentry *parent;
	__u32 size;
	long len;
	int i;

	path->size = 0;
	path->complete = 0;
	for (i = 0; i < PATH_NAMES_MAX; i++) {
		if (mnt && dentry == BPF_CORE_READ(mnt, mnt_root)) {
			mount = (const void *)mnt - bpf_core_field_offset(struct mount, mnt);
			below = BPF_CORE_READ(mount, mnt_parent);
			path->complete = mount == below;
			if (mount == below)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mnt = (const void *)below + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		path->complete = !mnt && parent == dentry;
		if (path->complete)
			break;
		size = *(volatile __u32 *)&path->size;
		if (size > PATH_SIZE)
			break;
		len = bpf_probe_read_kernel_str(path->names + size, PATH_NAME_SIZE,
						BPF_CORE_READ(dentry, d_name.name));
		if (len <= 0)
			break;
		path->size = size + len;
		/* A memfd hangs nowhere: it has a name, and no way up to the root of a mount. */
		if (parent == dentry)
			break;
		dentry = parent;
	}
}

static __always_inline void path_read_file(struct path_names *path, const struct file *file)
{
	path_read(path, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
}

#endif

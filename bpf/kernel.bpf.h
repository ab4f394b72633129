/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What our programs know of the kernel: the few fields they read, wherever they really are.
 * preserve_access_index makes libbpf look up each one's place in the kernel that loads the program
 * (CO-RE), so one object fits every kernel and needs no vmlinux.h of any.
 */
#ifndef KRSI_KERNEL_BPF_H
#define KRSI_KERNEL_BPF_H

#include <stdbool.h>

#include <libkrsi/bpf/krsi.bpf.h>
#include <bpf/bpf_core_read.h>

struct mnt_namespace;
struct user_namespace;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

struct file_system_type {
	const char *name;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
	struct file_system_type *s_type;
	const char *s_subtype;
	void *s_root;
	unsigned long s_iflags;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	struct {
		int counter;
	} i_writecount;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
	void *private_data;
};

struct mm_struct {
	struct file *exe_file;
	void *pgd;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct group_info {
	int ngroups;
	kgid_t gid[0];
};

struct cred {
	kuid_t uid, euid, suid, fsuid;
	kgid_t gid, egid, sgid, fsgid;
	struct {
		__u64 val;	/* two __u32 before 6.3 */
	} cap_effective, cap_permitted, cap_inheritable;
	struct group_info *group_info;
	struct user_namespace *user_ns;
};

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[0];
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	const struct cred *real_cred;
	const struct cred *cred;
	void *signal;
	struct css_set *cgroups;
	struct nsproxy *nsproxy;
	kuid_t loginuid;
	__u64 start_boottime;
	__u64 self_exec_id;
	unsigned int flags;
	unsigned int personality;
	char comm[16];
};

struct in6_addr {
	__u8 bytes[16];	/* a union in the kernel */
};

struct sock_common {
	__u32 skc_rcv_saddr;
	__u16 skc_num;
	unsigned short skc_family;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};

struct socket {
	short type;
	struct sock *sk;
};

struct sockaddr_un {
	unsigned short sun_family;
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};

struct bpf_iter__task {
	struct task_struct *task;
};

struct linux_binprm {
	struct mm_struct *mm;
	struct file *file;
	unsigned long p;
	unsigned long exec;
	int argc;
	const char *filename;
	const char *interp;
};

struct vm_area_struct {
	unsigned long vm_flags;
	struct file *vm_file;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root, pwd;
};

struct task_struct___files {
	struct files_struct *files;
	struct fs_struct *fs;
};

#pragma clang attribute pop

/* From asm/errno.h, linux/fs.h and the like, which BPF programs cannot include. */
#define EPERM 1
#define EAGAIN 11
#define CLONE_THREAD 0x00010000
#define PTRACE_MODE_ATTACH 2
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_RAW 3
#define IPPROTO_SCTP 132
#define MSG_FASTOPEN 0x20000000
#define S_IFSOCK 0140000
#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_EXEC 0x20
#define FMODE_PATH 0x4000
#define O_APPEND 02000
#define O_TRUNC 01000
#define PF_KTHREAD 0x00200000
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define PROT_ANY 7
#define MAP_SHARED 1
#define MAY_WRITE 2
#define MAY_READ 4
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFDIR 0040000
#define S_IFLNK 0120000
#define VM_WRITE 2
#define VM_EXEC 4
#define READ_IMPLIES_EXEC 0x400000	/* of a personality */
#define MNT_NOEXEC 4			/* of a mount's flags */
#define SB_I_NOEXEC 2			/* of a file system's s_iflags */
#define VM_ANY 7			/* VM_READ, VM_WRITE and VM_EXEC */
#define VM_SHARED 8
#define F_SETFL 4
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_PROPAGATION 0x1e0000		/* MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE and MS_SHARED */

static __always_inline struct task_struct *task_current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

#endif

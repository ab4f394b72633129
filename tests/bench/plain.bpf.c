/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the engine's events are measured against: a program that somebody writes by hand who wants the same
 * fields of one file's executions and opens, and nothing else. It has a struct instead of fields that describe
 * themselves, the kernel's bpf_d_path() instead of a way up of its own (so chroot(2) fools it), and a buffer per
 * CPU (so one program that interrupts another spoils its record).
 *
 * file_open			reports the open of the file.
 * bprm_committed_creds		reports the execution, with the strings on the new stack: a program that can refuse
 *				it (bprm_check_security, as the engine's) cannot read them this way.
 */
#include "../../bpf/kernel.bpf.h"
#include "plain.h"
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct uts_namespace { struct ns_common ns; };
struct ipc_namespace { struct ns_common ns; };
struct mnt_namespace { struct ns_common ns; };
struct net { struct ns_common ns; };
struct time_namespace { struct ns_common ns; };
struct cgroup_namespace { struct ns_common ns; };
struct user_namespace { struct ns_common ns; };
struct pid_namespace { struct ns_common ns; };
struct upid { int nr; struct pid_namespace *ns; };
struct pid { unsigned int level; struct upid numbers[1]; };
struct nsproxy___plain {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};
struct task_struct___plain {
	struct task_struct___plain *group_leader;
	struct pid *thread_pid;
	struct nsproxy___plain *nsproxy;
	struct fs_struct *fs;
};
#pragma clang attribute pop

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} plain_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct plain_record);
} scratch SEC(".maps");

__u64 wanted_inode;	/* the file that is reported */
__u32 reporting;	/* enum plain_operation; 0: the file is looked for, and nothing told */
__u64 sequence, lost;

static __always_inline void ids_fill(struct plain_record *record, struct task_struct *task)
{
	const struct cred *cred = task->cred;

	record->uid = cred->euid.val;
	record->gid = cred->egid.val;
	record->real_uid = cred->uid.val;
	record->real_gid = cred->gid.val;
	record->saved_uid = cred->suid.val;
	record->saved_gid = cred->sgid.val;
	record->fs_uid = cred->fsuid.val;
	record->fs_gid = cred->fsgid.val;
	record->login_uid = task->loginuid.val;
	bpf_core_read(&record->cap_effective, sizeof(__u64), &cred->cap_effective);
	bpf_core_read(&record->cap_permitted, sizeof(__u64), &cred->cap_permitted);
	bpf_core_read(&record->cap_inheritable, sizeof(__u64), &cred->cap_inheritable);
	record->ns_user = cred->user_ns->ns.inum;
}

static __always_inline void namespaces_fill(struct plain_record *record, struct task_struct___plain *task)
{
	struct nsproxy___plain *proxy = task->nsproxy;
	struct task_struct___plain *leader = task->group_leader;
	struct pid_namespace *space = 0;
	__u64 at = 0;

	record->ns_cgroup = proxy->cgroup_ns->ns.inum;
	record->ns_ipc = proxy->ipc_ns->ns.inum;
	record->ns_mnt = proxy->mnt_ns->ns.inum;
	record->ns_net = proxy->net_ns->ns.inum;
	record->ns_time = proxy->time_ns->ns.inum;
	record->ns_uts = proxy->uts_ns->ns.inum;
	/* As a number: the verifier knows no arrays in what it knows the type of. */
	bpf_core_read(&at, sizeof(at), &leader->thread_pid);
	at += bpf_core_field_offset(struct pid, numbers) + (leader->thread_pid->level & 63) * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&record->ns_tgid, sizeof(record->ns_tgid), (void *)at + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&space, sizeof(space), (void *)at + bpf_core_field_offset(struct upid, ns));
	bpf_core_read(&record->ns_pid, sizeof(record->ns_pid), &space->ns.inum);
}

static __always_inline void subject_fill(struct plain_record *record, struct task_struct *task)
{
	record->sequence = __sync_fetch_and_add(&sequence, 1);
	record->time = bpf_ktime_get_boot_ns();
	record->cpu = bpf_get_smp_processor_id();
	record->pid = task->tgid;
	record->tid = task->pid;
	record->start_time = task->group_leader->start_boottime;
	record->ppid = task->real_parent->tgid;
	record->parent_start_time = task->real_parent->group_leader->start_boottime;
	record->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	ids_fill(record, task);
	namespaces_fill(record, (struct task_struct___plain *)task);
}

static __always_inline void object_fill(struct plain_record *record, struct inode *inode)
{
	record->inode = inode->i_ino;
	record->device = inode->i_sb->s_dev;
	record->mode = inode->i_mode;
	record->owner = inode->i_uid.val;
	record->links = inode->i_nlink;
}

/* Texts end long before this; the verifier wants to see it, also where a number was on the stack meanwhile. */
#define BOUNDED(used) asm volatile("%0 &= 16383" : "+r"(used))

/* Put a path behind the texts there are. Returns the new size of all. */
static __always_inline __u64 path_add(struct plain_record *record, __u64 used, struct path *path, __u32 text)
{
	long size;

	BOUNDED(used);
	size = bpf_d_path(path, record->texts + used, PLAIN_PATH_SIZE);
	if (size < 0 || size > PLAIN_PATH_SIZE)
		size = 0;
	record->size[text] = size;
	return used + size;
}

#define CGROUP_LEVELS 32
#define CGROUP_NAME 128

static __always_inline __u64 cgroup_add(struct plain_record *record, __u64 used, struct task_struct *task)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp, *above;
	__u32 levels = cgroup->level, i;
	__u64 begin = used;
	const char *name;
	long size;

	for (i = 1; i < CGROUP_LEVELS && i <= levels; i++) {
		bpf_core_read(&above, sizeof(above), &cgroup->ancestors[i]);
		name = BPF_CORE_READ(above, kn, name);
		BOUNDED(used);
		record->texts[used] = '/';
		size = bpf_probe_read_kernel_str(record->texts + used + 1, CGROUP_NAME, name);
		if (size < 1 || size > CGROUP_NAME)
			break;
		used += size;
	}
	record->size[PLAIN_CGROUP] = used - begin;
	return used;
}

/* Arguments and environment, as they lie on the new stack. */
static __always_inline __u64 strings_add(struct plain_record *record, __u64 used, struct linux_binprm *bprm)
{
	__u64 size = bprm->exec - bprm->p;

	BOUNDED(used);
	if (size > PLAIN_STRINGS_SIZE - 1)
		size = PLAIN_STRINGS_SIZE - 1;
	if (bpf_probe_read_user(record->texts + used, size, (void *)bprm->p))
		size = 0;
	record->argc = bprm->argc;
	record->size[PLAIN_STRINGS] = size;
	return used + size;
}

static __always_inline void report(struct file *file, struct linux_binprm *bprm)
{
	__u32 operation = bprm ? PLAIN_EXEC : PLAIN_OPEN;
	struct task_struct___plain *plain_task;
	struct task_struct *task;
	struct plain_record *record;
	__u32 zero = 0;
	__u64 used;

	if (file->f_inode->i_ino != wanted_inode || reporting != operation)
		return;
	record = bpf_map_lookup_elem(&scratch, &zero);
	if (!record)
		return;
	task = bpf_get_current_task_btf();
	plain_task = (struct task_struct___plain *)task;
	record->operation = operation;
	subject_fill(record, task);
	object_fill(record, file->f_inode);
	used = path_add(record, 0, &file->f_path, PLAIN_PATH);
	if (task->mm && task->mm->exe_file)
		used = path_add(record, used, &task->mm->exe_file->f_path, PLAIN_EXE);
	if (plain_task->fs)
		used = path_add(record, used, &plain_task->fs->pwd, PLAIN_CWD);
	used = cgroup_add(record, used, task);
	record->size[PLAIN_STRINGS] = record->argc = 0;
	if (bprm)
		used = strings_add(record, used, bprm);
	asm volatile("" : "+r"(used));
	if (used > sizeof(record->texts))
		return;
	if (bpf_ringbuf_output(&plain_ring, record, __builtin_offsetof(struct plain_record, texts) + used, 0))
		__sync_fetch_and_add(&lost, 1);
}

SEC("lsm/file_open")
int BPF_PROG(plain_open, struct file *file, int ret)
{
	if (!ret)
		report(file, 0);
	return ret;
}

SEC("lsm/bprm_committed_creds")
int BPF_PROG(plain_exec, struct linux_binprm *bprm)
{
	report(bprm->file, bprm);
	return 0;
}

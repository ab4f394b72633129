/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * deny-exec, kernel side: some files are not executed, whatever they are called.
 *
 * Threat: a list of forbidden paths is evaded with a new name: rename, hard link, symbolic link,
 * bind mount, chroot, mount namespace. All of them lead to the same inode, so the inode decides.
 *
 * bprm_check_security	refuses execve(). It is asked for the file itself, and once more for the
 *			interpreter when the file is a script.
 * mmap_file		refuses to map the file as code. Without it `/lib64/ld-linux-x86-64.so.2 FILE`
 *			runs what execve() refuses.
 * file_open		learns which inodes are meant, at the start and for our own process only.
 *
 * Not stopped: a copy, which is another file; whatever is read instead of executed, such as
 * `sh SCRIPT`; a program that runs already. A btrfs snapshot of the file is stopped as well, since
 * its inode has the same numbers.
 */
#include "kernel.bpf.h"
#include "deny-exec.h"

/* From asm/mman.h and asm/errno.h. */
#define PROT_EXEC 4
#define EPERM 1

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set before load, constant after. */
const volatile __u32 learner = 0;	/* the process whose opening of files is a lesson */
const volatile __u32 enforce = 1;	/* 0 reports only */

/* Room for some 200 records. When it is full, records are dropped and counted; files are denied just the same. */
KRSI_RING(events, 1 << 20);

/* Identity to number of the file. User space makes it large enough, and gives up when it is full. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct identity);
	__type(value, __u32);
} denied SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lesson);
} lesson SEC(".maps");

static __always_inline void identity_read(struct identity *identity, const struct inode *inode)
{
	identity->inode = BPF_CORE_READ(inode, i_ino);
	identity->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	identity->generation = BPF_CORE_READ(inode, i_generation);
}

SEC("lsm/file_open")
int BPF_PROG(learn, struct file *file, int ret)
{
	struct identity identity;
	struct lesson *now;
	__u32 zero = 0, number;

	if (ret || bpf_get_current_pid_tgid() >> 32 != learner)
		return ret;
	now = bpf_map_lookup_elem(&lesson, &zero);
	if (!now || !now->active)
		return 0;
	identity_read(&identity, file->f_inode);
	number = now->file;
	if (!bpf_map_update_elem(&denied, &identity, &number, BPF_ANY))
		now->learned++;
	return 0;
}

/* Whether the file is one of ours; if so, report it. */
static __always_inline bool is_denied(const struct file *file, __u32 way)
{
	struct identity identity;
	struct denied_record *record;
	__u32 *number;

	identity_read(&identity, BPF_CORE_READ(file, f_inode));
	number = bpf_map_lookup_elem(&denied, &identity);
	if (!number)
		return false;
	record = krsi_ring_reserve(events, sizeof(*record));
	if (record) {
		record->way = way;
		record->file = *number;
		subject_read(&record->subject);
		path_read_file(&record->path, file);
		bpf_ringbuf_submit(record, 0);
	}
	return true;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(deny_exec, struct linux_binprm *bprm, int ret)
{
	if (ret)	/* someone before us said no; never soften it */
		return ret;
	return is_denied(bprm->file, DENIED_EXEC) && enforce ? -EPERM : 0;
}

SEC("lsm/mmap_file")
int BPF_PROG(deny_map, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags, int ret)
{
	if (ret)
		return ret;
	if (!file || !(prot & PROT_EXEC))
		return 0;
	/* What deny_exec reported and did not refuse is now mapped by the kernel: one event is enough. */
	if (!enforce && BPF_CORE_READ(file, f_inode) == BPF_CORE_READ(task_current(), mm, exe_file, f_inode))
		return 0;
	return is_denied(file, DENIED_MAP) && enforce ? -EPERM : 0;
}

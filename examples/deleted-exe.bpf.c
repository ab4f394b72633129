/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * deleted-exe, kernel side: the file of a running program loses its name.
 *
 * Threat: a program that deletes its own file, or that of another one, while it runs leaves
 * nothing on disk to be found. (So does every package update, which renames the new file over the
 * old one: who did it tells these apart.)
 *
 * security_inode_unlink	reports a deletion by unlink(2).
 * security_inode_rename	reports a file that another one is renamed onto.
 *
 * These are the functions that call the hooks inode_unlink and inode_rename of every security
 * module. We sit at their exit instead of on the hooks for two reasons. The verdict of all modules
 * is known there: what one of them refuses is not reported. And the hook inode_rename does not
 * know the flags: for RENAME_EXCHANGE, which deletes nothing, it is called twice and looks like
 * two deletions. The function has the flags on every kernel.
 *
 * The hooks speak of inodes, so it does not matter which mount namespace the program runs in, nor
 * under which name it was started. That a program runs from a file can be seen in its inode: the
 * count of writers is negative while writing is refused with ETXTBSY. Linux 6.11 gave that up and
 * 6.13 took it up again, as did stable releases of 6.12: deleted-exe.c tries it out at its start.
 *
 * Not seen: a deletion by the server of a network file system, or below an overlay, in its layers.
 * Reported although no program runs: a file in the moment when the kernel itself reads it with
 * writing refused (a module, a firmware), and the interpreter of a running program on Linux 5.10.
 * Reported although it stays: a file whose deletion the file system then fails to carry out.
 */
#include "kernel.bpf.h"
#include "deleted-exe.h"

/* linux/fs.h has it, and much that is not for BPF. */
#define RENAME_EXCHANGE 2

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Room for some 200 records. When it is full, records are dropped and counted. */
KRSI_RING(events, 1 << 20);

static __always_inline void deleted_report(struct dentry *dentry, __u32 way)
{
	struct inode *inode = dentry->d_inode;
	struct deleted_record *deleted;

	/* No inode: nothing had the name that a file is renamed to. */
	if (!inode || inode->i_writecount.counter >= 0)
		return;
	deleted = krsi_ring_reserve(events, sizeof(*deleted));
	if (!deleted)
		return;
	deleted->way = way;
	deleted->links = inode->i_nlink ? inode->i_nlink - 1 : 0;
	deleted->inode = inode->i_ino;
	deleted->dev = inode->i_sb->s_dev;
	deleted->reserved = 0;
	subject_read(&deleted->subject);
	path_read(&deleted->path, NULL, dentry);
	bpf_ringbuf_submit(deleted, 0);
}

SEC("fexit/security_inode_unlink")
int BPF_PROG(unlink_allowed, struct inode *dir, struct dentry *dentry, int ret)
{
	if (!ret)
		deleted_report(dentry, DELETED_UNLINK);
	return 0;
}

SEC("fexit/security_inode_rename")
int BPF_PROG(rename_allowed, struct inode *old_dir, struct dentry *old_dentry,
	     struct inode *new_dir, struct dentry *new_dentry, unsigned int flags, int ret)
{
	if (!ret && !(flags & RENAME_EXCHANGE))
		deleted_report(new_dentry, DELETED_RENAME);
	return 0;
}

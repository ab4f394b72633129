/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Names of files: creating, removing, renaming, linking.
 *
 * A hook has the directory's path, whose mount is also that of the name: the kernel refuses renames
 * and links from one mount to another before it asks. What is yet to be made has no identity; its type,
 * mode and owner are those that it will get.
 */
#ifndef KRSI_ENGINE_HOOKS_NAME_BPF_H
#define KRSI_ENGINE_HOOKS_NAME_BPF_H

#include "act.bpf.h"

/* A name for something new. */
static __always_inline long name_make(const struct path *dir, struct dentry *dentry, __u32 mode, __u32 operation)
{
	int at = act_begin(KRSI_PRIV_OP_BIT(operation));
	__u64 number;

	if (at < 0)
		return act_none(at);
	number = act_number(at, dentry);
	act_path(at, act_number(at, dir->mnt), number, 0, PATH_ROLES);
	object_new(at, number, mode);
	act_decide(at, operation);
	return act_end(at);
}

/* A name of something that is there. */
static __always_inline long name_take(const struct path *dir, struct dentry *dentry, __u32 operation)
{
	int at = act_begin(KRSI_PRIV_OP_BIT(operation));

	if (at < 0)
		return act_none(at);
	act_entry(at, act_number(at, dir->mnt), act_number(at, dentry), PATH_ROLES);
	act_decide(at, operation);
	return act_end(at);
}

/*
 * mknod(2), bind(2) of a unix socket, and open(2) with O_CREAT. The latter asks before it has looked
 * whether the file is there, when the kernel does not remember the name: the answer then counts only if
 * it is not, but what a rule reports, tags or signals has happened.
 */
SEC("lsm/path_mknod")
HOOK(name_mknod, const struct path *dir, struct dentry *dentry, unsigned short mode, unsigned int dev, long ret)
{
	__u32 wanted = mode;

	if (ret)
		return ret;
	if (!(wanted & S_IFMT))
		wanted |= S_IFREG;	/* mknod(2) has it so */
	return name_make(dir, dentry, wanted,
			 (wanted & S_IFMT) == S_IFREG ? KRSI_PRIV_OP_FILE_CREATE : KRSI_PRIV_OP_FILE_MKNOD);
}

SEC("lsm/path_mkdir")
HOOK(name_mkdir, const struct path *dir, struct dentry *dentry, unsigned short mode, long ret)
{
	return ret ? ret : name_make(dir, dentry, S_IFDIR | (mode & 07777), KRSI_PRIV_OP_FILE_MKDIR);
}

SEC("lsm/path_symlink")
HOOK(name_symlink, const struct path *dir, struct dentry *dentry, const char *old_name, long ret)
{
	return ret ? ret : name_make(dir, dentry, S_IFLNK | 0777, KRSI_PRIV_OP_FILE_SYMLINK);
}

SEC("lsm/path_unlink")
HOOK(name_unlink, const struct path *dir, struct dentry *dentry, long ret)
{
	return ret ? ret : name_take(dir, dentry, KRSI_PRIV_OP_FILE_UNLINK);
}

SEC("lsm/path_rmdir")
HOOK(name_rmdir, const struct path *dir, struct dentry *dentry, long ret)
{
	return ret ? ret : name_take(dir, dentry, KRSI_PRIV_OP_FILE_RMDIR);
}

/* With RENAME_EXCHANGE what has the new name gets the old one; it is an object as well, so that is one question (and since 5.19 it is asked once). */
static __always_inline long name_move(const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry)
{
	int at = act_begin(OP(FILE_RENAME));

	if (at < 0)
		return act_none(at);
	act_entry(at, act_number(at, old_dir->mnt), act_number(at, old_dentry), PATH_ROLES);
	act_entry(at, act_number(at, new_dir->mnt), act_number(at, new_dentry), PATH_ROLES);
	act_decide(at, KRSI_PRIV_OP_FILE_RENAME);
	return act_end(at);
}

SEC("lsm/path_rename")
HOOK(name_rename, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags, long ret)
{
	return ret ? ret : name_move(old_dir, old_dentry, new_dir, new_dentry);
}

/* Before 5.19 the hook is not told the flags, but the function that calls it is. */
SEC("lsm/path_rename")
HOOK(name_rename4, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, long ret)
{
	return ret ? ret : name_move(old_dir, old_dentry, new_dir, new_dentry);
}

SEC("fmod_ret/security_path_rename")
HOOK(name_rename_asked, const struct path *old_dir, struct dentry *old_dentry, const struct path *new_dir,
	     struct dentry *new_dentry, unsigned int flags, long ret)
{
	return ret ? ret : name_move(old_dir, old_dentry, new_dir, new_dentry);
}

/* What O_TMPFILE made is, until now, called #INODE in the directory it was made in. */
SEC("lsm/path_link")
HOOK(name_link, struct dentry *old_dentry, const struct path *new_dir, struct dentry *new_dentry, long ret)
{
	__u64 mnt;
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(FILE_LINK));
	if (at < 0)
		return act_none(at);
	mnt = act_number(at, new_dir->mnt);
	act_entry(at, mnt, act_number(at, old_dentry), PATH_ROLES);
	act_path(at, mnt, act_number(at, new_dentry), 0, PATH_ROLES);
	act_decide(at, KRSI_PRIV_OP_FILE_LINK);
	return act_end(at);
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Files: opening, mapping, cutting, and their attributes.
 *
 * O_PATH opens nothing, and is not asked about. Who may append can take O_APPEND away from the descriptor:
 * that is asked as a write. Appending is no promise all the same: mmap(2) of a file that may be read as well,
 * fallocate(2), and RWF_NOAPPEND from 6.9 on write elsewhere than at the end.
 *
 * What is opened can be used by whoever has the descriptor, a policy that comes later or not. Rules with
 * already_open ask once more at each use: reading, writing and what does so by another name (file_use),
 * mapping and giving a mapping more rights, taking a descriptor from somebody else.
 */
#ifndef KRSI_ENGINE_HOOKS_FILE_BPF_H
#define KRSI_ENGINE_HOOKS_FILE_BPF_H

#include "act.bpf.h"

SEC("lsm/file_open")
HOOK(file_open, struct file *file, long ret)
{
	__u64 mask = OP(FILE_OPEN);
	unsigned int mode = file->f_mode;
	int at;

	if (ret)
		return ret;
	/* What execve() opens is not read by whoever calls it: that is process.exec. */
	if (mode & FMODE_READ && !(file->f_flags & FMODE_EXEC))
		mask |= OP(FILE_READ);
	if (mode & FMODE_WRITE)
		mask |= file->f_flags & O_APPEND ? OP(FILE_APPEND) : OP(FILE_WRITE);
	at = act_begin(mask);
	if (at < 0)
		return act_none(at);
	act_file(at, file, PATH_ROLES);
	act_decide(at, KRSI_PRIV_OP_FILE_OPEN);
	if (mask & OP(FILE_READ))
		act_decide(at, KRSI_PRIV_OP_FILE_READ);
	if (mask & OP(FILE_WRITE))
		act_decide(at, KRSI_PRIV_OP_FILE_WRITE);
	if (mask & OP(FILE_APPEND))
		act_decide(at, KRSI_PRIV_OP_FILE_APPEND);
	return act_end(at);
}

/* --- what was opened earlier --------------------------------------------- */

/* Nobody opened pipes, sockets, memfds and their like: they are in no directory, and not the root of what is mounted either. */
static __always_inline int file_is_pseudo(struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	struct super_block *super = dentry->d_sb;

	return dentry->d_parent == dentry && super->s_root != (void *)dentry && ((struct super_block___flags *)super)->s_flags & SB_KERNMOUNT;
}

/* What execve() opens was not opened by whoever calls it, and is not used by it either. */
static __always_inline int file_was_opened(struct file *file)
{
	return !(file->f_flags & FMODE_EXEC) && !file_is_pseudo(file);
}

static __always_inline __u64 file_writing(struct file *file)
{
	return OP(FILE_OPEN_OPENED) | (file->f_flags & O_APPEND ? OP(FILE_APPEND_OPENED) : OP(FILE_WRITE_OPENED));
}

/* By a mapping one writes anywhere, whatever the descriptor is. */
static __always_inline __u64 file_writing_memory(struct file *file)
{
	return OP(FILE_WRITE_OPENED) | file_writing(file);
}

/* Decide those of `mask`. */
static __always_inline void opened_decide(int at, __u64 mask)
{
	if (mask & OP(FILE_OPEN_OPENED))
		act_decide(at, KRSI_PRIV_OP_FILE_OPEN_OPENED);
	if (mask & OP(FILE_READ_OPENED))
		act_decide(at, KRSI_PRIV_OP_FILE_READ_OPENED);
	if (mask & OP(FILE_WRITE_OPENED))
		act_decide(at, KRSI_PRIV_OP_FILE_WRITE_OPENED);
	if (mask & OP(FILE_APPEND_OPENED))
		act_decide(at, KRSI_PRIV_OP_FILE_APPEND_OPENED);
}

static __always_inline long opened_act(struct file *file, __u64 mask)
{
	int at = act_begin(mask);

	if (at < 0)
		return act_none(at);
	act_file(at, file, PATH_ROLES);
	opened_decide(at, mask);
	return act_end(at);
}

/* read(2), write(2) and all of their kind, by io_uring as well, splice(2), sendfile(2), copy_file_range(2), fallocate(2), getdents(2). */
SEC("lsm/file_permission")
HOOK(file_use, struct file *file, int mask, long ret)
{
	__u64 uses = 0;

	if (ret)
		return ret;
	if (!file_was_opened(file))
		return 0;
	if (mask & MAY_READ)
		uses |= OP(FILE_OPEN_OPENED) | OP(FILE_READ_OPENED);
	if (mask & MAY_WRITE)
		uses |= file_writing(file);
	return opened_act(file, uses);
}

/* SCM_RIGHTS, pidfd_getfd(2) and their like; the subject is who gets it. */
SEC("lsm/file_receive")
HOOK(file_receive, struct file *file, long ret)
{
	__u64 uses = OP(FILE_OPEN_OPENED);
	unsigned int mode = file->f_mode;

	if (ret)
		return ret;
	if (mode & FMODE_PATH || !file_was_opened(file))
		return 0;
	if (mode & FMODE_READ)
		uses |= OP(FILE_READ_OPENED);
	if (mode & FMODE_WRITE)
		uses |= file_writing(file);
	return opened_act(file, uses);
}

/* --- what is open -------------------------------------------------------- */

/* One operation on a file that is open. */
static __always_inline long file_act(struct file *file, __u32 operation)
{
	int at = act_begin(KRSI_PRIV_OP_BIT(operation));

	if (at < 0)
		return act_none(at);
	act_file(at, file, PATH_ROLES);
	act_decide(at, operation);
	return act_end(at);
}

/* One operation on what a path leads to. */
static __always_inline long path_act(const struct path *path, __u32 operation)
{
	int at = act_begin(KRSI_PRIV_OP_BIT(operation));

	if (at < 0)
		return act_none(at);
	act_struct_path(at, path, PATH_ROLES);
	act_decide(at, operation);
	return act_end(at);
}

SEC("lsm/file_fcntl")
HOOK(file_fcntl, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	if (ret)
		return ret;
	if (cmd != F_SETFL || arg & O_APPEND || !(file->f_flags & O_APPEND) || !(file->f_mode & FMODE_WRITE))
		return 0;
	return file_act(file, KRSI_PRIV_OP_FILE_WRITE);
}

/* Memory without a file is no business of ours. */
static __always_inline long file_map(struct file *file, unsigned long prot, unsigned long flags)
{
	__u64 mask = 0;
	int at;

	if (!file || !(prot & PROT_ANY))
		return 0;
	if (prot & PROT_EXEC)
		mask |= OP(FILE_EXEC_MMAP);
	if (file_was_opened(file)) {
		mask |= OP(FILE_OPEN_OPENED) | OP(FILE_READ_OPENED);
		if (prot & PROT_WRITE && flags & MAP_SHARED)
			mask |= file_writing_memory(file);
	}
	at = act_begin(mask);
	if (at < 0)
		return act_none(at);
	act_file(at, file, PATH_ROLES);
	if (mask & OP(FILE_EXEC_MMAP))
		act_decide(at, KRSI_PRIV_OP_FILE_EXEC_MMAP);
	opened_decide(at, mask);
	return act_end(at);
}

/* `prot` is what the kernel makes of what was asked for: READ_IMPLIES_EXEC is in it. */
SEC("lsm/mmap_file")
HOOK(file_mmap, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, long ret)
{
	return ret ? ret : file_map(file, prot, flags);
}

/* The same of the function that calls the hook, which makes it of what was asked for itself, as here. */
static __always_inline unsigned long prot_implied(struct file *file, unsigned long prot)
{
	struct vfsmount *mount;

	if ((prot & (PROT_READ | PROT_EXEC)) != PROT_READ || !(task_get(task_here(), personality) & READ_IMPLIES_EXEC))
		return prot;
	mount = file->f_path.mnt;
	if (mount->mnt_flags & MNT_NOEXEC || mount->mnt_sb->s_iflags & SB_I_NOEXEC)
		return prot;
	return prot | PROT_EXEC;
}

SEC("fmod_ret/security_mmap_file")
HOOK(file_mmap_asked, struct file *file, unsigned long prot, unsigned long flags, long ret)
{
	if (ret || !file)
		return ret;
	return file_map(file, prot_implied(file, prot), flags);
}

/*
 * What is code already does not become it, and what can be read or written already is no new use. Memory without a file
 * has no path and no attributes: it meets the rules that ask for none.
 */
SEC("lsm/file_mprotect")
HOOK(file_mprotect, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, long ret)
{
	struct file *file = vma->vm_file;
	unsigned long has = vma->vm_flags;
	__u64 mask = 0;
	int at;

	if (ret)
		return ret;
	if (prot & PROT_EXEC && !(has & VM_EXEC))
		mask |= OP(FILE_MPROTECT_EXEC);
	if (file && file_was_opened(file)) {
		if (prot & PROT_ANY && !(has & VM_ANY))
			mask |= OP(FILE_OPEN_OPENED) | OP(FILE_READ_OPENED);
		if (prot & PROT_WRITE && has & VM_SHARED && !(has & VM_WRITE))
			mask |= file_writing_memory(file);
	}
	if (!mask)
		return 0;
	at = act_begin(mask);
	if (at < 0)
		return act_none(at);
	if (file)
		act_file(at, file, PATH_ROLES);
	if (mask & OP(FILE_MPROTECT_EXEC))
		act_decide(at, KRSI_PRIV_OP_FILE_MPROTECT_EXEC);
	opened_decide(at, mask);
	return act_end(at);
}

/* truncate(2); before 6.2 also ftruncate(2) and O_TRUNC, which are the next one's since. */
SEC("lsm/path_truncate")
HOOK(path_truncate, const struct path *path, long ret)
{
	return ret ? ret : path_act(path, KRSI_PRIV_OP_FILE_TRUNCATE);
}

SEC("lsm/file_truncate")
HOOK(file_truncate, struct file *file, long ret)
{
	return ret ? ret : file_act(file, KRSI_PRIV_OP_FILE_TRUNCATE);
}

SEC("lsm/path_chmod")
HOOK(path_chmod, const struct path *path, unsigned short mode, long ret)
{
	return ret ? ret : path_act(path, KRSI_PRIV_OP_FILE_CHMOD);
}

/* `uid` and `gid` are structs of four bytes, each of which takes an argument's place. */
SEC("lsm/path_chown")
HOOK(path_chown, const struct path *path, __u32 uid, __u32 gid, long ret)
{
	return ret ? ret : path_act(path, KRSI_PRIV_OP_FILE_CHOWN);
}

SEC("lsm/file_ioctl")
HOOK(file_ioctl, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	return ret ? ret : file_act(file, KRSI_PRIV_OP_FILE_IOCTL);
}

SEC("lsm/file_ioctl_compat")
HOOK(ioctl_compat, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	return ret ? ret : file_act(file, KRSI_PRIV_OP_FILE_IOCTL);
}

/*
 * Extended attributes: no hook knows the mount, so the names are found by the superblock
 * (object.bpf.h). A file that has none in the subject's namespace, as it came in as a descriptor from
 * another one, is unresolved; the layers that overlayfs writes to on its own have no name.
 */
static __always_inline long inode_act(struct dentry *dentry, __u32 operation)
{
	int at = act_begin(KRSI_PRIV_OP_BIT(operation));

	if (at < 0)
		return act_none(at);
	act_dentry(at, act_number(at, dentry), PATH_ROLES, 1);
	act_decide(at, operation);
	return act_end(at);
}

static __always_inline long xattr_act(struct dentry *dentry)
{
	return inode_act(dentry, KRSI_PRIV_OP_FILE_SETXATTR);
}

SEC("lsm/inode_setxattr")
HOOK(xattr_set, void *idmap, struct dentry *dentry, const char *name, const void *value,
	     unsigned long size, int flags, long ret)
{
	return ret ? ret : xattr_act(dentry);
}

SEC("lsm/inode_removexattr")
HOOK(xattr_remove, void *idmap, struct dentry *dentry, const char *name, long ret)
{
	return ret ? ret : xattr_act(dentry);
}

struct iattr { unsigned int ia_valid; } __attribute__((preserve_access_index));
#define ATTR_OWNER 6		/* ATTR_UID and ATTR_GID */

/* A change of owner where path_chown cannot be asked (absent.c): by the names that the file has. */
static __always_inline long inode_change(struct dentry *dentry, struct iattr *attr)
{
	return attr->ia_valid & ATTR_OWNER ? inode_act(dentry, KRSI_PRIV_OP_FILE_CHOWN) : 0;
}

SEC("lsm/inode_setattr")
HOOK(inode_chown, void *idmap, struct dentry *dentry, struct iattr *attr, long ret)
{
	return ret ? ret : inode_change(dentry, attr);
}

/* In 6.1 and before the hook is not told how the mount maps IDs. */
SEC("lsm/inode_setattr")
HOOK(inode_chown2, struct dentry *dentry, struct iattr *attr, long ret)
{
	return ret ? ret : inode_change(dentry, attr);
}

/* Before Linux 5.12 there are no mounts with IDs of their own. */
SEC("lsm/inode_setxattr")
HOOK(xattr_set5, struct dentry *dentry, const char *name, const void *value, unsigned long size, int flags, long ret)
{
	return ret ? ret : xattr_act(dentry);
}

SEC("lsm/inode_removexattr")
HOOK(xattr_remove2, struct dentry *dentry, const char *name, long ret)
{
	return ret ? ret : xattr_act(dentry);
}

/* Access lists, since 6.2; before, they are attributes like others. */
SEC("lsm/inode_set_acl")
HOOK(acl_set, void *idmap, struct dentry *dentry, const char *name, void *acl, long ret)
{
	return ret ? ret : xattr_act(dentry);
}

SEC("lsm/inode_remove_acl")
HOOK(acl_remove, void *idmap, struct dentry *dentry, const char *name, long ret)
{
	return ret ? ret : xattr_act(dentry);
}

#endif

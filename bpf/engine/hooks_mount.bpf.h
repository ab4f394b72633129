/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Mounts.
 *
 * mount(2) is asked about when its source is still the text that the caller gave: the kernel looks it up
 * later, and no hook tells what it found. A path without "." and ".." is looked up here by its names;
 * /proc/self/fd/N, as systemd and runc use it, by the descriptor. What leads elsewhere for certain (other
 * links in /proc, names from the working directory or below a changed root) leaves the operation
 * unresolved. A symbolic link, or a directory that is exchanged in the meantime, is not seen: what was
 * mounted keeps its identity, though, and is found by that when it is used.
 *
 * The new calls give away a tree without a place first: open_tree(2) a copy of one, fsmount(2) a new file
 * system. It is asked about when move_mount(2) gives it a place. Without one its files have paths that
 * are unresolved. mount_setattr(2) has no hook at all.
 */
#ifndef KRSI_ENGINE_HOOKS_MOUNT_BPF_H
#define KRSI_ENGINE_HOOKS_MOUNT_BPF_H

#include "act.bpf.h"

#define TARGET_ROLES (PATH_ROLES | 1U << IMAGE_ROLE_TARGET)
#define SOURCE_ROLES (PATH_ROLES | 1U << IMAGE_ROLE_SOURCE)

/* --- sources that are texts ----------------------------------------------- */

#define TEXT_NAMES 256

/* Size of the name that walk.name begins with: up to a slash or the end. */
MATCH_FN __u32 text_name_size(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	const char *text;
	__u32 i;

	if (!slot)
		return 0;
	text = (const char *)slot->walk.name;
	for (i = 0; i < 256; i++)
		if (!text[i] || text[i] == '/')
			break;
	return i;
}

/* In /proc these are links to what has no name, or another one. */
static __always_inline int text_is_magic(__u64 word, __u32 size)
{
	return (size == 2 && word == 0x6466) ||			/* "fd" */
	       (size == 3 && word == 0x647763) ||		/* "cwd" */
	       (size == 3 && word == 0x657865) ||		/* "exe" */
	       (size == 4 && word == 0x746f6f72) ||		/* "root" */
	       (size == 9 && word == 0x656c69665f70616dULL);	/* "map_files" */
}

/* The next name of the path whose rest is at act.text. PATH_OK: it was the last one. */
MATCH_FN int text_name(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	__u64 hash, word;
	__u32 size;
	int last;

	if (!slot)
		return PATH_UNREADABLE;
	header = walk_header(slot);
	if (!header || bpf_probe_read_kernel_str(slot->walk.name, 257, (void *)slot->act.text) <= 0)
		return PATH_UNREADABLE;
	size = text_name_size(at);
	if (size == 0 || size > 255)
		return PATH_UNREADABLE;
	asm volatile("%0 &= 255" : "+r"(size));
	word = slot->walk.name[0];
	if (size < 8)
		word &= (1ULL << size * 8) - 1;
	if ((size == 1 && word == 0x2e) || (size == 2 && word == 0x2e2e))
		return PATH_UNREADABLE;
	if (slot->walk.names == 0)
		slot->act.text_in_proc = size == 4 && word == 0x636f7270;	/* "proc" */
	else if (slot->act.text_in_proc && text_is_magic(word, size))
		return PATH_UNREADABLE;
	last = !((const char *)slot->walk.name)[size];
	slot->walk.chunk.len = size;
	hash = text_hash(at, header->key);
	slot->walk.sum = slot->walk.sum * MATCH_BASE + hash;
	slot->walk.names++;
	slot->act.text += size + 1;
	if (match_filter(header, hash))
		match_hit_add(&slot->match,
			      match_find(at, match_key(header->key, last ? IMAGE_KIND_LITERAL : IMAGE_KIND_SUBTREE, slot->walk.sum)),
			      slot->walk.roles);
	return last ? PATH_OK : PATH_GOES_ON;
}

/* Whether the root directory of the process is that of its mount namespace. */
MATCH_FN int text_root(__u32 at)
{
	__u64 fs = 0, mount = 0, dentry = 0, root, parent, theirs = 0;
	struct engine_slot *slot = slot_get(at);
	int i;

	if (!slot)
		return 0;
	bpf_core_read(&fs, sizeof(fs), &((struct task_struct___files *)bpf_get_current_task())->fs);
	bpf_core_read(&mount, sizeof(mount), &((struct fs_struct *)fs)->root.mnt);
	bpf_core_read(&dentry, sizeof(dentry), &((struct fs_struct *)fs)->root.dentry);
	mount -= bpf_core_field_offset(struct mount, mnt);
	for (i = 0; i < 16; i++) {
		if (bpf_core_read(&root, sizeof(root), &((struct mount *)mount)->mnt.mnt_root) || root != dentry ||
		    bpf_core_read(&parent, sizeof(parent), &((struct mount *)mount)->mnt_parent))
			return 0;
		if (parent == mount)
			return !bpf_core_read(&theirs, sizeof(theirs), &((struct mount *)mount)->mnt_ns) &&
			       theirs == slot->walk.namespace;
		if (bpf_core_read(&dentry, sizeof(dentry), &((struct mount *)mount)->mnt_mountpoint))
			return 0;
		mount = parent;
	}
	return 0;
}

/* Whether a text was read to its end; what is longer is not told apart. */
static __always_inline int text_is_whole(const struct engine_slot *slot)
{
	return slot->walk.chunk.len < TEXT_SIZE;
}

/* A source as text, as the conditions on texts see it. */
MATCH_FN int text_source(__u32 at, __u64 address)
{
	struct engine_slot *slot = slot_get(at);

	if (!slot || text_read_string(slot, address))
		return 0;
	if (!text_is_whole(slot))
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
	text_hits(at, KRSI_PRIV_KEY_MOUNT_SOURCE, MATCH_GROUP_SOURCE);
	return 0;
}

/* An absolute path as text. An enum path_result. */
MATCH_FN int text_path(__u32 at, __u64 address, __u32 roles)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	int i, result = PATH_GOES_ON;
	match_image image;
	char second = 0;

	if (!slot)
		return PATH_UNREADABLE;
	image = match_image_open(&slot->match);
	if (!image)
		return PATH_UNREADABLE;
	header = match_header(image);
	if (!header || !text_root(at))
		return PATH_UNREADABLE;
	slot->walk.roles = roles;
	slot->walk.sum = 0;
	slot->walk.names = 0;
	slot->act.text = address + 1;
	bpf_probe_read_kernel(&second, 1, (void *)address + 1);
	if (!second)
		result = PATH_OK;	/* the root directory */
	for (i = 0; i < TEXT_NAMES && result == PATH_GOES_ON; i++)
		result = text_name(at);
	if (result != PATH_OK)
		return PATH_UNREADABLE;
	if (header->features & IMAGE_HAS_ROOT)
		match_hit_add(&slot->match,
			      match_find(at, match_key(header->key, slot->walk.names ? IMAGE_KIND_SUBTREE : IMAGE_KIND_LITERAL, 0)),
			      roles);
	/* Whether an anchor is among the names is not worth asking: this is rare. */
	if (!second || !(header->features & (IMAGE_HAS_GLOBS | IMAGE_HAS_ANCHORS)))
		return PATH_OK;
	if (text_read_string(slot, address) || !text_is_whole(slot))
		return PATH_TOO_LONG;
	match_hit_add(&slot->match, text_glob(at, slot, image, MATCH_GROUP_PATH), roles);
	return PATH_OK;
}

/* The file that a text of the form /proc/self/fd/N means: its struct file, or 0. */
MATCH_FN __u64 text_file(__u64 address)
{
	__u64 words[4] = {}, files = 0, fdt = 0, fds = 0, file = 0;
	const char *text = (const char *)words;
	__u32 max = 0, fd = 0, i;

	if (bpf_probe_read_kernel_str(words, sizeof(words), (void *)address) <= 0)
		return 0;
	/* "/proc/se", "lf/fd/" */
	if (words[0] != 0x65732f636f72702fULL || (words[1] & 0xffffffffffffULL) != 0x2f64662f666cULL || !text[14])
		return 0;
#pragma unroll
	for (i = 14; i < 22; i++) {
		if (!text[i])
			break;
		if (text[i] < '0' || text[i] > '9')
			return 0;
		fd = fd * 10 + (text[i] - '0');
	}
	if (i == 22 && text[22])
		return 0;
	bpf_core_read(&files, sizeof(files), &((struct task_struct___files *)bpf_get_current_task())->files);
	bpf_core_read(&fdt, sizeof(fdt), &((struct files_struct *)files)->fdt);
	bpf_core_read(&max, sizeof(max), &((struct fdtable *)fdt)->max_fds);
	bpf_core_read(&fds, sizeof(fds), &((struct fdtable *)fdt)->fd);
	if (fd >= max)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), (void *)(fds + (__u64)fd * 8));
	return file;
}

/*
 * What is mounted, as mount(2) has it. `is_path`: it means a path, and no name of something else. Returns
 * the file that it means, when that is known: its mount and its dentry are in act.numbers.
 */
MATCH_FN __u64 text_look(__u32 at, __u64 text, __u32 is_path)
{
	struct engine_slot *slot = slot_get(at);
	int result = PATH_OK;
	char first = 0;
	__u64 file;

	if (!slot || !text)
		return 0;
	text_source(at, text);
	file = text_file(text);
	if (file) {
		bpf_core_read(&slot->act.numbers[0], sizeof(__u64), &((struct file *)file)->f_path.mnt);
		bpf_core_read(&slot->act.numbers[1], sizeof(__u64), &((struct file *)file)->f_path.dentry);
		return file;
	}
	bpf_probe_read_kernel(&first, 1, (void *)text);
	if (first == '/')
		result = text_path(at, text, 1U << IMAGE_ROLE_PATH | 1U << IMAGE_ROLE_SOURCE);
	else if (is_path)
		result = PATH_UNREADABLE;
	if (result != PATH_OK)
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
	return 0;
}

static __always_inline void mount_source(__u32 at, __u64 text, int is_path)
{
	struct engine_slot *slot = slot_get(at);

	if (slot && text_look(at, text, is_path))
		act_entry(at, slot->act.numbers[0], slot->act.numbers[1], SOURCE_ROLES);
}

/* --- types ---------------------------------------------------------------- */

static __always_inline void mount_type(__u32 at, __u64 hash)
{
	struct engine_slot *slot = slot_get(at);

	if (!slot || !hash)
		return;
	slot->act.fstype = hash;
	slot->act.has |= ACT_FSTYPE;
}

static __always_inline void mount_type_of(__u32 at, const struct vfsmount *mnt)
{
	mount_type(at, object_filesystem(at, act_number(at, mnt->mnt_sb)));
}

/* --- hooks ---------------------------------------------------------------- */

/* What mount(2) does, in the kernel's order. */
static __always_inline __u32 mount_operation(unsigned long flags)
{
	if (flags & MS_REMOUNT)
		return KRSI_PRIV_OP_MOUNT_REMOUNT;
	if (flags & MS_BIND)
		return KRSI_PRIV_OP_MOUNT_MOUNT;
	if (flags & MS_PROPAGATION)
		return KRSI_PRIV_OP_MOUNT_REMOUNT;
	return flags & MS_MOVE ? KRSI_PRIV_OP_MOUNT_MOVE : KRSI_PRIV_OP_MOUNT_MOUNT;
}

SEC("lsm/sb_mount")
HOOK(mount_old, const char *dev_name, const struct path *path, const char *type, unsigned long flags,
	     void *data, long ret)
{
	__u32 operation = mount_operation(flags);
	int at, is_path;

	if (ret)
		return ret;
	at = act_begin(KRSI_PRIV_OP_BIT(operation));
	if (at < 0)
		return act_none(at);
	act_struct_path(at, path, TARGET_ROLES);
	if (operation == KRSI_PRIV_OP_MOUNT_REMOUNT) {
		mount_type_of(at, path->mnt);
	} else {
		/* To a bind or a move the type means nothing, and the caller may say what he likes. */
		is_path = operation == KRSI_PRIV_OP_MOUNT_MOVE || flags & MS_BIND;
		if (!is_path)
			mount_type(at, object_text(at, (__u64)type));
		mount_source(at, (__u64)dev_name, is_path);
	}
	act_decide(at, operation);
	return act_end(at);
}

MATCH_FN int mount_is_ours(__u32 at, __u64 mount)
{
	struct engine_slot *slot = slot_get(at);
	__u64 theirs = 0;

	bpf_core_read(&theirs, sizeof(theirs), &((struct mount *)mount)->mnt_ns);
	return slot && theirs == slot->walk.namespace;
}

/* What was given as the source of a mount, unless `dentry` is not 0 and no root of a file system: the address of a text, or 0. */
MATCH_FN __u64 mount_device(__u64 mount, __u64 dentry)
{
	__u64 super = 0, root = 0, device = 0;

	if (dentry) {
		bpf_core_read(&super, sizeof(super), &((struct dentry *)dentry)->d_sb);
		bpf_core_read(&root, sizeof(root), &((struct super_block *)super)->s_root);
		if (root != dentry)
			return 0;
	}
	bpf_core_read(&device, sizeof(device), &((struct mount___devname *)mount)->mnt_devname);
	return device;
}

/*
 * What move_mount(2) moves is either mounted in the namespace of the process, or is new. Of a copy the
 * source is what it is a copy of, of a new file system what was given as source to it: a tree that is the
 * whole of a file system may be either.
 */
SEC("lsm/move_mount")
HOOK(mount_move, const struct path *from, const struct path *to, long ret)
{
	__u32 operation, names;
	__u64 mount, dentry;
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(MOUNT_MOVE) | OP(MOUNT_MOUNT));
	if (at < 0)
		return act_none(at);
	mount = act_number(at, from->mnt) - bpf_core_field_offset(struct mount, mnt);
	operation = mount_is_ours(at, mount) ? KRSI_PRIV_OP_MOUNT_MOVE : KRSI_PRIV_OP_MOUNT_MOUNT;
	act_struct_path(at, to, TARGET_ROLES);
	if (operation == KRSI_PRIV_OP_MOUNT_MOVE) {
		act_struct_path(at, from, SOURCE_ROLES);
	} else {
		dentry = act_number(at, from->dentry);
		names = act_dentry(at, dentry, SOURCE_ROLES, 0);
		mount_source(at, mount_device(mount, names ? dentry : 0), 0);
	}
	mount_type_of(at, from->mnt);
	act_decide(at, operation);
	return act_end(at);
}

SEC("lsm/sb_umount")
HOOK(mount_umount, struct vfsmount *mnt, int flags, long ret)
{
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(MOUNT_UMOUNT));
	if (at < 0)
		return act_none(at);
	act_entry(at, act_number(at, mnt), act_number(at, mnt->mnt_root), TARGET_ROLES);
	mount_type_of(at, mnt);
	act_decide(at, KRSI_PRIV_OP_MOUNT_UMOUNT);
	return act_end(at);
}

SEC("lsm/sb_pivotroot")
HOOK(mount_pivot, const struct path *old_path, const struct path *new_path, long ret)
{
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(MOUNT_PIVOT_ROOT));
	if (at < 0)
		return act_none(at);
	act_struct_path(at, new_path, PATH_ROLES);
	act_struct_path(at, old_path, PATH_ROLES);
	act_decide(at, KRSI_PRIV_OP_MOUNT_PIVOT_ROOT);
	return act_end(at);
}

/*
 * fspick(2) and fsconfig(2); its places are those where the whole of the file system is mounted. What
 * mount(2) changes comes by here as well, and so is asked about, and told, twice.
 */
SEC("lsm/sb_remount")
HOOK(mount_remount, struct super_block *sb, void *options, long ret)
{
	int at;

	if (ret)
		return ret;
	at = act_begin(OP(MOUNT_REMOUNT));
	if (at < 0)
		return act_none(at);
	act_dentry(at, act_number(at, sb->s_root), TARGET_ROLES, 0);
	mount_type(at, object_filesystem(at, act_number(at, sb)));
	act_decide(at, KRSI_PRIV_OP_MOUNT_REMOUNT);
	return act_end(at);
}

#endif

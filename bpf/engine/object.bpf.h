/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Objects: what is known of a file besides its names, and the names of what a hook gives no path of.
 *
 * Threat: as in walk.bpf.h. Where a hook has only a dentry (attributes, access lists), or a tree that is
 * mounted nowhere yet, the names are those that the mounts of the file system give it in the subject's
 * mount namespace: all of them, as it is not known which one was used. What cannot be looked through to
 * the end leaves the operation unresolved, and does not pass for something without a name.
 */
#ifndef KRSI_ENGINE_OBJECT_BPF_H
#define KRSI_ENGINE_OBJECT_BPF_H

#include "subject.bpf.h"

#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define OVERLAYFS_MAGIC 0x794c7630

/* enum krsi_priv_fact of lib/policy/language.h, as bits; both are ABI. */
enum object_fact {
	OBJECT_MEMFD = 1,
	OBJECT_UNLINKED = 2,
	OBJECT_RUNNING = 4,
	OBJECT_SETUID = 8,
	OBJECT_TMPFS = 16,
	OBJECT_OVERLAY_UPPER = 32,
};

struct cred___files { kuid_t fsuid; } __attribute__((preserve_access_index));

/* --- attributes ---------------------------------------------------------- */

/* memfd_create(2) puts its files on file systems that the kernel mounts for itself, and names them so. */
static __always_inline __u32 object_memfd(__u64 super, unsigned long magic, __u64 dentry)
{
	unsigned long flags = 0;
	char begins[8] = {};
	__u64 name = 0;

	if (magic != TMPFS_MAGIC && magic != HUGETLBFS_MAGIC)
		return 0;
	bpf_core_read(&flags, sizeof(flags), &((struct super_block___flags *)super)->s_flags);
	if (!(flags & SB_KERNMOUNT))
		return 0;
	bpf_core_read(&name, sizeof(name), &((struct dentry *)dentry)->d_name.name);
	bpf_probe_read_kernel(begins, 6, (void *)name);
	return *(__u64 *)begins == 0x3a64666d656dULL ? OBJECT_MEMFD : 0;	/* "memfd:" */
}

/*
 * The dentry on the upper layer, if there is one, is what struct ovl_inode has behind the inode. That
 * struct is known to a module only, which may be loaded after us, so its layout is taken for granted (it
 * has been this since 4.15), and what is there must be a dentry of another file system.
 */
static __always_inline __u32 object_upper(unsigned long magic, __u64 super, __u64 inode)
{
	__u64 upper = 0, theirs = 0;
	unsigned long kind = 0;

	if (magic != OVERLAYFS_MAGIC ||
	    bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode)) || !upper ||
	    bpf_core_read(&theirs, sizeof(theirs), &((struct dentry *)upper)->d_sb) || !theirs || theirs == super ||
	    bpf_core_read(&kind, sizeof(kind), &((struct super_block *)theirs)->s_magic))
		return 0;
	return OBJECT_OVERLAY_UPPER;
}

/*
 * A file that is there is an object. Of no inode: nothing is known of it. What else is to be known
 * of it than its name is read by objects_settle(), when a decision has to be made.
 */
static __always_inline void object_add(__u32 at, __u64 dentry, __u64 inode)
{
	struct engine_slot *slot = slot_get(at);
	__u32 n;

	if (!slot || !inode)
		return;
	n = slot->act.late;
	if (n >= ACT_OBJECTS)
		return;
	slot->act.late_dentry[n] = dentry;
	slot->act.late_inode[n] = inode;
	slot->act.late = n + 1;
}

static __always_inline void object_look(struct act_object *object, __u64 dentry, __u64 inode)
{
	struct inode *node = (struct inode *)inode;
	unsigned long magic = 0, number = 0;
	unsigned short mode = 0;
	__u32 links = 0, facts;
	__u64 super = 0;
	int writers = 0;

	bpf_core_read(&super, sizeof(super), &node->i_sb);
	bpf_core_read(&magic, sizeof(magic), &((struct super_block *)super)->s_magic);
	bpf_core_read(&object->device, sizeof(object->device), &((struct super_block *)super)->s_dev);
	bpf_core_read(&object->owner, sizeof(object->owner), &node->i_uid);
	bpf_core_read(&mode, sizeof(mode), &node->i_mode);
	bpf_core_read(&number, sizeof(number), &node->i_ino);
	bpf_core_read(&links, sizeof(links), &node->i_nlink);
	bpf_core_read(&writers, sizeof(writers), &node->i_writecount);
	facts = object_memfd(super, magic, dentry) | object_upper(magic, super, inode);
	if (links == 0)
		facts |= OBJECT_UNLINKED;
	if (writers < 0)
		facts |= OBJECT_RUNNING;
	if ((mode & S_IFMT) == S_IFREG && (mode & 04000 || (mode & 02010) == 02010))
		facts |= OBJECT_SETUID;
	if (magic == TMPFS_MAGIC)
		facts |= OBJECT_TMPFS;
	object->super = super;
	object->inode = number;
	object->mode = mode;
	object->facts = facts;
}

MATCH_FN int object_read(__u32 at, __u64 dentry, __u64 inode)
{
	struct engine_slot *slot = slot_get(at);
	__u32 n;

	if (!slot || !inode)
		return 0;
	n = slot->act.objects;
	if (n >= ACT_OBJECTS)
		return 0;
	object_look(&slot->act.object[n], dentry, inode);
	slot->act.objects = n + 1;
	return 0;
}

/* Read what was left for later. */
static __always_inline void objects_settle(__u32 at, struct engine_slot *slot)
{
	__u32 i, late = slot->act.late;

	slot->act.late = 0;
	for (i = 0; i < ACT_OBJECTS; i++) {
		if (i >= late)
			break;
		object_read(at, slot->act.late_dentry[i], slot->act.late_inode[i]);
	}
}

/* What is to be made is one: of its type and mode, and of whoever makes it. */
MATCH_FN int object_new(__u32 at, __u64 dentry, __u32 mode)
{
	struct engine_slot *slot = slot_get(at);
	struct act_object *object;
	unsigned long magic = 0;
	__u64 super = 0;
	__u32 n;

	if (!slot)
		return 0;
	n = slot->act.objects;
	if (n >= ACT_OBJECTS)
		return 0;
	object = &slot->act.object[n];
	bpf_core_read(&super, sizeof(super), &((struct dentry *)dentry)->d_sb);
	bpf_core_read(&magic, sizeof(magic), &((struct super_block *)super)->s_magic);
	bpf_core_read(&object->device, sizeof(object->device), &((struct super_block *)super)->s_dev);
	object->owner = 0;
	bpf_core_read(&object->owner, sizeof(object->owner),
		      &((struct cred___files *)task_cred(bpf_get_current_task()))->fsuid);
	object->super = super;
	object->inode = 0;
	object->mode = mode;
	object->facts = magic == TMPFS_MAGIC ? OBJECT_TMPFS : 0;
	slot->act.objects = n + 1;
	return 0;
}

/* --- types of file systems ----------------------------------------------- */

#define TYPE_SIZE 64		/* more than any is called */

/* Hash of the name of a superblock's type, as /proc/mounts has it: "ext4", "fuse.sshfs". 0: unknown. */
MATCH_FN __u64 object_filesystem(__u32 at, __u64 super)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	__u64 type = 0, name = 0, more = 0;
	match_image image;
	long size, rest;
	__u32 len;
	char *text;

	if (!slot || !super)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	bpf_core_read(&type, sizeof(type), &((struct super_block *)super)->s_type);
	bpf_core_read(&name, sizeof(name), &((struct file_system_type *)type)->name);
	bpf_core_read(&more, sizeof(more), &((struct super_block *)super)->s_subtype);
	text = (char *)slot->walk.name;
	size = bpf_probe_read_kernel_str(text, TYPE_SIZE, (void *)name);
	if (size <= 1)
		return 0;
	len = size - 1;
	asm volatile("%0 &= 63" : "+r"(len));
	if (more) {
		rest = bpf_probe_read_kernel_str(text + len + 1, 2 * TYPE_SIZE, (void *)more);
		if (rest > 1) {
			text[len] = '.';
			len += (__u32)rest & 255;
		}
	}
	slot->walk.chunk.len = len;
	return text_hash(at, header->key);
}

/* Hash of a text in the kernel's memory. 0: there is none. */
MATCH_FN __u64 object_text(__u32 at, __u64 address)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;

	if (!slot || !address)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header || text_read_string(slot, address))
		return 0;
	return text_hash(at, header->key);
}

/* --- what conditions ask of them ----------------------------------------- */

static __always_inline void object_value(match_at at, const struct act_object *object, __u32 key)
{
	switch (key) {
	case KRSI_PRIV_KEY_TYPE:
		match_range(at, key, object->mode & S_IFMT);
		break;
	case KRSI_PRIV_KEY_OWNER:
		match_range(at, key, object->owner);
		break;
	case KRSI_PRIV_KEY_MODE:
		match_masks(at, key, object->mode & 07777);
		break;
	case KRSI_PRIV_KEY_FACTS:
		match_bits(at, key, object->facts);
		break;
	}
}

static __always_inline void object_values(match_at at, struct engine_slot *slot, __u32 key)
{
	match_image image = match_image_open(&slot->match);
	__u64 value;
	__u32 i;

	for (i = 0; i < ACT_OBJECTS; i++) {
		if (i >= slot->act.objects)
			break;
		if (key != KRSI_PRIV_KEY_FILESYSTEM) {
			object_value(at, &slot->act.object[i], key);
			continue;
		}
		value = object_filesystem(at, slot->act.object[i].super);
		if (value && image)
			match_exact(at, image, key, value);
	}
}

/* --- names of what has no path ------------------------------------------- */

/* The list of a file system's mounts: a ring until 6.17, then a chain. */
struct super_block___ring { struct list_head___ring { void *next; } s_mounts; } __attribute__((preserve_access_index));
struct mount___ring { struct list_head___ring mnt_instance; } __attribute__((preserve_access_index));
struct super_block___chain { struct mount *s_mounts; } __attribute__((preserve_access_index));
struct mount___chain { struct mount *mnt_next_for_sb; } __attribute__((preserve_access_index));
struct mount___devname { const char *mnt_devname; } __attribute__((preserve_access_index));

#define MOUNTS_CHUNK 32
#define MOUNTS_CHUNKS 128	/* 4,096 mounts of one file system, in all namespaces */
#define BELOW_MAX 512

/* Whether a dentry is `root` or below it: 1, 0, or -1 when that is too far to tell. */
MATCH_FN int dentry_below(__u64 dentry, __u64 root)
{
	__u64 parent;
	int i;

	for (i = 0; i < BELOW_MAX; i++) {
		if (dentry == root)
			return 1;
		if (bpf_core_read(&parent, sizeof(parent), &((struct dentry *)dentry)->d_parent))
			return -1;
		if (parent == dentry)
			return 0;
		dentry = parent;
	}
	return -1;
}

/* A mount, by the address of its link: is it one of those that we look for? */
static __always_inline int mounts_look(struct act *act, __u64 namespace, __u64 mount, __u64 dentry)
{
	__u64 theirs = 0, root = 0;
	int below;
	__u32 n;

	if (bpf_core_read(&theirs, sizeof(theirs), &((struct mount *)mount)->mnt_ns) ||
	    bpf_core_read(&root, sizeof(root), &((struct mount *)mount)->mnt.mnt_root))
		return PATH_UNREADABLE;
	if (theirs != namespace && theirs != MNT_NS_INTERNAL)
		return PATH_OK;
	below = dentry_below(dentry, root);
	if (below < 0)
		return PATH_TOO_LONG;
	if (!below)
		return PATH_OK;
	if (theirs == MNT_NS_INTERNAL) {
		act->nowhere = 1;
		return PATH_OK;
	}
	n = act->names;
	if (n >= ACT_NAMES)
		return PATH_TOO_LONG;
	act->name_mount[n] = mount + bpf_core_field_offset(struct mount, mnt);
	act->names = n + 1;
	return PATH_OK;
}

MATCH_FN int mounts_chunk(__u32 at, __u64 dentry)
{
	struct engine_slot *slot = slot_get(at);
	__u64 link, mount, next;
	int i, result;

	if (!slot)
		return PATH_UNREADABLE;
	for (i = 0; i < MOUNTS_CHUNK; i++) {
		link = slot->act.mount_next;
		if (!link || link == slot->act.mount_end)
			return PATH_OK;
		if (bpf_core_field_exists(struct mount___chain, mnt_next_for_sb)) {
			mount = link;
			result = bpf_core_read(&next, sizeof(next), &((struct mount___chain *)mount)->mnt_next_for_sb);
		} else {
			mount = link - bpf_core_field_offset(struct mount___ring, mnt_instance);
			result = bpf_probe_read_kernel(&next, sizeof(next), (void *)link);
		}
		if (result)
			return PATH_UNREADABLE;
		slot->act.mount_next = next;
		result = mounts_look(&slot->act, slot->walk.namespace, mount, dentry);
		if (result != PATH_OK)
			return result;
	}
	return PATH_GOES_ON;
}

/* What the kernel made in a file system of its own, in no directory: memfds, pipes, sockets. */
static __always_inline int object_is_pseudo(__u64 super, __u64 dentry)
{
	unsigned long flags = 0;
	__u64 parent = 0;

	bpf_core_read(&parent, sizeof(parent), &((struct dentry *)dentry)->d_parent);
	bpf_core_read(&flags, sizeof(flags), &((struct super_block___flags *)super)->s_flags);
	return parent == dentry && flags & SB_KERNMOUNT;
}

/* Find the mounts in which a dentry has a name, into the slot. PATH_OK: these are all of them. */
MATCH_FN int mounts_find(__u32 at, __u64 dentry)
{
	__u64 super = 0, first = 0, where = 0;
	struct engine_slot *slot = slot_get(at);
	int i, j, result = PATH_MOVED;
	__u32 mounts, renames;

	if (!slot || bpf_core_read(&super, sizeof(super), &((struct dentry *)dentry)->d_sb))
		return PATH_UNREADABLE;
	if (bpf_core_field_exists(struct mount___chain, mnt_next_for_sb))
		where = bpf_core_field_offset(struct super_block___chain, s_mounts);
	else
		where = bpf_core_field_offset(struct super_block___ring, s_mounts);
	for (i = 0; i < PATH_TRIES; i++) {
		mounts = path_sequence(mount_lock_address);
		renames = path_sequence(rename_lock_address);
		if (bpf_probe_read_kernel(&first, sizeof(first), (void *)super + where))
			return PATH_UNREADABLE;
		slot->act.mount_next = first;
		slot->act.mount_end = super + where;
		slot->act.names = 0;
		slot->act.nowhere = 0;
		result = PATH_GOES_ON;
		for (j = 0; j < MOUNTS_CHUNKS && result == PATH_GOES_ON; j++)
			result = mounts_chunk(at, dentry);
		if (!((mounts | renames) & 1) && path_sequence(mount_lock_address) == mounts &&
		    path_sequence(rename_lock_address) == renames)
			break;
		result = PATH_MOVED;
	}
	if (object_is_pseudo(super, dentry))
		slot->act.nowhere = 1;
	return result;
}

/* What can be told of a dentry without a mount: what it is, and the directories of its file system that it is in. */
MATCH_FN int walk_nameless(__u32 at, __u64 dentry, __u64 inode, __u32 roles)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;

	if (!slot)
		return PATH_UNREADABLE;
	header = walk_header(slot);
	if (!header)
		return PATH_UNREADABLE;
	slot->walk.roles = roles;
	if (walk_inode(at, &slot->walk, header, inode, IMAGE_KIND_IDENTITY) || walk_chunk_read(&slot->walk, dentry))
		return PATH_UNREADABLE;
	if (slot->walk.chunk.parent == dentry)
		return PATH_OK;
	slot->walk.side_dentry[0] = slot->walk.chunk.parent;
	slot->walk.sides = 1;
	return walk_sides(at, slot);
}

#endif

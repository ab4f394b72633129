/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Keeping known.bpf.h up to date: what gets a name that the policies have, and what is gone.
 *
 * A name is looked at when the kernel connects it with an inode: when a file is made, linked, or found on
 * the disk (d_instantiate), and when it was renamed. After a rename and not before it: who renames need not
 * have the right to, and the hooks in front of it are asked nevertheless. Paths are those of the mount
 * namespace that the engine was made in, whoever acts: in a namespace of his own anybody can give anything any name.
 *
 * Nearly all names are nobody's, and one bit of the filter tells so.
 */
#ifndef KRSI_ENGINE_HOOKS_IDENTITY_BPF_H
#define KRSI_ENGINE_HOOKS_IDENTITY_BPF_H

#include "act.bpf.h"

#define RENAME_EXCHANGE 2

struct renamedata {
	struct dentry *old_dentry;
	struct dentry *new_dentry;
	unsigned int flags;
} __attribute__((preserve_access_index));

/* struct mnt_namespace of whoever made the engine; 0: not looked at yet. */
__u64 home_namespace;

/* Run once by user space, in its own name: as what it can run by itself, which is never attached. */
#ifdef ENGINE_BEFORE_5_12
SEC("raw_tp/sys_enter")
#else
SEC("syscall")
#endif
int home_look(void *ctx)
{
	home_namespace = task_namespace();
	return 0;
}

/* From now on an identity means `ref` as well. */
MATCH_FN int known_add(__u32 at, __u64 key, __u32 ref)
{
	struct engine_slot *slot = slot_get(at);
	struct known *entry, fresh = {};
	int i;

	if (!slot || !ref)
		return 0;
	fresh.refs[0] = match_find(at, key);
	fresh.refs[1] = ref;
	if (fresh.refs[0] == ref)
		fresh.refs[1] = 0;
	slot->walk.known.key = key;
	slot->walk.known.generation = slot->match.generation;
	slot->walk.known.reserved = 0;
	bpf_map_update_elem(&known, &slot->walk.known, &fresh, BPF_NOEXIST);
	entry = bpf_map_lookup_elem(&known, &slot->walk.known);
	for (i = 0; entry && i < KNOWN_REFS; i++) {
		if (entry->refs[i] == ref || word_change(WORD_LOCK_KNOWN, &entry->refs[i], 0, ref)) {
			known_any = 1;
			return 1;
		}
	}
	word_increment(&known_lost);
	return 0;
}

/* Let a hash pass the image's filter from now on. */
static __always_inline void filter_set(match_image image, __u64 hash)
{
	struct image_header *header = match_page(image, 0);
	__u64 bit, *words = (void *)header;

	if (!header)
		return;
	bit = match_filter_bit(header->filter_bits, hash);
#ifdef ENGINE_BEFORE_5_12
	/* User space does it as well, and takes no lock: a byte is written without being read. The other bits cost time only. */
	((__u8 *)words)[(16 * IMAGE_REF_FILTER + (__u32)(bit >> 3)) % (16 * IMAGE_PAGE_UNITS)] = 0xff;
#else
	word_or(WORD_LOCK_KNOWN, &words[(2 * IMAGE_REF_FILTER + (__u32)(bit >> 6)) % (2 * IMAGE_PAGE_UNITS)], 1ULL << (bit & 63));
#endif
}

/* What a path means, the inode there means from now on. */
MATCH_FN int identity_learn(__u32 at, __u64 mnt, __u64 dentry, __u64 inode)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	unsigned long number = 0;
	match_image image;
	__u32 device = 0;
	__u64 super = 0;
	int changed;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	header = image ? match_header(image) : 0;
	if (!header || bpf_core_read(&number, sizeof(number), &((struct inode *)inode)->i_ino) ||
	    bpf_core_read(&super, sizeof(super), &((struct inode *)inode)->i_sb) ||
	    bpf_core_read(&device, sizeof(device), &((struct super_block *)super)->s_dev))
		return 0;
	slot->match.hit_count = 0;
	slot->match.unresolved = 0;
	if (walk_value(at, mnt, dentry) != PATH_OK) {
		word_increment(&known_lost);
		return 0;
	}
	changed = known_add(at, match_key(header->key, IMAGE_KIND_IDENTITY, match_identity(device, number)),
			    match_find(at, match_key(header->key, IMAGE_KIND_LITERAL, slot->walk.sum)));
	changed |= known_add(at, match_key(header->key, IMAGE_KIND_DIRECTORY, match_identity(device, number)),
			     match_find(at, match_key(header->key, IMAGE_KIND_SUBTREE, slot->walk.sum)));
	if (changed)
		filter_set(image, match_identity_filter(header->key, number));
	return 0;
}

/* A dentry has an inode now: should its last name be one of the policies', see what all its names mean. */
MATCH_FN int identity_named(__u64 dentry, __u64 inode)
{
	__u32 number = *(volatile __u32 *)&generation, i;
	const struct image_header *header;
	struct engine_slot *slot;
	int at;

	if (!number || !dentry || !inode)
		return 0;
	at = slot_begin(number);
	slot = slot_get(at);
	if (at < 0 || !slot) {
		word_increment(&known_lost);
		return 0;
	}
	slot->walk.namespace = home_namespace;
	header = walk_header(slot);
	if (!header || walk_chunk_read(&slot->walk, dentry) ||
	    !match_filter(header, walk_name_hash(at, &slot->walk, dentry, header->key)))
		goto out;
	if (mounts_find(at, dentry) != PATH_OK)
		word_increment(&known_lost);
	for (i = 0; i < ACT_NAMES; i++) {
		if (i >= slot->act.names)
			break;
		identity_learn(at, slot->act.name_mount[i], dentry, inode);
	}
out:
	place_give(&slots_taken, at);
	return 0;
}

SEC("lsm/d_instantiate")
HOOK(identity_made, struct dentry *dentry, struct inode *inode)
{
	identity_named(act_argument(ctx, 0), act_argument(ctx, 1));
	return 0;
}

SEC("fexit/vfs_rename")
int BPF_PROG(identity_moved, struct renamedata *rename, int ret)
{
	__u64 address = act_argument(ctx, 0), dentry = 0;
	unsigned int flags = 0;

	if (ret)
		return 0;
	bpf_core_read(&dentry, sizeof(dentry), &((struct renamedata *)address)->old_dentry);
	identity_named(dentry, dentry_inode(dentry));
	bpf_core_read(&flags, sizeof(flags), &((struct renamedata *)address)->flags);
	if (!(flags & RENAME_EXCHANGE))
		return 0;
	bpf_core_read(&dentry, sizeof(dentry), &((struct renamedata *)address)->new_dentry);
	identity_named(dentry, dentry_inode(dentry));
	return 0;
}

/* Before Linux 5.12. */
SEC("fexit/vfs_rename")
int BPF_PROG(identity_moved6, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	     struct dentry *new_dentry, struct inode **delegated, unsigned int flags, int ret)
{
	__u64 dentry = act_argument(ctx, 1);

	if (ret)
		return 0;
	identity_named(dentry, dentry_inode(dentry));
	if (!(flags & RENAME_EXCHANGE))
		return 0;
	dentry = act_argument(ctx, 3);
	identity_named(dentry, dentry_inode(dentry));
	return 0;
}

/* An inode that nobody has any more means nothing. */
MATCH_FN int identity_forget(__u32 at, __u64 key)
{
	struct engine_slot *slot = slot_get(at);
	struct known nothing = {};

	if (!slot)
		return 0;
	slot->walk.known.key = key;
	slot->walk.known.generation = slot->match.generation;
	slot->walk.known.reserved = 0;
	if (!match_find(at, key)) {
		bpf_map_delete_elem(&known, &slot->walk.known);
		return 0;
	}
	/* The image has it, and stays as it is: what is in the map comes first. */
	if (bpf_map_update_elem(&known, &slot->walk.known, &nothing, BPF_ANY))
		word_increment(&known_lost);
	known_any = 1;
	return 0;
}

/* The file has no name left, and nobody has it open: its number is free. */
SEC("lsm/inode_free_security")
HOOK(identity_gone, struct inode *inode)
{
	__u32 number = *(volatile __u32 *)&generation, links = 0, device = 0;
	__u64 address = act_argument(ctx, 0), super = 0;
	const struct image_header *header;
	struct engine_slot *slot;
	unsigned long ino = 0;
	int at;

	bpf_core_read(&links, sizeof(links), &((struct inode *)address)->i_nlink);
	if (links || !number)
		return 0;
	bpf_core_read(&ino, sizeof(ino), &((struct inode *)address)->i_ino);
	at = slot_begin(number);
	slot = slot_get(at);
	if (at < 0 || !slot) {
		word_increment(&known_lost);
		return 0;
	}
	header = walk_header(slot);
	if (header && match_filter(header, match_identity_filter(header->key, ino)) &&
	    !bpf_core_read(&super, sizeof(super), &((struct inode *)address)->i_sb) &&
	    !bpf_core_read(&device, sizeof(device), &((struct super_block *)super)->s_dev)) {
		identity_forget(at, match_key(header->key, IMAGE_KIND_IDENTITY, match_identity(device, ino)));
		identity_forget(at, match_key(header->key, IMAGE_KIND_DIRECTORY, match_identity(device, ino)));
	}
	place_give(&slots_taken, at);
	return 0;
}

#endif

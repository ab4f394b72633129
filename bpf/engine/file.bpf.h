/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * All that is to be found out about a file: begin, the way up inside of its mount, and the rest of it.
 *
 * The first try may go the way up by typed pointers (walk_typed), which is half the price: the
 * verifier lets a program follow the kernel's pointers by itself where it knows their types. When
 * something was renamed or mounted in the meantime, the next tries go by numbers.
 */
#ifndef KRSI_ENGINE_FILE_BPF_H
#define KRSI_ENGINE_FILE_BPF_H

#include "glob.bpf.h"

/* --- above the mount ------------------------------------------------------ */

static __always_inline struct walk_memo *memo_of(__u64 mount)
{
	__u32 index = (__u32)((mount * MATCH_BASE) >> 58) % MEMOS;

#if defined(ENGINE_BEFORE_5_12) && !defined(__TARGET_ARCH_x86)
	return 0;	/* other processors do not keep the order that the version relies on */
#endif
	return bpf_map_lookup_elem(&memos, &index);
}

/* Take over what is remembered of the mount that the walk has come to the root of. An enum path_result, or GOES_ON. */
static __always_inline int memo_read(struct engine_slot *slot, struct walk_memo *memo)
{
	__u64 version = word_get(&memo->version);
	__u32 hits = slot->match.hit_count, anchors = slot->walk.anchors, result, i;

	if (version & 1 || memo->mount != slot->walk.mount || memo->namespace != slot->walk.namespace ||
	    memo->generation != slot->match.generation || memo->renames != slot->walk.renames ||
	    memo->mounts != slot->walk.mounts || bpf_jiffies64() - memo->ticks > MEMO_TICKS)
		return PATH_GOES_ON;
	slot->walk.sum = memo->sum;
	slot->walk.names = memo->names;
	result = memo->result;
	slot->walk.anchors |= memo->anchors;
	for (i = 0; i < MEMO_HITS; i++) {
		if (i >= memo->hit_count)
			break;
		match_hit_add(&slot->match, memo->hits[i], slot->walk.roles);
	}
	/* Somebody wrote into it meanwhile: as if it had not been there. */
	if (word_get(&memo->version) != version) {
		slot->match.hit_count = hits;
		slot->walk.anchors = anchors;
		return PATH_GOES_ON;
	}
	return result;
}

static __always_inline void memo_write(struct engine_slot *slot, __u32 result)
{
	__u32 count = slot->match.hit_count - slot->walk.inside_hits, i, n;
	struct walk_memo *memo = memo_of(slot->walk.inside_mount);
	__u64 version;

	if (!memo || count > MEMO_HITS || slot->match.unresolved || (slot->walk.renames | slot->walk.mounts) & 1)
		return;
	version = word_get(&memo->version);
	if (version & 1 || !word_change(WORD_LOCK_MEMO, &memo->version, version, version + 1))
		return;
	memo->mount = slot->walk.inside_mount;
	memo->namespace = slot->walk.namespace;
	memo->generation = slot->match.generation;
	memo->ticks = bpf_jiffies64();
	memo->renames = slot->walk.renames;
	memo->mounts = slot->walk.mounts;
	memo->sum = slot->walk.sum;
	memo->names = slot->walk.names;
	memo->anchors = slot->walk.anchors;
	memo->result = result;
	for (i = 0; i < MEMO_HITS; i++) {
		n = slot->walk.inside_hits + i;
		if (i >= count || n >= MATCH_HITS_MAX)
			break;
		asm volatile("%0 &= 15" : "+r"(n));	/* MATCH_HITS_MAX - 1 */
		memo->hits[i] = slot->match.hits[n].ref;
	}
	memo->hit_count = count;
	word_increment(&memo->version);
}

/*
 * From the root of the mount that the walk is in to the root of the namespace. Part 0 is done. Leaves
 * the whole path's sum in walk.sum.
 */
MATCH_FN int walk_up(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	struct walk_memo *memo;
	int i, result = PATH_GOES_ON;

	if (!slot)
		return PATH_UNREADABLE;
	slot->walk.inside_sum = slot->walk.sum;
	slot->walk.inside_power = slot->walk.power;
	slot->walk.inside_mount = slot->walk.mount;
	slot->walk.inside = slot->walk.names;
	memo = memo_of(slot->walk.mount);
	if (memo && slot->walk.inside)
		result = memo_read(slot, memo);
	if (result == PATH_GOES_ON) {
		slot->walk.inside_hits = slot->match.hit_count;
		slot->walk.inside_anchors = slot->walk.anchors;
		slot->walk.anchors = 0;
		slot->walk.part = 1;
		slot->walk.sum = 0;
		slot->walk.power = 1;
		slot->walk.inverse = 1;
		slot->walk.names = 0;
		slot->walk.candidates[1] = 0;
		slot->walk.sides = 0;
		for (i = 0; i < WALK_CHUNKS && result == PATH_GOES_ON; i++)
			result = walk_climb(at);
		if (result == PATH_GOES_ON || walk_sides(at, slot) != PATH_OK)
			result = PATH_TOO_LONG;
		if (slot->walk.candidates[1])
			walk_verify(at, 1, slot->walk.sum);
		if (slot->walk.inside && (result == PATH_OK || result == PATH_FOREIGN || result == WALK_NOWHERE || result == PATH_DETACHED))
			memo_write(slot, result);
		slot->walk.anchors |= slot->walk.inside_anchors;
	}
	slot->walk.names += slot->walk.inside;
	slot->walk.sum = slot->walk.inside_sum + slot->walk.inside_power * slot->walk.sum;
	return result;
}

/* --- begin ---------------------------------------------------------------- */

#define FILE_DONE (-1)		/* as what walk_begin() returns: nothing else is to be found out */

/* Set the walk to its beginning, in the mount whose root is `root`. */
static __always_inline void walk_set(struct engine_slot *slot, __u64 root)
{
	struct walk *walk = &slot->walk;

	walk->mount = walk->start_mount - bpf_core_field_offset(struct mount, mnt);
	walk->dentry = walk->start_dentry;
	walk->leaf = walk->start_dentry;
	walk->root = root;
	walk->part = 0;
	walk->sum = 0;
	walk->power = 1;
	walk->inverse = 1;
	walk->names = 0;
	walk->candidates[0] = 0;
	slot->match.hit_count = walk->hits;
}

/* Read the kernel's counters, before anything of the way is read. */
static __always_inline void walk_counters(struct walk *walk)
{
	walk->renames = path_sequence(rename_lock_address);
	walk->mounts = path_sequence(mount_lock_address);
}

static __always_inline int walk_reset(struct engine_slot *slot)
{
	__u64 mnt = slot->walk.start_mount, root;

	if (bpf_core_read(&root, sizeof(root), &((struct vfsmount *)mnt)->mnt_root))
		return PATH_UNREADABLE;
	walk_set(slot, root);
	walk_counters(&slot->walk);
	return PATH_OK;
}

/* Whether nothing but the last name can matter, and it does not. */
static __always_inline int walk_is_short(__u32 at, struct walk *walk, const struct image_header *header)
{
	__u64 root, mnt = walk->start_mount, dentry = walk->start_dentry;

	if (bpf_core_read(&root, sizeof(root), &((struct vfsmount *)mnt)->mnt_root) || root == dentry)
		return 0;
	if (walk_chunk_read(walk, dentry))
		return 0;
	return !match_filter(header, walk_name_hash(at, walk, dentry, header->key));
}

#define WALK_ROLES 0xffffU	/* the other bits are enum image_feature, from bit 16 on */

/* Begin with a file: look up its identity. FILE_DONE, or an enum path_result: PATH_OK to go on. */
MATCH_FN int walk_begin(__u32 at, __u64 vfsmount, __u64 dentry, __u64 inode, __u32 roles)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;

	if (!slot)
		return PATH_UNREADABLE;
	header = walk_header(slot);
	if (!header)
		return PATH_UNREADABLE;
	slot->walk.roles = roles & WALK_ROLES;
	slot->walk.features = roles >> 16;
	slot->walk.anchors = 0;
	slot->walk.start_mount = vfsmount;
	slot->walk.start_dentry = dentry;
	walk_inode(at, &slot->walk, header, inode, IMAGE_KIND_IDENTITY);
	if (!slot->walk.features && walk_is_short(at, &slot->walk, header))
		return FILE_DONE;
	slot->walk.hits = slot->match.hit_count;
	return walk_reset(slot);
}

/* --- the rest ------------------------------------------------------------- */

/* What can still be said when the way up is known. */
static __always_inline void walk_look(__u32 at, struct engine_slot *slot, int result)
{
	const struct image_header *header;
	match_image image;

	if (result == PATH_OK || result == PATH_FOREIGN) {
		if (slot->walk.candidates[0])
			walk_verify(at, 0, slot->walk.sum);
		if (slot->walk.features & IMAGE_HAS_ROOT) {
			image = match_image_open(&slot->match);
			header = image ? match_header(image) : 0;
			if (header)
				match_hit_add(&slot->match,
					      match_find(at, match_key(header->key, slot->walk.names ? IMAGE_KIND_SUBTREE : IMAGE_KIND_LITERAL, 0)),
					      slot->walk.roles);
		}
		if (slot->walk.anchors || slot->walk.features & IMAGE_HAS_GLOBS)
			if (walk_globs(at, slot->walk.start_mount, slot->walk.start_dentry) > PATH_OK)
				slot->match.unresolved |= MATCH_UNKNOWN_PATH;
	}
	/* A program stays what it was called when its process went into another mount namespace. */
	if (result == PATH_FOREIGN && slot->walk.roles & (1U << IMAGE_ROLE_EXE | 1U << IMAGE_ROLE_SCRIPT))
		return;
	if (result != PATH_OK && result != WALK_NOWHERE)
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
}

/*
 * From where the walk is, which is inside of the first mount, to the end. Tries again when it was disturbed.
 * `look`: what it means, and not only its sum.
 */
static __always_inline int walk_go_on(__u32 at, struct engine_slot *slot, int look)
{
	int i, j, result = PATH_MOVED;

	for (i = 0; i < PATH_TRIES; i++) {
		result = slot->walk.dentry == slot->walk.root ? PATH_OK : PATH_GOES_ON;
		for (j = 0; j < WALK_CHUNKS && result == PATH_GOES_ON; j++)
			result = walk_climb(at);
		if (result == PATH_OK)
			result = walk_up(at);
		else if (result == PATH_GOES_ON)
			result = PATH_TOO_LONG;
		if (!((slot->walk.renames | slot->walk.mounts) & 1) && path_sequence(rename_lock_address) == slot->walk.renames &&
		    path_sequence(mount_lock_address) == slot->walk.mounts)
			break;
		result = PATH_MOVED;
		walk_reset(slot);
	}
	if (look)
		walk_look(at, slot, result);
	return result;
}

MATCH_FN int walk_finish(__u32 at)
{
	struct engine_slot *slot = slot_get(at);

	return slot ? walk_go_on(at, slot, 1) : PATH_UNREADABLE;
}

/*
 * Add what is known of a file to the hits of a slot: `roles` says as what. `inode` may be 0, for a
 * name that is yet to be made. An enum path_result; what cannot be told makes the slot unresolved.
 */
MATCH_FN int walk_file(__u32 at, __u64 vfsmount, __u64 dentry, __u64 inode, __u32 roles)
{
	int result = walk_begin(at, vfsmount, dentry, inode, roles);
	struct engine_slot *slot = slot_get(at);

	if (result == FILE_DONE)
		return PATH_OK;
	/* Not through walk_finish(), as calls cannot be nested any deeper. */
	return slot ? walk_go_on(at, slot, 1) : PATH_UNREADABLE;
}

/* Leave the sum of a path in walk.sum, which is the value that literals are looked up by. */
MATCH_FN int walk_value(__u32 at, __u64 vfsmount, __u64 dentry)
{
	int result = walk_begin(at, vfsmount, dentry, 0, IMAGE_HAS_SUBTREES << 16);
	struct engine_slot *slot = slot_get(at);

	return slot && result == PATH_OK ? walk_go_on(at, slot, 0) : PATH_UNREADABLE;
}

/* --- by typed pointers ---------------------------------------------------- */

#define WALK_TYPED 12		/* names; the rest of a deeper path goes by numbers */

/*
 * When something is remembered of the mount, the counters are taken from there: if they are still the
 * same at the end, nothing has moved since then, and so not during the walk either.
 */
static __always_inline void memo_counters(struct engine_slot *slot)
{
	struct walk *walk = &slot->walk;
	struct walk_memo *memo = memo_of(walk->mount);

	if (memo && memo->mount == walk->mount && memo->generation == slot->match.generation &&
	    bpf_jiffies64() - memo->ticks <= MEMO_TICKS) {
		walk->renames = memo->renames;
		walk->mounts = memo->mounts;
	} else {
		walk_counters(walk);
	}
}

/*
 * Of a file that the program has the type of: its identity, and the names inside of its mount, for
 * walk_finish() to go on from.
 */
static __always_inline void walk_typed(__u32 at, struct engine_slot *slot, const struct image_header *header, struct file *file, __u32 roles)
{
	struct dentry *dentry = file->f_path.dentry, *parent;
	struct inode *inode = file->f_inode;
	struct walk *walk = &slot->walk;
	__u64 hash, word, number;
	__u32 len, i;

	walk->roles = roles & WALK_ROLES;
	walk->features = roles >> 16;
	walk->anchors = 0;
	walk->start_mount = slot->act.numbers[0];
	walk->start_dentry = slot->act.numbers[1];
	walk->hits = slot->match.hit_count;
	slot->act.numbers[3] = (__u64)file->f_path.mnt->mnt_root;
	walk_set(slot, *(volatile __u64 *)&slot->act.numbers[3]);
	memo_counters(slot);
	for (i = 0; i < WALK_TYPED; i++) {
		if (inode) {
			number = inode->i_ino;
			if (match_filter(header, match_identity_filter(header->key, number))) {
				slot->act.numbers[0] = (__u64)inode;
				walk_identity(at, *(volatile __u64 *)&slot->act.numbers[0], number,
					      i ? IMAGE_KIND_DIRECTORY : IMAGE_KIND_IDENTITY);
				/* Kept when the walk is begun again: the object itself is the same. */
				if (!i)
					walk->hits = slot->match.hit_count;
			}
		}
		walk->dentry = (__u64)dentry;
		if (walk->dentry == walk->root)
			break;
		parent = dentry->d_parent;
		if (parent == dentry)
			break;
		len = dentry->d_name.len;
		number = (__u64)dentry->d_name.name;
		word = *(__u64 *)((void *)dentry + bpf_core_field_offset(struct dentry, d_inode) + 8);
		if (number != walk->dentry + bpf_core_field_offset(struct dentry, d_inode) + 8 || len - 1 >= 8) {
			if (walk_chunk_read(walk, walk->dentry))
				break;
			hash = walk_name_hash(at, walk, walk->dentry, header->key);
		} else {
			hash = match_finish(match_mix(match_text_begin(header->key, len), word & (~0ULL >> (8 - len) * 8)));
		}
		walk_name_add(at, walk, header, hash);
		dentry = parent;
		walk->dentry = (__u64)dentry;
		/* The root of the mount is looked at with what is above it. */
		inode = walk->dentry == walk->root ? 0 : dentry->d_inode;
	}
}

#endif

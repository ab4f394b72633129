/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From a file to what the image says of it: its identity, its path, and the directories it is in.
 *
 * Threat: as in path.bpf.h, whose way up this is, without the text. A directory is known by two
 * things, by its path and by its inode: whoever mounts /secret somewhere else, or keeps a descriptor
 * of it in a mount namespace of his own, changes the path only. So each directory on the way is
 * looked up by both, and where the root of a mount is not the root of its file system (a bind of
 * a subdirectory), what is above it there is looked up as well.
 *
 * Nearly all names are nobody's business. One bit of a filter tells so, and then the name costs
 * one read of the kernel's memory, a hash and that bit. What passes the filter is remembered, and
 * looked up at the end, when the path's beginning is known.
 *
 * What is above the mount that a file is in is the same for all files in it, and is remembered while
 * the kernel's counters stand still (walk_up.bpf.h).
 */
#ifndef KRSI_ENGINE_WALK_BPF_H
#define KRSI_ENGINE_WALK_BPF_H

#include "known.bpf.h"

#define WALK_CHUNK 16		/* steps of one call */
#define WALK_CHUNKS 160
#define WALK_NOWHERE 8		/* as an enum path_result: of a mount of the kernel's own, such as memfd's: it has no path */
#define MNT_NS_INTERNAL ((unsigned long)-22)
#define SB_KERNMOUNT (1UL << 22)

struct super_block___flags { unsigned long s_flags; } __attribute__((preserve_access_index));

/* The header of the slot's image, NULL when there is none. */
static __always_inline const struct image_header *walk_header(const struct engine_slot *slot)
{
	match_image image = match_image_open(&slot->match);

	return image ? match_header(image) : 0;
}

/* Of the name in the chunk that is in the dentry itself: up to 39 bytes, whatever is behind it. */
MATCH_FN __u64 walk_hash_near(__u32 at, __u64 secret)
{
	struct engine_slot *slot = slot_get(at);
	const struct walk_chunk *chunk;
	__u64 hash, word;
	__u32 len;
	int i;

	if (!slot)
		return 0;
	chunk = &slot->walk.chunk;
	len = chunk->len;
	hash = match_text_begin(secret, len);
#pragma unroll
	for (i = 0; i < 5; i++) {
		if (len > 8U * i) {
			word = chunk->inline_name[i];
			if (len < 8U * i + 8)
				word &= (1ULL << (len & 7) * 8) - 1;
			hash = match_mix(hash, word);
		}
	}
	return match_finish(hash);
}

/* Of the text in walk.name, whose size is chunk.len. The size is read in each turn, so that turns are alike. */
static __always_inline __u64 walk_hash_text(struct engine_slot *slot, __u64 secret)
{
	volatile __u32 *size = &slot->walk.chunk.len;
	__u64 hash, word;
	__u32 len, i;

	hash = match_text_begin(secret, *size & 255);
	for (i = 0; i < 32; i++) {
		len = *size & 255;
		if (len <= 8 * i)
			break;
		word = slot->walk.name[i];
		len -= 8 * i;
		if (len < 8)
			word &= (1ULL << (len & 7) * 8) - 1;
		hash = match_mix(hash, word);
	}
	return match_finish(hash);
}

/* Of a name elsewhere. 0 when it cannot be read. */
MATCH_FN __u64 walk_hash_far(__u32 at, __u64 secret)
{
	struct engine_slot *slot = slot_get(at);

	if (!slot || bpf_probe_read_kernel(slot->walk.name, slot->walk.chunk.len & 255, (void *)slot->walk.chunk.name))
		return 0;
	return walk_hash_text(slot, secret);
}

static __always_inline int walk_chunk_read(struct walk *walk, __u64 dentry)
{
	return bpf_probe_read_kernel(&walk->chunk, sizeof(walk->chunk),
				     (void *)dentry + bpf_core_field_offset(struct dentry, d_parent));
}

static __always_inline __u64 walk_name_hash(__u32 at, struct walk *walk, __u64 dentry, __u64 secret)
{
	__u32 near = bpf_core_field_offset(struct dentry, d_inode) + sizeof(void *), len = walk->chunk.len;

	/* Most names are short. */
	if (walk->chunk.name == dentry + near && len - 1 < 8)
		return match_finish(match_mix(match_text_begin(secret, len), walk->chunk.inline_name[0] & (~0ULL >> (8 - len) * 8)));
	if (walk->chunk.name == dentry + near && walk->chunk.len < sizeof(walk->chunk.inline_name))
		return walk_hash_near(at, secret);
	return walk_hash_far(at, secret);
}

/* What an inode means as `kind`: remembered as a hit. */
MATCH_FN int walk_identity(__u32 at, __u64 inode, __u64 number, __u32 kind)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	struct super_block *super;
	match_image image;
	__u32 device;
	__u64 key;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	if (bpf_core_read(&super, sizeof(super), &((struct inode *)inode)->i_sb) ||
	    bpf_core_read(&device, sizeof(device), &super->s_dev))
		return 0;
	key = match_key(header->key, kind, match_identity(device, number));
	if (!known_any || !known_find(at, key))
		match_hit_add(&slot->match, match_find(at, key), slot->walk.roles);
	return 0;
}

static __always_inline int walk_inode(__u32 at, struct walk *walk, const struct image_header *header, __u64 inode, __u32 kind)
{
	if (!inode)
		return 0;
	if (bpf_core_read(&walk->read, sizeof(walk->read), &((struct inode *)inode)->i_ino))
		return PATH_UNREADABLE;
	if (match_filter(header, match_identity_filter(header->key, walk->read)))
		walk_identity(at, inode, walk->read, kind);
	return 0;
}

/* The climb has come to a mount that is mounted nowhere. */
static __always_inline int walk_top(struct walk *walk, __u64 top)
{
	if (bpf_core_read(&walk->read, sizeof(walk->read), &((struct mount *)top)->mnt_ns))
		return PATH_UNREADABLE;
	if (walk->read == MNT_NS_INTERNAL)
		return WALK_NOWHERE;
	if (!walk->read || walk->read >= (unsigned long)-4095)
		return PATH_DETACHED;
	return walk->read == walk->namespace ? PATH_OK : PATH_FOREIGN;
}

/*
 * The climb has come to the top of a tree that the root of the mount is not on. In file systems of the
 * kernel's own (namespaces, pipes, memfd) each file is a tree of its own, and has no path to be found
 * out. Elsewhere it is one that was opened by its handle, and nobody knows yet where it is; the mount
 * does not tell, as overlayfs has its layers in such that look like the kernel's own.
 */
static __always_inline int walk_loose(struct walk *walk)
{
	__u64 dentry = walk->dentry, super;

	if (bpf_core_read(&walk->read, sizeof(walk->read), &((struct dentry *)dentry)->d_sb))
		return PATH_UNREADABLE;
	super = walk->read;
	if (bpf_core_read(&walk->read, sizeof(walk->read), &((struct super_block___flags *)super)->s_flags))
		return PATH_UNREADABLE;
	return walk->read & SB_KERNMOUNT ? WALK_NOWHERE : PATH_DETACHED;
}

/* From the root of a mount to the place that it is mounted on. */
static __always_inline int walk_cross(__u32 at, struct walk *walk, const struct image_header *header)
{
	__u64 parent;

	if (walk_chunk_read(walk, walk->dentry))
		return PATH_UNREADABLE;
	if (walk->dentry != walk->leaf && walk_inode(at, walk, header, walk->chunk.inode, IMAGE_KIND_DIRECTORY))
		return PATH_UNREADABLE;
	if (walk->chunk.parent != walk->dentry) {
		/* The root of a bind that is not the root of its file system. */
		if (walk->sides >= WALK_SIDES)
			return PATH_TOO_LONG;
		walk->side_dentry[walk->sides & (WALK_SIDES - 1)] = walk->chunk.parent;
		walk->sides++;
	}
	if (bpf_probe_read_kernel(walk->up, sizeof(walk->up), (void *)walk->mount + bpf_core_field_offset(struct mount, mnt_parent)))
		return PATH_UNREADABLE;
	parent = walk->up[0];
	if (parent == walk->mount)
		return walk_top(walk, parent);
	walk->dentry = walk->up[1];
	if (bpf_core_read(&walk->root, sizeof(walk->root), &((struct mount *)parent)->mnt.mnt_root))
		return PATH_UNREADABLE;
	walk->mount = parent;
	/* The place that something is mounted on is under it: not a directory on the way, but its name is. */
	walk->leaf = walk->dentry;
	return PATH_GOES_ON;
}

/* Remember a name that may be the last one of something. */
MATCH_FN int walk_candidate(__u32 at, __u64 hash)
{
	struct engine_slot *slot = slot_get(at);
	struct walk_candidate *candidate;
	__u32 part, i;

	if (!slot)
		return 0;
	part = slot->walk.part & 1;
	i = slot->walk.candidates[part];
	slot->walk.candidates[part] = i + 1;
	if (i >= WALK_CANDIDATES)
		return 0;
	candidate = &slot->walk.candidate[part * WALK_CANDIDATES + i];
	candidate->sum = slot->walk.sum;
	candidate->inverse = slot->walk.inverse;
	candidate->hash = hash;
	return 0;
}

/* Add a name to the sum of the part. */
static __always_inline void walk_name_add(__u32 at, struct walk *walk, const struct image_header *header, __u64 hash)
{
	if (match_filter(header, hash))
		walk_candidate(at, hash);
	walk->sum += hash * walk->power;
	walk->power *= MATCH_BASE;
	walk->inverse *= MATCH_BASE_INVERSE;
	walk->names++;
}

static __always_inline int walk_name(__u32 at, struct walk *walk, const struct image_header *header)
{
	if (walk_chunk_read(walk, walk->dentry))
		return PATH_UNREADABLE;
	if (walk->chunk.parent == walk->dentry)
		return walk_loose(walk);
	walk_name_add(at, walk, header, walk_name_hash(at, walk, walk->dentry, header->key));
	if (walk->dentry != walk->leaf && walk_inode(at, walk, header, walk->chunk.inode, IMAGE_KIND_DIRECTORY))
		return PATH_UNREADABLE;
	walk->dentry = walk->chunk.parent;
	return PATH_GOES_ON;
}

/* Some steps of the part: inside of the mount up to its root (0), or on from there (1). */
MATCH_FN int walk_climb(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	int i, result = PATH_GOES_ON;

	if (!slot)
		return PATH_UNREADABLE;
	header = walk_header(slot);
	if (!header)
		return PATH_UNREADABLE;
	for (i = 0; i < WALK_CHUNK; i++) {
		if (slot->walk.dentry != slot->walk.root) {
			result = walk_name(at, &slot->walk, header);
		} else {
			if (slot->walk.part == 0)
				return PATH_OK;
			result = walk_cross(at, &slot->walk, header);
		}
		if (result != PATH_GOES_ON)
			break;
	}
	return result;
}

/* Above the root of a bind: inodes only, up to the root of the file system. */
MATCH_FN int walk_side(__u32 at)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	int i;

	if (!slot)
		return PATH_UNREADABLE;
	header = walk_header(slot);
	if (!header)
		return PATH_UNREADABLE;
	for (i = 0; i < WALK_CHUNK; i++) {
		if (walk_chunk_read(&slot->walk, slot->walk.dentry) ||
		    walk_inode(at, &slot->walk, header, slot->walk.chunk.inode, IMAGE_KIND_DIRECTORY))
			return PATH_UNREADABLE;
		if (slot->walk.chunk.parent == slot->walk.dentry)
			return PATH_OK;
		slot->walk.dentry = slot->walk.chunk.parent;
	}
	return PATH_GOES_ON;
}

/* All of walk.side_dentry. PATH_OK, or another enum path_result when they were not all looked at. */
static __always_inline int walk_sides(__u32 at, struct engine_slot *slot)
{
	int i, j, result, all = PATH_OK;

	for (i = 0; i < WALK_SIDES; i++) {
		if ((__u32)i >= slot->walk.sides)
			break;
		slot->walk.dentry = slot->walk.side_dentry[i];
		result = PATH_GOES_ON;
		for (j = 0; j < WALK_CHUNKS && result == PATH_GOES_ON; j++)
			result = walk_side(at);
		if (result != PATH_OK)
			all = PATH_TOO_LONG;
	}
	return all;
}

/* Names of a part that passed the filter: what the paths mean that end in them. `sum` is that of the whole path. */
MATCH_FN int walk_verify(__u32 at, __u32 part, __u64 sum)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	struct walk_candidate *candidate;
	match_image image;
	__u32 i, kind;
	__u64 value;

	if (!slot)
		return 0;
	part &= 1;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	for (i = 0; i < WALK_CANDIDATES; i++) {
		if (i >= slot->walk.candidates[part])
			break;
		candidate = &slot->walk.candidate[part * WALK_CANDIDATES + i];
		value = (sum - candidate->sum) * candidate->inverse;
		/* The first name of all is the object's own. */
		kind = candidate->inverse == 1 && (part == 0 || slot->walk.inside == 0) ? IMAGE_KIND_LITERAL : IMAGE_KIND_SUBTREE;
		match_hit_add(&slot->match, match_find(at, match_key(header->key, kind, value)), slot->walk.roles);
		if (header->features & IMAGE_HAS_ANCHORS &&
		    match_find(at, match_key(header->key, IMAGE_KIND_ANCHOR, candidate->hash)))
			slot->walk.anchors = 1;
	}
	if (slot->walk.candidates[part] > WALK_CANDIDATES)
		slot->match.unresolved |= MATCH_UNKNOWN_PATH;
	return 0;
}

#endif

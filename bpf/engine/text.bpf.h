/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Texts that are no paths of files: names of cgroups, containers, modules, sockets without a file.
 * A text is in slot->walk.name, and its size in slot->walk.chunk.len.
 */
#ifndef KRSI_ENGINE_TEXT_BPF_H
#define KRSI_ENGINE_TEXT_BPF_H

#include "file.bpf.h"

#define TEXT_SIZE 255	/* what is longer has no value */

static __always_inline int text_read(struct engine_slot *slot, __u64 address, __u32 size)
{
	slot->walk.chunk.len = 0;
	if (size > TEXT_SIZE)
		return -1;
	asm volatile("%0 &= 255" : "+r"(size));
	if (bpf_probe_read_kernel(slot->walk.name, size, (void *)address))
		return -1;
	slot->walk.chunk.len = size;
	return 0;
}

/* A string of the kernel's, up to its NUL. */
static __always_inline int text_read_string(struct engine_slot *slot, __u64 address)
{
	long size;

	slot->walk.chunk.len = 0;
	size = bpf_probe_read_kernel_str(slot->walk.name, TEXT_SIZE + 1, (void *)address);
	if (size < 1)
		return -1;
	slot->walk.chunk.len = size - 1;
	return 0;
}

MATCH_FN __u64 text_hash(__u32 at, __u64 secret)
{
	struct engine_slot *slot = slot_get(at);

	return slot ? walk_hash_text(slot, secret) : 0;
}

/* What the text means as a whole, as a value of `key`: a struct image_hit, or 0. */
MATCH_FN __u32 text_literal(__u32 at, __u32 key)
{
	struct engine_slot *slot = slot_get(at);
	const struct image_header *header;
	match_image image;

	if (!slot)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	return match_find(at, match_key(header->key, IMAGE_KIND_KEY + key,
					text_hash(at, header->key)));
}

/* Where the automaton begins for a group; 0: no glob is of it. */
static __always_inline __u32 text_glob_start(match_image image, __u32 group)
{
	const __u32 *unit = match_unit(image, IMAGE_REF_STARTS + (group & 15) / 4);

	return unit ? unit[group & 3] : 0;
}

/* Copy the text to the end of a path slot, where the automaton reads. */
static __always_inline void text_to_path(struct engine_slot *slot, struct path_slot *path, __u32 slash)
{
	__u32 len = slot->walk.chunk.len & TEXT_SIZE, start = PATH_SIZE - len;

	asm volatile("%0 &= 4095" : "+r"(start));
	asm volatile("%0 &= 255" : "+r"(len));
	bpf_probe_read_kernel(path->text + start, len, slot->walk.name);
	if (len == 0)
		start = PATH_SIZE;
	if (slash) {
		start -= 1;
		asm volatile("%0 &= 4095" : "+r"(start));
		path->text[start] = '/';
	}
	path->start = start;
}

/* What the globs of a group say of the text: a struct image_hit, or 0. */
static __always_inline __u32 text_glob(__u32 at, struct engine_slot *slot, match_image image, __u32 group)
{
	struct path_slot *path;
	__u32 ref = 0;
	int index;

	if (!text_glob_start(image, group))
		return 0;
	index = path_slot_take();
	path = bpf_map_lookup_elem(&path_slots, &index);
	if (index < 0 || !path) {
		slot->match.unresolved |= group == MATCH_GROUP_CONTAINER ? MATCH_UNKNOWN_CGROUP : MATCH_UNKNOWN_HITS;
		return 0;
	}
	text_to_path(slot, path, 0);
	ref = glob_run(at, index, group);
	path_slot_give(index);
	return ref;
}

/* The text is a value of the operation's: add what it means to the hits. */
static __always_inline void text_hits(__u32 at, __u32 key, __u32 group)
{
	struct engine_slot *slot = slot_get(at);
	match_image image;

	if (!slot)
		return;
	image = match_image_open(&slot->match);
	if (!image)
		return;
	match_hit_add(&slot->match, text_literal(at, key), 1U << IMAGE_ROLE_TEXT);
	match_hit_add(&slot->match, text_glob(at, slot, image, group), 1U << IMAGE_ROLE_TEXT);
}

/* Put in what a hit means as a text of the key at hand. */
static __always_inline void text_pair(__u32 at, match_image image, __u32 ref)
{
	const __u32 *unit;

	if (!ref)
		return;
	unit = match_unit(image, ref + IMAGE_ROLE_TEXT / 4);
	if (unit)
		match_pair(at, image, unit[IMAGE_ROLE_TEXT % 4]);
}

#endif

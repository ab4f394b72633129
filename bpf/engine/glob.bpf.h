/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Globs: one automaton for all of them. It wants the text of a path, which is only built when a name
 * on the path is the anchor of some glob, or when there are globs without one.
 */
#ifndef KRSI_ENGINE_GLOB_BPF_H
#define KRSI_ENGINE_GLOB_BPF_H

#include "walk.bpf.h"

#define GLOB_PART 64	/* bytes of one call */

/* Run the automaton over a part of a path's text. `state` goes in and comes out. */
MATCH_FN __u32 glob_part(__u32 at, __u32 index, __u32 from, __u32 state)
{
	struct engine_slot *slot = slot_get(at);
	struct path_slot *path = bpf_map_lookup_elem(&path_slots, &index);
	const struct image_header *header;
	const __u8 *classes;
	const __u16 *row;
	match_image image;
	__u32 i, offset, shift, where;

	if (!slot || !path)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	shift = header->dfa_row_shift & 15;
	for (i = 0; i < GLOB_PART; i++) {
		offset = from + i;
		if (offset >= PATH_SIZE || state == 0)
			break;
		asm volatile("%0 &= 4095" : "+r"(offset));
		where = path->text[offset] & 0xff;
		classes = match_unit(image, header->dfa_classes + where / IMAGE_UNIT);
		if (!classes)
			return 0;
		where = (state << shift) + classes[where % IMAGE_UNIT];
		row = match_unit(image, header->dfa_rows + where / 8);
		if (!row)
			return 0;
		state = row[where % 8];
	}
	return state;
}

/* What the globs of a group say of the text in a path slot: a struct image_hit, or 0. */
MATCH_FN __u32 glob_run(__u32 at, __u32 index, __u32 group)
{
	struct engine_slot *slot = slot_get(at);
	struct path_slot *path = bpf_map_lookup_elem(&path_slots, &index);
	const struct image_header *header;
	const __u32 *unit;
	match_image image;
	__u32 state, i, start;

	if (!slot || !path)
		return 0;
	image = match_image_open(&slot->match);
	if (!image)
		return 0;
	header = match_header(image);
	unit = match_unit(image, IMAGE_REF_STARTS + (group & 15) / 4);
	if (!header || !unit)
		return 0;
	state = unit[group & 3];
	start = path->start;
	for (i = 0; i < PATH_SIZE / GLOB_PART; i++) {
		if (start + GLOB_PART * i >= PATH_SIZE || state == 0)
			break;
		state = glob_part(at, index, start + GLOB_PART * i, state);
	}
	if (state == 0)
		return 0;
	unit = match_unit(image, header->dfa_accepts + state / 4);
	return unit ? unit[state & 3] : 0;
}

MATCH_FN int walk_globs(__u32 at, __u64 vfsmount, __u64 dentry)
{
	struct engine_slot *slot = slot_get(at);
	int index = path_slot_take(), result;

	if (index < 0)
		return PATH_BUSY;
	result = path_build(index, vfsmount, dentry);
	if (slot && (result == PATH_OK || result == PATH_FOREIGN))
		match_hit_add(&slot->match, glob_run(at, index, MATCH_GROUP_PATH), slot->walk.roles);
	path_slot_give(index);
	/* Whose namespace it ends in was told by the walk, which may be about another process. */
	return result == PATH_FOREIGN ? PATH_OK : result;
}

#endif

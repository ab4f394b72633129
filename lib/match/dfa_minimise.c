/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which states are the same: partition refinement, with the trick of Hopcroft's.
 *
 * States that accept the same set begin as one block. The signature of a state is where it leads to,
 * in blocks; states of one block whose signatures differ are taken apart. The largest part keeps the
 * block's number, so only what leads to the smaller ones has to be looked at again, and each state
 * moves at most log2(states) times. Signatures are compared and not only their hashes: two states
 * taken for the same would be a hole.
 */
#include <string.h>

#include "dfa_build.h"

struct refinement {
	struct krsi_priv_dfa_build *build;
	const struct krsi_priv_dfa_wide *wide;
	struct krsi_priv_dfa_array pred_start, preds;	/* the states that lead to each */
	uint32_t *block;	/* of each state */
	/* All states, those of a block side by side: */
	struct krsi_priv_dfa_array order;
	struct krsi_priv_dfa_array place;	/* of each state, in `order` */
	struct krsi_priv_dfa_array first, end;	/* of each block, in `order` */
	struct krsi_priv_dfa_array marked;	/* so many of a block, at its front, are to be looked at */
	struct krsi_priv_dfa_array queue;	/* blocks with any marked: a ring, each at most once */
	size_t queue_head, queue_count;
	uint32_t block_count;
	/* For the block at hand: */
	struct krsi_priv_dfa_array part_of;	/* of its marked states */
	struct krsi_priv_dfa_array part;	/* struct part */
	struct krsi_priv_dfa_array slots;	/* hash -> part + 1 */
	struct krsi_priv_dfa_array moved;	/* states */
};

struct part {
	uint32_t member, hash;
	uint32_t count;		/* of its marked states */
	uint32_t place;
};

/* --- signatures ----------------------------------------------------------- */

static const struct krsi_priv_dfa_jump *jumps_of(const struct krsi_priv_dfa_wide *wide, uint32_t state,
						 const struct krsi_priv_dfa_jump **end)
{
	const uint32_t *start = krsi_priv_dfa_u32(&wide->jump_start) + state;
	const struct krsi_priv_dfa_jump *jumps = wide->jumps.at;

	if (!jumps)
		return *end = NULL;
	*end = jumps + start[1];
	return jumps + start[0];
}

static uint32_t usual_block(const struct refinement *r, uint32_t state)
{
	return r->block[krsi_priv_dfa_u32(&r->wide->usual)[state]];
}

static uint32_t signature_hash(const struct refinement *r, uint32_t state)
{
	const struct krsi_priv_dfa_jump *jump, *end;
	uint32_t usual = usual_block(r, state), hash = usual, block;

	for (jump = jumps_of(r->wide, state, &end); jump < end; jump++) {
		block = r->block[jump->to];
		if (block != usual)
			hash = krsi_priv_dfa_hash(krsi_priv_dfa_hash(hash, jump->by), block);
	}
	return krsi_priv_dfa_hash(hash, usual);
}

static bool signature_equal(const struct refinement *r, uint32_t a, uint32_t b)
{
	const struct krsi_priv_dfa_jump *x, *x_end, *y, *y_end;
	uint32_t usual = usual_block(r, a);

	if (usual != usual_block(r, b))
		return false;
	x = jumps_of(r->wide, a, &x_end);
	y = jumps_of(r->wide, b, &y_end);
	for (;; x++, y++) {
		/* What became the same as usual since is no difference. */
		while (x < x_end && r->block[x->to] == usual)
			x++;
		while (y < y_end && r->block[y->to] == usual)
			y++;
		if (x == x_end || y == y_end)
			return x == x_end && y == y_end;
		if (x->by != y->by || r->block[x->to] != r->block[y->to])
			return false;
	}
}

/* --- marks ---------------------------------------------------------------- */

static void mark(struct refinement *r, uint32_t state)
{
	uint32_t *order = krsi_priv_dfa_u32(&r->order), *place = krsi_priv_dfa_u32(&r->place);
	uint32_t block = r->block[state], first = krsi_priv_dfa_u32(&r->first)[block];
	uint32_t *marked = krsi_priv_dfa_u32(&r->marked) + block, other;

	/* One state alone cannot be taken apart. */
	if (krsi_priv_dfa_u32(&r->end)[block] - first == 1 || place[state] < first + *marked)
		return;
	other = order[first + *marked];
	order[place[state]] = other;
	place[other] = place[state];
	order[first + *marked] = state;
	place[state] = first + *marked;
	if (!(*marked)++)
		krsi_priv_dfa_u32(&r->queue)[(r->queue_head + r->queue_count++) % r->queue.count] = block;
}

static int mark_preds(struct refinement *r)
{
	const uint32_t *start = krsi_priv_dfa_u32(&r->pred_start), *preds = krsi_priv_dfa_u32(&r->preds);
	const uint32_t *moved = krsi_priv_dfa_u32(&r->moved);
	size_t i;
	uint32_t k;
	int err;

	for (i = 0; i < r->moved.count; i++) {
		err = krsi_priv_dfa_spend(r->build, 1 + start[moved[i] + 1] - start[moved[i]]);
		if (err)
			return err;
		for (k = start[moved[i]]; k < start[moved[i] + 1]; k++)
			mark(r, preds[k]);
	}
	return 0;
}

/* --- taking a block apart ------------------------------------------------- */

/* The part of a state, a new one if there is none of its signature. */
static uint32_t part_find(struct refinement *r, uint32_t state, size_t slot_mask)
{
	uint32_t hash = signature_hash(r, state), *slots = krsi_priv_dfa_u32(&r->slots);
	struct part *parts = r->part.at;
	size_t at;

	for (at = hash & slot_mask; slots[at]; at = (at + 1) & slot_mask) {
		const struct part *part = &parts[slots[at] - 1];

		if (part->hash == hash && signature_equal(r, part->member, state))
			return slots[at] - 1;
		r->build->work++;
	}
	parts[r->part.count] = (struct part){ .member = state, .hash = hash };
	slots[at] = (uint32_t)++r->part.count;
	return slots[at] - 1;
}

/* Find the parts of a block. What is not marked is one part, the first. */
static int find_parts(struct refinement *r, uint32_t block, uint32_t marked)
{
	const uint32_t *order = krsi_priv_dfa_u32(&r->order), *jumps = krsi_priv_dfa_u32(&r->wide->jump_start);
	uint32_t first = krsi_priv_dfa_u32(&r->first)[block], end = krsi_priv_dfa_u32(&r->end)[block], i;
	struct part *parts = r->part.at;
	size_t slots = 4;
	int err;

	while (slots < 2 * ((size_t)marked + 1))
		slots *= 2;
	memset(r->slots.at, 0, slots * sizeof(uint32_t));
	r->part.count = 0;
	if (first + marked < end)
		part_find(r, order[first + marked], slots - 1);
	for (i = 0; i < marked; i++) {
		uint32_t state = order[first + i], part = part_find(r, state, slots - 1);

		parts[part].count++;
		krsi_priv_dfa_u32(&r->part_of)[i] = part;
		err = krsi_priv_dfa_spend(r->build, 1 + jumps[state + 1] - jumps[state]);
		if (err)
			return err;
	}
	return 0;
}

/* Put the marked states in the order of their parts; the first part goes to the end, where its others are. */
static void sort_parts(struct refinement *r, uint32_t block, uint32_t marked)
{
	uint32_t first = krsi_priv_dfa_u32(&r->first)[block], place = first, i;
	uint32_t *order = krsi_priv_dfa_u32(&r->order), *moved = krsi_priv_dfa_u32(&r->moved);
	struct part *parts = r->part.at;

	for (i = 1; i < r->part.count; i++) {
		parts[i].place = place;
		place += parts[i].count;
	}
	parts[0].place = place;
	memcpy(moved, order + first, marked * sizeof(*moved));
	for (i = 0; i < marked; i++) {
		place = parts[krsi_priv_dfa_u32(&r->part_of)[i]].place++;
		order[place] = moved[i];
		krsi_priv_dfa_u32(&r->place)[moved[i]] = place;
	}
	/* Each stands at its end now. The first one's includes what was not marked. */
	for (i = 0; i < r->part.count; i++)
		parts[i].place -= parts[i].count;
	parts[0].count = krsi_priv_dfa_u32(&r->end)[block] - parts[0].place;
}

/* All parts but the largest become blocks of their own. */
static void split(struct refinement *r, uint32_t block)
{
	const uint32_t *order = krsi_priv_dfa_u32(&r->order);
	const struct part *parts = r->part.at;
	uint32_t largest = 0, i, k, new_block;

	for (i = 1; i < r->part.count; i++)
		if (parts[i].count > parts[largest].count)
			largest = i;
	r->moved.count = 0;
	for (i = 0; i < r->part.count; i++) {
		new_block = i == largest ? block : r->block_count++;
		krsi_priv_dfa_u32(&r->first)[new_block] = parts[i].place;
		krsi_priv_dfa_u32(&r->end)[new_block] = parts[i].place + parts[i].count;
		for (k = 0; k < parts[i].count && i != largest; k++) {
			r->block[order[parts[i].place + k]] = new_block;
			krsi_priv_dfa_push(&r->moved, order[parts[i].place + k]);
		}
	}
}

static int refine(struct refinement *r)
{
	uint32_t block, marked;
	int err;

	while (r->queue_count) {
		block = krsi_priv_dfa_u32(&r->queue)[r->queue_head];
		r->queue_head = (r->queue_head + 1) % r->queue.count;
		r->queue_count--;
		marked = krsi_priv_dfa_u32(&r->marked)[block];
		krsi_priv_dfa_u32(&r->marked)[block] = 0;
		err = find_parts(r, block, marked);
		if (err)
			return err;
		if (r->part.count == 1)
			continue;
		sort_parts(r, block, marked);
		split(r, block);
		err = mark_preds(r);
		if (err)
			return err;
	}
	return 0;
}

/* --- the beginning -------------------------------------------------------- */

/* Dead is never in a block with others and so never moves: what leads there need not be known. */
static int make_preds(struct refinement *r)
{
	const struct krsi_priv_dfa_jump *jumps = r->wide->jumps.at;
	const uint32_t *jump_start = krsi_priv_dfa_u32(&r->wide->jump_start), *usual = krsi_priv_dfa_u32(&r->wide->usual);
	uint32_t *start, *preds, state, k;
	size_t i;
	int err;

	err = krsi_priv_dfa_make(r->build, &r->pred_start, (size_t)r->wide->count + 1, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(r->build, &r->preds, r->wide->jumps.count + r->wide->count, sizeof(uint32_t));
	if (err)
		return err;
	start = krsi_priv_dfa_u32(&r->pred_start);
	preds = krsi_priv_dfa_u32(&r->preds);
	for (state = 0; state < r->wide->count; state++)
		start[usual[state]]++;
	for (i = 0; i < r->wide->jumps.count; i++)
		start[jumps[i].to]++;
	start[0] = 0;
	/* Each start stands at its end, and goes back with each that is put in. */
	for (i = 1; i <= r->wide->count; i++)
		start[i] += start[i - 1];
	for (state = 0; state < r->wide->count; state++) {
		if (usual[state])
			preds[--start[usual[state]]] = state;
		for (k = jump_start[state]; k < jump_start[state + 1]; k++)
			if (jumps[k].to)
				preds[--start[jumps[k].to]] = state;
	}
	return 0;
}

/* One block for each accepted set, but dead alone in block 0. */
static int make_blocks(struct refinement *r)
{
	const uint32_t *accept = krsi_priv_dfa_u32(&r->wide->accept);
	uint32_t sets = (uint32_t)r->wide->sets.ends.count, *first = krsi_priv_dfa_u32(&r->first);
	uint32_t *end = krsi_priv_dfa_u32(&r->end), state, block, place = 1, i;
	struct krsi_priv_dfa_array size = { 0 };
	int err;

	/* Block of set S: S + 1. The empty set may be dead's only. */
	err = krsi_priv_dfa_make(r->build, &size, (size_t)sets * 2, sizeof(uint32_t));
	if (err)
		return err;
	for (state = 1; state < r->wide->count; state++)
		krsi_priv_dfa_u32(&size)[accept[state]]++;
	r->block[0] = 0;
	first[0] = 0;
	end[0] = 1;
	r->block_count = 1;
	for (i = 0; i < sets; i++) {
		if (!krsi_priv_dfa_u32(&size)[i])
			continue;
		block = r->block_count++;
		krsi_priv_dfa_u32(&size)[sets + i] = block;
		first[block] = end[block] = place;
		place += krsi_priv_dfa_u32(&size)[i];
	}
	for (state = 1; state < r->wide->count; state++) {
		block = krsi_priv_dfa_u32(&size)[sets + accept[state]];
		r->block[state] = block;
		krsi_priv_dfa_u32(&r->place)[state] = end[block];
		krsi_priv_dfa_u32(&r->order)[end[block]++] = state;
	}
	krsi_priv_dfa_drop(r->build, &size);
	for (state = 1; state < r->wide->count; state++)
		mark(r, state);
	return 0;
}

static int make_room(struct refinement *r)
{
	struct krsi_priv_dfa_array *const arrays[] = {
		&r->order, &r->place, &r->first, &r->end, &r->marked, &r->queue, &r->part_of, &r->moved,
	};
	size_t count = r->wide->count, slots = 4, i;
	int err = 0;

	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]) && !err; i++)
		err = krsi_priv_dfa_make(r->build, arrays[i], count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(r->build, &r->part, count + 1, sizeof(struct part));
	while (slots < 2 * (count + 1))
		slots *= 2;
	if (!err)
		err = krsi_priv_dfa_make(r->build, &r->slots, slots, sizeof(uint32_t));
	return err;
}

int krsi_priv_dfa_minimise(struct krsi_priv_dfa_build *build, const struct krsi_priv_dfa_wide *wide,
			   struct krsi_priv_dfa_array *block, uint32_t *block_count)
{
	struct refinement r = { .build = build, .wide = wide };
	struct krsi_priv_dfa_array *const arrays[] = {
		&r.pred_start, &r.preds, &r.order, &r.place, &r.first, &r.end, &r.marked, &r.queue, &r.part_of,
		&r.part, &r.slots, &r.moved,
	};
	size_t i;
	int err;

	err = krsi_priv_dfa_make(build, block, wide->count, sizeof(uint32_t));
	r.block = krsi_priv_dfa_u32(block);
	if (!err)
		err = make_room(&r);
	if (!err)
		err = make_preds(&r);
	if (!err)
		err = make_blocks(&r);
	if (!err)
		err = refine(&r);
	*block_count = r.block_count;
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		krsi_priv_dfa_drop(build, arrays[i]);
	return err;
}

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * From the values of an operation to its verdict: which clauses apply, and what they say. In the
 * kernel and in user space, as match.h, which says what an includer has to bring along.
 */
#ifndef KRSI_DECIDE_H
#define KRSI_DECIDE_H

#include "match.h"

/* Keep of a block of `now` what the key at hand does not rule out. */
MATCH_FN int match_fold_block(match_at at, __u32 i, __u64 free_a, __u64 free_b)
{
	__u64 with_a = 0, with_b = 0, without_a = 0, without_b = 0;
	struct match_slot *slot = match_slot_get(at);

	if (!slot)
		return 0;
	i &= IMAGE_BLOCKS - 1;
	if (slot->with.summary >> i & 1) {
		with_a = slot->with.bits[2 * i];
		with_b = slot->with.bits[2 * i + 1];
	}
	if (slot->without.summary >> i & 1) {
		without_a = slot->without.bits[2 * i];
		without_b = slot->without.bits[2 * i + 1];
	}
	slot->now.bits[2 * i] &= (with_a | free_a) & ~without_a;
	slot->now.bits[2 * i + 1] &= (with_b | free_b) & ~without_b;
	if (!(slot->now.bits[2 * i] | slot->now.bits[2 * i + 1]))
		slot->now.summary &= ~(1ULL << i);
	if (slot->unresolved) {
		slot->maybe.bits[2 * i] &= (with_a | free_a) & ~without_a;
		slot->maybe.bits[2 * i + 1] &= (with_b | free_b) & ~without_b;
		if (!(slot->maybe.bits[2 * i] | slot->maybe.bits[2 * i + 1]))
			slot->maybe.summary &= ~(1ULL << i);
	}
	return 0;
}

/* The key's values are in `with` and `without`: rule out the clauses whose condition does not hold. */
MATCH_FN int match_fold(match_at at, __u32 free_ref)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_unit *unit;
	__u64 free_a, free_b, all;
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	unit = match_unit(image, free_ref);
	slot->word = free_ref && unit ? unit->a : 0;
	slot->unit = free_ref;
	/* What neither has is out, whole blocks at a time. */
	slot->now.summary &= slot->word | slot->with.summary;
	if (slot->unresolved)
		slot->maybe.summary &= slot->word | slot->with.summary;
	else
		slot->maybe.summary = 0;
	for (i = 0; i < IMAGE_BLOCKS; i++) {
		all = slot->now.summary | slot->maybe.summary;
		if (all >> i == 0)
			break;
		free_a = free_b = 0;
		if (slot->word >> i & 1) {
			slot->unit++;
			unit = match_unit(image, slot->unit);
			if (unit) {
				free_a = unit->a;
				free_b = unit->b;
			}
		}
		if (all >> i & 1)
			match_fold_block(at, i, free_a, free_b);
	}
	return 0;
}

/* The clauses of a set that are in some `blocks`, as where to start from. */
MATCH_FN int match_start(match_at at, __u32 ref, __u64 blocks)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_unit *unit;
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	slot->now.summary = 0;
	slot->maybe.summary = 0;
	image = match_image_open(slot);
	if (!image || ref == 0)
		return 0;
	unit = match_unit(image, ref);
	if (!unit)
		return 0;
	slot->word = unit->a;
	slot->unit = ref;
	slot->now.summary = slot->word & blocks;
	for (i = 0; i < IMAGE_BLOCKS; i++) {
		if (slot->word >> i == 0)
			break;
		if (!(slot->word >> i & 1))
			continue;
		slot->unit++;
		if (!(blocks >> i & 1))
			continue;
		unit = match_unit(image, slot->unit);
		if (!unit)
			break;
		slot->now.bits[2 * i] = unit->a;
		slot->now.bits[2 * i + 1] = unit->b;
		if (slot->unresolved) {
			slot->maybe.bits[2 * i] = unit->a;
			slot->maybe.bits[2 * i + 1] = unit->b;
		}
	}
	if (slot->unresolved)
		slot->maybe.summary = slot->word & blocks;
	return 0;
}

/* What has to be known for a key's values to be complete. */
static __always_inline __u32 match_unknown_of(__u32 key)
{
	switch (key) {
	case KRSI_PRIV_KEY_PATH:
	case KRSI_PRIV_KEY_MOUNT_SOURCE:
	case KRSI_PRIV_KEY_MOUNT_TARGET:
	case KRSI_PRIV_KEY_UNIX_PATH:
		return MATCH_UNKNOWN_PATH | MATCH_UNKNOWN_HITS;
	case KRSI_PRIV_KEY_IDENTITY:
		return MATCH_UNKNOWN_HITS;
	case KRSI_PRIV_KEY_EXE:
	case KRSI_PRIV_KEY_SCRIPT:
		return MATCH_UNKNOWN_PROGRAM;
	case KRSI_PRIV_KEY_GID:
		return MATCH_UNKNOWN_GROUPS;
	case KRSI_PRIV_KEY_ARGV:
	case KRSI_PRIV_KEY_ENV:
		return MATCH_UNKNOWN_STRINGS;
	case KRSI_PRIV_KEY_CGROUP:
	case KRSI_PRIV_KEY_CONTAINER:
		return MATCH_UNKNOWN_CGROUP;
	default:
		return 0;
	}
}

/* Until now everything was known: what applies might. */
MATCH_FN int match_doubt(match_at at)
{
	struct match_slot *slot = match_slot_get(at);
	__u32 i;

	if (!slot)
		return 0;
	slot->maybe.summary = slot->now.summary;
	for (i = 0; i < IMAGE_BLOCKS; i++) {
		slot->maybe.bits[2 * i] = slot->now.bits[2 * i];
		slot->maybe.bits[2 * i + 1] = slot->now.bits[2 * i + 1];
	}
	return 0;
}

/*
 * Rule out what the values of one key rule out. The first key is asked before the set that it rules out
 * from is looked at: of thousands of clauses the blocks that it leaves nothing of are not even read.
 */
MATCH_FN int match_key_fold(match_at at, __u32 key)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_unit *free;
	const struct image_dim *dim;
	match_image image;
	__u32 unknown;
	__u64 maybe;

	if (!slot)
		return 0;
	slot->with.summary = 0;
	slot->without.summary = 0;
	unknown = slot->unresolved;
	match_values(at, key);
	if (!unknown && slot->unresolved && !slot->start)
		match_doubt(at);
	image = match_image_open(slot);
	if (!image)
		return 0;
	dim = match_dim(image, key);
	if (!dim)
		return 0;
	if (slot->start) {
		free = dim->free ? match_unit(image, dim->free) : 0;
		maybe = slot->with.summary | (free ? free->a : 0);
		match_start(at, slot->start, slot->unresolved ? ~0ULL : maybe);
		slot->start = 0;
	}
	/*
	 * A path that is not known might be any: it rules nothing out of what might apply, and a clause
	 * that excludes some path does not apply for certain.
	 */
	unknown = slot->unresolved;
	if (unknown & match_unknown_of(key)) {
		maybe = slot->maybe.summary;
		match_add_set(at, dim->excluding, 1);
		slot->unresolved = 0;
		match_fold(at, dim->free);
		slot->unresolved = unknown;
		slot->maybe.summary = maybe;
	} else {
		match_fold(at, dim->free);
	}
	return 0;
}

/*
 * The clauses that apply to the operation at hand, in `now`. Keys of objects come first: what is
 * known of the object rules out most clauses, and reading the subject costs more.
 */
MATCH_FN int match_intersect(match_at at, __u64 dims, __u32 set)
{
	struct match_slot *slot = match_slot_get(at);
	__u32 key;

	if (!slot)
		return 0;
	slot->now.summary = 0;
	slot->maybe.summary = 0;
	slot->start = set;
	for (key = KRSI_PRIV_KEY_SUBJECT_END; key < KRSI_PRIV_KEY_END; key++) {
		if (dims >> key == 0)
			break;
		if (!(dims >> key & 1))
			continue;
		match_key_fold(at, key);
		if (!(slot->now.summary | slot->maybe.summary))
			return 0;
	}
	for (key = 0; key < KRSI_PRIV_KEY_SUBJECT_END; key++) {
		if (!(dims >> key & 1))
			continue;
		match_key_fold(at, key);
		if (!(slot->now.summary | slot->maybe.summary))
			return 0;
	}
	if (slot->start)
		match_start(at, slot->start, ~0ULL);
	return 0;
}

/* One event of a clause: not beyond its limit. */
static __always_inline void match_event(match_at at, const struct image_clause *clause,
					struct image_counter *counter, __u32 number, __u32 outcome)
{
	__u64 now;

	if (!(clause->flags & IMAGE_REPORT) && !(outcome & MATCH_UNRESOLVED))
		return;
	if (clause->limit && counter) {
		now = match_clock();
		if (now - counter->window >= clause->limit_seconds * 1000000000ULL) {
			counter->window = now;
			counter->events = 0;
		}
		if (counter->events >= clause->limit) {
			match_count(&counter->suppressed);
			return;
		}
		match_count(&counter->events);
	}
	match_report(at, number, outcome);
}

static __always_inline int match_decides(__u32 verdict)
{
	return verdict == MATCH_ALLOW || verdict == MATCH_DENY || verdict == MATCH_SIGNAL;
}

static __always_inline int match_is_permissive(const struct image_clause *clause,
					       const struct image_policy *policy)
{
	if (clause->flags & IMAGE_ENFORCE)
		return 0;
	return clause->flags & IMAGE_PERMISSIVE || policy->mode == MATCH_MODE_PERMISSIVE;
}

/*
 * Carry out a clause that decides. Of several policies the strictest wins: a signal, KILL before
 * others, then an error; of equals the first.
 */
static __always_inline void match_carry_out(struct match_slot *slot, const struct image_clause *clause,
					    __u32 number)
{
	slot->policy_decided = 1;
	if (clause->verdict == MATCH_ALLOW)
		return;
	if (clause->verdict == MATCH_SIGNAL) {
		if (slot->signal == MATCH_SIGKILL || (slot->signal && clause->signal != MATCH_SIGKILL))
			return;
		slot->signal = clause->signal;
	} else if (slot->error) {
		return;
	}
	slot->error = clause->verdict == MATCH_SIGNAL || clause->error == 0 ? 1 : clause->error;
	slot->outcome_clause = number;
}

/*
 * A clause applies, or, when it is only in `maybe`, might. In a policy the first clause that decides
 * is the last; a permissive one only ends the search among permissive ones.
 */
MATCH_FN int match_apply(match_at at, __u32 number, __u32 certain)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_header *header;
	const struct image_policy *policy;
	const struct image_clause *clause;
	struct image_counter *counter;
	__u32 outcome = MATCH_CARRIED_OUT;
	match_image image;
	int permissive;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	clause = (const void *)match_unit(image, header->clause_table + number);
	if (!clause)
		return 0;
	policy = (const void *)match_unit(image, IMAGE_REF_POLICIES + (clause->policy & (IMAGE_POLICIES_MAX - 1)));
	if (!policy)
		return 0;
	if (slot->policy != clause->policy + 1U) {
		slot->policy = clause->policy + 1U;
		slot->policy_decided = 0;
		slot->policy_would = 0;
		slot->policy_inside = !policy->has_scope;
	}
	if (clause->kind == IMAGE_SCOPE) {
		slot->policy_inside = 1;
		return 0;
	}
	if (!slot->policy_inside || slot->policy_decided)
		return 0;
	if (clause->kind == IMAGE_EXCEPTION) {
		/* One that is not certain does not save a rule from being asked. */
		if (certain)
			slot->exception = number + 1;
		return 0;
	}
	if (clause->kind == IMAGE_RULE && slot->exception == number)
		return 0;
	permissive = match_is_permissive(clause, policy);
	if (permissive && slot->policy_would)
		return 0;
	if (!certain) {
		if ((clause->verdict != MATCH_DENY && clause->verdict != MATCH_SIGNAL) ||
		    policy->on_unresolved == MATCH_ALLOW)
			return 0;
		outcome = MATCH_UNRESOLVED;
		if (policy->on_unresolved == MATCH_AUDIT) {
			counter = (void *)match_pair_of_units(image, header->counter_table + 2 * number);
			match_event(at, clause, counter, number, outcome | MATCH_WOULD);
			return 0;
		}
	}
	counter = (void *)match_pair_of_units(image, header->counter_table + 2 * number);
	if (counter)
		match_count(&counter->hits);
	if (permissive)
		outcome |= MATCH_WOULD;
	if (clause->verdict == MATCH_TAG) {
		if (!permissive)
			match_tag(at, clause->tag, clause->flags & IMAGE_TREE);
	} else if (match_decides(clause->verdict)) {
		if (permissive)
			slot->policy_would = 1;
		else
			match_carry_out(slot, clause, number);
	}
	match_event(at, clause, counter, number, outcome);
	return 0;
}

/*
 * The number of the one bit that is set, by a sequence in which each six bits stand once (Leiserson,
 * Prokop, Randall: Using de Bruijn Sequences to Index a 1 in a Computer Word, 1998).
 */
static const __u8 match_bit_numbers[64] = {
	0, 1, 48, 2, 57, 49, 28, 3, 61, 58, 50, 42, 38, 29, 17, 4,
	62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
	63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
	46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9, 13, 8, 7, 6,
};

static __always_inline __u32 match_bit_number(__u64 bit)
{
	return match_bit_numbers[(bit * 0x03f79d71b4cb0a89ULL) >> 58];
}

/* Apply the clauses of 64 numbers, in their order. */
MATCH_FN int match_scan_word(match_at at, __u32 word)
{
	struct match_slot *slot = match_slot_get(at);
	__u64 now = 0, all, lowest;
	int i;

	if (!slot)
		return 0;
	word &= IMAGE_BLOCKS * 2 - 1;
	if (slot->now.summary >> (word / 2) & 1)
		now = slot->now.bits[word];
	all = now;
	if (slot->maybe.summary >> (word / 2) & 1)
		all |= slot->maybe.bits[word];
	slot->word = all;
	for (i = 0; i < 64; i++) {
		all = slot->word;
		if (all == 0)
			break;
		lowest = all & -all;
		slot->word = all ^ lowest;
		match_apply(at, word * 64 + match_bit_number(lowest), !!(now & lowest));
	}
	return 0;
}

/*
 * Decide slot->operation, with the hits that are in the slot. The answer is in the slot as well:
 * returns the error, positive, or 0.
 */
static __always_inline int match_decide(match_at at, __u32 operation)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_op *op;
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	op = (const void *)match_unit(image, IMAGE_REF_OPS + (operation & 63));
	if (!op || op->set == 0)
		return 0;
	slot->operation = operation;
	slot->policy = 0;
	slot->exception = 0;
	match_intersect(at, op->dims, op->set);
	for (i = 0; i < IMAGE_BLOCKS; i++) {
		if ((slot->now.summary | slot->maybe.summary) >> i == 0)
			break;
		if (!((slot->now.summary | slot->maybe.summary) >> i & 1))
			continue;
		match_scan_word(at, 2 * i);
		match_scan_word(at, 2 * i + 1);
	}
	return slot->error;
}

#endif

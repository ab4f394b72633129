/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The matcher: what values mean; decide.h goes on from there to a verdict. The same code runs in the kernel's programs and in user
 * space (krsi test, replay), so that both give one answer.
 *
 * Whoever includes this says first what a place to work in is, and where the image is read:
 *
 *     MATCH_FN                  how a function begins that the verifier looks at by itself
 *     match_at                  type of its argument, by which match_slot_get() finds the slot
 *     match_slot_get(at)        struct match_slot *, or NULL
 *     match_image               type of an image
 *     match_image_open(slot)    the image of slot->generation, or NULL
 *     match_page(image, ref)    the page that a unit is in, as struct image_unit *, or NULL past the end
 *     match_unit(image, ref)    struct image_unit *, or NULL past the end
 *     match_pair_of_units(image, ref)   the same for two units in one page; ref is even
 *     match_clock()             nanoseconds of a clock that never goes back
 *     match_count(counter)      add 1 to a __u64, whoever else does
 *     match_report(at, clause, outcome)   a clause that reports applied
 *     match_tag(at, bit, tree)  a clause puts a tag on the subject
 *     match_values(at, key)     put the operation's values of a key in: match_range(), match_bits(), ...
 *
 * State is kept in the slot, which is map memory, and not in variables: what the verifier knows
 * nothing of is the same in each turn of a loop, and it need not look at the next one again.
 */
#ifndef KRSI_MATCH_H
#define KRSI_MATCH_H

#include "hash.h"
#include "image.h"
#include "../lib/policy/keys.h"
#include "../lib/policy/operations.h"

#define MATCH_HITS_MAX 16

/* As enum krsi_priv_verdict and enum krsi_policy_mode have them; both are ABI. */
enum match_verdict {
	MATCH_ALLOW = 1,
	MATCH_AUDIT = 2,
	MATCH_DENY = 3,
	MATCH_SIGNAL = 4,
	MATCH_TAG = 5,
};
#define MATCH_MODE_PERMISSIVE 2
#define MATCH_SIGKILL 9

/* What is told of a clause that applied: its action, and whether it is carried out. */
enum match_outcome {
	MATCH_CARRIED_OUT = 0,
	MATCH_WOULD = 1,	/* permissive: it would have been carried out */
	MATCH_UNRESOLVED = 2,	/* bit: the object could not be identified, and it might have applied */
};

/* What is not known of an operation, so that clauses that ask for it might apply. */
enum match_unknown {
	MATCH_UNKNOWN_PATH = 1,		/* a path of an object */
	MATCH_UNKNOWN_HITS = 2,		/* some of what objects mean: there was no room for it */
	MATCH_UNKNOWN_PROGRAM = 4,	/* the program of the subject, or its script */
	MATCH_UNKNOWN_GROUPS = 8,	/* some groups of the subject */
	MATCH_UNKNOWN_STRINGS = 16,	/* arguments and environment */
	MATCH_UNKNOWN_CGROUP = 32,	/* some cgroups that the subject is in */
};

/* Something whose meaning was looked up: of which keys it is a value. */
struct match_hit {
	__u32 ref;		/* struct image_hit */
	__u32 roles;		/* bits of enum image_role */
};

struct match_set {
	__u64 summary;
	__u64 bits[IMAGE_BLOCKS * 2];
};

/* Where one operation is decided. */
struct match_slot {
	/* The question. */
	__u32 generation;
	__u32 operation;
	__u32 hit_count;
	__u32 unresolved;		/* bits of enum match_unknown */
	struct match_hit hits[MATCH_HITS_MAX];

	/* On the way. */
	struct match_set now;		/* clauses that apply, as far as looked at */
	struct match_set maybe;		/* ... and those that might, when `unresolved` */
	struct match_set with, without;	/* of the key that is looked at */
	__u64 word;
	__u32 unit, low, high;
	__u32 policy, policy_decided, policy_would, policy_inside, exception;

	/* The answer. */
	__u32 error;			/* positive; 0: allow */
	__u32 signal;			/* to be sent to the subject; 0: none */
	__u32 outcome_clause;		/* the clause that decided, 0: none */
	__u32 start;			/* set to start from, until the first key was looked at */
};

/* --- the image ----------------------------------------------------------- */

static __always_inline const struct image_header *match_header(match_image image)
{
	return (const void *)match_unit(image, 0);
}

/* Look for a key in the hash table: its value, or 0. */
MATCH_FN __u32 match_find(match_at at, __u64 key)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_header *header;
	const struct image_entry *entry;
	match_image image;
	__u32 ref, i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	header = match_header(image);
	if (!header)
		return 0;
	ref = header->hash + (__u32)(key >> (header->hash_shift & 63));
	for (i = 0; i < IMAGE_PROBES_MAX; i++) {
		entry = (const void *)match_unit(image, ref + i);
		if (!entry || entry->key == 0)
			return 0;
		if (entry->key == key)
			return entry->value;
	}
	return 0;
}

/* Whether a hash may be that of something that is in the hash table. The filter is in the page of the header. */
static __always_inline int match_filter(const struct image_header *header, __u64 hash)
{
	__u64 bit = match_filter_bit(header->filter_bits, hash);
	const __u64 *words = (const void *)header;

	return words[(2 * IMAGE_REF_FILTER + (__u32)(bit >> 6)) % (2 * IMAGE_PAGE_UNITS)] >> (bit & 63) & 1;
}

/* --- sets ---------------------------------------------------------------- */

/* Add a set of the image to `with` (which 0) or `without` (1). */
MATCH_FN int match_add_set(match_at at, __u32 ref, __u32 which)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_unit *unit;
	struct match_set *into;
	match_image image;
	__u64 summary;
	int i;

	if (!slot || ref == 0)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	unit = match_unit(image, ref);
	if (!unit)
		return 0;
	into = which ? &slot->without : &slot->with;
	slot->word = unit->a;
	slot->unit = ref;
	for (i = 0; i < IMAGE_BLOCKS; i++) {
		summary = slot->word;
		if (summary >> i == 0)
			break;
		if (!(summary >> i & 1))
			continue;
		slot->unit++;
		unit = match_unit(image, slot->unit);
		if (!unit)
			break;
		if (into->summary >> i & 1) {
			into->bits[2 * i] |= unit->a;
			into->bits[2 * i + 1] |= unit->b;
		} else {
			into->bits[2 * i] = unit->a;
			into->bits[2 * i + 1] = unit->b;
			into->summary |= 1ULL << i;
		}
	}
	return 0;
}

/* Add what a value of the key at hand means. */
static __always_inline void match_pair(match_at at, match_image image, __u32 ref)
{
	const struct image_pair *pair;

	if (ref == 0)
		return;
	pair = (const void *)match_unit(image, ref);
	if (!pair)
		return;
	match_add_set(at, pair->with, 0);
	match_add_set(at, pair->without, 1);
}

static __always_inline const struct image_dim *match_dim(match_image image, __u32 key)
{
	return (const void *)match_unit(image, IMAGE_REF_DIMS + (key & 63));
}

/* --- values, by the kind of table that a key has ------------------------- */

/* A number: the interval it is in. */
MATCH_FN int match_range(match_at at, __u32 key, __u64 value)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_range *range;
	const struct image_dim *dim;
	match_image image;
	__u32 middle;
	int i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	dim = match_dim(image, key);
	if (!dim || dim->count == 0)
		return 0;
	slot->low = 0;
	slot->high = dim->count;
	for (i = 0; i < 20 && slot->high - slot->low > 1; i++) {
		middle = slot->low + (slot->high - slot->low) / 2;
		range = (const void *)match_unit(image, dim->table + middle);
		if (!range)
			return 0;
		if (range->min <= value)
			slot->low = middle;
		else
			slot->high = middle;
	}
	range = (const void *)match_unit(image, dim->table + slot->low);
	if (range)
		match_pair(at, image, range->pair);
	return 0;
}

/*
 * The ref of the last of `count` addresses, which are in order and in one page, that is not above the
 * value; the first one never is. The page is looked up once: that costs as much as six steps.
 */
MATCH_FN __u32 match_search128(match_at at, __u32 ref, __u32 count, __u64 value_high, __u64 value_low)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_range128 *range;
	const struct image_unit *page;
	match_image image;
	__u32 middle;
	int i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	page = match_page(image, ref);
	if (!page)
		return 0;
	slot->low = 0;
	slot->high = count;
	for (i = 0; i < 12 && slot->high - slot->low > 1; i++) {
		middle = slot->low + (slot->high - slot->low) / 2;
		range = (const void *)&page[((ref + 2 * middle) % IMAGE_PAGE_UNITS) & ~1U];
		if (range->high < value_high || (range->high == value_high && range->low <= value_low))
			slot->low = middle;
		else
			slot->high = middle;
	}
	return ref + 2 * slot->low;
}

/* An address as a number of 128 bits: first which page of the table it is in. */
MATCH_FN int match_range128(match_at at, __u32 key, __u64 value_high, __u64 value_low)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_range128 *range;
	const struct image_dim *dim;
	match_image image;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	dim = match_dim(image, key);
	if (!dim || dim->count == 0)
		return 0;
	range = (const void *)match_pair_of_units(image, match_search128(at, dim->table, dim->count, value_high, value_low));
	if (!range)
		return 0;
	range = (const void *)match_pair_of_units(image, match_search128(at, range->pair, range->count, value_high, value_low));
	if (range)
		match_pair(at, image, range->pair);
	return 0;
}

/* Several numbers below 64 at once. */
MATCH_FN int match_bits(match_at at, __u32 key, __u64 values)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_bits *bits;
	const struct image_dim *dim;
	const __u32 *pairs;
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	dim = match_dim(image, key);
	if (!dim || dim->table == 0)
		return 0;
	bits = (const void *)match_unit(image, dim->table);
	if (!bits)
		return 0;
	slot->word = 0;
	values &= bits->mask;
	for (i = 0; i < 64; i++) {
		if (values >> i == 0)
			break;
		if (!(values >> i & 1))
			continue;
		pairs = (const void *)match_unit(image, dim->table + 1 + i / 4);
		if (pairs)
			match_pair(at, image, pairs[i & 3]);
	}
	return 0;
}

/* Bits of which an entry wants all that it names. */
MATCH_FN int match_masks(match_at at, __u32 key, __u64 value)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_mask *mask;
	const struct image_dim *dim;
	match_image image;
	__u32 i;

	if (!slot)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	dim = match_dim(image, key);
	if (!dim)
		return 0;
	for (i = 0; i < 64; i++) {
		if (i >= dim->count)
			break;
		mask = (const void *)match_unit(image, dim->table + i);
		if (mask && (value & mask->mask) == mask->mask)
			match_pair(at, image, mask->pair);
	}
	return 0;
}

/* A number or a finished hash of a text, which only this key has: the table's value is a pair. */
static __always_inline int match_exact(match_at at, match_image image, __u32 key, __u64 value)
{
	const struct image_header *header = match_header(image);

	if (!header)
		return 0;
	match_pair(at, image, match_find(at, match_key(header->key, IMAGE_KIND_KEY + key, value)));
	return 0;
}

/* All hits that are values of a key. */
MATCH_FN int match_hits(match_at at, __u32 role)
{
	struct match_slot *slot = match_slot_get(at);
	const struct image_unit *unit;
	const __u32 *pairs;
	match_image image;
	__u32 i;

	if (!slot || role >= IMAGE_ROLES)
		return 0;
	image = match_image_open(slot);
	if (!image)
		return 0;
	for (i = 0; i < MATCH_HITS_MAX; i++) {
		if (i >= slot->hit_count)
			break;
		if (!(slot->hits[i].roles >> (role & 31) & 1))
			continue;
		unit = match_unit(image, slot->hits[i].ref + (role >> 2));
		if (!unit)
			continue;
		pairs = (const void *)unit;
		match_pair(at, image, pairs[role & 3]);
	}
	return 0;
}

/* Remember what something means. When there is no room, the object counts as unresolved. */
static __always_inline void match_hit_add(struct match_slot *slot, __u32 ref, __u32 roles)
{
	__u32 i = slot->hit_count;

	if (ref == 0)
		return;
	if (i >= MATCH_HITS_MAX) {
		slot->unresolved |= MATCH_UNKNOWN_PATH | MATCH_UNKNOWN_HITS;
		return;
	}
	slot->hits[i].ref = ref;
	slot->hits[i].roles = roles;
	slot->hit_count = i + 1;
}

#endif

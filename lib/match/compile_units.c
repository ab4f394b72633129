/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The memory of an image while it grows. Sets, pairs and hits that are equal are kept once. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_build.h"

#define SLOTS_MIN 1024

enum what {
	NOTHING,
	SET,
	PAIR,
	HIT,
};

struct krsi_priv_intern {
	uint64_t hash;
	uint32_t ref;
	uint16_t count;		/* units */
	uint16_t what;		/* enum what */
};

static int reserve(struct krsi_priv_units *units, uint32_t count)
{
	uint32_t capacity = units->capacity;
	struct image_unit *more;

	if (count > units->max)
		return -ENOSPC;
	if (count <= capacity)
		return 0;
	while (capacity < count)
		capacity = capacity ? capacity * 2 : 16 * IMAGE_PAGE_UNITS;
	more = reallocarray(units->at, capacity, sizeof(*more));
	if (!more)
		return -ENOMEM;
	memset(more + units->capacity, 0, (capacity - units->capacity) * sizeof(*more));
	units->at = more;
	units->capacity = capacity;
	return 0;
}

int krsi_priv_units_alloc(struct krsi_priv_units *units, uint32_t count, uint32_t align, bool whole, uint32_t *ref)
{
	uint64_t at = ((uint64_t)units->count + align - 1) & ~(uint64_t)(align - 1);
	int err;

	if (whole && at % IMAGE_PAGE_UNITS + count > IMAGE_PAGE_UNITS)
		at += IMAGE_PAGE_UNITS - at % IMAGE_PAGE_UNITS;
	if (at + count > units->max)
		return -ENOSPC;
	err = reserve(units, (uint32_t)at + count);
	if (err)
		return err;
	units->count = (uint32_t)at + count;
	*ref = (uint32_t)at;
	return 0;
}

int krsi_priv_units_init(struct krsi_priv_units *units, uint32_t count, uint32_t max)
{
	uint32_t ref;

	units->max = max;
	units->slots = calloc(SLOTS_MIN, sizeof(*units->slots));
	if (!units->slots)
		return -ENOMEM;
	units->slot_count = SLOTS_MIN;
	return krsi_priv_units_alloc(units, count, 1, false, &ref);
}

void krsi_priv_units_free(struct krsi_priv_units *units)
{
	free(units->at);
	free(units->slots);
	*units = (struct krsi_priv_units){ 0 };
}

/* --- what is kept once --------------------------------------------------- */

static uint64_t hash_units(const struct image_unit *of, uint32_t count, enum what what)
{
	uint64_t hash = 0x9e3779b97f4a7c15ULL + what;
	uint32_t i;

	for (i = 0; i < count; i++) {
		hash = (hash ^ of[i].a) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
		hash = (hash ^ of[i].b) * 0xc4ceb9fe1a85ec53ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

static int slots_grow(struct krsi_priv_units *units)
{
	uint32_t count = units->slot_count * 2, i, k;
	struct krsi_priv_intern *more;

	more = calloc(count, sizeof(*more));
	if (!more)
		return -ENOMEM;
	for (i = 0; i < units->slot_count; i++) {
		if (units->slots[i].what == NOTHING)
			continue;
		for (k = (uint32_t)units->slots[i].hash & (count - 1); more[k].what != NOTHING; k = (k + 1) & (count - 1))
			;
		more[k] = units->slots[i];
	}
	free(units->slots);
	units->slots = more;
	units->slot_count = count;
	return 0;
}

static int intern(struct krsi_priv_units *units, enum what what, const struct image_unit *of, uint32_t count, uint32_t *ref)
{
	uint64_t hash = hash_units(of, count, what);
	struct krsi_priv_intern *slot;
	uint32_t i;
	int err;

	if (units->slot_used * 2 >= units->slot_count) {
		err = slots_grow(units);
		if (err)
			return err;
	}
	for (i = (uint32_t)hash & (units->slot_count - 1);; i = (i + 1) & (units->slot_count - 1)) {
		slot = &units->slots[i];
		if (slot->what == NOTHING)
			break;
		if (slot->hash == hash && slot->what == what && slot->count == count &&
		    memcmp(&units->at[slot->ref], of, count * sizeof(*of)) == 0) {
			*ref = slot->ref;
			return 0;
		}
	}
	/* A hit is read as one thing of two units, so it begins at an even one. */
	err = krsi_priv_units_alloc(units, count, what == HIT ? 2 : 1, true, ref);
	if (err)
		return err;
	memcpy(&units->at[*ref], of, count * sizeof(*of));
	*slot = (struct krsi_priv_intern){ .hash = hash, .ref = *ref, .count = (uint16_t)count, .what = (uint16_t)what };
	units->slot_used++;
	return 0;
}

void krsi_priv_set_remove(struct krsi_priv_set *set, uint32_t clause)
{
	uint32_t block = clause / IMAGE_BLOCK;

	set->bits[clause / 64] &= ~(1ULL << clause % 64);
	if (!(set->bits[2 * block] | set->bits[2 * block + 1]))
		set->summary &= ~(1ULL << block);
}

void krsi_priv_set_clear(struct krsi_priv_set *set)
{
	uint64_t left;
	int block;

	for (left = set->summary; left; left &= left - 1) {
		block = __builtin_ctzll(left);
		set->bits[2 * block] = 0;
		set->bits[2 * block + 1] = 0;
	}
	set->summary = 0;
}

int krsi_priv_units_set(struct krsi_priv_units *units, const struct krsi_priv_set *set, uint32_t *ref)
{
	struct image_unit packed[1 + IMAGE_BLOCKS];
	uint64_t left, members = 0;
	uint32_t count = 1;
	int block;

	*ref = 0;
	if (!set->summary)
		return 0;
	for (left = set->summary; left; left &= left - 1) {
		block = __builtin_ctzll(left);
		packed[count].a = set->bits[2 * block];
		packed[count].b = set->bits[2 * block + 1];
		members += (unsigned int)__builtin_popcountll(packed[count].a);
		members += (unsigned int)__builtin_popcountll(packed[count].b);
		count++;
	}
	packed[0].a = set->summary;
	packed[0].b = members;
	return intern(units, SET, packed, count, ref);
}

int krsi_priv_units_pair(struct krsi_priv_units *units, const struct krsi_priv_set *with,
			 const struct krsi_priv_set *without, uint32_t *ref)
{
	struct image_pair pair = { 0 };
	struct image_unit unit;
	int err;

	*ref = 0;
	err = krsi_priv_units_set(units, with, &pair.with);
	if (!err)
		err = krsi_priv_units_set(units, without, &pair.without);
	if (err || (!pair.with && !pair.without))
		return err;
	memcpy(&unit, &pair, sizeof(unit));
	return intern(units, PAIR, &unit, 1, ref);
}

int krsi_priv_units_hit(struct krsi_priv_units *units, const struct image_hit *hit, uint32_t *ref)
{
	static const struct image_hit nothing;
	struct image_unit packed[2];

	*ref = 0;
	if (memcmp(hit, &nothing, sizeof(nothing)) == 0)
		return 0;
	memcpy(packed, hit, sizeof(packed));
	return intern(units, HIT, packed, 2, ref);
}

_Static_assert(sizeof(struct image_unit) == IMAGE_UNIT && sizeof(struct image_pair) == IMAGE_UNIT, "one unit");
_Static_assert(sizeof(struct image_hit) == 2 * IMAGE_UNIT, "two units");

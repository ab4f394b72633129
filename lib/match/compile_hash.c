/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The hash table and the filter in front of it. The table has no end at which a search turns around:
 * there is room behind the last place for the longest search.
 */
#include <errno.h>
#include <stdlib.h>

#include "compile_build.h"
#include "hash.h"

#define FILTER_MIN 64		/* units: 8,192 bits */
#define FILTER_BITS 16		/* for each entry */
#define PLACES_MIN 4		/* 16 */
#define PLACES_MAX 31		/* more than any image has */

static int posting_order(const void *a, const void *b)
{
	const struct krsi_priv_posting *one = a, *other = b;
	uint32_t kind_one = KRSI_PRIV_MEANING_KIND(one->meaning), kind_other = KRSI_PRIV_MEANING_KIND(other->meaning);

	if (one->value != other->value)
		return one->value < other->value ? -1 : 1;
	if (kind_one != kind_other)
		return kind_one < kind_other ? -1 : 1;
	return (one->meaning > other->meaning) - (one->meaning < other->meaning);
}

static void count(struct krsi_priv_image *image, uint32_t kind)
{
	image->literals += kind == IMAGE_KIND_LITERAL || kind >= IMAGE_KIND_KEY;
	image->subtrees += kind == IMAGE_KIND_SUBTREE;
	image->identities += kind == IMAGE_KIND_IDENTITY || kind == IMAGE_KIND_DIRECTORY;
}

/* The entry of postings[begin] up to postings[end], which are of one thing. */
static int entry_make(struct krsi_priv_build *build, size_t begin, size_t end, struct image_entry *entry)
{
	const struct krsi_priv_posting *postings = build->postings.at;
	uint32_t kind = KRSI_PRIV_MEANING_KIND(postings[begin].meaning);
	size_t i;

	entry->key = match_key(build->compile->secret, kind, postings[begin].value);
	count(&build->image, kind);
	if (kind == IMAGE_KIND_ANCHOR) {
		entry->value = 1;
		return 0;
	}
	for (i = begin; i < end; i++)
		krsi_priv_meaning_add(build, postings[i].meaning);
	if (KRSI_PRIV_MEANING_ROLE(postings[begin].meaning) == KRSI_PRIV_ROLE_NONE)
		return krsi_priv_pair_take(build, KRSI_PRIV_ROLE_NONE, &entry->value);
	return krsi_priv_hit_take(build, &entry->value);
}

static bool same_thing(const struct krsi_priv_posting *a, const struct krsi_priv_posting *b)
{
	return a->value == b->value && KRSI_PRIV_MEANING_KIND(a->meaning) == KRSI_PRIV_MEANING_KIND(b->meaning);
}

static int entries_make(struct krsi_priv_build *build, struct image_entry *entries, uint32_t *ret)
{
	const struct krsi_priv_posting *postings = build->postings.at;
	size_t begin, end;
	int err;

	for (begin = 0; begin < build->postings.count; begin = end) {
		for (end = begin + 1; end < build->postings.count && same_thing(&postings[begin], &postings[end]); end++)
			;
		err = entry_make(build, begin, end, &entries[(*ret)++]);
		if (err)
			return err;
	}
	return 0;
}

/* --- the table ----------------------------------------------------------- */

static int key_order(const void *a, const void *b)
{
	const struct image_entry *one = a, *other = b;

	return (one->key > other->key) - (one->key < other->key);
}

/* Whether entries in the order of their keys, each at its first place or behind the one before it, are near enough. */
static bool fits(const struct image_entry *entries, uint32_t number, uint32_t shift)
{
	uint64_t place = 0, first;
	uint32_t i;

	for (i = 0; i < number; i++) {
		first = entries[i].key >> shift;
		if (place < first)
			place = first;
		if (place++ - first >= IMAGE_PROBES_MAX)
			return false;
	}
	return true;
}

static int table_make(struct krsi_priv_build *build, struct image_entry *entries, uint32_t number)
{
	struct image_header *header;
	struct image_entry *table;
	uint32_t places = PLACES_MIN, ref, i;
	uint64_t place = 0;
	int err;

	if (number)
		qsort(entries, number, sizeof(*entries), key_order);
	for (i = 1; i < number; i++)
		if (entries[i].key == entries[i - 1].key)
			return krsi_priv_fail(build->ctx, -EIO, "two names have the same hash; compile the policies again with another secret");
	while (places < PLACES_MAX && ((1U << places) < 2 * number || !fits(entries, number, 64 - places)))
		places++;
	err = krsi_priv_units_alloc(&build->units, (1U << places) + IMAGE_PROBES_MAX, 1, false, &ref);
	if (err)
		return err;
	table = krsi_priv_units_at(&build->units, ref);
	for (i = 0; i < number; i++) {
		if (place < entries[i].key >> (64 - places))
			place = entries[i].key >> (64 - places);
		table[place++] = entries[i];
	}
	header = krsi_priv_units_at(&build->units, 0);
	header->hash = ref;
	header->hash_shift = 64 - places;
	return 0;
}

/*
 * Its size is fixed before anything else has a place. A pattern is a name and an inode, and with 16 bits for
 * each, one in 16 strangers passes; with 65,536 patterns one in four.
 */
uint32_t krsi_priv_compile_filter_units(struct krsi_priv_build *build)
{
	struct krsi_priv_totals totals;
	size_t units;

	krsi_priv_totals_count(build->policies, build->policy_count, &totals);
	units = 2 * totals.patterns * FILTER_BITS / 128;
	if (units < FILTER_MIN)
		units = FILTER_MIN;
	build->filter_units = units > IMAGE_FILTER_MAX ? IMAGE_FILTER_MAX : (uint32_t)units;
	return build->filter_units;
}

static void filter_make(struct krsi_priv_build *build)
{
	struct image_header *header = krsi_priv_units_at(&build->units, 0);
	struct image_unit *units = krsi_priv_units_at(&build->units, IMAGE_REF_FILTER);
	const uint64_t *hashes = build->filter.at;
	uint64_t bit;
	size_t i;

	header->filter_bits = build->filter_units * 128;
	for (i = 0; i < build->filter.count; i++) {
		bit = match_filter_bit(header->filter_bits, hashes[i]);
		*(bit & 64 ? &units[bit / 128].b : &units[bit / 128].a) |= 1ULL << bit % 64;
	}
}

static void postings_sort(struct krsi_priv_build *build)
{
	if (build->postings.count)
		qsort(build->postings.at, build->postings.count, sizeof(struct krsi_priv_posting), posting_order);
}

int krsi_priv_compile_hash(struct krsi_priv_build *build)
{
	struct image_entry *entries;
	uint32_t number = 0;
	int err;

	postings_sort(build);
	err = krsi_priv_compile_resolve(build);
	if (err)
		return err;
	if (build->names.count)
		postings_sort(build);
	entries = calloc(build->postings.count + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	err = entries_make(build, entries, &number);
	if (!err)
		err = table_make(build, entries, number);
	if (!err)
		filter_make(build);
	free(entries);
	return err;
}

_Static_assert(sizeof(struct image_entry) == IMAGE_UNIT, "one unit");

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From conditions to what a key's values are looked up in. compile.h has the table of them in words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compile_build.h"
#include "hash.h"

enum table {
	RANGE,
	BITS,
	MASKS,
	EXACT,
	HITS,
	STRINGS,	/* of an execve(): the automaton alone */
};

static const uint8_t tables[KRSI_PRIV_KEY_END] = {
	[KRSI_PRIV_KEY_EXE] = HITS,
	[KRSI_PRIV_KEY_SCRIPT] = HITS,
	[KRSI_PRIV_KEY_UID] = RANGE,
	[KRSI_PRIV_KEY_GID] = RANGE,
	[KRSI_PRIV_KEY_LOGIN_UID] = RANGE,
	[KRSI_PRIV_KEY_CAPABILITIES] = BITS,
	[KRSI_PRIV_KEY_CGROUP] = HITS,
	[KRSI_PRIV_KEY_CONTAINER] = HITS,
	[KRSI_PRIV_KEY_NS_CGROUP] = RANGE,
	[KRSI_PRIV_KEY_NS_IPC] = RANGE,
	[KRSI_PRIV_KEY_NS_MNT] = RANGE,
	[KRSI_PRIV_KEY_NS_NET] = RANGE,
	[KRSI_PRIV_KEY_NS_PID] = RANGE,
	[KRSI_PRIV_KEY_NS_TIME] = RANGE,
	[KRSI_PRIV_KEY_NS_USER] = RANGE,
	[KRSI_PRIV_KEY_NS_UTS] = RANGE,
	[KRSI_PRIV_KEY_TAG] = BITS,
	[KRSI_PRIV_KEY_PARENT] = BITS,
	[KRSI_PRIV_KEY_DESCENDANT_OF] = BITS,
	[KRSI_PRIV_KEY_PATH] = HITS,
	[KRSI_PRIV_KEY_IDENTITY] = HITS,
	[KRSI_PRIV_KEY_TYPE] = RANGE,
	[KRSI_PRIV_KEY_OWNER] = RANGE,
	[KRSI_PRIV_KEY_MODE] = MASKS,
	[KRSI_PRIV_KEY_FILESYSTEM] = EXACT,
	[KRSI_PRIV_KEY_FACTS] = BITS,
	[KRSI_PRIV_KEY_ADDRESS] = RANGE,
	[KRSI_PRIV_KEY_PORT] = RANGE,
	[KRSI_PRIV_KEY_FAMILY] = RANGE,
	[KRSI_PRIV_KEY_UNIX_PATH] = HITS,
	[KRSI_PRIV_KEY_TARGET] = BITS,
	[KRSI_PRIV_KEY_SIGNAL] = RANGE,
	[KRSI_PRIV_KEY_CAPABILITY] = BITS,
	[KRSI_PRIV_KEY_MODULE] = HITS,
	[KRSI_PRIV_KEY_MOUNT_SOURCE] = HITS,
	[KRSI_PRIV_KEY_MOUNT_TARGET] = HITS,
	[KRSI_PRIV_KEY_FSTYPE] = EXACT,
	[KRSI_PRIV_KEY_ARGV] = STRINGS,
	[KRSI_PRIV_KEY_ENV] = STRINGS,
};

int krsi_priv_compile_each(struct krsi_priv_build *build, unsigned int key, krsi_priv_entry_fn fn, void *data)
{
	const struct krsi_priv_condition *condition;
	const struct krsi_priv_clause *clause;
	uint32_t i, k;
	int err = 0;

	for (i = 0; i < build->clause_count && !err; i++) {
		clause = &build->clauses[i];
		if (!(clause->keys & KRSI_PRIV_KEY_BIT(key)))
			continue;
		condition = krsi_priv_conditions_find(clause->sides[key >= KRSI_PRIV_KEY_SUBJECT_END], key);
		for (k = 0; k < condition->count && !err; k++)
			err = fn(build, i, key, &condition->entries[k], data);
	}
	return err;
}

void *krsi_priv_array_add(struct krsi_priv_array *array, size_t entry)
{
	size_t capacity = array->capacity ? array->capacity * 2 : 64;
	void *more;

	if (array->count == array->capacity) {
		more = reallocarray(array->at, capacity, entry);
		if (!more)
			return NULL;
		array->at = more;
		array->capacity = capacity;
	}
	return memset((char *)array->at + array->count++ * entry, 0, entry);
}

int krsi_priv_pair_take(struct krsi_priv_build *build, unsigned int place, uint32_t *ref)
{
	struct krsi_priv_set *with = &build->scratch[2 * place], *without = with + 1;
	int err = krsi_priv_units_pair(&build->units, with, without, ref);

	krsi_priv_set_clear(with);
	krsi_priv_set_clear(without);
	return err;
}

static void dim_set(struct krsi_priv_build *build, unsigned int key, uint32_t table, uint32_t count)
{
	struct image_dim *dim = krsi_priv_units_at(&build->units, IMAGE_REF_DIMS + key);

	dim->table = table;
	dim->count = count;
}

/* --- bits ---------------------------------------------------------------- */

static unsigned int entry_bit(const struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry)
{
	const uint8_t *predicates = build->clauses[clause].predicates;

	switch (key) {
	case KRSI_PRIV_KEY_TAG:
		return krsi_priv_wanted_bit(&build->tags, entry->name);
	case KRSI_PRIV_KEY_PARENT:
		return predicates[KRSI_PRIV_RELATIVE_PARENT];
	case KRSI_PRIV_KEY_DESCENDANT_OF:
		return predicates[KRSI_PRIV_RELATIVE_DESCENDANT_OF];
	case KRSI_PRIV_KEY_TARGET:
		return predicates[KRSI_PRIV_RELATIVE_TARGET];
	default:
		return (unsigned int)entry->range.min & 63;
	}
}

static int bit_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	unsigned int bit = entry_bit(build, clause, key, entry);
	uint64_t *mask = data;

	*mask |= 1ULL << bit;
	krsi_priv_set_add(&build->scratch[2 * bit + entry->negated], clause);
	return 0;
}

static int bits_make(struct krsi_priv_build *build, unsigned int key)
{
	uint32_t ref, pair, pairs[64];
	struct image_bits *bits;
	uint64_t mask = 0;
	unsigned int i;
	int err = krsi_priv_compile_each(build, key, bit_add, &mask);

	for (i = 0; i < 64 && !err; i++) {
		err = krsi_priv_pair_take(build, i, &pair);
		pairs[i] = pair;
	}
	if (!err)
		err = krsi_priv_units_alloc(&build->units, 1 + sizeof(pairs) / IMAGE_UNIT, 1, true, &ref);
	if (err)
		return err;
	bits = krsi_priv_units_at(&build->units, ref);
	bits->mask = mask;
	memcpy(bits + 1, pairs, sizeof(pairs));
	dim_set(build, key, ref, 64);
	return 0;
}

/* --- masks --------------------------------------------------------------- */

struct masks {
	uint64_t at[64];
	unsigned int count;
};

static int mask_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	const struct krsi_priv_clause *of = &build->clauses[clause];
	struct masks *masks = data;
	unsigned int i;

	(void)key;
	for (i = 0; i < masks->count && masks->at[i] != entry->mask; i++)
		;
	if (i == 64)
		return krsi_priv_fail(build->ctx, -E2BIG, "%s: mode %04o is the 65th mode, at most 64 are allowed in all policies together",
				      krsi_priv_where(of->policy, of->rule, entry->place).text, entry->mask);
	if (i == masks->count)
		masks->at[masks->count++] = entry->mask;
	krsi_priv_set_add(&build->scratch[2 * i + entry->negated], clause);
	return 0;
}

static int masks_make(struct krsi_priv_build *build, unsigned int key)
{
	struct masks masks = { .count = 0 };
	struct image_mask *mask;
	uint32_t ref, pair;
	unsigned int i;
	int err = krsi_priv_compile_each(build, key, mask_add, &masks);

	if (!err)
		err = krsi_priv_units_alloc(&build->units, masks.count, 1, false, &ref);
	for (i = 0; i < masks.count && !err; i++) {
		err = krsi_priv_pair_take(build, i, &pair);
		mask = krsi_priv_units_at(&build->units, ref + i);
		mask->mask = masks.at[i];
		mask->pair = pair;
	}
	if (!err)
		dim_set(build, key, ref, masks.count);
	return err;
}

/* --- what is in the hash table ------------------------------------------- */

int krsi_priv_compile_posting(struct krsi_priv_build *build, uint32_t kind, uint64_t value, uint64_t meaning)
{
	struct krsi_priv_posting *posting = krsi_priv_array_add(&build->postings, sizeof(*posting));

	if (!posting)
		return -ENOMEM;
	posting->value = value;
	posting->meaning = meaning | (uint64_t)kind << 48;
	return 0;
}

static int exact_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	(void)data;
	return krsi_priv_compile_posting(build, IMAGE_KIND_KEY + key,
					 krsi_priv_text_hash(build->compile->secret, entry->name, strlen(entry->name)),
					 KRSI_PRIV_MEANING(KRSI_PRIV_ROLE_NONE, entry->negated, clause));
}

int krsi_priv_compile_identity(struct krsi_priv_build *build, uint32_t kind, uint32_t device, uint64_t inode,
			       uint64_t meaning)
{
	int err = krsi_priv_compile_posting(build, kind, match_identity(device, inode), meaning);

	return err ? err : krsi_priv_compile_filter(build, match_identity_filter(build->compile->secret, inode));
}

static int hit_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	uint32_t role = key == KRSI_PRIV_KEY_EXE ? IMAGE_ROLE_EXE : IMAGE_ROLE_IDENTITY;

	if (entry->form != KRSI_PRIV_FORM_IDENTITY)
		return krsi_priv_compile_pattern(build, clause, key, entry, data);
	return krsi_priv_compile_identity(build, IMAGE_KIND_IDENTITY, entry->identity.major << 20 | entry->identity.minor,
					  entry->identity.inode, KRSI_PRIV_MEANING(role, entry->negated, clause));
}

static int string_add(struct krsi_priv_build *build, uint32_t clause, unsigned int key, const struct krsi_priv_entry *entry, void *data)
{
	(void)data;
	return krsi_priv_compile_string(build, clause, key, entry);
}

int krsi_priv_compile_keys(struct krsi_priv_build *build)
{
	unsigned int key;
	int err = 0;

	for (key = 0; key < KRSI_PRIV_KEY_END && !err; key++) {
		if (!(build->image.dims & KRSI_PRIV_KEY_BIT(key)))
			continue;
		switch ((enum table)tables[key]) {
		case RANGE:
			err = krsi_priv_compile_range(build, key);
			break;
		case BITS:
			err = bits_make(build, key);
			break;
		case MASKS:
			err = masks_make(build, key);
			break;
		case EXACT:
			err = krsi_priv_compile_each(build, key, exact_add, NULL);
			break;
		case HITS:
			err = krsi_priv_compile_each(build, key, hit_add, NULL);
			break;
		case STRINGS:
			err = krsi_priv_compile_each(build, key, string_add, NULL);
			break;
		}
	}
	return err;
}

_Static_assert(sizeof(struct image_mask) == IMAGE_UNIT && sizeof(struct image_dim) == IMAGE_UNIT, "one unit");

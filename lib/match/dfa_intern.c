/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sequences of numbers, each kept once: the states of the subset construction, and the sets they accept. */
#include <errno.h>
#include <string.h>

#include "dfa_build.h"

static uint32_t hash_of(const uint32_t *numbers, size_t count)
{
	uint32_t hash = (uint32_t)count;
	size_t i;

	for (i = 0; i < count; i++)
		hash = krsi_priv_dfa_hash(hash, numbers[i]);
	return hash;
}

const uint32_t *krsi_priv_dfa_interned(const struct krsi_priv_dfa_intern *intern, uint32_t index, size_t *count)
{
	const size_t *ends = intern->ends.at;
	size_t start = index ? ends[index - 1] : 0;

	*count = ends[index] - start;
	/* While only empty sequences were kept there is no array to point into. */
	return start ? krsi_priv_dfa_u32(&intern->numbers) + start : krsi_priv_dfa_u32(&intern->numbers);
}

/* Keep at least half of the slots free, or finding one takes long. */
static int slots_grow(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_intern *intern)
{
	const uint32_t *hashes = krsi_priv_dfa_u32(&intern->hashes);
	struct krsi_priv_dfa_array slots = { 0 };
	size_t size = intern->slots.count ? intern->slots.count * 2 : 64, at;
	uint32_t i;
	int err;

	if (intern->ends.count * 2 < intern->slots.count)
		return 0;
	err = krsi_priv_dfa_make(build, &slots, size, sizeof(uint32_t));
	if (err)
		return err;
	for (i = 0; i < intern->ends.count; i++) {
		for (at = hashes[i] & (size - 1); krsi_priv_dfa_u32(&slots)[at]; at = (at + 1) & (size - 1))
			;
		krsi_priv_dfa_u32(&slots)[at] = i + 1;
	}
	krsi_priv_dfa_drop(build, &intern->slots);
	intern->slots = slots;
	return 0;
}

static bool equal(const struct krsi_priv_dfa_intern *intern, uint32_t index, const uint32_t *numbers, size_t count)
{
	size_t size;
	const uint32_t *other = krsi_priv_dfa_interned(intern, index, &size);

	return size == count && (!count || memcmp(other, numbers, count * sizeof(*numbers)) == 0);
}

int krsi_priv_dfa_intern(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_intern *intern,
			 const uint32_t *numbers, size_t count, uint32_t *ret)
{
	uint32_t hash = hash_of(numbers, count), *slot;
	size_t at;
	int err;

	err = slots_grow(build, intern);
	if (err)
		return err;
	for (at = hash;; at++) {
		slot = krsi_priv_dfa_u32(&intern->slots) + (at & (intern->slots.count - 1));
		if (!*slot)
			break;
		*ret = *slot - 1;
		if (krsi_priv_dfa_u32(&intern->hashes)[*ret] == hash && equal(intern, *ret, numbers, count))
			return 0;
		/* Who makes them collide pays for it. */
		err = krsi_priv_dfa_spend(build, 1);
		if (err)
			return err;
	}
	if (intern->ends.count >= UINT32_MAX - 1)
		return -ENOMEM;
	err = krsi_priv_dfa_reserve(build, &intern->numbers, count, sizeof(*numbers));
	if (!err)
		err = krsi_priv_dfa_reserve(build, &intern->ends, 1, sizeof(size_t));
	if (!err)
		err = krsi_priv_dfa_reserve(build, &intern->hashes, 1, sizeof(uint32_t));
	if (err)
		return err;
	if (count)
		memcpy(krsi_priv_dfa_u32(&intern->numbers) + intern->numbers.count, numbers, count * sizeof(*numbers));
	intern->numbers.count += count;
	krsi_priv_dfa_push(&intern->hashes, hash);
	*ret = (uint32_t)intern->ends.count;
	((size_t *)intern->ends.at)[intern->ends.count++] = intern->numbers.count;
	*slot = *ret + 1;
	return 0;
}

void krsi_priv_dfa_intern_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_intern *intern)
{
	krsi_priv_dfa_drop(build, &intern->numbers);
	krsi_priv_dfa_drop(build, &intern->ends);
	krsi_priv_dfa_drop(build, &intern->hashes);
	krsi_priv_dfa_drop(build, &intern->slots);
}

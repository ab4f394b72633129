/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The steps of the construction in their order, and what they cost. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dfa_build.h"

int krsi_priv_dfa_too_big(struct krsi_priv_dfa_build *build, const char *what, uint64_t reached, uint64_t limit)
{
	build->cost->what = what;
	build->cost->reached = reached;
	build->cost->limit = limit;
	return -E2BIG;
}

int krsi_priv_dfa_charge(struct krsi_priv_dfa_build *build, size_t bytes)
{
	size_t limit = build->limits->bytes;

	/* build->bytes never passes the limit. */
	if (bytes > limit - build->bytes)
		return krsi_priv_dfa_too_big(build, "bytes", (uint64_t)build->bytes + bytes, limit);
	build->bytes += bytes;
	return 0;
}

int krsi_priv_dfa_spend(struct krsi_priv_dfa_build *build, uint64_t steps)
{
	build->work += steps;
	if (build->work > build->limits->work)
		return krsi_priv_dfa_too_big(build, "work", build->work, build->limits->work);
	return 0;
}

int krsi_priv_dfa_make(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_array *array,
		       size_t count, size_t entry)
{
	size_t size;
	int err;

	if (__builtin_mul_overflow(count ? count : 1, entry, &size))
		return -ENOMEM;
	err = krsi_priv_dfa_charge(build, size);
	if (err)
		return err;
	array->at = calloc(1, size);
	if (!array->at) {
		build->bytes -= size;
		return -ENOMEM;
	}
	array->count = array->capacity = count;
	array->size = size;
	return 0;
}

int krsi_priv_dfa_reserve(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_array *array,
			  size_t more, size_t entry)
{
	size_t capacity = array->count + more, size;
	void *at;
	int err;

	if (capacity <= array->capacity)
		return 0;
	if (capacity < array->capacity + array->capacity / 2)
		capacity = array->capacity + array->capacity / 2;
	if (capacity < 16)
		capacity = 16;
	if (__builtin_mul_overflow(capacity, entry, &size))
		return -ENOMEM;
	/* realloc() may have both at once. */
	err = krsi_priv_dfa_charge(build, size);
	if (err)
		return err;
	at = realloc(array->at, size);
	if (!at) {
		build->bytes -= size;
		return -ENOMEM;
	}
	build->bytes -= array->size;
	array->at = at;
	array->capacity = capacity;
	array->size = size;
	return 0;
}

void krsi_priv_dfa_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_array *array)
{
	free(array->at);
	build->bytes -= array->size;
	memset(array, 0, sizeof(*array));
}

int krsi_priv_dfa_build(const struct krsi_priv_glob *globs, size_t count,
			const struct krsi_priv_dfa_limits *limits, struct krsi_priv_dfa *ret,
			struct krsi_priv_dfa_cost *cost)
{
	struct krsi_priv_dfa_build build = { .limits = limits, .cost = cost };
	struct krsi_priv_dfa_tree tree = { 0 };
	struct krsi_priv_dfa_nfa nfa = { 0 };
	struct krsi_priv_dfa_wide wide = { 0 };
	struct krsi_priv_dfa_array block = { 0 };
	struct krsi_priv_dfa dfa = { 0 };
	uint32_t block_count;
	int err;

	err = krsi_priv_dfa_tree_build(&build, globs, count, &tree);
	if (err)
		goto out;
	err = krsi_priv_dfa_nfa_build(&build, &tree, &nfa);
	krsi_priv_dfa_tree_drop(&build, &tree);
	if (err)
		goto out;
	err = krsi_priv_dfa_classes(&build, &nfa);
	if (err)
		goto out;
	err = krsi_priv_dfa_subset(&build, &nfa, &wide);
	if (err)
		goto out;
	err = krsi_priv_dfa_minimise(&build, &wide, &block, &block_count);
	if (err)
		goto out;
	err = krsi_priv_dfa_table(&build, &nfa, &wide, block.at, block_count, &dfa);
	if (err)
		goto out;
	*ret = dfa;
	memset(&dfa, 0, sizeof(dfa));
out:
	krsi_priv_dfa_free(&dfa);
	krsi_priv_dfa_drop(&build, &block);
	krsi_priv_dfa_wide_drop(&build, &wide);
	krsi_priv_dfa_nfa_drop(&build, &nfa);
	krsi_priv_dfa_tree_drop(&build, &tree);
	return err;
}

void krsi_priv_dfa_free(struct krsi_priv_dfa *dfa)
{
	if (!dfa)
		return;
	free(dfa->next);
	free(dfa->accept);
	free(dfa->set_start);
	free(dfa->ids);
	memset(dfa, 0, sizeof(*dfa));
}

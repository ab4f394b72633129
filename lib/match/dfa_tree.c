/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Globs as a tree: globs that begin alike share what they begin with, so that a thousand files in
 * one directory are one way to the directory and not a thousand ways at the same time. That alone
 * keeps the subset construction small.
 *
 * A node is a place in globs, known by its parent and by how one gets there from it. Stars are places
 * where one may stay; one is there without reading anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dfa_build.h"

#define NONE KRSI_PRIV_DFA_NONE

struct builder {
	struct krsi_priv_dfa_build *build;
	struct krsi_priv_dfa_tree *tree;
};

static uint32_t kind_of(const struct builder *b, uint32_t node)
{
	return krsi_priv_dfa_tree_node(b->tree, node)->kind;
}

static int step(struct builder *b, uint32_t *at, enum krsi_priv_dfa_kind kind, uint32_t value)
{
	const uint32_t node[3] = { *at, kind, value };

	return krsi_priv_dfa_intern(b->build, &b->tree->nodes, node, 3, at);
}

/* How many bytes are in a set, and those. */
static uint32_t set_read(const uint64_t *set, bool is_path, uint32_t *halves)
{
	uint32_t i, bytes = 0;

	for (i = 0; i < 8; i++) {
		halves[i] = (uint32_t)(set[i / 2] >> (i % 2 * 32));
		if (is_path && i == '/' / 32)
			halves[i] &= ~(1u << '/' % 32);
		bytes += (uint32_t)__builtin_popcount(halves[i]);
	}
	return bytes;
}

static int step_set(struct builder *b, uint32_t *at, const uint64_t *set, bool is_path)
{
	uint32_t halves[8], index, i;
	int err;

	if (set_read(set, is_path, halves) == 1) {
		for (i = 0; !halves[i]; i++)
			;
		return step(b, at, KRSI_PRIV_DFA_BYTE, i * 32 + (uint32_t)__builtin_ctz(halves[i]));
	}
	err = krsi_priv_dfa_intern(b->build, &b->tree->sets, halves, 8, &index);
	return err ? err : step(b, at, KRSI_PRIV_DFA_SET, index);
}

static int add_token(struct builder *b, uint32_t *at, const struct krsi_priv_token *token, bool is_path)
{
	const enum krsi_priv_dfa_kind star = is_path ? KRSI_PRIV_DFA_STAR_NAME : KRSI_PRIV_DFA_STAR_ANY;
	uint32_t i;
	int err = 0;

	switch (token->kind) {
	case KRSI_PRIV_TOKEN_BYTES:
		for (i = 0; i < token->size && !err; i++)
			err = step(b, at, KRSI_PRIV_DFA_BYTE, token->bytes[i]);
		return err;
	case KRSI_PRIV_TOKEN_SET:
		return step_set(b, at, token->set, is_path);
	case KRSI_PRIV_TOKEN_STAR:
		/* Two in a row are one. */
		return kind_of(b, *at) == star ? 0 : step(b, at, star, 0);
	default:
		return step(b, at, is_path ? KRSI_PRIV_DFA_ONE_NAME : KRSI_PRIV_DFA_ONE_ANY, 0);
	}
}

static int add_component(struct builder *b, uint32_t *at, const struct krsi_priv_component *component, bool is_path)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < component->count && !err; i++)
		err = add_token(b, at, &component->tokens[i], is_path);
	return err;
}

/* A name has a byte at least. In the middle of a path that goes without saying, as `//` is in none. */
static int add_last_component(struct builder *b, uint32_t *at, const struct krsi_priv_component *component)
{
	uint32_t i;
	int err;

	for (i = 0; i < component->count; i++)
		if (component->tokens[i].kind != KRSI_PRIV_TOKEN_STAR)
			return add_component(b, at, component, true);
	err = step(b, at, KRSI_PRIV_DFA_ONE_NAME, 0);
	return err ? err : add_component(b, at, component, true);
}

static int add_path(struct builder *b, uint32_t *at, const struct krsi_priv_alternative *a)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < a->count && !err; i++) {
		/* What ** skips ends in a slash. */
		if (i == 0 || !a->components[i - 1].any_depth)
			err = step(b, at, KRSI_PRIV_DFA_BYTE, '/');
		if (err)
			break;
		if (a->components[i].any_depth && i + 1 == a->count)
			return step(b, at, KRSI_PRIV_DFA_REST, 0);
		else if (a->components[i].any_depth)
			err = kind_of(b, *at) == KRSI_PRIV_DFA_DEEP ? 0 : step(b, at, KRSI_PRIV_DFA_DEEP, 0);
		else if (i + 1 == a->count)
			err = add_last_component(b, at, &a->components[i]);
		else
			err = add_component(b, at, &a->components[i], true);
	}
	return err;
}

static int mark(struct builder *b, uint32_t node, uint32_t id)
{
	const uint32_t *ids = krsi_priv_dfa_u32(&b->tree->ids);
	size_t low = 0, high = b->tree->ids.count, middle;
	int err;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (ids[middle] <= id)
			low = middle;
		else
			high = middle;
	}
	err = krsi_priv_dfa_reserve(b->build, &b->tree->marks, 1, sizeof(uint64_t));
	if (err)
		return err;
	((uint64_t *)b->tree->marks.at)[b->tree->marks.count++] = (uint64_t)node << 32 | low;
	return 0;
}

/* An empty set. It may not come into the tree: dfa_minimise.c counts on every node leading somewhere. */
static bool matches_nothing(const struct krsi_priv_glob *glob)
{
	const struct krsi_priv_component *component;
	uint32_t halves[8], i, k;

	for (i = 0; i < glob->alternative->count; i++) {
		component = &glob->alternative->components[i];
		for (k = 0; k < component->count; k++)
			if (component->tokens[k].kind == KRSI_PRIV_TOKEN_SET &&
			    !set_read(component->tokens[k].set, glob->is_path, halves))
				return true;
	}
	return false;
}

static int add_glob(struct builder *b, const struct krsi_priv_glob *glob)
{
	const struct krsi_priv_alternative *a = glob->alternative;
	uint32_t at = NONE;
	int err;

	if (glob->group >= KRSI_PRIV_DFA_GROUPS)
		return -EINVAL;
	if (matches_nothing(glob))
		return 0;
	err = step(b, &at, KRSI_PRIV_DFA_ROOT, glob->group);
	if (err)
		return err;
	b->tree->root[glob->group] = at;
	if (glob->is_path)
		err = add_path(b, &at, a);
	else if (a->count)
		err = add_component(b, &at, &a->components[0], false);
	if (!err)
		err = mark(b, at, glob->id);
	if (err || !glob->is_path || !glob->or_below || kind_of(b, at) == KRSI_PRIV_DFA_REST)
		return err;
	err = step(b, &at, KRSI_PRIV_DFA_BELOW, 0);
	return err ? err : mark(b, at, glob->id);
}

static int number_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int mark_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int collect_ids(struct krsi_priv_dfa_build *build, const struct krsi_priv_glob *globs,
		       size_t count, struct krsi_priv_dfa_array *ids)
{
	uint32_t *at;
	size_t i, kept = 0;
	int err;

	err = krsi_priv_dfa_make(build, ids, count, sizeof(uint32_t));
	if (err || !count)
		return err;
	at = krsi_priv_dfa_u32(ids);
	for (i = 0; i < count; i++)
		at[i] = globs[i].id;
	qsort(at, count, sizeof(*at), number_compare);
	for (i = 0; i < count; i++)
		if (!kept || at[kept - 1] != at[i])
			at[kept++] = at[i];
	ids->count = kept;
	return 0;
}

int krsi_priv_dfa_tree_build(struct krsi_priv_dfa_build *build, const struct krsi_priv_glob *globs,
			     size_t count, struct krsi_priv_dfa_tree *tree)
{
	struct builder b = { .build = build, .tree = tree };
	size_t i;
	int err;

	memset(tree->root, 0xff, sizeof(tree->root));
	err = collect_ids(build, globs, count, &tree->ids);
	for (i = 0; i < count && !err; i++)
		err = add_glob(&b, &globs[i]);
	if (!err && tree->marks.count)
		qsort(tree->marks.at, tree->marks.count, sizeof(uint64_t), mark_compare);
	return err;
}

void krsi_priv_dfa_tree_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_tree *tree)
{
	krsi_priv_dfa_intern_drop(build, &tree->nodes);
	krsi_priv_dfa_intern_drop(build, &tree->sets);
	krsi_priv_dfa_drop(build, &tree->marks);
	krsi_priv_dfa_drop(build, &tree->ids);
}

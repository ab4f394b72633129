/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From policies to an image: the steps in their order, and what comes around them. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/language.h"
#include "compile_build.h"

static int clauses_write(struct krsi_priv_build *build)
{
	struct image_header *header;
	struct image_clause *clauses;
	uint32_t clauses_ref, counters_ref, i;
	int err;

	err = krsi_priv_units_alloc(&build->units, build->clause_count, 1, false, &clauses_ref);
	if (!err)
		err = krsi_priv_units_alloc(&build->units, 2 * build->clause_count, 2, false, &counters_ref);
	if (err)
		return err;
	clauses = krsi_priv_units_at(&build->units, clauses_ref);
	for (i = 0; i < build->clause_count; i++)
		clauses[i] = build->clauses[i].image;
	header = krsi_priv_units_at(&build->units, 0);
	header->clause_table = clauses_ref;
	header->counter_table = counters_ref;
	return 0;
}

static bool any_audits(const struct krsi_priv_build *build)
{
	uint32_t i;

	for (i = 0; i < build->clause_count; i++)
		if (build->clauses[i].image.flags & IMAGE_AUDIT)
			return true;
	return false;
}

/* Words for audit records, which the programs cannot ask anybody for. */
static int labels_write(struct krsi_priv_build *build)
{
	const size_t label_size = IMAGE_LABEL_UNITS * IMAGE_UNIT, name_size = IMAGE_NAME_UNITS * IMAGE_UNIT;
	struct image_header *header;
	uint32_t labels, names, i;
	char *text;
	int err;

	if (!any_audits(build))
		return 0;
	err = krsi_priv_units_alloc(&build->units, IMAGE_LABEL_UNITS * build->clause_count, IMAGE_LABEL_UNITS, false, &labels);
	if (!err)
		err = krsi_priv_units_alloc(&build->units, IMAGE_NAME_UNITS * KRSI_PRIV_OP_BITS, IMAGE_NAME_UNITS, false, &names);
	if (err)
		return err;
	text = krsi_priv_units_at(&build->units, labels);
	for (i = 0; i < build->clause_count; i++)
		if (build->clauses[i].image.flags & IMAGE_AUDIT)
			snprintf(text + i * label_size, label_size, "%s/%s", build->clauses[i].policy->name, build->clauses[i].rule->name);
	text = krsi_priv_units_at(&build->units, names);
	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		snprintf(text + i * name_size, name_size, "%s", krsi_priv_operation(i)->name);
	header = krsi_priv_units_at(&build->units, 0);
	header->labels = labels;
	header->operation_names = names;
	return 0;
}

static void policies_write(struct krsi_priv_build *build)
{
	struct image_policy *policies = krsi_priv_units_at(&build->units, IMAGE_REF_POLICIES);
	size_t i;

	for (i = 0; i < build->policy_count; i++) {
		policies[i].mode = build->policies[i]->mode;
		policies[i].on_unresolved = build->policies[i]->on_unresolved;
		policies[i].has_scope = build->policies[i]->scope.count != 0;
	}
}

/* What the paths of an operation's conditions make necessary. */
static void features_write(struct krsi_priv_build *build)
{
	struct image_op *ops = krsi_priv_units_at(&build->units, IMAGE_REF_OPS);
	struct image_header *header = krsi_priv_units_at(&build->units, 0);
	uint64_t left, by_more = 0;
	uint32_t i, operation;

	for (i = 0; i < build->clause_count; i++) {
		for (left = build->clauses[i].operations; left; left &= left - 1)
			ops[__builtin_ctzll(left)].features |= build->clauses[i].features;
		if (!krsi_priv_clause_needs_hit(&build->clauses[i]))
			by_more |= build->clauses[i].operations;
	}
	header->object_features = build->all_features & IMAGE_HAS_ROOT;
	for (operation = 1; operation < KRSI_PRIV_OP_BITS; operation++) {
		header->object_features |= ops[operation].features;
		if (ops[operation].set && !(by_more & KRSI_PRIV_OP_BIT(operation)))
			ops[operation].features |= IMAGE_ONLY_BY_HIT;
		if (ops[operation].features & IMAGE_ONLY_BY_HIT)
			header->only_by_hit |= KRSI_PRIV_OP_BIT(operation);
	}
}

static void header_write(struct krsi_priv_build *build)
{
	struct image_header *header = krsi_priv_units_at(&build->units, 0);

	header->magic = IMAGE_MAGIC;
	header->version = IMAGE_VERSION;
	header->generation = build->compile->generation;
	header->key = build->compile->secret;
	header->pages = build->image.pages;
	header->clauses = build->clause_count;
	header->policies = (uint32_t)build->policy_count;
	header->features = build->all_features;
	header->predicates_kept = build->predicate_bits.kept;
	header->tags_kept = build->tag_bits.kept;
}

/* What is in the image so far, in memory of its size. */
static int image_finish(struct krsi_priv_build *build)
{
	uint32_t pages = (build->units.count + IMAGE_PAGE_UNITS - 1) / IMAGE_PAGE_UNITS;
	size_t size = (size_t)pages * IMAGE_PAGE, used = (size_t)build->units.count * IMAGE_UNIT;

	build->image.units = aligned_alloc(IMAGE_PAGE, size);
	if (!build->image.units)
		return -ENOMEM;
	build->image.pages = pages;
	build->image.clauses = build->clause_count;
	header_write(build);
	memcpy(build->image.units, build->units.at, used);
	memset((char *)build->image.units + used, 0, size - used);
	return 0;
}

static int steps(struct krsi_priv_build *build)
{
	size_t pages = build->compile->pages_max && build->compile->pages_max < KRSI_PRIV_IMAGE_PAGES_MAX ? build->compile->pages_max : KRSI_PRIV_IMAGE_PAGES_MAX;
	int err;

	build->glob_clause = UINT32_MAX;
	build->scratch = calloc(2 * 64, sizeof(*build->scratch));
	if (!build->scratch)
		return -ENOMEM;
	err = krsi_priv_compile_check(build);
	if (!err)
		err = krsi_priv_units_init(&build->units, IMAGE_REF_FILTER + krsi_priv_compile_filter_units(build), (uint32_t)pages * IMAGE_PAGE_UNITS);
	if (!err)
		err = krsi_priv_compile_clauses(build);
	if (!err)
		err = krsi_priv_compile_operations(build);
	if (!err)
		err = krsi_priv_compile_keys(build);
	if (!err)
		err = krsi_priv_compile_dfa(build);
	if (!err)
		err = krsi_priv_compile_hash(build);
	if (!err)
		err = clauses_write(build);
	if (!err)
		err = labels_write(build);
	if (err == -ENOSPC)
		return krsi_priv_fail(build->ctx, -E2BIG, "the policies make an image of more than the %zu pages of %d bytes that are allowed", pages, IMAGE_PAGE);
	if (err)
		return err;
	policies_write(build);
	features_write(build);
	return image_finish(build);
}

static void bits_keep(struct krsi_priv_bits *into, struct krsi_priv_bits *from)
{
	if (!into)
		return;
	krsi_priv_bits_free(into);
	*into = *from;
	*from = (struct krsi_priv_bits){ 0 };
}

static void build_free(struct krsi_priv_build *build)
{
	krsi_priv_units_free(&build->units);
	krsi_priv_wanted_free(&build->tags);
	krsi_priv_wanted_free(&build->predicates);
	krsi_priv_bits_free(&build->tag_bits);
	krsi_priv_bits_free(&build->predicate_bits);
	free(build->clauses);
	free(build->scratch);
	free(build->postings.at);
	free(build->names.at);
	free(build->filter.at);
	free(build->globs.at);
	free(build->origins.at);
	free(build->glob_meanings.at);
	krsi_priv_arena_free(&build->arena);
	free(build);
}

int krsi_priv_image_compile(struct krsi_ctx *ctx, const struct krsi_policy *const *policies, size_t count,
			    struct krsi_priv_compile *compile, struct krsi_priv_image *ret)
{
	struct krsi_priv_build *build = calloc(1, sizeof(*build));
	int err = -ENOMEM;

	if (build) {
		build->ctx = ctx;
		build->policies = policies;
		build->policy_count = count;
		build->compile = compile;
		err = steps(build);
	}
	if (err == -ENOMEM)
		krsi_priv_fail(ctx, -ENOMEM, "no memory to compile the policies");
	if (!err) {
		bits_keep(compile->tags, &build->tag_bits);
		bits_keep(compile->predicates, &build->predicate_bits);
		*ret = build->image;
	}
	if (build)
		build_free(build);
	return err;
}

void krsi_priv_image_free(struct krsi_priv_image *image)
{
	if (!image)
		return;
	free(image->units);
	*image = (struct krsi_priv_image){ 0 };
}

_Static_assert(sizeof(struct image_header) <= IMAGE_REF_OPS * IMAGE_UNIT, "the header is in front of the operations");
_Static_assert(KRSI_PRIV_OP_BITS <= IMAGE_REF_DIMS - IMAGE_REF_OPS && KRSI_PRIV_KEY_END <= IMAGE_REF_STARTS - IMAGE_REF_DIMS,
	       "operations and keys have room in the first page");
_Static_assert(sizeof(struct image_op) == IMAGE_UNIT && sizeof(struct image_clause) == IMAGE_UNIT &&
	       sizeof(struct image_policy) == IMAGE_UNIT && sizeof(struct image_counter) == 2 * IMAGE_UNIT, "units");

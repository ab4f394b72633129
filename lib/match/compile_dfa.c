/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The automaton of all globs, and what each of its states means. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../policy/language.h"
#include "compile_build.h"
#include "dfa.h"

static const struct krsi_priv_dfa_limits limits = {
	.states = KRSI_PRIV_DFA_STATES_MAX,
	.bytes = (size_t)64 << 20,
	.work = 50000000,
};

/* A guess at what a glob costs: what can be passed at many places multiplies with what others do there. */
static uint32_t glob_weight(const struct krsi_priv_alternative *alternative)
{
	const struct krsi_priv_component *component;
	uint32_t weight = 0, i, k;

	for (i = 0; i < alternative->count; i++) {
		component = &alternative->components[i];
		if (component->any_depth && i + 1 < alternative->count)
			weight += 16;
		for (k = 0; k < component->count; k++)
			if (component->tokens[k].kind == KRSI_PRIV_TOKEN_STAR && k + 1 < component->count)
				weight += 4;
			else if (component->tokens[k].kind != KRSI_PRIV_TOKEN_BYTES)
				weight += 1;
	}
	return weight;
}

static int cost_tell(struct krsi_priv_build *build, const struct krsi_priv_dfa_cost *cost)
{
	const struct krsi_priv_glob_origin *origins = build->origins.at, *worst = origins;
	const struct krsi_priv_glob *globs = build->globs.at;
	uint32_t weight, most = 0;
	size_t i;

	for (i = 0; i < build->globs.count; i++) {
		weight = glob_weight(globs[i].alternative);
		if (weight <= most)
			continue;
		most = weight;
		worst = &origins[i];
	}
	return krsi_priv_fail(build->ctx, -E2BIG, "%zu patterns with wildcards together make an automaton of more %s than the %llu that are allowed; those with ** in front or * in the middle cost most, such as %s of %s",
			      build->globs.count, cost->what, (unsigned long long)cost->limit, krsi_priv_quote(worst->pattern->text).text,
			      krsi_priv_where(build->clauses[worst->clause].policy, build->clauses[worst->clause].rule, (struct krsi_priv_place){ 0 }).text);
}

int krsi_priv_hit_take(struct krsi_priv_build *build, uint32_t *ref)
{
	struct image_hit hit = { { 0 } };
	unsigned int role;
	int err = 0;

	for (role = 0; role < IMAGE_ROLES && !err; role++)
		err = krsi_priv_pair_take(build, role, &hit.pairs[role]);
	return err ? err : krsi_priv_units_hit(&build->units, &hit, ref);
}

/* The ref of the hit of each set. */
static int sets_make(struct krsi_priv_build *build, const struct krsi_priv_dfa *dfa, uint32_t *refs)
{
	const uint64_t *meanings = build->glob_meanings.at;
	uint32_t set, i;
	int err = 0;

	for (set = 0; set < dfa->set_count && !err; set++) {
		for (i = dfa->set_start[set]; i < dfa->set_start[set + 1]; i++)
			krsi_priv_meaning_add(build, meanings[dfa->ids[i]]);
		err = krsi_priv_hit_take(build, &refs[set]);
	}
	return err;
}

/* Rows of a power of two, aligned to their size: none crosses a page. */
static int rows_make(struct krsi_priv_units *units, const struct krsi_priv_dfa *dfa)
{
	uint32_t shift = 3, row_units, ref, i, start_ref = IMAGE_REF_STARTS;
	struct image_header *header;
	uint16_t *rows;
	uint32_t *starts;
	int err;

	while (1U << shift < dfa->class_count)
		shift++;
	row_units = (2U << shift) / IMAGE_UNIT;
	err = krsi_priv_units_alloc(units, row_units * dfa->state_count, row_units, false, &ref);
	if (err)
		return err;
	rows = krsi_priv_units_at(units, ref);
	for (i = 0; i < dfa->state_count; i++)
		memcpy(&rows[(size_t)i << shift], &dfa->next[(size_t)i * dfa->class_count], dfa->class_count * sizeof(*rows));
	header = krsi_priv_units_at(units, 0);
	header->dfa_rows = ref;
	header->dfa_row_shift = shift;
	starts = krsi_priv_units_at(units, start_ref);
	for (i = 0; i < KRSI_PRIV_DFA_GROUPS; i++)
		starts[i] = dfa->start[i];
	return 0;
}

static int accepts_make(struct krsi_priv_units *units, const struct krsi_priv_dfa *dfa, const uint32_t *refs)
{
	uint32_t accepts_ref, classes_ref, i, *accepts;
	struct image_header *header;
	int err;

	err = krsi_priv_units_alloc(units, (dfa->state_count + 3) / 4, 1, false, &accepts_ref);
	if (!err)
		err = krsi_priv_units_alloc(units, sizeof(dfa->classes) / IMAGE_UNIT, 1, true, &classes_ref);
	if (err)
		return err;
	accepts = krsi_priv_units_at(units, accepts_ref);
	for (i = 0; i < dfa->state_count; i++)
		accepts[i] = refs[dfa->accept[i]];
	memcpy(krsi_priv_units_at(units, classes_ref), dfa->classes, sizeof(dfa->classes));
	header = krsi_priv_units_at(units, 0);
	header->dfa_accepts = accepts_ref;
	header->dfa_classes = classes_ref;
	return 0;
}

static int dfa_place(struct krsi_priv_build *build, const struct krsi_priv_dfa *dfa)
{
	uint32_t *refs = calloc(dfa->set_count + 1, sizeof(*refs));
	int err;

	if (!refs)
		return -ENOMEM;
	err = sets_make(build, dfa, refs);
	if (!err)
		err = rows_make(&build->units, dfa);
	if (!err)
		err = accepts_make(&build->units, dfa, refs);
	free(refs);
	return err;
}

int krsi_priv_compile_dfa(struct krsi_priv_build *build)
{
	struct krsi_priv_dfa_cost cost = { .what = "memory" };
	struct krsi_priv_dfa dfa = { .class_count = 0 };
	int err;

	if (!build->globs.count)
		return 0;
	err = krsi_priv_dfa_build(build->globs.at, build->globs.count, &limits, &dfa, &cost);
	if (err == -E2BIG)
		return cost_tell(build, &cost);
	if (err)
		return err;
	build->image.globs = (uint32_t)build->globs.count;
	build->image.dfa_states = dfa.state_count;
	err = dfa_place(build, &dfa);
	krsi_priv_dfa_free(&dfa);
	return err;
}

_Static_assert(KRSI_PRIV_DFA_GROUPS == IMAGE_GROUPS, "the image has a start for each");

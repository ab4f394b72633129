/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The result. States, classes and sets get the numbers in which they are first met when all texts are
 * tried in order, the shortest first. So nothing is left in it of how the globs were written.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dfa_build.h"

#define NONE KRSI_PRIV_DFA_NONE

struct table {
	struct krsi_priv_dfa_build *build;
	const struct krsi_priv_dfa_nfa *nfa;
	const struct krsi_priv_dfa_wide *wide;
	const uint32_t *block;
	uint32_t block_count;
	struct krsi_priv_dfa *dfa;
	struct krsi_priv_dfa_array number;	/* of each block */
	struct krsi_priv_dfa_array member;	/* of each number: a state */
	struct krsi_priv_dfa_array sets;	/* of each set of `wide`: its new index, or NONE; behind them, those of each new one */
};

/* An array of the result, which is not dropped with the rest. At least one byte, so that NULL is an error. */
static int result_make(struct table *t, size_t count, size_t entry, void *ret)
{
	void *at;
	int err;

	err = krsi_priv_dfa_charge(t->build, count * entry);
	if (err)
		return err;
	at = calloc(count ? count : 1, entry);
	if (!at)
		return -ENOMEM;
	memcpy(ret, &at, sizeof(at));
	return 0;
}

static uint16_t number_of(struct table *t, uint32_t state)
{
	uint32_t *number = krsi_priv_dfa_u32(&t->number) + t->block[state];

	if (*number == NONE) {
		*number = (uint32_t)t->member.count;
		krsi_priv_dfa_push(&t->member, state);
	}
	return (uint16_t)*number;
}

/* Each state behind those that lead to it, and its row, in the classes of the construction. */
static void number_states(struct table *t)
{
	const struct krsi_priv_dfa_jump *jumps = t->wide->jumps.at;
	const uint32_t *jump_start = krsi_priv_dfa_u32(&t->wide->jump_start);
	uint32_t classes = t->nfa->class_count, at, class, state, group, k;
	uint16_t *row = t->dfa->next;

	memset(t->number.at, 0xff, t->number.size);
	t->member.count = 0;
	number_of(t, 0);
	for (group = 0; group < KRSI_PRIV_DFA_GROUPS; group++)
		t->dfa->start[group] = number_of(t, t->wide->start[group]);
	for (at = 0; at < t->member.count; at++, row += classes) {
		state = krsi_priv_dfa_u32(&t->member)[at];
		for (class = 0, k = jump_start[state]; class < classes; class++) {
			if (k < jump_start[state + 1] && jumps[k].by == class)
				row[class] = number_of(t, jumps[k++].to);
			else
				row[class] = number_of(t, krsi_priv_dfa_u32(&t->wide->usual)[state]);
		}
	}
}

static bool columns_equal(const struct krsi_priv_dfa *dfa, uint32_t a, uint32_t b)
{
	const uint16_t *row = dfa->next;
	uint32_t i;

	for (i = 0; i < dfa->state_count; i++, row += dfa->class_count)
		if (row[a] != row[b])
			return false;
	return true;
}

/* Classes that lead from each state to the same one are one. */
static void merge_classes(struct krsi_priv_dfa *dfa)
{
	uint32_t hash[256] = { 0 }, into[256], kept[256], count = 0, i, k, class;
	uint16_t *row = dfa->next, *to = dfa->next;

	for (i = 0; i < dfa->state_count; i++, row += dfa->class_count)
		for (class = 0; class < dfa->class_count; class++)
			hash[class] = krsi_priv_dfa_hash(hash[class], row[class]);
	for (class = 0; class < dfa->class_count; class++) {
		for (k = 0; k < count; k++)
			if (hash[kept[k]] == hash[class] && columns_equal(dfa, kept[k], class))
				break;
		into[class] = k;
		if (k == count)
			kept[count++] = class;
	}
	/* In place: what is written was read before. */
	for (i = 0, row = dfa->next; i < dfa->state_count; i++, row += dfa->class_count)
		for (k = 0; k < count; k++)
			*to++ = row[kept[k]];
	for (i = 0; i < 256; i++)
		dfa->classes[i] = (uint8_t)into[dfa->classes[i]];
	dfa->class_count = count;
	row = realloc(dfa->next, (size_t)dfa->state_count * count * sizeof(*row));
	if (row)
		dfa->next = row;
}

/* The sets of the states that are left, in the order of those. */
static int make_sets(struct table *t)
{
	struct krsi_priv_dfa *dfa = t->dfa;
	uint32_t *index, *old, i, k, set;
	size_t sets = t->wide->sets.ends.count, count, total = 0;
	const uint32_t *ids;
	int err;

	err = krsi_priv_dfa_make(t->build, &t->sets, sets * 2, sizeof(uint32_t));
	if (!err)
		err = result_make(t, dfa->state_count, sizeof(*dfa->accept), &dfa->accept);
	if (err)
		return err;
	index = krsi_priv_dfa_u32(&t->sets);
	old = index + sets;
	memset(index, 0xff, sets * sizeof(*index));
	for (i = 0; i < dfa->state_count; i++) {
		set = krsi_priv_dfa_u32(&t->wide->accept)[krsi_priv_dfa_u32(&t->member)[i]];
		if (index[set] == NONE) {
			old[dfa->set_count] = set;
			index[set] = dfa->set_count++;
			krsi_priv_dfa_interned(&t->wide->sets, set, &count);
			total += count;
		}
		dfa->accept[i] = index[set];
	}
	if (total > UINT32_MAX)
		return krsi_priv_dfa_too_big(t->build, "bytes", total * 4ull, UINT32_MAX * 4ull);
	err = result_make(t, (size_t)dfa->set_count + 1, sizeof(*dfa->set_start), &dfa->set_start);
	if (!err)
		err = result_make(t, total, sizeof(*dfa->ids), &dfa->ids);
	if (err)
		return err;
	for (i = 0, total = 0; i < dfa->set_count; i++) {
		ids = krsi_priv_dfa_interned(&t->wide->sets, old[i], &count);
		for (k = 0; k < count; k++)
			dfa->ids[total++] = krsi_priv_dfa_u32(&t->nfa->ids)[ids[k]];
		dfa->set_start[i + 1] = (uint32_t)total;
	}
	return 0;
}

int krsi_priv_dfa_table(struct krsi_priv_dfa_build *build, const struct krsi_priv_dfa_nfa *nfa,
			const struct krsi_priv_dfa_wide *wide, const uint32_t *block,
			uint32_t block_count, struct krsi_priv_dfa *dfa)
{
	struct table t = { .build = build, .nfa = nfa, .wide = wide, .block = block, .block_count = block_count, .dfa = dfa };
	uint32_t limit = build->limits->states;
	int err;

	if (limit > KRSI_PRIV_DFA_STATES_MAX)
		limit = KRSI_PRIV_DFA_STATES_MAX;
	if (block_count > limit)
		return krsi_priv_dfa_too_big(build, "states", block_count, limit);
	dfa->class_count = nfa->class_count;
	dfa->state_count = block_count;
	memcpy(dfa->classes, nfa->classes, sizeof(dfa->classes));
	err = result_make(&t, (size_t)block_count * dfa->class_count, sizeof(*dfa->next), &dfa->next);
	if (!err)
		err = krsi_priv_dfa_make(build, &t.number, block_count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(build, &t.member, block_count, sizeof(uint32_t));
	if (err)
		goto out;
	number_states(&t);
	merge_classes(dfa);
	err = make_sets(&t);
out:
	krsi_priv_dfa_drop(build, &t.number);
	krsi_priv_dfa_drop(build, &t.member);
	krsi_priv_dfa_drop(build, &t.sets);
	return err;
}

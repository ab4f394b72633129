/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The subset construction: a state is the set of all nodes where one may be at the same time.
 *
 * Most classes lead on from a state the same way, through its stars only. That set is made once for
 * each state, and others are made from it only for the classes that some node names.
 *
 * What a set accepts for ever makes nodes useless that lead to nothing else: below a directory that
 * is matched as a whole, other globs of the same id need not be followed, however large they are.
 */
#include <stdlib.h>
#include <string.h>

#include "dfa_build.h"

#define NONE KRSI_PRIV_DFA_NONE

struct subset {
	struct krsi_priv_dfa_build *build;
	const struct krsi_priv_dfa_nfa *nfa;
	struct krsi_priv_dfa_wide *wide;
	struct krsi_priv_dfa_intern states;	/* of nodes, rising */
	/* From the state at hand, the nodes that are reached: */
	struct krsi_priv_dfa_array by_name, by_any;	/* by any byte but '/', and by any byte */
	struct krsi_priv_dfa_array by_class;	/* struct cell: only by bytes of a class, a list for each */
	uint32_t first[256];			/* of those lists: index + 1 */
	struct krsi_priv_dfa_array more, set;	/* the set in the making */
	struct krsi_priv_dfa_array seen;	/* of each node: the last round that had it */
	struct krsi_priv_dfa_array kept;	/* of each id: the last round that accepts it for ever */
	uint32_t round;
};

struct cell {
	uint32_t node, next;
};

static int number_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void sort(struct krsi_priv_dfa_array *numbers)
{
	uint32_t *at = krsi_priv_dfa_u32(numbers), value;
	size_t i, k;

	if (numbers->count > 24) {
		qsort(at, numbers->count, sizeof(*at), number_compare);
		return;
	}
	for (i = 1; i < numbers->count; i++) {
		value = at[i];
		for (k = i; k && at[k - 1] > value; k--)
			at[k] = at[k - 1];
		at[k] = value;
	}
}

/* A round that came back after 2^32 others would find what is left of the first. */
static void new_round(struct subset *s)
{
	if (++s->round)
		return;
	memset(s->seen.at, 0, s->seen.size);
	memset(s->kept.at, 0, s->kept.size);
	s->round = 1;
}

/* Add a node, and where one is with it. */
static int enter(struct subset *s, struct krsi_priv_dfa_array *set, uint32_t node)
{
	const uint32_t *start = krsi_priv_dfa_u32(&s->nfa->closure_start) + node;
	const uint32_t *closure = krsi_priv_dfa_u32(&s->nfa->closure);
	uint32_t *seen = krsi_priv_dfa_u32(&s->seen), i;
	int err;

	err = krsi_priv_dfa_reserve(s->build, set, start[1] - start[0], sizeof(uint32_t));
	if (err)
		return err;
	for (i = start[0]; i < start[1]; i++) {
		if (seen[closure[i]] == s->round)
			continue;
		seen[closure[i]] = s->round;
		krsi_priv_dfa_push(set, closure[i]);
	}
	return 0;
}

/* Whether all that a node can lead to is accepted for ever already; if not, note what it adds to that. */
static bool is_useless(struct subset *s, uint32_t node)
{
	const uint32_t *start = krsi_priv_dfa_u32(&s->nfa->accept_start) + node;
	const uint32_t *accept = krsi_priv_dfa_u32(&s->nfa->accept);
	uint32_t *kept = krsi_priv_dfa_u32(&s->kept), only = krsi_priv_dfa_u32(&s->nfa->only)[node], i;

	if (only != NONE && kept[only] == s->round)
		return true;
	if (((const uint8_t *)s->nfa->forever.at)[node])
		for (i = start[0]; i < start[1]; i++)
			kept[accept[i]] = s->round;
	return false;
}

static void leave_out_useless(struct subset *s)
{
	const uint8_t *forever = s->nfa->forever.at;
	uint32_t *set = krsi_priv_dfa_u32(&s->set);
	size_t i, kept = 0;

	/* Those that stay for ever first, or the order would decide. */
	for (i = 0; i < s->set.count; i++) {
		if (forever[set[i]] && is_useless(s, set[i]))
			set[i] = NONE;
	}
	for (i = 0; i < s->set.count; i++)
		if (set[i] != NONE && (forever[set[i]] || !is_useless(s, set[i])))
			set[kept++] = set[i];
	s->set.count = kept;
}

/* Two lists that are sorted, without doubles, and have nothing in common. */
static int merge(struct subset *s, const struct krsi_priv_dfa_array *a, const struct krsi_priv_dfa_array *b)
{
	const uint8_t *forever = s->nfa->forever.at;
	const uint32_t *x = krsi_priv_dfa_u32(a), *y = krsi_priv_dfa_u32(b);
	size_t i = 0, k = 0;
	uint32_t node;
	bool for_ever = false;
	int err;

	s->set.count = 0;
	err = krsi_priv_dfa_reserve(s->build, &s->set, a->count + b->count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_spend(s->build, 1 + a->count + b->count);
	if (err)
		return err;
	while (i < a->count || k < b->count) {
		node = k == b->count || (i < a->count && x[i] < y[k]) ? x[i++] : y[k++];
		for_ever |= forever[node];
		krsi_priv_dfa_push(&s->set, node);
	}
	if (for_ever)
		leave_out_useless(s);
	return 0;
}

/* What the set that was just interned accepts. */
static int add_accept(struct subset *s)
{
	const uint32_t *set = krsi_priv_dfa_u32(&s->set), *start = krsi_priv_dfa_u32(&s->nfa->accept_start);
	const uint32_t *accept = krsi_priv_dfa_u32(&s->nfa->accept), *ids = NULL;
	uint32_t index, parts = 0;
	size_t i, count = 0, kept = 0;
	int err;

	s->more.count = 0;
	for (i = 0; i < s->set.count; i++) {
		count = start[set[i] + 1] - start[set[i]];
		if (!count)
			continue;
		parts++;
		err = krsi_priv_dfa_reserve(s->build, &s->more, count, sizeof(uint32_t));
		if (!err)
			err = krsi_priv_dfa_spend(s->build, count);
		if (err)
			return err;
		memcpy(krsi_priv_dfa_u32(&s->more) + s->more.count, accept + start[set[i]], count * sizeof(uint32_t));
		s->more.count += count;
	}
	if (parts > 1) {
		uint32_t *at = krsi_priv_dfa_u32(&s->more);

		sort(&s->more);
		for (i = 0; i < s->more.count; i++)
			if (!kept || at[kept - 1] != at[i])
				at[kept++] = at[i];
		s->more.count = kept;
	}
	ids = krsi_priv_dfa_u32(&s->more);
	err = krsi_priv_dfa_intern(s->build, &s->wide->sets, ids, s->more.count, &index);
	if (!err)
		err = krsi_priv_dfa_reserve(s->build, &s->wide->accept, 1, sizeof(uint32_t));
	if (!err)
		krsi_priv_dfa_push(&s->wide->accept, index);
	return err;
}

/* The state of s->set. */
static int state_of(struct subset *s, uint32_t *ret)
{
	int err;

	err = krsi_priv_dfa_intern(s->build, &s->states, krsi_priv_dfa_u32(&s->set), s->set.count, ret);
	if (!err && *ret == s->wide->accept.count)
		err = add_accept(s);
	return err;
}

static int add_cell(struct subset *s, uint32_t class, uint32_t node)
{
	struct cell *cell;
	int err;

	err = krsi_priv_dfa_reserve(s->build, &s->by_class, 1, sizeof(*cell));
	if (err)
		return err;
	cell = (struct cell *)s->by_class.at + s->by_class.count++;
	cell->node = node;
	cell->next = s->first[class];
	s->first[class] = (uint32_t)s->by_class.count;
	return 0;
}

static int add_set(struct subset *s, const uint64_t *set, uint32_t node)
{
	uint64_t left;
	uint32_t word;
	int err = 0;

	for (word = 0; word < 4; word++)
		for (left = set[word]; left && !err; left &= left - 1) {
			err = add_cell(s, word * 64 + (uint32_t)__builtin_ctzll(left), node);
			if (!err)
				err = krsi_priv_dfa_spend(s->build, 1);
		}
	return err;
}

static int add_target(struct subset *s, struct krsi_priv_dfa_array *list, uint32_t node)
{
	int err;

	err = krsi_priv_dfa_reserve(s->build, list, 1, sizeof(node));
	if (!err)
		krsi_priv_dfa_push(list, node);
	return err;
}

/* Sort where the nodes of a state lead to by what takes one there. */
static int collect(struct subset *s, uint32_t state)
{
	const uint32_t *start = krsi_priv_dfa_u32(&s->nfa->edge_start), *nodes;
	const struct krsi_priv_dfa_edge *edges = s->nfa->edges.at;
	size_t i, count;
	uint32_t k;
	int err = 0;

	s->by_name.count = s->by_any.count = s->by_class.count = 0;
	memset(s->first, 0, sizeof(s->first));
	nodes = krsi_priv_dfa_interned(&s->states, state, &count);
	for (i = 0; i < count && !err; i++) {
		err = krsi_priv_dfa_spend(s->build, 1 + start[nodes[i] + 1] - start[nodes[i]]);
		for (k = start[nodes[i]]; k < start[nodes[i] + 1] && !err; k++) {
			if (edges[k].label == KRSI_PRIV_DFA_LABEL_NAME)
				err = add_target(s, &s->by_name, edges[k].target);
			else if (edges[k].label == KRSI_PRIV_DFA_LABEL_ANY)
				err = add_target(s, &s->by_any, edges[k].target);
			else if (edges[k].label < 256)
				err = add_cell(s, edges[k].label, edges[k].target);
			else
				err = add_set(s, (const uint64_t *)s->nfa->sets.at +
						 4 * (size_t)(edges[k].label - KRSI_PRIV_DFA_LABEL_SET), edges[k].target);
		}
	}
	return err;
}

/* Replace targets by the nodes where one is then. */
static int spread(struct subset *s, const struct krsi_priv_dfa_array *a, const struct krsi_priv_dfa_array *b,
		  struct krsi_priv_dfa_array *ret)
{
	size_t i;
	int err = 0;

	ret->count = 0;
	new_round(s);
	for (i = 0; i < a->count && !err; i++)
		err = enter(s, ret, krsi_priv_dfa_u32(a)[i]);
	for (i = 0; b && i < b->count && !err; i++)
		err = enter(s, ret, krsi_priv_dfa_u32(b)[i]);
	if (!err)
		sort(ret);
	return err;
}

/* Where a class leads that some node names: there, and where `rest` leads. */
static int follow(struct subset *s, uint32_t class, const struct krsi_priv_dfa_array *rest, uint32_t *ret)
{
	const struct cell *cells = s->by_class.at;
	uint32_t *seen = krsi_priv_dfa_u32(&s->seen), at;
	size_t i;
	int err = 0;

	new_round(s);
	for (i = 0; i < rest->count; i++)
		seen[krsi_priv_dfa_u32(rest)[i]] = s->round;
	s->more.count = 0;
	for (at = s->first[class]; at && !err; at = cells[at - 1].next)
		err = enter(s, &s->more, cells[at - 1].node);
	if (err)
		return err;
	sort(&s->more);
	err = merge(s, rest, &s->more);
	return err ? err : state_of(s, ret);
}

/* `row` receives where each class leads to. */
static int all_of(struct subset *s, uint32_t state, struct krsi_priv_dfa_array *name,
		  struct krsi_priv_dfa_array *any, uint32_t *row)
{
	static const struct krsi_priv_dfa_array none = { 0 };
	uint32_t class, usual = NONE;
	int err;

	err = collect(s, state);
	if (!err)
		err = spread(s, &s->by_name, &s->by_any, name);
	for (class = 0; class < s->nfa->class_count && !err; class++) {
		if (class == s->nfa->slash || s->first[class])
			continue;
		/* Not before it is needed: no state may come into being that nothing leads to. */
		if (usual == NONE) {
			err = merge(s, name, &none);
			if (!err)
				err = state_of(s, &usual);
		}
		row[class] = usual;
	}
	if (!err)
		err = spread(s, &s->by_any, NULL, any);
	for (class = 0; class < s->nfa->class_count && !err; class++) {
		if (class == s->nfa->slash)
			err = follow(s, class, any, &row[class]);
		else if (s->first[class])
			err = follow(s, class, name, &row[class]);
	}
	return err;
}

static int add_row(struct subset *s, const uint32_t *row)
{
	struct krsi_priv_dfa_wide *wide = s->wide;
	uint32_t class, usual = row[wide->reference];
	int err;

	err = krsi_priv_dfa_reserve(s->build, &wide->usual, 1, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_reserve(s->build, &wide->jump_start, 1, sizeof(uint32_t));
	for (class = 0; class < s->nfa->class_count && !err; class++) {
		if (row[class] == usual)
			continue;
		err = krsi_priv_dfa_reserve(s->build, &wide->jumps, 1, sizeof(struct krsi_priv_dfa_jump));
		if (!err)
			((struct krsi_priv_dfa_jump *)wide->jumps.at)[wide->jumps.count++] =
				(struct krsi_priv_dfa_jump){ class, row[class] };
	}
	if (err)
		return err;
	if (wide->jumps.count > UINT32_MAX)
		return krsi_priv_dfa_too_big(s->build, "bytes", wide->jumps.count * 8ull, UINT32_MAX * 8ull);
	krsi_priv_dfa_push(&wide->usual, usual);
	krsi_priv_dfa_push(&wide->jump_start, (uint32_t)wide->jumps.count);
	return 0;
}

/* The class of most bytes: most likely one that no glob names. */
static uint32_t reference_of(const struct krsi_priv_dfa_nfa *nfa)
{
	uint32_t size[256] = { 0 }, byte, best = nfa->class_count > 1 && nfa->slash == 0;

	for (byte = 0; byte < 256; byte++)
		size[nfa->classes[byte]]++;
	for (byte = 0; byte < nfa->class_count; byte++)
		if (byte != nfa->slash && size[byte] > size[best])
			best = byte;
	return best;
}

/* The dead state, and where each group begins. */
static int begin(struct subset *s)
{
	static const struct krsi_priv_dfa_array none = { 0 };
	struct krsi_priv_dfa_array root = { .count = 1 };
	uint32_t group, dead, node;
	int err;

	err = krsi_priv_dfa_make(s->build, &s->seen, s->nfa->node_count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(s->build, &s->kept, s->nfa->ids.count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(s->build, &s->wide->jump_start, 1, sizeof(uint32_t));
	if (!err)
		err = merge(s, &none, &none);
	if (!err)
		err = state_of(s, &dead);
	for (group = 0; group < KRSI_PRIV_DFA_GROUPS && !err; group++) {
		node = s->nfa->root[group];
		root.at = &node;
		if (node == NONE)
			continue;
		err = spread(s, &root, NULL, &s->more);
		if (!err)
			err = merge(s, &s->more, &none);
		if (!err)
			err = state_of(s, &s->wide->start[group]);
	}
	return err;
}

int krsi_priv_dfa_subset(struct krsi_priv_dfa_build *build, const struct krsi_priv_dfa_nfa *nfa,
			 struct krsi_priv_dfa_wide *wide)
{
	struct subset s = { .build = build, .nfa = nfa, .wide = wide };
	struct krsi_priv_dfa_array name = { 0 }, any = { 0 };
	struct krsi_priv_dfa_array *const arrays[] = {
		&s.by_name, &s.by_any, &s.by_class, &s.more, &s.set, &s.seen, &s.kept, &name, &any,
	};
	uint32_t row[256], state;
	size_t i;
	int err;

	wide->reference = reference_of(nfa);
	err = begin(&s);
	for (state = 0; state < s.states.ends.count && !err; state++) {
		err = all_of(&s, state, &name, &any, row);
		if (!err)
			err = add_row(&s, row);
	}
	wide->count = (uint32_t)s.states.ends.count;
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		krsi_priv_dfa_drop(build, arrays[i]);
	krsi_priv_dfa_intern_drop(build, &s.states);
	return err;
}

void krsi_priv_dfa_wide_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_wide *wide)
{
	krsi_priv_dfa_drop(build, &wide->usual);
	krsi_priv_dfa_drop(build, &wide->jump_start);
	krsi_priv_dfa_drop(build, &wide->jumps);
	krsi_priv_dfa_drop(build, &wide->accept);
	krsi_priv_dfa_intern_drop(build, &wide->sets);
}

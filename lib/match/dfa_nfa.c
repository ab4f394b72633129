/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The tree with its equal branches made one, from the leaves on. A thousand names with the same
 * pattern behind them, as {} makes them, are then a thousand ways to one place. If each led to a copy
 * of it, the subset construction would have to remember which of the copies were reached: 2^1000.
 *
 * A node is what can follow: whether one stays there, what is accepted, and the edges, where without
 * reading is one too. Those numbers in a row are its signature. Nodes are numbered as their
 * signatures, so children come before their parents here.
 */
#include <stdlib.h>
#include <string.h>

#include "dfa_build.h"

#define NONE KRSI_PRIV_DFA_NONE
#define LABEL_NOTHING UINT32_MAX	/* an edge that is taken without reading */

enum stay {
	STAY_NOT,
	STAY_NAME,	/* for any byte but '/' */
	STAY_ANY,	/* for any byte */
	STAY_DEEP,	/* for whole components: by way of another node, which `skip` tells */
};

struct merge {
	struct krsi_priv_dfa_build *build;
	const struct krsi_priv_dfa_tree *tree;
	struct krsi_priv_dfa_nfa *nfa;
	struct krsi_priv_dfa_intern nodes;	/* enum stay, how many ids, those, edges: label and target each */
	struct krsi_priv_dfa_array skip;	/* of each node: another one, or 0 */
	struct krsi_priv_dfa_array merged;	/* of each node of the tree */
	struct krsi_priv_dfa_array first, next;	/* children of nodes of the tree: index + 1, or 0 */
	struct krsi_priv_dfa_array edges;	/* of the node in the making */
	struct krsi_priv_dfa_array signature;	/* of the same */
};

/* --- merging -------------------------------------------------------------- */

static int edge_compare(const void *a, const void *b)
{
	const struct krsi_priv_dfa_edge *x = a, *y = b;

	if (x->label != y->label)
		return x->label < y->label ? -1 : 1;
	return (x->target > y->target) - (x->target < y->target);
}

static uint32_t label_of(const struct krsi_priv_dfa_node *node)
{
	switch (node->kind) {
	case KRSI_PRIV_DFA_BYTE:
		return node->value;
	case KRSI_PRIV_DFA_SET:
		return KRSI_PRIV_DFA_LABEL_SET + node->value;
	case KRSI_PRIV_DFA_ONE_NAME:
		return KRSI_PRIV_DFA_LABEL_NAME;
	case KRSI_PRIV_DFA_ONE_ANY:
	case KRSI_PRIV_DFA_REST:
		return KRSI_PRIV_DFA_LABEL_ANY;
	case KRSI_PRIV_DFA_BELOW:
		return '/';
	default:
		return LABEL_NOTHING;
	}
}

static enum stay stay_of(const struct krsi_priv_dfa_node *node)
{
	switch (node->kind) {
	case KRSI_PRIV_DFA_STAR_NAME:
		return STAY_NAME;
	case KRSI_PRIV_DFA_STAR_ANY:
	case KRSI_PRIV_DFA_REST:
	case KRSI_PRIV_DFA_BELOW:
		return STAY_ANY;
	case KRSI_PRIV_DFA_DEEP:
		return STAY_DEEP;
	default:
		return STAY_NOT;
	}
}

/* The edges to the children of a node, sorted, as the order of the globs says nothing. */
static int collect_edges(struct merge *m, uint32_t node)
{
	struct krsi_priv_dfa_edge *edges;
	size_t i, kept = 0;
	uint32_t child;
	int err;

	m->edges.count = 0;
	for (child = krsi_priv_dfa_u32(&m->first)[node]; child; child = krsi_priv_dfa_u32(&m->next)[child - 1]) {
		err = krsi_priv_dfa_reserve(m->build, &m->edges, 1, sizeof(*edges));
		if (err)
			return err;
		edges = m->edges.at;
		edges[m->edges.count].label = label_of(krsi_priv_dfa_tree_node(m->tree, child - 1));
		edges[m->edges.count++].target = krsi_priv_dfa_u32(&m->merged)[child - 1];
	}
	if (m->edges.count < 2)
		return 0;
	edges = m->edges.at;
	qsort(edges, m->edges.count, sizeof(*edges), edge_compare);
	for (i = 0; i < m->edges.count; i++)
		if (!kept || edge_compare(&edges[kept - 1], &edges[i]) != 0)
			edges[kept++] = edges[i];
	m->edges.count = kept;
	return 0;
}

/* The node of that signature. `marks_end` is behind the marks of this node, and is moved before them. */
static int merge_node(struct merge *m, uint32_t node, size_t *marks_end, uint32_t *ret)
{
	const uint64_t *marks = m->tree->marks.at;
	const struct krsi_priv_dfa_edge *edges;
	size_t begin = *marks_end, i, ids;
	int err;

	err = collect_edges(m, node);
	if (err)
		return err;
	while (begin && marks[begin - 1] >> 32 == node)
		begin--;
	m->signature.count = 0;
	err = krsi_priv_dfa_reserve(m->build, &m->signature, 2 + *marks_end - begin + 2 * m->edges.count, sizeof(uint32_t));
	if (err)
		return err;
	krsi_priv_dfa_push(&m->signature, stay_of(krsi_priv_dfa_tree_node(m->tree, node)));
	krsi_priv_dfa_push(&m->signature, 0);
	for (i = begin; i < *marks_end; i++)
		if (i == begin || marks[i] != marks[i - 1])
			krsi_priv_dfa_push(&m->signature, (uint32_t)marks[i]);
	ids = m->signature.count - 2;
	krsi_priv_dfa_u32(&m->signature)[1] = (uint32_t)ids;
	for (i = 0, edges = m->edges.at; i < m->edges.count; i++) {
		krsi_priv_dfa_push(&m->signature, edges[i].label);
		krsi_priv_dfa_push(&m->signature, edges[i].target);
	}
	*marks_end = begin;
	return krsi_priv_dfa_intern(m->build, &m->nodes, krsi_priv_dfa_u32(&m->signature), m->signature.count, ret);
}

/* Inside of a component that is skipped: one stays in it, and a slash leads back to the node. */
static int add_skip(struct merge *m, uint32_t node)
{
	const uint32_t signature[] = { STAY_NAME, 0, '/', node };
	uint32_t skip;
	int err;

	err = krsi_priv_dfa_intern(m->build, &m->nodes, signature, 4, &skip);
	if (!err)
		krsi_priv_dfa_u32(&m->skip)[node] = skip;
	return err;
}

static int merge_all(struct merge *m)
{
	uint32_t count = (uint32_t)m->tree->nodes.ends.count, node, group;
	size_t marks_end = m->tree->marks.count;
	const struct krsi_priv_dfa_node *at;
	uint32_t *merged;
	int err;

	err = krsi_priv_dfa_make(m->build, &m->merged, count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(m->build, &m->first, count, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(m->build, &m->next, count, sizeof(uint32_t));
	/* Each node has one other at most. */
	if (!err)
		err = krsi_priv_dfa_make(m->build, &m->skip, 2 * (size_t)count, sizeof(uint32_t));
	merged = krsi_priv_dfa_u32(&m->merged);
	for (node = count; node-- > 0 && !err;) {
		at = krsi_priv_dfa_tree_node(m->tree, node);
		err = merge_node(m, node, &marks_end, &merged[node]);
		if (!err && at->kind == KRSI_PRIV_DFA_DEEP)
			err = add_skip(m, merged[node]);
		if (at->parent == NONE)
			continue;
		krsi_priv_dfa_u32(&m->next)[node] = krsi_priv_dfa_u32(&m->first)[at->parent];
		krsi_priv_dfa_u32(&m->first)[at->parent] = node + 1;
	}
	for (group = 0; group < KRSI_PRIV_DFA_GROUPS && !err; group++)
		m->nfa->root[group] = m->tree->root[group] == NONE ? NONE : merged[m->tree->root[group]];
	return err;
}

/* --- the graph as tables -------------------------------------------------- */

static void add_edge(struct krsi_priv_dfa_nfa *nfa, uint32_t label, uint32_t target)
{
	((struct krsi_priv_dfa_edge *)nfa->edges.at)[nfa->edges.count++] = (struct krsi_priv_dfa_edge){ label, target };
}

/* Where one is at the same time: the places of children are known already. */
static int add_closure(struct merge *m, uint32_t node, const uint32_t *edges, const uint32_t *end, bool leads_on)
{
	struct krsi_priv_dfa_nfa *nfa = m->nfa;
	const uint32_t *start;
	uint32_t skip = krsi_priv_dfa_u32(&m->skip)[node], i;
	int err;

	err = krsi_priv_dfa_reserve(m->build, &nfa->closure, 2, sizeof(uint32_t));
	if (err)
		return err;
	if (leads_on)
		krsi_priv_dfa_push(&nfa->closure, node);
	if (skip)
		krsi_priv_dfa_push(&nfa->closure, skip);
	for (; edges < end; edges += 2) {
		if (edges[0] != LABEL_NOTHING)
			continue;
		start = krsi_priv_dfa_u32(&nfa->closure_start) + edges[1];
		err = krsi_priv_dfa_reserve(m->build, &nfa->closure, start[1] - start[0], sizeof(uint32_t));
		for (i = start[0]; i < start[1] && !err; i++)
			krsi_priv_dfa_push(&nfa->closure, krsi_priv_dfa_u32(&nfa->closure)[i]);
		if (err)
			return err;
	}
	return 0;
}

static int add_tables(struct merge *m, uint32_t node)
{
	struct krsi_priv_dfa_nfa *nfa = m->nfa;
	size_t count, edges_before = nfa->edges.count;
	const uint32_t *at = krsi_priv_dfa_interned(&m->nodes, node, &count), *end = at + count, *edges;
	const uint32_t stay = at[0], ids = at[1];
	int err;

	err = krsi_priv_dfa_reserve(m->build, &nfa->edges, (count - 2 - ids) / 2 + 1, sizeof(struct krsi_priv_dfa_edge));
	if (!err)
		err = krsi_priv_dfa_reserve(m->build, &nfa->accept, ids, sizeof(uint32_t));
	if (err)
		return err;
	for (at += 2; at < end - (count - 2 - ids); at++)
		krsi_priv_dfa_push(&nfa->accept, *at);
	if (stay == STAY_NAME)
		add_edge(nfa, KRSI_PRIV_DFA_LABEL_NAME, node);
	else if (stay == STAY_ANY)
		add_edge(nfa, KRSI_PRIV_DFA_LABEL_ANY, node);
	for (edges = at; edges < end; edges += 2)
		if (edges[0] != LABEL_NOTHING)
			add_edge(nfa, edges[0], edges[1]);
	krsi_priv_dfa_u32(&nfa->edge_start)[node + 1] = (uint32_t)nfa->edges.count;
	krsi_priv_dfa_u32(&nfa->accept_start)[node + 1] = (uint32_t)nfa->accept.count;
	((uint8_t *)nfa->forever.at)[node] = stay == STAY_ANY && ids;
	err = add_closure(m, node, at, end, ids || nfa->edges.count > edges_before);
	krsi_priv_dfa_u32(&nfa->closure_start)[node + 1] = (uint32_t)nfa->closure.count;
	return err;
}

/* What can still be accepted from a node: one id, which is told, or several. */
static void add_prospect(struct merge *m, uint32_t node)
{
	const uint32_t several = NONE - 1;
	size_t count, i;
	const uint32_t *at = krsi_priv_dfa_interned(&m->nodes, node, &count);
	uint32_t *only = krsi_priv_dfa_u32(&m->nfa->only), one = NONE, other;

	for (i = 2; i < count; i += i < 2 + (size_t)at[1] ? 1 : 2) {
		other = i < 2 + (size_t)at[1] ? at[i] : only[at[i + 1]];
		if (one == NONE)
			one = other;
		else if (one != other)
			one = several;
	}
	only[node] = one;
}

static int make_tables(struct merge *m)
{
	struct krsi_priv_dfa_nfa *nfa = m->nfa;
	struct krsi_priv_dfa_array *const starts[] = { &nfa->edge_start, &nfa->accept_start, &nfa->closure_start, &nfa->only };
	uint32_t node, *only;
	size_t i;
	int err = 0;

	nfa->node_count = (uint32_t)m->nodes.ends.count;
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]) && !err; i++)
		err = krsi_priv_dfa_make(m->build, starts[i], (size_t)nfa->node_count + 1, sizeof(uint32_t));
	if (!err)
		err = krsi_priv_dfa_make(m->build, &nfa->forever, nfa->node_count, 1);
	for (node = 0; node < nfa->node_count && !err; node++) {
		err = add_tables(m, node);
		if (!err)
			add_prospect(m, node);
	}
	/* To the outside, several are as none. */
	only = krsi_priv_dfa_u32(&nfa->only);
	for (node = 0; node < nfa->node_count && !err; node++)
		if (only[node] == NONE - 1)
			only[node] = NONE;
	return err;
}

static int make_sets(struct merge *m)
{
	struct krsi_priv_dfa_array *sets = &m->nfa->sets;
	const uint32_t *halves;
	size_t i;
	int err;

	err = krsi_priv_dfa_make(m->build, sets, m->tree->sets.ends.count * 4, sizeof(uint64_t));
	if (err)
		return err;
	halves = krsi_priv_dfa_u32(&m->tree->sets.numbers);
	for (i = 0; i < sets->count; i++)
		((uint64_t *)sets->at)[i] = halves[2 * i] | (uint64_t)halves[2 * i + 1] << 32;
	return 0;
}

int krsi_priv_dfa_nfa_build(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_tree *tree,
			    struct krsi_priv_dfa_nfa *nfa)
{
	struct merge m = { .build = build, .tree = tree, .nfa = nfa };
	struct krsi_priv_dfa_array *const arrays[] = { &m.skip, &m.merged, &m.first, &m.next, &m.edges, &m.signature };
	size_t i;
	int err;

	err = merge_all(&m);
	if (!err)
		err = make_tables(&m);
	if (!err)
		err = make_sets(&m);
	nfa->ids = tree->ids;
	memset(&tree->ids, 0, sizeof(tree->ids));
	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		krsi_priv_dfa_drop(build, arrays[i]);
	krsi_priv_dfa_intern_drop(build, &m.nodes);
	return err;
}

void krsi_priv_dfa_nfa_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_nfa *nfa)
{
	struct krsi_priv_dfa_array *const arrays[] = {
		&nfa->edge_start, &nfa->edges, &nfa->closure_start, &nfa->closure, &nfa->accept_start,
		&nfa->accept, &nfa->only, &nfa->forever, &nfa->sets, &nfa->ids,
	};
	size_t i;

	for (i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		krsi_priv_dfa_drop(build, arrays[i]);
}

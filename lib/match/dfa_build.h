/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The steps of krsi_priv_dfa_build(), and what one gives to the next:
 *
 *	dfa_tree.c	globs -> a tree of what they begin with in common
 *	dfa_nfa.c	the tree -> a graph of what they end with in common
 *	dfa_classes.c	bytes that no glob tells apart -> one class
 *	dfa_subset.c	the graph -> an automaton, with more states than it needs
 *	dfa_minimise.c	which of its states are the same
 *	dfa_table.c	those -> struct krsi_priv_dfa
 */
#ifndef KRSI_PRIV_MATCH_DFA_BUILD_H
#define KRSI_PRIV_MATCH_DFA_BUILD_H

#include "dfa.h"

#define KRSI_PRIV_DFA_NONE UINT32_MAX

/* --- what it costs: dfa.c ------------------------------------------------- */

struct krsi_priv_dfa_build {
	const struct krsi_priv_dfa_limits *limits;
	struct krsi_priv_dfa_cost *cost;
	size_t bytes;		/* now */
	uint64_t work;
};

/* An array that grows; all zeroes is an empty one. The bytes of `at` are counted. */
struct krsi_priv_dfa_array {
	void *at;
	size_t count, capacity;	/* entries */
	size_t size;		/* bytes of `at` */
};

/* Memory that counts as bytes. These return 0, -ENOMEM or -E2BIG. */
int krsi_priv_dfa_charge(struct krsi_priv_dfa_build *build, size_t bytes);
int krsi_priv_dfa_spend(struct krsi_priv_dfa_build *build, uint64_t steps);
int krsi_priv_dfa_too_big(struct krsi_priv_dfa_build *build, const char *what, uint64_t reached, uint64_t limit);

/* Exactly `count` entries, zeroed, in an empty array. */
int krsi_priv_dfa_make(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_array *array,
		       size_t count, size_t entry);

/* Room for `more` entries behind the last, not zeroed. */
int krsi_priv_dfa_reserve(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_array *array,
			  size_t more, size_t entry);
void krsi_priv_dfa_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_array *array);

static inline uint32_t *krsi_priv_dfa_u32(const struct krsi_priv_dfa_array *array)
{
	return array->at;
}

/* Append where there is room. */
static inline void krsi_priv_dfa_push(struct krsi_priv_dfa_array *array, uint32_t value)
{
	krsi_priv_dfa_u32(array)[array->count++] = value;
}

/* --- sequences of numbers, each kept once: dfa_intern.c ------------------- */

struct krsi_priv_dfa_intern {
	struct krsi_priv_dfa_array numbers;
	struct krsi_priv_dfa_array ends;	/* size_t: sequence i ends there */
	struct krsi_priv_dfa_array hashes;	/* of each sequence */
	struct krsi_priv_dfa_array slots;	/* index + 1, or 0 */
};

/* Its index: they are numbered from 0 in the order in which they were first seen. */
int krsi_priv_dfa_intern(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_intern *intern,
			 const uint32_t *numbers, size_t count, uint32_t *ret);
const uint32_t *krsi_priv_dfa_interned(const struct krsi_priv_dfa_intern *intern, uint32_t index, size_t *count);
void krsi_priv_dfa_intern_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_intern *intern);

static inline uint32_t krsi_priv_dfa_hash(uint32_t hash, uint32_t number)
{
	uint64_t product = ((uint64_t)hash << 32 ^ number ^ 0x85ebca6bu) * 0x9e3779b97f4a7c15ull;

	return (uint32_t)(product >> 32) ^ (uint32_t)product;
}

/* --- the tree: dfa_tree.c ------------------------------------------------- */

/* How one gets to a node from its parent. */
enum krsi_priv_dfa_kind {
	KRSI_PRIV_DFA_ROOT,		/* where a group begins */
	KRSI_PRIV_DFA_BYTE,		/* reading that byte */
	KRSI_PRIV_DFA_SET,		/* reading a byte of that set */
	KRSI_PRIV_DFA_ONE_NAME,		/* reading any byte but '/' */
	KRSI_PRIV_DFA_ONE_ANY,		/* reading any byte */
	KRSI_PRIV_DFA_STAR_NAME,	/* without reading; stays for any byte but '/' */
	KRSI_PRIV_DFA_STAR_ANY,		/* without reading; stays for any byte */
	KRSI_PRIV_DFA_DEEP,		/* without reading: behind a slash, with any number of components skipped */
	KRSI_PRIV_DFA_REST,		/* reading any byte, stays for ever */
	KRSI_PRIV_DFA_BELOW,		/* reading '/', stays for ever */
};

struct krsi_priv_dfa_node {
	uint32_t parent, kind;
	uint32_t value;		/* the byte, the index of the set, the group, or 0 */
};

struct krsi_priv_dfa_tree {
	struct krsi_priv_dfa_intern nodes;	/* struct krsi_priv_dfa_node each; a parent comes before its children */
	struct krsi_priv_dfa_intern sets;	/* eight halves of words each */
	struct krsi_priv_dfa_array marks;	/* uint64_t, sorted: node << 32 | index into `ids` */
	struct krsi_priv_dfa_array ids;		/* sorted, without doubles */
	uint32_t root[KRSI_PRIV_DFA_GROUPS];	/* or NONE */
};

static inline const struct krsi_priv_dfa_node *krsi_priv_dfa_tree_node(const struct krsi_priv_dfa_tree *tree,
								       uint32_t index)
{
	return (const struct krsi_priv_dfa_node *)tree->nodes.numbers.at + index;
}

int krsi_priv_dfa_tree_build(struct krsi_priv_dfa_build *build, const struct krsi_priv_glob *globs,
			     size_t count, struct krsi_priv_dfa_tree *tree);
void krsi_priv_dfa_tree_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_tree *tree);

/* --- the graph: dfa_nfa.c, dfa_classes.c ---------------------------------- */

/* What an edge is taken by: a byte (later its class), or one of these, or LABEL_SET + the index of a set. */
enum {
	KRSI_PRIV_DFA_LABEL_NAME = 256,	/* any byte but '/' */
	KRSI_PRIV_DFA_LABEL_ANY,	/* any byte */
	KRSI_PRIV_DFA_LABEL_SET,
};

struct krsi_priv_dfa_edge {
	uint32_t label, target;
};

struct krsi_priv_dfa_nfa {
	uint32_t node_count;
	struct krsi_priv_dfa_array edge_start, edges;		/* of each node */
	struct krsi_priv_dfa_array closure_start, closure;	/* where one is at the same time, itself included; nodes without edges and ids left out */
	struct krsi_priv_dfa_array accept_start, accept;	/* indices into `ids` */
	struct krsi_priv_dfa_array only;	/* the id that is all one can still get from there, or NONE */
	struct krsi_priv_dfa_array forever;	/* bytes: what is accepted there is never lost again */
	struct krsi_priv_dfa_array sets;	/* uint64_t[4] each: bytes, later classes */
	struct krsi_priv_dfa_array ids;		/* sorted, without doubles */
	uint32_t root[KRSI_PRIV_DFA_GROUPS];	/* or NONE */
	uint8_t classes[256];
	uint32_t class_count;
	uint8_t slash;				/* its class, which is of '/' alone */
};

/* Takes tree->ids over. */
int krsi_priv_dfa_nfa_build(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_tree *tree,
			    struct krsi_priv_dfa_nfa *nfa);
int krsi_priv_dfa_classes(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_nfa *nfa);
void krsi_priv_dfa_nfa_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_nfa *nfa);

/* --- the automaton: dfa_subset.c, dfa_minimise.c, dfa_table.c ------------- */

struct krsi_priv_dfa_jump {
	uint32_t by, to;	/* class, state */
};

/*
 * Most classes lead from a state to the same one, so only the others are kept. `usual` is where the
 * class `reference` leads, the same one for all states, which makes the rest comparable.
 */
struct krsi_priv_dfa_wide {
	uint32_t count;		/* states; 0 is dead */
	uint32_t reference;
	struct krsi_priv_dfa_array usual;
	struct krsi_priv_dfa_array jump_start, jumps;	/* of each state, by rising class */
	struct krsi_priv_dfa_array accept;		/* indices into `sets` */
	struct krsi_priv_dfa_intern sets;		/* of indices into nfa->ids; 0 is the empty one */
	uint32_t start[KRSI_PRIV_DFA_GROUPS];
};

int krsi_priv_dfa_subset(struct krsi_priv_dfa_build *build, const struct krsi_priv_dfa_nfa *nfa,
			 struct krsi_priv_dfa_wide *wide);
void krsi_priv_dfa_wide_drop(struct krsi_priv_dfa_build *build, struct krsi_priv_dfa_wide *wide);

/* `block` receives for each state a number, which the states that accept the same texts share; dead is 0. */
int krsi_priv_dfa_minimise(struct krsi_priv_dfa_build *build, const struct krsi_priv_dfa_wide *wide,
			   struct krsi_priv_dfa_array *block, uint32_t *block_count);

int krsi_priv_dfa_table(struct krsi_priv_dfa_build *build, const struct krsi_priv_dfa_nfa *nfa,
			const struct krsi_priv_dfa_wide *wide, const uint32_t *block,
			uint32_t block_count, struct krsi_priv_dfa *dfa);

#endif

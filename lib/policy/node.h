/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A policy before it is understood: values, lists and maps, as YAML has them. It comes from a text
 * (yaml.c) or from calls (build.c), and read.c makes the policy out of it without knowing which.
 */
#ifndef KRSI_PRIV_POLICY_NODE_H
#define KRSI_PRIV_POLICY_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "report.h"

/* Far above what a policy needs, far below what hurts. */
#define KRSI_PRIV_TEXT_SIZE_MAX ((size_t)16 << 20)	/* bytes of a file */
#define KRSI_PRIV_DEPTH_MAX 16				/* lists and maps inside each other */
#define KRSI_PRIV_NODES_MAX 524288			/* values of a file */
#define KRSI_PRIV_KEYS_MAX 128				/* keys of one map */
#define KRSI_PRIV_SCALAR_MAX 16384			/* bytes of one value: a path of PATH_MAX in escapes */

enum krsi_priv_node_kind {
	KRSI_PRIV_NODE_SCALAR,
	KRSI_PRIV_NODE_LIST,
	KRSI_PRIV_NODE_MAP,
	KRSI_PRIV_NODE_BAD,	/* reported already; whoever meets it passes by */
};

struct krsi_priv_node {
	enum krsi_priv_node_kind kind;
	uint32_t count;		/* children */
	struct krsi_priv_place place;
	struct krsi_priv_place key_place;
	const char *key;	/* its key when it stands in a map, else NULL */
	const char *text;	/* of a scalar; no NUL in it */
	bool is_plain;		/* a scalar without quotes: "" then means that nothing was written */
	struct krsi_priv_node *first, *last, *next;
};

struct krsi_priv_node *krsi_priv_node_new(struct krsi_priv_arena *arena,
					  enum krsi_priv_node_kind kind,
					  struct krsi_priv_place place);

/* Put a child behind the others. */
void krsi_priv_node_append(struct krsi_priv_node *parent, struct krsi_priv_node *child);

/* The child of a map with that key, or NULL. */
struct krsi_priv_node *krsi_priv_node_find(const struct krsi_priv_node *map, const char *key);

/* "a list", "a map", "nothing", "a value": the end of "wants a number, not ...". */
const char *krsi_priv_node_kind_name(const struct krsi_priv_node *node);

/*
 * Make a tree of YAML. Returns the root, a map, or NULL with at least one error reported. The tree
 * is not NULL as well when what is wrong leaves the rest readable.
 */
struct krsi_priv_node *krsi_priv_yaml_read(struct krsi_priv_report *report,
					   struct krsi_priv_arena *arena, const char *text,
					   size_t size);

/* The same, whatever the root is; NULL in `*root` for a text without values. False with at least one error reported. */
bool krsi_priv_yaml_tree(struct krsi_priv_report *report, struct krsi_priv_arena *arena, const char *text, size_t size,
			 struct krsi_priv_node **root);

#endif

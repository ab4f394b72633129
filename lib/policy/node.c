/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <string.h>

#include "node.h"

struct krsi_priv_node *krsi_priv_node_new(struct krsi_priv_arena *arena,
					  enum krsi_priv_node_kind kind,
					  struct krsi_priv_place place)
{
	struct krsi_priv_node *node = krsi_priv_arena_alloc(arena, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->place = place;
	node->key_place = place;
	return node;
}

void krsi_priv_node_append(struct krsi_priv_node *parent, struct krsi_priv_node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->count++;
}

struct krsi_priv_node *krsi_priv_node_find(const struct krsi_priv_node *map, const char *key)
{
	struct krsi_priv_node *child;

	for (child = map->first; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

const char *krsi_priv_node_kind_name(const struct krsi_priv_node *node)
{
	switch (node->kind) {
	case KRSI_PRIV_NODE_LIST:
		return "a list";
	case KRSI_PRIV_NODE_MAP:
		return "keys of its own";
	default:
		return node->is_plain && !node->text[0] ? "nothing" : "a value";
	}
}

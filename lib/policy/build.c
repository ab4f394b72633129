/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Policies that are built call by call. The calls make the tree that the same policy in YAML would
 * make, and freezing reads it as if it were one, so that both ways know the same words.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "language.h"

#define LEVELS_MAX 8	/* of a key: unless.object.target.parent.namespaces.mnt has six */

struct krsi_rule {
	struct krsi_policy *policy;
	struct krsi_priv_node *node;
	const char *path;	/* "rule web" */
};

static int no_memory(const struct krsi_policy *policy)
{
	return krsi_priv_fail(policy->ctx, -ENOMEM, "policy %s: no memory to build it", krsi_policy_name(policy));
}

static int open_check(const struct krsi_policy *policy)
{
	if (policy->frozen)
		return krsi_priv_fail(policy->ctx, -EBADFD, "policy %s: it is frozen; nothing can be changed any more", krsi_policy_name(policy));
	return 0;
}

/* Where a key stands, for messages: "rule web: object.path". */
static struct krsi_priv_place place_make(struct krsi_policy *policy, const char *rule, const char *key)
{
	size_t size = (rule ? strlen(rule) + 2 : 0) + strlen(key) + 1;
	char *path = krsi_priv_arena_alloc(&policy->built, size);

	if (path)
		snprintf(path, size, "%s%s%s", rule ? rule : "", rule && *key ? ": " : "", key);
	return (struct krsi_priv_place){ .path = path };
}

/* The key of a map, made as a node of that kind when it is not there; NULL when there is no memory. */
static struct krsi_priv_node *child_get(struct krsi_policy *policy, struct krsi_priv_node *map, const char *key,
					size_t size, enum krsi_priv_node_kind kind, struct krsi_priv_place place)
{
	char *name = krsi_priv_arena_text(&policy->built, key, size);
	struct krsi_priv_node *child;

	if (!name)
		return NULL;
	child = krsi_priv_node_find(map, name);
	if (child)
		return child;
	child = krsi_priv_node_new(&policy->built, kind, place);
	if (!child)
		return NULL;
	child->key = name;
	child->text = "";
	krsi_priv_node_append(map, child);
	return child;
}

static int key_check(const struct krsi_policy *policy, const char *key)
{
	size_t levels = 1;
	const char *c;

	for (c = key; *c; c++)
		levels += *c == '.';
	if (key[0] && key[0] != '.' && c[-1] != '.' && !strstr(key, "..") && levels <= LEVELS_MAX && strlen(key) <= 255)
		return 0;
	return krsi_priv_fail(policy->ctx, -EINVAL, "policy %s: %s cannot be a key; write words with dots between them, such as object.path",
			      krsi_policy_name(policy), krsi_priv_quote(key).text);
}

static int in_the_way(const struct krsi_policy *policy, const struct krsi_priv_place *place, const char *key)
{
	return krsi_priv_fail(policy->ctx, -EEXIST, "policy %s: %s: %s was given another form before; a key has either values or keys of its own",
			      krsi_policy_name(policy), place->path, krsi_priv_quote(key).text);
}

/*
 * Go down to the map that has the last level of a key, making those that are missing. `*key` is the
 * last level afterwards. The words of `default` have dots themselves: that much is one level.
 */
static int descend(struct krsi_policy *policy, struct krsi_priv_node **map, const char **key,
		   struct krsi_priv_place place)
{
	bool is_default = *map == policy->root && strncmp(*key, "default.", 8) == 0;
	const char *dot;
	struct krsi_priv_node *child;

	while ((dot = strchr(*key, '.'))) {
		if (is_default && *map != policy->root) {
			dot = strstr(*key, ".deny");
			if (!dot || dot[5])
				return 0;
		}
		child = child_get(policy, *map, *key, (size_t)(dot - *key), KRSI_PRIV_NODE_MAP, place);
		if (!child)
			return no_memory(policy);
		if (child->kind != KRSI_PRIV_NODE_MAP)
			return in_the_way(policy, &place, *key);
		*map = child;
		*key = dot + 1;
	}
	return 0;
}

/* Put a value behind those that a list has. */
static int value_append(struct krsi_policy *policy, struct krsi_priv_node *list, const char *text,
			struct krsi_priv_place place)
{
	struct krsi_priv_node *value = krsi_priv_node_new(&policy->built, KRSI_PRIV_NODE_SCALAR, place);

	if (!value)
		return no_memory(policy);
	value->text = text;
	krsi_priv_node_append(list, value);
	return 0;
}

static int value_set(struct krsi_priv_node *node, const char *text)
{
	node->kind = KRSI_PRIV_NODE_SCALAR;
	node->text = text;
	node->first = node->last = NULL;
	node->count = 0;
	return 0;
}

/* What had one value becomes a list that begins with it. */
static int value_add(struct krsi_policy *policy, struct krsi_priv_node *node, const char *text,
		     struct krsi_priv_place place)
{
	int err = 0;

	if (node->kind == KRSI_PRIV_NODE_SCALAR)
		err = value_append(policy, node, node->text, node->place);
	if (err)
		return err;
	node->kind = KRSI_PRIV_NODE_LIST;
	return value_append(policy, node, text, place);
}

static int value_check(const struct krsi_policy *policy, const char *value)
{
	if (strlen(value) <= KRSI_PRIV_SCALAR_MAX)
		return 0;
	return krsi_priv_fail(policy->ctx, -EINVAL, "policy %s: a value of %zu bytes, at most %d are allowed",
			      krsi_policy_name(policy), strlen(value), KRSI_PRIV_SCALAR_MAX);
}

static int change(struct krsi_policy *policy, struct krsi_priv_node *map, const char *rule, const char *key,
		  const char *value, bool add)
{
	struct krsi_priv_place place;
	struct krsi_priv_node *node;
	const char *text;
	int err = open_check(policy);

	if (!err)
		err = key_check(policy, key);
	if (!err)
		err = value_check(policy, value);
	if (err)
		return err;
	place = place_make(policy, rule, key);
	text = krsi_priv_arena_text(&policy->built, value, strlen(value));
	if (!place.path || !text)
		return no_memory(policy);
	err = descend(policy, &map, &key, place);
	if (err)
		return err;
	/* A new node is a list without values: neither call takes that for a value that was there. */
	node = child_get(policy, map, key, strlen(key), KRSI_PRIV_NODE_LIST, place);
	if (!node)
		return no_memory(policy);
	if (node->kind == KRSI_PRIV_NODE_MAP)
		return in_the_way(policy, &place, key);
	return add ? value_add(policy, node, text, place) : value_set(node, text);
}

static int policy_change(struct krsi_policy *policy, const char *key, const char *value, bool add, const char *call)
{
	if (!policy || !key || !value)
		return krsi_priv_fail(policy ? policy->ctx : NULL, -EINVAL, "%s: an argument is NULL", call);
	if (strcmp(key, "rules") == 0 || strncmp(key, "rules.", 6) == 0)
		return krsi_priv_fail(policy->ctx, -EINVAL, "policy %s: rules are added with krsi_policy_add_rule()", krsi_policy_name(policy));
	return change(policy, policy->root, NULL, key, value, add);
}

int krsi_policy_set(struct krsi_policy *policy, const char *key, const char *value)
{
	return policy_change(policy, key, value, false, "krsi_policy_set");
}

int krsi_policy_add(struct krsi_policy *policy, const char *key, const char *value)
{
	return policy_change(policy, key, value, true, "krsi_policy_add");
}

static int rule_change(struct krsi_rule *rule, const char *key, const char *value, bool add, const char *call)
{
	if (!rule || !key || !value)
		return krsi_priv_fail(rule ? rule->policy->ctx : NULL, -EINVAL, "%s: an argument is NULL", call);
	return change(rule->policy, rule->node, rule->path, key, value, add);
}

int krsi_rule_set(struct krsi_rule *rule, const char *key, const char *value)
{
	return rule_change(rule, key, value, false, "krsi_rule_set");
}

int krsi_rule_add(struct krsi_rule *rule, const char *key, const char *value)
{
	return rule_change(rule, key, value, true, "krsi_rule_add");
}

static int root_make(struct krsi_policy *policy, const char *name)
{
	struct krsi_priv_place nowhere = { .path = "" };
	int err;

	policy->root = krsi_priv_node_new(&policy->built, KRSI_PRIV_NODE_MAP, nowhere);
	if (!policy->root)
		return -ENOMEM;
	err = change(policy, policy->root, NULL, "version", "1", false);
	return err ? err : change(policy, policy->root, NULL, "name", name, false);
}

int krsi_policy_new(struct krsi_ctx *ctx, const char *name, struct krsi_policy **ret)
{
	struct krsi_policy *policy;
	int err;

	if (!ctx || !name || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_policy_new: an argument is NULL");
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return krsi_priv_fail(ctx, -ENOMEM, "policy %s: no memory to begin it", krsi_priv_quote(name).text);
	policy->ctx = krsi_priv_ctx_ref(ctx);
	err = root_make(policy, name);
	if (err) {
		krsi_policy_free(policy);
		return krsi_priv_fail(ctx, err, "policy %s: cannot be begun: %s", krsi_priv_quote(name).text,
				      err == -ENOMEM ? "no memory" : "its name is too long");
	}
	*ret = policy;
	return 0;
}

static struct krsi_priv_node *rule_list(struct krsi_policy *policy)
{
	static const struct krsi_priv_place place = { .path = "rules" };

	return child_get(policy, policy->root, "rules", strlen("rules"), KRSI_PRIV_NODE_LIST, place);
}

int krsi_policy_add_rule(struct krsi_policy *policy, const char *name, struct krsi_rule **ret)
{
	struct krsi_priv_node *list, *node;
	struct krsi_priv_place place;
	struct krsi_rule *rule;
	char label[128];
	int err;

	if (!policy || !name || !ret)
		return krsi_priv_fail(policy ? policy->ctx : NULL, -EINVAL, "krsi_policy_add_rule: an argument is NULL");
	err = open_check(policy);
	if (err)
		return err;
	snprintf(label, sizeof(label), "rule %.*s", KRSI_PRIV_NAME_MAX, name);
	place = place_make(policy, NULL, label);
	rule = krsi_priv_arena_alloc(&policy->built, sizeof(*rule));
	node = krsi_priv_node_new(&policy->built, KRSI_PRIV_NODE_MAP, place);
	list = rule_list(policy);
	if (!place.path || !rule || !node || !list)
		return no_memory(policy);
	*rule = (struct krsi_rule){ .policy = policy, .node = node, .path = place.path };
	err = change(policy, node, place.path, "name", name, false);
	if (err)
		return err;
	krsi_priv_node_append(list, node);
	*ret = rule;
	return 0;
}

int krsi_policy_freeze(struct krsi_policy *policy)
{
	struct krsi_priv_report report = { 0 };
	int err;

	if (!policy)
		return -EINVAL;
	if (policy->frozen)
		return krsi_priv_fail(policy->ctx, -EALREADY, "policy %s: it is frozen already", policy->name);
	report.ctx = policy->ctx;
	report.source = krsi_policy_name(policy);
	err = krsi_priv_policy_fill(policy, &report, policy->root);
	krsi_priv_report_free(&report);
	return err;
}

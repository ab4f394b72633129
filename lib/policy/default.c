/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * `default`: what becomes of operations that no rule decides. An operation may be meant by several
 * words of it. Its own name is heard first, then the word that means fewest.
 */
#include <errno.h>
#include <string.h>

#include "rule.h"

static bool deny_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	return krsi_priv_error_read(r, node, into);
}

static const struct krsi_priv_field fields[] = {
	{ "deny", deny_read, true },
	{ NULL, NULL, false },
};

static bool verdict_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, uint16_t *error)
{
	static const char what[] = "allow, deny, or the key deny with an error";
	const char *text;

	*error = 0;
	if (node->kind == KRSI_PRIV_NODE_MAP)
		return krsi_priv_fields_read(r, node, fields, "a default", error);
	text = krsi_priv_scalar(r, node, what);
	if (!text)
		return false;
	if (strcmp(text, "deny") == 0)
		*error = EPERM;
	else if (strcmp(text, "allow") != 0)
		return krsi_priv_wrong(r, node->place, "a default wants %s, not %s", what, krsi_priv_quote(text).text);
	return true;
}

static bool word_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
		      struct krsi_priv_default_word *word)
{
	uint64_t mask, cannot = 0;
	unsigned int i;

	word->place = node->key_place;
	if (node->kind == KRSI_PRIV_NODE_BAD || !krsi_priv_operation_read(r, node->key_place, node->key, &word->word, &mask) ||
	    !verdict_read(r, node, &word->error))
		return false;
	for (i = 1; i < KRSI_PRIV_OP_END && word->error; i++)
		if ((mask & KRSI_PRIV_OP_BIT(i)) && (krsi_priv_operation(i)->flags & KRSI_PRIV_OP_NO_DENY))
			cannot |= KRSI_PRIV_OP_BIT(i);
	return !cannot || krsi_priv_wrong(r, node->key_place, "%s cannot be denied; name the others one by one", krsi_priv_operation_names(cannot).text);
}

/* Smaller is heard first: the operation itself, then by how many operations are meant. */
static int width(const struct krsi_priv_default_word *word, unsigned int operation)
{
	return word->word == operation ? 0 : __builtin_popcountll(krsi_priv_operation_mask(word->word));
}

/* Choose the word that speaks for an operation. */
static bool operation_resolve(struct krsi_priv_reader *r, struct krsi_policy *policy, unsigned int operation)
{
	const struct krsi_priv_default_word *best = NULL, *rival = NULL, *word;
	uint32_t i;

	for (i = 0; i < policy->default_word_count; i++) {
		word = &policy->default_words[i];
		if (!(krsi_priv_operation_mask(word->word) & KRSI_PRIV_OP_BIT(operation)))
			continue;
		if (best && width(word, operation) == width(best, operation) && word->error != best->error)
			rival = word;
		if (best && width(word, operation) >= width(best, operation))
			continue;
		best = word;
		rival = NULL;
	}
	if (!best)
		return true;
	policy->defaults[operation] = (struct krsi_priv_default){ .error = best->error, .word = best->word, .is_set = true };
	if (!rival)
		return true;
	return krsi_priv_wrong(r, rival->place, "%s and %s say different things about %s; name that one as well",
			       krsi_priv_operation_word(best->word), krsi_priv_operation_word(rival->word), krsi_priv_operation(operation)->name);
}

bool krsi_priv_defaults_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_policy *policy = into;
	const struct krsi_priv_node *one;
	bool ok = true;
	unsigned int i;

	if (node->kind != KRSI_PRIV_NODE_MAP)
		return krsi_priv_wrong(r, node->place, "default wants operations or groups as keys, as in network.connect: deny, not %s", krsi_priv_node_kind_name(node));
	if (!node->count)
		return krsi_priv_wrong(r, node->place, "default has no keys; leave it out, then everything is allowed");
	policy->default_words = krsi_priv_arena_array(r->arena, node->count, sizeof(*policy->default_words));
	if (!policy->default_words)
		return krsi_priv_report_no_memory(r->report);
	for (one = node->first; one && !krsi_priv_report_is_full(r->report); one = one->next)
		ok &= word_read(r, one, &policy->default_words[policy->default_word_count++]);
	for (i = 1; ok && i < KRSI_PRIV_OP_END; i++)
		ok = operation_resolve(r, policy, i);
	return ok;
}

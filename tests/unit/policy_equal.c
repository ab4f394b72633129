/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "policy_equal.h"

#include <string.h>

#include "policy/policy.h"

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool tokens_equal(const struct krsi_priv_component *a, const struct krsi_priv_component *b)
{
	uint32_t i;

	if (a->any_depth != b->any_depth || a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		const struct krsi_priv_token *one = &a->tokens[i], *other = &b->tokens[i];

		if (one->kind != other->kind || one->size != other->size)
			return false;
		if (one->kind == KRSI_PRIV_TOKEN_BYTES && memcmp(one->bytes, other->bytes, one->size) != 0)
			return false;
		if (one->kind == KRSI_PRIV_TOKEN_SET && memcmp(one->set, other->set, 32) != 0)
			return false;
	}
	return true;
}

static bool patterns_equal(const struct krsi_priv_pattern *a, const struct krsi_priv_pattern *b)
{
	uint32_t i, k;

	if (a == b)
		return true;
	if (!a || !b || a->kind != b->kind || a->count != b->count || strcmp(a->text, b->text) != 0)
		return false;
	for (i = 0; i < a->count; i++) {
		if (a->alternatives[i].shape != b->alternatives[i].shape || a->alternatives[i].count != b->alternatives[i].count)
			return false;
		for (k = 0; k < a->alternatives[i].count; k++)
			if (!tokens_equal(&a->alternatives[i].components[k], &b->alternatives[i].components[k]))
				return false;
	}
	return true;
}

static bool conditions_equal(const struct krsi_priv_conditions *a, const struct krsi_priv_conditions *b);

static bool entries_equal(const struct krsi_priv_entry *a, const struct krsi_priv_entry *b)
{
	if (a->form != b->form || a->negated != b->negated)
		return false;
	switch ((enum krsi_priv_form)a->form) {
	case KRSI_PRIV_FORM_PATTERN:
	case KRSI_PRIV_FORM_ABSTRACT:
		return patterns_equal(a->pattern, b->pattern);
	case KRSI_PRIV_FORM_RANGE:
		return a->range.min == b->range.min && a->range.max == b->range.max && text_equal(a->range.name, b->range.name);
	case KRSI_PRIV_FORM_HOST:
		return true;
	case KRSI_PRIV_FORM_MASK:
		return a->mask == b->mask;
	case KRSI_PRIV_FORM_NAME:
		return text_equal(a->name, b->name);
	case KRSI_PRIV_FORM_IDENTITY:
		return a->identity.major == b->identity.major && a->identity.minor == b->identity.minor && a->identity.inode == b->identity.inode;
	case KRSI_PRIV_FORM_NETWORK:
		return memcmp(&a->network, &b->network, sizeof(a->network)) == 0;
	case KRSI_PRIV_FORM_DIGEST:
		return memcmp(a->digest, b->digest, sizeof(*a->digest)) == 0;
	case KRSI_PRIV_FORM_PAIR:
		return patterns_equal(a->pair.name, b->pair.name) && patterns_equal(a->pair.value, b->pair.value);
	case KRSI_PRIV_FORM_SUBJECT:
		return conditions_equal(a->subject, b->subject);
	}
	return false;
}

static bool conditions_equal(const struct krsi_priv_conditions *a, const struct krsi_priv_conditions *b)
{
	uint32_t i, k;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++) {
		if (a->conditions[i].key != b->conditions[i].key || a->conditions[i].count != b->conditions[i].count)
			return false;
		for (k = 0; k < a->conditions[i].count; k++)
			if (!entries_equal(&a->conditions[i].entries[k], &b->conditions[i].entries[k]))
				return false;
	}
	return true;
}

static bool actions_equal(const struct krsi_priv_action *a, const struct krsi_priv_action *b)
{
	return a->verdict == b->verdict && a->signal == b->signal && a->error == b->error && a->tree == b->tree && text_equal(a->tag, b->tag);
}

static bool on_equal(const struct krsi_priv_rule *a, const struct krsi_priv_rule *b)
{
	uint32_t i;

	if (a->operations != b->operations || a->on_count != b->on_count)
		return false;
	for (i = 0; i < a->on_count; i++)
		if (a->on[i].word != b->on[i].word || a->on[i].negated != b->on[i].negated)
			return false;
	return true;
}

static const char *rule_difference(const struct krsi_priv_rule *a, const struct krsi_priv_rule *b)
{
	if (!text_equal(a->name, b->name))
		return "a rule's name";
	if (!on_equal(a, b))
		return "on";
	if (!conditions_equal(&a->subject, &b->subject))
		return "subject";
	if (!conditions_equal(&a->object, &b->object))
		return "object";
	if (a->has_exception != b->has_exception || !conditions_equal(&a->except_subject, &b->except_subject) ||
	    !conditions_equal(&a->except_object, &b->except_object))
		return "unless";
	if (!actions_equal(&a->action, &b->action))
		return "action";
	if (a->limit.count != b->limit.count || a->limit.seconds != b->limit.seconds)
		return "limit";
	if (a->mode != b->mode)
		return "a rule's mode";
	if (a->already_open != b->already_open)
		return "already_open";
	return a->report != b->report || a->audit != b->audit ? "report" : NULL;
}

static bool defaults_equal(const struct krsi_policy *a, const struct krsi_policy *b)
{
	uint32_t i;

	for (i = 0; i < KRSI_PRIV_OP_END; i++)
		if (a->defaults[i].is_set != b->defaults[i].is_set || a->defaults[i].error != b->defaults[i].error ||
		    a->defaults[i].word != b->defaults[i].word)
			return false;
	if (a->default_word_count != b->default_word_count)
		return false;
	for (i = 0; i < a->default_word_count; i++)
		if (a->default_words[i].word != b->default_words[i].word || a->default_words[i].error != b->default_words[i].error)
			return false;
	return true;
}

const char *policy_difference(const struct krsi_policy *a, const struct krsi_policy *b)
{
	const char *difference;
	uint32_t i;

	if (!text_equal(a->name, b->name))
		return "name";
	if (a->mode != b->mode)
		return "mode";
	if (a->on_unresolved != b->on_unresolved)
		return "on_unresolved";
	if (!conditions_equal(&a->scope, &b->scope))
		return "scope";
	if (!defaults_equal(a, b))
		return "default";
	if (a->rule_count != b->rule_count)
		return "the number of rules";
	for (i = 0; i < a->rule_count; i++) {
		difference = rule_difference(&a->rules[i], &b->rules[i]);
		if (difference)
			return difference;
	}
	return NULL;
}

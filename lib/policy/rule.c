/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The keys of a rule, and what must hold between them. */
#include <stdlib.h>
#include <string.h>

#include "rule.h"

bool krsi_priv_boolean_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, bool *value)
{
	uint32_t number;

	if (!krsi_priv_scalar_word(r, node, krsi_priv_words_boolean, "true or false", &number))
		return false;
	*value = number;
	return true;
}

bool krsi_priv_operation_read(struct krsi_priv_reader *r, struct krsi_priv_place place, const char *text,
			      uint16_t *word, uint64_t *mask)
{
	size_t found;

	if (!krsi_priv_operation_find(text, &found))
		return krsi_priv_wrong(r, place, "no operation or group is called %s%s", krsi_priv_quote(text).text, krsi_priv_operation_hint(text).text);
	*word = (uint16_t)found;
	*mask = krsi_priv_operation_mask(found);
	return true;
}

static bool name_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	const char *text = krsi_priv_scalar(r, node, "a name");

	if (!text)
		return false;
	rule->name = krsi_priv_name_read(r, node, text);
	rule->place = node->place;
	return rule->name;
}

/* One word of `on`; the masks of what is meant and what is excluded grow. */
static bool on_word_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			 struct krsi_priv_on *on, uint64_t *meant, uint64_t *excluded)
{
	const char *text = krsi_priv_scalar(r, node, "an operation or a group, such as file.open");
	uint64_t mask;

	if (!text)
		return false;
	on->negated = text[0] == '!';
	if (!krsi_priv_operation_read(r, node->place, text + on->negated, &on->word, &mask))
		return false;
	*(on->negated ? excluded : meant) |= mask;
	return true;
}

static bool on_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	bool is_list = node->kind == KRSI_PRIV_NODE_LIST, ok = true;
	const struct krsi_priv_node *one;
	struct krsi_priv_rule *rule = into;
	uint64_t meant = 0, excluded = 0;
	uint32_t i = 0;

	rule->on_place = node->key_place;
	if (is_list && !node->count)
		return krsi_priv_wrong(r, node->place, "an empty list; name an operation or a group");
	rule->on_count = is_list ? node->count : 1;
	if (rule->on_count > KRSI_PRIV_KEYS_MAX)
		return krsi_priv_wrong(r, node->place, "%u operations and groups, there are not that many; name groups", rule->on_count);
	rule->on = krsi_priv_arena_array(r->arena, rule->on_count, sizeof(*rule->on));
	if (!rule->on)
		return krsi_priv_report_no_memory(r->report);
	for (one = is_list ? node->first : node; one && i < rule->on_count; one = one->next)
		ok &= on_word_read(r, one, &rule->on[i++], &meant, &excluded);
	rule->operations = meant & ~excluded;
	if (!ok || rule->operations)
		return ok;
	return krsi_priv_wrong(r, node->place, meant ? "the list excludes all that it names" : "the list only excludes; name the group that is meant as well");
}

static bool subject_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;

	return krsi_priv_conditions_read(r, node, KRSI_PRIV_KEYS_SUBJECT, "subject", &rule->subject);
}

static bool object_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;

	return krsi_priv_conditions_read(r, node, KRSI_PRIV_KEYS_OBJECT, "object", &rule->object);
}

static bool unless_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;

	rule->has_exception = true;
	return krsi_priv_exception_read(r, node, &rule->except_subject, &rule->except_object);
}

static bool mode_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	uint32_t mode;

	if (!krsi_priv_scalar_word(r, node, krsi_priv_words_mode, "enforce or permissive", &mode))
		return false;
	rule->mode = (uint8_t)mode;
	return true;
}

static bool already_open_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;

	return krsi_priv_boolean_read(r, node, &rule->already_open);
}

static bool report_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	uint32_t number;

	if (!krsi_priv_scalar_word(r, node, krsi_priv_words_report, "true, false or audit", &number))
		return false;
	rule->report = number != KRSI_PRIV_REPORT_NONE;
	rule->audit = number == KRSI_PRIV_REPORT_AUDIT;
	return true;
}

const struct krsi_priv_field krsi_priv_rule_fields[] = {
	{ "name", name_read, true },
	{ "on", on_read, true },
	{ "subject", subject_read, false },
	{ "object", object_read, false },
	{ "unless", unless_read, false },
	{ "action", krsi_priv_action_read, true },
	{ "mode", mode_read, false },
	{ "already_open", already_open_read, false },
	{ "limit", krsi_priv_limit_read, false },
	{ "report", report_read, false },
	{ NULL, NULL, false },
};

static bool rule_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_rule *rule)
{
	rule->place = node->place;
	if (!krsi_priv_fields_read(r, node, krsi_priv_rule_fields, "a rule", rule))
		return false;
	if (!krsi_priv_node_find(node, "report"))
		rule->report = krsi_priv_action_reports(&rule->action);
	return krsi_priv_rule_check(r, rule);
}

bool krsi_priv_rules_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_policy *policy = into;
	const struct krsi_priv_node *one;
	bool ok = true;
	uint32_t i = 0;

	if (node->kind != KRSI_PRIV_NODE_LIST)
		return krsi_priv_wrong(r, node->place, "rules wants a list, each rule with - in front of it, not %s", krsi_priv_node_kind_name(node));
	if (!node->count)
		return krsi_priv_wrong(r, node->place, "an empty list of rules; leave it out, or add one");
	if (node->count > KRSI_PRIV_RULES_MAX)
		return krsi_priv_wrong(r, node->place, "%u rules, at most %d are allowed; put paths and addresses that share an action into one rule",
				       node->count, KRSI_PRIV_RULES_MAX);
	policy->rules = krsi_priv_arena_array(r->arena, node->count, sizeof(*policy->rules));
	if (!policy->rules)
		return krsi_priv_report_no_memory(r->report);
	policy->rule_count = node->count;
	for (one = node->first; one && !krsi_priv_report_is_full(r->report); one = one->next)
		ok &= one->kind != KRSI_PRIV_NODE_BAD && rule_read(r, one, &policy->rules[i++]);
	return ok;
}

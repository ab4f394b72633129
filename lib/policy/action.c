/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a rule does: its action, and how many events it may make. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "rule.h"

#define LIMIT_MAX 1000000

bool krsi_priv_action_decides(const struct krsi_priv_action *action)
{
	return action->verdict != KRSI_PRIV_AUDIT && action->verdict != KRSI_PRIV_TAG;
}

bool krsi_priv_action_reports(const struct krsi_priv_action *action)
{
	return action->verdict != KRSI_PRIV_ALLOW && action->verdict != KRSI_PRIV_TAG;
}

bool krsi_priv_error_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, uint16_t *error)
{
	const char *text = krsi_priv_scalar(r, node, "the name of an error, such as EACCES");
	uint32_t number;

	if (!text)
		return false;
	if (!krsi_priv_errno_find(text, &number))
		return krsi_priv_wrong(r, node->place, "%s is not the name of an error of errno(3)%s", krsi_priv_quote(text).text,
				       krsi_priv_errno_hint(text).text);
	*error = (uint16_t)number;
	return true;
}

static void verdict_set(struct krsi_priv_action *action, enum krsi_priv_verdict verdict)
{
	action->verdict = (uint8_t)verdict;
	action->error = verdict == KRSI_PRIV_DENY || verdict == KRSI_PRIV_SIGNAL ? EPERM : 0;
	action->signal = verdict == KRSI_PRIV_SIGNAL ? SIGKILL : 0;
}

/* A second verdict in the same map. */
static bool verdict_take(struct krsi_priv_reader *r, const struct krsi_priv_node *node,
			 struct krsi_priv_action *action, enum krsi_priv_verdict verdict)
{
	if (action->verdict)
		return krsi_priv_wrong(r, node->key_place, "an action does one thing; write a second rule for the other one");
	verdict_set(action, verdict);
	return true;
}

static bool deny_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;

	return verdict_take(r, node, &rule->action, KRSI_PRIV_DENY) && krsi_priv_error_read(r, node, &rule->action.error);
}

static bool signal_number_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, const char *text,
			       uint32_t *number)
{
	uint64_t value;

	if (krsi_priv_signal_find(text, number))
		return true;
	if (text[0] < '0' || text[0] > '9')
		return krsi_priv_wrong(r, node->place, "%s is no signal of signal(7), whose real-time ones are written as numbers%s", krsi_priv_quote(text).text,
				       krsi_priv_signal_hint(text).text);
	if (!krsi_priv_number_read(r, node->place, text, "a signal", 64, &value))
		return false;
	*number = (uint32_t)value;
	return value || krsi_priv_wrong(r, node->place, "signal 0 is sent to nobody; write TERM or another one");
}

static bool signal_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	const char *text = krsi_priv_scalar(r, node, "a signal, such as TERM or 15");
	uint32_t number;

	if (!text || !verdict_take(r, node, &rule->action, KRSI_PRIV_SIGNAL) || !signal_number_read(r, node, text, &number))
		return false;
	rule->action.signal = (uint8_t)number;
	return true;
}

static bool tag_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	const char *text = krsi_priv_scalar(r, node, "the name of a tag");

	if (!text || !verdict_take(r, node, &rule->action, KRSI_PRIV_TAG))
		return false;
	rule->action.tag = krsi_priv_name_read(r, node, text);
	return rule->action.tag;
}

static bool tree_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;

	return krsi_priv_boolean_read(r, node, &rule->action.tree);
}

/* "10/s" */
bool krsi_priv_limit_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	const char *text = krsi_priv_scalar(r, node, "a rate, such as 10/s"), *slash, *unit;
	static const char units[] = "smh";
	static const uint32_t seconds[] = { 1, 60, 3600 };
	uint64_t count;
	char digits[32];

	if (!text)
		return false;
	slash = strchr(text, '/');
	unit = slash && slash[1] && !slash[2] ? strchr(units, slash[1]) : NULL;
	if (!unit)
		return krsi_priv_wrong(r, node->place, "%s is no rate; write a number of events per second, minute or hour: 10/s, 100/m, 5/h",
				       krsi_priv_quote(text).text);
	snprintf(digits, sizeof(digits), "%.*s", (int)(slash - text < 31 ? slash - text : 31), text);
	if (!krsi_priv_number_read(r, node->place, digits, "a rate", LIMIT_MAX, &count))
		return false;
	if (!count)
		return krsi_priv_wrong(r, node->place, "a rate of 0 events; write report: false if there shall be none");
	if (rule->limit.count)
		return krsi_priv_wrong(r, node->key_place, "the rule has a limit twice, once in its action; make it one");
	rule->limit = (struct krsi_priv_limit){ .count = (uint32_t)count, .seconds = seconds[unit - units] };
	return true;
}

const struct krsi_priv_field krsi_priv_action_fields[] = {
	{ "deny", deny_read, false },
	{ "signal", signal_read, false },
	{ "tag", tag_read, false },
	{ "tree", tree_read, false },
	{ "limit", krsi_priv_limit_read, false },
	{ NULL, NULL, false },
};

static bool keys_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_rule *rule)
{
	uint32_t number;
	const struct krsi_priv_node *child;

	for (child = node->first; child; child = child->next)
		if (krsi_priv_word_find(krsi_priv_words_action, child->key, &number) && strcmp(child->key, "deny") != 0)
			return krsi_priv_wrong(r, child->key_place, "%s has nothing behind it; write action: %s, and limit as a key of the rule",
					       child->key, child->key);
	if (!krsi_priv_fields_read(r, node, krsi_priv_action_fields, "an action", rule))
		return false;
	if (!rule->action.verdict)
		return krsi_priv_wrong(r, node->place, "an action without deny, signal or tag; what shall be done?");
	if (rule->action.tree && rule->action.verdict != KRSI_PRIV_TAG)
		return krsi_priv_wrong(r, node->place, "tree belongs to a tag; leave it out");
	return true;
}

bool krsi_priv_action_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_rule *rule = into;
	uint32_t verdict;

	rule->action_place = node->key_place;
	if (node->kind == KRSI_PRIV_NODE_MAP)
		return keys_read(r, node, rule);
	if (!krsi_priv_scalar_word(r, node, krsi_priv_words_action, "allow, audit, deny, kill, or the keys deny, signal or tag", &verdict))
		return false;
	verdict_set(&rule->action, (enum krsi_priv_verdict)verdict);
	return true;
}

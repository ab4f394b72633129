/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a test case expects: read from YAML, compared with an answer, and both of them in words. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "matcher.h"

static const struct krsi_priv_word words[] = {
	{ "allow", KRSI_EVENT_ALLOW },
	{ "audit", KRSI_EVENT_AUDIT },
	{ "deny", KRSI_EVENT_DENY },
	{ "kill", KRSI_EVENT_SIGNAL },
	{ NULL, 0 },
};

#define WHAT "allow, audit, deny, kill, or the keys deny, signal or would"

/* --- words --------------------------------------------------------------------- */

static void outcome_print(FILE *file, const struct krsi_priv_outcome *outcome)
{
	const char *word = krsi_priv_verdict_word(outcome->verdict, outcome->signal), *name;

	fprintf(file, "%s%s", outcome->would ? "would " : "", word);
	if (outcome->verdict == KRSI_EVENT_DENY && outcome->error) {
		name = strerrorname_np((int)outcome->error);
		fprintf(file, ": %s", name ? name : "another error");
	}
	if (outcome->verdict != KRSI_EVENT_SIGNAL || outcome->signal == SIGKILL)
		return;
	name = krsi_priv_signal_name(outcome->signal);
	if (name)
		fprintf(file, ": %s", name);
	else
		fprintf(file, ": %u", outcome->signal);
}

static void expected_print(FILE *file, const struct krsi_priv_expected *expected)
{
	size_t i;

	for (i = 0; i < expected->outcome_count; i++) {
		if (i)
			fputs(i + 1 == expected->outcome_count ? " or " : ", ", file);
		outcome_print(file, &expected->outcomes[i]);
	}
	if (expected->rule)
		fprintf(file, " by rule %s", expected->rule);
	for (i = 0; i < expected->tag_count; i++)
		fprintf(file, "%s%s", i ? ", " : " with tag ", expected->tags[i]);
}

static bool expected_text(struct krsi_priv_reader *r, struct krsi_priv_expected *expected)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return krsi_priv_report_no_memory(r->report);
	expected_print(file, expected);
	if (fclose(file) == 0 && text)
		expected->text = krsi_priv_copy(r, text);
	else
		krsi_priv_report_no_memory(r->report);
	free(text);
	return expected->text;
}

char *krsi_priv_decision_text(const struct krsi_matcher *matcher, const struct krsi_decision_info *decision)
{
	struct krsi_priv_outcome outcome = {
		.verdict = decision->verdict, .error = decision->error, .signal = decision->signal, .would = decision->flags & KRSI_EVENT_WOULD,
	};
	char *text = NULL;
	size_t size;
	uint32_t i;
	FILE *file = open_memstream(&text, &size);
	bool failed;

	if (!file)
		return NULL;
	outcome_print(file, &outcome);
	if (decision->flags & KRSI_EVENT_UNRESOLVED)
		fputs(", as the object is unresolved,", file);
	if (decision->rule && strcmp(decision->rule, "default") == 0)
		fprintf(file, " by the default of %s", decision->policy);
	else if (decision->rule)
		fprintf(file, " by rule %s/%s", decision->policy, decision->rule);
	else
		fputs(", no rule decides", file);
	for (i = 0; i < decision->tag_count; i++)
		fprintf(file, "%s%s", i ? ", " : " with tag ", krsi_matcher_tag(matcher, i));
	failed = ferror(file);
	if (fclose(file) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

/* --- reading --------------------------------------------------------------------- */

static bool deny_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_outcome *outcome = into;
	const char *text = krsi_priv_scalar(r, node, "the name of an error, such as EACCES");

	if (!text)
		return false;
	outcome->verdict = KRSI_EVENT_DENY;
	if (krsi_priv_errno_find(text, &outcome->error))
		return true;
	return krsi_priv_wrong(r, node->place, "%s is not the name of an error of errno(3)%s", krsi_priv_quote(text).text, krsi_priv_errno_hint(text).text);
}

static bool signal_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	const char *text = krsi_priv_scalar(r, node, "a signal, such as TERM or 15");
	struct krsi_priv_outcome *outcome = into;
	struct krsi_priv_entry entry;

	if (!text || !krsi_priv_value_signal.read(r, node, text, &entry))
		return false;
	outcome->verdict = KRSI_EVENT_SIGNAL;
	outcome->signal = (uint32_t)entry.range.min;
	return outcome->signal || krsi_priv_wrong(r, node->place, "signal 0 is sent to nobody");
}

static bool outcome_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_outcome *outcome);

static bool would_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)
{
	struct krsi_priv_outcome *outcome = into;

	if (outcome->would)
		return krsi_priv_wrong(r, node->key_place, "would inside of would; write it once");
	outcome->would = true;
	if (!outcome_read(r, node, outcome))
		return false;
	return outcome->verdict == KRSI_EVENT_DENY || outcome->verdict == KRSI_EVENT_SIGNAL ||
	       krsi_priv_wrong(r, node->place, "what is not refused is not held back either; would is for deny, kill and signal");
}

static const struct krsi_priv_field fields[] = {
	{ "deny", deny_read, false },
	{ "signal", signal_read, false },
	{ "would", would_read, false },
	{ NULL, NULL, false },
};

static bool outcome_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_outcome *outcome)
{
	if (node->kind == KRSI_PRIV_NODE_MAP && node->count != 1)
		return krsi_priv_wrong(r, node->place, "an answer is one thing: one of the keys deny, signal and would");
	if (node->kind == KRSI_PRIV_NODE_MAP)
		return krsi_priv_fields_read(r, node, fields, "an answer", outcome);
	if (!krsi_priv_scalar_word(r, node, words, WHAT, &outcome->verdict))
		return false;
	outcome->signal = outcome->verdict == KRSI_EVENT_SIGNAL ? SIGKILL : 0;
	return true;
}

static bool outcomes_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_expected *ret)
{
	bool is_list = node->kind == KRSI_PRIV_NODE_LIST, ok = true;
	const struct krsi_priv_node *one;

	if (is_list && !node->count)
		return krsi_priv_wrong(r, node->place, "an empty list; what shall the answer be?");
	ret->outcomes = krsi_priv_arena_array(r->arena, is_list ? node->count : 1, sizeof(*ret->outcomes));
	if (!ret->outcomes)
		return krsi_priv_report_no_memory(r->report);
	for (one = is_list ? node->first : node; one; one = is_list ? one->next : NULL)
		ok &= one->kind != KRSI_PRIV_NODE_BAD && outcome_read(r, one, &ret->outcomes[ret->outcome_count++]);
	return ok;
}

/* "rule", or "policy/rule". */
static bool rule_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_expected *ret)
{
	const char *text = krsi_priv_scalar(r, node, "the name of a rule, or POLICY/RULE");
	const char *slash = text ? strchr(text, '/') : NULL;

	if (!text)
		return false;
	if (slash && (slash == text || !slash[1] || strchr(slash + 1, '/')))
		return krsi_priv_wrong(r, node->place, "%s is no name of a rule; write RULE or POLICY/RULE", krsi_priv_quote(text).text);
	ret->rule = krsi_priv_copy(r, text);
	return ret->rule;
}

static bool tags_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct krsi_priv_expected *ret)
{
	bool is_list = node->kind == KRSI_PRIV_NODE_LIST;
	const struct krsi_priv_node *one;
	const char *text;

	ret->tags = krsi_priv_arena_array(r->arena, is_list ? node->count : 1, sizeof(*ret->tags));
	if (!ret->tags)
		return krsi_priv_report_no_memory(r->report);
	for (one = is_list ? node->first : node; one; one = is_list ? one->next : NULL) {
		text = krsi_priv_scalar(r, one, "the name of a tag");
		text = text ? krsi_priv_name_read(r, one, text) : NULL;
		if (!text)
			return false;
		ret->tags[ret->tag_count++] = text;
	}
	return true;
}

bool krsi_priv_expected_read(struct krsi_priv_reader *r, const struct krsi_priv_node *expect, const struct krsi_priv_node *rule,
			     const struct krsi_priv_node *tag, struct krsi_priv_expected *ret)
{
	bool ok = outcomes_read(r, expect, ret);

	if (rule)
		ok &= rule_read(r, rule, ret);
	if (tag)
		ok &= tags_read(r, tag, ret);
	return ok && expected_text(r, ret);
}

/* --- comparing ---------------------------------------------------------------------- */

static bool outcome_is(const struct krsi_priv_outcome *outcome, const struct krsi_decision_info *decision)
{
	bool would = decision->flags & KRSI_EVENT_WOULD;

	if (outcome->verdict != decision->verdict)
		return false;
	if (outcome->verdict == KRSI_EVENT_ALLOW || outcome->verdict == KRSI_EVENT_AUDIT)
		return true;
	if (outcome->would != would)
		return false;
	return outcome->verdict == KRSI_EVENT_SIGNAL ? outcome->signal == decision->signal : !outcome->error || outcome->error == decision->error;
}

static bool rule_is(const char *expected, const char *policy, const char *rule)
{
	const char *slash = strchr(expected, '/');
	size_t size = slash ? (size_t)(slash - expected) : 0;

	if (!rule || strcmp(slash ? slash + 1 : expected, rule) != 0)
		return false;
	return !slash || (strlen(policy) == size && strncmp(policy, expected, size) == 0);
}

/* The rule that decides. Several rules may audit one operation: any of them will do. */
static bool rule_fits(const struct krsi_priv_expected *expected, const struct krsi_matcher *matcher, const struct krsi_decision_info *decision)
{
	struct krsi_report_info report = { .sz = sizeof(report) };
	uint32_t i;

	if (!expected->rule || rule_is(expected->rule, decision->policy, decision->rule))
		return true;
	for (i = 0; decision->verdict == KRSI_EVENT_AUDIT && i < decision->report_count; i++)
		if (krsi_matcher_report(matcher, i, &report) == 0 && report.verdict == KRSI_EVENT_AUDIT && rule_is(expected->rule, report.policy, report.rule))
			return true;
	return false;
}

static bool has_tag(const struct krsi_matcher *matcher, const char *name)
{
	const char *tag;
	size_t i;

	for (i = 0; (tag = krsi_matcher_tag(matcher, i)); i++)
		if (strcmp(tag, name) == 0)
			return true;
	return false;
}

bool krsi_priv_expected_is(const struct krsi_priv_expected *expected, const struct krsi_matcher *matcher,
			   const struct krsi_decision_info *decision)
{
	size_t i;

	for (i = 0; i < expected->tag_count; i++)
		if (!has_tag(matcher, expected->tags[i]))
			return false;
	for (i = 0; i < expected->outcome_count; i++)
		if (outcome_is(&expected->outcomes[i], decision))
			return rule_fits(expected, matcher, decision);
	return false;
}

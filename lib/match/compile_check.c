/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is refused before anything is compiled: more than there is room for, and what the engine does not have. */
#include <errno.h>
#include <stdio.h>

#include "../policy/language.h"
#include "compile_build.h"

/* Shrinks as the engine learns. */
static const struct {
	unsigned int key;
	const char *name, *instead;
} missing[] = {
	{ KRSI_PRIV_KEY_XATTR, "xattr", "tell the file by path, identity or owner" },
	{ KRSI_PRIV_KEY_DIGEST_IMA, "digest.ima", "tell the file by path or identity" },
	{ KRSI_PRIV_KEY_DIGEST_FSVERITY, "digest.fsverity", "tell the file by path or identity" },
};

struct krsi_priv_where krsi_priv_where(const struct krsi_policy *policy, const struct krsi_priv_rule *rule,
				       struct krsi_priv_place place)
{
	struct krsi_priv_where ret;
	int used;

	used = snprintf(ret.text, sizeof(ret.text), "policy %.63s", policy->name);
	if (rule)
		used += snprintf(ret.text + used, sizeof(ret.text) - (size_t)used, ", rule %.63s", rule->name);
	if (place.line)
		snprintf(ret.text + used, sizeof(ret.text) - (size_t)used, " (line %u, column %u)", place.line, place.column);
	else if (place.path)
		snprintf(ret.text + used, sizeof(ret.text) - (size_t)used, " (%.120s)", place.path);
	return ret;
}

static void conditions_count(const struct krsi_priv_conditions *conditions, struct krsi_priv_totals *totals)
{
	const struct krsi_priv_condition *condition;
	const struct krsi_priv_entry *entry;
	uint32_t i, k;

	for (i = 0; i < conditions->count; i++) {
		condition = &conditions->conditions[i];
		for (k = 0; k < condition->count; k++) {
			entry = &condition->entries[k];
			if (entry->form == KRSI_PRIV_FORM_PATTERN || entry->form == KRSI_PRIV_FORM_ABSTRACT)
				totals->patterns += entry->pattern->count;
			else if (entry->form == KRSI_PRIV_FORM_PAIR)
				totals->patterns += (size_t)entry->pair.name->count * (entry->pair.value ? entry->pair.value->count : 1);
			else
				totals->entries++;
			if (entry->form == KRSI_PRIV_FORM_SUBJECT)
				conditions_count(entry->subject, totals);
		}
	}
}

static void policy_count(const struct krsi_policy *policy, struct krsi_priv_totals *totals)
{
	const struct krsi_priv_rule *rule;
	uint32_t i;

	conditions_count(&policy->scope, totals);
	for (i = 0; i < policy->rule_count; i++) {
		rule = &policy->rules[i];
		conditions_count(&rule->subject, totals);
		conditions_count(&rule->object, totals);
		conditions_count(&rule->except_subject, totals);
		conditions_count(&rule->except_object, totals);
	}
	totals->rules += policy->rule_count;
	totals->clauses += krsi_priv_clauses_of(policy);
}

void krsi_priv_totals_count(const struct krsi_policy *const *policies, size_t count, struct krsi_priv_totals *ret)
{
	size_t i;

	*ret = (struct krsi_priv_totals){ .clauses = IMAGE_PREDICATES_MAX };
	for (i = 0; i < count; i++)
		policy_count(policies[i], ret);
}

static int limit_check(struct krsi_ctx *ctx, const char *what, size_t number, size_t limit)
{
	if (number <= limit)
		return 0;
	return krsi_priv_fail(ctx, -E2BIG, "the policies have %zu %s together, at most %zu are allowed", number, what, limit);
}

static int limits_check(struct krsi_priv_build *build)
{
	struct krsi_priv_totals totals;
	size_t i;
	int err;

	if (build->policy_count > IMAGE_POLICIES_MAX)
		return krsi_priv_fail(build->ctx, -E2BIG, "%zu policies, at most %d are allowed", build->policy_count, IMAGE_POLICIES_MAX);
	for (i = 0; i < build->policy_count; i++) {
		if (!build->policies[i]->frozen)
			return krsi_priv_fail(build->ctx, -EBADFD, "policy %s: it is open; freeze it before it is compiled", krsi_policy_name(build->policies[i]));
	}
	krsi_priv_totals_count(build->policies, build->policy_count, &totals);
	err = limit_check(build->ctx, "rules", totals.rules, KRSI_PRIV_RULES_MAX);
	if (!err)
		err = limit_check(build->ctx, "patterns, each alternative of {} counted,", totals.patterns, KRSI_PRIV_PATTERNS_MAX);
	if (!err)
		err = limit_check(build->ctx, "addresses, numbers and names", totals.entries, KRSI_PRIV_ENTRIES_MAX);
	if (!err)
		err = limit_check(build->ctx, "rules, exceptions, scopes and defaults, each counted for itself and 64 for other processes,",
				  totals.clauses, IMAGE_CLAUSES_MAX);
	return err;
}

static const struct krsi_priv_condition *missing_find(const struct krsi_priv_rule *rule, unsigned int key)
{
	const struct krsi_priv_condition *condition = krsi_priv_conditions_find(&rule->object, key);

	return condition ? condition : krsi_priv_conditions_find(&rule->except_object, key);
}

bool krsi_priv_rule_missing(const struct krsi_priv_rule *rule, size_t index, struct krsi_priv_missing *ret)
{
	const struct krsi_priv_condition *condition;
	size_t i;

	for (i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		condition = missing_find(rule, missing[i].key);
		if (!condition || index-- > 0)
			continue;
		snprintf(ret->text, sizeof(ret->text), "%s is not in the engine yet; %s", missing[i].name, missing[i].instead);
		ret->place = condition->place;
		return true;
	}
	return false;
}

static int rule_check(struct krsi_priv_build *build, const struct krsi_policy *policy, const struct krsi_priv_rule *rule)
{
	struct krsi_priv_missing what;

	if (!krsi_priv_rule_missing(rule, 0, &what))
		return 0;
	return krsi_priv_fail(build->ctx, -EOPNOTSUPP, "%s: %s", krsi_priv_where(policy, rule, what.place).text, what.text);
}

int krsi_priv_compile_check(struct krsi_priv_build *build)
{
	const struct krsi_policy *policy;
	int err = limits_check(build);
	uint32_t k;
	size_t i;

	for (i = 0; i < build->policy_count && !err; i++) {
		policy = build->policies[i];
		for (k = 0; k < policy->rule_count && !err; k++)
			err = rule_check(build, policy, &policy->rules[k]);
	}
	return err;
}

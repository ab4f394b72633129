/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What no single key can tell: contradictions within a list, a rule, and between rules. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "language.h"

/* Comparisons for one question; a list that is so long that it takes more is given the benefit of the doubt. */
#define WORK_MAX 1000000

/* --- one list ------------------------------------------------------------ */

static int entry_order(const void *a, const void *b)
{
	const struct krsi_priv_entry *const *one = a, *const *other = b;
	int order = krsi_priv_entry_compare(*one, *other);

	return order ? order : (*one > *other) - (*one < *other);
}

static bool twins_check(struct krsi_priv_reader *r, const struct krsi_priv_entry **sorted, size_t count)
{
	bool ok = true;
	size_t i;

	for (i = 1; i < count; i++) {
		if (krsi_priv_entry_compare(sorted[i - 1], sorted[i]) != 0)
			continue;
		if (sorted[i - 1]->negated != sorted[i]->negated)
			ok = krsi_priv_wrong(r, sorted[i]->place, "the list both means and excludes this; leave one of the two out");
		else
			krsi_priv_report_warning(r->report, sorted[i]->place, "this stands twice in the list");
	}
	return ok;
}

/* An entry that an excluded one covers never fits. */
static bool excluded_check(struct krsi_priv_reader *r, const struct krsi_priv_condition *condition)
{
	const struct krsi_priv_entry *meant, *excluded;
	size_t work = WORK_MAX;
	uint32_t i, k;
	bool ok = true;

	for (k = 0; k < condition->count; k++) {
		excluded = &condition->entries[k];
		for (i = 0; excluded->negated && i < condition->count; i++) {
			meant = &condition->entries[i];
			if (!meant->negated && krsi_priv_entry_compare(meant, excluded) != 0 && krsi_priv_entry_covers(excluded, meant, &work))
				ok = krsi_priv_wrong(r, meant->place, "this never matches, as an entry with ! in the same list excludes it; leave one of the two out");
		}
	}
	return ok;
}

bool krsi_priv_condition_check(struct krsi_priv_reader *r, const struct krsi_priv_condition *condition)
{
	const struct krsi_priv_entry **sorted;
	uint32_t i;
	bool ok;

	if (condition->count < 2)
		return true;
	sorted = calloc(condition->count, sizeof(const struct krsi_priv_entry *));
	if (!sorted)
		return krsi_priv_report_no_memory(r->report);
	for (i = 0; i < condition->count; i++)
		sorted[i] = &condition->entries[i];
	qsort(sorted, condition->count, sizeof(const struct krsi_priv_entry *), entry_order);
	ok = twins_check(r, sorted, condition->count);
	free(sorted);
	return excluded_check(r, condition) && ok;
}

/* --- one rule ------------------------------------------------------------ */

/* Operations that know a key of objects. */
static uint64_t key_operations(unsigned int key)
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (krsi_priv_operation(i)->keys & KRSI_PRIV_KEY_BIT(key))
			mask |= KRSI_PRIV_OP_BIT(i);
	return mask;
}

static uint64_t flag_operations(uint8_t flag)
{
	uint64_t mask = 0;
	unsigned int i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (krsi_priv_operation(i)->flags & flag)
			mask |= KRSI_PRIV_OP_BIT(i);
	return mask;
}

/* Every operation of the rule must know every key of its objects: a condition that is passed by would be a hole. */
static bool keys_check(struct krsi_priv_reader *r, const struct krsi_priv_rule *rule, const struct krsi_priv_conditions *object)
{
	const struct krsi_priv_condition *condition;
	bool ok = true;
	uint64_t known;
	uint32_t i;

	for (i = 0; i < object->count; i++) {
		condition = &object->conditions[i];
		known = key_operations(condition->key);
		if (rule->operations & ~known)
			ok = krsi_priv_wrong(r, condition->place, "%s makes no sense for %s; it is for %s%s", krsi_priv_key_info(condition->key)->name,
					     krsi_priv_operation_names(rule->operations & ~known).text, krsi_priv_operation_names(known).text,
					     rule->operations & known ? ", so write two rules" : "");
	}
	return ok;
}

/* Whether the family is restricted, and to none of these two. */
static bool family_excludes(const struct krsi_priv_condition *family, uint64_t one, uint64_t other)
{
	bool restricted = false;
	uint32_t i;

	for (i = 0; family && i < family->count; i++) {
		if (family->entries[i].negated)
			continue;
		restricted = true;
		if (family->entries[i].range.min == one || family->entries[i].range.min == other)
			return false;
	}
	return restricted;
}

static bool family_check(struct krsi_priv_reader *r, const struct krsi_priv_conditions *object)
{
	const struct krsi_priv_condition *family = krsi_priv_conditions_find(object, KRSI_PRIV_KEY_FAMILY);
	const struct krsi_priv_condition *unix_path = krsi_priv_conditions_find(object, KRSI_PRIV_KEY_UNIX_PATH);
	const struct krsi_priv_condition *ip = krsi_priv_conditions_find(object, KRSI_PRIV_KEY_ADDRESS);

	if (!ip)
		ip = krsi_priv_conditions_find(object, KRSI_PRIV_KEY_PORT);
	if (ip && unix_path)
		return krsi_priv_wrong(r, ip->place, "nothing has both a unix_path and %s; write two rules",
				       ip->key == KRSI_PRIV_KEY_PORT ? "a port" : "an address");
	if (ip && family_excludes(family, AF_INET, AF_INET6))
		return krsi_priv_wrong(r, ip->place, "only the families inet and inet6 have %s; correct family, or leave it out",
				       ip->key == KRSI_PRIV_KEY_PORT ? "ports" : "addresses");
	if (unix_path && family_excludes(family, AF_UNIX, AF_UNIX))
		return krsi_priv_wrong(r, unix_path->place, "only the family unix has paths; correct family, or leave it out");
	return true;
}

static bool exception_check(struct krsi_priv_reader *r, const struct krsi_priv_rule *rule)
{
	size_t work = WORK_MAX;

	if (!rule->has_exception || !krsi_priv_conditions_cover(&rule->except_subject, &rule->subject, &work) ||
	    !krsi_priv_conditions_cover(&rule->except_object, &rule->object, &work))
		return true;
	return krsi_priv_wrong(r, rule->place, "unless exempts all that the rule matches, so it never applies");
}

static bool action_check(struct krsi_priv_reader *r, const struct krsi_priv_rule *rule)
{
	uint64_t cannot = rule->operations & flag_operations(KRSI_PRIV_OP_NO_DENY);

	if (rule->action.verdict == KRSI_PRIV_DENY && cannot)
		return krsi_priv_wrong(r, rule->action_place, "%s cannot be denied, as no kernel asks before it happens; write audit or kill%s",
				       krsi_priv_operation_names(cannot).text, cannot == rule->operations ? "" : " in a rule of its own");
	if (rule->action.verdict == KRSI_PRIV_AUDIT && !rule->report)
		return krsi_priv_wrong(r, rule->action_place, "audit without a report does nothing; leave report out");
	if (rule->limit.count && !rule->report)
		return krsi_priv_wrong(r, rule->action_place, "a limit on events, and no events; write report: true, or leave limit out");
	if (rule->mode && (rule->action.verdict == KRSI_PRIV_ALLOW || rule->action.verdict == KRSI_PRIV_AUDIT || rule->action.verdict == KRSI_PRIV_TAG))
		krsi_priv_report_warning(r->report, rule->place, "mode changes nothing about a rule that refuses nothing");
	return true;
}

bool krsi_priv_rule_check(struct krsi_priv_reader *r, const struct krsi_priv_rule *rule)
{
	bool ok = keys_check(r, rule, &rule->object);

	ok &= keys_check(r, rule, &rule->except_object);
	ok &= family_check(r, &rule->object);
	ok &= family_check(r, &rule->except_object);
	ok &= exception_check(r, rule);
	ok &= action_check(r, rule);
	if (rule->already_open && !(rule->operations & flag_operations(KRSI_PRIV_OP_STAYS_OPEN)))
		ok = krsi_priv_wrong(r, rule->on_place, "already_open is about files that are used after they were opened; it needs one of %s",
				     krsi_priv_operation_names(flag_operations(KRSI_PRIV_OP_STAYS_OPEN)).text);
	return ok;
}

/* --- all rules ----------------------------------------------------------- */

static int name_order(const void *a, const void *b)
{
	const struct krsi_priv_rule *const *one = a, *const *other = b;
	int order = strcmp((*one)->name, (*other)->name);

	return order ? order : (*one > *other) - (*one < *other);
}

static bool names_check(struct krsi_priv_reader *r)
{
	const struct krsi_policy *policy = r->policy;
	const struct krsi_priv_rule **sorted;
	bool ok = true;
	uint32_t i;

	sorted = calloc(policy->rule_count, sizeof(const struct krsi_priv_rule *));
	if (!sorted)
		return krsi_priv_report_no_memory(r->report);
	for (i = 0; i < policy->rule_count; i++)
		sorted[i] = &policy->rules[i];
	qsort(sorted, policy->rule_count, sizeof(const struct krsi_priv_rule *), name_order);
	for (i = 1; i < policy->rule_count; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			ok = krsi_priv_wrong(r, sorted[i]->place, "another rule is called %s as well; events could not tell them apart", sorted[i]->name);
	free(sorted);
	return ok;
}

/* The tags that rules of the policy set, sorted. */
struct tags {
	const char **names;
	size_t count;
};

static int tag_order(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *tag_at(const void *list, size_t i)
{
	const struct tags *tags = list;

	return i < tags->count ? tags->names[i] : NULL;
}

static void tags_check_conditions(struct krsi_priv_reader *r, const struct tags *tags, const struct krsi_priv_conditions *list)
{
	const struct krsi_priv_condition *condition;
	const struct krsi_priv_entry *entry;
	uint32_t i, k;

	for (i = 0; i < list->count; i++) {
		condition = &list->conditions[i];
		for (k = 0; k < condition->count && r->report->warning_count < KRSI_PRIV_WARNINGS_MAX; k++) {
			entry = &condition->entries[k];
			if (entry->form == KRSI_PRIV_FORM_SUBJECT)
				tags_check_conditions(r, tags, entry->subject);
			else if (condition->key == KRSI_PRIV_KEY_TAG &&
				 !bsearch(&entry->name, tags->names, tags->count, sizeof(*tags->names), tag_order))
				krsi_priv_report_warning(r->report, entry->place, "no rule of this policy sets the tag %s%s", entry->name,
							 krsi_priv_hint(entry->name, tag_at, tags).text);
		}
	}
}

static bool tags_check(struct krsi_priv_reader *r)
{
	const struct krsi_policy *policy = r->policy;
	struct tags tags = { calloc(policy->rule_count + 1, sizeof(const char *)), 0 };
	uint32_t i;

	if (!tags.names)
		return krsi_priv_report_no_memory(r->report);
	for (i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].action.tag)
			tags.names[tags.count++] = policy->rules[i].action.tag;
	qsort(tags.names, tags.count, sizeof(*tags.names), tag_order);
	for (i = 0; i < policy->rule_count; i++) {
		tags_check_conditions(r, &tags, &policy->rules[i].subject);
		tags_check_conditions(r, &tags, &policy->rules[i].object);
		tags_check_conditions(r, &tags, &policy->rules[i].except_subject);
		tags_check_conditions(r, &tags, &policy->rules[i].except_object);
	}
	free(tags.names);
	return true;
}

bool krsi_priv_policy_check(struct krsi_priv_reader *r)
{
	static const struct krsi_priv_place nowhere;
	const struct krsi_policy *policy = r->policy;

	if (!policy->rule_count && !policy->default_word_count)
		return krsi_priv_wrong(r, nowhere, "a policy without rules and without default decides nothing; add one of them");
	return (!policy->rule_count || names_check(r)) && tags_check(r);
}

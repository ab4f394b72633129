/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a rule needs: programs for its operations, places for its paths, and what else. */
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "programs.h"

static void operation_explain(struct krsi_priv_explain *explain, unsigned int number)
{
	const char *name = krsi_priv_operation(number)->name;
	struct krsi_priv_program_names programs = krsi_priv_explain_programs(explain, KRSI_PRIV_OP_BIT(number));
	struct krsi_explain_item item = {
		.kind = KRSI_EXPLAIN_OPERATION, .level = KRSI_LOG_INFO, .operation = name, .program = programs.count ? programs.text : NULL,
	};

	if (programs.count) {
		krsi_priv_explain_tell(explain, item, "%s: program%s %s", name, programs.count == 1 ? "" : "s", programs.text);
		return;
	}
	item.level = KRSI_LOG_ERROR;
	if (programs.option)
		krsi_priv_explain_tell(explain, item, "%s: its hook comes with %s=y, without which this kernel was built; take it out of the policy, "
				       "or use another kernel", name, programs.option);
	else if (programs.known)
		krsi_priv_explain_tell(explain, item, "%s: this kernel has no hook for it; take it out of the policy, or use a newer kernel", name);
	else
		krsi_priv_explain_tell(explain, item, "%s: this libkrsi has no program for it; take it out of the policy, or use a newer libkrsi", name);
}

static void operations_explain(struct krsi_priv_explain *explain, uint64_t operations)
{
	unsigned int i;

	explain->operations |= operations;
	for (i = 1; i < KRSI_PRIV_OP_END && !explain->stopped; i++)
		if (operations & KRSI_PRIV_OP_BIT(i))
			operation_explain(explain, i);
}

/* --- keys ------------------------------------------------------------------------- */

static uint64_t keys_of(const struct krsi_priv_conditions *conditions)
{
	const struct krsi_priv_condition *condition;
	uint64_t keys = 0;
	uint32_t i, k;

	for (i = 0; i < conditions->count; i++) {
		condition = &conditions->conditions[i];
		keys |= KRSI_PRIV_KEY_BIT(condition->key);
		for (k = 0; k < condition->count; k++)
			if (condition->entries[k].form == KRSI_PRIV_FORM_SUBJECT)
				keys |= keys_of(condition->entries[k].subject);
	}
	return keys;
}

/* Conditions on the namespaces of the first process, when those cannot be read. */
static void host_check(struct krsi_priv_explain *explain, const struct krsi_priv_conditions *conditions)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_PLACE, .level = KRSI_LOG_INFO };
	const struct krsi_priv_condition *condition;
	uint32_t i, k;

	for (i = 0; i < conditions->count; i++) {
		condition = &conditions->conditions[i];
		for (k = 0; k < condition->count; k++) {
			if (condition->entries[k].form != KRSI_PRIV_FORM_HOST || explain->engine->host_namespaces[condition->key - KRSI_PRIV_KEY_NS_CGROUP])
				continue;
			krsi_priv_explain_tell(explain, item, "namespaces.%s: host cannot be looked up by this user; root can", krsi_priv_key_info(condition->key)->name);
		}
	}
}

/* --- needs ------------------------------------------------------------------------ */

static void tracking_explain(struct krsi_priv_explain *explain, uint64_t keys)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_NEED, .level = KRSI_LOG_INFO };
	char names[256] = "";
	size_t used = 0;
	unsigned int key;

	for (key = 0; key < KRSI_PRIV_KEY_END; key++)
		if (keys & KRSI_PRIV_VIEW_KEYS & KRSI_PRIV_KEY_BIT(key))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", krsi_priv_key_info(key)->name);
	if (used)
		krsi_priv_explain_tell(explain, item, "process tracking: what %s asks for is kept with each process, at fork and execution", names);
}

/* What rules with already_open add: these programs run at each use of every file, whatever the rule is about. */
static void opened_explain(struct krsi_priv_explain *explain, const struct krsi_priv_rule *rule)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_NEED, .level = KRSI_LOG_INFO };
	uint64_t opened = rule->already_open ? KRSI_PRIV_OPS_OPENED(rule->operations) : 0;
	struct krsi_priv_program_names programs = krsi_priv_explain_programs(explain, opened);

	if (rule->already_open && !opened)
		krsi_priv_explain_tell(explain, item, "already_open: nothing more is looked at, as this rule is asked at each mapping anyway");
	if (!opened)
		return;
	explain->operations |= opened;
	krsi_priv_explain_tell(explain, item, "already_open: it costs at every read, write and mapping of every file, and when a descriptor is passed on: programs %s", programs.text);
}

static void needs_explain(struct krsi_priv_explain *explain, uint64_t keys, uint32_t features)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_NEED, .level = KRSI_LOG_INFO };

	if (features & IMAGE_HAS_SUBTREES)
		krsi_priv_explain_tell(explain, item, "walk to the root: every directory above the object is looked at, as of DIR/** or wildcards");
	if (features & IMAGE_HAS_GLOBS)
		krsi_priv_explain_tell(explain, item, "automaton: it reads every path, as of wildcards without a name beside them");
	else if (features & IMAGE_HAS_ANCHORS)
		krsi_priv_explain_tell(explain, item, "automaton: it reads the paths that have a name of the pattern on them");
	if (keys & (KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ARGV) | KRSI_PRIV_KEY_BIT(KRSI_PRIV_KEY_ENV)))
		krsi_priv_explain_tell(explain, item, "arguments and environment: of each execution all of them are read, up to 512 KiB; what is longer is unresolved");
	tracking_explain(explain, keys);
}

/* What records of user space cannot do is told of each rule that asks for them. */
static void audit_explain(struct krsi_priv_explain *explain, const struct krsi_priv_rule *rule)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_NEED, .level = KRSI_LOG_INFO };
	char why[256];
	int fd, err;

	if (!rule->audit)
		return;
	err = krsi_priv_audit_try(&fd, why, sizeof(why));
	krsi_priv_audit_close(fd);
	item.level = err ? KRSI_LOG_WARN : KRSI_LOG_INFO;
	krsi_priv_explain_tell(explain, item, "report: audit: %s", why);
	if (krsi_priv_audit_is_told(explain->engine) && !err)
		krsi_priv_explain_tell(explain, item, "report: audit: the kernel writes records at the verdict, where the programs are of the security hooks");
	else if (fd >= 0)
		krsi_priv_explain_tell(explain, item, "report: audit: who reads the events writes the records: later than it happened, as a process of its own, "
				       "and none of events that are lost or that nobody reads");
}

/* A name is what the mount namespace makes of it: see docs/bypasses.md. */
static void exception_explain(struct krsi_priv_explain *explain, const struct krsi_priv_rule *rule)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_NEED, .level = KRSI_LOG_WARN };
	const struct krsi_priv_condition *exe = krsi_priv_conditions_find(&rule->except_subject, KRSI_PRIV_KEY_EXE);
	uint32_t i;

	if (!exe || krsi_priv_conditions_find(&rule->except_subject, KRSI_PRIV_KEY_NS_MNT))
		return;
	for (i = 0; i < exe->count; i++)
		if (exe->entries[i].form == KRSI_PRIV_FORM_PATTERN && !exe->entries[i].negated)
			break;
	if (i < exe->count)
		krsi_priv_explain_tell(explain, item, "the exception is for a name, which another program has in a mount namespace of its own, and who may make user namespaces "
				       "can make one; write unless: { exe: ..., namespaces: { mnt: host } } where the program runs on the host");
}

static void missing_explain(struct krsi_priv_explain *explain, const struct krsi_priv_rule *rule)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_MISSING, .level = KRSI_LOG_ERROR };
	struct krsi_priv_missing missing;
	size_t i;

	for (i = 0; krsi_priv_rule_missing(rule, i, &missing) && !explain->stopped; i++) {
		if (missing.place.line)
			krsi_priv_explain_tell(explain, item, "line %u, column %u: %s", missing.place.line, missing.place.column, missing.text);
		else
			krsi_priv_explain_tell(explain, item, "%s", missing.text);
	}
}

/* --- the whole ------------------------------------------------------------------------ */

static void action_print(char *text, size_t size, const struct krsi_priv_action *action)
{
	const char *name;

	switch (action->verdict) {
	case KRSI_PRIV_DENY:
		name = strerrorname_np(action->error);
		snprintf(text, size, "deny with %s", name ? name : "an error");
		break;
	case KRSI_PRIV_SIGNAL:
		name = krsi_priv_signal_name(action->signal);
		if (name)
			snprintf(text, size, "deny, and send %s", name);
		else
			snprintf(text, size, "deny, and send signal %u", action->signal);
		break;
	case KRSI_PRIV_TAG:
		snprintf(text, size, "tag %s%s", action->tag, action->tree ? ", for descendants too" : "");
		break;
	default:
		snprintf(text, size, "%s", action->verdict == KRSI_PRIV_AUDIT ? "audit" : "allow");
	}
}

void krsi_priv_explain_rule(struct krsi_priv_explain *explain, const struct krsi_priv_rule *rule)
{
	const struct krsi_priv_conditions *const all[] = { &rule->subject, &rule->object, &rule->except_subject, &rule->except_object };
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_RULE, .level = KRSI_LOG_INFO };
	uint32_t mode = rule->mode ? rule->mode : explain->policy->mode, features = 0;
	uint64_t keys = 0;
	char action[128];
	size_t i;

	explain->rule = rule->name;
	action_print(action, sizeof(action), &rule->action);
	krsi_priv_explain_tell(explain, item, "%s%s", action, mode == KRSI_POLICY_PERMISSIVE ? "; permissive, so it only tells" : "");
	missing_explain(explain, rule);
	operations_explain(explain, rule->operations);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		features |= krsi_priv_explain_paths(explain, all[i], rule->operations, NULL);
		keys |= keys_of(all[i]);
		host_check(explain, all[i]);
	}
	needs_explain(explain, keys, features);
	opened_explain(explain, rule);
	audit_explain(explain, rule);
	exception_explain(explain, rule);
	explain->keys |= keys;
	explain->rule = NULL;
}

void krsi_priv_explain_default(struct krsi_priv_explain *explain)
{
	struct krsi_explain_item item = { .kind = KRSI_EXPLAIN_RULE, .level = KRSI_LOG_INFO };
	const struct krsi_policy *policy = explain->policy;
	uint64_t operations = 0;
	unsigned int i;

	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		if (policy->defaults[i].is_set && policy->defaults[i].error)
			operations |= KRSI_PRIV_OP_BIT(i);
	if (!operations)
		return;
	explain->rule = "default";
	krsi_priv_explain_tell(explain, item, "deny what no rule decides%s", policy->mode == KRSI_POLICY_PERMISSIVE ? "; permissive, so it only tells" : "");
	operations_explain(explain, operations);
	explain->rule = NULL;
}

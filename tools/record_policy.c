/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The policy of krsi record for whoever gives it none: all operations, or those of --on, are reported. */
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "run.h"

/* What this kernel has no hook for: "!process.unshare" and the like. */
struct missing {
	char words[64][64];
	size_t count;
};

static int missing_note(void *data, const struct krsi_explain_item *item)
{
	struct missing *missing = data;

	if (item->kind != KRSI_EXPLAIN_OPERATION || item->level != KRSI_LOG_ERROR || !item->operation)
		return 0;
	if (missing->count == sizeof(missing->words) / sizeof(missing->words[0]))
		return 0;
	snprintf(missing->words[missing->count++], sizeof(missing->words[0]), "!%s", item->operation);
	fprintf(stderr, "krsi: it is not recorded: %s\n", item->text);
	return 0;
}

static int all_add(struct krsi_rule *rule, const struct missing *missing)
{
	static const char *const all[] = { RECORD_OPERATIONS };
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(all) / sizeof(all[0]); i++)
		err = krsi_rule_add(rule, "on", all[i]);
	for (i = 0; !err && i < missing->count; i++)
		err = krsi_rule_add(rule, "on", missing->words[i]);
	return err;
}

static int chosen_add(struct krsi_rule *rule, const char *chosen)
{
	char *words, *rest, *word;
	int err = 0;

	words = rest = strdup(chosen);
	if (!words)
		return -1;
	while (!err && (word = strsep(&rest, ",")))
		err = krsi_rule_add(rule, "on", word);
	free(words);
	return err;
}

static int policy_make(const struct run *run, const struct missing *missing, struct krsi_policy **ret)
{
	struct krsi_policy *policy;
	struct krsi_rule *rule;
	int err;

	err = krsi_policy_new(run->ctx, RECORD_POLICY, &policy);
	if (err)
		return err;
	err = krsi_policy_set(policy, "version", "1");
	if (!err)
		err = krsi_policy_add_rule(policy, run->operations ? RECORD_RULE_CHOSEN : RECORD_RULE_ALL, &rule);
	if (!err)
		err = run->operations ? chosen_add(rule, run->operations) : all_add(rule, missing);
	if (!err)
		err = krsi_rule_set(rule, "action", "audit");
	if (!err)
		err = krsi_policy_freeze(policy);
	if (err)
		krsi_policy_free(policy);
	else
		*ret = policy;
	return err;
}

int record_policy_make(const struct run *run, struct krsi_policy **ret)
{
	struct missing missing = { .count = 0 };
	int err = policy_make(run, &missing, ret);

	/* Who asks for an operation by name is told that there is none; who asks for all wants those that there are. */
	if (err || run->operations)
		return err;
	krsi_engine_explain(run->ctx, ret, 1, missing_note, &missing);
	if (!missing.count)
		return 0;
	krsi_policy_free(*ret);
	return policy_make(run, &missing, ret);
}

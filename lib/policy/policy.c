/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A policy from outside: reading it, asking it, letting go of it. Building it is in build.c. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../opts.h"
#include "language.h"

static int opts_read(struct krsi_ctx *ctx, const struct krsi_policy_opts *opts, uint32_t known,
		     struct krsi_policy_opts *o)
{
	int err = KRSI_PRIV_OPTS_READ(ctx, o, opts, "krsi_policy_opts");

	if (err)
		return err;
	if (o->flags & ~known)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_policy_opts: unknown flags 0x%x", o->flags & ~known);
	if (o->reserved)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_policy_opts: reserved is not 0");
	return 0;
}

/* Forget what was read, and keep what it was built of. */
static void typed_reset(struct krsi_policy *policy)
{
	struct krsi_policy empty = { .ctx = policy->ctx, .built = policy->built, .root = policy->root };

	krsi_priv_arena_free(&policy->arena);
	*policy = empty;
}

int krsi_priv_policy_fill(struct krsi_policy *policy, struct krsi_priv_report *report,
			  const struct krsi_priv_node *root)
{
	bool ok = krsi_priv_policy_read(policy, report, root);
	int err = krsi_priv_report_tell(report);

	if (ok && !err)
		policy->frozen = true;
	else
		typed_reset(policy);
	return err;
}

static int parse(struct krsi_policy *policy, struct krsi_priv_report *report, const char *text, size_t size)
{
	struct krsi_priv_arena tree = { NULL };
	struct krsi_priv_node *root;
	int err;

	root = krsi_priv_yaml_read(report, &tree, text, size);
	err = root ? krsi_priv_policy_fill(policy, report, root) : krsi_priv_report_tell(report);
	krsi_priv_arena_free(&tree);
	return err;
}

static int text_parse(struct krsi_ctx *ctx, const char *text, size_t size, const char *source,
		      const struct krsi_policy_opts *o, struct krsi_policy **ret)
{
	struct krsi_priv_report report = {
		.ctx = ctx, .source = source, .message = o->message, .message_data = o->message_data,
	};
	struct krsi_policy *policy;
	int err;

	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return krsi_priv_fail(ctx, -ENOMEM, "policy %s: no memory to read it", source);
	policy->ctx = krsi_priv_ctx_ref(ctx);
	err = parse(policy, &report, text, size);
	krsi_priv_report_free(&report);
	if (err)
		krsi_policy_free(policy);
	else
		*ret = policy;
	return err;
}

int krsi_policy_parse(struct krsi_ctx *ctx, const char *text, size_t size,
		      const struct krsi_policy_opts *opts, struct krsi_policy **ret)
{
	struct krsi_policy_opts o;
	const char *source;
	int err;

	if (!ctx || !text || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_policy_parse: an argument is NULL");
	err = opts_read(ctx, opts, 0, &o);
	if (err)
		return err;
	source = o.file_name ? o.file_name : "policy";
	if (size > KRSI_PRIV_TEXT_SIZE_MAX)
		return krsi_priv_fail(ctx, -EBADMSG, "%s: %zu bytes, at most %zu are allowed", source, size, KRSI_PRIV_TEXT_SIZE_MAX);
	return text_parse(ctx, text, size, source, &o, ret);
}

int krsi_policy_open(struct krsi_ctx *ctx, const char *path, const struct krsi_policy_opts *opts,
		     struct krsi_policy **ret)
{
	struct krsi_policy_opts o;
	size_t size;
	char *text;
	int err;

	if (!ctx || !path || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_policy_open: an argument is NULL");
	err = opts_read(ctx, opts, KRSI_POLICY_TRUSTED_FILE, &o);
	if (err)
		return err;
	err = krsi_priv_policy_file_load(ctx, path, o.flags, &text, &size);
	if (err)
		return err;
	err = text_parse(ctx, text, size, o.file_name ? o.file_name : path, &o, ret);
	free(text);
	return err;
}

void krsi_policy_free(struct krsi_policy *policy)
{
	if (!policy)
		return;
	krsi_priv_arena_free(&policy->arena);
	krsi_priv_arena_free(&policy->built);
	krsi_ctx_free(policy->ctx);
	free(policy);
}

const char *krsi_policy_name(const struct krsi_policy *policy)
{
	const struct krsi_priv_node *name;

	if (!policy)
		return "";
	if (policy->frozen)
		return policy->name;
	name = policy->root ? krsi_priv_node_find(policy->root, "name") : NULL;
	return name ? name->text : "";
}

uint32_t krsi_policy_mode(const struct krsi_policy *policy)
{
	return policy && policy->frozen ? policy->mode : 0;
}

size_t krsi_policy_rule_count(const struct krsi_policy *policy)
{
	return policy && policy->frozen ? policy->rule_count : 0;
}

const char *krsi_policy_rule_name(const struct krsi_policy *policy, size_t index)
{
	return index < krsi_policy_rule_count(policy) ? policy->rules[index].name : NULL;
}

static const char *action_word(const struct krsi_priv_action *action)
{
	if (action->verdict == KRSI_PRIV_TAG)
		return "tag";
	if (action->verdict == KRSI_PRIV_SIGNAL && action->signal != SIGKILL)
		return "signal";
	return krsi_priv_word_name(krsi_priv_words_action, action->verdict);
}

int krsi_policy_rule_info(const struct krsi_policy *policy, size_t index, struct krsi_policy_rule_info *info)
{
	struct krsi_policy_rule_info have = { .sz = sizeof(have) };
	const struct krsi_priv_rule *rule;

	if (!policy || !info)
		return krsi_priv_fail(policy ? policy->ctx : NULL, -EINVAL, "krsi_policy_rule_info: an argument is NULL");
	if (index >= krsi_policy_rule_count(policy))
		return krsi_priv_fail(policy->ctx, -ENOENT, "policy %s: it has no rule number %zu", krsi_policy_name(policy), index);
	rule = &policy->rules[index];
	have.name = rule->name;
	have.action = action_word(&rule->action);
	have.mode = rule->mode ? rule->mode : policy->mode;
	have.error = rule->action.verdict == KRSI_PRIV_DENY ? rule->action.error : 0;
	have.signal = rule->action.verdict == KRSI_PRIV_SIGNAL ? rule->action.signal : 0;
	return KRSI_PRIV_INFO_WRITE(policy->ctx, info, &have, "krsi_policy_rule_info");
}

const char *krsi_policy_warning(const struct krsi_policy *policy, size_t index)
{
	return policy && policy->frozen && index < policy->warning_count ? policy->warnings[index] : NULL;
}

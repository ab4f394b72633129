/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A policy as YAML: keys in the order of their tables, one value per line, quotes where they are needed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rule.h"

/* A value is printed aside first, to see whether it needs quotes. */
struct printer {
	FILE *out;
	FILE *aside;
	char *text;	/* of `aside` */
	size_t size;
	bool failed;
};

static void indent(struct printer *p, unsigned int depth)
{
	fprintf(p->out, "%*s", (int)depth * 2, "");
}

/* Whether it reads the same without quotes, also to other readers of YAML. */
static bool is_plain(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.*?+=@-";
	static const char *const meant[] = { "true", "false", "yes", "no", "on", "off", "null", "y", "n" };
	size_t i;

	for (i = 0; i < sizeof(meant) / sizeof(meant[0]); i++)
		if (strcasecmp(text, meant[i]) == 0)
			return false;
	return text[0] && strchr(first, text[0]) && strspn(text, more) == strlen(text);
}

/* All text of a policy can be shown, so only what YAML makes of it has to be escaped. */
static void scalar(struct printer *p, const char *text)
{
	if (is_plain(text)) {
		fputs(text, p->out);
		return;
	}
	fputc('"', p->out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', p->out);
		fputc(*text, p->out);
	}
	fputc('"', p->out);
}

static void entry_print(struct printer *p, const struct krsi_priv_value *value, const struct krsi_priv_entry *entry)
{
	rewind(p->aside);
	if (entry->negated)
		fputc('!', p->aside);
	value->print(p->aside, entry);
	fputc('\0', p->aside);
	if (fflush(p->aside) != 0 || ferror(p->aside)) {
		p->failed = true;
		return;
	}
	scalar(p, p->text);
	fputc('\n', p->out);
}

static void conditions_print(struct printer *p, const struct krsi_priv_conditions *list, unsigned int depth);

static void condition_print(struct printer *p, const struct krsi_priv_condition *condition, unsigned int depth)
{
	const struct krsi_priv_key_info *info = krsi_priv_key_info(condition->key);
	uint32_t i;

	indent(p, depth);
	fprintf(p->out, "%s:", info->name);
	if (condition->entries[0].form == KRSI_PRIV_FORM_SUBJECT) {
		fputc('\n', p->out);
		conditions_print(p, condition->entries[0].subject, depth + 1);
	} else if (condition->count == 1) {
		fputc(' ', p->out);
		entry_print(p, info->value, &condition->entries[0]);
	} else {
		fputc('\n', p->out);
		for (i = 0; i < condition->count; i++) {
			indent(p, depth + 1);
			fputs("- ", p->out);
			entry_print(p, info->value, &condition->entries[i]);
		}
	}
}

static void conditions_print(struct printer *p, const struct krsi_priv_conditions *list, unsigned int depth)
{
	const char *group = NULL, *below;
	uint32_t i;

	for (i = 0; i < list->count; i++) {
		below = krsi_priv_key_info(list->conditions[i].key)->below;
		if (below && (!group || strcmp(group, below) != 0)) {
			indent(p, depth);
			fprintf(p->out, "%s:\n", below);
		}
		group = below;
		condition_print(p, &list->conditions[i], depth + (below != NULL));
	}
}

/* Conditions under their key, or nothing when there are no conditions. */
static void side_print(struct printer *p, const char *key, const struct krsi_priv_conditions *list, unsigned int depth)
{
	if (!list->count)
		return;
	indent(p, depth);
	fprintf(p->out, "%s:\n", key);
	conditions_print(p, list, depth + 1);
}

static void on_print(struct printer *p, const struct krsi_priv_rule *rule)
{
	uint32_t i;

	fputs("    on:", p->out);
	for (i = 0; i < rule->on_count; i++) {
		if (rule->on_count > 1)
			fputs("\n      -", p->out);
		fprintf(p->out, rule->on[i].negated ? " \"!%s\"" : " %s", krsi_priv_operation_word(rule->on[i].word));
	}
	fputc('\n', p->out);
}

static void deny_print(struct printer *p, uint16_t error, const char *space)
{
	if (error == EPERM)
		fputs(" deny\n", p->out);
	else
		fprintf(p->out, "\n%sdeny: %s\n", space, strerrorname_np(error));
}

static void action_print(struct printer *p, const struct krsi_priv_action *action)
{
	fputs("    action:", p->out);
	switch ((enum krsi_priv_verdict)action->verdict) {
	case KRSI_PRIV_ALLOW:
		fputs(" allow\n", p->out);
		break;
	case KRSI_PRIV_AUDIT:
		fputs(" audit\n", p->out);
		break;
	case KRSI_PRIV_DENY:
		deny_print(p, action->error, "      ");
		break;
	case KRSI_PRIV_SIGNAL:
		if (krsi_priv_signal_name(action->signal))
			fprintf(p->out, strcmp(krsi_priv_signal_name(action->signal), "KILL") == 0 ? " kill\n" : "\n      signal: %s\n",
				krsi_priv_signal_name(action->signal));
		else
			fprintf(p->out, "\n      signal: %u\n", action->signal);
		break;
	case KRSI_PRIV_TAG:
		fputs("\n      tag: ", p->out);
		scalar(p, action->tag);
		fputs(action->tree ? "\n      tree: true\n" : "\n", p->out);
		break;
	}
}

static void limit_print(struct printer *p, const struct krsi_priv_limit *limit)
{
	if (limit->count)
		fprintf(p->out, "    limit: %u/%c\n", limit->count, limit->seconds == 1 ? 's' : limit->seconds == 60 ? 'm' : 'h');
}

static void rule_print(struct printer *p, const struct krsi_priv_rule *rule)
{
	fputs("  - name: ", p->out);
	scalar(p, rule->name);
	fputc('\n', p->out);
	on_print(p, rule);
	side_print(p, "subject", &rule->subject, 2);
	side_print(p, "object", &rule->object, 2);
	if (rule->has_exception) {
		fputs("    unless:\n", p->out);
		side_print(p, "subject", &rule->except_subject, 3);
		side_print(p, "object", &rule->except_object, 3);
	}
	action_print(p, &rule->action);
	if (rule->mode)
		fprintf(p->out, "    mode: %s\n", krsi_priv_word_name(krsi_priv_words_mode, rule->mode));
	if (rule->already_open)
		fputs("    already_open: true\n", p->out);
	limit_print(p, &rule->limit);
	if (rule->audit)
		fputs("    report: audit\n", p->out);
	else if (rule->report != krsi_priv_action_reports(&rule->action))
		fprintf(p->out, "    report: %s\n", rule->report ? "true" : "false");
}

static void defaults_print(struct printer *p, const struct krsi_policy *policy)
{
	const struct krsi_priv_default_word *word;
	uint32_t i;

	if (policy->default_word_count)
		fputs("default:\n", p->out);
	for (i = 0; i < policy->default_word_count; i++) {
		word = &policy->default_words[i];
		fprintf(p->out, "  %s:", krsi_priv_operation_word(word->word));
		if (word->error)
			deny_print(p, word->error, "    ");
		else
			fputs(" allow\n", p->out);
	}
}

static void policy_print(struct printer *p, const struct krsi_policy *policy)
{
	uint32_t i;

	fputs("version: 1\nname: ", p->out);
	scalar(p, policy->name);
	fprintf(p->out, "\nmode: %s\n", krsi_priv_word_name(krsi_priv_words_mode, policy->mode));
	side_print(p, "scope", &policy->scope, 0);
	defaults_print(p, policy);
	if (policy->on_unresolved != KRSI_PRIV_DENY)
		fprintf(p->out, "on_unresolved: %s\n", krsi_priv_word_name(krsi_priv_words_unresolved, policy->on_unresolved));
	if (policy->rule_count)
		fputs("rules:\n", p->out);
	for (i = 0; i < policy->rule_count; i++)
		rule_print(p, &policy->rules[i]);
}

int krsi_policy_print(const struct krsi_policy *policy, char **text)
{
	struct printer p = { 0 };
	char *out = NULL;
	size_t size;

	if (!policy || !text)
		return krsi_priv_fail(policy ? policy->ctx : NULL, -EINVAL, "krsi_policy_print: an argument is NULL");
	if (!policy->frozen)
		return krsi_priv_fail(policy->ctx, -EBADFD, "policy %s: it is open; freeze it before it is printed", krsi_policy_name(policy));
	p.out = open_memstream(&out, &size);
	p.aside = open_memstream(&p.text, &p.size);
	if (p.out && p.aside)
		policy_print(&p, policy);
	p.failed |= !p.out || !p.aside || ferror(p.out);
	if (p.aside)
		fclose(p.aside);
	free(p.text);
	if (p.out && fclose(p.out) != 0)
		p.failed = true;
	if (p.failed) {
		free(out);
		return krsi_priv_fail(policy->ctx, -ENOMEM, "policy %s: no memory to print it", policy->name);
	}
	*text = out;
	return 0;
}

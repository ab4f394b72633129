/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The matcher from outside: policies go in, and questions; what a decision means in names and words comes out. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../engine/engine.h"
#include "../opts.h"
#include "matcher.h"
#include "question_build.h"

/* Namespaces of the first process when nobody looks at this machine: numbers that none has, as the kernel's have 32 bits. */
#define HOST_NAMESPACE (1ULL << 32)

#define REFUSES(verdict) ((verdict) == KRSI_EVENT_DENY || (verdict) == KRSI_EVENT_SIGNAL)

struct rule {
	const char *name;
	uint32_t verdict, error, signal;
};

struct policy {
	const char *name;
	struct rule *rules;
	struct rule defaults[KRSI_PRIV_OP_END];
	uint64_t keys[KRSI_PRIV_OP_END];	/* that rules of the operation look at, KRSI_PRIV_KEY_BIT() */
};

struct krsi_matcher {
	struct krsi_ctx *ctx;
	struct krsi_priv_arena arena;		/* names and rules */
	struct krsi_priv_image image;
	struct krsi_priv_bits tags, predicates;
	uint64_t hosts[KRSI_PRIV_NAMESPACES];
	struct policy *policies;
	size_t policy_count;
	char unknown[64];			/* what krsi_matcher_unknown() returned */
	/* Of the last question. */
	uint32_t operation;
	struct krsi_priv_answer answer;
};

/* --- making and freeing --------------------------------------------------- */

static struct rule rule_make(const char *name, const struct krsi_priv_action *action)
{
	/* The numbers of verdicts are those of events: both are ABI. */
	return (struct rule){ .name = name, .verdict = action->verdict, .error = action->error, .signal = action->signal };
}

/* Those of processes that conditions are about as well. */
static uint64_t keys_of(const struct krsi_priv_conditions *list)
{
	const struct krsi_priv_condition *condition;
	uint64_t keys = 0;
	uint32_t i, k;

	for (i = 0; i < list->count; i++) {
		condition = &list->conditions[i];
		keys |= KRSI_PRIV_KEY_BIT(condition->key);
		for (k = 0; k < condition->count; k++)
			if (condition->entries[k].form == KRSI_PRIV_FORM_SUBJECT)
				keys |= keys_of(condition->entries[k].subject);
	}
	return keys;
}

static void keys_take(const struct krsi_policy *from, struct policy *to)
{
	const struct krsi_priv_rule *rule;
	uint64_t keys;
	uint32_t i, operation;

	for (i = 0; i < from->rule_count; i++) {
		rule = &from->rules[i];
		keys = keys_of(&from->scope) | keys_of(&rule->subject) | keys_of(&rule->object) | keys_of(&rule->except_subject) |
		       keys_of(&rule->except_object);
		for (operation = 0; operation < KRSI_PRIV_OP_END; operation++)
			if (rule->operations & KRSI_PRIV_OP_BIT(operation))
				to->keys[operation] |= keys;
	}
}

static bool policy_copy(struct krsi_priv_arena *arena, const struct krsi_policy *from, struct policy *to)
{
	struct krsi_priv_action action = { 0 };
	uint32_t i;

	to->name = krsi_priv_arena_text(arena, from->name, strlen(from->name));
	to->rules = krsi_priv_arena_array(arena, from->rule_count, sizeof(*to->rules));
	if (!to->name || !to->rules)
		return false;
	for (i = 0; i < from->rule_count; i++) {
		to->rules[i] = rule_make(krsi_priv_arena_text(arena, from->rules[i].name, strlen(from->rules[i].name)), &from->rules[i].action);
		if (!to->rules[i].name)
			return false;
	}
	for (i = 0; i < KRSI_PRIV_OP_END; i++) {
		action.error = from->defaults[i].error;
		action.verdict = action.error ? KRSI_PRIV_DENY : KRSI_PRIV_ALLOW;
		to->defaults[i] = rule_make("default", &action);
	}
	keys_take(from, to);
	return true;
}

static int policies_check(struct krsi_ctx *ctx, struct krsi_policy *const *policies, size_t count)
{
	size_t i, k;

	for (i = 0; i < count; i++) {
		if (!policies[i])
			return krsi_priv_fail(ctx, -EINVAL, "krsi_matcher_new: policy %zu is NULL", i);
		if (!policies[i]->frozen)
			return krsi_priv_fail(ctx, -EBADFD, "krsi_matcher_new: policy %s is not frozen", krsi_policy_name(policies[i]));
		for (k = 0; k < i; k++)
			if (strcmp(policies[i]->name, policies[k]->name) == 0)
				return krsi_priv_fail(ctx, -EINVAL, "krsi_matcher_new: two policies are called %s; give one of them another name", policies[i]->name);
	}
	return 0;
}

static int policies_copy(struct krsi_matcher *matcher, struct krsi_policy *const *policies, size_t count)
{
	size_t i;

	matcher->policies = krsi_priv_arena_array(&matcher->arena, count, sizeof(*matcher->policies));
	for (i = 0; matcher->policies && i < count; i++)
		if (!policy_copy(&matcher->arena, policies[i], &matcher->policies[i]))
			break;
	matcher->policy_count = i;
	return matcher->policies && i == count ? 0 : krsi_priv_fail(matcher->ctx, -ENOMEM, "krsi_matcher_new: no memory");
}

static int image_make(struct krsi_matcher *matcher, struct krsi_policy *const *policies, size_t count, bool resolve)
{
	struct krsi_priv_compile compile = { .generation = 1, .tags = &matcher->tags, .predicates = &matcher->predicates };
	size_t i;

	if (resolve) {
		compile.resolve = krsi_priv_resolve_path;
		krsi_priv_host_namespaces(matcher->hosts);
	}
	for (i = 0; i < KRSI_PRIV_NAMESPACES && !resolve; i++)
		matcher->hosts[i] = HOST_NAMESPACE + i;
	memcpy(compile.host_namespaces, matcher->hosts, sizeof(compile.host_namespaces));
	if (getrandom(&compile.secret, sizeof(compile.secret), 0) != sizeof(compile.secret))
		return krsi_priv_fail(matcher->ctx, -EIO, "krsi_matcher_new: no random numbers: %s", strerror(errno));
	return krsi_priv_image_compile(matcher->ctx, (const struct krsi_policy *const *)policies, count, &compile, &matcher->image);
}

int krsi_matcher_new(struct krsi_ctx *ctx, struct krsi_policy *const *policies, size_t count,
		     const struct krsi_matcher_opts *opts, struct krsi_matcher **ret)
{
	struct krsi_matcher_opts o;
	struct krsi_matcher *matcher;
	int err;

	if (!ctx || !ret || (count && !policies))
		return krsi_priv_fail(ctx, -EINVAL, "krsi_matcher_new: an argument is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_matcher_opts");
	if (!err && (o.flags & ~(uint32_t)KRSI_MATCHER_RESOLVE || o.reserved))
		err = krsi_priv_fail(ctx, -EINVAL, "krsi_matcher_new: unknown flags %#x, or reserved is not 0", o.flags);
	if (!err)
		err = policies_check(ctx, policies, count);
	if (err)
		return err;
	matcher = calloc(1, sizeof(*matcher));
	if (!matcher)
		return krsi_priv_fail(ctx, -ENOMEM, "krsi_matcher_new: no memory");
	matcher->ctx = krsi_priv_ctx_ref(ctx);
	err = policies_copy(matcher, policies, count);
	if (!err)
		err = image_make(matcher, policies, count, o.flags & KRSI_MATCHER_RESOLVE);
	if (err) {
		krsi_matcher_free(matcher);
		return err;
	}
	*ret = matcher;
	return 0;
}

void krsi_matcher_free(struct krsi_matcher *matcher)
{
	if (!matcher)
		return;
	krsi_priv_answer_free(&matcher->answer);
	krsi_priv_image_free(&matcher->image);
	krsi_priv_bits_free(&matcher->tags);
	krsi_priv_bits_free(&matcher->predicates);
	krsi_priv_arena_free(&matcher->arena);
	krsi_ctx_free(matcher->ctx);
	free(matcher);
}

/* --- words ------------------------------------------------------------------ */

const char *krsi_priv_verdict_word(uint32_t verdict, uint32_t signal)
{
	switch (verdict) {
	case KRSI_EVENT_AUDIT:
		return "audit";
	case KRSI_EVENT_DENY:
		return "deny";
	case KRSI_EVENT_SIGNAL:
		return signal == SIGKILL ? "kill" : "signal";
	case KRSI_EVENT_TAG:
		return "tag";
	default:
		return "allow";
	}
}

static const struct rule *told_rule(const struct krsi_matcher *matcher, const struct krsi_priv_told *told)
{
	const struct policy *policy = &matcher->policies[told->policy];

	return told->kind == IMAGE_DEFAULT ? &policy->defaults[matcher->operation] : &policy->rules[told->rule];
}

/* Of what is not carried out the strictest is told: that would be the answer. */
static unsigned int strictness(const struct rule *rule)
{
	return rule->verdict == KRSI_EVENT_SIGNAL ? 2 + (rule->signal == SIGKILL) : rule->verdict == KRSI_EVENT_DENY;
}

static const struct krsi_priv_told *would_find(const struct krsi_matcher *matcher)
{
	const struct krsi_priv_told *told, *found = NULL;
	unsigned int most = 0, here;
	size_t i;

	for (i = 0; i < matcher->answer.told_count; i++) {
		told = &matcher->answer.told[i];
		here = told->outcome & KRSI_EVENT_WOULD ? strictness(told_rule(matcher, told)) : 0;
		if (here > most) {
			most = here;
			found = told;
		}
	}
	return found;
}

static const struct krsi_priv_told *audit_find(const struct krsi_matcher *matcher)
{
	size_t i;

	for (i = 0; i < matcher->answer.told_count; i++)
		if (told_rule(matcher, &matcher->answer.told[i])->verdict == KRSI_EVENT_AUDIT)
			return &matcher->answer.told[i];
	return NULL;
}

/* Whether it is because the object could not be identified. Only what was told says so. */
static uint32_t flags_of(const struct krsi_priv_answer *answer, const struct krsi_priv_told *by)
{
	size_t i;

	for (i = 0; i < answer->told_count; i++)
		if (answer->told[i].kind == by->kind && answer->told[i].policy == by->policy && answer->told[i].rule == by->rule)
			return answer->told[i].outcome;
	return by->outcome;
}

static void decision_by(const struct krsi_matcher *matcher, const struct krsi_priv_told *by, struct krsi_decision_info *info)
{
	const struct rule *rule = told_rule(matcher, by);

	info->policy = matcher->policies[by->policy].name;
	info->rule = rule->name;
	info->verdict = rule->verdict;
	info->error = rule->error;
	info->signal = rule->signal;
	info->flags = flags_of(&matcher->answer, by);
}

static struct krsi_decision_info decision_make(const struct krsi_matcher *matcher)
{
	const struct krsi_priv_answer *answer = &matcher->answer;
	struct krsi_decision_info info = { .sz = sizeof(info), .verdict = KRSI_EVENT_ALLOW };
	const struct krsi_priv_told *would = would_find(matcher), *audit = audit_find(matcher);

	if (answer->by.kind) {
		decision_by(matcher, &answer->by, &info);
		info.error = (uint32_t)answer->error;
		info.signal = answer->signal;
	} else if (would) {
		decision_by(matcher, would, &info);
	} else if (audit) {
		decision_by(matcher, audit, &info);
	} else if (answer->allowed_by.kind) {
		decision_by(matcher, &answer->allowed_by, &info);
	}
	info.word = krsi_priv_verdict_word(info.verdict, info.signal);
	info.report_count = (uint32_t)answer->told_count;
	info.tag_count = (uint32_t)__builtin_popcountll(answer->tags);
	return info;
}

/* --- asking ------------------------------------------------------------------- */

static int ask(struct krsi_matcher *matcher, const struct krsi_question *question)
{
	struct krsi_priv_arena arena = { NULL };
	struct krsi_priv_question asked;
	struct krsi_priv_answer answer;
	int err = krsi_priv_question_make(question, &arena, matcher->hosts, &asked);

	if (!err) {
		asked.tag_bits = &matcher->tags;
		err = krsi_priv_match(&matcher->image, &asked, &answer);
	}
	krsi_priv_arena_free(&arena);
	if (err)
		return krsi_priv_fail(matcher->ctx, err, "krsi_matcher_decide: %s", err == -ENOMEM ? "no memory" : "the question cannot be asked");
	krsi_priv_answer_free(&matcher->answer);
	matcher->answer = answer;
	matcher->operation = question->operation;
	return 0;
}

int krsi_matcher_decide(struct krsi_matcher *matcher, const struct krsi_question *question,
			struct krsi_decision_info *info)
{
	struct krsi_decision_info ours;
	int err;

	if (!matcher || !question || !info)
		return krsi_priv_fail(matcher ? matcher->ctx : NULL, -EINVAL, "krsi_matcher_decide: an argument is NULL");
	err = ask(matcher, question);
	if (err)
		return err;
	ours = decision_make(matcher);
	return KRSI_PRIV_INFO_WRITE(matcher->ctx, info, &ours, "krsi_decision_info");
}

int krsi_matcher_report(const struct krsi_matcher *matcher, size_t index, struct krsi_report_info *info)
{
	const struct krsi_priv_told *told;
	const struct rule *rule;
	struct krsi_report_info ours;

	if (!matcher || !info)
		return krsi_priv_fail(matcher ? matcher->ctx : NULL, -EINVAL, "krsi_matcher_report: an argument is NULL");
	if (index >= matcher->answer.told_count)
		return krsi_priv_fail(matcher->ctx, -ENOENT, "krsi_matcher_report: the last question made %zu reports", matcher->answer.told_count);
	told = &matcher->answer.told[index];
	rule = told_rule(matcher, told);
	ours = (struct krsi_report_info){
		.sz = sizeof(ours), .policy = matcher->policies[told->policy].name, .rule = rule->name, .verdict = rule->verdict,
		.flags = told->outcome, .error = REFUSES(rule->verdict) ? rule->error : 0, .signal = rule->signal,
	};
	return KRSI_PRIV_INFO_WRITE(matcher->ctx, info, &ours, "krsi_report_info");
}

const char *krsi_matcher_unknown(struct krsi_matcher *matcher, const struct krsi_question *question, size_t index)
{
	const struct krsi_priv_key_info *info;
	uint64_t keys = 0;
	unsigned int key;
	size_t i;

	for (i = 0; matcher && question && i < matcher->policy_count; i++)
		keys |= matcher->policies[i].keys[question->operation] & question->unknown;
	for (key = 0; key < KRSI_PRIV_KEY_END; key++) {
		if (!(keys & KRSI_PRIV_KEY_BIT(key)) || index-- > 0)
			continue;
		info = krsi_priv_key_info(key);
		snprintf(matcher->unknown, sizeof(matcher->unknown), "%s%s%s.%s", key < KRSI_PRIV_KEY_SUBJECT_END ? "subject" : "object", info->below ? "." : "",
			 info->below ? info->below : "", info->name);
		return matcher->unknown;
	}
	return NULL;
}

const char *krsi_matcher_tag(const struct krsi_matcher *matcher, size_t index)
{
	uint32_t bit;

	for (bit = 0; matcher && bit < 64; bit++)
		if (matcher->answer.tags >> bit & 1 && index-- == 0)
			return matcher->tags.names[bit];
	return NULL;
}

_Static_assert((int)KRSI_EVENT_ALLOW == (int)KRSI_PRIV_ALLOW && (int)KRSI_EVENT_AUDIT == (int)KRSI_PRIV_AUDIT &&
	       (int)KRSI_EVENT_DENY == (int)KRSI_PRIV_DENY && (int)KRSI_EVENT_SIGNAL == (int)KRSI_PRIV_SIGNAL &&
	       (int)KRSI_EVENT_TAG == (int)KRSI_PRIV_TAG, "verdicts have the same numbers inside and outside");

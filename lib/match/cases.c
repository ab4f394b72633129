/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Test cases: a list in YAML, each a question and what the answer shall be. What that is, is in expect.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/cases.h>

#include "../opts.h"
#include "expect.h"
#include "question_build.h"

struct one {
	const char *name;
	struct krsi_priv_place place;
	struct krsi_question *question;
	struct krsi_priv_expected expected;
};

struct krsi_cases {
	struct krsi_ctx *ctx;
	struct krsi_priv_arena arena;	/* names and what is expected; a question has its own */
	struct one *cases;
	size_t count;
	char *got;			/* of the last run */
};

/* --- reading -------------------------------------------------------------------- */

/* The keys of a case. An operation has to be known before the object is read, so they are only looked up first. */
struct keys {
	const struct krsi_priv_node *name, *operation, *subject, *object, *expect, *rule, *tag;
};

#define KEY_READER(key)									\
	static bool key##_keep(struct krsi_priv_reader *r, const struct krsi_priv_node *node, void *into)	\
	{										\
		struct keys *keys = into;						\
											\
		(void)r;								\
		keys->key = node;							\
		return true;								\
	}

KEY_READER(name)
KEY_READER(operation)
KEY_READER(subject)
KEY_READER(object)
KEY_READER(expect)
KEY_READER(rule)
KEY_READER(tag)

static const struct krsi_priv_field fields[] = {
	{ "name", name_keep, true },
	{ "operation", operation_keep, true },
	{ "subject", subject_keep, false },
	{ "object", object_keep, false },
	{ "expect", expect_keep, true },
	{ "rule", rule_keep, false },
	{ "tag", tag_keep, false },
	{ NULL, NULL, false },
};

static bool question_read(struct krsi_priv_reader *r, const struct keys *keys, struct one *one)
{
	const char *operation = krsi_priv_scalar(r, keys->operation, "an operation, such as file.open");
	struct krsi_priv_asking a = { .r = *r };
	uint32_t number = 0;
	bool ok = true;

	if (!operation || !krsi_priv_question_operation(r, keys->operation->place, operation, &number))
		return false;
	one->question = krsi_priv_question_new(number);
	if (!one->question)
		return krsi_priv_report_no_memory(r->report);
	a.question = one->question;
	a.r.arena = &one->question->arena;
	if (keys->subject)
		ok &= krsi_priv_question_subject(&a, keys->subject);
	if (keys->object)
		ok &= krsi_priv_question_object(&a, keys->object);
	return ok;
}

static bool one_read(struct krsi_priv_reader *r, const struct krsi_priv_node *node, struct one *one)
{
	struct keys keys = { .name = NULL };
	const char *name;
	bool ok;

	if (!krsi_priv_fields_read(r, node, fields, "a case", &keys))
		return false;
	name = krsi_priv_scalar(r, keys.name, "a name");
	one->place = node->place;
	one->name = name ? krsi_priv_copy(r, name) : NULL;
	ok = one->name;
	ok &= question_read(r, &keys, one);
	return krsi_priv_expected_read(r, keys.expect, keys.rule, keys.tag, &one->expected) && ok;
}

static bool cases_read(struct krsi_priv_reader *r, const struct krsi_priv_node *root, struct krsi_cases *cases)
{
	static const struct krsi_priv_place begin = { .line = 1, .column = 1 };
	const struct krsi_priv_node *node;
	bool ok = true;

	if (!root || root->kind != KRSI_PRIV_NODE_LIST || !root->count)
		return krsi_priv_wrong(r, root ? root->place : begin, "a file of cases is a list (- name: ...), and this is %s; docs/testing-policies.md has an example",
				       !root || root->kind == KRSI_PRIV_NODE_LIST ? "empty" : krsi_priv_node_kind_name(root));
	cases->cases = krsi_priv_arena_array(r->arena, root->count, sizeof(*cases->cases));
	if (!cases->cases)
		return krsi_priv_report_no_memory(r->report);
	for (node = root->first; node && !krsi_priv_report_is_full(r->report); node = node->next)
		ok &= one_read(r, node, &cases->cases[cases->count++]);
	return ok;
}

static int text_read(struct krsi_ctx *ctx, const char *text, size_t size, const char *source, struct krsi_cases **ret)
{
	struct krsi_priv_report report = { .ctx = ctx, .source = source };
	struct krsi_priv_arena tree = { NULL };
	struct krsi_cases *cases = calloc(1, sizeof(*cases));
	struct krsi_priv_reader r = { .report = &report };
	struct krsi_priv_node *root = NULL;
	int err;

	if (!cases)
		return krsi_priv_fail(ctx, -ENOMEM, "%s: no memory to read it", source);
	cases->ctx = krsi_priv_ctx_ref(ctx);
	r.arena = &cases->arena;
	if (krsi_priv_yaml_tree(&report, &tree, text, size, &root) && !cases_read(&r, root, cases) && krsi_priv_report_is_clean(&report))
		krsi_priv_report_error(&report, root->place, "it was not understood, and nobody said why; this is a mistake in libkrsi");
	err = krsi_priv_report_tell(&report);
	krsi_priv_report_free(&report);
	krsi_priv_arena_free(&tree);
	if (err)
		krsi_cases_free(cases);
	else
		*ret = cases;
	return err;
}

int krsi_cases_parse(struct krsi_ctx *ctx, const char *text, size_t size, const struct krsi_cases_opts *opts,
		     struct krsi_cases **ret)
{
	struct krsi_cases_opts o;
	const char *source;
	int err;

	if (!ctx || !text || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_cases_parse: an argument is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_cases_opts");
	if (err)
		return err;
	source = o.file_name ? o.file_name : "cases";
	if (size > KRSI_PRIV_TEXT_SIZE_MAX)
		return krsi_priv_fail(ctx, -EBADMSG, "%s: %zu bytes, at most %zu are allowed", source, size, KRSI_PRIV_TEXT_SIZE_MAX);
	return text_read(ctx, text, size, source, ret);
}

int krsi_cases_open(struct krsi_ctx *ctx, const char *path, const struct krsi_cases_opts *opts, struct krsi_cases **ret)
{
	struct krsi_cases_opts o;
	size_t size;
	char *text;
	int err;

	if (!ctx || !path || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_cases_open: an argument is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_cases_opts");
	if (!err)
		err = krsi_priv_policy_file_load(ctx, path, 0, &text, &size);
	if (err)
		return err;
	err = text_read(ctx, text, size, o.file_name ? o.file_name : path, ret);
	free(text);
	return err;
}

void krsi_cases_free(struct krsi_cases *cases)
{
	size_t i;

	if (!cases)
		return;
	for (i = 0; i < cases->count; i++)
		krsi_question_free(cases->cases[i].question);
	free(cases->got);
	krsi_priv_arena_free(&cases->arena);
	krsi_ctx_free(cases->ctx);
	free(cases);
}

size_t krsi_cases_count(const struct krsi_cases *cases)
{
	return cases ? cases->count : 0;
}

/* --- running --------------------------------------------------------------------- */

int krsi_cases_run(struct krsi_cases *cases, size_t index, struct krsi_matcher *matcher, struct krsi_case_info *info)
{
	struct krsi_decision_info decision = { .sz = sizeof(decision) };
	struct krsi_case_info ours = { .sz = sizeof(ours) };
	const struct one *one;
	int err;

	if (!cases || !matcher || !info)
		return krsi_priv_fail(cases ? cases->ctx : NULL, -EINVAL, "krsi_cases_run: an argument is NULL");
	if (index >= cases->count)
		return krsi_priv_fail(cases->ctx, -ENOENT, "krsi_cases_run: there are %zu cases", cases->count);
	one = &cases->cases[index];
	err = krsi_matcher_decide(matcher, one->question, &decision);
	if (err)
		return krsi_priv_fail(cases->ctx, err, "case %s: cannot be asked: no memory", one->name);
	free(cases->got);
	cases->got = krsi_priv_decision_text(matcher, &decision);
	if (!cases->got)
		return krsi_priv_fail(cases->ctx, -ENOMEM, "case %s: no memory", one->name);
	ours.name = one->name;
	ours.operation = krsi_priv_operation(one->question->operation)->name;
	ours.expected = one->expected.text;
	ours.got = cases->got;
	ours.passed = krsi_priv_expected_is(&one->expected, matcher, &decision);
	ours.line = one->place.line;
	ours.column = one->place.column;
	return KRSI_PRIV_INFO_WRITE(cases->ctx, info, &ours, "krsi_case_info");
}

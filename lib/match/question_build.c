/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Questions that are put together call by call: each call is a little tree, read as one in YAML would be. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "question_build.h"

#define KEY_MAX 255
#define LEVELS_MAX 64

static const char *const sides[] = { "subject", "object", NULL };

static const char *side_at(const void *list, size_t i)
{
	(void)list;
	return sides[i];
}

int krsi_question_new(struct krsi_ctx *ctx, const char *operation, struct krsi_question **ret)
{
	struct krsi_priv_place nowhere = { .path = "" };
	struct krsi_priv_report report = { .ctx = ctx, .source = "question" };
	struct krsi_priv_reader r = { .report = &report };
	struct krsi_question *question;
	uint32_t number = 0;
	int err = 0;

	if (!ctx || !operation || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_question_new: an argument is NULL");
	if (!krsi_priv_question_operation(&r, nowhere, operation, &number))
		err = krsi_priv_fail(ctx, report.no_memory ? -ENOMEM : -EINVAL, "question: %s", report.no_memory ? "no memory" : report.errors[0].text);
	krsi_priv_report_free(&report);
	if (err)
		return err;
	question = krsi_priv_question_new(number);
	if (!question)
		return krsi_priv_fail(ctx, -ENOMEM, "question: no memory");
	question->ctx = krsi_priv_ctx_ref(ctx);
	*ret = question;
	return 0;
}

void krsi_question_free(struct krsi_question *question)
{
	if (!question)
		return;
	krsi_priv_arena_free(&question->arena);
	krsi_ctx_free(question->ctx);
	free(question);
}

/* --- one call ------------------------------------------------------------------ */

/* A key as a chain of maps, the value at its end. */
struct chain {
	char key[KEY_MAX + 1];
	struct krsi_priv_node nodes[LEVELS_MAX];
	size_t count;
};

static bool chain_make(struct chain *chain, const char *key, const char *value, struct krsi_priv_place place)
{
	char *rest = chain->key, *name;
	struct krsi_priv_node *node;

	if (strlen(key) > KEY_MAX)
		return false;
	strcpy(chain->key, key);
	for (chain->count = 0; (name = strsep(&rest, ".")); chain->count++) {
		if (!*name || chain->count == LEVELS_MAX)
			return false;
		node = &chain->nodes[chain->count];
		*node = (struct krsi_priv_node){ .kind = rest ? KRSI_PRIV_NODE_MAP : KRSI_PRIV_NODE_SCALAR, .key = name,
						 .text = rest ? NULL : value, .place = place, .key_place = place };
		if (chain->count)
			krsi_priv_node_append(node - 1, node);
	}
	return true;
}

static bool chain_read(struct krsi_priv_asking *a, const char *key, const char *value)
{
	struct krsi_priv_place place = { .path = key };
	struct chain chain;
	const char *side;

	if (!chain_make(&chain, key, value, place))
		return krsi_priv_wrong(&a->r, place, "this cannot be a key; write words with dots between them, such as subject.exe");
	side = chain.nodes[0].key;
	if (strcmp(side, "subject") == 0)
		return krsi_priv_question_subject(a, &chain.nodes[0]);
	if (strcmp(side, "object") == 0)
		return krsi_priv_question_object(a, &chain.nodes[0]);
	return krsi_priv_wrong(&a->r, place, "a key begins with subject. or object., such as subject.exe%s", krsi_priv_hint(side, side_at, NULL).text);
}

static int tell(const struct krsi_priv_asking *a, const char *key)
{
	const struct krsi_priv_report *report = a->r.report;
	const char *operation = krsi_priv_operation(a->question->operation)->name;
	int err = a->err ? a->err : -EINVAL;

	if (report->no_memory || !report->error_count)
		return krsi_priv_fail(a->question->ctx, report->no_memory ? -ENOMEM : -EINVAL, "question %s: %s: %s", operation, krsi_priv_quote(key).text,
				      report->no_memory ? "no memory" : "it cannot be said in this way");
	return krsi_priv_fail(a->question->ctx, err, "question %s: %s: %s", operation, krsi_priv_quote(key).text, report->errors[0].text);
}

static int say(struct krsi_question *question, const char *key, const char *value, const struct krsi_priv_bytes *raw, bool add)
{
	struct krsi_priv_report report = { .ctx = question->ctx, .source = "question" };
	struct krsi_priv_asking a = {
		.r = { .report = &report, .arena = &question->arena }, .question = question, .add = add, .raw = raw,
	};
	int err = 0;

	if (!chain_read(&a, key, value)) {
		if (a.made)
			*a.made = NULL;
		err = tell(&a, key);
	}
	krsi_priv_report_free(&report);
	return err;
}

static int text_say(struct krsi_question *question, const char *key, const char *value, bool add, const char *call)
{
	if (!question || !key || !value)
		return krsi_priv_fail(question ? question->ctx : NULL, -EINVAL, "%s: an argument is NULL", call);
	if (strlen(value) > KRSI_PRIV_SCALAR_MAX)
		return krsi_priv_fail(question->ctx, -EINVAL, "%s: a value of %zu bytes, at most %d are allowed", call, strlen(value), KRSI_PRIV_SCALAR_MAX);
	return say(question, key, value, NULL, add);
}

int krsi_question_set(struct krsi_question *question, const char *key, const char *value)
{
	return text_say(question, key, value, false, "krsi_question_set");
}

int krsi_question_add(struct krsi_question *question, const char *key, const char *value)
{
	return text_say(question, key, value, true, "krsi_question_add");
}

int krsi_question_add_bytes(struct krsi_question *question, const char *key, const void *bytes, size_t size)
{
	struct krsi_priv_bytes raw = { bytes, size };

	if (!question || !key || !bytes)
		return krsi_priv_fail(question ? question->ctx : NULL, -EINVAL, "krsi_question_add_bytes: an argument is NULL");
	if (size > KRSI_PRIV_PATH_MAX)
		return krsi_priv_fail(question->ctx, -EINVAL, "krsi_question_add_bytes: a value of %zu bytes, at most %d are allowed", size, KRSI_PRIV_PATH_MAX);
	return say(question, key, "bytes", &raw, true);
}

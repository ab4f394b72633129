/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "policy_tools.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy_equal.h"

static const char rule_head[] = "version: 1\nname: test\nrules:\n  - name: one\n";

struct krsi_policy *policy_parse(struct krsi_ctx *ctx, const char *text)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_parse(ctx, text, strlen(text), NULL, &policy);

	if (err)
		print_message("# %s\n# in: %s\n", krsi_ctx_error_detail(ctx), text);
	assert_int_equal(err, 0);
	assert_non_null(policy);
	return policy;
}

struct krsi_policy *policy_rule_parse(struct krsi_ctx *ctx, const char *keys)
{
	struct policy_text text = { 0 };
	struct krsi_policy *policy;

	policy_text_add(&text, "%s%s", rule_head, keys);
	policy = policy_parse(ctx, text.text);
	policy_text_free(&text);
	return policy;
}

void policy_refuse(struct krsi_ctx *ctx, const char *text, const char *words)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_parse(ctx, text, strlen(text), NULL, &policy);

	if (err != -EBADMSG)
		print_message("# taken, and should not be: %s\n", text);
	assert_int_equal(err, -EBADMSG);
	assert_null(policy);
	if (!strstr(krsi_ctx_error_detail(ctx), words))
		print_message("# in: %s\n", text);
	assert_detail(ctx, words);
}

void policy_rule_refuse(struct krsi_ctx *ctx, const char *keys, const char *words)
{
	struct policy_text text = { 0 };

	policy_text_add(&text, "%s%s", rule_head, keys);
	policy_refuse(ctx, text.text, words);
	policy_text_free(&text);
}

void policy_round_trip(struct krsi_ctx *ctx, const struct krsi_policy *policy)
{
	struct krsi_policy *again = NULL;
	const char *difference;
	char *text = NULL;

	assert_ok(ctx, krsi_policy_print(policy, &text));
	again = policy_parse(ctx, text);
	difference = policy_difference(policy, again);
	if (difference)
		print_message("# %s differs in: %s\n", difference, text);
	assert_null(difference);
	free(text);
	krsi_policy_free(again);
}

void policy_text_add(struct policy_text *text, const char *fmt, ...)
{
	va_list args;
	size_t room;
	int n;

	if (text->capacity - text->size < 65536) {
		text->capacity = text->capacity * 2 + 131072;
		text->text = realloc(text->text, text->capacity);
		assert_non_null(text->text);
	}
	room = text->capacity - text->size;
	va_start(args, fmt);
	n = vsnprintf(text->text + text->size, room, fmt, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < room);
	text->size += (size_t)n;
}

void policy_text_free(struct policy_text *text)
{
	free(text->text);
	*text = (struct policy_text){ 0 };
}

struct policy_random policy_random_new(void)
{
	const char *wish = getenv("KRSI_SEED");
	uint64_t seed = wish ? strtoull(wish, NULL, 0) : (uint64_t)time(NULL) / 86400;

	print_message("# KRSI_SEED=%llu\n", (unsigned long long)seed);
	return (struct policy_random){ seed * 0x9e3779b97f4a7c15ULL + 1 };
}

/* xorshift64* */
uint32_t policy_random_below(struct policy_random *random, uint32_t end)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (uint32_t)((random->state * 0x2545f4914f6cdd1dULL >> 32) % end);
}

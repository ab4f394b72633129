/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Policies that nobody would write, for libFuzzer. What is taken must survive printing; what is
 * refused must be refused with a reason.
 *
 *   CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *   ninja -C build-fuzz tests/fuzz/fuzz_policy
 *   build-fuzz/tests/fuzz/fuzz_policy -dict=tests/fuzz/policy.dict NEW tests/fuzz/corpus/policy
 *
 * An input is a policy in YAML; or, behind the line "#calls", lines of a key and a value, which are
 * set on a policy or, behind a line "rule NAME", on a rule; or, behind the line "#pattern", a pattern and
 * a path on the next line.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/policy.h>

#include "../unit/policy_equal.h"
#include "policy/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void taken(struct krsi_ctx *ctx, struct krsi_policy *policy)
{
	struct krsi_policy *again = NULL;
	const char *difference;
	char *text = NULL;

	must(krsi_policy_print(policy, &text) == 0, "cannot be printed");
	if (krsi_policy_parse(ctx, text, strlen(text), NULL, &again) != 0) {
		fprintf(stderr, "%s\n%s\n", text, krsi_ctx_error_detail(ctx));
		abort();
	}
	difference = policy_difference(policy, again);
	must(!difference, difference ? difference : "");
	free(text);
	krsi_policy_free(again);
}

static void refused(struct krsi_ctx *ctx, int err)
{
	must(err == -EBADMSG, "refused for another reason than its text");
	must(krsi_ctx_error_detail(ctx)[0], "refused without a reason");
}

static void yaml_try(struct krsi_ctx *ctx, const char *text, size_t size)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_parse(ctx, text, size, NULL, &policy);

	if (err)
		refused(ctx, err);
	else
		taken(ctx, policy);
	krsi_policy_free(policy);
}

static void call_make(struct krsi_policy *policy, struct krsi_rule **rule, char *line)
{
	char *value = strchr(line, ' ');

	if (!value)
		return;
	*value++ = '\0';
	if (strcmp(line, "rule") == 0)
		krsi_policy_add_rule(policy, value, rule);
	else if (*rule && *value == '+')
		krsi_rule_add(*rule, line, value + 1);
	else if (*rule)
		krsi_rule_set(*rule, line, value);
	else if (*value == '+')
		krsi_policy_add(policy, line, value + 1);
	else
		krsi_policy_set(policy, line, value);
}

static void calls_try(struct krsi_ctx *ctx, char *lines)
{
	struct krsi_policy *policy = NULL;
	struct krsi_rule *rule = NULL;
	char *line;
	int err;

	must(krsi_policy_new(ctx, "fuzz", &policy) == 0, "cannot be begun");
	while ((line = strsep(&lines, "\n")))
		call_make(policy, &rule, line);
	err = krsi_policy_freeze(policy);
	if (err)
		refused(ctx, err);
	else
		taken(ctx, policy);
	krsi_policy_free(policy);
}

static void pattern_try(char *text)
{
	char *pattern = strsep(&text, "\n");
	struct krsi_priv_arena arena = { NULL };
	struct krsi_priv_pattern_error error;
	struct krsi_priv_pattern *parsed, *again;
	int kind;

	for (kind = KRSI_PRIV_PATTERN_PATH; kind <= KRSI_PRIV_PATTERN_BINARY; kind++) {
		parsed = krsi_priv_pattern_parse(&arena, pattern, kind, &error);
		must(parsed || error.text[0], "refused without a reason");
		if (!parsed)
			continue;
		again = krsi_priv_pattern_parse(&arena, parsed->text, kind, &error);
		must(again && strcmp(again->text, parsed->text) == 0, "not the same when it is shown");
		must(krsi_priv_pattern_covers(parsed, again) || !krsi_priv_pattern_is_literal(parsed), "a literal does not cover itself");
		if (text)
			must(krsi_priv_pattern_matches(parsed, text, strlen(text)) == krsi_priv_pattern_matches(again, text, strlen(text)),
			     "does not mean the same when it is shown");
	}
	krsi_priv_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct krsi_ctx *ctx;

	must(text && krsi_ctx_new(NULL, &ctx) == 0, "no memory");
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (strncmp(text, "#calls\n", 7) == 0)
		calls_try(ctx, text + 7);
	else if (strncmp(text, "#pattern\n", 9) == 0)
		pattern_try(text + 9);
	else
		yaml_try(ctx, text, size);
	krsi_ctx_free(ctx);
	free(text);
	return 0;
}

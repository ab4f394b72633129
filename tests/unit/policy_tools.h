/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the tests of policies share. */
#ifndef KRSI_TESTS_POLICY_TOOLS_H
#define KRSI_TESTS_POLICY_TOOLS_H

#include "unit.h"

#include "policy/language.h"

/* A policy of that text, or the test fails with what is wrong with it. */
struct krsi_policy *policy_parse(struct krsi_ctx *ctx, const char *text);

/* A policy of one rule whose keys but its name are these lines, each indented by four. */
struct krsi_policy *policy_rule_parse(struct krsi_ctx *ctx, const char *keys);

/* The same texts, which must be refused with these words in the detail. */
void policy_refuse(struct krsi_ctx *ctx, const char *text, const char *words);
void policy_rule_refuse(struct krsi_ctx *ctx, const char *keys, const char *words);

/* Print it, read that again: it must be equal. */
void policy_round_trip(struct krsi_ctx *ctx, const struct krsi_policy *policy);

/* Lines of text, put together one by one. */
struct policy_text {
	char *text;
	size_t size, capacity;
};
void policy_text_add(struct policy_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void policy_text_free(struct policy_text *text);

/* Numbers that are random enough, and the same for each seed on each machine. */
struct policy_random {
	uint64_t state;
};
/* The seed of the environment's KRSI_SEED, or that of the day; it is printed. */
struct policy_random policy_random_new(void);
uint32_t policy_random_below(struct policy_random *random, uint32_t end);

#endif

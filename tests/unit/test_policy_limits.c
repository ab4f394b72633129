/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The limits: what is just within is taken, what is beyond is refused with its number, and nothing takes long. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy_tools.h"

#define HEAD "version: 1\nname: x\nrules:\n"
#define RULE HEAD "  - name: a\n    on: %s\n    action: deny\n    object:\n      %s:\n"

static void test_rules(void **state)
{
	struct policy_text text = { 0 };
	struct krsi_policy *policy;
	int i;

	policy_text_add(&text, HEAD);
	for (i = 0; i < KRSI_PRIV_RULES_MAX; i++)
		policy_text_add(&text, "  - { name: r%d, on: file.open, object: { path: /x%d }, action: deny }\n", i, i);
	policy = policy_parse(*state, text.text);
	assert_int_equal(krsi_policy_rule_count(policy), KRSI_PRIV_RULES_MAX);
	krsi_policy_free(policy);
	policy_text_add(&text, "  - { name: more, on: file.open, action: deny }\n");
	policy_refuse(*state, text.text, "4097 rules, at most 4096 are allowed");
	policy_text_free(&text);
}

static void entries_try(struct krsi_ctx *ctx, const char *on, const char *key, const char *format, unsigned int count, const char *words)
{
	struct policy_text text = { 0 };
	unsigned int i;

	policy_text_add(&text, RULE, on, key);
	for (i = 0; i < count; i++) {
		char line[128];

		snprintf(line, sizeof(line), format, i >> 8 & 255, i & 255);
		policy_text_add(&text, "        - %s\n", line);
	}
	if (words)
		policy_refuse(ctx, text.text, words);
	else
		krsi_policy_free(policy_parse(ctx, text.text));
	policy_text_free(&text);
}

static void test_patterns(void **state)
{
	entries_try(*state, "file.open", "path", "/a/%u/%u", KRSI_PRIV_PATTERNS_MAX, NULL);
	entries_try(*state, "file.open", "path", "/a/%u/%u", KRSI_PRIV_PATTERNS_MAX + 2,
		    "policy:65545:11: here the policy passes the limit of 65536 patterns, it has 65538, each alternative of {} counted");
	entries_try(*state, "file.open", "path", "/{a,b}/{c,d}/%u/%u", KRSI_PRIV_PATTERNS_MAX / 4 + 1,
		    "policy:16393:11: here the policy passes the limit of 65536 patterns, it has 65540");
}

static void test_addresses(void **state)
{
	entries_try(*state, "network.connect", "address", "10.1.%u.%u", KRSI_PRIV_ENTRIES_MAX, NULL);
	entries_try(*state, "network.connect", "address", "10.1.%u.%u", KRSI_PRIV_ENTRIES_MAX + 1,
		    "policy:65545:11: here the policy passes the limit of 65536 addresses, digests, numbers and names, it has 65537");
}

static void test_bytes_of_patterns(void **state)
{
	struct policy_text text = { 0 };
	int i;

	policy_text_add(&text, RULE, "file.open", "path");
	/* 1,024 alternatives of some 500 bytes each: half a megabyte a line. */
	for (i = 0; i < 17; i++)
		policy_text_add(&text, "        - '/%d/{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}/%0240d/%0240d'\n", i, 0, 0);
	policy_refuse(*state, text.text, "here the policy's patterns pass the limit of 8388608 bytes");
	policy_text_free(&text);
}

static void test_values(void **state)
{
	struct policy_text text = { 0 };
	int i;

	policy_text_add(&text, HEAD "  - [");
	for (i = 0; i < KRSI_PRIV_NODES_MAX; i++)
		policy_text_add(&text, "a,");
	policy_text_add(&text, "a]\n");
	policy_refuse(*state, text.text, "more than 524288 values; split the policy");
	policy_text_free(&text);
}

static void test_levels(void **state)
{
	struct policy_text text = { 0 };
	int i;

	policy_text_add(&text, "a: ");
	for (i = 0; i < 100000; i++)
		policy_text_add(&text, "[");
	policy_refuse(*state, text.text, "policy:1:19: more than 16 levels of lists and keys");
	text.size = 0;
	for (i = 0; i < 2000; i++)
		policy_text_add(&text, "%*sa:\n", i, "");
	policy_refuse(*state, text.text, "more than 16 levels of lists and keys");
	text.size = 0;
	for (i = 0; i < 100000; i++)
		policy_text_add(&text, "{a: ");
	policy_refuse(*state, text.text, "more than 16 levels");
	text.size = 0;
	for (i = 0; i < 100000; i++)
		policy_text_add(&text, "- ");
	policy_refuse(*state, text.text, "more than 16 levels");
	policy_text_free(&text);
}

static void test_keys(void **state)
{
	struct policy_text text = { 0 };
	int i;

	for (i = 0; i < 200; i++)
		policy_text_add(&text, "key%d: 1\n", i);
	policy_refuse(*state, text.text, "policy:129:1: more than 128 keys in one place");
	policy_text_free(&text);
}

static void test_length_of_a_value(void **state)
{
	struct policy_text text = { 0 };

	policy_text_add(&text, "version: 1\nname: %0*d\n", KRSI_PRIV_SCALAR_MAX + 1, 0);
	policy_refuse(*state, text.text, "policy:2:7: a value of 16385 bytes, at most 16384 are allowed");
	policy_text_free(&text);
}

static void test_size_of_a_text(void **state)
{
	struct krsi_policy *policy = NULL;

	assert_true(krsi_policy_parse(*state, "", KRSI_PRIV_TEXT_SIZE_MAX + 1, NULL, &policy) < 0);
	assert_detail(*state, "16777217 bytes, at most 16777216 are allowed");
}

static void test_laughs_are_not_multiplied(void **state)
{
	policy_refuse(*state,
		      "a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n",
		      "policy:1:4: anchors (&name) are not used here");
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What is meant to take long. Under valgrind everything takes fifty times as long as here. */
static void test_nothing_takes_long(void **state)
{
	struct policy_text texts[5] = { { 0 } };
	double begin;
	size_t t;
	int i;

	/* Every entry is compared with every excluded one. */
	policy_text_add(&texts[0], RULE, "file.open", "path");
	for (i = 0; i < 20000; i++)
		policy_text_add(&texts[0], "        - \"%s/%d/*\"\n", i % 2 ? "!" : "", i);
	/* Every rule is compared with all before it. */
	policy_text_add(&texts[1], HEAD);
	for (i = 0; i < 4000; i++)
		policy_text_add(&texts[1], "  - { name: r%d, on: file, object: { path: [/*/%d, /*/x%d, /*/y] }, action: deny }\n", i, i, i);
	/* Every key is looked for in vain. */
	policy_text_add(&texts[2], HEAD);
	for (i = 0; i < 4000; i++)
		policy_text_add(&texts[2], "  - { nmae: r%d, onn: file, objetc: 1, actoin: 2 }\n", i);
	/* Every tag is looked for in vain. */
	policy_text_add(&texts[3], HEAD);
	for (i = 0; i < 2000; i++)
		policy_text_add(&texts[3], "  - { name: r%d, on: file, subject: { tag: [tag-x%d, tag-y%d] }, action: { tag: tag-%d } }\n", i, i, i, i);
	/* Braces again and again. */
	policy_text_add(&texts[4], RULE, "file.open", "path");
	for (i = 0; i < 60; i++)
		policy_text_add(&texts[4], "        - '/%d/{{{a,b},{c,d}},{{e,f},{g,h}}}{{{a,b},{c,d}},{{e,f},{g,h}}}{{{a,b},{c,d}},{{e,f},{g,h}}}{0,1}'\n", i);
	for (t = 0; t < ARRAY_SIZE(texts); t++) {
		struct krsi_policy *policy = NULL;

		begin = seconds();
		krsi_policy_parse(*state, texts[t].text, texts[t].size, NULL, &policy);
		krsi_policy_free(policy);
		if (seconds() - begin > 60)
			fail_msg("text %zu took %.1f s", t, seconds() - begin);
		policy_text_free(&texts[t]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_rules),
		ctx_test(test_patterns),
		ctx_test(test_addresses),
		ctx_test(test_bytes_of_patterns),
		ctx_test(test_values),
		ctx_test(test_levels),
		ctx_test(test_keys),
		ctx_test(test_length_of_a_value),
		ctx_test(test_size_of_a_text),
		ctx_test(test_laughs_are_not_multiplied),
		ctx_test(test_nothing_takes_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What an image takes, in memory and in time, printed and bounded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "test_match_compile.h"

#define HEAD "version: 1\nname: x\nrules:\n"
#define MIB (1 << 20)

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool resolve_all(void *data, const char *path, struct krsi_priv_resolved *ret)
{
	(void)data;
	*ret = (struct krsi_priv_resolved){ .device = 8 << 20, .inode = path_value(path), .is_directory = true };
	return true;
}

static void measure(struct krsi_ctx *ctx, const char *what, struct policy_text *text, bool resolve, size_t bytes)
{
	struct compiled c;
	double begin;

	compiled_init(&c);
	c.compile.resolve = resolve ? resolve_all : NULL;
	compiled_add(ctx, &c, text->text);
	begin = seconds();
	assert_ok(ctx, krsi_priv_image_compile(ctx, (const struct krsi_policy *const *)c.policies, c.count, &c.compile, &c.image));
	begin = seconds() - begin;
	print_message("# %-44s %5u pages, %6u clauses, %5u states, %.4f s\n", what, c.image.pages, c.image.clauses, c.image.dfa_states, begin);
	assert_true((size_t)c.image.pages * IMAGE_PAGE <= bytes);
	/* Under valgrind everything takes fifty times as long as here. */
	assert_true(begin < 10);
	image_check(&c.image);
	compiled_free(&c);
	text->size = 0;
}

static void mixed_rules(struct policy_text *text, int count)
{
	int i;

	policy_text_add(text, HEAD);
	for (i = 0; i < count; i++) {
		switch (i % 5) {
		case 0:
			policy_text_add(text, "  - { name: r%d, on: process.exec, object: { path: [\"/opt/app%d/**\", /usr/bin/tool%d] }, action: deny }\n", i, i, i);
			break;
		case 1:
			policy_text_add(text, "  - { name: r%d, on: [file.write, file.read], object: { path: /etc/conf%d }, unless: { exe: /usr/bin/edit%d }, action: { deny: EACCES } }\n", i, i, i);
			break;
		case 2:
			policy_text_add(text, "  - { name: r%d, on: network.connect, subject: { uid: %d-%d }, object: { address: \"10.%d.%d.0/24\", port: 1-%d }, action: deny }\n",
					i, 1000 + i, 2000 + i, i / 256, i % 256, 1 + i);
			break;
		case 3:
			policy_text_add(text, "  - { name: r%d, on: file.open, subject: { cgroup: /system.slice/s%d.service }, object: { path: \"/srv/*/d%d/*.key\" }, action: audit }\n", i, i, i);
			break;
		default:
			policy_text_add(text, "  - { name: r%d, on: process.signal, object: { target: { exe: /usr/sbin/d%d }, signal: KILL }, action: deny }\n", i, i % 50);
			break;
		}
	}
}

static void test_rules(void **state)
{
	struct policy_text text = { 0 };

	mixed_rules(&text, 10);
	measure(*state, "10 rules", &text, true, 64 << 10);
	mixed_rules(&text, 1000);
	measure(*state, "1000 rules", &text, true, 1 * MIB);
	mixed_rules(&text, 4096);
	measure(*state, "4096 rules", &text, true, 4 * MIB);
	policy_text_free(&text);
}

static void test_literals(void **state)
{
	struct policy_text text = { 0 };
	int i, resolve;

	for (resolve = 0; resolve < 2; resolve++) {
		policy_text_add(&text, HEAD "  - name: r\n    on: file.open\n    action: deny\n    object:\n      path:\n");
		for (i = 0; i < 10000; i++)
			policy_text_add(&text, "        - /usr/share/dir%d/file%d\n", i / 100, i);
		measure(*state, resolve ? "10000 literals of one rule, with identities" : "10000 literals of one rule", &text, resolve, 2 * MIB);
		policy_text_add(&text, HEAD);
		for (i = 0; i < 4000; i++)
			policy_text_add(&text, "  - { name: r%d, on: file.open, object: { path: \"/usr/{a,b,c}%d\" }, action: deny }\n", i, i);
		measure(*state, resolve ? "12000 literals of 4000 rules, with identities" : "12000 literals of 4000 rules", &text, resolve, 4 * MIB);
	}
	for (i = 0; i < 65536; i++) {
		if (i == 0)
			policy_text_add(&text, HEAD "  - name: r\n    on: file.open\n    action: deny\n    object:\n      path:\n");
		policy_text_add(&text, "        - /usr/share/dir%d/file%d\n", i / 100, i);
	}
	measure(*state, "65536 literals of one rule, with identities", &text, true, 16 * MIB);
	policy_text_free(&text);
}

static void test_globs(void **state)
{
	struct policy_text text = { 0 };
	int i;

	policy_text_add(&text, HEAD);
	for (i = 0; i < 1000; i++)
		policy_text_add(&text, "  - { name: r%d, on: file.open, object: { path: \"/srv/*/data%d/*.key\" }, action: deny }\n", i, i);
	measure(*state, "1000 globs of 1000 rules", &text, false, 4 * MIB);
	policy_text_free(&text);
}

/* The worst that intervals can do: each ends in another one, so that each place has a set of its own. */
static void test_intervals(void **state)
{
	struct policy_text text = { 0 };
	int i;

	policy_text_add(&text, HEAD);
	for (i = 0; i < 4096; i++)
		policy_text_add(&text, "  - { name: r%d, on: network.connect, object: { port: %d-%d }, action: deny }\n", i, i, 10000 + i);
	measure(*state, "4096 intervals inside of each other", &text, false, 4 * MIB);
	policy_text_add(&text, HEAD "  - name: r\n    on: network.connect\n    action: deny\n    object:\n      address:\n");
	for (i = 0; i < 65536; i++)
		policy_text_add(&text, "        - 10.%d.%d.1\n", i / 256, i % 256);
	measure(*state, "65536 addresses of one rule", &text, false, 8 * MIB);
	policy_text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_rules),
		ctx_test(test_literals),
		ctx_test(test_globs),
		ctx_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

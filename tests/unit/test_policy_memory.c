/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Every allocation of reading, building, printing and refusing fails in turn. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "alloc/inject.h"
#include "policy_tools.h"

static const char everything[] =
	"version: 1\nname: all\nmode: permissive\non_unresolved: allow\nscope: { cgroup: /a, uid: [root, 5-9] }\n"
	"default: { network: deny, file.write: { deny: EROFS } }\n"
	"rules:\n"
	"  - name: one\n    on: [file, \"!file.ioctl\"]\n"
	"    subject: { exe: [\"/a/{b,c}/*\", { device: 8:1, inode: 7 }], gid: root, namespaces: { mnt: host }, parent: { tag: t } }\n"
	"    object: { path: [\"/x/[a-z]?\", /x, /x], mode: 4000, digest: { ima: \"sha1:0123456789abcdef0123456789abcdef01234567\" }, xattr: user.a=b }\n"
	"    unless: { uid: 0, object: { path: \"/x/\\xff\" } }\n    action: { deny: EACCES, limit: 1/s }\n"
	"  - { name: two, on: network.connect, object: { address: \"2001:db8::/32\", port: 1-5 }, action: { tag: tt, tree: true } }\n"
	"  - { name: three, on: network.connect, object: { unix_path: \"@a*\" }, action: kill }\n"
	"  - { name: four, on: process.signal, object: { target: { exe: /y }, signal: TERM }, action: audit }\n"
	"  - { name: five, on: process.signal, object: { target: { exe: /y }, signal: TERM }, action: audit }\n";

static const char refused[] =
	"version: 1\nname: wrong\nrules:\n  - name: one\n    on: file.opne\n    object: { path: [/a/, \"/{a\", /x, \"!/x\"] }\n    action: deny\n";

/* libyaml's own memory is not ours to take, so its calls fail for it. */
static unsigned int yaml_fail_at, yaml_calls;

int __real_yaml_parser_initialize(yaml_parser_t *parser);
int __wrap_yaml_parser_initialize(yaml_parser_t *parser);
int __real_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);
int __wrap_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event);

int __wrap_yaml_parser_initialize(yaml_parser_t *parser)
{
	return yaml_fail_at && ++yaml_calls == yaml_fail_at ? 0 : __real_yaml_parser_initialize(parser);
}

int __wrap_yaml_parser_parse(yaml_parser_t *parser, yaml_event_t *event)
{
	if (!yaml_fail_at || ++yaml_calls != yaml_fail_at)
		return __real_yaml_parser_parse(parser, event);
	parser->error = YAML_MEMORY_ERROR;
	return 0;
}

static int act_parse(struct krsi_ctx *ctx)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_parse(ctx, everything, strlen(everything), NULL, &policy);

	assert_int_equal(err == 0, policy != NULL);
	krsi_policy_free(policy);
	return err;
}

static int act_refuse(struct krsi_ctx *ctx)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_parse(ctx, refused, strlen(refused), NULL, &policy);

	assert_null(policy);
	return err;
}

static struct krsi_policy *printed;

static int act_print(struct krsi_ctx *ctx)
{
	char *text = NULL;
	int err = krsi_policy_print(printed, &text);

	(void)ctx;
	assert_int_equal(err == 0, text != NULL);
	free(text);
	return err;
}

static int build(struct krsi_policy *policy)
{
	static const char *const calls[][2] = {
		{ "on", "file.open" }, { "object.path", "/a" }, { "object.path", "/b" }, { "subject.parent.exe", "/c/{d,e}" },
		{ "unless.uid", "root" }, { "action.deny", "EACCES" },
	};
	struct krsi_rule *rule = NULL;
	size_t i;
	int err;

	err = krsi_policy_add_rule(policy, "one", &rule);
	for (i = 0; !err && i < ARRAY_SIZE(calls); i++)
		err = i == 2 ? krsi_rule_add(rule, calls[i][0], calls[i][1]) : krsi_rule_set(rule, calls[i][0], calls[i][1]);
	if (!err)
		err = krsi_policy_set(policy, "default.network.bind.deny", "EPERM");
	return err ? err : krsi_policy_freeze(policy);
}

static int act_build(struct krsi_ctx *ctx)
{
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_new(ctx, "built", &policy);

	assert_int_equal(err == 0, policy != NULL);
	if (!err)
		err = build(policy);
	krsi_policy_free(policy);
	return err;
}

static const struct {
	int (*act)(struct krsi_ctx *ctx);
	int want;
} acts[] = {
	{ act_parse, 0 },
	{ act_refuse, -EBADMSG },
	{ act_print, 0 },
	{ act_build, 0 },
};

static unsigned int each_fails(struct krsi_ctx *ctx, size_t a, bool all_after)
{
	unsigned int nth, failed = 1;
	int err;

	for (nth = 1; failed; nth++) {
		inject_start(nth, all_after);
		err = acts[a].act(ctx);
		failed = inject_stop();
		/* Of a refusal only the story may get lost. */
		if (err != (failed ? -ENOMEM : acts[a].want) && !(acts[a].want && err == acts[a].want))
			fail_msg("act %zu, allocation %u: %s", a, nth, krsi_error_name(err));
	}
	return nth - 2;
}

static void test_every_allocation_may_fail(void **state)
{
	size_t a;

	printed = policy_parse(*state, everything);
	for (a = 0; a < ARRAY_SIZE(acts); a++) {
		assert_true(each_fails(*state, a, false) >= 2);
		each_fails(*state, a, true);
	}
	krsi_policy_free(printed);
}

static void test_want_of_memory_is_no_mistake_in_the_policy(void **state)
{
	inject_start(5, true);
	assert_int_equal(act_parse(*state), -ENOMEM);
	inject_stop();
	inject_start(5, false);
	assert_int_equal(act_parse(*state), -ENOMEM);
	inject_stop();
	assert_detail(*state, "policy policy: no memory to read it");
}

static void test_libyaml_may_want_memory(void **state)
{
	int err = -ENOMEM;

	for (yaml_fail_at = 1; err; yaml_fail_at++) {
		yaml_calls = 0;
		err = act_parse(*state);
		assert_true(err == 0 || err == -ENOMEM);
	}
	assert_true(yaml_fail_at > 100);
	yaml_fail_at = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_every_allocation_may_fail),
		ctx_test(test_want_of_memory_is_no_mistake_in_the_policy),
		ctx_test(test_libyaml_may_want_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Test cases for policies: what is read, what passes, and what is told of what does not. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/inject.h"
#include "policy_tools.h"

static const char policy_text[] = "version: 1\nname: web\ndefault: { file.mkdir: { deny: EROFS } }\nrules:\n"
	"  - { name: marks, on: file.open, object: { path: \"/a/**\" }, action: { tag: red } }\n"
	"  - { name: told, on: file.open, object: { path: \"/a/**\" }, action: audit }\n"
	"  - { name: told-too, on: file.open, object: { path: \"/a/**\" }, action: audit }\n"
	"  - { name: no, on: file.open, object: { path: /no }, action: { deny: EACCES } }\n"
	"  - { name: dead, on: file.open, object: { path: /dead }, action: kill }\n"
	"  - { name: ends, on: file.open, object: { path: /ends }, action: { signal: TERM } }\n"
	"  - { name: soft, on: file.open, object: { path: /soft }, mode: permissive, action: { deny: EIO } }\n"
	"  - { name: may, on: file.open, object: { path: /may }, action: allow }\n";

static struct krsi_matcher *matcher_make(struct krsi_ctx *ctx)
{
	struct krsi_policy *policy = policy_parse(ctx, policy_text);
	struct krsi_matcher *matcher = NULL;

	assert_ok(ctx, krsi_matcher_new(ctx, &policy, 1, NULL, &matcher));
	krsi_policy_free(policy);
	return matcher;
}

static struct krsi_cases *cases_parse(struct krsi_ctx *ctx, const char *text)
{
	struct krsi_cases *cases = NULL;

	assert_ok(ctx, krsi_cases_parse(ctx, text, strlen(text), NULL, &cases));
	return cases;
}

static void test_cases_pass_and_fail(void **state)
{
	static const struct {
		const char *path, *expect;	/* of file.open; more keys after a line feed and two spaces */
		bool passed;
		const char *expected, *got;
	} all[] = {
		{ "/b", "allow", true, "allow", "allow, no rule decides" },
		{ "/b", "deny", false, "deny", "allow, no rule decides" },
		{ "/no", "deny", true, "deny", "deny: EACCES by rule web/no" },
		{ "/no", "{ deny: EACCES }", true, "deny: EACCES", "deny: EACCES by rule web/no" },
		{ "/no", "{ deny: EPERM }", false, "deny: EPERM", "deny: EACCES by rule web/no" },
		{ "/no", "[allow, { deny: EPERM }, { deny: EACCES }]", true, "allow, deny: EPERM or deny: EACCES", "deny: EACCES by rule web/no" },
		{ "/no", "allow", false, "allow", "deny: EACCES by rule web/no" },
		{ "/no", "kill", false, "kill", "deny: EACCES by rule web/no" },
		{ "/dead", "kill", true, "kill", "kill by rule web/dead" },
		{ "/dead", "{ signal: KILL }", true, "kill", "kill by rule web/dead" },
		{ "/dead", "deny", false, "deny", "kill by rule web/dead" },
		{ "/ends", "{ signal: SIGTERM }", true, "signal: TERM", "signal: TERM by rule web/ends" },
		{ "/ends", "{ signal: 40 }", false, "signal: 40", "signal: TERM by rule web/ends" },
		{ "/ends", "kill", false, "kill", "signal: TERM by rule web/ends" },
		{ "/soft", "{ would: deny }", true, "would deny", "would deny: EIO by rule web/soft" },
		{ "/soft", "{ would: { deny: EIO } }", true, "would deny: EIO", "would deny: EIO by rule web/soft" },
		{ "/soft", "{ would: kill }", false, "would kill", "would deny: EIO by rule web/soft" },
		{ "/soft", "deny", false, "deny", "would deny: EIO by rule web/soft" },
		{ "/soft", "allow", false, "allow", "would deny: EIO by rule web/soft" },
		{ "/no", "{ would: deny }", false, "would deny", "deny: EACCES by rule web/no" },
		{ "/a/b", "audit", true, "audit", "audit by rule web/told with tag red" },
		{ "/a/b", "allow", false, "allow", "audit by rule web/told with tag red" },
		{ "/a/b", "[allow, audit]", true, "allow or audit", "audit by rule web/told with tag red" },
		{ "/a/b", "audit\n  rule: told-too", true, "audit by rule told-too", "audit by rule web/told with tag red" },
		{ "/a/b", "audit\n  rule: soft", false, "audit by rule soft", "audit by rule web/told with tag red" },
		{ "/a/b", "audit\n  tag: red", true, "audit with tag red", "audit by rule web/told with tag red" },
		{ "/a/b", "audit\n  tag: [red, blue]", false, "audit with tag red, blue", "audit by rule web/told with tag red" },
		{ "/no", "deny\n  rule: no", true, "deny by rule no", "deny: EACCES by rule web/no" },
		{ "/no", "deny\n  rule: web/no", true, "deny by rule web/no", "deny: EACCES by rule web/no" },
		{ "/no", "deny\n  rule: we/no", false, "deny by rule we/no", "deny: EACCES by rule web/no" },
		{ "/no", "deny\n  rule: soft", false, "deny by rule soft", "deny: EACCES by rule web/no" },
		{ "/may", "allow\n  rule: may", true, "allow by rule may", "allow by rule web/may" },
		{ "/b", "allow\n  rule: may", false, "allow by rule may", "allow, no rule decides" },
	};
	struct krsi_ctx *ctx = *state;
	struct krsi_matcher *matcher = matcher_make(ctx);
	struct krsi_case_info info = { .sz = sizeof(info) };
	struct policy_text text = { 0 };
	struct krsi_cases *cases;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		policy_text_add(&text, "# one\n- name: case %zu\n  operation: file.open\n  object: { path: %s }\n  expect: %s\n", i, all[i].path, all[i].expect);
	cases = cases_parse(ctx, text.text);
	assert_int_equal(krsi_cases_count(cases), ARRAY_SIZE(all));
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		assert_ok(ctx, krsi_cases_run(cases, i, matcher, &info));
		if (info.passed != all[i].passed || strcmp(info.expected, all[i].expected) != 0 || strcmp(info.got, all[i].got) != 0)
			fail_msg("%s: %u: expected %s; got %s", info.name, info.passed, info.expected, info.got);
		assert_string_equal(info.operation, "file.open");
		assert_int_equal(info.column, 3);
	}
	assert_int_equal(krsi_cases_run(cases, i, matcher, &info), -ENOENT);
	krsi_cases_free(cases);
	krsi_matcher_free(matcher);
	policy_text_free(&text);
}

static void test_cases_have_a_default_and_unresolved_objects(void **state)
{
	static const char text[] =
		"- { name: a, operation: file.mkdir, object: { path: /x }, expect: { deny: EROFS }, rule: default }\n"
		"- { name: b, operation: file.open, object: { unresolved: true }, expect: deny, rule: no }\n"
		"- name: c\n  operation: process.ptrace\n  subject: { parent: { exe: /a }, namespaces: { mnt: host } }\n"
		"  object: { target: { exe: { device: 8:1, inode: 7 }, tag: [a, b] } }\n  expect: allow\n";
	struct krsi_ctx *ctx = *state;
	struct krsi_matcher *matcher = matcher_make(ctx);
	struct krsi_case_info info = { .sz = sizeof(info) };
	struct krsi_cases *cases = cases_parse(ctx, text);

	assert_ok(ctx, krsi_cases_run(cases, 0, matcher, &info));
	assert_string_equal(info.got, "deny: EROFS by the default of web");
	assert_int_equal(info.passed, 1);
	assert_ok(ctx, krsi_cases_run(cases, 1, matcher, &info));
	assert_string_equal(info.got, "deny: EACCES, as the object is unresolved, by rule web/no");
	assert_int_equal(info.passed, 1);
	assert_int_equal(info.line, 2);
	assert_ok(ctx, krsi_cases_run(cases, 2, matcher, &info));
	assert_int_equal(info.passed, 1);
	krsi_cases_free(cases);
	krsi_matcher_free(matcher);
}

#define CASE "- name: x\n  operation: file.open\n"

static void test_cases_mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *text, *words;
	} all[] = {
		{ "", "cases:1:1: a file of cases is a list (- name: ...), and this is empty" },
		{ "[]", "cases:1:1: a file of cases is a list (- name: ...), and this is empty" },
		{ "name: x\n", "cases:1:1: a file of cases is a list (- name: ...), and this is keys of its own" },
		{ "- x\n", "cases:1:3: a case is made of keys" },
		{ "- name: x\n", "cases:1:3: the key operation is missing" },
		{ CASE, "the key expect is missing" },
		{ CASE "  expect: alow\n", "cases:3:11: expect wants allow, audit, deny, kill, or the keys deny, signal or would, not \"alow\", did you mean allow?" },
		{ CASE "  expects: allow\n", "cases:3:3: a case has no key \"expects\", did you mean expect?" },
		{ CASE "  expect: []\n", "an empty list" },
		{ CASE "  expect: { deny: EACES }\n", "cases:3:19: \"EACES\" is not the name of an error of errno(3), did you mean EACCES" },
		{ CASE "  expect: { deny: EACCES, signal: TERM }\n", "an answer is one thing" },
		{ CASE "  expect: { signal: 0 }\n", "signal 0 is sent to nobody" },
		{ CASE "  expect: { signal: TREM }\n", "or TERM?" },
		{ CASE "  expect: { would: allow }\n", "would is for deny, kill and signal" },
		{ CASE "  expect: { would: { would: deny } }\n", "would inside of would" },
		{ CASE "  expect: allow\n  rule: a/b/c\n", "cases:4:9: \"a/b/c\" is no name of a rule" },
		{ CASE "  expect: allow\n  rule: [a]\n", "rule wants the name of a rule" },
		{ CASE "  expect: allow\n  tag: a b\n", "cannot be a name" },
		{ CASE "  expect: allow\n  object: { pth: /x }\n", "cases:4:13: the object of file.open has no key \"pth\", did you mean path?" },
		{ CASE "  expect: allow\n  object: { path: [] }\n", "an empty list; leave path out" },
		{ CASE "  expect: allow\n  object: { path: /x, type: [block, char] }\n", "can have one only" },
		{ CASE "  expect: allow\n  object: /x\n", "object is made of keys (path, owner, ...), not of a value" },
		{ CASE "  expect: allow\n  subject: { exe: \"/x/*\" }\n", "cases:4:19: \"/x/*\" is a pattern" },
		{ CASE "  expect: allow\n  subject: { parent: /x }\n", "parent wants keys" },
		{ "- { name: x, operation: file, expect: allow }\n", "cases:1:25: file is a group" },
		{ "- { name: x, operation: [file.open], expect: allow }\n", "operation wants an operation, such as file.open, not a list" },
		{ "- { name: x, operation: process.exec, object: { xattr: user.a }, expect: allow }\n", "xattr is not in the engine yet" },
		{ "- { name: x, operation: process.exec, object: { env: \"LD_*\" }, expect: allow }\n", "is a pattern" },
		{ "- { name: x, operation: process.exec, object: { env: \"=x\" }, expect: allow }\n", "has no name in front of the =" },
		{ CASE "  expect: allow\n  name: y\n", "the key \"name\" stands here twice" },
		{ "- name: x\n operation: y\n", "not YAML" },
		{ CASE "  expect: &a allow\n", "anchors" },
	};
	struct krsi_ctx *ctx = *state;
	struct krsi_cases *cases = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		if (krsi_cases_parse(ctx, all[i].text, strlen(all[i].text), NULL, &cases) != -EBADMSG)
			fail_msg("taken, and should not be: %s", all[i].text);
		assert_detail(ctx, all[i].words);
		assert_null(cases);
	}
}

static void test_cases_all_mistakes_are_told_at_once(void **state)
{
	static const char text[] =
		"- { name: x, operation: file.opn, expect: allow }\n"
		"- { name: x, operation: file.open, expect: no }\n"
		"- { name: x, operation: file.open, object: { port: 1, owner: -1 }, expect: no }\n";
	const struct krsi_cases_opts opts = { .sz = sizeof(opts), .file_name = "web.cases" };
	struct krsi_ctx *ctx = *state;
	struct krsi_cases *cases = NULL;

	assert_int_equal(krsi_cases_parse(ctx, text, strlen(text), &opts, &cases), -EBADMSG);
	assert_detail(ctx, "web.cases:1:25: ");
	assert_detail(ctx, "web.cases:2:44: ");
	assert_detail(ctx, "web.cases:3:46: port makes no sense");
	assert_detail(ctx, "web.cases:3:62: ");
	assert_detail(ctx, "web.cases:3:76: ");
}

static void test_cases_arguments(void **state)
{
	static const char text[] = CASE "  expect: allow\n";
	struct krsi_cases_opts opts = { .sz = 0 };
	struct krsi_case_info info = { .sz = 0 };
	struct krsi_cases *cases = NULL;
	struct krsi_ctx *ctx = *state;
	struct krsi_matcher *matcher;

	assert_int_equal(krsi_cases_parse(NULL, text, strlen(text), NULL, &cases), -EINVAL);
	assert_int_equal(krsi_cases_parse(ctx, NULL, 0, NULL, &cases), -EINVAL);
	assert_int_equal(krsi_cases_parse(ctx, text, strlen(text), NULL, NULL), -EINVAL);
	assert_int_equal(krsi_cases_parse(ctx, text, strlen(text), &opts, &cases), -EINVAL);
	assert_int_equal(krsi_cases_parse(ctx, text, ((size_t)16 << 20) + 1, NULL, &cases), -EBADMSG);
	assert_int_equal(krsi_cases_open(ctx, "/nowhere", NULL, &cases), -ENOENT);
	assert_int_equal(krsi_cases_open(ctx, "/", NULL, &cases), -EBADMSG);
	assert_int_equal(krsi_cases_open(ctx, NULL, NULL, &cases), -EINVAL);
	assert_int_equal(krsi_cases_open(ctx, "/nowhere", &opts, &cases), -EINVAL);
	assert_null(cases);
	assert_int_equal(krsi_cases_count(NULL), 0);
	krsi_cases_free(NULL);
	matcher = matcher_make(ctx);
	cases = cases_parse(ctx, text);
	assert_int_equal(krsi_cases_run(cases, 0, matcher, &info), -EINVAL);
	assert_int_equal(krsi_cases_run(cases, 0, NULL, &info), -EINVAL);
	assert_int_equal(krsi_cases_run(NULL, 0, matcher, &info), -EINVAL);
	krsi_cases_free(cases);
	krsi_matcher_free(matcher);
}

static void test_cases_of_the_example_pass(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_case_info info = { .sz = sizeof(info) };
	struct krsi_matcher *matcher = NULL;
	struct krsi_policy *policy = NULL;
	struct krsi_cases *cases = NULL;
	size_t i;

	assert_ok(ctx, krsi_policy_open(ctx, UNIT_EXAMPLES "/web-server.yaml", NULL, &policy));
	assert_ok(ctx, krsi_matcher_new(ctx, &policy, 1, NULL, &matcher));
	assert_ok(ctx, krsi_cases_open(ctx, UNIT_EXAMPLES "/web-server.cases.yaml", NULL, &cases));
	assert_true(krsi_cases_count(cases) > 10);
	for (i = 0; i < krsi_cases_count(cases); i++) {
		assert_ok(ctx, krsi_cases_run(cases, i, matcher, &info));
		if (!info.passed)
			fail_msg("%s: expected %s; got %s", info.name, info.expected, info.got);
	}
	krsi_cases_free(cases);
	krsi_matcher_free(matcher);
	krsi_policy_free(policy);
}

static int play(struct krsi_ctx *ctx, struct krsi_matcher *matcher)
{
	static const char text[] =
		"- name: a\n  operation: file.open\n  subject: { parent: { exe: /a }, gid: [1, 2, 3], tag: [a, b] }\n"
		"  object: { path: /a/b }\n  expect: [allow, { deny: EACCES }, audit]\n  rule: told\n  tag: red\n";
	struct krsi_case_info info = { .sz = sizeof(info) };
	struct krsi_cases *cases = NULL;
	int err = krsi_cases_parse(ctx, text, strlen(text), NULL, &cases);

	if (!err)
		err = krsi_cases_run(cases, 0, matcher, &info);
	if (!err)
		assert_int_equal(info.passed, 1);
	krsi_cases_free(cases);
	return err;
}

static void test_cases_without_memory_say_so(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_matcher *matcher = matcher_make(ctx);
	unsigned int i, failed = 1;
	int err;

	for (i = 1; failed; i++) {
		inject_start(i, false);
		err = play(ctx, matcher);
		failed = inject_stop();
		assert_int_equal(err, failed ? -ENOMEM : 0);
	}
	assert_true(i >= 20);
	krsi_matcher_free(matcher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_cases_pass_and_fail),
		ctx_test(test_cases_have_a_default_and_unresolved_objects),
		ctx_test(test_cases_mistakes_are_told_with_their_place),
		ctx_test(test_cases_all_mistakes_are_told_at_once),
		ctx_test(test_cases_arguments),
		ctx_test(test_cases_of_the_example_pass),
		ctx_test(test_cases_without_memory_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

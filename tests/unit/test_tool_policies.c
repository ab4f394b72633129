/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi check and krsi test: exit codes, and what they print. They ask nothing of bpf(2), which the filter of unit.c
 * would not forgive. What check says of this machine's kernel is not looked at, only that it says something.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

enum exit_code { DONE = 0, FAILED = 1, USAGE = 2, POLICY = 3, UNSUPPORTED = 4 };

#define ARGUMENTS_MAX 8

/* Of the last run. */
static char out[256 * 1024], err[16 * 1024];

static char dir[64];	/* the working directory of the runs */

static void file_write(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void file_read(const char *name, char *text, size_t size)
{
	FILE *file = fopen(name, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void redirect(const char *name, int fd)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
}

/* Run the command, and keep what it prints. Returns its exit code. */
static int tool(const char *const *arguments)
{
	const char *argv[ARGUMENTS_MAX + 2] = { "krsi" };
	int status, i;
	pid_t child;

	for (i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		redirect("stdout", STDOUT_FILENO);
		redirect("stderr", STDERR_FILENO);
		setenv("LC_ALL", "C", 1);
		execv(TOOL_PROGRAM, (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	file_read("stdout", out, sizeof(out));
	file_read("stderr", err, sizeof(err));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A run, with words that stdout and stderr must have; "" stands for an empty one, NULL for any. */
struct expected {
	const char *arguments[ARGUMENTS_MAX + 1];
	int code;
	const char *out, *err;
};

static void text_check(const char *text, const char *words)
{
	if (words && !*words)
		assert_string_equal(text, "");
	else if (words)
		assert_words(text, words);
}

static void expect_all(const struct expected *cases, size_t count)
{
	size_t i;
	int code;

	for (i = 0; i < count; i++) {
		code = tool(cases[i].arguments);
		if (code != cases[i].code)
			print_message("# case %zu: exit code %d: %s%s\n", i, code, out, err);
		assert_int_equal(code, cases[i].code);
		text_check(out, cases[i].out);
		text_check(err, cases[i].err);
	}
}

static int files_make(void **state)
{
	(void)state;
	strcpy(dir, unit_dir_make());
	if (chdir(dir))
		return -1;
	file_write("good.yaml", "version: 1\nname: good\nrules:\n  - { name: no-x, on: file.open, object: { path: [/nowhere/x, \"/nowhere/y*\"] }, action: { deny: EACCES } }\n");
	file_write("twin.yaml", "version: 1\nname: good\ndefault: { file.open: deny }\n");
	file_write("other.yaml", "# a policy\n---\nversion: 1\nname: other\ndefault: { file.open: deny }\n");
	file_write("bad.yaml", "version: 1\nname: bad\nrules:\n  - { name: a, on: file.opn, action: deny }\n");
	file_write("xattr.yaml", "version: 1\nname: xattr\nrules:\n  - { name: marked, on: process.exec, object: { xattr: user.a }, action: audit }\n");
	file_write("pass.yaml", "# cases\n%YAML 1.1\n---\n- { name: x is closed, operation: file.open, object: { path: /nowhere/x }, expect: { deny: EACCES }, rule: no-x }\n"
				"- { name: \"z is\\topen\", operation: file.open, object: { path: /nowhere/z }, expect: allow }\n");
	file_write("fail.yaml", "\n- { name: \"\\x1b[2Jx\", operation: file.open, object: { path: /nowhere/x }, expect: allow }\n"
				"- name: z is closed\n  operation: file.open\n  object: { path: /nowhere/z }\n  expect: deny\n");
	file_write("flow.yaml", "[ { name: one, operation: file.open, object: { path: /nowhere/x }, expect: deny } ]\n");
	file_write("wrong.yaml", "- { name: x, operation: file.open, object: { pth: /x }, expect: allow }\n");
	file_write("empty.yaml", "");
	return 0;
}

static int files_remove(void **state)
{
	(void)state;
	if (chdir("/"))
		return -1;
	unit_dir_remove(dir);
	return 0;
}

static void test_cases_are_run(void **state)
{
	static const struct expected cases[] = {
		{ { "test", "good.yaml", "pass.yaml" }, DONE, "ok      x is closed: deny: EACCES by rule good/no-x\nok      z is open: allow, no rule decides\n2 passed, 0 failed\n", "" },
		{ { "test", "pass.yaml", "good.yaml" }, DONE, "2 passed, 0 failed\n", "" },
		{ { "test", "-q", "good.yaml", "pass.yaml" }, DONE, "2 passed, 0 failed\n", "" },
		{ { "test", "good.yaml", "flow.yaml", "pass.yaml" }, DONE, "3 passed, 0 failed\n", "" },
		{ { "test", "good.yaml", "fail.yaml" }, FAILED,
		  "FAILED  \\x1b[2Jx: expected allow; got deny: EACCES by rule good/no-x (fail.yaml:2:3)\n"
		  "FAILED  z is closed: expected deny; got allow, no rule decides (fail.yaml:3:3)\n0 passed, 2 failed\n", "" },
		{ { "test", "good.yaml", "other.yaml", "fail.yaml" }, FAILED, "ok      z is closed: deny: EPERM by the default of other\n1 passed, 1 failed\n", "" },
		{ { "--color=always", "test", "good.yaml", "fail.yaml" }, FAILED, "\033[31mFAILED\033[0m", "" },
		{ { "test", TOOL_EXAMPLES "/web-server.yaml", TOOL_EXAMPLES "/web-server.cases.yaml" }, DONE, " passed, 0 failed\n", "" },
	};

	(void)state;
	expect_all(cases, ARRAY_SIZE(cases));
	assert_int_equal(tool((const char *const[]){ "test", "--quiet", "good.yaml", "pass.yaml", NULL }), DONE);
	assert_string_equal(out, "2 passed, 0 failed\n");
}

static void test_mistakes_have_their_own_exit_codes(void **state)
{
	static const struct expected cases[] = {
		{ { "test" }, USAGE, "", "krsi: test needs policies, and a file of cases\nkrsi: see: krsi help test\n" },
		{ { "test", "good.yaml" }, USAGE, "", "test needs a file of cases beside the policies" },
		{ { "test", "good.yaml", "empty.yaml" }, USAGE, "", "test needs a file of cases beside the policies" },
		{ { "test", "pass.yaml" }, USAGE, "", "test needs a policy beside the cases" },
		{ { "test", "--jsn", "good.yaml", "pass.yaml" }, USAGE, "", "unknown option --jsn" },
		{ { "test", "bad.yaml", "pass.yaml" }, POLICY, "", "krsi: bad.yaml:4:20: no operation or group is called \"file.opn\"" },
		{ { "test", "good.yaml", "wrong.yaml" }, POLICY, "", "krsi: wrong.yaml:1:46: the object of file.open has no key \"pth\", did you mean path?\n" },
		{ { "test", "bad.yaml", "wrong.yaml" }, POLICY, "", "wrong.yaml:1:46" },
		{ { "test", "bad.yaml", "wrong.yaml" }, POLICY, "", "bad.yaml:4:20" },
		{ { "test", "good.yaml", "twin.yaml", "pass.yaml" }, POLICY, "", "krsi: twin.yaml: its policy is called good, as that of good.yaml; give one of them another name\n" },
		{ { "test", "xattr.yaml", "pass.yaml" }, UNSUPPORTED, "", "policy xattr, rule marked" },
		{ { "test", "nowhere.yaml", "pass.yaml" }, FAILED, "", "krsi: nowhere.yaml: no such file\n" },
		{ { "test", "good.yaml", "nowhere.yaml", "fail.yaml" }, FAILED, "", "krsi: nowhere.yaml: no such file\n" },
		{ { "check" }, USAGE, "", "krsi: check needs a policy\nkrsi: see: krsi help check\n" },
		{ { "check", "--jsn", "good.yaml" }, USAGE, "", "unknown option --jsn" },
		{ { "check", "bad.yaml" }, POLICY, "", "krsi: bad.yaml:4:20: no operation or group is called \"file.opn\"" },
		{ { "check", "bad.yaml", "wrong.yaml" }, POLICY, "", "krsi: wrong.yaml:1:1: a policy is made of keys" },
		{ { "check", "--json", "bad.yaml" }, POLICY, "", "krsi: bad.yaml:4:20: " },
		{ { "check", "good.yaml", "twin.yaml" }, POLICY, "", "its policy is called good" },
		{ { "check", "good.yaml", "good.yaml" }, POLICY, "", "its policy is called good" },
		{ { "check", "nowhere.yaml" }, FAILED, "", "krsi: nowhere.yaml: no such file\n" },
		{ { "check", "nowhere.yaml", "bad.yaml" }, FAILED, "", "krsi: bad.yaml:4:20" },
		{ { "check", "xattr.yaml" }, UNSUPPORTED, "    error: line 4, column ", "krsi: " },
		{ { "chek", "good.yaml" }, USAGE, "", "did you mean check?" },
	};

	(void)state;
	expect_all(cases, ARRAY_SIZE(cases));
}

/* Whatever this kernel is: fine, or not with the reason told. */
static void test_check_explains_on_any_kernel(void **state)
{
	int code = tool((const char *const[]){ "check", "good.yaml", "other.yaml", NULL });

	(void)state;
	assert_true(code == DONE || code == UNSUPPORTED);
	assert_words(out, "kernel\n  ");
	assert_words(out, "\npolicy good: 1 rule, enforce\n  rule no-x: deny with EACCES\n    file.open: program file_open\n");
	assert_words(out, "    file.open of /nowhere/x: program file_open: looked up by name only, as nothing is there now\n");
	assert_words(out, "    file.open of /nowhere/y*: program file_open: compared by the automaton, where \"nowhere\" is on the path\n");
	assert_words(out, "\npolicy other: 0 rules, enforce\n  rule default: deny what no rule decides\n");
	assert_words(out, "\nprograms\n  program file_open on file_open");
	assert_words(out, "\nlimits, of all policies together\n  policies: 2 of 64\n");
	assert_words(out, "\nsizes\n");
	if (code == DONE) {
		assert_words(out, "\nfine: ");
		assert_string_equal(err, "");
	} else {
		assert_words(out, "error: ");
		assert_words(err, "krsi: ");
	}
}

static void test_check_hides_the_paths_of_long_lists(void **state)
{
	char text[4096] = "version: 1\nname: long\nrules:\n  - name: one\n    on: file.open\n    action: deny\n    object:\n      path:\n";
	int i;

	(void)state;
	for (i = 0; i < 20; i++)
		sprintf(text + strlen(text), "        - /nowhere/%d\n", i);
	file_write("long.yaml", text);
	tool((const char *const[]){ "check", "long.yaml", NULL });
	assert_words(out, "/nowhere/7: ");
	assert_null(strstr(out, "/nowhere/8: "));
	assert_words(out, "    and 12 paths more; --verbose shows them\n");
	tool((const char *const[]){ "check", "-v", "long.yaml", NULL });
	assert_words(out, "/nowhere/19: ");
	assert_null(strstr(out, "paths more"));
}

static const char *member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static void test_check_in_json(void **state)
{
	int code = tool((const char *const[]){ "check", "--json", "good.yaml", NULL });
	json_t *document = json_loads(out, 0, NULL), *items, *item;
	bool operation = false, limit = false, place = false, program = false;
	size_t i;

	(void)state;
	assert_non_null(document);
	assert_int_equal(json_is_true(json_object_get(document, "fine")), code == DONE);
	items = json_object_get(document, "items");
	json_array_foreach(items, i, item) {
		assert_string_not_equal(member(item, "kind"), "unknown");
		assert_string_not_equal(member(item, "level"), "-");
		assert_string_not_equal(member(item, "text"), "-");
		if (strcmp(member(item, "kind"), "operation") == 0 && strcmp(member(item, "operation"), "file.open") == 0) {
			operation = true;
			assert_string_equal(member(item, "policy"), "good");
			assert_string_equal(member(item, "rule"), "no-x");
			if (json_array_size(json_object_get(item, "programs")))
				assert_string_equal(json_string_value(json_array_get(json_object_get(item, "programs"), 0)), "file_open");
		}
		place |= strcmp(member(item, "kind"), "place") == 0;
		program |= strcmp(member(item, "kind"), "program") == 0 && strcmp(member(item, "hook"), "file_open") == 0;
		if (strcmp(member(item, "text"), "policies: 1 of 64") == 0) {
			limit = true;
			assert_int_equal(json_integer_value(json_object_get(item, "value")), 1);
			assert_int_equal(json_integer_value(json_object_get(item, "limit")), 64);
		}
	}
	assert_true(operation && limit && place && program);
	json_decref(document);
}

/* --- what is documented ------------------------------------------------------------------- */

static void test_manual_has_every_option(void **state)
{
	static const char *const options[] = { "Fl -verbose", "Fl -json", "Fl -quiet", "Cm check", "Cm test", "Ss krsi check", "Ss krsi test" };
	static char manual[128 * 1024];
	size_t i;

	(void)state;
	file_read(TOOL_MANUAL, manual, sizeof(manual));
	for (i = 0; i < ARRAY_SIZE(options); i++)
		assert_words(manual, options[i]);
	assert_int_equal(tool((const char *const[]){ "help", "test", NULL }), DONE);
	assert_words(out, "usage: krsi test [-q] POLICY... CASES...");
	assert_int_equal(tool((const char *const[]){ "check", "--help", NULL }), DONE);
	assert_words(out, "usage: krsi check [-v] [--json] POLICY...");
}

/* The n-th block of YAML of the guide, as a file. */
static void block_write(const char *guide, size_t n, const char *name)
{
	static char text[16 * 1024];
	const char *begin = guide, *end;
	size_t i;

	for (i = 0; i <= n; i++) {
		begin = strstr(begin, "```yaml\n");
		assert_non_null(begin);
		begin += strlen("```yaml\n");
	}
	end = strstr(begin, "```");
	assert_non_null(end);
	assert_true((size_t)(end - begin) < sizeof(text));
	snprintf(text, sizeof(text), "%.*s", (int)(end - begin), begin);
	file_write(name, text);
}

static void test_guide_is_true(void **state)
{
	static char guide[64 * 1024];
	int code;

	(void)state;
	file_read(TOOL_GUIDE, guide, sizeof(guide));
	block_write(guide, 0, "guide-policy.yaml");
	block_write(guide, 1, "guide-cases.yaml");
	code = tool((const char *const[]){ "test", "guide-policy.yaml", "guide-cases.yaml", NULL });
	if (code)
		print_message("# %s%s\n", out, err);
	assert_int_equal(code, DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_are_run),
		cmocka_unit_test(test_mistakes_have_their_own_exit_codes),
		cmocka_unit_test(test_check_explains_on_any_kernel),
		cmocka_unit_test(test_check_hides_the_paths_of_long_lists),
		cmocka_unit_test(test_check_in_json),
		cmocka_unit_test(test_manual_has_every_option),
		cmocka_unit_test(test_guide_is_true),
	};

	return cmocka_run_group_tests(tests, files_make, files_remove);
}

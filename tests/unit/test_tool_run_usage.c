/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi run without a kernel: mistakes in arguments, files and policies, all of which are found before
 * anything is asked of the kernel. The filter of unit.c would kill it otherwise.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum exit_code { DONE = 0, FAILED = 1, USAGE = 2, POLICY = 3, UNSUPPORTED = 4 };

#define ARGUMENTS_MAX 8

#define GOOD "version: 1\nname: good\nrules:\n  - { name: a, on: file.open, object: { path: /x }, action: deny }\n"

/* Of the last run. */
static char out[64 * 1024], err[16 * 1024];

static char dir[64];

static const char *file_write(const char *name, const char *text, mode_t mode)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(name, mode), 0);
	return name;
}

static void file_read(const char *name, char *text, size_t size)
{
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void redirect(const char *name, int fd)
{
	int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
	close(file);
}

/* Run the command and keep what it prints. Returns its exit code. */
static int tool(const char *const *arguments)
{
	const char *argv[ARGUMENTS_MAX + 3] = { "krsi" };
	int status, i;
	pid_t child;

	for (i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		redirect("stdout", STDOUT_FILENO);
		redirect("stderr", STDERR_FILENO);
		close(3);
		setenv("LC_ALL", "C", 1);
		execv(TOOL_PROGRAM, (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	file_read("stdout", out, sizeof(out));
	file_read("stderr", err, sizeof(err));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void expect(int code, const char *words, const char *const *arguments)
{
	int got = tool(arguments);

	if (got != code)
		print_message("# exit code %d: %s%s\n", got, out, err);
	assert_int_equal(got, code);
	assert_words(code == DONE ? out : err, words);
}

static void test_help_says_everything(void **state)
{
	(void)state;
	expect(DONE, "usage: krsi run [OPTION...] POLICY...", LIST("run", "--help"));
	expect(DONE, "exit codes: 0 a signal ended it; 1 failed; 2 wrong usage; 3 a policy is wrong;\n4 this kernel cannot do it\n",
	       LIST("help", "run"));
	expect(DONE, "  run      put policies in force", LIST("--help"));
}

static void test_manual_has_every_option(void **state)
{
	static char manual[128 * 1024];
	const char *option;
	char words[80];
	FILE *file;
	size_t len, seen = 0;

	(void)state;
	file = fopen(TOOL_MANUAL, "r");
	assert_non_null(file);
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	assert_int_equal(tool(LIST("help", "run")), DONE);
	for (option = out; (option = strstr(option, " --")); seen++) {
		option += strlen(" --");
		len = strspn(option, "abcdefghijklmnopqrstuvwxyz-");
		snprintf(words, sizeof(words), "Fl -%.*s", (int)len, option);
		assert_words(manual, words);
	}
	assert_true(seen >= 8);
}

static void test_mistakes_are_usage_errors(void **state)
{
	static const struct {
		const char *arguments[ARGUMENTS_MAX];
		const char *words;
	} cases[] = {
		{ { "run" }, "krsi: run needs a policy: krsi run POLICY.yaml\nkrsi: see: krsi help run\n" },
		{ { "run", "--jsn", "p" }, "unknown option --jsn" },
		{ { "run", "--output" }, "option --output needs a value" },
		{ { "run", "--json=2", "p" }, "takes no value" },
		{ { "run", "--json", "--ecs", "p" }, "--json, --ecs and --ocsf exclude one another" },
		{ { "run", "--ocsf", "--json", "p" }, "--json, --ecs and --ocsf exclude one another" },
		{ { "run", "--color=red", "p" }, "--color is auto, always or never" },
		{ { "run", "--ring-size", "", "p" }, "--ring-size is a power of two from 4096 to 2G, not \"\"" },
		{ { "run", "--ring-size", "0", "p" }, "--ring-size is a power of two" },
		{ { "run", "--ring-size", "2048", "p" }, "--ring-size is a power of two" },
		{ { "run", "--ring-size", "5000", "p" }, "--ring-size is a power of two" },
		{ { "run", "--ring-size", "4G", "p" }, "--ring-size is a power of two" },
		{ { "run", "--ring-size", "-1", "p" }, "--ring-size is a power of two" },
		{ { "run", "--ring-size", "1MB", "p" }, "--ring-size is a power of two" },
		{ { "run", "--ring-size", "18446744073709551616", "p" }, "--ring-size is a power of two" },
		{ { "run", "--denial-ring-size", "5000", "p" }, "--denial-ring-size is a power of two from 4096 to 2G, not \"5000\"" },
		{ { "run", "--backend", "LSM", "p" }, "--backend is auto, lsm or fmod_ret, not \"LSM\"" },
		{ { "run", "--environment", "", "p" }, "--environment is none, all, or names of variables such as LD_PRELOAD,LD_*, not \"\"" },
		{ { "run", "--environment", "A,", "p" }, "--environment is none, all, or names" },
		{ { "run", "--environment", "A=1", "p" }, "names of variables such as LD_PRELOAD,LD_*, not \"A=1\"" },
		{ { "run", "--environment", "A,*", "p" }, "not \"*\"" },
		{ { "run", "--environment", "A*B", "p" }, "not \"A*B\"" },
		{ { "record", "--no-stats" }, "record needs a file to record in" },
		{ { "record", "--environment", "A**", "f" }, "not \"A**\"" },
		{ { "run", "--ready-fd", "2", "p" }, "--ready-fd is the number of a descriptor, from 3, not \"2\"" },
		{ { "run", "--ready-fd", "x", "p" }, "--ready-fd is the number of a descriptor" },
		{ { "run", "--ready-fd", "3K", "p" }, "--ready-fd is the number of a descriptor" },
		{ { "run", "--ready-fd", "4294967299", "p" }, "--ready-fd is the number of a descriptor" },
		{ { "run", "--ready-fd", "3", "p" }, "--ready-fd 3: this descriptor is not open" },
		{ { "run", "--rotate-size", "4095", "p" }, "--rotate-size is a number of bytes from 4096, such as 64M, not \"4095\"" },
		{ { "run", "--rotate-size", "-1", "p" }, "--rotate-size is a number of bytes" },
		{ { "run", "--rotate-size", "99999999999G", "p" }, "--rotate-size is a number of bytes" },
		{ { "run", "--rotate-count", "0", "p" }, "--rotate-count is a number of files from 1 to 10000, not \"0\"" },
		{ { "run", "--rotate-count", "1M", "p" }, "--rotate-count is a number of files" },
		{ { "run", "--rotate-count", "2", "p" }, "--rotate-count needs --rotate-size" },
		{ { "run", "--rotate-size", "1M", "p" }, "--rotate-size needs --output" },
		{ { "run", "--seal=1", "p" }, "takes no value" },
		{ { "run", "--seal", "--permissive", "p" }, "--permissive refuses nothing, so that --seal has nothing to keep" },
		{ { "record", "--seal", "f" }, "unknown option --seal" },
		{ { "rnu" }, "did you mean run?" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		expect(USAGE, cases[i].words, cases[i].arguments);
}

static void test_a_wrong_policy_is_told_by_line_and_column(void **state)
{
	(void)state;
	file_write("good.yaml", GOOD, 0644);
	file_write("wrong.yaml", "version: 1\nname: wrong\nmdoe: enforce\nrules: []\n", 0644);
	expect(POLICY, "krsi: wrong.yaml:3:1: ", LIST("run", "good.yaml", "wrong.yaml"));
	assert_null(strstr(err, "in force"));
	expect(POLICY, "regular file", LIST("run", "."));
	/* One run shows the errors of all, and a failure is worse than a wrong policy. */
	expect(FAILED, "krsi: wrong.yaml:3:1: ", LIST("run", "wrong.yaml", "/nowhere.yaml"));
	assert_words(err, "krsi: /nowhere.yaml: no such file");
}

static void test_a_policy_that_others_can_write_is_refused(void **state)
{
	(void)state;
	expect(FAILED, "its mode 0666 lets others write it", LIST("run", file_write("open.yaml", GOOD, 0666)));
}

static void test_two_policies_of_one_name_are_refused(void **state)
{
	(void)state;
	file_write("one.yaml", GOOD, 0644);
	file_write("two.yaml", GOOD, 0644);
	expect(POLICY, "krsi: two.yaml: its policy is called good, as that of one.yaml", LIST("run", "one.yaml", "two.yaml"));
}

static void test_warnings_do_not_stop_it(void **state)
{
	(void)state;
	file_write("warned.yaml", "version: 1\nname: warned\nrules:\n"
				  "  - { name: a, on: file.open, object: { path: [/x, /x] }, action: deny }\n", 0644);
	expect(FAILED, "krsi: warning: warned.yaml:4:", LIST("run", "warned.yaml", "/nowhere.yaml"));
}

static void test_a_kernel_without_seals_is_told_before_anything_is_in_force(void **state)
{
	(void)state;
	if (access("/sys/kernel/security/krsi/features", F_OK) == 0)
		skip();
	file_write("good.yaml", GOOD, 0644);
	expect(UNSUPPORTED, "krsi: --seal: Linux has nothing to seal programs with; load libkrsi's module krsi.ko", LIST("run", "--seal", "good.yaml"));
	expect(POLICY, "krsi: wrong.yaml:3:1: ", LIST("run", "--seal", "wrong.yaml"));
}

static void test_a_living_pidfile_is_refused(void **state)
{
	char line[32];

	(void)state;
	snprintf(line, sizeof(line), "%d\n", (int)getpid());
	expect(FAILED, "krsi: pidfile pid: process ", LIST("run", "--pidfile", file_write("pid", line, 0644), "none.yaml"));
	assert_int_equal(access("pid", F_OK), 0);
}

static void test_an_output_that_cannot_be_opened_is_refused(void **state)
{
	(void)state;
	expect(FAILED, "krsi: /nowhere/out: cannot be opened: No such file", LIST("run", "--output", "/nowhere/out", "none.yaml"));
}

static int dir_make(void **state)
{
	(void)state;
	strcpy(dir, unit_dir_make());
	return chdir(dir);
}

static int dir_remove(void **state)
{
	(void)state;
	unit_dir_remove(dir);
	return chdir("/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_says_everything),
		cmocka_unit_test(test_manual_has_every_option),
		cmocka_unit_test(test_mistakes_are_usage_errors),
		cmocka_unit_test(test_a_wrong_policy_is_told_by_line_and_column),
		cmocka_unit_test(test_a_policy_that_others_can_write_is_refused),
		cmocka_unit_test(test_two_policies_of_one_name_are_refused),
		cmocka_unit_test(test_warnings_do_not_stop_it),
		cmocka_unit_test(test_a_kernel_without_seals_is_told_before_anything_is_in_force),
		cmocka_unit_test(test_a_living_pidfile_is_refused),
		cmocka_unit_test(test_an_output_that_cannot_be_opened_is_refused),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}

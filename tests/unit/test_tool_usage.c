/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The krsi command without a kernel: help, mistakes, exit codes, and hooks of a file. The command
 * inherits the filter of unit.c, so that bpf(2) would kill it: nothing reaches this machine's kernel.
 */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <jansson.h>

enum exit_code { DONE = 0, FAILED = 1, USAGE = 2 };

#define ARGUMENTS_MAX 8

/* Of the last run. */
static char out[64 * 1024], err[16 * 1024];

static char dir[64];	/* for files of a run, and a BTF file */

static void file_read(const char *name, char *text, size_t size)
{
	char path[128];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	text[n] = '\0';
	fclose(file);
}

static void redirect(const char *name, int fd)
{
	char path[128];
	int file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (file < 0 || dup2(file, fd) < 0)
		_exit(126);
}

/* Run the command and keep what it prints. Returns its exit code. */
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

static void test_help_goes_to_stdout(void **state)
{
	static const struct expected cases[] = {
		{ { "--help" }, DONE, "exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done", "" },
		{ { "-h" }, DONE, "usage: krsi ", "" },
		{ { "help" }, DONE, "usage: krsi [--color=WHEN] COMMAND", "" },
		{ { "help", "help" }, DONE, "usage: krsi help", "" },
		{ { "help", "status" }, DONE, "usage: krsi status", "" },
		{ { "help", "hooks" }, DONE, "usage: krsi hooks", "" },
		{ { "help", "load" }, DONE, "usage: krsi load", "" },
		{ { "help", "stats" }, DONE, "usage: krsi stats", "" },
		{ { "load", "--help" }, DONE, "With --check: 0 every program", "" },
		{ { "status", "-h" }, DONE, "usage: krsi status", "" },
		{ { "--version" }, DONE, "krsi " KRSI_VERSION ", libkrsi ", "" },
	};

	(void)state;
	expect_all(cases, ARRAY_SIZE(cases));
}

/* The names of long options in a help text, one at each call; NULL past the last. */
static const char *option_next(const char **help)
{
	static char name[64];
	const char *found = strstr(*help, " --");
	size_t len;

	if (!found)
		return NULL;
	found += strlen(" --");
	len = strspn(found, "abcdefghijklmnopqrstuvwxyz-");
	assert_true(len < sizeof(name));
	snprintf(name, sizeof(name), "%.*s", (int)len, found);
	*help = found + len;
	return name;
}

static void test_manual_has_every_option(void **state)
{
	static const char *const commands[] = { "status", "hooks", "load", "ps", "stats", "top" };
	static char manual[64 * 1024];
	const char *help, *option;
	char words[80];
	FILE *file;
	size_t i, seen = 0;

	(void)state;
	file = fopen(TOOL_MANUAL, "r");
	assert_non_null(file);
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		assert_int_equal(tool((const char *const[]){ "help", commands[i], NULL }), DONE);
		for (help = out; (option = option_next(&help)); seen++) {
			snprintf(words, sizeof(words), "Fl -%s", option);
			assert_words(manual, words);
		}
	}
	assert_true(seen > 20);
}

static void test_mistakes_are_usage_errors_that_say_what_to_do(void **state)
{
	static const struct expected cases[] = {
		{ { NULL }, USAGE, "", "usage: krsi " },
		{ { "statsu" }, USAGE, "", "krsi: there is no command statsu, did you mean status?\nkrsi: see: krsi --help\n" },
		{ { "hook" }, USAGE, "", "did you mean hooks?" },
		{ { "lod" }, USAGE, "", "did you mean load?" },
		{ { "frobnicate" }, USAGE, "", "krsi: there is no command frobnicate\n" },
		{ { "help", "laod" }, USAGE, "", "did you mean load?" },
		{ { "help", "load", "hooks" }, USAGE, "", "one command at a time" },
		{ { "--frobnicate" }, USAGE, "", "krsi: unknown option --frobnicate\n" },
		{ { "-x" }, USAGE, "", "unknown option -x" },
		{ { "--color=red", "status" }, USAGE, "", "--color is auto, always or never, not \"red\"" },
		{ { "\033[2Jstatus" }, USAGE, "", "krsi: there is no command \\x1b[2Jstatus" },
		{ { "stats", "4711" }, USAGE, "", "stats takes no argument, but got 4711; a process is named by --pid" },
		{ { "stats", "--pid", "-1" }, USAGE, "", "--pid is the number of a process, not \"-1\"" },
		{ { "stats", "--json", "--prometheus" }, USAGE, "", "--json and --prometheus exclude one another" },
		{ { "top", "--count", "0" }, USAGE, "", "--count is a number of tables, from 1, not \"0\"" },
		{ { "top", "--interval", "0.01" }, USAGE, "", "--interval is a number of seconds, from 0.1 to 3600, not \"0.01\"" },
		{ { "top", "--interval", "nan" }, USAGE, "", "not \"nan\"" },
		{ { "top", "4711" }, USAGE, "", "top takes no argument, but got 4711" },
		{ { "ps", "init" }, USAGE, "", "\"init\" is not the number of a process" },
		{ { "ps", "1", "2" }, USAGE, "", "ps takes one process, but got 2 as well" },
		{ { "status", "now" }, USAGE, "", "takes no argument" },
		{ { "status", "--jsn" }, USAGE, "", "krsi: unknown option --jsn\nkrsi: see: krsi help status\n" },
		{ { "status", "--json=2" }, USAGE, "", "option --json=2 takes no value" },
		{ { "hooks", "--btf" }, USAGE, "", "option --btf needs a value" },
		{ { "hooks", "--try", "--btf", "x" }, USAGE, "", "--try loads programs into the running kernel" },
		{ { "load" }, USAGE, "", "load needs an object" },
		{ { "load", "--check" }, USAGE, "", "load needs an object" },
		{ { "load", "--pin", "x", "a", "b" }, USAGE, "", "--pin takes one object" },
		{ { "load", "--pin", "x", "--check", "a" }, USAGE, "", "cannot be used with --pin" },
		{ { "load", "--json", "--check", "a" }, USAGE, "", "no records are read with --check or --pin" },
		{ { "load", "--type", "a", "b" }, USAGE, "", "\"a\": it has to be NAME=VALUE" },
		{ { "load", "--set", "a", "b" }, USAGE, "", "\"a\": it has to be NAME=VALUE" },
		{ { "load", "--set", "=1", "b" }, USAGE, "", "it has to be NAME=VALUE" },
		{ { "load", "--set", "a=", "b" }, USAGE, "", "not a number" },
		{ { "load", "--set", "a=1x", "b" }, USAGE, "", "not a number" },
		{ { "load", "--set", "a= 1", "b" }, USAGE, "", "not a number" },
		{ { "load", "--set", "a=--1", "b" }, USAGE, "", "not a number" },
		{ { "load", "--set", "a=18446744073709551616", "b" }, USAGE, "", "not a number" },
		{ { "load", "--set", "a=-9223372036854775809", "b" }, USAGE, "", "not a number" },
		{ { "load", "--perf-pages", "48", "b" }, USAGE, "", "--perf-pages is a power of two, such as 64, not \"48\"" },
		{ { "load", "--perf-pages", "0", "b" }, USAGE, "", "not \"0\"" },
		{ { "load", "--perf-pages", "-1", "b" }, USAGE, "", "not \"-1\"" },
		{ { "load", "--perf-pages", "64K", "b" }, USAGE, "", "not \"64K\"" },
		{ { "load", "--map-size", "a=0", "b" }, USAGE, "", "the size is not a number" },
		{ { "load", "--map-size", "a=-1", "b" }, USAGE, "", "the size is not a number" },
		{ { "load", "--map-size", "a=4G", "b" }, USAGE, "", "the size is not a number" },
		{ { "load", "--map-size", "a=18446744073709551615K", "b" }, USAGE, "", "the size is not a number" },
		{ { "load", "--map-size", "a=1Ki", "b" }, USAGE, "", "the size is not a number" },
		{ { "load", "--target", "a", "b" }, USAGE, "", "it has to be NAME=VALUE" },
		{ { "load", "--without", "", "b" }, USAGE, "", "it has to be a name" },
		{ { "load", "--log", "loud", "b" }, USAGE, "", "--log is error, warn, info or debug" },
	};

	(void)state;
	expect_all(cases, ARRAY_SIZE(cases));
}

static void test_files_that_cannot_be_read_are_named(void **state)
{
	static const struct expected cases[] = {
		{ { "load", "/nowhere.bpf.o" }, FAILED, "", "krsi: object /nowhere.bpf.o: " },
		{ { "load", "--check", "/nowhere.bpf.o" }, FAILED, "/nowhere.bpf.o\t-\t-\trefused\tobject /nowhere.bpf.o: ", "krsi: " },
		{ { "load", "--check", TOOL_PROGRAM }, FAILED, TOOL_PROGRAM "\t-\t-\trefused\t", "krsi: object " TOOL_PROGRAM ": " },
		{ { "load", "--kconfig", "/nowhere", "/nowhere.bpf.o" }, FAILED, "", "krsi: /nowhere: " },
		{ { "load", "--kconfig", TOOL_PROGRAM, "/nowhere.bpf.o" }, FAILED, "", "as a kernel's config" },
		{ { "load", "--kconfig", "/", "/nowhere.bpf.o" }, FAILED, "", "krsi: /: " },
		{ { "load", "--cgroup", "/dev", "/nowhere.bpf.o" }, FAILED, "", "not a cgroup of version 2" },
		{ { "hooks", "--btf", "/nowhere" }, FAILED, "", "krsi: /nowhere: " },
		{ { "hooks", "--btf", TOOL_PROGRAM }, FAILED, "", "krsi: " TOOL_PROGRAM ": " },
	};

	(void)state;
	expect_all(cases, ARRAY_SIZE(cases));
}

/* --- hooks of a file --------------------------------------------------------- */

/* Hooks file_open and task_free, as a kernel's BTF has them. */
static const char *btf_write(void)
{
	static char path[128];
	struct btf *btf = btf__new_empty();
	int t_int, t_file, proto;
	const void *bytes;
	uint32_t size;
	FILE *file;

	assert_non_null(btf);
	t_int = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	t_file = btf__add_ptr(btf, btf__add_fwd(btf, "file", BTF_FWD_STRUCT));
	btf__add_union(btf, "security_list_options", 8);
	btf__add_field(btf, "file_open", t_file, 0, 0);
	btf__add_field(btf, "task_free", t_file, 0, 0);
	proto = btf__add_func_proto(btf, t_int);
	btf__add_func_param(btf, "file", t_file);
	btf__add_func(btf, "bpf_lsm_file_open", BTF_FUNC_GLOBAL, proto);
	proto = btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "task", t_file);
	btf__add_func(btf, "bpf_lsm_task_free", BTF_FUNC_GLOBAL, proto);

	bytes = btf__raw_data(btf, &size);
	assert_non_null(bytes);
	snprintf(path, sizeof(path), "%s/btf", dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	btf__free(btf);
	return path;
}

static void test_hooks_of_a_file_are_listed(void **state)
{
	const char *btf = btf_write();
	const struct expected cases[] = {
		{ { "hooks", "--btf", btf, "*free" }, DONE, "task_free\n", "" },
		{ { "hooks", "--btf", btf, "-l", "*free" }, DONE, "task_free                      void task_free(struct file *task)\n", "" },
		{ { "hooks", "--btf", btf, "file_opne" }, FAILED, "", "did you mean file_open?" },
		{ { "hooks", "--btf", btf, "x*" }, FAILED, "", "krsi: no hook matches\n" },
	};

	(void)state;
	expect_all(cases, ARRAY_SIZE(cases));
	assert_int_equal(tool((const char *const[]){ "hooks", "--btf", btf, NULL }), DONE);
	assert_string_equal(out, "file_open\ntask_free\n");
}

static void test_hooks_in_json(void **state)
{
	const char *btf = btf_write();
	json_t *list, *hook;

	(void)state;
	assert_int_equal(tool((const char *const[]){ "hooks", "--json", "--btf", btf, NULL }), DONE);
	list = json_loads(out, 0, NULL);
	assert_non_null(list);
	assert_int_equal(json_array_size(list), 2);
	hook = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(hook, "name")), "file_open");
	assert_string_equal(json_string_value(json_object_get(hook, "prototype")), "int file_open(struct file *file)");
	assert_true(json_is_true(json_object_get(hook, "can_deny")));
	assert_true(json_is_false(json_object_get(json_array_get(list, 1), "can_deny")));
	hook = json_array_get(json_object_get(hook, "arguments"), 0);
	assert_string_equal(json_string_value(json_object_get(hook, "name")), "file");
	assert_string_equal(json_string_value(json_object_get(hook, "type")), "struct file *");
	json_decref(list);
}

static int dir_make(void **state)
{
	(void)state;
	strcpy(dir, unit_dir_make());
	return 0;
}

static int dir_remove(void **state)
{
	(void)state;
	unit_dir_remove(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_help_goes_to_stdout),
		cmocka_unit_test(test_manual_has_every_option),
		cmocka_unit_test(test_mistakes_are_usage_errors_that_say_what_to_do),
		cmocka_unit_test(test_files_that_cannot_be_read_are_named),
		cmocka_unit_test(test_hooks_of_a_file_are_listed),
		cmocka_unit_test(test_hooks_in_json),
	};

	return cmocka_run_group_tests(tests, dir_make, dir_remove);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_bprm_arg() and bpf_bprm_env(): what they tell about an execve(2), in time to refuse it.
 */
#include "tools.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/bin/busybox"
#define STRING_MAX (128 * 1024)		/* the kernel's MAX_ARG_STRLEN, with the NUL */
#define STRINGS_MAX 64

struct exec {
	struct programs *programs;
	char *const *argv, *const *envp;
};

static char *const plain_argv[] = { "busybox", "true", "--fine", NULL };
static char *const empty[] = { NULL };

/* Returns only when execve(2) failed, with the errno. */
static int exec_as_target(void *data)
{
	struct exec *exec = data;
	const struct rlimit stack = { .rlim_cur = 64 << 20, .rlim_max = RLIM_INFINITY };

	/* The kernel allows a quarter of it for the strings, and 6 MiB at most. */
	setrlimit(RLIMIT_STACK, &stack);
	exec->programs->wish->target = (unsigned int)getpid();
	execve(PROGRAM, exec->argv, exec->envp);
	return errno;
}

/* 0 when the program ran, else the errno of execve(2). */
static int exec_try(struct programs *programs, char *const argv[], char *const envp[])
{
	struct exec exec = { .programs = programs, .argv = argv, .envp = envp };
	int status = child_run(exec_as_target, &exec);

	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static long long env_result(int times, const char *value)
{
	return (long long)times << 32 | (long long)(strlen(value) + 1);
}

static void want_env(struct programs *programs, const char *name)
{
	memset(programs->wish->name, 0, NAME_SIZE);
	strncpy(programs->wish->name, name, NAME_SIZE - 1);
}

static void test_an_argument_is_seen_before_and_after_exec_mmap(void **state)
{
	struct programs programs = programs_attach("exec_check exec_done");

	(void)state;
	programs.wish->arg = 2;
	assert_int_equal(exec_try(&programs, plain_argv, empty), 0);
	assert_int_equal(programs.seen->execs, 1);
	assert_string_equal(programs.seen->arg, "--fine");
	assert_int_equal(programs.seen->arg_result, 7);
	assert_string_equal(programs.seen->late_arg, "--fine");
	assert_int_equal(programs.seen->late_arg_result, 7);
	programs_free(&programs);
}

static void test_there_is_no_argument_past_the_last(void **state)
{
	static char *const envp[] = { "IS=no argument", NULL };
	static const unsigned int past[] = { 3, 4, 0x7fffffff, 0x80000000, 0xffffffff };
	struct programs programs = programs_attach("exec_check");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
		programs.wish->arg = past[i];
		assert_int_equal(exec_try(&programs, plain_argv, envp), 0);
		assert_int_equal(programs.seen->arg_result, -ENOENT);
		assert_string_equal(programs.seen->arg, "");
	}
	programs_free(&programs);
}

static void test_what_does_not_fit_is_cut_and_said_so(void **state)
{
	static char *const argv[] = { "busybox", "true", "abcd", NULL };
	static char *const fits[] = { "busybox", "true", "abc", NULL };
	static char *const envp[] = { "LONG=vwxyz", "LONG=second", "AFTER=1", NULL };
	struct programs programs = programs_attach("exec_check");

	(void)state;
	want_env(&programs, "LONG");
	programs.wish->arg = 2;
	assert_int_equal(exec_try(&programs, argv, envp), 0);
	assert_int_equal(programs.seen->cut_arg_result, -E2BIG);
	assert_string_equal(programs.seen->cut_arg, "abc");
	assert_int_equal(programs.seen->cut_env_result, -E2BIG);
	assert_string_equal(programs.seen->cut_env, "vwx");
	assert_int_equal(exec_try(&programs, fits, envp), 0);
	assert_int_equal(programs.seen->cut_arg_result, 4);
	assert_string_equal(programs.seen->cut_arg, "abc");
	programs_free(&programs);
}

static void test_the_first_of_equal_variables_is_told_with_their_number(void **state)
{
	static char *const envp[] = {
		"A=1", "LD_PRELOADX=no", "LD_PRELOA=no", "LD_PRELOAD", "", "XLD_PRELOAD=no",
		"LD_PRELOAD=/tmp/evil.so", "LD_PRELOAD=/tmp/other.so", "ld_preload=no", "LD_PRELOAD=", NULL
	};
	struct programs programs = programs_attach("exec_check exec_done");

	(void)state;
	want_env(&programs, "LD_PRELOAD");
	assert_int_equal(exec_try(&programs, plain_argv, envp), 0);
	assert_true(programs.seen->env_result == env_result(3, "/tmp/evil.so"));
	assert_string_equal(programs.seen->env, "/tmp/evil.so");
	assert_true(programs.seen->late_env_result == env_result(3, "/tmp/evil.so"));
	want_env(&programs, "A");
	assert_int_equal(exec_try(&programs, plain_argv, envp), 0);
	assert_true(programs.seen->env_result == env_result(1, "1"));
	want_env(&programs, "NONE");
	assert_int_equal(exec_try(&programs, plain_argv, envp), 0);
	assert_true(programs.seen->env_result == -ENOENT);
	assert_string_equal(programs.seen->env, "");
	want_env(&programs, "");
	assert_int_equal(exec_try(&programs, plain_argv, envp), 0);
	assert_true(programs.seen->env_result == -EINVAL);
	programs_free(&programs);
}

static void test_an_execution_is_refused_for_its_environment(void **state)
{
	static char *const preload[] = { "A=1", "LD_PRELOAD=/tmp/evil.so", NULL };
	static char *const harmless[] = { "A=1", "PRELOAD=/tmp/evil.so", NULL };
	struct programs programs = programs_attach("exec_check");

	(void)state;
	want_env(&programs, "LD_PRELOAD");
	programs.wish->deny_env = 1;
	assert_int_equal(exec_try(&programs, plain_argv, preload), denied(EPERM));
	assert_int_equal(exec_try(&programs, plain_argv, harmless), 0);
	programs_free(&programs);
}

static void test_an_execution_is_refused_for_an_argument(void **state)
{
	static char *const evil[] = { "busybox", "true", "--evil", NULL };
	struct programs programs = programs_attach("exec_check");

	(void)state;
	programs.wish->arg = 2;
	programs.wish->deny_arg = 1;
	assert_int_equal(exec_try(&programs, evil, empty), denied(EACCES));
	assert_int_equal(exec_try(&programs, plain_argv, empty), 0);
	programs_free(&programs);
}

/* A string of that length that differs from others and from place to place. */
static char *make_string(const char *prefix, int number, size_t len)
{
	char *text = malloc(len + 1);
	size_t i;

	assert_non_null(text);
	for (i = 0; i < len; i++)
		text[i] = (char)('a' + (i / 7 + (size_t)number) % 26);
	text[len] = 0;
	memcpy(text, prefix, strlen(prefix));
	return text;
}

static void free_strings(char **strings)
{
	for (; *strings; strings++)
		free(*strings);
}

static void test_strings_are_whole_across_pages(void **state)
{
	struct programs programs = programs_attach("exec_check exec_done");
	char *argv[34] = { "busybox", "true" };
	char *envp[3] = { 0 };
	int i;

	(void)state;
	/* Lengths around the size of a page, so that strings begin and end everywhere in one. */
	for (i = 2; i < 33; i++)
		argv[i] = make_string("", i, (size_t)(4080 + i - 2 < 4095 ? 4080 + i - 2 : 300 * (i - 16)));
	envp[0] = make_string("BEFORE=", 1, 5000);
	envp[1] = make_string("LONG=", 2, 4000);
	want_env(&programs, "LONG");
	for (i = 2; i < 33; i++) {
		programs.wish->arg = (unsigned int)i;
		assert_int_equal(exec_try(&programs, argv, envp), 0);
		if (strlen(argv[i]) < BUF_SIZE) {
			assert_int_equal(programs.seen->arg_result, strlen(argv[i]) + 1);
			assert_string_equal(programs.seen->arg, argv[i]);
			assert_string_equal(programs.seen->late_arg, argv[i]);
		} else {
			assert_int_equal(programs.seen->arg_result, -E2BIG);
			assert_int_equal(strlen(programs.seen->arg), BUF_SIZE - 1);
			assert_memory_equal(programs.seen->arg, argv[i], BUF_SIZE - 1);
		}
		assert_string_equal(programs.seen->env, envp[1] + strlen("LONG="));
	}
	free_strings(argv + 2);
	free_strings(envp);
	programs_free(&programs);
}

/* 47 strings of 128 KiB and a shorter one: with their pointers, all that the kernel allows, 6 MiB. */
static unsigned int fill_argv(char *argv[STRINGS_MAX])
{
	unsigned int n = 2;

	argv[0] = strdup("busybox");
	argv[1] = strdup("true");
	for (; n < 49; n++)
		argv[n] = make_string("", (int)n, STRING_MAX - 1);
	argv[n++] = make_string("", 1, STRING_MAX - 2048);
	argv[n++] = strdup("--evil");
	argv[n] = NULL;
	return n;
}

static void test_the_longest_list_is_read_to_its_end(void **state)
{
	static char *const envp[] = { "A=1", "LD_PRELOAD=/tmp/evil.so", NULL };
	struct programs programs = programs_attach("exec_check exec_done");
	char *argv[STRINGS_MAX] = { 0 }, *more[STRINGS_MAX + 1] = { 0 };
	unsigned int n = fill_argv(argv);

	(void)state;
	want_env(&programs, "LD_PRELOAD");
	programs.wish->arg = n - 1;
	assert_int_equal(exec_try(&programs, argv, envp), 0);
	assert_string_equal(programs.seen->arg, "--evil");
	assert_true(programs.seen->env_result == env_result(1, "/tmp/evil.so"));
	assert_string_equal(programs.seen->late_arg, "--evil");
	assert_true(programs.seen->late_env_result == env_result(1, "/tmp/evil.so"));
	programs.wish->deny_arg = 1;
	assert_int_equal(exec_try(&programs, argv, envp), denied(EACCES));
	/* It is the longest: the kernel itself refuses one more page. */
	memcpy(more, argv, sizeof(argv));
	more[n] = make_string("", 0, 4096);
	assert_int_equal(exec_try(&programs, more, envp), E2BIG);
	free(more[n]);
	free_strings(argv);
	programs_free(&programs);
}

static void test_a_killed_process_is_not_kept_in_the_kernel(void **state)
{
	struct programs programs = programs_attach("exec_slow");
	struct exec exec = { .programs = &programs, .envp = empty };
	char *argv[STRINGS_MAX] = { 0 };
	const volatile unsigned int *rounds = &programs.seen->rounds;
	int status;
	pid_t pid;

	(void)state;
	programs.wish->arg = fill_argv(argv) - 1;
	exec.argv = argv;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(exec_as_target(&exec));
	/* On one processor this ends only because the kernel gives it away between two pages. */
	while (*rounds == 0 && waitpid(pid, &status, WNOHANG) == 0)
		sched_yield();
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(programs.seen->slow_result, -EINTR);
	assert_in_range(programs.seen->rounds, 1, SLOW_ROUNDS - 1);
	free_strings(argv);
	programs_free(&programs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_argument_is_seen_before_and_after_exec_mmap),
		cmocka_unit_test(test_there_is_no_argument_past_the_last),
		cmocka_unit_test(test_what_does_not_fit_is_cut_and_said_so),
		cmocka_unit_test(test_the_first_of_equal_variables_is_told_with_their_number),
		cmocka_unit_test(test_an_execution_is_refused_for_its_environment),
		cmocka_unit_test(test_an_execution_is_refused_for_an_argument),
		cmocka_unit_test(test_strings_are_whole_across_pages),
		cmocka_unit_test(test_the_longest_list_is_read_to_its_end),
		cmocka_unit_test(test_a_killed_process_is_not_kept_in_the_kernel),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, kernel_setup, NULL);
}

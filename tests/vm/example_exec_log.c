/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/exec-log: what it shows of an execution, and what it must not take for LD_PRELOAD. */
#include "example.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const example_argv[] = { "exec-log", NULL };

static void exec_mark(void)
{
	static unsigned int number;
	const char *name = TEXT("mark-%u", ++number);

	assert_int_equal(run_argv("/bin/busybox", LIST("true", name), NULL), 0);
	assert_ends(line_next(), TEXT(" argv=[\"true\",\"%s\"]", name));
}

static void test_exec_shows_who_and_what(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	assert_int_equal(symlink("/bin/busybox", DIR "/link"), 0);
	assert_int_equal(run_argv(DIR "/link", LIST("true"), NULL), 0);
	expect_line(TEXT(" ppid=%d uid=0 comm=\"link\" ", getpid()), " file=\"/bin/busybox\" ",
		    " called=\"" DIR "/link\" argv=[\"true\"]");
	unlink(DIR "/link");
	assert_int_equal(run_argv("/proc/self/fd/../exe", LIST("self", "nothing"), NULL), 0);
	expect_line(" file=\"/test/", " called=\"/proc/self/fd/../exe\" argv=[\"self\",\"nothing\"]");
	assert_string_equal(example_end(SIGTERM), "ended: 4 records, 0 lost");
}

static void test_exec_keeps_strange_arguments_on_their_line(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	assert_int_equal(run_argv("/bin/busybox", LIST("true", "", "a\nexec pid=1", "\\ \" \x7f\xc3\xa4 ~", ""), NULL), 0);
	assert_ends(line_next(), " argv=[\"true\",\"\",\"a\\x0aexec pid=1\",\"\\x5c \\x22 \\x7f\\xc3\\xa4 ~\",\"\"]");
	file_copy("/bin/busybox", DIR "/li\nne");
	assert_int_equal(run_argv(DIR "/li\nne", LIST("true"), NULL), 0);
	expect_line(" comm=\"li\\x0ane\" ", " file=\"" DIR "/li\\x0ane\" called=\"" DIR "/li\\x0ane\" ");
	unlink(DIR "/li\nne");
	exec_mark();
	example_end(SIGTERM);
}

static void test_exec_of_a_script_shows_script_and_interpreter(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	file_write(DIR "/script", "#!/bin/busybox sh\n:\n");
	assert_int_equal(run_argv(DIR "/script", LIST("zero", "one"), LIST("LD_PRELOAD=/s.so")), 0);
	expect_line(" comm=\"script\" file=\"/bin/busybox\" called=\"" DIR "/script\"",
		    " argv=[\"/bin/busybox\",\"sh\",\"" DIR "/script\",\"one\"] LD_PRELOAD=\"/s.so\"");
	exec_mark();
	example_end(SIGTERM);
}

static void test_exec_of_a_memfd(void **state)
{
	const char *path;
	int fd;

	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	fd = memfd_copy("/bin/busybox", "secret");
	path = TEXT("/proc/self/fd/%d", fd);
	assert_int_equal(run_argv(path, LIST("true"), NULL), 0);
	expect_line(" file=\".../memfd:secret\" ", TEXT(" called=\"%s\" ", path));
	close(fd);
	exec_mark();
	example_end(SIGTERM);
}

/* 500 arguments of 1,000 bytes, and LD_PRELOAD after them. */
static void test_exec_marks_truncated_arguments(void **state)
{
	static const char *argv[502];
	static char arg[1001];
	const char *line;
	size_t i;

	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	memset(arg, 'x', 1000);
	argv[0] = "true";
	for (i = 1; i <= 500; i++)
		argv[i] = arg;
	assert_int_equal(run_argv("/bin/busybox", argv, LIST("A=1", "LD_PRELOAD=/late.so")), 0);
	line = line_next();
	assert_has(line, " argv=[\"true\",\"xxx");
	assert_ends(line, "xxx\"] argv-truncated LD_PRELOAD=\"/late.so\"");
	assert_in_range(strlen(line), 4096, 4096 + 1000);
	exec_mark();
	assert_string_equal(example_end(SIGTERM), "ended: 65 records, 0 lost");
}

#define MANY 3000

static void test_exec_finds_preload_wherever_it_stands(void **state)
{
	static const size_t places[] = { 0, 1, MANY / 2, MANY - 1 };
	static char variables[MANY][32];
	static const char *envp[MANY + 1];
	size_t i, j;

	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (j = 0; j < MANY; j++) {
			snprintf(variables[j], sizeof(variables[j]), "VARIABLE_%zu=value of it", j);
			envp[j] = variables[j];
		}
		envp[places[i]] = "LD_PRELOAD=/tmp/a b\n.so";
		assert_int_equal(run_argv("/bin/busybox", LIST("true"), envp), 0);
		assert_ends(line_next(), " argv=[\"true\"] LD_PRELOAD=\"/tmp/a b\\x0a.so\"");
	}
	assert_int_equal(run_argv("/bin/busybox", LIST("true"), LIST("LD_PRELOAD=", "A=", "LD_PRELOAD=/b")), 0);
	assert_ends(line_next(), " argv=[\"true\"] LD_PRELOAD=\"\" LD_PRELOAD=\"/b\"");
	exec_mark();
	example_end(SIGTERM);
}

static void test_exec_takes_nothing_else_for_preload(void **state)
{
	static const char *const envp[] = {
		"XLD_PRELOAD=x", "LD_PRELOADX=x", "A=LD_PRELOAD=x", "", "LD_PRELOAD", "ld_preload=x", NULL,
	};

	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	assert_int_equal(run_argv("/bin/busybox", LIST("true", "LD_PRELOAD=x"), envp), 0);
	assert_ends(line_next(), " argv=[\"true\",\"LD_PRELOAD=x\"]");
	assert_int_equal(run_argv("/bin/busybox", LIST("true", "", "LD_PRELOAD=x"), NULL), 0);
	assert_ends(line_next(), " argv=[\"true\",\"\",\"LD_PRELOAD=x\"]");
	exec_mark();
	example_end(SIGTERM);
}

/* As much as Linux allows: 6 MiB, in strings of nearly 128 KiB. */
#define HUGE_COUNT 47
static const char *huge_envp[HUGE_COUNT + 2];

static void huge_environment(const char *last)
{
	static char variable[131000];
	size_t i;

	memset(variable, 'v', sizeof(variable) - 1);
	memcpy(variable, "V=", 2);
	for (i = 0; i < HUGE_COUNT; i++)
		huge_envp[i] = variable;
	huge_envp[HUGE_COUNT] = last;
}

static void stack_unlimited(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_STACK, &unlimited);
}

static int run_huge(void)
{
	return run(&(struct start){ .path = "/bin/busybox", .argv = LIST("true"), .envp = huge_envp,
				    .prepare = stack_unlimited });
}

static void test_exec_reads_the_largest_environment(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	huge_environment("LD_PRELOAD=/far/away.so");
	assert_int_equal(run_huge(), 0);
	assert_ends(line_next(), " argv=[\"true\"] LD_PRELOAD=\"/far/away.so\"");
	exec_mark();
	assert_has(example_end(SIGTERM), " 0 lost");
}

/* While the example stands still its ring fills up: what is missing then has to be said. */
static void test_exec_says_what_it_does_not_know(void **state)
{
	int whole = 0, cut = 0, i;
	const char *line;

	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	huge_environment("LD_PRELOAD=/far/away.so");
	example_signal(SIGSTOP);
	for (i = 0; i < 4; i++)
		assert_int_equal(run_huge(), 0);
	example_signal(SIGCONT);
	for (i = 0; i < 3; i++) {	/* of the fourth there is nothing but the count of what was lost */
		line = line_next();
		assert_has(line, " argv=[\"true\"]");
		if (strstr(line, " LD_PRELOAD=\"/far/away.so\"")) {
			assert_has_not(line, "environment-incomplete");
			whole++;
		} else {
			assert_ends(line, " environment-incomplete");
			cut++;
		}
	}
	assert_int_equal(whole, 2);
	assert_int_equal(cut, 1);
	exec_mark();
	assert_has_not(example_end(SIGTERM), " 0 lost");
}

#define PARALLEL 2
#define ROUNDS 7

/* With an environment of 1 MiB, so that two CPUs are at it at the same time. The ring holds all of it. */
static void rounds_run(unsigned int child)
{
	static char padding[100000];
	unsigned int i;

	memset(padding, 'p', sizeof(padding) - 1);
	for (i = 0; i < ROUNDS; i++) {
		const char *token = TEXT("%u", child * ROUNDS + i);

		if (run_argv("/bin/busybox", LIST("true", token),
			     LIST(padding, padding, padding, padding, padding, padding, padding, padding,
				  padding, padding, TEXT("LD_PRELOAD=%s", token))))
			_exit(1);
	}
	_exit(0);
}

static void parallel_executions(void)
{
	unsigned int i, argument, preload;
	pid_t children[PARALLEL];
	const char *line;
	int status;

	for (i = 0; i < PARALLEL; i++) {
		children[i] = fork();
		if (children[i] == 0)
			rounds_run(i);
	}
	for (i = 0; i < PARALLEL * ROUNDS; i++) {
		line = expect_line(" argv=[");
		if (sscanf(strstr(line, " argv=["), " argv=[\"true\",\"%u\"] LD_PRELOAD=\"%u\"", &argument, &preload) != 2 ||
		    argument != preload)
			fail_msg("mixed up: %s", line);
	}
	for (i = 0; i < PARALLEL; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
}

/* Each line has to be of one piece. It takes two CPUs, and some luck, to find that it is not. */
static void test_exec_keeps_parallel_executions_apart(void **state)
{
	int i;

	(void)state;
	skip_unless_lsm_active();
	example_ready(example_argv);
	for (i = 0; i < 5; i++)
		parallel_executions();
	exec_mark();
	assert_has(example_end(SIGTERM), " 0 lost");
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		EXAMPLE_COMMON_TESTS,
		example_test(test_fails_when_the_kernel_would_not_call_it),
		example_test(test_exec_shows_who_and_what),
		example_test(test_exec_keeps_strange_arguments_on_their_line),
		example_test(test_exec_of_a_script_shows_script_and_interpreter),
		example_test(test_exec_of_a_memfd),
		example_test(test_exec_marks_truncated_arguments),
		example_test(test_exec_finds_preload_wherever_it_stands),
		example_test(test_exec_takes_nothing_else_for_preload),
		example_test(test_exec_reads_the_largest_environment),
		example_test(test_exec_says_what_it_does_not_know),
		example_test(test_exec_keeps_parallel_executions_apart),
	};

	(void)argv;
	if (argc > 1)	/* started by one of the tests */
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Arguments and environment of what is executed: read before the verdict, whatever their number and place. */
#include "engine.h"
#include "policies.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES "version: 1\nname: p\nrules:\n"
#define PROGRAM "/tmp/engine/program"
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NOTHING ((const char *const[]){ NULL })
#define KIB 1024

/* What became of a child that executes: 0, the errno of execve(), or 1000 + what it ended with. */
static int ended(pid_t child, int report)
{
	int err = 0, status = 0;

	if (read(report, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (err || status == 0)
		return err;
	return 1000 + (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int starts_by(const char *path, const char *const argv[], const char *const env[])
{
	int report[2], err;
	pid_t child;

	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(open("/dev/null", O_RDWR | O_CLOEXEC), 1);
		execve(path, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
		err = errno;
		_exit(write(report[1], &err, sizeof(err)) != sizeof(err));
	}
	close(report[1]);
	return ended(child, report[0]);
}

static int starts(const char *const argv[], const char *const env[])
{
	return starts_by(PROGRAM, argv, env);
}

static void test_preloading_is_told(void **state)
{
	struct engine e = engine_start(RULES "  - { name: preload, on: process.exec, object: { env: LD_PRELOAD }, action: audit }\n");

	(void)state;
	assert_int_equal(starts(LIST("true"), LIST("LD_PRELOADED=1", "X=LD_PRELOAD=x", "PATH=/bin")), 0);
	assert_int_equal(engine_events_drain(&e), 0);
	assert_int_equal(starts(LIST("true"), LIST("PATH=/bin", "LD_PRELOAD=/tmp/evil.so")), 0);
	assert_string_equal(engine_event(&e).rule, "preload");
	engine_stop(&e);
}

static void test_an_argument_is_denied(void **state)
{
	struct engine e = engine_start(RULES
		"  - { name: a, on: process.exec, object: { path: " PROGRAM ", argv: [--privileged, \"--cap-add=*\", \"!--dry-run\"] }, action: deny }\n");

	(void)state;
	assert_int_equal(starts(LIST("true", "--privileged"), NOTHING), EPERM);
	assert_int_equal(starts(LIST("true", "x", "--cap-add=SYS_ADMIN", "y"), NOTHING), EPERM);
	assert_int_equal(starts(LIST("true", "x", "--cap-add=SYS_ADMIN", "--dry-run"), NOTHING), 0);
	assert_int_equal(starts(LIST("true", "--privilege", "--privileged=1", ""), NOTHING), 0);
	assert_int_equal(starts(LIST("true"), LIST("--privileged", "A=--privileged")), 0);
	assert_int_equal(starts_by("/bin/busybox", LIST("true", "--privileged"), NOTHING), 0);
	engine_stop(&e);
}

static void test_variables_are_no_arguments(void **state)
{
	struct engine e = engine_start(RULES
		"  - { name: a, on: process.exec, object: { env: [\"LD_*=*/tmp/*\", \"EMPTY=\"] }, action: { deny: EACCES } }\n");

	(void)state;
	assert_int_equal(starts(LIST("true"), LIST("LD_LIBRARY_PATH=/lib:/tmp/x=y/")), EACCES);
	assert_int_equal(starts(LIST("true"), LIST("EMPTY=")), EACCES);
	assert_int_equal(starts(LIST("true"), LIST("EMPTY")), EACCES);
	assert_int_equal(starts(LIST("true", "EMPTY=", "LD_A=/tmp/"), LIST("EMPTY=x", "LD=LD_A=/tmp/x", "LD_A=/var/tmp")), 0);
	engine_stop(&e);
}

static void test_a_script_is_asked_for_its_arguments_and_those_of_its_interpreter(void **state)
{
	static const char script[] = "/tmp/engine/strings.sh";
	struct engine e;
	int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "#!/bin/busybox sh\nexit 0\n"), 25);
	close(fd);
	e = engine_start(RULES "  - { name: a, on: process.exec, object: { argv: [--denied, sh] }, action: deny }\n");
	assert_int_equal(starts_by(script, LIST("x", "--denied"), NOTHING), EPERM);
	assert_int_equal(starts_by(script, LIST("x"), NOTHING), EPERM);
	engine_apply(&e, RULES "  - { name: a, on: process.exec, object: { argv: --denied }, action: deny }\n");
	assert_int_equal(starts_by(script, LIST("x", "y"), NOTHING), 0);
	engine_stop(&e);
}

/* Text of `size` bytes, to be freed. */
static char *padding(size_t size)
{
	char *text = malloc(size + 1);

	assert_non_null(text);
	memset(text, 'x', size);
	text[size] = '\0';
	return text;
}

static void test_wherever_it_lies_in_a_page(void **state)
{
	struct engine e = engine_start(RULES "  - { name: a, on: process.exec, object: { env: \"SECRET=?*\" }, action: deny }\n");
	size_t size;
	char *pad;

	(void)state;
	for (size = 0; size < 4200; size += 61) {
		pad = padding(size);
		assert_int_equal(starts(LIST("true", pad), LIST("A=b", "SECRET=s")), EPERM);
		assert_int_equal(starts(LIST("true", pad), LIST("A=b", "SECRET=")), 0);
		free(pad);
	}
	engine_stop(&e);
}

/* Arguments of 100 KiB each, and one more at the end. */
static int starts_with_much(size_t kib, const char *last)
{
	const char *argv[16] = { "true" };
	char *pad = padding(100 * KIB);
	size_t i, count = kib / 100;
	int ret;

	for (i = 0; i < count; i++)
		argv[1 + i] = pad;
	argv[1 + count] = last;
	ret = starts(argv, NOTHING);
	free(pad);
	return ret;
}

static void test_what_is_too_much_to_read_is_unresolved(void **state)
{
	static const char rule[] = "rules:\n  - { name: a, on: process.exec, object: { argv: --denied }, action: deny }\n";
	char text[256];
	struct engine e;

	(void)state;
	snprintf(text, sizeof(text), "version: 1\nname: p\n%s", rule);
	e = engine_start(text);
	assert_int_equal(starts_with_much(400, "--denied"), EPERM);
	assert_int_equal(starts_with_much(400, "--passed"), 0);
	assert_int_equal(starts_with_much(600, "--passed"), EPERM);
	engine_events_drain(&e);
	snprintf(text, sizeof(text), "version: 1\nname: p\non_unresolved: audit\n%s", rule);
	engine_apply(&e, text);
	assert_int_equal(starts_with_much(600, "--passed"), 0);
	assert_int_equal(engine_event(&e).flags & KRSI_EVENT_UNRESOLVED, KRSI_EVENT_UNRESOLVED);
	engine_stop(&e);
}

static void test_more_meanings_than_there_is_room_for_are_unresolved(void **state)
{
	static char text[4096], names[40][8];
	const char *argv[42] = { "true" };
	struct engine e;
	size_t used, i;

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), RULES);
	for (i = 0; i < 40; i++) {
		snprintf(names[i], sizeof(names[i]), "a%zu", i);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "  - { name: r%zu, on: process.exec, object: { argv: a%zu, env: NO }, action: deny }\n", i, i);
		argv[1 + i] = names[i];
	}
	e = engine_start(text);
	assert_int_equal(starts(argv, NOTHING), EPERM);
	argv[33] = NULL;
	assert_int_equal(starts(argv, NOTHING), 0);
	engine_stop(&e);
}

static void *flip(void *text)
{
	for (;;) {
		memcpy(text, "--passed", 8);
		sched_yield();
		memcpy(text, "--denied", 8);
		sched_yield();
	}
	return NULL;
}

/* Another thread changes the argument all the time: what is executed is what was looked at. */
static int starts_flipping(void)
{
	static char text[] = "--denied";
	int report[2], err;
	pthread_t thread;
	pid_t child;

	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (pthread_create(&thread, NULL, flip, text))
			_exit(1);
		execve(PROGRAM, (char *const *)(uintptr_t)LIST("sh", "-c", "[ \"$1\" != --denied ]", "x", text), (char *const *)(uintptr_t)NOTHING);
		err = errno;
		_exit(write(report[1], &err, sizeof(err)) != sizeof(err));
	}
	close(report[1]);
	return ended(child, report[0]);
}

static void test_an_argument_that_changes_meanwhile(void **state)
{
	struct engine e = engine_start(RULES "  - { name: a, on: process.exec, object: { argv: --denied }, action: deny }\n");
	unsigned int denied = 0, passed = 0;
	int i, result;

	(void)state;
	for (i = 0; i < 150; i++) {
		result = starts_flipping();
		denied += result == EPERM;
		passed += result == 0;
	}
	print_message("# %u denied, %u passed\n", denied, passed);
	/* A program that gets the argument after all ends with 1. */
	assert_int_equal(denied + passed, 150);
	assert_true(denied > 0);
	engine_stop(&e);
}

int part_engine_strings(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_preloading_is_told),
		vm_test(test_an_argument_is_denied),
		vm_test(test_variables_are_no_arguments),
		vm_test(test_a_script_is_asked_for_its_arguments_and_those_of_its_interpreter),
		vm_test(test_wherever_it_lies_in_a_page),
		vm_test(test_what_is_too_much_to_read_is_unresolved),
		vm_test(test_more_meanings_than_there_is_room_for_are_unresolved),
		vm_test(test_an_argument_that_changes_meanwhile),
	};

	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/deny-exec: it refuses a file by any name, and nothing else. */
#include "example.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

const char *const example_argv[] = { "deny-exec", "/bin/busybox", NULL };

#define FORBIDDEN DIR "/forbidden"

/* This program does nothing when it has an argument. */
static int try(const char *path)
{
	return run_argv(path, LIST("self", "nothing"), NULL);
}

static void deny_mark(void)
{
	static unsigned int number;
	const char *name = TEXT("mark-%u", ++number);

	assert_int_equal(link(FORBIDDEN, TEXT(DIR "/%s", name)), 0);
	assert_int_equal(try(TEXT(DIR "/%s", name)), -EPERM);
	expect_line("denied by=exec ", TEXT("/%s\"", name));
	unlink(TEXT(DIR "/%s", name));
}

static void forbidden_make(void)
{
	unlink(FORBIDDEN);
	file_copy("/proc/self/exe", FORBIDDEN);
	assert_int_equal(try(FORBIDDEN), 0);
}

static void test_deny_whatever_the_name(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	forbidden_make();
	example_ready(LIST("deny-exec", FORBIDDEN));

	assert_int_equal(try(FORBIDDEN), -EPERM);
	expect_line("denied by=exec file=\"" FORBIDDEN "\" ", TEXT(" ppid=%d uid=0 comm=", getpid()),
		    " path=\"" FORBIDDEN "\"");

	assert_int_equal(link(FORBIDDEN, DIR "/hard"), 0);
	assert_int_equal(try(DIR "/hard"), -EPERM);
	expect_line("denied by=exec ", " path=\"" DIR "/hard\"");

	assert_int_equal(symlink(FORBIDDEN, DIR "/soft"), 0);
	assert_int_equal(try(DIR "/soft"), -EPERM);
	expect_line("denied by=exec ", " path=\"" FORBIDDEN "\"");

	file_write(DIR "/in\nnocent", "");
	assert_int_equal(mount(FORBIDDEN, DIR "/in\nnocent", NULL, MS_BIND, NULL), 0);
	assert_int_equal(try(DIR "/in\nnocent"), -EPERM);
	expect_line("denied by=exec ", " path=\"" DIR "/in\\x0anocent\"");
	assert_int_equal(umount(DIR "/in\nnocent"), 0);

	assert_int_equal(rename(FORBIDDEN, DIR "/renamed"), 0);
	assert_int_equal(try(DIR "/renamed"), -EPERM);
	expect_line("denied by=exec file=\"" FORBIDDEN "\" ", " path=\"" DIR "/renamed\"");
	assert_int_equal(rename(DIR "/renamed", FORBIDDEN), 0);

	unlink(DIR "/hard");
	unlink(DIR "/soft");
	unlink(DIR "/in\nnocent");
	assert_string_equal(example_end(SIGTERM), "ended: 5 records, 0 lost");
	assert_int_equal(try(FORBIDDEN), 0);
}

static void into_chroot(void)
{
	if (chroot(DIR) || chdir("/"))
		_exit(95);
}

static void test_deny_in_a_chroot_and_by_descriptor(void **state)
{
	int fd;

	(void)state;
	skip_unless_lsm_active();
	forbidden_make();
	example_ready(LIST("deny-exec", FORBIDDEN));
	assert_int_equal(run(&(struct start){ .path = "/forbidden", .argv = LIST("f"), .prepare = into_chroot }), -EPERM);
	expect_line("denied by=exec ", " path=\"" FORBIDDEN "\"");
	fd = open(FORBIDDEN, O_PATH | O_CLOEXEC);
	unlink(FORBIDDEN);
	assert_int_equal(try(TEXT("/proc/self/fd/%d", fd)), -EPERM);
	expect_line("denied by=exec ", "/forbidden\"");
	close(fd);
	example_end(SIGTERM);
}

static void test_deny_scripts_and_interpreters(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	forbidden_make();
	file_write(DIR "/script", "#!/bin/busybox sh\n:\n");
	file_write(DIR "/uses", "#!" FORBIDDEN " nothing\n");
	example_ready(LIST("deny-exec", DIR "/script", FORBIDDEN));
	assert_int_equal(run_argv(DIR "/script", LIST("script"), NULL), -EPERM);
	expect_line("denied by=exec file=\"" DIR "/script\" ", " path=\"" DIR "/script\"");
	assert_int_equal(run_argv(DIR "/uses", LIST("uses"), NULL), -EPERM);
	expect_line("denied by=exec file=\"" FORBIDDEN "\" ", " path=\"" FORBIDDEN "\"");
	/* Reading a script is not executing it. */
	assert_int_equal(run_argv("/bin/busybox", LIST("sh", DIR "/script"), NULL), 0);
	deny_mark();
	example_end(SIGTERM);
}

/* Where the dynamic linker is. */
#define LINKER "/lib64/ld-linux-x86-64.so.2"

static void test_deny_to_the_dynamic_linker(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	if (access(LINKER, X_OK))
		skip_because("the dynamic linker is not " LINKER);
	forbidden_make();
	assert_int_equal(run_argv(LINKER, LIST("ld.so", FORBIDDEN, "nothing"), NULL), 0);
	example_ready(LIST("deny-exec", FORBIDDEN));
	assert_int_not_equal(run_argv(LINKER, LIST("ld.so", FORBIDDEN, "nothing"), NULL), 0);
	expect_line("denied by=map file=\"" FORBIDDEN "\" ", " path=\"" FORBIDDEN "\"");
	deny_mark();
	example_end(SIGTERM);
	assert_int_equal(run_argv(LINKER, LIST("ld.so", FORBIDDEN, "nothing"), NULL), 0);
}

static void test_other_files_are_executed(void **state)
{
	char byte;
	int fd;

	(void)state;
	skip_unless_lsm_active();
	forbidden_make();
	file_copy("/proc/self/exe", DIR "/copy");
	example_ready(LIST("deny-exec", FORBIDDEN));
	assert_int_equal(try(DIR "/copy"), 0);
	assert_int_equal(run_argv("/bin/busybox", LIST("true"), NULL), 0);
	/* Reading it is not executing it. */
	fd = open(FORBIDDEN, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
	/* Another file of that name is another file. */
	assert_int_equal(rename(FORBIDDEN, DIR "/away"), 0);
	assert_int_equal(rename(DIR "/copy", FORBIDDEN), 0);
	assert_int_equal(try(FORBIDDEN), 0);
	assert_int_equal(rename(DIR "/away", FORBIDDEN), 0);
	deny_mark();
	assert_string_equal(example_end(SIGTERM), "ended: 1 records, 0 lost");
}

static void test_permissive_only_reports(void **state)
{
	(void)state;
	skip_unless_lsm_active();
	forbidden_make();
	example_ready(LIST("deny-exec", "--permissive", FORBIDDEN));
	assert_int_equal(try(FORBIDDEN), 0);
	expect_line("would-deny by=exec file=\"" FORBIDDEN "\" ", " path=\"" FORBIDDEN "\"");
	if (access(LINKER, X_OK) == 0) {
		assert_int_equal(run_argv(LINKER, LIST("ld.so", FORBIDDEN, "nothing"), NULL), 0);
		expect_line("would-deny by=map file=\"" FORBIDDEN "\" ");
	}
	assert_int_equal(try(FORBIDDEN), 0);
	expect_line("would-deny by=exec ");
	example_end(SIGTERM);
}

/* A ring that is full takes no events, and refusing goes on. */
static void test_deny_without_room_for_events(void **state)
{
	unsigned int records, lost, lines;
	const char *line;
	int i;

	(void)state;
	skip_unless_lsm_active();
	forbidden_make();
	example_ready(LIST("deny-exec", FORBIDDEN));
	example_signal(SIGSTOP);
	for (i = 0; i < 300; i++)
		assert_int_equal(try(FORBIDDEN), -EPERM);
	example_signal(SIGTERM);
	example_signal(SIGCONT);
	for (lines = 0; (line = expect_line(" ")) && strncmp(line, "denied ", 7) == 0; lines++)
		;
	assert_int_equal(sscanf(line, "ended: %u records, %u lost", &records, &lost), 2);
	assert_int_equal(records, lines);
	assert_int_equal(records + lost, 300);
	assert_true(lost > 0);
	example_ended();
}

static void test_deny_refuses_what_it_cannot_identify(void **state)
{
	static const char *const bad[] = { DIR "/no-such-file", DIR, "/dev/null" };
	size_t i;

	(void)state;
	skip_unless_lsm_active();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		example_start(LIST("deny-exec", "/bin/busybox", bad[i]), 0);
		assert_has(example_fails(1), bad[i]);
		assert_int_equal(run_argv("/bin/busybox", LIST("true"), NULL), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		EXAMPLE_COMMON_TESTS,
		example_test(test_fails_when_the_kernel_would_not_call_it),
		example_test(test_deny_whatever_the_name),
		example_test(test_deny_in_a_chroot_and_by_descriptor),
		example_test(test_deny_scripts_and_interpreters),
		example_test(test_deny_to_the_dynamic_linker),
		example_test(test_other_files_are_executed),
		example_test(test_permissive_only_reports),
		example_test(test_deny_without_room_for_events),
		example_test(test_deny_refuses_what_it_cannot_identify),
	};

	(void)argv;
	if (argc > 1)	/* started by one of the tests */
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

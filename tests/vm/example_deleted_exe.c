/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* examples/deleted-exe: which deletions it reports, and what is none. */
#include "example.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const char *const example_argv[] = { "deleted-exe", NULL };

/* A copy of busybox that sleeps. */
static pid_t napper_start(const char *path)
{
	pid_t pid;

	file_copy("/bin/busybox", path);
	assert_int_equal(spawn(&(struct start){ .path = path, .argv = LIST("sleep", "1000") }, &pid), 0);
	return pid;
}

static void deleted_mark(void)
{
	static unsigned int number;
	const char *name = TEXT("mark-%u", ++number);
	pid_t pid = napper_start(TEXT(DIR "/%s", name));

	assert_int_equal(unlink(TEXT(DIR "/%s", name)), 0);
	expect_line("deleted by=unlink ", TEXT("/%s\"", name));
	kill_and_wait(pid);
}

static void test_deleted_by_unlink(void **state)
{
	struct stat st;
	pid_t pid;

	(void)state;
	example_ready(example_argv);
	pid = napper_start(DIR "/n a\np");
	assert_int_equal(stat(DIR "/n a\np", &st), 0);
	unlink(DIR "/n a\np");
	/* The path begins at the root of /tmp, which is a file system of its own. */
	expect_line(TEXT("deleted by=unlink pid=%d ppid=%d uid=0 comm=", getpid(), getppid()),
		    TEXT(" dev=%u:%u inode=%llu links-left=0 path=\"/examples/n a\\x0ap\"", major(st.st_dev),
			 minor(st.st_dev), (unsigned long long)st.st_ino));
	kill_and_wait(pid);
	deleted_mark();
	assert_string_equal(example_end(SIGTERM), "ended: 2 records, 0 lost");
}

static void test_deleted_by_rename(void **state)
{
	pid_t pid;

	(void)state;
	example_ready(example_argv);
	pid = napper_start(DIR "/nap");
	file_copy("/bin/busybox", DIR "/update");
	assert_int_equal(rename(DIR "/update", DIR "/nap"), 0);
	expect_line("deleted by=rename ", " links-left=0 path=\"/examples/nap\"");
	unlink(DIR "/nap");	/* the new file: nobody runs it */
	kill_and_wait(pid);
	deleted_mark();
	example_end(SIGTERM);
}

static void other_namespace(void)
{
	mkdir("/run/bound", 0755);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(DIR, "/run/bound", NULL, MS_BIND, NULL) || mount("none", "/tmp", "tmpfs", 0, NULL))
		_exit(96);
}

static void test_deleted_while_it_runs_in_another_mount_namespace(void **state)
{
	pid_t pid;

	(void)state;
	example_ready(example_argv);
	file_copy("/bin/busybox", DIR "/nap");
	assert_int_equal(spawn(&(struct start){ .path = "/run/bound/nap", .argv = LIST("sleep", "1000"),
						.prepare = other_namespace }, &pid), 0);
	unlink(DIR "/nap");
	expect_line("deleted by=unlink ", " path=\"/examples/nap\"");
	kill_and_wait(pid);
	deleted_mark();
	example_end(SIGTERM);
}

static void test_deleted_tells_of_links_that_are_left(void **state)
{
	pid_t pid;

	(void)state;
	example_ready(example_argv);
	pid = napper_start(DIR "/nap");
	assert_int_equal(link(DIR "/nap", DIR "/other"), 0);
	unlink(DIR "/nap");
	expect_line(" links-left=1 path=\"/examples/nap\"");
	unlink(DIR "/other");
	expect_line(" links-left=0 path=\"/examples/other\"");
	kill_and_wait(pid);
	deleted_mark();
	example_end(SIGTERM);
}

static void test_exchange_deletes_nothing(void **state)
{
	pid_t pid;

	(void)state;
	example_ready(example_argv);
	pid = napper_start(DIR "/nap");
	file_copy("/bin/busybox", DIR "/other");
	assert_int_equal(renameat2(AT_FDCWD, DIR "/nap", AT_FDCWD, DIR "/other", RENAME_EXCHANGE), 0);
	assert_int_equal(renameat2(AT_FDCWD, DIR "/nap", AT_FDCWD, DIR "/other", RENAME_EXCHANGE), 0);
	deleted_mark();
	unlink(DIR "/other");
	unlink(DIR "/nap");
	expect_line("deleted by=unlink ", " path=\"/examples/nap\"");
	kill_and_wait(pid);
	example_end(SIGTERM);
}

static void test_not_deleted(void **state)
{
	pid_t pid;
	int fd;

	(void)state;
	example_ready(example_argv);

	/* Nobody runs it. */
	file_copy("/bin/busybox", DIR "/idle");
	unlink(DIR "/idle");
	/* Nobody runs it any more. */
	pid = napper_start(DIR "/nap");
	kill_and_wait(pid);
	unlink(DIR "/nap");
	/* It is renamed, not renamed over; a link to it is deleted, not itself. */
	pid = napper_start(DIR "/nap");
	rename(DIR "/nap", DIR "/moved");
	assert_int_equal(symlink(DIR "/moved", DIR "/link"), 0);
	unlink(DIR "/link");
	/* It is open for writing. */
	fd = open(DIR "/written", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	unlink(DIR "/written");
	close(fd);
	/* Deleting fails. */
	assert_int_equal(rename(DIR "/moved", DIR "/nowhere/moved"), -1);
	file_copy("/bin/busybox", DIR "/other");
	assert_int_equal(renameat2(AT_FDCWD, DIR "/other", AT_FDCWD, DIR "/moved", RENAME_NOREPLACE), -1);
	unlink(DIR "/other");
	/* It never had a name. */
	fd = memfd_copy("/bin/busybox", "nap");
	assert_int_equal(run_argv(TEXT("/proc/self/fd/%d", fd), LIST("true"), NULL), 0);
	close(fd);

	deleted_mark();
	unlink(DIR "/moved");
	expect_line(" path=\"/examples/moved\"");
	kill_and_wait(pid);
	example_end(SIGTERM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		EXAMPLE_COMMON_TESTS,
		example_test(test_deleted_by_unlink),
		example_test(test_deleted_by_rename),
		example_test(test_deleted_while_it_runs_in_another_mount_namespace),
		example_test(test_deleted_tells_of_links_that_are_left),
		example_test(test_exchange_deletes_nothing),
		example_test(test_not_deleted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The pidfile of `krsi run`. */
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/run.h"
#include "../../tools/tool.h"

static char dir[64], path[80], told[1024];

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(told, sizeof(told), fmt, args);
	va_end(args);
}

static void content_set(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void content_check(const char *expected)
{
	char text[64];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(text, expected);
}

static const char *own_line(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	return text;
}

/* The number of a process that is no more. */
static pid_t gone(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return child;
}

static void test_it_is_written_and_removed(void **state)
{
	struct pidfile pidfile = { .path = path };
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(pidfile_check(&pidfile), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	content_check(own_line());
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	pidfile_remove(&pidfile);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);	/* and no temporary file is left */
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_string_equal(told, "");
}

static void test_none_is_fine(void **state)
{
	struct pidfile pidfile = { .path = NULL };

	(void)state;
	assert_int_equal(pidfile_check(&pidfile), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	pidfile_remove(&pidfile);
}

static void test_a_process_that_lives_keeps_it(void **state)
{
	struct pidfile pidfile = { .path = path };
	char line[32], words[64];

	(void)state;
	snprintf(line, sizeof(line), "%d\n", (int)getppid());
	content_set(line);
	assert_int_equal(pidfile_check(&pidfile), -1);
	snprintf(words, sizeof(words), "process %d is running already", (int)getppid());
	assert_words(told, words);
	/* Nor does a check that was made before it came help. */
	told[0] = '\0';
	assert_int_equal(pidfile_write(&pidfile), -1);
	assert_words(told, words);
	content_check(line);
	pidfile_remove(&pidfile);
	content_check(line);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void test_what_a_dead_process_left_is_replaced(void **state)
{
	struct pidfile pidfile = { .path = path };
	char line[32];

	(void)state;
	snprintf(line, sizeof(line), "%d\n", (int)gone());
	content_set(line);
	assert_int_equal(pidfile_check(&pidfile), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	content_check(own_line());
	/* In a container the one before us had our number. */
	assert_int_equal(pidfile_check(&pidfile), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	content_check(own_line());
	content_set("");
	assert_int_equal(pidfile_check(&pidfile), 0);
	assert_int_equal(pidfile_write(&pidfile), 0);
	content_check(own_line());
}

static void test_what_is_no_pidfile_is_left_alone(void **state)
{
	static const char *const contents[] = { "root:x:0:0", "-1\n", "0\n", " 12\n", "12x\n", "12\n13\n", "99999999999999999999\n", "2147483648" };
	struct pidfile pidfile = { .path = path };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(contents); i++) {
		content_set(contents[i]);
		told[0] = '\0';
		assert_int_equal(pidfile_check(&pidfile), -1);
		assert_words(told, "is not a pidfile, so it is left alone");
		assert_int_equal(pidfile_write(&pidfile), -1);
		content_check(contents[i]);
	}
	unlink(path);
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(pidfile_check(&pidfile), -1);
	assert_words(told, "it is a symbolic link");
}

static void test_somebody_elses_is_not_removed(void **state)
{
	struct pidfile pidfile = { .path = path };

	(void)state;
	assert_int_equal(pidfile_write(&pidfile), 0);
	unlink(path);
	content_set("1\n");
	pidfile_remove(&pidfile);
	content_check("1\n");
}

static void test_a_directory_that_is_not_there(void **state)
{
	struct pidfile pidfile = { .path = "/nowhere/pid" };

	(void)state;
	assert_int_equal(pidfile_check(&pidfile), 0);
	assert_int_equal(pidfile_write(&pidfile), -1);
	assert_words(told, "pidfile /nowhere/pid: cannot be written: No such file");
}

static int setup(void **state)
{
	(void)state;
	told[0] = '\0';
	strcpy(dir, unit_dir_make());
	snprintf(path, sizeof(path), "%s/pid", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unit_dir_remove(dir);
	return 0;
}

#define pidfile_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pidfile_test(test_it_is_written_and_removed),
		pidfile_test(test_none_is_fine),
		pidfile_test(test_a_process_that_lives_keeps_it),
		pidfile_test(test_what_a_dead_process_left_is_replaced),
		pidfile_test(test_what_is_no_pidfile_is_left_alone),
		pidfile_test(test_somebody_elses_is_not_removed),
		pidfile_test(test_a_directory_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

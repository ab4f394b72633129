/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Lines of `krsi run` on their way out: no line is torn, what cannot be written is counted, nothing waits. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tools/run.h"
#include "../../tools/tool.h"

static char dir[64], told[4096];
static struct output output;

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, fmt);
	vsnprintf(told + used, sizeof(told) - used, fmt, args);
	va_end(args);
	strncat(told, "\n", sizeof(told) - strlen(told) - 1);
}

static char *gap_line(void *data, uint64_t count, uint64_t total)
{
	char *line;

	assert_ptr_equal(data, &output);
	assert_true(asprintf(&line, "gap %d of %d", (int)count, (int)total) > 0);
	return line;
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static const char *content(const char *name)
{
	static char text[64 * 1024];
	FILE *file = fopen(path_of(name), "r");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void content_set(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* The path stays ours for the whole test. */
static void open_output(const char *name)
{
	static char path[128];

	strcpy(path, path_of(name));
	assert_int_equal(output_open(&output, path, gap_line, &output), 0);
}

static void add(const char *line)
{
	output_add(&output, strdup(line));
}

static void test_lines_are_appended_to_a_file_of_mode_0600(void **state)
{
	struct stat st;

	(void)state;
	open_output("new");
	add("one");
	add("two");
	assert_string_equal(content("new"), "");	/* a batch is written at once */
	output_flush(&output);
	assert_false(output_is_pending(&output));
	assert_string_equal(content("new"), "one\ntwo\n");
	assert_int_equal(stat(path_of("new"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	output_close(&output);
	open_output("new");
	add("three");
	output_flush(&output);
	assert_string_equal(content("new"), "one\ntwo\nthree\n");
	assert_string_equal(told, "");
}

static void test_a_line_without_end_takes_no_other_with_it(void **state)
{
	(void)state;
	content_set("crashed", "one\ntw");
	open_output("crashed");
	output_flush(&output);
	assert_string_equal(content("crashed"), "one\ntw");
	add("three");
	output_flush(&output);
	assert_string_equal(content("crashed"), "one\ntw\nthree\n");
}

static void test_a_symbolic_link_is_not_followed(void **state)
{
	(void)state;
	content_set("target", "");
	assert_int_equal(symlink("target", path_of("link")), 0);
	assert_int_equal(output_open(&output, path_of("link"), gap_line, &output), -1);
	assert_words(told, "is a symbolic link");
	assert_int_equal(output_open(&output, dir, gap_line, &output), -1);
	assert_words(told, "Is a directory");
	assert_int_equal(output_open(&output, "/nowhere/file", gap_line, &output), -1);
	assert_words(told, "No such file");
}

/* The limit does to a file what a full disk does: first a short write, then an error. */
static void limit_set(rlim_t size)
{
	struct rlimit limit = { .rlim_cur = size, .rlim_max = RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_full_disk_leaves_whole_lines(void **state)
{
	(void)state;
	open_output("full");
	limit_set(10);
	add("123456");
	add("abcdef");
	add("ghijkl");
	output_flush(&output);
	limit_set(RLIM_INFINITY);
	assert_string_equal(content("full"), "123456\n");
	assert_false(output_is_pending(&output));
	assert_int_equal(output.dropped, 2);
	assert_words(told, "File too large; events are dropped and counted, and the policies stay in force\n");
}

/* Details of an event are lines that belong to its first one. */
static void test_a_full_disk_leaves_whole_events(void **state)
{
	(void)state;
	open_output("details");
	limit_set(25);
	add("one\n    a\n    b");
	add("two\n    c\n    d");
	add("three\n    e");
	output_flush(&output);
	limit_set(RLIM_INFINITY);
	assert_string_equal(content("details"), "one\n    a\n    b\n");
	assert_int_equal(output.dropped, 2);
	add("four\n    f");
	output_flush(&output);
	assert_string_equal(content("details"), "one\n    a\n    b\ngap 2 of 2\nfour\n    f\n");
}

static void test_a_full_disk_is_told_once_and_so_is_its_end(void **state)
{
	(void)state;
	open_output("again");
	add("first");
	output_flush(&output);
	limit_set(8);
	add("second");
	output_flush(&output);
	add("third");		/* not even the line of the gap fits */
	output_flush(&output);
	add("fourth");
	add("fifth");
	output_flush(&output);
	assert_int_equal(output.dropped, 4);
	assert_int_equal(output.dropped_total, 4);
	assert_string_equal(content("again"), "first\n");
	limit_set(RLIM_INFINITY);
	add("sixth");
	output_flush(&output);
	assert_string_equal(content("again"), "first\ngap 4 of 4\nsixth\n");
	assert_int_equal(output.dropped, 0);
	assert_int_equal(output.dropped_total, 4);
	assert_words(told, "can be written again; 4 events were dropped\n");
	assert_null(strstr(strstr(told, "File too large") + 1, "File too large"));
	add("seventh");
	output_flush(&output);
	assert_string_equal(content("again"), "first\ngap 4 of 4\nsixth\nseventh\n");
}

static void test_a_gap_that_was_written_is_not_told_twice(void **state)
{
	(void)state;
	open_output("gap");
	limit_set(1);
	add("lost");
	output_flush(&output);
	assert_string_equal(content("gap"), "");
	limit_set(15);
	add("x");
	add("does not fit");
	output_flush(&output);	/* "gap 1 of 1\n" and "x\n", and no more */
	assert_string_equal(content("gap"), "gap 1 of 1\nx\n");
	assert_int_equal(output.dropped, 1);
	limit_set(RLIM_INFINITY);
	add("y");
	output_flush(&output);
	assert_string_equal(content("gap"), "gap 1 of 1\nx\ngap 1 of 2\ny\n");
}

static void test_what_others_write_is_not_cut_off(void **state)
{
	int fd;

	(void)state;
	/* A short write, then another writer's line, then our error: only the position tells. */
	open_output("shared");
	add("ours");
	output_flush(&output);
	fd = open(path_of("shared"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "theirs\n", 7), 7);
	close(fd);
	output.done = 3;	/* as if these were out and the rest failed */
	add("torn line");
	output.done = 3;
	limit_set(1);
	output_flush(&output);
	limit_set(RLIM_INFINITY);
	assert_string_equal(content("shared"), "ours\ntheirs\n");
	assert_true(output.torn);
	add("next");
	output_flush(&output);
	assert_string_equal(content("shared"), "ours\ntheirs\n\ngap 1 of 1\nnext\n");
}

static void test_no_memory_for_a_line_is_a_gap(void **state)
{
	(void)state;
	open_output("memory");
	output_add(&output, NULL);
	assert_int_equal(output.dropped, 1);
	add("next");
	output_flush(&output);
	assert_string_equal(content("memory"), "gap 1 of 1\nnext\n");
}

static void test_reopening_follows_the_name(void **state)
{
	char moved[128];

	(void)state;
	open_output("log");
	add("before");
	output_flush(&output);
	strcpy(moved, path_of("log.1"));
	assert_int_equal(rename(path_of("log"), moved), 0);
	add("between");
	assert_int_equal(output_reopen(&output), 0);
	add("after");
	output_flush(&output);
	assert_string_equal(content("log.1"), "before\nbetween\n");
	assert_string_equal(content("log"), "after\n");
	/* When it cannot be opened the old one goes on. */
	unlink(path_of("log"));
	assert_int_equal(mkdir(path_of("log"), 0700), 0);
	assert_int_equal(output_reopen(&output), -1);
	assert_words(told, "Is a directory");
	add("lost");
	output_flush(&output);
	assert_false(output.failing);
}

/* --- rotation ------------------------------------------------------------------ */

#define LINE "0123456789012345678901234567890123456789012345678901234567890123456789012345678"	/* 80 bytes with its feed */

static void rotating(const char *name, uint32_t count)
{
	open_output(name);
	output.rotation = (struct rotation){ .size = 160, .count = count };
}

static void line_write(char first)
{
	char line[] = LINE;

	line[0] = first;
	add(line);
	output_flush(&output);
}

/* The first bytes of the lines of a file, "-" when it is not there. */
static const char *firsts(const char *name)
{
	static char text[64];
	const char *line;
	size_t n = 0;

	if (access(path_of(name), F_OK) != 0)
		return "-";
	for (line = content(name); *line; line += 80) {
		assert_true(strlen(line) >= 80 && line[79] == '\n');
		text[n++] = *line;
	}
	text[n] = '\0';
	return text;
}

static void test_a_file_that_is_large_gets_a_number(void **state)
{
	int i;

	(void)state;
	rotating("r", 2);
	for (i = 0; i < 9; i++)
		line_write((char)('a' + i));
	assert_string_equal(firsts("r"), "i");
	assert_string_equal(firsts("r.1"), "gh");
	assert_string_equal(firsts("r.2"), "ef");	/* and "ab" and "cd" are gone */
	assert_string_equal(firsts("r.3"), "-");
	assert_string_equal(told, "");
	assert_int_equal(output.rotation.failed, 0);
	assert_int_equal(output.dropped_total, 0);
}

static void test_a_file_that_was_large_before_is_rotated(void **state)
{
	(void)state;
	content_set("old", LINE "\n" LINE "\n" LINE);	/* and torn */
	rotating("old", 1);
	line_write('x');
	assert_string_equal(firsts("old"), "");
	assert_string_equal(firsts("old.1"), "000x");
}

static void test_a_name_that_cannot_be_had_is_told_and_tried_again_later(void **state)
{
	int i;

	(void)state;
	assert_int_equal(mkdir(path_of("d.1"), 0700), 0);
	rotating("d", 1);
	for (i = 0; i < 3; i++)
		line_write((char)('a' + i));
	assert_string_equal(firsts("d"), "abc");
	assert_words(told, "/d: cannot become ");
	assert_words(told, "Is a directory; it goes on growing\n");
	assert_int_equal(output.rotation.failed, 1);
	told[0] = '\0';
	assert_int_equal(rmdir(path_of("d.1")), 0);
	line_write('d');
	assert_string_equal(firsts("d"), "");
	assert_string_equal(firsts("d.1"), "abcd");
	assert_string_equal(told, "");
	assert_int_equal(output.dropped_total, 0);
}

/* The oldest that cannot be moved: nothing is overwritten. */
static void test_a_rotation_that_fails_loses_nothing(void **state)
{
	(void)state;
	content_set("k.1", LINE "\n");
	assert_int_equal(mkdir(path_of("k.2"), 0700), 0);
	rotating("k", 2);
	line_write('a');
	line_write('b');
	assert_string_equal(firsts("k.1"), "0");
	assert_string_equal(firsts("k"), "ab");
	assert_int_equal(output.rotation.failed, 1);
	rmdir(path_of("k.2"));
}

static void test_what_logrotate_moved_is_not_moved_twice(void **state)
{
	char moved[128];

	(void)state;
	rotating("l", 3);
	line_write('a');
	strcpy(moved, path_of("l.1"));
	assert_int_equal(rename(path_of("l"), moved), 0);
	line_write('b');	/* goes there, and makes it large */
	assert_string_equal(firsts("l.1"), "ab");
	assert_string_equal(firsts("l"), "");
	assert_int_equal(output_reopen(&output), 0);
	line_write('c');
	assert_string_equal(firsts("l"), "c");
	assert_string_equal(firsts("l.2"), "-");
}

/* --- readers that sleep or go -------------------------------------------------- */

static char pipe_text[512 * 1024];
static size_t pipe_size;

static void pipe_read(int fd, size_t most)
{
	ssize_t n;

	while (most && (n = read(fd, pipe_text + pipe_size, most)) > 0) {
		pipe_size += (size_t)n;
		most -= (size_t)n;
	}
}

/* Lines of known text, more of them than a pipe holds. */
static void lines_add(int count)
{
	char line[80];
	int i;

	for (i = 0; i < count; i++) {
		snprintf(line, sizeof(line), "line %06d ...............................................", i);
		add(line);
	}
}

static void lines_check(int count)
{
	const char *at = pipe_text;
	int i, number;

	for (i = 0; i < count; i++) {
		assert_int_equal(sscanf(at, "line %06d ....", &number), 1);
		assert_int_equal(number, i);
		at = strchr(at, '\n') + 1;
	}
	assert_ptr_equal(at, pipe_text + pipe_size);
}

/* Until the reader has all: it takes odd pieces. */
static void exchange(int reader)
{
	int turns = 0;

	pipe_size = 0;
	do {
		output_flush(&output);
		pipe_read(reader, 777);
		assert_true(++turns < 10000);
	} while (output_is_pending(&output));
	pipe_read(reader, sizeof(pipe_text) - pipe_size);
}

static void test_a_reader_that_sleeps_keeps_nobody_waiting(void **state)
{
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	reader = open(path_of("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	open_output("fifo");
	lines_add(3000);
	output_flush(&output);	/* comes back */
	assert_true(output_is_pending(&output));
	exchange(reader);
	lines_check(3000);
	assert_string_equal(told, "");
	lines_add(6000);
	assert_true(output_is_full(&output));
	exchange(reader);
	lines_check(6000);
	close(reader);
}

static void test_a_reader_that_has_gone_is_told_once(void **state)
{
	int reader;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(mkfifo(path_of("gone"), 0600), 0);
	reader = open(path_of("gone"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	open_output("gone");
	close(reader);
	add("one");
	output_flush(&output);
	add("two");
	output_flush(&output);
	assert_int_equal(output.dropped, 2);
	assert_words(told, "nobody reads it any more; events are dropped and counted, and the policies stay in force\n");
	assert_ptr_equal(strchr(told, '\n'), told + strlen(told) - 1);
	/* A fifo can get another reader. */
	reader = open(path_of("gone"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	add("three");
	output_flush(&output);
	pipe_size = 0;
	pipe_read(reader, 1000);
	pipe_text[pipe_size] = '\0';
	assert_string_equal(pipe_text, "gap 2 of 2\nthree\n");
	close(reader);
}

static void test_a_fifo_without_reader_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path_of("alone"), 0600), 0);
	assert_int_equal(output_open(&output, path_of("alone"), gap_line, &output), -1);
	assert_words(told, "a fifo that nobody reads");
}

static void test_the_last_lines_have_limited_time(void **state)
{
	int64_t patience = 50;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path_of("slow"), 0600), 0);
	reader = open(path_of("slow"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	open_output("slow");
	add("one");
	output_finish(&output, &patience);
	assert_false(output.given_up);
	assert_true(patience > 0);
	lines_add(3000);
	output_finish(&output, &patience);
	assert_true(output.given_up);
	assert_int_equal(patience, 0);
	assert_true(output.dropped_total > 1000 && output.dropped_total < 3000);
	assert_words(told, "nobody takes the last events");
	add("too late");
	assert_false(output_is_pending(&output));
	close(reader);
}

/* --- stdout ------------------------------------------------------------------- */

static int stdout_saved;

static void stdout_set(int fd)
{
	fflush(stdout);
	stdout_saved = dup(STDOUT_FILENO);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
}

static void stdout_back(void)
{
	dup2(stdout_saved, STDOUT_FILENO);
	close(stdout_saved);
}

static void test_stdout_keeps_its_callers_flags(void **state)
{
	int fds[2], flags, pending;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	stdout_set(fds[1]);
	assert_int_equal(output_open(&output, NULL, gap_line, &output), 0);
	lines_add(3000);
	output_flush(&output);
	pending = output_is_pending(&output);
	flags = fcntl(STDOUT_FILENO, F_GETFL);
	stdout_back();
	assert_true(pending);
	assert_false(flags & O_NONBLOCK);
	exchange(fds[0]);
	lines_check(3000);
	close(fds[0]);
	close(fds[1]);
}

static void test_stdout_that_cannot_be_opened_again_gets_small_pieces(void **state)
{
	int fds[2], pending;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	stdout_set(fds[1]);
	assert_int_equal(output_open(&output, NULL, gap_line, &output), 0);
	/* As where /proc is not mounted. */
	close(output.fd);
	output.own = false;
	output.blocking = true;
	output.fd = STDOUT_FILENO;
	lines_add(3000);
	output_flush(&output);
	pending = output_is_pending(&output);
	output.fd = fds[1];
	stdout_back();
	assert_true(pending);
	exchange(fds[0]);
	lines_check(3000);
	close(fds[0]);
	close(fds[1]);
}

static void test_stdout_may_be_a_socket(void **state)
{
	int fds[2], pending;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	stdout_set(fds[1]);
	assert_int_equal(output_open(&output, NULL, gap_line, &output), 0);
	lines_add(6000);
	output_flush(&output);
	pending = output_is_pending(&output);
	output.fd = fds[1];
	stdout_back();
	assert_true(pending);
	exchange(fds[0]);
	lines_check(6000);
	close(fds[0]);
	close(fds[1]);
}

static void test_stdout_may_be_a_file_that_is_not_appended_to(void **state)
{
	int fd = open(path_of("plain"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	stdout_set(fd);
	assert_int_equal(output_open(&output, NULL, gap_line, &output), 0);
	output.fd = fd;
	stdout_back();
	limit_set(10);
	add("123456");
	add("abcdef");
	output_flush(&output);
	limit_set(RLIM_INFINITY);
	assert_string_equal(content("plain"), "123456\n");
	add("next");
	output_flush(&output);
	assert_string_equal(content("plain"), "123456\ngap 1 of 1\nnext\n");	/* and no hole of zeros */
	close(fd);
}

static void test_a_device_that_is_full(void **state)
{
	(void)state;
	assert_int_equal(output_open(&output, "/dev/full", gap_line, &output), 0);
	add("one");
	output_flush(&output);
	assert_int_equal(output.dropped, 1);
	assert_words(told, "/dev/full: No space left on device; ");
}

static int fds_before;

static int setup(void **state)
{
	(void)state;
	told[0] = '\0';
	strcpy(dir, unit_dir_make());
	output = (struct output){ .fd = -1 };
	fds_before = unit_fd_count();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	output_close(&output);
	unlink(path_of("link"));
	rmdir(path_of("log"));
	unit_dir_remove(dir);
	if (unit_fd_count() != fds_before)
		print_message("# %d descriptors left open\n", unit_fd_count() - fds_before);
	return unit_fd_count() - fds_before;
}

#define output_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		output_test(test_lines_are_appended_to_a_file_of_mode_0600),
		output_test(test_a_line_without_end_takes_no_other_with_it),
		output_test(test_a_symbolic_link_is_not_followed),
		output_test(test_a_full_disk_leaves_whole_lines),
		output_test(test_a_full_disk_leaves_whole_events),
		output_test(test_a_full_disk_is_told_once_and_so_is_its_end),
		output_test(test_a_gap_that_was_written_is_not_told_twice),
		output_test(test_what_others_write_is_not_cut_off),
		output_test(test_no_memory_for_a_line_is_a_gap),
		output_test(test_reopening_follows_the_name),
		output_test(test_a_file_that_is_large_gets_a_number),
		output_test(test_a_file_that_was_large_before_is_rotated),
		output_test(test_a_name_that_cannot_be_had_is_told_and_tried_again_later),
		output_test(test_a_rotation_that_fails_loses_nothing),
		output_test(test_what_logrotate_moved_is_not_moved_twice),
		output_test(test_a_reader_that_sleeps_keeps_nobody_waiting),
		output_test(test_a_reader_that_has_gone_is_told_once),
		output_test(test_a_fifo_without_reader_is_refused),
		output_test(test_the_last_lines_have_limited_time),
		output_test(test_stdout_keeps_its_callers_flags),
		output_test(test_stdout_that_cannot_be_opened_again_gets_small_pieces),
		output_test(test_stdout_may_be_a_socket),
		output_test(test_stdout_may_be_a_file_that_is_not_appended_to),
		output_test(test_a_device_that_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

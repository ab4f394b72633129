/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Reading files of any kind, and finding the name that was meant. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "text.h"

/* What read(2) and uname(2) answer; by default the real ones. */
static struct {
	unsigned int interrupt;	/* so many times EINTR first */
	size_t at_most;		/* bytes at a time; 0 for as many as asked */
	int err;		/* errno of the next call */
	bool shrunk;		/* the end of the file is here */
} read_does;
static const char *uname_release;

ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);
int __real_uname(struct utsname *name);
int __wrap_uname(struct utsname *name);

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	if (read_does.interrupt) {
		read_does.interrupt--;
		errno = EINTR;
		return -1;
	}
	if (read_does.err) {
		errno = read_does.err;
		return -1;
	}
	if (read_does.shrunk)
		return 0;
	if (read_does.at_most && size > read_does.at_most)
		size = read_does.at_most;
	return __real_read(fd, buf, size);
}

int __wrap_uname(struct utsname *name)
{
	int err = __real_uname(name);

	if (uname_release)
		snprintf(name->release, sizeof(name->release), "%s", uname_release);
	return err;
}

/* The tests' own directory, with a file in it. */
static char dir[64], path[128];

static void file_write(const char *name, const void *bytes, size_t size)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static int setup(void **state)
{
	memset(&read_does, 0, sizeof(read_does));
	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	return unit_setup(state);
}

static int teardown(void **state)
{
	unit_dir_remove(dir);
	return unit_teardown(state);
}

/* --- names --------------------------------------------------------------- */

static const char *name_at(const void *list, size_t i)
{
	return ((const char *const *)list)[i];
}

static void test_suggestions_are_what_was_meant(void **state)
{
	static const struct {
		const char *what;
		const char *wrong;
		const char *names[8];
		const char *want;
	} variants[] = {
		{ "letters swapped", "file_opne", { "file_open", "task_alloc", "inode_mkdir" }, ", did you mean file_open?" },
		{ "a letter too few", "evnts", { "counts", "events" }, ", did you mean events?" },
		{ "a letter too many", "eventss", { "counts", "events" }, ", did you mean events?" },
		{ "part of a name", "mkdir", { "inode_mkdir", "path_mkdir", "mkdir_check" },
		  ", did you mean inode_mkdir, path_mkdir or mkdir_check?" },
		{ "a short part of long names is near nothing", "abc", { "path_abcdef_ghi", "inode_abcdef" }, "" },
		{ "nothing like it", "zebra", { "file_open", "inode_mkdir" }, "" },
		{ "no names at all", "x", { NULL }, "" },
		{ "nothing was asked for", "", { "a", "bb", "ccc" }, ", did you mean a?" },
		{ "two", "aaaa", { "aaab", "aaba" }, ", did you mean aaab or aaba?" },
		{ "the three nearest, nearest first", "abcdef", { "abcxyf", "abcxef", "bbcdef", "abcdxx", "abcdeg" },
		  ", did you mean abcxef, bbcdef or abcdeg?" },
		{ "the first of equals first", "abcd", { "abcw", "abcx", "abcy", "abcz" }, ", did you mean abcw, abcx or abcy?" },
		{ "bytes that are no ASCII", "h\xc3\xa4" "kchen", { "h\xc3\xa4" "ckchen", "brot" }, ", did you mean h\xc3\xa4" "ckchen?" },
	};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		krsi_priv_suggest(variants[i].wrong, name_at, variants[i].names, text, sizeof(text));
		if (strcmp(text, variants[i].want) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", variants[i].what, text, variants[i].want);
	}
}

static void test_suggestions_are_cut_to_any_buffer(void **state)
{
	static const char *const names[] = { "file_open_one", "file_open_two", "file_open_six", NULL };
	char whole[256];
	size_t size;

	(void)state;
	krsi_priv_suggest("file_open", name_at, names, whole, sizeof(whole));
	assert_words(whole, "file_open_six?");
	for (size = 1; size <= strlen(whole) + 1; size++) {
		char *text = malloc(size);	/* by itself, so that one byte too many is seen */

		krsi_priv_suggest("file_open", name_at, names, text, size);
		assert_int_equal(strlen(text), size - 1);
		assert_memory_equal(text, whole, size - 1);
		free(text);
	}
}

static void test_names_of_any_length_are_compared(void **state)
{
	char wrong[300], name[300], text[512];
	const char *const names[] = { name, "short", NULL };

	(void)state;
	memset(wrong, 'a', sizeof(wrong) - 1);
	memset(name, 'a', sizeof(name) - 1);
	wrong[sizeof(wrong) - 1] = name[sizeof(name) - 1] = '\0';
	wrong[200] = 'b';
	krsi_priv_suggest(wrong, name_at, names, text, sizeof(text));
	assert_words(text, name);
}

/* --- versions ------------------------------------------------------------ */

static void test_kernel_version_is_read_from_any_release(void **state)
{
	static const struct {
		const char *release;
		unsigned int version;
	} variants[] = {
		{ "5.10.0-32-cloud-amd64", KRSI_PRIV_KERNEL(5, 10) },
		{ "6.1.0", KRSI_PRIV_KERNEL(6, 1) },
		{ "6.12", KRSI_PRIV_KERNEL(6, 12) },
		{ "7.3-rc1+", KRSI_PRIV_KERNEL(7, 3) },
		{ "4.19.0", KRSI_PRIV_KERNEL(4, 19) },
		{ "of-my-own", 0 },
		{ "", 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		uname_release = variants[i].release;
		if (krsi_priv_kernel_version() != variants[i].version)
			fail_msg("%s: 0x%x", variants[i].release, krsi_priv_kernel_version());
	}
	uname_release = NULL;
	assert_true(KRSI_PRIV_KERNEL(5, 11) > KRSI_PRIV_KERNEL(5, 10));
	assert_true(KRSI_PRIV_KERNEL(6, 0) > KRSI_PRIV_KERNEL(5, 19));
}

/* --- small files --------------------------------------------------------- */

static void test_file_read_drops_one_line_feed(void **state)
{
	static const struct {
		const char *content;
		const char *want;
	} variants[] = {
		{ "lockdown,yama,bpf\n", "lockdown,yama,bpf" },
		{ "none", "none" },
		{ "two\n\n", "two\n" },
		{ "\n", "" },
		{ "", "" },
	};
	char text[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		file_write("small", variants[i].content, strlen(variants[i].content));
		assert_int_equal(krsi_priv_file_read(path, text, sizeof(text)), strlen(variants[i].want));
		assert_string_equal(text, variants[i].want);
	}
}

static void test_file_read_cuts_to_any_buffer(void **state)
{
	char *text;
	size_t size;

	(void)state;
	file_write("small", "0123456789", 10);
	for (size = 1; size <= 12; size++) {
		text = malloc(size);
		assert_int_equal(krsi_priv_file_read(path, text, size), size <= 10 ? size - 1 : 10);
		assert_int_equal(strlen(text), size <= 10 ? size - 1 : 10);
		free(text);
	}
}

static void test_file_read_gives_the_errno(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(krsi_priv_file_read("/nonexistent/file", text, sizeof(text)), -ENOENT);
	assert_int_equal(krsi_priv_file_read(dir, text, sizeof(text)), -EISDIR);
	file_write("small", "x", 1);
	read_does.err = EPERM;
	assert_int_equal(krsi_priv_file_read(path, text, sizeof(text)), -EPERM);
}

/* --- whole files --------------------------------------------------------- */

static void test_file_load_takes_every_byte(void **state)
{
	static const char bytes[] = "\0with\0NUL\0bytes\n\0";
	size_t size = 99, at_most;
	char *data;

	(void)state;
	file_write("whole", bytes, sizeof(bytes));
	for (at_most = 0; at_most <= sizeof(bytes); at_most++) {
		read_does.at_most = at_most;
		read_does.interrupt = 2;
		assert_int_equal(krsi_priv_file_load(path, &data, &size), 0);
		assert_int_equal(size, sizeof(bytes));
		assert_memory_equal(data, bytes, sizeof(bytes));
		assert_int_equal(data[size], 0);
		free(data);
	}
}

static void test_file_load_of_an_empty_file_is_empty(void **state)
{
	size_t size = 99;
	char *data;

	(void)state;
	file_write("empty", "", 0);
	assert_int_equal(krsi_priv_file_load(path, &data, &size), 0);
	assert_int_equal(size, 0);
	assert_string_equal(data, "");
	free(data);
}

static void refused(const char *what, int want)
{
	char *data = (char *)0x1;
	size_t size = 99;
	int err = krsi_priv_file_load(what, &data, &size);

	if (err != want)
		fail_msg("%s: %d instead of %d", what, err, want);
	assert_ptr_equal(data, (char *)0x1);
	assert_int_equal(size, 99);
}

static void test_file_load_refuses_what_is_no_file(void **state)
{
	char fifo[128], loop[128];

	(void)state;
	refused("/nonexistent/file", -ENOENT);
	refused("", -ENOENT);
	refused(dir, -EBADMSG);
	refused("/dev/zero", -EBADMSG);
	file_write("file", "x", 1);
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refused(fifo, -EBADMSG);	/* and does not wait for a writer */
	snprintf(loop, sizeof(loop), "%s/loop", dir);
	assert_int_equal(symlink(loop, loop), 0);
	refused(loop, -ELOOP);
	strcat(path, "/below");
	refused(path, -ENOTDIR);
}

static void test_file_load_refuses_a_huge_file_before_reading_it(void **state)
{
	(void)state;
	file_write("huge", "", 0);
	assert_int_equal(truncate(path, (256L << 20) + 1), 0);
	read_does.err = EIO;	/* which it would be if it were read */
	refused(path, -EBADMSG);
}

static void test_file_load_that_breaks_off_leaves_nothing(void **state)
{
	(void)state;
	file_write("whole", "0123456789", 10);
	read_does.err = EIO;
	refused(path, -EIO);
	read_does.err = 0;
	read_does.shrunk = true;
	refused(path, -EIO);
}

#define file_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_suggestions_are_what_was_meant),
		ctx_test(test_suggestions_are_cut_to_any_buffer),
		ctx_test(test_names_of_any_length_are_compared),
		ctx_test(test_kernel_version_is_read_from_any_release),
		file_test(test_file_read_drops_one_line_feed),
		file_test(test_file_read_cuts_to_any_buffer),
		file_test(test_file_read_gives_the_errno),
		file_test(test_file_load_takes_every_byte),
		file_test(test_file_load_of_an_empty_file_is_empty),
		file_test(test_file_load_refuses_what_is_no_file),
		file_test(test_file_load_refuses_a_huge_file_before_reading_it),
		file_test(test_file_load_that_breaks_off_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

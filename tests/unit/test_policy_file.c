/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Opening policy files: what is followed, what is trusted, what is read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy_tools.h"

static const char good[] = "version: 1\nname: good\nrules:\n  - { name: a, on: file.open, action: audit }\n";

/* What the system calls answer; by default the real ones. */
static struct {
	bool owned;		/* by... */
	uid_t owner;
	int fstat_err;
	size_t at_most;		/* bytes that read(2) gives at a time; 0 for as many as asked */
	unsigned int interrupt;	/* so many times EINTR first */
	int read_err;
	int grow;		/* by so many bytes, or fewer when negative, after it was opened */
} system_does;
static uid_t effective;

int __real_fstat(int fd, struct stat *st);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_fstat64(int fd, struct stat *st);
ssize_t __real_read(int fd, void *buf, size_t size);
ssize_t __wrap_read(int fd, void *buf, size_t size);
uid_t __wrap_geteuid(void);

int __wrap_fstat(int fd, struct stat *st)
{
	int err = __real_fstat(fd, st);

	if (system_does.fstat_err) {
		errno = system_does.fstat_err;
		return -1;
	}
	if (system_does.owned)
		st->st_uid = system_does.owner;
	st->st_size -= system_does.grow;
	return err;
}

/* With _FILE_OFFSET_BITS=64 it has another name and the same shape. */
int __wrap_fstat64(int fd, struct stat *st)
{
	return __wrap_fstat(fd, st);
}

ssize_t __wrap_read(int fd, void *buf, size_t size)
{
	if (system_does.interrupt) {
		system_does.interrupt--;
		errno = EINTR;
		return -1;
	}
	if (system_does.read_err) {
		errno = system_does.read_err;
		return -1;
	}
	if (system_does.at_most && size > system_does.at_most)
		size = system_does.at_most;
	return __real_read(fd, buf, size);
}

uid_t __wrap_geteuid(void)
{
	return effective;
}

static char dir[64], path[160];

static const char *file_write(const char *name, const char *text, mode_t mode)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fchmod(fileno(file), mode), 0);
	fclose(file);
	return path;
}

static int setup(void **state)
{
	memset(&system_does, 0, sizeof(system_does));
	effective = getuid();
	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	return unit_setup(state);
}

static int teardown(void **state)
{
	unit_dir_remove(dir);
	return unit_teardown(state);
}

#define file_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int policy_open(struct krsi_ctx *ctx, const char *file, uint32_t flags)
{
	struct krsi_policy_opts opts = { .sz = sizeof(opts), .flags = flags };
	struct krsi_policy *policy = NULL;
	int err = krsi_policy_open(ctx, file, &opts, &policy);

	if (err)
		assert_null(policy);
	else
		assert_string_equal(krsi_policy_name(policy), "good");
	krsi_policy_free(policy);
	return err;
}

static void test_a_file_is_read(void **state)
{
	assert_ok(*state, policy_open(*state, file_write("a.yaml", good, 0644), 0));
	assert_ok(*state, policy_open(*state, path, KRSI_POLICY_TRUSTED_FILE));
	system_does.at_most = 7;
	system_does.interrupt = 3;
	assert_ok(*state, policy_open(*state, path, 0));
}

static void test_mistakes_carry_the_files_name(void **state)
{
	struct krsi_policy_opts opts = { .sz = sizeof(opts), .file_name = "shown.yaml" };
	struct krsi_policy *policy = NULL;

	file_write("b.yaml", "version: 1\nname: x\nrules: 5\n", 0600);
	assert_int_equal(krsi_policy_open(*state, path, NULL, &policy), -EBADMSG);
	assert_detail(*state, path);
	assert_detail(*state, "b.yaml:3:8: rules wants a list");
	assert_int_equal(krsi_policy_open(*state, path, &opts, &policy), -EBADMSG);
	assert_int_equal(strncmp(krsi_ctx_error_detail(*state), "shown.yaml:3:8: ", 16), 0);
	assert_null(policy);
}

static void test_a_symbolic_link_is_not_followed(void **state)
{
	char link[160];

	file_write("a.yaml", good, 0600);
	snprintf(link, sizeof(link), "%s/link.yaml", dir);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(policy_open(*state, link, 0), -EACCES);
	assert_detail(*state, "it is a symbolic link; name the file that it leads to");
}

static void test_what_is_no_file_is_refused_without_waiting(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	assert_int_equal(policy_open(*state, dir, 0), -EBADMSG);
	assert_detail(*state, "not a regular file");
	snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(policy_open(*state, path, 0), -EBADMSG);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(policy_open(*state, address.sun_path, 0) < 0);
	close(fd);
	assert_int_equal(policy_open(*state, "/dev/zero", 0), -EBADMSG);
}

static void test_what_is_not_there_is_told(void **state)
{
	snprintf(path, sizeof(path), "%s/missing", dir);
	assert_int_equal(policy_open(*state, path, 0), -ENOENT);
	assert_detail(*state, "no such file");
	file_write("a.yaml", good, 0600);
	strcat(path, "/x");
	assert_int_equal(policy_open(*state, path, 0), -ENOENT);
}

static void test_a_file_that_others_can_write_is_not_trusted(void **state)
{
	static const struct {
		mode_t mode;
		bool trusted;
	} cases[] = {
		{ 0600, true }, { 0644, true }, { 0444, true }, { 0755, true },
		{ 0660, false }, { 0664, false }, { 0646, false }, { 0666, false }, { 0602, false },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file_write("a.yaml", good, cases[i].mode);
		assert_ok(*state, policy_open(*state, path, 0));
		assert_int_equal(policy_open(*state, path, KRSI_POLICY_TRUSTED_FILE), cases[i].trusted ? 0 : -EACCES);
		if (!cases[i].trusted)
			assert_detail(*state, "lets others write it; take that away with chmod go-w");
		assert_int_equal(unlink(path), 0);
	}
}

static void test_a_file_of_a_stranger_is_not_trusted(void **state)
{
	file_write("a.yaml", good, 0644);
	effective = 1000;
	system_does.owned = true;
	system_does.owner = 1000;
	assert_ok(*state, policy_open(*state, path, KRSI_POLICY_TRUSTED_FILE));
	system_does.owner = 0;
	assert_ok(*state, policy_open(*state, path, KRSI_POLICY_TRUSTED_FILE));
	system_does.owner = 1001;
	assert_ok(*state, policy_open(*state, path, 0));
	assert_int_equal(policy_open(*state, path, KRSI_POLICY_TRUSTED_FILE), -EACCES);
	assert_detail(*state, "it belongs to user 1001, who could change it at will");
}

static void test_half_a_policy_is_never_used(void **state)
{
	file_write("a.yaml", good, 0600);
	system_does.grow = 5;	/* than fstat(2) said */
	assert_int_equal(policy_open(*state, path, 0), -EIO);
	assert_detail(*state, "it changed while it was read");
	system_does.grow = -5;
	assert_int_equal(policy_open(*state, path, 0), -EIO);
	system_does.grow = 0;
	system_does.read_err = EISDIR;
	assert_int_equal(policy_open(*state, path, 0), -EIO);
	assert_detail(*state, "cannot be read: EISDIR");
	system_does.read_err = 0;
	system_does.fstat_err = EOVERFLOW;
	assert_int_equal(policy_open(*state, path, 0), -EIO);
}

static void test_an_empty_file_is_no_policy(void **state)
{
	assert_int_equal(policy_open(*state, file_write("a.yaml", "", 0600), 0), -EBADMSG);
	assert_detail(*state, "a policy is made of keys");
}

static void test_a_file_that_is_too_large_is_not_even_read(void **state)
{
	file_write("a.yaml", good, 0600);
	assert_int_equal(truncate(path, (off_t)KRSI_PRIV_TEXT_SIZE_MAX + 1), 0);
	system_does.read_err = EIO;
	assert_int_equal(policy_open(*state, path, 0), -EBADMSG);
	assert_detail(*state, "16777217 bytes, at most 16777216 are allowed");
}

static void test_arguments_are_checked(void **state)
{
	struct krsi_policy_opts opts = { .sz = sizeof(opts), .flags = 2 };
	struct krsi_policy *policy = NULL;

	file_write("a.yaml", good, 0600);
	assert_int_equal(krsi_policy_open(NULL, path, NULL, &policy), -EINVAL);
	assert_int_equal(krsi_policy_open(*state, NULL, NULL, &policy), -EINVAL);
	assert_int_equal(krsi_policy_open(*state, path, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_policy_open(*state, path, &opts, &policy), -EINVAL);
	assert_detail(*state, "unknown flags 0x2");
	assert_null(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(test_a_file_is_read),
		file_test(test_mistakes_carry_the_files_name),
		file_test(test_a_symbolic_link_is_not_followed),
		file_test(test_what_is_no_file_is_refused_without_waiting),
		file_test(test_what_is_not_there_is_told),
		file_test(test_a_file_that_others_can_write_is_not_trusted),
		file_test(test_a_file_of_a_stranger_is_not_trusted),
		file_test(test_half_a_policy_is_never_used),
		file_test(test_an_empty_file_is_no_policy),
		file_test(test_a_file_that_is_too_large_is_not_even_read),
		file_test(test_arguments_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

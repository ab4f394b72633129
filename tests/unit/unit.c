/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libkrsi/bpf.h>

#include "forbid_bpf.h"

/* Whoever calls bpf(2) from here on is killed by SIGSYS. Runs before main(), for every unit test. */
static void __attribute__((constructor)) bpf_forbid(void)
{
	if (forbid_bpf() == 0)
		return;
	printf("1..0 # SKIP no seccomp here, so nothing would keep a test from bpf(2)\n");
	fflush(stdout);
	_exit(0);
}

void unit_assert_ok(struct krsi_ctx *ctx, int err, const char *call, const char *file, int line)
{
	if (err)
		print_message("# %s: %s: %s\n", call, krsi_error_name(err), krsi_ctx_error_detail(ctx));
	_assert_true(err == 0, call, file, line);
}

void unit_assert_words(const char *text, const char *words, const char *file, int line)
{
	bool found = strstr(text, words);

	if (!found)
		print_message("# \"%s\" is not in: %s\n", words, text);
	_assert_true(found, words, file, line);
}

/* Of the test that is running: cmocka runs one at a time. */
static int fd_count_before;

int unit_setup(void **state)
{
	struct krsi_ctx *ctx;

	krsi_bpf_silence();
	fd_count_before = unit_fd_count();
	if (krsi_ctx_new(NULL, &ctx))
		return -1;
	*state = ctx;
	return 0;
}

int unit_teardown(void **state)
{
	int left;

	krsi_ctx_free(*state);
	left = unit_fd_count() - fd_count_before;
	if (left)
		print_message("# %d descriptors left open\n", left);
	return left;
}

const char *unit_object_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", UNIT_BUILD, name);
	if (access(path, F_OK) != 0)
		snprintf(path, sizeof(path), "%s/%s", UNIT_VM_BUILD, name);
	return path;
}

char *unit_object_bytes(const char *name, size_t *size)
{
	FILE *file = fopen(unit_object_path(name), "r");
	struct stat st;
	char *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	bytes = malloc((size_t)st.st_size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, file), st.st_size);
	fclose(file);
	*size = (size_t)st.st_size;
	return bytes;
}

int unit_fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

const char *unit_dir_make(void)
{
	static char path[64];

	strcpy(path, "/tmp/krsi-unit-XXXXXX");
	assert_non_null(mkdtemp(path));
	return path;
}

void unit_dir_remove(const char *path)
{
	struct dirent *entry;
	char file[512];
	DIR *dir = opendir(path);

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (remove(file) != 0)
			print_message("# %s stays\n", file);
	}
	closedir(dir);
	rmdir(path);
}

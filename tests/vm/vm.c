/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "vm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <libkrsi/bpf.h>

void vm_assert_ok(struct krsi_ctx *ctx, int err, const char *call, const char *file, int line)
{
	if (err)
		print_message("# %s: %s: %s\n", call, krsi_error_name(err), krsi_ctx_error_detail(ctx));
	_assert_true(err == 0, call, file, line);
}

void vm_assert_detail(struct krsi_ctx *ctx, const char *words, const char *file, int line)
{
	bool found = strstr(krsi_ctx_error_detail(ctx), words);

	if (!found)
		print_message("# \"%s\" is not in: %s\n", words, krsi_ctx_error_detail(ctx));
	_assert_true(found, words, file, line);
}

void vm_skip_reason(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# skip: ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
}

int vm_ctx_setup(void **state)
{
	struct krsi_ctx *ctx;

	krsi_bpf_silence();
	if (krsi_ctx_new(NULL, &ctx))
		return -1;
	*state = ctx;
	return 0;
}

int vm_ctx_teardown(void **state)
{
	krsi_ctx_free(*state);
	return 0;
}

const char *vm_object_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "/test/bpf/%s.bpf.o", name);
	return path;
}

struct krsi_object *vm_object_open(struct krsi_ctx *ctx, const char *name)
{
	uint32_t tgid = (uint32_t)getpid();
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path(name), NULL, &object));
	krsi_object_set_variable(object, "only_tgid", &tgid, sizeof(tgid));
	return object;
}

struct krsi_object *vm_object_attach(struct krsi_ctx *ctx, const char *name)
{
	struct krsi_object *object = vm_object_open(ctx, name);

	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_attach(object, NULL));
	return object;
}

bool vm_bpf_is_active(void)
{
	char list[256] = "";
	FILE *file = fopen("/sys/kernel/security/lsm", "r");

	assert_non_null(file);
	assert_non_null(fgets(list, sizeof(list), file));
	fclose(file);
	return strstr(list, "bpf");
}

bool vm_kernel_at_least(int major, int minor)
{
	int have_major = 0, have_minor = 0;
	struct utsname name;

	uname(&name);
	sscanf(name.release, "%d.%d", &have_major, &have_minor);
	return have_major > major || (have_major == major && have_minor >= minor);
}

int vm_mkdir(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/tmp/%s", name);
	if (mkdir(path, 0700) < 0)
		return errno;
	rmdir(path);
	return 0;
}

/* The kernel frees in the background and tells nobody, so all there is to do is to look again. */
static void pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	nanosleep(&pause, NULL);
}

#define PAUSES_MAX 500

void vm_wait_for_mkdir(const char *name)
{
	int tries;

	for (tries = 0; tries < PAUSES_MAX && vm_mkdir(name) != 0; tries++)
		pause_briefly();
	assert_true(tries < PAUSES_MAX);
}

static unsigned int ids_count(int (*next)(uint32_t, uint32_t *))
{
	unsigned int n = 0;
	uint32_t id = 0;

	while (next(id, &id) == 0)
		n++;
	return n;
}

struct vm_count vm_count(void)
{
	return (struct vm_count){
		.programs = ids_count(bpf_prog_get_next_id),
		.maps = ids_count(bpf_map_get_next_id),
		.links = ids_count(bpf_link_get_next_id),
	};
}

void vm_wait_for_count(struct vm_count before)
{
	struct vm_count now;
	int tries;

	for (tries = 0; tries < PAUSES_MAX; tries++) {
		now = vm_count();
		if (now.programs <= before.programs && now.maps <= before.maps && now.links <= before.links)
			return;
		pause_briefly();
	}
	fail_msg("left behind: %d programs, %d maps, %d links", (int)(now.programs - before.programs),
		 (int)(now.maps - before.maps), (int)(now.links - before.links));
}

int vm_fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

struct krsi_program_info vm_program_info(struct krsi_object *object, const char *name)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t index;

	assert_int_equal(krsi_object_find_program(object, name, &index), 0);
	assert_int_equal(krsi_object_program_info(object, index, &info), 0);
	return info;
}

void vm_btf_copy(const char *path)
{
	int from = open("/sys/kernel/btf/vmlinux", O_RDONLY), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char buffer[65536];
	ssize_t n;

	assert_true(from >= 0 && to >= 0);
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(to, buffer, (size_t)n), n);
	close(from);
	close(to);
}

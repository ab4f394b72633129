/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

static char verifier_log[65536];

bool origin_is_module(void)
{
	const char *origin = getenv("KRSI_ORIGIN");

	return origin && strcmp(origin, "module") == 0;
}

int module_load(void)
{
	int fd = open("/test/krsi.ko", O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "krsi", O_NONBLOCK) ? -errno : 0;
}

static int print_warnings(enum libbpf_print_level level, const char *fmt, va_list args)
{
	return level == LIBBPF_WARN ? vprintf(fmt, args) : 0;
}

int kernel_setup(void **state)
{
	(void)state;
	libbpf_set_print(print_warnings);
	if (!origin_is_module() || access(KRSI "features", F_OK) == 0)
		return 0;
	return module_load();
}

int denied(int errnum)
{
	const char *permissive = getenv("KRSI_PERMISSIVE");

	return permissive && *permissive == '1' ? 0 : errnum;
}

static bool is_named(const char *names, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = names; (at = strstr(at, name)); at += len)
		if ((at == names || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static struct bpf_object *open_object(const char *names)
{
	struct bpf_object *object = bpf_object__open_file("/test/kernel.bpf.o", NULL);
	struct bpf_program *program;

	assert_non_null(object);
	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, is_named(names, bpf_program__name(program)));
	return object;
}

/* The program's variables, shared with whoever we fork. */
static void *variables_map(struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	size_t size;
	void *memory;

	assert_non_null(map);
	size = bpf_map__value_size(map);
	size = (size + 4095) / 4096 * 4096;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	assert_true(memory != MAP_FAILED);
	return memory;
}

struct programs programs_attach(const char *names)
{
	struct programs programs = { .object = open_object(names) };
	struct bpf_program *program;
	int n = 0;

	assert_int_equal(bpf_object__load(programs.object), 0);
	programs.wish = variables_map(programs.object, ".data.wish");
	programs.seen = variables_map(programs.object, ".data.seen");
	bpf_object__for_each_program(program, programs.object) {
		if (!bpf_program__autoload(program))
			continue;
		assert_true(n < LINKS_MAX);
		programs.links[n] = bpf_program__attach(program);
		assert_non_null(programs.links[n++]);
	}
	return programs;
}

void programs_free(struct programs *programs)
{
	int i;

	for (i = 0; i < LINKS_MAX; i++)
		bpf_link__destroy(programs->links[i]);
	munmap(programs->wish, sizeof(struct wish));
	munmap((void *)(uintptr_t)programs->seen, sizeof(struct seen));
	bpf_object__close(programs->object);
	*programs = (struct programs){ 0 };
}

int program_try(const char *name, const char **log)
{
	struct bpf_object *object = open_object(name);
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	int err;

	assert_non_null(program);
	verifier_log[0] = 0;
	bpf_program__set_log_buf(program, verifier_log, sizeof(verifier_log));
	bpf_program__set_log_level(program, 1);
	libbpf_set_print(NULL);
	err = bpf_object__load(object);
	libbpf_set_print(print_warnings);
	bpf_object__close(object);
	*log = verifier_log;
	return err;
}

const char *file_read(const char *path)
{
	static char text[65536];
	size_t have = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved;

	if (fd < 0)
		return NULL;
	while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
		have += (size_t)n;
	saved = errno;
	close(fd);
	errno = saved;
	text[have] = 0;
	return n < 0 ? NULL : text;
}

int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err;

	if (fd < 0)
		return errno;
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

int try_mkdir(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/tmp/%s", name);
	if (mkdir(path, 0700) < 0)
		return errno;
	rmdir(path);
	return 0;
}

int try_symlink(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "/tmp/%s", name);
	if (symlink("nowhere", path) < 0)
		return errno;
	unlink(path);
	return 0;
}

int child_run(int (*deed)(void *data), void *data)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(deed(data));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What libbpf alone makes of an object, to hold libkrsi against: tests/vm/selftests.
 *
 *   plain_loader [-a] OBJECT
 *
 * One line per program: its name, its section, what became of it when the object was loaded and
 * attached as a whole, and what when it was the only one. -a tries those whose section is marked ?
 * too, alone only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

static int cgroup_fd;

static struct bpf_object *object_open(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return object;
}

/* Attach one program of a loaded object, and detach it again unless `keep`. */
static const char *attach(const struct bpf_program *program, bool keep)
{
	struct bpf_link *link;

	if (strncmp(bpf_program__section_name(program), "lsm_cgroup/", 11) == 0)
		link = bpf_program__attach_cgroup(program, cgroup_fd);
	else
		link = bpf_program__attach(program);
	if (!link)
		return errno == EOPNOTSUPP || errno == ESRCH ? "loaded" : "refused";
	if (!keep)
		bpf_link__destroy(link);
	return "attached";
}

/* The n-th program of a fresh handle, without the others. */
static const char *try_alone(const char *path, size_t n)
{
	struct bpf_object *object = object_open(path);
	struct bpf_program *program, *wanted = NULL;
	const char *word = "refused";

	if (!object)
		return word;
	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, n == 0);
		if (n-- == 0)
			wanted = program;
	}
	if (!bpf_object__load(object))
		word = attach(wanted, false);
	bpf_object__close(object);
	return word;
}

static int ignore(enum libbpf_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
	return 0;
}

int main(int argc, char **argv)
{
	bool all = argc == 3 && strcmp(argv[1], "-a") == 0;
	struct bpf_program *program;
	struct bpf_object *object;
	size_t n = 0;
	bool loaded;

	if (argc != 2 + all)
		return 2;
	libbpf_set_print(ignore);
	cgroup_fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	object = object_open(argv[1 + all]);
	if (!object)
		return 1;
	loaded = bpf_object__load(object) == 0;
	bpf_object__for_each_program(program, object) {
		bool wanted = bpf_program__autoload(program);

		printf("%s\t%s\t%s\t%s\n", bpf_program__name(program), bpf_program__section_name(program),
		       !wanted ? "skipped" : loaded ? attach(program, true) : "refused",
		       !wanted && !all ? "skipped" : try_alone(argv[1 + all], n));
		n++;
	}
	bpf_object__close(object);
	return 0;
}

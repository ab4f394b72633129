/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Loading and attaching in the fake kernel. Objects are libbpf's own; their descriptors are not. */
#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define HANDLES_MAX 256
#define LINKS_MAX 64
#define REUSES_MAX 16

/* A program or map that was loaded, or an object that cannot be loaded again. */
static struct handle {
	const void *handle;
	const struct bpf_object *object;
	int fd;			/* -1 for an object */
} handles[HANDLES_MAX];
static size_t handle_count;

/* A map of an object that an existing one is to take the place of. */
static struct reuse {
	const struct bpf_map *map;
	struct fake_thing *by;
} reuses[REUSES_MAX];
static size_t reuse_count;

static struct fake_bpf_link {
	const char *name;	/* NULL: not in use */
	int fd;
	bool disconnected;
} links[LINKS_MAX];

/* Texts for the tests to look at. What does not fit is cut: nobody compares that much. */
static char loads[4096], attaches[1024];

static void __attribute__((format(printf, 3, 4))) say(char *text, size_t size, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, size - used, fmt, args);
	va_end(args);
}

const char *fake_loads(void)
{
	return loads;
}

const char *fake_attaches(void)
{
	return attaches;
}

void fake_objects_reset(void)
{
	memset(links, 0, sizeof(links));	/* their descriptors were the library's to close */
	handle_count = reuse_count = 0;
	loads[0] = attaches[0] = '\0';
}

static struct handle *handle_find(const void *handle)
{
	size_t i;

	for (i = 0; i < handle_count; i++)
		if (handles[i].handle == handle)
			return &handles[i];
	return NULL;
}

static void handle_add(const void *handle, const struct bpf_object *object, int fd)
{
	if (handle_count == HANDLES_MAX)
		abort();
	handles[handle_count++] = (struct handle){ handle, object, fd };
}

static struct fake_thing *reuse_of(const struct bpf_map *map)
{
	size_t i;

	for (i = reuse_count; i-- > 0;)
		if (reuses[i].map == map)
			return reuses[i].by;
	return NULL;
}

static void handles_forget(const struct bpf_object *object)
{
	const struct bpf_map *map = NULL;
	size_t i, kept = 0;

	while ((map = bpf_object__next_map(object, map)))
		for (i = 0; i < reuse_count; i++)
			if (reuses[i].map == map)
				reuses[i].map = NULL;
	while (reuse_count && !reuses[reuse_count - 1].map)
		reuse_count--;

	for (i = 0; i < handle_count; i++) {
		if (handles[i].object != object)
			handles[kept++] = handles[i];
		else if (handles[i].fd >= 0)
			close(handles[i].fd);
	}
	handle_count = kept;
}

/* --- loading ------------------------------------------------------------- */

static void load_say(const struct bpf_object *object)
{
	unsigned int level = 0;
	struct bpf_program *program = NULL;
	struct bpf_map *map = NULL;
	char letter;

	say(loads, sizeof(loads), "P:");
	for (letter = 'a'; (program = bpf_object__next_program(object, program)); letter++) {
		if (!bpf_program__autoload(program))
			continue;
		say(loads, sizeof(loads), "%c", letter);
		level |= bpf_program__log_level(program);
	}
	say(loads, sizeof(loads), " M:");
	for (letter = 'a'; (map = bpf_object__next_map(object, map)); letter++)
		if (bpf_map__autocreate(map))
			say(loads, sizeof(loads), "%c", letter);
	say(loads, sizeof(loads), " log:%u", level);
}

static int program_judge(struct bpf_object *object)
{
	struct bpf_program *program = fake.refused ? bpf_object__find_program_by_name(object, fake.refused) : NULL;
	size_t size = 0;
	char *log;

	if (!program || !bpf_program__autoload(program))
		return 0;
	log = (char *)bpf_program__log_buf(program, &size);
	if (log && size)
		snprintf(log, size, "%s", fake.refused_log);
	return fake.refused_err;
}

static int map_load(const struct bpf_map *map)
{
	struct fake_thing *reused = reuse_of(map);
	uint32_t entries = bpf_map__max_entries(map);

	if (reused)
		return fake_thing_open(reused);
	if (bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY && !entries)
		entries = (uint32_t)fake.cpus;	/* as libbpf has it */
	return fake_map(bpf_map__type(map), bpf_map__key_size(map), bpf_map__value_size(map), entries);
}

static void load_all(struct bpf_object *object)
{
	struct bpf_program *program = NULL;
	struct fake_thing *thing;
	struct bpf_map *map = NULL;

	while ((map = bpf_object__next_map(object, map)))
		if (bpf_map__autocreate(map))
			handle_add(map, object, map_load(map));
	while ((program = bpf_object__next_program(object, program)))
		if (bpf_program__autoload(program))
			handle_add(program, object, fake_thing_new(FAKE_PROGRAM, &thing));
}

int __wrap_bpf_object__load(struct bpf_object *object);
int __wrap_bpf_object__load(struct bpf_object *object)
{
	int err = FAKE_CALLED();

	load_say(object);
	if (!err)
		err = handle_find(object) ? -EINVAL : fake.judge ? fake.judge(object) : program_judge(object);
	say(loads, sizeof(loads), " %d\n", err);
	handle_add(object, object, -1);
	if (!err)
		load_all(object);
	errno = -err;
	return err;
}

void __real_bpf_object__close(struct bpf_object *object);
void __wrap_bpf_object__close(struct bpf_object *object);
void __wrap_bpf_object__close(struct bpf_object *object)
{
	if (object)
		handles_forget(object);
	__real_bpf_object__close(object);
}

int __wrap_bpf_map__fd(const struct bpf_map *map);
int __wrap_bpf_map__fd(const struct bpf_map *map)
{
	const struct handle *handle = handle_find(map);

	return handle ? handle->fd : -1;
}

int __wrap_bpf_program__fd(const struct bpf_program *program);
int __wrap_bpf_program__fd(const struct bpf_program *program)
{
	const struct handle *handle = handle_find(program);

	return handle ? handle->fd : -ENOENT;
}

int __wrap_bpf_map__reuse_fd(struct bpf_map *map, int fd);
int __wrap_bpf_map__reuse_fd(struct bpf_map *map, int fd)
{
	struct fake_thing *thing = fake_thing_by_fd(fd);
	int err = FAKE_CALLED();

	if (!err && !thing)
		err = -EBADF;
	if (!err && reuse_count == REUSES_MAX)
		abort();
	if (!err)
		reuses[reuse_count++] = (struct reuse){ map, thing };
	errno = -err;
	return err;
}

int __wrap_bpf_program__set_attach_target(struct bpf_program *program, int fd, const char *target);
int __wrap_bpf_program__set_attach_target(struct bpf_program *program, int fd, const char *target)
{
	(void)program;
	(void)fd;
	(void)target;
	return FAKE_CALLED();
}

/* --- attaching ----------------------------------------------------------- */

/* When libbpf cannot attach a program by its section alone. */
static bool section_says_nothing(const char *section)
{
	return !strchr(section, '/') || strncmp(section, "struct_ops/", 11) == 0;
}

static struct bpf_link *link_new(const struct bpf_program *program, int err, const char *where)
{
	struct fake_thing *thing;
	size_t i;

	if (!err && !*where && section_says_nothing(bpf_program__section_name(program)))
		err = -EOPNOTSUPP;
	if (err) {
		errno = -err;
		return NULL;
	}
	for (i = 0; links[i].name; i++)
		if (i + 1 == LINKS_MAX)
			abort();
	links[i] = (struct fake_bpf_link){ .name = bpf_program__name(program), .fd = fake_thing_new(FAKE_LINK, &thing) };
	say(attaches, sizeof(attaches), "+%s%s ", links[i].name, where);
	return (struct bpf_link *)&links[i];
}

struct bpf_link *__wrap_bpf_program__attach(const struct bpf_program *program);
struct bpf_link *__wrap_bpf_program__attach(const struct bpf_program *program)
{
	return link_new(program, FAKE_CALLED(), "");
}

struct bpf_link *__wrap_bpf_program__attach_cgroup(const struct bpf_program *program, int fd);
struct bpf_link *__wrap_bpf_program__attach_cgroup(const struct bpf_program *program, int fd)
{
	char where[32];

	snprintf(where, sizeof(where), "@cgroup %d", fd);
	return link_new(program, FAKE_CALLED(), where);
}

struct bpf_link *__wrap_bpf_program__attach_kprobe(const struct bpf_program *program, bool is_return, const char *function);
struct bpf_link *__wrap_bpf_program__attach_kprobe(const struct bpf_program *program, bool is_return, const char *function)
{
	char where[128];

	snprintf(where, sizeof(where), "@%s %s", is_return ? "return of" : "call of", function);
	return link_new(program, FAKE_CALLED(), where);
}

struct bpf_link *__wrap_bpf_program__attach_tracepoint(const struct bpf_program *program, const char *category, const char *name);
struct bpf_link *__wrap_bpf_program__attach_tracepoint(const struct bpf_program *program, const char *category, const char *name)
{
	char where[128];

	snprintf(where, sizeof(where), "@%s:%s", category, name);
	return link_new(program, FAKE_CALLED(), where);
}

struct bpf_link *__wrap_bpf_program__attach_raw_tracepoint(const struct bpf_program *program, const char *name);
struct bpf_link *__wrap_bpf_program__attach_raw_tracepoint(const struct bpf_program *program, const char *name)
{
	char where[128];

	snprintf(where, sizeof(where), "@%s", name);
	return link_new(program, FAKE_CALLED(), where);
}

int __wrap_bpf_link__fd(const struct bpf_link *link);
int __wrap_bpf_link__fd(const struct bpf_link *link)
{
	int err = FAKE_CALLED();

	return err ? err : ((const struct fake_bpf_link *)link)->fd;
}

void __wrap_bpf_link__disconnect(struct bpf_link *link);
void __wrap_bpf_link__disconnect(struct bpf_link *link)
{
	((struct fake_bpf_link *)link)->disconnected = true;
}

int __wrap_bpf_link__destroy(struct bpf_link *opaque);
int __wrap_bpf_link__destroy(struct bpf_link *opaque)
{
	struct fake_bpf_link *link = (struct fake_bpf_link *)opaque;

	say(attaches, sizeof(attaches), "%c%s ", link->disconnected ? '~' : '-', link->name);
	if (!link->disconnected)
		close(link->fd);
	link->name = NULL;
	return 0;
}

int __wrap_bpf_iter_create(int link);
int __wrap_bpf_iter_create(int link)
{
	int err = FAKE_CALLED();

	return err ? err : fcntl(link, F_DUPFD_CLOEXEC, 3);
}

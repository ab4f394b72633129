/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Maps of the fake kernel, with the errors of a real one. */
#include "fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "text.h"

#define MAPS_MAX 200
#define KERNEL_ENOTSUPP 524

/* Entries keep their place until they are deleted, as in a hash table. */
static struct fake_map {
	struct bpf_map_info info;
	uint32_t stride;	/* bytes of a value, of all CPUs */
	bool frozen;
	unsigned char *used;	/* by place */
	unsigned char *keys;
	unsigned char *values;
	size_t mapped;
} maps[MAPS_MAX];
static size_t map_count;

static int fail(int err)
{
	errno = -err;
	return err;
}

void fake_maps_reset(void)
{
	size_t i;

	for (i = 0; i < map_count; i++)
		if (maps[i].used)
			munmap(maps[i].used, maps[i].mapped);
	memset(maps, 0, sizeof(maps));
	map_count = 0;
}

static bool is_array(const struct fake_map *map)
{
	return map->info.type == BPF_MAP_TYPE_ARRAY || map->info.type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	       map->info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS;
}

static bool is_outer(const struct fake_map *map)
{
	return map->info.type == BPF_MAP_TYPE_ARRAY_OF_MAPS || map->info.type == BPF_MAP_TYPE_HASH_OF_MAPS;
}

static bool is_percpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int map_new(uint32_t type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t entries,
		   uint32_t flags)
{
	struct fake_thing *thing;
	struct fake_map *map = &maps[map_count];
	int fd;

	if (map_count == MAPS_MAX)
		abort();
	map->info = (struct bpf_map_info){
		.type = type, .key_size = key_size, .value_size = value_size, .max_entries = entries, .map_flags = flags,
	};
	snprintf(map->info.name, sizeof(map->info.name), "%s", name ? name : "");
	map->stride = is_percpu(type) ? (value_size + 7) / 8 * 8 * (uint32_t)fake.cpus : value_size;
	if (type != BPF_MAP_TYPE_RINGBUF) {
		map->mapped = (size_t)entries * (1 + key_size + map->stride);
		map->used = mmap(NULL, map->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (map->used == MAP_FAILED)
			abort();
		map->keys = map->used + entries;
		map->values = map->keys + (size_t)entries * key_size;
	}
	map_count++;
	fd = fake_thing_new(FAKE_MAP, &thing);
	thing->body = map;
	map->info.id = thing->id;
	return fd;
}

int fake_map(uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	return map_new(type, "made_by_test", key_size, value_size, entries, 0);
}

static struct fake_map *map_by_fd(int fd)
{
	struct fake_thing *thing = fake_thing_by_fd(fd);

	return thing && thing->kind == FAKE_MAP ? thing->body : NULL;
}

static unsigned char *key_at(const struct fake_map *map, uint32_t i)
{
	return map->keys + (size_t)i * map->info.key_size;
}

static unsigned char *value_at(const struct fake_map *map, uint32_t i)
{
	return map->values + (size_t)i * map->stride;
}

/* The place of a key, max_entries when it has none. */
static uint32_t place_of(const struct fake_map *map, const void *key)
{
	uint32_t i;

	if (is_array(map)) {
		memcpy(&i, key, sizeof(i));
		return i < map->info.max_entries ? i : map->info.max_entries;
	}
	for (i = 0; i < map->info.max_entries; i++)
		if (map->used[i] && memcmp(key_at(map, i), key, map->info.key_size) == 0)
			return i;
	return map->info.max_entries;
}

static uint32_t next_used(const struct fake_map *map, uint32_t i)
{
	while (i < map->info.max_entries && !map->used[i] && !is_array(map))
		i++;
	return i;
}

uint32_t fake_map_count(int fd)
{
	const struct fake_map *map = map_by_fd(fd);
	uint32_t i, n = 0;

	for (i = 0; i < map->info.max_entries; i++)
		n += map->used[i] != 0;
	return n;
}

/* --- single entries ------------------------------------------------------ */

static int lookup(const struct fake_map *map, const void *key, void *value)
{
	uint32_t i = place_of(map, key);

	if (map->info.type == BPF_MAP_TYPE_RINGBUF)
		return -KERNEL_ENOTSUPP;
	if (i == map->info.max_entries || (is_outer(map) && !map->used[i]))
		return -ENOENT;
	memcpy(value, value_at(map, i), map->stride);
	return 0;
}

static int update(struct fake_map *map, const void *key, const void *value, uint64_t flags)
{
	uint32_t i = place_of(map, key), index;
	struct fake_thing *inner;

	if (map->info.type == BPF_MAP_TYPE_RINGBUF)
		return -KERNEL_ENOTSUPP;
	if (map->frozen)
		return -EPERM;
	if (is_array(map) && i == map->info.max_entries)
		return -E2BIG;
	if (flags == BPF_NOEXIST && i < map->info.max_entries)
		return -EEXIST;
	if (flags == BPF_EXIST && i == map->info.max_entries)
		return -ENOENT;
	if (i == map->info.max_entries)
		for (i = 0; i < map->info.max_entries && map->used[i]; i++)
			;
	if (i == map->info.max_entries)
		return -E2BIG;
	if (is_outer(map)) {	/* a descriptor goes in, an id comes out */
		memcpy(&index, value, sizeof(index));
		inner = fake_thing_by_fd((int)index);
		if (!inner || inner->kind != FAKE_MAP)
			return -EINVAL;
		value = &inner->id;
	}
	memcpy(value_at(map, i), value, map->stride);
	memcpy(key_at(map, i), key, map->info.key_size);
	map->used[i] = 1;
	return 0;
}

static int delete(struct fake_map *map, const void *key)
{
	uint32_t i = place_of(map, key);

	if (map->info.type == BPF_MAP_TYPE_RINGBUF)
		return -KERNEL_ENOTSUPP;
	if (map->frozen)
		return -EPERM;
	if (is_array(map) && !is_outer(map))
		return -EINVAL;
	if (i == map->info.max_entries || !map->used[i])
		return -ENOENT;
	map->used[i] = 0;
	return 0;
}

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	int err = FAKE_CALLED();

	if (!err)
		err = lookup(map_by_fd(fd), key, value);
	return err ? fail(err) : 0;
}

int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags);
int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)
{
	int err = FAKE_CALLED();

	if (!err)
		err = update(map_by_fd(fd), key, value, flags);
	return err ? fail(err) : 0;
}

int __wrap_bpf_map_delete_elem(int fd, const void *key);
int __wrap_bpf_map_delete_elem(int fd, const void *key)
{
	int err = FAKE_CALLED();

	if (!err)
		err = delete(map_by_fd(fd), key);
	return err ? fail(err) : 0;
}

/* After a key that is gone the kernel begins again. */
int __wrap_bpf_map_get_next_key(int fd, const void *key, void *next);
int __wrap_bpf_map_get_next_key(int fd, const void *key, void *next)
{
	const struct fake_map *map = map_by_fd(fd);
	int err = FAKE_CALLED();
	uint32_t i;

	if (err)
		return fail(err);
	if (map->info.type == BPF_MAP_TYPE_RINGBUF)
		return fail(-KERNEL_ENOTSUPP);
	i = key ? place_of(map, key) : map->info.max_entries;
	i = next_used(map, i == map->info.max_entries ? 0 : i + 1);
	if (i == map->info.max_entries && fake.endless && fake_calls("bpf_map_get_next_key") < 10000)
		i = next_used(map, 0);
	if (i == map->info.max_entries)
		return fail(-ENOENT);
	if (is_array(map))
		memcpy(next, &i, sizeof(i));
	else
		memcpy(next, key_at(map, i), map->info.key_size);
	return 0;
}

/* --- batches ------------------------------------------------------------- */

/* What is refused before the first entry leaves the count as it was. */
static int batch_refused(const struct fake_map *map, bool writes)
{
	if (!fake.batches)
		return -EINVAL;	/* a kernel without the command */
	if (map->info.type == BPF_MAP_TYPE_RINGBUF)
		return -KERNEL_ENOTSUPP;
	return writes && map->frozen ? -EPERM : 0;
}

int __wrap_bpf_map_update_batch(int fd, const void *keys, const void *values, uint32_t *count,
				const struct bpf_map_batch_opts *opts);
int __wrap_bpf_map_update_batch(int fd, const void *keys, const void *values, uint32_t *count,
				const struct bpf_map_batch_opts *opts)
{
	struct fake_map *map = map_by_fd(fd);
	int err = FAKE_CALLED();
	uint32_t i;

	(void)opts;
	if (!err)
		err = batch_refused(map, true);
	if (err)
		return fail(err);
	for (i = 0; i < *count && !err; i++) {
		err = update(map, (const char *)keys + (size_t)i * map->info.key_size,
			     (const char *)values + (size_t)i * map->stride, BPF_ANY);
		if (err)
			break;
	}
	*count = i;
	return err ? fail(err) : 0;
}

int __wrap_bpf_map_delete_batch(int fd, const void *keys, uint32_t *count, const struct bpf_map_batch_opts *opts);
int __wrap_bpf_map_delete_batch(int fd, const void *keys, uint32_t *count, const struct bpf_map_batch_opts *opts)
{
	struct fake_map *map = map_by_fd(fd);
	int err = FAKE_CALLED();
	uint32_t i;

	(void)opts;
	if (!err)
		err = batch_refused(map, true);
	if (err)
		return fail(err);
	for (i = 0; i < *count && !err; i++) {
		err = delete(map, (const char *)keys + (size_t)i * map->info.key_size);
		if (err)
			break;
	}
	*count = i;
	return err ? fail(err) : 0;
}

int __wrap_bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, uint32_t *count,
				const struct bpf_map_batch_opts *opts);
int __wrap_bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, uint32_t *count,
				const struct bpf_map_batch_opts *opts)
{
	const struct fake_map *map = map_by_fd(fd);
	uint32_t at = 0, n = 0, i, end, members;
	int err = FAKE_CALLED();

	(void)opts;
	if (!err)
		err = batch_refused(map, false);
	if (err)
		return fail(err);
	if (in)
		memcpy(&at, in, sizeof(at));
	for (; at < map->info.max_entries; at = end) {
		end = at + fake.bucket < map->info.max_entries ? at + fake.bucket : map->info.max_entries;
		for (i = next_used(map, at), members = 0; i < end; i = next_used(map, i + 1))
			members++;
		if (n + members > *count)
			break;
		for (i = next_used(map, at); i < end; i = next_used(map, i + 1), n++) {
			memcpy((char *)keys + (size_t)n * map->info.key_size, is_array(map) ? (void *)&i : key_at(map, i),
			       map->info.key_size);
			memcpy((char *)values + (size_t)n * map->stride, value_at(map, i), map->stride);
		}
	}
	memcpy(out, &at, sizeof(at));
	*count = n;
	if (at == map->info.max_entries)
		return fail(-ENOENT);
	return n ? 0 : fail(-ENOSPC);
}

/* --- making and describing ----------------------------------------------- */

int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, uint32_t key_size, uint32_t value_size,
			  uint32_t entries, const struct bpf_map_create_opts *opts);
int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, uint32_t key_size, uint32_t value_size,
			  uint32_t entries, const struct bpf_map_create_opts *opts)
{
	int err = FAKE_CALLED();

	if (!err && (!entries || type == fake.no_map_type ||
		     (type == BPF_MAP_TYPE_RINGBUF ? key_size || value_size || entries % 4096 : !key_size)))
		err = -EINVAL;
	if (err)
		return fail(err);
	return map_new(type, name, key_size, value_size, entries, opts ? opts->map_flags : 0);
}

int __wrap_libbpf_probe_bpf_map_type(enum bpf_map_type type, const void *opts);
int __wrap_libbpf_probe_bpf_map_type(enum bpf_map_type type, const void *opts)
{
	int err = FAKE_CALLED();

	(void)opts;
	return err ? err : type != fake.no_map_type;
}

int __wrap_bpf_map_freeze(int fd);
int __wrap_bpf_map_freeze(int fd)
{
	struct fake_map *map = map_by_fd(fd);
	int err = FAKE_CALLED();

	if (!err && map->frozen)
		err = -EBUSY;
	if (err)
		return fail(err);
	map->frozen = true;
	return 0;
}

int __wrap_bpf_map_get_fd_by_id(uint32_t id);
int __wrap_bpf_map_get_fd_by_id(uint32_t id)
{
	const struct fake_thing *thing = fake_thing_by_id(FAKE_MAP, id);
	int err = FAKE_CALLED();

	if (!err && !thing)
		err = -ENOENT;
	return err ? fail(err) : fake_thing_open(thing);
}

int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size);
int __wrap_bpf_obj_get_info_by_fd(int fd, void *info, uint32_t *size)
{
	const struct fake_thing *thing = fake_thing_by_fd(fd);
	int err = FAKE_CALLED();

	if (!err && !thing)
		err = -EINVAL;
	if (err)
		return fail(err);
	memset(info, 0, *size);
	if (thing->kind == FAKE_MAP) {
		*(struct bpf_map_info *)info = ((const struct fake_map *)thing->body)->info;
	} else if (thing->kind == FAKE_PROGRAM) {
		((struct bpf_prog_info *)info)->id = thing->id;
	} else {
		*(struct bpf_link_info *)info = (struct bpf_link_info){
			.type = BPF_LINK_TYPE_TRACING, .id = thing->id, .prog_id = 77,
		};
		((struct bpf_link_info *)info)->tracing.attach_type = BPF_LSM_MAC;
	}
	return 0;
}

/* Whether a map is frozen is asked of its file in /proc. */
ssize_t __real_krsi_priv_file_read(const char *path, char *text, size_t size);
ssize_t __wrap_krsi_priv_file_read(const char *path, char *text, size_t size);
ssize_t __wrap_krsi_priv_file_read(const char *path, char *text, size_t size)
{
	const struct fake_map *map;
	int fd;

	if (sscanf(path, "/proc/self/fdinfo/%d", &fd) != 1 || !(map = map_by_fd(fd)))
		return __real_krsi_priv_file_read(path, text, size);
	return snprintf(text, size, "pos:\t0\nflags:\t02000002\nmap_type:\t%u\nfrozen:\t%d", map->info.type, map->frozen);
}

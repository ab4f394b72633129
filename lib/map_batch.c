/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Many entries of a map: walking it, and batches, by the kernel's calls where it has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "ctx.h"
#include "map.h"

#define BATCH 256u

static int no_memory(const struct krsi_map *map)
{
	return krsi_priv_fail(map->ctx, -ENOMEM, "map %s: no memory for its entries", map->name);
}

static int ended_by_caller(const struct krsi_map *map)
{
	return krsi_priv_fail(map->ctx, -ECANCELED, "map %s: the callback ended the walk", map->name);
}

static int walk_fail(const struct krsi_map *map, int err)
{
	return krsi_priv_map_fail(map, "walk", err);
}

/*
 * All keys first, then their values: an entry that the callback deletes would send the kernel's
 * iteration back to the beginning, because the next key is asked for by the last one.
 */
static int keys_collect(const struct krsi_map *map, char **ret, size_t *count)
{
	size_t key_size = map->info.key_size, capacity = BATCH, n = 0;
	char *keys, *more;
	int err;

	keys = malloc(capacity * key_size);
	if (!keys)
		return no_memory(map);
	/* A map that others fill meanwhile must not keep us for ever: no more keys than it can hold. */
	while (n < map->info.max_entries) {
		if (n == capacity) {
			more = reallocarray(keys, capacity * 2, key_size);
			if (!more) {
				free(keys);
				return no_memory(map);
			}
			keys = more;
			capacity *= 2;
		}
		err = bpf_map_get_next_key(map->fd, n ? keys + (n - 1) * key_size : NULL, keys + n * key_size);
		if (err == -ENOENT)
			break;
		if (err) {
			free(keys);
			return walk_fail(map, err);
		}
		n++;
	}
	*ret = keys;
	*count = n;
	return 0;
}

static int each_by_key(const struct krsi_map *map, krsi_map_entry_fn fn, void *data)
{
	size_t key_size = map->info.key_size, count = 0, i;
	char *keys = NULL, *value;
	int err;

	err = keys_collect(map, &keys, &count);
	if (err)
		return err;
	value = malloc(map->info.buffer_size);
	if (!value)
		err = no_memory(map);
	for (i = 0; i < count && !err; i++) {
		err = bpf_map_lookup_elem(map->fd, keys + i * key_size, value);
		if (err == -ENOENT)	/* removed since its key was seen, or an empty place in an array of maps */
			err = 0;
		else if (err)
			err = walk_fail(map, err);
		else if (fn(data, keys + i * key_size, value))
			err = ended_by_caller(map);
	}
	free(value);
	free(keys);
	return err;
}

/* A hash bucket is returned whole or not at all, so a crowded one can want a larger buffer. */
struct batch {
	char *keys;
	char *values;
	uint32_t capacity;
};

static int batch_grow(const struct krsi_map *map, struct batch *batch, uint32_t capacity)
{
	free(batch->keys);
	free(batch->values);
	batch->keys = calloc(capacity, map->info.key_size);
	batch->values = calloc(capacity, map->info.buffer_size);
	batch->capacity = capacity;
	return batch->keys && batch->values ? 0 : no_memory(map);
}

static int each_by_batch(const struct krsi_map *map, krsi_map_entry_fn fn, void *data)
{
	/* The position is an opaque number of the kernel's: 4 bytes for hashes and arrays, a key for others. */
	size_t position_size = map->info.key_size > sizeof(uint64_t) ? map->info.key_size : sizeof(uint64_t);
	struct batch batch = { NULL, NULL, 0 };
	uint32_t count, i;
	bool started = false, more = true;
	char *position;
	int err;

	position = calloc(1, position_size);
	err = position ? batch_grow(map, &batch, BATCH) : no_memory(map);
	while (!err && more) {
		count = batch.capacity;
		err = bpf_map_lookup_batch(map->fd, started ? position : NULL, position, batch.keys, batch.values, &count, NULL);
		if (err == -ENOSPC) {
			err = batch_grow(map, &batch, batch.capacity * 2);
			continue;
		}
		more = err != -ENOENT;
		if (err && err != -ENOENT) {
			err = walk_fail(map, err);
			break;
		}
		err = 0;
		started = true;
		for (i = 0; i < count && !err; i++)
			if (fn(data, batch.keys + (size_t)i * map->info.key_size, batch.values + (size_t)i * map->info.buffer_size))
				err = ended_by_caller(map);
	}
	free(batch.keys);
	free(batch.values);
	free(position);
	return err;
}

int krsi_map_each(const struct krsi_map *map, krsi_map_entry_fn fn, void *data)
{
	if (!map || !fn)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_each: an argument is NULL");
	if (!map->info.key_size || !map->info.value_size)
		return walk_fail(map, -EOPNOTSUPP);
	/* Maps of maps have a batch call that cannot skip an empty place. */
	if (map->has_batch && !krsi_priv_map_type_is_outer(map->info.type))
		return each_by_batch(map, fn, data);
	return each_by_key(map, fn, data);
}

int krsi_map_update_batch(const struct krsi_map *map, const void *keys, size_t key_size,
			  const void *values, size_t value_size, uint32_t count, uint32_t *done)
{
	uint32_t n = count;
	int err;

	if (!map || !keys || !values)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_update_batch: an argument is NULL");
	if (done)
		*done = 0;
	err = krsi_priv_map_key_check(map, key_size);
	if (!err)
		err = krsi_priv_map_value_check(map, value_size);
	if (err || !count)
		return err;
	if (map->has_batch) {
		err = bpf_map_update_batch(map->fd, keys, values, &n, NULL);
		if (err && n == count)	/* refused before the first entry: `n` was not written */
			n = 0;
	} else {
		for (n = 0; n < count && !err; n++) {
			err = bpf_map_update_elem(map->fd, (const char *)keys + n * key_size,
						  (const char *)values + n * value_size, BPF_ANY);
			if (err)
				break;
		}
	}
	if (done)
		*done = n;
	return err ? krsi_priv_map_fail(map, "update", err) : 0;
}

int krsi_map_delete_batch(const struct krsi_map *map, const void *keys, size_t key_size,
			  uint32_t count, uint32_t *done)
{
	uint32_t at = 0, asked, n, removed = 0;
	int err;

	if (!map || !keys)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_delete_batch: an argument is NULL");
	if (done)
		*done = 0;
	err = krsi_priv_map_key_check(map, key_size);
	while (!err && at < count) {
		const char *key = (const char *)keys + at * key_size;

		n = asked = map->has_batch ? count - at : 1;
		err = map->has_batch ? bpf_map_delete_batch(map->fd, key, &n, NULL) : bpf_map_delete_elem(map->fd, key);
		if (err && n == asked)	/* none removed: `n` was not written */
			n = 0;
		if (err == -ENOENT) {	/* the batch stops at a key that is absent: step over it */
			at += 1;
			err = 0;
		}
		removed += n;
		at += n;
	}
	if (done)
		*done = removed;
	return err && err != -EMSGSIZE ? krsi_priv_map_fail(map, "delete", err) : err;
}

int krsi_map_sum(const struct krsi_map *map, const void *key, size_t key_size, size_t offset,
		 uint64_t *sum)
{
	size_t stride;
	uint64_t total = 0, value;
	char *values;
	uint32_t cpu;
	int err;

	if (!map || !key || !sum)
		return krsi_priv_fail(map ? map->ctx : NULL, -EINVAL, "krsi_map_sum: an argument is NULL");
	if (offset > map->info.value_size || map->info.value_size - offset < sizeof(value))
		return krsi_priv_fail(map->ctx, -EMSGSIZE, "map %s: its value of %u bytes has no counter at %zu", map->name,
				      map->info.value_size, offset);
	values = malloc(map->info.buffer_size);
	if (!values)
		return no_memory(map);
	stride = map->info.buffer_size / map->info.cpu_count;
	err = krsi_map_lookup(map, key, key_size, values, map->info.buffer_size);
	for (cpu = 0; cpu < map->info.cpu_count && !err; cpu++) {
		memcpy(&value, values + cpu * stride + offset, sizeof(value));
		total += value;
	}
	free(values);
	if (!err)
		*sum = total;
	return err;
}

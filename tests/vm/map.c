/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Maps on a real kernel: every call, each size, batches against one by one, maps of maps. */
#include "vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

struct pair {
	uint32_t a, b;
};

static struct krsi_object *maps_load(struct krsi_ctx *ctx)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "pattern", .type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4, .value_size = 4, .max_entries = 1,
	};
	struct krsi_object *object = vm_object_open(ctx, "maps");
	struct krsi_map *pattern;

	assert_ok(ctx, krsi_map_new(ctx, &shape, &pattern));
	assert_ok(ctx, krsi_object_set_inner_map(object, "outer", pattern));
	krsi_map_free(pattern);
	assert_ok(ctx, krsi_object_load(object));
	return object;
}

static struct krsi_map *map_open(struct krsi_ctx *ctx, struct krsi_object *object, const char *name)
{
	struct krsi_map *map = NULL;

	assert_ok(ctx, krsi_map_open(object, name, &map));
	return map;
}

static void test_lookup_update_delete(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "hash");
	uint32_t key = 7;
	uint64_t value = 70;

	assert_int_equal(krsi_map_lookup(map, &key, sizeof(key), &value, sizeof(value)), -ENOENT);
	assert_int_equal(value, 70);	/* untouched */
	assert_int_equal(krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), KRSI_MAP_EXISTING), -ENOENT);
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), KRSI_MAP_NEW));
	assert_int_equal(krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), KRSI_MAP_NEW), -EEXIST);
	assert_int_equal(krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), 4), -EINVAL);
	value = 71;
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), KRSI_MAP_ANY));
	value = 0;
	assert_ok(ctx, krsi_map_lookup(map, &key, sizeof(key), &value, sizeof(value)));
	assert_int_equal(value, 71);
	assert_ok(ctx, krsi_map_delete(map, &key, sizeof(key)));
	assert_int_equal(krsi_map_delete(map, &key, sizeof(key)), -ENOENT);
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_wrong_sizes_touch_nothing(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "hash");
	unsigned char buffer[16];
	uint32_t key = 1;

	memset(buffer, 0x5a, sizeof(buffer));
	assert_int_equal(krsi_map_lookup(map, &key, sizeof(key), buffer, 4), -EMSGSIZE);
	assert_detail(ctx, "its value has 8 bytes, the caller's 4");
	assert_int_equal(krsi_map_lookup(map, &key, 8, buffer, 8), -EMSGSIZE);
	assert_detail(ctx, "its key has 4 bytes, the caller's 8");
	assert_int_equal(krsi_map_update(map, &key, sizeof(key), buffer, 16, 0), -EMSGSIZE);
	assert_int_equal(krsi_map_delete(map, &key, 2), -EMSGSIZE);
	assert_int_equal(buffer[0], 0x5a);
	assert_int_equal(krsi_map_lookup(map, &key, sizeof(key), buffer, 8), -ENOENT);
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_full_map_says_how_full(void **state)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "small", .type = BPF_MAP_TYPE_HASH,
		.key_size = 4, .value_size = 4, .max_entries = 2,
	};
	struct krsi_ctx *ctx = *state;
	struct krsi_map *map;
	uint32_t keys[] = { 1, 2, 3 }, done = 99, i;

	assert_ok(ctx, krsi_map_new(ctx, &shape, &map));
	for (i = 0; i < 2; i++)
		assert_ok(ctx, krsi_map_update(map, &keys[i], 4, &keys[i], 4, 0));
	assert_int_equal(krsi_map_update(map, &keys[2], 4, &keys[2], 4, 0), -ENOSPC);
	assert_detail(ctx, "full with 2 entries");
	assert_int_equal(krsi_map_delete_batch(map, keys, 4, 2, &done), 0);
	assert_int_equal(done, 2);
	assert_int_equal(krsi_map_update_batch(map, keys, 4, keys, 4, 3, &done), -ENOSPC);
	assert_int_equal(done, 2);
	krsi_map_free(map);
}

static void test_array_ends_where_it_ends(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "array");
	struct pair value = { 1, 2 };
	uint32_t key = 4;

	assert_int_equal(krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), 0), -ENOENT);
	assert_detail(ctx, "ends with number 3");
	key = 3;
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), 0));
	assert_int_equal(krsi_map_delete(map, &key, sizeof(key)), -EOPNOTSUPP);
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_percpu_values_are_all_given(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "percpu_hash");
	struct krsi_map_info info = { .sz = sizeof(info) };
	uint64_t *values, sum = 0;
	uint32_t key = 5, i;

	assert_ok(ctx, krsi_map_info(map, &info));
	assert_int_equal(info.value_size, 4);
	assert_int_equal(info.cpu_count, sysconf(_SC_NPROCESSORS_CONF));
	assert_int_equal(info.buffer_size, 8 * info.cpu_count);
	values = calloc(info.cpu_count, 8);
	for (i = 0; i < info.cpu_count; i++)
		values[i] = 10 + i;
	assert_int_equal(krsi_map_update(map, &key, sizeof(key), values, 4, 0), info.buffer_size == 4 ? 0 : -EMSGSIZE);
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), values, info.buffer_size, 0));
	memset(values, 0, info.buffer_size);
	assert_ok(ctx, krsi_map_lookup(map, &key, sizeof(key), values, info.buffer_size));
	for (i = 0; i < info.cpu_count; i++)
		assert_int_equal(values[i], 10 + i);
	assert_int_equal(krsi_map_sum(map, &key, sizeof(key), 0, &sum), -EMSGSIZE);	/* a value is no uint64_t */
	krsi_map_free(map);
	free(values);
	krsi_object_free(object);
}

static void test_sum_adds_the_cpus(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "percpu_array");
	struct krsi_map_info info = { .sz = sizeof(info) };
	uint64_t *values, sum = 0;
	uint32_t key = 1, i;

	assert_ok(ctx, krsi_map_info(map, &info));
	assert_int_equal(info.value_size, 24);
	values = calloc(info.cpu_count, 24);
	for (i = 0; i < info.cpu_count; i++)
		values[3 * i + 1] = 100 + i;
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), values, info.buffer_size, 0));
	assert_ok(ctx, krsi_map_sum(map, &key, sizeof(key), 8, &sum));
	assert_int_equal(sum, 100 * info.cpu_count + info.cpu_count * (info.cpu_count - 1) / 2);
	assert_int_equal(krsi_map_sum(map, &key, sizeof(key), 17, &sum), -EMSGSIZE);
	krsi_map_free(map);
	free(values);
	krsi_object_free(object);
}

struct walk {
	struct krsi_map *map;
	uint32_t visited, stop_after;
	uint64_t sum;
	bool remove;
};

static int visit(void *data, const void *key, const void *value)
{
	struct walk *walk = data;
	uint64_t v;

	memcpy(&v, value, sizeof(v));
	walk->sum += v;
	walk->visited++;
	if (walk->remove)
		krsi_map_delete(walk->map, key, 4);
	return walk->stop_after && walk->visited == walk->stop_after;
}

/* More entries than one batch takes, so that the walk has to go on where it stopped. */
#define MANY 1000u

static void many_fill(struct krsi_ctx *ctx, struct krsi_map *map)
{
	uint32_t keys[MANY], done = 0, i;
	uint64_t values[MANY];

	for (i = 0; i < MANY; i++) {
		keys[i] = i * 7;
		values[i] = i;
	}
	assert_ok(ctx, krsi_map_update_batch(map, keys, sizeof(keys[0]), values, sizeof(values[0]), MANY, &done));
	assert_int_equal(done, MANY);
}

static void test_each_visits_all(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "hash");
	struct walk walk = { .map = map };

	assert_ok(ctx, krsi_map_each(map, visit, &walk));
	assert_int_equal(walk.visited, 0);
	many_fill(ctx, map);
	assert_ok(ctx, krsi_map_each(map, visit, &walk));
	assert_int_equal(walk.visited, MANY);
	assert_int_equal(walk.sum, MANY * (MANY - 1) / 2);
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_each_lets_entries_be_deleted(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "hash");
	struct walk walk = { .map = map, .remove = true }, after = { .map = map };

	many_fill(ctx, map);
	assert_ok(ctx, krsi_map_each(map, visit, &walk));
	assert_int_equal(walk.visited, MANY);
	assert_ok(ctx, krsi_map_each(map, visit, &after));
	assert_int_equal(after.visited, 0);
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_each_stops_when_told(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "hash");
	struct walk walk = { .map = map, .stop_after = 3 };

	many_fill(ctx, map);
	assert_int_equal(krsi_map_each(map, visit, &walk), -ECANCELED);
	assert_int_equal(walk.visited, 3);
	krsi_map_free(map);
	krsi_object_free(object);
}

static int count_entry(void *data, const void *key, const void *value)
{
	(void)key;
	(void)value;
	++*(unsigned int *)data;
	return 0;
}

static void test_each_walks_every_shape(void **state)
{
	static const struct {
		const char *name;
		unsigned int entries;
		int err;
	} maps[] = {
		{ "array", 4, 0 },		/* an array always has all of them */
		{ "percpu_array", 2, 0 },
		{ "percpu_hash", 0, 0 },
		{ "trie", 0, 0 },
		{ "outer", 0, 0 },
		{ "outer_hash", 0, 0 },
		{ "ring", 0, -EOPNOTSUPP },
	};
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	unsigned int entries;
	size_t i;

	for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct krsi_map *map = map_open(ctx, object, maps[i].name);

		entries = 0;
		print_message("# %s: batches %d\n", maps[i].name, krsi_map_has_batch(map));
		assert_int_equal(krsi_map_each(map, count_entry, &entries), maps[i].err);
		assert_int_equal(entries, maps[i].entries);
		krsi_map_free(map);
	}
	krsi_object_free(object);
}

static void test_delete_batch_steps_over_absent_keys(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "hash");
	uint32_t keys[] = { 1, 0, 2, 7, 14, 3 }, done = 0, left = 0;

	many_fill(ctx, map);
	assert_ok(ctx, krsi_map_delete_batch(map, keys, sizeof(keys[0]), 6, &done));
	assert_int_equal(done, 3);	/* 0, 7 and 14 */
	assert_ok(ctx, krsi_map_each(map, count_entry, &left));
	assert_int_equal(left, MANY - 3);
	assert_true(krsi_map_has_batch(map));
	krsi_map_free(map);
	krsi_object_free(object);
}

static struct krsi_map *inner_new(struct krsi_ctx *ctx, uint32_t value, uint32_t value_size)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "inner", .type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4, .value_size = value_size, .max_entries = 1,
	};
	struct krsi_map *map = NULL;
	char buffer[64] = { 0 };
	uint32_t zero = 0;

	assert_ok(ctx, krsi_map_new(ctx, &shape, &map));
	memcpy(buffer, &value, sizeof(value));
	assert_ok(ctx, krsi_map_update(map, &zero, sizeof(zero), buffer, value_size, 0));
	return map;
}

static uint32_t seen_inner(struct krsi_ctx *ctx, struct krsi_object *object)
{
	struct krsi_map *bss = map_open(ctx, object, ".bss");
	struct krsi_map_info info = { .sz = sizeof(info) };
	uint32_t zero = 0, value = 0;
	char section[64];

	assert_int_equal(getpgid(getpid()), getpgid(0));	/* runs the hook */
	assert_ok(ctx, krsi_map_info(bss, &info));
	assert_ok(ctx, krsi_map_lookup(bss, &zero, sizeof(zero), section, info.value_size));
	memcpy(&value, section, sizeof(value));
	krsi_map_free(bss);
	return value;
}

static void test_inner_map_is_replaced_under_a_running_program(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;
	struct krsi_map *outer, *one, *two, *wrong, *back = NULL;
	uint32_t zero = 0, value = 0;

	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
	object = maps_load(ctx);
	outer = map_open(ctx, object, "outer");
	assert_ok(ctx, krsi_object_attach(object, NULL));
	one = inner_new(ctx, 111, 4);
	two = inner_new(ctx, 222, 4);
	wrong = inner_new(ctx, 333, 8);
	assert_int_equal(krsi_map_get_inner(outer, &zero, sizeof(zero), &back), -ENOENT);
	assert_ok(ctx, krsi_map_set_inner(outer, &zero, sizeof(zero), one));
	assert_int_equal(seen_inner(ctx, object), 111);
	assert_ok(ctx, krsi_map_set_inner(outer, &zero, sizeof(zero), two));
	assert_int_equal(seen_inner(ctx, object), 222);
	assert_int_equal(krsi_map_set_inner(outer, &zero, sizeof(zero), wrong), -EINVAL);
	assert_detail(ctx, "differs from its pattern");
	assert_int_equal(krsi_map_set_inner(one, &zero, sizeof(zero), two), -EINVAL);
	assert_int_equal(seen_inner(ctx, object), 222);
	assert_ok(ctx, krsi_map_get_inner(outer, &zero, sizeof(zero), &back));
	assert_ok(ctx, krsi_map_lookup(back, &zero, sizeof(zero), &value, sizeof(value)));
	assert_int_equal(value, 222);
	krsi_map_free(back);
	krsi_map_free(one);
	krsi_map_free(two);
	krsi_map_free(wrong);
	krsi_map_free(outer);
	krsi_object_free(object);
}

static void test_frozen_map_cannot_be_written(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_map *map = inner_new(ctx, 5, 4);
	uint32_t zero = 0, value = 6;

	assert_ok(ctx, krsi_map_freeze(map));
	assert_int_equal(krsi_map_freeze(map), -EALREADY);
	assert_int_equal(krsi_map_update(map, &zero, sizeof(zero), &value, sizeof(value), 0), -EPERM);
	assert_ok(ctx, krsi_map_lookup(map, &zero, sizeof(zero), &value, sizeof(value)));
	assert_int_equal(value, 5);
	krsi_map_free(map);
}

static void test_map_opens_by_descriptor_and_outlives_its_object(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = maps_load(ctx);
	struct krsi_map *map = map_open(ctx, object, "array"), *copy;
	struct krsi_map_info info = { .sz = sizeof(info) };
	struct pair value = { 8, 9 };
	uint32_t key = 0;

	krsi_object_free(object);
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), 0));
	assert_ok(ctx, krsi_map_open_fd(ctx, krsi_map_fd(map), &copy));
	krsi_map_free(map);
	value.a = 0;
	assert_ok(ctx, krsi_map_lookup(copy, &key, sizeof(key), &value, sizeof(value)));
	assert_int_equal(value.a, 8);
	assert_ok(ctx, krsi_map_info(copy, &info));
	assert_string_equal(info.name, "array");
	krsi_map_free(copy);
	assert_int_equal(krsi_map_open_fd(ctx, 0, &copy), -EINVAL);
	assert_int_equal(krsi_map_open_fd(ctx, 999, &copy), -EINVAL);
}

static void test_shapes_that_no_kernel_takes(void **state)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "odd", .type = BPF_MAP_TYPE_ARRAY,
		.key_size = 3, .value_size = 4, .max_entries = 1,
	};
	struct krsi_ctx *ctx = *state;
	struct krsi_map *map;

	assert_int_equal(krsi_map_new(ctx, &shape, &map), -EINVAL);
	shape.type = 4000;
	assert_int_equal(krsi_map_new(ctx, &shape, &map), -EOPNOTSUPP);
	shape.reserved = 1;
	assert_int_equal(krsi_map_new(ctx, &shape, &map), -EINVAL);
	shape.sz = 0;
	assert_int_equal(krsi_map_new(ctx, &shape, &map), -EINVAL);
	assert_detail(ctx, "sizeof(struct krsi_map_opts)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_lookup_update_delete),
		vm_test(test_wrong_sizes_touch_nothing),
		vm_test(test_full_map_says_how_full),
		vm_test(test_array_ends_where_it_ends),
		vm_test(test_percpu_values_are_all_given),
		vm_test(test_sum_adds_the_cpus),
		vm_test(test_each_visits_all),
		vm_test(test_each_lets_entries_be_deleted),
		vm_test(test_each_stops_when_told),
		vm_test(test_each_walks_every_shape),
		vm_test(test_delete_batch_steps_over_absent_keys),
		vm_test(test_inner_map_is_replaced_under_a_running_program),
		vm_test(test_frozen_map_cannot_be_written),
		vm_test(test_map_opens_by_descriptor_and_outlives_its_object),
		vm_test(test_shapes_that_no_kernel_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

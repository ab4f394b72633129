/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Many entries of a map against the fake kernel: walks, batches and sums, by its own calls and without. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include <linux/bpf.h>

#include "fake.h"

#define KERNEL_ENOTSUPP (-524)

static int setup(void **state)
{
	fake_reset();
	return unit_setup(state);
}

static int teardown(void **state)
{
	fake_reset();
	return unit_teardown(state);
}

static struct krsi_map *map_new(struct krsi_ctx *ctx, uint32_t type, uint32_t key_size, uint32_t value_size,
				uint32_t entries)
{
	struct krsi_map_opts opts = {
		.sz = sizeof(opts), .name = "things", .type = type, .key_size = key_size, .value_size = value_size,
		.max_entries = entries,
	};
	struct krsi_map *map = NULL;

	assert_ok(ctx, krsi_map_new(ctx, &opts, &map));
	return map;
}

static struct krsi_map *hash_new(struct krsi_ctx *ctx, uint32_t entries)
{
	return map_new(ctx, BPF_MAP_TYPE_HASH, 4, 8, entries);
}

static void put(const struct krsi_map *map, uint32_t key, uint64_t value)
{
	assert_int_equal(krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), KRSI_MAP_ANY), 0);
}

static void fill(const struct krsi_map *map, uint32_t count)
{
	uint32_t key;

	for (key = 0; key < count; key++)
		put(map, key, key * 10);
}

/* --- walking ------------------------------------------------------------- */

/* What a walk saw, and what it is to do. */
struct walk {
	const struct krsi_map *map;
	unsigned int seen;
	uint64_t key_sum, value_sum;
	unsigned int stop_after;	/* 0: never */
	bool delete_it;			/* the entry that it is called with */
	bool delete_others;		/* all but that one */
};

static int visit(void *data, const void *key, const void *value)
{
	struct walk *walk = data;
	uint32_t k, other;
	uint64_t v;

	memcpy(&k, key, sizeof(k));
	memcpy(&v, value, sizeof(v));
	walk->seen++;
	walk->key_sum += k;
	walk->value_sum += v;
	if (walk->delete_it)
		assert_int_equal(krsi_map_delete(walk->map, key, sizeof(k)), 0);
	for (other = 0; walk->delete_others && other < 10; other++)
		if (other != k)
			krsi_map_delete(walk->map, &other, sizeof(other));
	return walk->stop_after && walk->seen == walk->stop_after ? 7 : 0;
}

/* Both ways of walking, whatever the number of entries is. */
static void test_each_visits_every_entry_once(void **state)
{
	static const uint32_t counts[] = { 0, 1, 2, 255, 256, 257, 600 };
	size_t i;
	int batches;

	for (batches = 0; batches <= 1; batches++) {
		for (i = 0; i < ARRAY_SIZE(counts); i++) {
			uint64_t n = counts[i];
			struct krsi_map *map;
			struct walk walk = { 0 };

			fake.batches = batches;
			map = hash_new(*state, 600);
			assert_int_equal(krsi_map_has_batch(map), batches);
			fill(map, counts[i]);
			assert_ok(*state, krsi_map_each(map, visit, &walk));
			assert_int_equal(walk.seen, n);
			assert_int_equal(walk.key_sum, n ? n * (n - 1) / 2 : 0);
			assert_int_equal(walk.value_sum, n ? n * (n - 1) * 5 : 0);
			krsi_map_free(map);
		}
	}
	assert_true(fake_calls("bpf_map_lookup_batch") > 0);
	assert_true(fake_calls("bpf_map_get_next_key") > 0);
}

static void test_each_lets_the_callback_delete(void **state)
{
	int batches;

	for (batches = 0; batches <= 1; batches++) {
		struct krsi_map *map;
		struct walk walk;

		fake.batches = batches;
		map = hash_new(*state, 600);
		fill(map, 500);
		walk = (struct walk){ .map = map, .delete_it = true };
		assert_ok(*state, krsi_map_each(map, visit, &walk));
		assert_int_equal(walk.seen, 500);
		assert_int_equal(walk.key_sum, 500 * 499 / 2);
		assert_int_equal(fake_map_count(krsi_map_fd(map)), 0);
		krsi_map_free(map);
	}
}

static void test_each_by_key_passes_over_what_was_deleted_meanwhile(void **state)
{
	struct walk walk = { .delete_others = true };
	struct krsi_map *map;

	fake.batches = false;
	map = hash_new(*state, 20);
	fill(map, 10);
	walk.map = map;
	assert_ok(*state, krsi_map_each(map, visit, &walk));
	assert_int_equal(walk.seen, 1);
	krsi_map_free(map);
}

static void test_each_ends_when_the_callback_says_so(void **state)
{
	int batches;

	for (batches = 0; batches <= 1; batches++) {
		struct walk walk = { .stop_after = 3 };
		struct krsi_map *map;

		fake.batches = batches;
		map = hash_new(*state, 20);
		fill(map, 10);
		assert_int_equal(krsi_map_each(map, visit, &walk), -ECANCELED);
		assert_detail(*state, "map things: the callback ended the walk");
		assert_int_equal(walk.seen, 3);
		krsi_map_free(map);
	}
}

static void test_each_by_batch_grows_for_crowded_buckets(void **state)
{
	struct walk walk = { 0 };
	struct krsi_map *map = hash_new(*state, 3000);

	fill(map, 3000);
	fake.bucket = 1000;	/* a batch of 256 finds no room for one */
	assert_ok(*state, krsi_map_each(map, visit, &walk));
	assert_int_equal(walk.seen, 3000);
	assert_int_equal(walk.key_sum, 3000u * 2999 / 2);
	krsi_map_free(map);
}

/* Somebody else adds a key for each that we walk. */
static void test_each_of_a_map_that_never_ends_does(void **state)
{
	struct walk walk = { 0 };
	struct krsi_map *map;

	fake.batches = false;
	fake.endless = true;
	map = hash_new(*state, 50);
	fill(map, 50);
	assert_ok(*state, krsi_map_each(map, visit, &walk));
	assert_int_equal(walk.seen, 50);
	krsi_map_free(map);
}

static int never(void *data, const void *key, const void *value)
{
	(void)data;
	(void)key;
	(void)value;
	fail_msg("called for an entry");
	return 0;
}

static void test_each_tells_what_went_wrong(void **state)
{
	static const struct {
		bool batches;
		const char *call;
		int kernel;
		int want;
	} variants[] = {
		{ true, "bpf_map_lookup_batch", -EPERM, -EPERM },
		{ true, "bpf_map_lookup_batch", -EFAULT, -EIO },
		{ false, "bpf_map_get_next_key", -EPERM, -EPERM },
		{ false, "bpf_map_get_next_key", KERNEL_ENOTSUPP, -EOPNOTSUPP },
		{ false, "bpf_map_lookup_elem", -EPERM, -EPERM },
		{ false, "bpf_map_lookup_elem", -ENOMEM, -ENOMEM },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct krsi_map *map;

		fake.batches = variants[i].batches;
		map = hash_new(*state, 4);
		fill(map, 3);
		fake_fail(variants[i].call, variants[i].kernel);
		if (krsi_map_each(map, never, NULL) != variants[i].want)
			fail_msg("%s %d: %s", variants[i].call, variants[i].kernel, krsi_ctx_error_detail(*state));
		assert_detail(*state, "walk");
		fake_fail(variants[i].call, 0);
		krsi_map_free(map);
	}
}

static void test_each_refuses_maps_without_entries(void **state)
{
	struct krsi_map *ring = map_new(*state, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);

	assert_int_equal(krsi_map_each(ring, never, NULL), -EOPNOTSUPP);
	assert_detail(*state, "a map of type ringbuf does not let user space walk entries");
	krsi_map_free(ring);
}

static int count_entry(void *data, const void *key, const void *value)
{
	(void)key;
	(void)value;
	++*(unsigned int *)data;
	return 0;
}

static void test_each_of_a_map_of_maps_passes_over_empty_places(void **state)
{
	struct krsi_map *outer = map_new(*state, BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 8);
	struct krsi_map *inner = hash_new(*state, 2);
	unsigned int seen = 0;
	uint32_t key = 5;

	assert_ok(*state, krsi_map_set_inner(outer, &key, 4, inner));
	assert_ok(*state, krsi_map_each(outer, count_entry, &seen));
	assert_int_equal(seen, 1);
	krsi_map_free(inner);
	krsi_map_free(outer);
}

/* --- batches ------------------------------------------------------------- */

static void test_update_batch_counts_what_was_written(void **state)
{
	int batches;

	for (batches = 0; batches <= 1; batches++) {
		uint32_t keys[] = { 1, 2, 3, 4, 5 }, done = 99;
		uint64_t values[] = { 10, 20, 30, 40, 50 }, value;
		struct krsi_map *map;

		fake.batches = batches;
		map = hash_new(*state, 3);
		assert_ok(*state, krsi_map_update_batch(map, keys, 4, values, 8, 2, &done));
		assert_int_equal(done, 2);
		assert_ok(*state, krsi_map_lookup(map, &keys[1], 4, &value, 8));
		assert_int_equal(value, 20);
		assert_int_equal(krsi_map_update_batch(map, keys, 4, values, 8, 5, &done), -ENOSPC);
		assert_detail(*state, "it is full with 3 entries");
		assert_int_equal(done, 3);
		assert_ok(*state, krsi_map_update_batch(map, keys, 4, values, 8, 0, &done));
		assert_int_equal(done, 0);
		assert_ok(*state, krsi_map_update_batch(map, keys, 4, values, 8, 3, NULL));
		krsi_map_free(map);
	}
}

/* The kernel checks permission before the first entry, and then does not touch the count either. */
static void test_batches_that_never_began_count_nothing(void **state)
{
	static const int errors[] = { -EPERM, -ENOMEM, -EFAULT, -EINVAL };
	uint32_t keys[] = { 1, 2, 3 }, done;
	uint64_t values[] = { 1, 2, 3 };
	struct krsi_map *map = hash_new(*state, 4);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		fake_fail("bpf_map_update_batch", errors[i]);
		fake_fail("bpf_map_delete_batch", errors[i]);
		done = 99;
		assert_true(krsi_map_update_batch(map, keys, 4, values, 8, 3, &done) < 0);
		assert_int_equal(done, 0);
		done = 99;
		assert_true(krsi_map_delete_batch(map, keys, 4, 3, &done) < 0);
		assert_int_equal(done, 0);
	}
	krsi_map_free(map);
}

static void test_frozen_map_takes_no_batch(void **state)
{
	uint32_t keys[] = { 1, 2, 3 }, done = 99;
	uint64_t values[] = { 1, 2, 3 };
	int batches;

	for (batches = 0; batches <= 1; batches++) {
		struct krsi_map *map;

		fake.batches = batches;
		map = hash_new(*state, 4);
		assert_ok(*state, krsi_map_update_batch(map, keys, 4, values, 8, 2, NULL));
		assert_ok(*state, krsi_map_freeze(map));
		assert_int_equal(krsi_map_update_batch(map, keys, 4, values, 8, 3, &done), -EPERM);
		assert_int_equal(done, 0);
		assert_int_equal(krsi_map_delete_batch(map, keys, 4, 3, &done), -EPERM);
		assert_int_equal(done, 0);
		assert_int_equal(fake_map_count(krsi_map_fd(map)), 2);
		krsi_map_free(map);
	}
}

static void test_delete_batch_steps_over_absent_keys(void **state)
{
	static const struct {
		const char *what;
		uint32_t keys[6];
		uint32_t count;
		uint32_t removed;
	} variants[] = {
		{ "all there", { 0, 1, 2, 3 }, 4, 4 },
		{ "the first absent", { 90, 1, 2 }, 3, 2 },
		{ "the last absent", { 1, 2, 90 }, 3, 2 },
		{ "one in the middle", { 1, 90, 2 }, 3, 2 },
		{ "several in a row", { 90, 91, 92, 1, 93, 94 }, 6, 1 },
		{ "none there", { 90, 91, 92 }, 3, 0 },
		{ "one twice", { 1, 1, 2 }, 3, 2 },
		{ "nothing to do", { 0 }, 0, 0 },
	};
	int batches;
	size_t i;

	for (batches = 0; batches <= 1; batches++) {
		for (i = 0; i < ARRAY_SIZE(variants); i++) {
			struct krsi_map *map;
			uint32_t done = 99;

			fake.batches = batches;
			map = hash_new(*state, 10);
			fill(map, 5);
			assert_ok(*state, krsi_map_delete_batch(map, variants[i].keys, 4, variants[i].count, &done));
			if (done != variants[i].removed || fake_map_count(krsi_map_fd(map)) != 5 - done)
				fail_msg("%s: %u removed", variants[i].what, done);
			assert_ok(*state, krsi_map_delete_batch(map, variants[i].keys, 4, variants[i].count, NULL));
			krsi_map_free(map);
		}
	}
}

static void test_delete_batch_counts_up_to_the_failure(void **state)
{
	uint32_t keys[] = { 0, 90, 1, 2 }, done = 99;
	struct krsi_map *map = hash_new(*state, 10);

	fill(map, 5);
	fake_fail_nth("bpf_map_delete_batch", 2, -EPERM);	/* the one after the absent key */
	assert_int_equal(krsi_map_delete_batch(map, keys, 4, 4, &done), -EPERM);
	assert_int_equal(done, 1);
	krsi_map_free(map);
	fake.batches = false;
	map = hash_new(*state, 10);
	fill(map, 5);
	fake_fail_nth("bpf_map_delete_elem", 3, -EPERM);
	assert_int_equal(krsi_map_delete_batch(map, keys, 4, 4, &done), -EPERM);
	assert_int_equal(done, 1);
	krsi_map_free(map);
}

static void test_array_takes_no_deletions(void **state)
{
	uint32_t key = 0, done = 99;
	int batches;

	for (batches = 0; batches <= 1; batches++) {
		struct krsi_map *map;

		fake.batches = batches;
		map = map_new(*state, BPF_MAP_TYPE_ARRAY, 4, 8, 4);
		assert_int_equal(krsi_map_delete(map, &key, 4), -EOPNOTSUPP);
		assert_detail(*state, "a map of type array does not let user space delete entries");
		assert_int_equal(krsi_map_delete_batch(map, &key, 4, 1, &done), -EOPNOTSUPP);
		assert_int_equal(done, 0);
		krsi_map_free(map);
	}
}

/* --- sums ---------------------------------------------------------------- */

static void test_sum_is_over_all_cpus_at_the_offset(void **state)
{
	struct krsi_map *map = map_new(*state, BPF_MAP_TYPE_PERCPU_ARRAY, 4, 20, 2);
	unsigned char values[3][24];
	uint64_t sum, part;
	uint32_t key = 1;
	int cpu;

	memset(values, 0xff, sizeof(values));	/* whatever is not the counter must not count */
	for (cpu = 0; cpu < 3; cpu++) {
		part = 1000u + (unsigned int)cpu;
		memcpy(&values[cpu][12], &part, sizeof(part));
	}
	assert_ok(*state, krsi_map_update(map, &key, 4, values, sizeof(values), 0));
	assert_ok(*state, krsi_map_sum(map, &key, 4, 12, &sum));
	assert_int_equal(sum, 3003);
	assert_int_equal(krsi_map_sum(map, &key, 4, 13, &sum), -EMSGSIZE);
	key = 2;
	assert_int_equal(krsi_map_sum(map, &key, 4, 12, &sum), -ENOENT);
	assert_int_equal(sum, 3003);
	krsi_map_free(map);
	map = hash_new(*state, 1);
	put(map, 1, 42);
	key = 1;
	assert_ok(*state, krsi_map_sum(map, &key, 4, 0, &sum));
	assert_int_equal(sum, 42);
	krsi_map_free(map);
}

#define batch_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		batch_test(test_each_visits_every_entry_once),
		batch_test(test_each_lets_the_callback_delete),
		batch_test(test_each_by_key_passes_over_what_was_deleted_meanwhile),
		batch_test(test_each_ends_when_the_callback_says_so),
		batch_test(test_each_by_batch_grows_for_crowded_buckets),
		batch_test(test_each_of_a_map_that_never_ends_does),
		batch_test(test_each_tells_what_went_wrong),
		batch_test(test_each_refuses_maps_without_entries),
		batch_test(test_each_of_a_map_of_maps_passes_over_empty_places),
		batch_test(test_update_batch_counts_what_was_written),
		batch_test(test_batches_that_never_began_count_nothing),
		batch_test(test_frozen_map_takes_no_batch),
		batch_test(test_delete_batch_steps_over_absent_keys),
		batch_test(test_delete_batch_counts_up_to_the_failure),
		batch_test(test_array_takes_no_deletions),
		batch_test(test_sum_is_over_all_cpus_at_the_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Streams over rings of the fake kernel: arguments, order, budgets, losses. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "fake.h"

/* struct krsi_ring_lost of libkrsi/bpf/krsi.bpf.h, which only a BPF compiler takes. */
struct lost {
	uint64_t magic, records, bytes;
};

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

static struct krsi_map *map_new(struct krsi_ctx *ctx, uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "things", .type = type, .key_size = key_size, .value_size = value_size, .max_entries = entries,
	};
	struct krsi_map *map = NULL;

	assert_ok(ctx, krsi_map_new(ctx, &shape, &map));
	return map;
}

static struct krsi_map *ring_new(struct krsi_ctx *ctx)
{
	return map_new(ctx, BPF_MAP_TYPE_RINGBUF, 0, 0, 4096);
}

static struct krsi_map *lost_new(struct krsi_ctx *ctx)
{
	return map_new(ctx, BPF_MAP_TYPE_PERCPU_ARRAY, 4, sizeof(struct lost), 1);
}

static struct krsi_stream_stats_info stats_of(struct krsi_ctx *ctx, const struct krsi_stream *stream)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) };

	assert_ok(ctx, krsi_stream_stats(stream, &stats));
	return stats;
}

/* What callbacks saw, one letter for each record. */
static char seen[256];

struct reader {
	struct krsi_stream *stream;	/* to dispatch from within; NULL not to */
	char stop_at;			/* the letter that ends the dispatch */
	int inner;			/* what the inner dispatch said */
};

static int read_letter(void *data, const void *record, size_t size)
{
	struct reader *reader = data;

	assert_int_equal(size, 1);
	strncat(seen, record, 1);
	if (reader && reader->stream)
		reader->inner = krsi_stream_dispatch(reader->stream, 0, NULL);
	return reader && reader->stop_at == *(const char *)record ? -5 : 0;
}

/* A stream on so many rings. */
static struct krsi_stream *stream_on(struct krsi_ctx *ctx, int rings, struct reader *reader)
{
	struct krsi_stream *stream = NULL;
	struct krsi_map *ring;

	seen[0] = '\0';
	assert_ok(ctx, krsi_stream_new(ctx, &stream));
	while (rings-- > 0) {
		ring = ring_new(ctx);
		assert_ok(ctx, krsi_stream_add(stream, ring, NULL, read_letter, reader));
		krsi_map_free(ring);	/* the stream holds what it needs */
	}
	return stream;
}

static void put(unsigned int ring, const char *letters)
{
	for (; *letters; letters++)
		fake_ring_put(ring, letters, 1);
}

/* --- arguments ----------------------------------------------------------- */

static void test_null_arguments_are_refused(void **state)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) }, unset = { .sz = 0 };
	struct krsi_stream *stream = stream_on(*state, 0, NULL);
	struct krsi_map *ring = ring_new(*state);
	struct krsi_object *object = NULL;

	assert_ok(*state, krsi_object_open(*state, unit_object_path("mkdir.bpf.o"), NULL, &object));
	assert_int_equal(krsi_stream_new(NULL, &stream), -EINVAL);
	assert_int_equal(krsi_stream_new(*state, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add(NULL, ring, NULL, read_letter, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add(stream, NULL, NULL, read_letter, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add(stream, ring, NULL, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add_object(NULL, object, "events", read_letter, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add_object(stream, NULL, "events", read_letter, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add_object(stream, object, NULL, read_letter, NULL), -EINVAL);
	assert_int_equal(krsi_stream_add_object(stream, object, "events", NULL, NULL), -EINVAL);
	assert_int_equal(krsi_stream_dispatch(NULL, 0, NULL), -EINVAL);
	assert_int_equal(krsi_stream_stats(NULL, &stats), -EINVAL);
	assert_int_equal(krsi_stream_stats(stream, NULL), -EINVAL);
	assert_int_equal(krsi_stream_stats(stream, &unset), -EINVAL);
	assert_int_equal(krsi_stream_fd(NULL), -EINVAL);
	assert_int_equal(stats_of(*state, stream).rings, 0);
	krsi_stream_free(NULL);
	krsi_object_free(object);
	krsi_map_free(ring);
	krsi_stream_free(stream);
}

static void test_only_ring_buffers_are_read(void **state)
{
	struct krsi_map *map = map_new(*state, BPF_MAP_TYPE_HASH, 4, 8, 2);
	struct krsi_stream *stream = stream_on(*state, 0, NULL);

	assert_int_equal(krsi_stream_add(stream, map, NULL, read_letter, NULL), -EINVAL);
	assert_detail(*state, "map things: it is no ring buffer");
	krsi_map_free(map);
	krsi_stream_free(stream);
}

static void test_counter_of_losses_has_a_shape(void **state)
{
	static const struct { const char *what; uint32_t type, key_size, value_size, want; } variants[] = {
		{ "as the macro makes it", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 24, 1 },
		{ "of a later macro", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 32, 1 },
		{ "too short", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 0 },
		{ "not per CPU", BPF_MAP_TYPE_ARRAY, 4, 24, 0 },
		{ "a hash", BPF_MAP_TYPE_PERCPU_HASH, 4, 24, 0 },
		{ "a wide key", BPF_MAP_TYPE_PERCPU_HASH, 8, 24, 0 },
	};
	struct krsi_stream *stream = stream_on(*state, 0, NULL);
	uint32_t rings = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct krsi_map *lost = map_new(*state, variants[i].type, variants[i].key_size, variants[i].value_size, 1);
		struct krsi_map *ring = ring_new(*state);
		int err = krsi_stream_add(stream, ring, lost, read_letter, NULL);

		if (err != (variants[i].want ? 0 : -EINVAL))
			fail_msg("%s: %d", variants[i].what, err);
		if (err)
			assert_detail(*state, "must be a per-CPU array of struct krsi_ring_lost");
		rings += variants[i].want;
		krsi_map_free(ring);
		krsi_map_free(lost);
	}
	assert_int_equal(stats_of(*state, stream).rings, rings);
	assert_int_equal(stats_of(*state, stream).lost_known, rings);
	krsi_stream_free(stream);
}

static void test_ring_that_cannot_be_mapped_says_why(void **state)
{
	static const struct { int kernel, want; const char *words; } variants[] = {
		{ -EPERM, -EPERM, "ring buffer things: cannot be mapped: EPERM" },
		{ -ENOMEM, -ENOMEM, "ENOMEM" },
		{ -EMFILE, -EMFILE, "EMFILE" },
		{ -ENODEV, -EIO, "ENODEV" },
	};
	struct krsi_map *ring = ring_new(*state), *lost = lost_new(*state);
	struct krsi_stream *stream = stream_on(*state, 0, NULL);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail("ring_buffer__new", variants[i].kernel);
		assert_int_equal(krsi_stream_add(stream, ring, lost, read_letter, NULL), variants[i].want);
		assert_detail(*state, variants[i].words);
	}
	assert_int_equal(stats_of(*state, stream).rings, 0);
	fake_fail("ring_buffer__new", 0);
	fake_fail_nth("bpf_obj_get_info_by_fd", 1, -EPERM);	/* of the counter */
	assert_int_equal(krsi_stream_add(stream, ring, lost, read_letter, NULL), -EPERM);
	assert_ok(*state, krsi_stream_add(stream, ring, lost, read_letter, NULL));
	krsi_map_free(lost);
	krsi_map_free(ring);
	krsi_stream_free(stream);
}

static void test_stream_without_descriptors_left_says_so(void **state)
{
	struct krsi_stream *untouched = (struct krsi_stream *)seen, *stream = untouched;
	struct rlimit limit, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(krsi_stream_new(*state, &stream), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_ptr_equal(stream, untouched);
}

static void test_rings_of_an_object_come_with_their_counter(void **state)
{
	struct krsi_stream *stream = stream_on(*state, 0, NULL);
	struct krsi_object *object = NULL, *other = NULL;

	assert_ok(*state, krsi_object_open(*state, unit_object_path("mkdir.bpf.o"), NULL, &object));
	assert_int_equal(krsi_stream_add_object(stream, object, "events", read_letter, NULL), -EBADFD);
	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(krsi_stream_add_object(stream, object, "evnts", read_letter, NULL), -ENOENT);
	assert_detail(*state, "did you mean events");
	assert_int_equal(krsi_stream_add_object(stream, object, "counts", read_letter, NULL), -EINVAL);
	assert_ok(*state, krsi_stream_add_object(stream, object, "events", read_letter, NULL));
	assert_int_equal(stats_of(*state, stream).lost_known, 1);
	assert_ok(*state, krsi_object_open(*state, unit_object_path("maps.bpf.o"), NULL, &other));
	assert_ok(*state, krsi_object_load(other));
	assert_ok(*state, krsi_stream_add_object(stream, other, "ring", read_letter, NULL));	/* without a counter */
	assert_int_equal(stats_of(*state, stream).rings, 2);
	assert_int_equal(stats_of(*state, stream).lost_known, 1);
	krsi_object_free(other);
	krsi_object_free(object);
	krsi_stream_free(stream);	/* outlives them */
}

/* --- records ------------------------------------------------------------- */

static void test_records_are_handed_out_in_order_and_counted(void **state)
{
	struct krsi_stream *stream = stream_on(*state, 1, NULL);
	uint32_t count = 99;

	assert_ok(*state, krsi_stream_dispatch(stream, 0, &count));
	assert_int_equal(count, 0);
	assert_int_equal(stats_of(*state, stream).wakeups, 0);
	put(0, "abc");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, &count));
	assert_int_equal(count, 3);
	put(0, "d");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "abcd");
	assert_int_equal(stats_of(*state, stream).records, 4);
	assert_int_equal(stats_of(*state, stream).bytes, 4);
	assert_int_equal(stats_of(*state, stream).wakeups, 2);
	krsi_stream_free(stream);
}

static void test_budget_stops_and_goes_on_with_the_next_ring(void **state)
{
	struct krsi_stream *stream = stream_on(*state, 3, NULL);
	uint32_t count;

	put(0, "abcdef");
	put(1, "ABC");
	put(2, "1");
	assert_ok(*state, krsi_stream_dispatch(stream, 2, &count));
	assert_int_equal(count, 2);
	assert_string_equal(seen, "ab");
	assert_ok(*state, krsi_stream_dispatch(stream, 2, &count));	/* not the busy one again */
	assert_string_equal(seen, "abAB");
	assert_ok(*state, krsi_stream_dispatch(stream, 2, &count));
	assert_int_equal(count, 2);
	assert_string_equal(seen, "abAB1c");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, &count));
	assert_int_equal(count, 4);
	assert_string_equal(seen, "abAB1cCdef");
	krsi_stream_free(stream);
}

static void test_callback_that_stops_has_read_its_record(void **state)
{
	struct reader reader = { .stop_at = 'b' };
	struct krsi_stream *stream = stream_on(*state, 2, &reader);
	uint32_t count = 99;

	put(0, "abc");
	put(1, "AB");
	assert_int_equal(krsi_stream_dispatch(stream, 0, &count), -ECANCELED);
	assert_detail(*state, "a callback ended the dispatch after 2 records");
	assert_int_equal(count, 2);
	assert_string_equal(seen, "ab");
	assert_int_equal(stats_of(*state, stream).records, 2);
	assert_ok(*state, krsi_stream_dispatch(stream, 0, &count));
	assert_string_equal(seen, "abABc");
	krsi_stream_free(stream);
}

/* The last record that the budget allows is also the one that stops: the callback's word counts. */
static void test_callback_that_stops_with_the_budget_is_told(void **state)
{
	struct reader reader = { .stop_at = 'b' };
	struct krsi_stream *stream = stream_on(*state, 1, &reader);

	put(0, "abc");
	assert_int_equal(krsi_stream_dispatch(stream, 2, NULL), -ECANCELED);
	krsi_stream_free(stream);
}

static void test_dispatch_from_a_callback_is_refused(void **state)
{
	struct reader reader = { .inner = 99 };
	struct krsi_stream *stream = stream_on(*state, 1, &reader);

	reader.stream = stream;
	put(0, "ab");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_int_equal(reader.inner, -EBUSY);
	assert_string_equal(seen, "ab");
	reader.stream = NULL;
	put(0, "c");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	krsi_stream_free(stream);
}

static void test_losses_are_summed_over_cpus_and_rings(void **state)
{
	struct krsi_map *ring = ring_new(*state), *lost[2] = { lost_new(*state), lost_new(*state) };
	struct krsi_stream *stream = stream_on(*state, 0, NULL);
	struct lost values[3] = { { 1, 10, 1000 }, { 1, 20, 2000 }, { 0, 0, 0 } };
	uint32_t zero = 0;
	int i;

	for (i = 0; i < 2; i++) {
		assert_ok(*state, krsi_map_update(lost[i], &zero, sizeof(zero), values, sizeof(values), 0));
		assert_ok(*state, krsi_stream_add(stream, ring, lost[i], read_letter, NULL));
		krsi_map_free(lost[i]);
	}
	assert_ok(*state, krsi_stream_add(stream, ring, NULL, read_letter, NULL));
	assert_int_equal(stats_of(*state, stream).lost, 60);
	assert_int_equal(stats_of(*state, stream).lost_known, 2);
	assert_int_equal(stats_of(*state, stream).rings, 3);
	krsi_map_free(ring);
	krsi_stream_free(stream);
}

static void test_descriptor_is_the_streams_for_its_life(void **state)
{
	struct krsi_stream *stream = stream_on(*state, 0, NULL);
	int fd = krsi_stream_fd(stream);
	struct krsi_map *ring = ring_new(*state);

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_ok(*state, krsi_stream_add(stream, ring, NULL, read_letter, NULL));
	assert_int_equal(krsi_stream_fd(stream), fd);
	krsi_map_free(ring);
	krsi_stream_free(stream);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

#define stream_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stream_test(test_null_arguments_are_refused),
		stream_test(test_only_ring_buffers_are_read),
		stream_test(test_counter_of_losses_has_a_shape),
		stream_test(test_ring_that_cannot_be_mapped_says_why),
		stream_test(test_stream_without_descriptors_left_says_so),
		stream_test(test_rings_of_an_object_come_with_their_counter),
		stream_test(test_records_are_handed_out_in_order_and_counted),
		stream_test(test_budget_stops_and_goes_on_with_the_next_ring),
		stream_test(test_callback_that_stops_has_read_its_record),
		stream_test(test_callback_that_stops_with_the_budget_is_told),
		stream_test(test_dispatch_from_a_callback_is_refused),
		stream_test(test_losses_are_summed_over_cpus_and_rings),
		stream_test(test_descriptor_is_the_streams_for_its_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Streams over perf buffers of the fake kernel, whose CPUs come and go. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "fake.h"

/* What callbacks saw, one letter for each record. */
static char seen[256];
static char stop_at;

static int setup(void **state)
{
	fake_reset();
	seen[0] = stop_at = '\0';
	return unit_setup(state);
}

static int teardown(void **state)
{
	fake_reset();
	return unit_teardown(state);
}

static struct krsi_map *map_new(struct krsi_ctx *ctx, uint32_t type, uint32_t value_size, uint32_t entries)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "samples", .type = type, .key_size = 4, .value_size = value_size, .max_entries = entries,
	};
	struct krsi_map *map = NULL;

	assert_ok(ctx, krsi_map_new(ctx, &shape, &map));
	return map;
}

static int read_letter(void *data, const void *record, size_t size)
{
	(void)data;
	assert_int_equal((uintptr_t)record % 8, 0);
	assert_int_equal(size, 4);	/* one byte, filled up */
	assert_memory_equal((const char *)record + 1, "\0\0", 3);
	strncat(seen, record, 1);
	return stop_at && stop_at == *(const char *)record;
}

/* A stream on one perf buffer with room for so many CPUs. */
static int stream_try(struct krsi_ctx *ctx, uint32_t entries, struct krsi_stream **stream)
{
	struct krsi_map *map = map_new(ctx, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, entries);
	int err;

	assert_ok(ctx, krsi_stream_new(ctx, stream));
	err = krsi_stream_add(*stream, map, NULL, read_letter, NULL);
	krsi_map_free(map);	/* the stream holds what it needs */
	return err;
}

static struct krsi_stream *stream_on(struct krsi_ctx *ctx)
{
	struct krsi_stream *stream = NULL;

	assert_ok(ctx, stream_try(ctx, 3, &stream));
	return stream;
}

static struct krsi_stream_stats_info stats_of(struct krsi_ctx *ctx, const struct krsi_stream *stream)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) };

	assert_ok(ctx, krsi_stream_stats(stream, &stats));
	return stats;
}

static void put(int cpu, const char *letters)
{
	for (; *letters; letters++)
		fake_perf_put(cpu, letters, 1);
}

static bool readable(const struct krsi_stream *stream)
{
	struct pollfd ready = { .fd = krsi_stream_fd(stream), .events = POLLIN };

	return poll(&ready, 1, 0) == 1;
}

/* --- records ------------------------------------------------------------- */

static void test_records_of_all_cpus_are_handed_out(void **state)
{
	struct krsi_stream *stream = stream_on(*state);
	uint32_t count = 99;

	assert_false(readable(stream));
	assert_ok(*state, krsi_stream_dispatch(stream, 0, &count));
	assert_int_equal(count, 0);
	put(2, "xy");
	put(0, "ab");
	assert_true(readable(stream));
	assert_ok(*state, krsi_stream_dispatch(stream, 0, &count));
	assert_string_equal(seen, "abxy");
	assert_int_equal(count, 4);
	assert_false(readable(stream));
	assert_int_equal(stats_of(*state, stream).records, 4);
	assert_int_equal(stats_of(*state, stream).bytes, 16);
	assert_int_equal(stats_of(*state, stream).rings, 1);
	krsi_stream_free(stream);
}

static void test_budget_goes_on_with_the_next_cpu_and_is_told(void **state)
{
	struct krsi_stream *stream = stream_on(*state);

	put(0, "abcd");
	put(1, "x");
	assert_ok(*state, krsi_stream_dispatch(stream, 2, NULL));
	assert_string_equal(seen, "ab");
	assert_true(readable(stream));
	assert_ok(*state, krsi_stream_dispatch(stream, 2, NULL));
	assert_string_equal(seen, "abxc");
	assert_true(readable(stream));	/* the kernel tells of CPU 0 no more */
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "abxcd");
	assert_false(readable(stream));
	krsi_stream_free(stream);
}

static void test_callback_that_stops_has_read_its_record(void **state)
{
	struct krsi_stream *stream = stream_on(*state);

	put(1, "abc");
	stop_at = 'b';
	assert_int_equal(krsi_stream_dispatch(stream, 0, NULL), -ECANCELED);
	assert_true(readable(stream));
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "abc");
	krsi_stream_free(stream);
}

static void test_record_without_memory_is_told(void **state)
{
	struct krsi_stream *stream = stream_on(*state);

	put(0, "a");
	fake_fail("perf_buffer__consume_buffer", -ENOMEM);
	assert_int_equal(krsi_stream_dispatch(stream, 0, NULL), -ENOMEM);
	assert_detail(*state, "perf buffer samples: no memory for a record");
	fake_fail("perf_buffer__consume_buffer", 0);
	assert_true(readable(stream));
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "a");
	krsi_stream_free(stream);
}

static void test_losses_of_all_cpus_are_counted(void **state)
{
	struct krsi_stream *stream = stream_on(*state);

	assert_int_equal(stats_of(*state, stream).lost_known, 1);
	fake_perf_lose(0, 5);
	put(0, "a");
	fake_perf_lose(2, 7);
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_int_equal(stats_of(*state, stream).lost, 12);
	assert_string_equal(seen, "a");
	krsi_stream_free(stream);
}

/* --- CPUs ------------------------------------------------------------------ */

static void test_cpu_that_comes_online_is_read(void **state)
{
	struct krsi_stream *stream;

	fake.offline = 1 << 1;
	stream = stream_on(*state);
	put(1, "-");	/* nobody reads it */
	fake_cpu_change(1, true);
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	put(1, "a");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "a");
	fake_cpu_change(7, true);	/* more than there can be: no concern of ours */
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	krsi_stream_free(stream);
}

static void test_cpu_that_goes_leaves_its_records_and_can_come_back(void **state)
{
	struct krsi_stream *stream = stream_on(*state);

	put(1, "abc");
	fake_perf_lose(1, 3);
	fake_cpu_change(1, false);
	assert_ok(*state, krsi_stream_dispatch(stream, 2, NULL));
	fake_cpu_change(1, true);
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "abc");
	put(1, "d");
	fake_perf_lose(1, 4);
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "abcd");
	assert_int_equal(stats_of(*state, stream).lost, 7);
	krsi_stream_free(stream);
}

static void test_changes_that_were_missed_open_all_anew(void **state)
{
	struct krsi_stream *stream = stream_on(*state);
	unsigned int opened = fake_calls("perf_buffer__new_raw");

	put(0, "a");
	fake_cpu_change(-1, true);
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_int_equal(fake_calls("perf_buffer__new_raw"), opened + 3);
	put(0, "b");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "ab");
	krsi_stream_free(stream);
}

static void test_cpu_that_comes_and_cannot_be_read_is_told_once(void **state)
{
	struct krsi_stream *stream;

	fake.offline = 1 << 1;
	stream = stream_on(*state);
	fake_cpu_change(1, true);
	put(2, "a");
	fake_fail("perf_buffer__new_raw", -EMFILE);
	assert_int_equal(krsi_stream_dispatch(stream, 0, NULL), -EMFILE);
	assert_detail(*state, "64 pages for CPU 1 cannot be mapped: EMFILE");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "a");
	krsi_stream_free(stream);
}

static char logged[256];

static void log_keep(void *data, int level, const char *message)
{
	(void)data;
	if (level == KRSI_LOG_WARN)
		snprintf(logged, sizeof(logged), "%s", message);
}

static void test_without_word_of_cpus_the_others_are_read(void **state)
{
	struct krsi_stream *stream;

	fake.no_watch = -EAFNOSUPPORT;
	krsi_ctx_set_log(*state, log_keep, KRSI_LOG_WARN, NULL);
	stream = stream_on(*state);
	assert_words(logged, "what CPUs write that come online later is lost");
	assert_words(logged, "EAFNOSUPPORT");
	put(0, "a");
	assert_ok(*state, krsi_stream_dispatch(stream, 0, NULL));
	assert_string_equal(seen, "a");
	krsi_stream_free(stream);
}

/* --- what is refused ------------------------------------------------------- */

static void test_buffer_that_cannot_be_read_says_why(void **state)
{
	static const struct { const char *call; int kernel, want; const char *words; } variants[] = {
		{ "krsi_priv_perf_cpu_try", -EACCES, -EPERM, "does not permit reading CPU 0: EACCES; it needs CAP_PERFMON" },
		{ "krsi_priv_perf_cpu_try", -ENOSYS, -EIO, "CPU 0 cannot be read: ENOSYS" },
		{ "perf_buffer__new_raw", -EPERM, -EPERM, "64 pages for CPU 0 cannot be mapped: EPERM; without CAP_IPC_LOCK the sysctl kernel.perf_event_mlock_kb" },
		{ "perf_buffer__new_raw", -ENOMEM, -ENOMEM, "ENOMEM" },
	};
	struct krsi_stream *stream;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail(variants[i].call, variants[i].kernel);
		assert_int_equal(stream_try(*state, 3, &stream), variants[i].want);
		assert_detail(*state, variants[i].words);
		assert_int_equal(stats_of(*state, stream).rings, 0);
		krsi_stream_free(stream);
		fake_fail(variants[i].call, 0);
	}
	fake.no_watch = -EMFILE;
	assert_int_equal(stream_try(*state, 3, &stream), -EMFILE);
	krsi_stream_free(stream);
}

static void test_every_cpu_that_is_online_needs_an_entry(void **state)
{
	struct krsi_stream *stream;

	assert_int_equal(stream_try(*state, 2, &stream), -EMSGSIZE);
	assert_detail(*state, "perf buffer samples: it has 2 entries, and so none for CPU 2");
	krsi_stream_free(stream);
	fake.offline = 1 << 2;
	assert_ok(*state, stream_try(*state, 2, &stream));
	krsi_stream_free(stream);
}

static void test_kernel_counts_so_nobody_else_does(void **state)
{
	struct krsi_map *map = map_new(*state, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 3);
	struct krsi_map *lost = map_new(*state, BPF_MAP_TYPE_PERCPU_ARRAY, 24, 1);
	struct krsi_stream *stream = NULL;

	assert_ok(*state, krsi_stream_new(*state, &stream));
	assert_int_equal(krsi_stream_add(stream, map, lost, read_letter, NULL), -EINVAL);
	assert_detail(*state, "the kernel counts its lost records");
	krsi_stream_free(stream);
	krsi_map_free(lost);
	krsi_map_free(map);
}

static void test_options_are_checked(void **state)
{
	struct { struct krsi_stream_perf_opts opts; uint64_t later; } newer = { .opts = { .sz = sizeof(newer) }, .later = 1 };
	struct krsi_stream_perf_opts opts = { .sz = sizeof(opts), .pages = 48 };
	struct krsi_stream *stream = NULL;
	struct krsi_map *map;

	assert_ok(*state, krsi_stream_new(*state, &stream));
	assert_int_equal(krsi_stream_set_perf(NULL, &opts), -EINVAL);
	assert_int_equal(krsi_stream_set_perf(stream, &opts), -EINVAL);
	assert_detail(*state, "48 pages for each CPU of a perf buffer are no power of two");
	assert_int_equal(krsi_stream_set_perf(stream, &newer.opts), -E2BIG);
	opts.sz = 0;
	assert_int_equal(krsi_stream_set_perf(stream, &opts), -EINVAL);
	opts = (struct krsi_stream_perf_opts){ .sz = sizeof(opts), .pages = 16 };
	assert_ok(*state, krsi_stream_set_perf(stream, &opts));
	map = map_new(*state, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 3);
	fake_fail("perf_buffer__new_raw", -ENOMEM);
	assert_int_equal(krsi_stream_add(stream, map, NULL, read_letter, NULL), -ENOMEM);
	assert_detail(*state, "16 pages for CPU 0");
	assert_ok(*state, krsi_stream_set_perf(stream, NULL));
	assert_int_equal(krsi_stream_add(stream, map, NULL, read_letter, NULL), -ENOMEM);
	assert_detail(*state, "64 pages for CPU 0");
	krsi_map_free(map);
	krsi_stream_free(stream);
}

#define perf_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		perf_test(test_records_of_all_cpus_are_handed_out),
		perf_test(test_budget_goes_on_with_the_next_cpu_and_is_told),
		perf_test(test_callback_that_stops_has_read_its_record),
		perf_test(test_record_without_memory_is_told),
		perf_test(test_losses_of_all_cpus_are_counted),
		perf_test(test_cpu_that_comes_online_is_read),
		perf_test(test_cpu_that_goes_leaves_its_records_and_can_come_back),
		perf_test(test_changes_that_were_missed_open_all_anew),
		perf_test(test_cpu_that_comes_and_cannot_be_read_is_told_once),
		perf_test(test_without_word_of_cpus_the_others_are_read),
		perf_test(test_buffer_that_cannot_be_read_says_why),
		perf_test(test_every_cpu_that_is_online_needs_an_entry),
		perf_test(test_kernel_counts_so_nobody_else_does),
		perf_test(test_options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

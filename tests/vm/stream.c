/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Streams on a real kernel: delivery, budgets, losses, several rings behind one descriptor. */
#include "vm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct record {
	uint64_t number;
	char name[24];
};

struct reader {
	struct krsi_stream *stream;	/* for the test that dispatches from within */
	unsigned int records;
	unsigned int stop_after;
	size_t last_size;
	struct record last;
	int inner_err;
};

static int read_record(void *data, const void *record, size_t size)
{
	struct reader *reader = data;

	assert_int_equal((uintptr_t)record % 8, 0);
	reader->records++;
	reader->last_size = size;
	memcpy(&reader->last, record, sizeof(reader->last));
	if (reader->stream)
		reader->inner_err = krsi_stream_dispatch(reader->stream, 0, NULL);
	return reader->stop_after && reader->records == reader->stop_after;
}

/* The test object, attached, with a stream on its ring. */
struct setup {
	struct krsi_ctx *ctx;
	struct krsi_object *object;
	struct krsi_stream *stream;
	struct reader reader;
};

static void setup(struct setup *s, struct krsi_ctx *ctx)
{
	memset(s, 0, sizeof(*s));
	s->ctx = ctx;
	s->object = vm_object_attach(ctx, "mkdir");
	assert_ok(ctx, krsi_stream_new(ctx, &s->stream));
	assert_ok(ctx, krsi_stream_add_object(s->stream, s->object, "events", read_record, &s->reader));
}

static void teardown(struct setup *s)
{
	krsi_stream_free(s->stream);
	krsi_object_free(s->object);
}

static void skip_unless_lsm_active(void)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
}

static bool readable(const struct krsi_stream *stream, int timeout_ms)
{
	struct pollfd ready = { .fd = krsi_stream_fd(stream), .events = POLLIN };

	return poll(&ready, 1, timeout_ms) == 1;
}

static struct krsi_stream_stats_info stats(const struct setup *s)
{
	struct krsi_stream_stats_info info = { .sz = sizeof(info) };

	assert_ok(s->ctx, krsi_stream_stats(s->stream, &info));
	return info;
}

static void test_records_arrive_as_written(void **state)
{
	uint32_t count = 99;
	struct setup s;

	skip_unless_lsm_active();
	setup(&s, *state);
	assert_false(readable(s.stream, 0));
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, &count));
	assert_int_equal(count, 0);
	vm_mkdir("one\ntwo");
	assert_true(readable(s.stream, 5000));
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, &count));
	assert_int_equal(count, 1);
	assert_int_equal(s.reader.last_size, sizeof(struct record));
	assert_int_equal(s.reader.last.number, 1);
	assert_string_equal(s.reader.last.name, "one\ntwo");
	assert_false(readable(s.stream, 0));
	assert_int_equal(stats(&s).records, 1);
	assert_int_equal(stats(&s).bytes, sizeof(struct record));
	assert_int_equal(stats(&s).wakeups, 1);
	assert_int_equal(stats(&s).rings, 1);
	assert_int_equal(stats(&s).lost_known, 1);
	teardown(&s);
}

static void test_budget_leaves_the_rest_readable(void **state)
{
	uint32_t count;
	struct setup s;
	int i;

	skip_unless_lsm_active();
	setup(&s, *state);
	for (i = 0; i < 10; i++)
		vm_mkdir("x");
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 4, &count));
	assert_int_equal(count, 4);
	assert_int_equal(s.reader.last.number, 4);
	assert_true(readable(s.stream, 0));
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 6, &count));
	assert_int_equal(count, 6);
	assert_false(readable(s.stream, 0));
	teardown(&s);
}

static void test_callback_ends_the_dispatch(void **state)
{
	uint32_t count;
	struct setup s;
	int i;

	skip_unless_lsm_active();
	setup(&s, *state);
	for (i = 0; i < 5; i++)
		vm_mkdir("x");
	s.reader.stop_after = 2;
	assert_int_equal(krsi_stream_dispatch(s.stream, 0, &count), -ECANCELED);
	assert_int_equal(count, 2);
	/* The record that it stopped at counts as read. */
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, &count));
	assert_int_equal(count, 3);
	assert_int_equal(s.reader.last.number, 5);
	teardown(&s);
}

static void test_dispatch_from_within_is_refused(void **state)
{
	struct setup s;

	skip_unless_lsm_active();
	setup(&s, *state);
	s.reader.stream = s.stream;
	vm_mkdir("x");
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, NULL));
	assert_int_equal(s.reader.inner_err, -EBUSY);
	teardown(&s);
}

static void test_full_ring_counts_every_loss_and_still_denies(void **state)
{
	const unsigned int made = 500;
	struct krsi_stream_stats_info info;
	struct setup s;
	unsigned int i;

	skip_unless_lsm_active();
	setup(&s, *state);
	for (i = 0; i < made; i++)
		assert_int_equal(vm_mkdir(i % 2 ? "denied" : "allowed"), i % 2 ? EACCES : 0);
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, NULL));
	info = stats(&s);
	assert_true(info.lost > 0);
	assert_int_equal(info.records + info.lost, made);
	assert_int_equal(info.records, s.reader.records);
	/* Room again: the next one arrives. */
	vm_mkdir("after");
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, NULL));
	assert_string_equal(s.reader.last.name, "after");
	assert_int_equal(stats(&s).lost, info.lost);
	teardown(&s);
}

static void test_busy_ring_does_not_starve_another(void **state)
{
	struct reader second = { 0 };
	struct krsi_object *object;
	uint32_t count;
	struct setup s;
	int i;

	skip_unless_lsm_active();
	setup(&s, *state);
	object = vm_object_attach(s.ctx, "mkdir");
	assert_ok(s.ctx, krsi_stream_add_object(s.stream, object, "events", read_record, &second));
	for (i = 0; i < 10; i++)
		vm_mkdir("x");	/* one record in each ring */
	for (i = 0; i < 4; i++) {
		assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 2, &count));
		assert_int_equal(count, 2);
	}
	assert_int_equal(s.reader.records, 4);
	assert_int_equal(second.records, 4);
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, NULL));
	assert_int_equal(s.reader.records, 10);
	assert_int_equal(second.records, 10);
	assert_int_equal(stats(&s).rings, 2);
	krsi_object_free(object);
	teardown(&s);
}

static void test_stream_outlives_object_and_map(void **state)
{
	struct krsi_map *ring;
	struct setup s;

	skip_unless_lsm_active();
	setup(&s, *state);
	krsi_stream_free(s.stream);
	assert_ok(s.ctx, krsi_stream_new(s.ctx, &s.stream));
	assert_ok(s.ctx, krsi_map_open(s.object, "events", &ring));
	assert_ok(s.ctx, krsi_stream_add(s.stream, ring, NULL, read_record, &s.reader));
	krsi_map_free(ring);
	vm_mkdir("kept");
	krsi_object_free(s.object);
	s.object = NULL;
	assert_true(readable(s.stream, 5000));
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 0, NULL));
	assert_string_equal(s.reader.last.name, "kept");
	assert_int_equal(stats(&s).lost_known, 0);
	teardown(&s);
}

static void test_what_is_no_ring_is_refused(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");
	struct krsi_stream *stream;
	struct krsi_map *ring, *counts;
	struct reader reader;

	assert_ok(ctx, krsi_stream_new(ctx, &stream));
	assert_int_equal(krsi_stream_add_object(stream, object, "events", read_record, &reader), -EBADFD);
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_stream_add_object(stream, object, "counts", read_record, &reader), -EINVAL);
	assert_detail(ctx, "no ring buffer");
	assert_int_equal(krsi_stream_add_object(stream, object, "event", read_record, &reader), -ENOENT);
	assert_detail(ctx, "did you mean events");
	assert_ok(ctx, krsi_map_open(object, "events", &ring));
	assert_ok(ctx, krsi_map_open(object, "counts", &counts));
	assert_int_equal(krsi_stream_add(stream, ring, counts, read_record, &reader), -EINVAL);
	assert_detail(ctx, "krsi_ring_lost");
	assert_int_equal(krsi_stream_dispatch(stream, 0, NULL), 0);
	krsi_map_free(ring);
	krsi_map_free(counts);
	krsi_stream_free(stream);
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_records_arrive_as_written),
		vm_test(test_budget_leaves_the_rest_readable),
		vm_test(test_callback_ends_the_dispatch),
		vm_test(test_dispatch_from_within_is_refused),
		vm_test(test_full_ring_counts_every_loss_and_still_denies),
		vm_test(test_busy_ring_does_not_starve_another),
		vm_test(test_stream_outlives_object_and_map),
		vm_test(test_what_is_no_ring_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

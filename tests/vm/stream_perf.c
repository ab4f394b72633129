/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Streams over perf buffers on a real kernel: delivery, losses, CPUs that come and go. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As perf.bpf.c has it, and what the kernel fills it up with. */
struct record {
	uint64_t number;
	char name[16];
	uint32_t cpu;
	uint32_t pad;
	char filled[4];
};

struct reader {
	unsigned int records;
	size_t last_size;
	struct record last;
};

static int read_record(void *data, const void *record, size_t size)
{
	struct reader *reader = data;

	assert_int_equal((uintptr_t)record % 8, 0);
	reader->records++;
	reader->last_size = size;
	memcpy(&reader->last, record, sizeof(reader->last));
	return 0;
}

/* The test object, attached, with a stream on its perf buffer. */
struct setup {
	struct krsi_ctx *ctx;
	struct krsi_object *object;
	struct krsi_stream *stream;
	struct reader reader;
};

static void setup(struct setup *s, struct krsi_ctx *ctx, uint32_t pages)
{
	const struct krsi_stream_perf_opts opts = { .sz = sizeof(opts), .pages = pages };

	memset(s, 0, sizeof(*s));
	s->ctx = ctx;
	s->object = vm_object_attach(ctx, "perf");
	assert_ok(ctx, krsi_stream_new(ctx, &s->stream));
	assert_ok(ctx, krsi_stream_set_perf(s->stream, &opts));
	assert_ok(ctx, krsi_stream_add_object(s->stream, s->object, "samples", read_record, &s->reader));
}

static void teardown(struct setup *s)
{
	krsi_stream_free(s->stream);
	krsi_object_free(s->object);
}

static void dispatch(struct setup *s)
{
	assert_ok(s->ctx, krsi_stream_dispatch(s->stream, 0, NULL));
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
	int before = vm_fd_count();
	struct setup s;

	setup(&s, *state, 0);
	assert_false(readable(s.stream, 0));
	vm_mkdir("one");
	assert_true(readable(s.stream, 5000));
	dispatch(&s);
	assert_int_equal(s.reader.records, 1);
	assert_int_equal(s.reader.last_size, 36);
	assert_int_equal(s.reader.last.number, 1);
	assert_string_equal(s.reader.last.name, "one");
	assert_memory_equal(s.reader.last.filled, "\0\0\0\0", 4);
	assert_false(readable(s.stream, 0));
	assert_int_equal(stats(&s).records, 1);
	assert_int_equal(stats(&s).bytes, 36);
	assert_int_equal(stats(&s).lost, 0);
	assert_int_equal(stats(&s).lost_known, 1);
	teardown(&s);
	assert_int_equal(vm_fd_count(), before);
}

static void test_budget_leaves_the_rest_readable(void **state)
{
	uint32_t count;
	struct setup s;
	int i;

	setup(&s, *state, 0);
	for (i = 0; i < 10; i++)
		vm_mkdir("x");
	assert_true(readable(s.stream, 5000));
	assert_ok(s.ctx, krsi_stream_dispatch(s.stream, 4, &count));
	assert_int_equal(count, 4);
	assert_true(readable(s.stream, 0));
	dispatch(&s);
	assert_int_equal(s.reader.records, 10);
	assert_false(readable(s.stream, 0));
	teardown(&s);
}

static void test_full_buffer_counts_every_loss(void **state)
{
	const unsigned int made = 500;
	struct setup s;
	unsigned int i;

	setup(&s, *state, 1);
	for (i = 0; i < made; i++)
		vm_mkdir("x");
	dispatch(&s);
	assert_true(stats(&s).records > 0 && stats(&s).records < made);
	assert_int_equal(stats(&s).records, s.reader.records);
	if (vm_kernel_at_least(6, 0))
		assert_int_equal(stats(&s).records + stats(&s).lost, made);
	/* Older kernels tell with the next record of that CPU. */
	while (stats(&s).records + stats(&s).lost < made) {
		assert_true(i++ < made + 20);
		vm_mkdir("after");
		dispatch(&s);
	}
	vm_mkdir("after");
	dispatch(&s);
	assert_string_equal(s.reader.last.name, "after");
	assert_int_equal(stats(&s).records + stats(&s).lost, s.reader.last.number);
	assert_true(stats(&s).lost > 0);
	teardown(&s);
}

static void test_wakeups_can_be_fewer(void **state)
{
	const struct krsi_stream_perf_opts opts = { .sz = sizeof(opts), .wakeup_records = 4 };
	struct krsi_ctx *ctx = *state;
	struct reader reader = { 0 };
	struct krsi_stream *stream;
	struct krsi_object *object;
	cpu_set_t first, all;
	int i;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	assert_int_equal(sched_setaffinity(0, sizeof(first), &first), 0);
	object = vm_object_attach(ctx, "perf");
	assert_ok(ctx, krsi_stream_new(ctx, &stream));
	assert_ok(ctx, krsi_stream_set_perf(stream, &opts));
	assert_ok(ctx, krsi_stream_add_object(stream, object, "samples", read_record, &reader));
	for (i = 0; i < 3; i++)
		vm_mkdir("x");
	assert_false(readable(stream, 0));
	vm_mkdir("x");
	assert_true(readable(stream, 5000));
	vm_mkdir("x");	/* wakes nobody, and is handed out all the same */
	assert_ok(ctx, krsi_stream_dispatch(stream, 0, NULL));
	assert_int_equal(reader.records, 5);
	krsi_stream_free(stream);
	krsi_object_free(object);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void test_later_stream_takes_over(void **state)
{
	struct reader second = { 0 };
	struct krsi_stream *stream;
	struct setup s;

	setup(&s, *state, 0);
	vm_mkdir("first");
	assert_ok(s.ctx, krsi_stream_new(s.ctx, &stream));
	assert_ok(s.ctx, krsi_stream_add_object(stream, s.object, "samples", read_record, &second));
	vm_mkdir("second");
	dispatch(&s);
	assert_ok(s.ctx, krsi_stream_dispatch(stream, 0, NULL));
	assert_int_equal(s.reader.records, 1);
	assert_int_equal(second.records, 1);
	assert_string_equal(second.last.name, "second");
	krsi_stream_free(stream);
	teardown(&s);
}

static void test_stream_outlives_object(void **state)
{
	struct setup s;

	setup(&s, *state, 0);
	vm_mkdir("kept");
	krsi_object_free(s.object);
	s.object = NULL;
	dispatch(&s);
	assert_string_equal(s.reader.last.name, "kept");
	teardown(&s);
}

/* --- CPUs ------------------------------------------------------------------ */

#define SECOND_CPU "/sys/devices/system/cpu/cpu1/online"

static void skip_unless_two_cpus(void)
{
	if (access(SECOND_CPU, W_OK) < 0)
		skip_because("this machine has one CPU, or the second one cannot go offline");
}

static void second_cpu_set(bool online)
{
	int fd = open(SECOND_CPU, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, online ? "1" : "0", 1), 1);
	close(fd);
}

/* Make a directory on the second CPU. */
static void second_cpu_mkdir(const char *name)
{
	cpu_set_t second, all;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&second);
	CPU_SET(1, &second);
	assert_int_equal(sched_setaffinity(0, sizeof(second), &second), 0);
	vm_mkdir(name);
	CPU_SET(0, &all);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

static void test_cpu_that_comes_online_later_is_read(void **state)
{
	struct setup s;

	skip_unless_two_cpus();
	second_cpu_set(false);
	setup(&s, *state, 0);
	assert_false(readable(s.stream, 0));
	second_cpu_set(true);
	assert_true(readable(s.stream, 5000));
	dispatch(&s);
	second_cpu_mkdir("there");
	assert_true(readable(s.stream, 5000));
	dispatch(&s);
	assert_int_equal(s.reader.last.cpu, 1);
	assert_string_equal(s.reader.last.name, "there");
	teardown(&s);
}

static void test_cpu_that_goes_leaves_its_records_and_can_come_back(void **state)
{
	struct setup s;

	skip_unless_two_cpus();
	setup(&s, *state, 0);
	second_cpu_mkdir("last");
	second_cpu_set(false);
	dispatch(&s);
	assert_int_equal(s.reader.records, 1);
	assert_int_equal(s.reader.last.cpu, 1);
	second_cpu_set(true);
	dispatch(&s);
	second_cpu_mkdir("back");
	dispatch(&s);
	assert_int_equal(s.reader.records, 2);
	assert_string_equal(s.reader.last.name, "back");
	assert_int_equal(stats(&s).lost, 0);
	teardown(&s);
}

static void test_cpu_without_an_entry_is_told(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;
	struct krsi_stream *stream;
	struct reader reader;

	skip_unless_two_cpus();
	object = vm_object_open(ctx, "perf");
	assert_ok(ctx, krsi_object_set_map_size(object, "samples", 1));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_stream_new(ctx, &stream));
	assert_int_equal(krsi_stream_add_object(stream, object, "samples", read_record, &reader), -EMSGSIZE);
	assert_detail(ctx, "it has 1 entries, and so none for CPU 1");
	krsi_stream_free(stream);
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_records_arrive_as_written),
		vm_test(test_budget_leaves_the_rest_readable),
		vm_test(test_full_buffer_counts_every_loss),
		vm_test(test_wakeups_can_be_fewer),
		vm_test(test_later_stream_takes_over),
		vm_test(test_stream_outlives_object),
		vm_test(test_cpu_that_comes_online_later_is_read),
		vm_test(test_cpu_that_goes_leaves_its_records_and_can_come_back),
		vm_test(test_cpu_without_an_entry_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

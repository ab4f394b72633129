/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Recordings: what is written comes back, and what is damaged is told. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "event/event.h"

/* Bytes that write(2) still takes; -1: all. */
static ssize_t room = -1;

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	if (room == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (room > 0 && size > (size_t)room)
		size = (size_t)room;
	if (room > 0)
		room -= (ssize_t)size;
	return __real_write(fd, bytes, size);
}

/* --- events ------------------------------------------------------------------ */

static const char *policy_name(const void *data, uint32_t generation, uint32_t policy)
{
	(void)data;
	return generation == 3 && policy == 1 ? "web" : NULL;
}

static const char *rule_name(const void *data, uint32_t generation, uint32_t policy, uint32_t rule)
{
	(void)data;
	return generation == 3 && policy == 1 && rule == 2 ? "shadow" : NULL;
}

static const struct krsi_priv_event_names names = { policy_name, rule_name, NULL };

/* Event number `i`, of a size of its own. Its bytes are the caller's to free. */
static struct krsi_event event_make(uint32_t i, struct krsi_priv_event_record *record)
{
	struct event_head head = { .kind = KRSI_EVENT_KIND_RULE, .sequence = i, .time = 1000 + i, .generation = 3, .policy = 1, .rule = 2, .operation = 10, .verdict = KRSI_EVENT_DENY };
	struct krsi_event event;
	char path[64];

	krsi_priv_event_begin(record, &head);
	krsi_priv_event_put_number(record, KRSI_EVENT_PID, i);
	snprintf(path, sizeof(path), "/tmp/%.*s\n\xff%u", (int)(i % 11), "xxxxxxxxxxx", i);
	krsi_priv_event_put(record, KRSI_EVENT_PATH, path, strlen(path), KRSI_EVENT_TEXT_FOREIGN);
	krsi_priv_event_put(record, KRSI_EVENT_STRINGS, "ls\0-l\0SECRET=hunter2", 21, 0);
	krsi_priv_event_put_number(record, KRSI_EVENT_ARGC, 2);
	assert_true(krsi_priv_event_end(record));
	assert_true(krsi_priv_event_read(record->bytes, record->size, &event));
	event.names = &names;
	event.wall = 1000000000;
	return event;
}

static int event_record(struct krsi_recorder *recorder, uint32_t i, bool environment)
{
	struct krsi_priv_event_record record;
	struct krsi_event event = event_make(i, &record);
	int err;

	event.environment = environment;
	err = krsi_recorder_event(recorder, &event);
	free(record.bytes);
	return err;
}

static void event_is(const struct krsi_event *event, uint32_t i)
{
	struct krsi_priv_event_record record;
	struct krsi_event expected = event_make(i, &record);
	const char *text, *want;
	size_t size = 0, want_size = 0;
	uint32_t flags = 0;
	uint64_t number = 0;

	assert_non_null(event);
	assert_int_equal(krsi_event_verdict(event), KRSI_EVENT_DENY);
	assert_string_equal(krsi_event_operation(event), "file.open");
	assert_string_equal(krsi_event_policy(event), "web");
	assert_string_equal(krsi_event_rule(event), "shadow");
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_SEQUENCE, &number), 0);
	assert_int_equal(number, i);
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_WALL_TIME, &number), 0);
	assert_int_equal(number, 1000001000 + i);
	text = krsi_event_text(event, KRSI_EVENT_PATH, &size, &flags);
	want = krsi_event_text(&expected, KRSI_EVENT_PATH, &want_size, NULL);
	assert_int_equal(flags, KRSI_EVENT_TEXT_FOREIGN);
	assert_int_equal(size, want_size);
	assert_memory_equal(text, want, size);
	text = krsi_event_text(event, KRSI_EVENT_ARGV, &size, &flags);
	assert_int_equal(size, 6);
	assert_memory_equal(text, "ls\0-l", 6);
	free(record.bytes);
}

/* --- files ------------------------------------------------------------------- */

static int file_new(void)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* A recording of events 0 to `count` - 1. */
static int recording_make(struct krsi_ctx *ctx, uint32_t count)
{
	struct krsi_recorder *recorder;
	int fd = file_new();
	uint32_t i;

	assert_ok(ctx, krsi_recorder_new(ctx, fd, &recorder));
	for (i = 0; i < count; i++)
		assert_ok(ctx, event_record(recorder, i, false));
	assert_ok(ctx, krsi_recorder_flush(recorder));
	krsi_recorder_free(recorder);
	return fd;
}

/* Of the gaps in the recording that was read last: events, and how many gaps. */
static uint64_t missing, gaps;

/* Whether it is an event that says what is missing, of a full disk. */
static bool is_gap(const struct krsi_event *event)
{
	uint64_t count = 0, cause = 0;

	if (krsi_event_kind(event) != KRSI_EVENT_KIND_LOST)
		return false;
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_LOST_COUNT, &count), 0);
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_LOST_CAUSE, &cause), 0);
	assert_int_equal(cause, KRSI_EVENT_LOST_OUTPUT);
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_WALL_TIME, &cause), 0);
	missing += count;
	gaps++;
	return true;
}

/* Read all; how many there were. `*err` becomes what ended it, 0 for a whole recording. */
static uint32_t recording_read(struct krsi_ctx *ctx, int fd, int *err)
{
	struct krsi_recording *recording;
	const struct krsi_event *event;
	uint32_t count = 0;

	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	missing = gaps = 0;
	*err = krsi_recording_new(ctx, fd, &recording);
	if (*err)
		return 0;
	while (!(*err = krsi_recording_next(recording, &event)) && event)
		if (!is_gap(event))
			event_is(event, count++);
	if (*err)
		assert_int_equal(krsi_recording_next(recording, &event), *err);
	krsi_recording_free(recording);
	return count;
}

static void test_what_is_written_comes_back(void **state)
{
	int fd = recording_make(*state, 2000), err;

	assert_int_equal(recording_read(*state, fd, &err), 2000);
	assert_int_equal(err, 0);
	close(fd);
	fd = recording_make(*state, 0);
	assert_int_equal(recording_read(*state, fd, &err), 0);
	assert_int_equal(err, 0);
	close(fd);
}

static bool file_has(int fd, const char *words)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *bytes = malloc((size_t)size);
	bool has;

	assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
	has = memmem(bytes, (size_t)size, words, strlen(words));
	free(bytes);
	return has;
}

static void test_environment_is_kept_only_when_asked_for(void **state)
{
	struct krsi_recorder *recorder;
	struct krsi_recording *recording;
	const struct krsi_event *event;
	size_t size = 0;
	int fd = recording_make(*state, 1);

	assert_false(file_has(fd, "hunter2"));
	close(fd);
	fd = file_new();
	assert_ok(*state, krsi_recorder_new(*state, fd, &recorder));
	assert_ok(*state, event_record(recorder, 0, true));
	assert_ok(*state, krsi_recorder_flush(recorder));
	krsi_recorder_free(recorder);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_ok(*state, krsi_recording_new(*state, fd, &recording));
	assert_ok(*state, krsi_recording_next(recording, &event));
	event_is(event, 0);
	assert_string_equal(krsi_event_text(event, KRSI_EVENT_ENV, &size, NULL), "SECRET=hunter2");
	assert_int_equal(size, 15);
	krsi_recording_free(recording);
	close(fd);
}

/* Cut off anywhere: what is whole is read, and the rest is told, but for a cut between two records. */
static void test_a_file_that_is_cut_off(void **state)
{
	int fd = recording_make(*state, 3), err;
	off_t size = lseek(fd, 0, SEEK_END);
	uint32_t whole = 0, count;

	for (; size >= 0; size--) {
		assert_int_equal(ftruncate(fd, size), 0);
		count = recording_read(*state, fd, &err);
		whole += err == 0;
		assert_true(err == 0 || err == -EBADMSG);
		assert_true(err == 0 || count < 3);
	}
	assert_int_equal(whole, 4);
	close(fd);
}

/* Any bit that is wrong is found, and nothing behind it is taken for true. */
static void test_a_file_with_a_wrong_bit(void **state)
{
	int fd = recording_make(*state, 3), err;
	off_t size = lseek(fd, 0, SEEK_END), at;
	unsigned char byte, wrong;
	int bit;

	for (at = 0; at < size; at++) {
		bit = (int)(at % 8);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		wrong = byte ^ (unsigned char)(1 << bit);
		assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
		assert_true(recording_read(*state, fd, &err) < 3);
		assert_true(err == -EBADMSG || err == -EOPNOTSUPP);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_int_equal(recording_read(*state, fd, &err), 3);
	close(fd);
}

static void test_the_place_of_the_damage_is_told(void **state)
{
	int fd = recording_make(*state, 3), err;

	assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - 1), 0);
	assert_int_equal(recording_read(*state, fd, &err), 2);
	assert_int_equal(err, -EBADMSG);
	assert_detail(*state, "damaged at byte ");
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "#!/bin/sh\n", 10, 0), 10);
	assert_int_equal(recording_read(*state, fd, &err), 0);
	assert_int_equal(err, -EBADMSG);
	assert_detail(*state, "this is none");
	close(fd);
}

/* No room: the file ends with a whole record, and what is not in it is counted. Later there is room again. */
static void test_a_full_disk(void **state)
{
	struct krsi_recorder_info info = { .sz = sizeof(info) };
	struct krsi_recorder *recorder;
	uint32_t i;
	int fd = file_new(), err;

	assert_ok(*state, krsi_recorder_new(*state, fd, &recorder));
	for (i = 0; i < 10; i++)
		assert_ok(*state, event_record(recorder, i, false));
	assert_ok(*state, krsi_recorder_flush(recorder));
	for (; i < 20; i++)
		assert_ok(*state, event_record(recorder, i, false));
	room = 100;
	err = krsi_recorder_flush(recorder);
	room = -1;
	assert_int_equal(err, -ENOSPC);
	assert_detail(*state, "No space left on device");
	assert_ok(*state, event_record(recorder, 10, false));
	assert_ok(*state, krsi_recorder_flush(recorder));
	assert_int_equal(krsi_recorder_info(recorder, &info), 0);
	assert_int_equal(info.events, 11);
	assert_int_equal(info.failed, 10);
	assert_int_equal(info.untold, 0);
	assert_int_equal(info.bytes, lseek(fd, 0, SEEK_END));
	krsi_recorder_free(recorder);
	assert_int_equal(recording_read(*state, fd, &err), 11);
	assert_int_equal(err, 0);
	assert_int_equal(missing, 10);
	assert_int_equal(gaps, 1);
	close(fd);
}

/* What says that something is missing can find no room either, and comes later, with all that is missing then. */
static void test_what_is_missing_is_told_once(void **state)
{
	struct krsi_recorder_info info = { .sz = sizeof(info) };
	struct krsi_recorder *recorder;
	int fd = file_new(), err;
	uint32_t i;

	assert_ok(*state, krsi_recorder_new(*state, fd, &recorder));
	assert_ok(*state, event_record(recorder, 0, false));
	assert_ok(*state, krsi_recorder_flush(recorder));
	for (i = 0; i < 3; i++) {
		assert_ok(*state, event_record(recorder, 7, false));
		room = (ssize_t)(40 * i);
		assert_int_equal(krsi_recorder_flush(recorder), -ENOSPC);
		room = 0;
		assert_int_equal(krsi_recorder_flush(recorder), -ENOSPC);
		room = -1;
	}
	assert_int_equal(krsi_recorder_info(recorder, &info), 0);
	assert_int_equal(info.failed, 3);
	assert_int_equal(info.untold, 3);
	/* Also when no event comes any more. */
	assert_int_equal(krsi_recorder_lost(recorder, 4), 0);
	assert_ok(*state, krsi_recorder_flush(recorder));
	assert_int_equal(recording_read(*state, fd, &err), 1);
	assert_int_equal(err, 0);
	assert_int_equal(missing, 7);
	assert_int_equal(gaps, 1);
	assert_int_equal(lseek(fd, 0, SEEK_END), krsi_recorder_info(recorder, &info) ? 0 : info.bytes);
	assert_int_equal(info.failed, 3);
	assert_int_equal(info.untold, 0);
	assert_ok(*state, event_record(recorder, 1, false));
	assert_ok(*state, krsi_recorder_flush(recorder));
	assert_int_equal(recording_read(*state, fd, &err), 2);
	assert_int_equal(gaps, 1);
	krsi_recorder_free(recorder);
	close(fd);
}

static void test_bad_arguments(void **state)
{
	struct krsi_recorder *recorder = NULL;
	struct krsi_recording *recording = NULL;

	assert_int_equal(krsi_recorder_new(*state, -1, &recorder), -EINVAL);
	assert_int_equal(krsi_recorder_new(NULL, 0, &recorder), -EINVAL);
	assert_int_equal(krsi_recorder_event(NULL, NULL), -EINVAL);
	assert_int_equal(krsi_recorder_flush(NULL), -EINVAL);
	assert_int_equal(krsi_recorder_lost(NULL, 1), -EINVAL);
	assert_int_equal(krsi_recording_new(*state, -1, &recording), -EINVAL);
	assert_int_equal(krsi_recording_next(NULL, NULL), -EINVAL);
	krsi_recorder_free(NULL);
	krsi_recording_free(NULL);
	assert_null(recorder);
	assert_null(recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_what_is_written_comes_back),
		ctx_test(test_environment_is_kept_only_when_asked_for),
		ctx_test(test_a_file_that_is_cut_off),
		ctx_test(test_a_file_with_a_wrong_bit),
		ctx_test(test_the_place_of_the_damage_is_told),
		ctx_test(test_a_full_disk),
		ctx_test(test_what_is_missing_is_told_once),
		ctx_test(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

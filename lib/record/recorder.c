/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Writing a recording. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/record.h>
#include <zlib.h>

#include "../ctx.h"
#include "../event/event.h"
#include "../opts.h"
#include "format.h"

#define BUFFER_SIZE ((size_t)64 << 10)
#define LOST_SIZE ((size_t)128)	/* that a record of what is missing takes, or less */

struct krsi_recorder {
	struct krsi_ctx *ctx;
	int fd;
	off_t whole;			/* where the last write that succeeded ended; -1: the file cannot be cut */
	char *buffer;
	size_t used;
	uint64_t waiting;		/* events in the buffer */
	uint64_t events, bytes, failed;
	uint64_t telling, untold;	/* missing events that the buffer tells of, and that nothing does */
};

/* All or nothing, as far as the file can be cut. */
static int write_all(struct krsi_recorder *recorder, const char *bytes, size_t size)
{
	struct pollfd room = { .fd = recorder->fd, .events = POLLOUT };
	size_t done = 0;
	ssize_t n;
	int err;

	while (done < size) {
		n = write(recorder->fd, bytes + done, size - done);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EAGAIN)
			poll(&room, 1, -1);
		else if (errno != EINTR)
			break;
	}
	if (done == size) {
		if (recorder->whole >= 0)
			recorder->whole += (off_t)size;
		return 0;
	}
	err = errno;
	if (recorder->whole >= 0 && done && ftruncate(recorder->fd, recorder->whole) == 0)
		lseek(recorder->fd, recorder->whole, SEEK_SET);
	return krsi_priv_fail(recorder->ctx, err == ENOSPC || err == EDQUOT ? -ENOSPC : -EIO, "recording: cannot be written: %s", strerror(err));
}

static void frame_add(struct krsi_recorder *recorder, const struct krsi_priv_event_record *record)
{
	struct record_frame frame = { .size = (uint32_t)record->size };
	uLong sum = crc32(0, (const Bytef *)&frame.size, sizeof(frame.size));

	frame.checksum = (uint32_t)crc32(sum, (const Bytef *)record->bytes, (uInt)record->size);
	memcpy(recorder->buffer + recorder->used, &frame, sizeof(frame));
	memcpy(recorder->buffer + recorder->used + sizeof(frame), record->bytes, record->size);
	recorder->used += sizeof(frame) + record->size;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Say what is missing, if something is. Without memory it is said with the next event. */
static void lost_add(struct krsi_recorder *recorder)
{
	struct event_head head = { .kind = KRSI_EVENT_KIND_LOST, .time = clock_ns(CLOCK_BOOTTIME) };
	struct krsi_priv_event_record record;

	if (!recorder->untold)
		return;
	krsi_priv_event_begin(&record, &head);
	krsi_priv_event_put_number(&record, KRSI_EVENT_WALL_TIME, clock_ns(CLOCK_REALTIME));
	krsi_priv_event_put_number(&record, KRSI_EVENT_LOST_COUNT, recorder->untold);
	krsi_priv_event_put_number(&record, KRSI_EVENT_LOST_CAUSE, KRSI_EVENT_LOST_OUTPUT);
	if (!krsi_priv_event_end(&record))
		return;
	frame_add(recorder, &record);
	free(record.bytes);
	recorder->telling += recorder->untold;
	recorder->untold = 0;
}

int krsi_recorder_flush(struct krsi_recorder *recorder)
{
	int err;

	if (!recorder)
		return -EINVAL;
	lost_add(recorder);
	if (!recorder->used)
		return 0;
	err = write_all(recorder, recorder->buffer, recorder->used);
	if (err) {
		recorder->failed += recorder->waiting;
		recorder->events -= recorder->waiting;
		recorder->untold += recorder->waiting + recorder->telling;
	} else {
		recorder->bytes += recorder->used;
	}
	recorder->used = 0;
	recorder->waiting = recorder->telling = 0;
	return err;
}

int krsi_recorder_lost(struct krsi_recorder *recorder, uint64_t count)
{
	if (!recorder)
		return -EINVAL;
	recorder->untold += count;
	return 0;
}

static int head_write(struct krsi_recorder *recorder)
{
	struct record_head head = { .order = RECORD_ORDER, .version = RECORD_VERSION, .head_size = sizeof(head) };
	int err;

	memcpy(head.magic, RECORD_MAGIC, sizeof(head.magic));
	head.begun = clock_ns(CLOCK_REALTIME);
	head.checksum = (uint32_t)crc32(0, (const Bytef *)&head, offsetof(struct record_head, checksum));
	err = write_all(recorder, (const char *)&head, sizeof(head));
	if (!err)
		recorder->bytes = sizeof(head);
	return err;
}

int krsi_recorder_new(struct krsi_ctx *ctx, int fd, struct krsi_recorder **ret)
{
	struct krsi_recorder *recorder;
	struct stat st;
	int err;

	if (!ctx || !ret || fd < 0)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_recorder_new: an argument is NULL, or the descriptor negative");
	recorder = calloc(1, sizeof(*recorder));
	if (!recorder)
		return krsi_priv_fail(ctx, -ENOMEM, "recording: no memory");
	recorder->ctx = krsi_priv_ctx_ref(ctx);
	recorder->fd = fd;
	recorder->whole = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
	recorder->buffer = malloc(BUFFER_SIZE);
	err = recorder->buffer ? head_write(recorder) : krsi_priv_fail(ctx, -ENOMEM, "recording: no memory");
	if (err) {
		krsi_recorder_free(recorder);
		return err;
	}
	*ret = recorder;
	return 0;
}

void krsi_recorder_free(struct krsi_recorder *recorder)
{
	if (!recorder)
		return;
	free(recorder->buffer);
	krsi_ctx_free(recorder->ctx);
	free(recorder);
}

/* What is not in the kernel's record, or not to be seen by everybody. */
static void event_complete(struct krsi_priv_event_record *record, const struct krsi_event *event)
{
	const char *policy = krsi_event_policy(event), *rule = krsi_event_rule(event), *argv;
	uint32_t flags = 0;
	size_t size = 0;
	uint64_t wall;

	if (!event->at[KRSI_EVENT_WALL_TIME] && krsi_event_number(event, KRSI_EVENT_WALL_TIME, &wall) == 0)
		krsi_priv_event_put_number(record, KRSI_EVENT_WALL_TIME, wall);
	if (!event->at[KRSI_EVENT_POLICY] && policy)
		krsi_priv_event_put(record, KRSI_EVENT_POLICY, policy, strlen(policy), 0);
	if (!event->at[KRSI_EVENT_RULE] && rule)
		krsi_priv_event_put(record, KRSI_EVENT_RULE, rule, strlen(rule), 0);
	if (event->environment || !event->at[KRSI_EVENT_STRINGS])
		return;
	argv = krsi_event_text(event, KRSI_EVENT_ARGV, &size, &flags);
	if (argv)
		krsi_priv_event_put(record, KRSI_EVENT_ARGV, argv, size, flags);
}

/* Overwrite the environment, which was not asked for; what was kept of it apart is in a field of its own. */
static void environment_hide(struct krsi_priv_event_record *record, const struct krsi_event *event)
{
	struct event_field *field;

	if (event->environment || !event->at[KRSI_EVENT_STRINGS])
		return;
	field = (struct event_field *)(record->bytes + event->at[KRSI_EVENT_STRINGS]);
	field->id = 0;
	memset(field + 1, 0, field->size);
}

/* An event that will be in no file. */
static int event_fail(struct krsi_recorder *recorder, int err)
{
	recorder->failed++;
	recorder->untold++;
	return err;
}

int krsi_recorder_event(struct krsi_recorder *recorder, const struct krsi_event *event)
{
	struct krsi_priv_event_record record;
	size_t size;
	int err = 0;

	if (!recorder || !event)
		return -EINVAL;
	krsi_priv_event_copy(&record, event);
	if (record.bytes)
		environment_hide(&record, event);
	event_complete(&record, event);
	size = record.size + sizeof(struct record_frame);
	if (!krsi_priv_event_end(&record))
		return event_fail(recorder, krsi_priv_fail(recorder->ctx, -ENOMEM, "recording: no memory for an event"));
	if (size > BUFFER_SIZE - LOST_SIZE) {
		free(record.bytes);
		return event_fail(recorder, krsi_priv_fail(recorder->ctx, -EMSGSIZE, "recording: an event of %zu bytes is too large; the limit is %zu",
							   size, BUFFER_SIZE - LOST_SIZE));
	}
	/* There is always room to say what is missing. */
	if (recorder->used + size > BUFFER_SIZE - LOST_SIZE)
		err = krsi_recorder_flush(recorder);
	lost_add(recorder);
	frame_add(recorder, &record);
	recorder->waiting++;
	recorder->events++;
	free(record.bytes);
	return err;
}

int krsi_recorder_info(const struct krsi_recorder *recorder, struct krsi_recorder_info *info)
{
	struct krsi_recorder_info have = { .sz = sizeof(have) };

	if (!recorder || !info)
		return -EINVAL;
	have.events = recorder->events;
	have.bytes = recorder->bytes + recorder->used;
	have.failed = recorder->failed;
	have.untold = recorder->untold + recorder->telling;
	return KRSI_PRIV_INFO_WRITE(recorder->ctx, info, &have, "krsi_recorder_info");
}

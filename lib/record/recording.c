/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Reading a recording, whose bytes may be anything. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/record.h>
#include <zlib.h>

#include "../ctx.h"
#include "../event/event.h"
#include "format.h"

/* Of frame_read(): there is no frame. Never leaves this file. */
#define ENDED 1

struct krsi_recording {
	struct krsi_ctx *ctx;
	int fd;
	uint64_t at;			/* where the record that is read next begins */
	bool is_damaged;
	char *buffer;			/* of the last record */
	size_t capacity;
	char *policy, *rule;		/* its names, terminated; NULL: absent */
	struct krsi_priv_event_names names;
	struct krsi_event event;
};

/* Read `size` bytes. Returns how many there are, less at the end of the file; negative: it cannot be read. */
static ssize_t read_up_to(struct krsi_recording *recording, void *into, size_t size)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < size && n) {
		n = read(recording->fd, (char *)into + done, size - done);
		if (n < 0 && errno != EINTR)
			return krsi_priv_fail(recording->ctx, -EIO, "recording: cannot be read: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)done;
}

static int damaged(struct krsi_recording *recording, const char *what)
{
	recording->is_damaged = true;
	return krsi_priv_fail(recording->ctx, -EBADMSG, "recording: damaged at byte %llu: %s; what is in front of it is whole",
			      (unsigned long long)recording->at, what);
}

/* --- the head ---------------------------------------------------------------- */

static int head_read(struct krsi_recording *recording)
{
	struct record_head head;
	char skipped[64];
	size_t more;
	ssize_t n;

	n = read_up_to(recording, &head, sizeof(head));
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)sizeof(head.magic) || memcmp(head.magic, RECORD_MAGIC, sizeof(head.magic)) != 0)
		return krsi_priv_fail(recording->ctx, -EBADMSG, "recording: this is none: it does not begin as recordings do");
	if (n < (ssize_t)sizeof(head))
		return damaged(recording, "the head is cut off");
	if (head.order != RECORD_ORDER)
		return krsi_priv_fail(recording->ctx, -EOPNOTSUPP, "recording: it was made on a machine of another byte order");
	if (head.version != RECORD_VERSION)
		return krsi_priv_fail(recording->ctx, -EOPNOTSUPP, "recording: it has format %u; this library knows %u; use a newer one", head.version, RECORD_VERSION);
	if (head.head_size < sizeof(head) || head.checksum != (uint32_t)crc32(0, (const Bytef *)&head, offsetof(struct record_head, checksum)))
		return damaged(recording, "the checksum of the head is wrong");
	for (more = head.head_size - sizeof(head); more; more -= (size_t)n) {
		n = read_up_to(recording, skipped, more < sizeof(skipped) ? more : sizeof(skipped));
		if (n < 0)
			return (int)n;
		if (n == 0)
			return damaged(recording, "the head is cut off");
	}
	recording->at = head.head_size;
	return 0;
}

/* --- records ----------------------------------------------------------------- */

static int names_take(struct krsi_recording *recording)
{
	const struct {
		uint32_t field;
		char **into;
	} names[] = { { KRSI_EVENT_POLICY, &recording->policy }, { KRSI_EVENT_RULE, &recording->rule } };
	const char *text;
	size_t i, size;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		free(*names[i].into);
		*names[i].into = NULL;
		text = krsi_event_text(&recording->event, names[i].field, &size, NULL);
		if (!text)
			continue;
		*names[i].into = strndup(text, size);
		if (!*names[i].into)
			return -ENOMEM;
	}
	return 0;
}

static int frame_read(struct krsi_recording *recording, struct record_frame *frame)
{
	ssize_t n = read_up_to(recording, frame, sizeof(*frame));
	char *more;

	if (n < 0)
		return (int)n;
	if (n == 0)
		return ENDED;
	if (n < (ssize_t)sizeof(*frame))
		return damaged(recording, "the last record is cut off");
	if (frame->size > RECORD_SIZE_MAX)
		return damaged(recording, "the size of a record is impossible");
	if (frame->size <= recording->capacity)
		return 0;
	more = realloc(recording->buffer, frame->size);
	if (!more)
		return krsi_priv_fail(recording->ctx, -ENOMEM, "recording: no memory");
	recording->buffer = more;
	recording->capacity = frame->size;
	return 0;
}

int krsi_recording_next(struct krsi_recording *recording, const struct krsi_event **event)
{
	struct record_frame frame;
	ssize_t n;
	uLong sum;
	int err;

	if (!recording || !event)
		return krsi_priv_fail(recording ? recording->ctx : NULL, -EINVAL, "krsi_recording_next: an argument is NULL");
	if (recording->is_damaged)
		return damaged(recording, "it was found to be before");
	err = frame_read(recording, &frame);
	if (err == ENDED)
		*event = NULL;
	if (err)
		return err == ENDED ? 0 : err;
	n = read_up_to(recording, recording->buffer, frame.size);
	if (n < 0)
		return (int)n;
	if (n < (ssize_t)frame.size)
		return damaged(recording, "the last record is cut off");
	sum = crc32(crc32(0, (const Bytef *)&frame.size, sizeof(frame.size)), (const Bytef *)recording->buffer, frame.size);
	if (frame.checksum != (uint32_t)sum)
		return damaged(recording, "the checksum of a record is wrong");
	if (!krsi_priv_event_read(recording->buffer, frame.size, &recording->event))
		return damaged(recording, "a record is no event");
	recording->at += sizeof(frame) + frame.size;
	recording->event.names = &recording->names;
	recording->event.environment = true;	/* what may not be seen is not in it */
	if (names_take(recording))
		return krsi_priv_fail(recording->ctx, -ENOMEM, "recording: no memory");
	*event = &recording->event;
	return 0;
}

/* --- the recording ------------------------------------------------------------- */

static const char *name_of_policy(const void *data, uint32_t generation, uint32_t policy)
{
	(void)generation;
	(void)policy;
	return ((const struct krsi_recording *)data)->policy;
}

static const char *name_of_rule(const void *data, uint32_t generation, uint32_t policy, uint32_t rule)
{
	(void)generation;
	(void)policy;
	(void)rule;
	return ((const struct krsi_recording *)data)->rule;
}

int krsi_recording_new(struct krsi_ctx *ctx, int fd, struct krsi_recording **ret)
{
	struct krsi_recording *recording;
	int err;

	if (!ctx || !ret || fd < 0)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_recording_new: an argument is NULL, or the descriptor negative");
	recording = calloc(1, sizeof(*recording));
	if (!recording)
		return krsi_priv_fail(ctx, -ENOMEM, "recording: no memory");
	recording->ctx = krsi_priv_ctx_ref(ctx);
	recording->fd = fd;
	recording->names = (struct krsi_priv_event_names){ name_of_policy, name_of_rule, recording };
	err = head_read(recording);
	if (err) {
		krsi_recording_free(recording);
		return err;
	}
	*ret = recording;
	return 0;
}

void krsi_recording_free(struct krsi_recording *recording)
{
	if (!recording)
		return;
	free(recording->policy);
	free(recording->rule);
	free(recording->buffer);
	krsi_ctx_free(recording->ctx);
	free(recording);
}

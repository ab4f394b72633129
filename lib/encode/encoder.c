/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libkrsi/version.h>

#include "../ctx.h"
#include "../opts.h"
#include "encode.h"
#include "utf8.h"

#define FLAGS (KRSI_ENCODE_COLOR | KRSI_ENCODE_UTF8 | KRSI_ENCODE_DETAILS | KRSI_ENCODE_NAMES)

/* krsi_priv_fail() of this library, which opts.c is built for as well: it sees no more of a context than everybody. */
int krsi_priv_fail(struct krsi_ctx *ctx, int err, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return krsi_ctx_fail(ctx, err, text);
}

/* --- text that grows ------------------------------------------------------------ */

void krsi_priv_out_begin(struct krsi_priv_out *out)
{
	out->size = 0;
	out->no_memory = false;
	krsi_priv_out_bytes(out, "", 0);
}

void krsi_priv_out_free(struct krsi_priv_out *out)
{
	free(out->text);
	*out = (struct krsi_priv_out){ .size = 0 };
}

/* Room for so many bytes and a NUL behind all. */
static char *room(struct krsi_priv_out *out, size_t size)
{
	size_t capacity = out->capacity ? out->capacity : 1024;
	char *text;

	while (capacity - out->size <= size)
		capacity *= 2;
	if (capacity != out->capacity) {
		text = out->no_memory ? NULL : realloc(out->text, capacity);
		if (!text) {
			out->no_memory = true;
			return NULL;
		}
		out->text = text;
		out->capacity = capacity;
	}
	return out->text + out->size;
}

void krsi_priv_out_bytes(struct krsi_priv_out *out, const char *bytes, size_t size)
{
	char *at = room(out, size);

	if (!at)
		return;
	memcpy(at, bytes, size);
	at[size] = '\0';
	out->size += size;
}

void krsi_priv_out_string(struct krsi_priv_out *out, const char *string)
{
	krsi_priv_out_bytes(out, string, strlen(string));
}

void krsi_priv_out_print(struct krsi_priv_out *out, const char *fmt, ...)
{
	char text[256];		/* of numbers and words; nothing of unknown origin is printed */
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	krsi_priv_out_string(out, text);
}

/* --- new and free ----------------------------------------------------------------- */

static bool is_utf8(const char *text)
{
	size_t size = strlen(text), i, len;
	uint32_t code;

	for (i = 0; i < size; i += len) {
		len = krsi_priv_utf8(text + i, size - i, &code);
		if (!len)
			return false;
	}
	return true;
}

static int opts_check(struct krsi_ctx *ctx, const struct krsi_encoder_opts *opts)
{
	const char *const texts[] = { opts->host_name, opts->host_id, opts->product_vendor, opts->product_name, opts->product_version };
	size_t i;

	if (opts->format > KRSI_ENCODE_OCSF)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_encoder_new: there is no format %u", opts->format);
	if (opts->flags & ~(uint32_t)FLAGS)
		return krsi_priv_fail(ctx, -E2BIG, "krsi_encoder_new: flags have 0x%x, which this library does not know", opts->flags & ~(uint32_t)FLAGS);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i] && !is_utf8(texts[i]))
			return krsi_priv_fail(ctx, -EINVAL, "krsi_encoder_new: a text of the options is not UTF-8");
	return 0;
}

/* Copy a text that may be NULL. False: no memory. */
static bool copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return !text || *ret;
}

static bool fill(struct krsi_encoder *encoder, const struct krsi_encoder_opts *opts)
{
	encoder->format = opts->format ? opts->format : KRSI_ENCODE_TEXT;
	encoder->flags = opts->flags;
	if (opts->flags & KRSI_ENCODE_NAMES) {
		encoder->names = krsi_priv_names_new();
		if (!encoder->names)
			return false;
	}
	return copy(&encoder->host_name, opts->host_name) && copy(&encoder->host_id, opts->host_id) &&
	       copy(&encoder->product_vendor, opts->product_vendor ? opts->product_vendor : "libkrsi") &&
	       copy(&encoder->product_name, opts->product_name ? opts->product_name : "libkrsi") &&
	       copy(&encoder->product_version, opts->product_version ? opts->product_version : krsi_version());
}

int krsi_encoder_new(struct krsi_ctx *ctx, const struct krsi_encoder_opts *opts, struct krsi_encoder **ret)
{
	struct krsi_encoder_opts o;
	struct krsi_encoder *encoder;
	int err;

	if (!ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_encoder_new: ret is NULL");
	err = KRSI_PRIV_OPTS_READ(ctx, &o, opts, "krsi_encoder_opts");
	if (!err)
		err = opts_check(ctx, &o);
	if (err)
		return err;
	encoder = calloc(1, sizeof(*encoder));
	if (!encoder || !fill(encoder, &o)) {
		krsi_encoder_free(encoder);
		return krsi_priv_fail(ctx, -ENOMEM, "krsi_encoder_new: no memory");
	}
	*ret = encoder;
	return 0;
}

void krsi_encoder_free(struct krsi_encoder *encoder)
{
	if (!encoder)
		return;
	krsi_priv_names_free(encoder->names);
	free(encoder->host_name);
	free(encoder->host_id);
	free(encoder->product_vendor);
	free(encoder->product_name);
	free(encoder->product_version);
	krsi_priv_out_free(&encoder->out);
	free(encoder);
}

/* --- encoding ------------------------------------------------------------------------ */

static const struct {
	void (*said)(struct krsi_encoder *encoder, const struct krsi_event *event, const struct krsi_priv_said *said);
	void (*event)(struct krsi_encoder *encoder, const struct krsi_event *event);	/* where that is NULL */
	void (*lost)(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost);
} formats[] = {
	[KRSI_ENCODE_TEXT] = { .said = krsi_priv_encode_text, .lost = krsi_priv_encode_text_lost },
	[KRSI_ENCODE_JSON] = { .said = krsi_priv_encode_native, .lost = krsi_priv_encode_native_lost },
	[KRSI_ENCODE_ECS] = { .event = krsi_priv_encode_ecs, .lost = krsi_priv_encode_ecs_lost },
	[KRSI_ENCODE_OCSF] = { .event = krsi_priv_encode_ocsf, .lost = krsi_priv_encode_ocsf_lost },
};

static int hand_out(const struct krsi_encoder *encoder, const char **text, size_t *size)
{
	if (encoder->out.no_memory)
		return -ENOMEM;
	*text = encoder->out.text;
	if (size)
		*size = encoder->out.size;
	return 0;
}

static int lost_encode(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost, const char **text, size_t *size)
{
	krsi_priv_out_begin(&encoder->out);
	formats[encoder->format].lost(encoder, lost);
	return hand_out(encoder, text, size);
}

/* What the engine tells of what the kernel lost, and a recording of what it could not take. */
static int lost_event(struct krsi_encoder *encoder, const struct krsi_event *event, const char **text, size_t *size)
{
	struct krsi_priv_lost lost = { .cause = KRSI_PRIV_LOST_RING, .operation = krsi_event_operation(event) };
	uint64_t boot, cause;
	int err;

	if (krsi_event_number(event, KRSI_EVENT_LOST_CAUSE, &cause) == 0 && cause == KRSI_EVENT_LOST_OUTPUT)
		lost.cause = KRSI_PRIV_LOST_OUTPUT;
	krsi_event_number(event, KRSI_EVENT_LOST_COUNT, &lost.count);
	lost.total = encoder->lost[lost.cause] + lost.count;
	lost.has_time = krsi_event_number(event, KRSI_EVENT_TIME, &boot) == 0 && krsi_priv_wall(event, boot, &lost.wall);
	lost.boot = lost.has_time ? (int64_t)boot : 0;
	err = lost_encode(encoder, &lost, text, size);
	if (!err)
		encoder->lost[lost.cause] = lost.total;
	return err;
}

static int said_encode(struct krsi_encoder *encoder, const struct krsi_event *event, struct krsi_priv_said said, const char **text, size_t *size)
{
	krsi_priv_out_begin(&encoder->out);
	formats[encoder->format].said(encoder, event, &said);
	return hand_out(encoder, text, size);
}

int krsi_encoder_event(struct krsi_encoder *encoder, const struct krsi_event *event, const char **text, size_t *size)
{
	if (!encoder || !event || !text)
		return -EINVAL;
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_LOST)
		return lost_event(encoder, event, text, size);
	if (formats[encoder->format].said)
		return said_encode(encoder, event, krsi_priv_said(event), text, size);
	krsi_priv_out_begin(&encoder->out);
	formats[encoder->format].event(encoder, event);
	return hand_out(encoder, text, size);
}

int krsi_encoder_decision(struct krsi_encoder *encoder, const struct krsi_event *event, const struct krsi_decision_info *decision,
			  uint32_t flags, const char **text, size_t *size)
{
	struct krsi_decision_info have;
	int err;

	if (!encoder || !event || !decision || !text)
		return -EINVAL;
	if (flags & ~(uint32_t)KRSI_ENCODE_UNSURE)
		return -E2BIG;
	if (!formats[encoder->format].said)
		return -EOPNOTSUPP;
	err = KRSI_PRIV_OPTS_READ(NULL, &have, decision, "krsi_decision_info");
	return err ? err : said_encode(encoder, event, krsi_priv_said_asked(&have, flags & KRSI_ENCODE_UNSURE), text, size);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int krsi_encoder_lost(struct krsi_encoder *encoder, uint64_t count, uint64_t total, const char **text, size_t *size)
{
	struct krsi_priv_lost lost = {
		.cause = KRSI_PRIV_LOST_OUTPUT, .count = count, .total = total, .operation = "", .has_time = true,
	};

	if (!encoder || !text)
		return -EINVAL;
	lost.wall = clock_ns(CLOCK_REALTIME);
	lost.boot = clock_ns(CLOCK_BOOTTIME);
	return lost_encode(encoder, &lost, text, size);
}

/* --- and back -------------------------------------------------------------------------- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int krsi_encode_bytes(const char *text, const char *hex, void *bytes, size_t *size)
{
	size_t len, room, i;
	char *to = bytes;

	if (!text || !size || (!bytes && *size))
		return -EINVAL;
	room = *size;
	len = hex ? strlen(hex) : 2 * strlen(text);
	if (len % 2)
		return -EBADMSG;
	for (i = 0; hex && i < len; i++)
		if (digit(hex[i]) < 0)
			return -EBADMSG;
	*size = len / 2;
	if (*size > room)
		return -ENOSPC;
	for (i = 0; i < *size; i++)
		to[i] = hex ? (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1])) : text[i];
	return 0;
}

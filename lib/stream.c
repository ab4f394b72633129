/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Streams. Each ring has a reader of libbpf's to itself, behind an epoll descriptor of ours: with
 * one reader for all of them libbpf would decide the order, and a busy first ring would use up
 * every budget.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libkrsi/map.h>
#include <libkrsi/stream.h>

#include "ctx.h"
#include "errors.h"
#include "object.h"
#include "opts.h"

/* What a record's callback can tell libbpf to stop for. Never leaves this file. */
#define STOPPED_BY_BUDGET (-1)
#define STOPPED_BY_CALLER (-2)

/* Place of the counter in struct krsi_ring_lost of libkrsi/bpf/krsi.bpf.h. */
#define LOST_RECORDS_OFFSET 8
#define LOST_SIZE_MIN 24

struct ring {
	struct krsi_stream *stream;
	struct ring_buffer *reader;
	struct krsi_map *lost;	/* NULL for none */
	krsi_record_fn fn;
	void *data;
};

struct krsi_stream {
	struct krsi_ctx *ctx;
	int epoll_fd;
	struct ring **rings;	/* each by itself: libbpf holds their addresses */
	size_t ring_count;
	size_t next;		/* the ring that the next dispatch begins with */
	bool dispatching;
	uint32_t left;		/* records that this dispatch may still hand out */
	uint32_t handed;	/* records that it has */
	uint64_t records;
	uint64_t bytes;
	uint64_t wakeups;
};

int krsi_stream_new(struct krsi_ctx *ctx, struct krsi_stream **ret)
{
	struct krsi_stream *stream;
	int err;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_stream_new: an argument is NULL");
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return krsi_priv_fail(ctx, -ENOMEM, "stream: no memory");
	stream->ctx = krsi_priv_ctx_ref(ctx);
	stream->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (stream->epoll_fd < 0) {
		err = krsi_priv_fail(ctx, krsi_priv_error_close(-errno), "stream: cannot make an epoll descriptor: %s", strerror(errno));
		krsi_stream_free(stream);
		return err;
	}
	*ret = stream;
	return 0;
}

static void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->reader);
	krsi_map_free(ring->lost);
	free(ring);
}

void krsi_stream_free(struct krsi_stream *stream)
{
	size_t i;

	if (!stream)
		return;
	if (stream->epoll_fd >= 0)
		close(stream->epoll_fd);
	for (i = 0; i < stream->ring_count; i++)
		ring_free(stream->rings[i]);
	free(stream->rings);
	krsi_ctx_free(stream->ctx);
	free(stream);
}

static int record_handle(void *arg, void *record, size_t size)
{
	struct ring *ring = arg;
	struct krsi_stream *stream = ring->stream;

	stream->records++;
	stream->bytes += size;
	stream->handed++;
	stream->left--;
	if (ring->fn(ring->data, record, size))
		return STOPPED_BY_CALLER;
	return stream->left ? 0 : STOPPED_BY_BUDGET;
}

static bool is_lost_counter(const struct krsi_map *map)
{
	struct krsi_map_info info = { .sz = sizeof(info) };

	krsi_map_info(map, &info);
	return info.type == BPF_MAP_TYPE_PERCPU_ARRAY && info.key_size == sizeof(uint32_t) &&
	       info.value_size >= LOST_SIZE_MIN;
}

/* A reader needs the descriptor only to map the ring; the ring's own stays with the caller. */
static int ring_open(struct krsi_stream *stream, struct ring *ring, const struct krsi_map *map,
		     const struct krsi_map *lost)
{
	struct krsi_map_info info = { .sz = sizeof(info) };
	int err;

	krsi_map_info(map, &info);
	ring->reader = ring_buffer__new(krsi_map_fd(map), record_handle, ring, NULL);
	if (!ring->reader) {
		err = errno ? -errno : -EIO;
		return krsi_priv_fail(stream->ctx, krsi_priv_error_close(err), "ring buffer %s: cannot be mapped: %s", info.name,
				      krsi_priv_errno_name(err));
	}
	if (!lost)
		return 0;
	return krsi_map_open_fd(stream->ctx, krsi_map_fd(lost), &ring->lost);
}

static int ring_add(struct krsi_stream *stream, struct ring *ring)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct ring **rings;

	rings = reallocarray(stream->rings, stream->ring_count + 1, sizeof(*rings));
	if (!rings)
		return krsi_priv_fail(stream->ctx, -ENOMEM, "stream: no memory for another ring buffer");
	stream->rings = rings;
	/* libbpf's own epoll descriptor is readable while its ring is, and closed together with it. */
	if (epoll_ctl(stream->epoll_fd, EPOLL_CTL_ADD, ring_buffer__epoll_fd(ring->reader), &event) < 0)
		return krsi_priv_fail(stream->ctx, krsi_priv_error_close(-errno), "stream: cannot watch a ring buffer: %s", strerror(errno));
	rings[stream->ring_count++] = ring;
	return 0;
}

int krsi_stream_add(struct krsi_stream *stream, const struct krsi_map *map,
		    const struct krsi_map *lost, krsi_record_fn fn, void *data)
{
	struct krsi_map_info info = { .sz = sizeof(info) };
	struct ring *ring;
	int err;

	if (!stream || !map || !fn)
		return krsi_priv_fail(stream ? stream->ctx : NULL, -EINVAL, "krsi_stream_add: an argument is NULL");
	krsi_map_info(map, &info);
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return krsi_priv_fail(stream->ctx, -EINVAL, "map %s: it is no ring buffer", info.name);
	if (lost && !is_lost_counter(lost))
		return krsi_priv_fail(stream->ctx, -EINVAL, "ring buffer %s: its counter of lost records must be a per-CPU array "
				      "of struct krsi_ring_lost (libkrsi/bpf/krsi.bpf.h)", info.name);
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return krsi_priv_fail(stream->ctx, -ENOMEM, "ring buffer %s: no memory", info.name);
	ring->stream = stream;
	ring->fn = fn;
	ring->data = data;
	err = ring_open(stream, ring, map, lost);
	if (!err)
		err = ring_add(stream, ring);
	if (err)
		ring_free(ring);
	return err;
}

static bool object_has_map(const struct krsi_object *object, const char *name)
{
	struct krsi_object_map_info info = { .sz = sizeof(info) };
	size_t i;

	for (i = 0; krsi_object_map_count(object) > i; i++)
		if (krsi_object_map_info(object, i, &info) == 0 && strcmp(info.name, name) == 0)
			return true;
	return false;
}

int krsi_stream_add_object(struct krsi_stream *stream, struct krsi_object *object, const char *name,
			   krsi_record_fn fn, void *data)
{
	struct krsi_map *ring = NULL, *lost = NULL;
	char *lost_name = NULL;
	int err;

	if (!stream || !object || !name || !fn)
		return krsi_priv_fail(stream ? stream->ctx : NULL, -EINVAL, "krsi_stream_add_object: an argument is NULL");
	if (asprintf(&lost_name, "%s_lost", name) < 0)
		return krsi_priv_fail(stream->ctx, -ENOMEM, "ring buffer %s: no memory", name);
	err = krsi_map_open(object, name, &ring);
	if (!err && object_has_map(object, lost_name))
		err = krsi_map_open(object, lost_name, &lost);
	if (!err)
		err = krsi_stream_add(stream, ring, lost, fn, data);
	krsi_map_free(lost);
	krsi_map_free(ring);
	free(lost_name);
	return err;
}

int krsi_stream_fd(const struct krsi_stream *stream)
{
	return stream ? stream->epoll_fd : -EINVAL;
}

/* Read each ring once round, beginning with the one that is next. 0 or STOPPED_BY_*. */
static int rings_read(struct krsi_stream *stream)
{
	size_t i, first = stream->next;
	int ret;

	for (i = 0; i < stream->ring_count; i++) {
		size_t n = (first + i) % stream->ring_count;

		ret = ring_buffer__consume(stream->rings[n]->reader);
		if (ret < 0) {
			stream->next = (n + 1) % stream->ring_count;
			return ret;
		}
	}
	return 0;
}

int krsi_stream_dispatch(struct krsi_stream *stream, uint32_t budget, uint32_t *count)
{
	int ret;

	if (!stream)
		return -EINVAL;
	if (stream->dispatching)
		return krsi_priv_fail(stream->ctx, -EBUSY, "stream: dispatch was called from one of its own callbacks");
	stream->dispatching = true;
	stream->handed = 0;
	stream->left = budget ? budget : UINT32_MAX;
	ret = rings_read(stream);
	stream->dispatching = false;
	if (stream->handed)
		stream->wakeups++;
	if (count)
		*count = stream->handed;
	if (ret == STOPPED_BY_CALLER)
		return krsi_priv_fail(stream->ctx, -ECANCELED, "stream: a callback ended the dispatch after %u records", stream->handed);
	return 0;
}

int krsi_stream_stats(const struct krsi_stream *stream, struct krsi_stream_stats_info *stats)
{
	struct krsi_stream_stats_info all = { .sz = sizeof(all) };
	uint32_t zero = 0;
	uint64_t lost;
	size_t i;
	int err;

	if (!stream || !stats)
		return -EINVAL;
	for (i = 0; i < stream->ring_count; i++) {
		if (!stream->rings[i]->lost)
			continue;
		err = krsi_map_sum(stream->rings[i]->lost, &zero, sizeof(zero), LOST_RECORDS_OFFSET, &lost);
		if (err)
			return err;
		all.lost += lost;
		all.lost_known++;
	}
	all.records = stream->records;
	all.bytes = stream->bytes;
	all.wakeups = stream->wakeups;
	all.rings = (uint32_t)stream->ring_count;
	return KRSI_PRIV_INFO_WRITE(stream->ctx, stats, &all, "krsi_stream_stats_info");
}

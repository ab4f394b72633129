/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Streams. Each ring has a reader of libbpf's to itself, behind an epoll descriptor of ours: with
 * one reader for all of them libbpf would decide the order, and a busy first ring would use up
 * every budget. Perf buffers are in perf.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libkrsi/map.h>
#include <libkrsi/stream.h>

#include "ctx.h"
#include "errors.h"
#include "object.h"
#include "opts.h"
#include "perf.h"

/* What a record's callback can tell libbpf to stop for: no errno. Never leaves this file. */
#define STOPPED_BY_BUDGET (-10001)
#define STOPPED_BY_CALLER (-10002)

/* Place of the counter in struct krsi_ring_lost of libkrsi/bpf/krsi.bpf.h. */
#define LOST_RECORDS_OFFSET 8
#define LOST_SIZE_MIN 24

struct ring {
	struct krsi_stream *stream;
	struct ring_buffer *reader;	/* of a ring buffer; NULL for a perf buffer */
	struct krsi_priv_perf *perf;	/* of a perf buffer */
	struct krsi_map *lost;	/* NULL for none */
	krsi_record_fn fn;
	void *data;
};

struct krsi_stream {
	struct krsi_ctx *ctx;
	int epoll_fd;
	int again_fd;		/* readable when a dispatch left records behind; -1 while there is no perf buffer */
	bool again;
	struct krsi_stream_perf_opts perf_opts;
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
	stream->again_fd = -1;
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
	krsi_priv_perf_free(ring->perf);
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
	if (stream->again_fd >= 0)
		close(stream->again_fd);
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

static int watch(struct krsi_stream *stream, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (epoll_ctl(stream->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return krsi_priv_fail(stream->ctx, krsi_priv_error_close(-errno), "stream: cannot watch a descriptor: %s", strerror(errno));
}

/* A reader needs the descriptor only to map the ring; the ring's own stays with the caller. */
static int ring_open(struct krsi_stream *stream, struct ring *ring, const struct krsi_map *map, const char *name)
{
	int err;

	ring->reader = ring_buffer__new(krsi_map_fd(map), record_handle, ring, NULL);
	if (!ring->reader) {
		err = errno ? -errno : -EIO;
		return krsi_priv_fail(stream->ctx, krsi_priv_error_close(err), "ring buffer %s: cannot be mapped: %s", name,
				      krsi_priv_errno_name(err));
	}
	/* libbpf's own epoll descriptor is readable while its ring is, and closed together with it. */
	return watch(stream, ring_buffer__epoll_fd(ring->reader));
}

/* The kernel tells once that a perf buffer has records, so what a dispatch leaves behind is for us to tell. */
static int again_open(struct krsi_stream *stream)
{
	int err, fd;

	if (stream->again_fd >= 0)
		return 0;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return krsi_priv_fail(stream->ctx, krsi_priv_error_close(-errno), "stream: no eventfd: %s", strerror(errno));
	err = watch(stream, fd);
	if (err)
		close(fd);
	else
		stream->again_fd = fd;
	return err;
}

static void again_set(struct krsi_stream *stream, bool again)
{
	uint64_t count;

	if (stream->again_fd < 0 || stream->again == again)
		return;
	stream->again = again;
	if (again)
		eventfd_write(stream->again_fd, 1);
	else
		eventfd_read(stream->again_fd, &count);
}

static int perf_open(struct krsi_stream *stream, struct ring *ring, const struct krsi_map *map)
{
	int err = again_open(stream);

	if (err)
		return err;
	return krsi_priv_perf_new(stream->ctx, map, &stream->perf_opts, stream->epoll_fd, record_handle, ring, &ring->perf);
}

static int ring_add(struct krsi_stream *stream, struct ring *ring)
{
	struct ring **rings;

	rings = reallocarray(stream->rings, stream->ring_count + 1, sizeof(*rings));
	if (!rings)
		return krsi_priv_fail(stream->ctx, -ENOMEM, "stream: no memory for another ring buffer");
	stream->rings = rings;
	rings[stream->ring_count++] = ring;
	return 0;
}

static int lost_check(struct krsi_stream *stream, const struct krsi_map_info *info, const struct krsi_map *lost)
{
	if (!lost)
		return 0;
	if (info->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return krsi_priv_fail(stream->ctx, -EINVAL, "perf buffer %s: the kernel counts its lost records; give no counter of them", info->name);
	if (is_lost_counter(lost))
		return 0;
	return krsi_priv_fail(stream->ctx, -EINVAL, "ring buffer %s: its counter of lost records must be a per-CPU array "
			      "of struct krsi_ring_lost (libkrsi/bpf/krsi.bpf.h)", info->name);
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
	if (info.type != BPF_MAP_TYPE_RINGBUF && info.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY)
		return krsi_priv_fail(stream->ctx, -EINVAL, "map %s: it is no ring buffer and no perf buffer", info.name);
	err = lost_check(stream, &info, lost);
	if (err)
		return err;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return krsi_priv_fail(stream->ctx, -ENOMEM, "ring buffer %s: no memory", info.name);
	ring->stream = stream;
	ring->fn = fn;
	ring->data = data;
	err = info.type == BPF_MAP_TYPE_RINGBUF ? ring_open(stream, ring, map, info.name) : perf_open(stream, ring, map);
	if (!err && lost)
		err = krsi_map_open_fd(stream->ctx, krsi_map_fd(lost), &ring->lost);
	if (!err)
		err = ring_add(stream, ring);
	if (err)
		ring_free(ring);
	return err;
}

int krsi_stream_set_perf(struct krsi_stream *stream, const struct krsi_stream_perf_opts *opts)
{
	struct krsi_stream_perf_opts o;
	int err;

	if (!stream)
		return -EINVAL;
	err = KRSI_PRIV_OPTS_READ(stream->ctx, &o, opts, "krsi_stream_perf_opts");
	if (err)
		return err;
	if (o.pages & (o.pages - 1))
		return krsi_priv_fail(stream->ctx, -EINVAL, "stream: %u pages for each CPU of a perf buffer are no power of two, such as 64", o.pages);
	stream->perf_opts = o;
	return 0;
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

static bool is_perf_buffer(const struct krsi_map *map)
{
	struct krsi_map_info info = { .sz = sizeof(info) };

	krsi_map_info(map, &info);
	return info.type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
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
	if (!err && !is_perf_buffer(ring) && object_has_map(object, lost_name))
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

/* Read each ring once round, beginning with the one that is next. 0, STOPPED_BY_*, or a negative errno with the failure told. */
static int rings_read(struct krsi_stream *stream)
{
	size_t i, first = stream->next;
	int ret;

	for (i = 0; i < stream->ring_count; i++) {
		size_t n = (first + i) % stream->ring_count;
		const struct ring *ring = stream->rings[n];

		ret = ring->perf ? krsi_priv_perf_read(ring->perf) : ring_buffer__consume(ring->reader);
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
	again_set(stream, ret < 0);
	if (stream->handed)
		stream->wakeups++;
	if (count)
		*count = stream->handed;
	if (ret == STOPPED_BY_CALLER)
		return krsi_priv_fail(stream->ctx, -ECANCELED, "stream: a callback ended the dispatch after %u records", stream->handed);
	return ret == STOPPED_BY_BUDGET ? 0 : ret;
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
		const struct ring *ring = stream->rings[i];

		if (!ring->lost && !ring->perf)
			continue;
		err = ring->lost ? krsi_map_sum(ring->lost, &zero, sizeof(zero), LOST_RECORDS_OFFSET, &lost) : 0;
		if (err)
			return err;
		if (ring->perf)
			lost = krsi_priv_perf_lost(ring->perf);
		all.lost += lost;
		all.lost_known++;
	}
	all.records = stream->records;
	all.bytes = stream->bytes;
	all.wakeups = stream->wakeups;
	all.rings = (uint32_t)stream->ring_count;
	return KRSI_PRIV_INFO_WRITE(stream->ctx, stats, &all, "krsi_stream_stats_info");
}

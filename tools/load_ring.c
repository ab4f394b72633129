/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The foreground of `krsi load`: records of ring buffers and perf buffers are counted until a signal ends it. */
#include "load.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>
#include <linux/bpf.h>

#include "term.h"
#include "tool.h"

/* Records of one ring in a row, so that a busy one does not keep the others and the signals waiting. */
#define BUDGET 1024

/* A stream of its own for each ring: libkrsi sums the counts of a stream's rings. */
struct ring {
	char *name;
	struct load_record record;
	struct krsi_stream *stream;
};

struct rings {
	struct ring *rings;
	struct pollfd *ready;	/* the signals, then the rings */
	size_t count;
};

static int record_take(void *data, const void *record, size_t size)
{
	struct ring *ring = data;

	record_show(&ring->record, record, size);
	return 0;
}

/* Whether a map of an earlier object is the same one: objects can share pinned maps. */
static bool map_is_known(const struct load_object *objects, size_t before, uint32_t id)
{
	size_t i, k;

	for (i = 0; i < before; i++)
		for (k = 0; k < krsi_object_map_count(objects[i].object); k++) {
			struct krsi_object_map_info info = { .sz = sizeof(info) };

			krsi_object_map_info(objects[i].object, k, &info);
			if (info.id == id && id)
				return true;
		}
	return false;
}

static int ring_add(struct rings *rings, struct krsi_ctx *ctx, const struct load_object *from,
		    const struct krsi_object_map_info *info, const struct load_output *output)
{
	const struct krsi_stream_perf_opts perf = { .sz = sizeof(perf), .pages = output->perf_pages };
	struct ring *ring = &rings->rings[rings->count];

	ring->name = strdup(info->name);
	if (!ring->name) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	rings->count++;
	ring->record = (struct load_record){
		.path = from->path, .ring = ring->name, .ctx = ctx, .object = from->object, .output = output,
		.type = wishes_type(output->wishes, from->object, info->name), .perf = info->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	};
	if (krsi_stream_new(ctx, &ring->stream) || krsi_stream_set_perf(ring->stream, &perf) ||
	    krsi_stream_add_object(ring->stream, from->object, info->name, record_take, ring))
		return report_failure(ctx);
	rings->ready[rings->count] = (struct pollfd){ .fd = krsi_stream_fd(ring->stream), .events = POLLIN };
	return 0;
}

static int rings_open(struct rings *rings, struct krsi_ctx *ctx, const struct load_object *objects, size_t count,
		      const struct load_output *output)
{
	size_t i, k, maps = 0;
	int err;

	for (i = 0; i < count; i++)
		maps += krsi_object_map_count(objects[i].object);
	/* Streams keep the address of their ring, so the array must not move. */
	rings->rings = calloc(maps + 1, sizeof(*rings->rings));
	rings->ready = calloc(maps + 1, sizeof(*rings->ready));
	if (!rings->rings || !rings->ready) {
		tool_error("no memory");
		return TOOL_FAILED;
	}
	for (i = 0; i < count; i++)
		for (k = 0; k < krsi_object_map_count(objects[i].object); k++) {
			struct krsi_object_map_info info = { .sz = sizeof(info) };

			krsi_object_map_info(objects[i].object, k, &info);
			if ((info.type != BPF_MAP_TYPE_RINGBUF && info.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY) ||
			    map_is_known(objects, i, info.id))
				continue;
			err = ring_add(rings, ctx, &objects[i], &info, output);
			if (err)
				return err;
		}
	return 0;
}

static void rings_close(struct rings *rings)
{
	size_t i;

	for (i = 0; i < rings->count; i++) {
		krsi_stream_free(rings->rings[i].stream);
		free(rings->rings[i].name);
	}
	free(rings->rings);
	free(rings->ready);
}

static int rings_wait(struct rings *rings, struct krsi_ctx *ctx, const struct load_output *output)
{
	size_t i;

	for (;;) {
		/* Whoever reads us through a pipe sees what there is before we sleep. */
		fflush(stdout);
		if (output->json)
			fflush(output->json);
		if (poll(rings->ready, rings->count + 1, -1) < 0 && errno != EINTR) {
			tool_error("cannot wait: %s", strerror(errno));
			return TOOL_FAILED;
		}
		if (rings->ready[0].revents)
			return 0;
		for (i = 0; i < rings->count; i++)
			if (rings->ready[i + 1].revents && krsi_stream_dispatch(rings->rings[i].stream, BUDGET, NULL))
				return tool_fail(ctx);
	}
}

static void ring_print(const struct ring *ring)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) };

	krsi_stream_dispatch(ring->stream, 0, NULL);	/* what was written until the last program was detached */
	krsi_stream_stats(ring->stream, &stats);
	term_text(stdout, ring->record.path);
	printf("\t");
	term_text(stdout, ring->name);
	printf("\t%llu records\t%llu bytes\t", (unsigned long long)stats.records, (unsigned long long)stats.bytes);
	if (stats.lost_known)
		printf("%llu lost\n", (unsigned long long)stats.lost);
	else
		printf("losses not counted\n");
}

int rings_run(struct krsi_ctx *ctx, const struct load_object *objects, size_t count, int signals,
	      const struct load_output *output)
{
	struct rings rings = { .count = 0 };
	size_t i;
	int err;

	err = rings_open(&rings, ctx, objects, count, output);
	if (err)
		goto out;
	rings.ready[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
	printf("ready\n");
	err = rings_wait(&rings, ctx, output);
	for (i = 0; i < count; i++)
		krsi_object_detach(objects[i].object);
	for (i = 0; i < rings.count; i++)
		ring_print(&rings.rings[i]);
	printf("detached\n");
out:
	rings_close(&rings);
	return err;
}

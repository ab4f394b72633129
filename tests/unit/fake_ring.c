/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Readers of ring buffers in the fake kernel. */
#include "fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define RINGS_MAX 8
#define RECORDS_MAX 64
#define RECORD_SIZE_MAX 64

static struct fake_ring {
	bool open;
	int epoll;
	ring_buffer_sample_fn fn;
	void *data;
	unsigned int head, tail;
	size_t sizes[RECORDS_MAX];
	_Alignas(8) unsigned char records[RECORDS_MAX][RECORD_SIZE_MAX];
} rings[RINGS_MAX];

void fake_rings_reset(void)
{
	memset(rings, 0, sizeof(rings));
}

void fake_ring_put(unsigned int ring, const void *record, size_t size)
{
	struct fake_ring *to = &rings[ring];

	if (!to->open || to->head - to->tail == RECORDS_MAX || size > RECORD_SIZE_MAX)
		abort();
	to->sizes[to->head % RECORDS_MAX] = size;
	memcpy(to->records[to->head++ % RECORDS_MAX], record, size);
}

struct ring_buffer *__wrap_ring_buffer__new(int fd, ring_buffer_sample_fn fn, void *data, const struct ring_buffer_opts *opts);
struct ring_buffer *__wrap_ring_buffer__new(int fd, ring_buffer_sample_fn fn, void *data, const struct ring_buffer_opts *opts)
{
	const struct fake_thing *thing = fake_thing_by_fd(fd);
	size_t i;

	(void)opts;
	if (FAKE_CALLED())
		return NULL;
	if (!thing || thing->kind != FAKE_MAP || ((const struct bpf_map_info *)thing->body)->type != BPF_MAP_TYPE_RINGBUF) {
		errno = EINVAL;
		return NULL;
	}
	for (i = 0; rings[i].open; i++)
		if (i + 1 == RINGS_MAX)
			abort();
	rings[i] = (struct fake_ring){ .open = true, .epoll = epoll_create1(EPOLL_CLOEXEC), .fn = fn, .data = data };
	return (struct ring_buffer *)&rings[i];
}

void __wrap_ring_buffer__free(struct ring_buffer *opaque);
void __wrap_ring_buffer__free(struct ring_buffer *opaque)
{
	struct fake_ring *ring = (struct fake_ring *)opaque;

	if (!ring)
		return;
	close(ring->epoll);
	ring->open = false;
}

int __wrap_ring_buffer__epoll_fd(const struct ring_buffer *opaque);
int __wrap_ring_buffer__epoll_fd(const struct ring_buffer *opaque)
{
	return ((const struct fake_ring *)opaque)->epoll;
}

/* A record whose callback says stop counts as read, as in libbpf. */
int __wrap_ring_buffer__consume(struct ring_buffer *opaque);
int __wrap_ring_buffer__consume(struct ring_buffer *opaque)
{
	struct fake_ring *ring = (struct fake_ring *)opaque;
	int n = 0, err = FAKE_CALLED();

	while (!err && ring->tail != ring->head) {
		unsigned int at = ring->tail++ % RECORDS_MAX;

		err = ring->fn(ring->data, ring->records[at], ring->sizes[at]);
		if (err >= 0) {
			n++;
			err = 0;
		}
	}
	return err ? err : n;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Readers of perf buffers in the fake kernel, and its CPUs. Records are made as the kernel makes them. */
#include "fake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/perf_event.h>

#include "perf_cpu.h"

#define READERS_MAX 16
#define BUFFER_SIZE 2048
#define CHANGES_MAX 16

static struct fake_perf {
	bool open;
	bool dead;		/* its CPU went */
	int cpu;
	int fd;
	perf_buffer_event_fn fn;
	void *data;
	size_t head, tail;
	_Alignas(8) unsigned char bytes[BUFFER_SIZE];
} readers[READERS_MAX];

static struct krsi_priv_perf_cpu_change changes[CHANGES_MAX];
static unsigned int change_head, change_tail;
static bool changes_missed;

void fake_perf_reset(void)
{
	memset(readers, 0, sizeof(readers));
	change_head = change_tail = 0;
	changes_missed = false;
}

static bool is_offline(int cpu)
{
	return fake.offline >> cpu & 1;
}

static struct fake_perf *reader_of(int cpu)
{
	size_t i;

	for (i = 0; i < READERS_MAX; i++)
		if (readers[i].open && !readers[i].dead && readers[i].cpu == cpu)
			return &readers[i];
	return NULL;
}

static struct perf_event_header *event_new(struct fake_perf *reader, uint32_t type, size_t size)
{
	struct perf_event_header *event = (struct perf_event_header *)(reader->bytes + reader->head);

	if (reader->head + size > BUFFER_SIZE)
		abort();
	memset(event, 0, size);
	*event = (struct perf_event_header){ .type = type, .size = (uint16_t)size };
	reader->head += size;
	return event;
}

void fake_perf_put(int cpu, const void *record, size_t size)
{
	struct fake_perf *reader = reader_of(cpu);
	uint32_t filled = (uint32_t)((size + sizeof(filled) + 7) / 8 * 8 - sizeof(filled));
	unsigned char *event;

	if (!reader)
		return;
	event = (unsigned char *)event_new(reader, PERF_RECORD_SAMPLE, sizeof(struct perf_event_header) + sizeof(filled) + filled);
	memcpy(event + sizeof(struct perf_event_header), &filled, sizeof(filled));
	memcpy(event + sizeof(struct perf_event_header) + sizeof(filled), record, size);
	eventfd_write(reader->fd, 1);
}

void fake_perf_lose(int cpu, uint64_t count)
{
	uint64_t *body = (uint64_t *)(event_new(reader_of(cpu), PERF_RECORD_LOST, sizeof(struct perf_event_header) + 16) + 1);

	body[1] = count;
}

void fake_cpu_change(int cpu, bool online)
{
	struct fake_perf *reader;

	if (cpu < 0) {
		changes_missed = true;
		return;
	}
	reader = reader_of(cpu);
	if (reader)
		reader->dead = true;
	fake.offline &= ~(UINT64_C(1) << cpu);
	fake.offline |= (uint64_t)!online << cpu;
	changes[change_head++ % CHANGES_MAX] = (struct krsi_priv_perf_cpu_change){ .cpu = (uint32_t)cpu, .online = online };
}

/* --- instead of libbpf ---------------------------------------------------- */

struct perf_buffer *__wrap_perf_buffer__new_raw(int fd, size_t pages, struct perf_event_attr *attr, perf_buffer_event_fn fn, void *data,
						const struct perf_buffer_raw_opts *opts);
struct perf_buffer *__wrap_perf_buffer__new_raw(int fd, size_t pages, struct perf_event_attr *attr, perf_buffer_event_fn fn, void *data,
						const struct perf_buffer_raw_opts *opts)
{
	const struct fake_thing *thing = fake_thing_by_fd(fd);
	size_t i;

	if (FAKE_CALLED())
		return NULL;
	if (!thing || thing->kind != FAKE_MAP || !pages || (pages & (pages - 1)) || attr->config != PERF_COUNT_SW_BPF_OUTPUT ||
	    !attr->wakeup_events || opts->cpu_cnt != 1 || opts->cpus[0] != opts->map_keys[0] || is_offline(opts->cpus[0]))
		abort();
	for (i = 0; readers[i].open; i++)
		if (i + 1 == READERS_MAX)
			abort();
	readers[i] = (struct fake_perf){ .open = true, .cpu = opts->cpus[0], .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .fn = fn, .data = data };
	return (struct perf_buffer *)&readers[i];
}

void __wrap_perf_buffer__free(struct perf_buffer *opaque);
void __wrap_perf_buffer__free(struct perf_buffer *opaque)
{
	struct fake_perf *reader = (struct fake_perf *)opaque;

	if (!reader)
		return;
	close(reader->fd);
	reader->open = false;
}

int __wrap_perf_buffer__buffer_fd(const struct perf_buffer *opaque, size_t i);
int __wrap_perf_buffer__buffer_fd(const struct perf_buffer *opaque, size_t i)
{
	return i ? -EINVAL : ((const struct fake_perf *)opaque)->fd;
}

/* As the real one an event counts as read whatever its callback says, but for a failure of libbpf's own. */
int __wrap_perf_buffer__consume_buffer(struct perf_buffer *opaque, size_t i);
int __wrap_perf_buffer__consume_buffer(struct perf_buffer *opaque, size_t i)
{
	struct fake_perf *reader = (struct fake_perf *)opaque;
	enum bpf_perf_event_ret ret = LIBBPF_PERF_EVENT_CONT;
	eventfd_t unused;

	if (i || FAKE_CALLED())
		return -1;
	eventfd_read(reader->fd, &unused);	/* the real one is told of at the first poll(2) */
	while (ret == LIBBPF_PERF_EVENT_CONT && reader->tail != reader->head) {
		struct perf_event_header *event = (struct perf_event_header *)(reader->bytes + reader->tail);

		reader->tail += event->size;
		ret = reader->fn(reader->data, reader->cpu, event);
	}
	return ret == LIBBPF_PERF_EVENT_CONT ? 0 : ret;
}

/* --- CPUs ------------------------------------------------------------------ */

int __wrap_krsi_priv_perf_cpu_try(uint32_t cpu, const struct perf_event_attr *attr);
int __wrap_krsi_priv_perf_cpu_try(uint32_t cpu, const struct perf_event_attr *attr)
{
	int err = FAKE_CALLED();

	if (attr->read_format)
		return -EINVAL;		/* as before Linux 6.0 */
	return err ? err : is_offline((int)cpu) ? -ENODEV : 0;
}

int __wrap_krsi_priv_perf_cpu_watch(void);
int __wrap_krsi_priv_perf_cpu_watch(void)
{
	return fake.no_watch ? fake.no_watch : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

int __wrap_krsi_priv_perf_cpu_next(int watch, struct krsi_priv_perf_cpu_change *change);
int __wrap_krsi_priv_perf_cpu_next(int watch, struct krsi_priv_perf_cpu_change *change)
{
	(void)watch;
	if (changes_missed) {
		changes_missed = false;
		return -ENOBUFS;
	}
	if (change_tail == change_head)
		return 0;
	*change = changes[change_tail++ % CHANGES_MAX];
	return 1;
}

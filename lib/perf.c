/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Perf buffers. Each CPU has a reader of libbpf's to itself, as one that went offline has to be
 * opened anew when it is back: its event is dead, and what programs write is lost uncounted.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libkrsi/map.h>
#include <linux/perf_event.h>

#include "ctx.h"
#include "errors.h"
#include "perf.h"
#include "perf_cpu.h"

#define PAGES_DEFAULT 64

/* Since Linux 6.0; headers may be older. */
#define FORMAT_LOST (1u << 4)

struct perf_cpu {
	struct krsi_priv_perf *perf;
	struct perf_buffer *reader;	/* NULL while it is not online */
	bool changed;			/* it came or went since it was opened */
	uint64_t told;			/* losses, by the records of them */
};

struct krsi_priv_perf {
	struct krsi_ctx *ctx;
	struct krsi_map *map;		/* its entries are gone with its last descriptor */
	struct krsi_map_info info;
	struct krsi_stream_perf_opts opts;
	struct perf_event_attr attr;
	int epoll_fd;			/* the stream's */
	int watch_fd;
	krsi_priv_perf_fn fn;
	void *data;
	struct perf_cpu *cpus;		/* as many as are possible; libbpf holds their addresses */
	uint32_t cpu_count;
	uint32_t next;			/* the CPU that the next reading begins with */
	int stopped;			/* what the callback stopped the reading with */
	uint64_t lost_before;		/* on CPUs that went */
	/* The kernel's records are at odd places, and promised are even ones. */
	_Alignas(8) unsigned char record[UINT16_MAX + 1];
};

/* --- records --------------------------------------------------------------- */

struct sample {
	struct perf_event_header header;
	uint32_t size;
	unsigned char bytes[];
};

struct lost {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

static enum bpf_perf_event_ret event_handle(void *arg, int number, struct perf_event_header *event)
{
	const struct sample *sample = (const struct sample *)event;
	struct perf_cpu *cpu = arg;
	struct krsi_priv_perf *perf = cpu->perf;

	(void)number;
	if (event->type == PERF_RECORD_LOST)
		cpu->told += ((const struct lost *)event)->lost;
	if (event->type != PERF_RECORD_SAMPLE || sample->size > sizeof(perf->record))
		return LIBBPF_PERF_EVENT_CONT;
	memcpy(perf->record, sample->bytes, sample->size);
	perf->stopped = perf->fn(perf->data, perf->record, sample->size);
	return perf->stopped ? LIBBPF_PERF_EVENT_ERROR : LIBBPF_PERF_EVENT_CONT;
}

/* 0 when nothing is left, what the callback stopped with, or -ENOMEM with the failure told. */
static int records_read(struct krsi_priv_perf *perf, const struct perf_cpu *cpu)
{
	perf->stopped = 0;
	if (perf_buffer__consume_buffer(cpu->reader, 0) == 0)
		return 0;
	if (perf->stopped)
		return perf->stopped;
	return krsi_priv_fail(perf->ctx, -ENOMEM, "perf buffer %s: no memory for a record", perf->info.name);
}

/* --- losses ---------------------------------------------------------------- */

/* The kernel's own count has those as well that no record has told of yet. */
static uint64_t cpu_lost(const struct krsi_priv_perf *perf, const struct perf_cpu *cpu)
{
	struct { uint64_t value, lost; } counts;

	if (cpu->reader && perf->attr.read_format &&
	    read(perf_buffer__buffer_fd(cpu->reader, 0), &counts, sizeof(counts)) == sizeof(counts))
		return counts.lost;
	return cpu->told;
}

uint64_t krsi_priv_perf_lost(const struct krsi_priv_perf *perf)
{
	uint64_t lost = perf->lost_before;
	uint32_t i;

	for (i = 0; i < perf->cpu_count; i++)
		lost += cpu_lost(perf, &perf->cpus[i]);
	return lost;
}

/* --- CPUs ------------------------------------------------------------------ */

/* A program on this CPU finds no place in the map, and nobody would count what it loses. */
static int entry_check(const struct krsi_priv_perf *perf, uint32_t number)
{
	if (number < perf->info.max_entries)
		return 0;
	return krsi_priv_fail(perf->ctx, -EMSGSIZE, "perf buffer %s: it has %u entries, and so none for CPU %u; leave out its "
			      "max_entries, or set them with krsi_object_set_map_size()", perf->info.name, perf->info.max_entries, number);
}

/* 0, -ENODEV for a CPU that is not online, or a negative errno with the failure told. */
static int cpu_try(const struct krsi_priv_perf *perf, uint32_t number)
{
	int err = krsi_priv_perf_cpu_try(number, &perf->attr);

	if (!err || err == -ENODEV)
		return err;
	if (err == -EACCES || err == -EPERM)
		return krsi_priv_fail(perf->ctx, -EPERM, "perf buffer %s: the kernel does not permit reading CPU %u: %s; it needs CAP_PERFMON",
				      perf->info.name, number, krsi_priv_errno_name(err));
	return krsi_priv_fail(perf->ctx, krsi_priv_error_close(err), "perf buffer %s: CPU %u cannot be read: %s", perf->info.name, number,
			      krsi_priv_errno_name(err));
}

static int cpu_map_fail(const struct krsi_priv_perf *perf, uint32_t number, int err)
{
	return krsi_priv_fail(perf->ctx, krsi_priv_error_close(err), "perf buffer %s: %u pages for CPU %u cannot be mapped: %s%s",
			      perf->info.name, perf->opts.pages, number, krsi_priv_errno_name(err),
			      err == -EPERM ? "; without CAP_IPC_LOCK the sysctl kernel.perf_event_mlock_kb limits them: raise it, or set fewer with "
			      "krsi_stream_set_perf()" : "");
}

/* A CPU that is not online is none to fail for. */
static int cpu_open(struct krsi_priv_perf *perf, uint32_t number)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct perf_cpu *cpu = &perf->cpus[number];
	int key = (int)number, err;
	LIBBPF_OPTS(perf_buffer_raw_opts, opts, .cpu_cnt = 1, .cpus = &key, .map_keys = &key);

	/* Tried beforehand as libbpf writes on stderr of what it cannot open. */
	err = cpu_try(perf, number);
	if (err)
		return err == -ENODEV ? 0 : err;
	err = entry_check(perf, number);
	if (err)
		return err;
	cpu->reader = perf_buffer__new_raw(krsi_map_fd(perf->map), perf->opts.pages, &perf->attr, event_handle, cpu, &opts);
	if (!cpu->reader)
		return cpu_map_fail(perf, number, errno ? -errno : -EIO);
	if (epoll_ctl(perf->epoll_fd, EPOLL_CTL_ADD, perf_buffer__buffer_fd(cpu->reader, 0), &event) == 0)
		return 0;
	err = krsi_priv_fail(perf->ctx, krsi_priv_error_close(-errno), "perf buffer %s: CPU %u cannot be watched: %s", perf->info.name, number,
			     krsi_priv_errno_name(-errno));
	perf_buffer__free(cpu->reader);
	cpu->reader = NULL;
	return err;
}

static void cpu_close(struct krsi_priv_perf *perf, struct perf_cpu *cpu)
{
	perf->lost_before += cpu_lost(perf, cpu);
	cpu->told = 0;
	perf_buffer__free(cpu->reader);
	cpu->reader = NULL;
}

/* Mark those that came or went. Whether they are there now is seen when they are opened. */
static void changes_take(struct krsi_priv_perf *perf)
{
	struct krsi_priv_perf_cpu_change change;
	uint32_t i;
	int ret;

	while (perf->watch_fd >= 0 && (ret = krsi_priv_perf_cpu_next(perf->watch_fd, &change))) {
		for (i = 0; ret < 0 && i < perf->cpu_count; i++)
			perf->cpus[i].changed = true;
		if (ret > 0 && change.cpu < perf->cpu_count)
			perf->cpus[change.cpu].changed = true;
	}
}

/* What it wrote before it went is read first. */
static int cpu_read(struct krsi_priv_perf *perf, uint32_t number)
{
	struct perf_cpu *cpu = &perf->cpus[number];
	int err = cpu->reader ? records_read(perf, cpu) : 0;

	if (err || !cpu->changed)
		return err;
	cpu->changed = false;
	if (cpu->reader)
		cpu_close(perf, cpu);
	return cpu_open(perf, number);
}

int krsi_priv_perf_read(struct krsi_priv_perf *perf)
{
	uint32_t i, first = perf->next;
	int ret;

	changes_take(perf);
	for (i = 0; i < perf->cpu_count; i++) {
		uint32_t n = (first + i) % perf->cpu_count;

		ret = cpu_read(perf, n);
		if (ret) {
			perf->next = (n + 1) % perf->cpu_count;
			return ret;
		}
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------- */

void krsi_priv_perf_free(struct krsi_priv_perf *perf)
{
	uint32_t i;

	if (!perf)
		return;
	for (i = 0; perf->cpus && i < perf->cpu_count; i++)
		perf_buffer__free(perf->cpus[i].reader);
	if (perf->watch_fd >= 0)
		close(perf->watch_fd);
	free(perf->cpus);
	krsi_map_free(perf->map);
	free(perf);
}

static void event_set(struct krsi_priv_perf *perf)
{
	perf->attr = (struct perf_event_attr){
		.size = sizeof(perf->attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = perf->opts.wakeup_records,
		.read_format = FORMAT_LOST,
	};
	/* Before Linux 6.0 only records tell of losses. */
	if (krsi_priv_perf_cpu_try(0, &perf->attr) == -EINVAL)
		perf->attr.read_format = 0;
}

/* Opened before the first look at the CPUs, so that none is missed between. Without it the others are read all the same. */
static int watch_open(struct krsi_priv_perf *perf)
{
	struct epoll_event event = { .events = EPOLLIN };

	perf->watch_fd = krsi_priv_perf_cpu_watch();
	if (perf->watch_fd == -EMFILE || perf->watch_fd == -ENFILE)
		return krsi_priv_fail(perf->ctx, -EMFILE, "perf buffer %s: no file descriptor left", perf->info.name);
	if (perf->watch_fd < 0) {
		krsi_priv_log(perf->ctx, KRSI_LOG_WARN, "perf buffer %s: what CPUs write that come online later is lost, as the kernel tells nothing of "
			      "them: no socket of the family AF_NETLINK: %s", perf->info.name, krsi_priv_errno_name(perf->watch_fd));
		return 0;
	}
	if (epoll_ctl(perf->epoll_fd, EPOLL_CTL_ADD, perf->watch_fd, &event) == 0)
		return 0;
	return krsi_priv_fail(perf->ctx, krsi_priv_error_close(-errno), "perf buffer %s: cannot wait for CPUs to come: %s", perf->info.name,
			      krsi_priv_errno_name(-errno));
}

static int cpus_open(struct krsi_priv_perf *perf)
{
	int count = libbpf_num_possible_cpus(), err = 0;
	uint32_t i;

	if (count < 0)
		return krsi_priv_fail(perf->ctx, krsi_priv_error_close(count), "perf buffer %s: cannot count the CPUs: %s", perf->info.name,
				      krsi_priv_errno_name(count));
	perf->cpus = calloc((size_t)count, sizeof(*perf->cpus));
	if (!perf->cpus)
		return krsi_priv_fail(perf->ctx, -ENOMEM, "perf buffer %s: no memory", perf->info.name);
	perf->cpu_count = (uint32_t)count;
	for (i = 0; i < perf->cpu_count && !err; i++) {
		perf->cpus[i].perf = perf;
		err = cpu_open(perf, i);
	}
	return err;
}

int krsi_priv_perf_new(struct krsi_ctx *ctx, const struct krsi_map *map, const struct krsi_stream_perf_opts *opts,
		       int epoll_fd, krsi_priv_perf_fn fn, void *data, struct krsi_priv_perf **ret)
{
	struct krsi_priv_perf *perf = calloc(1, sizeof(*perf));
	int err;

	if (!perf)
		return krsi_priv_fail(ctx, -ENOMEM, "stream: no memory for a perf buffer");
	perf->ctx = ctx;
	perf->opts = *opts;
	perf->opts.pages = opts->pages ? opts->pages : PAGES_DEFAULT;
	perf->opts.wakeup_records = opts->wakeup_records ? opts->wakeup_records : 1;
	perf->epoll_fd = epoll_fd;
	perf->watch_fd = -1;
	perf->fn = fn;
	perf->data = data;
	perf->info.sz = sizeof(perf->info);
	err = krsi_map_open_fd(ctx, krsi_map_fd(map), &perf->map);
	if (!err)
		err = krsi_map_info(perf->map, &perf->info);
	event_set(perf);
	if (!err)
		err = watch_open(perf);
	if (!err)
		err = cpus_open(perf);
	if (err) {
		krsi_priv_perf_free(perf);
		return err;
	}
	*ret = perf;
	return 0;
}

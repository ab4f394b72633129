/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * For authors of BPF programs: a ring buffer whose losses are counted.
 *
 *     #include <libkrsi/bpf/krsi.bpf.h>
 *     KRSI_RING(events, 256 * 1024);
 *     ...
 *     struct event *e = krsi_ring_reserve(events, sizeof(*e));
 *     if (!e)
 *             return 0;                    // counted; the reader sees it in krsi_stream_stats()
 *     ...
 *     bpf_ringbuf_submit(e, 0);
 *
 * The kernel counts a full ring nowhere, so the program has to: the macro puts a per-CPU counter
 * `events_lost` beside the ring, and krsi_stream_add_object() finds it by that name.
 *
 * Include it after vmlinux.h where a program uses that; otherwise it brings the kernel's own
 * user-space headers. Compile with the flags of `pkg-config --variable=bpf_cflags libkrsi`.
 */
#ifndef LIBKRSI_BPF_KRSI_BPF_H
#define LIBKRSI_BPF_KRSI_BPF_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#include <linux/bpf.h>
#endif
#include <bpf/bpf_helpers.h>

/* First word of a counter, so that a reader can tell it from any other map. "KRSILOST" in ASCII. */
#define KRSI_LOST_MAGIC 0x4b5253494c4f5354ULL

/* Value of a counter map, one for each CPU. It only ever grows at the end. */
struct krsi_ring_lost {
	__u64 magic;	/* KRSI_LOST_MAGIC once this CPU has lost a record, else 0 */
	__u64 records;	/* that found no room */
	__u64 bytes;	/* of these records, without the ring's header */
};

/* Define a ring buffer of `size` bytes (a power of two, at least a page) and its counter. */
#define KRSI_RING(name, size)					\
	struct {						\
		__uint(type, BPF_MAP_TYPE_RINGBUF);		\
		__uint(max_entries, size);			\
	} name SEC(".maps");					\
	struct {						\
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);	\
		__uint(max_entries, 1);				\
		__type(key, __u32);				\
		__type(value, struct krsi_ring_lost);		\
	} name##_lost SEC(".maps")

/* As bpf_ringbuf_reserve(), and a NULL is counted. `size` must be a constant, as the helper wants. */
#define krsi_ring_reserve(name, size)						\
	({									\
		void *krsi_record_ = bpf_ringbuf_reserve(&name, (size), 0);	\
		if (!krsi_record_)						\
			krsi_ring_count_lost(&name##_lost, (size));		\
		krsi_record_;							\
	})

/* As bpf_ringbuf_output() without flags, for a record of any size, and a failure is counted. */
#define krsi_ring_output(name, data, size)					\
	({									\
		long krsi_err_ = bpf_ringbuf_output(&name, (data), (size), 0);	\
		if (krsi_err_)							\
			krsi_ring_count_lost(&name##_lost, (size));		\
		krsi_err_;							\
	})

static __always_inline void krsi_ring_count_lost(void *counter, __u64 size)
{
	__u32 zero = 0;
	struct krsi_ring_lost *lost = bpf_map_lookup_elem(counter, &zero);

	if (!lost)
		return;
	lost->magic = KRSI_LOST_MAGIC;
	/* Atomic although per-CPU: a sleepable program can be preempted by another one here. */
	__sync_fetch_and_add(&lost->records, 1);
	__sync_fetch_and_add(&lost->bytes, size);
}

#endif

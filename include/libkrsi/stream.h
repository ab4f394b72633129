/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief Streams: records that BPF programs write into ring buffers and perf buffers.
 *
 * One stream reads any number of ring buffers behind one file descriptor:
 *
 *     struct pollfd ready = { .fd = krsi_stream_fd(stream), .events = POLLIN };
 *     while (poll(&ready, 1, -1) == 1)
 *             krsi_stream_dispatch(stream, 0, NULL);
 *
 * Records of ring buffers are read in place: the callback sees the kernel's own memory.
 *
 * **Lost records.** A ring buffer that is full gives the BPF program nothing to write to, and the
 * kernel counts that nowhere. Programs that use libkrsi/bpf/krsi.bpf.h count it themselves, in a
 * per-CPU map named like the ring with `_lost` at the end; krsi_stream_stats() then has the sum.
 *
 * **Perf buffers** are what programs for kernels before 5.8 have: maps of type BPF_MAP_TYPE_PERF_EVENT_ARRAY, written with
 * bpf_perf_event_output() and BPF_F_CURRENT_CPU. A stream reads them by the same calls, and what differs is the kernel's:
 * - Each CPU has a buffer of its own (krsi_stream_set_perf() says how large), and two descriptors. Records of one CPU come in
 *   the order in which they were written, those of different CPUs do not.
 * - A record is handed out as a copy, and as long as the kernel made it: up to 7 bytes, zero, follow what was written, so
 *   that the size is 4 more than a multiple of 8.
 * - The kernel counts what is lost. Since Linux 6.0 it tells at once; before, when the next record of that CPU is read.
 * - CPUs that come online later are read from the first dispatch after that, for which the descriptor becomes readable. What
 *   they write before is lost, and no kernel counts it.
 * - The descriptor becomes readable when a record comes, and when a dispatch has left some; whoever polls it and then does not
 *   dispatch is not told a second time.
 *
 * Threads: as in libkrsi/ctx.h.
 */
#ifndef LIBKRSI_STREAM_H
#define LIBKRSI_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/ctx.h>
#include <libkrsi/macros.h>

KRSI_BEGIN_DECLS

struct krsi_map;
struct krsi_object;
struct krsi_stream;

/**
 * @brief Receives one record.
 *
 * It must not free or dispatch the stream.
 *
 * @param data    as given to krsi_stream_add()
 * @param record  the record, in a ring buffer's own memory, 8-byte aligned, valid during the call
 * @param size    its size in bytes
 * @return 0 to go on; anything else ends the dispatch after this record, which counts as read
 */
typedef int (*krsi_record_fn)(void *data, const void *record, size_t size);

/** What krsi_stream_stats() tells, summed over all rings of the stream. */
struct krsi_stream_stats_info {
	size_t sz;		/**< sizeof(struct krsi_stream_stats_info), set by the caller */
	uint64_t records;	/**< handed to callbacks */
	uint64_t bytes;		/**< sizes of these records, without the rings' own headers */
	uint64_t wakeups;	/**< calls of krsi_stream_dispatch() that found at least one record */
	uint64_t lost;		/**< counted by the programs, of perf buffers by the kernel; 0 when no ring has a counter, see `lost_known` */
	uint32_t rings;		/**< rings of the stream */
	uint32_t lost_known;	/**< how many of them have a counter of lost records */
};

/** Wishes for perf buffers: krsi_stream_set_perf(). */
struct krsi_stream_perf_opts {
	size_t sz;			/**< sizeof(struct krsi_stream_perf_opts), set by the caller */
	uint32_t pages;			/**< memory of each CPU's buffer in pages, a power of two; 0 means 64 */
	/**
	 * After how many records of a CPU the descriptor becomes readable; 0 means 1. With more, call krsi_stream_dispatch()
	 * now and then as well: the last ones wake nobody.
	 */
	uint32_t wakeup_records;
};

/**
 * @brief Make a stream without rings.
 *
 * @param ctx  context the stream belongs to
 * @param ret  receives the stream, to free with krsi_stream_free(); untouched on failure
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL
 * @retval -EMFILE  no file descriptor left
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_stream_new(struct krsi_ctx *ctx, struct krsi_stream **ret);

/**
 * @brief Close a stream. Records that nobody read are gone with the last user of the ring.
 * @param stream  the stream, or NULL
 * @since 1.0
 */
KRSI_API void krsi_stream_free(struct krsi_stream *stream);

/**
 * @brief Read a ring buffer or a perf buffer too.
 *
 * A ring has one reader: two streams on one ring buffer take records from each other, and of two on one perf buffer the later
 * one gets them all.
 *
 * @param stream  the stream
 * @param ring    a map of type BPF_MAP_TYPE_RINGBUF or BPF_MAP_TYPE_PERF_EVENT_ARRAY; the stream keeps its own descriptor
 * @param lost    per-CPU array with the ring's counter of lost records, as krsi.bpf.h makes it; NULL for none, and for a
 *                perf buffer. The stream keeps its own descriptor
 * @param fn      receives each record
 * @param data    handed to `fn`
 * @return 0 on success, or
 * @retval -EINVAL    an argument is NULL, `ring` is neither, or `lost` is no such counter or not NULL for a perf buffer
 * @retval -EPERM     the ring may not be mapped; a perf buffer may not be read without CAP_PERFMON, or is larger than
 *                    kernel.perf_event_mlock_kb allows
 * @retval -EMSGSIZE  a perf buffer that has fewer entries than there are CPUs
 * @retval -EMFILE    no file descriptor left
 * @retval -ENOMEM    no memory
 * @since 1.0
 */
KRSI_API int krsi_stream_add(struct krsi_stream *stream, const struct krsi_map *ring,
			     const struct krsi_map *lost, krsi_record_fn fn, void *data);

/**
 * @brief Read a ring buffer or a perf buffer of a loaded object, a ring buffer with its counter of lost records when it has one.
 *
 * @param stream  the stream
 * @param object  the object, loaded
 * @param name    the ring's name in the source; its counter is `NAME_lost`
 * @param fn      receives each record
 * @param data    handed to `fn`
 * @return 0 on success, or as krsi_stream_add() and krsi_map_open(), or
 * @retval -EINVAL  an argument is NULL, or the map is neither
 * @retval -ENOENT  no such map; the detail has the nearest names
 * @retval -EBADFD  the object is not loaded
 * @since 1.0
 */
KRSI_API int krsi_stream_add_object(struct krsi_stream *stream, struct krsi_object *object,
				    const char *name, krsi_record_fn fn, void *data);

/**
 * @brief Set how perf buffers are read that are added from now on.
 *
 * @param stream  the stream
 * @param opts    options, or NULL for all defaults; borrowed for the call
 * @return 0 on success, or
 * @retval -EINVAL  `stream` is NULL, `opts->sz` not set, or `opts->pages` no power of two
 * @retval -E2BIG   `opts` has a member that this library does not know
 * @since 1.0
 */
KRSI_API int krsi_stream_set_perf(struct krsi_stream *stream, const struct krsi_stream_perf_opts *opts);

/**
 * @brief The descriptor to wait on with poll(2) or epoll(7): readable while records are waiting.
 *
 * It is readable as well while a program holds a record that it has not submitted yet; a dispatch
 * then finds nothing, and can be called again.
 *
 * @param stream  the stream
 * @return the descriptor, the stream's own: do not close or read it; -EINVAL when `stream` is NULL
 * @since 1.0
 */
KRSI_API int krsi_stream_fd(const struct krsi_stream *stream);

/**
 * @brief Hand waiting records to the callbacks, and return when there are none left. Never waits.
 *
 * With a budget it stops after that many records; the descriptor stays readable, and the next call
 * begins with the next ring, so that a busy ring does not starve the others.
 *
 * @param stream  the stream
 * @param budget  at most so many records; 0 means no limit
 * @param count   receives how many were handed out, also on failure; may be NULL
 * @return 0 on success, or
 * @retval -EINVAL     `stream` is NULL
 * @retval -EBUSY      called from one of its own callbacks
 * @retval -ECANCELED  a callback ended it; its record counts as read
 * @retval -EPERM      a CPU that came online may not be read, as for krsi_stream_add(). It is told once, and the next call goes
 *                     on with the others
 * @retval -EMSGSIZE   the same: the perf buffer has no entry for it
 * @retval -EMFILE     the same: no file descriptor left
 * @retval -ENOMEM     the same: no memory; or none for a record of a perf buffer, which waits for the next call
 * @since 1.0
 */
KRSI_API int krsi_stream_dispatch(struct krsi_stream *stream, uint32_t budget, uint32_t *count);

/**
 * @brief What the stream has done so far.
 *
 * @param stream  the stream
 * @param stats   filled, at most `stats->sz` bytes of it
 * @return 0 on success, or
 * @retval -EINVAL  an argument is NULL or `stats->sz` not set
 * @retval -ENOMEM  no memory
 * @since 1.0
 */
KRSI_API int krsi_stream_stats(const struct krsi_stream *stream,
			       struct krsi_stream_stats_info *stats);

KRSI_END_DECLS

#endif

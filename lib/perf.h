/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reader of a perf buffer: a map in whose places programs find a buffer for each CPU, which the
 * kernel fills and counts the losses of. CPUs are followed as they come and go.
 */
#ifndef KRSI_PRIV_PERF_H
#define KRSI_PRIV_PERF_H

#include <stddef.h>
#include <stdint.h>

#include <libkrsi/stream.h>

struct krsi_priv_perf;

/* Receives a record, 8-byte aligned, valid during the call. A negative value stops the reading after it. */
typedef int (*krsi_priv_perf_fn)(void *data, void *record, size_t size);

/*
 * Read a perf buffer, and have `epoll_fd` watch all that is to be waited for. The options' zeros are
 * replaced. 0 or a negative errno with the failure told.
 */
int krsi_priv_perf_new(struct krsi_ctx *ctx, const struct krsi_map *map, const struct krsi_stream_perf_opts *opts,
		       int epoll_fd, krsi_priv_perf_fn fn, void *data, struct krsi_priv_perf **ret);

void krsi_priv_perf_free(struct krsi_priv_perf *perf);

/*
 * Read each CPU once round, beginning with the one that is next, and follow those that came or went.
 * 0, what the callback stopped it with, or a negative errno with the failure told.
 */
int krsi_priv_perf_read(struct krsi_priv_perf *perf);

/* Records that were lost, as far as the kernel has told. */
uint64_t krsi_priv_perf_lost(const struct krsi_priv_perf *perf);

#endif

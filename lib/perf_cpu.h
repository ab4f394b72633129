/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the reader of a perf buffer asks of each CPU: whether it can be read, and whether it came or went. */
#ifndef KRSI_PRIV_PERF_CPU_H
#define KRSI_PRIV_PERF_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct perf_event_attr;

/* Open the event on this CPU and close it again: 0, -ENODEV for a CPU that is not online, or the kernel's -errno. */
int krsi_priv_perf_cpu_try(uint32_t cpu, const struct perf_event_attr *attr);

/* A descriptor that becomes readable when a CPU comes or goes, or -errno. */
int krsi_priv_perf_cpu_watch(void);

struct krsi_priv_perf_cpu_change {
	uint32_t cpu;
	bool online;
};

/* The next change: 1, 0 when there is none for now, or -ENOBUFS when some were missed. */
int krsi_priv_perf_cpu_next(int watch, struct krsi_priv_perf_cpu_change *change);

#endif

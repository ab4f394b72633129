/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Figures of running `krsi run`s, as stats and top have them: stats_fetch.c asks for them, where stats_socket.c says, stats_text.c and
 * stats_prometheus.c print them. docs/statistics.md has every member.
 */
#ifndef KRSI_TOOL_STATS_H
#define KRSI_TOOL_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

/* One JSON object for each process, those with the lower PID first. */
struct figures {
	json_t **list;
	size_t count;
};

/*
 * Ask the process with this PID, or all of them when it is 0. TOOL_OK with one at least, or TOOL_FAILED with the
 * reason told. Free them in any case.
 */
int figures_fetch(const char *dir, pid_t pid, struct figures *figures);

/* One object out of what a process answered, or NULL with `*problem` set to what is wrong with it. */
json_t *figures_read(const char *text, size_t size, const char **problem);

void figures_free(struct figures *figures);

/*
 * A member, however deep: "events.lost". Numbers that are not there are 0, texts "", lists empty: another version
 * of krsi may have answered.
 */
const json_t *figure(const json_t *object, const char *path);
int64_t figure_number(const json_t *object, const char *path);
const char *figure_text(const json_t *object, const char *path);

/* Printing, one process or all of them. */
void stats_text_print(const json_t *figures);
void stats_prometheus_print(FILE *out, const struct figures *figures);

/* What is said where costs are not counted. */
#define NOT_COUNTED "not counted; sysctl -w kernel.bpf_stats_enabled=1 has the kernel count"

#endif

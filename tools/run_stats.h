/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Figures of `krsi run` for whoever asks: run_stats.c hands them out through a socket, run_figures.c
 * makes them, run_busy.c counts the events of processes. docs/statistics.md has every member.
 */
#ifndef KRSI_TOOL_RUN_STATS_H
#define KRSI_TOOL_RUN_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct krsi_event;
struct run;

/* --- the socket ------------------------------------------------------------ */

struct stats_server;

/* Makes the text that a client gets, to free. NULL: no memory. */
typedef char *(*stats_text_fn)(void *data);

/*
 * Listen on DIR/PID.sock; the directory is made when it is missing, and what processes that are no more left there
 * goes. NULL when that cannot be done, with a warning told: whoever has no figures goes on. Every other function
 * takes NULL.
 */
struct stats_server *stats_server_open(const char *dir, stats_text_fn text, void *data);

/* Readable while stats_server_serve() has something to do, but for clients that have had their time; -1 for NULL. */
int stats_server_fd(const struct stats_server *server);

/* Do what can be done now, for one new client at most. Never waits. */
void stats_server_serve(struct stats_server *server);

/* Let go of all clients, and remove the socket if it is still ours. */
void stats_server_close(struct stats_server *server);

/* --- the figures ------------------------------------------------------------- */

/* For stats_server_open(), with the struct run as data: one JSON object on one line. */
char *run_figures_text(void *data);

/* Count an event. */
void run_figures_event(struct run *run, const struct krsi_event *event);

/* --- processes ---------------------------------------------------------------- */

#define BUSY_MAX 256
#define BUSY_BUCKETS 256	/* a power of two */

/* A process that events were of. */
struct busy {
	struct busy *next;	/* in its bucket */
	uint64_t cookie, pid;
	uint64_t events, refused;
	char *exe, *comm;	/* bytes as they were; NULL: not known */
};

/*
 * Processes by their events, BUSY_MAX of them. Another one takes the place of that with the fewest events: then all
 * that it had are counted as evicted, so nothing is counted twice or not at all.
 */
struct busy_table {
	struct busy list[BUSY_MAX];
	struct busy *buckets[BUSY_BUCKETS];
	size_t count;
	uint64_t evicted, evicted_events;
};

/* Take in an event that a rule made. */
void busy_event(struct busy_table *table, const struct krsi_event *event);

/* The processes, those with the most events first, `table->count` of them. */
void busy_sort(const struct busy_table *table, const struct busy *sorted[BUSY_MAX]);

void busy_free(struct busy_table *table);

#endif

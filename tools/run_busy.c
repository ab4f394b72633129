/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which processes events of `krsi run` are of. A flood of processes costs neither memory nor much time. */
#include <stdlib.h>
#include <string.h>

#include <libkrsi/krsi.h>

#include "run_stats.h"

static uint64_t number_of(const struct krsi_event *event, uint32_t field)
{
	uint64_t number = 0;

	krsi_event_number(event, field, &number);
	return number;
}

/* A copy to free, or NULL. */
static char *text_of(const struct krsi_event *event, uint32_t field)
{
	size_t size;
	const char *text = krsi_event_text(event, field, &size, NULL);

	return text ? strndup(text, size) : NULL;
}

static struct busy **place(struct busy_table *table, uint64_t cookie)
{
	struct busy **at = &table->buckets[cookie & (BUSY_BUCKETS - 1)];

	while (*at && (*at)->cookie != cookie)
		at = &(*at)->next;
	return at;
}

/* Take the place of the process with the fewest events. */
static struct busy *evict(struct busy_table *table)
{
	struct busy *fewest = &table->list[0];
	size_t i;

	for (i = 1; i < BUSY_MAX; i++)
		if (table->list[i].events < fewest->events)
			fewest = &table->list[i];
	*place(table, fewest->cookie) = fewest->next;
	table->evicted++;
	table->evicted_events += fewest->events;
	free(fewest->exe);
	free(fewest->comm);
	return fewest;
}

static struct busy *busy_new(struct busy_table *table, const struct krsi_event *event, uint64_t cookie)
{
	struct busy *busy = table->count < BUSY_MAX ? &table->list[table->count++] : evict(table);

	*busy = (struct busy){ .cookie = cookie, .pid = number_of(event, KRSI_EVENT_PID) };
	*place(table, cookie) = busy;
	return busy;
}

/* The process may have become another program. */
static void program_note(struct busy *busy, const struct krsi_event *event)
{
	size_t size;
	const char *exe = krsi_event_text(event, KRSI_EVENT_EXE, &size, NULL);

	if (busy->comm && exe && busy->exe && strlen(busy->exe) == size && memcmp(busy->exe, exe, size) == 0)
		return;
	free(busy->exe);
	free(busy->comm);
	busy->exe = text_of(event, KRSI_EVENT_EXE);
	busy->comm = text_of(event, KRSI_EVENT_COMM);
}

static bool is_refusal(const struct krsi_event *event)
{
	uint32_t verdict = krsi_event_verdict(event);

	return (verdict == KRSI_EVENT_DENY || verdict == KRSI_EVENT_SIGNAL) && !(krsi_event_flags(event) & KRSI_EVENT_WOULD);
}

void busy_event(struct busy_table *table, const struct krsi_event *event)
{
	uint64_t cookie = number_of(event, KRSI_EVENT_COOKIE);
	struct busy *busy;

	if (krsi_event_kind(event) != KRSI_EVENT_KIND_RULE)
		return;
	busy = *place(table, cookie);
	if (!busy)
		busy = busy_new(table, event, cookie);
	program_note(busy, event);
	busy->events++;
	busy->refused += is_refusal(event);
}

static int compare(const void *a, const void *b)
{
	const struct busy *one = *(const struct busy *const *)a, *other = *(const struct busy *const *)b;

	if (one->events != other->events)
		return one->events < other->events ? 1 : -1;
	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

void busy_sort(const struct busy_table *table, const struct busy *sorted[BUSY_MAX])
{
	size_t i;

	for (i = 0; i < table->count; i++)
		sorted[i] = &table->list[i];
	qsort(sorted, table->count, sizeof(*sorted), compare);
}

void busy_free(struct busy_table *table)
{
	while (table->count) {
		free(table->list[--table->count].exe);
		free(table->list[table->count].comm);
	}
}

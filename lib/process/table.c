/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The table of processes. A process is a record as the kernel's, with the fields of a subject only. What comes
 * twice, or late, does no harm: each event says all of the process that it is of.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <libkrsi/process.h>

#include "../ctx.h"
#include "../event/event.h"
#include "../opts.h"

#define LIMIT 65536
#define BUCKETS_MIN 256

struct process {
	TAILQ_ENTRY(process) all;		/* in the order in which they came */
	TAILQ_ENTRY(process) ended;		/* likewise, of those that have ended */
	struct process *next;			/* in the bucket of its cookie */
	struct process *next_pid;		/* in that of its PID, while it runs */
	uint64_t cookie, parent;
	char *record;
	uint32_t size, pid;
	bool has_ended;
};

TAILQ_HEAD(process_list, process);

struct krsi_processes {
	struct krsi_ctx *ctx;
	struct krsi_processes_opts opts;
	struct process **buckets;		/* a power of two of them, by the cookie */
	size_t bucket_count, count, ended_count;
	struct process **pids;			/* as many, by the PID */
	struct process_list all, ended;
	uint64_t evicted, refused, record_bytes;
	struct krsi_event view;			/* of the process that was asked for last */
};

/* --- finding ----------------------------------------------------------------- */

static struct process **place(const struct krsi_processes *processes, uint64_t cookie)
{
	struct process **at = &processes->buckets[cookie & (processes->bucket_count - 1)];

	while (*at && (*at)->cookie != cookie)
		at = &(*at)->next;
	return at;
}

static struct process **pid_bucket(const struct krsi_processes *processes, uint32_t pid)
{
	return &processes->pids[pid & (processes->bucket_count - 1)];
}

/* The newest is in front, so that it is found should an end have been lost. */
static void pid_add(struct krsi_processes *processes, struct process *process)
{
	struct process **bucket = pid_bucket(processes, process->pid);

	process->next_pid = *bucket;
	*bucket = process;
}

static void pid_remove(struct krsi_processes *processes, struct process *process)
{
	struct process **at = pid_bucket(processes, process->pid);

	while (*at != process)
		at = &(*at)->next_pid;
	*at = process->next_pid;
}

const struct krsi_event *krsi_processes_find(struct krsi_processes *processes, uint64_t cookie)
{
	const struct process *process;

	if (!processes)
		return NULL;
	process = *place(processes, cookie);
	if (!process || !krsi_priv_event_read(process->record, process->size, &processes->view))
		return NULL;
	processes->view.environment = true;	/* what may not be seen is not kept */
	return &processes->view;
}

uint64_t krsi_processes_pid(const struct krsi_processes *processes, uint32_t pid)
{
	const struct process *process;

	if (!processes)
		return 0;
	process = *pid_bucket(processes, pid);
	while (process && process->pid != pid)
		process = process->next_pid;
	return process ? process->cookie : 0;
}

uint64_t krsi_processes_parent(const struct krsi_processes *processes, uint64_t cookie)
{
	const struct process *process = processes ? *place(processes, cookie) : NULL;

	return process ? process->parent : 0;
}

int krsi_processes_each(struct krsi_processes *processes, krsi_process_fn fn, void *data)
{
	const struct krsi_event *event;
	const struct process *process;
	int ret = 0;

	if (!processes || !fn)
		return -EINVAL;
	TAILQ_FOREACH(process, &processes->all, all) {
		event = krsi_processes_find(processes, process->cookie);
		ret = event ? fn(data, event) : 0;
		if (ret)
			break;
	}
	return ret;
}

/* --- room ---------------------------------------------------------------------- */

static void process_remove(struct krsi_processes *processes, struct process *process)
{
	*place(processes, process->cookie) = process->next;
	TAILQ_REMOVE(&processes->all, process, all);
	if (process->has_ended) {
		TAILQ_REMOVE(&processes->ended, process, ended);
		processes->ended_count--;
	} else {
		pid_remove(processes, process);
	}
	processes->count--;
	processes->record_bytes -= process->size;
	free(process->record);
	free(process);
}

static bool buckets_double(struct krsi_processes *processes)
{
	size_t count = processes->bucket_count ? processes->bucket_count * 2 : BUCKETS_MIN;
	struct process **buckets = calloc(count, sizeof(*buckets)), **pids = calloc(count, sizeof(*pids));
	struct process *process;

	if (!buckets || !pids) {
		free(buckets);
		free(pids);
		return false;
	}
	free(processes->buckets);
	free(processes->pids);
	processes->buckets = buckets;
	processes->pids = pids;
	processes->bucket_count = count;
	TAILQ_FOREACH(process, &processes->all, all) {
		process->next = buckets[process->cookie & (count - 1)];
		buckets[process->cookie & (count - 1)] = process;
		if (!process->has_ended)
			pid_add(processes, process);
	}
	return true;
}

/* Make room for one more: who has ended first goes first. */
static int room_make(struct krsi_processes *processes)
{
	if (processes->count >= processes->opts.limit) {
		if (!processes->ended_count)
			return -ENOSPC;
		process_remove(processes, TAILQ_FIRST(&processes->ended));
		processes->evicted++;
	}
	/* With more in them buckets are only slower. */
	if (processes->count >= processes->bucket_count)
		buckets_double(processes);
	return 0;
}

/* --- taking in ----------------------------------------------------------------- */

/* Give a process the record, which is its own from here on. */
static int record_set(struct krsi_processes *processes, uint64_t cookie, uint64_t parent, uint32_t pid, struct krsi_priv_event_record *record)
{
	struct process **at = place(processes, cookie), *process = *at;
	char *shrunk;
	int err;

	if (!process) {
		err = room_make(processes);
		process = err ? NULL : calloc(1, sizeof(*process));
		if (!process) {
			free(record->bytes);
			processes->refused++;
			return err ? err : -ENOMEM;
		}
		process->cookie = cookie;
		process->parent = parent;
		process->pid = pid;
		at = place(processes, cookie);
		*at = process;
		pid_add(processes, process);
		TAILQ_INSERT_TAIL(&processes->all, process, all);
		processes->count++;
	}
	processes->record_bytes += record->size - process->size;
	free(process->record);
	/* It stays for long: give back the room that it was made in. */
	shrunk = realloc(record->bytes, record->size);
	process->record = shrunk ? shrunk : record->bytes;
	process->size = (uint32_t)record->size;
	return 0;
}

static void number_keep(struct krsi_priv_event_record *record, const struct krsi_event *event, uint32_t field)
{
	uint64_t number;

	if (krsi_event_number(event, field, &number) == 0)
		krsi_priv_event_put_number(record, field, number);
}

static bool text_keep(struct krsi_priv_event_record *record, const struct krsi_event *event, uint32_t field)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = event ? krsi_event_text(event, field, &size, &flags) : NULL;

	if (text)
		krsi_priv_event_put(record, field, text, size, flags);
	return text;
}

/* What a process has of an event of its own, and of what was known of it before: NULL when nothing was. */
static void fields_keep(struct krsi_priv_event_record *record, const struct krsi_event *event, const struct krsi_event *before)
{
	static const uint32_t texts[] = { KRSI_EVENT_EXE, KRSI_EVENT_COMM, KRSI_EVENT_CWD, KRSI_EVENT_CGROUP, KRSI_EVENT_SCRIPT, KRSI_EVENT_ARGV, KRSI_EVENT_ENV };
	bool is_start = krsi_event_kind(event) == KRSI_EVENT_KIND_EXEC;
	uint32_t i;

	for (i = KRSI_EVENT_UID; i <= KRSI_EVENT_NS_UTS; i++)
		number_keep(record, event, i);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool is_of_program = texts[i] == KRSI_EVENT_SCRIPT || texts[i] == KRSI_EVENT_ARGV || texts[i] == KRSI_EVENT_ENV;

		/* Of an operation these are another program's, which is not executed yet. */
		if (is_of_program && !is_start)
			text_keep(record, before, texts[i]);
		else if (!text_keep(record, event, texts[i]) && !is_of_program)
			text_keep(record, before, texts[i]);
	}
}

static struct event_head head_of(const struct krsi_event *event)
{
	return (struct event_head){ .kind = KRSI_EVENT_KIND_PROCESS, .sequence = event->head->sequence, .time = event->head->time };
}

static uint64_t number_of(const struct krsi_event *event, uint32_t field)
{
	uint64_t number = 0;

	krsi_event_number(event, field, &number);
	return number;
}

/* A child: what its creator is, under a name of its own. */
static int take_fork(struct krsi_processes *processes, const struct krsi_event *event)
{
	uint64_t cookie = number_of(event, KRSI_EVENT_TARGET_COOKIE), parent = number_of(event, KRSI_EVENT_COOKIE);
	const struct krsi_event *before;
	struct krsi_priv_event_record record;
	struct event_head head = head_of(event);

	if (!cookie || *place(processes, cookie))
		return 0;	/* it was seen already, and later than this */
	before = krsi_processes_find(processes, parent);
	krsi_priv_event_begin(&record, &head);
	krsi_priv_event_put_number(&record, KRSI_EVENT_PID, number_of(event, KRSI_EVENT_TARGET_PID));
	krsi_priv_event_put_number(&record, KRSI_EVENT_START_TIME, number_of(event, KRSI_EVENT_TARGET_START_TIME));
	krsi_priv_event_put_number(&record, KRSI_EVENT_PPID, number_of(event, KRSI_EVENT_PID));
	krsi_priv_event_put_number(&record, KRSI_EVENT_PARENT_START_TIME, number_of(event, KRSI_EVENT_START_TIME));
	fields_keep(&record, event, before);
	if (!krsi_priv_event_end(&record)) {
		processes->refused++;
		return -ENOMEM;
	}
	return record_set(processes, cookie, parent, (uint32_t)number_of(event, KRSI_EVENT_TARGET_PID), &record);
}

/* Whether an operation was done by another user, or elsewhere, than what is known of the process. */
static bool is_news(const struct krsi_event *event, const struct krsi_event *before)
{
	static const uint32_t fields[] = {
		KRSI_EVENT_UID, KRSI_EVENT_GID, KRSI_EVENT_REAL_UID, KRSI_EVENT_CAP_EFFECTIVE, KRSI_EVENT_CGROUP_ID, KRSI_EVENT_NS_MNT, KRSI_EVENT_NS_NET, KRSI_EVENT_NS_USER,
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (number_of(event, fields[i]) != number_of(before, fields[i]))
			return true;
	return false;
}

/* The subject of an event, as it is now. */
static int take_subject(struct krsi_processes *processes, const struct krsi_event *event)
{
	uint64_t cookie = number_of(event, KRSI_EVENT_COOKIE);
	const struct krsi_event *before = krsi_processes_find(processes, cookie);
	uint32_t kind = krsi_event_kind(event), i;
	struct event_head head = head_of(event);
	struct krsi_priv_event_record record;

	/* What has ended is what it was at its end: the iterator sees it as long as nobody has waited for it. */
	if (before && (*place(processes, cookie))->has_ended)
		return 0;
	if (!cookie || (before && (kind == KRSI_EVENT_KIND_RULE || kind == KRSI_EVENT_KIND_FORK) && !is_news(event, before)))
		return 0;
	krsi_priv_event_begin(&record, &head);
	number_keep(&record, event, KRSI_EVENT_PID);
	number_keep(&record, event, KRSI_EVENT_START_TIME);
	/* Who made it stays what it was, whoever takes its place when that ends. */
	number_keep(&record, before ? before : event, KRSI_EVENT_PPID);
	number_keep(&record, before ? before : event, KRSI_EVENT_PARENT_START_TIME);
	fields_keep(&record, event, before);
	for (i = KRSI_EVENT_EXIT_CODE; i <= KRSI_EVENT_RUN_TIME; i++)
		number_keep(&record, event, i);
	if (!krsi_priv_event_end(&record)) {
		processes->refused += !before;
		return -ENOMEM;
	}
	return record_set(processes, cookie, number_of(event, KRSI_EVENT_PARENT_COOKIE), (uint32_t)number_of(event, KRSI_EVENT_PID), &record);
}

static void end_note(struct krsi_processes *processes, uint64_t cookie)
{
	struct process *process = *place(processes, cookie);

	if (!process || process->has_ended)
		return;
	process->has_ended = true;
	TAILQ_INSERT_TAIL(&processes->ended, process, ended);
	processes->ended_count++;
	pid_remove(processes, process);
}

int krsi_processes_event(struct krsi_processes *processes, const struct krsi_event *event)
{
	int err, forked = 0;

	if (!processes || !event)
		return -EINVAL;
	switch (krsi_event_kind(event)) {
	case KRSI_EVENT_KIND_FORK:
	case KRSI_EVENT_KIND_EXEC:
	case KRSI_EVENT_KIND_EXIT:
	case KRSI_EVENT_KIND_PROCESS:
	case KRSI_EVENT_KIND_IDENTITY:
	case KRSI_EVENT_KIND_RULE:
		break;
	default:
		return 0;
	}
	err = take_subject(processes, event);
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_FORK)
		forked = take_fork(processes, event);
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_EXIT)
		end_note(processes, number_of(event, KRSI_EVENT_COOKIE));
	return err ? err : forked;
}

/* --- the table ------------------------------------------------------------------ */

int krsi_processes_new(struct krsi_ctx *ctx, const struct krsi_processes_opts *opts, struct krsi_processes **ret)
{
	struct krsi_processes *processes;
	int err;

	if (!ctx || !ret)
		return krsi_priv_fail(ctx, -EINVAL, "krsi_processes_new: an argument is NULL");
	processes = calloc(1, sizeof(*processes));
	if (!processes)
		return krsi_priv_fail(ctx, -ENOMEM, "krsi_processes_new: no memory");
	processes->ctx = krsi_priv_ctx_ref(ctx);
	TAILQ_INIT(&processes->all);
	TAILQ_INIT(&processes->ended);
	err = KRSI_PRIV_OPTS_READ(ctx, &processes->opts, opts, "krsi_processes_opts");
	if (!processes->opts.limit)
		processes->opts.limit = LIMIT;
	if (!err && !buckets_double(processes))
		err = krsi_priv_fail(ctx, -ENOMEM, "krsi_processes_new: no memory");
	if (err) {
		krsi_processes_free(processes);
		return err;
	}
	*ret = processes;
	return 0;
}

void krsi_processes_free(struct krsi_processes *processes)
{
	if (!processes)
		return;
	while (!TAILQ_EMPTY(&processes->all))
		process_remove(processes, TAILQ_FIRST(&processes->all));
	free(processes->buckets);
	free(processes->pids);
	krsi_ctx_free(processes->ctx);
	free(processes);
}

int krsi_processes_info(const struct krsi_processes *processes, struct krsi_processes_info *info)
{
	struct krsi_processes_info have = { .sz = sizeof(have) };

	if (!processes || !info)
		return -EINVAL;
	have.running = processes->count - processes->ended_count;
	have.ended = processes->ended_count;
	have.evicted = processes->evicted;
	have.refused = processes->refused;
	have.bytes = sizeof(*processes) + processes->bucket_count * 2 * sizeof(struct process *) + processes->count * sizeof(struct process) +
		     processes->record_bytes;
	return KRSI_PRIV_INFO_WRITE(processes->ctx, info, &have, "krsi_processes_info");
}

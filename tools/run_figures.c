/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The figures of `krsi run` as JSON: docs/statistics.md, which a test compares. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/krsi.h>

#include "json.h"
#include "run.h"
#include "run_stats.h"
#include "stats_socket.h"

/* JSON's numbers have a sign here; no figure comes to where that matters. */
static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* --- policies ------------------------------------------------------------------ */

static const char *mode_word(const struct run *run, uint32_t mode)
{
	return run->permissive || mode == KRSI_POLICY_PERMISSIVE ? "permissive" : "enforce";
}

static bool action_refuses(const struct krsi_policy_rule_info *rule)
{
	return rule->error || rule->signal;
}

static json_t *rule_make(const struct run *run, const struct krsi_policy *policy, size_t index)
{
	struct krsi_engine_rule_info done = { .sz = sizeof(done) };
	struct krsi_policy_rule_info rule = { .sz = sizeof(rule) };
	const char *mode;

	krsi_policy_rule_info(policy, index, &rule);
	krsi_engine_rule_at(run->engine, krsi_policy_name(policy), index, &done);
	mode = mode_word(run, rule.mode);
	return json_pack("{s:o, s:s, s:s, s:o, s:o, s:o}", "name", json_text(rule.name), "action", rule.action, "mode", mode,
			 "hits", number(done.hits),
			 "refused", number(action_refuses(&rule) && strcmp(mode, "enforce") == 0 ? done.hits : 0),
			 "suppressed", number(done.suppressed));
}

static json_t *policy_make(const struct run *run, const struct krsi_policy *policy)
{
	json_t *rules = json_array();
	size_t i;

	for (i = 0; i < krsi_policy_rule_count(policy); i++)
		json_add(&rules, rule_make(run, policy, i));
	return json_pack("{s:o, s:s, s:o}", "name", json_text(krsi_policy_name(policy)), "mode", mode_word(run, krsi_policy_mode(policy)),
			 "rules", rules);
}

static json_t *policies_make(const struct run *run)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < run->policies.count; i++)
		json_add(&list, policy_make(run, run->policies.list[i]));
	return list;
}

/* --- programs ------------------------------------------------------------------- */

/* Whether the kernel counts what programs cost. */
static bool kernel_counts(void)
{
	FILE *file = fopen("/proc/sys/kernel/bpf_stats_enabled", "re");
	int digit = file ? getc(file) : '0';

	if (file)
		fclose(file);
	return digit == '1';
}

static json_t *programs_make(const struct run *run)
{
	struct krsi_engine_program_info info = { .sz = sizeof(info) };
	json_t *list = json_array();
	size_t i;

	for (i = 0; krsi_engine_program_info(run->engine, i, &info) == 0; i++)
		json_add(&list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "name", info.name, "id", number(info.id), "runs", number(info.runs),
					  "run_time_ns", number(info.run_time), "missed", number(info.missed)));
	return list;
}

/* --- events --------------------------------------------------------------------- */

void run_figures_event(struct run *run, const struct krsi_event *event)
{
	const char *operation;
	size_t i;

	if (krsi_event_kind(event) != KRSI_EVENT_KIND_LOST) {
		busy_event(&run->busy, event);
		return;
	}
	operation = krsi_event_operation(event);
	for (i = 0; i < run->lossy_count; i++)
		if (strcmp(run->lossy[i], operation) == 0)
			return;
	if (*operation && run->lossy_count < LOSSY_MAX)
		run->lossy[run->lossy_count++] = operation;
}

/* Of one operation. Asked only for those that were told to have lost some: each cause is a question to the kernel. */
static void lost_add(const struct run *run, json_t **list, const char *operation)
{
	static const struct {
		uint32_t cause;
		const char *word;
	} causes[] = {
		{ KRSI_ENGINE_LOST_RING, "ring" }, { KRSI_ENGINE_LOST_DENIALS, "denials" }, { KRSI_ENGINE_LOST_PLACE, "place" },
	};
	uint64_t count;
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (krsi_engine_lost(run->engine, operation, causes[i].cause, &count) == 0 && count)
			json_add(list, json_pack("{s:s, s:s, s:o}", "operation", operation, "cause", causes[i].word, "count", number(count)));
}

static json_t *lost_make(const struct run *run)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < run->lossy_count; i++)
		lost_add(run, &list, run->lossy[i]);
	return list;
}

static json_t *busy_make(const struct busy *busy)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "pid", number(busy->pid),
			 "cookie", json_sprintf("%016llx", (unsigned long long)busy->cookie),
			 "exe", busy->exe ? json_text(busy->exe) : json_null(), "comm", busy->comm ? json_text(busy->comm) : json_null(),
			 "events", number(busy->events), "refused", number(busy->refused));
}

static json_t *processes_make(const struct run *run)
{
	const struct busy *sorted[BUSY_MAX];
	json_t *list = json_array();
	size_t i;

	busy_sort(&run->busy, sorted);
	for (i = 0; i < run->busy.count; i++)
		json_add(&list, busy_make(sorted[i]));
	return json_pack("{s:i, s:o, s:o, s:o}", "limit", BUSY_MAX, "evicted", number(run->busy.evicted),
			 "evicted_events", number(run->busy.evicted_events), "list", list);
}

/* --- the whole ------------------------------------------------------------------- */

char *run_figures_text(void *data)
{
	const struct run *run = data;
	struct krsi_engine_info info = { .sz = sizeof(info) };
	json_t *whole;
	char *text;

	krsi_engine_info(run->engine, &info);
	whole = json_pack("{s:i, s:s, s:i, s:I, s:I, s:I, s:b, s:s, s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:o, s:{s:o, s:o}, s:o, s:b, s:o, s:o}",
			  "format", STATS_FORMAT, "version", krsi_version(), "pid", (int)getpid(),
			  "start_time_ns", (json_int_t)run->start_time, "time_ns", (json_int_t)clock_ns(CLOCK_REALTIME),
			  "boot_ns", (json_int_t)clock_ns(CLOCK_BOOTTIME), "permissive", (int)run->permissive,
			  "backend", run_backend_name(info.backend), "missed", number(info.missed),
			  "generation", number(info.generation),
			  "events", "delivered", number(info.events), "lost", number(info.lost), "not_written", number(run->sink->count(run).dropped),
			  "lost", lost_make(run), "files_not_followed", number(info.identities_lost),
			  "memory", "kernel_bytes", number(info.memory), "policies_bytes", number(info.policy_memory),
			  "policies", policies_make(run), "cost_counted", (int)kernel_counts(), "programs", programs_make(run),
			  "processes", processes_make(run));
	text = whole ? json_dumps(whole, JSON_COMPACT) : NULL;
	json_decref(whole);
	return text;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Figures in Prometheus's text format, version 0.0.4. All samples of a metric stand together, so metrics are the outer
 * loop and processes the inner one. Single processes that events are of have no samples: a label that takes ever new
 * values makes ever new time series.
 */
#include <inttypes.h>
#include <string.h>

#include "stats.h"

struct metric {
	const char *name, *type, *help;
	void (*print)(FILE *out, const struct metric *metric, const json_t *figures);	/* its samples of one process */
	const char *path;	/* of the member, within an entry where it is a list; of ns where the name says seconds */
};

static void label_print(FILE *out, const char *name, const char *value)
{
	fprintf(out, ",%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

/* Of a sample: all up to its own labels. */
static void sample_begin(FILE *out, const struct metric *metric, const json_t *figures)
{
	fprintf(out, "%s{pid=\"%" PRId64 "\"", metric->name, figure_number(figures, "pid"));
}

static void sample_end(FILE *out, const struct metric *metric, const json_t *object)
{
	const json_t *value = figure(object, metric->path);
	int64_t number = json_is_true(value) ? 1 : json_integer_value(value);

	if (strstr(metric->name, "_seconds"))
		fprintf(out, "} %" PRId64 ".%09" PRId64 "\n", number / 1000000000, number % 1000000000);
	else
		fprintf(out, "} %" PRId64 "\n", number);
}

static void number_print(FILE *out, const struct metric *metric, const json_t *figures)
{
	sample_begin(out, metric, figures);
	sample_end(out, metric, figures);
}

static void info_print(FILE *out, const struct metric *metric, const json_t *figures)
{
	sample_begin(out, metric, figures);
	label_print(out, "version", figure_text(figures, "version"));
	fputs("} 1\n", out);
}

static void lost_print(FILE *out, const struct metric *metric, const json_t *figures)
{
	const json_t *lost;
	size_t i;

	json_array_foreach(figure(figures, "lost"), i, lost) {
		sample_begin(out, metric, figures);
		label_print(out, "operation", figure_text(lost, "operation"));
		label_print(out, "cause", figure_text(lost, "cause"));
		sample_end(out, metric, lost);
	}
}

static void rules_print(FILE *out, const struct metric *metric, const json_t *figures)
{
	const json_t *policy, *rule;
	size_t i, k;

	json_array_foreach(figure(figures, "policies"), i, policy) {
		json_array_foreach(figure(policy, "rules"), k, rule) {
			sample_begin(out, metric, figures);
			label_print(out, "policy", figure_text(policy, "name"));
			label_print(out, "rule", figure_text(rule, "name"));
			label_print(out, "action", figure_text(rule, "action"));
			label_print(out, "mode", figure_text(rule, "mode"));
			sample_end(out, metric, rule);
		}
	}
}

/* A program that nobody counts has no cost, which is not the same as none. */
static void programs_print(FILE *out, const struct metric *metric, const json_t *figures)
{
	const json_t *program;
	size_t i;

	json_array_foreach(figure(figures, "programs"), i, program) {
		if (!json_is_true(figure(figures, "cost_counted")) && !figure_number(program, "runs"))
			continue;
		sample_begin(out, metric, figures);
		label_print(out, "program", figure_text(program, "name"));
		sample_end(out, metric, program);
	}
}

static const struct metric metrics[] = {
	{ "krsi_info", "gauge", "Always 1; the label has the library's version.", info_print, "" },
	{ "krsi_start_time_seconds", "gauge", "When krsi run started, in seconds since 1970.", number_print, "start_time_ns" },
	{ "krsi_permissive", "gauge", "1 where krsi run --permissive refuses nothing.", number_print, "permissive" },
	{ "krsi_generation", "gauge", "Number of the set of policies in force.", number_print, "generation" },
	{ "krsi_events_total", "counter", "Events delivered.", number_print, "events.delivered" },
	{ "krsi_events_lost_total", "counter", "Events that were made and not delivered.", number_print, "events.lost" },
	{ "krsi_events_not_written_total", "counter", "Events delivered that could not be written.", number_print, "events.not_written" },
	{ "krsi_operation_events_lost_total", "counter", "Events that were not delivered, by operation and cause.", lost_print, "count" },
	{ "krsi_files_not_followed_total", "counter", "Files that got a name of the policies and are known by that name only.", number_print,
	  "files_not_followed" },
	{ "krsi_kernel_memory_bytes", "gauge", "Kernel memory in maps.", number_print, "memory.kernel_bytes" },
	{ "krsi_policies_memory_bytes", "gauge", "Of these, what the policies in force take.", number_print, "memory.policies_bytes" },
	{ "krsi_rule_hits_total", "counter", "Operations to which a rule applied, since its policies came into force.", rules_print, "hits" },
	{ "krsi_rule_refused_total", "counter", "Of these, the refused ones.", rules_print, "refused" },
	{ "krsi_rule_events_suppressed_total", "counter", "Events that a rule's limit swallowed.", rules_print, "suppressed" },
	{ "krsi_program_runs_total", "counter", "Runs of a program, while the kernel counted.", programs_print, "runs" },
	{ "krsi_program_missed_total", "counter", "Runs of a program that the kernel left out, as it was running on that CPU already.", programs_print, "missed" },
	{ "krsi_program_run_seconds_total", "counter", "Time that a program ran, while the kernel counted.", programs_print, "run_time_ns" },
	{ "krsi_processes_evicted_total", "counter", "Processes that made room for others in the list of the busiest.", number_print,
	  "processes.evicted" },
	{ "krsi_processes_evicted_events_total", "counter", "Events of these.", number_print, "processes.evicted_events" },
};

void stats_prometheus_print(FILE *out, const struct figures *figures)
{
	const struct metric *metric;
	size_t i, k;

	for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		metric = &metrics[i];
		fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name, metric->type);
		for (k = 0; k < figures->count; k++)
			metric->print(out, metric, figures->list[k]);
	}
}

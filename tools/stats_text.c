/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Figures for people. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "stats.h"
#include "term.h"

#define LABEL_WIDTH 14
#define NAME_WIDTH 32
#define PROCESSES 10		/* the busiest; --json has all */

static void label(const char *text)
{
	term_cell(TERM_PLAIN, text, LABEL_WIDTH);
}

static void head_print(const json_t *figures)
{
	time_t start = (time_t)(figure_number(figures, "start_time_ns") / 1000000000);
	char since[64] = "?";
	struct tm parts;

	if (gmtime_r(&start, &parts))
		strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S UTC", &parts);
	printf("process %" PRId64 ", since %s, policies number %" PRId64 "%s\n", figure_number(figures, "pid"), since,
	       figure_number(figures, "generation"), json_is_true(figure(figures, "permissive")) ? "; permissive: nothing is refused" : "");
	label("backend");
	term_text(stdout, figure_text(figures, "backend"));
	printf("\n");
}

static void events_print(const json_t *figures)
{
	int64_t lost = figure_number(figures, "events.lost");
	const json_t *entry;
	size_t i;

	label("events");
	printf("%" PRId64 " delivered, %" PRId64 " lost, %" PRId64 " not written\n", figure_number(figures, "events.delivered"), lost,
	       figure_number(figures, "events.not_written"));
	json_array_foreach(figure(figures, "lost"), i, entry) {
		label("");
		printf("%" PRId64 " lost of ", figure_number(entry, "count"));
		term_text(stdout, figure_text(entry, "operation"));
		printf(" (");
		term_text(stdout, figure_text(entry, "cause"));
		printf(")\n");
	}
	if (figure_number(figures, "missed")) {
		label("");
		printf("%" PRId64 " operations or changes of processes that the kernel did not show to the programs\n", figure_number(figures, "missed"));
	}
	if (figure_number(figures, "files_not_followed")) {
		label("");
		printf("%" PRId64 " files not followed: only their name is denied\n", figure_number(figures, "files_not_followed"));
	}
}

static void memory_print(const json_t *figures)
{
	label("memory");
	printf("%" PRId64 " KiB in the kernel, %" PRId64 " of them the policies\n", figure_number(figures, "memory.kernel_bytes") / 1024,
	       figure_number(figures, "memory.policies_bytes") / 1024);
}

static void rule_print(const json_t *rule)
{
	printf("  ");
	term_cell(TERM_PLAIN, figure_text(rule, "name"), NAME_WIDTH);
	printf(" ");
	term_cell(TERM_PLAIN, figure_text(rule, "action"), 7);
	printf(" ");
	term_cell(TERM_PLAIN, figure_text(rule, "mode"), 10);
	printf(" %10" PRId64 " %10" PRId64 " %10" PRId64 "\n", figure_number(rule, "hits"), figure_number(rule, "refused"),
	       figure_number(rule, "suppressed"));
}

static void policies_print(const json_t *figures)
{
	const json_t *policy, *rule;
	size_t i, k;

	json_array_foreach(figure(figures, "policies"), i, policy) {
		printf("\npolicy ");
		term_text(stdout, figure_text(policy, "name"));
		printf(", %s\n  %-*s %-7s %-10s %10s %10s %10s\n", figure_text(policy, "mode"), NAME_WIDTH, "RULE", "ACTION", "MODE", "HITS", "REFUSED",
		       "SUPPRESSED");
		json_array_foreach(figure(policy, "rules"), k, rule)
			rule_print(rule);
	}
}

static void programs_print(const json_t *figures)
{
	bool counted = json_is_true(figure(figures, "cost_counted"));
	const json_t *program;
	size_t i;

	printf("\nprograms%s%s\n  %-16s %10s %10s %10s\n", counted ? "" : ", their cost ", counted ? "" : NOT_COUNTED, "PROGRAM", "ID", "RUNS",
	       "NS EACH");
	json_array_foreach(figure(figures, "programs"), i, program) {
		int64_t runs = figure_number(program, "runs");

		printf("  ");
		term_cell(TERM_PLAIN, figure_text(program, "name"), 16);
		printf(" %10" PRId64, figure_number(program, "id"));
		if (counted || runs)
			printf(" %10" PRId64 " %10" PRId64 "\n", runs, runs ? figure_number(program, "run_time_ns") / runs : 0);
		else
			printf(" %10s %10s\n", "-", "-");
	}
}

static void processes_print(const json_t *figures)
{
	const json_t *list = figure(figures, "processes.list"), *process;
	size_t i;

	if (!json_array_size(list))
		return;
	printf("\nprocesses with the most events");
	if (figure_number(figures, "processes.evicted"))
		printf("; %" PRId64 " more had %" PRId64, figure_number(figures, "processes.evicted"), figure_number(figures, "processes.evicted_events"));
	printf("\n  %10s %10s %10s PROGRAM\n", "PID", "EVENTS", "REFUSED");
	json_array_foreach(list, i, process) {
		const char *exe = figure_text(process, "exe");

		if (i == PROCESSES)
			break;
		printf("  %10" PRId64 " %10" PRId64 " %10" PRId64 " ", figure_number(process, "pid"), figure_number(process, "events"),
		       figure_number(process, "refused"));
		term_text(stdout, *exe ? exe : figure_text(process, "comm"));
		printf("\n");
	}
}

void stats_text_print(const json_t *figures)
{
	head_print(figures);
	events_print(figures);
	memory_print(figures);
	policies_print(figures);
	programs_print(figures);
	processes_print(figures);
}

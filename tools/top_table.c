/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One table of `krsi top`. What is in it is gathered first, whatever it is of, then sorted, then printed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "term.h"
#include "top.h"

#define ROWS 10			/* of each kind, where lines do not count */
#define FRAME 10		/* lines that are no rows */

/* A rule, a program or a process. */
struct row {
	const char *name, *part;	/* "name/part"; NULL: no part */
	int64_t id;
	int64_t total, second;		/* hits and refusals, events and refusals, ns and runs */
	int64_t total_more, second_more;	/* of these, since the table before */
};

struct rows {
	struct row *list;
	size_t count;
};

/* --- gathering ------------------------------------------------------------------- */

static void row_add(struct rows *rows, const struct row *row)
{
	struct row *more = reallocarray(rows->list, rows->count + 1, sizeof(*more));

	if (!more)
		return;		/* it shows less, and goes on */
	rows->list = more;
	rows->list[rows->count++] = *row;
}

static void rules_gather(struct rows *rows, const json_t *figures)
{
	const json_t *policy, *rule;
	size_t i, k;

	json_array_foreach(figure(figures, "policies"), i, policy)
		json_array_foreach(figure(policy, "rules"), k, rule)
			row_add(rows, &(struct row){ .name = figure_text(policy, "name"), .part = figure_text(rule, "name"),
						     .total = figure_number(rule, "hits"), .second = figure_number(rule, "refused") });
}

static void programs_gather(struct rows *rows, const json_t *figures)
{
	const json_t *program;
	size_t i;

	json_array_foreach(figure(figures, "programs"), i, program)
		row_add(rows, &(struct row){ .name = figure_text(program, "name"), .id = figure_number(program, "id"),
					     .total = figure_number(program, "run_time_ns"), .second = figure_number(program, "runs") });
}

static void processes_gather(struct rows *rows, const json_t *figures)
{
	const json_t *process;
	size_t i;

	json_array_foreach(figure(figures, "processes.list"), i, process) {
		const char *exe = figure_text(process, "exe");

		row_add(rows, &(struct row){ .name = *exe ? exe : figure_text(process, "comm"), .part = NULL, .id = figure_number(process, "pid"),
					     .total = figure_number(process, "events"), .second = figure_number(process, "refused") });
	}
}

static bool is_same(const struct row *a, const struct row *b)
{
	if (a->id || b->id)
		return a->id == b->id;
	return strcmp(a->name, b->name) == 0 && strcmp(a->part ? a->part : "", b->part ? b->part : "") == 0;
}

/* A counter that went back began anew: other policies came into force, or another process has the PID. */
static int64_t increase(int64_t now, int64_t before)
{
	return now >= before ? now - before : now;
}

/* Both lists have nearly the same order, so the search begins where the last one ended. */
static void compare_with(struct rows *now, const struct rows *before)
{
	size_t i, k, at = 0;

	for (i = 0; i < now->count; i++) {
		struct row *row = &now->list[i];
		const struct row *old = NULL;

		for (k = 0; k < before->count && !old; k++)
			if (is_same(row, &before->list[(at + k) % before->count]))
				old = &before->list[(at + k) % before->count];
		if (old)
			at = (size_t)(old - before->list) + 1;
		row->total_more = increase(row->total, old ? old->total : 0);
		row->second_more = increase(row->second, old ? old->second : 0);
	}
}

static int row_compare(const void *a, const void *b)
{
	const struct row *one = a, *other = b;

	if (one->total_more != other->total_more)
		return one->total_more < other->total_more ? 1 : -1;
	if (one->total != other->total)
		return one->total < other->total ? 1 : -1;
	return one->id < other->id ? -1 : one->id > other->id;
}

/* --- printing ---------------------------------------------------------------------- */

struct table {
	bool in_place;
	bool has_before;
	double seconds;		/* since the table before */
	size_t rows;		/* of each kind */
};

static void line_end(const struct table *table)
{
	printf(table->in_place ? "\033[K\n" : "\n");
}

/* "-" in the first table, which has nothing to compare with. */
static void rate_print(const struct table *table, int64_t more)
{
	if (table->has_before)
		printf(" %9.1f", (double)more / table->seconds);
	else
		printf(" %9s", "-");
}

static void name_print(const struct row *row)
{
	printf(" ");
	term_text(stdout, row->name);
	if (!row->part)
		return;
	printf("/");
	term_text(stdout, row->part);
}

static void rule_print(const struct table *table, const struct row *row)
{
	printf("%10" PRId64, row->total);
	rate_print(table, row->total_more);
	printf(" %10" PRId64, row->second);
	rate_print(table, row->second_more);
	name_print(row);
}

/* Of one CPU, as top(1) has it. */
static void program_print(const struct table *table, const struct row *row)
{
	printf("%10" PRId64, row->second);
	rate_print(table, row->second_more);
	printf(" %10" PRId64, row->second ? row->total / row->second : 0);
	if (table->has_before)
		printf(" %8.2f%%", (double)row->total_more / table->seconds / 1e7);
	else
		printf(" %9s", "-");
	name_print(row);
}

static void process_print(const struct table *table, const struct row *row)
{
	printf("%10" PRId64, row->total);
	rate_print(table, row->total_more);
	printf(" %10" PRId64 " %9" PRId64, row->second, row->id);
	name_print(row);
}

static void kind_print(const struct table *table, const json_t *now, const json_t *before, const char *title,
		       void (*gather)(struct rows *rows, const json_t *figures), void (*print)(const struct table *table, const struct row *row))
{
	struct rows rows = { NULL, 0 }, old = { NULL, 0 };
	size_t i;

	gather(&rows, now);
	gather(&old, before);
	if (table->has_before)
		compare_with(&rows, &old);
	if (rows.count)
		qsort(rows.list, rows.count, sizeof(*rows.list), row_compare);
	line_end(table);
	term_cell(TERM_STRONG, title, 0);
	line_end(table);
	for (i = 0; i < rows.count && i < table->rows; i++) {
		print(table, &rows.list[i]);
		line_end(table);
	}
	free(rows.list);
	free(old.list);
}

static void cost_print(const struct table *table, const json_t *now, const json_t *before)
{
	if (json_is_true(figure(now, "cost_counted"))) {
		kind_print(table, now, before, "      RUNS    RUNS/S    NS EACH       CPU PROGRAM", programs_gather, program_print);
		return;
	}
	line_end(table);
	printf("cost: " NOT_COUNTED);
	line_end(table);
}

static void process_tables_print(struct table *table, const json_t *now, const json_t *before)
{
	double ns = (double)(figure_number(now, "boot_ns") - figure_number(before, "boot_ns"));

	/* Another one may have the PID of one that ended. */
	if (figure_number(before, "start_time_ns") != figure_number(now, "start_time_ns"))
		before = NULL;
	table->has_before = before;
	table->seconds = ns > 1e6 ? ns / 1e9 : 1e-3;
	printf("krsi run %" PRId64 ": %" PRId64 " events, %" PRId64 " lost, %" PRId64 " not written%s", figure_number(now, "pid"),
	       figure_number(now, "events.delivered"), figure_number(now, "events.lost"), figure_number(now, "events.not_written"),
	       json_is_true(figure(now, "permissive")) ? "; permissive" : "");
	line_end(table);
	kind_print(table, now, before, "      HITS    HITS/S    REFUSED REFUSED/S RULE", rules_gather, rule_print);
	cost_print(table, now, before);
	kind_print(table, now, before, "    EVENTS  EVENTS/S    REFUSED       PID PROCESS", processes_gather, process_print);
}

/* How many rows of each kind fit. */
static size_t rows_that_fit(size_t processes)
{
	struct winsize size;
	size_t lines;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || !processes)
		return ROWS;
	lines = size.ws_row / processes;
	return lines > FRAME + 3 ? (lines - FRAME) / 3 : 1;
}

static const json_t *same_process(const struct figures *figures, const json_t *now)
{
	size_t i;

	for (i = 0; figures && i < figures->count; i++)
		if (figure_number(figures->list[i], "pid") == figure_number(now, "pid"))
			return figures->list[i];
	return NULL;
}

void top_print(const struct figures *now, const struct figures *before, bool in_place)
{
	struct table table = { .in_place = in_place, .rows = in_place ? rows_that_fit(now->count) : ROWS };
	size_t i;

	if (in_place)
		printf("\033[H");
	for (i = 0; i < now->count; i++) {
		process_tables_print(&table, now->list[i], same_process(before, now->list[i]));
		line_end(&table);
	}
	if (in_place)
		printf("\033[J");
}

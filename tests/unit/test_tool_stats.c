/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What krsi stats prints of figures, whoever named their rules and programs; and whose events they are. */
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../tools/run_stats.h"
#include "../../tools/stats.h"
#include "../../tools/term.h"
#include "../../tools/tool.h"
#include "../../tools/top.h"
#include "event_tools.h"

#define HOSTILE "a\n\"b\\\033[2J\xc3\xa4"

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	(void)fmt;
}

/* --- the page ------------------------------------------------------------------------ */

static char page[64 * 1024];

/* A block of the page: what is between a line like this and the next fence. */
static char *block(const char *fence)
{
	char *begin = strstr(page, fence), *end;

	assert_non_null(begin);
	begin = strchr(begin + 1, '\n') + 1;
	end = strstr(begin, "```\n");
	assert_non_null(end);
	return strndup(begin, (size_t)(end - begin));
}

/* The answer that the page shows. */
static json_t *page_answer(void)
{
	const char *problem = "";
	char *text = block("\n```json\n");
	json_t *answer = figures_read(text, strlen(text), &problem);

	assert_string_equal(problem, "");
	assert_non_null(answer);
	free(text);
	return answer;
}

static void member_check(const char *path)
{
	char words[160];

	snprintf(words, sizeof(words), "\n| `%s` |", path);
	assert_words(page, words);
}

/* Every member of the answer is in the table. */
static void members_check(const json_t *value, const char *path)
{
	const json_t *member;
	const char *key;
	char longer[128];

	json_object_foreach((json_t *)value, key, member) {
		snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? "." : "", key);
		if (!json_is_object(member))
			member_check(longer);
		if (json_is_array(member)) {
			strcat(longer, "[]");
			members_check(json_array_get(member, 0), longer);
		}
		members_check(member, longer);
	}
}

/* In a buffer that the next call uses again. */
static const char *prometheus(json_t **list, size_t count)
{
	static char text[16 * 1024];
	const struct figures figures = { list, count };
	FILE *file = fmemopen(text, sizeof(text), "w");

	assert_non_null(file);
	stats_prometheus_print(file, &figures);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void test_the_page_has_every_member_and_metric(void **state)
{
	json_t *answer = page_answer();
	const char *printed = prometheus(&answer, 1);
	char *expected = block("\n```\n# HELP krsi_info");

	(void)state;
	members_check(answer, "");
	assert_string_equal(printed, expected);
	free(expected);
	json_decref(answer);
}

/* --- Prometheus ------------------------------------------------------------------------ */

static void test_labels_are_escaped_and_nothing_else(void **state)
{
	json_t *answer = json_pack("{s:i, s:i, s:[{s:s, s:[{s:s, s:s, s:s, s:i}]}]}", "format", 1, "pid", 5, "policies", "name", HOSTILE,
				   "rules", "name", HOSTILE, "action", "deny", "mode", "enforce", "hits", 3);
	const char *printed = prometheus(&answer, 1);

	(void)state;
	assert_words(printed, "\nkrsi_rule_hits_total{pid=\"5\",policy=\"a\\n\\\"b\\\\\033[2J\xc3\xa4\",rule=\"a\\n\\\"b\\\\\033[2J\xc3\xa4\",action=\"deny\",mode=\"enforce\"} 3\n");
	json_decref(answer);
}

static void test_samples_of_a_metric_stand_together(void **state)
{
	json_t *list[] = { json_pack("{s:i}", "pid", 5), json_pack("{s:i}", "pid", 6) };
	const char *printed = prometheus(list, 2);

	(void)state;
	assert_words(printed, "# TYPE krsi_generation gauge\nkrsi_generation{pid=\"5\"} 0\nkrsi_generation{pid=\"6\"} 0\n# HELP");
	/* HELP comes once. */
	assert_null(strstr(strstr(printed, "# HELP krsi_generation ") + 1, "# HELP krsi_generation "));
	json_decref(list[0]);
	json_decref(list[1]);
}

static void test_what_is_not_counted_has_no_sample(void **state)
{
	json_t *answer = page_answer();
	const char *printed;

	(void)state;
	json_object_set_new(answer, "cost_counted", json_false());
	json_object_set_new(json_array_get(json_object_get(answer, "programs"), 0), "runs", json_integer(0));
	printed = prometheus(&answer, 1);
	assert_null(strstr(printed, "krsi_program_runs_total{"));
	assert_null(strstr(printed, "krsi_program_run_seconds_total{"));
	json_decref(answer);
}

/* --- text -------------------------------------------------------------------------------- */

/* What is printed from the first call until the second one. */
static FILE *capture_begin(int *saved)
{
	FILE *file = tmpfile();

	assert_non_null(file);
	fflush(stdout);
	*saved = dup(STDOUT_FILENO);
	dup2(fileno(file), STDOUT_FILENO);
	return file;
}

static void capture_end(FILE *file, int saved, char *text, size_t size)
{
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void text_print(const json_t *answer, char *text, size_t size)
{
	int saved;
	FILE *file = capture_begin(&saved);

	stats_text_print(answer);
	capture_end(file, saved, text, size);
}

/* Two answers of one process; NULL: there was none before. */
static void table_print(json_t *now, json_t *before, char *text, size_t size)
{
	const struct figures two[] = { { &now, 1 }, { &before, 1 } };
	int saved;
	FILE *file = capture_begin(&saved);

	top_print(&two[0], before ? &two[1] : NULL, false);
	capture_end(file, saved, text, size);
}

static void test_text_has_the_figures(void **state)
{
	json_t *answer = page_answer();
	char text[8192];

	(void)state;
	text_print(answer, text, sizeof(text));
	assert_words(text, "process 4711, since 2026-11-26 22:14:03 UTC, policies number 2\n");
	assert_words(text, "events        17 delivered, 3 lost, 0 not written\n");
	assert_words(text, "3 lost of file.open (ring)\n");
	assert_words(text, "  no-tmp                           deny    enforce            12         12          0\n");
	assert_words(text, "  exec_check               61        400       3000\n");
	assert_words(text, "         812         15         12 /usr/bin/curl\n");
	json_object_set_new(answer, "cost_counted", json_false());
	text_print(answer, text, sizeof(text));
	assert_words(text, "cost not counted; sysctl -w kernel.bpf_stats_enabled=1");
	json_decref(answer);
}

static void test_text_cannot_steer_a_terminal(void **state)
{
	json_t *answer = page_answer(), *process = json_array_get(json_object_get(json_object_get(answer, "processes"), "list"), 0);
	char text[8192];

	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	json_object_set_new(process, "exe", json_string(HOSTILE));
	json_object_set_new(json_array_get(json_object_get(answer, "policies"), 0), "name", json_string(HOSTILE));
	text_print(answer, text, sizeof(text));
	assert_words(text, "policy a \"b\\\\\\x1b[2J\\xc3\\xa4, enforce\n");
	assert_words(text, " 12 a \"b\\\\\\x1b[2J\\xc3\\xa4\n");
	assert_null(strchr(text, '\033'));
	json_decref(answer);
}

static void test_what_is_missing_is_nothing(void **state)
{
	json_t *answer = json_pack("{s:i, s:i, s:s, s:i}", "format", 1, "pid", 7, "policies", "odd", "lost", 3);
	char text[8192];

	(void)state;
	text_print(answer, text, sizeof(text));
	assert_words(text, "process 7, since ");
	assert_int_equal(figure_number(answer, "no.such.member"), 0);
	assert_string_equal(figure_text(answer, "policies.name"), "");
	prometheus(&answer, 1);
	json_decref(answer);
}

/* --- top ------------------------------------------------------------------------------------ */

static json_t *rule_of(json_t *answer, size_t index)
{
	return json_array_get(json_object_get(json_array_get(json_object_get(answer, "policies"), 0), "rules"), index);
}

static void number_set(json_t *object, const char *name, json_int_t value)
{
	json_object_set_new(object, name, json_integer(value));
}

static void test_top_puts_first_what_happened_since(void **state)
{
	json_t *before = page_answer(), *now = page_answer();
	char text[8192];

	(void)state;
	number_set(now, "boot_ns", figure_number(before, "boot_ns") + 2000000000);
	number_set(rule_of(now, 1), "hits", 13);	/* 5 more than before in 2 seconds */
	number_set(json_array_get(json_object_get(now, "programs"), 0), "run_time_ns", 1200000 + 20000000);
	number_set(json_array_get(json_object_get(now, "programs"), 0), "runs", 500);
	table_print(now, before, text, sizeof(text));
	assert_words(text, "krsi run 4711: 17 events, 3 lost, 0 not written\n");
	assert_words(text, "REFUSED/S RULE\n"
			   "        13       2.5          0       0.0 web/preload\n"
			   "        12       0.0         12       0.0 web/no-tmp\n");
	assert_words(text, "       500      50.0      42400     1.00% exec_check\n");
	assert_words(text, "        15       0.0         12       812 /usr/bin/curl\n");
	table_print(now, NULL, text, sizeof(text));
	assert_words(text, "        13         -          0         - web/preload\n");
	assert_null(strchr(text, '\033'));	/* nothing for a terminal */
	json_decref(before);
	json_decref(now);
}

static void test_top_begins_anew_with_the_counters(void **state)
{
	json_t *before = page_answer(), *now = page_answer();
	char text[8192];

	(void)state;
	number_set(now, "boot_ns", figure_number(before, "boot_ns") + 1000000000);
	number_set(rule_of(now, 0), "hits", 2);	/* other policies: fewer than before */
	table_print(now, before, text, sizeof(text));
	assert_words(text, "         2       2.0         12       0.0 web/no-tmp\n");
	number_set(now, "start_time_ns", 1);	/* another process with this PID */
	table_print(now, before, text, sizeof(text));
	assert_words(text, "         2         -         12         - web/no-tmp\n");
	json_decref(before);
	json_decref(now);
}

static void test_top_says_what_would_count(void **state)
{
	json_t *now = page_answer();
	char text[8192];

	(void)state;
	json_object_set_new(now, "cost_counted", json_false());
	json_object_set_new(rule_of(now, 0), "name", json_string(HOSTILE));
	table_print(now, NULL, text, sizeof(text));
	assert_words(text, "\ncost: not counted; sysctl -w kernel.bpf_stats_enabled=1");
	assert_null(strstr(text, "exec_check"));
	assert_words(text, " web/a \"b\\\\\\x1b[2J\xc3\xa4\n");
	assert_null(strchr(text, '\033'));
	json_decref(now);
}

/* --- busy processes ------------------------------------------------------------------------ */

static struct busy_table table;

static void event_of(uint64_t pid, const char *exe, uint32_t verdict, uint32_t flags)
{
	struct event_made made;

	event_begin(&made, "file.open");
	made.head.verdict = (uint8_t)verdict;
	made.head.outcome = (uint8_t)flags;
	event_number_put(&made, KRSI_EVENT_PID, pid);
	event_number_put(&made, KRSI_EVENT_START_TIME, 1000 + pid);
	event_string_put(&made, KRSI_EVENT_EXE, exe);
	event_string_put(&made, KRSI_EVENT_COMM, "x");
	event_end(&made);
	busy_event(&table, &made.event);
	event_free(&made);
}

static void test_events_are_counted_by_process(void **state)
{
	const struct busy *sorted[BUSY_MAX];

	(void)state;
	event_of(1, "/a", KRSI_EVENT_DENY, 0);
	event_of(2, "/b", KRSI_EVENT_DENY, KRSI_EVENT_WOULD);
	event_of(2, "/b", KRSI_EVENT_SIGNAL, 0);
	event_of(2, "/c\n\xff", KRSI_EVENT_AUDIT, 0);
	busy_sort(&table, sorted);
	assert_int_equal(table.count, 2);
	assert_int_equal(sorted[0]->pid, 2);
	assert_int_equal(sorted[0]->events, 3);
	assert_int_equal(sorted[0]->refused, 1);	/* permissive and audit refuse nothing */
	assert_string_equal(sorted[0]->exe, "/c\n\xff");	/* what it is now */
	assert_int_equal(sorted[1]->refused, 1);
	busy_free(&table);
}

static void test_a_flood_of_processes_is_bounded_and_counted(void **state)
{
	const struct busy *sorted[BUSY_MAX];
	uint64_t sum = 0, i;

	(void)state;
	for (i = 0; i < 5; i++)
		event_of(1, "/often", KRSI_EVENT_DENY, 0);
	for (i = 2; i < 2000; i++)
		event_of(i, "/once", KRSI_EVENT_DENY, 0);
	busy_sort(&table, sorted);
	assert_int_equal(table.count, BUSY_MAX);
	assert_int_equal(sorted[0]->pid, 1);	/* the rare ones went */
	for (i = 0; i < table.count; i++)
		sum += sorted[i]->events;
	assert_int_equal(table.evicted, 1999 - BUSY_MAX);
	assert_int_equal(sum + table.evicted_events, 5 + 1998);
	busy_free(&table);
}

static int setup(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int page_read(void **state)
{
	FILE *file = fopen(TOOL_STATISTICS, "r");

	(void)state;
	if (!file)
		return -1;
	page[fread(page, 1, sizeof(page) - 1, file)] = '\0';
	fclose(file);
	return 0;
}

#define stats_test(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stats_test(test_the_page_has_every_member_and_metric),
		stats_test(test_labels_are_escaped_and_nothing_else),
		stats_test(test_samples_of_a_metric_stand_together),
		stats_test(test_what_is_not_counted_has_no_sample),
		stats_test(test_text_has_the_figures),
		stats_test(test_text_cannot_steer_a_terminal),
		stats_test(test_what_is_missing_is_nothing),
		stats_test(test_top_puts_first_what_happened_since),
		stats_test(test_top_begins_anew_with_the_counters),
		stats_test(test_top_says_what_would_count),
		stats_test(test_events_are_counted_by_process),
		stats_test(test_a_flood_of_processes_is_bounded_and_counted),
	};

	return cmocka_run_group_tests(tests, page_read, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The loop of `krsi run`: where losses are told, and what ends it. The engine is of this file: a list
 * of events that is handed out, and a number of lost ones.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tools/run.h"
#include "../../tools/tool.h"

/* --- a fake engine ------------------------------------------------------------- */

struct krsi_event {
	uint64_t sequence;
	uint64_t lost;		/* from this event on */
};

static struct krsi_event events[5000];
static size_t event_count, event_next;
static uint64_t lost;		/* behind the last event */
static int engine_fd, dispatch_error;
static unsigned int reloads, dispatches, infos;
static uint32_t largest_budget;
static char dir[64], told[4096];
static struct run run;

static void __attribute__((noreturn)) unexpected(const char *name)
{
	print_message("# %s was called\n", name);
	abort();
}

int krsi_engine_fd(const struct krsi_engine *engine)
{
	(void)engine;
	return engine_fd;
}

int krsi_engine_info(const struct krsi_engine *engine, struct krsi_engine_info *info)
{
	(void)engine;
	infos++;
	info->lost = lost;
	return 0;
}

int krsi_engine_dispatch(struct krsi_engine *engine, uint32_t budget, uint32_t *count)
{
	uint64_t at_end = lost;
	int err = dispatch_error;

	(void)engine;
	dispatches++;
	if (budget > largest_budget)
		largest_budget = budget;
	for (*count = 0; !err && event_next < event_count && (!budget || *count < budget); ++*count) {
		lost = events[event_next].lost;
		err = run_event(&run, &events[event_next++]) ? -ECANCELED : 0;
	}
	if (event_next == event_count)
		lost = at_end;
	return err;
}

const char *krsi_event_operation(const struct krsi_event *event)
{
	(void)event;
	return "file.open";
}

uint32_t krsi_event_verdict(const struct krsi_event *event)
{
	(void)event;
	return KRSI_EVENT_AUDIT;
}

uint32_t krsi_event_flags(const struct krsi_event *event)
{
	(void)event;
	return 0;
}

const char *krsi_event_policy(const struct krsi_event *event)
{
	(void)event;
	return "p";
}

const char *krsi_event_rule(const struct krsi_event *event)
{
	(void)event;
	return "r";
}

uint32_t krsi_event_kind(const struct krsi_event *event)
{
	(void)event;
	return KRSI_EVENT_KIND_RULE;
}

int krsi_event_number(const struct krsi_event *event, uint32_t number, uint64_t *ret)
{
	if (number != KRSI_EVENT_SEQUENCE && number != KRSI_EVENT_PID)
		return -ENOENT;
	*ret = event->sequence;
	return 0;
}

const char *krsi_event_text(const struct krsi_event *event, uint32_t text, size_t *size, uint32_t *flags)
{
	(void)event;
	(void)text;
	(void)size;
	(void)flags;
	return NULL;
}

const uint8_t *krsi_event_address(const struct krsi_event *event)
{
	(void)event;
	return NULL;
}

void tool_error(const char *fmt, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, fmt);
	vsnprintf(told + used, sizeof(told) - used, fmt, args);
	va_end(args);
}

int tool_fail(const struct krsi_ctx *ctx)
{
	(void)ctx;
	tool_error("failed");
	return TOOL_FAILED;
}

void run_reload(struct run *which)
{
	if (which != &run)
		unexpected("run_reload");
	reloads++;
}

/* --- tools --------------------------------------------------------------------- */

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void event_add(uint64_t sequence, uint64_t lost_then)
{
	events[event_count++] = (struct krsi_event){ .sequence = sequence, .lost = lost_then };
}

/* What the file has, in short: "1 2 LOST3/3 6". */
static const char *content(void)
{
	static char text[4096];
	char line[512], *pid;
	FILE *file = fopen(path_of("out"), "r");
	unsigned int count, total;

	assert_non_null(file);
	text[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		pid = strstr(line, "(?)[");
		if (pid)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", atoi(pid + 4));
		else if (sscanf(strstr(line, "LOST"), "LOST %u %*[^,], %u in all", &count, &total) == 2)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "LOST%u/%u ", count, total);
		else
			fail_msg("%s", line);
	}
	fclose(file);
	return text;
}

static void drain(void)
{
	assert_int_equal(run_drain(&run), TOOL_OK);
}

/* --- losses -------------------------------------------------------------------- */

static void test_a_loss_stands_where_it_was(void **state)
{
	(void)state;
	event_add(10, 0);	/* the first number says nothing */
	event_add(11, 3);
	event_add(15, 3);
	event_add(16, 3);
	lost = 3;
	drain();
	assert_string_equal(content(), "10 11 LOST3/3 15 16 ");
	assert_int_equal(run.lost, 3);
}

static void test_a_loss_behind_the_last_event_is_told_too(void **state)
{
	(void)state;
	event_add(1, 0);
	lost = 5;
	drain();
	assert_string_equal(content(), "1 LOST5/5 ");
	/* And not again, when its hole comes. */
	event_add(7, 5);
	lost = 5;
	drain();
	assert_string_equal(content(), "1 LOST5/5 7 ");
}

static void test_each_hole_has_its_own_number(void **state)
{
	(void)state;
	event_add(1, 9);	/* the engine is ahead of what we read */
	event_add(3, 9);
	event_add(6, 9);
	lost = 9;
	drain();
	assert_string_equal(content(), "1 LOST1/1 3 LOST2/3 6 LOST6/9 ");
}

static void test_late_events_are_not_lost_ones(void **state)
{
	(void)state;
	event_add(1, 0);
	event_add(3, 0);
	event_add(2, 0);
	event_add(4, 0);
	drain();
	assert_string_equal(content(), "1 3 2 4 ");
	event_add(7, 1);	/* one of 5 and 6 is lost, one late */
	event_add(6, 1);
	event_add(8, 1);
	lost = 1;
	drain();
	assert_string_equal(content(), "1 3 2 4 LOST1/1 7 6 8 ");
}

static void test_a_loss_without_any_event(void **state)
{
	(void)state;
	lost = 2;
	drain();
	assert_string_equal(content(), "LOST2/2 ");
}

static void test_the_engine_is_asked_only_when_there_is_reason(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		event_add((uint64_t)i, 0);
	drain();
	assert_int_equal(infos, 1);
}

/* --- the loop -------------------------------------------------------------------- */

static void test_a_signal_ends_it_and_hup_does_not(void **state)
{
	int ended_by = 0;

	(void)state;
	raise(SIGHUP);	/* is read first, as its number is lower */
	raise(SIGTERM);
	assert_int_equal(run_loop(&run, &ended_by), TOOL_OK);
	assert_int_equal(ended_by, SIGTERM);
	assert_int_equal(reloads, 1);
	raise(SIGINT);
	assert_int_equal(run_loop(&run, &ended_by), TOOL_OK);
	assert_int_equal(ended_by, SIGINT);
	assert_int_equal(reloads, 1);
}

static void test_hup_opens_the_output_again(void **state)
{
	char moved[128];
	int ended_by;

	(void)state;
	strcpy(moved, path_of("out.1"));
	assert_int_equal(rename(path_of("out"), moved), 0);
	raise(SIGHUP);
	raise(SIGINT);
	assert_int_equal(run_loop(&run, &ended_by), TOOL_OK);
	event_add(1, 0);
	drain();
	assert_string_equal(content(), "1 ");
}

static void test_a_flood_does_not_keep_signals_waiting(void **state)
{
	int ended_by, i;

	(void)state;
	for (i = 0; i < (int)ARRAY_SIZE(events); i++)
		event_add((uint64_t)i, 0);
	assert_int_equal(eventfd_write(engine_fd, 1), 0);
	raise(SIGTERM);
	assert_int_equal(run_loop(&run, &ended_by), TOOL_OK);
	assert_true(event_next < event_count);
	assert_true(largest_budget > 0 || !dispatches);
	drain();
	assert_int_equal(event_next, event_count);
}

static void test_a_reader_that_sleeps_leaves_events_in_the_ring(void **state)
{
	int reader, i;
	int64_t none = 0;

	(void)state;
	output_close(&run.output);
	assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
	reader = open(path_of("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(output_open(&run.output, path_of("fifo"), run_gap_line, &run), 0);
	for (i = 0; i < (int)ARRAY_SIZE(events); i++)
		event_add((uint64_t)i, 0);
	assert_int_equal(eventfd_write(engine_fd, 1), 0);
	alarm(1);	/* SIGALRM comes through the signalfd as well */
	assert_int_equal(run_loop(&run, &(int){ 0 }), TOOL_OK);
	assert_true(output_is_pending(&run.output));
	assert_true(event_next < event_count);
	assert_int_equal(run.output.dropped_total, 0);
	output_finish(&run.output, &none);
	close(reader);
}

static void test_a_failure_of_the_engine_ends_it(void **state)
{
	(void)state;
	dispatch_error = -EIO;
	assert_int_equal(eventfd_write(engine_fd, 1), 0);
	assert_int_equal(run_loop(&run, &(int){ 0 }), TOOL_FAILED);
	assert_string_equal(told, "failed");
	assert_int_equal(run_drain(&run), TOOL_FAILED);
}

static int setup(void **state)
{
	static char path[128];
	sigset_t set;

	(void)state;
	strcpy(dir, unit_dir_make());
	strcpy(path, path_of("out"));
	run = (struct run){ .ready_fd = -1 };
	event_count = event_next = 0;
	lost = 0;
	dispatch_error = 0;
	reloads = dispatches = infos = 0;
	largest_budget = 0;
	told[0] = '\0';
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	run.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	engine_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return run.signals < 0 || engine_fd < 0 || output_open(&run.output, path, run_gap_line, &run);
}

static int teardown(void **state)
{
	struct signalfd_siginfo info;

	(void)state;
	while (read(run.signals, &info, sizeof(info)) > 0)
		;
	close(run.signals);
	close(engine_fd);
	output_close(&run.output);
	unit_dir_remove(dir);
	return 0;
}

#define loop_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		loop_test(test_a_loss_stands_where_it_was),
		loop_test(test_a_loss_behind_the_last_event_is_told_too),
		loop_test(test_each_hole_has_its_own_number),
		loop_test(test_late_events_are_not_lost_ones),
		loop_test(test_a_loss_without_any_event),
		loop_test(test_the_engine_is_asked_only_when_there_is_reason),
		loop_test(test_a_signal_ends_it_and_hup_does_not),
		loop_test(test_hup_opens_the_output_again),
		loop_test(test_a_flood_does_not_keep_signals_waiting),
		loop_test(test_a_reader_that_sleeps_leaves_events_in_the_ring),
		loop_test(test_a_failure_of_the_engine_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The loop of `krsi run`: how events become lines, and what ends it. The engine is of this file: a list
 * of events that is handed out; and so are encoders, whose lines are short.
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

#include <libkrsi/encode.h>

#include "../../tools/run.h"
#include "../../tools/tool.h"

/* --- a fake engine ------------------------------------------------------------- */

struct krsi_event {
	uint64_t sequence;
	uint64_t lost;		/* it tells of so many; 0: it is of something that happened */
};

static struct krsi_event events[5000];
static size_t event_count, event_next;
static int engine_fd, dispatch_error, encoder_error, fill;
static unsigned int reloads, dispatches, counted;
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

int krsi_engine_dispatch(struct krsi_engine *engine, uint32_t budget, uint32_t *count)
{
	int err = dispatch_error;

	(void)engine;
	dispatches++;
	if (budget > largest_budget)
		largest_budget = budget;
	for (*count = 0; !err && event_next < event_count && (!budget || *count < budget); ++*count)
		err = run_event(&run, &events[event_next++]) ? -ECANCELED : 0;
	return err;
}

int krsi_encoder_event(struct krsi_encoder *encoder, const struct krsi_event *event, const char **text, size_t *size)
{
	static char line[256];

	(void)encoder;
	(void)size;
	if (encoder_error)
		return encoder_error;
	if (event->lost)
		snprintf(line, sizeof(line), "LOST%d", (int)event->lost);
	else
		snprintf(line, sizeof(line), "%d%*s", (int)event->sequence, fill, "");
	*text = line;
	return 0;
}

int krsi_encoder_lost(struct krsi_encoder *encoder, uint64_t count, uint64_t total, const char **text, size_t *size)
{
	static char line[64];

	(void)encoder;
	(void)size;
	snprintf(line, sizeof(line), "GAP%d/%d", (int)count, (int)total);
	*text = line;
	return 0;
}

int krsi_encoder_new(struct krsi_ctx *ctx, const struct krsi_encoder_opts *opts, struct krsi_encoder **ret)
{
	(void)ctx;
	(void)opts;
	(void)ret;
	unexpected("krsi_encoder_new");
}

int krsi_encoder_set_processes(struct krsi_encoder *encoder, struct krsi_processes *processes)
{
	(void)encoder;
	(void)processes;
	unexpected("krsi_encoder_set_processes");
}

void krsi_encoder_free(struct krsi_encoder *encoder)
{
	(void)encoder;
	unexpected("krsi_encoder_free");
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

void run_figures_event(struct run *which, const struct krsi_event *event)
{
	if (which != &run || !event)
		unexpected("run_figures_event");
	counted++;
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

static void event_add(uint64_t sequence, uint64_t lost)
{
	events[event_count++] = (struct krsi_event){ .sequence = sequence, .lost = lost };
}

/* What the file has, in one line: "1 2 LOST3 6". */
static const char *content(void)
{
	static char text[4096];
	FILE *file = fopen(path_of("out"), "r");
	char *feed;

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	while ((feed = strchr(text, '\n')))
		*feed = ' ';
	return text;
}

static void drain(void)
{
	assert_int_equal(run_drain(&run), TOOL_OK);
}

/* --- lines --------------------------------------------------------------------- */

static void test_events_become_lines_in_their_order(void **state)
{
	(void)state;
	event_add(10, 0);
	event_add(11, 0);
	event_add(0, 3);	/* a loss stands where the engine tells of it */
	event_add(15, 0);
	drain();
	assert_string_equal(content(), "10 11 LOST3 15 ");
	assert_int_equal(counted, 4);
}

static void test_events_that_cannot_be_encoded_are_counted(void **state)
{
	(void)state;
	event_add(1, 0);
	event_add(2, 0);
	encoder_error = -ENOMEM;
	drain();
	encoder_error = 0;
	event_add(3, 0);
	drain();
	assert_string_equal(content(), "GAP1/1 GAP1/2 3 ");
	assert_int_equal(run.output.dropped_total, 2);
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
	fill = 100;	/* so that they are more than a pipe takes */
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

/* Events of what stays in force may come faster than they are written. */
static void test_the_end_of_sealed_policies_does_not_wait_for_a_last_event(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 0; i < 3000; i++)
		event_add(i, 0);
	run.sealed = true;
	drain();
	assert_int_equal(counted, 3000);
	assert_true(largest_budget > 0 && largest_budget < 3000);
	assert_int_equal(dispatches, 3000 / largest_budget + 1);
}

static int setup(void **state)
{
	static char path[128];
	sigset_t set;

	(void)state;
	strcpy(dir, unit_dir_make());
	strcpy(path, path_of("out"));
	run = (struct run){ .sink = &run_lines, .ready_fd = -1 };
	event_count = event_next = 0;
	dispatch_error = encoder_error = fill = 0;
	run.sealed = false;
	reloads = dispatches = counted = 0;
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
		loop_test(test_events_become_lines_in_their_order),
		loop_test(test_events_that_cannot_be_encoded_are_counted),
		loop_test(test_a_signal_ends_it_and_hup_does_not),
		loop_test(test_hup_opens_the_output_again),
		loop_test(test_a_flood_does_not_keep_signals_waiting),
		loop_test(test_a_reader_that_sleeps_leaves_events_in_the_ring),
		loop_test(test_a_failure_of_the_engine_ends_it),
		loop_test(test_the_end_of_sealed_policies_does_not_wait_for_a_last_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

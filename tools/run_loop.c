/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The foreground of `krsi run`: events become lines until a signal ends it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <libkrsi/krsi.h>

#include "run.h"
#include "tool.h"

/* Events in a row, so that a flood does not keep signals waiting. */
#define BUDGET 1024

/* How long a loss can go untold when no event comes behind it. */
#define IDLE_MS 5000

/* What the clocks drift apart between two looks is no reason to let times run backwards. */
#define CLOCK_STEP_NS 1000000

#define PATIENCE_MS 5000

/* --- time ------------------------------------------------------------------ */

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void wall_update(struct run *run)
{
	int64_t wall = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_BOOTTIME);

	if (wall - run->wall > CLOCK_STEP_NS || run->wall - wall > CLOCK_STEP_NS)
		run->wall = wall;
}

/* --- lines ----------------------------------------------------------------- */

static char *gap_line(const struct run *run, enum event_gap_cause cause, uint64_t count, uint64_t total)
{
	struct event_gap gap = {
		.cause = cause, .count = count, .total = total, .boot = clock_ns(CLOCK_BOOTTIME),
	};

	return run->json ? event_json_gap(&gap, run->wall) : event_text_gap(&gap, run->wall);
}

char *run_gap_line(void *data, uint64_t count, uint64_t total)
{
	return gap_line(data, EVENT_GAP_OUTPUT, count, total);
}

/* Tell at most so many of the events that were lost and not told yet. */
static void lost_tell(struct run *run, uint64_t at_most)
{
	struct krsi_engine_info info = { .sz = sizeof(info) };
	uint64_t count;

	if (krsi_engine_info(run->engine, &info) || info.lost <= run->lost)
		return;
	count = info.lost - run->lost;
	if (count > at_most)
		count = at_most;
	run->lost += count;
	output_add(&run->output, gap_line(run, EVENT_GAP_RING, count, run->lost));
}

/*
 * A hole in the numbers is the place where events were lost, unless they are only late: two processors
 * can put theirs into the ring in another order than they took numbers. The engine knows how many were lost.
 */
static void hole_find(struct run *run, const struct krsi_event *event)
{
	uint64_t sequence;

	if (krsi_event_number(event, KRSI_EVENT_SEQUENCE, &sequence))
		return;
	if (run->any_event && sequence > run->next_sequence)
		lost_tell(run, sequence - run->next_sequence);
	if (!run->any_event || sequence >= run->next_sequence)
		run->next_sequence = sequence + 1;
	run->any_event = true;
}

int run_event(void *data, const struct krsi_event *event)
{
	struct run *run = data;

	if (krsi_event_kind(event) == KRSI_EVENT_KIND_LOST)
		return 0;	/* told by lost_tell() */
	hole_find(run, event);
	output_add(&run->output, run->json ? event_json(event, run->wall) : event_text(event, run->wall));
	return output_is_full(&run->output);
}

/* Hand out what there is, up to a number of events and lines. 0 when there was more, 1 when not, -1 with the failure told. */
static int events_take(struct run *run, uint32_t budget)
{
	uint32_t count;
	int err;

	wall_update(run);
	err = krsi_engine_dispatch(run->engine, budget, &count);
	if (err && err != -ECANCELED) {
		tool_fail(run->ctx);
		return -1;
	}
	if (err || (budget && count == budget))
		return 0;
	lost_tell(run, UINT64_MAX);	/* behind all that was in the ring */
	return 1;
}

int run_drain(struct run *run)
{
	int64_t patience = PATIENCE_MS;
	int done;

	do {
		done = events_take(run, 0);
		output_finish(&run->output, &patience);
	} while (!done);
	return done < 0 ? TOOL_FAILED : TOOL_OK;
}

/* --- waiting --------------------------------------------------------------- */

/* Act on one signal. Whether it ends all. */
static bool signal_take(struct run *run, int *ended_by)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP) {
		*ended_by = (int)info.ssi_signo;
		return true;
	}
	output_reopen(&run->output);
	run_reload(run);
	return false;
}

int run_loop(struct run *run, int *ended_by)
{
	struct pollfd fds[] = {
		{ .fd = run->signals, .events = POLLIN },
		{ .events = POLLIN },
		{ .events = POLLOUT },
	};
	bool pending;

	for (;;) {
		/* While a reader sleeps events wait in the ring, and what finds no room there is counted. */
		pending = output_is_pending(&run->output);
		fds[1].fd = pending ? -1 : krsi_engine_fd(run->engine);
		fds[2].fd = pending ? run->output.fd : -1;
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), IDLE_MS) < 0 && errno != EINTR) {
			tool_error("cannot wait: %s", strerror(errno));
			return TOOL_FAILED;
		}
		if (fds[0].revents && signal_take(run, ended_by))
			return TOOL_OK;
		if (!pending && events_take(run, BUDGET) < 0)
			return TOOL_FAILED;
		output_flush(&run->output);
	}
}

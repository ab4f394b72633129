/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The foreground of `krsi run`: events are handed out until a signal ends it. */
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

#define PATIENCE_MS 5000

int run_event(void *data, const struct krsi_event *event)
{
	struct run *run = data;

	run_figures_event(run, event);
	return run->sink->event(run, event);
}

/* Hand out what there is, up to a number of events and lines. 0 when there was more, 1 when not, -1 with the failure told. */
static int events_take(struct run *run, uint32_t budget)
{
	uint32_t count;
	int err;

	err = krsi_engine_dispatch(run->engine, budget, &count);
	if (err && err != -ECANCELED) {
		tool_fail(run->ctx);
		return -1;
	}
	return !err && !(budget && count == budget);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int run_drain(struct run *run)
{
	int64_t patience = PATIENCE_MS, end = now_ms() + PATIENCE_MS;
	int done;

	/* Of policies that are sealed there may be no last event. */
	do {
		done = events_take(run, run->sealed ? BUDGET : 0);
		run->sink->finish(run, &patience);
	} while (!done && (!run->sealed || now_ms() < end));
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
	run->sink->reopen(run);
	run_reload(run);
	return false;
}

int run_loop(struct run *run, int *ended_by)
{
	struct pollfd fds[] = {
		{ .fd = run->signals, .events = POLLIN },
		{ .events = POLLIN },
		{ .events = POLLOUT },
		{ .fd = stats_server_fd(run->stats), .events = POLLIN },
	};
	int waits_for;

	for (;;) {
		/* While a reader sleeps events wait in the ring, and what finds no room there is counted. */
		waits_for = run->sink->waits_for(run);
		fds[1].fd = waits_for < 0 ? krsi_engine_fd(run->engine) : -1;
		fds[2].fd = waits_for;
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), IDLE_MS) < 0 && errno != EINTR) {
			tool_error("cannot wait: %s", strerror(errno));
			return TOOL_FAILED;
		}
		if (fds[0].revents && signal_take(run, ended_by))
			return TOOL_OK;
		if (waits_for < 0 && events_take(run, BUDGET) < 0)
			return TOOL_FAILED;
		run->sink->flush(run);
		stats_server_serve(run->stats);
	}
}

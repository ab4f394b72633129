/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi top: the figures of krsi stats again and again, with what changed between. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "stats_socket.h"
#include "tool.h"
#include "top.h"

#define INTERVAL_MS 2000
#define INTERVAL_MAX_S 3600

struct top {
	pid_t pid;		/* 0: all */
	int interval_ms;
	unsigned long count;	/* tables; 0: no end */
	int signals;
	bool in_place;		/* stdout is a terminal */
	bool has_keys;		/* and so is stdin */
	struct termios before;
};

/* --- the terminal -------------------------------------------------------------- */

/* One key at a time, unseen. */
static void keys_begin(struct top *top)
{
	struct termios now;

	top->has_keys = top->in_place && isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &top->before) == 0;
	if (!top->has_keys)
		return;
	now = top->before;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

static void keys_end(const struct top *top)
{
	if (top->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &top->before);
}

/* Wait for the next table. false: a key or a signal ends it. */
static bool interval_wait(struct top *top)
{
	struct pollfd fds[] = {
		{ .fd = top->signals, .events = POLLIN },
		{ .fd = top->has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	char key;
	int n;

	for (;;) {
		/* A key that means nothing begins the time again, which nobody will mind. */
		n = poll(fds, 2, top->interval_ms);
		if (n == 0 || (n < 0 && errno != EINTR))
			return true;
		if (n > 0 && fds[0].revents)
			return false;
		if (n > 0 && fds[1].revents && (read(STDIN_FILENO, &key, 1) != 1 || key == 'q'))
			return false;
	}
}

/* --- the loop --------------------------------------------------------------------- */

static int tables_print(struct top *top)
{
	struct figures before = { NULL, 0 }, now;
	unsigned long i;
	int code = TOOL_OK;

	for (i = 0; !top->count || i < top->count; i++) {
		if (i && !interval_wait(top))
			break;
		code = figures_fetch(STATS_DIR, top->pid, &now);
		if (code)
			break;
		top_print(&now, i ? &before : NULL, top->in_place);
		fflush(stdout);
		figures_free(&before);
		before = now;
	}
	figures_free(&before);
	return code;
}

static int top_run_all(struct top *top)
{
	int code;

	top->signals = tool_signals_take();
	if (top->signals < 0)
		return TOOL_FAILED;
	top->in_place = isatty(STDOUT_FILENO);
	keys_begin(top);
	/* Lines are cut at the edge meanwhile, so that each takes one. */
	printf("%s", top->in_place ? "\033[?7l\033[2J" : "");
	code = tables_print(top);
	printf("%s", top->in_place ? "\033[?7h" : "");
	keys_end(top);
	close(top->signals);
	return code;
}

/* --- arguments ---------------------------------------------------------------------- */

/* Seconds, with a fraction or without, in ms; 0 for anything else. */
static int interval_read(const char *text)
{
	double seconds;
	char *end;

	if (!isdigit((unsigned char)*text))
		return 0;
	seconds = strtod(text, &end);
	return *end || seconds < 0.1 || seconds > INTERVAL_MAX_S ? 0 : (int)(seconds * 1000);
}

static unsigned long count_read(const char *text)
{
	unsigned long count;
	char *end;

	if (!isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	count = strtoul(text, &end, 10);
	return *end || errno ? 0 : count;
}

enum top_option {
	OPTION_COUNT = TOOL_OPTION_FIRST_FREE,
	OPTION_INTERVAL,
	OPTION_PID,
};

static const struct option options[] = {
	TOOL_OPTIONS,
	{ "count", required_argument, NULL, OPTION_COUNT },
	{ "interval", required_argument, NULL, OPTION_INTERVAL },
	{ "pid", required_argument, NULL, OPTION_PID },
	{ 0 },
};

/* -1 to go on, otherwise the exit code. */
static int option_read(const struct tool_command *self, struct top *top, int c, char **argv)
{
	switch (c) {
	case OPTION_COUNT:
		top->count = count_read(optarg);
		return top->count ? -1 : tool_usage(self, "--count is a number of tables, from 1, not \"%s\"", optarg);
	case OPTION_INTERVAL:
		top->interval_ms = interval_read(optarg);
		return top->interval_ms ? -1 : tool_usage(self, "--interval is a number of seconds, from 0.1 to %d, not \"%s\"", INTERVAL_MAX_S, optarg);
	case OPTION_PID:
		top->pid = stats_pid(optarg);
		return top->pid ? -1 : tool_usage(self, "--pid is the number of a process, not \"%s\"", optarg);
	default:
		return tool_common_option(self, c, argv);
	}
}

static int top_run(const struct tool_command *self, int argc, char **argv)
{
	struct top top = { .interval_ms = INTERVAL_MS, .signals = -1 };
	int c, code;

	tool_options_begin();
	while ((c = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		code = option_read(self, &top, c, argv);
		if (code >= 0)
			return code;
	}
	if (optind < argc)
		return tool_usage(self, "top takes no argument, but got %s; a process is named by --pid", argv[optind]);
	return top_run_all(&top);
}

const struct tool_command tool_top = {
	.name = "top",
	.brief = "which rules, programs and processes are busiest, again and again",
	.help = "usage: krsi top [--pid PID] [--interval S] [--count N]\n"
		"\n"
		"Of each krsi run on this machine the rules by their hits and refusals, the\n"
		"programs by their cost, and the processes by their events: those that had most\n"
		"since the table before come first, then those that had most at all. On a\n"
		"terminal it stays in its place, and q or control-C ends it; elsewhere one table\n"
		"follows the other. Only root may ask.\n"
		"\n"
		"  --pid PID      of this krsi run only\n"
		"  --interval S   seconds between two tables, from 0.1; the default is 2\n"
		"  --count N      end after so many tables\n"
		"  --color=WHEN   auto, always, never\n"
		"\n"
		"The kernel counts what programs cost while the sysctl kernel.bpf_stats_enabled\n"
		"is 1. A program serves all rules about its operations, so rules have no cost of\n"
		"their own.\n"
		"\n"
		"exit codes: 0 it was ended, or the tables are printed; 1 no krsi run is there,\n"
		"or none is any more; 2 wrong usage\n",
	.run = top_run,
};

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the krsi command share. Each command is one struct tool_command in one file. */
#ifndef KRSI_TOOL_H
#define KRSI_TOOL_H

#include <getopt.h>
#include <stddef.h>

struct krsi_ctx;

/* Exit codes. They are documented in --help and krsi(1), so scripts rest on them. */
enum tool_exit {
	TOOL_OK = 0,
	TOOL_FAILED = 1,
	TOOL_USAGE = 2,
	TOOL_PARTLY = 3,	/* load --check: some programs attached, not all */
	TOOL_POLICY = 3,	/* run, check, test, replay: a policy or a file of cases is wrong */
	TOOL_UNSUPPORTED = 4,	/* run, check, test, replay, ps: this kernel or this libkrsi cannot do it */
};

struct tool_command {
	const char *name;
	const char *brief;	/* for the list of commands */
	const char *help;	/* everything, for `krsi help NAME` */
	/* argv[0] is the command's name. Returns enum tool_exit. */
	int (*run)(const struct tool_command *self, int argc, char **argv);
};

extern const struct tool_command tool_check;
extern const struct tool_command tool_hooks;
extern const struct tool_command tool_learn;
extern const struct tool_command tool_load;
extern const struct tool_command tool_ps;
extern const struct tool_command tool_record;
extern const struct tool_command tool_replay;
extern const struct tool_command tool_run;
extern const struct tool_command tool_stats;
extern const struct tool_command tool_status;
extern const struct tool_command tool_test;
extern const struct tool_command tool_top;

/* Options that every command takes, and what getopt_long() returns for those without a letter. */
enum tool_option {
	TOOL_OPTION_COLOR = 256,
	TOOL_OPTION_FIRST_FREE,
};
#define TOOL_OPTIONS						\
	{ "color", required_argument, NULL, TOOL_OPTION_COLOR },\
	{ "help", no_argument, NULL, 'h' }

/*
 * Act on what getopt_long() returned and the command does not know itself: a common option, or a
 * mistake. -1 to go on, otherwise the exit code to return at once. `command` is NULL for krsi itself.
 */
int tool_common_option(const struct tool_command *command, int c, char **argv);

/* Forget earlier calls of getopt_long(), and let it print nothing itself. */
void tool_options_begin(void);

/* Print to stderr, with "krsi: " before each line; bytes that are not printable are escaped. */
void tool_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A mistake in the arguments of a command (NULL: of krsi itself). Returns TOOL_USAGE. */
int tool_usage(const struct tool_command *command, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Tell why the last call on this context failed. Returns TOOL_FAILED. */
int tool_fail(const struct krsi_ctx *ctx);

/*
 * From here on SIGINT, SIGTERM and SIGHUP do not end the process but wait to be read. Returns the
 * descriptor, or -1 with the failure told.
 */
int tool_signals_take(void);

/*
 * A context whose messages go to stderr, or NULL with the failure told. Messages of level ERROR
 * say what tool_fail() says, or what a list of programs says, so they show at DEBUG only.
 */
struct krsi_ctx *tool_ctx_new(int log_level);

#endif

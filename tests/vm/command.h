/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The krsi command, which is /test/krsi in virtual machines, as a user or a script meets it: output and exit codes. */
#ifndef KRSI_TESTS_COMMAND_H
#define KRSI_TESTS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TOOL "/test/krsi"
#define STDERR_FILE "/tmp/tool_stderr"

enum exit_code { DONE = 0, FAILED = 1, USAGE = 2, PARTLY = 3 };

/* A run of the command, and what it printed until now. */
struct run {
	pid_t pid;
	int fd;			/* its stdout */
	int code;
	size_t size;
	char out[128 * 1024];
	char err[16 * 1024];
};

/* How to run it, beside its arguments. */
struct how {
	bool nobody;		/* without privilege */
	bool terminal;		/* stdout is one */
	const char *variable;	/* one more in its environment */
};

/* cmocka runs one test at a time, and this is too large for the stack. */
extern struct run run;

void tool_start(const struct how *how, const char *const argv[]);

/* Read stdout until these words came, or to its end when NULL. Whether they came. */
bool tool_read_until(const char *words);

void tool_finish(void);

/* Run it to its end, with the arguments that follow. */
#define tool(...) tool_how(&(struct how){ .nobody = false }, __VA_ARGS__)
#define tool_how(how, ...)								\
	do {										\
		tool_start((how), (const char *const[]){ "krsi", __VA_ARGS__, NULL });	\
		tool_finish();								\
	} while (0)

#define assert_code(expected) run_assert((expected), run.code == (expected), "exit code", __FILE__, __LINE__)
#define assert_out(words) run_assert(0, strstr(run.out, (words)), (words), __FILE__, __LINE__)
#define assert_err(words) run_assert(0, strstr(run.err, (words)), (words), __FILE__, __LINE__)
#define assert_not_out(words) run_assert(0, !strstr(run.out, (words)), (words), __FILE__, __LINE__)

void run_assert(int code, bool holds, const char *what, const char *file, int line);

/* How often a character is in a text. */
size_t count(const char *text, char c);

void skip_unless_lsm_active(void);

#endif

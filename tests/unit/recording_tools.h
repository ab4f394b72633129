/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Recordings for tests of the krsi command, and the command, in a directory of their own. */
#ifndef KRSI_TESTS_RECORDING_TOOLS_H
#define KRSI_TESTS_RECORDING_TOOLS_H

#include "unit.h"

#include "event_tools.h"

enum exit_code { DONE = 0, FAILED = 1, USAGE = 2, POLICY = 3, UNSUPPORTED = 4 };

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What the last run of the command printed. */
extern char tool_out[256 * 1024], tool_err[16 * 1024];

/* Run it, its standard input from /dev/null. Returns its exit code. */
int tool(const char *const *arguments);

/* Run it, and assert how it ends and what it says: on stdout when that is DONE, otherwise on stderr. */
void expect(int code, const char *words, const char *const *arguments);

/* Be in a new directory, and away with it: for a group of tests. */
int dir_make(void **state);
int dir_remove(void **state);

const char *file_write(const char *name, const char *text);
void file_read(const char *name, char *text, size_t size);

/* Begin a recording; events go into it until it ends. */
void recording_begin(const char *name);
void recording_end(void);

/* What an event of it may have. What is NULL or 0 is absent. */
struct deed {
	const char *operation;
	const char *exe;	/* NULL: /usr/bin/cat */
	const char *path, *path2;
	size_t path_size;	/* 0: as strlen() has it */
	uint32_t path_flags;	/* enum krsi_event_text_flags */
	uint64_t family, port;
	uint8_t address[16];
	const char *unix_address;
	uint64_t signal, facts;
	uint64_t target_pid;	/* whose start is that of process_add() */
	uint32_t verdict;	/* 0: KRSI_EVENT_AUDIT */
};
void deed_add(const struct deed *deed);

/* A process that was there when it began, with the PID and the program. */
void process_add(uint64_t pid, const char *exe);
void lost_add(uint64_t count);		/* that found no room in the kernel */
void unwritten_add(uint64_t count);	/* that found none on the disk */

/* One event that opens a file to read it. */
void read_add(const char *exe, const char *path);

#endif

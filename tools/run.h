/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of `krsi run`: run.c reads the arguments, and is its life from the first policy to the
 * summary; run_options.c knows the options that others have as well; run_loop.c waits for events and signals; run_seal.c
 * is --seal; run_lines.c makes lines, which run_output.c writes, and record_file.c is what `krsi record` has instead; run_rotate.c
 * moves files that became too large; run_pidfile.c keeps a second instance away; run_stats.h is for who asks for figures.
 */
#ifndef KRSI_TOOL_RUN_H
#define KRSI_TOOL_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "policies.h"
#include "run_stats.h"
#include "tool.h"

struct krsi_ctx;
struct krsi_encoder;
struct krsi_engine;
struct krsi_event;
struct krsi_policy;

/* --- rotation -------------------------------------------------------------- */

#define ROTATE_COUNT_DEFAULT 5

/* Wishes of --rotate-size and --rotate-count, and what became of them. */
struct rotation {
	uint64_t size;		/* bytes at which a file gets another name; 0: never */
	uint32_t count;		/* how many files are kept beside it; 0: as many as usual */
	uint64_t failed;
	uint64_t retry_at;	/* after a failure: bytes at which to try again; 0: there was none */
};

/* Whether a file of this size is to be moved. */
bool rotation_is_due(const struct rotation *rotation, uint64_t size);

/* Make room for a new file of that name, unless `fd` is no longer what has it. 0, or -1 with the failure told. */
int rotation_move(struct rotation *rotation, const char *path, int fd);

/* How moving it and opening a new one ended, for a file of this size. */
void rotation_done(struct rotation *rotation, bool succeeded, uint64_t size);

/* --- lines ----------------------------------------------------------------- */

/* Makes the line for events that could not be written, to free. NULL: no memory. */
typedef char *(*output_gap_fn)(void *data, uint64_t count, uint64_t total);

/*
 * Where the lines go: a file, a pipe, a terminal, a socket. Nothing here waits: what finds no room
 * stays until the descriptor is ready again. A line is written whole or, where writing fails, not at
 * all: it is counted, and a line that tells so goes in front of the next one that is written. Lines that
 * begin with a space belong to the one in front of them, and go with it.
 */
struct output {
	const char *path;	/* NULL: stdout */
	output_gap_fn gap_line;
	void *gap_data;

	int fd;
	bool own;		/* the descriptor is ours to close */
	bool regular;		/* a file, whose end can be cut off */
	bool socket;
	bool blocking;		/* it cannot be told not to wait, so it gets small pieces only */
	bool torn;		/* the last line there has no end */
	bool failing;		/* and stderr was told */
	bool given_up;

	char *text;		/* lines */
	size_t size, room;
	size_t done;		/* bytes of it that are written */
	uint64_t gap;		/* how many events its first line stands for; 0: it is a line like others */
	uint64_t dropped;	/* since the last line that told of it */
	uint64_t dropped_total;

	struct rotation rotation;	/* set after output_open() */
};

/* Open the file, or stdout. 0, or -1 with the failure told. */
int output_open(struct output *output, const char *path, output_gap_fn gap_line, void *gap_data);

/* Open the file again, under its name. When that fails the old one goes on. Nothing for stdout. */
int output_reopen(struct output *output);

/* Take a line, or one with those that belong to it, to be written by output_flush(). It is freed; NULL counts as dropped. */
void output_add(struct output *output, char *line);

/* Write what can be written now. */
void output_flush(struct output *output);

/* Whether something is left that waits for the descriptor; and whether that is so much that no more should come. */
bool output_is_pending(const struct output *output);
bool output_is_full(const struct output *output);

/*
 * Give the reader so long to take what is left; the time it took is taken off. A reader that does not
 * take it is given up: what is left, and all that comes, is dropped.
 */
void output_finish(struct output *output, int64_t *patience_ms);

void output_close(struct output *output);

/* --- pidfile --------------------------------------------------------------- */

struct pidfile {
	const char *path;	/* NULL: none */
	struct stat written;	/* the file that we wrote; st_ino 0: not yet */
};

/* Whether the process that a pidfile names is gone, or there is none. 0, or -1 with the reason told. */
int pidfile_check(const struct pidfile *pidfile);

/* Write it with our number. 0, or -1 with the failure told, also when somebody was faster. */
int pidfile_write(struct pidfile *pidfile);

/* Remove it if it is still the one that we wrote. */
void pidfile_remove(const struct pidfile *pidfile);

/* --- a recording ------------------------------------------------------------ */

struct record_file {
	int fd;
	struct krsi_recorder *recorder;
	struct krsi_processes *processes;	/* for the beginning of the next file; NULL before the engine runs */
	struct rotation rotation;
	uint64_t flushed;		/* events of the file that were tried to be written */
	uint64_t dropped;		/* by the files before this one */
	uint64_t told;			/* how many were dropped before it was written the last time */
	bool failing;			/* and stderr was told */
};

/* --- where events go ---------------------------------------------------------- */

struct run;

struct sink_count {
	uint64_t dropped;		/* events that could not be written */
	uint64_t not_rotated;		/* times */
};

/* What becomes of events. `event` is for krsi_engine_set_event(), with the struct run. */
struct sink {
	int (*open)(struct run *run);	/* 0, or -1 with the failure told */
	int (*start)(struct run *run);	/* all is in force; may be NULL; the same */
	int (*event)(void *data, const struct krsi_event *event);
	void (*flush)(struct run *run);	/* write what can be written now */
	int (*waits_for)(const struct run *run);	/* a descriptor that has to be ready before more comes, or -1 */
	void (*reopen)(struct run *run);	/* what has the name now */
	void (*finish)(struct run *run, int64_t *patience_ms);	/* as output_finish() */
	struct sink_count (*count)(const struct run *run);
	void (*close)(struct run *run);
};

extern const struct sink run_lines, record_sink;
#define LOSSY_MAX 64
#define ENVIRONMENT_MAX 64

/* --- the whole ------------------------------------------------------------- */

struct run {
	/* As asked for. */
	const struct sink *sink;
	char **paths;
	size_t path_count;
	int (*policy_make)(const struct run *run, struct krsi_policy **ret);	/* when no path is given; NULL: one is */
	const char *operations;		/* for it; NULL: its own choice */
	uint32_t engine_flags;
	const char *environment[ENVIRONMENT_MAX];	/* variables that events have */
	size_t environment_count;
	uint32_t format;		/* enum krsi_encode_format */
	bool permissive;
	bool seal;
	bool verbose;
	bool ancestors;
	const char *output_path;
	bool no_stats;
	struct rotation rotation;
	int ready_fd;			/* -1: none */
	uint32_t ring_size, denial_ring_size;
	uint32_t backend;		/* enum krsi_engine_backend */

	struct krsi_ctx *ctx;
	struct krsi_engine *engine;
	struct krsi_encoder *encoder;
	struct krsi_processes *processes;	/* whom lines tell ancestors by; NULL: they do not */
	struct utsname host;
	struct policies policies;	/* in force */
	bool sealed;			/* until the next boot */
	struct output output;
	struct record_file recording;
	struct pidfile pidfile;
	int signals;

	struct stats_server *stats;	/* NULL: nobody can ask */
	int64_t start_time;		/* ns since 1970 */
	struct busy_table busy;
	const char *lossy[LOSSY_MAX];	/* operations that lost events */
	size_t lossy_count;
};

/* Read the policies again and put them in force. When that fails the old ones stay; stderr says why. */
void run_reload(struct run *run);

/* From the first signal that is taken to the last one. Returns enum tool_exit. */
int run_all(struct run *run);

/* For output_open(), with the struct run as data. */
char *run_gap_line(void *data, uint64_t count, uint64_t total);

/* krsi_event_fn, with the struct run: it is counted, and goes to the sink. */
int run_event(void *data, const struct krsi_event *event);

/* Hand out events until a signal ends it. 0 with the signal in `*ended_by`, or enum tool_exit. */
int run_loop(struct run *run, int *ended_by);

/* Hand out what is in the ring, to its end; when it is sealed, for some seconds at most. Returns enum tool_exit. */
int run_drain(struct run *run);

/* --- sealing ----------------------------------------------------------------- */

/* Whether the kernel can do what was asked for, before anything is put in force. 0, or enum tool_exit with the reason told. */
int run_seal_check(const struct run *run);

/* Seal what is in force when that was asked for. The same; then nothing is in force. */
int run_seal(struct run *run);

/* --- options of all who put policies in force -------------------------------- */

enum run_option {
	RUN_OPTION_BACKEND = TOOL_OPTION_FIRST_FREE,
	RUN_OPTION_DENIAL_RING_SIZE,
	RUN_OPTION_DIGESTS,
	RUN_OPTION_ENVIRONMENT,
	RUN_OPTION_NO_STATS,
	RUN_OPTION_PERMISSIVE,
	RUN_OPTION_PIDFILE,
	RUN_OPTION_READY_FD,
	RUN_OPTION_RING_SIZE,
	RUN_OPTION_ROTATE_COUNT,
	RUN_OPTION_ROTATE_SIZE,
	RUN_OPTION_FIRST_FREE,
};
#define RUN_OPTIONS										\
	TOOL_OPTIONS,										\
	{ "backend", required_argument, NULL, RUN_OPTION_BACKEND },				\
	{ "denial-ring-size", required_argument, NULL, RUN_OPTION_DENIAL_RING_SIZE },		\
	{ "digests", no_argument, NULL, RUN_OPTION_DIGESTS },					\
	{ "environment", required_argument, NULL, RUN_OPTION_ENVIRONMENT },			\
	{ "no-stats", no_argument, NULL, RUN_OPTION_NO_STATS },					\
	{ "permissive", no_argument, NULL, RUN_OPTION_PERMISSIVE },				\
	{ "pidfile", required_argument, NULL, RUN_OPTION_PIDFILE },				\
	{ "ready-fd", required_argument, NULL, RUN_OPTION_READY_FD },				\
	{ "ring-size", required_argument, NULL, RUN_OPTION_RING_SIZE },				\
	{ "rotate-count", required_argument, NULL, RUN_OPTION_ROTATE_COUNT },			\
	{ "rotate-size", required_argument, NULL, RUN_OPTION_ROTATE_SIZE },			\
	{ "verbose", no_argument, NULL, 'v' }

/* Act on what getopt_long() returned and the command does not know itself. -1 to go on, otherwise the exit code. */
int run_option_read(const struct tool_command *self, struct run *run, int c, char **argv);

/* "lsm" for KRSI_ENGINE_LSM. */
const char *run_backend_name(uint32_t backend);

/* What can be said of all of them together only, with the same results. */
int run_options_check(const struct tool_command *self, const struct run *run);

#endif

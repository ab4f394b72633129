/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events of `krsi record` become a recording. Each file stands for itself: it begins with the processes that run
 * when it is begun. As for lines, policies stay in force whatever becomes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/krsi.h>

#include "run.h"

/* --- failing --------------------------------------------------------------- */

static uint64_t failed_count(const struct record_file *file)
{
	struct krsi_recorder_info info = { .sz = sizeof(info) };

	return file->recorder && krsi_recorder_info(file->recorder, &info) == 0 ? info.failed : 0;
}

/* What the next file has to tell. */
static uint64_t untold_count(const struct record_file *file)
{
	struct krsi_recorder_info info = { .sz = sizeof(info) };

	return krsi_recorder_info(file->recorder, &info) == 0 ? info.untold : 0;
}

static uint64_t dropped_count(const struct record_file *file)
{
	return file->dropped + failed_count(file);
}

static void failed(struct run *run)
{
	struct record_file *file = &run->recording;

	if (!file->failing)
		tool_error("%s: %s; events are dropped and counted, and the policies stay in force", run->output_path, krsi_ctx_error_detail(run->ctx));
	file->failing = true;
}

/* Only what was written says that it can be: events are kept for a while. */
static void succeeded(struct run *run)
{
	struct record_file *file = &run->recording;
	uint64_t dropped = dropped_count(file);

	if (file->failing)
		tool_error("%s: can be written again; %" PRIu64 " events were dropped", run->output_path, dropped - file->told);
	file->told = dropped;
	file->failing = false;
}

static void event_add(struct run *run, const struct krsi_event *event)
{
	if (krsi_recorder_event(run->recording.recorder, event))
		failed(run);
}

/* Write what the recorder keeps. */
static void write_kept(struct run *run)
{
	struct krsi_recorder_info info = { .sz = sizeof(info) };
	struct record_file *file = &run->recording;

	/* Nothing to write says nothing of whether it could be. */
	if (krsi_recorder_info(file->recorder, &info) || (info.events == file->flushed && !info.untold))
		return;
	if (krsi_recorder_flush(file->recorder))
		failed(run);
	else
		succeeded(run);
	krsi_recorder_info(file->recorder, &info);
	file->flushed = info.events;
}

/* --- opening --------------------------------------------------------------- */

static int refuse(const char *path, const char *why)
{
	tool_error("%s: %s", path, why);
	return -1;
}

/* A descriptor of an empty file, or -1 with the failure told. */
static int file_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return refuse(path, errno == ELOOP ? "is a symbolic link; name the file that it leads to" :
			      errno == ENXIO ? "is no regular file; a recording is made in a file" : strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		return fd;
	refuse(path, S_ISREG(st.st_mode) ? "is there already, and nothing is recorded over it; name another file, move it away, or use --rotate-size" :
	       "is no regular file; a recording is made in a file");
	close(fd);
	return -1;
}

/* Whether a file with something in it has the name. */
static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size;
}

static int process_record(void *data, const struct krsi_event *process)
{
	struct run *run = data;
	uint64_t number;

	if (krsi_event_number(process, KRSI_EVENT_EXIT_CODE, &number) && krsi_event_number(process, KRSI_EVENT_EXIT_SIGNAL, &number))
		event_add(run, process);
	return 0;
}

/* Go on in a new file of that name. 0, or -1 with the failure told: then the old one, if there is any, goes on. */
static int file_begin(struct run *run)
{
	struct record_file *file = &run->recording;
	struct krsi_recorder *recorder;
	int fd = file_open(run->output_path);

	if (fd < 0)
		return -1;
	if (krsi_recorder_new(run->ctx, fd, &recorder)) {
		refuse(run->output_path, krsi_ctx_error_detail(run->ctx));
		close(fd);
		return -1;
	}
	if (file->recorder) {
		file->dropped += failed_count(file);
		krsi_recorder_lost(recorder, untold_count(file));
		krsi_recorder_free(file->recorder);
		close(file->fd);
	}
	file->recorder = recorder;
	file->fd = fd;
	file->flushed = 0;
	if (file->processes)
		krsi_processes_each(file->processes, process_record, run);
	write_kept(run);
	return 0;
}

static int record_open(struct run *run)
{
	run->recording = (struct record_file){ .fd = -1, .rotation = run->rotation };
	if (run->rotation.size && is_there(run->output_path) && rotation_move(&run->recording.rotation, run->output_path, -1))
		return -1;
	return file_begin(run);
}

/* The engine tells of what comes; these are there already. */
static int record_start(struct run *run)
{
	if (krsi_processes_new(run->ctx, NULL, &run->recording.processes) || krsi_engine_processes(run->engine, run->recording.processes)) {
		tool_fail(run->ctx);
		return -1;
	}
	return krsi_processes_each(run->recording.processes, process_record, run);
}

/* --- events ---------------------------------------------------------------- */

static int record_event(void *data, const struct krsi_event *event)
{
	struct run *run = data;

	krsi_processes_event(run->recording.processes, event);
	event_add(run, event);
	return 0;
}

static void rotate(struct run *run)
{
	struct krsi_recorder_info info = { .sz = sizeof(info) };
	struct record_file *file = &run->recording;
	bool done;

	if (krsi_recorder_info(file->recorder, &info) || !rotation_is_due(&file->rotation, info.bytes))
		return;
	done = rotation_move(&file->rotation, run->output_path, file->fd) == 0 && file_begin(run) == 0;
	rotation_done(&file->rotation, done, info.bytes);
}

static void record_flush(struct run *run)
{
	write_kept(run);
	rotate(run);
}

/* A file never keeps anybody waiting. */
static int record_waits_for(const struct run *run)
{
	(void)run;
	return -1;
}

static void record_reopen(struct run *run)
{
	struct stat ours, named;

	record_flush(run);
	if (fstat(run->recording.fd, &ours) == 0 && lstat(run->output_path, &named) == 0 && ours.st_ino == named.st_ino && ours.st_dev == named.st_dev)
		return;
	file_begin(run);
}

static void record_finish(struct run *run, int64_t *patience_ms)
{
	(void)patience_ms;
	record_flush(run);
}

static struct sink_count record_count(const struct run *run)
{
	return (struct sink_count){ .dropped = dropped_count(&run->recording), .not_rotated = run->recording.rotation.failed };
}

static void record_close(struct run *run)
{
	krsi_recorder_free(run->recording.recorder);
	krsi_processes_free(run->recording.processes);
	close(run->recording.fd);
}

const struct sink record_sink = {
	.open = record_open,
	.start = record_start,
	.event = record_event,
	.flush = record_flush,
	.waits_for = record_waits_for,
	.reopen = record_reopen,
	.finish = record_finish,
	.count = record_count,
	.close = record_close,
};

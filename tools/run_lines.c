/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Events of `krsi run` become lines. */
#include <string.h>

#include <libkrsi/encode.h>
#include <libkrsi/krsi.h>

#include "run.h"
#include "term.h"

/* What turns events into lines. */
static int encoder_new(struct run *run)
{
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .format = run->format, .host_name = run->host.nodename };

	if (run->format == KRSI_ENCODE_TEXT)
		opts.flags = (term_is_colored() ? KRSI_ENCODE_COLOR : 0) | (term_reads_utf8() ? KRSI_ENCODE_UTF8 : 0) |
			     (run->verbose ? KRSI_ENCODE_DETAILS : 0);
	if (uname(&run->host) < 0)
		opts.host_name = NULL;
	if (krsi_encoder_new(run->ctx, &opts, &run->encoder))
		return tool_fail(run->ctx);
	if (!run->ancestors)
		return TOOL_OK;
	if (krsi_processes_new(run->ctx, NULL, &run->processes))
		return tool_fail(run->ctx);
	krsi_encoder_set_processes(run->encoder, run->processes);
	return TOOL_OK;
}

static void encoder_free(struct run *run)
{
	krsi_encoder_free(run->encoder);
	krsi_processes_free(run->processes);
}

/* Who runs already. */
static int lines_start(struct run *run)
{
	return run->processes && krsi_engine_processes(run->engine, run->processes) ? tool_fail(run->ctx) : TOOL_OK;
}

char *run_gap_line(void *data, uint64_t count, uint64_t total)
{
	struct run *run = data;
	const char *text;

	return krsi_encoder_lost(run->encoder, count, total, &text, NULL) ? NULL : strdup(text);
}

static int lines_open(struct run *run)
{
	if (encoder_new(run) || output_open(&run->output, run->output_path, run_gap_line, run)) {
		encoder_free(run);
		return -1;
	}
	run->output.rotation = run->rotation;
	return 0;
}

/* Of no rule: it only says who runs now. */
static bool is_of_process(const struct krsi_event *event)
{
	uint32_t kind = krsi_event_kind(event);

	return kind == KRSI_EVENT_KIND_FORK || kind == KRSI_EVENT_KIND_EXEC || kind == KRSI_EVENT_KIND_EXIT || kind == KRSI_EVENT_KIND_IDENTITY;
}

static int lines_event(void *data, const struct krsi_event *event)
{
	struct run *run = data;
	const char *text;
	int err;

	if (run->processes) {
		krsi_processes_event(run->processes, event);	/* what has no room is not told as an ancestor */
		if (is_of_process(event))
			return 0;
	}
	err = krsi_encoder_event(run->encoder, event, &text, NULL);
	output_add(&run->output, err ? NULL : strdup(text));
	return output_is_full(&run->output);
}

static void lines_flush(struct run *run)
{
	output_flush(&run->output);
}

static int lines_waits_for(const struct run *run)
{
	return output_is_pending(&run->output) ? run->output.fd : -1;
}

static void lines_reopen(struct run *run)
{
	output_reopen(&run->output);
}

static void lines_finish(struct run *run, int64_t *patience_ms)
{
	output_finish(&run->output, patience_ms);
}

static struct sink_count lines_count(const struct run *run)
{
	return (struct sink_count){ .dropped = run->output.dropped_total, .not_rotated = run->output.rotation.failed };
}

static void lines_close(struct run *run)
{
	output_close(&run->output);
	encoder_free(run);
}

const struct sink run_lines = {
	.open = lines_open,
	.start = lines_start,
	.event = lines_event,
	.flush = lines_flush,
	.waits_for = lines_waits_for,
	.reopen = lines_reopen,
	.finish = lines_finish,
	.count = lines_count,
	.close = lines_close,
};

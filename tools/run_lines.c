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
	return krsi_encoder_new(run->ctx, &opts, &run->encoder) ? tool_fail(run->ctx) : TOOL_OK;
}

char *run_gap_line(void *data, uint64_t count, uint64_t total)
{
	struct run *run = data;
	const char *text;

	return krsi_encoder_lost(run->encoder, count, total, &text, NULL) ? NULL : strdup(text);
}

static int lines_open(struct run *run)
{
	if (encoder_new(run))
		return -1;
	if (output_open(&run->output, run->output_path, run_gap_line, run)) {
		krsi_encoder_free(run->encoder);
		return -1;
	}
	run->output.rotation = run->rotation;
	return 0;
}

static int lines_event(void *data, const struct krsi_event *event)
{
	struct run *run = data;
	const char *text;
	int err = krsi_encoder_event(run->encoder, event, &text, NULL);

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
	krsi_encoder_free(run->encoder);
}

const struct sink run_lines = {
	.open = lines_open,
	.event = lines_event,
	.flush = lines_flush,
	.waits_for = lines_waits_for,
	.reopen = lines_reopen,
	.finish = lines_finish,
	.count = lines_count,
	.close = lines_close,
};

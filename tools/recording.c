/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/krsi.h>

#include "tool.h"

static int fail(struct krsi_ctx *ctx, const char *path)
{
	tool_error("%s: %s", path, krsi_ctx_error_detail(ctx));
	return TOOL_FAILED;
}

static int events_read(struct krsi_ctx *ctx, const char *path, struct krsi_recording *recording, recording_fn fn, void *data)
{
	struct krsi_processes *processes;
	const struct krsi_event *event;
	int code = TOOL_OK;

	if (krsi_processes_new(ctx, NULL, &processes))
		return tool_fail(ctx);
	while (!code) {
		if (krsi_recording_next(recording, &event)) {
			code = fail(ctx, path);
			break;
		}
		if (!event)
			break;
		/* A process that there is no room for is not known later: that is told where somebody asks for it. */
		krsi_processes_event(processes, event);
		code = fn(data, event, processes);
	}
	krsi_processes_free(processes);
	return code;
}

int recording_read(struct krsi_ctx *ctx, const char *path, recording_fn fn, void *data)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), code;
	struct krsi_recording *recording;

	if (fd < 0) {
		tool_error("%s: cannot be opened: %s", path, strerror(errno));
		return TOOL_FAILED;
	}
	if (krsi_recording_new(ctx, fd, &recording)) {
		code = fail(ctx, path);
	} else {
		code = events_read(ctx, path, recording, fn, data);
		krsi_recording_free(recording);
	}
	if (fd != STDIN_FILENO)
		close(fd);
	return code;
}

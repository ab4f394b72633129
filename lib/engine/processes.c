/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The processes that are there already, for a table: an iterator in the kernel writes a record of each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/error.h>
#include <libkrsi/object.h>
#include <libkrsi/process.h>

#include "../ctx.h"
#include "../event/event.h"
#include "engine.h"

#define BUFFER_SIZE ((size_t)128 << 10)		/* the kernel hands out at most 32 KiB at a time */

/* Take in the whole records of a buffer. Returns how many bytes they are. */
static size_t records_take(struct krsi_processes *processes, const char *bytes, size_t size, int *err)
{
	const struct event_head *head;
	struct krsi_event event;
	size_t at = 0;

	while (size - at >= sizeof(*head)) {
		head = (const struct event_head *)(bytes + at);
		if (head->size > size - at || head->size < sizeof(*head))
			break;
		/* What there is no room for is counted by the table. */
		if (krsi_priv_event_read(bytes + at, size - at, &event) && krsi_processes_event(processes, &event) == -ENOMEM)
			*err = -ENOMEM;
		at += head->size;
	}
	return at;
}

static int read_all(struct krsi_engine *engine, struct krsi_processes *processes, int fd)
{
	char *buffer = malloc(BUFFER_SIZE);
	size_t have = 0, taken;
	ssize_t n;
	int err = 0;

	if (!buffer)
		return krsi_priv_fail(engine->ctx, -ENOMEM, "krsi_engine_processes: no memory");
	for (;;) {
		n = read(fd, buffer + have, BUFFER_SIZE - have);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
		taken = records_take(processes, buffer, have, &err);
		memmove(buffer, buffer + taken, have - taken);
		have -= taken;
	}
	free(buffer);
	if (n < 0)
		return krsi_priv_fail(engine->ctx, -EIO, "krsi_engine_processes: the kernel cannot be asked: %s", krsi_error_name(errno));
	return err ? krsi_priv_fail(engine->ctx, err, "krsi_engine_processes: no memory for the processes") : 0;
}

int krsi_engine_processes(struct krsi_engine *engine, struct krsi_processes *processes)
{
	int err, fd;

	if (!engine || !processes)
		return krsi_priv_fail(engine ? engine->ctx : NULL, -EINVAL, "krsi_engine_processes: an argument is NULL");
	if (!(engine->opts.flags & KRSI_ENGINE_PROCESSES))
		return krsi_priv_fail(engine->ctx, -EINVAL, "krsi_engine_processes: the engine was made without KRSI_ENGINE_PROCESSES");
	if (engine->dispatching)
		return krsi_priv_fail(engine->ctx, -EBUSY, "krsi_engine_processes: called from the callback of an event");
	err = krsi_object_attach_program(engine->kernel.look, "watch_look", NULL);
	if (err && err != -EALREADY)
		return err;
	err = krsi_object_open_iter(engine->kernel.look, "watch_look", &fd);
	if (err)
		return err;
	err = read_all(engine, processes, fd);
	close(fd);
	return err;
}

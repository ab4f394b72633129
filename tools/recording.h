/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Recordings, as replay and learn read them. */
#ifndef KRSI_TOOL_RECORDING_H
#define KRSI_TOOL_RECORDING_H

struct krsi_ctx;
struct krsi_event;
struct krsi_processes;

/* Receives an event, and the processes as they were then, this event included. 0, or enum tool_exit to end it. */
typedef int (*recording_fn)(void *data, const struct krsi_event *event, struct krsi_processes *processes);

/*
 * Hand out the events of a file, "-" being stdin, as far as it is whole. TOOL_OK at its end; TOOL_FAILED with the failure
 * told, also where it is damaged: what is in front of that was handed out; or what `fn` returned.
 */
int recording_read(struct krsi_ctx *ctx, const char *path, recording_fn fn, void *data);

#endif

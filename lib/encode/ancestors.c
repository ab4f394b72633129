/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whom an event's subject descends from, as far as the caller's table of processes knows it. */
#include <errno.h>
#include <string.h>

#include <libkrsi/process.h>

#include "encode.h"

/* Behind so many the others are left out: who descends from whom can be made as long as there are processes. */
#define ANCESTORS_MAX 16

int krsi_encoder_set_processes(struct krsi_encoder *encoder, struct krsi_processes *processes)
{
	if (!encoder)
		return -EINVAL;
	encoder->processes = processes;
	return 0;
}

void krsi_priv_ancestors(const struct krsi_encoder *encoder, const struct krsi_event *event,
			 void (*fn)(void *data, const struct krsi_event *ancestor), void *data)
{
	const struct krsi_event *ancestor;
	uint64_t cookie = 0, next;
	unsigned int n;

	if (!encoder->processes || krsi_event_number(event, KRSI_EVENT_PARENT_COOKIE, &cookie))
		return;
	for (n = 0; cookie && n < ANCESTORS_MAX; n++, cookie = next) {
		next = krsi_processes_parent(encoder->processes, cookie);
		ancestor = krsi_processes_find(encoder->processes, cookie);
		if (!ancestor)
			return;
		fn(data, ancestor);
	}
}

const char *krsi_priv_program_name(const struct krsi_event *process, size_t *size)
{
	const char *name = krsi_event_text(process, KRSI_EVENT_EXE, size, NULL);

	return name ? name : krsi_event_text(process, KRSI_EVENT_COMM, size, NULL);
}

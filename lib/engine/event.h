/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Inside of an event: a record of the ring, and the engine that knows the names in it. */
#ifndef KRSI_PRIV_ENGINE_EVENT_H
#define KRSI_PRIV_ENGINE_EVENT_H

#include <libkrsi/event.h>

#include "../../bpf/event.h"
#include "engine.h"

struct krsi_event {
	const struct krsi_engine *engine;	/* NULL: names of policies and rules are not known */
	const struct event_head *head;
	const char *texts;		/* behind the head */
	size_t texts_size;
};

/* Look at a record. False when it cannot be one of ours, whatever its bytes are. */
bool krsi_priv_event_read(const struct krsi_engine *engine, const void *bytes, size_t size, struct krsi_event *ret);

#endif

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The way of the events, from the ring to the callback. */
#include <errno.h>

#include <libkrsi/map.h>
#include <libkrsi/stream.h>

#include "../ctx.h"
#include "engine.h"
#include "event.h"

static int record(void *data, const void *bytes, size_t size)
{
	struct krsi_engine *engine = data;
	struct krsi_event event;

	engine->event_count++;
	if (!engine->event_fn || !krsi_priv_event_read(engine, bytes, size, &event))
		return 0;
	return engine->event_fn(engine->event_data, &event);
}

int krsi_priv_events_start(struct krsi_engine *engine)
{
	int err = krsi_stream_new(engine->ctx, &engine->stream);

	if (!err)
		err = krsi_stream_add(engine->stream, engine->kernel.events, NULL, record, engine);
	return err;
}

uint64_t krsi_priv_events_lost(const struct krsi_engine *engine)
{
	uint64_t sum = 0, count;
	uint32_t i;

	for (i = 0; i < 64; i++)
		if (krsi_map_lookup(engine->kernel.lost, &i, sizeof(i), &count, sizeof(count)) == 0)
			sum += count;
	return sum;
}

void krsi_engine_set_event(struct krsi_engine *engine, krsi_event_fn fn, void *data)
{
	if (!engine)
		return;
	engine->event_fn = fn;
	engine->event_data = data;
}

int krsi_engine_fd(const struct krsi_engine *engine)
{
	return engine ? krsi_stream_fd(engine->stream) : -EINVAL;
}

int krsi_engine_dispatch(struct krsi_engine *engine, uint32_t budget, uint32_t *count)
{
	int err;

	if (!engine)
		return krsi_priv_fail(NULL, -EINVAL, "krsi_engine_dispatch: engine is NULL");
	if (engine->dispatching)
		return krsi_priv_fail(engine->ctx, -EBUSY, "krsi_engine_dispatch: called from the callback of an event");
	engine->dispatching = true;
	err = krsi_stream_dispatch(engine->stream, budget, count);
	engine->dispatching = false;
	return err;
}

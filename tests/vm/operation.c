/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "operation.h"

#include <grp.h>

struct refusal {
	const char *operation;
	bool seen;
};

static int refusal_note(void *data, const struct krsi_event *event)
{
	uint32_t verdict = krsi_event_verdict(event);
	struct refusal *refusal = data;

	if (strcmp(krsi_event_operation(event), refusal->operation) == 0 && !(krsi_event_flags(event) & KRSI_EVENT_WOULD))
		refusal->seen |= verdict == KRSI_EVENT_DENY || verdict == KRSI_EVENT_SIGNAL;
	return 0;
}

void operation_run(void **state)
{
	const struct operation_case *operation = *state;
	struct refusal refusal = { .operation = operation->operation };

	engine_events_drain(&policy_engine);
	operation->test(state);
	krsi_engine_set_event(policy_engine.engine, refusal_note, &refusal);
	engine_events_drain(&policy_engine);
	krsi_engine_set_event(policy_engine.engine, NULL, NULL);
	if (!refusal.seen)
		fail_msg("no rule refused %s", operation->operation);
}

static void insider(void)
{
	gid_t group = 4711;

	must(setgroups(1, &group) == 0);
}

int attempt_by_insider(int (*act)(void))
{
	return attempt_after(insider, act);
}

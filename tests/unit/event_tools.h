/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Events for tests, made of records that lib/event/build.c puts together. */
#ifndef KRSI_TESTS_EVENT_TOOLS_H
#define KRSI_TESTS_EVENT_TOOLS_H

#include "event/event.h"

/* When each of them happened: 2026-11-26T22:14:03.123456789Z. */
#define EVENT_TIME 123456789
#define EVENT_WALL INT64_C(1795731243000000000)

struct event_made {
	struct krsi_priv_event_record record;
	struct event_head head;			/* to be changed before event_end() */
	struct krsi_priv_event_names names;
	const char *policy, *rule;		/* NULL: not known */
	struct krsi_event event;		/* after event_end() */
};

/*
 * Begin a RULE event of an operation, number 7 of generation 1: the rule "shadow" of the policy "web" denies it.
 * "": no operation.
 */
void event_begin(struct event_made *made, const char *operation);

void event_number_put(struct event_made *made, uint32_t field, uint64_t number);
void event_text_put(struct event_made *made, uint32_t field, const char *bytes, size_t size, uint32_t flags);
#define event_string_put(made, field, string) event_text_put((made), (field), (string), strlen(string), 0)

/* The record is whole: read it. */
void event_end(struct event_made *made);

void event_free(struct event_made *made);

#endif

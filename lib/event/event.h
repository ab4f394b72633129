/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Inside of events. event.c reads records where they lie, fields.c has the table of what can be in them, and
 * build.c puts records together that do not come from the kernel.
 */
#ifndef KRSI_PRIV_EVENT_H
#define KRSI_PRIV_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libkrsi/event.h>

#include "../../bpf/event.h"

/* Who knows the names of policies and rules. NULL from either: it does not. */
struct krsi_priv_event_names {
	const char *(*policy)(const void *data, uint32_t generation, uint32_t policy);
	const char *(*rule)(const void *data, uint32_t generation, uint32_t policy, uint32_t rule);
	const void *data;
};

struct krsi_event {
	const struct krsi_priv_event_names *names;	/* NULL: what is not in the record is not known */
	bool environment;		/* it may be seen */
	int64_t wall;			/* to be added to CLOCK_BOOTTIME to have CLOCK_REALTIME, ns; 0: not known */
	const char *bytes;
	const struct event_head *head;
	uint32_t at[KRSI_EVENT_FIELD_END];	/* where the field's struct event_field is; 0: it is absent */
};

/*
 * Look at a record, which is at a multiple of eight bytes. False when it is none that this version can read,
 * whatever its bytes are; nothing outside of `size` is looked at then and later.
 */
bool krsi_priv_event_read(const void *bytes, size_t size, struct krsi_event *ret);

/* enum krsi_event_field_type; 0: there is no such field. */
uint32_t krsi_priv_event_type(uint32_t field);

/* --- putting records together (build.c) ----------------------------------- */

struct krsi_priv_event_record {
	char *bytes;			/* to free(); NULL after a failure */
	size_t size, capacity;
	bool no_memory;
};

/* Begin with a copy of `head`, whose version and sizes are filled in. */
void krsi_priv_event_begin(struct krsi_priv_event_record *record, const struct event_head *head);

/* Begin with a copy of a whole record. */
void krsi_priv_event_copy(struct krsi_priv_event_record *record, const struct krsi_event *event);

/* Add a field. */
void krsi_priv_event_put(struct krsi_priv_event_record *record, uint32_t field, const void *bytes, size_t size, uint32_t flags);
void krsi_priv_event_put_number(struct krsi_priv_event_record *record, uint32_t field, uint64_t number);

/* End it. False and nothing to free when there was no memory. */
bool krsi_priv_event_end(struct krsi_priv_event_record *record);

#endif

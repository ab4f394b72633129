/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events as lines. event_text.c writes them for people, event_json.c for programs; event_words.c has
 * the words that both use. An event is one line, whatever its paths hold.
 */
#ifndef KRSI_TOOL_EVENT_H
#define KRSI_TOOL_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct krsi_event;

/* Events that there are no lines of. */
enum event_gap_cause {
	EVENT_GAP_RING,		/* the kernel found no room in the ring */
	EVENT_GAP_OUTPUT,	/* they could not be written */
};

struct event_gap {
	enum event_gap_cause cause;
	uint64_t count;		/* here */
	uint64_t total;		/* of this cause, until here */
	int64_t boot;		/* when this was found, ns of CLOCK_BOOTTIME */
};

/*
 * One line, to free, without its line feed; NULL when there is no memory. `wall` is what is to be
 * added to CLOCK_BOOTTIME to have CLOCK_REALTIME, in ns.
 */
char *event_text(const struct krsi_event *event, int64_t wall);
char *event_text_gap(const struct event_gap *gap, int64_t wall);
char *event_json(const struct krsi_event *event, int64_t wall);
char *event_json_gap(const struct event_gap *gap, int64_t wall);

/* What happened. */
enum event_outcome {
	EVENT_UNKNOWN,		/* a verdict that came after this was written */
	EVENT_ALLOWED,
	EVENT_AUDITED,
	EVENT_DENIED,
	EVENT_KILLED,
	EVENT_SIGNALLED,
	EVENT_TAGGED,
	EVENT_WOULD_DENY,
	EVENT_WOULD_KILL,
	EVENT_WOULD_SIGNAL,
	EVENT_WOULD_TAG,
	EVENT_OUTCOME_END,
};

enum event_outcome event_outcome(const struct krsi_event *event);

/* The rule's verdict, "unknown" for one that came later. */
const char *event_verdict_word(const struct krsi_event *event);

#define EVENT_WORD_SIZE 64

/* Names of numbers, or the number itself where it has no name: "EPERM", "SIGTERM", "inet". */
const char *event_error_name(uint64_t error, char word[EVENT_WORD_SIZE]);
const char *event_signal_name(uint64_t signal, char word[EVENT_WORD_SIZE]);
const char *event_family_name(uint64_t family, char word[EVENT_WORD_SIZE]);

/* "8:1", as in a policy. */
const char *event_device_name(uint64_t device, char word[EVENT_WORD_SIZE]);

/* "192.0.2.1" or "2001:db8::1". `*v6` may be NULL. */
const char *event_address_name(const uint8_t address[16], char word[EVENT_WORD_SIZE], bool *v6);

/* RFC 3339 in UTC, with so many digits behind the second. */
const char *event_time(int64_t realtime, int digits, char word[EVENT_WORD_SIZE]);

#endif

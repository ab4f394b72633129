/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events for programs: one object per line. What an event does not have is left out.
 *
 * JSON knows text, and a path is bytes. A text that is not UTF-8, or has a NUL in it, comes twice:
 * with U+FFFD for each byte that is no part of a character, and behind it as NAME_hex, all its bytes
 * in hexadecimal. Without NAME_hex the text is the bytes.
 */
#include <stdlib.h>
#include <string.h>

#include <libkrsi/event.h>

#include "event.h"
#include "json.h"

/* What does not fit a JSON integer's 63 bits is no number that an event has. */
static json_t *json_number(uint64_t number)
{
	return json_integer((json_int_t)number);
}

/* A name for a number, beside it. */
typedef const char *(*name_fn)(uint64_t number, char word[EVENT_WORD_SIZE]);

static void number_add(json_t **object, const struct krsi_event *event, uint32_t which, const char *name)
{
	uint64_t number;

	if (krsi_event_number(event, which, &number) == 0)
		json_member(object, name, json_number(number));
}

static void named_number_add(json_t **object, const struct krsi_event *event, uint32_t which, const char *name,
			     const char *name_name, name_fn fn)
{
	char word[EVENT_WORD_SIZE];
	uint64_t number;

	if (krsi_event_number(event, which, &number))
		return;
	json_member(object, name, json_number(number));
	json_member(object, name_name, json_string(fn(number, word)));
}

/* --- texts ----------------------------------------------------------------- */

static json_t *json_hex(const char *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * size + 1);
	json_t *value;
	size_t i;

	if (!text)
		return NULL;
	for (i = 0; i < size; i++) {
		text[2 * i] = digits[(unsigned char)bytes[i] >> 4];
		text[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
	}
	value = json_stringn(text, 2 * size);
	free(text);
	return value;
}

/* The name with something behind it, in a buffer that the next call uses again. */
static const char *suffixed(const char *name, const char *suffix)
{
	static char text[EVENT_WORD_SIZE];

	snprintf(text, sizeof(text), "%s_%s", name, suffix);
	return text;
}

/* A text in which U+FFFD stands for a NUL, and for each byte that is not UTF-8. */
static json_t *json_lossy(const char *bytes, size_t size)
{
	char *text = malloc(size + 1);
	json_t *value;
	size_t i;

	if (!text)
		return NULL;
	/* 0xff is no part of UTF-8, so that json_text() takes it for what it is. */
	for (i = 0; i < size; i++)
		text[i] = bytes[i] ? bytes[i] : '\xff';
	text[size] = '\0';
	value = json_text(text);
	free(text);
	return value;
}

static void text_add(json_t **object, const struct krsi_event *event, uint32_t which, const char *name)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = krsi_event_text(event, which, &size, &flags);
	json_t *exact;

	if (!text)
		return;
	exact = memchr(text, '\0', size) ? NULL : json_stringn(text, size);
	if (exact) {
		json_member(object, name, exact);
	} else {
		json_member(object, name, json_lossy(text, size));
		json_member(object, suffixed(name, "hex"), json_hex(text, size));
	}
	if (flags & KRSI_EVENT_TEXT_CUT)
		json_member(object, suffixed(name, "cut"), json_true());
	if (flags & KRSI_EVENT_TEXT_FOREIGN)
		json_member(object, suffixed(name, "foreign"), json_true());
	if (flags & KRSI_EVENT_TEXT_DETACHED)
		json_member(object, suffixed(name, "detached"), json_true());
}

/* --- an event -------------------------------------------------------------- */

static void time_add(json_t **object, int64_t boot, int64_t wall)
{
	char word[EVENT_WORD_SIZE];

	json_member(object, "time", json_string(event_time(boot + wall, 9, word)));
	json_member(object, "boot_ns", json_integer(boot));
}

static void verdict_add(json_t **object, const struct krsi_event *event)
{
	static const char *const outcomes[EVENT_OUTCOME_END] = {
		[EVENT_UNKNOWN] = "unknown", [EVENT_ALLOWED] = "allowed", [EVENT_AUDITED] = "audited",
		[EVENT_DENIED] = "denied", [EVENT_KILLED] = "killed", [EVENT_SIGNALLED] = "signalled",
		[EVENT_TAGGED] = "tagged", [EVENT_WOULD_DENY] = "would_deny", [EVENT_WOULD_KILL] = "would_kill",
		[EVENT_WOULD_SIGNAL] = "would_signal", [EVENT_WOULD_TAG] = "would_tag",
	};
	const char *policy = krsi_event_policy(event), *rule = krsi_event_rule(event);

	json_member(object, "verdict", json_string(event_verdict_word(event)));
	json_member(object, "outcome", json_string(outcomes[event_outcome(event)]));
	json_member(object, "unresolved", json_boolean(krsi_event_flags(event) & KRSI_EVENT_UNRESOLVED));
	json_member(object, "operation", json_string(krsi_event_operation(event)));
	json_member(object, "policy", policy ? json_text(policy) : json_null());
	json_member(object, "rule", rule ? json_text(rule) : json_null());
	named_number_add(object, event, KRSI_EVENT_ERROR, "error", "error_name", event_error_name);
	named_number_add(object, event, KRSI_EVENT_SENT_SIGNAL, "sent_signal", "sent_signal_name", event_signal_name);
}

static void subject_add(json_t **object, const struct krsi_event *event)
{
	number_add(object, event, KRSI_EVENT_PID, "pid");
	number_add(object, event, KRSI_EVENT_TID, "tid");
	number_add(object, event, KRSI_EVENT_PPID, "ppid");
	number_add(object, event, KRSI_EVENT_UID, "uid");
	number_add(object, event, KRSI_EVENT_GID, "gid");
	number_add(object, event, KRSI_EVENT_START_TIME, "start_time_ns");
	text_add(object, event, KRSI_EVENT_COMM, "comm");
	text_add(object, event, KRSI_EVENT_EXE, "exe");
}

static void object_add(json_t **object, const struct krsi_event *event)
{
	const uint8_t *address = krsi_event_address(event);
	char word[EVENT_WORD_SIZE];
	uint64_t number;

	text_add(object, event, KRSI_EVENT_PATH, "path");
	text_add(object, event, KRSI_EVENT_PATH2, "path2");
	number_add(object, event, KRSI_EVENT_INODE, "inode");
	if (krsi_event_number(event, KRSI_EVENT_DEVICE, &number) == 0)
		json_member(object, "device", json_string(event_device_name(number, word)));
	if (krsi_event_number(event, KRSI_EVENT_MODE, &number) == 0)
		json_member(object, "mode", json_sprintf("%06o", (unsigned int)number));
	named_number_add(object, event, KRSI_EVENT_FAMILY, "family", "family_name", event_family_name);
	if (address)
		json_member(object, "address", json_string(event_address_name(address, word, NULL)));
	number_add(object, event, KRSI_EVENT_PORT, "port");
	text_add(object, event, KRSI_EVENT_UNIX_ADDRESS, "unix_address");
	number_add(object, event, KRSI_EVENT_TARGET_PID, "target_pid");
	named_number_add(object, event, KRSI_EVENT_SIGNAL_NUMBER, "signal", "signal_name", event_signal_name);
}

/* ASCII only: no character of a path steers a terminal, and nobody has to guess the encoding. */
static char *line_make(json_t *object)
{
	char *line = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(object);
	return line;
}

char *event_json(const struct krsi_event *event, int64_t wall)
{
	json_t *object = json_object();
	uint64_t number;

	json_member(&object, "type", json_string("event"));
	if (krsi_event_number(event, KRSI_EVENT_TIME, &number) == 0)
		time_add(&object, (int64_t)number, wall);
	number_add(&object, event, KRSI_EVENT_SEQUENCE, "sequence");
	number_add(&object, event, KRSI_EVENT_GENERATION, "generation");
	verdict_add(&object, event);
	subject_add(&object, event);
	object_add(&object, event);
	return line_make(object);
}

char *event_json_gap(const struct event_gap *gap, int64_t wall)
{
	json_t *object = json_object();

	json_member(&object, "type", json_string("lost"));
	time_add(&object, gap->boot, wall);
	json_member(&object, "cause", json_string(gap->cause == EVENT_GAP_RING ? "ring" : "output"));
	json_member(&object, "count", json_number(gap->count));
	json_member(&object, "total", json_number(gap->total));
	return line_make(object);
}

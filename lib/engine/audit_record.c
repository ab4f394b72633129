/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * An event in the words of an audit record, those of SELinux's AVC records where these have one:
 *
 *     avc:  denied  { file.open } for  policy="web" rule="shadow" spid=812 ... path="/etc/shadow" ... permissive=0
 *
 * Whoever reads records takes each word of them for true. So what a process could choose, its name and paths, is quoted
 * as the kernel does it: in hexadecimal unless it is plain. The kernel puts the whole between apostrophes, which
 * are not plain here either. A value is told whole or as "?".
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <libaudit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../event/event.h"
#include "../policy/language.h"
#include "../ctx.h"
#include "audit.h"

struct writing {
	char *text;
	size_t size, used;
};

/* What does not fit is left out: callers write what may be long last. */
static bool put(struct writing *w, const char *fmt, ...) KRSI_PRIV_PRINTF(2, 3);
static bool put(struct writing *w, const char *fmt, ...)
{
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(w->text + w->used, w->size - w->used, fmt, args);
	va_end(args);
	if (size < 0 || (size_t)size >= w->size - w->used) {
		w->text[w->used] = '\0';
		return false;
	}
	w->used += (size_t)size;
	return true;
}

static void number_put(struct writing *w, const struct krsi_event *event, const char *name, uint32_t field)
{
	uint64_t number;

	if (krsi_event_number(event, field, &number) == 0)
		put(w, " %s=%" PRIu64, name, number);
}

static bool is_plain(const char *bytes, size_t size)
{
	return !audit_value_needs_encoding(bytes, (unsigned int)size) && !memchr(bytes, '\'', size) && !memchr(bytes, '\0', size);
}

static void bytes_put(struct writing *w, const char *name, const char *bytes, size_t size)
{
	char *hex = NULL;
	bool fits;

	if (is_plain(bytes, size)) {
		fits = put(w, " %s=\"%.*s\"", name, (int)size, bytes);
	} else {
		hex = malloc(2 * size + 1);
		fits = hex && put(w, " %s=%s", name, audit_encode_value(hex, bytes, (unsigned int)size));
	}
	if (!fits)
		put(w, " %s=?", name);
	free(hex);
}

static void text_put(struct writing *w, const struct krsi_event *event, const char *name, uint32_t field)
{
	uint32_t flags = 0;
	size_t size;
	const char *bytes = krsi_event_text(event, field, &size, &flags);

	/* Half of a path is another one. */
	if (bytes && flags & KRSI_EVENT_TEXT_CUT)
		put(w, " %s=?", name);
	else if (bytes)
		bytes_put(w, name, bytes, size);
}

static bool is_of_this_side(const struct krsi_event *event)
{
	const char *operation = krsi_event_operation(event);

	return strcmp(operation, "network.bind") == 0 || strcmp(operation, "network.listen") == 0 || strcmp(operation, "network.accept") == 0;
}

/* As of the kernel's AVC records: laddr and lport on this machine, faddr and fport on the other one. */
static void address_put(struct writing *w, const struct krsi_event *event)
{
	const uint8_t *bytes = krsi_event_address(event);
	const char *side = is_of_this_side(event) ? "l" : "f";
	char text[INET6_ADDRSTRLEN], name[8];

	if (bytes && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)bytes))
		inet_ntop(AF_INET, bytes + 12, text, sizeof(text));
	else if (bytes)
		inet_ntop(AF_INET6, bytes, text, sizeof(text));
	if (bytes)
		put(w, " %saddr=%s", side, text);
	snprintf(name, sizeof(name), "%sport", side);
	number_put(w, event, name, KRSI_EVENT_PORT);
}

static void object_put(struct writing *w, const struct krsi_event *event)
{
	uint64_t device;

	number_put(w, event, "opid", KRSI_EVENT_TARGET_PID);
	number_put(w, event, "sig", KRSI_EVENT_SIGNAL_NUMBER);
	address_put(w, event);
	if (krsi_event_number(event, KRSI_EVENT_DEVICE, &device) == 0)
		put(w, " dev=%02" PRIx64 ":%02" PRIx64, device >> 20, device & 0xfffff);
	number_put(w, event, "ino", KRSI_EVENT_INODE);
	text_put(w, event, "path", KRSI_EVENT_PATH);
	text_put(w, event, "path", KRSI_EVENT_UNIX_ADDRESS);
	text_put(w, event, "name", KRSI_EVENT_PATH2);
}

static void subject_put(struct writing *w, const struct krsi_event *event)
{
	number_put(w, event, "spid", KRSI_EVENT_PID);
	number_put(w, event, "ppid", KRSI_EVENT_PPID);
	number_put(w, event, "euid", KRSI_EVENT_UID);
	number_put(w, event, "egid", KRSI_EVENT_GID);
	text_put(w, event, "comm", KRSI_EVENT_COMM);
}

static bool refuses(const struct krsi_event *event)
{
	uint32_t verdict = krsi_event_verdict(event);

	return verdict == KRSI_EVENT_DENY || verdict == KRSI_EVENT_SIGNAL;
}

void krsi_priv_audit_record(const struct krsi_event *event, char *text, size_t size)
{
	struct writing w = { text, size, 0 };
	uint32_t flags = krsi_event_flags(event);
	uint64_t error;

	text[0] = '\0';
	put(&w, "avc:  %s  { %s } for  policy=\"%s\" rule=\"%s\" permissive=%d", refuses(event) ? "denied" : "granted", krsi_event_operation(event),
	    krsi_event_policy(event), krsi_event_rule(event), flags & KRSI_EVENT_WOULD ? 1 : 0);
	if (flags & KRSI_EVENT_UNRESOLVED)
		put(&w, " unresolved=1");
	if (krsi_event_number(event, KRSI_EVENT_ERROR, &error) == 0)
		put(&w, " exit=-%" PRIu64, error);
	number_put(&w, event, "sent", KRSI_EVENT_SENT_SIGNAL);
	subject_put(&w, event);
	object_put(&w, event);
	/* libaudit puts the sender's behind it, which must not be taken for the subject's. */
	if (krsi_event_text(event, KRSI_EVENT_EXE, NULL, NULL))
		text_put(&w, event, "exe", KRSI_EVENT_EXE);
	else
		put(&w, " exe=?");
}

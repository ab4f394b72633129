/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events for people:
 *
 *     2026-11-26T22:14:03.123456Z DENIED file.open /usr/bin/cat[812] /etc/shadow web/shadow EACCES
 *
 * The object may be of several words, as in "/a -> /b"; what is in front of it and behind it is one word
 * each, so that both can be counted from their end of the line.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <libkrsi/event.h>

#include "event.h"
#include "term.h"

#define OUTCOME_WIDTH 12
#define OPERATION_WIDTH 16

static const struct {
	const char *word;
	enum term_color color;
} outcomes[EVENT_OUTCOME_END] = {
	[EVENT_UNKNOWN] = { "UNKNOWN", TERM_STRONG },
	[EVENT_ALLOWED] = { "ALLOWED", TERM_GOOD },
	[EVENT_AUDITED] = { "AUDIT", TERM_PLAIN },
	[EVENT_DENIED] = { "DENIED", TERM_BAD },
	[EVENT_KILLED] = { "KILLED", TERM_BAD },
	[EVENT_SIGNALLED] = { "SIGNALLED", TERM_BAD },
	[EVENT_TAGGED] = { "TAGGED", TERM_PLAIN },
	[EVENT_WOULD_DENY] = { "WOULD-DENY", TERM_DOUBTFUL },
	[EVENT_WOULD_KILL] = { "WOULD-KILL", TERM_DOUBTFUL },
	[EVENT_WOULD_SIGNAL] = { "WOULD-SIGNAL", TERM_DOUBTFUL },
	[EVENT_WOULD_TAG] = { "WOULD-TAG", TERM_DOUBTFUL },
};

static void colored_print(FILE *out, enum term_color color, const char *word, int width)
{
	int fill = width - (int)strlen(word);

	/* The spaces outside, as some terminals colour them too. */
	if (color == TERM_PLAIN)
		fprintf(out, " %s", word);
	else
		fprintf(out, " %s%s%s", term_color_code(color), word, term_color_code(TERM_PLAIN));
	if (fill > 0)
		fprintf(out, "%*s", fill, "");
}

static void time_print(FILE *out, const struct krsi_event *event, int64_t wall)
{
	char word[EVENT_WORD_SIZE];
	uint64_t number;

	if (krsi_event_number(event, KRSI_EVENT_TIME, &number))
		fputs("-", out);
	else
		fputs(event_time((int64_t)number + wall, 6, word), out);
}

/* The program and its process: "/usr/bin/cat[812]", "(kthreadd)[2]" for what has no program. */
static void subject_print(FILE *out, const struct krsi_event *event)
{
	uint64_t pid;
	uint32_t flags;
	const char *text;
	size_t size;

	fputc(' ', out);
	text = krsi_event_text(event, KRSI_EVENT_EXE, &size, &flags);
	if (text && size) {
		if (flags & KRSI_EVENT_TEXT_CUT)
			fputs("...", out);
		term_word(out, text, size);
	} else {
		text = krsi_event_text(event, KRSI_EVENT_COMM, &size, NULL);
		fputc('(', out);
		term_word(out, text ? text : "?", text ? size : 1);
		fputc(')', out);
	}
	if (krsi_event_number(event, KRSI_EVENT_PID, &pid) == 0)
		fprintf(out, "[%" PRIu64 "]", pid);
}

/* Whether the event has this text. `before` goes in front of it. */
static bool text_print(FILE *out, const struct krsi_event *event, uint32_t which, const char *before)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = krsi_event_text(event, which, &size, &flags);

	if (!text || !size)
		return false;
	fputs(before, out);
	if (flags & KRSI_EVENT_TEXT_CUT)
		fputs("...", out);
	term_word(out, text, size);
	if (flags & KRSI_EVENT_TEXT_FOREIGN)
		fputs(" (foreign)", out);
	if (flags & KRSI_EVENT_TEXT_DETACHED)
		fputs(" (detached)", out);
	return true;
}

static bool address_print(FILE *out, const struct krsi_event *event)
{
	const uint8_t *address = krsi_event_address(event);
	bool has_port, v6 = false;
	char word[EVENT_WORD_SIZE];
	uint64_t port;

	has_port = krsi_event_number(event, KRSI_EVENT_PORT, &port) == 0;
	if (!address && !has_port)
		return false;
	if (address) {
		const char *name = event_address_name(address, word, &v6);

		fprintf(out, v6 && has_port ? " [%s]" : " %s", name);
	} else {
		fputc(' ', out);
	}
	if (has_port)
		fprintf(out, ":%" PRIu64, port);
	return true;
}

/* "SIGKILL to 812", or "process 812" where nothing is sent. */
static bool target_print(FILE *out, const struct krsi_event *event)
{
	bool has_signal, has_target;
	char word[EVENT_WORD_SIZE];
	uint64_t number, pid;

	has_signal = krsi_event_number(event, KRSI_EVENT_SIGNAL_NUMBER, &number) == 0;
	has_target = krsi_event_number(event, KRSI_EVENT_TARGET_PID, &pid) == 0;
	if (has_signal)
		fprintf(out, " %s", event_signal_name(number, word));
	if (has_target)
		fprintf(out, "%s%" PRIu64, has_signal ? " to " : " process ", pid);
	return has_signal || has_target;
}

static bool family_print(FILE *out, const struct krsi_event *event)
{
	char word[EVENT_WORD_SIZE];
	uint64_t family;

	if (krsi_event_number(event, KRSI_EVENT_FAMILY, &family))
		return false;
	fprintf(out, " %s", event_family_name(family, word));
	return true;
}

/* A file or directory whose path could not be told. */
static bool inode_print(FILE *out, const struct krsi_event *event)
{
	char word[EVENT_WORD_SIZE];
	uint64_t inode, device;

	if (krsi_event_number(event, KRSI_EVENT_INODE, &inode) || krsi_event_number(event, KRSI_EVENT_DEVICE, &device))
		return false;
	fprintf(out, " inode %s:%" PRIu64, event_device_name(device, word), inode);
	return true;
}

static void object_print(FILE *out, const struct krsi_event *event)
{
	bool any;

	any = text_print(out, event, KRSI_EVENT_PATH, " ");
	any |= text_print(out, event, KRSI_EVENT_PATH2, any ? " -> " : " ");
	any |= text_print(out, event, KRSI_EVENT_UNIX_ADDRESS, " ");
	any |= address_print(out, event);
	any |= target_print(out, event);
	any = any || family_print(out, event) || inode_print(out, event);
	if (krsi_event_flags(event) & KRSI_EVENT_UNRESOLVED)
		fputs(" (unresolved)", out);
	else if (!any)
		fputs(" -", out);
}

/* What the subject gets: "EPERM", "EPERM,SIGTERM"; "-" for nothing. */
static void answer_print(FILE *out, const struct krsi_event *event)
{
	char word[EVENT_WORD_SIZE];
	bool has_error, has_signal;
	uint64_t error, number;

	has_error = krsi_event_number(event, KRSI_EVENT_ERROR, &error) == 0;
	has_signal = krsi_event_number(event, KRSI_EVENT_SENT_SIGNAL, &number) == 0;
	fputs(" ", out);
	if (has_error)
		fputs(event_error_name(error, word), out);
	if (has_signal)
		fprintf(out, "%s%s", has_error ? "," : "", event_signal_name(number, word));
	if (!has_error && !has_signal)
		fputs("-", out);
}

/* The stream's text, to free, or NULL when it has not all that was printed. */
static char *line_end(FILE *out, char **line)
{
	bool failed = ferror(out);

	if (fclose(out) == 0 && !failed)
		return *line;
	free(*line);
	return NULL;
}

char *event_text(const struct krsi_event *event, int64_t wall)
{
	enum event_outcome outcome = event_outcome(event);
	const char *policy, *rule;
	char *line = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&line, &size);
	if (!out)
		return NULL;
	time_print(out, event, wall);
	colored_print(out, outcomes[outcome].color, outcomes[outcome].word, OUTCOME_WIDTH);
	fprintf(out, " %-*s", OPERATION_WIDTH, krsi_event_operation(event));
	subject_print(out, event);
	object_print(out, event);
	policy = krsi_event_policy(event);
	rule = krsi_event_rule(event);
	fprintf(out, " %s/%s", policy ? policy : "?", rule ? rule : "?");
	answer_print(out, event);
	return line_end(out, &line);
}

char *event_text_gap(const struct event_gap *gap, int64_t wall)
{
	char word[EVENT_WORD_SIZE];
	char *line = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&line, &size);
	if (!out)
		return NULL;
	fputs(event_time(gap->boot + wall, 6, word), out);
	colored_print(out, TERM_BAD, "LOST", OUTCOME_WIDTH);
	fprintf(out, " %" PRIu64 " event%s %s, %" PRIu64 " in all", gap->count, gap->count == 1 ? "" : "s",
		gap->cause == EVENT_GAP_RING ? "found no room in the ring" : "could not be written", gap->total);
	return line_end(out, &line);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events for people:
 *
 *     2026-11-26T22:14:03.123456Z DENIED       file.open        /usr/bin/cat[812] /etc/shadow web/shadow EACCES
 *
 * The object may be of several words, as in "/a -> /b"; what is in front of it and behind it is one word each, so that
 * both can be counted from their end of the line.
 */
#include <inttypes.h>
#include <string.h>

#include "encode.h"
#include "utf8.h"

#define OUTCOME_WIDTH 12
#define OPERATION_WIDTH 16
#define NAME_WIDTH 20

#define PLAIN "\033[0m"
#define STRONG "\033[1m"
#define GOOD "\033[32m"
#define BAD "\033[31m"
#define DOUBTFUL "\033[33m"

static const struct {
	const char *word, *color;
} outcomes[KRSI_PRIV_OUTCOME_END] = {
	[KRSI_PRIV_OUTCOME_UNKNOWN] = { "UNKNOWN", STRONG },
	[KRSI_PRIV_OUTCOME_ALLOWED] = { "ALLOWED", GOOD },
	[KRSI_PRIV_OUTCOME_AUDITED] = { "AUDIT", NULL },
	[KRSI_PRIV_OUTCOME_DENIED] = { "DENIED", BAD },
	[KRSI_PRIV_OUTCOME_KILLED] = { "KILLED", BAD },
	[KRSI_PRIV_OUTCOME_SIGNALLED] = { "SIGNALLED", BAD },
	[KRSI_PRIV_OUTCOME_TAGGED] = { "TAGGED", NULL },
	[KRSI_PRIV_OUTCOME_WOULD_DENY] = { "WOULD-DENY", DOUBTFUL },
	[KRSI_PRIV_OUTCOME_WOULD_KILL] = { "WOULD-KILL", DOUBTFUL },
	[KRSI_PRIV_OUTCOME_WOULD_SIGNAL] = { "WOULD-SIGNAL", DOUBTFUL },
	[KRSI_PRIV_OUTCOME_WOULD_TAG] = { "WOULD-TAG", DOUBTFUL },
	[KRSI_PRIV_OUTCOME_FORK] = { "FORK", NULL },
	[KRSI_PRIV_OUTCOME_EXEC] = { "EXEC", NULL },
	[KRSI_PRIV_OUTCOME_EXIT] = { "EXIT", NULL },
	[KRSI_PRIV_OUTCOME_IDENTITY] = { "IDENTITY", NULL },
};

/* --- words ------------------------------------------------------------------------ */

/* As a line is put together: with colour, with characters beyond ASCII. */
struct line {
	struct krsi_priv_out *out;
	bool colored, utf8;
};

/*
 * Bytes of unknown origin as one word, so that the words around it can be told apart from it: what is not printable,
 * spaces, line feeds and tabs become \xHH, a backslash \\, as in the patterns of policies.
 */
static void word_print(const struct line *line, const char *bytes, size_t size)
{
	uint32_t code;
	size_t i, len;

	for (i = 0; i < size; i += len) {
		len = krsi_priv_utf8(bytes + i, size - i, &code);
		if (len && !krsi_priv_utf8_is_control(code) && !krsi_priv_utf8_is_space(code) && code != '\\' && (len == 1 || line->utf8)) {
			krsi_priv_out_bytes(line->out, bytes + i, len);
			continue;
		}
		len = 1;
		if (bytes[i] == '\\')
			krsi_priv_out_string(line->out, "\\\\");
		else
			krsi_priv_out_print(line->out, "\\x%02x", (unsigned char)bytes[i]);
	}
}

static void outcome_print(const struct line *line, const char *word, const char *color)
{
	int fill = OUTCOME_WIDTH - (int)strlen(word);

	/* The spaces outside, as some terminals colour them too. */
	if (color && line->colored)
		krsi_priv_out_print(line->out, "%s%s" PLAIN, color, word);
	else
		krsi_priv_out_string(line->out, word);
	krsi_priv_out_print(line->out, "%*s", fill > 0 ? fill : 0, "");
}

/* --- who and what -------------------------------------------------------------------- */

/* The program and its process: "/usr/bin/cat[812]", "(kthreadd)[2]" for what has no program. */
static void subject_print(const struct line *line, const struct krsi_event *event)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = krsi_event_text(event, KRSI_EVENT_EXE, &size, &flags);
	uint64_t pid;

	krsi_priv_out_string(line->out, " ");
	if (text && size) {
		if (flags & KRSI_EVENT_TEXT_CUT)
			krsi_priv_out_string(line->out, "...");
		word_print(line, text, size);
	} else {
		text = krsi_event_text(event, KRSI_EVENT_COMM, &size, NULL);
		krsi_priv_out_string(line->out, "(");
		word_print(line, text ? text : "?", text ? size : 1);
		krsi_priv_out_string(line->out, ")");
	}
	if (krsi_event_number(event, KRSI_EVENT_PID, &pid) == 0)
		krsi_priv_out_print(line->out, "[%" PRIu64 "]", pid);
}

static void marks_print(const struct line *line, uint32_t flags)
{
	if (flags & KRSI_EVENT_TEXT_FOREIGN)
		krsi_priv_out_string(line->out, " (foreign)");
	if (flags & KRSI_EVENT_TEXT_DETACHED)
		krsi_priv_out_string(line->out, " (detached)");
}

/* Whether the event has this text. `before` goes in front of it. */
static bool text_print(const struct line *line, const struct krsi_event *event, uint32_t field, const char *before)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = krsi_event_text(event, field, &size, &flags);

	if (!text || !size)
		return false;
	krsi_priv_out_string(line->out, before);
	if (flags & KRSI_EVENT_TEXT_CUT)
		krsi_priv_out_string(line->out, "...");
	word_print(line, text, size);
	marks_print(line, flags);
	return true;
}

static bool address_print(const struct line *line, const struct krsi_event *event)
{
	const uint8_t *address = krsi_event_address(event);
	bool has_port, v6 = false;
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t port;

	has_port = krsi_event_number(event, KRSI_EVENT_PORT, &port) == 0;
	if (!address && !has_port)
		return false;
	if (address) {
		const char *name = krsi_priv_address_word(address, word, &v6);

		krsi_priv_out_print(line->out, v6 && has_port ? " [%s]" : " %s", name);
	} else {
		krsi_priv_out_string(line->out, " ");
	}
	if (has_port)
		krsi_priv_out_print(line->out, ":%" PRIu64, port);
	return true;
}

/* "SIGKILL to 812", or "process 812" where nothing is sent. */
static bool target_print(const struct line *line, const struct krsi_event *event)
{
	bool has_signal, has_target;
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t number, pid;

	has_signal = krsi_event_number(event, KRSI_EVENT_SIGNAL_NUMBER, &number) == 0;
	has_target = krsi_event_number(event, KRSI_EVENT_TARGET_PID, &pid) == 0;
	if (has_signal)
		krsi_priv_out_print(line->out, " %s", krsi_priv_signal_word(number, word));
	if (has_target)
		krsi_priv_out_print(line->out, "%s%" PRIu64, has_signal ? " to " : " process ", pid);
	return has_signal || has_target;
}

/* How a process ended, and after what time. */
static bool exit_print(const struct line *line, const struct krsi_event *event)
{
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t number;
	bool any = true;

	if (krsi_event_number(event, KRSI_EVENT_EXIT_SIGNAL, &number) == 0)
		krsi_priv_out_print(line->out, " %s", krsi_priv_signal_word(number, word));
	else if (krsi_event_number(event, KRSI_EVENT_EXIT_CODE, &number) == 0)
		krsi_priv_out_print(line->out, " code %" PRIu64, number);
	else
		any = false;
	if (krsi_event_number(event, KRSI_EVENT_RUN_TIME, &number) == 0)
		krsi_priv_out_print(line->out, " after %" PRIu64 ".%06" PRIu64 " s", number / 1000000000, number % 1000000000 / 1000);
	return any;
}

static bool family_print(const struct line *line, const struct krsi_event *event)
{
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t family;

	if (krsi_event_number(event, KRSI_EVENT_FAMILY, &family))
		return false;
	krsi_priv_out_print(line->out, " %s", krsi_priv_family_word(family, word));
	return true;
}

/* A file or directory whose path could not be told. */
static bool inode_print(const struct line *line, const struct krsi_event *event)
{
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t inode, device;

	if (krsi_event_number(event, KRSI_EVENT_INODE, &inode) || krsi_event_number(event, KRSI_EVENT_DEVICE, &device))
		return false;
	krsi_priv_out_print(line->out, " inode %s:%" PRIu64, krsi_priv_device_word(device, word), inode);
	return true;
}

static void object_print(const struct line *line, const struct krsi_event *event)
{
	bool any;

	any = text_print(line, event, KRSI_EVENT_PATH, " ");
	any |= text_print(line, event, KRSI_EVENT_PATH2, any ? " -> " : " ");
	any |= text_print(line, event, KRSI_EVENT_UNIX_ADDRESS, " ");
	any |= address_print(line, event);
	any |= target_print(line, event);
	any |= exit_print(line, event);
	any = any || family_print(line, event) || inode_print(line, event);
	if (krsi_event_flags(event) & KRSI_EVENT_UNRESOLVED)
		krsi_priv_out_string(line->out, " (unresolved)");
	else if (!any)
		krsi_priv_out_string(line->out, " -");
}

/* --- why ------------------------------------------------------------------------------ */

/* What the subject gets: "EPERM", "EPERM,SIGTERM"; "-" for nothing. */
static void answer_print(const struct line *line, const struct krsi_priv_said *said)
{
	char word[KRSI_PRIV_WORD_SIZE];

	krsi_priv_out_string(line->out, " ");
	if (said->error)
		krsi_priv_out_string(line->out, krsi_priv_error_word(said->error, word));
	if (said->signal)
		krsi_priv_out_print(line->out, "%s%s", said->error ? "," : "", krsi_priv_signal_word(said->signal, word));
	if (!said->error && !said->signal)
		krsi_priv_out_string(line->out, "-");
}

static void rule_print(const struct line *line, const struct krsi_priv_said *said)
{
	krsi_priv_out_string(line->out, " ");
	word_print(line, said->policy ? said->policy : "?", said->policy ? said->policy_size : 1);
	krsi_priv_out_string(line->out, "/");
	word_print(line, said->rule ? said->rule : "?", said->rule ? said->rule_size : 1);
	answer_print(line, said);
}

/* All behind the time. */
static void line_print(const struct line *line, const struct krsi_event *event, const struct krsi_priv_said *said)
{
	outcome_print(line, outcomes[said->outcome].word, outcomes[said->outcome].color);
	krsi_priv_out_print(line->out, " %-*s", OPERATION_WIDTH, krsi_event_operation(event));
	subject_print(line, event);
	object_print(line, event);
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_RULE)
		rule_print(line, said);
	if (said->unsure)
		krsi_priv_out_string(line->out, "\n    not sure: the event does not have all that the policies ask for");
}

void krsi_priv_encode_message(struct krsi_priv_out *out, const struct krsi_event *event)
{
	struct krsi_priv_said said = krsi_priv_said(event);

	line_print(&(struct line){ .out = out }, event, &said);
}

/* --- details --------------------------------------------------------------------------- */

static void facts_print(const struct line *line, uint64_t facts)
{
	char word[KRSI_PRIV_WORD_SIZE];
	unsigned int bit;

	if (!facts)
		krsi_priv_out_string(line->out, " none");
	for (bit = 0; bit < 64; bit++)
		if (facts >> bit & 1)
			krsi_priv_out_print(line->out, " %s", krsi_priv_fact_word(bit, word));
}

static void capabilities_print(const struct line *line, uint64_t number)
{
	char word[KRSI_PRIV_WORD_SIZE];
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		if (number >> bit & 1)
			krsi_priv_out_print(line->out, " %s", krsi_priv_capability_word(bit, word));
}

static void name_print(const struct line *line, const char *name)
{
	if (!name)
		return;
	krsi_priv_out_string(line->out, " (");
	word_print(line, name, strlen(name));
	krsi_priv_out_string(line->out, ")");
}

/* A number, and behind it what it is called. */
static void number_print(const struct line *line, struct krsi_priv_names *names, uint32_t field, uint64_t number)
{
	enum krsi_priv_number_kind kind = krsi_priv_number_kind(field);
	char word[KRSI_PRIV_WORD_SIZE];

	switch (kind) {
	case KRSI_PRIV_NUMBER_DEVICE:
		krsi_priv_out_print(line->out, " %s", krsi_priv_device_word(number, word));
		return;
	case KRSI_PRIV_NUMBER_MODE:
		krsi_priv_out_print(line->out, " %06" PRIo64, number);
		return;
	case KRSI_PRIV_NUMBER_FACTS:
		facts_print(line, number);
		return;
	case KRSI_PRIV_NUMBER_BITS:
		krsi_priv_out_print(line->out, " %016" PRIx64, number);
		if (field == KRSI_EVENT_CAP_EFFECTIVE || field == KRSI_EVENT_CAP_PERMITTED || field == KRSI_EVENT_CAP_INHERITABLE)
			capabilities_print(line, number);
		return;
	default:
		krsi_priv_out_print(line->out, " %" PRIu64, number);
	}
	if (kind == KRSI_PRIV_NUMBER_ERROR)
		name_print(line, krsi_priv_error_word(number, word));
	else if (kind == KRSI_PRIV_NUMBER_SIGNAL)
		name_print(line, krsi_priv_signal_word(number, word));
	else if (kind == KRSI_PRIV_NUMBER_FAMILY)
		name_print(line, krsi_priv_family_word(number, word));
	else if (kind == KRSI_PRIV_NUMBER_HASH)
		name_print(line, krsi_priv_hash_word(number, word));
	else if (kind == KRSI_PRIV_NUMBER_USER)
		name_print(line, krsi_priv_user_name(names, number));
	else if (kind == KRSI_PRIV_NUMBER_GROUP)
		name_print(line, krsi_priv_group_name(names, number));
}

static void list_print(const struct line *line, const char *bytes, size_t size)
{
	const char *at = bytes, *string;
	size_t len;

	while ((string = krsi_priv_list_next(&at, bytes + size, &len))) {
		krsi_priv_out_string(line->out, " ");
		word_print(line, string, len);
		if (!len)
			krsi_priv_out_string(line->out, "\"\"");
	}
}

static void hex_print(const struct line *line, const char *bytes, size_t size)
{
	size_t i;

	krsi_priv_out_string(line->out, " ");
	for (i = 0; i < size; i++)
		krsi_priv_out_print(line->out, "%02x", (unsigned char)bytes[i]);
}

static void bytes_print(const struct line *line, uint32_t type, const char *bytes, size_t size, uint32_t flags)
{
	if (type == KRSI_EVENT_TYPE_LIST) {
		list_print(line, bytes, size);
	} else if (type == KRSI_EVENT_TYPE_BYTES) {
		hex_print(line, bytes, size);
	} else {
		krsi_priv_out_string(line->out, " ");
		word_print(line, bytes, size);
	}
	if (flags & KRSI_EVENT_TEXT_CUT)
		krsi_priv_out_string(line->out, " (cut)");
	marks_print(line, flags);
}

static void detail_print(const struct line *line, struct krsi_priv_names *names, const struct krsi_event *event, uint32_t field)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	const uint8_t *address = NULL;
	char word[KRSI_PRIV_WORD_SIZE];
	const char *bytes = NULL;
	uint32_t flags = 0;
	uint64_t number = 0;
	size_t size = 0;
	bool has;

	/* The list of both is in its parts. */
	if (field == KRSI_EVENT_STRINGS || krsi_event_field_info(field, &info))
		return;
	if (info.type == KRSI_EVENT_TYPE_NUMBER)
		has = krsi_event_number(event, field, &number) == 0;
	else if (info.type == KRSI_EVENT_TYPE_ADDRESS)
		has = (address = field == KRSI_EVENT_ADDRESS ? krsi_event_address(event) : NULL) != NULL;
	else
		has = (bytes = krsi_event_text(event, field, &size, &flags)) != NULL;
	if (!has)
		return;
	krsi_priv_out_print(line->out, "\n    %-*s", NAME_WIDTH, info.name);
	if (bytes)
		bytes_print(line, info.type, bytes, size, flags);
	else if (address)
		krsi_priv_out_print(line->out, " %s", krsi_priv_address_word(address, word, NULL));
	else
		number_print(line, names, field, number);
}

static void ancestor_print(void *data, const struct krsi_event *ancestor)
{
	const struct line *line = data;
	uint64_t pid = 0;
	size_t size = 0;
	const char *name = krsi_priv_program_name(ancestor, &size);

	krsi_event_number(ancestor, KRSI_EVENT_PID, &pid);
	krsi_priv_out_string(line->out, " ");
	word_print(line, name ? name : "-", name ? size : 1);
	krsi_priv_out_print(line->out, "[%" PRIu64 "]", pid);
}

static void ancestors_print(const struct krsi_encoder *encoder, struct line *line, const struct krsi_event *event)
{
	size_t before;

	krsi_priv_out_print(line->out, "\n    %-*s", NAME_WIDTH, "ancestors");
	before = line->out->size;
	krsi_priv_ancestors(encoder, event, ancestor_print, line);
	if (line->out->size == before)
		krsi_priv_out_string(line->out, " -");
}

/* --- a line ---------------------------------------------------------------------------- */

static struct line line_begin(struct krsi_encoder *encoder, bool has_time, int64_t wall)
{
	char word[KRSI_PRIV_WORD_SIZE];

	krsi_priv_out_print(&encoder->out, "%s ", has_time ? krsi_priv_time_word(wall, 6, word) : "-");
	return (struct line){ &encoder->out, encoder->flags & KRSI_ENCODE_COLOR, encoder->flags & KRSI_ENCODE_UTF8 };
}

void krsi_priv_encode_text(struct krsi_encoder *encoder, const struct krsi_event *event, const struct krsi_priv_said *said)
{
	struct line line;
	uint64_t wall = 0;
	uint32_t field;
	bool has_time;

	has_time = krsi_event_number(event, KRSI_EVENT_WALL_TIME, &wall) == 0;
	line = line_begin(encoder, has_time, (int64_t)wall);
	line_print(&line, event, said);
	if (encoder->flags & KRSI_ENCODE_DETAILS)
		for (field = 1; field < KRSI_EVENT_FIELD_END; field++)
			detail_print(&line, encoder->names, event, field);
	if (encoder->flags & KRSI_ENCODE_DETAILS && encoder->processes)
		ancestors_print(encoder, &line, event);
}

static void lost_print(const struct line *line, const struct krsi_priv_lost *lost)
{
	outcome_print(line, "LOST", BAD);
	krsi_priv_out_print(line->out, " %-*s %" PRIu64 " event%s %s, %" PRIu64 " in all", OPERATION_WIDTH,
			    lost->operation[0] ? lost->operation : "-", lost->count, lost->count == 1 ? "" : "s",
			    lost->cause == KRSI_PRIV_LOST_RING ? "found no room in the ring" : "could not be written", lost->total);
}

void krsi_priv_encode_message_lost(struct krsi_priv_out *out, const struct krsi_priv_lost *lost)
{
	lost_print(&(struct line){ .out = out }, lost);
}

void krsi_priv_encode_text_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost)
{
	struct line line = line_begin(encoder, lost->has_time, lost->wall);

	lost_print(&line, lost);
}

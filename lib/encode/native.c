/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events for programs: one object per line, with every field under its own name. What an event does not have is left
 * out.
 */
#include <stdio.h>
#include <string.h>

#include "json.h"

/* Fields whose member is not called as they are, and those that are written elsewhere (NULL). */
static const char *member(uint32_t field, const char *name)
{
	switch (field) {
	case KRSI_EVENT_START_TIME:
		return "start_time_ns";
	case KRSI_EVENT_SIGNAL_NUMBER:
		return "signal";
	case KRSI_EVENT_SEQUENCE:
	case KRSI_EVENT_GENERATION:
	case KRSI_EVENT_TIME:		/* "boot_ns" */
	case KRSI_EVENT_WALL_TIME:	/* "time" */
	case KRSI_EVENT_POLICY:
	case KRSI_EVENT_RULE:
	case KRSI_EVENT_ERROR:		/* behind the rule */
	case KRSI_EVENT_SENT_SIGNAL:
	case KRSI_EVENT_LOST_COUNT:	/* "count" */
	case KRSI_EVENT_LOST_CAUSE:	/* "cause" */
	case KRSI_EVENT_STRINGS:	/* "argv" and "env" */
		return NULL;
	default:
		return name;
	}
}

/* The name with something behind it. */
static const char *suffixed(const char *name, const char *suffix, char text[KRSI_PRIV_WORD_SIZE])
{
	snprintf(text, KRSI_PRIV_WORD_SIZE, "%s_%s", name, suffix);
	return text;
}

/* --- numbers ----------------------------------------------------------------------- */

static json_t *number_make(enum krsi_priv_number_kind kind, uint64_t number)
{
	char word[KRSI_PRIV_WORD_SIZE];

	switch (kind) {
	case KRSI_PRIV_NUMBER_DEVICE:
		return json_string(krsi_priv_device_word(number, word));
	case KRSI_PRIV_NUMBER_MODE:
		return json_sprintf("%06llo", (unsigned long long)number);
	case KRSI_PRIV_NUMBER_BITS:
		return json_sprintf("%016llx", (unsigned long long)number);
	case KRSI_PRIV_NUMBER_FACTS:
		return krsi_priv_json_facts(number);
	default:
		return krsi_priv_json_number(number);
	}
}

/* What a number is called, as text; NULL: nothing. */
static json_t *name_make(struct krsi_priv_names *names, enum krsi_priv_number_kind kind, uint64_t number)
{
	char word[KRSI_PRIV_WORD_SIZE];
	const char *name = NULL;
	bool exact;

	if (kind == KRSI_PRIV_NUMBER_ERROR)
		name = krsi_priv_error_word(number, word);
	else if (kind == KRSI_PRIV_NUMBER_SIGNAL)
		name = krsi_priv_signal_word(number, word);
	else if (kind == KRSI_PRIV_NUMBER_FAMILY)
		name = krsi_priv_family_word(number, word);
	else if (kind == KRSI_PRIV_NUMBER_HASH)
		name = krsi_priv_hash_word(number, word);
	else if (kind == KRSI_PRIV_NUMBER_USER)
		name = krsi_priv_user_name(names, number);
	else if (kind == KRSI_PRIV_NUMBER_GROUP)
		name = krsi_priv_group_name(names, number);
	return name ? krsi_priv_json_text(name, strlen(name), &exact) : NULL;
}

static void number_add(struct krsi_encoder *encoder, json_t **object, const struct krsi_event *event, uint32_t field, const char *name)
{
	enum krsi_priv_number_kind kind = krsi_priv_number_kind(field);
	char suffix[KRSI_PRIV_WORD_SIZE];
	json_t *word;
	uint64_t number;

	if (krsi_event_number(event, field, &number))
		return;
	krsi_priv_json_put(object, name, number_make(kind, number));
	word = name_make(encoder->names, kind, number);
	if (word)
		krsi_priv_json_put(object, suffixed(name, "name", suffix), word);
}

/* --- texts -------------------------------------------------------------------------- */

static void marks_add(json_t **object, const char *name, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *suffix;
	} marks[] = {
		{ KRSI_EVENT_TEXT_CUT, "cut" }, { KRSI_EVENT_TEXT_FOREIGN, "foreign" }, { KRSI_EVENT_TEXT_DETACHED, "detached" },
	};
	char suffix[KRSI_PRIV_WORD_SIZE];
	size_t i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (flags & marks[i].flag)
			krsi_priv_json_put(object, suffixed(name, marks[i].suffix, suffix), json_true());
}

static void bytes_add(json_t **object, const char *name, const char *bytes, size_t size)
{
	char suffix[KRSI_PRIV_WORD_SIZE];
	bool exact;

	krsi_priv_json_put(object, name, krsi_priv_json_text(bytes, size, &exact));
	if (!exact)
		krsi_priv_json_put(object, suffixed(name, "hex", suffix), krsi_priv_json_hex(bytes, size));
}

static void text_add(json_t **object, const struct krsi_event *event, uint32_t field, const char *name)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = krsi_event_text(event, field, &size, &flags);

	if (!text)
		return;
	bytes_add(object, name, text, size);
	marks_add(object, name, flags);
}

/* When one string is not exact, NAME_hex has them all, so that one index is good for both. */
static void list_add(json_t **object, const struct krsi_event *event, uint32_t field, const char *name)
{
	char suffix[KRSI_PRIV_WORD_SIZE];
	uint32_t flags = 0;
	size_t size = 0;
	const char *list = krsi_event_text(event, field, &size, &flags);
	bool exact;

	if (!list)
		return;
	krsi_priv_json_put(object, name, krsi_priv_json_list(list, size, &exact));
	if (!exact)
		krsi_priv_json_put(object, suffixed(name, "hex", suffix), krsi_priv_json_list_hex(list, size));
	marks_add(object, name, flags);
}

static void hex_add(json_t **object, const struct krsi_event *event, uint32_t field, const char *name)
{
	size_t size = 0;
	const char *bytes = krsi_event_text(event, field, &size, NULL);

	if (bytes)
		krsi_priv_json_put(object, name, krsi_priv_json_hex(bytes, size));
}

/* --- an event ------------------------------------------------------------------------- */

static void field_add(struct krsi_encoder *encoder, json_t **object, const struct krsi_event *event, uint32_t field)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	char word[KRSI_PRIV_WORD_SIZE];
	const uint8_t *address;
	const char *name;

	if (krsi_event_field_info(field, &info))
		return;
	name = member(field, info.name);
	if (!name)
		return;
	if (info.type == KRSI_EVENT_TYPE_NUMBER) {
		number_add(encoder, object, event, field, name);
	} else if (info.type == KRSI_EVENT_TYPE_TEXT) {
		text_add(object, event, field, name);
	} else if (info.type == KRSI_EVENT_TYPE_LIST) {
		list_add(object, event, field, name);
	} else if (info.type == KRSI_EVENT_TYPE_BYTES) {
		hex_add(object, event, field, name);
	} else if (field == KRSI_EVENT_ADDRESS) {
		address = krsi_event_address(event);
		if (address)
			krsi_priv_json_put(object, name, json_string(krsi_priv_address_word(address, word, NULL)));
	}
}

static void name_or_null_add(json_t **object, const char *name, const char *text, size_t size)
{
	if (text)
		bytes_add(object, name, text, size);
	else
		krsi_priv_json_put(object, name, json_null());
}

static void rule_add(json_t **object, const struct krsi_event *event)
{
	struct krsi_priv_said said = krsi_priv_said(event);

	krsi_priv_json_put(object, "verdict", json_string(said.verdict));
	krsi_priv_json_put(object, "outcome", json_string(krsi_priv_outcome_word(said.outcome)));
	krsi_priv_json_put(object, "unresolved", json_boolean(krsi_event_flags(event) & KRSI_EVENT_UNRESOLVED));
	krsi_priv_json_put(object, "operation", json_string(krsi_event_operation(event)));
	name_or_null_add(object, "policy", said.policy, said.policy_size);
	name_or_null_add(object, "rule", said.rule, said.rule_size);
}

/* What policies would have said, beside what was said. */
static json_t *asked_make(const struct krsi_priv_said *said)
{
	json_t *object = json_object();
	char word[KRSI_PRIV_WORD_SIZE];

	krsi_priv_json_put(&object, "verdict", json_string(said->verdict));
	krsi_priv_json_put(&object, "outcome", json_string(krsi_priv_outcome_word(said->outcome)));
	name_or_null_add(&object, "policy", said->policy, said->policy_size);
	name_or_null_add(&object, "rule", said->rule, said->rule_size);
	if (said->error) {
		krsi_priv_json_put(&object, "error", krsi_priv_json_number(said->error));
		krsi_priv_json_put(&object, "error_name", json_string(krsi_priv_error_word(said->error, word)));
	}
	if (said->signal)
		krsi_priv_json_put(&object, "sent_signal", krsi_priv_json_number(said->signal));
	krsi_priv_json_put(&object, "unsure", json_boolean(said->unsure));
	return object;
}

static void head_add(struct krsi_encoder *encoder, json_t **object, const struct krsi_event *event)
{
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t number;

	if (krsi_event_number(event, KRSI_EVENT_WALL_TIME, &number) == 0)
		krsi_priv_json_put(object, "time", json_string(krsi_priv_time_word((int64_t)number, 9, word)));
	number_add(encoder, object, event, KRSI_EVENT_TIME, "boot_ns");
	number_add(encoder, object, event, KRSI_EVENT_SEQUENCE, "sequence");
	number_add(encoder, object, event, KRSI_EVENT_GENERATION, "generation");
}

static const char *type(uint32_t kind)
{
	static const char *const types[] = {
		[KRSI_EVENT_KIND_RULE] = "event", [KRSI_EVENT_KIND_LOST] = "lost", [KRSI_EVENT_KIND_FORK] = "fork",
		[KRSI_EVENT_KIND_EXEC] = "exec", [KRSI_EVENT_KIND_EXIT] = "exit", [KRSI_EVENT_KIND_PROCESS] = "process",
		[KRSI_EVENT_KIND_IDENTITY] = "identity",
	};

	return kind < sizeof(types) / sizeof(types[0]) && types[kind] ? types[kind] : "unknown";
}

static void ancestor_add(void *data, const struct krsi_event *ancestor)
{
	json_t **array = data, *object = json_object();
	char word[KRSI_PRIV_WORD_SIZE];
	uint64_t number;

	if (krsi_event_number(ancestor, KRSI_EVENT_PID, &number) == 0)
		krsi_priv_json_put(&object, "pid", krsi_priv_json_number(number));
	if (krsi_event_number(ancestor, KRSI_EVENT_COOKIE, &number) == 0) {
		snprintf(word, sizeof(word), "%016llx", (unsigned long long)number);
		krsi_priv_json_put(&object, "cookie", json_string(word));
	}
	text_add(&object, ancestor, KRSI_EVENT_EXE, "exe");
	text_add(&object, ancestor, KRSI_EVENT_COMM, "comm");
	krsi_priv_json_add(array, object);
}

static void ancestors_add(const struct krsi_encoder *encoder, json_t **object, const struct krsi_event *event)
{
	json_t *array = json_array();

	krsi_priv_ancestors(encoder, event, ancestor_add, &array);
	if (array && json_array_size(array) == 0)
		json_decref(array);
	else
		krsi_priv_json_put(object, "ancestors", array);
}

void krsi_priv_encode_native(struct krsi_encoder *encoder, const struct krsi_event *event, const struct krsi_priv_said *said)
{
	uint32_t kind = krsi_event_kind(event), field;
	json_t *object = json_object();

	krsi_priv_json_put(&object, "type", json_string(type(kind)));
	/* A process of a table did not happen at a time. */
	if (kind != KRSI_EVENT_KIND_PROCESS)
		head_add(encoder, &object, event);
	if (kind == KRSI_EVENT_KIND_RULE)
		rule_add(&object, event);
	else if (kind != KRSI_EVENT_KIND_PROCESS)
		krsi_priv_json_put(&object, "operation", json_string(krsi_event_operation(event)));
	number_add(encoder, &object, event, KRSI_EVENT_ERROR, "error");
	number_add(encoder, &object, event, KRSI_EVENT_SENT_SIGNAL, "sent_signal");
	for (field = 1; field < KRSI_EVENT_FIELD_END; field++)
		field_add(encoder, &object, event, field);
	if (encoder->processes)
		ancestors_add(encoder, &object, event);
	if (said->asked)
		krsi_priv_json_put(&object, "replay", asked_make(said));
	krsi_priv_json_write(object, &encoder->out);
}

void krsi_priv_encode_native_lost(struct krsi_encoder *encoder, const struct krsi_priv_lost *lost)
{
	char word[KRSI_PRIV_WORD_SIZE];
	json_t *object = json_object();

	krsi_priv_json_put(&object, "type", json_string(type(KRSI_EVENT_KIND_LOST)));
	if (lost->has_time) {
		krsi_priv_json_put(&object, "time", json_string(krsi_priv_time_word(lost->wall, 9, word)));
		krsi_priv_json_put(&object, "boot_ns", json_integer(lost->boot));
	}
	if (lost->operation[0])
		krsi_priv_json_put(&object, "operation", json_string(lost->operation));
	krsi_priv_json_put(&object, "cause", json_string(lost->cause == KRSI_PRIV_LOST_RING ? "ring" : "output"));
	krsi_priv_json_put(&object, "count", krsi_priv_json_number(lost->count));
	krsi_priv_json_put(&object, "total", krsi_priv_json_number(lost->total));
	krsi_priv_json_write(object, &encoder->out);
}

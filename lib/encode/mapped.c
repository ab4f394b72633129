/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "mapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE 96

/* --- the rest ------------------------------------------------------------------------ */

static void rest_put(struct krsi_priv_mapped *map, const char *name, const char *suffix, json_t *value)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s%s%s", map->rest, name, suffix);
	krsi_priv_json_put(&map->root, path, value);
}

static void mark_put(struct krsi_priv_mapped *map, const char *name, const char *suffix)
{
	rest_put(map, name, suffix, map->strings ? json_string("true") : json_true());
}

/* What has to be said of a text beside it: its bytes, and what is special about it. */
static void beside_put(struct krsi_priv_mapped *map, uint32_t field, const char *bytes, size_t size, bool exact, uint32_t flags)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };

	krsi_event_field_info(field, &info);
	if (!exact)
		rest_put(map, info.name, "_hex", krsi_priv_json_hex(bytes, size));
	if (flags & KRSI_EVENT_TEXT_CUT)
		mark_put(map, info.name, "_cut");
	if (flags & KRSI_EVENT_TEXT_FOREIGN)
		mark_put(map, info.name, "_foreign");
	if (flags & KRSI_EVENT_TEXT_DETACHED)
		mark_put(map, info.name, "_detached");
}

/* --- numbers --------------------------------------------------------------------------- */

static json_t *capabilities_make(uint64_t number)
{
	char word[KRSI_PRIV_WORD_SIZE];
	json_t *array = json_array();
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		if (number >> bit & 1)
			krsi_priv_json_add(&array, json_string(krsi_priv_capability_word(bit, word)));
	return array;
}

/* A number as native JSON has it, but always as a string. */
static json_t *word_make(uint32_t field, uint64_t number)
{
	char word[KRSI_PRIV_WORD_SIZE];

	switch (krsi_priv_number_kind(field)) {
	case KRSI_PRIV_NUMBER_DEVICE:
		return json_string(krsi_priv_device_word(number, word));
	case KRSI_PRIV_NUMBER_MODE:
		return json_sprintf("%06llo", (unsigned long long)number);
	case KRSI_PRIV_NUMBER_BITS:
		return json_sprintf("%016llx", (unsigned long long)number);
	default:
		return krsi_priv_json_digits(number);
	}
}

static json_t *time_make(const struct krsi_priv_mapped *map, uint64_t boot, bool is_date)
{
	char word[KRSI_PRIV_WORD_SIZE];
	int64_t wall;

	if (!krsi_priv_wall(map->event, boot, &wall))
		return NULL;
	return is_date ? json_string(krsi_priv_time_word(wall, 9, word)) : json_integer(wall / 1000000);
}

/* NULL with `*fits` false: it cannot be written so. */
static json_t *number_make(const struct krsi_priv_mapped *map, const struct krsi_priv_mapped_number *how, uint64_t number, bool *fits)
{
	json_t *value;

	*fits = true;
	switch (how->how) {
	case KRSI_PRIV_MAPPED_LONG:
		*fits = number <= INT64_MAX;
		return *fits ? json_integer((json_int_t)number) : NULL;
	case KRSI_PRIV_MAPPED_INTEGER:
		*fits = number <= INT32_MAX;
		return *fits ? json_integer((json_int_t)number) : NULL;
	case KRSI_PRIV_MAPPED_DIGITS:
		return krsi_priv_json_digits(number);
	case KRSI_PRIV_MAPPED_WORD:
		return word_make(how->field, number);
	case KRSI_PRIV_MAPPED_CAPABILITIES:
		return capabilities_make(number);
	default:
		value = time_make(map, number, how->how == KRSI_PRIV_MAPPED_DATE);
		*fits = value != NULL;
		return value;
	}
}

void krsi_priv_mapped_numbers(struct krsi_priv_mapped *map, const struct krsi_priv_mapped_number *numbers, size_t count)
{
	uint64_t number;
	json_t *value;
	bool fits;
	size_t i;

	for (i = 0; i < count; i++) {
		if (krsi_event_number(map->event, numbers[i].field, &number))
			continue;
		value = number_make(map, &numbers[i], number, &fits);
		if (!fits)
			continue;
		krsi_priv_json_put(&map->root, numbers[i].path, value);
		map->done[numbers[i].field] = true;
	}
}

static void name_put(struct krsi_priv_mapped *map, const char *name, const char *path)
{
	bool exact;

	if (name)
		krsi_priv_json_put(&map->root, path, krsi_priv_json_text(name, strlen(name), &exact));
}

void krsi_priv_mapped_user_name(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	uint64_t number;

	if (map->encoder->names && krsi_event_number(map->event, field, &number) == 0)
		name_put(map, krsi_priv_user_name(map->encoder->names, number), path);
}

void krsi_priv_mapped_group_name(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	uint64_t number;

	if (map->encoder->names && krsi_event_number(map->event, field, &number) == 0)
		name_put(map, krsi_priv_group_name(map->encoder->names, number), path);
}

/* --- texts ------------------------------------------------------------------------------- */

void krsi_priv_mapped_string(struct krsi_priv_mapped *map, const char *path, const char *string)
{
	if (string)
		krsi_priv_json_put(&map->root, path, json_string(string));
}

void krsi_priv_mapped_integer(struct krsi_priv_mapped *map, const char *path, int64_t integer)
{
	krsi_priv_json_put(&map->root, path, json_integer(integer));
}

void krsi_priv_mapped_bytes(struct krsi_priv_mapped *map, const char *path, const char *bytes, size_t size)
{
	bool exact;

	krsi_priv_json_put(&map->root, path, krsi_priv_json_text(bytes, size, &exact));
}

void krsi_priv_mapped_text(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *text = krsi_event_text(map->event, field, &size, &flags);
	bool exact;

	if (!text)
		return;
	krsi_priv_json_put(&map->root, path, krsi_priv_json_text(text, size, &exact));
	if (!map->done[field])
		beside_put(map, field, text, size, exact, flags);
	map->done[field] = true;
}

void krsi_priv_mapped_list(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	uint32_t flags = 0;
	size_t size = 0;
	const char *list = krsi_event_text(map->event, field, &size, &flags);
	bool exact;

	if (!list)
		return;
	krsi_priv_json_put(&map->root, path, krsi_priv_json_list(list, size, &exact));
	if (!map->done[field])
		beside_put(map, field, list, size, exact, flags);
	map->done[field] = true;
}

bool krsi_priv_mapped_hex(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	size_t size = 0;
	const char *bytes = krsi_event_text(map->event, field, &size, NULL);

	if (!bytes)
		return false;
	krsi_priv_json_put(&map->root, path, krsi_priv_json_hex(bytes, size));
	map->done[field] = true;
	return true;
}

/* Where the text's last slash is; NULL: there is none, or no text. */
static const char *slash_find(const struct krsi_priv_mapped *map, uint32_t field, const char **text, size_t *size)
{
	*text = krsi_event_text(map->event, field, size, NULL);
	return *text ? memrchr(*text, '/', *size) : NULL;
}

void krsi_priv_mapped_base(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	const char *text, *slash;
	size_t size = 0;

	slash = slash_find(map, field, &text, &size);
	if (slash)
		krsi_priv_mapped_bytes(map, path, slash + 1, (size_t)(text + size - slash - 1));
	else if (text)
		krsi_priv_mapped_bytes(map, path, text, size);
}

void krsi_priv_mapped_directory(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	const char *text, *slash;
	size_t size = 0;

	slash = slash_find(map, field, &text, &size);
	if (slash)
		krsi_priv_mapped_bytes(map, path, text, slash == text ? 1 : (size_t)(slash - text));
}

void krsi_priv_mapped_joined(struct krsi_priv_mapped *map, uint32_t field, const char *path)
{
	size_t size = 0, i;
	const char *list = krsi_event_text(map->event, field, &size, NULL);
	char *line;

	if (!list || !size)
		return;
	line = malloc(size);
	for (i = 0; line && i < size; i++)
		line[i] = list[i] ? list[i] : ' ';
	if (line)
		krsi_priv_mapped_bytes(map, path, line, list[size - 1] ? size : size - 1);
	else
		krsi_priv_json_put(&map->root, path, NULL);
	free(line);
}

/* --- what is left --------------------------------------------------------------------------- */

bool krsi_priv_mapped_has(const struct krsi_priv_mapped *map, uint32_t field)
{
	uint64_t number;

	if (field == KRSI_EVENT_ADDRESS)
		return krsi_event_address(map->event);
	return krsi_event_number(map->event, field, &number) == 0 || krsi_event_text(map->event, field, NULL, NULL);
}

/* The words of facts in one string, where there is no place for an array. */
static json_t *facts_string(uint64_t facts)
{
	char word[KRSI_PRIV_WORD_SIZE], words[64 * 16] = "";
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		if (facts >> bit & 1)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", *words ? " " : "", krsi_priv_fact_word(bit, word));
	return json_string(words);
}

static json_t *rest_number(const struct krsi_priv_mapped *map, uint32_t field, uint64_t number)
{
	enum krsi_priv_number_kind kind = krsi_priv_number_kind(field);

	if (kind == KRSI_PRIV_NUMBER_FACTS)
		return map->strings ? facts_string(number) : krsi_priv_json_facts(number);
	if (map->strings || kind == KRSI_PRIV_NUMBER_DEVICE || kind == KRSI_PRIV_NUMBER_MODE || kind == KRSI_PRIV_NUMBER_BITS)
		return word_make(field, number);
	return krsi_priv_json_number(number);
}

static void rest_field(struct krsi_priv_mapped *map, uint32_t field, const struct krsi_event_field_info *info)
{
	char path[PATH_SIZE], word[KRSI_PRIV_WORD_SIZE];
	uint64_t number;

	snprintf(path, sizeof(path), "%s%s", map->rest, info->name);
	if (info->type == KRSI_EVENT_TYPE_NUMBER && krsi_event_number(map->event, field, &number) == 0)
		krsi_priv_json_put(&map->root, path, rest_number(map, field, number));
	else if (info->type == KRSI_EVENT_TYPE_TEXT)
		krsi_priv_mapped_text(map, field, path);
	else if (info->type == KRSI_EVENT_TYPE_BYTES)
		krsi_priv_mapped_hex(map, field, path);
	else if (info->type == KRSI_EVENT_TYPE_LIST && map->strings)
		krsi_priv_mapped_joined(map, field, path);
	else if (info->type == KRSI_EVENT_TYPE_LIST)
		krsi_priv_mapped_list(map, field, path);
	else if (info->type == KRSI_EVENT_TYPE_ADDRESS && field == KRSI_EVENT_ADDRESS && krsi_event_address(map->event))
		krsi_priv_mapped_string(map, path, krsi_priv_address_word(krsi_event_address(map->event), word, NULL));
}

void krsi_priv_mapped_rest(struct krsi_priv_mapped *map)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	uint32_t field;

	map->done[KRSI_EVENT_STRINGS] = true;	/* is in its parts */
	map->done[KRSI_EVENT_WALL_TIME] = true;	/* every format has it */
	for (field = 1; field < KRSI_EVENT_FIELD_END; field++)
		if (!map->done[field] && krsi_event_field_info(field, &info) == 0)
			rest_field(map, field, &info);
	if (krsi_event_kind(map->event) == KRSI_EVENT_KIND_RULE) {
		rest_put(map, "outcome", "", json_string(krsi_priv_outcome_word(krsi_priv_outcome(map->event))));
		rest_put(map, "verdict", "", json_string(krsi_priv_verdict_word(map->event)));
	}
	if (krsi_event_flags(map->event) & KRSI_EVENT_UNRESOLVED)
		mark_put(map, "unresolved", "");
}

/* --- judgement -------------------------------------------------------------------------------- */

bool krsi_priv_outcome_is_denied(enum krsi_priv_outcome outcome)
{
	return outcome == KRSI_PRIV_OUTCOME_DENIED || outcome == KRSI_PRIV_OUTCOME_KILLED || outcome == KRSI_PRIV_OUTCOME_SIGNALLED;
}

int krsi_priv_severity(enum krsi_priv_outcome outcome)
{
	switch (outcome) {
	case KRSI_PRIV_OUTCOME_KILLED:
	case KRSI_PRIV_OUTCOME_SIGNALLED:
		return 4;
	case KRSI_PRIV_OUTCOME_DENIED:
		return 3;
	case KRSI_PRIV_OUTCOME_WOULD_DENY:
	case KRSI_PRIV_OUTCOME_WOULD_KILL:
	case KRSI_PRIV_OUTCOME_WOULD_SIGNAL:
		return 2;
	default:
		return 1;
	}
}

void krsi_priv_mapped_message(struct krsi_priv_mapped *map, const struct krsi_priv_lost *lost)
{
	struct krsi_priv_out out = { .size = 0 };

	krsi_priv_out_begin(&out);
	if (lost)
		krsi_priv_encode_message_lost(&out, lost);
	else
		krsi_priv_encode_message(&out, map->event);
	krsi_priv_json_put(&map->root, "message", out.no_memory ? NULL : json_string(out.text));
	krsi_priv_out_free(&out);
}

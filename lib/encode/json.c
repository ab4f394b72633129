/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define NAME_SIZE 64	/* longer than any part of a path here */

static void undo_unless_done(json_t **whole, int err)
{
	if (!err)
		return;
	json_decref(*whole);
	*whole = NULL;
}

/* The object of that name within another one, made where it is not there. NULL: no memory. */
static json_t *child(json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	if (value)
		return value;
	value = json_object();
	return json_object_set_new(object, name, value) ? NULL : value;
}

void krsi_priv_json_put(json_t **object, const char *path, json_t *value)
{
	json_t *at = *object;
	char name[NAME_SIZE];
	const char *dot;

	while (at && (dot = strchr(path, '.'))) {
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		at = child(at, name);
		path = dot + 1;
	}
	undo_unless_done(object, json_object_set_new(at, path, value));
}

void krsi_priv_json_add(json_t **array, json_t *value)
{
	undo_unless_done(array, json_array_append_new(*array, value));
}

json_t *krsi_priv_json_digits(uint64_t number)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	return json_string(digits);
}

json_t *krsi_priv_json_number(uint64_t number)
{
	return number <= INT64_MAX ? json_integer((json_int_t)number) : krsi_priv_json_digits(number);
}

/* A text in which U+FFFD stands for a NUL, and for each byte that is no part of a character. */
static json_t *lossy(const char *bytes, size_t size)
{
	char *text = malloc(size * strlen(REPLACEMENT) + 1), *end = text;
	json_t *value;
	uint32_t code;
	size_t i, len;

	if (!text)
		return NULL;
	for (i = 0; i < size; i += len) {
		len = bytes[i] ? krsi_priv_utf8(bytes + i, size - i, &code) : 0;
		end = mempcpy(end, len ? bytes + i : REPLACEMENT, len ? len : strlen(REPLACEMENT));
		len = len ? len : 1;
	}
	value = json_stringn(text, (size_t)(end - text));
	free(text);
	return value;
}

/* Whether a string of JSON can be these bytes: they are UTF-8 without NUL. */
static bool is_exact(const char *bytes, size_t size)
{
	uint32_t code;
	size_t i, len;

	for (i = 0; i < size; i += len) {
		len = bytes[i] ? krsi_priv_utf8(bytes + i, size - i, &code) : 0;
		if (!len)
			return false;
	}
	return true;
}

json_t *krsi_priv_json_text(const char *bytes, size_t size, bool *exact)
{
	*exact = is_exact(bytes, size);
	return *exact ? json_stringn_nocheck(bytes, size) : lossy(bytes, size);
}

json_t *krsi_priv_json_hex(const char *bytes, size_t size)
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

json_t *krsi_priv_json_list(const char *bytes, size_t size, bool *exact)
{
	const char *at = bytes, *string;
	json_t *array = json_array();
	bool one;
	size_t len;

	*exact = true;
	while ((string = krsi_priv_list_next(&at, bytes + size, &len))) {
		krsi_priv_json_add(&array, krsi_priv_json_text(string, len, &one));
		*exact &= one;
	}
	return array;
}

json_t *krsi_priv_json_list_hex(const char *bytes, size_t size)
{
	const char *at = bytes, *string;
	json_t *array = json_array();
	size_t len;

	while ((string = krsi_priv_list_next(&at, bytes + size, &len)))
		krsi_priv_json_add(&array, krsi_priv_json_hex(string, len));
	return array;
}

json_t *krsi_priv_json_facts(uint64_t facts)
{
	char word[KRSI_PRIV_WORD_SIZE];
	json_t *array = json_array();
	unsigned int bit;

	for (bit = 0; bit < 64; bit++)
		if (facts >> bit & 1)
			krsi_priv_json_add(&array, json_string(krsi_priv_fact_word(bit, word)));
	return array;
}

static int write_part(const char *bytes, size_t size, void *data)
{
	struct krsi_priv_out *out = data;
	const char *delete;

	/* The one control character that jansson leaves as it is. */
	while ((delete = memchr(bytes, 0x7f, size))) {
		krsi_priv_out_bytes(out, bytes, (size_t)(delete - bytes));
		krsi_priv_out_string(out, "\\u007F");
		size -= (size_t)(delete + 1 - bytes);
		bytes = delete + 1;
	}
	krsi_priv_out_bytes(out, bytes, size);
	return out->no_memory ? -1 : 0;
}

/* ASCII only: no character of a path steers a terminal, and nobody has to guess the encoding. */
void krsi_priv_json_write(json_t *object, struct krsi_priv_out *out)
{
	if (!object || json_dump_callback(object, write_part, out, JSON_COMPACT | JSON_ENSURE_ASCII))
		out->no_memory = true;
	json_decref(object);
}

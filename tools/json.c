/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/encode/utf8.h"
#include "tool.h"

#define REPLACEMENT "\xef\xbf\xbd"

json_t *json_text(const char *text)
{
	json_t *value = json_string(text);	/* refuses what is not UTF-8 */
	char *clean, *end;
	uint32_t code;
	size_t size;

	if (value)
		return value;
	end = clean = malloc(strlen(text) * strlen(REPLACEMENT) + 1);
	if (!clean)
		return NULL;
	while (*text) {
		size = krsi_priv_utf8(text, strlen(text), &code);
		end = mempcpy(end, size ? text : REPLACEMENT, size ? size : strlen(REPLACEMENT));
		text += size ? size : 1;
	}
	*end = '\0';
	value = json_string(clean);
	free(clean);
	return value;
}

static void undo_unless_done(json_t **whole, int err)
{
	if (!err)
		return;
	json_decref(*whole);
	*whole = NULL;
}

void json_add(json_t **array, json_t *value)
{
	undo_unless_done(array, json_array_append_new(*array, value));
}

void json_member(json_t **object, const char *key, json_t *value)
{
	undo_unless_done(object, json_object_set_new(*object, key, value));
}

int json_print(json_t *document)
{
	int err = document ? json_dumpf(document, stdout, JSON_INDENT(2)) : -1;

	json_decref(document);
	if (err) {
		tool_error("the JSON text cannot be made or written: no memory, or no room");
		return TOOL_FAILED;
	}
	printf("\n");
	return TOOL_OK;
}

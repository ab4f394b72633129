/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the command adds to jansson. */
#ifndef KRSI_JSON_H
#define KRSI_JSON_H

#include <jansson.h>

/*
 * A JSON string of any bytes: what is not UTF-8 becomes U+FFFD, as JSON knows nothing else. NULL
 * when there is no memory, which json_pack() with "o" hands on.
 */
json_t *json_text(const char *text);

/*
 * Put a value into an array, or into an object, and take it over. When that fails the whole becomes
 * NULL, so that nothing is printed with a part missing.
 */
void json_add(json_t **array, json_t *value);
void json_member(json_t **object, const char *key, json_t *value);

/* Print a document on stdout and let go of it. Returns enum tool_exit; NULL is "no memory". */
int json_print(json_t *document);

#endif

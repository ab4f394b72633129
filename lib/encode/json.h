/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What encoders add to jansson. An object that lacks memory for a member becomes NULL as a whole, so that nothing is
 * encoded with a part missing; all functions take NULL.
 */
#ifndef KRSI_PRIV_ENCODE_JSON_H
#define KRSI_PRIV_ENCODE_JSON_H

#include <jansson.h>

#include "encode.h"

/* Put a value in, and take it over. Dots of the path are objects within objects. */
void krsi_priv_json_put(json_t **object, const char *path, json_t *value);

/* Put it at the end of an array, and take it over. */
void krsi_priv_json_add(json_t **array, json_t *value);

/* A number; above the largest of jansson it is a string of digits. */
json_t *krsi_priv_json_number(uint64_t number);

/* A number as a string of digits. */
json_t *krsi_priv_json_digits(uint64_t number);

/* Bits of KRSI_EVENT_FACTS as an array of words. */
json_t *krsi_priv_json_facts(uint64_t facts);

/* Bytes as a string; `*exact` when they are UTF-8 without NUL, so that the string is the bytes. */
json_t *krsi_priv_json_text(const char *bytes, size_t size, bool *exact);

json_t *krsi_priv_json_hex(const char *bytes, size_t size);

/* A list as an array of strings; and of hexadecimal strings. */
json_t *krsi_priv_json_list(const char *bytes, size_t size, bool *exact);
json_t *krsi_priv_json_list_hex(const char *bytes, size_t size);

/* Write it out, and let go of it. */
void krsi_priv_json_write(json_t *object, struct krsi_priv_out *out);

#endif

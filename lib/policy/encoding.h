/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* UTF-8: which files are text at all, and which bytes can be shown as they are. */
#ifndef KRSI_PRIV_POLICY_ENCODING_H
#define KRSI_PRIV_POLICY_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct krsi_priv_report;

/* The character that begins `text`: how many bytes it has, and its number. 0: not UTF-8. */
size_t krsi_priv_utf8_decode(const char *text, size_t size, uint32_t *point);

/* How many bytes the character has if it can be shown and stand in YAML as it is; 0 otherwise. */
size_t krsi_priv_utf8_printable(const char *text, size_t size);

/*
 * Whether a file is text that YAML can be: UTF-8 without a byte order mark, without NUL and control
 * characters, not indented with tabs. libyaml would find most of it, but say it in its own words, and would
 * take UTF-16. Reports the first mistake.
 */
bool krsi_priv_encoding_check(struct krsi_priv_report *report, const char *text, size_t size);

#endif

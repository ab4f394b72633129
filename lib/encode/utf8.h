/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* UTF-8, and which of its characters may go to a terminal. The krsi command is built with this as well. */
#ifndef KRSI_PRIV_UTF8_H
#define KRSI_PRIV_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The first character of `size` bytes: how many bytes it has, with its number in `*code`. 0 when they do not begin
 * with one.
 */
size_t krsi_priv_utf8(const char *bytes, size_t size, uint32_t *code);

/* Characters that move the cursor, or change the order in which others are shown. */
bool krsi_priv_utf8_is_control(uint32_t code);

/* Characters that look as if a word ended there. */
bool krsi_priv_utf8_is_space(uint32_t code);

#endif

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Text for terminals: colour, and nothing in it that a terminal would obey. */
#ifndef KRSI_TERM_H
#define KRSI_TERM_H

#include <stdint.h>
#include <stdio.h>

enum term_color {
	TERM_PLAIN,
	TERM_STRONG,
	TERM_GOOD,
	TERM_BAD,
	TERM_DOUBTFUL,
};

/*
 * When stdout has colour: "always", "never", or "auto": on a terminal, unless NO_COLOR is set or TERM
 * is not, or is "dumb".
 * 0, or -1 when it is another word. Without a call there is no colour.
 */
int term_color_set(const char *when);

/* Color of stdout from here on, when it has any; and what a terminal takes for it, "" when it has none. */
void term_color(enum term_color color);
const char *term_color_code(enum term_color color);

/*
 * Print text of unknown origin on one line: line feeds and tabs become a space, other bytes that are
 * not printable \xHH, a backslash \\. UTF-8 passes where the locale says that the terminal reads it.
 * Returns how many columns it takes, a character counting as one.
 */
size_t term_text(FILE *out, const char *text);

/*
 * Print bytes of unknown origin as one word of a line, so that the words around it can be told apart
 * from it: as term_text(), but spaces, line feeds and tabs become \xHH as well. The escapes are those of
 * patterns in policies.
 */
void term_word(FILE *out, const char *bytes, size_t size);

/* The same as term_text() for stdout, coloured, and filled with spaces up to `width` columns. */
void term_cell(enum term_color color, const char *text, size_t width);

#define TERM_UTF8_MAX 4	/* bytes of a character */

/*
 * The first character of UTF-8 text: how many bytes it has, with its number in `*code`. 0 when
 * these bytes are not UTF-8.
 */
size_t term_utf8(const char *text, uint32_t *code);

#endif

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Text for terminals: colour, and nothing in it that a terminal would obey. */
#ifndef KRSI_TERM_H
#define KRSI_TERM_H

#include <stdbool.h>
#include <stddef.h>
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

/* Whether stdout has colour; and its colour from here on, when it has any. */
bool term_is_colored(void);
void term_color(enum term_color color);

/* Whether the locale says that the terminal reads UTF-8. */
bool term_reads_utf8(void);

/*
 * Print text of unknown origin on one line: line feeds and tabs become a space, other bytes that are
 * not printable \xHH, a backslash \\. UTF-8 passes where the locale says that the terminal reads it.
 * Returns how many columns it takes, a character counting as one.
 */
size_t term_text(FILE *out, const char *text);

/* The same as term_text() for stdout, coloured, and filled with spaces up to `width` columns. */
void term_cell(enum term_color color, const char *text, size_t width);

#endif

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "term.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/encode/utf8.h"

static bool colored;

static bool terminal_wants_color(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	/* An empty NO_COLOR counts as unset: https://no-color.org. A serial line often has no TERM. */
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

int term_color_set(const char *when)
{
	if (strcmp(when, "always") == 0)
		colored = true;
	else if (strcmp(when, "never") == 0)
		colored = false;
	else if (strcmp(when, "auto") == 0)
		colored = terminal_wants_color();
	else
		return -1;
	return 0;
}

bool term_is_colored(void)
{
	return colored;
}

static const char *color_code(enum term_color color)
{
	static const char *const codes[] = {
		[TERM_PLAIN] = "\033[0m", [TERM_STRONG] = "\033[1m", [TERM_GOOD] = "\033[32m", [TERM_BAD] = "\033[31m",
		[TERM_DOUBTFUL] = "\033[33m",
	};

	return colored ? codes[color] : "";
}

void term_color(enum term_color color)
{
	fputs(color_code(color), stdout);
}

bool term_reads_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t term_text(FILE *out, const char *text)
{
	bool utf8 = term_reads_utf8();
	size_t columns = 0, size;
	uint32_t code;

	for (; *text; text += size) {
		size = krsi_priv_utf8(text, strlen(text), &code);
		if (size && !krsi_priv_utf8_is_control(code) && code != '\\' && (size == 1 || utf8)) {
			fwrite(text, 1, size, out);
			columns++;
			continue;
		}
		size = 1;	/* what follows is looked at again, byte by byte */
		if (*text == '\n' || *text == '\t') {
			columns += (size_t)fprintf(out, " ");
			size += strspn(text + 1, " \t\n");	/* a line's indentation too */
		} else if (*text == '\\') {
			columns += (size_t)fprintf(out, "\\\\");
		} else {
			columns += (size_t)fprintf(out, "\\x%02x", (unsigned char)*text);
		}
	}
	return columns;
}

void term_cell(enum term_color color, const char *text, size_t width)
{
	size_t columns;

	if (color != TERM_PLAIN)
		term_color(color);
	columns = term_text(stdout, text);
	if (color != TERM_PLAIN)
		term_color(TERM_PLAIN);
	if (columns < width)
		printf("%*s", (int)(width - columns), "");
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "term.h"

#include <langinfo.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

const char *term_color_code(enum term_color color)
{
	static const char *const codes[] = {
		[TERM_PLAIN] = "\033[0m", [TERM_STRONG] = "\033[1m", [TERM_GOOD] = "\033[32m", [TERM_BAD] = "\033[31m",
		[TERM_DOUBTFUL] = "\033[33m",
	};

	return colored ? codes[color] : "";
}

void term_color(enum term_color color)
{
	fputs(term_color_code(color), stdout);
}

size_t term_utf8(const char *text, uint32_t *code)
{
	/* The smallest number that needs so many bytes: a longer form of it is not UTF-8. */
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)*text;
	size_t size, i;

	size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (size > 1 && (first < 0xc0 || first > 0xf4))
		return 0;
	*code = size == 1 ? first : first & (0x7fu >> size);
	for (i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;	/* also where the text ends */
		*code = *code << 6 | (text[i] & 0x3f);
	}
	if (*code < smallest[size] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return size;
}

/* Characters that move the cursor, or change the order in which others are shown. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0x61c;
}

/* Characters that look as if a word ended there. */
static bool is_space(uint32_t code)
{
	return code == ' ' || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f ||
	       code == 0x205f || code == 0x3000;
}

static bool terminal_reads_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t term_text(FILE *out, const char *text)
{
	bool utf8 = terminal_reads_utf8();
	size_t columns = 0, size;
	uint32_t code;

	for (; *text; text += size) {
		size = term_utf8(text, &code);
		if (size && !is_control(code) && code != '\\' && (size == 1 || utf8)) {
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

void term_word(FILE *out, const char *bytes, size_t size)
{
	bool utf8 = terminal_reads_utf8();
	char text[TERM_UTF8_MAX + 1];
	size_t i, rest, len;
	uint32_t code;

	for (i = 0; i < size; i += len) {
		/* A copy with an end: a character that the last byte cuts off is none. */
		rest = size - i < TERM_UTF8_MAX ? size - i : TERM_UTF8_MAX;
		memcpy(text, bytes + i, rest);
		text[rest] = '\0';
		len = term_utf8(text, &code);
		if (len && !is_control(code) && !is_space(code) && code != '\\' && (len == 1 || utf8)) {
			fwrite(text, 1, len, out);
			continue;
		}
		len = 1;
		if (*text == '\\')
			fputs("\\\\", out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
	}
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

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <string.h>

#include "encoding.h"
#include "report.h"

size_t krsi_priv_utf8_decode(const char *text, size_t size, uint32_t *point)
{
	/* Smallest number that needs so many bytes: what is longer than needed is not UTF-8. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t length, i;
	uint32_t value;

	if (!size)
		return 0;
	if (bytes[0] < 0x80) {
		*point = bytes[0];
		return 1;
	}
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
		return 0;
	length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (length > size)
		return 0;
	value = bytes[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return length;
}

static bool is_printable(uint32_t point)
{
	if (point < 0xa0)
		return point >= 0x20 && point < 0x7f;
	/* Line breaks, changes of direction and the byte order mark: they would hide what is there. */
	if ((point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069) || point == 0xfeff)
		return false;
	return point != 0xfffe && point != 0xffff;
}

size_t krsi_priv_utf8_printable(const char *text, size_t size)
{
	uint32_t point;
	size_t length = krsi_priv_utf8_decode(text, size, &point);

	return length && is_printable(point) ? length : 0;
}

/* What the first bytes give away, or NULL. */
static const char *mark_find(const char *text, size_t size)
{
	if (size >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return "this is UTF-16 or UTF-32; save it as UTF-8";
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark; save the file as UTF-8 without it";
	return NULL;
}

static const char *character_check(uint32_t point, bool indenting)
{
	if (point == '\t' && indenting)
		return "a tab in the indentation; YAML is indented with spaces";
	if (point == 0)
		return "a NUL byte; save the file as UTF-8";
	if ((point < 0x20 && point != '\t' && point != '\n' && point != '\r') || point == 0x7f ||
	    (point > 0x7f && point < 0xa0 && point != 0x85) || point == 0xfeff || point == 0xfffe || point == 0xffff)
		return "a control character; write it as an escape, such as \\x1b";
	return NULL;
}

bool krsi_priv_encoding_check(struct krsi_priv_report *report, const char *text, size_t size)
{
	struct krsi_priv_place place = { .line = 1, .column = 1 };
	const char *wrong = mark_find(text, size);
	bool indenting = true;
	size_t length, i;
	uint32_t point;

	for (i = 0; i < size && !wrong; i += length) {
		length = krsi_priv_utf8_decode(text + i, size - i, &point);
		wrong = length ? character_check(point, indenting) :
			"not UTF-8; save the file as UTF-8, and write other bytes of a path as \\xHH";
		if (wrong)
			break;
		if (point == '\n') {
			place.line++;
			place.column = 1;
			indenting = true;
			continue;
		}
		indenting = indenting && point == ' ';
		place.column++;
	}
	if (wrong)
		krsi_priv_report_error(report, place, "%s", wrong);
	return !wrong;
}

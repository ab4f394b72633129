/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Fields of events in three places: the header for compilers, the library's table for programs, and docs/events.md for
 * people. They say the same.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

static const char *const types[] = {
	[KRSI_EVENT_TYPE_NUMBER] = "number", [KRSI_EVENT_TYPE_TEXT] = "text", [KRSI_EVENT_TYPE_LIST] = "list",
	[KRSI_EVENT_TYPE_ADDRESS] = "address", [KRSI_EVENT_TYPE_BYTES] = "bytes",
};

struct field {
	char word[64], meaning[256];
	uint32_t number;
};

/* Each line of a file, with what a function makes of it. How many it took. */
static size_t lines_each(const char *path, bool (*fn)(void *data, char *line), void *data)
{
	char line[2048];
	FILE *file = fopen(path, "r");
	size_t n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		n += fn(data, line);
	fclose(file);
	return n;
}

static size_t table_count(void)
{
	size_t n = 0, i;

	for (i = 0; i < 2 * KRSI_EVENT_FIELD_END; i++)
		n += krsi_priv_event_type((uint32_t)i) != 0;
	return n;
}

static bool is_told_once(bool seen[KRSI_EVENT_FIELD_END], uint32_t number)
{
	bool again = number >= KRSI_EVENT_FIELD_END || seen[number];

	if (!again)
		seen[number] = true;
	return !again;
}

/* --- the header ----------------------------------------------------------------- */

/* A line such as "KRSI_EVENT_PID = 10," with its comment, of the enum of fields alone. */
static bool header_line(void *data, char *line)
{
	static bool inside;
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	struct field field = { .number = 0 };
	char *end, word[64];
	size_t i;

	if (strncmp(line, "enum krsi_event_field {", 23) == 0)
		inside = true;
	else if (line[0] == '}')
		inside = false;
	if (!inside || sscanf(line, " KRSI_EVENT_%63[A-Z0-9_] = %u, /**< %255[^\n]", field.word, &field.number, field.meaning) != 3)
		return false;
	end = strstr(field.meaning, " */");
	assert_non_null(end);
	*end = '\0';
	assert_true(is_told_once(data, field.number));
	if (krsi_event_field_info(field.number, &info))
		fail_msg("%s is in the header only", field.word);
	for (i = 0; info.name[i]; i++)
		word[i] = info.name[i] >= 'a' ? (char)(info.name[i] - 'a' + 'A') : info.name[i];
	word[i] = '\0';
	assert_string_equal(field.word, word);
	assert_string_equal(field.meaning, info.meaning);
	return true;
}

static void test_the_header_says_the_same_as_the_table(void **state)
{
	bool seen[KRSI_EVENT_FIELD_END] = { false };

	(void)state;
	assert_int_equal(lines_each(UNIT_EVENT_HEADER, header_line, seen), table_count());
}

/* --- the page --------------------------------------------------------------------- */

#define BAR '\001'	/* in place of "\|", which is one within a cell */

/* Cells of a row, trimmed and without the quotes of code. How many there are. */
static size_t row_split(char *line, char *cells[], size_t max)
{
	char *rest = line + 1, *cell, *bar;
	size_t n = 0, size;

	while ((bar = strstr(line, "\\|"))) {
		*bar = BAR;
		memmove(bar + 1, bar + 2, strlen(bar + 2) + 1);
	}
	while ((cell = strsep(&rest, "|")) && rest && n < max) {
		cell += strspn(cell, " `");
		size = strlen(cell);
		while (size && strchr(" `", cell[size - 1]))
			cell[--size] = '\0';
		while ((bar = strchr(cell, BAR)))
			*bar = '|';
		cells[n++] = cell;
	}
	return n;
}

/* A row of the table of fields: number, name, type, meaning, where it is. */
static bool page_line(void *data, char *line)
{
	static bool inside;
	struct krsi_event_field_info info = { .sz = sizeof(info) };
	char *cells[6], *end;
	uint32_t number;

	if (strncmp(line, "## ", 3) == 0)
		inside = strcmp(line, "## Fields\n") == 0;
	if (!inside || strncmp(line, "| ", 2) != 0 || line[2] < '1' || line[2] > '9')
		return false;
	assert_int_equal(row_split(line, cells, 6), 5);
	number = (uint32_t)strtoul(cells[0], &end, 10);
	assert_int_equal(*end, '\0');
	assert_true(is_told_once(data, number));
	if (krsi_event_field_info(number, &info))
		fail_msg("%s is on the page only", cells[1]);
	assert_string_equal(cells[1], info.name);
	assert_string_equal(cells[2], types[info.type]);
	assert_string_equal(cells[3], info.meaning);
	assert_true(strlen(cells[4]) > 2);
	return true;
}

static void test_the_page_says_the_same_as_the_table(void **state)
{
	bool seen[KRSI_EVENT_FIELD_END] = { false };

	(void)state;
	assert_int_equal(lines_each(UNIT_EVENT_PAGE, page_line, seen), table_count());
}

/* --- krsi_event_field_info() -------------------------------------------------------- */

static void test_info_is_of_fields_only(void **state)
{
	struct krsi_event_field_info info = { .sz = sizeof(info) };

	(void)state;
	assert_int_equal(krsi_event_field_info(0, &info), -ENOENT);
	assert_int_equal(krsi_event_field_info(KRSI_EVENT_FIELD_END, &info), -ENOENT);
	assert_int_equal(krsi_event_field_info(UINT32_MAX, &info), -ENOENT);
	assert_int_equal(krsi_event_field_info(KRSI_EVENT_PID, NULL), -EINVAL);
	info.sz = 0;
	assert_int_equal(krsi_event_field_info(KRSI_EVENT_PID, &info), -EINVAL);
	info.sz = sizeof(info);
	assert_int_equal(krsi_event_field_info(KRSI_EVENT_PID, &info), 0);
	assert_string_equal(info.name, "pid");
	assert_int_equal(info.type, KRSI_EVENT_TYPE_NUMBER);
}

static void test_no_two_fields_have_one_name(void **state)
{
	struct krsi_event_field_info one = { .sz = sizeof(one) }, other = { .sz = sizeof(other) };
	uint32_t i, k;

	(void)state;
	for (i = 0; i < KRSI_EVENT_FIELD_END; i++)
		for (k = i + 1; k < KRSI_EVENT_FIELD_END; k++)
			if (!krsi_event_field_info(i, &one) && !krsi_event_field_info(k, &other))
				assert_string_not_equal(one.name, other.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_header_says_the_same_as_the_table),
		cmocka_unit_test(test_the_page_says_the_same_as_the_table),
		cmocka_unit_test(test_info_is_of_fields_only),
		cmocka_unit_test(test_no_two_fields_have_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

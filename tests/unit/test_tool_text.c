/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the krsi command prints of texts that anybody may have written: to terminals, and as JSON. */
#include "unit.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/json.h"
#include "../../tools/term.h"
#include "encode/utf8.h"
#include "../../tools/tool.h"

/* Of main.c, which is not linked. */
void tool_error(const char *fmt, ...)
{
	(void)fmt;
}

static void test_utf8_takes_well_formed_characters_only(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		uint32_t code;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc3\xa4", 2, 0xe4 },
		{ "\xe2\x82\xac", 3, 0x20ac },
		{ "\xf0\x9f\x90\x9d", 4, 0x1f41d },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 },		/* a second byte without a first one */
		{ "\xc3", 0, 0 },		/* cut off */
		{ "\xe2\x82", 0, 0 },
		{ "\xc3(", 0, 0 },
		{ "\xc0\xaf", 0, 0 },		/* a slash in two bytes */
		{ "\xe0\x80\xaf", 0, 0 },
		{ "\xf0\x80\x80\xaf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },	/* a surrogate */
		{ "\xf4\x90\x80\x80", 0, 0 },	/* past the last character */
		{ "\xf8\x88\x80\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
	};
	uint32_t code;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		code = 0;
		assert_int_equal(krsi_priv_utf8(cases[i].text, strlen(cases[i].text), &code), cases[i].size);
		if (cases[i].size)
			assert_int_equal(code, cases[i].code);
	}
}

static void text_check(const char *text, const char *expected, size_t columns)
{
	char *printed = NULL;
	size_t size = 0, told;
	FILE *file = open_memstream(&printed, &size);

	assert_non_null(file);
	told = term_text(file, text);
	fclose(file);
	assert_string_equal(printed, expected);
	assert_int_equal(told, columns);
	free(printed);
}

static void test_text_cannot_steer_a_terminal(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	text_check("plain text", "plain text", 10);
	text_check("", "", 0);
	text_check("\033[31mred\r", "\\x1b[31mred\\x0d", 15);
	text_check("one\n  two\tthree", "one two three", 13);
	text_check("back\\slash", "back\\\\slash", 11);
	text_check("\xc3\xa4", "\xc3\xa4", 1);
	text_check("\xc2\x9b" "1m", "\\xc2\\x9b1m", 10);		/* ESC [ in one character */
	text_check("\xe2\x80\xae" "dlrow", "\\xe2\\x80\\xaedlrow", 17);	/* right to left from here */
	text_check("\xc3(\xff", "\\xc3(\\xff", 9);
	text_check("\x7f", "\\x7f", 4);
}

static void test_text_is_ascii_where_the_locale_has_no_more(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	text_check("\xc3\xa4", "\\xc3\\xa4", 8);
}

static void test_json_text_is_valid_for_any_bytes(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "plain", "plain" },
		{ "\xc3\xa4\n", "\xc3\xa4\n" },
		{ "a\xff" "b", "a\xef\xbf\xbd" "b" },
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xff\xff", "\xef\xbf\xbd\xef\xbf\xbd" },
	};
	json_t *value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		value = json_text(cases[i].text);
		assert_non_null(value);
		assert_string_equal(json_string_value(value), cases[i].expected);
		json_decref(value);
	}
}

static void test_json_is_whole_or_nothing(void **state)
{
	json_t *array = json_array(), *object = json_object();

	(void)state;
	json_add(&array, json_text("one"));
	assert_int_equal(json_array_size(array), 1);
	json_add(&array, NULL);		/* as when there was no memory for it */
	assert_null(array);
	json_add(&array, json_text("two"));
	assert_null(array);
	json_member(&object, "name", json_text("value"));
	assert_int_equal(json_object_size(object), 1);
	json_member(&object, "other", NULL);
	assert_null(object);
	assert_int_equal(json_print(NULL), TOOL_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8_takes_well_formed_characters_only),
		cmocka_unit_test(test_text_cannot_steer_a_terminal),
		cmocka_unit_test(test_text_is_ascii_where_the_locale_has_no_more),
		cmocka_unit_test(test_json_text_is_valid_for_any_bytes),
		cmocka_unit_test(test_json_is_whole_or_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

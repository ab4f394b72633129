/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* From text to keys and values: what YAML would allow and we do not, and where each mistake stands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy_tools.h"

#define TAIL "rules:\n  - name: one\n    on: file.open\n    action: audit\n"

static void test_places_and_words_of_mistakes(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{ "", "policy:1:1: a policy is made of keys (version, name, rules), and this is empty" },
		{ "# nothing but a comment\n", "policy:1:1: a policy is made of keys" },
		{ "---\n", "and this is nothing" },
		{ "- a\n", "policy:1:1: a policy is made of keys (version, name, rules), and this is a list" },
		{ "just text\n", "and this is a value" },
		{ "version: 1\nname: x\nmoed: enforce\n" TAIL, "policy:3:1: a policy has no key \"moed\", did you mean mode?" },
		{ "version: 1\nname: x\n" TAIL "    colour: red\n", "policy:7:5: a rule has no key \"colour\"" },
		{ "name: x\n" TAIL, "policy:1:1: the key version is missing" },
		{ "version: 1\n" TAIL, "policy:1:1: the key name is missing" },
		{ "version: 2\nname: x\n" TAIL, "policy:1:10: version \"2\" of the language is not known" },
		{ "version: 1.0\nname: x\n" TAIL, "version \"1.0\" of the language" },
		{ "version: [1]\nname: x\n" TAIL, "policy:1:10: version wants 1, not a list" },
		{ "version: {}\nname: x\n" TAIL, "version wants 1, not keys of its own" },
		{ "version:\nname: x\n" TAIL, "version wants 1, not nothing" },
		{ "version: ''\nname: x\n" TAIL, "version wants 1, not an empty text" },
		{ "version: 1\nname: x\nname: y\n" TAIL, "policy:3:1: the key \"name\" stands here twice" },
		{ "version: 1\nname: x\n" TAIL "    action: deny\n", "policy:7:5: the key \"action\" stands here twice" },
		{ "version: 1\nname: &a x\n" TAIL, "policy:2:7: anchors (&name) are not used here" },
		{ "version: 1\nname: *a\n" TAIL, "policy:2:7: aliases (*name) are not used here" },
		{ "version: 1\n*a : x\nname: x\n" TAIL, "policy:2:1: aliases (*name) are not used here" },
		{ "version: 1\nname: !a x\n" TAIL, "policy:2:7: tags (!name) are not used here; to exclude a value put it in quotes" },
		{ "version: 1\nname: !!str x\n" TAIL, "tags (!name) are not used here" },
		{ "version: 1\nname: x\nrules: &r\n  - *r\n", "policy:3:8: anchors" },
		{ "version: 1\nname: x\n? [a, b]\n: c\n" TAIL, "policy:3:3: a key must be a word" },
		{ "version: 1\nname: x\n{a: b}: c\n" TAIL, "a key must be a word" },
		{ "version: 1\nname: x\n" TAIL "---\nversion: 1\n", "policy:7:1: a second document (---)" },
		{ "version: 1\nname: x\n" TAIL "...\n---\nversion: 1\n", "policy:8:1: a second document (---)" },
		{ "version: 1\nname: |\n  x\n" TAIL, "policy:2:7: a value over several lines" },
		{ "version: 1\nname: >\n  x\n" TAIL, "policy:2:7: a value over several lines" },
		{ "version: 1\nname: x\n  y\n" TAIL, "policy:2:7: a value over several lines" },
		{ "version: 1\nname: 'x\n  y'\n" TAIL, "policy:2:7: a value over several lines" },
		{ "version: 1\nname: \"x\\0y\"\n" TAIL, "policy:2:7: a NUL byte in a value" },
		{ "version: 1\nname: \"x\\qy\"\n" TAIL, "in double quotes \\ belongs to YAML" },
		{ "version: 1\nname: @x\n" TAIL, "policy:2:7: not YAML: found character that cannot start any token" },
		{ "version: 1\nname: `x\n" TAIL, "put a value that begins with @, %, ` or a tab in quotes" },
		{ "version: 1\nname: {a, b]\n" TAIL, "policy:2:12: not YAML" },
		{ "version: 1\nname: {a/{b,c}/d}\n" TAIL, "put a value that has { } [ ] or a comma in it in quotes" },
		{ "version: 1\nname: 'x\n", "a quote or a bracket is not closed" },
		{ "version: 1\nname: a: b\n", "A value that has \": \" in it goes in quotes" },
		{ "version: 1\nname x\nmode: y\n", "a key is followed by a colon and a space" },
		{ "version: 1\n name: x\n", "not YAML" },
		{ "version: 1\nname: *{a}\n", "put a value that begins with * in quotes" },
		{ "version: 1\nname: !{a}\n", "to exclude a value put it in quotes" },
		{ "version: 1\n\tname: x\n", "policy:2:1: a tab in the indentation" },
		{ "version: 1\nscope:\n  \tuid: 0\n", "policy:3:3: a tab in the indentation" },
		{ "\xef\xbb\xbfversion: 1\n", "policy:1:1: a byte order mark" },
		{ "\xff\xfev\0", "policy:1:1: this is UTF-16" },
		{ "\xfe\xff\0v", "policy:1:1: this is UTF-16" },
		{ "version: 1\nname: \xff\n", "policy:2:7: not UTF-8" },
		{ "version: 1\nname: \xc0\xaf\n", "policy:2:7: not UTF-8" },
		{ "version: 1\nname: \xed\xa0\x80\n", "policy:2:7: not UTF-8" },
		{ "version: 1\nname: \xf4\x90\x80\x80\n", "policy:2:7: not UTF-8" },
		{ "version: 1\nname: \xe2\x82", "policy:2:7: not UTF-8" },
		{ "version: 1\nname: \x1b[31m\n", "policy:2:7: a control character" },
		{ "version: 1\nname: \x7f\n", "policy:2:7: a control character" },
		{ "version: 1\n# \xc3\xa9\xc3\xa9 \x01\n", "policy:2:6: a control character" },	/* columns are characters */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		policy_refuse(*state, cases[i].text, cases[i].words);
}

static void test_nul_bytes_are_refused_where_they_stand(void **state)
{
	struct krsi_policy *policy;

	assert_int_equal(krsi_policy_parse(*state, "version: 1\nna\0me: x\n", 20, NULL, &policy), -EBADMSG);
	assert_detail(*state, "policy:2:3: a NUL byte");
	assert_int_equal(krsi_policy_parse(*state, "v\0e\0r\0", 6, NULL, &policy), -EBADMSG);
	assert_detail(*state, "policy:1:2: a NUL byte");
}

static void test_the_text_needs_no_nul_at_its_end(void **state)
{
	static const char text[] = "version: 1\nname: abc\n" TAIL;
	char *copy = malloc(sizeof(text) - 1);
	struct krsi_policy *policy;

	assert_non_null(copy);
	memcpy(copy, text, sizeof(text) - 1);
	assert_ok(*state, krsi_policy_parse(*state, copy, sizeof(text) - 1, NULL, &policy));
	free(copy);
	assert_string_equal(krsi_policy_name(policy), "abc");
	krsi_policy_free(policy);
}

static void test_every_style_of_yaml_reads_the_same(void **state)
{
	static const char *const texts[] = {
		"version: 1\nname: x\nrules:\n- name: a\n  on: [file.read, file.write]\n  object: {path: [/a, '/b', \"/c\"]}\n  action: deny\n",
		"{version: 1, name: x, rules: [{name: a, on: [file.read, file.write], object: {path: [/a, /b, /c]}, action: deny}]}",
		("%YAML 1.1\n---\n\"version\": '1'\nname: x # so\n\nrules:\n  -\n    name: a\n    on:\n      - file.read\n      - file.write\n"
		 "    object:\n      path:\n      - /a\n      - /b\n      - \"\\x2fc\"\n    action: deny\n...\n"),
		"rules:\r\n  - action: deny\r\n    object: { path: [ /a, /b, /c ] }\r\n    on: [ file.read, file.write ]\r\n    name: a\r\nname: x\r\nversion: 1\r\n",
	};
	struct krsi_policy *policy;
	char *first = NULL, *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		policy = policy_parse(*state, texts[i]);
		assert_ok(*state, krsi_policy_print(policy, &text));
		if (first)
			assert_string_equal(text, first);
		krsi_policy_free(policy);
		if (first)
			free(text);
		else
			first = text;
	}
	free(first);
}

static void test_several_errors_come_at_once_in_order(void **state)
{
	policy_refuse(*state,
		      "mode: maybe\nversion: 1\nrules:\n  - name: a\n    on: file.opne\n    action: block\n  - on: file.open\n    action: deny\n",
		      "policy:1:1: the key name is missing; a policy needs one\n"
		      "policy:1:7: mode wants enforce or permissive, not \"maybe\"\n"
		      "policy:5:9: no operation or group is called \"file.opne\", did you mean file.open");
	assert_detail(*state, "\npolicy:6:13: action wants allow, audit, deny, kill");
	assert_detail(*state, "\npolicy:7:5: the key name is missing; a rule needs one");
}

static void test_no_more_than_twenty_errors_are_told(void **state)
{
	struct policy_text text = { 0 };
	const char *detail, *line;
	unsigned int lines = 1;
	int i;

	policy_text_add(&text, "version: 1\nname: x\nrules:\n");
	for (i = 0; i < 100; i++)
		policy_text_add(&text, "  - name: r%d\n    on: nothing\n    action: deny\n", i);
	policy_refuse(*state, text.text, "no operation or group is called");
	detail = krsi_ctx_error_detail(*state);
	for (line = detail; (line = strchr(line, '\n')); line++)
		lines++;
	assert_int_equal(lines, KRSI_PRIV_ERRORS_MAX + 1);
	assert_detail(*state, "\npolicy: and more errors, not shown");
	policy_text_free(&text);
}

static void test_an_error_quotes_no_control_characters(void **state)
{
	policy_refuse(*state, "version: 1\nname: \"a\\e[31mb\"\n" TAIL, "\"a\\x1b[31mb\" cannot be a name");
	policy_refuse(*state, "version: 1\n\"a\\nb\": 1\nname: x\n" TAIL, "a policy has no key \"a\\x0ab\"");
}

struct heard {
	int level[8];
	uint32_t line[8], column[8];
	char text[8][256];
	size_t count;
};

static void hear(void *data, int level, uint32_t line, uint32_t column, const char *text)
{
	struct heard *heard = data;

	assert_true(heard->count < 8);
	assert_null(strchr(text, '\n'));
	heard->level[heard->count] = level;
	heard->line[heard->count] = line;
	heard->column[heard->count] = column;
	snprintf(heard->text[heard->count++], sizeof(heard->text[0]), "%s", text);
}

static void test_the_callback_hears_errors_piece_by_piece(void **state)
{
	static const char text[] = "version: 1\nname: x y\nmode: z\n" TAIL;
	struct heard heard = { .count = 0 };
	struct krsi_policy_opts opts = { .sz = sizeof(opts), .file_name = "a.yaml", .message = hear, .message_data = &heard };
	struct krsi_policy *policy = NULL;

	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), &opts, &policy), -EBADMSG);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.level[0], KRSI_LOG_ERROR);
	assert_int_equal(heard.line[0], 2);
	assert_int_equal(heard.column[0], 7);
	assert_words(heard.text[0], "\"x y\" cannot be a name");
	assert_int_equal(heard.line[1], 3);
	assert_detail(*state, "a.yaml:2:7: \"x y\" cannot be a name");
}

static void test_the_callback_hears_warnings(void **state)
{
	static const char text[] = "version: 1\nname: x\n" TAIL "    mode: permissive\n";
	struct heard heard = { .count = 0 };
	struct krsi_policy_opts opts = { .sz = sizeof(opts), .message = hear, .message_data = &heard };
	struct krsi_policy *policy = NULL;

	assert_ok(*state, krsi_policy_parse(*state, text, strlen(text), &opts, &policy));
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.level[0], KRSI_LOG_WARN);
	assert_int_equal(heard.line[0], 4);
	assert_words(krsi_policy_warning(policy, 0), "policy:4:11: ");
	assert_words(krsi_policy_warning(policy, 0), heard.text[0]);
	assert_null(krsi_policy_warning(policy, 1));
	krsi_policy_free(policy);
}

static void test_options_are_read_as_everywhere(void **state)
{
	struct {
		struct krsi_policy_opts opts;
		uint32_t more;
	} newer = { .opts = { .sz = sizeof(newer) } };
	struct krsi_policy_opts opts = { .sz = sizeof(opts) };
	struct krsi_policy *policy = NULL;
	static const char text[] = "version: 1\nname: x\n" TAIL;

	opts.flags = 1u << 31;
	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), &opts, &policy), -EINVAL);
	opts.flags = KRSI_POLICY_TRUSTED_FILE;	/* there is no file */
	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), &opts, &policy), -EINVAL);
	opts.flags = 0;
	opts.reserved = 1;
	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), &opts, &policy), -EINVAL);
	opts.sz = 0;
	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), &opts, &policy), -EINVAL);
	newer.more = 1;
	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), &newer.opts, &policy), -E2BIG);
	assert_int_equal(krsi_policy_parse(NULL, text, strlen(text), NULL, &policy), -EINVAL);
	assert_int_equal(krsi_policy_parse(*state, NULL, 0, NULL, &policy), -EINVAL);
	assert_int_equal(krsi_policy_parse(*state, text, strlen(text), NULL, NULL), -EINVAL);
	assert_null(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_places_and_words_of_mistakes),
		ctx_test(test_nul_bytes_are_refused_where_they_stand),
		ctx_test(test_the_text_needs_no_nul_at_its_end),
		ctx_test(test_every_style_of_yaml_reads_the_same),
		ctx_test(test_several_errors_come_at_once_in_order),
		ctx_test(test_no_more_than_twenty_errors_are_told),
		ctx_test(test_an_error_quotes_no_control_characters),
		ctx_test(test_the_callback_hears_errors_piece_by_piece),
		ctx_test(test_the_callback_hears_warnings),
		ctx_test(test_options_are_read_as_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* docs/policy.md against the parser: every word on both sides, and every example taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_tools.h"

#define CELLS 8
#define WORDS 256

static char *page;

static int page_read(void **state)
{
	FILE *file = fopen(UNIT_POLICY_PAGE, "r");
	size_t size = 1 << 20;

	(void)state;
	page = calloc(1, size + 1);
	if (!file || !page)
		return -1;
	size = fread(page, 1, size, file);
	fclose(file);
	return size > 1000 ? 0 : -1;
}

static int page_free(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* --- tables of the page -------------------------------------------------- */

struct row {
	char *cells[CELLS];
	size_t count;
};

static char *trim(char *text)
{
	size_t size;

	text += strspn(text, " ");
	size = strlen(text);
	while (size && text[size - 1] == ' ')
		text[--size] = '\0';
	return text;
}

static struct row row_split(char *line)
{
	struct row row = { .count = 0 };
	char *cell, *rest = line + 1;

	while ((cell = strsep(&rest, "|")) && rest) {
		assert_true(row.count < CELLS);
		row.cells[row.count++] = trim(cell);
	}
	return row;
}

/* Each row of the table below that heading whose first cell begins with code. How many there were. */
static size_t rows_each(const char *heading, void (*fn)(void *data, const struct row *row), void *data)
{
	char *copy = strdup(page), *rest = copy, *line;
	bool here = false;
	size_t n = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, "## ", 3) == 0)
			here = strcmp(line + 3, heading) == 0;
		if (here && strncmp(line, "| `", 3) == 0) {
			struct row row = row_split(line);

			fn(data, &row);
			n++;
		}
	}
	free(copy);
	return n;
}

/* The next `code` of a text, without its quotes, or NULL; `*text` goes on behind it. */
static const char *code_next(char **text)
{
	char *begin = strchr(*text, '`'), *end = begin ? strchr(begin + 1, '`') : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return begin + 1;
}

/* --- the same words on both sides ---------------------------------------- */

struct words {
	char *word[WORDS];
	size_t count;
};

static bool words_have(const struct words *words, const char *word)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		if (strcmp(words->word[i], word) == 0)
			return true;
	return false;
}

static void words_add(struct words *words, const char *word)
{
	assert_true(words->count < WORDS);
	if (!words_have(words, word))
		words->word[words->count++] = strdup(word);
}

static void words_add_row(void *data, const struct row *row)
{
	char *cell = row->cells[0];
	const char *code;

	while ((code = code_next(&cell)))
		words_add(data, code);
}

static void words_compare(struct words *known, const char *heading)
{
	struct words told = { .count = 0 };
	size_t i;

	assert_true(rows_each(heading, words_add_row, &told) > 0);
	for (i = 0; i < known->count; i++)
		if (!words_have(&told, known->word[i]))
			fail_msg("%s is not told below %s", known->word[i], heading);
	for (i = 0; i < told.count; i++)
		if (!words_have(known, told.word[i]))
			fail_msg("%s is told below %s, and the parser does not know it", told.word[i], heading);
	for (i = 0; i < told.count; i++)
		free(told.word[i]);
	for (i = 0; i < known->count; i++)
		free(known->word[i]);
	known->count = 0;
}

static void fields_add(struct words *words, const struct krsi_priv_field *fields)
{
	for (; fields->name; fields++)
		words_add(words, fields->name);
}

static void keys_add(struct words *words, unsigned int from, unsigned int end)
{
	char name[64];
	unsigned int key;

	for (key = from; key < end; key++) {
		const struct krsi_priv_key_info *info = krsi_priv_key_info((enum krsi_priv_key)key);

		snprintf(name, sizeof(name), "%s%s%s", info->below ? info->below : "", info->below ? "." : "", info->name);
		words_add(words, name);
	}
}

static void table_add(struct words *words, const struct krsi_priv_word *table)
{
	for (; table->name; table++)
		words_add(words, table->name);
}

static void test_the_page_has_the_words_of_the_parser(void **state)
{
	struct words words = { .count = 0 };
	size_t i;

	(void)state;
	fields_add(&words, krsi_priv_policy_fields);
	words_compare(&words, "Keys of a policy");
	fields_add(&words, krsi_priv_rule_fields);
	words_compare(&words, "Keys of a rule");
	table_add(&words, krsi_priv_words_action);
	fields_add(&words, krsi_priv_action_fields);
	words_compare(&words, "Actions");
	for (i = 1; i < KRSI_PRIV_OP_END; i++)
		words_add(&words, krsi_priv_operation_word(i));
	words_compare(&words, "Operations");
	for (; krsi_priv_operation_word(i); i++)
		words_add(&words, krsi_priv_operation_word(i));
	words_compare(&words, "Groups");
	keys_add(&words, 0, KRSI_PRIV_KEY_SUBJECT_END);
	words_compare(&words, "Subjects");
	keys_add(&words, KRSI_PRIV_KEY_SUBJECT_END, KRSI_PRIV_KEY_END);
	words_compare(&words, "Objects");
	table_add(&words, krsi_priv_words_type);
	table_add(&words, krsi_priv_words_facts);
	table_add(&words, krsi_priv_words_family);
	table_add(&words, krsi_priv_words_algorithm);
	words_compare(&words, "Words");
}

/* What file.read and file.write mean as well stands in their rows, in words. */
static void row_check_also(void *data, const struct row *row)
{
	char *cell = row->cells[0];
	const char *name = code_next(&cell);
	uint64_t told = 0, known, *read_also = data;
	const char *code;
	size_t word;

	assert_true(krsi_priv_operation_find(name, &word));
	known = krsi_priv_operation(word)->also;
	cell = row->cells[1];
	while ((code = code_next(&cell)))
		if (krsi_priv_operation_find(code, &word))
			told |= KRSI_PRIV_OP_BIT(word);
	if (strcmp(name, "file.read") == 0)
		*read_also = known;
	if (strcmp(name, "file.write") == 0)
		told |= *read_also;	/* "the four above" */
	if (told != known)
		fail_msg("%s means other operations than the page says", name);
}

static void test_the_page_tells_what_a_word_means_as_well(void **state)
{
	uint64_t read_also = 0;

	(void)state;
	rows_each("Operations", row_check_also, &read_also);
	assert_int_equal(__builtin_popcountll(read_also), 4);
}

/* --- examples ------------------------------------------------------------ */

struct examples {
	struct krsi_ctx *ctx;
	const char *before, *behind;
	bool object;	/* `before` is completed with an operation that knows the key */
};

static void policy_try(struct krsi_ctx *ctx, const char *text)
{
	struct krsi_policy *policy = policy_parse(ctx, text);

	policy_round_trip(ctx, policy);
	krsi_policy_free(policy);
}

/* An operation that knows the key that an example of an object begins with. */
static const char *operation_for(const char *example)
{
	size_t size = strcspn(example, ":");
	bool is_digest = strncmp(example, "digest", size) == 0;
	unsigned int i, key;

	for (key = KRSI_PRIV_KEY_SUBJECT_END; key < KRSI_PRIV_KEY_END; key++) {
		const char *name = krsi_priv_key_info((enum krsi_priv_key)key)->name;

		if (strlen(name) != size || strncmp(name, example, size) != 0)
			continue;
		for (i = 1; i < KRSI_PRIV_OP_END; i++)
			if (krsi_priv_operation(i)->keys & KRSI_PRIV_KEY_BIT(key))
				return krsi_priv_operation(i)->name;
	}
	if (!is_digest)
		fail_msg("%s is no example of an object", example);
	return "file.open";
}

static void row_try(void *data, const struct row *row)
{
	const struct examples *examples = data;
	struct policy_text text = { 0 };
	char *cell = row->cells[row->count - 1];
	const char *example = code_next(&cell);

	assert_non_null(example);
	policy_text_add(&text, "%s%s%s%s%s\n", examples->before, examples->object ? operation_for(example) : "",
			examples->object ? ", object: { " : "", example, examples->behind);
	policy_try(examples->ctx, text.text);
	policy_text_free(&text);
}

#define RULE "version: 1\nname: x\nrules:\n  - { name: x"

static void test_examples_of_keys_are_policies(void **state)
{
	const struct {
		const char *heading;
		struct examples examples;
	} tables[] = {
		{ "Actions", { *state, RULE ", on: file.open, ", " }", false } },
		{ "Operations", { *state, RULE ", action: audit, ", " }", false } },
		{ "Groups", { *state, RULE ", action: audit, ", " }", false } },
		{ "Subjects", { *state, RULE ", action: audit, on: file.open, subject: { ", " } }", false } },
		{ "Objects", { *state, RULE ", action: audit, on: ", " } }", true } },
	};
	struct examples examples;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		examples = tables[i].examples;
		assert_true(rows_each(tables[i].heading, row_try, &examples) > 4);
	}
}

/* An example of one key, and the others that are needed. */
static void row_complete(void *data, const struct row *row, const char *const (*others)[2], size_t count, const char *head, const char *tail)
{
	struct policy_text text = { 0 };
	char *cell = row->cells[row->count - 1];
	const char *example = code_next(&cell);
	size_t i, size;

	assert_non_null(example);
	size = strcspn(example, ":");
	policy_text_add(&text, "%s%s", head, example);
	for (i = 0; i < count; i++)
		if (strncmp(others[i][0], example, size) != 0 || others[i][0][size])
			policy_text_add(&text, "%s%s: %s", *tail ? ", " : "\n", others[i][0], others[i][1]);
	policy_text_add(&text, "%s\n", tail);
	policy_try(data, text.text);
	policy_text_free(&text);
}

static void policy_row_try(void *data, const struct row *row)
{
	static const char *const others[][2] = { { "version", "1" }, { "name", "x" }, { "rules", "[{ name: a, on: file.open, action: audit }]" } };

	row_complete(data, row, others, ARRAY_SIZE(others), "", "");
}

static void rule_row_try(void *data, const struct row *row)
{
	static const char *const others[][2] = { { "name", "x" }, { "on", "file.open" }, { "action", "deny" } };

	row_complete(data, row, others, ARRAY_SIZE(others), "version: 1\nname: x\nrules:\n  - { ", " }");
}

static void test_examples_of_policies_and_rules_are_policies(void **state)
{
	assert_true(rows_each("Keys of a policy", policy_row_try, *state) > 4);
	assert_true(rows_each("Keys of a rule", rule_row_try, *state) > 4);
}

static void pattern_row_try(void *data, const struct row *row)
{
	struct krsi_priv_arena arena = { NULL };
	struct krsi_priv_pattern_error error;
	const struct krsi_priv_pattern *pattern;
	char *cell = row->cells[0];
	const char *text;

	(void)data;
	assert_int_equal(row->count, 4);
	text = code_next(&cell);
	pattern = krsi_priv_pattern_parse(&arena, text, KRSI_PRIV_PATTERN_PATH, &error);
	if (!pattern)
		fail_msg("%s: %s", text, error.text);
	cell = row->cells[2];
	text = code_next(&cell);
	if (!krsi_priv_pattern_matches(pattern, text, strlen(text)))
		fail_msg("%s does not match %s", pattern->text, text);
	cell = row->cells[3];
	text = code_next(&cell);
	if (krsi_priv_pattern_matches(pattern, text, strlen(text)))
		fail_msg("%s matches %s", pattern->text, text);
	krsi_priv_arena_free(&arena);
}

static void test_patterns_match_what_the_page_says(void **state)
{
	(void)state;
	assert_true(rows_each("Patterns", pattern_row_try, NULL) >= 10);
}

static void test_yaml_blocks_are_policies(void **state)
{
	static const char begin[] = "```yaml\n", end[] = "```\n";
	char *block, *rest = page;
	unsigned int n = 0;

	while ((block = strstr(rest, begin))) {
		char *text;

		block += strlen(begin);
		rest = strstr(block, end);
		assert_non_null(rest);
		text = strndup(block, (size_t)(rest - block));
		policy_try(*state, text);
		free(text);
		n++;
	}
	assert_true(n > 0);
}

static void test_the_limits_are_those_of_the_library(void **state)
{
	(void)state;
	assert_words(page, "| rules | 4,096 |");
	assert_int_equal(KRSI_PRIV_RULES_MAX, 4096);
	assert_words(page, "counted | 65,536, and 8 MiB of them |");
	assert_int_equal(KRSI_PRIV_PATTERNS_MAX, 65536);
	assert_int_equal(KRSI_PRIV_PATTERN_BYTES_MAX, 8 << 20);
	assert_words(page, "numbers and names | 65,536 |");
	assert_int_equal(KRSI_PRIV_ENTRIES_MAX, 65536);
	assert_words(page, "of one pattern | 1,024 |");
	assert_int_equal(KRSI_PRIV_ALTERNATIVES_MAX, 1024);
	assert_words(page, "| 63 letters");
	assert_int_equal(KRSI_PRIV_NAME_MAX, 63);
	assert_words(page, "at most 16 MiB");
	assert_int_equal(KRSI_PRIV_TEXT_SIZE_MAX, 16 << 20);
	assert_words(page, "Up to 20 errors");
	assert_int_equal(KRSI_PRIV_ERRORS_MAX, 20);
}

static void test_operations_that_cannot_be_denied_are_named(void **state)
{
	char sentence[128];
	unsigned int i;

	(void)state;
	for (i = 1; i < KRSI_PRIV_OP_END; i++) {
		snprintf(sentence, sizeof(sentence), "`%s` cannot be denied", krsi_priv_operation(i)->name);
		assert_int_equal(strstr(page, sentence) != NULL, (krsi_priv_operation(i)->flags & KRSI_PRIV_OP_NO_DENY) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_the_page_has_the_words_of_the_parser),
		ctx_test(test_the_page_tells_what_a_word_means_as_well),
		ctx_test(test_examples_of_keys_are_policies),
		ctx_test(test_examples_of_policies_and_rules_are_policies),
		ctx_test(test_patterns_match_what_the_page_says),
		ctx_test(test_yaml_blocks_are_policies),
		ctx_test(test_the_limits_are_those_of_the_library),
		ctx_test(test_operations_that_cannot_be_denied_are_named),
	};

	return cmocka_run_group_tests(tests, page_read, page_free);
}

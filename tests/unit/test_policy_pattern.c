/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Patterns: what they mean, what is refused, and that the matcher does what a naive one does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy_tools.h"

static struct krsi_priv_arena arena;

static int free_arena(void **state)
{
	krsi_priv_arena_free(&arena);
	return unit_teardown(state);
}

#define pattern_test(name) cmocka_unit_test_setup_teardown(name, unit_setup, free_arena)

static const struct krsi_priv_pattern *parse(const char *text, enum krsi_priv_pattern_kind kind)
{
	struct krsi_priv_pattern_error error;
	const struct krsi_priv_pattern *pattern = krsi_priv_pattern_parse(&arena, text, kind, &error);

	if (!pattern)
		fail_msg("%s: %s", text, error.text);
	return pattern;
}

static void refuse(const char *text, enum krsi_priv_pattern_kind kind, const char *words)
{
	struct krsi_priv_pattern_error error;

	if (krsi_priv_pattern_parse(&arena, text, kind, &error))
		fail_msg("%s was taken", text);
	assert_words(error.text, words);
}

static bool matches(const struct krsi_priv_pattern *pattern, const char *text)
{
	return krsi_priv_pattern_matches(pattern, text, strlen(text));
}

static void test_paths_match_as_documented(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} cases[] = {
		{ "/etc/shadow", "/etc/shadow", true },
		{ "/etc/shadow", "/etc/shadow-", false },
		{ "/etc/shadow", "/etc", false },
		{ "/etc/shadow", "/etc/shadow/x", false },
		{ "/", "/", true },
		{ "/", "/a", false },
		{ "/*", "/", false },
		{ "/*", "/a", true },
		{ "/*", "/a/b", false },
		{ "/**", "/", false },
		{ "/**", "/a", true },
		{ "/**", "/a/b/c", true },
		{ "/tmp/**", "/tmp", false },
		{ "/tmp/**", "/tmp/a", true },
		{ "/tmp/**", "/tmp/a/b", true },
		{ "/tmp/**", "/tmpx/a", false },
		{ "/a/**/b", "/a/b", true },
		{ "/a/**/b", "/a/x/b", true },
		{ "/a/**/b", "/a/x/y/b", true },
		{ "/a/**/b", "/a/x/y/b/c", false },
		{ "/**/b/**", "/b", false },
		{ "/**/b/**", "/b/c", true },
		{ "/**/b/**", "/a/b/c/b", true },
		{ "/**/x/**/y", "/x/x/a/y/y", true },
		{ "/**/*.so", "/usr/lib/libc.so", true },
		{ "/**/*.so", "/libc.so", true },
		{ "/**/*.so", "/libc.so.6", false },
		{ "/bin/*sh", "/bin/sh", true },
		{ "/bin/*sh", "/bin/bash", true },
		{ "/bin/*sh", "/bin/x/sh", false },
		{ "/a/*b*c*", "/a/xbxbxcx", true },
		{ "/a/*b*c*", "/a/xcxb", false },
		{ "/a?c", "/abc", true },
		{ "/a?c", "/ac", false },
		{ "/a?c", "/a/c", false },
		{ "/a?", "/a\xc3\xa9", false },	/* one byte, not one character */
		{ "/a??", "/a\xc3\xa9", true },
		{ "/x[a-c]", "/xb", true },
		{ "/x[a-c]", "/xd", false },
		{ "/x[!a-c]", "/xd", true },
		{ "/x[!a-c]", "/xa", false },
		{ "/x[!a]y", "/x/y", false },
		{ "/x[a-]", "/x-", true },
		{ "/x[-a]", "/x-", true },
		{ "/x[\\]]", "/x]", true },
		{ "/x[\\!a]", "/x!", true },
		{ "/x[*?{},]", "/x,", true },
		{ "/x]", "/x]", true },
		{ "/x[\\x41-\\x43]", "/xB", true },
		{ "/x,y", "/x,y", true },
		{ "/{a,b}", "/b", true },
		{ "/{a,b}", "/c", false },
		{ "/usr/{bin,local/bin}/x", "/usr/local/bin/x", true },
		{ "/a{,.bak}", "/a", true },
		{ "/a{,.bak}", "/a.bak", true },
		{ "/{a,b{c,d}}e", "/bde", true },
		{ "/{a,b{c,d}}e", "/be", false },
		{ "/{a,b}{c,d}", "/bc", true },
		{ "/{**,x/**}/y", "/x/q/y", true },
		{ "/\\*", "/*", true },
		{ "/\\*", "/a", false },
		{ "/\\{a,b\\}", "/{a,b}", true },
		{ "/\\[a]", "/[a]", true },
		{ "/a\\\\b", "/a\\b", true },
		{ "/a\\x0ab", "/a\nb", true },
		{ "/a\nb", "/a\nb", true },
		{ "/\\xff\\xfe", "/\xff\xfe", true },
		{ "/...", "/...", true },
		{ "/.?", "/.x", true },
		{ "/ a b ", "/ a b ", true },
		{ "/x (deleted)", "/x (deleted)", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (matches(parse(cases[i].pattern, KRSI_PRIV_PATTERN_PATH), cases[i].path) != cases[i].matches)
			fail_msg("%s %s %s", cases[i].pattern, cases[i].matches ? "does not match" : "matches", cases[i].path);
}

static void test_other_text_has_no_components(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "--priv*", "--privileged", true },
		{ "*", "", true },
		{ "*", "/a/b", true },
		{ "a/*", "a/b/c", true },
		{ "a?b", "a/b", true },
		{ "[!x]", "/", true },
		{ "/a//", "/a//", true },
		{ "..", "..", true },
		{ "{a,b}c", "bc", true },
		{ "", "", true },
		{ "", "x", false },
		{ "\\x2f", "/", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (matches(parse(cases[i].pattern, KRSI_PRIV_PATTERN_TEXT), cases[i].text) != cases[i].matches)
			fail_msg("%s %s %s", cases[i].pattern, cases[i].matches ? "does not match" : "matches", cases[i].text);
}

static void test_binary_text_may_have_nul(void **state)
{
	const struct krsi_priv_pattern *pattern = parse("a\\x00b*", KRSI_PRIV_PATTERN_BINARY);

	(void)state;
	assert_true(krsi_priv_pattern_matches(pattern, "a\0b\0\0", 5));
	assert_false(krsi_priv_pattern_matches(pattern, "ab", 2));
	pattern = parse("[!a]", KRSI_PRIV_PATTERN_BINARY);
	assert_true(krsi_priv_pattern_matches(pattern, "\0", 1));
	refuse("a\\x00b", KRSI_PRIV_PATTERN_TEXT, "NUL");
}

static void test_what_cannot_be_a_path_is_refused(void **state)
{
	static const struct {
		const char *pattern, *words;
	} cases[] = {
		{ "", "begin with a slash" },
		{ "tmp", "begin with a slash" },
		{ "*/tmp", "begin with a slash" },
		{ "{/a,b}", "begin with a slash" },
		{ "/tmp/", "ends in a slash; leave that out" },
		{ "/tmp//x", "an empty component (//)" },
		{ "//", "an empty component (//)" },
		{ "/a{,/}", "ends in a slash" },
		{ "/a/{,b}/c", "(in \"/a//c\", which its {} make)" },
		{ "/./a", "component \".\"" },
		{ "/a/..", "component \"..\"" },
		{ "/a/\\.\\.", "component \"..\"" },
		{ "/a/.{,.}", "component \".\"" },
		{ "/a**", "component of its own" },
		{ "/**a", "component of its own" },
		{ "/***", "component of its own" },
		{ "/a/**/**/b", "twice in a row" },
		{ "/[", "the [ at byte 2 is never closed" },
		{ "/[a", "the [ at byte 2 is never closed" },
		{ "/[\\]", "the [ at byte 2 is never closed" },
		{ "/[]a]", "the [] at byte 2 is empty" },
		{ "/[!]", "is empty" },
		{ "/[^a]", "[! to exclude" },
		{ "/[z-a]", "runs backwards" },
		{ "/[[:alpha:]]", "classes such as [:alpha:]" },
		{ "/[a/b]", "a / inside of []" },
		{ "/[\xc3\xa9]", "use {a,b}" },
		{ "/[!\\x01-\\xff]", "leaves no character" },
		{ "/{a", "the { at byte 2 is never closed" },
		{ "/{a,{b}", "only one alternative" },
		{ "/{a,{b,c}", "the { at byte 2 is never closed" },
		{ "/a}", "the } at byte 3 closes nothing" },
		{ "/{a}", "only one alternative" },
		{ "/{}", "only one alternative" },
		{ "/{{{{{{{{{a,b},b},b},b},b},b},b},b},b}", "inside 8 others" },
		{ "/{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}{0,1}", "make 2048 patterns or more, at most 1024" },
		{ "/a\\", "ends in a backslash" },
		{ "/a\\n", "\\n at byte 3 means nothing" },
		{ "/a\\/b", "a slash cannot be escaped" },
		{ "/a\\x2fb", "a slash cannot be escaped" },
		{ "/a\\x00", "matches nothing" },
		{ "/a\\x", "two hexadecimal digits" },
		{ "/a\\x0", "two hexadecimal digits" },
		{ "/a\\x0g", "two hexadecimal digits" },
		{ "/a\\\n", "protects nothing" },
		{ "/a\\\xc3\xa9", "protects nothing" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		refuse(cases[i].pattern, KRSI_PRIV_PATTERN_PATH, cases[i].words);
	refuse("a**b", KRSI_PRIV_PATTERN_TEXT, "** is for paths");
}

static void test_names_and_paths_that_are_too_long_are_refused(void **state)
{
	char name[KRSI_PRIV_COMPONENT_MAX + 4] = "/";
	char path[KRSI_PRIV_PATH_MAX + 4] = "";
	size_t i;

	(void)state;
	memset(name + 1, 'a', KRSI_PRIV_COMPONENT_MAX);
	parse(name, KRSI_PRIV_PATTERN_PATH);
	name[KRSI_PRIV_COMPONENT_MAX + 1] = '?';
	refuse(name, KRSI_PRIV_PATTERN_PATH, "256 bytes; no file's name has more than 255");
	name[KRSI_PRIV_COMPONENT_MAX + 1] = '*';
	parse(name, KRSI_PRIV_PATTERN_PATH);
	for (i = 0; i + 2 <= KRSI_PRIV_PATH_MAX; i += 2)
		memcpy(path + i, "/a", 2);
	parse(path, KRSI_PRIV_PATTERN_PATH);
	memcpy(path + i, "/a", 2);
	refuse(path, KRSI_PRIV_PATTERN_PATH, "no path has more than 4095");
}

static void test_shapes_tell_what_needs_no_automaton(void **state)
{
	static const struct {
		const char *pattern;
		enum krsi_priv_shape shape;
		uint32_t components;
	} cases[] = {
		{ "/", KRSI_PRIV_SHAPE_LITERAL, 0 },
		{ "/etc/shadow", KRSI_PRIV_SHAPE_LITERAL, 2 },
		{ "/a\\*", KRSI_PRIV_SHAPE_LITERAL, 1 },
		{ "/**", KRSI_PRIV_SHAPE_SUBTREE, 1 },
		{ "/etc/**", KRSI_PRIV_SHAPE_SUBTREE, 2 },
		{ "/etc/*", KRSI_PRIV_SHAPE_GLOB, 2 },
		{ "/**/a", KRSI_PRIV_SHAPE_GLOB, 2 },
		{ "/*/a/**", KRSI_PRIV_SHAPE_GLOB, 3 },
		{ "/a[b]", KRSI_PRIV_SHAPE_GLOB, 1 },
	};
	const struct krsi_priv_pattern *pattern;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pattern = parse(cases[i].pattern, KRSI_PRIV_PATTERN_PATH);
		assert_int_equal(pattern->count, 1);
		assert_int_equal(pattern->alternatives[0].shape, cases[i].shape);
		assert_int_equal(pattern->alternatives[0].count, cases[i].components);
	}
	assert_true(krsi_priv_pattern_is_literal(parse("/a", KRSI_PRIV_PATTERN_PATH)));
	assert_false(krsi_priv_pattern_is_literal(parse("/{a,b}", KRSI_PRIV_PATTERN_PATH)));
	assert_int_equal(parse("x", KRSI_PRIV_PATTERN_TEXT)->alternatives[0].count, 1);
}

static void test_the_text_is_kept_and_can_be_shown(void **state)
{
	static const char *const same[] = { "/a\\x0ab", "/{a,b}/**", "/x[!a-z]?", "/\xc3\xa9" };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(same); i++)
		assert_string_equal(parse(same[i], KRSI_PRIV_PATTERN_PATH)->text, same[i]);
	assert_string_equal(parse("/a\nb", KRSI_PRIV_PATTERN_PATH)->text, "/a\\x0ab");
	assert_string_equal(parse("/\xff", KRSI_PRIV_PATTERN_PATH)->text, "/\\xff");
	assert_string_equal(parse("/\xe2\x80\x8b", KRSI_PRIV_PATTERN_PATH)->text, "/\\xe2\\x80\\x8b");	/* of no width */
}

static void test_the_cost_of_braces_is_known_before(void **state)
{
	struct krsi_priv_pattern_error error;
	size_t count = 0, bytes = 0;

	(void)state;
	assert_true(krsi_priv_pattern_cost("/abc", &count, &bytes, &error));
	assert_int_equal(count, 1);
	assert_int_equal(bytes, 4);
	assert_true(krsi_priv_pattern_cost("/{a,bb}/{c,{d,eee}f}", &count, &bytes, &error));
	assert_int_equal(count, 6);
	/* /a/c /a/df /a/eeef /bb/c /bb/df /bb/eeef */
	assert_int_equal(bytes, 4 + 5 + 7 + 5 + 6 + 8);
}

/* --- a naive matcher, by the words of docs/policy.md ---------------------- */

static bool naive_name(const char *p, const char *end, const char *s, const char *s_end)
{
	const char *set_end;
	bool negated, in;

	if (p == end)
		return s == s_end;
	if (*p == '*')
		return naive_name(p + 1, end, s, s_end) || (s < s_end && naive_name(p, end, s + 1, s_end));
	if (s == s_end)
		return false;
	if (*p == '?')
		return naive_name(p + 1, end, s + 1, s_end);
	if (*p == '[') {
		negated = p[1] == '!';
		set_end = strchr(p, ']');
		in = false;
		for (p += 1 + negated; p < set_end; p++) {
			if (p[1] == '-' && p + 2 < set_end) {
				in |= *s >= p[0] && *s <= p[2];
				p += 2;
			} else {
				in |= *s == *p;
			}
		}
		return in != negated && naive_name(set_end + 1, end, s + 1, s_end);
	}
	return *p == *s && naive_name(p + 1, end, s + 1, s_end);
}

static const char *component_end(const char *text)
{
	const char *slash = strchr(text, '/');

	return slash ? slash : text + strlen(text);
}

/* Both begin behind a slash, or are "" when nothing is left. */
static bool naive_path(const char *p, const char *s)
{
	const char *p_end = component_end(p), *s_end = component_end(s);
	const char *p_next = p_end + (*p_end == '/'), *s_next = s_end + (*s_end == '/');

	if (!*p)
		return !*s;
	if (strncmp(p, "**", 2) == 0) {
		if (!*p_next)
			return *s;
		return naive_path(p_next, s) || (*s && naive_path(p, s_next));
	}
	return *s && naive_name(p, p_end, s, s_end) && naive_path(p_next, s_next);
}

/* Write out the first {} and go on; without one, match. */
static bool naive(const char *pattern, const char *path)
{
	const char *open = strchr(pattern, '{'), *close = open, *begin, *c;
	unsigned int depth = 0;
	char one[512];

	if (!open)
		return naive_path(pattern + 1, path + 1);
	do {
		depth += (*close == '{') - (*close == '}');
		close++;
	} while (depth);
	for (begin = c = open + 1; c < close; c++) {
		if ((*c == ',' && depth == 0) || c == close - 1) {
			snprintf(one, sizeof(one), "%.*s%.*s%s", (int)(open - pattern), pattern, (int)(c - begin), begin, close);
			if (naive(one, path))
				return true;
			begin = c + 1;
		}
		depth += (*c == '{') - (*c == '}');
	}
	return false;
}

static void random_name(struct policy_random *random, char *text, bool wild)
{
	static const char *const pieces[] = { "a", "b", "ab", "*", "?", "[ab]", "[!a]", "[a-b]", "{a,b}", "{b,{a,ab}c}", "{,a}" };
	uint32_t n = 1 + policy_random_below(random, 3);
	size_t used = strlen(text);

	while (n--) {
		const char *piece = pieces[policy_random_below(random, wild ? ARRAY_SIZE(pieces) : 3)];

		/* Two stars in a row are another thing. */
		if (*piece == '*' && text[used - 1] == '*')
			continue;
		strcpy(text + used, piece);
		used += strlen(piece);
	}
}

static void random_path(struct policy_random *random, char *text, bool wild)
{
	uint32_t n = policy_random_below(random, 4) + wild;
	bool deep = false;

	strcpy(text, n ? "" : "/");
	while (n--) {
		strcat(text, "/");
		deep = wild && !deep && policy_random_below(random, 4) == 0;
		if (deep)
			strcat(text, "**");
		else
			random_name(random, text, wild);
	}
}

static void test_the_matcher_does_what_a_naive_one_does(void **state)
{
	struct policy_random random = policy_random_new();
	struct krsi_priv_pattern_error error;
	const struct krsi_priv_pattern *pattern;
	char text[512], path[512];
	unsigned int i, k, taken = 0, hits = 0;

	(void)state;
	for (i = 0; i < 4000; i++) {
		random_path(&random, text, true);
		/* {,a} alone may leave a component empty: refused, rightly. */
		pattern = krsi_priv_pattern_parse(&arena, text, KRSI_PRIV_PATTERN_PATH, &error);
		taken += pattern != NULL;
		for (k = 0; pattern && k < 16; k++) {
			random_path(&random, path, false);
			if (matches(pattern, path) != naive(text, path))
				fail_msg("%s and %s: the naive one says %d", text, path, naive(text, path));
			hits += naive(text, path);
		}
	}
	assert_true(taken > 2000);
	assert_true(hits > 1000);
}

static void test_what_covers_matches_all_that_is_covered(void **state)
{
	struct policy_random random = policy_random_new();
	struct krsi_priv_pattern_error error;
	const struct krsi_priv_pattern *wide, *narrow;
	char text[512], path[512];
	unsigned int i, k, covered = 0;

	(void)state;
	for (i = 0; i < 20000; i++) {
		random_path(&random, text, true);
		wide = krsi_priv_pattern_parse(&arena, text, KRSI_PRIV_PATTERN_PATH, &error);
		random_path(&random, text, policy_random_below(&random, 2));
		narrow = krsi_priv_pattern_parse(&arena, text, KRSI_PRIV_PATTERN_PATH, &error);
		if (!wide || !narrow || !krsi_priv_pattern_covers(wide, narrow))
			continue;
		covered++;
		for (k = 0; k < 32; k++) {
			random_path(&random, path, false);
			if (matches(narrow, path) && !matches(wide, path))
				fail_msg("%s does not cover %s: %s", wide->text, narrow->text, path);
		}
	}
	assert_true(covered > 100);
}

static void test_covering_is_found_where_it_is_plain(void **state)
{
	static const struct {
		const char *wide, *narrow;
		bool covers;
	} cases[] = {
		{ "/tmp/**", "/tmp/a/b", true },
		{ "/tmp/**", "/tmp/**", true },
		{ "/tmp/**", "/tmp/a/**", true },
		{ "/tmp/**", "/tmp", false },
		{ "/tmp/*", "/tmp/a", true },
		{ "/tmp/*", "/tmp/a*", true },
		{ "/tmp/*", "/tmp/**", false },
		{ "/**", "/", false },
		{ "/**", "/{a,b}/*.c", true },
		{ "/{a,b}", "/b", true },
		{ "/{a,b}", "/{b,c}", false },
		{ "/x/[a-z]", "/x/q", true },
		{ "/x/[a-z]", "/x/[a-f]", false },	/* it does, but that is not plain */
		{ "/**/b", "/**/b", true },
		{ "/**/b", "/**", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (krsi_priv_pattern_covers(parse(cases[i].wide, KRSI_PRIV_PATTERN_PATH), parse(cases[i].narrow, KRSI_PRIV_PATTERN_PATH)) != cases[i].covers)
			fail_msg("%s and %s", cases[i].wide, cases[i].narrow);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void test_no_pattern_makes_matching_slow(void **state)
{
	const struct krsi_priv_pattern *pattern = parse("/**/*a*a*a*a*a*a*a*b/**/*a*a*a*a*a*a*b/**/x", KRSI_PRIV_PATTERN_PATH);
	char path[KRSI_PRIV_PATH_MAX + 1];
	double begin;
	size_t i;

	(void)state;
	memset(path, 'a', sizeof(path));
	for (i = 0; i < sizeof(path); i += 200)
		path[i] = '/';
	begin = seconds();
	for (i = 0; i < 10; i++)
		assert_false(krsi_priv_pattern_matches(pattern, path, KRSI_PRIV_PATH_MAX));
	assert_true(seconds() - begin < 2);	/* natively some milliseconds */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pattern_test(test_paths_match_as_documented),
		pattern_test(test_other_text_has_no_components),
		pattern_test(test_binary_text_may_have_nul),
		pattern_test(test_what_cannot_be_a_path_is_refused),
		pattern_test(test_names_and_paths_that_are_too_long_are_refused),
		pattern_test(test_shapes_tell_what_needs_no_automaton),
		pattern_test(test_the_text_is_kept_and_can_be_shown),
		pattern_test(test_the_cost_of_braces_is_known_before),
		pattern_test(test_the_matcher_does_what_a_naive_one_does),
		pattern_test(test_what_covers_matches_all_that_is_covered),
		pattern_test(test_covering_is_found_where_it_is_plain),
		pattern_test(test_no_pattern_makes_matching_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

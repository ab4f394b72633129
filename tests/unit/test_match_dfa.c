/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Many globs as one automaton: that it does what the matcher does, is the smallest, and knows its limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "alloc/inject.h"
#include "match/dfa.h"
#include "policy_tools.h"

#define GLOBS_MAX 20000

static struct krsi_priv_arena arena;
static struct krsi_priv_glob globs[GLOBS_MAX];
static size_t count;
static struct krsi_priv_dfa dfa;

static const struct krsi_priv_dfa_limits roomy = { .states = 65535, .bytes = 256u << 20, .work = 100000000 };

static int free_all(void **state)
{
	krsi_priv_arena_free(&arena);
	krsi_priv_dfa_free(&dfa);
	count = 0;
	return unit_teardown(state);
}

#define dfa_test(name) cmocka_unit_test_setup_teardown(name, unit_setup, free_all)

static const struct krsi_priv_pattern *parse(const char *text, bool is_path)
{
	struct krsi_priv_pattern_error error;
	const struct krsi_priv_pattern *pattern;

	pattern = krsi_priv_pattern_parse(&arena, text, is_path ? KRSI_PRIV_PATTERN_PATH : KRSI_PRIV_PATTERN_BINARY, &error);
	if (!pattern)
		fail_msg("%s: %s", text, error.text);
	return pattern;
}

static void add_pattern(const struct krsi_priv_pattern *pattern, uint8_t group, uint32_t id, bool or_below)
{
	uint32_t i;

	for (i = 0; i < pattern->count; i++) {
		assert_true(count < GLOBS_MAX);
		globs[count++] = (struct krsi_priv_glob){
			.alternative = &pattern->alternatives[i], .is_path = pattern->kind == KRSI_PRIV_PATTERN_PATH,
			.or_below = or_below, .group = group, .id = id,
		};
	}
}

/* A path when it begins with a slash. */
static void add(const char *text, uint8_t group, uint32_t id)
{
	add_pattern(parse(text, *text == '/'), group, id, false);
}

static void build(void)
{
	struct krsi_priv_dfa_cost cost;
	int err;

	krsi_priv_dfa_free(&dfa);
	err = krsi_priv_dfa_build(globs, count, &roomy, &dfa, &cost);
	if (err == -E2BIG)
		fail_msg("%s: %llu of %llu", cost.what, (unsigned long long)cost.reached, (unsigned long long)cost.limit);
	assert_int_equal(err, 0);
}

static uint32_t set_of(const char *text, size_t size, uint8_t group)
{
	uint32_t state = dfa.start[group];
	size_t i;

	for (i = 0; i < size; i++) {
		state = dfa.next[state * dfa.class_count + dfa.classes[(unsigned char)text[i]]];
		assert_true(state < dfa.state_count);
	}
	return dfa.accept[state];
}

static bool set_has(uint32_t set, uint32_t id)
{
	uint32_t i;

	assert_true(set < dfa.set_count);
	for (i = dfa.set_start[set]; i < dfa.set_start[set + 1]; i++)
		if (dfa.ids[i] == id)
			return true;
	return false;
}

static bool matches(const char *text, uint8_t group, uint32_t id)
{
	return set_has(set_of(text, strlen(text), group), id);
}

/* What is promised of every automaton, and by trying all pairs, that no two states and no two classes are the same. */
static void assert_well_formed(void)
{
	uint32_t states = dfa.state_count, classes = dfa.class_count, i, k, c;
	bool *differ = calloc((size_t)states * states, 1), *reached = calloc(states, 1), again = true;
	bool *used = calloc(dfa.set_count, 1);

	for (c = 0; c < classes; c++)
		assert_int_equal(dfa.next[c], 0);
	assert_int_equal(dfa.accept[0], 0);
	assert_int_equal(dfa.set_start[0], 0);
	assert_int_equal(dfa.set_start[1], 0);
	for (i = 0; i < dfa.set_count; i++)
		for (k = dfa.set_start[i]; k + 1 < dfa.set_start[i + 1]; k++)
			assert_true(dfa.ids[k] < dfa.ids[k + 1]);
	for (i = 0, c = 0; i < 256; i++) {
		assert_true(dfa.classes[i] <= c && c <= classes);
		c += dfa.classes[i] == c;
	}
	assert_int_equal(c, classes);
	reached[0] = true;
	for (i = 0; i < KRSI_PRIV_DFA_GROUPS; i++)
		reached[dfa.start[i]] = true;
	for (i = 0; i < states; i++) {
		used[dfa.accept[i]] = true;
		for (k = 0; k < states; k++)
			differ[i * states + k] = dfa.accept[i] != dfa.accept[k];
	}
	while (again) {
		again = false;
		for (i = 0; i < states; i++) {
			for (c = 0; c < classes; c++) {
				uint32_t to = dfa.next[i * classes + c];

				again |= reached[i] && !reached[to];
				reached[to] |= reached[i];
				for (k = 0; k < states; k++)
					if (!differ[i * states + k] && differ[to * states + dfa.next[k * classes + c]])
						again = differ[i * states + k] = true;
			}
		}
	}
	for (i = 0; i < states; i++) {
		assert_true(reached[i]);
		for (k = 0; k < i; k++)
			if (!differ[i * states + k])
				fail_msg("states %u and %u of %u are the same", k, i, states);
	}
	for (i = 0; i < dfa.set_count; i++)
		assert_true(used[i]);
	for (c = 0; c < classes; c++)
		for (k = 0; k < c; k++) {
			for (i = 0; i < states && dfa.next[i * classes + c] == dfa.next[i * classes + k]; i++)
				;
			assert_true(i < states);
		}
	free(differ);
	free(reached);
	free(used);
}

static void test_globs_match_as_the_matcher_does(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "/etc/shadow", "/etc/shadow", true },
		{ "/etc/shadow", "/etc/shadow-", false },
		{ "/etc/shadow", "/etc", false },
		{ "/etc/shadow", "", false },
		{ "/", "", true },
		{ "/", "/a", false },
		{ "/*", "", false },
		{ "/*", "/", false },
		{ "/*", "/a", true },
		{ "/*", "/a/b", false },
		{ "/**", "", false },
		{ "/**", "/", false },
		{ "/**", "/a/b/c", true },
		{ "/tmp/**", "/tmp", false },
		{ "/tmp/**", "/tmp/", false },
		{ "/tmp/**", "/tmp/a/b", true },
		{ "/tmp/**", "/tmpx/a", false },
		{ "/tmp/*", "/tmp/", false },
		{ "/a/**/b", "/a/b", true },
		{ "/a/**/b", "/a/x/y/b", true },
		{ "/a/**/b", "/a/xb", false },
		{ "/a/**/b", "/a/x/y/b/c", false },
		{ "/**/b/**", "/b", false },
		{ "/**/b/**", "/a/b/c/b", true },
		{ "/**/x/**/y", "/x/x/a/y/y", true },
		{ "/**/*.so", "/libc.so", true },
		{ "/**/*.so", "/usr/lib/libc.so.6", false },
		{ "/bin/*sh", "/bin/sh", true },
		{ "/bin/*sh", "/bin/x/sh", false },
		{ "/a/*b*c*", "/a/xbxbxcx", true },
		{ "/a/*b*c*", "/a/xcxb", false },
		{ "/a?c", "/a/c", false },
		{ "/a??", "/a\xc3\xa9", true },
		{ "/x[a-c]", "/xb", true },
		{ "/x[a-c]", "/xd", false },
		{ "/x[!a-c]", "/xd", true },
		{ "/x[!a]y", "/x/y", false },
		{ "/{a,b{c,d}}e", "/bde", true },
		{ "/{a,b{c,d}}e", "/be", false },
		{ "/a\nb", "/a\nb", true },
		{ "*", "", true },
		{ "*", "/a//b/", true },
		{ "a/*", "a/b/c", true },
		{ "a?b", "a/b", true },
		{ "[!x]", "/", true },
		{ "", "", true },
		{ "", "x", false },
		{ "--priv*", "--privileged", true },
		{ "{a,}b*", "bc", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		count = 0;
		add(cases[i].pattern, 0, 7);
		build();
		assert_well_formed();
		if (matches(cases[i].text, 0, 7) != cases[i].matches)
			fail_msg("%s %s %s", cases[i].pattern, cases[i].matches ? "does not match" : "matches", cases[i].text);
	}
	/* And all of them in one. */
	count = 0;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		add(cases[i].pattern, cases[i].pattern[0] == '/', (uint32_t)i * 3);
	build();
	assert_well_formed();
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		if (matches(cases[i].text, cases[i].pattern[0] == '/', (uint32_t)i * 3) != cases[i].matches)
			fail_msg("together: %s and %s", cases[i].pattern, cases[i].text);
}

static void test_the_smallest_is_found(void **state)
{
	static const struct {
		const char *patterns[4];
		uint32_t ids[4];
		uint32_t states, classes, sets;		/* dead, the beginning and the empty set included */
	} cases[] = {
		{ { "/a" }, { 0 }, 4, 3, 2 },
		{ { "/**" }, { 0 }, 4, 2, 2 },
		{ { "/*" }, { 0 }, 4, 2, 2 },
		{ { "*" }, { 0 }, 2, 1, 2 },
		{ { "" }, { 0 }, 2, 1, 2 },
		{ { "?" }, { 0 }, 3, 1, 2 },
		{ { "[ab]" }, { 0 }, 3, 2, 2 },
		{ { "/{a,b}" }, { 0 }, 4, 3, 2 },
		{ { "/*", "/**" }, { 1, 1 }, 4, 2, 2 },
		{ { "/*", "/**" }, { 1, 2 }, 5, 2, 3 },
		{ { "/**", "/a/b/c", "/**/x/**" }, { 1, 1, 1 }, 4, 2, 2 },
		{ { "a*", "*" }, { 1, 1 }, 2, 1, 2 },
		{ { "a*", "*" }, { 1, 2 }, 4, 2, 3 },
		{ { "abc", "bbc", "cbc" }, { 1, 1, 1 }, 5, 4, 2 },
		{ { "abc", "bbc", "cbc" }, { 1, 1, 2 }, 8, 4, 3 },
		{ { "abcabcab*", "abc*" }, { 1, 1 }, 5, 4, 2 },
		{ { "*a*b*", "*a*b*c*" }, { 1, 1 }, 4, 3, 2 },
		{ { "/x*", "/x" }, { 1, 1 }, 4, 3, 2 },
		{ { "*ab" }, { 1 }, 4, 3, 2 },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		count = 0;
		for (k = 0; k < 4 && cases[i].patterns[k]; k++)
			add(cases[i].patterns[k], 0, cases[i].ids[k]);
		build();
		assert_well_formed();
		if (dfa.state_count != cases[i].states || dfa.class_count != cases[i].classes || dfa.set_count != cases[i].sets)
			fail_msg("%s...: %u states, %u classes, %u sets", cases[i].patterns[0], dfa.state_count, dfa.class_count, dfa.set_count);
	}
}

static void test_no_globs_are_one_dead_state(void **state)
{
	(void)state;
	build();
	assert_well_formed();
	assert_int_equal(dfa.state_count, 1);
	assert_int_equal(dfa.class_count, 1);
	assert_int_equal(dfa.set_count, 1);
	assert_int_equal(dfa.start[0], 0);
	assert_int_equal(set_of("/a", 2, 3), 0);
}

static void test_groups_do_not_mix(void **state)
{
	(void)state;
	add("/a/*", 0, 1);
	add("/a/*", 3, 2);
	add("/b", 15, UINT32_MAX);
	add("b*", 15, 0);
	build();
	assert_well_formed();
	assert_int_equal(dfa.start[1], 0);
	assert_true(matches("/a/x", 0, 1));
	assert_false(matches("/a/x", 0, 2));
	assert_true(matches("/a/x", 3, 2));
	assert_false(matches("/a/x", 3, 1));
	assert_int_equal(set_of("/a/x", 4, 15), 0);
	assert_true(matches("/b", 15, UINT32_MAX));
	assert_true(matches("b/", 15, 0));
	assert_int_equal(set_of("/b", 2, 0), 0);
	globs[0].group = KRSI_PRIV_DFA_GROUPS;
	assert_int_equal(krsi_priv_dfa_build(globs, count, &roomy, &dfa, &(struct krsi_priv_dfa_cost){ 0 }), -EINVAL);
}

static void test_or_below_is_a_directory_and_what_is_in_it(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "/a", "/a", true },
		{ "/a", "/a/b", true },
		{ "/a", "/a/b/c", true },
		{ "/a", "/ab", false },
		{ "/a", "", false },
		{ "/", "", true },
		{ "/", "/a/b", true },
		{ "/home/*", "/home", false },
		{ "/home/*", "/home/x", true },
		{ "/home/*", "/home/x/y", true },
		{ "/home/*", "/home/", false },
		{ "/home/**", "/home", false },
		{ "/home/**", "/home/x/y", true },
		{ "/**/b", "/a/b/c", true },
		{ "/**/b", "/a/bc", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		count = 0;
		add_pattern(parse(cases[i].pattern, true), 0, 1, true);
		build();
		assert_well_formed();
		if (matches(cases[i].text, 0, 1) != cases[i].matches)
			fail_msg("%s %s %s", cases[i].pattern, cases[i].matches ? "does not match" : "matches", cases[i].text);
	}
}

static void test_a_set_of_nothing_matches_nothing(void **state)
{
	static const uint64_t slash[4] = { 1ull << '/' }, none[4] = { 0 };
	struct krsi_priv_token token = { .kind = KRSI_PRIV_TOKEN_SET, .set = slash };
	const struct krsi_priv_component component = { .count = 1, .tokens = &token };
	const struct krsi_priv_alternative alternative = { .shape = KRSI_PRIV_SHAPE_GLOB, .count = 1, .components = &component };

	(void)state;
	globs[count++] = (struct krsi_priv_glob){ .alternative = &alternative, .is_path = true };
	build();
	assert_int_equal(dfa.state_count, 1);
	globs[0].is_path = false;
	build();
	assert_true(matches("/", 0, 0));
	token.set = none;
	build();
	assert_int_equal(dfa.state_count, 1);
}

/* --- against the matcher -------------------------------------------------- */

#define PATTERNS 6

static struct {
	const struct krsi_priv_pattern *pattern;
	uint8_t group;
	uint32_t id;
	bool or_below;
} taken[PATTERNS];
static uint32_t taken_count;

static void random_name(struct policy_random *random, char *text, bool wild, bool is_path)
{
	static const char *const pieces[] = {
		"a", "b", "ab", "aab", "*", "*", "?", "[ab]", "[!a]", "[a-b]", "[!-0]", "{a,b}", "{b,{a,ab}c}", "{,a}", "\\xff",
	};
	uint32_t n = 1 + policy_random_below(random, 4);
	size_t used = strlen(text);

	while (n--) {
		const char *piece = pieces[policy_random_below(random, wild ? ARRAY_SIZE(pieces) : 4)];

		if (*piece == '*' && used && text[used - 1] == '*')
			continue;
		used += (size_t)sprintf(text + used, "%s", piece);
		if (!is_path && policy_random_below(random, 6) == 0)
			used += (size_t)sprintf(text + used, "/");
	}
}

static void random_path(struct policy_random *random, char *text, bool wild)
{
	uint32_t n = policy_random_below(random, 4) + (wild && policy_random_below(random, 8));
	bool deep = false;

	strcpy(text, n || !wild ? "" : "/");
	while (n--) {
		strcat(text, "/");
		deep = wild && !deep && policy_random_below(random, 4) == 0;
		if (deep)
			strcat(text, "**");
		else
			random_name(random, text, wild, true);
	}
}

/* Change some bytes of it, and return the new size. */
static size_t mutate(struct policy_random *random, char *text, size_t size)
{
	static const char bytes[] = "ab/c\xff\n\0.";
	uint32_t n = policy_random_below(random, 3);

	while (n--) {
		size_t at = policy_random_below(random, (uint32_t)size + 1);
		char byte = bytes[policy_random_below(random, sizeof(bytes) - 1)];

		switch (policy_random_below(random, 3)) {
		case 0:
			memmove(text + at + 1, text + at, size++ - at);
			text[at] = byte;
			break;
		case 1:
			if (at < size)
				memmove(text + at, text + at + 1, --size - at);
			break;
		default:
			if (at < size)
				text[at] = byte;
		}
	}
	return size;
}

static bool expected_path(const struct krsi_priv_pattern *pattern, const char *text, size_t size)
{
	return size ? krsi_priv_pattern_matches(pattern, text, size) : krsi_priv_pattern_matches(pattern, "/", 1);
}

static bool expected(uint32_t index, const char *text, size_t size)
{
	const struct krsi_priv_pattern *pattern = taken[index].pattern;
	size_t i;

	if (pattern->kind != KRSI_PRIV_PATTERN_PATH)
		return krsi_priv_pattern_matches(pattern, text, size);
	if (expected_path(pattern, text, size))
		return true;
	for (i = 0; taken[index].or_below && i + 1 < size; i++)
		if (text[i] == '/' && expected_path(pattern, text, i))
			return true;
	return false;
}

/* Groups 0 and 1 have paths, 2 has other text, 3 has both. */
static void take_patterns(struct policy_random *random)
{
	uint32_t n = 1 + policy_random_below(random, PATTERNS);
	struct krsi_priv_pattern_error error;
	char text[512];

	krsi_priv_arena_free(&arena);
	taken_count = 0;
	count = 0;
	while (n--) {
		uint8_t group = (uint8_t)policy_random_below(random, 4);
		bool is_path = group < 2 || (group == 3 && policy_random_below(random, 2));

		strcpy(text, "");
		if (is_path)
			random_path(random, text, true);
		else
			random_name(random, text, true, false);
		taken[taken_count].pattern = krsi_priv_pattern_parse(&arena, text, is_path ? KRSI_PRIV_PATTERN_PATH : KRSI_PRIV_PATTERN_BINARY, &error);
		if (!taken[taken_count].pattern)
			continue;
		taken[taken_count].group = group;
		taken[taken_count].id = policy_random_below(random, 4) * 1000000007u;
		taken[taken_count].or_below = is_path && policy_random_below(random, 4) == 0;
		add_pattern(taken[taken_count].pattern, group, taken[taken_count].id, taken[taken_count].or_below);
		taken_count++;
	}
}

/* How many ids matched. */
static uint32_t check_text(const char *text, size_t size)
{
	/* What no path can be: see dfa.h. */
	bool slash_at_end = size && text[size - 1] == '/', no_name = memmem(text, size, "//", 2);
	uint32_t i, k, hits = 0;
	uint8_t group;

	for (group = 0; group < 5; group++) {
		uint32_t set = set_of(text, size, group);

		for (i = 0; i < taken_count; i++) {
			bool is_path = taken[i].pattern->kind == KRSI_PRIV_PATTERN_PATH, want = false, unclear = false;

			for (k = 0; k < taken_count; k++) {
				if (taken[k].group != group || taken[k].id != taken[i].id)
					continue;
				is_path = taken[k].pattern->kind == KRSI_PRIV_PATTERN_PATH;
				unclear |= is_path && (slash_at_end || (no_name && taken[k].or_below));
				want |= expected(k, text, size);
			}
			hits += want;
			if (!unclear && set_has(set, taken[i].id) != want)
				fail_msg("group %u, id %u (%s): \"%.*s\" should%s match", group, taken[i].id,
					 taken[i].pattern->text, (int)size, text, want ? "" : " not");
		}
	}
	return hits;
}

static void test_random_globs_match_as_the_matcher_does(void **state)
{
	struct policy_random random = policy_random_new();
	uint32_t i, k, hits = 0, states = 0;
	char text[512];

	(void)state;
	for (i = 0; i < 3000; i++) {
		take_patterns(&random);
		build();
		if (dfa.state_count < 60)
			assert_well_formed();
		states += dfa.state_count;
		for (k = 0; k < 40; k++) {
			strcpy(text, "");
			if (policy_random_below(&random, 3))
				random_path(&random, text, false);
			else
				random_name(&random, text, false, false);
			hits += check_text(text, mutate(&random, text, strlen(text)));
		}
	}
	assert_true(hits > 10000);
	assert_true(states > 20000);
}

/* --- always the same ------------------------------------------------------ */

static void assert_same(const struct krsi_priv_dfa *a, const struct krsi_priv_dfa *b)
{
	assert_memory_equal(a->classes, b->classes, sizeof(a->classes));
	assert_memory_equal(a->start, b->start, sizeof(a->start));
	assert_int_equal(a->class_count, b->class_count);
	assert_int_equal(a->state_count, b->state_count);
	assert_int_equal(a->set_count, b->set_count);
	assert_memory_equal(a->next, b->next, (size_t)a->state_count * a->class_count * sizeof(*a->next));
	assert_memory_equal(a->accept, b->accept, a->state_count * sizeof(*a->accept));
	assert_memory_equal(a->set_start, b->set_start, (a->set_count + 1) * sizeof(*a->set_start));
	if (a->set_start[a->set_count])
		assert_memory_equal(a->ids, b->ids, a->set_start[a->set_count] * sizeof(*a->ids));
}

static void test_the_order_of_the_globs_does_not_show(void **state)
{
	struct policy_random random = policy_random_new();
	struct krsi_priv_dfa first;
	struct krsi_priv_glob glob;
	uint32_t i, k, other;

	(void)state;
	for (i = 0; i < 300; i++) {
		take_patterns(&random);
		build();
		first = dfa;
		memset(&dfa, 0, sizeof(dfa));
		build();
		assert_same(&first, &dfa);
		for (k = 0; k < count; k++) {
			other = policy_random_below(&random, (uint32_t)count);
			glob = globs[k];
			globs[k] = globs[other];
			globs[other] = glob;
		}
		build();
		assert_same(&first, &dfa);
		krsi_priv_dfa_free(&first);
	}
}

static void test_the_same_language_is_the_same_automaton(void **state)
{
	struct krsi_priv_dfa first;

	(void)state;
	add("/{a,b}{c,d}/**", 0, 5);
	add("/x", 0, 5);
	build();
	first = dfa;
	memset(&dfa, 0, sizeof(dfa));
	count = 0;
	add("/[x-x]", 0, 5);
	add("/[ab][cd]/**", 0, 5);
	add("/ad/**/q*", 0, 5);
	add("/bc/\\x7f", 0, 5);
	build();
	assert_same(&first, &dfa);
	krsi_priv_dfa_free(&first);
}

/* --- limits --------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_many(uint32_t n, const char *fmt)
{
	char text[128];
	uint32_t i;

	for (i = 0; i < n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), fmt, i, i);
#pragma GCC diagnostic pop
		add(text, 0, (uint32_t)count);
	}
}

static void refuse(struct krsi_priv_dfa_limits limits, const char *what)
{
	struct krsi_priv_dfa_cost cost = { 0 };
	struct krsi_priv_dfa before;

	krsi_priv_dfa_free(&dfa);
	memset(&dfa, 0x5a, sizeof(dfa));
	before = dfa;
	assert_int_equal(krsi_priv_dfa_build(globs, count, &limits, &dfa, &cost), -E2BIG);
	assert_memory_equal(&dfa, &before, sizeof(dfa));
	memset(&dfa, 0, sizeof(dfa));
	assert_string_equal(cost.what, what);
	assert_true(cost.reached > cost.limit);
	assert_int_equal(cost.limit, strcmp(what, "states") == 0 ? limits.states : strcmp(what, "bytes") == 0 ? limits.bytes : limits.work);
}

static void test_what_would_grow_too_large_is_refused(void **state)
{
	double begin = seconds();

	(void)state;
	/* Which of 3000 directories were passed has to be remembered: 2^3000 states. */
	add_many(3000, "/**/dir%u/**");
	refuse((struct krsi_priv_dfa_limits){ 65535, 1u << 30, 3000000 }, "work");
	refuse((struct krsi_priv_dfa_limits){ 65535, 4u << 20, 1000000000 }, "bytes");
	count = 0;
	/* Which of the last 30 bytes were an `a`. */
	add("/*a??????????????????????????????", 0, 0);
	refuse((struct krsi_priv_dfa_limits){ 65535, 1u << 30, 3000000 }, "work");
	refuse((struct krsi_priv_dfa_limits){ 65535, 4u << 20, 1000000000 }, "bytes");
	count = 0;
	add("/*a????????", 0, 0);
	refuse((struct krsi_priv_dfa_limits){ 100, 1u << 30, 1000000000 }, "states");
	build();
	refuse((struct krsi_priv_dfa_limits){ dfa.state_count, 0, 1000000000 }, "bytes");
	refuse((struct krsi_priv_dfa_limits){ 65535, 1u << 30, 0 }, "work");
	assert_true(seconds() - begin < 10);	/* natively far below a second */
}

static void test_the_limit_of_states_is_exact(void **state)
{
	struct krsi_priv_dfa_limits limits = roomy;
	struct krsi_priv_dfa_cost cost;

	(void)state;
	add("/*a????", 0, 0);
	build();
	limits.states = dfa.state_count;
	krsi_priv_dfa_free(&dfa);
	assert_int_equal(krsi_priv_dfa_build(globs, count, &limits, &dfa, &cost), 0);
	krsi_priv_dfa_free(&dfa);
	limits.states--;
	refuse(limits, "states");
	/* A 16-bit number cannot say more, whatever is asked for. */
	count = 0;
	add("/*a????????????????", 0, 0);
	limits.states = UINT32_MAX;
	assert_int_equal(krsi_priv_dfa_build(globs, count, &limits, &dfa, &cost), -E2BIG);
	assert_string_equal(cost.what, "states");
	assert_int_equal(cost.limit, KRSI_PRIV_DFA_STATES_MAX);
}

static void add_some(void)
{
	add("/a/**/*x[0-9][!q]?", 0, 1);
	add("/**/{b,c}/**", 0, 2);
	add("*[ab]c", 1, 3);
	add_pattern(parse("/d/*", true), 2, 4, true);
}

static void test_every_limit_stops_it_anywhere(void **state)
{
	struct krsi_priv_dfa_limits limits;
	struct krsi_priv_dfa_cost cost;
	int err = -E2BIG;

	(void)state;
	add_some();
	for (limits = roomy, limits.bytes = 0; err; limits.bytes += 1 + limits.bytes / 256) {
		err = krsi_priv_dfa_build(globs, count, &limits, &dfa, &cost);
		assert_true(!err || (err == -E2BIG && strcmp(cost.what, "bytes") == 0));
	}
	krsi_priv_dfa_free(&dfa);
	err = -E2BIG;
	for (limits = roomy, limits.work = 0; err; limits.work += 1 + limits.work / 256) {
		err = krsi_priv_dfa_build(globs, count, &limits, &dfa, &cost);
		assert_true(!err || (err == -E2BIG && strcmp(cost.what, "work") == 0));
	}
}

static void test_no_memory_is_an_error_anywhere(void **state)
{
	struct krsi_priv_dfa_cost cost;
	unsigned int nth, failed = 1;
	int err;

	(void)state;
	add_some();
	for (nth = 1; failed; nth++) {
		krsi_priv_dfa_free(&dfa);
		inject_start(nth, false);
		err = krsi_priv_dfa_build(globs, count, &roomy, &dfa, &cost);
		failed = inject_stop();
		/* Only to give memory back may fail without harm. */
		assert_true(err == -ENOMEM || (err == 0 && dfa.next));
	}
	assert_int_equal(err, 0);
	assert_true(nth > 40);
}

static void test_ten_thousand_globs_are_quick(void **state)
{
	double begin;

	(void)state;
	add_many(5000, "/srv/app-%04u/*.conf");
	add_many(5000, "/home/*/.cache/dir%u/**");
	begin = seconds();
	build();
	begin = seconds() - begin;
	print_message("# %zu globs: %u states, %.3f s\n", count, dfa.state_count, begin);
	assert_true(begin < 5);
	assert_true(matches("/srv/app-0123/x.conf", 0, 123));
	assert_false(matches("/srv/app-0123/x.conf", 0, 124));
	assert_false(matches("/srv/app-0123/x/y.conf", 0, 123));
	assert_true(matches("/home/u/.cache/dir4999/x/y", 0, 9999));
	assert_false(matches("/home/u/.cache/dir4999", 0, 9999));
	assert_int_equal(dfa.set_count, 10001);
}

static void test_many_names_behind_any_depth_are_no_blow_up(void **state)
{
	(void)state;
	add_many(3000, "/**/*.ext%u");
	build();
	assert_true(dfa.state_count < 10000);
	assert_true(matches("/a/b/x.ext77", 0, 77));
	/* {} make many ways to the same place, and so do several globs of one id. */
	count = 0;
	add("/**/{a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x}/**/*.{sh,py}", 0, 1);
	build();
	assert_true(dfa.state_count < 30);
	assert_true(matches("/z/q/a.d/x.py", 0, 1));
	/* Below /x nothing is left to find out. */
	count = 0;
	add("/x/**", 0, 1);
	add("/x/*a??????????????????????????????", 0, 1);
	add("/x/b", 0, 2);
	build();
	assert_true(dfa.state_count < 10);
	/* One id: that one of the directories was passed is all there is to know. */
	count = 0;
	add_many(3000, "/**/dir%u/**");
	for (size_t i = 0; i < count; i++)
		globs[i].id = 1;
	build();
	assert_true(dfa.state_count < 100);
	assert_true(matches("/a/dir2999/x", 0, 1));
	assert_false(matches("/a/dir3000/x", 0, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		dfa_test(test_globs_match_as_the_matcher_does),
		dfa_test(test_the_smallest_is_found),
		dfa_test(test_no_globs_are_one_dead_state),
		dfa_test(test_groups_do_not_mix),
		dfa_test(test_or_below_is_a_directory_and_what_is_in_it),
		dfa_test(test_a_set_of_nothing_matches_nothing),
		dfa_test(test_random_globs_match_as_the_matcher_does),
		dfa_test(test_the_order_of_the_globs_does_not_show),
		dfa_test(test_the_same_language_is_the_same_automaton),
		dfa_test(test_what_would_grow_too_large_is_refused),
		dfa_test(test_the_limit_of_states_is_exact),
		dfa_test(test_every_limit_stops_it_anywhere),
		dfa_test(test_no_memory_is_an_error_anywhere),
		dfa_test(test_ten_thousand_globs_are_quick),
		dfa_test(test_many_names_behind_any_depth_are_no_blow_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

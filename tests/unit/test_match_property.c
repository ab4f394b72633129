/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Whatever the policies are and whatever they are asked: the matcher of bpf/match.h on a compiled
 * image gives the answer that the plain reading of the policies gives. KRSI_SEED chooses the chance,
 * and KRSI_ROUNDS how long it is tried.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "match_random.h"

#define POLICIES_MAX 3
#define QUESTIONS 100
#define ROUNDS 500

/* What was seen, so that a test that tests nothing is found out. */
struct seen {
	unsigned int questions, refused, signalled, told, tagged, unresolved, would, crowded, by_default, opened;
};

struct round {
	struct krsi_ctx *ctx;
	struct policy_random *random;
	struct oracle_world world;
	const struct krsi_policy *policies[POLICIES_MAX];
	size_t policy_count;
	struct krsi_priv_bits tags, predicates;
	struct krsi_priv_image image;
	struct seen *seen;
};

/* Mostly few, so that what one rule does is not hidden by others; now and then so many that sets have several blocks with gaps. */
static unsigned int rules_of(struct policy_random *random)
{
	return policy_random_below(random, 40) ? 1 + policy_random_below(random, 9) : 100 + policy_random_below(random, 400);
}

/* The bits stay, for the next generation to go on from. */
static void round_end(struct round *round)
{
	krsi_priv_image_free(&round->image);
	round->image = (struct krsi_priv_image){ .units = NULL };
	while (round->policy_count)
		krsi_policy_free((struct krsi_policy *)(uintptr_t)round->policies[--round->policy_count]);
}

/* False: they have more descriptions of other processes than there is room for. */
static bool round_begin(struct round *round, uint64_t number)
{
	struct krsi_priv_compile compile = {
		.generation = number, .secret = number * 0x1234567887654321ULL, .resolve = oracle_resolve, .resolve_data = &round->world,
		.tags = &round->tags, .predicates = &round->predicates,
	};
	uint32_t count = 1 + policy_random_below(round->random, POLICIES_MAX), i;
	int err;

	memcpy(compile.host_namespaces, round->world.host_namespaces, sizeof(compile.host_namespaces));
	for (i = 0; i < count; i++)
		round->policies[round->policy_count++] = random_policy(round->random, round->ctx, i, rules_of(round->random));
	err = krsi_priv_image_compile(round->ctx, round->policies, round->policy_count, &compile, &round->image);
	if (err != -E2BIG)
		assert_ok(round->ctx, err);
	return !err;
}

static bool same_told(const struct krsi_priv_told *a, const struct krsi_priv_told *b)
{
	return a->kind == b->kind && a->outcome == b->outcome && a->policy == b->policy && a->rule == b->rule;
}

static uint64_t oracle_tags(const struct round *round, const struct oracle_answer *answer, bool tree)
{
	uint64_t tags = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(round->tags.names); i++)
		if (round->tags.names[i] && oracle_has_tag(answer, round->tags.names[i], tree))
			tags |= 1ULL << i;
	return tags;
}

/* What differs, or NULL. */
static const char *difference(const struct round *round, const struct krsi_priv_answer *answer, const struct oracle_answer *truth)
{
	size_t i;

	if (answer->error != truth->error)
		return "error";
	if (answer->signal != truth->signal)
		return "signal";
	if (!same_told(&answer->by, &truth->by))
		return "what refuses";
	if (answer->told_count != truth->told_count)
		return "how much is told";
	for (i = 0; i < truth->told_count; i++)
		if (!same_told(&answer->told[i], &truth->told[i]))
			return "what is told";
	if (answer->tags != oracle_tags(round, truth, false) || answer->tree_tags != oracle_tags(round, truth, true))
		return "tags";
	return NULL;
}

static void told_print(const char *who, int error, uint32_t signal, const struct krsi_priv_told *by, const struct krsi_priv_told *told, size_t count)
{
	size_t i;

	print_message("# %s: error %d, signal %u, by kind %u of policy %u, rule %u; told:", who, error, signal, by->kind, by->policy, by->rule);
	for (i = 0; i < count; i++)
		print_message(" kind %u p%u r%u outcome %u;", told[i].kind, told[i].policy, told[i].rule, told[i].outcome);
	print_message("\n");
}

/* Line by line, as cmocka cuts what is longer than a kilobyte. */
static void text_print(char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")))
		print_message("# | %s\n", line);
}

static void round_print(const struct round *round, const struct krsi_priv_question *question, const struct krsi_priv_answer *answer,
			const struct oracle_answer *truth)
{
	char *text;
	size_t i;

	for (i = 0; i < round->policy_count; i++) {
		assert_ok(round->ctx, krsi_policy_print(round->policies[i], &text));
		text_print(text);
		free(text);
	}
	random_question_print(question);
	told_print("matcher", answer->error, answer->signal, &answer->by, answer->told, answer->told_count);
	told_print("oracle", truth->error, truth->signal, &truth->by, truth->told, truth->told_count);
}

static void answer_count(struct seen *seen, const struct krsi_priv_answer *answer)
{
	size_t i;

	seen->questions++;
	seen->refused += answer->error != 0;
	seen->signalled += answer->signal != 0;
	seen->told += answer->told_count != 0;
	seen->tagged += answer->tags != 0;
	seen->by_default += answer->by.kind == IMAGE_DEFAULT;
	for (i = 0; i < answer->told_count; i++) {
		seen->would += answer->told[i].outcome & 1;
		seen->unresolved += answer->told[i].outcome >> 1 & 1;
	}
}

/* More hits than a slot has room for make an object unresolved; the page does not tell of that, and test_match.c does. */
static void ask(struct round *round, const struct random_processes *processes)
{
	static struct oracle_answer truth;
	struct krsi_priv_answer answer = { 0 };
	struct random_question question;
	const char *what;

	random_question(round->random, round->image.operations, processes, &question);
	question.question.tag_bits = &round->tags;
	assert_int_equal(krsi_priv_match(&round->image, &question.question, &answer), 0);
	if (answer.has_too_many_hits) {
		round->seen->crowded++;
		krsi_priv_answer_free(&answer);
		return;
	}
	oracle_ask(round->policies, round->policy_count, &round->world, &question.question, &truth);
	what = difference(round, &answer, &truth);
	if (what)
		round_print(round, &question.question, &answer, &truth);
	answer_count(round->seen, &answer);
	round->seen->opened += question.question.operation >= KRSI_PRIV_OP_OPENED && (answer.error || answer.allowed_by.kind);
	krsi_priv_answer_free(&answer);
	if (what)
		fail_msg("another %s than the policies say", what);
}

static void test_match_says_what_the_policies_say(void **state)
{
	const char *wish = getenv("KRSI_ROUNDS");
	struct policy_random random = policy_random_new();
	struct seen seen = { 0 };
	struct round round = { .ctx = *state, .random = &random, .world = random_world(), .seen = &seen };
	uint64_t rounds = wish ? strtoull(wish, NULL, 0) : ROUNDS, i, k;
	static struct random_processes processes;

	for (i = 0; i < rounds; i++) {
		while (!round_begin(&round, i + 1))
			round_end(&round);
		random_processes(&random, &processes);
		for (k = 0; k < QUESTIONS; k++)
			ask(&round, &processes);
		round_end(&round);
	}
	krsi_priv_bits_free(&round.tags);
	krsi_priv_bits_free(&round.predicates);
	print_message("# %u questions: %u refused (%u by a default), %u with a signal, %u told, %u tagged; %u would have been, %u unresolved;"
		      " %u left out for too many hits\n", seen.questions, seen.refused, seen.by_default, seen.signalled,
		      seen.told, seen.tagged, seen.would, seen.unresolved, seen.crowded);
	assert_true(seen.questions >= 50 * rounds);
	assert_true(seen.refused > seen.questions / 20);
	assert_true(seen.refused < seen.questions - seen.questions / 20);
	assert_true(seen.told && seen.tagged && seen.signalled && seen.would && seen.unresolved && seen.by_default);
	assert_true(seen.opened);
	assert_true(seen.crowded < seen.questions / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_match_says_what_the_policies_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

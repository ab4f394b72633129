/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What rules have done, of policies in force: each has a count of its own, by its name and by its number. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "engine/engine.h"

#define MANY 4096	/* the limit of an engine */

int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t entries,
			  const struct bpf_map_create_opts *opts);
int __wrap_bpf_map_create(enum bpf_map_type type, const char *name, uint32_t key_size, uint32_t value_size, uint32_t entries,
			  const struct bpf_map_create_opts *opts)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	(void)type;
	(void)key_size;
	(void)opts;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)value_size * entries), 0);
	return fd;
}

/* --- policies in force, without a kernel ---------------------------------------- */

static struct krsi_engine engine;

/* A policy of so many rules. */
static struct krsi_policy *policy_make(struct krsi_ctx *ctx, const char *name, size_t rules)
{
	struct krsi_policy *policy;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fprintf(out, "version: 1\nname: %s\nrules:\n", name);
	for (i = 0; i < rules; i++)
		fprintf(out, "  - { name: rule-%zu, on: file.open, object: { path: /srv/%s/%zu }, action: deny }\n", i, name, i);
	fclose(out);
	assert_ok(ctx, krsi_policy_parse(ctx, text, size, NULL, &policy));
	free(text);
	return policy;
}

static void engine_begin(struct krsi_ctx *ctx, struct krsi_policy **policies, size_t count)
{
	struct krsi_priv_generation made;
	size_t i;

	engine = (struct krsi_engine){ .ctx = ctx };
	for (i = 0; i < KRSI_PRIV_GENERATIONS; i++)
		engine.generations[i].map_fd = -1;
	assert_ok(ctx, krsi_priv_generation_make(&engine, policies, count, &made));
	engine.generations[made.number % KRSI_PRIV_GENERATIONS] = made;
	engine.current = made.number;
	while (count)
		krsi_policy_free(policies[--count]);
}

static void engine_end(void)
{
	struct krsi_priv_generation *generation = krsi_priv_generation_find(&engine, engine.current);

	krsi_priv_generation_free(&engine, generation);
}

/* Give each rule a count of its own, as the programs would. */
static void counts_set(void)
{
	struct krsi_priv_generation *generation = krsi_priv_generation_find(&engine, engine.current);
	const struct image_header *header = (const struct image_header *)generation->units;
	const struct image_clause *clause;
	struct image_counter *counter;
	uint32_t i;

	for (i = 0; i < header->clauses; i++) {
		clause = (const struct image_clause *)&generation->units[header->clause_table + i];
		counter = (struct image_counter *)&generation->units[header->counter_table + 2 * i];
		counter->hits = clause->kind == IMAGE_RULE ? 10000 * (clause->policy + 1u) + clause->rule : 99;
		counter->suppressed = clause->rule;
	}
}

/* --- cases ------------------------------------------------------------------------ */

static void rule_is(const char *policy, size_t index, uint64_t hits)
{
	struct krsi_engine_rule_info info = { .sz = sizeof(info) };
	char name[32];

	assert_ok(engine.ctx, krsi_engine_rule_at(&engine, policy, index, &info));
	assert_int_equal(info.hits, hits);
	assert_int_equal(info.suppressed, index);
	snprintf(name, sizeof(name), "rule-%zu", index);
	info = (struct krsi_engine_rule_info){ .sz = sizeof(info) };
	assert_ok(engine.ctx, krsi_engine_rule_info(&engine, policy, name, &info));
	assert_int_equal(info.hits, hits);
	assert_int_equal(info.suppressed, index);
}

static void test_each_rule_has_its_own_count(void **state)
{
	struct krsi_policy *policies[] = { policy_make(*state, "first", 5), policy_make(*state, "second", 3) };
	size_t i;

	engine_begin(*state, policies, 2);
	counts_set();
	for (i = 0; i < 5; i++)
		rule_is("first", i, 10000 + i);
	for (i = 0; i < 3; i++)
		rule_is("second", i, 20000 + i);
	engine_end();
}

static void test_rules_that_are_not_there(void **state)
{
	struct krsi_policy *policies[] = { policy_make(*state, "first", 2) };
	struct krsi_engine_rule_info info = { .sz = sizeof(info), .hits = 7 };

	engine_begin(*state, policies, 1);
	assert_int_equal(krsi_engine_rule_at(&engine, "first", 2, &info), -ENOENT);
	assert_detail(*state, "policy first has no rule number 2; it has 2");
	assert_int_equal(krsi_engine_rule_at(&engine, "other", 0, &info), -ENOENT);
	assert_int_equal(krsi_engine_rule_info(&engine, "first", "rule-2", &info), -ENOENT);
	assert_int_equal(info.hits, 7);
	assert_int_equal(krsi_engine_rule_at(NULL, "first", 0, &info), -EINVAL);
	assert_int_equal(krsi_engine_rule_at(&engine, NULL, 0, &info), -EINVAL);
	assert_int_equal(krsi_engine_rule_at(&engine, "first", 0, NULL), -EINVAL);
	info.sz = 0;
	assert_int_equal(krsi_engine_rule_at(&engine, "first", 0, &info), -EINVAL);
	engine_end();
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Asked by their numbers nothing is looked for. The times are told, and not judged. */
static void test_as_many_rules_as_there_can_be(void **state)
{
	struct krsi_policy *policies[] = { policy_make(*state, "many", MANY) };
	struct krsi_engine_rule_info info = { .sz = sizeof(info) };
	uint64_t begun, by_number, by_name;
	char name[32];
	size_t i;

	engine_begin(*state, policies, 1);
	counts_set();
	begun = now_us();
	for (i = 0; i < MANY; i++) {
		assert_int_equal(krsi_engine_rule_at(&engine, "many", i, &info), 0);
		assert_int_equal(info.hits, 10000 + i);
	}
	by_number = now_us() - begun;
	begun = now_us();
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "rule-%zu", i);
		assert_int_equal(krsi_engine_rule_info(&engine, "many", name, &info), 0);
		assert_int_equal(info.hits, 10000 + i);
	}
	by_name = now_us() - begun;
	print_message("# %d rules by number in %llu us, by name in %llu us\n", MANY, (unsigned long long)by_number, (unsigned long long)by_name);
	engine_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ctx_test(test_each_rule_has_its_own_count),
		ctx_test(test_rules_that_are_not_there),
		ctx_test(test_as_many_rules_as_there_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Types that no compiler writes. libbpf's own functions put them together, as they look at little. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/btf.h>

#include "btf_check.h"

/* Check a copy that is exactly as long, so that one byte too many being read is seen. Takes `btf` over. */
static int check(struct btf *btf, const char **problem)
{
	const void *bytes;
	uint32_t size;
	char *copy;
	int err;

	bytes = btf__raw_data(btf, &size);
	assert_non_null(bytes);
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, bytes, size);
	*problem = "";
	err = krsi_priv_btf_check(copy, size, problem);
	free(copy);
	btf__free(btf);
	return err;
}

static struct btf *with_int(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 1);
	return btf;
}

static void add_all_kinds(struct btf *btf)
{
	btf__add_ptr(btf, 0);
	btf__add_typedef(btf, "number", 1);
	btf__add_volatile(btf, 3);
	btf__add_const(btf, 4);
	btf__add_restrict(btf, 2);
	btf__add_array(btf, 1, 5, 3);
	btf__add_struct(btf, "list", 16);
	btf__add_field(btf, "next", 12, 0, 0);
	btf__add_field(btf, "value", 7, 64, 0);
	btf__add_union(btf, "either", 4);
	btf__add_field(btf, "value", 1, 0, 0);
	btf__add_enum(btf, "color", 4);
	btf__add_enum_value(btf, "RED", 1);
	btf__add_enum64(btf, "wide", 8, false);
	btf__add_enum64_value(btf, "WIDE", 1ull << 40);
	btf__add_ptr(btf, 8);			/* 12: a list refers to itself through it */
	btf__add_func_proto(btf, 0);
	btf__add_func_param(btf, "list", 12);
	btf__add_func_param(btf, "", 0);	/* and whatever follows */
	btf__add_func(btf, "count", BTF_FUNC_EXTERN, 13);
	btf__add_fwd(btf, "elsewhere", BTF_FWD_STRUCT);
	btf__add_float(btf, "double", 8);
	btf__add_type_tag(btf, "user", 1);
	btf__add_var(btf, "counter", BTF_VAR_GLOBAL_ALLOCATED, 5);
	btf__add_datasec(btf, ".bss", 4);
	btf__add_datasec_var_info(btf, 18, 0, 4);
	btf__add_datasec(btf, ".ksyms", 0);
	btf__add_datasec_var_info(btf, 14, 0, 0);
	assert_int_equal(btf__add_decl_tag(btf, "tag", 8, -1), 21);
}

static void test_types_of_every_kind_pass(void **state)
{
	struct btf *btf = with_int();
	const char *problem;

	(void)state;
	add_all_kinds(btf);
	assert_int_equal(check(btf, &problem), 0);
}

/* The 32 bits of a valid type that are looked at are made wrong one by one. */
static void test_wrong_number_is_told(void **state)
{
	const char *const name = "a name lies outside", *const missing = "a type that it does not have";
	const char *const kind = "a type of the wrong kind", *const nothing = "something is of type void";
	const char *const size = "larger than 2 GiB";
	const struct {
		const char *what;
		int id, word;		/* number of the type, and which 32 bits of it */
		uint32_t value;
		const char *words;
	} cases[] = {
		{ "the int's name", 1, 0, 100000, name }, { "the int's size", 1, 2, 0x80000000, size },
		{ "the pointer's type", 2, 2, 22, missing }, { "the typedef's name", 3, 0, 0xffffffff, name },
		{ "the typedef's type", 3, 2, 22, missing }, { "a typedef of a function", 3, 2, 14, kind },
		{ "volatile", 4, 2, 0xffffffff, missing }, { "const", 5, 2, 22, missing }, { "restrict", 6, 2, 18, kind },
		{ "an array of what", 7, 3, 22, missing }, { "an array of void", 7, 3, 0, nothing },
		{ "an array's index", 7, 4, 22, missing }, { "a member's name", 8, 3, 100000, name },
		{ "a member's type", 8, 4, 22, missing }, { "a member of no size", 8, 4, 13, kind },
		{ "a void member", 8, 4, 0, nothing }, { "the second member", 8, 7, 22, missing },
		{ "the union's member", 9, 4, 14, kind }, { "an enum's value", 10, 3, 100000, name },
		{ "a wide enum's value", 11, 3, 100000, name }, { "what is returned", 13, 2, 22, missing },
		{ "an argument's name", 13, 3, 100000, name }, { "an argument's type", 13, 4, 20, kind },
		{ "a function's type", 14, 2, 1, kind }, { "a function of nothing", 14, 2, 0, kind },
		{ "the name of the forward", 15, 0, 100000, name }, { "the float's name", 16, 0, 100000, name },
		{ "the tagged type", 17, 2, 22, missing }, { "the variable's type", 18, 2, 22, missing },
		{ "a variable that is a variable", 18, 2, 18, kind }, { "a section's variable", 19, 3, 22, missing },
		{ "a section of ints", 19, 3, 1, kind }, { "a section of void", 19, 3, 0, kind },
		{ "the tagged declaration", 21, 2, 22, missing },
	};
	const char *problem;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct btf *btf = with_int();

		add_all_kinds(btf);
		((uint32_t *)btf__type_by_id(btf, (uint32_t)cases[i].id))[cases[i].word] = cases[i].value;
		if (check(btf, &problem) != -EBADMSG)
			fail_msg("%s was not seen", cases[i].what);
		assert_words(problem, cases[i].words);
	}
}

static void test_type_that_contains_itself_is_told(void **state)
{
	const char *problem;
	struct btf *btf;

	(void)state;
	btf = with_int();
	btf__add_typedef(btf, "self", 2);
	assert_int_equal(check(btf, &problem), -EBADMSG);
	assert_words(problem, "contains itself");

	btf = with_int();
	btf__add_struct(btf, "snake", 4);
	btf__add_field(btf, "tail", 3, 0, 0);
	btf__add_array(btf, 1, 4, 1);
	btf__add_const(btf, 2);
	assert_int_equal(check(btf, &problem), -EBADMSG);
	assert_words(problem, "contains itself");
}

/* Each in the next one; the last is an int. */
static int check_chain(int length)
{
	struct btf *btf = with_int();
	const char *problem;
	int i;

	for (i = 2; i <= length; i++)
		btf__add_typedef(btf, "deep", i == length ? 1 : i + 1);
	return check(btf, &problem);
}

static void test_types_may_be_as_deep_as_anybody_needs(void **state)
{
	(void)state;
	assert_int_equal(check_chain(64), 0);
	assert_int_equal(check_chain(65), -EBADMSG);
	assert_int_equal(check_chain(100000), -EBADMSG);
}

static void test_variable_of_arrays_is_measured(void **state)
{
	static const struct { uint32_t outer, inner; int err; } cases[] = {
		{ 1, 1, 0 }, { 0, 0xffffffff, 0 }, { 1 << 14, 1 << 14, 0 }, { 1 << 14, 1 << 15, -EBADMSG },
		{ 0xffffffff, 0xffffffff, -EBADMSG },
	};
	const char *problem;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct btf *btf = with_int();

		btf__add_array(btf, 1, 1, cases[i].inner);
		btf__add_array(btf, 1, 2, cases[i].outer);
		btf__add_var(btf, "large", BTF_VAR_GLOBAL_ALLOCATED, 3);
		if (check(btf, &problem) != cases[i].err)
			fail_msg("%u of %u", cases[i].outer, cases[i].inner);
	}
}

/* libbpf says what is wrong with these, and with kinds that are newer than this library may it do what it knows. */
static void test_what_libbpf_looks_at_is_left_to_it(void **state)
{
	struct btf_header header = { .magic = BTF_MAGIC, .version = 1, .hdr_len = sizeof(header) };
	struct { struct btf_header header; struct btf_type type; char names[1]; } newer = { .header = header };
	const char *problem = "";

	(void)state;
	assert_int_equal(krsi_priv_btf_check("", 0, &problem), 0);
	assert_int_equal(krsi_priv_btf_check(&header, sizeof(header) - 1, &problem), 0);
	assert_int_equal(krsi_priv_btf_check(&header, sizeof(header), &problem), 0);
	header.type_len = 12;
	assert_int_equal(krsi_priv_btf_check(&header, sizeof(header), &problem), 0);
	header.hdr_len = 0xfffffff0;
	assert_int_equal(krsi_priv_btf_check(&header, sizeof(header), &problem), 0);
	newer.header.type_len = sizeof(newer.type);
	newer.header.str_off = sizeof(newer.type);
	newer.header.str_len = 1;
	newer.type.info = 31u << 24;
	newer.type.type = 77;
	assert_int_equal(krsi_priv_btf_check(&newer, sizeof(newer), &problem), 0);
	newer.type.info = BTF_KIND_TYPEDEF << 24;
	assert_int_equal(krsi_priv_btf_check(&newer, sizeof(newer), &problem), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_of_every_kind_pass),
		cmocka_unit_test(test_wrong_number_is_told),
		cmocka_unit_test(test_type_that_contains_itself_is_told),
		cmocka_unit_test(test_types_may_be_as_deep_as_anybody_needs),
		cmocka_unit_test(test_variable_of_arrays_is_measured),
		cmocka_unit_test(test_what_libbpf_looks_at_is_left_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

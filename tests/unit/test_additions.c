/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a kernel has of libkrsi's patches or module, from directories that look like the kernel's. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "additions.h"

#define ALL "abi 1\norigin patch\nhooks\nenforce\nseal\nargv\naudit\n"
#define MODULE "abi 1\norigin module\nseal\nargv\naudit\n"

static char dir[256];

static void file_make(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* A patched kernel with three programs on two of its three hooks. */
static void patched_make(void)
{
	char hooks[300];

	snprintf(hooks, sizeof(hooks), "%s/hooks", dir);
	assert_int_equal(mkdir(hooks, 0700), 0);
	file_make("hooks/file_open", "open_check prog=12 link=4 tag=0123456789abcdef sealed\n- prog=13 link=5 tag=fedcba9876543210\n");
	file_make("hooks/bprm_check_security", "exec_check prog=9 link=3 tag=a2af534598f3a68a cgroup\n");
	file_make("hooks/task_kill", "");
	file_make("seal", "4\n");
	file_make("enforce", "1\n");
	file_make("denials", "0\n");
	file_make("features", ALL);
}

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	krsi_priv_additions_dir = dir;
	return unit_setup(state);
}

static int teardown(void **state)
{
	char hooks[300];

	snprintf(hooks, sizeof(hooks), "%s/hooks", dir);
	if (access(hooks, F_OK) == 0)
		unit_dir_remove(hooks);
	unit_dir_remove(dir);
	return unit_teardown(state);
}

static struct krsi_additions *additions_new(struct krsi_ctx *ctx)
{
	struct krsi_additions *additions = NULL;

	assert_ok(ctx, krsi_additions_new(ctx, &additions));
	return additions;
}

static struct krsi_additions_info info_of(const struct krsi_additions *additions)
{
	struct krsi_additions_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_additions_info(additions, &info), 0);
	return info;
}

static struct krsi_additions_program program_of(const struct krsi_additions *additions, size_t index)
{
	struct krsi_additions_program program = { .sz = sizeof(program) };

	assert_int_equal(krsi_additions_program(additions, index, &program), 0);
	return program;
}

/* --- what there is -------------------------------------------------------- */

static void test_a_stock_kernel_has_none(void **state)
{
	struct krsi_additions *additions = additions_new(*state);
	struct krsi_additions_info info = info_of(additions);

	assert_int_equal(info.origin, KRSI_ORIGIN_ABSENT);
	assert_int_equal(info.features | info.readable | info.sealed | info.programs, 0);
	assert_int_equal(info.enforcing, KRSI_SWITCH_UNKNOWN);
	assert_int_equal(krsi_additions_sealed(additions, 0), 0);
	krsi_additions_free(additions);
}

static void test_the_module_has_three(void **state)
{
	struct krsi_additions *additions;
	struct krsi_additions_info info;

	file_make("features", MODULE);
	file_make("seal", "17\n3\n");
	additions = additions_new(*state);
	info = info_of(additions);
	assert_int_equal(info.origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(info.features, KRSI_ADDITION_SEAL | KRSI_ADDITION_ARGV | KRSI_ADDITION_AUDIT);
	assert_int_equal(info.readable, KRSI_ADDITION_SEAL);
	assert_int_equal(info.enforcing, KRSI_SWITCH_UNKNOWN);
	assert_int_equal(info.sealed, 2);
	assert_int_equal(krsi_additions_sealed(additions, 0), 17);
	assert_int_equal(krsi_additions_sealed(additions, 1), 3);
	assert_int_equal(krsi_additions_sealed(additions, 2), 0);
	krsi_additions_free(additions);
}

static void test_a_patched_kernel_lists_programs_by_hook(void **state)
{
	struct krsi_additions *additions;
	struct krsi_additions_program program;

	patched_make();
	additions = additions_new(*state);
	assert_int_equal(info_of(additions).origin, KRSI_ORIGIN_PATCH);
	assert_int_equal(info_of(additions).programs, 3);
	program = program_of(additions, 0);
	assert_string_equal(program.hook, "bprm_check_security");
	assert_string_equal(program.name, "exec_check");
	assert_string_equal(program.tag, "a2af534598f3a68a");
	assert_int_equal(program.id, 9);
	assert_int_equal(program.link, 3);
	assert_int_equal(program.cgroup, 1);
	assert_int_equal(program.sealed, 0);
	program = program_of(additions, 1);
	assert_string_equal(program.hook, "file_open");
	assert_int_equal(program.sealed, 1);
	assert_int_equal(program.cgroup, 0);
	assert_string_equal(program_of(additions, 2).name, "-");
	assert_int_equal(krsi_additions_program(additions, 3, &program), -ENOENT);
	assert_detail(*state, "3 programs only");
	krsi_additions_free(additions);
}

static void test_the_switch_is_told_with_what_it_let_through(void **state)
{
	struct krsi_additions *additions;

	patched_make();
	additions = additions_new(*state);
	assert_int_equal(info_of(additions).enforcing, KRSI_SWITCH_ENFORCING);
	assert_int_equal(info_of(additions).denials, 0);
	krsi_additions_free(additions);
	file_make("enforce", "0\n");
	file_make("denials", "5000000000\n");
	additions = additions_new(*state);
	assert_int_equal(info_of(additions).enforcing, KRSI_SWITCH_PERMISSIVE);
	assert_true(info_of(additions).denials == 5000000000);
	krsi_additions_free(additions);
}

static void test_unknown_words_are_passed_over(void **state)
{
	struct krsi_additions *additions;

	file_make("features", "abi 1\norigin module\nargv\nsealing\nteleport\n");
	additions = additions_new(*state);
	assert_int_equal(info_of(additions).features, KRSI_ADDITION_ARGV);
	krsi_additions_free(additions);
}

/* What is not listed may be there and half done. */
static void test_what_is_not_listed_is_not_read(void **state)
{
	struct krsi_additions *additions;

	patched_make();
	file_make("seal", "what is this\n");
	file_make("features", "abi 1\norigin patch\nhooks\n");
	additions = additions_new(*state);
	assert_int_equal(info_of(additions).readable, KRSI_ADDITION_HOOKS);
	assert_int_equal(info_of(additions).enforcing, KRSI_SWITCH_UNKNOWN);
	krsi_additions_free(additions);
}

/* --- what is refused ------------------------------------------------------ */

static void test_a_later_version_is_refused(void **state)
{
	struct krsi_additions *additions = NULL;

	file_make("features", "abi 2\norigin patch\nseal\n");
	assert_int_equal(krsi_additions_new(*state, &additions), -EOPNOTSUPP);
	assert_detail(*state, "version 2");
	assert_detail(*state, "use a newer libkrsi");
	assert_null(additions);
}

static void test_files_that_are_not_understood_are_named(void **state)
{
	static const struct {
		const char *file, *text;
	} cases[] = {
		{ "features", "origin patch\n" },
		{ "features", "abi 1\nseal\n" },
		{ "enforce", "maybe\n" },
		{ "denials", "none\n" },
		{ "seal", "0\n" },
		{ "hooks/file_open", "open_check prog=12\n" },
	};
	struct krsi_additions *additions = NULL;
	size_t i;

	patched_make();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		file_make(cases[i].file, cases[i].text);
		assert_int_equal(krsi_additions_new(*state, &additions), -EIO);
		assert_detail(*state, cases[i].file);
		assert_detail(*state, "not understood");
		file_make("features", ALL);
		if (strcmp(cases[i].file, "features") == 0)
			continue;
		file_make(cases[i].file, strcmp(cases[i].file, "enforce") ? "" : "1\n");
		if (strcmp(cases[i].file, "denials") == 0)
			file_make("denials", "0\n");
	}
}

static void test_a_missing_file_that_is_listed_is_named(void **state)
{
	struct krsi_additions *additions = NULL;

	file_make("features", MODULE);
	assert_int_equal(krsi_additions_new(*state, &additions), -EIO);
	assert_detail(*state, "/seal cannot be read: No such file");
}

static int read_as_nobody(struct krsi_ctx *ctx)
{
	struct krsi_additions_info info = { .sz = sizeof(info) };
	struct krsi_additions *additions;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 2;
	if (krsi_additions_new(ctx, &additions))
		return 3;
	krsi_additions_info(additions, &info);
	krsi_additions_free(additions);
	if (info.features != (KRSI_ADDITION_SEAL | KRSI_ADDITION_ARGV | KRSI_ADDITION_AUDIT))
		return 4;
	return info.readable || info.sealed ? 5 : 0;
}

static void test_who_may_not_read_a_file_still_has_the_others(void **state)
{
	char path[300];
	int status = 0;
	pid_t child;

	file_make("features", MODULE);
	file_make("seal", "4\n");
	snprintf(path, sizeof(path), "%s/seal", dir);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(dir, 0755), 0);
	child = fork();
	if (child == 0)
		_exit(read_as_nobody(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_additions_calls_refuse_wrong_arguments(void **state)
{
	struct krsi_additions *additions = additions_new(*state), *none = NULL;
	struct krsi_additions_info info = { .sz = sizeof(info) };
	struct krsi_additions_program program = { .sz = sizeof(program) };

	assert_int_equal(krsi_additions_new(NULL, &none), -EINVAL);
	assert_int_equal(krsi_additions_new(*state, NULL), -EINVAL);
	assert_int_equal(krsi_additions_info(NULL, &info), -EINVAL);
	assert_int_equal(krsi_additions_info(additions, NULL), -EINVAL);
	assert_int_equal(krsi_additions_program(NULL, 0, &program), -EINVAL);
	assert_int_equal(krsi_additions_program(additions, 0, NULL), -EINVAL);
	info.sz = 0;
	assert_int_equal(krsi_additions_info(additions, &info), -EINVAL);
	assert_int_equal(krsi_additions_sealed(NULL, 0), 0);
	krsi_additions_free(additions);
	krsi_additions_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_stock_kernel_has_none),
		TEST(test_the_module_has_three),
		TEST(test_a_patched_kernel_lists_programs_by_hook),
		TEST(test_the_switch_is_told_with_what_it_let_through),
		TEST(test_unknown_words_are_passed_over),
		TEST(test_what_is_not_listed_is_not_read),
		TEST(test_a_later_version_is_refused),
		TEST(test_files_that_are_not_understood_are_named),
		TEST(test_a_missing_file_that_is_listed_is_named),
		TEST(test_who_may_not_read_a_file_still_has_the_others),
		TEST(test_additions_calls_refuse_wrong_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The directory: what it says there is, to whom.
 */
#include "tools.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int read_features_as_nobody(void *data)
{
	(void)data;
	if (setuid(65534))
		return 99;
	return file_read(KRSI "features") ? 0 : errno;
}

static void test_everybody_can_read_what_there_is(void **state)
{
	const char *expected = origin_is_module() ? "abi 1\norigin module\nseal\nargv\naudit\n" :
						    "abi 1\norigin patch\nhooks\nenforce\nseal\nargv\naudit\n";

	(void)state;
	assert_string_equal(file_read(KRSI "features"), expected);
	assert_int_equal(WEXITSTATUS(child_run(read_features_as_nobody, NULL)), 0);
}

static void test_what_is_not_listed_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(access(KRSI "hooks", F_OK), origin_is_module() ? -1 : 0);
	assert_int_equal(access(KRSI "enforce", F_OK), origin_is_module() ? -1 : 0);
	assert_int_equal(access(KRSI "denials", F_OK), origin_is_module() ? -1 : 0);
}

static void test_the_module_stays_away_from_a_patched_kernel(void **state)
{
	(void)state;
	if (origin_is_module())
		skip_because("a stock kernel");
	if (access("/test/krsi.ko", F_OK))
		skip_because("no module was built for this kernel");
	assert_int_equal(module_load(), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everybody_can_read_what_there_is),
		cmocka_unit_test(test_what_is_not_listed_is_not_there),
		cmocka_unit_test(test_the_module_stays_away_from_a_patched_kernel),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, kernel_setup, NULL);
}

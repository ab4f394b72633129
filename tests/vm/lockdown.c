/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is told on a kernel that was booted with lockdown=confidentiality: there is no way back from it. */
#include "vm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_locked_down(void)
{
	FILE *file = fopen("/sys/kernel/security/lockdown", "r");
	char modes[128] = "";

	if (!file)
		return false;
	if (!fgets(modes, sizeof(modes), file))
		modes[0] = '\0';
	fclose(file);
	return strstr(modes, "[confidentiality]");
}

static void test_helpers_that_are_taken_away_are_explained(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_detail(ctx, "program mkdir_check: the verifier refused it: ");
	assert_detail(ctx, "bpf_probe_read");
	assert_detail(ctx, "\n  fix: kernel lockdown is in confidentiality mode");
	krsi_object_free(object);
}

static void test_programs_that_read_nothing_are_not_concerned(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("refused"), NULL, &object));
	assert_ok(ctx, krsi_object_set_program(object, "bad", KRSI_PROGRAM_SKIP));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_attach(object, NULL));
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_helpers_that_are_taken_away_are_explained),
		vm_test(test_programs_that_read_nothing_are_not_concerned),
	};

	if (!is_locked_down()) {
		printf("this kernel was not booted with lockdown=confidentiality\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* lsm programs on the functions that call their hooks: with bpf in lsm=, and without. */
#include "vm.h"

#include <errno.h>

static void test_a_program_denies_from_the_function(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct vm_count before = vm_count();
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_ok(ctx, krsi_object_set_program(object, "mkdir_check", KRSI_PROGRAM_FMOD_RET));
	assert_string_equal(vm_program_info(object, "mkdir_check").target, "security_inode_mkdir");
	assert_string_equal(vm_program_info(object, "mkdir_check").section, "lsm/inode_mkdir");
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(vm_mkdir("denied"), 0);
	assert_ok(ctx, krsi_object_attach(object, NULL));
	assert_int_equal(vm_mkdir("denied"), EACCES);
	assert_int_equal(vm_mkdir("allowed"), 0);
	assert_int_equal(vm_program_info(object, "mkdir_check").state, KRSI_PROGRAM_ATTACHED);
	assert_ok(ctx, krsi_object_detach(object));
	assert_int_equal(vm_mkdir("denied"), 0);
	krsi_object_free(object);
	vm_wait_for_count(before);
}

/* Back from the function: then it is what its section says. */
static void test_the_way_can_be_taken_back(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_ok(ctx, krsi_object_set_program(object, "mkdir_check", KRSI_PROGRAM_FMOD_RET));
	assert_ok(ctx, krsi_object_set_program(object, "mkdir_check", 0));
	assert_string_equal(vm_program_info(object, "mkdir_check").target, "inode_mkdir");
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_attach(object, NULL), vm_bpf_is_active() ? 0 : -EOPNOTSUPP);
	assert_int_equal(vm_mkdir("denied"), vm_bpf_is_active() ? EACCES : 0);
	krsi_object_free(object);
}

/* A hook that the caller chose is there again. */
static void test_the_callers_target_is_kept(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_ok(ctx, krsi_object_set_target(object, "mkdir_check", "inode_create"));
	assert_ok(ctx, krsi_object_set_program(object, "mkdir_check", KRSI_PROGRAM_FMOD_RET));
	assert_string_equal(vm_program_info(object, "mkdir_check").target, "security_inode_create");
	assert_ok(ctx, krsi_object_set_program(object, "mkdir_check", 0));
	assert_string_equal(vm_program_info(object, "mkdir_check").target, "inode_create");
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_attach(object, NULL), vm_bpf_is_active() ? 0 : -EOPNOTSUPP);
	assert_int_equal(vm_mkdir("denied"), 0);
	krsi_object_free(object);
}

/* Two arguments of security_mmap_file() would be taken for others, and the program would read what is not there. */
static void test_a_function_with_other_arguments_is_refused(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_ok(ctx, krsi_object_set_target(object, "mkdir_check", "mmap_file"));
	assert_int_equal(krsi_object_set_program(object, "mkdir_check", KRSI_PROGRAM_FMOD_RET), -EOPNOTSUPP);
	assert_detail(ctx, "program mkdir_check: security_mmap_file() does not take the arguments of hook mmap_file");
	assert_string_equal(vm_program_info(object, "mkdir_check").target, "mmap_file");
	krsi_object_free(object);
}

static void test_programs_of_other_kinds_are_refused(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "kinds");

	assert_int_equal(krsi_object_set_program(object, "kind_lsm_s", KRSI_PROGRAM_FMOD_RET), -EOPNOTSUPP);
	assert_detail(ctx, "program kind_lsm_s: it may sleep");
	assert_int_equal(krsi_object_set_program(object, "kind_fentry", KRSI_PROGRAM_FMOD_RET), -EINVAL);
	assert_detail(ctx, "only lsm/ programs");
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_a_program_denies_from_the_function),
		vm_test(test_the_way_can_be_taken_back),
		vm_test(test_the_callers_target_is_kept),
		vm_test(test_a_function_with_other_arguments_is_refused),
		vm_test(test_programs_of_other_kinds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

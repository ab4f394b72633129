/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the probe says of libkrsi's module and patches, on made-up machines (probe_machine.h). */
#include "probe_machine.h"

#include <errno.h>

#include <bpf/bpf.h>

#include "probe.h"

static void test_probe_on_a_stock_kernel_says_what_would_bring_additions(void **state)
{
	struct krsi_probe *probe = machine_probe(*state);
	uint32_t i;

	for (i = KRSI_FEATURE_ARGV; i < KRSI_FEATURE_COUNT; i++)
		machine_assert_no(probe, i, KRSI_REASON_NOT_MAINLINE, "Linux does not have it");
	assert_words(machine_feature(probe, KRSI_FEATURE_SEAL).fix, "krsi.ko");
	assert_words(machine_feature(probe, KRSI_FEATURE_ARGV).fix, "krsi.ko");
	assert_words(machine_feature(probe, KRSI_FEATURE_AUDIT_RECORD).fix, "krsi.ko");
	assert_words(machine_feature(probe, KRSI_FEATURE_HOOKS_VIEW).fix, "patches");
	assert_words(machine_feature(probe, KRSI_FEATURE_ENFORCE_SWITCH).fix, "patches");
	assert_int_equal(machine.seals, 0);
	krsi_probe_free(probe);

	machine.version = KRSI_PRIV_KERNEL(5, 10);
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_TOO_OLD, "need Linux 6.1");
	krsi_probe_free(probe);
}

static void test_probe_calls_the_module_by_its_own_types(void **state)
{
	struct krsi_probe *probe;

	module_make();
	probe = machine_probe(*state);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_ARGV).origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_AUDIT_RECORD).origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_SEAL).origin, KRSI_ORIGIN_MODULE);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_RINGBUF).origin, KRSI_ORIGIN_MAINLINE);
	assert_int_equal(machine.module_calls, 2);
	assert_int_equal(machine.seals, 1);
	machine_assert_no(probe, KRSI_FEATURE_HOOKS_VIEW, KRSI_REASON_NOT_MAINLINE, "no module can bring it");
	krsi_probe_free(probe);

	machine.no_module_types = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_ARGV, KRSI_REASON_NOT_BUILT, "no type information");
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_SEAL), 1);
	krsi_probe_free(probe);

	machine.no_module_types = false;
	machine.no_sysadmin = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_ARGV, KRSI_REASON_NOT_PERMITTED, "CAP_SYS_ADMIN");
	krsi_probe_free(probe);
}

static void test_probe_believes_no_word_that_does_not_hold(void **state)
{
	struct krsi_probe *probe;

	patches_make("1\n");
	machine.no_kfuncs = true;
	machine.seal_errno = 0;
	machine.refused_flags = BPF_F_SLEEPABLE;
	probe = machine_probe(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_ARGV), 0);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_AUDIT_RECORD), 0);
	machine_assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_UNKNOWN, "EIO");
	krsi_probe_free(probe);

	machine.seal_errno = EPERM;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_NOT_PERMITTED, "EPERM");
	assert_words(machine_feature(probe, KRSI_FEATURE_SEAL).fix, "CAP_MAC_ADMIN");
	krsi_probe_free(probe);
}

static void test_audit_records_of_programs_that_do_not_sleep_are_tried(void **state)
{
	/* Nothing is loaded where nothing is told of it. */
	assert_false(krsi_priv_probe_audits_anywhere(*state));
	assert_int_equal(machine.loads, 0);
	module_make();
	assert_true(krsi_priv_probe_audits_anywhere(*state));
	assert_int_equal(machine.loads, 1);
	assert_int_equal(machine.module_calls, 1);
	machine.no_module_types = true;
	assert_false(krsi_priv_probe_audits_anywhere(*state));
	machine.no_module_types = false;
	machine.load_error = -EACCES;
	assert_false(krsi_priv_probe_audits_anywhere(*state));
}

static void test_probe_tells_the_state_of_the_switch(void **state)
{
	struct krsi_probe *probe;

	patches_make("0\n");
	probe = machine_probe(*state);
	assert_words(machine_feature(probe, KRSI_FEATURE_ENFORCE_SWITCH).sentence, "permissive: 7 refusals");
	assert_words(machine_feature(probe, KRSI_FEATURE_HOOKS_VIEW).sentence, "lists 1 programs");
	krsi_probe_free(probe);
	addition_make("enforce", "1\n");
	probe = machine_probe(*state);
	assert_words(machine_feature(probe, KRSI_FEATURE_ENFORCE_SWITCH).sentence, "is enforcing");
	krsi_probe_free(probe);
}

static void test_probe_does_without_additions_that_it_cannot_read(void **state)
{
	struct krsi_probe *probe;

	addition_make("features", "abi 2\norigin patch\nseal\n");
	assert_int_equal(krsi_probe_new(*state, NULL), -EINVAL);
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_SEAL, KRSI_REASON_UNKNOWN, "use a newer libkrsi");
	assert_words(krsi_ctx_error_detail(*state), "krsi_probe_new: an argument is NULL");
	krsi_probe_free(probe);
}

/* bpf_path_d_path came with 6.12. */
static void test_probe_finds_a_backport(void **state)
{
	struct krsi_probe *probe;

	machine.version = KRSI_PRIV_KERNEL(6, 1);
	probe = machine_probe(*state);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_PATH_D_PATH).origin, KRSI_ORIGIN_PATCH);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_D_PATH).origin, KRSI_ORIGIN_MAINLINE);
	krsi_probe_free(probe);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_probe_on_a_stock_kernel_says_what_would_bring_additions),
		TEST(test_probe_calls_the_module_by_its_own_types),
		TEST(test_probe_believes_no_word_that_does_not_hold),
		TEST(test_audit_records_of_programs_that_do_not_sleep_are_tried),
		TEST(test_probe_tells_the_state_of_the_switch),
		TEST(test_probe_does_without_additions_that_it_cannot_read),
		TEST(test_probe_finds_a_backport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

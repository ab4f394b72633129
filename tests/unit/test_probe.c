/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The probe on made-up machines (probe_machine.h). */
#include "probe_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>

/* --- whole machines ------------------------------------------------------ */

static void test_probe_new_finds_everything_on_a_full_machine(void **state)
{
	struct krsi_probe *probe;
	struct krsi_feature_info info;
	uint32_t i;

	patches_make("1\n");
	probe = machine_probe(*state);
	assert_int_equal(krsi_probe_count(probe), KRSI_FEATURE_COUNT);
	for (i = 0; i < KRSI_FEATURE_COUNT; i++) {
		/* These two are not made up: they ask the machine that runs the test. */
		if (i == KRSI_FEATURE_SECURITYFS || i == KRSI_FEATURE_LSM_SYSCALLS)
			continue;
		info = machine_feature(probe, i);
		if (!info.available)
			fail_msg("%s: %s", info.name, info.sentence);
		assert_int_equal(krsi_probe_has(probe, i), 1);
		assert_int_equal(info.reason, KRSI_REASON_NONE);
		assert_string_equal(info.fix, "");
		assert_int_equal(info.origin, i < KRSI_FEATURE_ARGV ? KRSI_ORIGIN_MAINLINE : KRSI_ORIGIN_PATCH);
	}
	assert_string_equal(krsi_probe_lsm_list(probe), MODULES ",bpf");
	assert_string_equal(krsi_probe_lsm_boot_line(probe), "");
	assert_int_equal(machine.attached, 3);
	krsi_probe_free(probe);
}

static void test_probe_new_explains_every_no(void **state)
{
	struct krsi_probe *probe;
	struct krsi_feature_info info, other;
	uint32_t i, k;

	machine.load_error = -EINVAL;
	machine.version = KRSI_PRIV_KERNEL(4, 19);
	probe = machine_probe(*state);
	for (i = 0; i < KRSI_FEATURE_COUNT; i++) {
		info = machine_feature(probe, i);
		assert_true(strlen(info.sentence) > 10);
		assert_non_null(info.fix);
		assert_true(info.available ? info.reason == KRSI_REASON_NONE : info.reason != KRSI_REASON_NONE);
		assert_true(info.available == (info.origin != KRSI_ORIGIN_ABSENT));
		for (k = 0; k < i; k++) {
			other = machine_feature(probe, k);
			assert_string_not_equal(info.name, other.name);
		}
	}
	krsi_probe_free(probe);
}

static void test_probe_new_leaves_no_descriptor_open(void **state)
{
	int before = unit_fd_count();

	krsi_probe_free(machine_probe(*state));
	assert_int_equal(unit_fd_count(), before);
	machine.never_calls = true;
	machine.loop_result = 0;
	krsi_probe_free(machine_probe(*state));
	assert_int_equal(unit_fd_count(), before);
	machine.attach_error = -E2BIG;
	machine.refused_flags = BPF_F_SLEEPABLE;
	krsi_probe_free(machine_probe(*state));
	assert_int_equal(unit_fd_count(), before);
}

static void test_probe_new_without_capabilities_asks_the_kernel_nothing(void **state)
{
	struct krsi_probe *probe;
	uint32_t i;

	machine.no_caps = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_CAPABILITIES, KRSI_REASON_NOT_PERMITTED, "may not load BPF programs");
	for (i = KRSI_FEATURE_JIT; i < KRSI_FEATURE_ARGV; i++)
		if (i != KRSI_FEATURE_LSM_ACTIVE)
			machine_assert_no(probe, i, KRSI_REASON_NOT_PERMITTED, "could not be tried");
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LSM_ACTIVE), 1);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_BTF), 1);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LOCKDOWN), 1);
	assert_int_equal(machine.loads + machine.attached + machine.other_calls, 0);
	krsi_probe_free(probe);
}

/* The same for a process that really has none: a child that becomes nobody. */
static int probe_as_nobody(struct krsi_ctx *ctx)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };
	struct krsi_probe *probe;

	/* Also drops every capability. */
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return 2;
	if (krsi_probe_new(ctx, &probe))
		return 3;
	if (krsi_probe_feature(probe, KRSI_FEATURE_LSM_RUNS, &info))
		return 4;
	krsi_probe_free(probe);
	return machine.loads ? 5 : 0;
}

static void test_probe_new_as_nobody_succeeds(void **state)
{
	int status = 0;
	pid_t child;

	machine.real_caps = true;
	child = fork();
	if (child == 0)
		_exit(probe_as_nobody(*state));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_probe_new_keeps_the_detail_of_an_earlier_failure(void **state)
{
	struct krsi_ctx *ctx = *state;

	assert_int_equal(krsi_probe_new(ctx, NULL), -EINVAL);
	machine.load_error = -EINVAL;
	krsi_probe_free(machine_probe(ctx));
	assert_words(krsi_ctx_error_detail(ctx), "krsi_probe_new: an argument is NULL");
}

/* --- single reasons ------------------------------------------------------ */

static void test_probe_without_bpf_among_the_modules(void **state)
{
	struct krsi_probe *probe;

	machine.modules = MODULES;
	machine.never_calls = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_LSM_ACTIVE, KRSI_REASON_NOT_BOOTED, MODULES);
	machine_assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_NOT_BOOTED, "did not call it");
	assert_words(machine_feature(probe, KRSI_FEATURE_LSM_ACTIVE).fix, "boot with lsm=");
	assert_words(machine_feature(probe, KRSI_FEATURE_LSM_RUNS).fix, krsi_probe_lsm_boot_line(probe));
	assert_words(krsi_probe_lsm_boot_line(probe), "yama,apparmor,");
	assert_words(krsi_probe_lsm_boot_line(probe), ",bpf");
	assert_null(strstr(krsi_probe_lsm_boot_line(probe), "capability"));
	/* Linux 5.10 would write into another module's memory: not even created. */
	machine_assert_no(probe, KRSI_FEATURE_INODE_STORAGE, KRSI_REASON_DEPENDS, "bpf is not among");
	assert_int_equal(machine.maps[BPF_MAP_TYPE_INODE_STORAGE], 0);
	krsi_probe_free(probe);
}

static void test_probe_believes_a_call_when_the_list_cannot_be_read(void **state)
{
	struct krsi_probe *probe;

	machine.modules = NULL;
	probe = machine_probe(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LSM_ACTIVE), 1);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_INODE_STORAGE), 1);
	assert_string_equal(krsi_probe_lsm_list(probe), "");
	assert_string_equal(krsi_probe_lsm_boot_line(probe), "");
	krsi_probe_free(probe);

	machine.never_calls = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_LSM_ACTIVE, KRSI_REASON_UNKNOWN, "could not be read");
	machine_assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_NOT_BOOTED, "did not call it");
	machine_assert_no(probe, KRSI_FEATURE_INODE_STORAGE, KRSI_REASON_DEPENDS, "could not be read");
	krsi_probe_free(probe);
}

static void test_probe_finds_an_unsound_loop(void **state)
{
	struct krsi_probe *probe;

	machine.loop_result = 0;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_BPF_LOOP, KRSI_REASON_UNSOUND, "first turn only");
	krsi_probe_free(probe);
}

static void test_probe_tells_too_old_from_left_out(void **state)
{
	struct krsi_probe *probe;

	machine.no_kfuncs = true;
	machine.version = KRSI_PRIV_KERNEL(6, 1);
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_BPF_FOR, KRSI_REASON_TOO_OLD, "Linux 6.4");
	machine_assert_no(probe, KRSI_FEATURE_FSVERITY, KRSI_REASON_TOO_OLD, "Linux 6.8");
	krsi_probe_free(probe);

	machine.version = KRSI_PRIV_KERNEL(6, 12);
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_FSVERITY, KRSI_REASON_NOT_BUILT, "left out");
	assert_words(machine_feature(probe, KRSI_FEATURE_FSVERITY).fix, "CONFIG_FS_VERITY");
	krsi_probe_free(probe);
}

static void test_probe_quotes_the_verifier_on_an_unexpected_refusal(void **state)
{
	struct krsi_probe *probe;

	machine.refused_helper = BPF_FUNC_d_path;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_D_PATH, KRSI_REASON_UNKNOWN, "EINVAL");
	machine_assert_no(probe, KRSI_FEATURE_D_PATH, KRSI_REASON_UNKNOWN, "unknown func x#1");
	krsi_probe_free(probe);
}

static void test_probe_knows_an_old_kernel(void **state)
{
	struct krsi_probe *probe;

	machine.version = KRSI_PRIV_KERNEL(5, 10);
	machine.refused_flags = BPF_F_SLEEPABLE;
	machine.refused_map = BPF_MAP_TYPE_TASK_STORAGE;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_LSM_SLEEPABLE, KRSI_REASON_TOO_OLD, "Linux 5.11");
	machine_assert_no(probe, KRSI_FEATURE_TASK_STORAGE, KRSI_REASON_TOO_OLD, "Linux 5.11");
	machine_assert_no(probe, KRSI_FEATURE_BPF_LOOP, KRSI_REASON_TOO_OLD, "Linux 5.17");
	krsi_probe_free(probe);
}

static void test_probe_without_compiler_attaches_nothing(void **state)
{
	struct krsi_probe *probe;

	machine.not_compiled = true;
	probe = machine_probe(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_JIT), 0);
	machine_assert_no(probe, KRSI_FEATURE_TRAMPOLINE, KRSI_REASON_DEPENDS, "compile");
	machine_assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_DEPENDS, "compile");
	machine_assert_no(probe, KRSI_FEATURE_FMOD_RET_RUNS, KRSI_REASON_DEPENDS, "compile");
	assert_int_equal(machine.attached, 0);
	krsi_probe_free(probe);
}

static void test_hooks_of_paths_are_an_option_of_the_kernel(void **state)
{
	struct krsi_probe *probe = machine_probe(*state);

	assert_string_equal(machine_feature(probe, KRSI_FEATURE_LSM_BUILT).sentence, "lsm/file_open could be loaded");
	krsi_probe_free(probe);
	machine.no_path_hooks = true;
	probe = machine_probe(*state);
	assert_int_equal(machine_feature(probe, KRSI_FEATURE_LSM_BUILT).available, 1);
	assert_words(machine_feature(probe, KRSI_FEATURE_LSM_BUILT).sentence, "lsm/path_* cannot be, as this kernel was built without CONFIG_SECURITY_PATH");
	krsi_probe_free(probe);
}

static void test_probe_without_btf(void **state)
{
	struct krsi_probe *probe;

	machine.no_btf = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_BTF, KRSI_REASON_NOT_BUILT, "ENOENT");
	assert_words(machine_feature(probe, KRSI_FEATURE_BTF).fix, "CONFIG_DEBUG_INFO_BTF");
	machine_assert_no(probe, KRSI_FEATURE_LSM_BUILT, KRSI_REASON_DEPENDS, "/sys/kernel/btf/vmlinux");
	machine_assert_no(probe, KRSI_FEATURE_RDONLY_CAST, KRSI_REASON_DEPENDS, "/sys/kernel/btf/vmlinux");
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_RINGBUF), 1);
	krsi_probe_free(probe);
}

static void test_probe_says_when_a_hook_is_full(void **state)
{
	struct krsi_probe *probe;

	machine.attach_error = -E2BIG;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_LSM_RUNS, KRSI_REASON_UNKNOWN, "as many programs as the kernel allows");
	krsi_probe_free(probe);
}

static void test_probe_judges_lockdown_by_trying(void **state)
{
	struct krsi_probe *probe;

	machine.lockdown = "integrity";
	probe = machine_probe(*state);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_LOCKDOWN), 1);
	krsi_probe_free(probe);

	machine.lockdown = "confidentiality";
	machine.refused_helper = BPF_FUNC_probe_read_kernel;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_LOCKDOWN, KRSI_REASON_LOCKED_DOWN, "confidentiality");
	krsi_probe_free(probe);

	machine.no_caps = true;
	probe = machine_probe(*state);
	machine_assert_no(probe, KRSI_FEATURE_LOCKDOWN, KRSI_REASON_LOCKED_DOWN, "confidentiality");
	krsi_probe_free(probe);
}

/* --- the calls ----------------------------------------------------------- */

static void test_probe_calls_refuse_wrong_arguments(void **state)
{
	struct krsi_probe *probe = machine_probe(*state), *none = NULL;
	struct krsi_feature_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_probe_new(NULL, &none), -EINVAL);
	assert_int_equal(krsi_probe_feature(NULL, 0, &info), -EINVAL);
	assert_int_equal(krsi_probe_feature(probe, 0, NULL), -EINVAL);
	assert_int_equal(krsi_probe_feature(probe, KRSI_FEATURE_COUNT, &info), -ENOENT);
	assert_int_equal(krsi_probe_has(probe, KRSI_FEATURE_COUNT), 0);
	assert_int_equal(krsi_probe_has(NULL, 0), 0);
	info.sz = 0;
	assert_int_equal(krsi_probe_feature(probe, 0, &info), -EINVAL);
	krsi_probe_free(probe);
	krsi_probe_free(NULL);
}

static void test_probe_outlives_its_context(void **state)
{
	struct krsi_ctx *ctx;
	struct krsi_probe *probe;

	(void)state;
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	probe = machine_probe(ctx);
	krsi_ctx_free(ctx);
	assert_string_equal(machine_feature(probe, KRSI_FEATURE_LSM_ACTIVE).name, "lsm-active");
	krsi_probe_free(probe);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, machine_setup, machine_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_probe_new_finds_everything_on_a_full_machine),
		TEST(test_probe_new_explains_every_no),
		TEST(test_probe_new_leaves_no_descriptor_open),
		TEST(test_probe_new_without_capabilities_asks_the_kernel_nothing),
		TEST(test_probe_new_as_nobody_succeeds),
		TEST(test_probe_new_keeps_the_detail_of_an_earlier_failure),
		TEST(test_probe_without_bpf_among_the_modules),
		TEST(test_probe_believes_a_call_when_the_list_cannot_be_read),
		TEST(test_probe_finds_an_unsound_loop),
		TEST(test_probe_tells_too_old_from_left_out),
		TEST(test_probe_quotes_the_verifier_on_an_unexpected_refusal),
		TEST(test_probe_knows_an_old_kernel),
		TEST(test_probe_without_compiler_attaches_nothing),
		TEST(test_hooks_of_paths_are_an_option_of_the_kernel),
		TEST(test_probe_without_btf),
		TEST(test_probe_says_when_a_hook_is_full),
		TEST(test_probe_judges_lockdown_by_trying),
		TEST(test_probe_calls_refuse_wrong_arguments),
		TEST(test_probe_outlives_its_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

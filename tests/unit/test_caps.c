/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a process is told when the kernel says EPERM, in each situation it can be in. */
#include "unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "caps.h"
#include "text.h"

#define CAP(number) (UINT64_C(1) << (number))
#define ALL UINT64_MAX

/* The situation. */
static uint64_t held;		/* the effective set */
static bool capget_fails;
static unsigned int kernel;
static rlim_t memlock;
static bool getrlimit_fails;
static const char *lockdown;	/* the file; NULL when it is not there */
static const char *namespace;	/* the map of its users */
static const char *process;	/* its status */
static const char *disabled;	/* kernel.unprivileged_bpf_disabled */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit64(int resource, struct rlimit *limit);
unsigned int __wrap_krsi_priv_kernel_version(void);
ssize_t __wrap_krsi_priv_file_read(const char *path, char *text, size_t size);

/* Sanitizers, which are linked in, call some of these too. */
long __wrap_syscall(long number, ...)
{
	struct __user_cap_header_struct *head;
	struct __user_cap_data_struct *data;
	long arg[6] = { 0 };
	va_list args;
	size_t i;

	va_start(args, number);
	for (i = 0; i < (number == SYS_capget ? 2 : ARRAY_SIZE(arg)); i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (number != SYS_capget)
		return __real_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	head = (void *)arg[0];
	data = (void *)arg[1];
	assert_int_equal(head->version, _LINUX_CAPABILITY_VERSION_3);
	assert_int_equal(head->pid, 0);
	if (capget_fails) {
		errno = EPERM;
		return -1;
	}
	/* Only the effective set counts: let the others say the opposite. */
	data[0] = (struct __user_cap_data_struct){ (uint32_t)held, ~(uint32_t)held, ~(uint32_t)held };
	data[1] = (struct __user_cap_data_struct){ (uint32_t)(held >> 32), ~(uint32_t)(held >> 32), ~(uint32_t)(held >> 32) };
	return 0;
}

int __wrap_getrlimit(int resource, struct rlimit *limit)
{
	if (resource != RLIMIT_MEMLOCK)
		return __real_getrlimit(resource, limit);
	if (getrlimit_fails) {
		errno = EINVAL;
		return -1;
	}
	limit->rlim_cur = memlock;
	limit->rlim_max = RLIM_INFINITY;
	return 0;
}

/* What getrlimit() is with 64-bit file offsets. */
int __wrap_getrlimit64(int resource, struct rlimit *limit)
{
	return __wrap_getrlimit(resource, limit);
}

unsigned int __wrap_krsi_priv_kernel_version(void)
{
	return kernel;
}

ssize_t __wrap_krsi_priv_file_read(const char *path, char *text, size_t size)
{
	static const struct {
		const char *path;
		const char **content;
	} files[] = {
		{ "/sys/kernel/security/lockdown", &lockdown },
		{ "/proc/self/uid_map", &namespace },
		{ "/proc/self/status", &process },
		{ "/proc/sys/kernel/unprivileged_bpf_disabled", &disabled },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (strcmp(path, files[i].path) == 0)
			return *files[i].content ? snprintf(text, size, "%s", *files[i].content) : -ENOENT;
	fail_msg("%s is read", path);
	return -ENOENT;
}

static int setup(void **state)
{
	held = ALL;
	capget_fails = false;
	kernel = KRSI_PRIV_KERNEL(6, 1);
	memlock = 65536;
	getrlimit_fails = false;
	lockdown = "[none] integrity confidentiality";
	namespace = "         0          0 4294967295";
	process = "Name:\tagent\nSeccomp:\t0\nSeccomp_filters:\t0";
	disabled = NULL;
	return unit_setup(state);
}

static void test_capability_is_looked_up_by_its_number(void **state)
{
	int cap;

	(void)state;
	for (cap = 0; cap < 41; cap++) {
		held = CAP(cap);
		assert_true(krsi_priv_cap_held(cap));
		held = ALL & ~CAP(cap);
		assert_false(krsi_priv_cap_held(cap));
	}
	held = ALL;
	capget_fails = true;
	assert_false(krsi_priv_cap_held(CAP_BPF));
}

static void test_capabilities_that_suffice(void **state)
{
	static const struct {
		uint64_t held;
		bool want;
	} variants[] = {
		{ 0, false },
		{ CAP(CAP_BPF), false },
		{ CAP(CAP_PERFMON), false },
		{ CAP(CAP_BPF) | CAP(CAP_PERFMON), true },
		{ CAP(CAP_SYS_ADMIN), true },
		{ CAP(CAP_SYS_ADMIN) | CAP(CAP_BPF), true },
		{ ALL & ~(CAP(CAP_SYS_ADMIN) | CAP(CAP_BPF)), false },
		{ ALL & ~(CAP(CAP_SYS_ADMIN) | CAP(CAP_PERFMON)), false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		held = variants[i].held;
		if (krsi_priv_caps_suffice() != variants[i].want)
			fail_msg("0x%llx", (unsigned long long)held);
	}
}

static void test_lockdown_mode_is_what_stands_in_brackets(void **state)
{
	static const struct {
		const char *file;
		const char *want;
	} variants[] = {
		{ "[none] integrity confidentiality", "none" },
		{ "none [integrity] confidentiality", "integrity" },
		{ "none integrity [confidentiality]", "confidentiality" },
		{ "none integrity confidentiality", "" },
		{ "[broken", "" },
		{ "]none[", "" },
		{ "[]", "" },
		{ "", "" },
		{ NULL, "" },
	};
	char mode[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		lockdown = variants[i].file;
		strcpy(mode, "old");
		krsi_priv_lockdown_read(mode, sizeof(mode));
		assert_string_equal(mode, variants[i].want);
	}
}

static void test_eperm_is_explained_in_each_situation(void **state)
{
	static const struct {
		const char *what;
		uint64_t held;
		unsigned int kernel;
		rlim_t memlock;
		const char *lockdown;
		const char *words;	/* of the explanation */
		const char *not_words;	/* of another one */
	} variants[] = {
		{ "no capability", 0, KRSI_PRIV_KERNEL(6, 1), 65536, "[none]",
		  "it needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN); missing: CAP_BPF, CAP_PERFMON", "MEMLOCK" },
		{ "no CAP_PERFMON", CAP(CAP_BPF), KRSI_PRIV_KERNEL(6, 1), 65536, "[none]", "missing: CAP_PERFMON", "CAP_BPF, " },
		{ "no CAP_BPF", CAP(CAP_PERFMON), KRSI_PRIV_KERNEL(6, 1), 65536, "[none]", "missing: CAP_BPF", ", CAP_PERFMON" },
		{ "no capability on an old locked kernel", 0, KRSI_PRIV_KERNEL(5, 10), 65536, "[confidentiality]", "missing: CAP_BPF", "lockdown" },
		{ "little memlock on an old kernel", ALL, KRSI_PRIV_KERNEL(5, 10), 65536, "[none]",
		  "RLIMIT_MEMLOCK, which is 65536 bytes", "missing" },
		{ "memlock of a new kernel means nothing", ALL, KRSI_PRIV_KERNEL(5, 11), 65536, "[none]", "gave no reason", "MEMLOCK" },
		{ "memlock without limit", ALL, KRSI_PRIV_KERNEL(5, 10), RLIM_INFINITY, "[none]", "gave no reason", "MEMLOCK" },
		{ "integrity", ALL, KRSI_PRIV_KERNEL(6, 1), 65536, "none [integrity] confidentiality", "lockdown is in integrity mode", "no reason" },
		{ "confidentiality", CAP(CAP_SYS_ADMIN), KRSI_PRIV_KERNEL(6, 1), 65536, "none integrity [confidentiality]",
		  "lockdown is in confidentiality mode", "missing" },
		{ "lockdown behind memlock", ALL, KRSI_PRIV_KERNEL(5, 10), 1, "[integrity]", "which is 1 bytes", "lockdown" },
		{ "no reason to be seen", ALL, KRSI_PRIV_KERNEL(6, 1), 65536, "[none]", "seccomp may forbid bpf(2)", "lockdown" },
		{ "no securityfs", ALL, KRSI_PRIV_KERNEL(6, 1), 65536, NULL, "gave no reason", "lockdown" },
	};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		held = variants[i].held;
		kernel = variants[i].kernel;
		memlock = variants[i].memlock;
		lockdown = variants[i].lockdown;
		krsi_priv_eperm_explain(text, sizeof(text));
		if (!strstr(text, variants[i].words) || strstr(text, variants[i].not_words))
			fail_msg("%s: %s", variants[i].what, text);
	}
}

static void test_user_namespace_comes_before_what_is_of_the_kernel(void **state)
{
	char text[512];

	(void)state;
	namespace = "         0     100000      65536";
	lockdown = "[integrity]";
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_words(text, "in a user namespace of its own, whose capabilities do not count");
	namespace = NULL;
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_words(text, "lockdown is in integrity mode");
}

static void test_seccomp_is_named_when_it_filters(void **state)
{
	char text[512];

	(void)state;
	process = "Name:\tagent\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1";
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_words(text, "a seccomp filter is in force");
	process = "Name:\tSeccomp:\t2\nSeccomp:\t0";
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_words(text, "gave no reason");
}

static void test_sysctl_of_the_unprivileged_is_no_way_out(void **state)
{
	char text[512];

	(void)state;
	held = 0;
	disabled = "2";
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_words(text, "missing: CAP_BPF, CAP_PERFMON; kernel.unprivileged_bpf_disabled is 2, and no value of it makes up for them");
	disabled = "0";
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_null(strstr(text, "unprivileged"));
}

static void test_listing_takes_the_administrators_capability(void **state)
{
	char text[512];

	(void)state;
	held = CAP(CAP_BPF) | CAP(CAP_PERFMON);
	krsi_priv_eperm_admin_explain(text, sizeof(text));
	assert_string_equal(text, "it needs CAP_SYS_ADMIN, which is missing");
	held = CAP(CAP_SYS_ADMIN);
	krsi_priv_eperm_admin_explain(text, sizeof(text));
	assert_words(text, "gave no reason");
}

static void test_unreadable_limits_are_no_explanation(void **state)
{
	char text[512];

	(void)state;
	kernel = KRSI_PRIV_KERNEL(5, 10);
	getrlimit_fails = true;
	krsi_priv_eperm_explain(text, sizeof(text));
	assert_words(text, "gave no reason");
}

static void test_explanations_are_cut_to_any_buffer(void **state)
{
	size_t size;

	(void)state;
	held = 0;
	for (size = 1; size < 40; size++) {
		char *text = malloc(size);

		krsi_priv_eperm_explain(text, size);
		assert_int_equal(strlen(text), size - 1);
		free(text);
	}
}

#define caps_test(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		caps_test(test_capability_is_looked_up_by_its_number),
		caps_test(test_capabilities_that_suffice),
		caps_test(test_lockdown_mode_is_what_stands_in_brackets),
		caps_test(test_eperm_is_explained_in_each_situation),
		caps_test(test_user_namespace_comes_before_what_is_of_the_kernel),
		caps_test(test_seccomp_is_named_when_it_filters),
		caps_test(test_sysctl_of_the_unprivileged_is_no_way_out),
		caps_test(test_listing_takes_the_administrators_capability),
		caps_test(test_unreadable_limits_are_no_explanation),
		caps_test(test_explanations_are_cut_to_any_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

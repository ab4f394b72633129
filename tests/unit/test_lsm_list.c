/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The list of active security modules, from both of its sources, and what is made of it. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lsm_list.h"
#include "text.h"

#define LSM_LIST_MODULES 461	/* on every architecture */

static const char *securityfs;		/* what the file holds; NULL when it is not there */
static const uint64_t *syscall_ids;	/* what lsm_list_modules(2) tells; NULL for a kernel without it */
static size_t syscall_count;
static unsigned int syscalls;

ssize_t __wrap_krsi_priv_file_read(const char *path, char *text, size_t size);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

ssize_t __wrap_krsi_priv_file_read(const char *path, char *text, size_t size)
{
	assert_string_equal(path, "/sys/kernel/security/lsm");
	if (!securityfs)
		return -ENOENT;
	return snprintf(text, size, "%s", securityfs);
}

/* As lsm_list_modules(2) does: the size in bytes goes in and out, the number of modules is returned. */
long __wrap_syscall(long number, ...)
{
	uint64_t *ids;
	uint32_t *bytes;
	long arg[6] = { 0 };
	va_list args;
	size_t i;

	va_start(args, number);
	for (i = 0; i < (number == LSM_LIST_MODULES ? 3 : ARRAY_SIZE(arg)); i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (number != LSM_LIST_MODULES)	/* of a sanitizer, which is linked in */
		return __real_syscall(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	ids = (void *)arg[0];
	bytes = (void *)arg[1];
	assert_int_equal((int)arg[2], 0);
	syscalls++;
	if (!syscall_ids) {
		errno = ENOSYS;
		return -1;
	}
	if (*bytes < syscall_count * sizeof(*ids)) {
		errno = E2BIG;
		return -1;
	}
	memcpy(ids, syscall_ids, syscall_count * sizeof(*ids));
	*bytes = (uint32_t)(syscall_count * sizeof(*ids));
	return (long)syscall_count;
}

static int setup(void **state)
{
	securityfs = NULL;
	syscall_ids = NULL;
	syscall_count = 0;
	syscalls = 0;
	return unit_setup(state);
}

static void test_list_is_what_securityfs_says(void **state)
{
	char list[64];

	(void)state;
	securityfs = "lockdown,capability,yama,apparmor,bpf";
	assert_int_equal(krsi_priv_lsm_list(list, sizeof(list)), 0);
	assert_string_equal(list, securityfs);
	assert_int_equal(syscalls, 0);
}

static void test_list_comes_from_the_system_call_without_securityfs(void **state)
{
	static const uint64_t ids[] = { 108, 100, 105, 104, 109, 110, 111, 112, 113, 101, 102, 103, 106, 107 };
	char list[256];

	(void)state;
	syscall_ids = ids;
	syscall_count = ARRAY_SIZE(ids);
	assert_int_equal(krsi_priv_lsm_list(list, sizeof(list)), 0);
	assert_string_equal(list, "lockdown,capability,yama,apparmor,bpf,landlock,ima,evm,ipe,selinux,smack,tomoyo,loadpin,safesetid");
}

static void test_empty_file_is_no_answer(void **state)
{
	static const uint64_t ids[] = { 100, 109 };
	char list[64];

	(void)state;
	securityfs = "";
	syscall_ids = ids;
	syscall_count = ARRAY_SIZE(ids);
	assert_int_equal(krsi_priv_lsm_list(list, sizeof(list)), 0);
	assert_string_equal(list, "capability,bpf");
}

static void test_module_of_a_later_kernel_keeps_its_place(void **state)
{
	static const uint64_t ids[] = { 100, 999, 109 };
	char list[64];

	(void)state;
	syscall_ids = ids;
	syscall_count = ARRAY_SIZE(ids);
	assert_int_equal(krsi_priv_lsm_list(list, sizeof(list)), 0);
	assert_string_equal(list, "capability,unknown,bpf");
	assert_true(krsi_priv_lsm_list_has(list, "bpf"));
}

static void test_without_both_sources_there_is_an_errno(void **state)
{
	static const uint64_t too_many[64];
	char list[64] = "old";

	(void)state;
	assert_int_equal(krsi_priv_lsm_list(list, sizeof(list)), -ENOSYS);
	assert_string_equal(list, "");
	syscall_ids = too_many;
	syscall_count = ARRAY_SIZE(too_many);
	assert_int_equal(krsi_priv_lsm_list(list, sizeof(list)), -E2BIG);
}

static void test_list_is_cut_to_any_buffer(void **state)
{
	static const uint64_t ids[] = { 100, 105, 109 };
	static const char whole[] = "capability,yama,bpf";
	size_t size;

	(void)state;
	syscall_ids = ids;
	syscall_count = ARRAY_SIZE(ids);
	for (size = 1; size <= sizeof(whole); size++) {
		char *list = malloc(size);

		assert_int_equal(krsi_priv_lsm_list(list, size), 0);
		assert_int_equal(strlen(list), size - 1);
		assert_memory_equal(list, whole, size - 1);
		free(list);
	}
}

static void test_has_takes_whole_names_alone(void **state)
{
	static const struct {
		const char *list;
		const char *module;
		bool want;
	} variants[] = {
		{ "bpf", "bpf", true },
		{ "bpf,yama", "bpf", true },
		{ "lockdown,bpf,yama", "bpf", true },
		{ "yama,bpf", "bpf", true },
		{ "bpfilter,yama", "bpf", false },	/* begins with it */
		{ "xbpf", "bpf", false },		/* ends with it */
		{ "bp", "bpf", false },
		{ "yama", "bpf", false },
		{ "", "bpf", false },
		{ ",", "bpf", false },
		{ ",bpf", "bpf", true },
		{ "yama,,bpf", "bpf", true },
		{ "BPF", "bpf", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++)
		if (krsi_priv_lsm_list_has(variants[i].list, variants[i].module) != variants[i].want)
			fail_msg("%s in \"%s\"", variants[i].module, variants[i].list);
}

static void test_boot_line_keeps_the_present_modules(void **state)
{
	static const struct {
		const char *list;
		const char *want;
	} variants[] = {
		{ "lockdown,capability,yama,apparmor", "lsm=lockdown,yama,apparmor,bpf" },
		{ "capability", "lsm=bpf" },
		{ "capability,landlock,lockdown,yama,integrity,apparmor", "lsm=landlock,lockdown,yama,integrity,apparmor,bpf" },
		{ "yama,capability", "lsm=yama,bpf" },
		{ "capabilityx,yama", "lsm=capabilityx,yama,bpf" },
		{ "cap", "lsm=cap,bpf" },
		{ "lockdown,capability,bpf", "" },	/* nothing to add */
		{ "bpf", "" },
		{ "", "" },				/* nothing is known, so nothing is proposed */
	};
	char line[128];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		krsi_priv_lsm_boot_line(variants[i].list, line, sizeof(line));
		if (strcmp(line, variants[i].want) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", variants[i].list, line, variants[i].want);
	}
}

static void test_boot_line_is_cut_to_any_buffer(void **state)
{
	static const char whole[] = "lsm=lockdown,yama,bpf";
	size_t size;

	(void)state;
	for (size = 1; size <= sizeof(whole); size++) {
		char *line = malloc(size);

		krsi_priv_lsm_boot_line("lockdown,capability,yama", line, size);
		assert_int_equal(strlen(line), size - 1);
		assert_memory_equal(line, whole, size - 1);
		free(line);
	}
}

#define list_test(name) cmocka_unit_test_setup_teardown(name, setup, unit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		list_test(test_list_is_what_securityfs_says),
		list_test(test_list_comes_from_the_system_call_without_securityfs),
		list_test(test_empty_file_is_no_answer),
		list_test(test_module_of_a_later_kernel_keeps_its_place),
		list_test(test_without_both_sources_there_is_an_errno),
		list_test(test_list_is_cut_to_any_buffer),
		list_test(test_has_takes_whole_names_alone),
		list_test(test_boot_line_keeps_the_present_modules),
		list_test(test_boot_line_is_cut_to_any_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

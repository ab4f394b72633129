/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Machines and processes that cannot do what is asked: no capability, no kernel BTF, too little
 * memlock, no securityfs. Each must say so, and leave nothing behind. What needs no kernel at all is
 * in tests/unit/.
 */
#include "vm.h"

#include <errno.h>
#include <grp.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Run `fn` in a child, so that what it gives up is given up there only. It returns 0 or a line number. */
static void in_child(int (*fn)(struct krsi_ctx *ctx), struct krsi_ctx *ctx)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int line = fn(ctx);

		if (line) {
			printf("# line %d: %s\n", line, krsi_ctx_error_detail(ctx));
			fflush(stdout);
		}
		_exit(line ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define EXPECT(condition)		\
	do {				\
		if (!(condition))	\
			return __LINE__; \
	} while (0)

static int detail_has(struct krsi_ctx *ctx, const char *words)
{
	return strstr(krsi_ctx_error_detail(ctx), words) != NULL;
}

static int without_capabilities(struct krsi_ctx *ctx)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096,
	};
	struct krsi_object *object;
	struct krsi_map *map;

	EXPECT(krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object) == 0);
	EXPECT(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
	EXPECT(krsi_object_load(object) == -EPERM);
	EXPECT(detail_has(ctx, "missing: CAP_BPF, CAP_PERFMON"));
	EXPECT(krsi_map_new(ctx, &shape, &map) == -EPERM);
	EXPECT(detail_has(ctx, "CAP_BPF"));
	krsi_object_free(object);
	return 0;
}

static void test_no_capability_names_what_is_missing(void **state)
{
	struct vm_count before = vm_count();

	in_child(without_capabilities, *state);
	vm_wait_for_count(before);
}

/* An empty directory over the kernel's BTF, in a mount namespace of our own. */
static int without_kernel_btf(struct krsi_ctx *ctx)
{
	struct krsi_object *object;
	struct krsi_hooks *hooks;

	EXPECT(krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object) == 0);
	EXPECT(unshare(CLONE_NEWNS) == 0);
	EXPECT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL);
	EXPECT(mount("none", "/sys/kernel/btf", "tmpfs", 0, NULL) == 0);
	EXPECT(krsi_object_load(object) == -EOPNOTSUPP);
	EXPECT(detail_has(ctx, "CONFIG_DEBUG_INFO_BTF"));
	EXPECT(krsi_object_set_target(object, "mkdir_check", "inode_mknod") == -EOPNOTSUPP);
	EXPECT(krsi_hooks_new(ctx, NULL, &hooks) == -EOPNOTSUPP);
	EXPECT(detail_has(ctx, "CONFIG_DEBUG_INFO_BTF"));
	krsi_object_free(object);
	return 0;
}

static void test_no_kernel_btf_names_the_option(void **state)
{
	struct vm_count before = vm_count();

	in_child(without_kernel_btf, *state);
	vm_wait_for_count(before);
}

static int with_little_memlock(struct krsi_ctx *ctx)
{
	struct rlimit little = { 4096, 4096 };
	struct krsi_object *object;

	EXPECT(krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object) == 0);
	EXPECT(setrlimit(RLIMIT_MEMLOCK, &little) == 0);
	/* Without CAP_SYS_RESOURCE nobody can raise it again. CAP_BPF and CAP_PERFMON stay. */
	EXPECT(prctl(PR_CAPBSET_DROP, 24 /* CAP_SYS_RESOURCE */, 0, 0, 0) == 0);
	EXPECT(execl("/proc/self/exe", "bad_input", "memlock", NULL) == 0);
	return 0;
}

/* What is left to do after the exec that dropped the capability. */
static int memlock_child(void)
{
	struct krsi_ctx *ctx = NULL;
	struct krsi_object *object;
	void *state = NULL;
	int err;

	vm_ctx_setup(&state);
	ctx = state;
	err = krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object);
	if (!err)
		err = krsi_object_load(object);
	if (err != -EPERM || !detail_has(ctx, "RLIMIT_MEMLOCK") || !detail_has(ctx, "4096 bytes")) {
		printf("# %s: %s\n", krsi_error_name(err), krsi_ctx_error_detail(ctx));
		return 1;
	}
	krsi_object_free(object);
	krsi_ctx_free(ctx);
	return 0;
}

static void test_little_memlock_is_named_on_old_kernels(void **state)
{
	struct vm_count before = vm_count();

	if (vm_kernel_at_least(5, 11))
		skip_because("kernels count BPF memory against memlock only before 5.11");
	in_child(with_little_memlock, *state);
	vm_wait_for_count(before);
}

/* Nobody can tell then whether the kernel would call the program: it is attached, with a warning. */
static void remember_warning(void *data, int level, const char *text)
{
	if (level == KRSI_LOG_WARN)
		snprintf(data, 200, "%s", text);
}

static int without_securityfs(struct krsi_ctx *ctx)
{
	char warning[200] = "";
	struct krsi_object *object;

	EXPECT(krsi_ctx_set_log(ctx, remember_warning, KRSI_LOG_WARN, warning) == 0);
	EXPECT(krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object) == 0);
	EXPECT(krsi_object_load(object) == 0);
	EXPECT(umount2("/sys/kernel/security", MNT_DETACH) == 0);
	EXPECT(krsi_object_attach(object, NULL) == 0);
	if (!vm_kernel_at_least(6, 8))	/* from there on lsm_list_modules(2) tells */
		EXPECT(strstr(warning, "mount securityfs"));
	krsi_object_free(object);
	return 0;
}

static void test_no_securityfs_is_a_warning(void **state)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
	if (unshare(CLONE_NEWNS) != 0 || (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 && errno != EINVAL))
		skip_because("no mount namespace of our own");
	in_child(without_securityfs, *state);
	if (access("/sys/kernel/security/lsm", F_OK) != 0)
		assert_int_equal(mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL), 0);
}

static void test_closing_twice_or_out_of_order(void **state)
{
	struct krsi_object *object = NULL;
	struct krsi_stream *stream;
	struct krsi_map *map;
	struct krsi_ctx *ctx;

	(void)state;
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	object = vm_object_open(ctx, "mkdir");
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_map_open(object, "counts", &map));
	assert_ok(ctx, krsi_stream_new(ctx, &stream));
	krsi_ctx_free(ctx);
	assert_int_equal(krsi_object_detach(object), -EALREADY);
	krsi_object_free(object);
	assert_int_equal(krsi_map_delete(map, "12345", 5), -EMSGSIZE);
	krsi_map_free(map);
	krsi_stream_free(stream);
	krsi_object_free(NULL);
	krsi_map_free(NULL);
	krsi_stream_free(NULL);
	krsi_link_free(NULL);
	krsi_ctx_free(NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_no_capability_names_what_is_missing),
		vm_test(test_no_kernel_btf_names_the_option),
		vm_test(test_little_memlock_is_named_on_old_kernels),
		vm_test(test_no_securityfs_is_a_warning),
		cmocka_unit_test(test_closing_twice_or_out_of_order),
	};

	if (argc == 2 && strcmp(argv[1], "memlock") == 0)
		return memlock_child();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

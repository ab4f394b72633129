/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What is told where the kernel or the machine stands in the way: each situation is made for real, most of them in a
 * child, as there is no way back.
 */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* --- in a child ---------------------------------------------------------------- */

/* Each makes the situation for the child; 0 when it is made. */
typedef int (*situation_fn)(void);

/* What the child is to try; 0 or what libkrsi said, with the story in `ctx`. */
typedef int (*act_fn)(struct krsi_ctx *ctx);

/* What came of it, with the story in `detail`. */
static int in_child(situation_fn make, act_fn act, char *detail, size_t size)
{
	struct krsi_ctx *ctx;
	int fds[2], status;
	const char *text;
	pid_t child;
	ssize_t n;
	int err;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (make() || krsi_ctx_new(NULL, &ctx))
			_exit(255);
		err = act(ctx);
		text = krsi_ctx_error_detail(ctx);
		_exit(write(fds[1], text, strlen(text)) < 0 ? 255 : -err);
	}
	close(fds[1]);
	n = read(fds[0], detail, size - 1);
	detail[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return -WEXITSTATUS(status);
}

static int mkdir_load(struct krsi_ctx *ctx)
{
	struct krsi_object *object;
	int err;

	err = krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object);
	return err ? err : krsi_object_load(object);
}

static int list_make(struct krsi_ctx *ctx)
{
	struct krsi_attached *attached;

	return krsi_attached_new(ctx, NULL, &attached);
}

static void assert_told(const char *detail, const char *words)
{
	if (!strstr(detail, words))
		fail_msg("\"%s\" is not in: %s", words, detail);
}

static int become_nobody(void)
{
	return setgid(NOBODY) || setuid(NOBODY);
}

static void test_missing_capabilities_are_named(void **state)
{
	char detail[2048];

	(void)state;
	assert_int_equal(in_child(become_nobody, mkdir_load, detail, sizeof(detail)), -EPERM);
	assert_told(detail, "missing: CAP_BPF, CAP_PERFMON");
	assert_int_equal(in_child(become_nobody, list_make, detail, sizeof(detail)), -EPERM);
	assert_told(detail, "it needs CAP_SYS_ADMIN, which is missing");
}

static int bpf_filter(void)
{
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { .len = sizeof(steps) / sizeof(steps[0]), .filter = steps };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

static void test_seccomp_is_named(void **state)
{
	char detail[2048];

	(void)state;
	if (!vm_kernel_at_least(5, 11))
		skip_because("before Linux 5.11 the limit of locked memory is the likelier reason");
	assert_int_equal(in_child(bpf_filter, mkdir_load, detail, sizeof(detail)), -EPERM);
	assert_told(detail, "a seccomp filter is in force for this process");
	assert_int_equal(in_child(bpf_filter, list_make, detail, sizeof(detail)), -EPERM);
	assert_told(detail, "a seccomp filter is in force for this process");
}

static int user_namespace_enter(void)
{
	int fd;

	if (unshare(CLONE_NEWUSER))
		return -1;
	fd = open("/proc/self/uid_map", O_WRONLY);
	return fd < 0 || write(fd, "0 0 1", 5) != 5;
}

static void test_capabilities_of_a_user_namespace_do_not_count(void **state)
{
	char detail[2048];

	(void)state;
	assert_int_equal(in_child(user_namespace_enter, mkdir_load, detail, sizeof(detail)), -EPERM);
	assert_told(detail, "this process is in a user namespace of its own, whose capabilities do not count");
}

/* --- no type information ---------------------------------------------------------- */

#define BTF_COPY "/tmp/diagnose.btf"

static int btf_hide(void)
{
	return unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount("none", "/sys/kernel/btf", "tmpfs", 0, NULL);
}

static int hooks_list(struct krsi_ctx *ctx)
{
	struct krsi_hooks *hooks;

	return krsi_hooks_new(ctx, NULL, &hooks);
}

/* A program on a tracepoint, whose types are fitted to the kernel's, which the caller brings along. */
static int own_btf_load(struct krsi_ctx *ctx)
{
	const struct krsi_object_opts opts = { .sz = sizeof(opts), .btf_path = BTF_COPY };
	struct krsi_object *object;
	int err;

	err = krsi_object_open(ctx, vm_object_path("fitted"), &opts, &object);
	if (!err)
		err = krsi_object_load(object);
	return err ? err : krsi_object_attach(object, NULL);
}

static int no_btf_load(struct krsi_ctx *ctx)
{
	struct krsi_object *object;
	int err;

	err = krsi_object_open(ctx, vm_object_path("fitted"), NULL, &object);
	return err ? err : krsi_object_load(object);
}

static void test_kernel_without_types_is_told(void **state)
{
	static const act_fn acts[] = { mkdir_load, no_btf_load, hooks_list, list_make };
	char detail[2048];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (in_child(btf_hide, acts[i], detail, sizeof(detail)) != -EOPNOTSUPP)
			fail_msg("act %zu: %s", i, detail);
		assert_told(detail, "CONFIG_DEBUG_INFO_BTF");
	}
}

static void test_types_of_the_callers_stand_in(void **state)
{
	char detail[2048];

	(void)state;
	vm_btf_copy(BTF_COPY);
	if (in_child(btf_hide, own_btf_load, detail, sizeof(detail)))
		fail_msg("%s", detail);
	unlink(BTF_COPY);
}

/* --- verdicts of the verifier ------------------------------------------------------ */

static void test_answer_that_is_no_errno_is_told_where_the_kernel_minds(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("answer"), NULL, &object));
	assert_ok(ctx, krsi_object_set_program(object, "clear_answer", KRSI_PROGRAM_SKIP));
	if (vm_kernel_at_least(6, 12)) {
		assert_int_equal(krsi_object_load(object), -ENOEXEC);
		assert_detail(ctx, "program any_answer: the verifier refused it: ");
		assert_detail(ctx, "should have been in [-4095, 0]");
		assert_detail(ctx, "answer.bpf.c:");
		assert_detail(ctx, "\n  fix: since Linux 6.12 a program on a security hook must be seen to return 0 or a negative errno");
	} else {
		assert_ok(ctx, krsi_object_load(object));
	}
	krsi_object_free(object);
}

static void test_answer_that_is_limited_loads_on_every_kernel(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("answer"), NULL, &object));
	assert_ok(ctx, krsi_object_set_program(object, "any_answer", KRSI_PROGRAM_SKIP));
	assert_ok(ctx, krsi_object_load(object));
	krsi_object_free(object);
}

static void test_functions_that_are_weak_may_be_missing(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_attach(ctx, "weak");
	struct krsi_map_info info = { .sz = sizeof(info) };
	uint32_t zero = 0;
	int seen[2];
	struct krsi_map *bss;

	assert_true(getpgid(getpid()) > 0);
	assert_ok(ctx, krsi_map_open(object, ".bss", &bss));
	assert_ok(ctx, krsi_map_info(bss, &info));
	assert_int_equal(info.value_size, sizeof(seen));
	assert_ok(ctx, krsi_map_lookup(bss, &zero, sizeof(zero), seen, sizeof(seen)));
	assert_int_equal(seen[0], vm_kernel_at_least(6, 4) ? 1 : -1);
	assert_int_equal(seen[1], -1);
	krsi_map_free(bss);
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_missing_capabilities_are_named),
		vm_test(test_seccomp_is_named),
		vm_test(test_capabilities_of_a_user_namespace_do_not_count),
		vm_test(test_kernel_without_types_is_told),
		vm_test(test_types_of_the_callers_stand_in),
		vm_test(test_answer_that_is_no_errno_is_told_where_the_kernel_minds),
		vm_test(test_answer_that_is_limited_loads_on_every_kernel),
		vm_test(test_functions_that_are_weak_may_be_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

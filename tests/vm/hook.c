/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The list of hooks of real kernels, and how programs can sit on them. */
#include "vm.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct krsi_hooks *hooks_new(struct krsi_ctx *ctx)
{
	struct krsi_hooks *hooks = NULL;

	assert_ok(ctx, krsi_hooks_new(ctx, NULL, &hooks));
	return hooks;
}

static struct krsi_hook_info hook_at(const struct krsi_hooks *hooks, size_t index)
{
	struct krsi_hook_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_hook_info(hooks, index, &info), 0);
	return info;
}

static size_t find(struct krsi_ctx *ctx, const struct krsi_hooks *hooks, const char *name)
{
	size_t index = 0;

	assert_ok(ctx, krsi_hooks_find(hooks, name, &index));
	return index;
}

static struct krsi_hook_support_info try(struct krsi_ctx *ctx, const struct krsi_hooks *hooks, size_t index)
{
	struct krsi_hook_support_info support = { .sz = sizeof(support) };

	assert_ok(ctx, krsi_hook_try(hooks, index, &support));
	return support;
}

static void test_hooks_are_listed_by_name(void **state)
{
	struct krsi_hooks *hooks = hooks_new(*state);
	size_t count = krsi_hooks_count(hooks), i;

	assert_in_range(count, 200, 300);
	for (i = 0; i < count; i++) {
		if (i)
			assert_true(strcmp(hook_at(hooks, i - 1).name, hook_at(hooks, i).name) < 0);
		assert_int_equal(find(*state, hooks, hook_at(hooks, i).name), i);
		assert_non_null(strstr(hook_at(hooks, i).prototype, hook_at(hooks, i).name));
	}
	krsi_hooks_free(hooks);
}

static void test_hooks_have_the_kernels_prototypes(void **state)
{
	static const struct {
		const char *name, *prototype;
		uint32_t can_deny;
	} expected[] = {
		{ "file_open", "int file_open(struct file *file)", 1 },
		{ "bprm_check_security", "int bprm_check_security(struct linux_binprm *bprm)", 1 },
		{ "inode_unlink", "int inode_unlink(struct inode *dir, struct dentry *dentry)", 1 },
		{ "socket_connect", "int socket_connect(struct socket *sock, struct sockaddr *address, int addrlen)", 1 },
		{ "task_kill", "int task_kill(struct task_struct *p, struct kernel_siginfo *info, int sig, const struct cred *cred)", 1 },
		{ "tun_dev_create", "int tun_dev_create(void)", 1 },
	};
	struct krsi_hooks *hooks = hooks_new(*state);
	struct krsi_hook_info info;
	size_t i;

	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		info = hook_at(hooks, find(*state, hooks, expected[i].name));
		assert_string_equal(info.prototype, expected[i].prototype);
		assert_int_equal(info.can_deny, expected[i].can_deny);
	}
	info = hook_at(hooks, find(*state, hooks, "bprm_committed_creds"));
	assert_int_equal(info.can_deny, 0);
	krsi_hooks_free(hooks);
}

static void test_functions_that_are_no_hooks_are_left_out(void **state)
{
	static const char *const names[] = {
		"verify_prog", "func_proto", "init", "is_sleepable_hook", "is_trusted", "find_cgroup_shim", "lsm_func_addr",
	};
	struct krsi_hooks *hooks = hooks_new(*state);
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(krsi_hooks_find(hooks, names[i], NULL), -ENOENT);
	krsi_hooks_free(hooks);
}

static void test_a_wrong_name_gets_a_hint(void **state)
{
	struct krsi_hooks *hooks = hooks_new(*state);

	assert_int_equal(krsi_hooks_find(hooks, "file_opne", NULL), -ENOENT);
	assert_detail(*state, "did you mean file_open");
	krsi_hooks_free(hooks);
}

static void test_trying_tells_the_ways_of_a_hook(void **state)
{
	struct krsi_hooks *hooks = hooks_new(*state);
	struct krsi_hook_support_info file_open, path_unlink, committed, vm_memory;

	file_open = try(*state, hooks, find(*state, hooks, "file_open"));
	path_unlink = try(*state, hooks, find(*state, hooks, "path_unlink"));
	committed = try(*state, hooks, find(*state, hooks, "bprm_committed_creds"));
	vm_memory = try(*state, hooks, find(*state, hooks, "vm_enough_memory"));

	assert_int_equal(file_open.lsm, 0);
	assert_int_equal(file_open.fmod_ret, 0);
	assert_int_equal(file_open.lsm_sleepable == 0, vm_kernel_at_least(6, 1));
	assert_int_equal(file_open.lsm_cgroup == 0, vm_kernel_at_least(6, 0));
	assert_int_equal(path_unlink.lsm, 0);
	/* kernel/patches has that for 6.1 too. */
	assert_int_equal(path_unlink.lsm_sleepable == 0,
			 vm_kernel_at_least(6, 12) || access("/sys/kernel/security/krsi/hooks", F_OK) == 0);
	assert_int_equal(committed.lsm, 0);
	assert_int_equal(committed.lsm_sleepable, 0);
	assert_int_equal(committed.fmod_ret, 0);	/* void, so it could not change anything, but it loads */
	assert_int_equal(vm_memory.fmod_ret, 0);	/* the kernel's function is security_vm_enough_memory_mm */
	krsi_hooks_free(hooks);
}

static void test_trying_every_hook_counts_the_sleepable_ones(void **state)
{
	struct krsi_hooks *hooks = hooks_new(*state);
	size_t count = krsi_hooks_count(hooks), lsm = 0, sleepable = 0, cgroup = 0, fmod_ret = 0, i;
	struct krsi_hook_support_info support;

	for (i = 0; i < count; i++) {
		support = try(*state, hooks, i);
		lsm += support.lsm == 0;
		sleepable += support.lsm_sleepable == 0;
		cgroup += support.lsm_cgroup == 0;
		fmod_ret += support.fmod_ret == 0;
	}
	print_message("# %zu hooks: %zu lsm, %zu sleepable, %zu cgroup, %zu fmod_ret\n", count, lsm, sleepable, cgroup, fmod_ret);
	assert_in_range(lsm, count - 15, count);
	if (vm_kernel_at_least(6, 1))
		assert_in_range(sleepable, 60, 100);
	else
		assert_int_equal(sleepable, 1);
	assert_int_equal(cgroup, vm_kernel_at_least(6, 0) ? lsm : 0);
	assert_in_range(fmod_ret, count - 15, count);
	krsi_hooks_free(hooks);
}

static void test_trying_leaves_nothing_behind(void **state)
{
	struct krsi_hooks *hooks = hooks_new(*state);
	struct vm_count before = vm_count();
	int fds = vm_fd_count();
	size_t i;

	for (i = 0; i < 20; i++)
		try(*state, hooks, i);
	assert_int_equal(vm_fd_count(), fds);
	vm_wait_for_count(before);
	krsi_hooks_free(hooks);
}

static void test_trying_without_capabilities_says_so(void **state)
{
	struct krsi_hooks *hooks = hooks_new(*state);
	struct krsi_hook_support_info support = { .sz = sizeof(support) };
	int status = 0;
	pid_t child;

	child = fork();
	if (child == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		if (krsi_hook_try(hooks, 0, &support) != -EPERM)
			_exit(3);
		_exit(strstr(krsi_ctx_error_detail(*state), "CAP_BPF") ? 0 : 4);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	krsi_hooks_free(hooks);
}

static void test_a_file_with_the_kernels_types_gives_the_same_list(void **state)
{
	struct krsi_hooks_opts opts = { .sz = sizeof(opts), .btf_path = "/sys/kernel/btf/vmlinux" };
	struct krsi_hook_support_info support = { .sz = sizeof(support) };
	struct krsi_hooks *running = hooks_new(*state), *file = NULL;
	size_t i;

	assert_ok(*state, krsi_hooks_new(*state, &opts, &file));
	assert_int_equal(krsi_hooks_count(file), krsi_hooks_count(running));
	for (i = 0; i < krsi_hooks_count(file); i++)
		assert_string_equal(hook_at(file, i).prototype, hook_at(running, i).prototype);
	assert_int_equal(krsi_hook_try(file, 0, &support), -EBADFD);
	krsi_hooks_free(file);
	krsi_hooks_free(running);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_hooks_are_listed_by_name),
		vm_test(test_hooks_have_the_kernels_prototypes),
		vm_test(test_functions_that_are_no_hooks_are_left_out),
		vm_test(test_a_wrong_name_gets_a_hint),
		vm_test(test_trying_tells_the_ways_of_a_hook),
		vm_test(test_trying_every_hook_counts_the_sleepable_ones),
		vm_test(test_trying_leaves_nothing_behind),
		vm_test(test_trying_without_capabilities_says_so),
		vm_test(test_a_file_with_the_kernels_types_gives_the_same_list),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

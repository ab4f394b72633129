/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The probe on real kernels: what each of them can do, and that asking disturbs nobody. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECURITYFS "/sys/kernel/security"
#define JIT_SYSCTL "/proc/sys/net/core/bpf_jit_enable"
#define NOBODY 65534

static struct krsi_probe *probe_new(struct krsi_ctx *ctx)
{
	struct krsi_probe *probe = NULL;

	assert_ok(ctx, krsi_probe_new(ctx, &probe));
	return probe;
}

static struct krsi_feature_info feature(const struct krsi_probe *probe, uint32_t number)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_probe_feature(probe, number, &info), 0);
	return info;
}

static void assert_feature(const struct krsi_probe *probe, uint32_t number, bool available, uint32_t reason)
{
	struct krsi_feature_info info = feature(probe, number);

	if (info.available == available && info.reason == (available ? (uint32_t)KRSI_REASON_NONE : reason))
		return;
	fail_msg("%s: available %u, reason %u: %s", info.name, info.available, info.reason, info.sentence);
}

/* 0 or the errno. */
static int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY), err;

	assert_true(fd >= 0);
	err = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
	close(fd);
	return err;
}

/* Whether `word` stands in a small file. */
static bool file_has(const char *path, const char *word)
{
	char text[512] = "";
	FILE *file = fopen(path, "r");
	bool has;

	if (!file)
		return false;
	has = fgets(text, sizeof(text), file) && strstr(text, word);
	fclose(file);
	return has;
}

static bool is_patched(void)
{
	return access(SECURITYFS "/krsi/hooks", F_OK) == 0;
}

/* --- what is true of each kernel ----------------------------------------- */

/* From which of Debian's kernels on; 0, 0: all of them. */
static const struct {
	uint32_t feature;
	int major, minor;
} by_age[] = {
	{ KRSI_FEATURE_CAPABILITIES, 0, 0 },
	{ KRSI_FEATURE_SECURITYFS, 0, 0 },
	{ KRSI_FEATURE_BTF, 0, 0 },
	{ KRSI_FEATURE_JIT, 0, 0 },
	{ KRSI_FEATURE_TRAMPOLINE, 0, 0 },
	{ KRSI_FEATURE_LSM_BUILT, 0, 0 },
	{ KRSI_FEATURE_FMOD_RET_RUNS, 0, 0 },
	{ KRSI_FEATURE_RINGBUF, 0, 0 },
	{ KRSI_FEATURE_SK_STORAGE, 0, 0 },
	{ KRSI_FEATURE_LSM_SYSCALLS, 6, 8 },
	{ KRSI_FEATURE_LSM_SLEEPABLE, 5, 11 },
	{ KRSI_FEATURE_LSM_CGROUP, 6, 0 },
	{ KRSI_FEATURE_TASK_STORAGE, 5, 11 },
	{ KRSI_FEATURE_CGRP_STORAGE, 6, 2 },
	{ KRSI_FEATURE_BPF_FOR, 6, 4 },
	{ KRSI_FEATURE_RDONLY_CAST, 6, 2 },
	{ KRSI_FEATURE_D_PATH, 5, 11 },
	{ KRSI_FEATURE_PATH_D_PATH, 6, 12 },
	{ KRSI_FEATURE_TASK_EXE_FILE, 6, 12 },
	{ KRSI_FEATURE_FILE_XATTR, 6, 8 },
	{ KRSI_FEATURE_DENTRY_XATTR, 6, 12 },
	{ KRSI_FEATURE_FSVERITY, 6, 8 },
	{ KRSI_FEATURE_IMA_HASH, 5, 18 },
};

static void test_probe_knows_the_age_of_features(void **state)
{
	struct krsi_probe *probe = probe_new(*state);
	size_t i;

	if (is_patched())
		skip_because("not one of Debian's kernels, but a small one with libkrsi's patches");

	for (i = 0; i < sizeof(by_age) / sizeof(by_age[0]); i++)
		assert_feature(probe, by_age[i].feature, vm_kernel_at_least(by_age[i].major, by_age[i].minor),
			       KRSI_REASON_TOO_OLD);
	krsi_probe_free(probe);
}

static void test_lsm_runs_exactly_when_bpf_is_active(void **state)
{
	struct krsi_probe *probe = probe_new(*state);
	bool active = vm_bpf_is_active();

	assert_feature(probe, KRSI_FEATURE_LSM_ACTIVE, active, KRSI_REASON_NOT_BOOTED);
	assert_feature(probe, KRSI_FEATURE_LSM_RUNS, active, KRSI_REASON_NOT_BOOTED);
	assert_feature(probe, KRSI_FEATURE_INODE_STORAGE, active, KRSI_REASON_DEPENDS);
	assert_feature(probe, KRSI_FEATURE_FMOD_RET_RUNS, true, KRSI_REASON_NONE);
	krsi_probe_free(probe);
}

static void test_boot_line_adds_bpf_to_what_is_there(void **state)
{
	struct krsi_probe *probe = probe_new(*state);
	const char *line = krsi_probe_lsm_boot_line(probe);

	assert_true(file_has(SECURITYFS "/lsm", krsi_probe_lsm_list(probe)));
	if (vm_bpf_is_active()) {
		assert_string_equal(line, "");
	} else {
		assert_int_equal(strncmp(line, "lsm=", 4), 0);
		assert_string_equal(line + strlen(line) - 4, ",bpf");
		assert_non_null(strstr(feature(probe, KRSI_FEATURE_LSM_RUNS).fix, line));
		/* Some kernels have it without listing it, and panic over an IMA rule when it is left out. */
		if (access(SECURITYFS "/integrity", F_OK) == 0)
			assert_true(strstr(line, "integrity") || strstr(line, "ima") || strstr(line, "evm"));
	}
	krsi_probe_free(probe);
}

/* Debian's 6.1 has the bug; it was mended before 6.12. */
static void test_bpf_loop_is_judged_by_running_it(void **state)
{
	struct krsi_probe *probe = probe_new(*state);

	if (vm_kernel_at_least(5, 17))
		assert_feature(probe, KRSI_FEATURE_BPF_LOOP, vm_kernel_at_least(6, 12), KRSI_REASON_UNSOUND);
	else
		assert_feature(probe, KRSI_FEATURE_BPF_LOOP, false, KRSI_REASON_TOO_OLD);
	krsi_probe_free(probe);
}

static void test_lockdown_stands_in_the_way_in_confidentiality_mode_only(void **state)
{
	struct krsi_probe *probe = probe_new(*state);

	assert_feature(probe, KRSI_FEATURE_LOCKDOWN, !file_has(SECURITYFS "/lockdown", "[confidentiality]"),
		       KRSI_REASON_LOCKED_DOWN);
	krsi_probe_free(probe);
}

/* --- what can be taken away ---------------------------------------------- */

static void test_without_securityfs_other_ways_answer(void **state)
{
	bool active = vm_bpf_is_active(), readable = vm_kernel_at_least(6, 8);
	struct krsi_probe *probe;

	assert_int_equal(umount(SECURITYFS), 0);
	probe = probe_new(*state);
	assert_int_equal(mount("securityfs", SECURITYFS, "securityfs", 0, NULL), 0);

	assert_feature(probe, KRSI_FEATURE_SECURITYFS, false, KRSI_REASON_SWITCHED_OFF);
	assert_feature(probe, KRSI_FEATURE_LSM_RUNS, active, KRSI_REASON_NOT_BOOTED);
	assert_feature(probe, KRSI_FEATURE_LSM_ACTIVE, active, readable ? KRSI_REASON_NOT_BOOTED : KRSI_REASON_UNKNOWN);
	assert_feature(probe, KRSI_FEATURE_INODE_STORAGE, active, KRSI_REASON_DEPENDS);
	assert_int_equal(krsi_probe_lsm_list(probe)[0] != '\0', readable);
	krsi_probe_free(probe);
}

static void test_without_the_compiler_nothing_is_attached(void **state)
{
	struct krsi_probe *probe;

	if (file_write(JIT_SYSCTL, "0") == EINVAL)
		skip_because("this kernel always compiles (CONFIG_BPF_JIT_ALWAYS_ON)");
	probe = probe_new(*state);
	assert_int_equal(file_write(JIT_SYSCTL, "1"), 0);
	assert_feature(probe, KRSI_FEATURE_JIT, false, KRSI_REASON_SWITCHED_OFF);
	assert_feature(probe, KRSI_FEATURE_TRAMPOLINE, false, KRSI_REASON_DEPENDS);
	assert_feature(probe, KRSI_FEATURE_LSM_RUNS, false, KRSI_REASON_DEPENDS);
	krsi_probe_free(probe);
}

/* --- other processes' eyes ----------------------------------------------- */

/* Become nobody with these capabilities alone. */
static int become_nobody(uint64_t caps)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)caps, .permitted = (uint32_t)caps },
		{ .effective = (uint32_t)(caps >> 32), .permitted = (uint32_t)(caps >> 32) },
	};

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

/* What a child found, where the parent can read it. */
struct answers {
	int err;
	struct {
		uint32_t available, reason;
	} of[KRSI_FEATURE_COUNT];
};

static void answers_fill(struct answers *answers, struct krsi_ctx *ctx)
{
	struct krsi_probe *probe = NULL;
	struct krsi_feature_info info;
	uint32_t i;

	answers->err = krsi_probe_new(ctx, &probe);
	for (i = 0; probe && i < KRSI_FEATURE_COUNT; i++) {
		info.sz = sizeof(info);
		krsi_probe_feature(probe, i, &info);
		answers->of[i].available = info.available;
		answers->of[i].reason = info.reason;
	}
	krsi_probe_free(probe);
}

/* Probe in a child, after what `prepare` does to it. */
static struct answers answers_of_child(struct krsi_ctx *ctx, int (*prepare)(void))
{
	struct answers *shared, copy;
	int status = 0;
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	shared->err = -ECHILD;
	child = fork();
	if (child == 0) {
		shared->err = prepare();
		if (!shared->err)
			answers_fill(shared, ctx);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	copy = *shared;
	munmap(shared, sizeof(*shared));
	assert_int_equal(copy.err, 0);
	return copy;
}

static void assert_same_answers_until(uint32_t end, const struct krsi_probe *probe, const struct answers *answers)
{
	struct krsi_feature_info info;
	uint32_t i;

	for (i = 0; i < end; i++) {
		info = feature(probe, i);
		if (info.available != answers->of[i].available || info.reason != answers->of[i].reason)
			fail_msg("%s: %u, reason %u there; here: %s", info.name, answers->of[i].available,
				 answers->of[i].reason, info.sentence);
	}
}

static void assert_same_answers(const struct krsi_probe *probe, const struct answers *answers)
{
	assert_same_answers_until(KRSI_FEATURE_COUNT, probe, answers);
}

static int without_capabilities(void)
{
	return become_nobody(0);
}

static void test_without_capabilities_it_says_so(void **state)
{
	struct answers answers = answers_of_child(*state, without_capabilities);
	uint32_t i;

	assert_int_equal(answers.of[KRSI_FEATURE_CAPABILITIES].reason, KRSI_REASON_NOT_PERMITTED);
	for (i = KRSI_FEATURE_JIT; i < KRSI_FEATURE_ARGV; i++)
		if (i != KRSI_FEATURE_LSM_ACTIVE)
			assert_int_equal(answers.of[i].reason, KRSI_REASON_NOT_PERMITTED);
	assert_int_equal(answers.of[KRSI_FEATURE_LSM_ACTIVE].available, vm_bpf_is_active());
	assert_int_equal(answers.of[KRSI_FEATURE_BTF].available, 1);
}

static int with_two_capabilities(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	/* Before Linux 5.11 maps count against it, and nobody may not raise it. */
	if (setrlimit(RLIMIT_MEMLOCK, &all) < 0)
		return -errno;
	return become_nobody(1ull << CAP_BPF | 1ull << CAP_PERFMON);
}

static void test_two_capabilities_are_enough(void **state)
{
	struct answers answers = answers_of_child(*state, with_two_capabilities);
	struct krsi_probe *probe = probe_new(*state);

	/* What libkrsi's patches add is in files that only root may open. */
	assert_same_answers_until(is_patched() ? KRSI_FEATURE_ARGV : KRSI_FEATURE_COUNT, probe, &answers);
	krsi_probe_free(probe);
}

static int in_a_pid_namespace(void)
{
	int status = 0;
	pid_t child;

	if (unshare(CLONE_NEWPID) < 0)
		return -errno;
	child = fork();		/* the first child is in it, we are not */
	if (child == 0)
		return 0;
	waitpid(child, &status, 0);
	_exit(status ? 1 : 0);
}

static void test_a_pid_namespace_makes_no_difference(void **state)
{
	struct answers answers = answers_of_child(*state, in_a_pid_namespace);
	struct krsi_probe *probe = probe_new(*state);

	assert_same_answers(probe, &answers);
	krsi_probe_free(probe);
}

/* --- nobody is disturbed, nothing stays ---------------------------------- */

/* Call what the probe's programs sit on until killed; exits when a call is refused. */
static pid_t caller_start(void)
{
	pid_t child = fork();

	while (child == 0)
		if (fcntl(1, F_GETFD, 5) < 0)
			_exit(1);
	return child;
}

static void test_probing_refuses_nothing(void **state)
{
	pid_t caller = caller_start();
	int status = 0, i;

	for (i = 0; i < 3; i++)
		krsi_probe_free(probe_new(*state));
	kill(caller, SIGKILL);
	assert_int_equal(waitpid(caller, &status, 0), caller);
	assert_true(WIFSIGNALED(status));
}

static void test_probing_leaves_nothing_behind(void **state)
{
	struct vm_count before = vm_count();
	int fds = vm_fd_count();

	krsi_probe_free(probe_new(*state));
	assert_int_equal(vm_fd_count(), fds);
	vm_wait_for_count(before);
}

static void test_probing_twice_gives_the_same_answers(void **state)
{
	struct krsi_probe *first = probe_new(*state);
	struct answers second = { 0 };

	answers_fill(&second, *state);
	assert_int_equal(second.err, 0);
	assert_same_answers(first, &second);
	krsi_probe_free(first);
}

static void test_two_contexts_know_nothing_of_each_other(void **state)
{
	struct krsi_probe *one, *two;
	struct krsi_ctx *other = NULL;

	assert_int_equal(krsi_ctx_new(NULL, &other), 0);
	one = probe_new(*state);
	two = probe_new(other);
	assert_int_equal(krsi_probe_feature(one, KRSI_FEATURE_COUNT, &(struct krsi_feature_info){ .sz = sizeof(struct krsi_feature_info) }),
			 -ENOENT);
	assert_string_equal(krsi_ctx_error_detail(other), "");
	krsi_probe_free(one);
	assert_string_equal(feature(two, KRSI_FEATURE_JIT).name, "jit");
	krsi_ctx_free(other);
	krsi_probe_free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_probe_knows_the_age_of_features),
		vm_test(test_lsm_runs_exactly_when_bpf_is_active),
		vm_test(test_boot_line_adds_bpf_to_what_is_there),
		vm_test(test_bpf_loop_is_judged_by_running_it),
		vm_test(test_lockdown_stands_in_the_way_in_confidentiality_mode_only),
		vm_test(test_without_securityfs_other_ways_answer),
		vm_test(test_without_the_compiler_nothing_is_attached),
		vm_test(test_without_capabilities_it_says_so),
		vm_test(test_two_capabilities_are_enough),
		vm_test(test_a_pid_namespace_makes_no_difference),
		vm_test(test_probing_refuses_nothing),
		vm_test(test_probing_leaves_nothing_behind),
		vm_test(test_probing_twice_gives_the_same_answers),
		vm_test(test_two_contexts_know_nothing_of_each_other),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

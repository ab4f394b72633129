/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What libkrsi does with its own module or patches in the kernel: tells of them, and seals. /test/krsi.ko is loaded
 * where it was taken along and the kernel has no patches; without either, what can be is tested. The cases
 * leave sealed programs behind.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KRSI "/sys/kernel/security/krsi/"
#define MODULE "/test/krsi.ko"
#define RULES "version: 1\nname: p\nrules:\n"
#define DENY_SECRET RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: { deny: EACCES } }\n"
#define DENY_OTHER RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/other }, action: { deny: EACCES } }\n"
#define DENY_TOOL RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/tool }, action: { deny: EACCES } }\n"
#define DENY_CONF RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/xy.conf }, action: { deny: EACCES } }\n"

static bool is_patched(void)
{
	return access(KRSI "hooks", F_OK) == 0;
}

static bool has_additions(void)
{
	return access(KRSI "features", F_OK) == 0;
}

static void module_load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(syscall(SYS_finit_module, fd, "", 0), 0);
	close(fd);
}

#define skip_without_additions()											\
	do {														\
		if (!has_additions())											\
			skip_because("this kernel has neither libkrsi's patches nor " MODULE);			\
	} while (0)

static struct krsi_additions_info additions_info(struct krsi_ctx *ctx)
{
	struct krsi_additions_info info = { .sz = sizeof(info) };
	struct krsi_additions *additions = NULL;

	assert_ok(ctx, krsi_additions_new(ctx, &additions));
	assert_int_equal(krsi_additions_info(additions, &info), 0);
	krsi_additions_free(additions);
	return info;
}

/* What the kernel makes of a refusal. */
static int denied(struct krsi_ctx *ctx, int errnum)
{
	return additions_info(ctx).enforcing == KRSI_SWITCH_PERMISSIVE ? 0 : errnum;
}

/* --- telling of them ------------------------------------------------------ */

static void assert_feature(const struct krsi_probe *probe, uint32_t number, uint32_t origin, uint32_t reason)
{
	struct krsi_feature_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_probe_feature(probe, number, &info), 0);
	if (info.origin != origin || info.reason != reason || info.available != (origin != KRSI_ORIGIN_ABSENT))
		fail_msg("%s: available %u, origin %u, reason %u: %s", info.name, info.available, info.origin, info.reason, info.sentence);
}

static void assert_probe(struct krsi_ctx *ctx, uint32_t origin)
{
	bool patched = origin == KRSI_ORIGIN_PATCH;
	uint32_t absent = vm_kernel_at_least(6, 1) ? KRSI_REASON_NOT_MAINLINE : KRSI_REASON_TOO_OLD;
	uint32_t reason = origin == KRSI_ORIGIN_ABSENT ? absent : KRSI_REASON_NONE;
	uint32_t patches_reason = patched ? KRSI_REASON_NONE : absent;
	struct krsi_probe *probe = NULL;

	assert_ok(ctx, krsi_probe_new(ctx, &probe));
	assert_feature(probe, KRSI_FEATURE_ARGV, origin, reason);
	assert_feature(probe, KRSI_FEATURE_SEAL, origin, reason);
	assert_feature(probe, KRSI_FEATURE_AUDIT_RECORD, origin, reason);
	assert_feature(probe, KRSI_FEATURE_HOOKS_VIEW, patched ? origin : KRSI_ORIGIN_ABSENT, patches_reason);
	assert_feature(probe, KRSI_FEATURE_ENFORCE_SWITCH, patched ? origin : KRSI_ORIGIN_ABSENT, patches_reason);
	assert_feature(probe, KRSI_FEATURE_RINGBUF, KRSI_ORIGIN_MAINLINE, KRSI_REASON_NONE);
	krsi_probe_free(probe);
	assert_int_equal(additions_info(ctx).origin, origin);
}

/* First, as the next one may load the module. */
static void test_without_additions_sealing_is_refused(void **state)
{
	struct engine e;

	if (has_additions())
		skip_because("this kernel has additions");
	assert_probe(*state, KRSI_ORIGIN_ABSENT);
	e = engine_start_new(*state, DENY_SECRET);
	assert_int_equal(krsi_engine_seal(e.engine), -EOPNOTSUPP);
	assert_detail(e.ctx, "krsi.ko");
	engine_stop_new(&e);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
}

static void test_probe_names_the_origin(void **state)
{
	bool patched = is_patched();

	if (!has_additions()) {
		if (access(MODULE, F_OK))
			skip_because("this kernel has no patches, and " MODULE " was not taken along");
		module_load();
	}
	assert_probe(*state, patched ? KRSI_ORIGIN_PATCH : KRSI_ORIGIN_MODULE);
}

static void test_a_backport_is_told_from_mainline(void **state)
{
	bool patched = is_patched(), mainline = vm_kernel_at_least(6, 12);
	struct krsi_probe *probe = NULL;

	assert_ok(*state, krsi_probe_new(*state, &probe));
	assert_feature(probe, KRSI_FEATURE_PATH_D_PATH, mainline ? KRSI_ORIGIN_MAINLINE : patched ? KRSI_ORIGIN_PATCH : KRSI_ORIGIN_ABSENT,
		       mainline || patched ? KRSI_REASON_NONE : KRSI_REASON_TOO_OLD);
	krsi_probe_free(probe);
}

static void test_programs_of_an_engine_are_on_their_hooks(void **state)
{
	struct krsi_additions_program program = { .sz = sizeof(program) };
	struct krsi_additions *additions = NULL;
	struct engine e;
	bool found = false;
	size_t i;

	if (!is_patched())
		skip_because("only a patched kernel lists programs");
	e = engine_start_new(*state, DENY_SECRET);
	assert_ok(e.ctx, krsi_additions_new(e.ctx, &additions));
	for (i = 0; krsi_additions_program(additions, i, &program) == 0; i++)
		found |= strcmp(program.hook, "file_open") == 0 && strcmp(program.name, "file_open") == 0 && !program.sealed;
	assert_true(found);
	krsi_additions_free(additions);
	engine_stop_new(&e);
}

static void test_what_is_let_through_is_counted(void **state)
{
	struct krsi_additions_info before, after;
	struct engine e;

	if (!is_patched())
		skip_because("only a patched kernel has the switch");
	e = engine_start_new(*state, DENY_SECRET);
	before = additions_info(*state);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), denied(*state, EACCES));
	after = additions_info(*state);
	assert_int_equal(after.denials - before.denials, after.enforcing == KRSI_SWITCH_PERMISSIVE ? 1 : 0);
	engine_stop_new(&e);
}

/* --- sealing -------------------------------------------------------------- */

static void test_nothing_to_seal_is_an_error(void **state)
{
	struct krsi_engine *engine = NULL;

	skip_without_additions();
	assert_int_equal(krsi_engine_seal(NULL), -EINVAL);
	assert_ok(*state, krsi_engine_new(*state, NULL, &engine));
	assert_int_equal(krsi_engine_seal(engine), -EBADFD);
	assert_detail(*state, "apply policies first");
	krsi_engine_free(engine);
}

static int drop_mac_admin(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &header, caps))
		return -1;
	caps[1].effective &= ~CAP_TO_MASK(CAP_MAC_ADMIN);
	caps[1].permitted &= ~CAP_TO_MASK(CAP_MAC_ADMIN);
	return (int)syscall(SYS_capset, &header, caps);
}

static int seal_without_mac_admin(struct krsi_engine *engine)
{
	if (drop_mac_admin())
		return 99;
	return krsi_engine_seal(engine) == -EPERM ? 0 : 1;
}

static void test_sealing_needs_mac_admin(void **state)
{
	struct engine e;
	int status = 0;
	pid_t child;

	skip_without_additions();
	e = engine_start_new(*state, DENY_SECRET);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(seal_without_mac_admin(e.engine));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(additions_info(*state).sealed, 0);
	engine_stop_new(&e);
}

/* Own two engines, seal one, say so, and wait for the end. */
static void own_engines(struct krsi_ctx *ctx, int ready)
{
	struct engine sealed = engine_start_new(ctx, DENY_OTHER), loose = engine_start_new(ctx, DENY_CONF);
	uint32_t count = 0;

	assert_ok(ctx, krsi_engine_seal(sealed.engine));
	assert_ok(ctx, krsi_engine_seal(sealed.engine));
	while (krsi_engine_program(sealed.engine, count))
		count++;
	assert_int_equal(write(ready, &count, sizeof(count)), sizeof(count));
	(void)loose;
	for (;;)
		pause();
}

/* The kernel frees links of dead processes in the background and tells nobody. */
static void wait_until_open(const char *path)
{
	int i;

	for (i = 0; try_open(path, O_RDONLY) != 0; i++) {
		assert_true(i < 1000);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
}

static void test_a_sealed_engine_outlives_its_process(void **state)
{
	uint32_t count = 0;
	int ready[2];
	pid_t child;

	skip_without_additions();
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		own_engines(*state, ready[1]);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &count, sizeof(count)), sizeof(count));
	assert_true(count > 0);
	assert_int_equal(additions_info(*state).sealed, count);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), denied(*state, EACCES));
	assert_int_equal(try_open("/tmp/engine/xy.conf", O_RDONLY), denied(*state, EACCES));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	wait_until_open("/tmp/engine/xy.conf");
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), denied(*state, EACCES));
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	assert_int_equal(additions_info(*state).sealed, count);
	close(ready[0]);
}

/* Policies can still be exchanged, and nothing is attached twice. */
static void test_a_sealed_engine_goes_on(void **state)
{
	struct krsi_additions_info before, after;
	struct krsi_engine_info info = { .sz = sizeof(info) };
	struct engine e;
	uint32_t programs;

	skip_without_additions();
	before = additions_info(*state);
	e = engine_start_new(*state, DENY_SECRET);
	assert_ok(e.ctx, krsi_engine_seal(e.engine));
	krsi_engine_info(e.engine, &info);
	programs = info.programs;
	after = additions_info(*state);
	assert_int_equal(after.sealed - before.sealed, programs);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), denied(*state, EACCES));

	assert_ok(e.ctx, krsi_engine_apply(e.engine, NULL, 0));
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	krsi_engine_info(e.engine, &info);
	assert_int_equal(info.programs, programs);
	engine_apply(&e, DENY_CONF);
	krsi_engine_info(e.engine, &info);
	assert_int_equal(info.programs, programs);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	assert_int_equal(try_open("/tmp/engine/xy.conf", O_RDONLY), denied(*state, EACCES));
	if (is_patched())
		assert_int_equal(additions_info(*state).programs, after.programs);
	engine_stop_new(&e);
	assert_int_equal(try_open("/tmp/engine/xy.conf", O_RDONLY), denied(*state, EACCES));
}

/* --- the command ---------------------------------------------------------- */

static const char *status_output(void)
{
	static char text[65536];
	FILE *pipe = popen("/test/krsi status", "r");
	size_t n;

	assert_non_null(pipe);
	n = fread(text, 1, sizeof(text) - 1, pipe);
	text[n] = '\0';
	assert_int_equal(pclose(pipe), 0);
	return text;
}

static void assert_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in: %s", words, text);
}

static void test_status_tells_of_switch_and_seals(void **state)
{
	struct krsi_additions_info info = additions_info(*state);
	const char *text;

	skip_without_additions();
	if (access("/test/krsi", F_OK))
		skip_because("/test/krsi was not taken along");
	text = status_output();
	assert_has(text, is_patched() ? "\nadditions         by patch: hooks enforce seal argv audit\n" : "\nadditions         by module: seal argv audit\n");
	assert_has(text, "\nsealed links      ");
	assert_null(strstr(text, "\nsealed links      none"));
	if (is_patched())
		assert_has(text, "\nprograms on hooks ");
	if (info.enforcing == KRSI_SWITCH_PERMISSIVE) {
		assert_ptr_equal(strstr(text, "This kernel calls lsm/ programs, but carries out no refusal"), text);
		assert_has(text, "\nenforce switch    permissive, ");
	} else {
		assert_has(text, "libkrsi can audit and enforce here.");
	}
}

#define POLICY "/tmp/engine/policy.yaml"
#define TOLD "/tmp/engine/told"

static void policy_write(const char *text)
{
	int fd = open(POLICY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* krsi run --seal with stderr in TOLD. It writes to the descriptor, which is closed when it ends. */
static pid_t seal_start(int *ready)
{
	int pipe_fds[2], told;
	char fd[16];
	pid_t child;

	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(pipe_fds[0]);
		told = open(TOLD, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(told, STDOUT_FILENO);
		dup2(told, STDERR_FILENO);
		snprintf(fd, sizeof(fd), "%d", pipe_fds[1]);
		execl("/test/krsi", "krsi", "run", "--seal", "--ready-fd", fd, POLICY, NULL);
		_exit(127);
	}
	close(pipe_fds[1]);
	*ready = pipe_fds[0];
	return child;
}

static const char *told(void)
{
	static char text[65536];
	int fd = open(TOLD, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text) - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	return text;
}

static void assert_exit(pid_t child, int code)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		fail_msg("wait status %d: %s", status, told());
}

static void skip_without_tool(void)
{
	if (access("/test/krsi", F_OK))
		skip_because("/test/krsi was not taken along");
}

static void test_run_refuses_to_seal_without_additions(void **state)
{
	int ready;
	pid_t child;
	char byte;

	(void)state;
	skip_without_tool();
	if (has_additions())
		skip_because("this kernel has additions");
	policy_write(DENY_TOOL);
	child = seal_start(&ready);
	assert_int_equal(read(ready, &byte, 1), 0);
	assert_exit(child, 4);
	assert_has(told(), "krsi: --seal: Linux has nothing to seal programs with; load libkrsi's module krsi.ko");
	close(ready);
}

static void test_run_seals_before_it_is_ready(void **state)
{
	uint32_t before = additions_info(*state).sealed;
	int ready, fd;
	pid_t child;
	char byte;

	skip_without_tool();
	skip_without_additions();
	fd = open("/tmp/engine/tool", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	policy_write(DENY_TOOL);
	child = seal_start(&ready);
	if (read(ready, &byte, 1) != 1)
		fail_msg("it did not get ready: %s", told());
	close(ready);
	assert_true(additions_info(*state).sealed > before);
	assert_has(told(), "; sealed until the next boot\n");
	assert_int_equal(try_open("/tmp/engine/tool", O_RDONLY), denied(*state, EACCES));

	/* SIGHUP is taken before SIGTERM, as their numbers are. */
	policy_write(RULES "  - { name: r, on: file.open, object: { path: /nowhere }, action: audit }\n");
	assert_int_equal(kill(child, SIGHUP), 0);
	assert_int_equal(kill(child, SIGTERM), 0);
	assert_exit(child, 0);
	assert_has(told(), "krsi: the policies are sealed: SIGHUP does not read them again");
	assert_has(told(), "krsi: sealed: the policies stay in force until the next boot");
	assert_int_equal(try_open("/tmp/engine/tool", O_RDONLY), denied(*state, EACCES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_without_additions_sealing_is_refused),
		vm_test(test_run_refuses_to_seal_without_additions),
		vm_test(test_probe_names_the_origin),
		vm_test(test_a_backport_is_told_from_mainline),
		vm_test(test_programs_of_an_engine_are_on_their_hooks),
		vm_test(test_what_is_let_through_is_counted),
		vm_test(test_nothing_to_seal_is_an_error),
		vm_test(test_sealing_needs_mac_admin),
		vm_test(test_a_sealed_engine_outlives_its_process),
		vm_test(test_a_sealed_engine_goes_on),
		vm_test(test_run_seals_before_it_is_ready),
		vm_test(test_status_tells_of_switch_and_seals),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The engine on a real kernel: policies come into force, are exchanged, and go. */
#include "engine.h"
#include "policies.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES "version: 1\nname: p\nrules:\n"

static void test_open_is_denied_by_path(void **state)
{
	struct engine e = engine_start_new(*state, RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: { deny: EACCES } }\n");

	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EACCES);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), 0);
	engine_stop_new(&e);	/* with the policy in force */
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
}

static void test_subtree_and_glob(void **state)
{
	struct engine e = engine_start(RULES
		"  - { name: a, on: file.open, object: { path: \"/tmp/engine/dir/**\" }, action: { deny: EACCES } }\n"
		"  - { name: b, on: file.open, object: { path: \"/tmp/*/x?.conf\" }, action: { deny: EROFS } }\n");

	(void)state;
	assert_int_equal(try_open("/tmp/engine/dir/sub/deep", O_RDONLY), EACCES);
	assert_int_equal(try_open("/tmp/engine/dir", O_RDONLY), 0);
	assert_int_equal(try_open("/tmp/engine/xy.conf", O_RDONLY), EROFS);
	assert_int_equal(try_open("/tmp/engine/xyz.conf", O_RDONLY), 0);
	engine_stop(&e);
}

/* Without the addresses of its counters no path is certain, and every one would be `unresolved`. */
static void test_hidden_addresses_are_refused(void **state)
{
	static const char restrict_path[] = "/proc/sys/kernel/kptr_restrict";
	struct krsi_ctx *ctx = *state;
	struct krsi_engine *engine = NULL;
	int fd = open(restrict_path, O_RDWR), err;
	char before;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &before, 1, 0), 1);
	assert_int_equal(pwrite(fd, "2", 1, 0), 1);
	err = krsi_engine_new(ctx, NULL, &engine);
	assert_int_equal(pwrite(fd, &before, 1, 0), 1);
	close(fd);
	assert_int_equal(err, -EOPNOTSUPP);
	assert_null(engine);
	assert_non_null(strstr(krsi_ctx_error_detail(ctx), "kptr_restrict"));
}

static void test_event_tells_the_rule(void **state)
{
	struct engine e = engine_start(RULES "  - { name: r, on: file.read, object: { path: /tmp/engine/secret }, action: audit }\n");
	struct seen seen;

	(void)state;
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	seen = engine_event(&e);
	assert_string_equal(seen.operation, "file.read");
	assert_string_equal(seen.policy, "p");
	assert_string_equal(seen.rule, "r");
	assert_string_equal(seen.path, "/tmp/engine/secret");
	assert_int_equal(seen.pid, getpid());
	assert_int_equal(seen.verdict, KRSI_EVENT_AUDIT);
	engine_stop(&e);
}

static void test_exec_is_denied(void **state)
{
	struct engine e = engine_start(RULES "  - { name: r, on: process.exec, object: { path: \"/tmp/engine/**\" }, action: deny }\n");

	(void)state;
	assert_int_equal(try_exec("/tmp/engine/program"), EPERM);
	assert_int_equal(try_exec("/bin/true"), 0);
	engine_stop(&e);
	assert_int_equal(try_exec("/tmp/engine/program"), 0);
}

static void test_exe_subject_decides(void **state)
{
	struct engine e = engine_start(RULES
		"  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, unless: { exe: /tmp/engine/program }, action: deny }\n");

	(void)state;
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	assert_int_equal(run("/tmp/engine/program", "cat", "/tmp/engine/secret"), 0);
	assert_int_not_equal(run("/bin/busybox", "cat", "/tmp/engine/secret"), 0);
	engine_stop(&e);
}

static void test_permissive_reports_only(void **state)
{
	struct engine e = engine_start("version: 1\nname: p\nmode: permissive\nrules:\n"
		"  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: deny }\n");
	struct seen seen;

	(void)state;
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	seen = engine_event(&e);
	assert_int_equal(seen.flags & KRSI_EVENT_WOULD, KRSI_EVENT_WOULD);
	assert_ok(e.ctx, krsi_engine_set_mode(e.engine, "p", KRSI_POLICY_ENFORCE));
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	assert_ok(e.ctx, krsi_engine_set_mode(e.engine, "p", KRSI_POLICY_PERMISSIVE));
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	engine_stop(&e);
}

static void test_apply_exchanges_and_rollback_goes_back(void **state)
{
	struct engine e = engine_start(RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: deny }\n");

	(void)state;
	engine_apply(&e, RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/other }, action: deny }\n");
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), EPERM);
	assert_ok(e.ctx, krsi_engine_rollback(e.engine));
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), 0);
	engine_stop(&e);
}

/* What krsi_engine_program_info() tells of a program, by name. */
static struct krsi_engine_program_info program_find(const struct engine *e, const char *name)
{
	struct krsi_engine_program_info info = { .sz = sizeof(info) };
	size_t i;

	for (i = 0; krsi_engine_program_info(e->engine, i, &info) == 0; i++)
		if (strcmp(info.name, name) == 0)
			return info;
	fail_msg("%s is not attached", name);
	return info;
}

static void sysctl_write(const char *text)
{
	int fd = open("/proc/sys/kernel/bpf_stats_enabled", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_programs_have_a_number_and_a_cost(void **state)
{
	struct engine e = engine_start(RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: deny }\n");
	struct krsi_engine_program_info before, after;
	int i;

	(void)state;
	before = program_find(&e, "file_open");
	assert_true(before.id > 0);
	assert_int_equal(before.runs, 0);	/* nobody counts */
	sysctl_write("1");
	for (i = 0; i < 100; i++)
		assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	sysctl_write("0");
	after = program_find(&e, "file_open");
	assert_int_equal(after.id, before.id);
	assert_true(after.runs >= 100);
	assert_true(after.run_time > 0);
	assert_int_equal(krsi_engine_program_info(e.engine, 1000, &after), -ENOENT);
	engine_stop(&e);
}

static void test_nothing_is_attached_without_need(void **state)
{
	struct engine e;

	(void)state;
	if (!vm_kernel_at_least(5, 13))
		skip_because("before Linux 5.13 programs stay where they are");
	e = engine_start(RULES "  - { name: r, on: process.exec, object: { owner: 4000000 }, action: deny }\n");
	assert_string_equal(krsi_engine_program(e.engine, 0), "exec_check");
	assert_null(krsi_engine_program(e.engine, 1));
	/* A path leads to an inode, which may be another one tomorrow. */
	engine_apply(&e, RULES "  - { name: r, on: process.exec, object: { path: /x }, action: deny }\n");
	assert_string_equal(krsi_engine_program(e.engine, 0), "identity_made");
	assert_string_equal(krsi_engine_program(e.engine, 3), "exec_check");
	assert_null(krsi_engine_program(e.engine, 4));
	assert_ok(e.ctx, krsi_engine_apply(e.engine, NULL, 0));
	assert_null(krsi_engine_program(e.engine, 0));
	engine_stop(&e);
}

/* All BPF programs of the machine. */
static unsigned int programs_loaded(void)
{
	unsigned int n = 0;
	uint32_t id = 0;

	while (bpf_prog_get_next_id(id, &id) == 0)
		n++;
	return n;
}

static void test_prepared_policies_need_no_other_programs(void **state)
{
	static const char audit[] = RULES "  - { name: r, on: [process.exec, network.connect], action: audit }\n";
	static const char deny[] = RULES "  - { name: r, on: process.exec, object: { path: /tmp/engine/program }, action: deny }\n";
	struct engine e = engine_start_new(*state, RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: deny }\n");
	struct krsi_policy *policy = engine_policy(&e, audit);
	unsigned int before = programs_loaded(), prepared;

	assert_int_equal(krsi_engine_prepare(e.engine, &policy, 1), 0);
	krsi_policy_free(policy);
	prepared = programs_loaded();
	assert_true(prepared > before);
	/* Nothing of it is in force, and what was is. */
	assert_int_equal(try_exec("/tmp/engine/program"), 0);
	assert_int_equal(engine_events_drain(&e), 0);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	assert_int_equal(krsi_engine_rollback(e.engine), -ENOENT);
	/* Other rules about these operations are applied without anything to load. */
	engine_apply(&e, deny);
	assert_int_equal(programs_loaded(), prepared);
	assert_int_equal(try_exec("/tmp/engine/program"), EPERM);
	engine_stop_new(&e);
}

/* The child shares the descriptors that keep the programs attached. */
static void test_apply_after_a_fork(void **state)
{
	static const char rules[] = RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: deny }\n";
	struct engine e = engine_start(rules);
	int i, fds[2];
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) != 0);
	}
	for (i = 0; i < 3; i++) {
		assert_ok(e.ctx, krsi_engine_apply(e.engine, NULL, 0));
		assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
		engine_apply(&e, rules);
		assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	}
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	engine_stop(&e);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
}

/* All programs that this kernel has hooks for: each is looked at by its verifier. */
static void test_every_operation_has_its_programs(void **state)
{
	char rules[1024];
	struct engine e;
	size_t count = 0;

	engine_all_rules(rules, sizeof(rules));
	e = engine_start(rules);

	(void)state;
	while (krsi_engine_program(e.engine, count))
		count++;
	print_message("# %zu programs\n", count);
	assert_true(count >= 45);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), 0);
	assert_int_equal(try_exec("/bin/true"), 0);
	engine_stop(&e);
}

static void test_refused_policy_leaves_the_old_one(void **state)
{
	struct engine e = engine_start(RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: deny }\n");
	struct krsi_policy *policy = engine_policy(&e, RULES "  - { name: r, on: process.exec, object: { digest: { ima: \"sha1:0123456789abcdef0123456789abcdef01234567\" } }, action: deny }\n");

	(void)state;
	assert_int_equal(krsi_engine_apply(e.engine, &policy, 1), -EOPNOTSUPP);
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EPERM);
	krsi_policy_free(policy);
	engine_stop(&e);
}

int part_engine(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_open_is_denied_by_path),
		vm_test(test_subtree_and_glob),
		vm_test(test_hidden_addresses_are_refused),
		vm_test(test_event_tells_the_rule),
		vm_test(test_exec_is_denied),
		vm_test(test_exe_subject_decides),
		vm_test(test_permissive_reports_only),
		vm_test(test_apply_exchanges_and_rollback_goes_back),
		vm_test(test_programs_have_a_number_and_a_cost),
		vm_test(test_nothing_is_attached_without_need),
		vm_test(test_prepared_policies_need_no_other_programs),
		vm_test(test_apply_after_a_fork),
		vm_test(test_every_operation_has_its_programs),
		vm_test(test_refused_policy_leaves_the_old_one),
	};

	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What is left after everything is freed, after fork, and after a process that was killed. */
#include "vm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void skip_unless_lsm_active(void)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
}

static int ignore_record(void *data, const void *record, size_t size)
{
	(void)data;
	(void)record;
	(void)size;
	return 0;
}

static void test_nothing_is_left_after_a_hundred_rounds(void **state)
{
	struct vm_count before = vm_count();
	int descriptors = vm_fd_count();
	struct krsi_ctx *ctx = *state;
	int i;

	skip_unless_lsm_active();
	for (i = 0; i < 100; i++) {
		struct krsi_object *object = vm_object_attach(ctx, "mkdir");
		struct krsi_stream *stream;
		struct krsi_map *map;

		assert_ok(ctx, krsi_stream_new(ctx, &stream));
		assert_ok(ctx, krsi_stream_add_object(stream, object, "events", ignore_record, NULL));
		assert_ok(ctx, krsi_map_open(object, "counts", &map));
		vm_mkdir("x");
		assert_ok(ctx, krsi_stream_dispatch(stream, 0, NULL));
		krsi_map_free(map);
		krsi_stream_free(stream);
		krsi_object_free(object);
	}
	assert_int_equal(vm_fd_count(), descriptors);
	vm_wait_for_count(before);
}

static void test_failures_leave_nothing(void **state)
{
	static const char *const names[] = { "refused", "unknown_hook", "unknown_field", "missing_symbol" };
	struct vm_count before = vm_count();
	int descriptors = vm_fd_count();
	struct krsi_ctx *ctx = *state;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct krsi_object *object = NULL;

		assert_ok(ctx, krsi_object_open(ctx, vm_object_path(names[i]), NULL, &object));
		assert_true(krsi_object_load(object) < 0);
		krsi_object_free(object);
	}
	assert_int_equal(vm_fd_count(), descriptors);
	vm_wait_for_count(before);
}

static void test_child_frees_without_disturbing_its_parent(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;
	pid_t child;
	int status;

	skip_unless_lsm_active();
	object = vm_object_attach(ctx, "mkdir");
	child = fork();
	if (child == 0) {
		krsi_object_free(object);
		krsi_ctx_free(ctx);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(vm_mkdir("denied"), EACCES);
	krsi_object_free(object);
	assert_int_equal(vm_mkdir("denied"), 0);
}

static void test_attached_until_parent_and_child_let_go(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;
	int go[2];
	pid_t child;
	char byte;

	skip_unless_lsm_active();
	object = vm_object_attach(ctx, "mkdir");
	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) == 1 ? 1 : 0);
	}
	krsi_object_free(object);
	assert_int_equal(vm_mkdir("denied"), EACCES);	/* the child holds it still */
	close(go[1]);
	close(go[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(vm_mkdir("denied"), 0);
}

/* The rule holds for the parent's tgid, so that it can be seen from here when the child is gone. */
static void agent(void)
{
	uint32_t tgid = (uint32_t)getppid();
	struct krsi_object *object;
	struct krsi_ctx *ctx;

	if (krsi_ctx_new(NULL, &ctx) ||
	    krsi_object_open(ctx, vm_object_path("mkdir"), NULL, &object) ||
	    krsi_object_set_variable(object, "only_tgid", &tgid, sizeof(tgid)) ||
	    krsi_object_load(object) || krsi_object_attach(object, NULL))
		_exit(1);
	kill(getpid(), SIGKILL);
}

static void test_killed_agent_leaves_nothing(void **state)
{
	struct vm_count before = vm_count();
	pid_t child;
	int status;

	(void)state;
	skip_unless_lsm_active();
	child = fork();
	if (child == 0) {
		agent();
		_exit(2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	vm_wait_for_count(before);
	assert_int_equal(vm_mkdir("denied"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_nothing_is_left_after_a_hundred_rounds),
		vm_test(test_failures_leave_nothing),
		vm_test(test_child_frees_without_disturbing_its_parent),
		vm_test(test_attached_until_parent_and_child_let_go),
		vm_test(test_killed_agent_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

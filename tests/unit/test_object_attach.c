/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Attaching and detaching against the fake kernel. fake_attaches() has a word for each link:
 * +NAME when it was made, -NAME when it was closed, ~NAME when it was let go of but left attached.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fake.h"
#include "text.h"

#define KERNEL_ENOTSUPP (-524)

static int setup(void **state)
{
	fake_reset();
	return unit_setup(state);
}

static int teardown(void **state)
{
	fake_reset();
	return unit_teardown(state);
}

static struct krsi_object *object_load(struct krsi_ctx *ctx, const char *name)
{
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, unit_object_path(name), NULL, &object));
	assert_ok(ctx, krsi_object_load(object));
	return object;
}

static struct krsi_program_info program_info(struct krsi_object *object, const char *name)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t index;

	assert_int_equal(krsi_object_find_program(object, name, &index), 0);
	assert_int_equal(krsi_object_program_info(object, index, &info), 0);
	return info;
}

static const struct krsi_attach_opts in_cgroup = { .sz = sizeof(in_cgroup), .cgroup_fd = 9 };

/* --- attaching ----------------------------------------------------------- */

static void test_every_kind_is_attached_its_way(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");

	assert_ok(*state, krsi_object_attach(object, &in_cgroup));
	assert_string_equal(fake_attaches(),
		"+kind_lsm +kind_lsm_s +kind_lsm_cgroup@cgroup 9 +kind_fentry +kind_fexit +kind_fmod_ret +kind_tracepoint "
		"+kind_raw_tp +kind_tp_btf +kind_kprobe +kind_kretprobe +kind_iter ");
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_ATTACHED);
	assert_string_equal(program_info(object, "kind_lsm").reason, "");
	assert_int_equal(program_info(object, "kind_on_request").state, KRSI_PROGRAM_SKIPPED);
	/* Nothing says where it belongs, and that is no failure. */
	assert_int_equal(program_info(object, "kind_socket").state, KRSI_PROGRAM_LOADED);
	assert_words(program_info(object, "kind_socket").reason, "use its descriptor");
	krsi_object_free(object);
}

static void test_programs_without_a_place_are_left_alone(void **state)
{
	struct krsi_object *object = object_load(*state, "left_alone.bpf.o");
	static const char *const names[] = { "any_function", "any_tracepoint", "part_of_a_map" };
	size_t i;

	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_string_equal(fake_attaches(), "+one_function ");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(program_info(object, names[i]).state, KRSI_PROGRAM_LOADED);
	assert_words(program_info(object, "any_function").reason, "does not say where to attach it");
	assert_words(program_info(object, "part_of_a_map").reason, "belongs to a struct_ops map");
	krsi_object_free(object);
}

static void test_targets_of_the_caller_are_attached_to(void **state)
{
	struct krsi_object *object = NULL;

	assert_ok(*state, krsi_object_open(*state, unit_object_path("kinds.bpf.o"), NULL, &object));
	assert_ok(*state, krsi_object_set_target(object, "kind_kprobe", "vfs_open"));
	assert_ok(*state, krsi_object_set_target(object, "kind_kretprobe", "vfs_read"));
	assert_ok(*state, krsi_object_set_target(object, "kind_tracepoint", "task/task_rename"));
	assert_ok(*state, krsi_object_set_target(object, "kind_raw_tp", "sys_exit"));
	assert_ok(*state, krsi_object_set_target(object, "kind_lsm", "inode_mkdir"));	/* loaded with it */
	assert_ok(*state, krsi_object_load(object));
	assert_ok(*state, krsi_object_attach(object, &in_cgroup));
	assert_words(fake_attaches(), "+kind_kprobe@call of vfs_open ");
	assert_words(fake_attaches(), "+kind_kretprobe@return of vfs_read ");
	assert_words(fake_attaches(), "+kind_tracepoint@task:task_rename ");
	assert_words(fake_attaches(), "+kind_raw_tp@sys_exit ");
	assert_words(fake_attaches(), "+kind_lsm ");
	krsi_object_free(object);
}

static void test_tracepoint_without_a_category_is_refused(void **state)
{
	struct krsi_object *object = NULL;

	assert_ok(*state, krsi_object_open(*state, unit_object_path("kinds.bpf.o"), NULL, &object));
	assert_ok(*state, krsi_object_set_target(object, "kind_tracepoint", "task_rename"));
	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(krsi_object_attach_program(object, "kind_tracepoint", NULL), -EINVAL);
	assert_detail(*state, "program kind_tracepoint: cannot be attached to task_rename: EINVAL");
	krsi_object_free(object);
}

static void test_lsm_program_that_nobody_would_call_is_refused(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	fake.lsm_list = "lockdown,capability,yama";
	assert_int_equal(krsi_object_attach(object, NULL), -EOPNOTSUPP);
	assert_detail(*state, "program mkdir_check: the kernel would never call it");
	assert_detail(*state, "(lockdown,capability,yama); boot with lsm=lockdown,yama,bpf");
	assert_string_equal(fake_attaches(), "");
	assert_int_equal(program_info(object, "mkdir_check").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(program_info(object, "mkdir_check").error, -EOPNOTSUPP);
	assert_words(program_info(object, "mkdir_check").reason, "boot with");
	krsi_object_free(object);
}

static char warning[512];

static void remember(void *data, int level, const char *text)
{
	(void)data;
	if (level == KRSI_LOG_WARN)
		snprintf(warning, sizeof(warning), "%s", text);
}

static void test_lsm_list_that_cannot_be_read_is_a_warning(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	fake.lsm_list = NULL;
	assert_ok(*state, krsi_ctx_set_log(*state, remember, KRSI_LOG_WARN, NULL));
	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_words(warning, "program mkdir_check: cannot tell whether the kernel will call it");
	assert_string_equal(fake_attaches(), "+mkdir_check ");
	krsi_object_free(object);
}

static void test_cgroup_program_wants_a_cgroup(void **state)
{
	static const struct krsi_attach_opts bad[] = {
		{ .sz = sizeof(bad[0]), .cgroup_fd = 0 }, { .sz = sizeof(bad[0]), .cgroup_fd = -1 },
	};
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");
	size_t i;

	assert_int_equal(krsi_object_attach_program(object, "kind_lsm_cgroup", NULL), -EINVAL);
	assert_detail(*state, "krsi_attach_opts.cgroup_fd");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(krsi_object_attach_program(object, "kind_lsm_cgroup", &bad[i]), -EINVAL);
	assert_ok(*state, krsi_object_attach_program(object, "kind_lsm_cgroup", &in_cgroup));
	krsi_object_free(object);
}

static void test_attach_refuses_options_it_cannot_use(void **state)
{
	struct { struct krsi_attach_opts opts; uint64_t added; } newer = { { .sz = sizeof(newer) }, 1 };
	struct krsi_attach_opts unset = { .sz = 0 }, reserved = { .sz = sizeof(reserved), .reserved = 1 };
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	assert_int_equal(krsi_object_attach(object, &newer.opts), -E2BIG);
	assert_int_equal(krsi_object_attach(object, &unset), -EINVAL);
	assert_int_equal(krsi_object_attach(object, &reserved), -EINVAL);
	assert_int_equal(krsi_object_attach_program(object, "mkdir_check", &newer.opts), -E2BIG);
	assert_string_equal(fake_attaches(), "");
	krsi_object_free(object);
}

static void test_each_errno_of_attaching_has_its_meaning(void **state)
{
	static const struct {
		int kernel;
		int want;
		const char *words;
	} variants[] = {
		{ -E2BIG, -EUSERS, "inode_mkdir holds as many programs as the kernel allows ((who is on bpf_lsm_inode_mkdir)); detach one" },
		{ KERNEL_ENOTSUPP, -EOPNOTSUPP, "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS" },
		{ -EPERM, -EPERM, "the kernel does not permit attaching it to inode_mkdir: (why)" },
		{ -EBUSY, -EBUSY, "somebody else holds inode_mkdir" },
		{ -ENOMEM, -ENOMEM, "cannot be attached to inode_mkdir: ENOMEM" },
		{ -EINVAL, -EINVAL, "cannot be attached to inode_mkdir: EINVAL" },
		{ -ENOENT, -ENOENT, "ENOENT" },
		{ -EOPNOTSUPP, -EOPNOTSUPP, "EOPNOTSUPP" },
		{ -ESRCH, -EIO, "ESRCH" },
		{ -EBADF, -EIO, "EBADF" },
	};
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail("bpf_program__attach", variants[i].kernel);
		if (krsi_object_attach(object, NULL) != variants[i].want)
			fail_msg("%d: %s", variants[i].kernel, krsi_ctx_error_detail(*state));
		assert_detail(*state, variants[i].words);
		assert_int_equal(program_info(object, "mkdir_check").state, KRSI_PROGRAM_REFUSED);
		assert_int_equal(program_info(object, "mkdir_check").error, variants[i].want);
		assert_words(program_info(object, "mkdir_check").reason, variants[i].words);
	}
	fake_fail("bpf_program__attach", 0);
	assert_ok(*state, krsi_object_attach(object, NULL));	/* and none of it is for ever */
	assert_int_equal(program_info(object, "mkdir_check").error, 0);
	assert_string_equal(program_info(object, "mkdir_check").reason, "");
	krsi_object_free(object);
}

static void test_program_that_is_attached_already_names_its_holder(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	fake.holder = "agent[812]";
	fake_fail("bpf_program__attach", -EBUSY);
	assert_int_equal(krsi_object_attach(object, NULL), -EBUSY);
	assert_detail(*state, "program mkdir_check: it is attached to inode_mkdir already, and held there by agent[812]");
	krsi_object_free(object);
}

static void test_attaching_again_is_not_for_old_kernels(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");

	fake.kernel = KRSI_PRIV_KERNEL(5, 10);
	fake_fail("bpf_program__attach", -ENOENT);
	assert_int_equal(krsi_object_attach_program(object, "kind_lsm", NULL), -EOPNOTSUPP);
	assert_detail(*state, "before Linux 5.13 a program is attached once and never again, so load the object once more");
	assert_int_equal(krsi_object_attach_program(object, "kind_raw_tp", NULL), -ENOENT);
	fake.kernel = KRSI_PRIV_KERNEL(5, 13);
	assert_int_equal(krsi_object_attach_program(object, "kind_lsm", NULL), -ENOENT);
	krsi_object_free(object);
}

static void test_cgroup_descriptor_of_something_else_is_told(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");

	fake_fail("bpf_program__attach_cgroup", -EBADF);
	assert_int_equal(krsi_object_attach_program(object, "kind_lsm_cgroup", &in_cgroup), -EINVAL);
	assert_detail(*state, "krsi_attach_opts.cgroup_fd is no descriptor of a cgroup's directory");
	krsi_object_free(object);
}

static void test_full_function_is_asked_about_by_its_own_name(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");

	fake_fail("bpf_program__attach", -E2BIG);
	assert_int_equal(krsi_object_attach_program(object, "kind_fmod_ret", NULL), -EUSERS);
	assert_detail(*state, "(who is on security_file_open)");
	/* Of a tracepoint the kernel does not tell. */
	assert_int_equal(krsi_object_attach_program(object, "kind_raw_tp", NULL), -EUSERS);
	assert_detail(*state, "holds as many programs as the kernel allows; detach one of another product");
	krsi_object_free(object);
}

static void test_required_program_that_fails_takes_the_others_of_its_call_down(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");

	assert_ok(*state, krsi_object_attach_program(object, "kind_fexit", NULL));
	fake_fail_nth("bpf_program__attach", 4, -EBUSY);	/* kind_lsm, _lsm_s, _fentry, then _fmod_ret */
	assert_int_equal(krsi_object_attach(object, &in_cgroup), -EBUSY);
	assert_detail(*state, "program kind_fmod_ret: somebody else holds security_file_open");
	assert_string_equal(fake_attaches(),
		"+kind_fexit +kind_lsm +kind_lsm_s +kind_lsm_cgroup@cgroup 9 +kind_fentry "
		"-kind_lsm -kind_lsm_s -kind_lsm_cgroup -kind_fentry ");
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_LOADED);
	assert_int_equal(program_info(object, "kind_fexit").state, KRSI_PROGRAM_ATTACHED);
	assert_int_equal(program_info(object, "kind_fmod_ret").state, KRSI_PROGRAM_REFUSED);
	assert_ok(*state, krsi_object_attach(object, &in_cgroup));
	assert_int_equal(program_info(object, "kind_fmod_ret").state, KRSI_PROGRAM_ATTACHED);
	krsi_object_free(object);
}

static void test_optional_program_that_fails_leaves_the_others_attached(void **state)
{
	struct krsi_object *object = NULL;

	assert_ok(*state, krsi_object_open(*state, unit_object_path("kinds.bpf.o"), NULL, &object));
	assert_ok(*state, krsi_object_set_program(object, "kind_lsm", KRSI_PROGRAM_OPTIONAL));
	assert_ok(*state, krsi_object_load(object));
	fake_fail_nth("bpf_program__attach", 1, -E2BIG);
	assert_ok(*state, krsi_object_attach(object, &in_cgroup));
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(program_info(object, "kind_lsm").error, -EUSERS);
	assert_int_equal(program_info(object, "kind_lsm_s").state, KRSI_PROGRAM_ATTACHED);
	assert_int_equal(program_info(object, "kind_iter").state, KRSI_PROGRAM_ATTACHED);
	krsi_object_free(object);
}

static void test_attaching_twice_is_told(void **state)
{
	struct krsi_object *object = object_load(*state, "mkdir.bpf.o");

	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_int_equal(krsi_object_attach(object, NULL), -EALREADY);
	assert_detail(*state, "no program left to attach");
	assert_int_equal(krsi_object_attach_program(object, "mkdir_check", NULL), -EALREADY);
	assert_int_equal(krsi_object_attach_program(object, "mkdir_chekc", NULL), -ENOENT);
	assert_string_equal(fake_attaches(), "+mkdir_check ");
	krsi_object_free(object);
}

static void test_program_that_has_no_place_cannot_be_attached_by_name(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");

	assert_int_equal(krsi_object_attach_program(object, "kind_socket", NULL), -EOPNOTSUPP);
	assert_detail(*state, "program kind_socket: its section does not say where to attach it");
	assert_int_equal(krsi_object_attach_program(object, "kind_on_request", NULL), -EBADFD);
	assert_detail(*state, "it was not loaded: its section is marked ?");
	krsi_object_free(object);
}

/* --- detaching, links ---------------------------------------------------- */

static void test_detach_takes_all_of_them(void **state)
{
	struct krsi_object *object = object_load(*state, "refused.bpf.o");
	int fd;

	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_ok(*state, krsi_object_detach(object));
	assert_string_equal(fake_attaches(), "+good +bad -good -bad ");
	assert_int_equal(program_info(object, "good").state, KRSI_PROGRAM_LOADED);
	assert_ok(*state, krsi_object_program_fd(object, "good", &fd));
	assert_int_equal(krsi_object_link_fd(object, "good", &fd), -EBADFD);
	assert_int_equal(krsi_object_detach(object), -EALREADY);
	assert_ok(*state, krsi_object_attach(object, NULL));
	krsi_object_free(object);
}

static void test_detach_of_one_leaves_the_other(void **state)
{
	struct krsi_object *object = object_load(*state, "refused.bpf.o");

	assert_ok(*state, krsi_object_attach(object, NULL));
	assert_ok(*state, krsi_object_detach_program(object, "good"));
	assert_int_equal(krsi_object_detach_program(object, "good"), -EALREADY);
	assert_int_equal(krsi_object_detach_program(object, "goood"), -ENOENT);
	assert_string_equal(fake_attaches(), "+good +bad -good ");
	assert_int_equal(program_info(object, "bad").state, KRSI_PROGRAM_ATTACHED);
	krsi_object_free(object);
	assert_string_equal(fake_attaches(), "+good +bad -good -bad ");
}

static void test_link_descriptors_are_the_objects(void **state)
{
	struct krsi_object *object = object_load(*state, "kinds.bpf.o");
	int link = -7, iter = -7;

	assert_ok(*state, krsi_object_attach(object, &in_cgroup));
	assert_ok(*state, krsi_object_link_fd(object, "kind_iter", &link));
	assert_true(fcntl(link, F_GETFD) >= 0);
	assert_ok(*state, krsi_object_open_iter(object, "kind_iter", &iter));
	assert_int_not_equal(iter, link);
	close(iter);
	iter = -7;
	assert_int_equal(krsi_object_open_iter(object, "kind_lsm", &iter), -EINVAL);
	assert_detail(*state, "program kind_lsm: it is no iterator");
	fake_fail("bpf_iter_create", -EPERM);
	assert_int_equal(krsi_object_open_iter(object, "kind_iter", &iter), -EPERM);
	fake_fail("bpf_link__fd", -EOPNOTSUPP);
	assert_int_equal(krsi_object_link_fd(object, "kind_kprobe", &iter), -EOPNOTSUPP);
	assert_detail(*state, "attached without a link");
	assert_int_equal(iter, -7);
	fake_fail("bpf_link__fd", 0);
	krsi_object_free(object);
}

#define attach_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		attach_test(test_every_kind_is_attached_its_way),
		attach_test(test_programs_without_a_place_are_left_alone),
		attach_test(test_targets_of_the_caller_are_attached_to),
		attach_test(test_tracepoint_without_a_category_is_refused),
		attach_test(test_lsm_program_that_nobody_would_call_is_refused),
		attach_test(test_lsm_list_that_cannot_be_read_is_a_warning),
		attach_test(test_cgroup_program_wants_a_cgroup),
		attach_test(test_attach_refuses_options_it_cannot_use),
		attach_test(test_each_errno_of_attaching_has_its_meaning),
		attach_test(test_program_that_is_attached_already_names_its_holder),
		attach_test(test_attaching_again_is_not_for_old_kernels),
		attach_test(test_cgroup_descriptor_of_something_else_is_told),
		attach_test(test_full_function_is_asked_about_by_its_own_name),
		attach_test(test_required_program_that_fails_takes_the_others_of_its_call_down),
		attach_test(test_optional_program_that_fails_leaves_the_others_attached),
		attach_test(test_attaching_twice_is_told),
		attach_test(test_program_that_has_no_place_cannot_be_attached_by_name),
		attach_test(test_detach_takes_all_of_them),
		attach_test(test_detach_of_one_leaves_the_other),
		attach_test(test_link_descriptors_are_the_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

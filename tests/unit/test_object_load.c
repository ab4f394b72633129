/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loading, and finding out who is to blame, against the fake kernel. fake_loads() has a line for
 * each handle that was to be loaded: which programs and maps (a is the first), the log level, and
 * what came of it.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "fake.h"

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

static struct krsi_object *object_open(struct krsi_ctx *ctx, const char *name)
{
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, unit_object_path(name), NULL, &object));
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

static bool wants_program(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	return program && bpf_program__autoload(program);
}

static bool wants_map(struct bpf_object *object, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);

	return map && bpf_map__autocreate(map);
}

/* --- success ------------------------------------------------------------- */

static void test_loaded_programs_and_maps_have_descriptors(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	struct krsi_object_map_info info = { .sz = sizeof(info) };
	struct krsi_map *map;
	int fd = -1;
	size_t i;

	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(program_info(object, "mkdir_check").state, KRSI_PROGRAM_LOADED);
	assert_true(program_info(object, "mkdir_check").id > 0);
	assert_ok(*state, krsi_object_program_fd(object, "mkdir_check", &fd));
	assert_true(fd >= 0);
	for (i = 0; i < krsi_object_map_count(object); i++) {
		assert_ok(*state, krsi_object_map_info(object, i, &info));
		assert_true(info.id > 0);
	}
	assert_ok(*state, krsi_map_open(object, "counts", &map));
	assert_int_equal(krsi_object_load(object), -EALREADY);
	assert_detail(*state, "object mkdir: it is loaded already");
	krsi_object_free(object);
	assert_int_equal(krsi_map_delete(map, &fd, sizeof(fd)), -ENOENT);	/* outlives its object */
	krsi_map_free(map);
}

static void test_load_that_succeeds_tries_once(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	assert_ok(*state, krsi_object_load(object));
	assert_string_equal(fake_loads(), "P:ab M: log:0 0\n");
	krsi_object_free(object);
}

static void test_skipped_programs_are_not_loaded(void **state)
{
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");
	int fd;

	assert_ok(*state, krsi_object_set_program(object, "kind_lsm", KRSI_PROGRAM_SKIP));
	assert_ok(*state, krsi_object_load(object));
	assert_words(fake_loads(), "P:bcdefghijkln M:");	/* neither a nor m, which is marked ? */
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_SKIPPED);
	assert_int_equal(program_info(object, "kind_on_request").state, KRSI_PROGRAM_SKIPPED);
	assert_int_equal(program_info(object, "kind_fentry").state, KRSI_PROGRAM_LOADED);
	assert_int_equal(krsi_object_program_fd(object, "kind_lsm", &fd), -EBADFD);
	krsi_object_free(object);
}

static void test_nothing_can_be_set_after_loading(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	struct krsi_map *map;
	uint32_t value = 1;

	assert_ok(*state, krsi_object_load(object));
	assert_ok(*state, krsi_map_open(object, "counts", &map));
	assert_int_equal(krsi_object_set_program(object, "mkdir_check", 0), -EBADFD);
	assert_detail(*state, "only before the object is loaded");
	assert_int_equal(krsi_object_set_target(object, "mkdir_check", "inode_mknod"), -EBADFD);
	assert_int_equal(krsi_object_set_map_size(object, "counts", 5), -EBADFD);
	assert_int_equal(krsi_object_set_inner_map(object, "counts", map), -EBADFD);
	assert_int_equal(krsi_object_reuse_map(object, "counts", map), -EBADFD);
	assert_int_equal(krsi_object_set_variable(object, "enforce", &value, sizeof(value)), -EBADFD);
	krsi_map_free(map);
	krsi_object_free(object);
}

/* --- a program is to blame ----------------------------------------------- */

static void test_refused_program_is_found_and_traced(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");
	int fd;

	fake.refused = "bad";
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_detail(*state, "object refused: not loaded: program bad: the verifier refused it: R0 invalid mem access 'scalar'");
	assert_string_equal(fake_loads(),
		"P:ab M: log:0 -13\n"	/* all at once */
		"P: M: log:0 0\n"	/* none: it is not a map or an extern */
		"P:a M: log:4 0\n"
		"P:b M: log:4 -13\n"
		"P:b M: log:1 -13\n");	/* again, for the place in its source */
	assert_int_equal(program_info(object, "bad").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(program_info(object, "bad").error, -ENOEXEC);
	assert_words(program_info(object, "bad").reason, "program bad: the verifier refused it");
	assert_words(program_info(object, "bad").log, "processed 3 insns");
	assert_int_equal(program_info(object, "good").error, 0);
	assert_string_equal(program_info(object, "good").reason, "");
	assert_int_equal(krsi_object_program_fd(object, "good", &fd), -EBADFD);
	krsi_object_free(object);
}

static void test_large_programs_are_not_traced(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	fake.refused = "bad";
	fake.refused_log = "R0 invalid mem access 'scalar'\nprocessed 20000 insns (limit 1000000)\n";
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_null(strstr(fake_loads(), "log:1"));
	assert_detail(*state, "R0 invalid mem access");
	krsi_object_free(object);
}

static void test_log_level_is_the_callers(void **state)
{
	struct krsi_object_opts opts = { .sz = sizeof(opts), .verifier_log = 2 };
	struct krsi_object *object;

	assert_ok(*state, krsi_object_open(*state, unit_object_path("refused.bpf.o"), &opts, &object));
	fake.refused = "bad";
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_words(fake_loads(), "P:b M: log:2 -13\n");
	krsi_object_free(object);
}

static void test_optional_program_fails_alone(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	fake.refused = "bad";
	assert_ok(*state, krsi_object_set_program(object, "bad", KRSI_PROGRAM_OPTIONAL));
	assert_ok(*state, krsi_object_load(object));
	assert_words(fake_loads(), "P:b M: log:1 -13\nP:a M: log:0 0\n");
	assert_int_equal(program_info(object, "good").state, KRSI_PROGRAM_LOADED);
	assert_int_equal(program_info(object, "bad").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(program_info(object, "bad").error, -ENOEXEC);
	assert_int_equal(program_info(object, "bad").flags, KRSI_PROGRAM_OPTIONAL);
	assert_int_equal(krsi_object_attach_program(object, "bad", NULL), -EBADFD);
	assert_detail(*state, "program bad: it was not loaded: program bad: the verifier refused it");
	krsi_object_free(object);
}

static void test_required_program_that_fails_leaves_nothing_and_a_second_try(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	fake.refused = "bad";
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_int_equal(krsi_object_attach(object, NULL), -EBADFD);
	assert_int_equal(krsi_object_load(object), -ENOEXEC);	/* the same again */
	assert_ok(*state, krsi_object_set_program(object, "bad", KRSI_PROGRAM_SKIP));
	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(program_info(object, "good").state, KRSI_PROGRAM_LOADED);
	assert_int_equal(program_info(object, "bad").state, KRSI_PROGRAM_SKIPPED);
	assert_int_equal(program_info(object, "bad").error, 0);
	krsi_object_free(object);

	object = object_open(*state, "refused.bpf.o");
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	fake.refused = NULL;	/* say, a capability was given meanwhile */
	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(program_info(object, "bad").state, KRSI_PROGRAM_LOADED);
	assert_string_equal(program_info(object, "bad").reason, "");
	assert_string_equal(program_info(object, "bad").log, "");
	krsi_object_free(object);
}

static int both_refused(struct bpf_object *object)
{
	return wants_program(object, "good") ? -EPERM : wants_program(object, "bad") ? -EINVAL : 0;
}

static void test_refusal_names_the_place_and_what_helps(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	fake.refused = "bad";
	fake.refused_log = "; return *wild == 1 ? ret : 0;\n2: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'\n"
			   "processed 3 insns (limit 1000000)\n";
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_detail(*state, "program bad: the verifier refused it: R0 invalid mem access 'scalar'\n  at instruction 2: (79)");
	assert_detail(*state, "\n  compiled from: return *wild == 1 ? ret : 0; @ refused.bpf.c:");
	assert_detail(*state, "\n  fix: it is a number to the verifier");
	fake.refused_log = "; return *wild == 1 ? ret : 0; @ told.bpf.c:99\n2: (79) r1 = *(u64 *)(r0 +0)\nR0 !read_ok\nprocessed 3 insns\n";
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_detail(*state, "? ret : 0; @ told.bpf.c:99");
	assert_null(strstr(krsi_ctx_error_detail(*state), "refused.bpf.c"));
	assert_null(strstr(krsi_ctx_error_detail(*state), "fix:"));
	krsi_object_free(object);
}

/* The later one is optional: its story must not stand where the first one's belongs. */
static void test_the_required_programs_story_is_told(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	fake.judge = both_refused;
	assert_ok(*state, krsi_object_set_program(object, "bad", KRSI_PROGRAM_OPTIONAL));
	assert_int_equal(krsi_object_load(object), -EPERM);
	assert_detail(*state, "object refused: not loaded: program good: the kernel does not permit loading it: (why)");
	assert_int_equal(program_info(object, "good").error, -EPERM);
	assert_int_equal(program_info(object, "bad").error, -EOPNOTSUPP);
	krsi_object_free(object);
}

static void test_each_errno_of_a_program_has_its_meaning(void **state)
{
	static const struct {
		int kernel;
		const char *log;
		int want;
		const char *words;
	} variants[] = {
		{ -EACCES, "R0 !read_ok\n", -ENOEXEC, "the verifier refused it: R0 !read_ok" },
		{ -EINVAL, "unknown func bpf_x#999\n", -ENOEXEC, "the verifier refused it: unknown func bpf_x#999" },
		{ -EPERM, "", -EPERM, "program bad: the kernel does not permit loading it: (why)" },
		{ -ENOMEM, "", -ENOMEM, "program bad: no memory" },
		{ -EINVAL, "", -EOPNOTSUPP, "this kernel does not let it sit on the security hook file_open: EINVAL" },
		{ -ESRCH, "", -EOPNOTSUPP, "file_open: ESRCH" },
		{ KERNEL_ENOTSUPP, "", -EOPNOTSUPP, "ENOTSUPP (524)" },
		{ -EINVAL, "processed 9 insns (limit 1000000)\n", -EOPNOTSUPP, "EINVAL" },
		{ -EFAULT, "", -EIO, "EFAULT" },
		{ -ENOSYS, "", -EIO, "ENOSYS" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct krsi_object *object = object_open(*state, "refused.bpf.o");

		fake.refused = "bad";
		fake.refused_err = variants[i].kernel;
		fake.refused_log = variants[i].log;
		if (krsi_object_load(object) != variants[i].want)
			fail_msg("%d: %s", variants[i].kernel, krsi_ctx_error_detail(*state));
		assert_detail(*state, variants[i].words);
		assert_int_equal(program_info(object, "bad").error, variants[i].want);
		krsi_object_free(object);
	}
}

static void test_hook_that_the_kernel_lacks_is_named_with_its_neighbours(void **state)
{
	struct krsi_object *object = object_open(*state, "unknown_hook.bpf.o");

	fake.refused = "misspelt";
	fake.refused_err = -ESRCH;
	fake.refused_log = "";
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(*state, "program misspelt: this kernel has no security hook file_opne, did you mean file_open");
	krsi_object_free(object);
}

/* Functions are not looked up when a target is set: there are too many that BTF has and nobody can attach to. */
static void test_target_that_libbpf_does_not_find_is_named(void **state)
{
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");

	assert_ok(*state, krsi_object_set_target(object, "kind_fentry", "security_file_opem"));
	fake_fail("bpf_program__set_attach_target", -ESRCH);
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(*state, "program kind_fentry: this kernel has no kernel function security_file_opem, did you mean security_file_open?");
	assert_int_equal(program_info(object, "kind_fentry").state, KRSI_PROGRAM_REFUSED);
	krsi_object_free(object);
}

static void test_program_of_no_known_kind_gets_the_kernels_word(void **state)
{
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");

	fake.refused = "kind_socket";
	fake.refused_err = -EBUSY;
	fake.refused_log = "";
	assert_int_equal(krsi_object_load(object), -EBUSY);
	assert_detail(*state, "program kind_socket: the kernel refused it: EBUSY");
	krsi_object_free(object);
}

static int only_together_err;

static int only_together(struct bpf_object *object)
{
	return wants_program(object, "good") && wants_program(object, "bad") ? only_together_err : 0;
}

static void test_programs_that_load_alone_but_not_together_are_told(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	fake.judge = only_together;
	only_together_err = -ENOSYS;
	assert_int_equal(krsi_object_load(object), -EIO);
	assert_detail(*state, "each program loads alone, but not all together: ENOSYS");
	only_together_err = -ENOMEM;
	assert_int_equal(krsi_object_load(object), -ENOMEM);
	fake.judge = NULL;
	assert_ok(*state, krsi_object_load(object));
	krsi_object_free(object);
}

/* Counts down to 0 with every handle that wants good alone. */
static int good_fails_at;

static int good_fails_the_second_time(struct bpf_object *object)
{
	if (wants_program(object, "bad"))
		return -EINVAL;
	return wants_program(object, "good") && --good_fails_at == 0 ? -ESRCH : 0;
}

static void test_rest_that_does_not_load_after_all_is_told(void **state)
{
	struct krsi_object *object = object_open(*state, "refused.bpf.o");

	assert_ok(*state, krsi_object_set_program(object, "bad", KRSI_PROGRAM_OPTIONAL));
	fake.judge = good_fails_the_second_time;
	good_fails_at = 2;	/* not alone, but in the end */
	assert_int_equal(krsi_object_load(object), -EIO);
	assert_detail(*state, "object refused: ");
	assert_detail(*state, "ESRCH");
	assert_int_equal(program_info(object, "good").state, KRSI_PROGRAM_OPEN);
	assert_ok(*state, krsi_object_set_program(object, "bad", KRSI_PROGRAM_SKIP));
	assert_ok(*state, krsi_object_load(object));
	krsi_object_free(object);
}

/* --- a map, a capability or an extern is to blame ------------------------ */

static int load_err;
static const char *culprit;

static int map_refused(struct bpf_object *object)
{
	return wants_map(object, culprit) ? load_err : 0;
}

static void test_map_that_cannot_be_made_is_found(void **state)
{
	static const struct {
		const char *map;
		int kernel;
		unsigned int no_map_type;
		int want;
		const char *words;
	} variants[] = {
		{ "events", -EINVAL, BPF_MAP_TYPE_RINGBUF, -EOPNOTSUPP, "map events: this kernel has no maps of type ringbuf" },
		{ "counts", -EINVAL, 0, -EINVAL, "map counts: the kernel does not make it (type hash, key 4, value 8 bytes, 8 entries): EINVAL" },
		{ "counts", -E2BIG, 0, -ENOMEM, "map counts: the kernel does not make it" },
		{ "counts", -EPERM, 0, -EPERM, "map counts: the kernel does not permit loading it: (why)" },
		{ ".bss", -ENOMEM, 0, -ENOMEM, "map .bss: the kernel does not make it" },
		{ "counts", -ENOSYS, 0, -EIO, "ENOSYS" },
	};
	size_t i;

	fake.judge = map_refused;
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

		culprit = variants[i].map;
		load_err = variants[i].kernel;
		fake.no_map_type = variants[i].no_map_type;
		if (krsi_object_load(object) != variants[i].want)
			fail_msg("%s %d: %s", culprit, load_err, krsi_ctx_error_detail(*state));
		assert_detail(*state, variants[i].words);
		assert_int_equal(program_info(object, "mkdir_check").error, 0);	/* it is not to blame */
		fake.no_map_type = 0;
		culprit = "nothing";
		assert_ok(*state, krsi_object_load(object));
		krsi_object_free(object);
	}
}

static int everything_refused(struct bpf_object *object)
{
	(void)object;
	return load_err;
}

static void test_missing_capabilities_are_named(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

	fake.judge = everything_refused;
	fake.caps_suffice = false;
	load_err = -EPERM;
	assert_int_equal(krsi_object_load(object), -EPERM);
	assert_detail(*state, "object mkdir: the kernel does not permit loading it: (why)");
	krsi_object_free(object);
}

/* A user namespace, seccomp, or another security module: the capabilities are there and mean nothing. */
static void test_refusal_of_everything_is_explained_with_capabilities_too(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

	fake.judge = everything_refused;
	load_err = -EPERM;
	assert_int_equal(krsi_object_load(object), -EPERM);
	assert_detail(*state, "object mkdir: the kernel does not permit loading it: (why)");
	krsi_object_free(object);
}

static void test_missing_symbols_are_named(void **state)
{
	struct krsi_object *object = object_open(*state, "externs.bpf.o");

	fake.judge = everything_refused;	/* libbpf finds that out before it asks the kernel for anything */
	load_err = -ESRCH;
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(*state, "object externs: this kernel lacks ");
	assert_detail(*state, "strong_function");
	assert_detail(*state, "strong_variable");
	assert_detail(*state, "declare it __weak");
	assert_null(strstr(krsi_ctx_error_detail(*state), "weak_function"));
	assert_null(strstr(krsi_ctx_error_detail(*state), "CONFIG_STRONG"));
	krsi_object_free(object);
}

static void test_missing_kernel_config_is_named(void **state)
{
	struct krsi_object *object = object_open(*state, "kconfig.bpf.o");

	fake.judge = everything_refused;
	load_err = -ENOENT;
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(*state, "krsi_object_opts.kconfig");
	krsi_object_free(object);
}

static void test_kernel_without_types_is_named(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

	fake.judge = everything_refused;
	load_err = -ESRCH;
	fake_fail("btf__load_vmlinux_btf", -ENOENT);
	assert_int_equal(krsi_object_load(object), -EOPNOTSUPP);
	assert_detail(*state, "CONFIG_DEBUG_INFO_BTF=y");
	krsi_object_free(object);
}

static void test_what_nobody_is_to_blame_for_gets_libbpfs_word(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

	fake.judge = everything_refused;
	load_err = -ELOOP;
	assert_int_equal(krsi_object_load(object), -EIO);
	assert_detail(*state, "object mkdir: libbpf cannot prepare it: ELOOP");
	krsi_object_free(object);
}

#define load_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		load_test(test_loaded_programs_and_maps_have_descriptors),
		load_test(test_load_that_succeeds_tries_once),
		load_test(test_skipped_programs_are_not_loaded),
		load_test(test_nothing_can_be_set_after_loading),
		load_test(test_refused_program_is_found_and_traced),
		load_test(test_refusal_names_the_place_and_what_helps),
		load_test(test_large_programs_are_not_traced),
		load_test(test_log_level_is_the_callers),
		load_test(test_optional_program_fails_alone),
		load_test(test_required_program_that_fails_leaves_nothing_and_a_second_try),
		load_test(test_the_required_programs_story_is_told),
		load_test(test_each_errno_of_a_program_has_its_meaning),
		load_test(test_hook_that_the_kernel_lacks_is_named_with_its_neighbours),
		load_test(test_target_that_libbpf_does_not_find_is_named),
		load_test(test_program_of_no_known_kind_gets_the_kernels_word),
		load_test(test_programs_that_load_alone_but_not_together_are_told),
		load_test(test_rest_that_does_not_load_after_all_is_told),
		load_test(test_map_that_cannot_be_made_is_found),
		load_test(test_missing_capabilities_are_named),
		load_test(test_refusal_of_everything_is_explained_with_capabilities_too),
		load_test(test_missing_symbols_are_named),
		load_test(test_missing_kernel_config_is_named),
		load_test(test_kernel_without_types_is_named),
		load_test(test_what_nobody_is_to_blame_for_gets_libbpfs_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What can be changed in an object before it is loaded, and how it is refused. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "fake.h"
#include "object.h"

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

static struct krsi_object_map_info map_info(struct krsi_object *object, const char *name)
{
	struct krsi_object_map_info info;
	size_t i;

	for (i = 0; i < krsi_object_map_count(object); i++) {
		info.sz = sizeof(info);
		assert_int_equal(krsi_object_map_info(object, i, &info), 0);
		if (strcmp(info.name, name) == 0)
			return info;
	}
	fail_msg("no map %s", name);
	return info;
}

static void test_set_program_flags_are_read_back(void **state)
{
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");
	uint32_t flags;

	assert_ok(*state, krsi_object_set_program(object, "kind_lsm", KRSI_PROGRAM_OPTIONAL));
	assert_int_equal(program_info(object, "kind_lsm").flags, KRSI_PROGRAM_OPTIONAL);
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_OPEN);
	assert_ok(*state, krsi_object_set_program(object, "kind_lsm", KRSI_PROGRAM_SKIP | KRSI_PROGRAM_OPTIONAL));
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_SKIPPED);
	assert_string_equal(program_info(object, "kind_lsm").reason, "left out by the caller");
	assert_ok(*state, krsi_object_set_program(object, "kind_lsm", 0));
	assert_int_equal(program_info(object, "kind_lsm").state, KRSI_PROGRAM_OPEN);
	assert_string_equal(program_info(object, "kind_lsm").reason, "");
	for (flags = 8; flags; flags <<= 1)
		assert_int_equal(krsi_object_set_program(object, "kind_lsm", flags), -EINVAL);
	assert_detail(*state, "program kind_lsm: unknown flags 0x80000000");
	assert_int_equal(krsi_object_set_program(object, "kind_lsn", 0), -ENOENT);
	krsi_object_free(object);
}

static void test_program_marked_with_a_question_mark_can_be_asked_for(void **state)
{
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");

	assert_ok(*state, krsi_object_set_program(object, "kind_on_request", 0));
	assert_int_equal(program_info(object, "kind_on_request").state, KRSI_PROGRAM_OPEN);
	assert_int_equal(program_info(object, "kind_on_request").flags, 0);
	assert_string_equal(program_info(object, "kind_on_request").reason, "");
	krsi_object_free(object);
}

static void test_target_of_each_kind(void **state)
{
	static const struct { const char *program, *target; int want; } variants[] = {
		{ "kind_lsm", "inode_mkdir", 0 },
		{ "kind_lsm_cgroup", "file_open", 0 },
		{ "kind_fentry", "security_inode_mkdir", 0 },
		{ "kind_tp_btf", "sched_process_exec", 0 },
		{ "kind_iter", "bpf_map", 0 },
		{ "kind_kprobe", "vfs_open", 0 },
		{ "kind_kretprobe", "vfs_open", 0 },
		{ "kind_tracepoint", "sched/sched_process_exec", 0 },
		{ "kind_raw_tp", "sys_exit", 0 },
		{ "kind_socket", "file_open", -EINVAL },
		{ "kind_nothing", "file_open", -ENOENT },
	};
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		if (krsi_object_set_target(object, variants[i].program, variants[i].target) != variants[i].want)
			fail_msg("%s: %s", variants[i].program, krsi_ctx_error_detail(*state));
		if (!variants[i].want)
			assert_string_equal(program_info(object, variants[i].program).target, variants[i].target);
	}
	assert_string_equal(program_info(object, "kind_socket").target, "");
	krsi_object_free(object);
}

static void test_targets_reach_libbpf_when_it_loads(void **state)
{
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");

	assert_ok(*state, krsi_object_set_target(object, "kind_lsm", "inode_mkdir"));
	assert_ok(*state, krsi_object_set_target(object, "kind_iter", "bpf_map"));
	assert_ok(*state, krsi_object_set_target(object, "kind_kprobe", "vfs_open"));	/* when it is attached */
	assert_ok(*state, krsi_object_set_target(object, "kind_lsm_s", "inode_mkdir"));
	assert_ok(*state, krsi_object_set_program(object, "kind_lsm_s", KRSI_PROGRAM_SKIP));
	assert_int_equal(fake_calls("bpf_program__set_attach_target"), 0);
	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(fake_calls("bpf_program__set_attach_target"), 2);
	krsi_object_free(object);
}

static void test_target_that_the_kernel_lacks_keeps_the_old_one(void **state)
{
	static const struct { const char *program, *target; int want; const char *words; } variants[] = {
		{ "kind_lsm", "inode_mkdri", -ENOENT, "this kernel has no security hook inode_mkdri, did you mean inode_mkdir or inode_mknod?" },
		{ "kind_lsm_cgroup", "socket_crate", -ENOENT, "no security hook socket_crate, did you mean socket_create?" },
		{ "kind_tp_btf", "sched_process_frok", -ENOENT, "no tracepoint sched_process_frok, did you mean sched_process_fork or " },
		{ "kind_iter", "tasks", -ENOENT, "no iterator tasks, did you mean task?" },
		{ "kind_lsm", "", -EINVAL, "names no security hook; set one before loading" },
	};
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		char old[64];

		snprintf(old, sizeof(old), "%s", program_info(object, variants[i].program).target);
		if (krsi_object_set_target(object, variants[i].program, variants[i].target) != variants[i].want)
			fail_msg("%s: %s", variants[i].target, krsi_ctx_error_detail(*state));
		assert_detail(*state, variants[i].words);
		assert_string_equal(program_info(object, variants[i].program).target, old);
	}
	fake_fail("btf__load_vmlinux_btf", -ENOENT);
	assert_int_equal(krsi_object_set_target(object, "kind_lsm", "inode_mkdir"), -EOPNOTSUPP);
	assert_detail(*state, "CONFIG_DEBUG_INFO_BTF=y");
	krsi_object_free(object);
}

static void test_map_size_of_a_ring_is_a_power_of_two_of_pages(void **state)
{
	static const struct { uint32_t asked, got; } variants[] = {
		{ 1, 4096 }, { 4096, 4096 }, { 4097, 8192 }, { 65536, 65536 }, { 100000, 131072 }, { 0x80000000, 0x80000000 },
	};
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	size_t i;

	if (sysconf(_SC_PAGESIZE) == 4096) {
		for (i = 0; i < ARRAY_SIZE(variants); i++) {
			assert_ok(*state, krsi_object_set_map_size(object, "events", variants[i].asked));
			assert_int_equal(map_info(object, "events").max_entries, variants[i].got);
		}
	}
	assert_int_equal(krsi_object_set_map_size(object, "events", 0x80000001), -EINVAL);
	assert_detail(*state, "map events: there is no ring buffer of 2147483649 bytes");
	krsi_object_free(object);
}

static void test_map_size_of_others_is_as_asked(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

	assert_ok(*state, krsi_object_set_map_size(object, "counts", 77));
	assert_int_equal(map_info(object, "counts").max_entries, 77);
	assert_int_equal(krsi_object_set_map_size(object, "counts", 0), -EINVAL);
	assert_detail(*state, "map counts: a map has at least one entry");
	assert_int_equal(krsi_object_set_map_size(object, ".rodata", 2), -EINVAL);
	assert_detail(*state, "a section of variables has the size of its variables");
	assert_int_equal(map_info(object, "counts").max_entries, 77);
	krsi_object_free(object);
}

static struct krsi_map *map_new(struct krsi_ctx *ctx, uint32_t type, uint32_t key_size, uint32_t value_size, uint32_t entries)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "other", .type = type, .key_size = key_size, .value_size = value_size, .max_entries = entries,
	};
	struct krsi_map *map = NULL;

	assert_ok(ctx, krsi_map_new(ctx, &shape, &map));
	return map;
}

static void test_inner_map_is_for_maps_of_maps_without_a_pattern(void **state)
{
	struct krsi_map *inner = map_new(*state, BPF_MAP_TYPE_HASH, 4, 4, 4);
	struct krsi_object *object = object_open(*state, "maps.bpf.o");

	assert_ok(*state, krsi_object_set_inner_map(object, "outer", inner));
	assert_int_equal(krsi_object_set_inner_map(object, "hash", inner), -EINVAL);
	assert_detail(*state, "map hash: it is not a map of maps");
	assert_int_equal(krsi_object_set_inner_map(object, "otuer", inner), -ENOENT);
	assert_int_equal(krsi_object_set_inner_map(object, "outer", inner), -EINVAL);	/* it has one now */
	krsi_map_free(inner);
	krsi_object_free(object);
}

static void test_reused_map_must_be_of_the_same_shape(void **state)
{
	static const struct { uint32_t type, key_size, value_size, entries; } variants[] = {
		{ BPF_MAP_TYPE_LRU_HASH, 4, 8, 8 },
		{ BPF_MAP_TYPE_HASH, 8, 8, 8 },
		{ BPF_MAP_TYPE_HASH, 4, 4, 8 },
		{ BPF_MAP_TYPE_HASH, 4, 8, 9 },
	};
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	struct krsi_map *map;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		map = map_new(*state, variants[i].type, variants[i].key_size, variants[i].value_size, variants[i].entries);
		assert_int_equal(krsi_object_reuse_map(object, "counts", map), -EMSGSIZE);
		assert_detail(*state, "map counts: type 1, key 4, value 8 bytes, 8 entries are wanted");
		krsi_map_free(map);
	}
	map = map_new(*state, BPF_MAP_TYPE_HASH, 4, 8, 8);
	assert_int_equal(krsi_object_reuse_map(object, "coutns", map), -ENOENT);
	fake_fail("bpf_map__reuse_fd", -EPERM);
	assert_int_equal(krsi_object_reuse_map(object, "counts", map), -EPERM);
	assert_detail(*state, "cannot be replaced by an existing one: EPERM");
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_reused_map_is_the_one_that_is_loaded(void **state)
{
	struct krsi_map *map = map_new(*state, BPF_MAP_TYPE_HASH, 4, 8, 8), *opened;
	struct krsi_map_info mine = { .sz = sizeof(mine) }, theirs = { .sz = sizeof(theirs) };
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");

	assert_ok(*state, krsi_object_reuse_map(object, "counts", map));
	assert_ok(*state, krsi_map_info(map, &mine));
	krsi_map_free(map);	/* the object holds it */
	assert_ok(*state, krsi_object_load(object));
	assert_ok(*state, krsi_map_open(object, "counts", &opened));
	assert_ok(*state, krsi_map_info(opened, &theirs));
	assert_int_equal(mine.id, theirs.id);
	krsi_map_free(opened);
	krsi_object_free(object);
}

static void test_variable_sizes_must_be_their_own(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	char odd[8] = "ABCDEF";
	uint64_t wide = 0;

	assert_int_equal(krsi_object_set_variable(object, "enforce", &wide, sizeof(wide)), -EMSGSIZE);
	assert_detail(*state, "variable enforce: it has 4 bytes, not 8");
	assert_int_equal(krsi_object_set_variable(object, "enforce", &wide, 0), -EMSGSIZE);
	assert_int_equal(krsi_object_set_variable(object, "enforce", &wide, 3), -EMSGSIZE);
	assert_ok(*state, krsi_object_set_variable(object, "padding_of_an_odd_size", odd, 7));
	assert_ok(*state, krsi_object_set_variable(object, "seen", &wide, sizeof(wide)));
	krsi_object_free(object);
}

static void test_settings_reach_every_fresh_handle(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	uint32_t tgid = 0x12345678, found;
	struct bpf_object *fresh = NULL;
	size_t size;

	assert_ok(*state, krsi_object_set_variable(object, "only_tgid", &tgid, sizeof(tgid)));
	assert_ok(*state, krsi_object_set_map_size(object, "counts", 10));
	assert_ok(*state, krsi_object_set_map_size(object, "counts", 20));
	assert_ok(*state, krsi_object_set_program(object, "mkdir_check", KRSI_PROGRAM_SKIP));
	assert_ok(*state, krsi_priv_object_reopen(object, &fresh));
	assert_int_equal(bpf_map__max_entries(bpf_object__find_map_by_name(fresh, "counts")), 20);
	assert_false(bpf_program__autoload(bpf_object__find_program_by_name(fresh, "mkdir_check")));
	/* Behind `enforce`, which nobody set. */
	memcpy(&found, bpf_map__initial_value(bpf_object__find_map_by_name(fresh, ".rodata"), &size), sizeof(found));
	assert_int_equal(found, 1);
	memcpy(&found, (const char *)bpf_map__initial_value(bpf_object__find_map_by_name(fresh, ".rodata"), &size) + 4, sizeof(found));
	assert_int_equal(found, tgid);
	bpf_object__close(fresh);
	krsi_object_free(object);
}

#define settings_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		settings_test(test_set_program_flags_are_read_back),
		settings_test(test_program_marked_with_a_question_mark_can_be_asked_for),
		settings_test(test_target_of_each_kind),
		settings_test(test_targets_reach_libbpf_when_it_loads),
		settings_test(test_target_that_the_kernel_lacks_keeps_the_old_one),
		settings_test(test_map_size_of_a_ring_is_a_power_of_two_of_pages),
		settings_test(test_map_size_of_others_is_as_asked),
		settings_test(test_inner_map_is_for_maps_of_maps_without_a_pattern),
		settings_test(test_reused_map_must_be_of_the_same_shape),
		settings_test(test_reused_map_is_the_one_that_is_loaded),
		settings_test(test_variable_sizes_must_be_their_own),
		settings_test(test_settings_reach_every_fresh_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Map handles against the fake kernel: opening, sizes, what each errno becomes. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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

static struct krsi_map *map_new(struct krsi_ctx *ctx, uint32_t type, uint32_t key_size, uint32_t value_size,
				uint32_t entries)
{
	struct krsi_map_opts opts = {
		.sz = sizeof(opts), .name = "things", .type = type, .key_size = key_size, .value_size = value_size,
		.max_entries = entries,
	};
	struct krsi_map *map = NULL;

	assert_ok(ctx, krsi_map_new(ctx, &opts, &map));
	return map;
}

static struct krsi_map *hash_new(struct krsi_ctx *ctx, uint32_t entries)
{
	return map_new(ctx, BPF_MAP_TYPE_HASH, 4, 8, entries);
}

/* --- opening ------------------------------------------------------------- */

static void test_new_map_is_described_as_asked_for(void **state)
{
	struct krsi_map_opts opts = {
		.sz = sizeof(opts), .name = "a_name_of_more_than_fifteen", .type = BPF_MAP_TYPE_HASH, .key_size = 4,
		.value_size = 12, .max_entries = 7, .flags = BPF_F_NO_PREALLOC,
	};
	struct krsi_map_info info = { .sz = sizeof(info) };
	struct krsi_map *map;

	assert_ok(*state, krsi_map_new(*state, &opts, &map));
	assert_ok(*state, krsi_map_info(map, &info));
	assert_string_equal(info.name, "a_name_of_more_than_fifteen");
	assert_int_equal(info.type, BPF_MAP_TYPE_HASH);
	assert_int_equal(info.key_size, 4);
	assert_int_equal(info.value_size, 12);
	assert_int_equal(info.buffer_size, 12);
	assert_int_equal(info.max_entries, 7);
	assert_int_equal(info.flags, BPF_F_NO_PREALLOC);
	assert_int_equal(info.cpu_count, 1);
	assert_true(info.id > 0);
	assert_true(krsi_map_fd(map) >= 0);
	krsi_map_free(map);
	krsi_map_free(NULL);
}

static void test_percpu_values_of_all_cpus_are_one_buffer(void **state)
{
	static const struct {
		uint32_t type;
		uint32_t value_size;
		uint32_t buffer_size;
		uint32_t cpu_count;
	} variants[] = {
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 1, 24, 3 },
		{ BPF_MAP_TYPE_PERCPU_ARRAY, 8, 24, 3 },
		{ BPF_MAP_TYPE_PERCPU_HASH, 9, 48, 3 },
		{ BPF_MAP_TYPE_LRU_PERCPU_HASH, 24, 72, 3 },
		{ BPF_MAP_TYPE_ARRAY, 9, 9, 1 },
		{ BPF_MAP_TYPE_LRU_HASH, 9, 9, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct krsi_map *map = map_new(*state, variants[i].type, 4, variants[i].value_size, 2);
		struct krsi_map_info info = { .sz = sizeof(info) };

		assert_ok(*state, krsi_map_info(map, &info));
		assert_int_equal(info.buffer_size, variants[i].buffer_size);
		assert_int_equal(info.cpu_count, variants[i].cpu_count);
		assert_int_equal(krsi_map_has_batch(map), variants[i].cpu_count == 1);
		krsi_map_free(map);
	}
}

static void test_new_maps_that_fail_say_why(void **state)
{
	static const struct {
		int kernel;
		int want;
		const char *words;
	} variants[] = {
		{ -EPERM, -EPERM, "map things: the kernel does not permit making it: (why)" },
		{ -EINVAL, -EINVAL, "type 1, key 4, value 8 bytes, 2 entries, flags 0x0): EINVAL" },
		{ -E2BIG, -ENOMEM, "the kernel does not make it" },
		{ -ENOMEM, -ENOMEM, "ENOMEM" },
		{ -EMFILE, -EMFILE, "EMFILE" },
		{ -ENOSYS, -EIO, "ENOSYS" },
		{ KERNEL_ENOTSUPP, -EIO, "ENOTSUPP (524)" },
	};
	struct krsi_map_opts opts = {
		.sz = sizeof(opts), .name = "things", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 2,
	};
	struct krsi_map *untouched = (struct krsi_map *)&opts, *map = untouched;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail("bpf_map_create", variants[i].kernel);
		if (krsi_map_new(*state, &opts, &map) != variants[i].want)
			fail_msg("%d: %s", variants[i].kernel, krsi_ctx_error_detail(*state));
		assert_detail(*state, variants[i].words);
		assert_ptr_equal(map, untouched);
	}
	fake_fail("bpf_map_create", 0);
	fake.no_map_type = BPF_MAP_TYPE_HASH;
	opts.name = NULL;
	assert_int_equal(krsi_map_new(*state, &opts, &map), -EOPNOTSUPP);
}

static void test_new_map_refuses_options_it_cannot_use(void **state)
{
	struct { struct krsi_map_opts opts; uint64_t added; } newer = { { .sz = sizeof(newer) }, 1 };
	struct krsi_map_opts unset = { .sz = 0 }, reserved = { .sz = sizeof(reserved), .reserved = 1 };
	struct krsi_map *map;

	assert_int_equal(krsi_map_new(*state, &newer.opts, &map), -E2BIG);
	assert_int_equal(krsi_map_new(*state, &unset, &map), -EINVAL);
	assert_int_equal(krsi_map_new(*state, &reserved, &map), -EINVAL);
	assert_detail(*state, "reserved must be 0");
	assert_int_equal(krsi_map_new(*state, NULL, &map), -EINVAL);
	assert_int_equal(krsi_map_new(NULL, &reserved, &map), -EINVAL);
	assert_int_equal(krsi_map_new(*state, &reserved, NULL), -EINVAL);
	assert_int_equal(fake_calls("bpf_map_create"), 0);
}

static void test_map_of_a_descriptor_has_its_own(void **state)
{
	int fd = fake_map(BPF_MAP_TYPE_HASH, 4, 8, 2);
	struct krsi_map_info info = { .sz = sizeof(info) };
	struct krsi_map *map;
	uint32_t key = 1;
	uint64_t value = 2;

	assert_ok(*state, krsi_map_open_fd(*state, fd, &map));
	assert_int_not_equal(krsi_map_fd(map), fd);
	assert_true(fcntl(krsi_map_fd(map), F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_ok(*state, krsi_map_update(map, &key, 4, &value, 8, 0));
	assert_ok(*state, krsi_map_info(map, &info));
	assert_string_equal(info.name, "made_by_test");
	krsi_map_free(map);
}

static void test_descriptors_that_are_no_maps_are_refused(void **state)
{
	int program = fake_program(), file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct krsi_map *untouched = (struct krsi_map *)&program, *map = untouched;

	assert_int_equal(krsi_map_open_fd(*state, program, &map), -EINVAL);
	assert_detail(*state, "is no map");
	assert_int_equal(krsi_map_open_fd(*state, file, &map), -EINVAL);
	assert_int_equal(krsi_map_open_fd(*state, -1, &map), -EINVAL);
	assert_int_equal(krsi_map_open_fd(*state, 987654, &map), -EINVAL);
	assert_int_equal(krsi_map_open_fd(NULL, program, &map), -EINVAL);
	assert_int_equal(krsi_map_open_fd(*state, program, NULL), -EINVAL);
	assert_ptr_equal(map, untouched);
	close(program);
	close(file);
}

static void test_no_descriptor_left_is_told(void **state)
{
	int fd = fake_map(BPF_MAP_TYPE_HASH, 4, 8, 2);
	struct rlimit limit, none;
	struct krsi_map *map;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 4;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(krsi_map_open_fd(*state, fd, &map), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	close(fd);
}

static void test_map_that_the_kernel_does_not_describe_is_refused(void **state)
{
	static const struct {
		const char *call;
		int kernel;
		int want;
	} variants[] = {
		{ "bpf_obj_get_info_by_fd", -EPERM, -EPERM },
		{ "bpf_obj_get_info_by_fd", -EINVAL, -EINVAL },
		{ "bpf_obj_get_info_by_fd", -ENOSYS, -EIO },
		{ "libbpf_num_possible_cpus", -ENOENT, -ENOENT },
	};
	int fd = fake_map(BPF_MAP_TYPE_HASH, 4, 8, 2);
	struct krsi_map *map;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail(variants[i].call, variants[i].kernel);
		if (krsi_map_open_fd(*state, fd, &map) != variants[i].want)
			fail_msg("%s %d: %s", variants[i].call, variants[i].kernel, krsi_ctx_error_detail(*state));
		assert_detail(*state, "the kernel does not describe it");
		fake_fail(variants[i].call, 0);
		krsi_map_open_fd(*state, -1, &map);	/* another detail, for the next round */
	}
	close(fd);
}

/* --- entries ------------------------------------------------------------- */

static void test_sizes_must_be_the_maps(void **state)
{
	struct krsi_map *map = hash_new(*state, 4), *percpu = map_new(*state, BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1);
	unsigned char buffer[32];
	uint32_t key = 0, done;
	uint64_t sum = 5;

	memset(buffer, 0x5a, sizeof(buffer));
	assert_int_equal(krsi_map_lookup(map, &key, 4, buffer, 7), -EMSGSIZE);
	assert_detail(*state, "map things: its value has 8 bytes, the caller's 7");
	assert_int_equal(krsi_map_lookup(map, &key, 3, buffer, 8), -EMSGSIZE);
	assert_detail(*state, "map things: its key has 4 bytes, the caller's 3");
	assert_int_equal(krsi_map_update(map, &key, 4, buffer, 9, 0), -EMSGSIZE);
	assert_int_equal(krsi_map_update(map, &key, 0, buffer, 8, 0), -EMSGSIZE);
	assert_int_equal(krsi_map_delete(map, &key, 8), -EMSGSIZE);
	assert_int_equal(krsi_map_update_batch(map, &key, 4, buffer, 4, 1, &done), -EMSGSIZE);
	assert_int_equal(krsi_map_update_batch(map, &key, 5, buffer, 8, 1, &done), -EMSGSIZE);
	assert_int_equal(krsi_map_delete_batch(map, &key, 5, 1, &done), -EMSGSIZE);
	assert_int_equal(krsi_map_lookup(percpu, &key, 4, buffer, 8), -EMSGSIZE);
	assert_detail(*state, "the values of all 3 CPUs have 24 bytes, the caller's 8");
	assert_int_equal(krsi_map_sum(percpu, &key, 4, 1, &sum), -EMSGSIZE);
	assert_detail(*state, "no counter at 1");
	assert_int_equal(krsi_map_sum(percpu, &key, 4, SIZE_MAX, &sum), -EMSGSIZE);
	assert_int_equal(krsi_map_sum(percpu, &key, 5, 0, &sum), -EMSGSIZE);
	assert_int_equal(sum, 5);
	assert_int_equal(buffer[0], 0x5a);
	assert_int_equal(fake_map_count(krsi_map_fd(map)), 0);
	assert_int_equal(fake_calls("bpf_map_lookup_elem") + fake_calls("bpf_map_update_elem") + fake_calls("bpf_map_delete_elem"), 0);
	krsi_map_free(percpu);
	krsi_map_free(map);
}

static int never(void *data, const void *key, const void *value)
{
	(void)data;
	(void)key;
	(void)value;
	fail_msg("called for an entry");
	return 0;
}

static void test_null_arguments_are_told(void **state)
{
	struct krsi_map *map = hash_new(*state, 4), *inner;
	struct krsi_map_info info = { .sz = sizeof(info) };
	uint64_t value = 0;
	uint32_t key = 0;

	assert_int_equal(krsi_map_lookup(map, NULL, 4, &value, 8), -EINVAL);
	assert_int_equal(krsi_map_lookup(map, &key, 4, NULL, 8), -EINVAL);
	assert_int_equal(krsi_map_lookup(NULL, &key, 4, &value, 8), -EINVAL);
	assert_int_equal(krsi_map_update(map, NULL, 4, &value, 8, 0), -EINVAL);
	assert_int_equal(krsi_map_update(map, &key, 4, NULL, 8, 0), -EINVAL);
	assert_int_equal(krsi_map_update(NULL, &key, 4, &value, 8, 0), -EINVAL);
	assert_int_equal(krsi_map_delete(map, NULL, 4), -EINVAL);
	assert_int_equal(krsi_map_delete(NULL, &key, 4), -EINVAL);
	assert_int_equal(krsi_map_each(map, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_map_each(NULL, never, NULL), -EINVAL);
	assert_int_equal(krsi_map_update_batch(map, NULL, 4, &value, 8, 1, NULL), -EINVAL);
	assert_int_equal(krsi_map_update_batch(map, &key, 4, NULL, 8, 1, NULL), -EINVAL);
	assert_int_equal(krsi_map_update_batch(NULL, &key, 4, &value, 8, 1, NULL), -EINVAL);
	assert_int_equal(krsi_map_delete_batch(map, NULL, 4, 1, NULL), -EINVAL);
	assert_int_equal(krsi_map_delete_batch(NULL, &key, 4, 1, NULL), -EINVAL);
	assert_int_equal(krsi_map_sum(map, NULL, 4, 0, &value), -EINVAL);
	assert_int_equal(krsi_map_sum(map, &key, 4, 0, NULL), -EINVAL);
	assert_int_equal(krsi_map_sum(NULL, &key, 4, 0, &value), -EINVAL);
	assert_int_equal(krsi_map_set_inner(map, &key, 4, NULL), -EINVAL);
	assert_int_equal(krsi_map_set_inner(NULL, &key, 4, map), -EINVAL);
	assert_int_equal(krsi_map_get_inner(map, NULL, 4, &inner), -EINVAL);
	assert_int_equal(krsi_map_get_inner(map, &key, 4, NULL), -EINVAL);
	assert_int_equal(krsi_map_info(map, NULL), -EINVAL);
	assert_int_equal(krsi_map_info(NULL, &info), -EINVAL);
	assert_int_equal(krsi_map_freeze(NULL), -EINVAL);
	assert_int_equal(krsi_map_pin(map, NULL), -EINVAL);
	assert_int_equal(krsi_map_pin(NULL, "/sys/fs/bpf/x"), -EINVAL);
	assert_int_equal(krsi_map_open_pin(*state, NULL, &inner), -EINVAL);
	assert_int_equal(krsi_map_open_pin(NULL, "/sys/fs/bpf/x", &inner), -EINVAL);
	assert_int_equal(krsi_map_fd(NULL), -EINVAL);
	assert_int_equal(krsi_map_has_batch(NULL), 0);
	krsi_map_free(map);
}

static void test_each_errno_of_an_entry_has_its_meaning(void **state)
{
	static const struct {
		uint32_t type;
		int kernel;
		int want;
		const char *words;
	} variants[] = {
		{ BPF_MAP_TYPE_HASH, -ENOENT, -ENOENT, "map things: no such key" },
		{ BPF_MAP_TYPE_HASH, -EEXIST, -EEXIST, "map things: the key is there already" },
		{ BPF_MAP_TYPE_HASH, -E2BIG, -ENOSPC, "map things: it is full with 4 entries" },
		{ BPF_MAP_TYPE_ARRAY, -E2BIG, -ENOENT, "map things: it ends with number 3" },
		{ BPF_MAP_TYPE_HASH, -EINVAL, -EOPNOTSUPP, "a map of type hash does not let user space" },
		{ BPF_MAP_TYPE_HASH, KERNEL_ENOTSUPP, -EOPNOTSUPP, "a map of type hash does not let user space" },
		{ BPF_MAP_TYPE_HASH, -EOPNOTSUPP, -EOPNOTSUPP, "a map of type hash does not let user space" },
		{ BPF_MAP_TYPE_HASH, -EPERM, -EPERM, "it is frozen or read-only for user space" },
		{ BPF_MAP_TYPE_HASH, -ENOMEM, -ENOMEM, "ENOMEM" },
		{ BPF_MAP_TYPE_HASH, -EBUSY, -EBUSY, "EBUSY" },
		{ BPF_MAP_TYPE_HASH, -EFAULT, -EIO, "EFAULT" },
		{ BPF_MAP_TYPE_HASH, -EBADF, -EIO, "EBADF" },
	};
	static const char *const calls[] = { "bpf_map_lookup_elem", "bpf_map_update_elem", "bpf_map_delete_elem" };
	uint32_t key = 1;
	uint64_t value = 0x5a;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		struct krsi_map *map = map_new(*state, variants[i].type, 4, 8, 4);

		for (k = 0; k < ARRAY_SIZE(calls); k++) {
			int err;

			fake_fail(calls[k], variants[i].kernel);
			err = k == 0 ? krsi_map_lookup(map, &key, 4, &value, 8) :
			      k == 1 ? krsi_map_update(map, &key, 4, &value, 8, 0) : krsi_map_delete(map, &key, 4);
			if (err != variants[i].want)
				fail_msg("%s %d: %s", calls[k], variants[i].kernel, krsi_ctx_error_detail(*state));
			assert_detail(*state, variants[i].words);
			fake_fail(calls[k], 0);
		}
		krsi_map_free(map);
	}
	assert_int_equal(value, 0x5a);
}

static void test_update_flags_are_kept_and_unknown_ones_refused(void **state)
{
	struct krsi_map *map = hash_new(*state, 4);
	uint32_t key = 1, flags;
	uint64_t value = 2;

	assert_int_equal(krsi_map_update(map, &key, 4, &value, 8, KRSI_MAP_EXISTING), -ENOENT);
	assert_ok(*state, krsi_map_update(map, &key, 4, &value, 8, KRSI_MAP_NEW));
	assert_int_equal(krsi_map_update(map, &key, 4, &value, 8, KRSI_MAP_NEW), -EEXIST);
	assert_ok(*state, krsi_map_update(map, &key, 4, &value, 8, KRSI_MAP_EXISTING));
	assert_ok(*state, krsi_map_update(map, &key, 4, &value, 8, KRSI_MAP_ANY));
	for (flags = 3; flags; flags <<= 1)
		assert_int_equal(krsi_map_update(map, &key, 4, &value, 8, flags), -EINVAL);
	krsi_map_free(map);
}

/* --- inner maps, freezing, pins ------------------------------------ */

static void test_inner_maps_go_in_and_come_out(void **state)
{
	struct krsi_map *outer = map_new(*state, BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 2), *inner = hash_new(*state, 2), *found = NULL;
	struct krsi_map_info in = { .sz = sizeof(in) }, out = { .sz = sizeof(out) };
	uint32_t key = 7;

	assert_int_equal(krsi_map_get_inner(outer, &key, 4, &found), -ENOENT);
	assert_ok(*state, krsi_map_set_inner(outer, &key, 4, inner));
	assert_ok(*state, krsi_map_get_inner(outer, &key, 4, &found));
	assert_ok(*state, krsi_map_info(inner, &in));
	assert_ok(*state, krsi_map_info(found, &out));
	assert_int_equal(in.id, out.id);
	krsi_map_free(found);
	assert_int_equal(krsi_map_set_inner(outer, &key, 5, inner), -EMSGSIZE);
	assert_int_equal(krsi_map_get_inner(outer, &key, 5, &found), -EMSGSIZE);
	assert_int_equal(krsi_map_set_inner(inner, &key, 4, inner), -EINVAL);
	assert_detail(*state, "it is not a map of maps");
	assert_int_equal(krsi_map_get_inner(inner, &key, 4, &found), -EINVAL);
	fake_fail("bpf_map_update_elem", -EINVAL);
	assert_int_equal(krsi_map_set_inner(outer, &key, 4, inner), -EINVAL);
	assert_detail(*state, "map things differs from its pattern");
	fake_fail("bpf_map_update_elem", -E2BIG);
	assert_int_equal(krsi_map_set_inner(outer, &key, 4, inner), -ENOSPC);
	fake_fail("bpf_map_get_fd_by_id", -EPERM);
	assert_int_equal(krsi_map_get_inner(outer, &key, 4, &found), -EPERM);
	assert_detail(*state, "needs CAP_SYS_ADMIN");
	krsi_map_free(inner);
	krsi_map_free(outer);
}

static void test_freezing_twice_is_told(void **state)
{
	struct krsi_map *map = hash_new(*state, 2);
	uint64_t value = 0;
	uint32_t key = 0;

	assert_ok(*state, krsi_map_freeze(map));
	assert_int_equal(krsi_map_freeze(map), -EALREADY);
	assert_int_equal(krsi_map_update(map, &key, 4, &value, 8, 0), -EPERM);
	krsi_map_free(map);
}

static void test_freezing_that_fails_says_why(void **state)
{
	static const struct { int kernel, want; } variants[] = {
		{ -EBUSY, -EBUSY }, { -EPERM, -EPERM }, { KERNEL_ENOTSUPP, -EOPNOTSUPP }, { -EBADF, -EIO },
	};
	struct krsi_map *map = hash_new(*state, 2);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail("bpf_map_freeze", variants[i].kernel);
		assert_int_equal(krsi_map_freeze(map), variants[i].want);
		assert_detail(*state, "map things: cannot be frozen");
	}
	krsi_map_free(map);
}

static void test_pinned_map_is_found_again(void **state)
{
	struct krsi_map *map = hash_new(*state, 2), *found = NULL;
	struct krsi_map_info info = { .sz = sizeof(info) };
	char dir[64], path[80];

	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	snprintf(path, sizeof(path), "%s/map", dir);
	assert_int_equal(krsi_map_pin(map, path), -EXDEV);
	assert_detail(*state, "mount -t bpf");
	fake.bpffs = dir;
	assert_int_equal(krsi_map_open_pin(*state, path, &found), -ENOENT);
	assert_ok(*state, krsi_map_pin(map, path));
	assert_int_equal(krsi_map_pin(map, path), -EEXIST);
	assert_detail(*state, "exists; remove it, or pin elsewhere");
	krsi_map_free(map);
	assert_ok(*state, krsi_map_open_pin(*state, path, &found));
	assert_ok(*state, krsi_map_info(found, &info));
	assert_string_equal(info.name, "things");
	fake.bpffs = NULL;
	assert_int_equal(krsi_map_open_pin(*state, path, &map), -EXDEV);
	krsi_map_free(found);
	unit_dir_remove(dir);
}

static void test_pins_that_fail_say_why(void **state)
{
	static const struct {
		int kernel;
		int want;
		const char *words;
	} variants[] = {
		{ -EPERM, -EPERM, "must not have a dot): (why)" },
		{ -EACCES, -EACCES, "Permission denied" },
		{ -ENOMEM, -ENOMEM, "Cannot allocate" },
		{ -ENAMETOOLONG, -EIO, "too long" },
	};
	struct krsi_map *map = hash_new(*state, 2), *other;
	char dir[64], path[80];
	size_t i;

	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	fake.bpffs = dir;
	snprintf(path, sizeof(path), "%s/map", dir);
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		fake_fail("bpf_obj_pin", variants[i].kernel);
		assert_int_equal(krsi_map_pin(map, path), variants[i].want);
		assert_detail(*state, variants[i].words);
	}
	fake_fail("bpf_obj_pin", 0);
	assert_ok(*state, krsi_map_pin(map, path));
	fake_fail("bpf_obj_get", -EPERM);
	assert_int_equal(krsi_map_open_pin(*state, path, &other), -EPERM);
	assert_detail(*state, "(why)");
	snprintf(path, sizeof(path), "%s/none/map", dir);
	assert_int_equal(krsi_map_pin(map, path), -ENOENT);
	krsi_map_free(map);
	unit_dir_remove(dir);
}

#define map_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		map_test(test_new_map_is_described_as_asked_for),
		map_test(test_percpu_values_of_all_cpus_are_one_buffer),
		map_test(test_new_maps_that_fail_say_why),
		map_test(test_new_map_refuses_options_it_cannot_use),
		map_test(test_map_of_a_descriptor_has_its_own),
		map_test(test_descriptors_that_are_no_maps_are_refused),
		map_test(test_no_descriptor_left_is_told),
		map_test(test_map_that_the_kernel_does_not_describe_is_refused),
		map_test(test_sizes_must_be_the_maps),
		map_test(test_null_arguments_are_told),
		map_test(test_each_errno_of_an_entry_has_its_meaning),
		map_test(test_update_flags_are_kept_and_unknown_ones_refused),
		map_test(test_inner_maps_go_in_and_come_out),
		map_test(test_freezing_twice_is_told),
		map_test(test_freezing_that_fails_says_why),
		map_test(test_pinned_map_is_found_again),
		map_test(test_pins_that_fail_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Opening objects, good ones and all kinds of others. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "fake.h"

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

/* --- bad input ----------------------------------------------------------- */

static void test_what_is_no_object_is_refused(void **state)
{
	static const struct {
		const char *what;
		const char *path;	/* NULL: a file with `content` */
		const char *content;
		int want;
		const char *words;
	} variants[] = {
		{ "missing", "/nonexistent/x.bpf.o", NULL, -ENOENT, "object /nonexistent/x.bpf.o: cannot be read: No such file" },
		{ "directory", "/tmp", NULL, -EBADMSG, "not a regular file" },
		{ "device", "/dev/zero", NULL, -EBADMSG, "not a regular file" },
		{ "empty", NULL, "", -EBADMSG, "not an ELF file" },
		{ "text", NULL, "int main(void) { return 0; }\n", -EBADMSG, "not an ELF file; compile with clang -target bpf -g -c" },
		{ "empty name", "", NULL, -ENOENT, "cannot be read" },
	};
	struct krsi_object *untouched = (struct krsi_object *)variants, *object = untouched;
	char dir[64], path[80];
	size_t i;

	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	snprintf(path, sizeof(path), "%s/x.bpf.o", dir);
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		FILE *file = fopen(path, "w");

		fputs(variants[i].content ? variants[i].content : "", file);
		fclose(file);
		if (krsi_object_open(*state, variants[i].path ? variants[i].path : path, NULL, &object) != variants[i].want)
			fail_msg("%s: %s", variants[i].what, krsi_ctx_error_detail(*state));
		assert_detail(*state, variants[i].words);
		assert_ptr_equal(object, untouched);
	}
	unit_dir_remove(dir);
}

static void test_fifo_is_refused_without_waiting(void **state)
{
	struct krsi_object *object;
	char dir[64], path[80];

	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	snprintf(path, sizeof(path), "%s/x.bpf.o", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(krsi_object_open(*state, path, NULL, &object), -EBADMSG);
	unit_dir_remove(dir);
}

static void test_elf_files_of_other_kinds_are_refused(void **state)
{
	static const struct { const char *name, *words; } variants[] = {
		{ "native.o", "not for BPF (247)" },
		{ "other_order.bpf.o", "the other byte order" },
		{ "no_btf.bpf.o", "compile with -g" },
	};
	struct krsi_object *object;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		assert_int_equal(krsi_object_open(*state, unit_object_path(variants[i].name), NULL, &object), -EBADMSG);
		assert_detail(*state, variants[i].name);	/* the whole path */
		assert_detail(*state, variants[i].words);
	}
}

/* A download that broke off. */
static void test_object_cut_anywhere_is_refused(void **state)
{
	static const char *const names[] = { "mkdir.bpf.o", "kinds.bpf.o", "maps.bpf.o" };
	size_t i, cut, size;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *bytes = unit_object_bytes(names[i], &size);

		for (cut = 0; cut < size; cut += cut < 200 || size - cut < 100 ? 1 : 61) {
			struct krsi_object *object = NULL;
			char *copy = malloc(cut ? cut : 1);

			memcpy(copy, bytes, cut);
			if (krsi_object_open_memory(*state, copy, cut, NULL, &object) != -EBADMSG)
				fail_msg("%zu of the %zu bytes of %s", cut, size, names[i]);
			assert_detail(*state, "object object: ");
			assert_null(object);
			free(copy);
		}
		free(bytes);
	}
}

/* libbpf 1.1 alone ends in a crash for one in twenty of these. */
static void test_object_with_any_byte_wrong_gets_an_answer(void **state)
{
	static const char *const names[] = { "externs.bpf.o", "maps.bpf.o" };
	static const unsigned char flips[] = { 0x80, 0xff };
	size_t i, k, at, size;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		char *bytes = unit_object_bytes(names[i], &size);

		for (at = 0; at < size; at++)
			for (k = 0; k < ARRAY_SIZE(flips); k++) {
				struct krsi_object *object = NULL;
				int err;

				bytes[at] ^= (char)flips[k];
				err = krsi_object_open_memory(*state, bytes, size, NULL, &object);
				if (err && err != -EBADMSG)
					fail_msg("byte %zu of %s: %s", at, names[i], krsi_error_name(err));
				krsi_object_free(object);
				bytes[at] ^= (char)flips[k];
			}
		free(bytes);
	}
}

static void test_object_with_zeros_anywhere_gets_an_answer(void **state)
{
	size_t size, at;
	char *bytes = unit_object_bytes("mkdir.bpf.o", &size);

	for (at = 0; at + 16 < size; at += 16) {
		struct krsi_object *object = NULL;
		char kept[16];
		int err;

		memcpy(kept, bytes + at, sizeof(kept));
		memset(bytes + at, 0, sizeof(kept));
		err = krsi_object_open_memory(*state, bytes, size, NULL, &object);
		assert_true(err == 0 || err == -EBADMSG);
		krsi_object_free(object);
		memcpy(bytes + at, kept, sizeof(kept));
	}
	free(bytes);
}

static void test_open_refuses_options_it_cannot_use(void **state)
{
	struct { struct krsi_object_opts opts; uint64_t added; } newer = { { .sz = sizeof(newer) }, 1 };
	struct krsi_object_opts unset = { .sz = 0 }, flags = { .sz = sizeof(flags), .flags = 1 };
	struct krsi_object_opts btf = { .sz = sizeof(btf), .btf_path = "/nonexistent/btf" };
	const char *path = unit_object_path("mkdir.bpf.o");
	struct krsi_object *object;

	assert_int_equal(krsi_object_open(*state, path, &newer.opts, &object), -E2BIG);
	assert_detail(*state, "krsi_object_opts: the byte at offset");
	assert_int_equal(krsi_object_open(*state, path, &unset, &object), -EINVAL);
	assert_int_equal(krsi_object_open(*state, path, &flags, &object), -EINVAL);
	assert_detail(*state, "flags must be 0");
	assert_int_equal(krsi_object_open(*state, path, &btf, &object), -ENOENT);
	assert_detail(*state, "/nonexistent/btf");
	assert_int_equal(krsi_object_open(NULL, path, NULL, &object), -EINVAL);
	assert_int_equal(krsi_object_open(*state, NULL, NULL, &object), -EINVAL);
	assert_int_equal(krsi_object_open(*state, path, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_object_open_memory(NULL, "x", 1, NULL, &object), -EINVAL);
	assert_int_equal(krsi_object_open_memory(*state, NULL, 1, NULL, &object), -EINVAL);
	assert_int_equal(krsi_object_open_memory(*state, "x", 1, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_object_open_memory(*state, "x", 1, &newer.opts, &object), -E2BIG);
	assert_int_equal(krsi_object_open_memory(*state, "", 0, NULL, &object), -EBADMSG);
}

/* --- what was opened ----------------------------------------------------- */

static void test_name_is_the_files_without_directory_and_ending(void **state)
{
	static const struct { const char *file, *name; } variants[] = {
		{ "exec_log.bpf.o", "exec_log" },
		{ "exec_log", "exec_log" },
		{ "exec.log.bpf.o", "exec" },
		{ "with space.o", "with space" },
		{ ".bpf.o", "object" },
		{ ".hidden", "object" },
	};
	struct krsi_object_opts opts = { .sz = sizeof(opts), .name = "chosen" };
	char dir[64], path[128], target[512];
	struct krsi_object *object;
	size_t i, size;
	char *bytes;

	snprintf(dir, sizeof(dir), "%s", unit_dir_make());
	snprintf(target, sizeof(target), "%s", unit_object_path("mkdir.bpf.o"));
	for (i = 0; i < ARRAY_SIZE(variants); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, variants[i].file);
		assert_int_equal(symlink(target, path), 0);
		assert_ok(*state, krsi_object_open(*state, path, NULL, &object));
		assert_string_equal(krsi_object_name(object), variants[i].name);
		krsi_object_free(object);
		assert_ok(*state, krsi_object_open(*state, path, &opts, &object));
		assert_string_equal(krsi_object_name(object), "chosen");
		krsi_object_free(object);
	}
	unit_dir_remove(dir);
	bytes = unit_object_bytes("mkdir.bpf.o", &size);
	assert_ok(*state, krsi_object_open_memory(*state, bytes, size, NULL, &object));
	assert_string_equal(krsi_object_name(object), "object");
	krsi_object_free(object);
	free(bytes);
	assert_string_equal(krsi_object_name(NULL), "");
}

static void test_object_from_memory_keeps_its_own_copy(void **state)
{
	struct krsi_object *object;
	size_t size;
	char *bytes = unit_object_bytes("mkdir.bpf.o", &size);
	uint32_t one = 1;

	assert_ok(*state, krsi_object_open_memory(*state, bytes, size, NULL, &object));
	memset(bytes, 0, size);
	free(bytes);
	assert_ok(*state, krsi_object_set_variable(object, "enforce", &one, sizeof(one)));
	assert_ok(*state, krsi_object_load(object));	/* opens it again */
	krsi_object_free(object);
}

static void test_programs_are_listed_in_the_files_order(void **state)
{
	static const struct { const char *name, *section, *target; uint32_t state; } want[] = {
		{ "kind_lsm", "lsm/file_open", "file_open", KRSI_PROGRAM_OPEN },
		{ "kind_lsm_s", "lsm.s/file_open", "file_open", KRSI_PROGRAM_OPEN },
		{ "kind_lsm_cgroup", "lsm_cgroup/socket_create", "socket_create", KRSI_PROGRAM_OPEN },
		{ "kind_fentry", "fentry/security_file_open", "security_file_open", KRSI_PROGRAM_OPEN },
		{ "kind_fexit", "fexit/security_file_open", "security_file_open", KRSI_PROGRAM_OPEN },
		{ "kind_fmod_ret", "fmod_ret/security_file_open", "security_file_open", KRSI_PROGRAM_OPEN },
		{ "kind_tracepoint", "tracepoint/sched/sched_process_fork", "sched/sched_process_fork", KRSI_PROGRAM_OPEN },
		{ "kind_raw_tp", "raw_tp/sys_enter", "sys_enter", KRSI_PROGRAM_OPEN },
		{ "kind_tp_btf", "tp_btf/sched_process_fork", "sched_process_fork", KRSI_PROGRAM_OPEN },
		{ "kind_kprobe", "kprobe/security_file_open", "security_file_open", KRSI_PROGRAM_OPEN },
		{ "kind_kretprobe", "kretprobe/security_file_open", "security_file_open", KRSI_PROGRAM_OPEN },
		{ "kind_iter", "iter/task", "task", KRSI_PROGRAM_OPEN },
		{ "kind_on_request", "lsm/file_permission", "file_permission", KRSI_PROGRAM_SKIPPED },
		{ "kind_socket", "socket", "", KRSI_PROGRAM_OPEN },
	};
	struct krsi_object *object = object_open(*state, "kinds.bpf.o");
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t i, index;

	assert_int_equal(krsi_object_program_count(object), ARRAY_SIZE(want));
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		assert_ok(*state, krsi_object_program_info(object, i, &info));
		assert_string_equal(info.name, want[i].name);
		assert_string_equal(info.section, want[i].section);
		assert_string_equal(info.target, want[i].target);
		assert_string_equal(info.log, "");
		assert_int_equal(info.state, want[i].state);
		assert_int_equal(info.flags, want[i].state == KRSI_PROGRAM_SKIPPED ? KRSI_PROGRAM_SKIP : 0);
		assert_int_equal(info.error, 0);
		assert_int_equal(info.id, 0);
		assert_int_equal(strlen(info.reason) > 0, want[i].state == KRSI_PROGRAM_SKIPPED);
		assert_ok(*state, krsi_object_find_program(object, want[i].name, &index));
		assert_int_equal(index, i);
	}
	assert_words(program_info(object, "kind_on_request").reason, "marked ?");
	krsi_object_free(object);
}

static void test_maps_are_listed_with_their_shape(void **state)
{
	static const struct { const char *name; uint32_t type, key_size, value_size, max_entries; } want[] = {
		{ "hash", BPF_MAP_TYPE_HASH, 4, 8, 1000 },
		{ "array", BPF_MAP_TYPE_ARRAY, 4, 8, 4 },
		{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 24, 2 },
		{ "trie", BPF_MAP_TYPE_LPM_TRIE, 8, 4, 16 },
		{ "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096 },
		{ "outer", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2 },
		{ "outer_hash", BPF_MAP_TYPE_HASH_OF_MAPS, 4, 4, 4 },
		{ ".rodata", BPF_MAP_TYPE_ARRAY, 4, 4, 1 },
		{ ".bss", BPF_MAP_TYPE_ARRAY, 4, 4, 1 },
	};
	struct krsi_object *object = object_open(*state, "maps.bpf.o");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		struct krsi_object_map_info info = map_info(object, want[i].name);

		assert_int_equal(info.type, want[i].type);
		assert_int_equal(info.key_size, want[i].key_size);
		assert_int_equal(info.value_size, want[i].value_size);
		assert_int_equal(info.max_entries, want[i].max_entries);
		assert_int_equal(info.id, 0);
		assert_int_equal(info.reserved, 0);
	}
	krsi_object_free(object);
}

static void test_what_is_not_there_is_named_with_its_neighbours(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	struct krsi_program_info program = { .sz = sizeof(program) };
	struct krsi_object_map_info map = { .sz = sizeof(map) };
	size_t index = 99;
	uint32_t value = 0;

	assert_int_equal(krsi_object_find_program(object, "mkdir_chekc", &index), -ENOENT);
	assert_detail(*state, "object mkdir: it has no program mkdir_chekc, did you mean mkdir_check?");
	assert_int_equal(index, 99);
	assert_int_equal(krsi_object_program_info(object, 1, &program), -ENOENT);
	assert_detail(*state, "object mkdir: it has 1 programs, so there is no number 1");
	assert_int_equal(krsi_object_map_info(object, SIZE_MAX, &map), -ENOENT);
	assert_int_equal(krsi_object_set_map_size(object, "evnts", 4096), -ENOENT);
	assert_detail(*state, "object mkdir: it has no map evnts, did you mean events?");
	assert_int_equal(krsi_object_set_variable(object, "enforced", &value, sizeof(value)), -ENOENT);
	assert_detail(*state, "object mkdir: it has no variable enforced, did you mean enforce?");
	assert_int_equal(krsi_object_set_variable(object, "LICENSE", &value, 1), -ENOENT);	/* in no map */
	krsi_object_free(object);
}

static void test_null_arguments_are_refused(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	struct krsi_program_info program = { .sz = sizeof(program) };
	struct krsi_object_map_info map = { .sz = sizeof(map) };
	struct krsi_program_info unset = { .sz = 0 };
	int fd = -7;

	assert_int_equal(krsi_object_find_program(NULL, "x", NULL), -EINVAL);
	assert_int_equal(krsi_object_find_program(object, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_object_find_program(object, "mkdir_check", NULL), 0);
	assert_int_equal(krsi_object_program_info(NULL, 0, &program), -EINVAL);
	assert_int_equal(krsi_object_program_info(object, 0, NULL), -EINVAL);
	assert_int_equal(krsi_object_program_info(object, 0, &unset), -EINVAL);
	assert_int_equal(krsi_object_map_info(NULL, 0, &map), -EINVAL);
	assert_int_equal(krsi_object_map_info(object, 0, NULL), -EINVAL);
	assert_int_equal(krsi_object_set_program(NULL, "x", 0), -EINVAL);
	assert_int_equal(krsi_object_set_program(object, NULL, 0), -EINVAL);
	assert_int_equal(krsi_object_set_target(object, "mkdir_check", NULL), -EINVAL);
	assert_int_equal(krsi_object_set_target(object, NULL, "x"), -EINVAL);
	assert_int_equal(krsi_object_set_target(NULL, "mkdir_check", "x"), -EINVAL);
	assert_int_equal(krsi_object_set_map_size(NULL, "events", 1), -EINVAL);
	assert_int_equal(krsi_object_set_map_size(object, NULL, 1), -EINVAL);
	assert_int_equal(krsi_object_set_inner_map(object, "events", NULL), -EINVAL);
	assert_int_equal(krsi_object_reuse_map(object, "events", NULL), -EINVAL);
	assert_int_equal(krsi_object_set_variable(object, "enforce", NULL, 4), -EINVAL);
	assert_int_equal(krsi_object_set_variable(object, NULL, &fd, 4), -EINVAL);
	assert_int_equal(krsi_object_set_variable(NULL, "enforce", &fd, 4), -EINVAL);
	assert_int_equal(krsi_object_load(NULL), -EINVAL);
	assert_int_equal(krsi_object_attach(NULL, NULL), -EINVAL);
	assert_int_equal(krsi_object_attach_program(object, NULL, NULL), -EINVAL);
	assert_int_equal(krsi_object_attach_program(NULL, "x", NULL), -EINVAL);
	assert_int_equal(krsi_object_detach(NULL), -EINVAL);
	assert_int_equal(krsi_object_detach_program(object, NULL), -EINVAL);
	assert_int_equal(krsi_object_pin(object, NULL), -EINVAL);
	assert_int_equal(krsi_object_pin(NULL, "/x"), -EINVAL);
	assert_int_equal(krsi_object_unpin(object, NULL), -EINVAL);
	assert_int_equal(krsi_object_unpin(NULL, "/x"), -EINVAL);
	assert_int_equal(krsi_object_program_fd(object, "mkdir_check", NULL), -EINVAL);
	assert_int_equal(krsi_object_program_fd(object, NULL, &fd), -EINVAL);
	assert_int_equal(krsi_object_link_fd(object, "mkdir_check", NULL), -EINVAL);
	assert_int_equal(krsi_object_open_iter(object, "mkdir_check", NULL), -EINVAL);
	assert_int_equal(fd, -7);
	assert_int_equal(krsi_object_program_count(NULL), 0);
	assert_int_equal(krsi_object_map_count(NULL), 0);
	krsi_object_free(NULL);
	krsi_object_free(object);
}

static void test_what_needs_a_loaded_object_says_so(void **state)
{
	struct krsi_object *object = object_open(*state, "mkdir.bpf.o");
	struct krsi_map *map;
	int fd;

	assert_int_equal(krsi_object_attach(object, NULL), -EBADFD);
	assert_detail(*state, "load it before attaching it");
	assert_int_equal(krsi_object_attach_program(object, "mkdir_check", NULL), -EBADFD);
	assert_int_equal(krsi_object_pin(object, "/sys/fs/bpf/x"), -EBADFD);
	assert_int_equal(krsi_map_open(object, "events", &map), -EBADFD);
	assert_int_equal(krsi_map_open(object, "evnts", &map), -ENOENT);
	assert_int_equal(krsi_object_program_fd(object, "mkdir_check", &fd), -EBADFD);
	assert_int_equal(krsi_object_link_fd(object, "mkdir_check", &fd), -EBADFD);
	assert_int_equal(krsi_object_open_iter(object, "mkdir_check", &fd), -EBADFD);
	assert_int_equal(krsi_object_detach(object), -EALREADY);
	assert_int_equal(krsi_object_detach_program(object, "mkdir_check"), -EALREADY);
	krsi_object_free(object);
}

#define object_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		object_test(test_what_is_no_object_is_refused),
		object_test(test_fifo_is_refused_without_waiting),
		object_test(test_elf_files_of_other_kinds_are_refused),
		object_test(test_object_cut_anywhere_is_refused),
		object_test(test_object_with_any_byte_wrong_gets_an_answer),
		object_test(test_object_with_zeros_anywhere_gets_an_answer),
		object_test(test_open_refuses_options_it_cannot_use),
		object_test(test_name_is_the_files_without_directory_and_ending),
		object_test(test_object_from_memory_keeps_its_own_copy),
		object_test(test_programs_are_listed_in_the_files_order),
		object_test(test_maps_are_listed_with_their_shape),
		object_test(test_what_is_not_there_is_named_with_its_neighbours),
		object_test(test_null_arguments_are_refused),
		object_test(test_what_needs_a_loaded_object_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

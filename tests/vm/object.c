/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Objects on a real kernel: loading, refusing, attaching each kind, pinning. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>

#define PIN_DIR "/sys/fs/bpf/object_test"

static void skip_unless_lsm_active(void)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
}

static void test_attach_denies_and_allows(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	skip_unless_lsm_active();
	assert_int_equal(vm_mkdir("denied"), 0);
	object = vm_object_attach(ctx, "mkdir");
	assert_int_equal(vm_mkdir("denied"), EACCES);
	assert_int_equal(vm_mkdir("allowed"), 0);
	assert_int_equal(vm_program_info(object, "mkdir_check").state, KRSI_PROGRAM_ATTACHED);
	assert_ok(ctx, krsi_object_detach(object));
	assert_int_equal(vm_mkdir("denied"), 0);
	assert_int_equal(vm_program_info(object, "mkdir_check").state, KRSI_PROGRAM_LOADED);
	krsi_object_free(object);
}

static void test_attaching_again_works_or_is_told(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	skip_unless_lsm_active();
	object = vm_object_attach(ctx, "mkdir");
	assert_ok(ctx, krsi_object_detach(object));
	if (vm_kernel_at_least(5, 13)) {
		assert_ok(ctx, krsi_object_attach(object, NULL));
		assert_int_equal(vm_mkdir("denied"), EACCES);
	} else {
		assert_int_equal(krsi_object_attach(object, NULL), -EOPNOTSUPP);
		assert_detail(ctx, "before Linux 5.13 a program is attached once and never again");
	}
	krsi_object_free(object);
}

static void test_load_alone_denies_nothing(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(vm_mkdir("denied"), 0);
	assert_true(vm_program_info(object, "mkdir_check").id > 0);
	krsi_object_free(object);
}

static void test_attach_refuses_a_kernel_that_would_not_call(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	if (vm_bpf_is_active())
		skip_because("bpf is in the active LSM list of this boot");
	object = vm_object_open(ctx, "mkdir");
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_attach(object, NULL), -EOPNOTSUPP);
	assert_detail(ctx, "not among the active security modules");
	assert_detail(ctx, "boot with lsm=");
	assert_detail(ctx, ",bpf");
	assert_int_equal(vm_program_info(object, "mkdir_check").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(vm_program_info(object, "mkdir_check").error, -EOPNOTSUPP);
	krsi_object_free(object);
}

static void test_variable_turns_enforcing_off(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;
	uint32_t off = 0;

	skip_unless_lsm_active();
	object = vm_object_open(ctx, "mkdir");
	assert_ok(ctx, krsi_object_set_variable(object, "enforce", &off, sizeof(off)));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_attach(object, NULL));
	assert_int_equal(vm_mkdir("denied"), 0);
	krsi_object_free(object);
}

static void test_target_moves_a_program(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	skip_unless_lsm_active();
	object = vm_object_open(ctx, "mkdir");
	/* A hook with the same arguments. */
	assert_ok(ctx, krsi_object_set_target(object, "mkdir_check", "inode_create"));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_attach(object, NULL));
	assert_string_equal(vm_program_info(object, "mkdir_check").target, "inode_create");
	assert_int_equal(vm_mkdir("denied"), 0);
	assert_int_equal(mknod("/tmp/denied", S_IFREG | 0600, 0), -1);
	assert_int_equal(errno, EACCES);
	krsi_object_free(object);
}

static void test_target_suggests_near_hooks(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");

	assert_int_equal(krsi_object_set_target(object, "mkdir_check", "inode_mkdri"), -ENOENT);
	assert_detail(ctx, "did you mean inode_mkdir");
	krsi_object_free(object);
}

static void test_map_size_of_a_ring_is_rounded_up(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");
	struct krsi_map_info info = { .sz = sizeof(info) };
	struct krsi_map *map;

	assert_ok(ctx, krsi_object_set_map_size(object, "events", 5000));
	assert_ok(ctx, krsi_object_set_map_size(object, "counts", 77));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_map_open(object, "events", &map));
	assert_ok(ctx, krsi_map_info(map, &info));
	assert_int_equal(info.max_entries, 8192);
	krsi_map_free(map);
	assert_ok(ctx, krsi_map_open(object, "counts", &map));
	assert_ok(ctx, krsi_map_info(map, &info));
	assert_int_equal(info.max_entries, 77);
	krsi_map_free(map);
	krsi_object_free(object);
}

static void test_reused_map_is_shared_by_two_objects(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *first = vm_object_open(ctx, "mkdir");
	struct krsi_object *second = vm_object_open(ctx, "mkdir");
	struct krsi_map_info a = { .sz = sizeof(a) }, b = { .sz = sizeof(b) };
	struct krsi_map *map, *other;

	assert_ok(ctx, krsi_object_load(first));
	assert_ok(ctx, krsi_map_open(first, "counts", &map));
	assert_int_equal(krsi_object_reuse_map(second, "events_lost", map), -EMSGSIZE);
	assert_detail(ctx, "the existing map has");
	assert_ok(ctx, krsi_object_reuse_map(second, "counts", map));
	assert_ok(ctx, krsi_object_load(second));
	assert_ok(ctx, krsi_map_open(second, "counts", &other));
	assert_ok(ctx, krsi_map_info(map, &a));
	assert_ok(ctx, krsi_map_info(other, &b));
	assert_int_equal(a.id, b.id);
	krsi_map_free(map);
	krsi_map_free(other);
	krsi_object_free(first);
	krsi_object_free(second);
}

/* What agents do that come one after the other, or side by side: the map outlives each of them. */
static void test_pinned_map_is_shared_by_several_objects(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *objects[3];
	struct krsi_map *pinned, *map;
	uint32_t key = 7;
	uint64_t value;
	size_t i;

	objects[0] = vm_object_open(ctx, "mkdir");
	assert_ok(ctx, krsi_object_load(objects[0]));
	assert_ok(ctx, krsi_map_open(objects[0], "counts", &map));
	assert_int_equal(mkdir(PIN_DIR, 0700), 0);
	assert_ok(ctx, krsi_map_pin(map, PIN_DIR "/counts"));
	value = 41;
	assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), 0));
	krsi_map_free(map);
	krsi_object_free(objects[0]);
	for (i = 0; i < 3; i++) {
		objects[i] = vm_object_open(ctx, "mkdir");
		assert_ok(ctx, krsi_map_open_pin(ctx, PIN_DIR "/counts", &pinned));
		assert_ok(ctx, krsi_object_reuse_map(objects[i], "counts", pinned));
		krsi_map_free(pinned);
		assert_ok(ctx, krsi_object_load(objects[i]));
	}
	assert_int_equal(unlink(PIN_DIR "/counts"), 0);
	assert_int_equal(rmdir(PIN_DIR), 0);
	/* Each sees what the others wrote, and the last one still has it. */
	for (i = 0; i < 3; i++) {
		assert_ok(ctx, krsi_map_open(objects[i], "counts", &map));
		assert_ok(ctx, krsi_map_lookup(map, &key, sizeof(key), &value, sizeof(value)));
		assert_int_equal(value, 41 + i);
		value++;
		assert_ok(ctx, krsi_map_update(map, &key, sizeof(key), &value, sizeof(value), 0));
		krsi_map_free(map);
		krsi_object_free(objects[i]);
	}
}

static void test_changes_are_refused_after_load(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");
	uint32_t value = 1;

	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_set_variable(object, "enforce", &value, sizeof(value)), -EBADFD);
	assert_int_equal(krsi_object_set_map_size(object, "counts", 5), -EBADFD);
	assert_int_equal(krsi_object_set_program(object, "mkdir_check", KRSI_PROGRAM_SKIP), -EBADFD);
	assert_int_equal(krsi_object_set_target(object, "mkdir_check", "file_open"), -EBADFD);
	krsi_object_free(object);
}

static void test_required_program_takes_all_down(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct vm_count before = vm_count();
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("refused"), NULL, &object));
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_detail(ctx, "program bad: the verifier refused it: R0 invalid mem access '");
	assert_detail(ctx, "at instruction");
	assert_detail(ctx, "wild");	/* the source line */
	assert_detail(ctx, "refused.bpf.c:22");
	assert_detail(ctx, "fix: it is a number to the verifier");
	assert_int_equal(vm_program_info(object, "bad").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(vm_program_info(object, "bad").error, -ENOEXEC);
	assert_int_equal(vm_program_info(object, "good").state, KRSI_PROGRAM_OPEN);
	vm_wait_for_count(before);

	/* The same object can be changed and loaded again. */
	assert_ok(ctx, krsi_object_set_program(object, "bad", KRSI_PROGRAM_SKIP));
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(vm_program_info(object, "bad").state, KRSI_PROGRAM_SKIPPED);
	assert_int_equal(vm_program_info(object, "good").state, KRSI_PROGRAM_LOADED);
	krsi_object_free(object);
	vm_wait_for_count(before);
}

static void test_optional_program_fails_alone(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("refused"), NULL, &object));
	assert_ok(ctx, krsi_object_set_program(object, "bad", KRSI_PROGRAM_OPTIONAL));
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(vm_program_info(object, "good").state, KRSI_PROGRAM_LOADED);
	assert_int_equal(vm_program_info(object, "bad").state, KRSI_PROGRAM_REFUSED);
	assert_int_equal(vm_program_info(object, "bad").error, -ENOEXEC);
	assert_true(strlen(vm_program_info(object, "bad").reason) > 20);
	assert_true(strlen(vm_program_info(object, "bad").log) > 20);
	if (vm_bpf_is_active()) {
		assert_ok(ctx, krsi_object_attach(object, NULL));
		assert_int_equal(vm_program_info(object, "good").state, KRSI_PROGRAM_ATTACHED);
		assert_int_equal(vm_program_info(object, "bad").state, KRSI_PROGRAM_REFUSED);
		assert_int_equal(krsi_object_attach_program(object, "bad", NULL), -EBADFD);
	}
	krsi_object_free(object);
}

static void test_unknown_hook_names_the_nearest(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("unknown_hook"), NULL, &object));
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(ctx, "no security hook file_opne");
	assert_detail(ctx, "file_open");
	assert_ok(ctx, krsi_object_set_program(object, "misspelt", KRSI_PROGRAM_OPTIONAL));
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(vm_program_info(object, "misspelt").error, -ENOENT);
	assert_int_equal(vm_program_info(object, "well_spelt").state, KRSI_PROGRAM_LOADED);
	krsi_object_free(object);
}

static void test_unknown_field_is_named(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("unknown_field"), NULL, &object));
	assert_int_equal(krsi_object_load(object), -ENOEXEC);
	assert_detail(ctx, "CO-RE");
	assert_detail(ctx, "shoe_size");
	krsi_object_free(object);
}

static void test_missing_symbol_is_named(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = NULL;

	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("missing_symbol"), NULL, &object));
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(ctx, "bpf_read_minds");
	krsi_object_free(object);
}

/* The counters of kinds.bpf.c, in its order. */
enum kind { LSM, LSM_S, LSM_CGROUP, FENTRY, FEXIT, FMOD_RET, TRACEPOINT, RAW_TP, TP_BTF, KPROBE, KRETPROBE, ITER, ON_REQUEST };

static void calls_read(struct krsi_ctx *ctx, struct krsi_object *object, uint64_t calls[16])
{
	char section[1024];
	struct krsi_map_info info = { .sz = sizeof(info) };
	struct krsi_map *bss;
	uint32_t zero = 0;

	assert_ok(ctx, krsi_map_open(object, ".bss", &bss));
	assert_ok(ctx, krsi_map_info(bss, &info));
	assert_true(info.value_size >= 16 * sizeof(uint64_t) && info.value_size <= sizeof(section));
	assert_ok(ctx, krsi_map_lookup(bss, &zero, sizeof(zero), section, info.value_size));
	memcpy(calls, section, 16 * sizeof(uint64_t));
	krsi_map_free(bss);
}

/* Do what every kind of program in kinds.bpf.c hears of. */
static void provoke_all(void)
{
	int fd = open("/proc/self/status", O_RDONLY);
	pid_t child;

	assert_true(fd >= 0);
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	close(fd);
	child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void test_every_kind_of_section_attaches(void **state)
{
	static const struct {
		const char *name;
		enum kind kind;
		bool lsm;
		int since_major, since_minor;
	} programs[] = {
		{ "kind_lsm", LSM, true, 5, 7 },
		{ "kind_lsm_s", LSM_S, true, 5, 11 },
		{ "kind_lsm_cgroup", LSM_CGROUP, true, 6, 0 },
		{ "kind_fentry", FENTRY, false, 5, 5 },
		{ "kind_fexit", FEXIT, false, 5, 5 },
		{ "kind_fmod_ret", FMOD_RET, false, 5, 7 },
		{ "kind_tracepoint", TRACEPOINT, false, 4, 7 },
		{ "kind_raw_tp", RAW_TP, false, 4, 17 },
		{ "kind_tp_btf", TP_BTF, false, 5, 5 },
		{ "kind_kprobe", KPROBE, false, 4, 1 },
		{ "kind_kretprobe", KRETPROBE, false, 4, 1 },
	};
	struct krsi_attach_opts opts = { .sz = sizeof(opts) };
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "kinds");
	bool active = vm_bpf_is_active();
	uint64_t calls[16];
	size_t i, n;

	assert_int_equal(vm_program_info(object, "kind_on_request").state, KRSI_PROGRAM_SKIPPED);
	for (i = 0; i < krsi_object_program_count(object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };

		assert_ok(ctx, krsi_object_program_info(object, i, &info));
		if (info.state != KRSI_PROGRAM_SKIPPED)
			assert_ok(ctx, krsi_object_set_program(object, info.name, KRSI_PROGRAM_OPTIONAL));
	}
	assert_ok(ctx, krsi_object_load(object));
	opts.cgroup_fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(opts.cgroup_fd > 0);
	assert_ok(ctx, krsi_object_attach(object, &opts));
	close(opts.cgroup_fd);
	provoke_all();
	calls_read(ctx, object, calls);
	for (n = 0; n < sizeof(programs) / sizeof(programs[0]); n++) {
		struct krsi_program_info info = vm_program_info(object, programs[n].name);
		bool expected = vm_kernel_at_least(programs[n].since_major, programs[n].since_minor) &&
				(active || !programs[n].lsm);

		if ((info.state == KRSI_PROGRAM_ATTACHED) != expected || (calls[programs[n].kind] > 0) != expected)
			print_message("# %s: state %u, %llu calls: %s\n", info.name, info.state,
				      (unsigned long long)calls[programs[n].kind], info.reason);
		assert_int_equal(info.state == KRSI_PROGRAM_ATTACHED, expected);
		assert_int_equal(calls[programs[n].kind] > 0, expected);
		if (!expected)
			assert_true(strlen(info.reason) > 10);
	}
	assert_int_equal(vm_program_info(object, "kind_socket").state, KRSI_PROGRAM_LOADED);
	assert_non_null(strstr(vm_program_info(object, "kind_socket").reason, "does not say where"));
	assert_int_equal(vm_program_info(object, "kind_on_request").state, KRSI_PROGRAM_SKIPPED);
	krsi_object_free(object);
}

static void test_iterator_is_read(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "kinds");
	char text[4096];
	int fd = -1;
	size_t i;

	for (i = 0; i < krsi_object_program_count(object); i++) {
		struct krsi_program_info info = { .sz = sizeof(info) };

		assert_ok(ctx, krsi_object_program_info(object, i, &info));
		if (strcmp(info.name, "kind_iter") != 0)
			assert_ok(ctx, krsi_object_set_program(object, info.name, KRSI_PROGRAM_SKIP));
	}
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_open_iter(object, "kind_iter", &fd), -EBADFD);
	assert_ok(ctx, krsi_object_attach(object, NULL));
	assert_ok(ctx, krsi_object_open_iter(object, "kind_iter", &fd));
	assert_true(read(fd, text, sizeof(text)) > 7);
	assert_memory_equal(text, "a task\n", 7);
	close(fd);
	krsi_object_free(object);
}

static void test_chosen_programs_attach_alone(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "kinds");
	int fd;

	assert_ok(ctx, krsi_object_set_program(object, "kind_lsm_s", KRSI_PROGRAM_OPTIONAL));
	assert_ok(ctx, krsi_object_set_program(object, "kind_lsm_cgroup", KRSI_PROGRAM_OPTIONAL));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_attach_program(object, "kind_fentry", NULL));
	assert_int_equal(krsi_object_attach_program(object, "kind_fentry", NULL), -EALREADY);
	assert_int_equal(vm_program_info(object, "kind_fexit").state, KRSI_PROGRAM_LOADED);
	assert_int_equal(krsi_object_link_fd(object, "kind_fexit", &fd), -EBADFD);
	assert_ok(ctx, krsi_object_link_fd(object, "kind_fentry", &fd));
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_ok(ctx, krsi_object_program_fd(object, "kind_fexit", &fd));
	assert_ok(ctx, krsi_object_detach_program(object, "kind_fentry"));
	assert_int_equal(krsi_object_detach_program(object, "kind_fentry"), -EALREADY);
	assert_int_equal(krsi_object_detach(object), -EALREADY);
	assert_int_equal(krsi_object_attach_program(object, "kind_on_request", NULL), -EBADFD);
	assert_int_equal(krsi_object_attach_program(object, "kind_socket", NULL), -EOPNOTSUPP);
	krsi_object_free(object);
}

static void test_cgroup_program_wants_a_cgroup(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;

	if (!vm_kernel_at_least(6, 0))
		skip_because("lsm_cgroup programs came with Linux 6.0");
	skip_unless_lsm_active();
	object = vm_object_open(ctx, "kinds");
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_attach(object, NULL), -EINVAL);
	assert_detail(ctx, "cgroup_fd");
	/* A required one failed, so nothing of this call stays attached. */
	assert_int_equal(vm_program_info(object, "kind_lsm").state, KRSI_PROGRAM_LOADED);
	krsi_object_free(object);
}

static void test_pinned_policy_outlives_its_process(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_link_info info = { .sz = sizeof(info) };
	struct krsi_object *object;
	struct krsi_link *link;
	struct krsi_map *map;
	uint32_t program_id;

	skip_unless_lsm_active();
	object = vm_object_attach(ctx, "mkdir");
	program_id = vm_program_info(object, "mkdir_check").id;
	assert_ok(ctx, krsi_object_pin(object, PIN_DIR));
	assert_int_equal(krsi_object_pin(object, PIN_DIR), -EEXIST);
	assert_detail(ctx, PIN_DIR);
	krsi_object_free(object);
	assert_int_equal(vm_mkdir("denied"), EACCES);

	assert_ok(ctx, krsi_map_open_pin(ctx, PIN_DIR "/map_counts", &map));
	krsi_map_free(map);
	assert_int_equal(krsi_map_open_pin(ctx, PIN_DIR "/link_mkdir_check", &map), -EINVAL);
	assert_int_equal(krsi_link_open_pin(ctx, PIN_DIR "/map_counts", &link), -EINVAL);
	assert_ok(ctx, krsi_link_open_pin(ctx, PIN_DIR "/link_mkdir_check", &link));
	assert_ok(ctx, krsi_link_info(link, &info));
	assert_int_equal(info.program_id, program_id);
	assert_ok(ctx, krsi_link_unpin(link));
	assert_int_equal(krsi_link_unpin(link), -EALREADY);
	assert_int_equal(vm_mkdir("denied"), EACCES);
	krsi_link_free(link);
	vm_wait_for_mkdir("denied");

	/* A later process takes down the rest with an object that it only opened. */
	object = vm_object_open(ctx, "mkdir");
	assert_ok(ctx, krsi_object_unpin(object, PIN_DIR));
	assert_int_equal(access(PIN_DIR, F_OK), -1);
	krsi_object_free(object);
}

static void test_pin_is_whole_or_nothing(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");
	struct krsi_map *map;

	assert_int_equal(krsi_object_pin(object, PIN_DIR), -EBADFD);
	assert_ok(ctx, krsi_object_load(object));
	assert_int_equal(krsi_object_pin(object, "/tmp/not_bpffs"), -EXDEV);
	assert_detail(ctx, "mount -t bpf");
	assert_int_equal(access("/tmp/not_bpffs", F_OK), -1);
	assert_int_equal(krsi_object_pin(object, "/sys/fs/bpf/no/such/dir"), -ENOENT);

	/* The last map's name is taken: those before it must not stay. */
	assert_int_equal(mkdir(PIN_DIR, 0700), 0);
	assert_ok(ctx, krsi_map_open(object, "counts", &map));
	assert_ok(ctx, krsi_map_pin(map, PIN_DIR "/map_counts"));
	assert_int_equal(krsi_map_pin(map, PIN_DIR "/map_counts"), -EEXIST);
	krsi_map_free(map);
	assert_int_equal(krsi_object_pin(object, PIN_DIR), -EEXIST);
	assert_int_equal(unlink(PIN_DIR "/map_counts"), 0);
	assert_int_equal(rmdir(PIN_DIR), 0);	/* it is empty */
	krsi_object_free(object);
}

static void test_kconfig_and_btf_of_the_callers(void **state)
{
	struct krsi_object_opts opts = { .sz = sizeof(opts) };
	uint32_t tgid = (uint32_t)getpid(), zero = 0;
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object;
	struct krsi_map *bss;
	int seen[2];

	if (access("/proc/config.gz", F_OK) == 0)
		skip_because("this kernel has its configuration in /proc/config.gz");
	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("kconfig"), NULL, &object));
	assert_int_equal(krsi_object_load(object), -ENOENT);
	assert_detail(ctx, "krsi_object_opts.kconfig");
	krsi_object_free(object);

	opts.kconfig = "# the line that is wanted\nCONFIG_HZ=1234\n";
	opts.btf_path = "/tmp/vmlinux.btf";
	vm_btf_copy(opts.btf_path);
	assert_ok(ctx, krsi_object_open(ctx, vm_object_path("kconfig"), &opts, &object));
	assert_ok(ctx, krsi_object_set_variable(object, "only_tgid", &tgid, sizeof(tgid)));
	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_attach(object, NULL));
	assert_true(getpgid(getpid()) > 0);
	assert_ok(ctx, krsi_map_open(object, ".bss", &bss));
	assert_ok(ctx, krsi_map_lookup(bss, &zero, sizeof(zero), seen, sizeof(seen)));
	assert_int_equal(seen[0], 1234);
	assert_int_equal(seen[1], tgid);
	krsi_map_free(bss);
	krsi_object_free(object);

	opts.btf_path = "/tmp/no/such/btf";
	assert_int_equal(krsi_object_open(ctx, vm_object_path("kconfig"), &opts, &object), -ENOENT);
	assert_detail(ctx, "/tmp/no/such/btf");
	opts.btf_path = vm_object_path("no_btf");
	assert_int_equal(krsi_object_open(ctx, "/test/bpf/kconfig.bpf.o", &opts, &object), -EBADMSG);
}

static void test_full_hook_is_told(void **state)
{
	struct krsi_object *objects[64];
	struct krsi_ctx *ctx = *state;
	int n, err = 0;

	skip_unless_lsm_active();
	for (n = 0; n < 64; n++) {
		objects[n] = vm_object_open(ctx, "mkdir");
		assert_ok(ctx, krsi_object_load(objects[n]));
		err = krsi_object_attach(objects[n], NULL);
		if (err)
			break;
	}
	print_message("# this kernel takes %d programs on a hook\n", n);
	assert_int_equal(err, -EUSERS);
	assert_detail(ctx, "inode_mkdir holds as many programs as the kernel allows (");
	if (vm_kernel_at_least(5, 13))
		assert_detail(ctx, " of vm_object[");
	else
		assert_detail(ctx, "this kernel does not tell");
	assert_true(n >= 30);
	assert_int_equal(vm_mkdir("denied"), EACCES);
	for (; n >= 0; n--)
		krsi_object_free(objects[n]);
	assert_int_equal(vm_mkdir("denied"), 0);
}

static void test_two_contexts_are_independent(void **state)
{
	struct krsi_ctx *first = *state, *second;
	struct krsi_object *a, *b;

	skip_unless_lsm_active();
	assert_int_equal(krsi_ctx_new(NULL, &second), 0);
	a = vm_object_attach(first, "mkdir");
	b = vm_object_attach(second, "mkdir");
	assert_int_equal(krsi_object_load(b), -EALREADY);
	assert_string_equal(krsi_ctx_error_detail(second), "object mkdir: it is loaded already");
	assert_null(strstr(krsi_ctx_error_detail(first), "loaded already"));
	krsi_object_free(a);
	assert_int_equal(vm_mkdir("denied"), EACCES);
	krsi_object_free(b);
	assert_int_equal(vm_mkdir("denied"), 0);
	krsi_ctx_free(second);
}

static void test_libbpf_handle_is_the_loaded_one(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct krsi_object *object = vm_object_open(ctx, "mkdir");
	int fd;

	assert_ok(ctx, krsi_object_load(object));
	assert_ok(ctx, krsi_object_program_fd(object, "mkdir_check", &fd));
	assert_int_equal(bpf_program__fd(bpf_object__find_program_by_name(krsi_object_bpf(object), "mkdir_check")), fd);
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_attach_denies_and_allows),
		vm_test(test_attaching_again_works_or_is_told),
		vm_test(test_load_alone_denies_nothing),
		vm_test(test_attach_refuses_a_kernel_that_would_not_call),
		vm_test(test_variable_turns_enforcing_off),
		vm_test(test_target_moves_a_program),
		vm_test(test_target_suggests_near_hooks),
		vm_test(test_map_size_of_a_ring_is_rounded_up),
		vm_test(test_reused_map_is_shared_by_two_objects),
		vm_test(test_pinned_map_is_shared_by_several_objects),
		vm_test(test_changes_are_refused_after_load),
		vm_test(test_required_program_takes_all_down),
		vm_test(test_optional_program_fails_alone),
		vm_test(test_unknown_hook_names_the_nearest),
		vm_test(test_unknown_field_is_named),
		vm_test(test_missing_symbol_is_named),
		vm_test(test_every_kind_of_section_attaches),
		vm_test(test_iterator_is_read),
		vm_test(test_chosen_programs_attach_alone),
		vm_test(test_cgroup_program_wants_a_cgroup),
		vm_test(test_pinned_policy_outlives_its_process),
		vm_test(test_pin_is_whole_or_nothing),
		vm_test(test_kconfig_and_btf_of_the_callers),
		vm_test(test_full_hook_is_told),
		vm_test(test_two_contexts_are_independent),
		vm_test(test_libbpf_handle_is_the_loaded_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

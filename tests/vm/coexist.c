/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Several products on the same hooks: engines of two processes, another product's programs that came before or after
 * ours, a hook that has no place left, and the list of all of them.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/magic.h>

#define RULES "version: 1\nname: p\nrules:\n"
#define DENY_SECRET RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/secret }, action: { deny: EACCES } }\n"
#define DENY_OTHER RULES "  - { name: r, on: file.open, object: { path: /tmp/engine/other }, action: { deny: EROFS } }\n"
#define DENY_VERSION RULES "  - { name: r, on: file.open, object: { path: /proc/version }, action: { deny: EACCES } }\n"
#define DENY_PROGRAM RULES "  - { name: r, on: process.exec, object: { path: /tmp/engine/program }, action: deny }\n"

#define CGROUP "/sys/fs/cgroup/coexist"
#define PIN_DIR "/sys/fs/bpf/coexist"
#define PLACES_MAX 64

/* --- an engine in a process of its own -------------------------------------- */

/*
 * It does one thing for each letter that it is sent, and answers with the same letter, or '!' when that failed: it
 * applies the policy DENY_OTHER, none, or ends its engine.
 */
enum deed { APPLY = 'a', APPLY_NONE = 'n', END = 'e' };

static struct {
	pid_t pid;
	int to, from;
} other;

static int other_do(char what, struct krsi_ctx *ctx, struct krsi_engine **engine)
{
	struct krsi_policy *policy = NULL;
	int err = 0;

	if (what == APPLY_NONE)
		return krsi_engine_apply(*engine, NULL, 0);
	if (what == END) {
		krsi_engine_free(*engine);
		*engine = NULL;
		return 0;
	}
	if (!*engine)
		err = krsi_engine_new(ctx, NULL, engine);
	if (!err)
		err = krsi_policy_parse(ctx, DENY_OTHER, strlen(DENY_OTHER), NULL, &policy);
	if (!err)
		err = krsi_engine_apply(*engine, &policy, 1);
	krsi_policy_free(policy);
	return err;
}

static void other_run(int from, int to)
{
	struct krsi_engine *engine = NULL;
	struct krsi_ctx *ctx;
	char what;

	if (krsi_ctx_new(NULL, &ctx))
		_exit(1);
	while (read(from, &what, 1) == 1) {
		if (other_do(what, ctx, &engine)) {
			fprintf(stderr, "# the other process: %s\n", krsi_ctx_error_detail(ctx));
			what = '!';
		}
		if (write(to, &what, 1) != 1)
			break;
	}
	_exit(0);
}

/* Before there is an engine in this process: a child would hold its links as well. */
static int other_setup(void **state)
{
	int to[2], from[2];

	if (engine_files_setup(state) || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -1;
	other.pid = fork();
	if (other.pid == 0) {
		close(to[1]);
		close(from[0]);
		other_run(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	other.to = to[1];
	other.from = from[0];
	return other.pid < 0 ? -1 : 0;
}

static void other_tell(enum deed deed)
{
	char what = (char)deed, answer = 0;

	assert_int_equal(write(other.to, &what, 1), 1);
	assert_int_equal(read(other.from, &answer, 1), 1);
	assert_int_equal(answer, what);
}

static void assert_opens(int secret, int other_file)
{
	assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), secret);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), other_file);
}

static void test_two_engines_and_the_first_leaves_first(void **state)
{
	struct engine first = engine_start_new(*state, DENY_SECRET);

	assert_opens(EACCES, 0);
	other_tell(APPLY);
	assert_opens(EACCES, EROFS);
	engine_stop_new(&first);
	assert_opens(0, EROFS);
	other_tell(APPLY_NONE);
	assert_opens(0, 0);
}

static void test_two_engines_and_the_second_leaves_first(void **state)
{
	struct engine first = engine_start(DENY_SECRET);

	(void)state;
	other_tell(APPLY);
	assert_opens(EACCES, EROFS);
	other_tell(END);
	assert_opens(EACCES, 0);
	/* Exchanging policies of one means nothing to the other. */
	other_tell(APPLY);
	engine_apply(&first, DENY_PROGRAM);
	assert_opens(0, EROFS);
	assert_int_equal(try_exec("/tmp/engine/program"), EPERM);
	engine_stop(&first);
	assert_opens(0, EROFS);
	other_tell(APPLY_NONE);
}

static void test_each_engine_tells_of_what_it_refused(void **state)
{
	struct engine first = engine_start(DENY_SECRET);

	(void)state;
	other_tell(APPLY);
	assert_opens(EACCES, EROFS);
	assert_int_equal(engine_events_drain(&first), 1);
	other_tell(APPLY_NONE);
	engine_stop(&first);
}

/* --- another product ----------------------------------------------------------- */

/* Its object with one of its programs, attached. */
static struct krsi_object *foreign_open(struct krsi_ctx *ctx, const char *program)
{
	struct krsi_object *object = vm_object_open(ctx, "foreign");
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t i;

	for (i = 0; i < krsi_object_program_count(object); i++) {
		assert_ok(ctx, krsi_object_program_info(object, i, &info));
		if (strcmp(info.name, program) != 0)
			assert_ok(ctx, krsi_object_set_program(object, info.name, KRSI_PROGRAM_SKIP));
	}
	assert_ok(ctx, krsi_object_load(object));
	return object;
}

/* Have it refuse what is in /proc to the cgroup. */
static void foreign_refuse(struct krsi_ctx *ctx, struct krsi_object *object)
{
	const struct krsi_map_opts opts = {
		.sz = sizeof(opts), .name = "refused", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 4, .max_entries = 8,
	};
	uint32_t magic = PROC_SUPER_MAGIC, yes = 1;
	struct krsi_map *outer, *inner;
	struct stat st;
	uint64_t id;

	assert_int_equal(stat(CGROUP, &st), 0);
	id = st.st_ino;
	assert_ok(ctx, krsi_map_new(ctx, &opts, &inner));
	assert_ok(ctx, krsi_map_update(inner, &magic, sizeof(magic), &yes, sizeof(yes), 0));
	assert_ok(ctx, krsi_map_open(object, "of_cgroups", &outer));
	assert_ok(ctx, krsi_map_set_inner(outer, &id, sizeof(id), inner));
	krsi_map_free(outer);
	krsi_map_free(inner);
}

static struct krsi_object *foreign_attach(struct krsi_ctx *ctx)
{
	struct krsi_object *object;

	mkdir(CGROUP, 0755);
	object = foreign_open(ctx, "refuse_filesystems");
	foreign_refuse(ctx, object);
	assert_ok(ctx, krsi_object_attach(object, NULL));
	return object;
}

/* Open a file as a process of that cgroup: 0 or the errno. */
static int open_in_cgroup(const char *path)
{
	int status, fd;
	pid_t child;

	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fd = open(CGROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(255);
		_exit(try_open(path, O_RDONLY));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 255);
	return WEXITSTATUS(status);
}

static void test_another_product_that_came_before(void **state)
{
	struct krsi_object *foreign = foreign_attach(*state);
	struct engine e;

	assert_int_equal(open_in_cgroup("/proc/uptime"), EPERM);
	e = engine_start(DENY_VERSION);
	/* Each has its say... */
	assert_int_equal(try_open("/proc/version", O_RDONLY), EACCES);
	assert_int_equal(open_in_cgroup("/proc/uptime"), EPERM);
	assert_int_equal(open_in_cgroup("/tmp/engine/other"), 0);
	/* ... and where both refuse, it is the error of who is asked first, and that is who came last. */
	assert_int_equal(open_in_cgroup("/proc/version"), EACCES);
	krsi_object_free(foreign);
	assert_int_equal(open_in_cgroup("/proc/uptime"), 0);
	assert_int_equal(open_in_cgroup("/proc/version"), EACCES);
	engine_stop(&e);
	assert_int_equal(open_in_cgroup("/proc/version"), 0);
}

static void test_denial_of_who_is_asked_first_is_left_as_it_is(void **state)
{
	struct engine e = engine_start(DENY_VERSION);
	struct krsi_object *foreign;

	assert_int_equal(open_in_cgroup("/proc/version"), EACCES);
	assert_int_equal(engine_events_drain(&e), 1);
	foreign = foreign_attach(*state);
	assert_int_equal(open_in_cgroup("/proc/version"), EPERM);
	assert_int_equal(engine_events_drain(&e), 0);	/* the engine is not asked any more */
	assert_int_equal(try_open("/proc/version", O_RDONLY), EACCES);
	assert_int_equal(engine_events_drain(&e), 1);
	engine_stop(&e);
	assert_int_equal(open_in_cgroup("/proc/version"), EPERM);
	assert_int_equal(try_open("/proc/version", O_RDONLY), 0);
	krsi_object_free(foreign);
	assert_int_equal(open_in_cgroup("/proc/version"), 0);
}

/* --- a hook without a place ------------------------------------------------------ */

struct crowd {
	struct krsi_object *objects[PLACES_MAX];
	size_t count;
};

/* Take every place on file_open that is left. */
static struct crowd crowd_gather(struct krsi_ctx *ctx)
{
	struct crowd crowd = { .count = 0 };
	int err = 0;

	while (crowd.count < PLACES_MAX) {
		struct krsi_object *object = foreign_open(ctx, "open_nothing");

		err = krsi_object_attach(object, NULL);
		if (err) {
			krsi_object_free(object);
			break;
		}
		crowd.objects[crowd.count++] = object;
	}
	assert_int_equal(err, -EUSERS);
	return crowd;
}

static void crowd_leave(struct crowd *crowd)
{
	while (crowd->count)
		krsi_object_free(crowd->objects[--crowd->count]);
}

static void test_full_hook_leaves_the_old_policy_in_force(void **state)
{
	struct engine e = engine_start(DENY_PROGRAM);
	struct crowd crowd = crowd_gather(*state);
	struct krsi_policy *policy = engine_policy(&e, DENY_SECRET);
	struct krsi_engine_info before = { .sz = sizeof(before) }, after = { .sz = sizeof(after) };
	char words[128];

	print_message("# this kernel takes %zu programs on a hook\n", crowd.count);
	assert_true(crowd.count >= 30);
	assert_ok(e.ctx, krsi_engine_info(e.engine, &before));
	assert_int_equal(krsi_engine_apply(e.engine, &policy, 1), -EUSERS);
	print_message("# %s\n", krsi_ctx_error_detail(e.ctx));
	assert_detail(e.ctx, "the policies cannot be applied, and those in force stay: program file_open: ");
	assert_detail(e.ctx, "file_open holds as many programs as the kernel allows");
	snprintf(words, sizeof(words), "%zu programs: %zu of vm_coexist[%d] (open_nothing)", crowd.count, crowd.count, (int)getpid());
	assert_detail(e.ctx, words);
	assert_ok(e.ctx, krsi_engine_info(e.engine, &after));
	assert_int_equal(after.generation, before.generation);
	assert_int_equal(after.programs, before.programs);
	assert_int_equal(try_exec("/tmp/engine/program"), EPERM);
	assert_opens(0, 0);

	krsi_object_free(crowd.objects[--crowd.count]);
	assert_ok(e.ctx, krsi_engine_apply(e.engine, &policy, 1));
	assert_int_equal(try_exec("/tmp/engine/program"), 0);
	assert_opens(EACCES, 0);
	krsi_policy_free(policy);
	engine_stop(&e);
	crowd_leave(&crowd);
}

static void test_killed_engine_gives_its_place_back(void **state)
{
	struct vm_count without = vm_count();
	struct krsi_object *object;
	struct crowd crowd;
	char words[64];

	other_tell(APPLY);
	crowd = crowd_gather(*state);
	snprintf(words, sizeof(words), "1 of vm_coexist[%d] (file_open)", (int)other.pid);
	assert_detail(*state, words);
	assert_opens(0, EROFS);
	assert_int_equal(kill(other.pid, SIGKILL), 0);
	assert_int_equal(waitpid(other.pid, NULL, 0), other.pid);
	without.programs += (unsigned int)crowd.count;
	without.maps += 2 * (unsigned int)crowd.count;
	without.links += (unsigned int)crowd.count;
	vm_wait_for_count(without);
	assert_opens(0, 0);
	object = foreign_open(*state, "open_nothing");
	assert_ok(*state, krsi_object_attach(object, NULL));
	krsi_object_free(object);
	crowd_leave(&crowd);
}

/* --- the list --------------------------------------------------------------------- */

/* The one of that name, which must be in the list. */
static struct krsi_attached_info list_find(const struct krsi_attached *attached, const char *program, size_t *index)
{
	struct krsi_attached_info info = { .sz = sizeof(info) };

	for (*index = 0; krsi_attached_info(attached, *index, &info) == 0; (*index)++)
		if (strcmp(info.program, program) == 0)
			return info;
	fail_msg("%s is not in the list", program);
	return info;
}

static struct krsi_attached *list_new(struct krsi_ctx *ctx, const char *hook)
{
	const struct krsi_attached_opts opts = { .sz = sizeof(opts), .hook = hook };
	struct krsi_attached *attached = NULL;

	assert_ok(ctx, krsi_attached_new(ctx, &opts, &attached));
	return attached;
}

static void test_list_has_both_engines_and_the_other_product(void **state)
{
	struct krsi_attached_owner_info owner = { .sz = sizeof(owner) };
	struct krsi_object *foreign = foreign_attach(*state);
	struct krsi_attached_info info = { .sz = sizeof(info) };
	struct krsi_attached *attached;
	struct engine e;
	size_t at;

	e = engine_start(DENY_SECRET);
	other_tell(APPLY);
	attached = list_new(*state, "file_open");
	assert_int_equal(krsi_attached_count(attached), 3);
	/* As they are asked: the other engine came last. */
	assert_ok(*state, krsi_attached_info(attached, 0, &info));
	assert_string_equal(info.program, "file_open");
	assert_string_equal(info.hook, "file_open");
	assert_string_equal(info.way, "lsm");
	assert_int_equal(info.engine, 1);
	assert_int_equal(info.owner_count, 1);
	assert_ok(*state, krsi_attached_owner(attached, 0, 0, &owner));
	assert_int_equal(owner.pid, other.pid);
	assert_int_equal(owner.holds_link, 1);
	assert_ok(*state, krsi_attached_owner(attached, 1, 0, &owner));
	assert_int_equal(owner.pid, getpid());
	assert_string_equal(owner.comm, "vm_coexist");
	info = list_find(attached, "refuse_filesystems", &at);
	assert_int_equal(at, 2);
	assert_int_equal(info.engine, 0);
	assert_true(info.loaded > 0);
	krsi_attached_free(attached);
	other_tell(APPLY_NONE);
	engine_stop(&e);
	krsi_object_free(foreign);
	attached = list_new(*state, NULL);
	assert_int_equal(krsi_attached_count(attached), 0);
	krsi_attached_free(attached);
}

static void stats_write(const char *text)
{
	int fd = open("/proc/sys/kernel/bpf_stats_enabled", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_pinned_program_is_listed_with_its_file_and_its_cost(void **state)
{
	struct krsi_object *object = vm_object_attach(*state, "mkdir");
	struct krsi_attached_info info;
	struct krsi_attached *attached;
	size_t at;

	assert_ok(*state, krsi_object_pin(object, PIN_DIR));
	krsi_object_free(object);
	stats_write("1");
	assert_int_equal(vm_mkdir("denied"), EACCES);
	stats_write("0");
	attached = list_new(*state, "inode_mkdir");
	info = list_find(attached, "mkdir_check", &at);
	assert_string_equal(info.pin, PIN_DIR "/link_mkdir_check");
	assert_int_equal(info.owner_count, 0);
	assert_true(info.runs >= 1 && info.run_time > 0);
	krsi_attached_free(attached);
	object = vm_object_open(*state, "mkdir");
	assert_ok(*state, krsi_object_unpin(object, PIN_DIR));
	krsi_object_free(object);
}

static void test_every_way_is_listed(void **state)
{
	static const struct {
		const char *program, *hook, *way;
	} programs[] = {
		{ "kind_lsm", "file_open", "lsm" }, { "kind_lsm_s", "file_open", "lsm" },
		{ "kind_lsm_cgroup", "socket_create", "lsm_cgroup" }, { "kind_fentry", "file_open", "fentry" },
		{ "kind_fexit", "file_open", "fexit" }, { "kind_fmod_ret", "file_open", "fmod_ret" },
	};
	struct krsi_object *object = vm_object_open(*state, "kinds");
	struct krsi_attach_opts opts = { .sz = sizeof(opts) };
	struct krsi_attached *attached;
	struct krsi_attached_info info;
	size_t i, at;

	opts.cgroup_fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(opts.cgroup_fd > 0);
	assert_ok(*state, krsi_object_load(object));
	assert_ok(*state, krsi_object_attach(object, &opts));
	close(opts.cgroup_fd);
	attached = list_new(*state, NULL);
	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		info = list_find(attached, programs[i].program, &at);
		assert_string_equal(info.hook, programs[i].hook);
		assert_string_equal(info.way, programs[i].way);
		assert_int_equal(info.owner_count, 1);
	}
	assert_int_equal(krsi_attached_count(attached), sizeof(programs) / sizeof(programs[0]));
	krsi_attached_free(attached);
	krsi_object_free(object);
}

static void test_descriptor_of_no_cgroup_is_told(void **state)
{
	struct krsi_object *object = vm_object_open(*state, "kinds");
	struct krsi_attach_opts opts = { .sz = sizeof(opts) };

	opts.cgroup_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(opts.cgroup_fd > 0);
	assert_ok(*state, krsi_object_load(object));
	assert_int_equal(krsi_object_attach_program(object, "kind_lsm_cgroup", &opts), -EINVAL);
	assert_detail(*state, "krsi_attach_opts.cgroup_fd is no descriptor of a cgroup's directory");
	close(opts.cgroup_fd);
	krsi_object_free(object);
}

/* The program stays attached while a child holds the link that its parent has let go of. */
static void test_program_that_is_attached_already_names_its_holder(void **state)
{
	struct krsi_object *object = vm_object_attach(*state, "mkdir");
	char words[128], byte;
	pid_t child;
	int go[2];

	assert_int_equal(pipe(go), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(go[1]);
		_exit(read(go[0], &byte, 1) != 0);
	}
	assert_ok(*state, krsi_object_detach(object));
	assert_int_equal(krsi_object_attach(object, NULL), -EBUSY);
	snprintf(words, sizeof(words), "attached to inode_mkdir already, and held there by vm_coexist[%d]", (int)child);
	assert_detail(*state, words);
	close(go[0]);
	close(go[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_ok(*state, krsi_object_attach(object, NULL));
	krsi_object_free(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_two_engines_and_the_first_leaves_first),
		vm_test(test_two_engines_and_the_second_leaves_first),
		vm_test(test_each_engine_tells_of_what_it_refused),
		vm_test(test_another_product_that_came_before),
		vm_test(test_denial_of_who_is_asked_first_is_left_as_it_is),
		vm_test(test_full_hook_leaves_the_old_policy_in_force),
		vm_test(test_list_has_both_engines_and_the_other_product),
		vm_test(test_pinned_program_is_listed_with_its_file_and_its_cost),
		vm_test(test_every_way_is_listed),
		vm_test(test_descriptor_of_no_cgroup_is_told),
		vm_test(test_program_that_is_attached_already_names_its_holder),
		vm_test(test_killed_engine_gives_its_place_back),	/* the last one of the other process */
	};

	if (!vm_bpf_is_active()) {
		printf("bpf is not in the active LSM list of this boot, and the other products are lsm programs\n");
		return 77;
	}
	if (!vm_kernel_at_least(6, 1)) {
		printf("before Linux 5.13 an engine's programs stay where they are, and before 6.1 the other products' do not all load\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, other_setup, NULL);
}

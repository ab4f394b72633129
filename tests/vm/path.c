/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf/path.bpf.h on a real kernel: the path it builds for a file that is opened, against what is
 * known of the file, where somebody tries to have another path seen.
 */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* As in bpf/path.bpf.h. */
enum path_result {
	PATH_OK = 0,
	PATH_TOO_LONG = 2,
	PATH_DETACHED = 3,
	PATH_FOREIGN = 4,
	PATH_MOVED = 5,
	PATH_BUSY = 7,
};

#define PATH_SIZE 4096
#define BASE "/tmp/path"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif

struct seen {
	uint32_t result;
	uint32_t tries;
	uint32_t size;
	uint32_t opens;
	char text[PATH_SIZE];
};

/* The object, attached for this process, and its map; and a place to make files in. */
struct watch {
	struct krsi_ctx *ctx;
	struct krsi_object *object;
	struct krsi_map *last;
};

/* As lib/engine/symbols.c does: `variable` becomes the address of `symbol`. */
static void address_set(const struct watch *watch, const char *symbol, const char *variable)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	uint64_t address = 0, found = 0;
	char line[512], name[256];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%" SCNx64 " %*c %255s", &address, name) == 2 && strcmp(name, symbol) == 0)
			found = address;
	fclose(file);
	assert_true(found);
	assert_ok(watch->ctx, krsi_object_set_variable(watch->object, variable, &found, sizeof(found)));
}

static void watch_open(struct watch *watch, struct krsi_ctx *ctx)
{
	watch->ctx = ctx;
	watch->object = vm_object_open(ctx, "path");
	address_set(watch, "rename_lock", "rename_lock_address");
	address_set(watch, "mount_lock", "mount_lock_address");
}

static void watch_start(struct watch *watch, struct krsi_ctx *ctx)
{
	watch_open(watch, ctx);
	assert_ok(ctx, krsi_object_load(watch->object));
	assert_ok(ctx, krsi_object_attach(watch->object, NULL));
	assert_ok(ctx, krsi_map_open(watch->object, "last", &watch->last));
	assert_true(mkdir(BASE, 0700) == 0 || errno == EEXIST);
}

static void watch_stop(struct watch *watch)
{
	krsi_map_free(watch->last);
	krsi_object_free(watch->object);
}

static struct seen seen_get(const struct watch *watch)
{
	struct seen seen;
	uint32_t zero = 0;

	assert_ok(watch->ctx, krsi_map_lookup(watch->last, &zero, sizeof(zero), &seen, sizeof(seen)));
	return seen;
}

static void expect(const struct watch *watch, enum path_result result, const char *path)
{
	struct seen seen = seen_get(watch);

	if (seen.result != result || (path && (seen.size != strlen(path) || memcmp(seen.text, path, seen.size) != 0)))
		print_message("# result %u, path %.*s\n", seen.result, (int)seen.size, seen.text);
	assert_int_equal(seen.result, result);
	if (path) {
		assert_int_equal(seen.size, strlen(path));
		assert_memory_equal(seen.text, path, seen.size);
	}
}

/* Open and close, making the file when it is not there. */
static void touch(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void test_plain_paths(void **state)
{
	static const char *const paths[] = {
		"/tmp/path/plain", "/etc/passwd", "/tmp/path/with a space", "/tmp/path/line\nfeed", "/tmp/path/\"quoted\"\\",
		"/tmp/path/\xff\xfe not utf-8", "/tmp/path/file (deleted)", "/tmp/path/...", "/f",
	};
	struct watch watch;
	size_t i;

	watch_start(&watch, *state);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		touch(paths[i]);
		expect(&watch, PATH_OK, paths[i]);
	}
	close(open("/proc/self/status", O_RDONLY));
	assert_int_equal(seen_get(&watch).result, PATH_OK);
	assert_memory_equal(seen_get(&watch).text, "/proc/", 6);
	close(open("/", O_RDONLY | O_DIRECTORY));
	expect(&watch, PATH_OK, "");
	close(open("/tmp/path/../path/./plain", O_RDONLY));
	expect(&watch, PATH_OK, "/tmp/path/plain");
	assert_int_equal(symlink("plain", BASE "/link"), 0);
	close(open(BASE "/link", O_RDONLY));
	expect(&watch, PATH_OK, "/tmp/path/plain");
	unlink(BASE "/link");
	watch_stop(&watch);
}

/* Go down `levels` directories of one letter below the present one. */
static void descend(int levels)
{
	for (; levels > 0; levels--) {
		assert_true(mkdir("d", 0700) == 0 || errno == EEXIST);
		assert_int_equal(chdir("d"), 0);
	}
}

static void test_deep_paths_and_one_too_long(void **state)
{
	char path[PATH_SIZE + 16];
	struct watch watch;
	int i, n;

	watch_start(&watch, *state);
	assert_int_equal(chdir(BASE), 0);
	descend(300);
	touch("deep");
	n = snprintf(path, sizeof(path), BASE);
	for (i = 0; i < 300; i++)
		n += snprintf(path + n, sizeof(path) - (size_t)n, "/d");
	snprintf(path + n, sizeof(path) - (size_t)n, "/deep");
	expect(&watch, PATH_OK, path);
	/* "/tmp/path", 2,042 times "/d", "/x": 4,095 bytes, the longest there is. */
	descend(2042 - 300);
	touch("x");
	assert_int_equal(seen_get(&watch).result, PATH_OK);
	assert_int_equal(seen_get(&watch).size, 9 + 2 * 2042 + 2);
	/* A byte more than open(2) would take in one piece. */
	touch("xy");
	expect(&watch, PATH_TOO_LONG, NULL);
	descend(3000);
	touch("x");
	expect(&watch, PATH_TOO_LONG, NULL);
	assert_int_equal(chdir("/"), 0);
	watch_stop(&watch);
}

static void test_chroot_changes_nothing(void **state)
{
	int root = open("/", O_PATH | O_DIRECTORY);
	struct watch watch;

	watch_start(&watch, *state);
	touch(BASE "/shadow");
	assert_int_equal(chroot(BASE), 0);
	close(open("/shadow", O_RDONLY));
	assert_int_equal(fchdir(root), 0);
	assert_int_equal(chroot("."), 0);
	close(root);
	expect(&watch, PATH_OK, BASE "/shadow");
	watch_stop(&watch);
}

static void test_unlinked_file_keeps_its_name(void **state)
{
	struct watch watch;
	char again[64];
	int fd;

	watch_start(&watch, *state);
	fd = open(BASE "/gone", O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(unlink(BASE "/gone"), 0);
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	close(open(again, O_RDONLY));
	expect(&watch, PATH_OK, BASE "/gone");
	close(fd);
	watch_stop(&watch);
}

/* Leave the mount namespace that others see, for the rest of the test program. */
static void namespace_leave(void)
{
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		assert_int_equal(errno, EINVAL);	/* rootfs is private already */
}

static void binds(const struct watch *watch)
{
	mkdir(BASE "/dir", 0700);
	mkdir(BASE "/view", 0700);
	touch(BASE "/dir/file");
	touch(BASE "/onefile");
	assert_int_equal(mount(BASE "/dir", BASE "/view", NULL, MS_BIND, NULL), 0);
	close(open(BASE "/view/file", O_RDONLY));
	expect(watch, PATH_OK, BASE "/view/file");
	assert_int_equal(mount(BASE "/dir/file", BASE "/onefile", NULL, MS_BIND, NULL), 0);
	close(open(BASE "/onefile", O_RDONLY));
	expect(watch, PATH_OK, BASE "/onefile");
	assert_int_equal(umount(BASE "/onefile"), 0);
	assert_int_equal(umount(BASE "/view"), 0);
}

static void test_bind_mounts_are_seen_where_they_are(void **state)
{
	struct watch watch;

	watch_start(&watch, *state);
	namespace_leave();
	binds(&watch);
	watch_stop(&watch);
}

static void detached(const struct watch *watch)
{
	int top, clone;

	mkdir(BASE "/lazy", 0700);
	assert_int_equal(mount("none", BASE "/lazy", "tmpfs", 0, NULL), 0);
	touch(BASE "/lazy/file");
	top = open(BASE "/lazy", O_PATH | O_DIRECTORY);
	assert_int_equal(umount2(BASE "/lazy", MNT_DETACH), 0);
	close(openat(top, "file", O_RDONLY));
	expect(watch, PATH_DETACHED, NULL);
	close(top);

	clone = (int)syscall(SYS_open_tree, AT_FDCWD, BASE, OPEN_TREE_CLONE | O_CLOEXEC);
	assert_true(clone >= 0);
	touch(BASE "/plain");
	close(openat(clone, "plain", O_RDONLY));
	/* In the anonymous namespace of the clone: whose path "/plain" is nobody's. */
	assert_in_set(seen_get(watch).result, ((uint64_t[]){ PATH_DETACHED, PATH_FOREIGN }), 2);
	close(clone);
}

static void test_detached_trees_have_no_path(void **state)
{
	struct watch watch;

	watch_start(&watch, *state);
	namespace_leave();
	detached(&watch);
	watch_stop(&watch);
}

static void test_another_namespace_is_foreign(void **state)
{
	struct watch watch;
	int theirs, stay[2];
	pid_t child;

	watch_start(&watch, *state);
	/* Somebody has to stay in the old namespace, or it is gone and its mounts are detached. */
	assert_int_equal(pipe(stay), 0);
	child = fork();
	if (child == 0) {
		close(stay[1]);
		_exit(read(stay[0], &theirs, 1) > 0);
	}
	touch(BASE "/theirs");
	theirs = open(BASE, O_PATH | O_DIRECTORY);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	close(openat(theirs, "theirs", O_RDONLY));
	expect(&watch, PATH_FOREIGN, BASE "/theirs");
	close(open(BASE "/theirs", O_RDONLY));
	expect(&watch, PATH_OK, BASE "/theirs");
	close(theirs);
	close(stay[0]);
	close(stay[1]);
	waitpid(child, NULL, 0);
	watch_stop(&watch);
}

static void test_renames_meanwhile_give_one_of_the_names(void **state)
{
	static const int rounds = 20000;
	int i, moved = 0, ok = 0, retried = 0;
	struct watch watch;
	pid_t renamer;

	watch_start(&watch, *state);
	mkdir(BASE "/one", 0700);
	touch(BASE "/one/file");
	renamer = fork();
	if (renamer == 0) {
		for (;;)
			if (rename(BASE "/one", BASE "/two") || rename(BASE "/two", BASE "/one"))
				_exit(1);
	}
	for (i = 0; i < rounds; i++) {
		struct seen seen;
		int fd = open(i % 2 ? BASE "/one/file" : BASE "/two/file", O_RDONLY);

		if (fd < 0)
			continue;
		close(fd);
		seen = seen_get(&watch);
		retried += seen.tries > 1;
		if (seen.result == PATH_MOVED) {
			moved++;
			continue;
		}
		assert_int_equal(seen.result, PATH_OK);
		assert_true((seen.size == 18 && memcmp(seen.text, BASE "/one/file", 18) == 0) ||
			    (seen.size == 18 && memcmp(seen.text, BASE "/two/file", 18) == 0));
		ok++;
	}
	kill(renamer, SIGKILL);
	waitpid(renamer, NULL, 0);
	print_message("# %d paths, %d after a second try, %d unresolved\n", ok, retried, moved);
	assert_true(ok > 0);
	rename(BASE "/two", BASE "/one");
	watch_stop(&watch);
}

static void test_without_a_slot_it_says_so(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct watch watch;
	uint32_t keep = 1;
	int i;

	watch_open(&watch, ctx);
	assert_ok(ctx, krsi_object_set_variable(watch.object, "keep_slots", &keep, sizeof(keep)));
	assert_ok(ctx, krsi_object_load(watch.object));
	assert_ok(ctx, krsi_object_attach(watch.object, NULL));
	assert_ok(ctx, krsi_map_open(watch.object, "last", &watch.last));
	/* Eight tries of one CPU, and as many again should the process have moved to another one. */
	for (i = 0; i < 64; i++)
		close(open("/etc/passwd", O_RDONLY));
	expect(&watch, PATH_BUSY, "");
	watch_stop(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_plain_paths),
		vm_test(test_deep_paths_and_one_too_long),
		vm_test(test_chroot_changes_nothing),
		vm_test(test_unlinked_file_keeps_its_name),
		vm_test(test_bind_mounts_are_seen_where_they_are),
		vm_test(test_detached_trees_have_no_path),
		vm_test(test_another_namespace_is_foreign),
		vm_test(test_renames_meanwhile_give_one_of_the_names),
		vm_test(test_without_a_slot_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

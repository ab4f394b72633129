/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Operations on mounts, each denied at one place and allowed at another. */
#include "operation.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Made for each case: a file system of its own, which takes all with it that is mounted in there. */
#define TREE DIR "/tree"
#define CLOSED TREE "/closed"	/* places to mount on; rules are about the first */
#define FREE TREE "/free"
#define HIDDEN TREE "/hidden"	/* what to bind; rules are about the first */
#define SHOWN TREE "/shown"

/* Numbers of fsconfig(2) and move_mount(2), which not every libc has. */
enum { CONFIG_STRING = 1, CONFIG_CREATE = 6, CONFIG_RECONFIGURE = 7, FROM_EMPTY_PATH = 4, TREE_CLONE = 1 };
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#define SYS_fspick 433
#endif

static int tree_setup(void **state)
{
	static const char *const places[] = { CLOSED, FREE, HIDDEN, SHOWN };
	size_t i;

	if (evasion_setup(state) || mkdir(TREE, 0755) || mount("none", TREE, "tmpfs", 0, NULL))
		return -1;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (mkdir(places[i], 0755))
			return -1;
	return 0;
}

static int tree_teardown(void **state)
{
	int err = evasion_teardown(state);

	return umount2(TREE, MNT_DETACH) ? -1 : err;
}

/* --- acts ---------------------------------------------------------------- */

static int mounts_at(const char *place)
{
	return tried(mount("none", place, "tmpfs", 0, NULL));
}

static int mounts(const char *source, const char *type)
{
	int err = tried(mount(source, FREE, type, 0, NULL));

	return err ? err : tried(umount(FREE));
}

static int binds(const char *from)
{
	int err = tried(mount(from, FREE, NULL, MS_BIND, NULL));

	return err ? err : tried(umount(FREE));
}

/* Give what a descriptor stands for a place. */
static int places(int fd, const char *place)
{
	int err = tried((int)syscall(SYS_move_mount, fd, "", AT_FDCWD, place, FROM_EMPTY_PATH));

	close(fd);
	return err;
}

/* A file system without a place; a descriptor. */
static int made(const char *source, const char *type)
{
	int fs = (int)syscall(SYS_fsopen, type, 0), fd;

	must(fs >= 0);
	must(syscall(SYS_fsconfig, fs, CONFIG_STRING, "source", source, 0) == 0);
	must(syscall(SYS_fsconfig, fs, CONFIG_CREATE, NULL, NULL, 0) == 0);
	fd = (int)syscall(SYS_fsmount, fs, 0, 0);
	must(fd >= 0);
	close(fs);
	return fd;
}

static int copied(const char *tree)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, tree, TREE_CLONE | O_CLOEXEC);

	must(fd >= 0);
	return fd;
}

/* --- mounting ------------------------------------------------------------ */

static void test_mounting_is_denied_by_its_place(void **state)
{
	(void)state;
	policy_start(RULE("mount.mount", "target: " CLOSED));
	denied(mounts_at(CLOSED));
	denied(tried(mount(SHOWN, CLOSED, NULL, MS_BIND, NULL)));
	denied(places(made("none", "tmpfs"), CLOSED));
	denied(places(copied(SHOWN), CLOSED));
	allowed(mounts_at(FREE));
	allowed(places(made("none", "tmpfs"), SHOWN));
}

static void test_mounting_is_denied_by_its_type(void **state)
{
	(void)state;
	policy_start(RULE("mount.mount", "fstype: ramfs"));
	denied(mounts("none", "ramfs"));
	denied(places(made("none", "ramfs"), FREE));
	allowed(mounts("none", "tmpfs"));
	allowed(places(made("none", "tmpfs"), FREE));
}

static void test_mounting_is_denied_by_the_text_of_its_source(void **state)
{
	(void)state;
	policy_start(RULE("mount.mount", "source: [exact, some*]"));
	denied(mounts("exact", "tmpfs"));
	denied(mounts("something", "tmpfs"));
	denied(places(made("exact", "tmpfs"), FREE));
	denied(places(made("something", "tmpfs"), FREE));
	allowed(mounts("exactly", "tmpfs"));
	allowed(places(made("none", "tmpfs"), FREE));
}

static void test_binding_is_denied_by_its_source(void **state)
{
	int fd = open(HIDDEN, O_PATH | O_CLOEXEC);
	char by_fd[64];

	(void)state;
	snprintf(by_fd, sizeof(by_fd), "/proc/self/fd/%d", fd);
	policy_start(RULE("mount.mount", "source: " HIDDEN));
	denied(binds(HIDDEN));
	denied(binds(by_fd));
	denied(places(copied(HIDDEN), FREE));
	allowed(binds(SHOWN));
	allowed(places(copied(SHOWN), FREE));
	allowed(tried(umount(FREE)));
	policy_start(RULE("mount.mount", "source: \"" TREE "/hid?en\""));
	denied(binds(HIDDEN));
	denied(binds(by_fd));
	denied(places(copied(HIDDEN), FREE));
	allowed(binds(SHOWN));
	close(fd);
}

/* The kernel looks the source up after it asked, and a text with ".." may lead anywhere. */
static void test_binding_what_cannot_be_told_is_denied(void **state)
{
	(void)state;
	policy_start(RULE("mount.mount", "source: " HIDDEN));
	denied(binds(SHOWN "/../hidden"));
	denied(binds(SHOWN "/../shown"));
	allowed(binds(SHOWN));
}

/* --- unmounting and moving ----------------------------------------------- */

static void test_unmounting_is_denied_by_its_place(void **state)
{
	(void)state;
	allowed(mounts_at(CLOSED));
	allowed(mounts_at(FREE));
	policy_start(RULE("mount.umount", "target: " CLOSED));
	denied(tried(umount(CLOSED)));
	denied(tried(umount2(CLOSED, MNT_DETACH)));
	denied(tried(umount2(CLOSED, MNT_EXPIRE)));
	allowed(tried(umount(FREE)));
}

static void test_unmounting_is_denied_by_its_type(void **state)
{
	(void)state;
	allowed(tried(mount("none", CLOSED, "ramfs", 0, NULL)));
	allowed(mounts_at(FREE));
	policy_start(RULE("mount.umount", "fstype: ramfs"));
	denied(tried(umount(CLOSED)));
	allowed(tried(umount(FREE)));
}

/* What is mounted there, by its path and by a descriptor. */
static int moves(const char *from, const char *to)
{
	int err = tried(mount(from, to, NULL, MS_MOVE, NULL));

	return err ? err : tried(mount(to, from, NULL, MS_MOVE, NULL));
}

static int moves_by_fd(const char *from, const char *to)
{
	return places(open(from, O_PATH | O_CLOEXEC), to);
}

static void test_moving_is_denied_by_where_it_was(void **state)
{
	(void)state;
	allowed(mounts_at(CLOSED));
	allowed(mounts_at(FREE));
	policy_start(RULE("mount.move", "source: " CLOSED));
	denied(moves(CLOSED, SHOWN));
	denied(moves_by_fd(CLOSED, SHOWN));
	allowed(moves(FREE, SHOWN));
	allowed(moves_by_fd(FREE, SHOWN));
}

static void test_moving_is_denied_by_where_it_goes(void **state)
{
	(void)state;
	allowed(mounts_at(FREE));
	policy_start(RULE("mount.move", "target: " CLOSED));
	denied(moves(FREE, CLOSED));
	denied(moves_by_fd(FREE, CLOSED));
	allowed(moves(FREE, SHOWN));
	allowed(moves_by_fd(FREE, SHOWN));
}

/* --- the root and flags -------------------------------------------------- */

static const char *new_root;

/* The initramfs cannot be pivoted away from, so the tree is the root first. */
static int pivots(void)
{
	must(mount("none", CLOSED, "tmpfs", 0, NULL) == 0);
	must(mount("none", FREE, "tmpfs", 0, NULL) == 0);
	must(chroot(TREE) == 0 && chdir(new_root) == 0);
	return tried((int)syscall(SYS_pivot_root, ".", "."));
}

static void test_changing_the_root_is_denied_by_the_new_one(void **state)
{
	(void)state;
	policy_start(RULE("mount.pivot_root", "path: " CLOSED));
	new_root = "/closed";
	denied(attempt_in_namespace(pivots));
	new_root = "/free";
	allowed(attempt_in_namespace(pivots));
}

static int remounts(const char *place, unsigned long flags)
{
	return tried(mount(NULL, place, NULL, flags, NULL));
}

static int reconfigures(const char *place)
{
	int fs = (int)syscall(SYS_fspick, AT_FDCWD, place, 0), err;

	must(fs >= 0);
	err = tried((int)syscall(SYS_fsconfig, fs, CONFIG_RECONFIGURE, NULL, NULL, 0));
	close(fs);
	return err;
}

static void test_changing_flags_is_denied_by_every_call(void **state)
{
	(void)state;
	allowed(mounts_at(CLOSED));
	allowed(mounts_at(FREE));
	policy_start(RULE("mount.remount", "target: " CLOSED));
	denied(remounts(CLOSED, MS_REMOUNT | MS_RDONLY));
	denied(remounts(CLOSED, MS_REMOUNT | MS_BIND | MS_RDONLY));
	denied(remounts(CLOSED, MS_PRIVATE));
	denied(reconfigures(CLOSED));
	allowed(remounts(FREE, MS_REMOUNT | MS_NOEXEC));
	allowed(remounts(FREE, MS_REMOUNT | MS_BIND | MS_RDONLY));
	allowed(remounts(FREE, MS_PRIVATE));
	allowed(reconfigures(FREE));
}

int part_operation_mounts(void)
{
#define TEST(operation, test) OPERATION_TEST_WITH(operation, test, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = { MOUNT_OPERATIONS(TEST) };

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by mounts, by namespaces, and by another root directory. */
#include "evasion.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

#define VIEW OPEN "/view"	/* a directory to mount on */
#define ONEFILE OPEN "/onefile"	/* a file to mount on */

static void places_make(void)
{
	must(mkdir(VIEW, 0700) == 0);
	must(close(open(ONEFILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
}

static int bind(const char *from, const char *to)
{
	return tried(mount(from, to, NULL, MS_BIND, NULL));
}

/* --- bind mounts --------------------------------------------------------- */

static int bind_of_the_file(void)
{
	places_make();
	must(bind(SECRET, ONEFILE) == 0);
	must(bind(NEIGHBOUR, OPEN "/file") == 0 && reads(OPEN "/file") == 0);
	return reads(ONEFILE);
}

static int bind_of_the_parent(void)
{
	places_make();
	must(bind(VAULT, VIEW) == 0);
	return reads(VIEW "/secret");
}

static int bind_of_a_subdirectory(void)
{
	places_make();
	must(bind(VAULT "/sub", VIEW) == 0);
	return reads(VIEW "/deep");
}

static int bind_of_a_file_in_a_directory(void)
{
	places_make();
	must(bind(DEEP, ONEFILE) == 0);
	return reads(ONEFILE);
}

static void test_object_seen_through_a_bind_mount_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt_in_namespace(bind_of_the_file));
	unlink(ONEFILE);
	rmdir(VIEW);
	denied(attempt_in_namespace(bind_of_the_parent));
}

static void test_directory_seen_through_a_bind_mount_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_VAULT);
	prove_deep();
	denied(attempt_in_namespace(bind_of_a_subdirectory));
	unlink(ONEFILE);
	rmdir(VIEW);
	denied(attempt_in_namespace(bind_of_a_file_in_a_directory));
	unlink(ONEFILE);
	rmdir(VIEW);
	denied(attempt_in_namespace(bind_of_the_parent));
}

static int mounts_of_the_secret(void)
{
	int clone;

	places_make();
	must(bind(NEIGHBOUR, OPEN "/file") == 0);
	must(bind(OPEN, VIEW) == 0);
	if (bind(SECRET, ONEFILE) != DENIED)
		return 1;
	if (tried(mount("none", SECRET, "tmpfs", 0, NULL)) != DENIED && errno != ENOTDIR)
		return 2;
	if (bind(NEIGHBOUR, SECRET) != DENIED)
		return 3;
	clone = (int)syscall(SYS_open_tree, AT_FDCWD, NEIGHBOUR, OPEN_TREE_CLONE | O_CLOEXEC);
	must(clone >= 0);
	if (tried((int)syscall(SYS_move_mount, clone, "", AT_FDCWD, SECRET, MOVE_MOUNT_F_EMPTY_PATH)) != DENIED)
		return 4;
	must(syscall(SYS_move_mount, clone, "", AT_FDCWD, ONEFILE, MOVE_MOUNT_F_EMPTY_PATH) == 0);
	return 0;
}

static void test_mounting_the_object_or_over_it_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_SECRET);
	prove_reads();
	allowed(attempt_in_namespace(mounts_of_the_secret));
}

static int mounts_in_the_vault(void)
{
	places_make();
	must(bind(OPEN, VIEW) == 0);
	must(umount(VIEW) == 0);
	if (bind(VAULT "/sub", VIEW) != DENIED)
		return 1;
	if (bind(DEEP, ONEFILE) != DENIED)
		return 2;
	if (bind(OPEN, VAULT "/sub") != DENIED)
		return 3;
	if (tried(mount("none", VAULT "/sub", "tmpfs", 0, NULL)) != DENIED)
		return 4;
	return 0;
}

static void test_mounting_in_a_protected_directory_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_VAULT);
	prove_deep();
	allowed(attempt_in_namespace(mounts_in_the_vault));
}

/* Something is mounted over the parent, and the object is reached by a descriptor from before. */
static int below_another_mount(void)
{
	int dir = open(VAULT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	must(dir >= 0);
	must(mount("none", VAULT, "tmpfs", 0, NULL) == 0);
	must(reads(SECRET) == ENOENT);
	return reads_at(dir, "secret");
}

static int in_what_is_mounted_there(void)
{
	must(mount("none", VAULT, "tmpfs", 0, NULL) == 0);
	return opened(open(SECRET, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static void test_object_below_another_mount_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt_in_namespace(below_another_mount));
	/* And what is seen there instead has its name. */
	denied(attempt_in_namespace(in_what_is_mounted_there));
	policy_start(OPEN_VAULT);
	denied(attempt_in_namespace(below_another_mount));
	denied(attempt_in_namespace(in_what_is_mounted_there));
}

/* --- detached trees ------------------------------------------------------ */

static const char *tree_of, *tree_file;

static int clone_of_the_tree(void)
{
	int clone = (int)syscall(SYS_open_tree, AT_FDCWD, tree_of, OPEN_TREE_CLONE | O_CLOEXEC);
	int innocent = (int)syscall(SYS_open_tree, AT_FDCWD, OPEN, OPEN_TREE_CLONE | O_CLOEXEC);

	must(clone >= 0 && innocent >= 0);
	return reads_at(clone, tree_file);
}

static int lazily_unmounted_tree(void)
{
	int top;

	places_make();
	must(bind(tree_of, VIEW) == 0);
	top = open(VIEW, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(top >= 0);
	must(umount2(VIEW, MNT_DETACH) == 0);
	return reads_at(top, tree_file);
}

static void detached_trees(const char *tree, const char *file)
{
	tree_of = tree;
	tree_file = file;
	denied(attempt_in_namespace(clone_of_the_tree));
	denied(attempt_in_namespace(lazily_unmounted_tree));
	rmdir(VIEW);
	unlink(ONEFILE);
}

static void test_clone_or_lazily_unmounted_tree_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	detached_trees(VAULT, "secret");
	detached_trees(DIR, "vault/secret");
	policy_start(OPEN_VAULT);
	detached_trees(VAULT "/sub", "deep");
	detached_trees(VAULT, "sub/deep");
	detached_trees(DIR, "vault/sub/deep");
}

/* A name with wildcards has no inode to be known by, and a detached tree no names: that is unresolved. */
static void test_detached_tree_is_denied_where_only_its_name_is_known(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: \"" VAULT "/s*t\""));
	prove_reads();
	detached_trees(VAULT, "secret");
}

/* --- namespaces ---------------------------------------------------------- */

static int in_a_new_namespace(void)
{
	return reads(SECRET);
}

/* The old mounts, by a descriptor from before. */
static int in_the_namespace_that_was_left(void)
{
	int dir = open(VAULT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	must(dir >= 0);
	namespace_leave();
	return reads_at(dir, "secret");
}

/* What anybody may do where user namespaces are open to all. */
static int without_privileges(void)
{
	must(setgid(65534) == 0 && setuid(65534) == 0);
	must(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
	must(mount(VAULT, OPEN, NULL, MS_BIND | MS_REC, NULL) == 0);
	return reads(OPEN "/secret");
}

static void test_new_mount_namespace_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt_in_namespace(in_a_new_namespace));
	denied(attempt(in_the_namespace_that_was_left));
	denied(attempt(without_privileges));
	policy_start(OPEN_VAULT);
	denied(attempt_in_namespace(in_a_new_namespace));
	denied(attempt(in_the_namespace_that_was_left));
	denied(attempt(without_privileges));
}

/* Somebody else's namespace, in which the file has another name, entered or looked into. */
static int of_another_process(void)
{
	int ready[2], ns, err;
	char path[64], byte;
	pid_t child;

	must(pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		namespace_leave();
		places_make();
		must(bind(VAULT, VIEW) == 0);
		must(write(ready[1], "", 1) == 1);
		pause();
		_exit(0);
	}
	must(read(ready[0], &byte, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%d/root" VIEW "/secret", child);
	err = reads(path);
	if (err == DENIED) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", child);
		ns = open(path, O_RDONLY | O_CLOEXEC);
		must(ns >= 0 && setns(ns, CLONE_NEWNS) == 0);
		err = reads(VIEW "/secret");
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return err;
}

static void test_entering_or_looking_into_another_namespace_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt_in_namespace(of_another_process));
	rmdir(VIEW);
	unlink(ONEFILE);
	policy_start(OPEN_VAULT);
	denied(attempt_in_namespace(of_another_process));
}

/* --- another root directory ---------------------------------------------- */

static int in_the_directory(void)
{
	must(chroot(VAULT) == 0);
	return reads("/secret");
}

static int above_the_directory(void)
{
	must(chroot(DIR) == 0 && chdir("/") == 0);
	must(reads("/open/neighbour") == 0);
	return reads("/vault/secret");
}

static int out_of_the_new_root(void)
{
	int dir = open(VAULT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	must(dir >= 0);
	must(chroot(OPEN) == 0);
	return reads_at(dir, "secret");
}

static void test_another_root_directory_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt(in_the_directory));
	denied(attempt(above_the_directory));
	denied(attempt(out_of_the_new_root));
	policy_start(OPEN_VAULT);
	denied(attempt(in_the_directory));
	denied(attempt(above_the_directory));
	denied(attempt(out_of_the_new_root));
}

/* With a rule that only knows the name, this is what tells whether it is the namespace's. */
static void test_another_root_directory_changes_no_name(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: \"" VAULT "/s*t\""));
	prove_reads();
	denied(attempt(in_the_directory));
	denied(attempt(above_the_directory));
	denied(attempt(out_of_the_new_root));
}

/* The initramfs cannot be pivoted away from, so a mount is the root first. */
static int after_pivot_root(void)
{
	places_make();
	must(mount("none", VIEW, "tmpfs", 0, NULL) == 0);
	must(mkdir(VIEW "/new", 0700) == 0);
	must(mount(DIR, VIEW "/new", NULL, MS_BIND | MS_REC, NULL) == 0);
	must(mkdir(VIEW "/new/old", 0700) == 0);
	must(chroot(VIEW) == 0 && chdir("/") == 0);
	must(syscall(SYS_pivot_root, "/new", "/new/old") == 0);
	must(chroot("/") == 0 && chdir("/") == 0);
	must(reads("/open/neighbour") == 0);
	return reads("/vault/secret");
}

/* The namespace's root itself becomes another, as containers have it: the name is "/vault/secret" now. */
static int under_a_new_root(void)
{
	places_make();
	must(mount(DIR, VIEW, NULL, MS_BIND | MS_REC, NULL) == 0);
	must(chdir(VIEW) == 0);
	must(mount(VIEW, "/", NULL, MS_MOVE, NULL) == 0);
	must(chroot(".") == 0 && chdir("/") == 0);
	must(reads("/open/neighbour") == 0);
	return reads("/vault/secret");
}

static void test_pivot_root_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(attempt_in_namespace(after_pivot_root));
	rmdir(VIEW);
	unlink(ONEFILE);
	rmdir(DIR "/old");
	denied(attempt_in_namespace(under_a_new_root));
	rmdir(VIEW);
	unlink(ONEFILE);
	policy_start(OPEN_VAULT);
	denied(attempt_in_namespace(under_a_new_root));
}

/* What a policy for the host says by wildcards is not known of whoever has another root. */
static void test_wildcard_does_not_follow_into_a_new_root(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: \"" VAULT "/s*t\""));
	prove_reads();
	allowed(attempt_in_namespace(under_a_new_root));
	rmdir(VIEW);
	unlink(ONEFILE);
	policy_start(RULE("file.open", "path: \"" VAULT "/s*t\"")
		     "  - { name: m, on: mount, subject: { exe: " TEST_PROGRAM " }, " DENY);
	denied(tried(mount("none", OPEN, "tmpfs", 0, NULL)));
}

/* --- attributes of mounts ------------------------------------------------ */

static int remounts(void)
{
	/* struct mount_attr: set nodev for one mount. */
	uint64_t attributes[4] = { 4, 0, 0, 0 };

	places_make();
	must(mount("none", VIEW, "tmpfs", 0, NULL) == 0);
	must(tried(mount(NULL, VIEW, NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL)) == DENIED);
	return tried((int)syscall(SYS_mount_setattr, AT_FDCWD, VIEW, 0, attributes, sizeof(attributes)));
}

/* No kernel asks its security modules about mount_setattr(2). */
static void test_mount_setattr_is_open(void **state)
{
	(void)state;
	if (!vm_kernel_at_least(5, 12))
		skip_because("mount_setattr(2) came with Linux 5.12");
	policy_start(RULE("mount.remount", "target: " VIEW));
	allowed(attempt_in_namespace(remounts));
}

int part_evasion_mounts(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_object_seen_through_a_bind_mount_is_denied),
		evasion_test(test_directory_seen_through_a_bind_mount_is_denied),
		evasion_test(test_mounting_the_object_or_over_it_is_denied),
		evasion_test(test_mounting_in_a_protected_directory_is_denied),
		evasion_test(test_object_below_another_mount_is_denied),
		evasion_test(test_clone_or_lazily_unmounted_tree_is_denied),
		evasion_test(test_detached_tree_is_denied_where_only_its_name_is_known),
		evasion_test(test_new_mount_namespace_is_denied),
		evasion_test(test_entering_or_looking_into_another_namespace_is_denied),
		evasion_test(test_another_root_directory_is_denied),
		evasion_test(test_another_root_directory_changes_no_name),
		evasion_test(test_pivot_root_is_denied),
		evasion_test(test_wildcard_does_not_follow_into_a_new_root),
		evasion_test(test_mount_setattr_is_open),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Evasion by what the engine remembers. What is above a mount is kept while nothing moves
 * (bpf/engine/file.bpf.h): the value of its path, and whether a name on it is the anchor of a pattern. So everything
 * that moves is tried, 150 times each, with a rule of either kind: a verdict must never be that of how things
 * were. All is done in a mount namespace of its own, where no inode is known that would give the object away.
 */
#include "evasion.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define TIMES 150
#define HERE DIR "/here"
#define THERE DIR "/there"
#define DENIED_HERE DIR "/denied-place"
#define DENIED_TOO DIR "/denied-as-well"
#define MOUNT "/mount"
#define OBJECT MOUNT "/object"
#define BY_VALUE RULE("file.open", "path: [ " DENIED_HERE OBJECT ", " DENIED_TOO OBJECT " ]")
#define BY_ANCHOR RULE("file.open", "path: [ \"" DENIED_HERE "/moun?/objec?\", \"" DENIED_TOO "/moun?/objec?\" ]")
#define BY_NAME RULE("file.open", "path: " HERE MOUNT "/denied")
#define BY_DIRECTORY RULE("file.open", "path: " HERE MOUNT "/denied/object")

/* A file system at `directory`/mount with an object in it. */
static void mount_make(const char *directory)
{
	char path[128];

	snprintf(path, sizeof(path), "%s" MOUNT, directory);
	must(mount("tmpfs", path, "tmpfs", 0, NULL) == 0);
	snprintf(path, sizeof(path), "%s" OBJECT, directory);
	must(mknod(path, S_IFREG | 0600, 0) == 0);
}

static void places_make(void)
{
	must(mkdir(HERE, 0700) == 0 && mkdir(HERE MOUNT, 0700) == 0);
	must(mkdir(THERE, 0700) == 0 && mkdir(THERE MOUNT, 0700) == 0);
	mount_make(HERE);
}

/* What is in HERE is not denied, and what is in DENIED_HERE is. */
static void prove_both(int (*act)(void))
{
	policy_start(BY_VALUE);
	allowed(attempt_in_namespace(act));
	assert_int_equal(system("rm -rf " DIR "/here " DIR "/there " DENIED_HERE " " DENIED_TOO), 0);
	policy_start(BY_ANCHOR);
	allowed(attempt_in_namespace(act));
}

static int directory_is_renamed(void)
{
	int i;

	places_make();
	for (i = 0; i < TIMES; i++) {
		must(reads(HERE OBJECT) == 0);
		must(rename(HERE, DENIED_HERE) == 0);
		must(reads(DENIED_HERE OBJECT) == DENIED);
		must(rename(DENIED_HERE, HERE) == 0);
	}
	return 0;
}

static void test_rename_above_a_mount(void **state)
{
	(void)state;
	prove_both(directory_is_renamed);
}

static int directories_are_exchanged(void)
{
	int i;

	places_make();
	must(rename(THERE, DENIED_HERE) == 0);
	for (i = 0; i < TIMES; i++) {
		must(reads(HERE OBJECT) == 0);
		must(renameat2(AT_FDCWD, HERE, AT_FDCWD, DENIED_HERE, RENAME_EXCHANGE) == 0);
		must(reads(DENIED_HERE OBJECT) == DENIED);
		must(renameat2(AT_FDCWD, HERE, AT_FDCWD, DENIED_HERE, RENAME_EXCHANGE) == 0);
	}
	return 0;
}

static void test_exchange_above_a_mount(void **state)
{
	(void)state;
	prove_both(directories_are_exchanged);
}

static int mount_is_moved(void)
{
	int i;

	places_make();
	must(rename(THERE, DENIED_HERE) == 0);
	for (i = 0; i < TIMES; i++) {
		must(reads(HERE OBJECT) == 0);
		must(mount(HERE MOUNT, DENIED_HERE MOUNT, NULL, MS_MOVE, NULL) == 0);
		must(reads(DENIED_HERE OBJECT) == DENIED);
		must(mount(DENIED_HERE MOUNT, HERE MOUNT, NULL, MS_MOVE, NULL) == 0);
	}
	return 0;
}

static void test_moved_mount(void **state)
{
	(void)state;
	prove_both(mount_is_moved);
}

/* The next mount may have the address of the last one. */
static int mount_is_made_anew(void)
{
	int i;

	places_make();
	must(rename(THERE, DENIED_HERE) == 0);
	for (i = 0; i < TIMES; i++) {
		must(reads(HERE OBJECT) == 0);
		must(umount(HERE MOUNT) == 0);
		mount_make(DENIED_HERE);
		must(reads(DENIED_HERE OBJECT) == DENIED);
		must(umount(DENIED_HERE MOUNT) == 0);
		mount_make(HERE);
	}
	return 0;
}

static void test_mount_at_the_address_of_another(void **state)
{
	(void)state;
	prove_both(mount_is_made_anew);
}

static int mount_is_bound(void)
{
	int i;

	places_make();
	must(rename(THERE, DENIED_HERE) == 0);
	for (i = 0; i < TIMES; i++) {
		must(reads(HERE OBJECT) == 0);
		must(mount(HERE MOUNT, DENIED_HERE MOUNT, NULL, MS_BIND, NULL) == 0);
		must(reads(DENIED_HERE OBJECT) == DENIED);
		must(reads(HERE OBJECT) == 0);
		must(umount(DENIED_HERE MOUNT) == 0);
	}
	return 0;
}

static void test_bind_mount(void **state)
{
	(void)state;
	prove_both(mount_is_bound);
}

static int in_one_more_namespace(void)
{
	must(mount(HERE MOUNT, DENIED_HERE MOUNT, NULL, MS_MOVE, NULL) == 0);
	return reads(DENIED_HERE OBJECT);
}

static int stays_in_its_namespace(void)
{
	return reads(HERE OBJECT);
}

static int namespaces_come_and_go(void)
{
	int i;

	places_make();
	must(rename(THERE, DENIED_HERE) == 0);
	for (i = 0; i < TIMES; i++) {
		must(attempt_in_namespace(in_one_more_namespace) == DENIED);
		must(attempt_in_namespace(stays_in_its_namespace) == 0);
	}
	return 0;
}

static void test_namespace_at_the_address_of_another(void **state)
{
	(void)state;
	prove_both(namespaces_come_and_go);
}

/* Names of one file, of which the next may have the address of the last. */
static int names_come_and_go(void)
{
	int i;

	places_make();
	for (i = 0; i < TIMES; i++) {
		must(link(HERE OBJECT, HERE MOUNT "/allowed") == 0);
		must(reads(HERE MOUNT "/allowed") == 0);
		must(unlink(HERE MOUNT "/allowed") == 0);
		must(link(HERE OBJECT, HERE MOUNT "/denied") == 0);
		must(reads(HERE MOUNT "/denied") == DENIED);
		must(unlink(HERE MOUNT "/denied") == 0);
	}
	return 0;
}

static void test_name_at_the_address_of_another(void **state)
{
	(void)state;
	policy_start(BY_NAME);
	allowed(attempt_in_namespace(names_come_and_go));
}

static void directory_use(const char *path, int want)
{
	char object[128];

	snprintf(object, sizeof(object), "%s/object", path);
	must(mkdir(path, 0700) == 0 && link(HERE OBJECT, object) == 0);
	must(reads(object) == want);
	must(unlink(object) == 0 && rmdir(path) == 0);
}

static int directories_come_and_go(void)
{
	int i;

	places_make();
	for (i = 0; i < TIMES; i++) {
		directory_use(HERE MOUNT "/allowed", 0);
		directory_use(HERE MOUNT "/denied", DENIED);
	}
	return 0;
}

static void test_directory_at_the_address_of_another(void **state)
{
	(void)state;
	policy_start(BY_DIRECTORY);
	allowed(attempt_in_namespace(directories_come_and_go));
}

static int reads_here(void)
{
	places_make();
	return reads(HERE OBJECT);
}

static void test_policies_that_are_exchanged(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < TIMES; i++) {
		policy_start(i % 2 ? RULE("file.open", "path: " HERE OBJECT) : BY_VALUE);
		assert_int_equal(attempt_in_namespace(reads_here), i % 2 ? DENIED : 0);
		assert_int_equal(system("rm -rf " HERE " " THERE), 0);
	}
}

/* --- in the middle -------------------------------------------------------- */

/* Rename the directory above the mount to and fro while it is opened by a descriptor of the mount. */
static int opened_in_the_middle(const char *one, const char *other, int want)
{
	int fd, i, result, ended = 0;
	pid_t child;

	fd = open(one, O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(fd >= 0);
	child = fork();
	must(child >= 0);
	if (child == 0) {
		for (;;)
			if (rename(one, other) || rename(other, one))
				_exit(1);
	}
	for (i = 0; i < 20 * TIMES && !ended; i++) {
		result = reads_at(fd, "mount/object");
		if (result != want)
			ended = 1;
		if (i % 20 == 0)
			sched_yield();
	}
	kill(child, SIGKILL);
	must(waitpid(child, NULL, 0) == child);
	must(!ended);
	return 0;
}

static int denied_in_the_middle(void)
{
	places_make();
	must(rename(HERE, DENIED_HERE) == 0);
	return opened_in_the_middle(DENIED_HERE, DENIED_TOO, DENIED);
}

static int allowed_in_the_middle(void)
{
	places_make();
	must(rmdir(THERE MOUNT) == 0 && rmdir(THERE) == 0);
	return opened_in_the_middle(HERE, THERE, 0);
}

static void test_opening_in_the_middle_of_a_rename(void **state)
{
	(void)state;
	prove_both(denied_in_the_middle);
}

/* What cannot be told is allowed here, so that a denial is one of something that is remembered. */
static void test_opening_in_the_middle_of_a_rename_is_not_denied_by_another_name(void **state)
{
	(void)state;
	policy_start(BY_VALUE "on_unresolved: allow\n");
	allowed(attempt_in_namespace(allowed_in_the_middle));
}

int part_evasion_stale(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_rename_above_a_mount),
		evasion_test(test_exchange_above_a_mount),
		evasion_test(test_moved_mount),
		evasion_test(test_mount_at_the_address_of_another),
		evasion_test(test_bind_mount),
		evasion_test(test_namespace_at_the_address_of_another),
		evasion_test(test_name_at_the_address_of_another),
		evasion_test(test_directory_at_the_address_of_another),
		evasion_test(test_policies_that_are_exchanged),
		evasion_test(test_opening_in_the_middle_of_a_rename),
		evasion_test(test_opening_in_the_middle_of_a_rename_is_not_denied_by_another_name),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

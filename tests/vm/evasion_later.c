/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by what changed since the policy was applied: objects that are made, replaced, or gone. */
#include "evasion.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <bpf/bpf.h>

#define ALIAS OPEN "/alias"
#define LATER OPEN "/later"
#define FILE_OF_LATER LATER "/file"
#define OPEN_LATER RULE("file.open", "path: " LATER)
#define OPEN_BELOW_LATER RULE("file.open", "path: \"" LATER "/**\"")

static void test_object_made_later_is_denied_by_a_link(void **state)
{
	(void)state;
	policy_start(OPEN_LATER);
	allowed(tried(mknod(LATER, S_IFREG | 0600, 0)));
	denied(reads(LATER));
	allowed(tried(link(LATER, ALIAS)));
	denied(reads(ALIAS));
	allowed(tried(unlink(LATER)));
	denied(reads(ALIAS));
	allowed(reads(NEIGHBOUR));
}

static void test_object_renamed_into_place_is_denied_by_a_link(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(tried(link(OPEN "/file", ALIAS)));
	allowed(reads(ALIAS));
	allowed(tried(rename(OPEN "/file", SECRET)));
	denied(reads(SECRET));
	denied(reads(ALIAS));
}

static void test_object_linked_into_place_is_denied_by_its_other_name(void **state)
{
	(void)state;
	policy_start(OPEN_LATER);
	allowed(reads(NEIGHBOUR));
	allowed(tried(link(NEIGHBOUR, LATER)));
	denied(reads(LATER));
	denied(reads(NEIGHBOUR));
}

static void test_exchanged_objects_are_both_known(void **state)
{
	(void)state;
	policy_start(RULE("file.open", "path: [ " SECRET ", " NEIGHBOUR " ]"));
	denied(reads(SECRET));
	denied(reads(NEIGHBOUR));
	allowed(tried(link(OPEN "/file", ALIAS)));
	allowed(tried(renameat2(AT_FDCWD, OPEN "/file", AT_FDCWD, SECRET, RENAME_EXCHANGE)));
	denied(reads(ALIAS));
	denied(reads(OPEN "/file"));	/* what was SECRET */
	denied(reads(SECRET));
}

static int bound_elsewhere(void)
{
	namespace_leave();
	must(mount(LATER, NEIGHBOUR, NULL, MS_BIND, NULL) == 0);
	return reads(NEIGHBOUR);
}

static void test_object_made_later_is_denied_by_a_bind_mount(void **state)
{
	(void)state;
	policy_start(OPEN_LATER);
	file_make(OPEN "/new", "x");
	allowed(tried(rename(OPEN "/new", LATER)));
	denied(reads(LATER));
	denied(attempt(bound_elsewhere));
	allowed(reads(NEIGHBOUR));
}

static void test_directory_made_later_is_denied_after_its_rename(void **state)
{
	(void)state;
	policy_start(OPEN_BELOW_LATER);
	allowed(tried(mkdir(LATER, 0700)));
	allowed(tried(mknod(FILE_OF_LATER, S_IFREG | 0600, 0)));
	denied(reads(FILE_OF_LATER));
	allowed(tried(rename(LATER, OPEN "/moved")));
	denied(reads(OPEN "/moved/file"));
}

/* What is in it was never connected with its name while the policy looked. */
static void test_object_in_a_directory_that_is_moved_into_place_is_open_after_it_is_moved_away(void **state)
{
	(void)state;
	allowed(tried(mkdir(OPEN "/dir", 0700)));
	file_make(OPEN "/dir/file", "x");
	policy_start(RULE("file.open", "path: " FILE_OF_LATER));
	allowed(reads(OPEN "/dir/file"));
	allowed(tried(rename(OPEN "/dir", LATER)));
	denied(reads(FILE_OF_LATER));
	allowed(tried(rename(LATER, OPEN "/dir")));
	allowed(reads(OPEN "/dir/file"));
	/* The directory is a name of the policy's, when it is said so. */
	policy_start(OPEN_BELOW_LATER);
	allowed(tried(rename(OPEN "/dir", LATER)));
	denied(reads(FILE_OF_LATER));
	allowed(tried(rename(LATER, OPEN "/dir")));
	denied(reads(OPEN "/dir/file"));
}

static void test_exception_goes_with_a_program_that_is_replaced(void **state)
{
	(void)state;
	program_make(VAULT "/program");
	policy_start("  - { name: r, on: file.open, object: { path: " SECRET " }, unless: { exe: " VAULT "/program }, " DENY);
	denied(reads(SECRET));
	program_make(OPEN "/update");
	denied(executes(OPEN "/update", NULL, "read " SECRET));
	allowed(tried(link(OPEN "/update", ALIAS)));
	allowed(tried(rename(OPEN "/update", VAULT "/program")));
	allowed(executes(VAULT "/program", NULL, "read " SECRET));
	allowed(executes(ALIAS, NULL, "read " SECRET));
}

/* --- what must not be taken for it ---------------------------------------- */

/* Another process replaces the object, at some moment while the policy is applied or soon after. */
static void test_object_that_is_replaced_while_the_policy_is_applied(void **state)
{
	volatile unsigned int spin;
	unsigned int i;
	pid_t child;
	int status;

	(void)state;
	for (i = 0; i < 60; i++) {
		policy_stop();
		file_make(OPEN "/new", "x");
		unlink(ALIAS);
		allowed(tried(link(OPEN "/new", ALIAS)));
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			for (spin = 0; spin < i * 100000; spin++)
				;
			_exit(rename(OPEN "/new", SECRET) != 0);
		}
		policy_start(OPEN_SECRET);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		denied(reads(SECRET));
		denied(reads(ALIAS));
		allowed(reads(NEIGHBOUR));
	}
}

static void test_object_that_is_replaced_before_the_policies_are_rolled_back(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	policy_start(RULE("file.open", "path: " LATER));
	allowed(reads(SECRET));
	allowed(tried(link(OPEN "/file", ALIAS)));
	allowed(tried(rename(OPEN "/file", SECRET)));
	assert_ok(policy_engine.ctx, krsi_engine_rollback(policy_engine.engine));
	denied(reads(SECRET));
	denied(reads(ALIAS));
	allowed(reads(NEIGHBOUR));
}

static int rename_as_nobody(void)
{
	must(setgid(65534) == 0 && setuid(65534) == 0);
	return tried(rename(NEIGHBOUR, LATER));
}

static void test_rename_that_fails_teaches_nothing(void **state)
{
	(void)state;
	policy_start(OPEN_LATER);
	assert_int_equal(attempt(rename_as_nobody), EACCES);
	allowed(reads(NEIGHBOUR));
}

static int named_in_a_namespace(void)
{
	namespace_leave();
	must(mount(VAULT, OPEN, NULL, MS_BIND, NULL) == 0);
	must(rename(OPEN "/sub/deep", LATER) == 0);
	return reads(LATER);
}

static void test_name_in_another_namespace_teaches_nothing(void **state)
{
	(void)state;
	policy_start(OPEN_LATER);
	denied(attempt(named_in_a_namespace));
	allowed(reads(VAULT "/later"));
}

/* Entries of the engine's map of identities that mean nothing any more. */
static unsigned int forgotten(void)
{
	struct { uint64_t key; uint32_t generation, reserved; } key, *before = NULL;
	struct bpf_map_info info = { 0 };
	uint32_t id = 0, size, refs[4];
	unsigned int count = 0;
	int fd;

	while (bpf_map_get_next_id(id, &id) == 0) {
		fd = bpf_map_get_fd_by_id(id);
		size = sizeof(info);
		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && strcmp(info.name, "known") == 0)
			for (before = NULL; bpf_map_get_next_key(fd, before, &key) == 0; before = &key)
				count += bpf_map_lookup_elem(fd, &key, refs) == 0 && !(refs[0] | refs[1] | refs[2] | refs[3]);
		if (fd >= 0)
			close(fd);
	}
	return count;
}

/* Its number is another's next, on file systems that give numbers again; memory does not. */
static void test_object_that_is_gone_is_forgotten(void **state)
{
	int fd;

	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	policy_stop();
	fd = open(SECRET, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	policy_start(OPEN_SECRET);
	assert_int_equal(forgotten(), 0);
	allowed(tried(unlink(SECRET)));
	/* Somebody has it open, and could give it a name again. */
	assert_int_equal(forgotten(), 0);
	close(fd);
	assert_int_equal(forgotten(), 1);
	allowed(tried(rename(OPEN "/file", SECRET)));
	denied(reads(SECRET));
}

int part_evasion_later(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_object_made_later_is_denied_by_a_link),
		evasion_test(test_object_renamed_into_place_is_denied_by_a_link),
		evasion_test(test_object_linked_into_place_is_denied_by_its_other_name),
		evasion_test(test_exchanged_objects_are_both_known),
		evasion_test(test_object_made_later_is_denied_by_a_bind_mount),
		evasion_test(test_directory_made_later_is_denied_after_its_rename),
		evasion_test(test_object_in_a_directory_that_is_moved_into_place_is_open_after_it_is_moved_away),
		evasion_test(test_exception_goes_with_a_program_that_is_replaced),
		evasion_test(test_object_that_is_replaced_while_the_policy_is_applied),
		evasion_test(test_object_that_is_replaced_before_the_policies_are_rolled_back),
		evasion_test(test_rename_that_fails_teaches_nothing),
		evasion_test(test_name_in_another_namespace_teaches_nothing),
		evasion_test(test_object_that_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

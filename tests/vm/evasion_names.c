/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by another name: links, renames, replacements. */
#include "evasion.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

#define ALIAS OPEN "/alias"

static int exchange(const char *a, const char *b)
{
	return tried((int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE));
}

/* --- links --------------------------------------------------------------- */

static void test_hard_link_made_before_the_policy_is_denied(void **state)
{
	(void)state;
	allowed(tried(link(SECRET, ALIAS)));
	policy_start(OPEN_SECRET);
	prove_reads();
	denied(reads(ALIAS));
	denied(writes(ALIAS));
}

static void test_hard_link_made_after_the_policy_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	/* A rule on opening says nothing of links. The link leads nowhere, though. */
	allowed(tried(link(SECRET, ALIAS)));
	denied(reads(ALIAS));
}

static void test_making_a_hard_link_is_denied(void **state)
{
	int fd;

	(void)state;
	policy_start(GROUPS_SECRET);
	prove_reads();
	allowed(tried(link(NEIGHBOUR, OPEN "/innocent")));
	denied(tried(link(SECRET, ALIAS)));
	fd = open(SECRET, O_PATH | O_CLOEXEC);
	assert_true(fd >= 0);
	denied(tried(linkat(fd, "", AT_FDCWD, ALIAS, AT_EMPTY_PATH)));
	close(fd);
}

static void test_hard_link_of_a_file_in_a_protected_directory_is_denied(void **state)
{
	(void)state;
	allowed(tried(link(DEEP, OPEN "/before")));
	policy_start(GROUPS_VAULT);
	prove_deep();
	denied(tried(link(DEEP, ALIAS)));
	denied(tried(link(NEIGHBOUR, VAULT "/planted")));
	allowed(tried(link(NEIGHBOUR, OPEN "/innocent")));
}

/* DIR/XX protects a directory: its files are found through it, and not one by one. */
static void test_older_hard_link_out_of_a_protected_directory_is_open(void **state)
{
	(void)state;
	allowed(tried(link(DEEP, ALIAS)));
	policy_start(GROUPS_VAULT);
	prove_deep();
	allowed(reads(ALIAS));
	policy_start(RULE("file.read", "path: [ \"" VAULT "/**\", " DEEP " ]"));
	denied(reads(ALIAS));
}

static void test_symbolic_link_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(tried(symlink(SECRET, ALIAS)));
	allowed(tried(symlink("/tmp/evasion/vault", OPEN "/way")));
	allowed(tried(symlink(NEIGHBOUR, OPEN "/innocent")));
	allowed(reads(OPEN "/innocent"));
	denied(reads(ALIAS));
	denied(reads(OPEN "/way/secret"));
	policy_start(OPEN_VAULT);
	denied(reads(OPEN "/way/sub/deep"));
	denied(reads(OPEN "/way/sub/../secret"));
}

static void test_rule_on_a_symbolic_link_is_about_what_it_leads_to(void **state)
{
	(void)state;
	allowed(tried(symlink(SECRET, ALIAS)));
	policy_start(RULE("file.open", "path: " ALIAS));
	denied(reads(ALIAS));
	denied(reads(SECRET));
	allowed(reads(NEIGHBOUR));
}

/* --- renames ------------------------------------------------------------- */

static void test_renaming_the_object_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_SECRET);
	prove_reads();
	denied(tried(rename(SECRET, ALIAS)));
	allowed(tried(rename(NEIGHBOUR, OPEN "/innocent")));
}

static void test_renamed_object_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(tried(rename(SECRET, ALIAS)));
	denied(reads(ALIAS));
}

static void test_object_in_a_renamed_parent_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_SECRET);
	prove_reads();
	/* The rule names the file; its parent may be renamed, which changes nothing. */
	allowed(tried(rename(VAULT, OPEN "/moved")));
	denied(reads(OPEN "/moved/secret"));
	allowed(reads(OPEN "/moved/sub/deep"));
}

static void test_renamed_directory_stays_protected(void **state)
{
	(void)state;
	policy_start(GROUPS_VAULT);
	prove_deep();
	allowed(tried(rename(VAULT, OPEN "/moved")));
	denied(reads(OPEN "/moved/secret"));
	denied(reads(OPEN "/moved/sub/deep"));
	denied(opened(open(OPEN "/moved/sub/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
}

static void test_moving_a_subdirectory_out_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_VAULT);
	prove_deep();
	denied(tried(rename(VAULT "/sub", OPEN "/moved")));
	denied(tried(rename(OPEN, VAULT "/moved")));
	allowed(tried(mkdir(OPEN "/innocent", 0700)));
	allowed(tried(rename(OPEN "/innocent", OPEN "/moved")));
}

static void test_subdirectory_that_is_moved_out_is_open_to_a_rule_on_opening(void **state)
{
	(void)state;
	policy_start(OPEN_VAULT);
	prove_deep();
	allowed(tried(rename(VAULT "/sub", OPEN "/moved")));
	/* It is not in the vault any more, and nobody said that it must stay there. */
	allowed(reads(OPEN "/moved/deep"));
}

static void test_exchange_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_SECRET);
	prove_reads();
	denied(exchange(SECRET, OPEN "/file"));
	denied(exchange(OPEN "/file", SECRET));
	allowed(exchange(NEIGHBOUR, OPEN "/file"));
}

static void test_exchanged_object_is_denied_by_both_names(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(exchange(SECRET, OPEN "/file"));
	denied(reads(OPEN "/file"));
	denied(reads(SECRET));
	allowed(reads(NEIGHBOUR));
}

static void test_exchange_of_the_parent_is_denied(void **state)
{
	(void)state;
	allowed(tried(mkdir(OPEN "/decoy", 0700)));
	policy_start(OPEN_VAULT);
	prove_deep();
	allowed(exchange(VAULT, OPEN "/decoy"));
	denied(reads(OPEN "/decoy/sub/deep"));
	allowed(exchange(VAULT, OPEN "/decoy"));
	denied(reads(DEEP));
}

/* --- replacing it -------------------------------------------------------- */

static void test_replacing_the_object_is_denied(void **state)
{
	(void)state;
	policy_start(RULE("file.write", "path: " SECRET));
	denied(writes(SECRET));
	allowed(writes(NEIGHBOUR));
	denied(tried(rename(OPEN "/file", SECRET)));
	denied(tried(unlink(SECRET)));
	allowed(tried(rename(OPEN "/file", NEIGHBOUR)));
	allowed(tried(unlink(NEIGHBOUR)));
}

static void test_making_the_object_is_denied(void **state)
{
	(void)state;
	allowed(tried(unlink(SECRET)));
	policy_start(RULE("file.write", "path: " SECRET));
	denied(opened(open(SECRET, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	denied(tried(link(NEIGHBOUR, SECRET)));
	denied(tried(symlink(NEIGHBOUR, SECRET)));
	denied(tried(mkdir(SECRET, 0700)));
	denied(tried(mknod(SECRET, S_IFIFO | 0600, 0)));
	denied(tried(rename(OPEN "/file", SECRET)));
	allowed(opened(open(OPEN "/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
	allowed(tried(symlink(NEIGHBOUR, OPEN "/link")));
}

static void test_new_object_of_that_name_is_denied(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	prove_reads();
	allowed(tried(unlink(SECRET)));
	allowed(tried(rename(OPEN "/file", SECRET)));
	denied(reads(SECRET));
}

static void test_wildcard_does_not_follow_a_renamed_parent(void **state)
{
	(void)state;
	policy_start(RULE("[file.read, file.write]", "path: \"" VAULT "/s*t\""));
	prove_reads();
	denied(tried(rename(SECRET, ALIAS)));
	/* A name with wildcards leads to no inode. */
	allowed(tried(rename(VAULT, OPEN "/moved")));
	allowed(reads(OPEN "/moved/secret"));
	allowed(tried(rename(OPEN "/moved", VAULT)));
	policy_start(RULE("[file.read, file.write]", "path: \"" VAULT "/s*t\"")
		     "  - { name: s, on: file.rename, object: { path: " VAULT " }, " DENY);
	denied(tried(rename(VAULT, OPEN "/moved")));
}

/* --- O_TMPFILE ----------------------------------------------------------- */

static int tmpfile_link(const char *dir, const char *name)
{
	char path[64];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), err;

	if (fd < 0)
		return errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = tried(linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW));
	if (err == 0 || err == DENIED)
		/* The other way to say it. */
		err = err ? err : tried(linkat(fd, "", AT_FDCWD, name, AT_EMPTY_PATH)) == DENIED ? DENIED : 0;
	close(fd);
	return err;
}

static void test_linking_a_file_without_a_name_into_place_is_denied(void **state)
{
	(void)state;
	policy_start(GROUPS_VAULT);
	prove_deep();
	allowed(tmpfile_link(OPEN, OPEN "/new"));
	denied(tmpfile_link(OPEN, VAULT "/new"));
	/* Made where it is to be: it is in the directory already. */
	denied(opened(open(VAULT "/sub", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)));
	allowed(opened(open(OPEN, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)));
}

int part_evasion_names(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_hard_link_made_before_the_policy_is_denied),
		evasion_test(test_hard_link_made_after_the_policy_is_denied),
		evasion_test(test_making_a_hard_link_is_denied),
		evasion_test(test_hard_link_of_a_file_in_a_protected_directory_is_denied),
		evasion_test(test_older_hard_link_out_of_a_protected_directory_is_open),
		evasion_test(test_symbolic_link_is_denied),
		evasion_test(test_rule_on_a_symbolic_link_is_about_what_it_leads_to),
		evasion_test(test_renaming_the_object_is_denied),
		evasion_test(test_renamed_object_is_denied),
		evasion_test(test_object_in_a_renamed_parent_is_denied),
		evasion_test(test_renamed_directory_stays_protected),
		evasion_test(test_moving_a_subdirectory_out_is_denied),
		evasion_test(test_subdirectory_that_is_moved_out_is_open_to_a_rule_on_opening),
		evasion_test(test_exchange_is_denied),
		evasion_test(test_exchanged_object_is_denied_by_both_names),
		evasion_test(test_exchange_of_the_parent_is_denied),
		evasion_test(test_replacing_the_object_is_denied),
		evasion_test(test_making_the_object_is_denied),
		evasion_test(test_new_object_of_that_name_is_denied),
		evasion_test(test_wildcard_does_not_follow_a_renamed_parent),
		evasion_test(test_linking_a_file_without_a_name_into_place_is_denied),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Who acts, by each key of subjects: whom a rule means is denied reading SECRET, and others are not. */
#include "operation.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define PROGRAM VAULT "/program"	/* that rules are about */
#define INNOCENT OTHER_PROGRAM
#define TRIGGER OPEN "/file"
#define NOT_BY(who) "  - { name: r, on: file.open, subject: { " who " }, object: { path: " SECRET " }, " DENY

static void programs_make(void)
{
	program_make(PROGRAM);
	program_make(INNOCENT);
}

static int reads_secret(void)
{
	must(reads(NEIGHBOUR) == 0);
	return reads(SECRET);
}

/* --- programs ------------------------------------------------------------ */

static void test_subject_by_its_program(void **state)
{
	(void)state;
	programs_make();
	policy_start(NOT_BY("exe: " PROGRAM));
	denied(executes(PROGRAM, NULL, "read " SECRET));
	allowed(executes(PROGRAM, NULL, "read " NEIGHBOUR));
	allowed(executes(INNOCENT, NULL, "read " SECRET));
	policy_start(NOT_BY("exe: \"" VAULT "/pro*\""));
	denied(executes(PROGRAM, NULL, "read " SECRET));
	allowed(executes(INNOCENT, NULL, "read " SECRET));
}

static void script_make(const char *path)
{
	file_make(path, "#!" INNOCENT "\n");
	assert_int_equal(chmod(path, 0755), 0);
}

static void test_subject_by_its_script(void **state)
{
	static const char *const as_argument[] = { INNOCENT, VAULT "/script", NULL };

	(void)state;
	programs_make();
	script_make(VAULT "/script");
	script_make(OPEN "/script");
	policy_start(NOT_BY("script: " VAULT "/script"));
	denied(executes(VAULT "/script", NULL, "read " SECRET));
	allowed(executes(OPEN "/script", NULL, "read " SECRET));
	allowed(executes(INNOCENT, NULL, "read " SECRET));
	/* A program that is given a script to read was not started by it, */
	allowed(executes(INNOCENT, as_argument, "read " SECRET));
	/* and what the script executes is no script. */
	allowed(executes(VAULT "/script", NULL, "exec " SECRET));
}

/* --- users and groups ---------------------------------------------------- */

static uid_t user;

static int reads_as_user(void)
{
	must(setresuid((uid_t)-1, user, (uid_t)-1) == 0);
	return reads_secret();
}

static int attempt_as_user(uid_t uid)
{
	user = uid;
	return attempt(reads_as_user);
}

static void test_subject_by_its_user(void **state)
{
	(void)state;
	policy_start(NOT_BY("uid: [1000-1999, 3000]"));
	denied(attempt_as_user(1000));
	denied(attempt_as_user(1999));
	denied(attempt_as_user(3000));
	allowed(attempt_as_user(2000));
	allowed(attempt_as_user(0));
	policy_start(NOT_BY("uid: \"!0\""));
	denied(attempt_as_user(2000));
	allowed(attempt_as_user(0));
}

static int reads_in_group(void)
{
	must(setegid(150) == 0);
	return reads_secret();
}

static int reads_in_two_groups(void)
{
	gid_t groups[] = { 99, 150 };

	must(setgroups(2, groups) == 0);
	return reads_secret();
}

static int reads_in_another_group(void)
{
	gid_t group = 200;

	must(setgroups(1, &group) == 0 && setegid(99) == 0);
	return reads_secret();
}

/* In more groups than are looked at; the kernel sorts them, and the one of the rule is the last. */
static int reads_in_many_groups(void)
{
	gid_t many[300];
	size_t i;

	for (i = 0; i < 300; i++)
		many[i] = (gid_t)(1000 + i);
	must(setgroups(300, many) == 0);
	return reads_secret();
}

static void test_subject_in_too_many_groups_is_denied(void **state)
{
	(void)state;
	policy_start(NOT_BY("gid: 1299"));
	denied(attempt(reads_in_many_groups));
	allowed(attempt(reads_secret));
}

static void test_subject_by_its_effective_or_supplementary_group(void **state)
{
	(void)state;
	policy_start(NOT_BY("gid: 100-199"));
	denied(attempt(reads_in_group));
	denied(attempt(reads_in_two_groups));
	allowed(attempt(reads_in_another_group));
	allowed(attempt(reads_secret));
}

static int reads_as_who_logged_in(void)
{
	must(text_write("/proc/self/loginuid", "1000") == 0);
	return reads_secret();
}

static void test_subject_by_who_logged_in(void **state)
{
	(void)state;
	if (access("/proc/self/loginuid", F_OK) < 0)
		skip_because("this kernel does not know who logged in");
	policy_start(NOT_BY("login_uid: 1000-1999"));
	denied(attempt(reads_as_who_logged_in));
	allowed(attempt(reads_secret));
	policy_start(NOT_BY("login_uid: unset"));
	denied(attempt(reads_secret));
	allowed(attempt(reads_as_who_logged_in));
}

static int reads_without_raw_sockets(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	/* It stays permitted: what counts is what is effective. */
	must(syscall(SYS_capget, &header, data) == 0);
	data[0].effective &= ~(1U << CAP_NET_RAW);
	must(syscall(SYS_capset, &header, data) == 0);
	return reads_secret();
}

static void test_subject_by_its_effective_capabilities(void **state)
{
	(void)state;
	policy_start(NOT_BY("capabilities: CAP_NET_RAW"));
	denied(attempt(reads_secret));
	allowed(attempt(reads_without_raw_sockets));
	policy_start(NOT_BY("capabilities: \"!CAP_NET_RAW\""));
	denied(attempt(reads_without_raw_sockets));
	allowed(attempt(reads_secret));
}

/* --- cgroups ------------------------------------------------------------- */

#define HIERARCHY "/sys/fs/cgroup"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CONTAINER "/docker-" ID ".scope"

static const char *cgroup;

static int reads_in_cgroup(void)
{
	char path[256];

	snprintf(path, sizeof(path), HIERARCHY "%s/cgroup.procs", cgroup);
	must(text_write(path, "0") == 0);
	return reads_secret();
}

static int attempt_in_cgroup(const char *path)
{
	cgroup = path;
	return attempt(reads_in_cgroup);
}

static void cgroups_make(void)
{
	static const char *const paths[] = { "/a.slice", "/a.slice/b.service", "/a.slice/b.service/c", "/a.slice/b.service2", CONTAINER, CONTAINER "/d" };
	char path[256];
	size_t i;

	if (access(HIERARCHY "/cgroup.controllers", F_OK) < 0)
		skip_because("no cgroup2 in the guest");
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(path, sizeof(path), HIERARCHY "%s", paths[i]);
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
	}
}

static void prove_cgroups(void)
{
	denied(attempt_in_cgroup("/a.slice/b.service"));
	denied(attempt_in_cgroup("/a.slice/b.service/c"));
	allowed(attempt_in_cgroup("/a.slice"));
	allowed(attempt_in_cgroup("/"));
}

static void test_subject_by_its_cgroup_or_one_above(void **state)
{
	(void)state;
	cgroups_make();
	policy_start(NOT_BY("cgroup: /a.slice/b.service"));
	prove_cgroups();
	allowed(attempt_in_cgroup("/a.slice/b.service2"));
}

static int reads_in_a_deep_cgroup(void)
{
	int i;

	must(chdir(HIERARCHY "/a.slice/b.service/c") == 0);
	for (i = 0; i < 300; i++)
		must((mkdir("d", 0755) == 0 || errno == EEXIST) && chdir("d") == 0);
	must(text_write("cgroup.procs", "0") == 0);
	must(chdir("/") == 0);
	return reads_secret();
}

static void test_subject_by_its_cgroup_however_far_above(void **state)
{
	(void)state;
	cgroups_make();
	policy_start(NOT_BY("cgroup: /a.slice/b.service"));
	denied(attempt(reads_in_a_deep_cgroup));
}

static void test_subject_by_a_pattern_of_its_cgroup(void **state)
{
	(void)state;
	cgroups_make();
	policy_start(NOT_BY("cgroup: \"/*/b.ser*\""));
	prove_cgroups();
	denied(attempt_in_cgroup("/a.slice/b.service2"));
}

static void test_subject_by_its_container(void **state)
{
	static const char *const rules[] = { NOT_BY("container: \"*\""), NOT_BY("container: " ID), NOT_BY("container: \"0123*\"") };
	size_t i;

	(void)state;
	cgroups_make();
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		policy_start(rules[i]);
		denied(attempt_in_cgroup(CONTAINER));
		denied(attempt_in_cgroup(CONTAINER "/d"));
		allowed(attempt_in_cgroup("/a.slice/b.service"));
	}
	policy_start(NOT_BY("container: \"1123*\""));
	allowed(attempt_in_cgroup(CONTAINER));
}

/* --- namespaces ---------------------------------------------------------- */

static int namespace_flag;

/* As its child, whom alone namespaces of PIDs and of time are for. */
static int reads_in_a_new_namespace(void)
{
	int status;
	pid_t child;

	must(unshare(namespace_flag) == 0);
	child = fork();
	if (child == 0)
		_exit(reads(NEIGHBOUR) ? 1 : reads(SECRET) ? DENIED : 42);
	must(waitpid(child, &status, 0) == child);
	return outcome(status);
}

static void test_subject_by_each_of_its_namespaces(void **state)
{
	static const struct kind {
		const char *name;
		int flag;
	} kinds[] = {
		{ "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC },	  { "mnt", CLONE_NEWNS },    { "net", CLONE_NEWNET },
		{ "pid", CLONE_NEWPID },       { "time", CLONE_NEWTIME }, { "user", CLONE_NEWUSER }, { "uts", CLONE_NEWUTS },
	};
	char rule[256], path[64];
	struct stat ours;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		namespace_flag = kinds[i].flag;
		snprintf(rule, sizeof(rule), NOT_BY("namespaces: { %s: \"!host\" }"), kinds[i].name);
		policy_start(rule);
		denied(attempt(reads_in_a_new_namespace));
		allowed(attempt(reads_secret));
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i].name);
		assert_int_equal(stat(path, &ours), 0);
		snprintf(rule, sizeof(rule), NOT_BY("namespaces: { %s: %u }"), kinds[i].name, (unsigned int)ours.st_ino);
		policy_start(rule);
		denied(attempt(reads_secret));
		allowed(attempt(reads_in_a_new_namespace));
	}
}

/* --- tags ---------------------------------------------------------------- */

#define TAGGED(action) \
	"  - { name: t, on: file.open, object: { path: " TRIGGER " }, action: { " action " } }\n" \
	"  - { name: r, on: file.open, subject: { tag: seen }, object: { path: " SECRET " }, " DENY

static int reads_after_trigger(void)
{
	must(reads(SECRET) == 0);
	must(reads(TRIGGER) == 0);
	return reads(SECRET);
}

static int child_reads_after_trigger(void)
{
	must(reads(TRIGGER) == 0);
	return attempt(reads_secret);
}

static void test_subject_by_its_tag(void **state)
{
	(void)state;
	policy_start(TAGGED("tag: seen"));
	denied(attempt(reads_after_trigger));
	allowed(attempt(child_reads_after_trigger));
	allowed(attempt(reads_secret));
	policy_start(TAGGED("tag: seen, tree: true"));
	denied(attempt(child_reads_after_trigger));
	allowed(attempt(reads_secret));
}

static void test_tag_outlasts_an_exchange_of_policies(void **state)
{
	int ready[2], go[2], status;
	pid_t child;
	char byte;

	(void)state;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	policy_start(TAGGED("tag: seen"));
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (reads(TRIGGER) || write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(reads(SECRET) == DENIED ? DENIED : 1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	policy_start("  - { name: new, on: file.open, object: { path: " DEEP " }, " DENY TAGGED("tag: seen"));
	denied(reads(DEEP));
	assert_int_equal(write(go[1], "", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	denied(outcome(status));
	allowed(attempt(reads_secret));
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
}

/* --- descent ------------------------------------------------------------- */

static void test_subject_by_its_parent_and_not_by_who_is_above(void **state)
{
	(void)state;
	programs_make();
	policy_start(NOT_BY("parent: { exe: " PROGRAM " }"));
	denied(executes(PROGRAM, NULL, "child " SECRET));
	allowed(executes(PROGRAM, NULL, "read " SECRET));
	allowed(executes(PROGRAM, NULL, "exec " SECRET));
	allowed(executes(INNOCENT, NULL, "child " SECRET));
	/* This process is the parent of one, and the grandparent of the other. */
	policy_start(NOT_BY("parent: { exe: " TEST_PROGRAM " }"));
	denied(executes(INNOCENT, NULL, "read " SECRET));
	allowed(executes(INNOCENT, NULL, "child " SECRET));
}

static void test_subject_by_who_it_descends_from(void **state)
{
	(void)state;
	programs_make();
	policy_start(NOT_BY("descendant_of: { exe: " PROGRAM " }"));
	denied(executes(PROGRAM, NULL, "child " SECRET));
	/* What a process was is among its ancestors, what it is is not. */
	denied(executes(PROGRAM, NULL, "exec " SECRET));
	allowed(executes(PROGRAM, NULL, "read " SECRET));
	allowed(executes(INNOCENT, NULL, "child " SECRET));
}

static void test_subject_that_is_older_than_the_policy_by_who_it_descends_from(void **state)
{
	struct waiting of_program, of_innocent;

	(void)state;
	programs_make();
	of_program = waits_start(PROGRAM, "exec " SECRET);
	of_innocent = waits_start(INNOCENT, "exec " SECRET);
	policy_start(NOT_BY("descendant_of: { exe: " PROGRAM " }"));
	denied(waits_end(&of_program));
	allowed(waits_end(&of_innocent));
}

int part_operation_subjects(void)
{
#define TEST(key, test) OPERATION_TEST("file.open", test)
	const struct CMUnitTest tests[] = { SUBJECT_KEYS(TEST) };

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

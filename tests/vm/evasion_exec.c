/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion of rules on execution. */
#include "evasion.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PROGRAM VAULT "/program"
#define INNOCENT OPEN "/innocent"
#define COPY OPEN "/copy"
#define SCRIPT VAULT "/script"
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define EXEC_PROGRAM RULE("process.exec", "path: " PROGRAM)
/* Only what is installed runs: by name, so that copies do not. */
#define ONLY_INSTALLED RULE("process.exec", "path: [ \"!/bin/**\", \"!/test/**\", \"!" INNOCENT "\" ]")

static int runs(const char *path)
{
	return executes(path, NULL, "run");
}

static int runs_by(const char *launcher, const char *path)
{
	const char *const argv[] = { launcher, path, NULL };

	return executes(launcher, argv, "run");
}

static void programs_make(void)
{
	program_make(PROGRAM);
	program_make(INNOCENT);
}

static void prove_runs(void)
{
	denied(runs(PROGRAM));
	allowed(runs(INNOCENT));
}

/* --- by another name ----------------------------------------------------- */

static void test_program_by_another_name_is_denied(void **state)
{
	(void)state;
	programs_make();
	allowed(tried(link(PROGRAM, OPEN "/before")));
	policy_start(EXEC_PROGRAM);
	prove_runs();
	denied(runs(OPEN "/before"));
	allowed(tried(link(PROGRAM, OPEN "/after")));
	denied(runs(OPEN "/after"));
	allowed(tried(symlink(PROGRAM, OPEN "/symlink")));
	denied(runs(OPEN "/symlink"));
	denied(runs("/proc/self/root" PROGRAM));
	denied(runs("/tmp/../tmp/./evasion//vault/sub/../program"));
	allowed(tried(rename(PROGRAM, OPEN "/renamed")));
	denied(runs(OPEN "/renamed"));
	allowed(tried(rename(OPEN "/renamed", PROGRAM)));
	allowed(tried(rename(VAULT, OPEN "/moved")));
	denied(runs(OPEN "/moved/program"));
}

static int under_another_mount(void)
{
	must(mount(VAULT, OPEN, NULL, MS_BIND, NULL) == 0);
	return runs(OPEN "/program");
}

static int under_another_root(void)
{
	/* The libraries go along. */
	must(mkdir(VAULT "/lib", 0700) == 0 && mkdir(VAULT "/lib64", 0700) == 0);
	must(mount("/lib", VAULT "/lib", NULL, MS_BIND, NULL) == 0);
	must(mount("/lib64", VAULT "/lib64", NULL, MS_BIND, NULL) == 0);
	must(chroot(VAULT) == 0);
	return runs("/program");
}

static void test_program_under_another_mount_or_root_is_denied(void **state)
{
	(void)state;
	programs_make();
	policy_start(EXEC_PROGRAM);
	prove_runs();
	denied(attempt_in_namespace(under_another_mount));
	denied(attempt_in_namespace(under_another_root));
}

static void test_program_by_descriptor_is_denied(void **state)
{
	int fd, path, innocent;
	char name[64];

	(void)state;
	programs_make();
	fd = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	path = open(PROGRAM, O_PATH | O_CLOEXEC);
	innocent = open(INNOCENT, O_PATH | O_CLOEXEC);
	policy_start(EXEC_PROGRAM);
	prove_runs();
	allowed(executes_fd(innocent, "run"));
	denied(executes_fd(fd, "run"));
	denied(executes_fd(path, "run"));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path);
	denied(runs(name));
	/* And without any name. */
	allowed(tried(unlink(PROGRAM)));
	denied(executes_fd(fd, "run"));
	denied(runs(name));
	close(fd);
	close(path);
	close(innocent);
}

/* --- copies -------------------------------------------------------------- */

static void test_copy_is_open_to_a_rule_on_the_program(void **state)
{
	(void)state;
	programs_make();
	policy_start(EXEC_PROGRAM);
	prove_runs();
	file_copy(PROGRAM, COPY);
	allowed(runs(COPY));
	/* What may run is said, instead of what may not. */
	policy_start(ONLY_INSTALLED);
	prove_runs();
	denied(runs(COPY));
}

static void test_copying_is_denied_by_a_rule_on_reading(void **state)
{
	(void)state;
	programs_make();
	policy_start(RULE("file.read", "path: " PROGRAM));
	/* Executing is not reading. */
	allowed(runs(PROGRAM));
	denied(reads(PROGRAM));
	denied(tried(link(PROGRAM, COPY)));
	policy_start(RULE("[file.read, process.exec]", "path: " PROGRAM));
	prove_runs();
	denied(reads(PROGRAM));
}

static int memfd_copy(const char *path)
{
	int fd = (int)syscall(SYS_memfd_create, "copy", 1 /* MFD_CLOEXEC */);
	char name[64];

	assert_true(fd >= 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	file_copy(path, name);
	return fd;
}

static void test_memfd_is_denied_by_its_facts(void **state)
{
	char name[64];
	int fd;

	(void)state;
	programs_make();
	policy_start(EXEC_PROGRAM);
	prove_runs();
	fd = memfd_copy(PROGRAM);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	/* It is a copy, and this rule knows the original only. */
	allowed(executes_fd(fd, "run"));
	policy_start(EXEC_PROGRAM "  - { name: m, on: process.exec, object: { facts: memfd }, " DENY);
	prove_runs();
	denied(executes_fd(fd, "run"));
	denied(runs(name));
	/* It has no path, so it is in none that is allowed. */
	policy_start(ONLY_INSTALLED);
	prove_runs();
	denied(executes_fd(fd, "run"));
	close(fd);
}

static void test_file_that_never_had_a_name_is_denied_by_its_facts(void **state)
{
	int fd, again;
	char name[64];

	(void)state;
	programs_make();
	fd = open(OPEN, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	file_copy(PROGRAM, name);
	again = open(name, O_RDONLY | O_CLOEXEC);
	close(fd);
	policy_start(EXEC_PROGRAM);
	prove_runs();
	allowed(executes_fd(again, "run"));
	policy_start(EXEC_PROGRAM "  - { name: m, on: process.exec, object: { facts: unlinked }, " DENY);
	prove_runs();
	denied(executes_fd(again, "run"));
	policy_start(ONLY_INSTALLED);
	denied(executes_fd(again, "run"));
	close(again);
}

/* --- scripts and interpreters -------------------------------------------- */

static void script_make(const char *path, const char *interpreter)
{
	char text[256];

	snprintf(text, sizeof(text), "#!%s\nexit 42\n", interpreter);
	file_make(path, text);
	assert_int_equal(chmod(path, 0755), 0);
}

static void test_script_is_denied_and_through_its_interpreter_by_a_rule_on_opening(void **state)
{
	(void)state;
	script_make(SCRIPT, "/bin/sh");
	script_make(INNOCENT, "/bin/sh");
	policy_start(RULE("process.exec", "path: " SCRIPT));
	denied(runs(SCRIPT));
	allowed(runs(INNOCENT));
	/* Then /bin/sh is executed, and reads a file. */
	allowed(runs_by("/bin/sh", SCRIPT));
	policy_start(RULE("[process.exec, file.open]", "path: " SCRIPT));
	denied(runs(SCRIPT));
	assert_int_not_equal(runs_by("/bin/sh", SCRIPT), 0);
	allowed(runs(INNOCENT));
	allowed(runs_by("/bin/sh", INNOCENT));
	/* As a script names it in its first line. */
	script_make(OPEN "/indirect", SCRIPT);
	denied(runs(OPEN "/indirect"));
}

static void test_interpreter_is_denied_to_scripts_that_name_it(void **state)
{
	(void)state;
	assert_int_equal(mkdir(OPEN "/bin", 0700), 0);
	file_copy("/bin/busybox", VAULT "/sh");
	script_make(OPEN "/script", VAULT "/sh");
	script_make(INNOCENT, "/bin/sh");
	policy_start(RULE("process.exec", "path: " VAULT "/sh"));
	allowed(runs(INNOCENT));
	denied(runs_by(VAULT "/sh", INNOCENT));
	denied(runs(OPEN "/script"));
	/* A copy of it, and a script that names that. */
	file_copy("/bin/busybox", OPEN "/bin/sh");
	script_make(OPEN "/script2", OPEN "/bin/sh");
	allowed(runs(OPEN "/script2"));
	policy_start(ONLY_INSTALLED);
	allowed(runs(INNOCENT));
	denied(runs(OPEN "/script2"));
	denied(runs_by(OPEN "/bin/sh", INNOCENT));
}

/* --- the dynamic linker -------------------------------------------------- */

static void test_launching_by_the_dynamic_linker_is_denied_by_a_rule_on_mapping(void **state)
{
	(void)state;
	if (access(LOADER, X_OK) < 0)
		skip_because("no " LOADER " in the guest");
	programs_make();
	policy_start(EXEC_PROGRAM);
	prove_runs();
	/* The linker is executed; the program is a file that it maps. */
	allowed(runs_by(LOADER, PROGRAM));
	policy_start(RULE("[process.exec, file.exec_mmap]", "path: " PROGRAM));
	prove_runs();
	allowed(runs_by(LOADER, INNOCENT));
	assert_int_not_equal(runs_by(LOADER, PROGRAM), 0);
	/* Or the linker may not be executed by itself. What it is started for by the kernel still runs. */
	policy_start(EXEC_PROGRAM "  - { name: l, on: process.exec, object: { path: " LOADER " }, " DENY);
	prove_runs();
	denied(runs_by(LOADER, PROGRAM));
	denied(runs_by(LOADER, INNOCENT));
}

/* --- code without execve() ----------------------------------------------- */

static int maps(int fd, int prot, int flags)
{
	void *memory = mmap(NULL, 4096, prot, flags, fd, 0);

	if (memory == MAP_FAILED)
		return errno;
	munmap(memory, 4096);
	return 0;
}

static int maps_and_protects(int fd, int flags)
{
	void *memory = mmap(NULL, 4096, PROT_READ, flags, fd, 0);
	int err, err2;

	if (memory == MAP_FAILED)
		return errno;
	err = tried(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
	err2 = tried((int)syscall(SYS_pkey_mprotect, memory, 4096, PROT_READ | PROT_EXEC, -1));
	munmap(memory, 4096);
	return err == err2 ? err : -1;
}

static int mapped_file;

static int reading_is_executing(void)
{
	must(personality(READ_IMPLIES_EXEC) >= 0);
	return maps(mapped_file, PROT_READ, MAP_PRIVATE);
}

static void test_mapping_as_code_is_denied(void **state)
{
	int fd, innocent;

	(void)state;
	programs_make();
	fd = open(PROGRAM, O_RDONLY | O_CLOEXEC);
	innocent = open(INNOCENT, O_RDONLY | O_CLOEXEC);
	policy_start(RULE("file.exec_mmap", "path: " PROGRAM));
	denied(maps(fd, PROT_READ | PROT_EXEC, MAP_PRIVATE));
	denied(maps(fd, PROT_EXEC, MAP_SHARED));
	allowed(maps(innocent, PROT_READ | PROT_EXEC, MAP_PRIVATE));
	allowed(maps(fd, PROT_READ, MAP_PRIVATE));
	mapped_file = innocent;
	allowed(attempt(reading_is_executing));
	mapped_file = fd;
	denied(attempt(reading_is_executing));
	/* Mapped to be read first. */
	allowed(maps_and_protects(fd, MAP_PRIVATE));
	policy_start(RULE("[file.exec_mmap, file.mprotect_exec]", "path: " PROGRAM));
	denied(maps_and_protects(fd, MAP_PRIVATE));
	denied(maps_and_protects(fd, MAP_SHARED));
	allowed(maps_and_protects(innocent, MAP_PRIVATE));
	close(fd);
	close(innocent);
}

/* What is copied into memory has no file, and so only a rule on all of it meets it. */
static void test_code_from_memory_is_denied_by_a_rule_without_an_object(void **state)
{
	int fd = (int)syscall(SYS_memfd_create, "code", 1);

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	policy_start(RULE("[file.exec_mmap, file.mprotect_exec]", "path: \"" VAULT "/**\""));
	allowed(maps_and_protects(-1, MAP_PRIVATE | MAP_ANONYMOUS));
	allowed(maps_and_protects(fd, MAP_SHARED));
	policy_start("  - { name: r, on: file.mprotect_exec, " DENY);
	denied(maps_and_protects(-1, MAP_PRIVATE | MAP_ANONYMOUS));
	policy_start(RULE("[file.exec_mmap, file.mprotect_exec]", "facts: memfd"));
	denied(maps_and_protects(fd, MAP_SHARED));
	denied(maps(fd, PROT_READ | PROT_EXEC, MAP_SHARED));
	close(fd);
}

int part_evasion_exec(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_program_by_another_name_is_denied),
		evasion_test(test_program_under_another_mount_or_root_is_denied),
		evasion_test(test_program_by_descriptor_is_denied),
		evasion_test(test_copy_is_open_to_a_rule_on_the_program),
		evasion_test(test_copying_is_denied_by_a_rule_on_reading),
		evasion_test(test_memfd_is_denied_by_its_facts),
		evasion_test(test_file_that_never_had_a_name_is_denied_by_its_facts),
		evasion_test(test_script_is_denied_and_through_its_interpreter_by_a_rule_on_opening),
		evasion_test(test_interpreter_is_denied_to_scripts_that_name_it),
		evasion_test(test_launching_by_the_dynamic_linker_is_denied_by_a_rule_on_mapping),
		evasion_test(test_mapping_as_code_is_denied),
		evasion_test(test_code_from_memory_is_denied_by_a_rule_without_an_object),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by being taken for somebody else: exceptions for a program, and IDs. */
#include "evasion.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PROGRAM VAULT "/program"
#define INNOCENT OTHER_PROGRAM
#define NOT_BY(who) "  - { name: r, on: file.open, subject: { " who " }, object: { path: " SECRET " }, " DENY
#define ONLY_BY(who) "  - { name: r, on: file.open, object: { path: " SECRET " }, unless: { " who " }, " DENY

static void programs_make(void)
{
	program_make(PROGRAM);
	program_make(INNOCENT);
}

/* --- exceptions for a program -------------------------------------------- */

static void prove_exception(void)
{
	denied(executes(INNOCENT, NULL, "read " SECRET));
	allowed(executes(PROGRAM, NULL, "read " SECRET));
}

static void test_exception_for_a_program_is_not_taken_over(void **state)
{
	static const char *const launch[] = { "ld.so", PROGRAM, NULL };

	(void)state;
	programs_make();
	policy_start(ONLY_BY("exe: " PROGRAM));
	prove_exception();
	/* A copy of it, and whoever it turns into. */
	file_copy(PROGRAM, OPEN "/copy");
	denied(executes(OPEN "/copy", NULL, "read " SECRET));
	denied(executes(PROGRAM, NULL, "exec " SECRET));
	denied(executes(PROGRAM, NULL, "thread " SECRET));
	/* Mapped and run by the dynamic linker, which is what is executed then. */
	if (access("/lib64/ld-linux-x86-64.so.2", X_OK) == 0)
		denied(executes("/lib64/ld-linux-x86-64.so.2", launch, "read " SECRET));
}

static int at_the_place_of_the_program(void)
{
	must(mount(INNOCENT, PROGRAM, NULL, MS_BIND, NULL) == 0);
	return executes(PROGRAM, NULL, "read " SECRET);
}

/* A name is what the mount namespace makes of it, and anybody may have one where user namespaces are free. */
static void test_exception_for_a_name_is_open_to_mounts(void **state)
{
	(void)state;
	programs_make();
	policy_start(ONLY_BY("exe: " PROGRAM));
	prove_exception();
	allowed(attempt_in_namespace(at_the_place_of_the_program));
	policy_start(ONLY_BY("exe: " PROGRAM ", namespaces: { mnt: host }"));
	prove_exception();
	denied(attempt_in_namespace(at_the_place_of_the_program));
}

/* Replace each mapping of the program's file by a copy in memory, so that the file is mapped no more. */
static void mappings_replace(void)
{
	char line[512], self[256], copies[64][512];
	unsigned long start, end;
	int count = 0, i, prot;
	FILE *maps = fopen("/proc/self/maps", "r");
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char mode[5];
	void *copy;

	if (!maps || size < 0)
		_exit(2);
	self[size] = '\0';
	while (fgets(line, sizeof(line), maps) && count < 64)
		if (strstr(line, self))
			strcpy(copies[count++], line);
	fclose(maps);
	for (i = 0; i < count; i++) {
		sscanf(copies[i], "%lx-%lx %4s", &start, &end, mode);
		prot = (mode[0] == 'r' ? PROT_READ : 0) | (mode[1] == 'w' ? PROT_WRITE : 0) | (mode[2] == 'x' ? PROT_EXEC : 0);
		copy = mmap(NULL, end - start, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		memcpy(copy, (void *)start, end - start);
		mprotect(copy, end - start, prot);
		if (mremap(copy, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) == MAP_FAILED)
			_exit(3);
	}
}

/* Have /proc/self/exe lead to PROGRAM, and read as a new process. */
static int pretender_reads(const char *path)
{
	int fd = open(PROGRAM, O_RDONLY | O_CLOEXEC), status;
	pid_t child;

	mappings_replace();
	if (prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, fd, 0, 0) < 0)
		return errno == EINVAL ? 77 : 4;
	child = fork();
	if (child == 0)
		_exit(reads(path));
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

void pretender_main(void)
{
	const char *what = getenv("VICTIM");
	int err;

	if (!what || strncmp(what, "pretend ", 8) != 0)
		return;
	err = pretender_reads(what + 8);
	if (err)
		exit(err);
	setenv("VICTIM", "run", 1);
}

static void test_changed_exe_link_gives_no_exception(void **state)
{
	int result;

	(void)state;
	programs_make();
	policy_start(ONLY_BY("exe: " PROGRAM));
	prove_exception();
	result = executes(INNOCENT, NULL, "pretend " SECRET);
	if (result == EXITED + 77)
		skip_because("this kernel's prctl(2) cannot change /proc/self/exe");
	denied(result);
}

/* --- IDs ----------------------------------------------------------------- */

static int as_root_of_a_user_namespace(void)
{
	must(setgid(65534) == 0 && setuid(65534) == 0);
	must(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	must(unshare(CLONE_NEWUSER) == 0);
	must(text_write("/proc/self/uid_map", "0 65534 1") == 0);
	must(getuid() == 0);
	must(reads(NEIGHBOUR) == 0);
	return reads(SECRET);
}

static int as_somebody_else(void)
{
	must(setuid(65533) == 0);
	return reads(SECRET);
}

static void test_user_namespace_does_not_change_who_one_is(void **state)
{
	(void)state;
	policy_start(NOT_BY("uid: 65534"));
	allowed(attempt(as_somebody_else));
	denied(attempt(as_root_of_a_user_namespace));
}

int part_evasion_subject(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_exception_for_a_program_is_not_taken_over),
		evasion_test(test_exception_for_a_name_is_open_to_mounts),
		evasion_test(test_changed_exe_link_gives_no_exception),
		evasion_test(test_user_namespace_does_not_change_who_one_is),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

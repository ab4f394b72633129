/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by what a process is: threads, children, other programs, other IDs, other processes. */
#include "evasion.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#define PROGRAM VAULT "/program"
#define INNOCENT OPEN "/program"
#define TRIGGER OPEN "/file"

/* Whoever opened TRIGGER may not open SECRET. */
#define TAGGED(action) \
	"  - { name: t, on: file.open, object: { path: " TRIGGER " }, action: { " action " } }\n" \
	"  - { name: r, on: file.open, subject: { tag: seen }, object: { path: " SECRET " }, " DENY
#define NOT_BY(who) "  - { name: r, on: file.open, subject: { " who " }, object: { path: " SECRET " }, " DENY
#define ONLY_BY(who) "  - { name: r, on: file.open, object: { path: " SECRET " }, unless: { " who " }, " DENY

/* --- what PROGRAM and INNOCENT do, beside what victim_main() knows -------- */

static char victim_next[256];

static void victim_executes(void)
{
	char *const argv[] = { (char *)"program", NULL }, *const environment[] = { (char *)victim_next, NULL };

	execve(INNOCENT, argv, environment);
	_exit(1);
}

static void *thread_executes(void *data)
{
	(void)data;
	victim_executes();
	return NULL;
}

/* Read it as a grandchild whose parent is gone. */
static int orphan_reads(const char *path)
{
	struct timespec pause = { .tv_nsec = 1000 * 1000 };
	int report[2], err = 1;
	pid_t child, parent;

	if (pipe(report) < 0)
		return 1;
	child = fork();
	if (child == 0) {
		parent = getpid();
		if (fork() == 0) {
			while (getppid() == parent)
				nanosleep(&pause, NULL);
			err = reads(path);
			_exit(write(report[1], &err, sizeof(err)) != sizeof(err));
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
	return read(report[0], &err, sizeof(err)) == sizeof(err) ? err : 1;
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

static void process_victim(void)
{
	const char *what = getenv("VICTIM"), *path = what ? strchr(what, ' ') : NULL;
	pthread_t thread;
	int err = 0;

	if (!path)
		return;
	path++;
	snprintf(victim_next, sizeof(victim_next), "VICTIM=read %s", path);
	if (strncmp(what, "exec ", 5) == 0)
		victim_executes();
	if (strncmp(what, "thread ", 7) == 0) {
		pthread_create(&thread, NULL, thread_executes, NULL);
		pause();
	}
	if (strncmp(what, "orphan ", 7) == 0)
		err = orphan_reads(path);
	else if (strncmp(what, "pretend ", 8) == 0)
		err = pretender_reads(path);
	else
		return;
	if (err)
		exit(err);
	setenv("VICTIM", "run", 1);
}

static void programs_make(void)
{
	program_make(PROGRAM);
	program_make(INNOCENT);
}

/* --- threads and children ------------------------------------------------ */

static int thread_result;

static void *thread_reads(void *data)
{
	thread_result = reads(data);
	return NULL;
}

static int reads_as_thread(const char *path)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, thread_reads, (void *)(uintptr_t)path), 0);
	pthread_join(thread, NULL);
	return thread_result;
}

/* The leader is gone, and only its entry is left. */
static void *thread_that_stays(void *data)
{
	struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int err;

	(void)data;
	nanosleep(&pause, NULL);
	err = reads(NEIGHBOUR);
	_exit(err ? 1 : reads(SECRET));
}

static int without_its_leader(void)
{
	pthread_t thread;
	int status;
	pid_t child = fork();

	if (child == 0) {
		pthread_create(&thread, NULL, thread_that_stays, NULL);
		syscall(SYS_exit, 0);	/* the thread alone */
	}
	must(waitpid(child, &status, 0) == child);
	return outcome(status);
}

static void test_threads_are_denied(void **state)
{
	(void)state;
	policy_start(NOT_BY("exe: /test/vm_evasion_process"));
	prove_reads();
	allowed(reads_as_thread(NEIGHBOUR));
	denied(reads_as_thread(SECRET));
	denied(attempt(without_its_leader));
}

static int clone_reads(void *data)
{
	thread_result = reads(data);
	return 0;
}

static int reads_as_clone(unsigned long flags, const char *path)
{
	static char stack[65536] __attribute__((aligned(16)));
	pid_t child;

	thread_result = -1;
	child = clone(clone_reads, stack + sizeof(stack), (int)flags | SIGCHLD, (void *)(uintptr_t)path);
	must(child > 0 && waitpid(child, NULL, __WALL) == child);
	return thread_result;
}

static int reads_as_vfork(const char *path)
{
	volatile int result = -1;
	pid_t child = vfork();

	if (child == 0) {
		result = reads(path);
		_exit(0);
	}
	must(waitpid(child, NULL, 0) == child);
	return result;
}

static void test_children_in_the_same_memory_are_denied(void **state)
{
	(void)state;
	policy_start(NOT_BY("exe: /test/vm_evasion_process"));
	prove_reads();
	allowed(reads_as_vfork(NEIGHBOUR));
	denied(reads_as_vfork(SECRET));
	allowed(reads_as_clone(CLONE_VM, NEIGHBOUR));
	denied(reads_as_clone(CLONE_VM, SECRET));
	denied(reads_as_clone(CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND, SECRET));
	denied(reads_as_clone(CLONE_VM | CLONE_VFORK, SECRET));
}

/* --- tags ---------------------------------------------------------------- */

static int tagged_reads(void)
{
	must(reads(SECRET) == 0);
	must(reads(TRIGGER) == 0);
	return reads(SECRET);
}

static int tagged_child_reads(void)
{
	must(reads(TRIGGER) == 0);
	return attempt(tagged_reads);
}

static int child_of_tagged_reads_plainly(void)
{
	return reads(SECRET);
}

static int tagged_in_a_tree(void)
{
	must(reads(TRIGGER) == 0);
	return attempt(child_of_tagged_reads_plainly);
}

static int tagged_by_a_thread(void)
{
	must(reads_as_thread(TRIGGER) == 0);
	return reads(SECRET);
}

static int tagged_by_its_clone(void)
{
	/* Of the same memory and files, but another process: the child is, who made it is not. */
	must(reads_as_clone(CLONE_VM | CLONE_FILES, TRIGGER) == 0);
	return reads(SECRET);
}

static int tagged_and_orphaned(void)
{
	must(reads(TRIGGER) == 0);
	return orphan_reads(SECRET);
}

static void test_tag_is_not_lost(void **state)
{
	(void)state;
	policy_start(TAGGED("tag: seen"));
	denied(attempt(tagged_reads));
	allowed(attempt(child_of_tagged_reads_plainly));
	denied(attempt(tagged_by_a_thread));
	/* Without `tree` children are free of it, */
	denied(attempt(tagged_child_reads));
	allowed(attempt(tagged_in_a_tree));
	allowed(attempt(tagged_by_its_clone));
	/* and with it they are not. */
	policy_start(TAGGED("tag: seen, tree: true"));
	denied(attempt(tagged_in_a_tree));
	denied(attempt(tagged_and_orphaned));
	allowed(attempt(child_of_tagged_reads_plainly));
}

static int exec_by_thread, tag_before;

/* As the child of an attempt: an outcome. */
static int executes_after_tag(void)
{
	int status;
	pthread_t thread;
	pid_t child = fork();

	if (child == 0) {
		snprintf(victim_next, sizeof(victim_next), "VICTIM=read " SECRET);
		if (tag_before)
			must(reads(TRIGGER) == 0);
		if (exec_by_thread) {
			pthread_create(&thread, NULL, thread_executes, NULL);
			pause();
		}
		victim_executes();
	}
	must(waitpid(child, &status, 0) == child);
	return outcome(status);
}

static void test_tag_survives_exec_of_the_leader_and_of_another_thread(void **state)
{
	(void)state;
	programs_make();
	policy_start(TAGGED("tag: seen"));
	for (exec_by_thread = 0; exec_by_thread < 2; exec_by_thread++) {
		tag_before = 0;
		allowed(attempt(executes_after_tag));
		tag_before = 1;
		denied(attempt(executes_after_tag));
	}
}

/* --- PIDs ---------------------------------------------------------------- */

static pid_t process_with_pid(pid_t wanted)
{
	pid_t ids[] = { wanted };
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = wanted ? (uintptr_t)ids : 0,
				   .set_tid_size = wanted ? 1 : 0 };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

static void test_pid_of_another_process_inherits_nothing(void **state)
{
	int status;
	pid_t first, second;

	(void)state;
	policy_start(TAGGED("tag: seen, tree: true"));
	first = process_with_pid(0);
	if (first == 0)
		_exit(reads(TRIGGER) ? 1 : reads(SECRET));
	assert_int_equal(waitpid(first, &status, 0), first);
	denied(outcome(status));
	/* Another process is called the same. */
	second = process_with_pid(first);
	if (second == 0)
		_exit(reads(SECRET) ? 1 : 42);
	assert_int_equal(second, first);
	assert_int_equal(waitpid(second, &status, 0), second);
	allowed(outcome(status));
	/* And the other way round: one that is tagged takes the PID of one that was not. */
	second = process_with_pid(first);
	if (second == 0)
		_exit(reads(TRIGGER) ? 1 : reads(SECRET));
	assert_int_equal(second, first);
	assert_int_equal(waitpid(second, &status, 0), second);
	denied(outcome(status));
}

/* --- descent ------------------------------------------------------------- */

static void test_descent_is_not_lost(void **state)
{
	(void)state;
	programs_make();
	policy_start(NOT_BY("descendant_of: { exe: " PROGRAM " }"));
	allowed(executes(INNOCENT, NULL, "read " SECRET));
	allowed(executes(INNOCENT, NULL, "exec " SECRET));
	allowed(executes(INNOCENT, NULL, "thread " SECRET));
	allowed(executes(INNOCENT, NULL, "orphan " SECRET));
	/* The parent ends, and another one takes over. */
	denied(executes(PROGRAM, NULL, "orphan " SECRET));
	/* The process itself becomes another program, by its first thread or by another one. */
	denied(executes(PROGRAM, NULL, "exec " SECRET));
	denied(executes(PROGRAM, NULL, "thread " SECRET));
}

static int made_for_the_parent(void)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	int report[2], err = 1;
	pid_t child;

	must(pipe2(report, O_CLOEXEC) == 0);
	must(reads(TRIGGER) == 0);
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(child >= 0);
	if (child == 0) {
		err = reads(SECRET);
		_exit(write(report[1], &err, sizeof(err)) != sizeof(err));
	}
	must(read(report[0], &err, sizeof(err)) == sizeof(err));
	return err;
}

static void test_child_that_is_given_to_the_parent_is_denied(void **state)
{
	(void)state;
	policy_start(TAGGED("tag: seen, tree: true"));
	denied(attempt(tagged_reads));
	allowed(attempt(child_of_tagged_reads_plainly));
	denied(attempt(made_for_the_parent));
	while (waitpid(-1, NULL, __WALL | WNOHANG) > 0)
		;
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
	must(syscall(SYS_mount, INNOCENT, PROGRAM, NULL, 4096L /* MS_BIND */, NULL) == 0);
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

/* --- other processes ----------------------------------------------------- */

/* Have a process that may open it do so, and take its descriptor. */
static int takes_a_descriptor(void)
{
	pid_t child;
	int ready[2], pidfd, fd, err;
	char byte;

	must(pipe2(ready, O_CLOEXEC) == 0);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open(NEIGHBOUR, O_RDONLY), 100);
		must(write(ready[1], "", 1) == 1);
		pause();
		_exit(0);
	}
	must(read(ready[0], &byte, 1) == 1);
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	must(pidfd >= 0);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, 100, 0);
	err = opened(fd);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return err;
}

static void test_taking_another_process_descriptor_is_denied_by_a_rule_on_tracing(void **state)
{
	(void)state;
	policy_start(OPEN_SECRET);
	allowed(attempt(takes_a_descriptor));
	policy_start(OPEN_SECRET "  - { name: t, on: process.ptrace, " DENY);
	prove_reads();
	/* The kernel makes EPERM of every answer there. */
	assert_int_equal(attempt(takes_a_descriptor), EPERM);
}

static pid_t sleeper_start(void)
{
	pid_t child = fork();

	must(child >= 0);
	if (child == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	setpgid(child, child);
	return child;
}

static void test_signal_by_every_call_is_denied(void **state)
{
	siginfo_t info = { .si_signo = SIGUSR2, .si_code = SI_QUEUE };
	pid_t child = sleeper_start();
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);

	(void)state;
	assert_true(pidfd >= 0);
	policy_start("  - { name: r, on: process.signal, object: { signal: USR2 }, " DENY);
	allowed(tried(kill(child, 0)));
	allowed(tried(kill(child, SIGCONT)));
	denied(tried(kill(child, SIGUSR2)));
	denied(tried(kill(-child, SIGUSR2)));
	denied(tried((int)syscall(SYS_tkill, child, SIGUSR2)));
	denied(tried((int)syscall(SYS_tgkill, child, child, SIGUSR2)));
	denied(tried((int)syscall(SYS_pidfd_send_signal, pidfd, SIGUSR2, NULL, 0)));
	denied(tried((int)syscall(SYS_rt_sigqueueinfo, child, SIGUSR2, &info)));
	denied(tried((int)syscall(SYS_rt_tgsigqueueinfo, child, child, SIGUSR2, &info)));
	assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
	policy_stop();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(pidfd);
}

/* The kernel sends it, when something can be read: that is another question, which no operation asks. */
static void test_signal_by_ownership_of_a_file_is_open(void **state)
{
	pid_t child = sleeper_start();
	int pair[2], status;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	policy_start("  - { name: r, on: process.signal, object: { signal: USR2 }, " DENY);
	denied(tried(kill(child, SIGUSR2)));
	assert_int_equal(fcntl(pair[0], F_SETOWN, child), 0);
	assert_int_equal(fcntl(pair[0], F_SETSIG, SIGUSR2), 0);
	assert_int_equal(fcntl(pair[0], F_SETFL, O_ASYNC), 0);
	assert_int_equal(write(pair[1], "x", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGUSR2);
	close(pair[0]);
	close(pair[1]);
}

#define CGROUP "/sys/fs/cgroup/evasion"

static int killed_by_its_cgroup(void)
{
	pid_t child = sleeper_start();
	char text[32];
	int err, status;

	must(mkdir(CGROUP, 0755) == 0 || errno == EEXIST);
	snprintf(text, sizeof(text), "%d", child);
	must(text_write(CGROUP "/cgroup.procs", text) == 0);
	err = text_write(CGROUP "/cgroup.kill", "1");
	if (err)
		kill(child, SIGCONT);
	else
		must(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
	return err;
}

/* cgroup.kill sends it itself; who may write there is a matter of files. */
static void test_killing_by_cgroup_is_denied_by_a_rule_on_its_file(void **state)
{
	(void)state;
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) < 0)
		skip_because("no cgroup2 in the guest");
	policy_start("  - { name: r, on: process.signal, object: { signal: KILL }, " DENY);
	allowed(attempt(killed_by_its_cgroup));
	policy_start(RULE("file.write", "path: \"/sys/fs/cgroup/**/cgroup.kill\""));
	denied(attempt(killed_by_its_cgroup));
}

/* --- namespaces ---------------------------------------------------------- */

static int enters_a_namespace(void)
{
	int ns = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), status;
	pid_t child = fork();

	if (child == 0) {
		setns(ns, CLONE_NEWUTS);
		_exit(42);
	}
	must(waitpid(child, &status, 0) == child);
	close(ns);
	return outcome(status);
}

static void test_entering_a_namespace_is_killed(void **state)
{
	(void)state;
	policy_start("  - { name: r, on: process.setns, subject: { exe: \"!/test/vm_evasion_process\" }, action: kill }\n");
	allowed(attempt(enters_a_namespace));
	policy_start("  - { name: r, on: process.setns, subject: { exe: /test/vm_evasion_process }, action: kill }\n");
	assert_int_equal(attempt(enters_a_namespace), SIGNALED + SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_threads_are_denied),
		evasion_test(test_children_in_the_same_memory_are_denied),
		evasion_test(test_tag_is_not_lost),
		evasion_test(test_tag_survives_exec_of_the_leader_and_of_another_thread),
		evasion_test(test_pid_of_another_process_inherits_nothing),
		evasion_test(test_descent_is_not_lost),
		evasion_test(test_child_that_is_given_to_the_parent_is_denied),
		evasion_test(test_exception_for_a_program_is_not_taken_over),
		evasion_test(test_exception_for_a_name_is_open_to_mounts),
		evasion_test(test_changed_exe_link_gives_no_exception),
		evasion_test(test_user_namespace_does_not_change_who_one_is),
		evasion_test(test_taking_another_process_descriptor_is_denied_by_a_rule_on_tracing),
		evasion_test(test_signal_by_every_call_is_denied),
		evasion_test(test_signal_by_ownership_of_a_file_is_open),
		evasion_test(test_killing_by_cgroup_is_denied_by_a_rule_on_its_file),
		evasion_test(test_entering_a_namespace_is_killed),
	};

	process_victim();
	victim_main();
	return cmocka_run_group_tests(tests, evasion_group_setup, evasion_group_teardown);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by threads and children: losing what is known of a process. */
#include "evasion.h"

#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PROGRAM VAULT "/program"
#define INNOCENT OTHER_PROGRAM
#define TRIGGER OPEN "/file"

/* Whoever opened TRIGGER may not open SECRET. */
#define TAGGED(action) \
	"  - { name: t, on: file.open, object: { path: " TRIGGER " }, action: { " action " } }\n" \
	"  - { name: r, on: file.open, subject: { tag: seen }, object: { path: " SECRET " }, " DENY
#define NOT_BY(who) "  - { name: r, on: file.open, subject: { " who " }, object: { path: " SECRET " }, " DENY

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

/* One more thing that PROGRAM and INNOCENT do, beside what victim_main() knows: "orphan PATH". */
void orphan_main(void)
{
	const char *what = getenv("VICTIM");
	int err;

	if (!what || strncmp(what, "orphan ", 7) != 0)
		return;
	err = orphan_reads(what + 7);
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
	policy_start(NOT_BY("exe: " TEST_PROGRAM));
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
	policy_start(NOT_BY("exe: " TEST_PROGRAM));
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
	static char then[] = "read " SECRET;
	int status;
	pthread_t thread;
	pid_t child = fork();

	if (child == 0) {
		if (tag_before)
			must(reads(TRIGGER) == 0);
		if (exec_by_thread) {
			pthread_create(&thread, NULL, victim_executes, then);
			pause();
		}
		victim_executes(then);
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

int part_evasion_process(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_threads_are_denied),
		evasion_test(test_children_in_the_same_memory_are_denied),
		evasion_test(test_tag_is_not_lost),
		evasion_test(test_tag_survives_exec_of_the_leader_and_of_another_thread),
		evasion_test(test_pid_of_another_process_inherits_nothing),
		evasion_test(test_descent_is_not_lost),
		evasion_test(test_child_that_is_given_to_the_parent_is_denied),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

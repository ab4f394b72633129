/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Operations of processes: execution, what they do to each other, and their credentials. */
#include "operation.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define PROGRAM VAULT "/program"	/* that rules are about */
#define INNOCENT OTHER_PROGRAM
#define TARGET "target: { exe: " PROGRAM " }"

/* --- execution ----------------------------------------------------------- */

static void programs_make(void)
{
	program_make(PROGRAM);
	program_make(INNOCENT);
}

static void script_make(const char *path)
{
	file_make(path, "#!" INNOCENT "\n");
	assert_int_equal(chmod(path, 0755), 0);
}

static void test_executing_is_denied_by_the_program(void **state)
{
	(void)state;
	programs_make();
	policy_start(RULE("process.exec", "path: " PROGRAM));
	denied(executes(PROGRAM, NULL, "run"));
	allowed(executes(INNOCENT, NULL, "run"));
	allowed(reads(PROGRAM));
}

static void test_executing_a_script_is_denied_by_its_file(void **state)
{
	(void)state;
	programs_make();
	script_make(VAULT "/script");
	script_make(OPEN "/script");
	policy_start(RULE("process.exec", "path: " VAULT "/script"));
	denied(executes(VAULT "/script", NULL, "run"));
	allowed(executes(OPEN "/script", NULL, "run"));
	/* Its interpreter is asked for as well. */
	policy_start(RULE("process.exec", "path: " INNOCENT));
	denied(executes(OPEN "/script", NULL, "run"));
	allowed(executes(PROGRAM, NULL, "run"));
}

/* --- other processes ----------------------------------------------------- */

/* A process of PROGRAM, and one of INNOCENT. */
static struct waiting target, other;

static void targets_start(void)
{
	programs_make();
	target = waits_start(PROGRAM, "run");
	other = waits_start(INNOCENT, "run");
}

static void targets_end(void)
{
	policy_stop();
	allowed(waits_end(&target));
	allowed(waits_end(&other));
}

static int opens_of(pid_t pid, const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return opened(open(path, flags | O_CLOEXEC));
}

static int reads_memory(pid_t pid, void *at)
{
	char byte;
	const struct iovec here = { &byte, 1 }, there = { at, 1 };

	return tried((int)process_vm_readv(pid, &here, 1, &there, 1, 0));
}

static int writes_memory(pid_t pid, void *at)
{
	char byte = 'x';
	const struct iovec here = { &byte, 1 }, there = { at, 1 };

	return tried((int)process_vm_writev(pid, &here, 1, &there, 1, 0));
}

static int traces(pid_t pid)
{
	int status, err = tried((int)ptrace(PTRACE_SEIZE, pid, NULL, NULL));

	if (err)
		return err;
	must(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0);
	must(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
	must(ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0);
	return 0;
}

static void test_signalling_is_denied_by_target_and_signal(void **state)
{
	(void)state;
	targets_start();
	policy_start(RULE("process.signal", TARGET ", signal: [TERM, KILL, STOP]"));
	denied(tried(kill(target.pid, SIGTERM)));
	denied(tried(kill(target.pid, SIGKILL)));
	denied(tried(kill(target.pid, SIGSTOP)));
	allowed(tried(kill(target.pid, 0)));
	allowed(tried(kill(target.pid, SIGCONT)));
	allowed(tried(kill(other.pid, SIGSTOP)));
	allowed(tried(kill(other.pid, SIGCONT)));
	targets_end();
}

static void capabilities_lay_down(uint64_t which)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	must(syscall(SYS_capget, &header, data) == 0);
	data[0].effective &= ~(uint32_t)which;
	data[1].effective &= ~(uint32_t)(which >> 32);
	must(syscall(SYS_capset, &header, data) == 0);
}

static pid_t looked_at;

/* Some kernels show memory's outlines to whoever may measure performance, whatever the hook says. */
static int looks_into(void)
{
	capabilities_lay_down(1ULL << CAP_PERFMON | 1ULL << CAP_SYS_ADMIN);
	return opens_of(looked_at, "environ", O_RDONLY);
}

static int attempt_looking_into(pid_t pid)
{
	looked_at = pid;
	return attempt(looks_into);
}

/* Only attaching tells the rule's error; the other calls have one of their own for all refusals. */
static void test_tracing_and_looking_into_is_denied_by_target(void **state)
{
	(void)state;
	targets_start();
	policy_start(RULE("process.ptrace", TARGET));
	denied(traces(target.pid));
	assert_int_equal(attempt_looking_into(target.pid), EACCES);
	assert_int_equal(opens_of(target.pid, "mem", O_RDWR), EACCES);
	assert_int_equal(reads_memory(target.pid, NULL), EPERM);
	allowed(traces(other.pid));
	allowed(attempt_looking_into(other.pid));
	allowed(opens_of(other.pid, "mem", O_RDWR));
	/* Where nothing is mapped. */
	assert_int_equal(reads_memory(other.pid, NULL), EFAULT);
	targets_end();
}

static int asks_to_be_traced(void)
{
	return tried((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

/* Who will trace is the subject, who asks is the target. */
static void test_asking_to_be_traced_is_denied(void **state)
{
	(void)state;
	policy_start(RULE("process.ptrace", "target: { gid: 4711 }"));
	denied(attempt_by_insider(asks_to_be_traced));
	allowed(attempt(asks_to_be_traced));
}

static void test_writing_memory_is_denied_and_looking_at_secrets_is_not(void **state)
{
	(void)state;
	targets_start();
	policy_start(RULE("process.memory_write", TARGET));
	denied(traces(target.pid));
	assert_int_equal(opens_of(target.pid, "mem", O_RDWR), EACCES);
	assert_int_equal(writes_memory(target.pid, NULL), EPERM);
	allowed(opens_of(target.pid, "environ", O_RDONLY));
	allowed(traces(other.pid));
	allowed(opens_of(other.pid, "mem", O_RDWR));
	assert_int_equal(writes_memory(other.pid, NULL), EFAULT);
	targets_end();
}

/* --- credentials --------------------------------------------------------- */

/* One result for all calls. Root is effective up to the last. */
static int changes_user(void)
{
	int result = tried(setresuid(1000, 0, 0));

	must(tried(setreuid(1001, (uid_t)-1)) == result);
	must(tried(setuid(1000)) == result);
	return result;
}

static int keeps_user(void)
{
	must(setresuid((uid_t)-1, 0, (uid_t)-1) == 0);
	return tried(setuid(0));
}

static void test_changing_the_user_is_denied_by_every_call(void **state)
{
	(void)state;
	policy_start(BY_INSIDERS("process.setuid"));
	denied(attempt_by_insider(changes_user));
	allowed(attempt_by_insider(keeps_user));
	allowed(attempt(changes_user));
}

static int changes_group(void)
{
	gid_t more[] = { 4711, 4712 };
	int result = tried(setresgid(1000, 0, 0));

	must(tried(setregid(1001, (gid_t)-1)) == result);
	must(tried(setgid(1000)) == result);
	/* Before 6.1 no hook is asked about the groups besides. */
	must(tried(setgroups(2, more)) == (vm_kernel_at_least(6, 1) ? result : 0));
	return result;
}

static int keeps_group(void)
{
	return tried(setgid(0));
}

static void test_changing_the_group_is_denied_by_every_call(void **state)
{
	(void)state;
	policy_start(BY_INSIDERS("process.setgid"));
	denied(attempt_by_insider(changes_group));
	allowed(attempt_by_insider(keeps_group));
	allowed(attempt(changes_group));
}

/* Lay a capability of the first 32 down and take it up again. */
static int takes_up(unsigned int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 }, { 0 } };

	capabilities_lay_down(1ULL << capability);
	must(syscall(SYS_capget, &header, data) == 0);
	data[0].effective |= 1U << capability;
	return tried((int)syscall(SYS_capset, &header, data));
}

static int takes_raw_sockets(void)
{
	return takes_up(CAP_NET_RAW);
}

static int takes_changing_owners(void)
{
	return takes_up(CAP_CHOWN);
}

static void test_taking_a_capability_is_denied_and_another_one_is_not(void **state)
{
	(void)state;
	policy_start(RULE("process.capset", "capability: CAP_NET_RAW"));
	denied(attempt(takes_raw_sockets));
	allowed(attempt(takes_changing_owners));
}

/* --- namespaces ---------------------------------------------------------- */

static int unshares_users(void)
{
	return tried(unshare(CLONE_NEWUSER));
}

static int clones_users(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
	int err = tried(child);

	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
	return err;
}

static int unshares_names(void)
{
	return tried(unshare(CLONE_NEWUTS));
}

static void test_making_a_user_namespace_is_denied_and_another_namespace_is_not(void **state)
{
	(void)state;
	if (!vm_kernel_at_least(6, 1))
		skip_because("before Linux 6.1 no hook is asked about user namespaces, and a policy with process.unshare is refused");
	policy_start(BY_INSIDERS("process.unshare"));
	denied(attempt_by_insider(unshares_users));
	denied(attempt_by_insider(clones_users));
	allowed(attempt_by_insider(unshares_names));
	allowed(attempt(unshares_users));
	allowed(attempt(clones_users));
}

/* An outcome. */
static int enters(void)
{
	int ns = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), status;
	pid_t child = fork();

	if (child == 0)
		_exit(setns(ns, CLONE_NEWUTS) == 0 ? 42 : 1);
	must(waitpid(child, &status, 0) == child);
	close(ns);
	return outcome(status);
}

/* No kernel asks before it happens, so it cannot be refused. */
static void test_entering_a_namespace_is_killed(void **state)
{
	(void)state;
	policy_start("  - { name: r, on: process.setns, subject: { gid: 4711 }, action: kill }\n");
	assert_int_equal(attempt_by_insider(enters), SIGNALED + SIGKILL);
	allowed(attempt(enters));
}

int part_operation_process(void)
{
	const struct CMUnitTest tests[] = { PROCESS_OPERATIONS(OPERATION_TEST) };

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Evasion by other processes, by signals, and by entering namespaces. */
#include "evasion.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

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
	if (!vm_kernel_at_least(5, 14))
		skip_because("cgroup.kill came with Linux 5.14");
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
	policy_start("  - { name: r, on: process.setns, subject: { exe: \"!" TEST_PROGRAM "\" }, action: kill }\n");
	allowed(attempt(enters_a_namespace));
	policy_start("  - { name: r, on: process.setns, subject: { exe: " TEST_PROGRAM " }, action: kill }\n");
	assert_int_equal(attempt(enters_a_namespace), SIGNALED + SIGKILL);
}

static int looks_at_environment(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/environ", getppid());
	return reads(path);
}

/* From some kernel on (6.19 does, 6.12 does not), CAP_PERFMON and CAP_SYS_ADMIN read what the hook has refused. */
static void test_looking_at_secrets_is_denied_to_administrators_by_a_rule_on_reading(void **state)
{
	int error;

	(void)state;
	policy_start("  - { name: r, on: process.ptrace, " DENY);
	error = attempt(looks_at_environment);
	print_message("# by a rule on tracing: %s\n", error ? "denied" : "open");
	policy_start(RULE("file.read", "path: \"/proc/*/{environ,auxv,maps,smaps,numa_maps,pagemap,mem}\""));
	denied(attempt(looks_at_environment));
	allowed(reads("/proc/self/status"));
}

static int sets_time(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return tried(settimeofday(&now, NULL));
}

static int moves_time(void)
{
	struct timex shift = { .modes = ADJ_SETOFFSET };

	return tried(adjtimex(&shift));
}

static void test_moving_the_clock_is_open(void **state)
{
	(void)state;
	policy_start("  - { name: r, on: kernel.settime, " DENY);
	denied(attempt(sets_time));
	allowed(attempt(moves_time));
}

int part_evasion_target(void)
{
	const struct CMUnitTest tests[] = {
		evasion_test(test_taking_another_process_descriptor_is_denied_by_a_rule_on_tracing),
		evasion_test(test_signal_by_every_call_is_denied),
		evasion_test(test_signal_by_ownership_of_a_file_is_open),
		evasion_test(test_killing_by_cgroup_is_denied_by_a_rule_on_its_file),
		evasion_test(test_entering_a_namespace_is_killed),
		evasion_test(test_looking_at_secrets_is_denied_to_administrators_by_a_rule_on_reading),
		evasion_test(test_moving_the_clock_is_open),
	};

	return cmocka_run_group_tests(tests, evasion_group_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi stats, top and ps, which are /test/krsi here: what they say of policies in force and of processes that run. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOL "/test/krsi"
#define DIR "/tmp/stats"
#define SECRET DIR "/secret"
#define READY_FD 9
#define NOBODY 65534
#define ARGUMENTS_MAX 8
#define PATIENCE_MS 60000

enum exit_code { DONE = 0, FAILED = 1, UNSUPPORTED = 4 };

#define POLICY(name) "version: 1\nname: " name "\nrules:\n" \
	"  - { name: no-open, on: file.open, object: { path: " SECRET " }, action: { deny: EACCES } }\n" \
	"  - { name: look, on: file.unlink, object: { path: \"" DIR "/**\" }, action: audit }\n"

/* Of the last command. */
static char out[256 * 1024];

/* The krsi runs of a test; 0: none. */
static pid_t runs[2];

/* --- the command ---------------------------------------------------------------------- */

static void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Run it to its end, with what it prints on either file in `out`. Returns its exit code. */
static int tool(uid_t uid, const char *const *arguments)
{
	const char *argv[ARGUMENTS_MAX + 2] = { "krsi" };
	struct pollfd ready;
	size_t size = 0;
	int pipes[2], status, i;
	ssize_t n = 1;
	pid_t child;

	for (i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		if (setgid(uid) || setuid(uid))
			_exit(126);
		execv(TOOL, (char *const *)argv);
		_exit(127);
	}
	close(pipes[1]);
	ready = (struct pollfd){ .fd = pipes[0], .events = POLLIN };
	while (n > 0 && size < sizeof(out) - 1) {
		if (poll(&ready, 1, PATIENCE_MS) != 1)
			fail_msg("nothing came for %d seconds", PATIENCE_MS / 1000);
		n = read(pipes[0], out + size, sizeof(out) - 1 - size);
		size += n > 0 ? (size_t)n : 0;
	}
	out[size] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define expect(code, ...) expect_code(tool(0, LIST(__VA_ARGS__)), (code), __FILE__, __LINE__)

static void expect_code(int code, int wanted, const char *file, int line)
{
	if (code != wanted)
		print_message("# exit code %d: %s\n", code, out);
	_assert_int_equal(code, wanted, file, line);
}

/* Start a krsi run, which is in force when this returns. */
static pid_t run_start(size_t number, const char *const *more)
{
	const char *argv[ARGUMENTS_MAX + 2] = { "krsi", "run", "--ready-fd", "9" };
	int ready[2], null, i;
	char byte = 0;

	for (i = 0; more[i]; i++)
		argv[i + 4] = more[i];
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	runs[number] = fork();
	assert_true(runs[number] >= 0);
	if (runs[number] == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDOUT_FILENO);
		dup2(ready[1], READY_FD);
		execv(TOOL, (char *const *)argv);
		_exit(127);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return runs[number];
}

static void run_end(size_t number, int signal_number)
{
	if (runs[number] <= 0)
		return;
	kill(runs[number], signal_number);
	waitpid(runs[number], NULL, 0);
	runs[number] = 0;
}

static const char *socket_path(pid_t pid)
{
	static char path[64];

	snprintf(path, sizeof(path), "/run/krsi/%d.sock", (int)pid);
	return path;
}

static const char *number(pid_t pid)
{
	static char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return text;
}

#define assert_has(...) has_assert(true, __FILE__, __LINE__, __VA_ARGS__)
#define assert_has_not(...) has_assert(false, __FILE__, __LINE__, __VA_ARGS__)

static void __attribute__((format(printf, 4, 5))) has_assert(bool wanted, const char *file, int line, const char *fmt, ...)
{
	char words[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	if (!strstr(out, words) == wanted)
		print_message("# \"%s\" is %sin: %s\n", words, wanted ? "not " : "", out);
	_assert_true(!strstr(out, words) != wanted, words, file, line);
}

/* --- deeds ------------------------------------------------------------------------------- */

static void secret_try(unsigned int times)
{
	while (times--)
		assert_true(open(SECRET, O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES);
}

static void file_unlink(void)
{
	file_write(DIR "/x", "");
	assert_int_equal(unlink(DIR "/x"), 0);
}

/* A child that waits until it is killed. */
static pid_t child_start(void)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return child;
}

static void child_end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void sysctl_write(const char *text)
{
	file_write("/proc/sys/kernel/bpf_stats_enabled", text);
}

/* --- tests --------------------------------------------------------------------------------- */

static void test_without_a_run_it_says_so(void **state)
{
	(void)state;
	expect(FAILED, "stats");
	assert_has("krsi: no krsi run is there that can be asked");
	expect(FAILED, "top", "--count", "1");
	assert_has("krsi: no krsi run is there that can be asked");
}

static void test_counts_are_exact(void **state)
{
	pid_t pid;

	(void)state;
	pid = run_start(0, LIST(DIR "/a.yaml"));
	secret_try(7);
	file_unlink();
	file_unlink();
	expect(DONE, "stats", "--prometheus");
	assert_has("krsi_rule_hits_total{pid=\"%d\",policy=\"a\",rule=\"no-open\",action=\"deny\",mode=\"enforce\"} 7\n", (int)pid);
	assert_has("krsi_rule_refused_total{pid=\"%d\",policy=\"a\",rule=\"no-open\",action=\"deny\",mode=\"enforce\"} 7\n", (int)pid);
	assert_has("krsi_rule_hits_total{pid=\"%d\",policy=\"a\",rule=\"look\",action=\"audit\",mode=\"enforce\"} 2\n", (int)pid);
	assert_has("krsi_rule_refused_total{pid=\"%d\",policy=\"a\",rule=\"look\",action=\"audit\",mode=\"enforce\"} 0\n", (int)pid);
	assert_has("krsi_events_total{pid=\"%d\"} 9\n", (int)pid);
	assert_has("krsi_events_lost_total{pid=\"%d\"} 0\n", (int)pid);
	assert_has_not("krsi_program_runs_total{");	/* the kernel does not count */
	expect(DONE, "stats", "--json");
	assert_has("\"exe\": \"/test/vm_tool_stats\"");
	assert_has("\"pid\": %d,", (int)getpid());
	assert_has("\"events\": 9,\n          \"refused\": 7\n");
	expect(DONE, "stats");
	assert_has("  no-open                          deny    enforce             7          7          0\n");
	assert_has("cost not counted; sysctl -w kernel.bpf_stats_enabled=1");
	assert_has("          9          7 /test/vm_tool_stats\n");
}

static void test_cost_is_counted_where_the_kernel_does(void **state)
{
	const char *runs_of;
	pid_t pid;

	(void)state;
	pid = run_start(0, LIST(DIR "/a.yaml"));
	sysctl_write("1");
	secret_try(50);
	expect(DONE, "stats", "--prometheus");
	sysctl_write("0");
	assert_has("krsi_program_runs_total{pid=\"%d\",program=\"file_open\"} ", (int)pid);
	runs_of = strstr(strstr(out, "krsi_program_runs_total{"), "program=\"file_open\"} ");
	assert_true(strtoul(runs_of + strlen("program=\"file_open\"} "), NULL, 10) >= 50);
	assert_has("krsi_program_run_seconds_total{pid=\"%d\",program=\"file_open\"} 0.", (int)pid);
}

static void test_permissive_refuses_nothing(void **state)
{
	int i, fd;

	(void)state;
	run_start(0, LIST("--permissive", DIR "/a.yaml"));
	for (i = 0; i < 3; i++) {
		fd = open(SECRET, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		close(fd);
	}
	expect(DONE, "stats", "--prometheus");
	assert_has("policy=\"a\",rule=\"no-open\",action=\"deny\",mode=\"permissive\"} 3\n");
	assert_has("krsi_rule_refused_total{pid=\"%d\",policy=\"a\",rule=\"no-open\",action=\"deny\",mode=\"permissive\"} 0\n", (int)runs[0]);
	assert_has("krsi_permissive{pid=\"%d\"} 1\n", (int)runs[0]);
}

static void test_losses_are_told_by_operation(void **state)
{
	int i;

	(void)state;
	run_start(0, LIST("--ring-size", "4096", DIR "/a.yaml"));
	assert_int_equal(kill(runs[0], SIGSTOP), 0);	/* nobody reads the rings */
	for (i = 0; i < 3000; i++)
		secret_try(1);
	assert_int_equal(kill(runs[0], SIGCONT), 0);
	secret_try(1);
	/* Delivered and lost are together what there was, at whatever moment it answers. */
	expect(DONE, "stats", "--prometheus");
	assert_has("krsi_operation_events_lost_total{pid=\"%d\",operation=\"file.open\",cause=\"denials\"} ", (int)runs[0]);
	assert_has("rule=\"no-open\",action=\"deny\",mode=\"enforce\"} 3001\n");
}

static void test_several_runs_have_their_pids(void **state)
{
	pid_t one, other;

	(void)state;
	one = run_start(0, LIST(DIR "/a.yaml"));
	other = run_start(1, LIST(DIR "/b.yaml"));
	expect(DONE, "stats", "--prometheus");
	assert_has("krsi_generation{pid=\"%d\"} 1\n", (int)one);
	assert_has("krsi_generation{pid=\"%d\"} 1\n", (int)other);
	expect(DONE, "stats", "--pid", number(other));
	assert_has("policy b, enforce\n");
	assert_has_not("policy a, enforce\n");
	run_end(1, SIGKILL);
	assert_int_equal(access(socket_path(other), F_OK), 0);
	expect(FAILED, "stats", "--pid", number(other));
	expect(DONE, "stats");
	assert_has_not("policy b, enforce\n");
	/* What was killed left its socket, and the next one removes it. */
	run_start(1, LIST(DIR "/b.yaml"));
	assert_int_equal(access(socket_path(other), F_OK), -1);
	run_end(1, SIGTERM);
	run_end(0, SIGTERM);
	assert_int_equal(access(socket_path(one), F_OK), -1);
}

static void test_only_root_may_ask(void **state)
{
	struct stat st;

	(void)state;
	run_start(0, LIST(DIR "/a.yaml"));
	assert_int_equal(stat("/run/krsi", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(socket_path(runs[0]), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(tool(NOBODY, LIST("stats")), FAILED);
	assert_has("only root may ask");
}

static void test_no_stats_listens_nowhere(void **state)
{
	(void)state;
	run_start(0, LIST("--no-stats", DIR "/a.yaml"));
	secret_try(1);
	assert_int_equal(access(socket_path(runs[0]), F_OK), -1);
	expect(FAILED, "stats");
}

static void test_a_directory_in_the_way_is_no_obstacle(void **state)
{
	(void)state;
	assert_int_equal(system("rm -rf /run/krsi && touch /run/krsi"), 0);
	run_start(0, LIST(DIR "/a.yaml"));
	secret_try(1);
}

static void test_who_does_not_read_does_not_delay_events(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fds[12];
	size_t i;

	(void)state;
	run_start(0, LIST("--output", DIR "/log", DIR "/a.yaml"));
	strcpy(address.sun_path, socket_path(runs[0]));
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof(address)), 0);
	}
	secret_try(20);
	expect(DONE, "stats", "--prometheus");
	assert_has("krsi_events_total{pid=\"%d\"} 20\n", (int)runs[0]);
	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

static void test_top_prints_one_table_after_the_other(void **state)
{
	const char *second;

	(void)state;
	run_start(0, LIST(DIR "/a.yaml"));
	secret_try(5);
	expect(DONE, "top", "--count", "2", "--interval", "0.2");
	assert_has("krsi run %d: 5 events, 0 lost, 0 not written\n", (int)runs[0]);
	assert_has("         5         -          5         - a/no-open\n");
	assert_has("         5       0.0          5       0.0 a/no-open\n");
	assert_has("cost: not counted; sysctl -w kernel.bpf_stats_enabled=1");
	assert_has("%d /test/vm_tool_stats\n", (int)getpid());
	assert_has_not("\033");
	second = strstr(strstr(out, "krsi run ") + 1, "krsi run ");
	assert_non_null(second);
	assert_null(strstr(second + 1, "krsi run "));
}

static void test_ps_shows_a_child_below_its_parent(void **state)
{
	pid_t child, grandchild;
	const char *line, *other;
	char words[64];

	(void)state;
	child = child_start();
	grandchild = child_start();
	expect(DONE, "ps");
	assert_has("    PID USER         LOGIN        CONTAINER                PROGRAM  CGROUP\n");
	snprintf(words, sizeof(words), "\n%7d ", (int)getpid());
	line = strstr(out, words);
	assert_non_null(line);
	snprintf(words, sizeof(words), "\n%7d ", (int)child);
	other = strstr(line, words);
	assert_non_null(other);
	/* Further to the right. */
	assert_true(strstr(other, "- /test/vm_tool_stats") - other > strstr(line, "- /test/vm_tool_stats") - line);
	assert_has("[kthreadd]");
	expect(DONE, "ps", number(child));
	assert_has("\n%7d ", (int)child);
	assert_has("\n%7d ", (int)getpid());
	assert_has_not("\n%7d ", (int)grandchild);	/* it is a sibling */
	assert_has_not("kthreadd");
	expect(DONE, "ps", "--json", number(child));
	assert_has("{\"type\":\"process\",\"pid\":%d,", (int)child);
	assert_has("\"ppid\":%d,", (int)getpid());
	child_end(child);
	child_end(grandchild);
	expect(FAILED, "ps", number(child));
	assert_has("krsi: there is no process %d\n", (int)child);
}

static void test_ps_leaves_nothing(void **state)
{
	struct vm_count before;

	(void)state;
	before = vm_count();
	expect(DONE, "ps");
	vm_wait_for_count(before);
}

static int setup(void **state)
{
	(void)state;
	if (system("rm -rf " DIR " /run/krsi && mkdir -m 0755 -p /run " DIR))
		return -1;
	file_write(SECRET, "secret");
	file_write(DIR "/a.yaml", POLICY("a"));
	file_write(DIR "/b.yaml", POLICY("b"));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	run_end(0, SIGKILL);
	run_end(1, SIGKILL);
	return 0;
}

#define tool_stats_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tool_stats_test(test_without_a_run_it_says_so),
		tool_stats_test(test_counts_are_exact),
		tool_stats_test(test_cost_is_counted_where_the_kernel_does),
		tool_stats_test(test_permissive_refuses_nothing),
		tool_stats_test(test_losses_are_told_by_operation),
		tool_stats_test(test_several_runs_have_their_pids),
		tool_stats_test(test_only_root_may_ask),
		tool_stats_test(test_no_stats_listens_nowhere),
		tool_stats_test(test_a_directory_in_the_way_is_no_obstacle),
		tool_stats_test(test_who_does_not_read_does_not_delay_events),
		tool_stats_test(test_top_prints_one_table_after_the_other),
		tool_stats_test(test_ps_shows_a_child_below_its_parent),
		tool_stats_test(test_ps_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

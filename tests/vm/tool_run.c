/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* krsi run, which is /test/krsi here: policies in force from the moment it says so until it is told to end. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOOL "/test/krsi"
#define DIR "/tmp/run"
#define PROGRAM DIR "/program"
#define SECRET DIR "/a secret\nfile"
#define POLICY DIR "/policy.yaml"
#define PIDFILE DIR "/pid"
#define NOBODY 65534
#define READY_FD 9

#define PATIENCE_MS 40000

enum exit_code { DONE = 0, FAILED = 1, USAGE = 2, WRONG_POLICY = 3, UNSUPPORTED = 4 };

#define HEAD "version: 1\nname: test\nrules:\n"
#define NO_EXEC "  - { name: no-exec, on: process.exec, object: { path: \"" DIR "/**\" }, action: deny }\n"
#define NO_OPEN "  - { name: no-open, on: file.open, object: { path: '" DIR "/a\\x20secret\\x0afile' }, action: { deny: EACCES } }\n"

/* --- the command ----------------------------------------------------------------- */

/* What came through a pipe until now. */
struct stream {
	int fd;
	size_t size;
	char text[2 * 1024 * 1024];	/* all that both rings can hold, as JSON */
};

struct run {
	pid_t pid;		/* 0: none */
	int ready;
	int code;
	struct stream out, err;
};

/* cmocka runs one test at a time, and these are too large for the stack. */
static struct run run, second;

static void __attribute__((noreturn)) child_exec(int out, int err, int ready, uid_t uid, const char *const argv[])
{
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	dup2(ready, READY_FD);
	if (setgid(uid) || setuid(uid))
		_exit(126);
	execv(TOOL, (char *const *)argv);
	_exit(127);
}

static void stream_start(struct stream *stream, int fd)
{
	stream->fd = fd;
	stream->size = 0;
	stream->text[0] = '\0';
}

static void tool_start(struct run *to, uid_t uid, const char *const argv[])
{
	int out[2], err[2], ready[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	to->pid = fork();
	assert_true(to->pid >= 0);
	if (to->pid == 0)
		child_exec(out[1], err[1], ready[1], uid, argv);
	close(out[1]);
	close(err[1]);
	close(ready[1]);
	stream_start(&to->out, out[0]);
	stream_start(&to->err, err[0]);
	to->ready = ready[0];
}

/* One read. false at the end. */
static bool stream_read(struct stream *stream)
{
	struct pollfd ready = { .fd = stream->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&ready, 1, PATIENCE_MS) != 1)
		fail_msg("nothing came for %d seconds; until then: %s", PATIENCE_MS / 1000, stream->text);
	assert_true(stream->size < sizeof(stream->text) - 1);
	n = read(stream->fd, stream->text + stream->size, sizeof(stream->text) - 1 - stream->size);
	if (n <= 0)
		return false;
	stream->size += (size_t)n;
	stream->text[stream->size] = '\0';
	return true;
}

/* Read until these words came. */
static void stream_wait(struct stream *stream, const char *words)
{
	while (!strstr(stream->text, words))
		if (!stream_read(stream))
			fail_msg("\"%s\" did not come: %s", words, stream->text);
}

/* How many times it has the words; "\n" counts lines. */
static unsigned int count(const char *text, const char *words)
{
	unsigned int n = 0;

	for (; (text = strstr(text, words)); text += strlen(words))
		n++;
	return n;
}

static void stream_wait_count(struct stream *stream, const char *words, unsigned int wanted)
{
	while (count(stream->text, words) < wanted)
		if (!stream_read(stream))
			fail_msg("\"%s\" did not come %u times: %s", words, wanted, stream->text);
}

static void tool_finish(struct run *of)
{
	int status;

	while (stream_read(&of->out))
		;
	while (stream_read(&of->err))
		;
	close(of->out.fd);
	close(of->err.fd);
	close(of->ready);
	assert_int_equal(waitpid(of->pid, &status, 0), of->pid);
	of->pid = 0;
	of->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Wait for the line feed on the descriptor: nothing else tells that all is in force. */
static void tool_ready(void)
{
	char byte = 0;
	ssize_t n = read(run.ready, &byte, 1);

	if (n != 1) {
		tool_finish(&run);
		fail_msg("it did not get ready; exit code %d: %s", run.code, run.err.text);
	}
	assert_int_equal(byte, '\n');
	assert_int_equal(read(run.ready, &byte, 1), 0);
}

#define LIST(...) ((const char *const []){ "krsi", "run", __VA_ARGS__, NULL })
#define start(...)							\
	do {								\
		tool_start(&run, 0, LIST("--ready-fd", "9", __VA_ARGS__));	\
		tool_ready();						\
	} while (0)

static void end(int number)
{
	assert_int_equal(kill(run.pid, number), 0);
	tool_finish(&run);
	if (run.code != DONE)
		print_message("# exit code %d: %s\n", run.code, run.err.text);
	assert_int_equal(run.code, DONE);
}

#define assert_has(text, words) has_assert((text), (words), true, __FILE__, __LINE__)
#define assert_has_not(text, words) has_assert((text), (words), false, __FILE__, __LINE__)

static void has_assert(const char *text, const char *words, bool wanted, const char *file, int line)
{
	bool found = strstr(text, words);

	if (found != wanted)
		print_message("# \"%s\" is %sin: %s\n", words, found ? "" : "not ", text);
	_assert_true(found == wanted, words, file, line);
}

/* --- deeds ------------------------------------------------------------------------- */

static void file_write(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* 0, or the errno of execve(2). */
static int try_exec(void)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		execl(PROGRAM, "program", NULL);
		_exit(errno);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* 0, or the errno of open(2). */
static int try_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* --- tests --------------------------------------------------------------------------- */

static void test_the_backend_lsm_is_refused_where_nobody_would_call_it(void **state)
{
	(void)state;
	if (vm_bpf_is_active())
		skip_because("bpf is in the active LSM list of this boot");
	tool_start(&run, 0, LIST("--backend", "lsm", "--pidfile", PIDFILE, POLICY));
	tool_finish(&run);
	assert_has(run.err.text, "boot with lsm=");
	assert_has(run.err.text, "or take the backend fmod_ret");
	assert_int_equal(run.code, UNSUPPORTED);
	assert_int_equal(access(PIDFILE, F_OK), -1);
}

static void test_fmod_ret_denies_wherever_it_is_asked_for(void **state)
{
	(void)state;
	start("--backend", "fmod_ret", POLICY);
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	assert_int_equal(try_exec(), 0);
}

/* The process that was refused is our child, and we are somebody's. */
static void test_ancestors_are_told(void **state)
{
	char parent[64];

	(void)state;
	start("--json", "--ancestors", POLICY);
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	snprintf(parent, sizeof(parent), "\"ancestors\":[{\"pid\":%d,\"cookie\":\"", (int)getpid());
	assert_has(run.out.text, parent);
	assert_has(run.out.text, "\"comm\":\"vm_tool_run\"},{\"pid\":");
	assert_has_not(run.out.text, "\"type\":\"fork\"");
}

static void test_denials_begin_when_it_is_ready_and_end_with_it(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	struct vm_count before = vm_count();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		assert_int_equal(try_exec(), 0);
		assert_int_equal(try_open(SECRET), 0);
		start(POLICY);
		assert_int_equal(try_exec(), EPERM);
		assert_int_equal(try_open(SECRET), EACCES);
		assert_int_equal(try_open(POLICY), 0);
		end(signals[i]);
		assert_int_equal(try_exec(), 0);
		assert_int_equal(try_open(SECRET), 0);
		assert_has(run.err.text, "krsi: in force: 1 policy, 2 rules, ");
		assert_has(run.err.text, signals[i] == SIGTERM ? "krsi: ended by SIGTERM: 2 events, 0 lost, 0 not written\n" :
								 "krsi: ended by SIGINT: 2 events, 0 lost, 0 not written\n");
	}
	vm_wait_for_count(before);
}

static void test_events_as_text(void **state)
{
	(void)state;
	start(POLICY);
	assert_int_equal(try_open(SECRET), EACCES);
	stream_wait(&run.out, "\n");	/* at once, not at the end */
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	assert_has(run.out.text, "Z DENIED       file.open        /test/vm_tool_run[");
	assert_has(run.out.text, "] " DIR "/a\\x20secret\\x0afile test/no-open EACCES\n");
	assert_has(run.out.text, "Z DENIED       process.exec     /test/vm_tool_run[");
	assert_has(run.out.text, "] " PROGRAM " test/no-exec EPERM\n");
	assert_int_equal(count(run.out.text, "\n"), 2);
	assert_has_not(run.out.text, "\033");
}

static void test_events_as_json(void **state)
{
	(void)state;
	start("--json", POLICY);
	assert_int_equal(try_open(SECRET), EACCES);
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	assert_int_equal(count(run.out.text, "\n"), 2);
	assert_int_equal(count(run.out.text, "\"verdict\":\"deny\",\"outcome\":\"denied\",\"unresolved\":false,"), 2);
	assert_has(run.out.text, "\"operation\":\"file.open\",\"policy\":\"test\",\"rule\":\"no-open\",\"error\":13,\"error_name\":\"EACCES\",");
	assert_has(run.out.text, "\"operation\":\"process.exec\",\"policy\":\"test\",\"rule\":\"no-exec\",\"error\":1,\"error_name\":\"EPERM\",");
	assert_has(run.out.text, "\"exe\":\"/test/vm_tool_run\",");
	assert_has(run.out.text, "\"path\":\"" DIR "/a secret\\nfile\",");
	assert_has(run.out.text, "\"path\":\"" PROGRAM "\"");
	assert_has(run.out.text, "\"uid\":0,");
}

static void test_times_are_those_of_the_clock(void **state)
{
	time_t before = time(NULL), after, seen;
	struct tm parts = { .tm_isdst = 0 };

	(void)state;
	start("--json", POLICY);
	assert_int_equal(try_open(SECRET), EACCES);
	end(SIGTERM);
	after = time(NULL);
	assert_non_null(strptime(strstr(run.out.text, "\"time\":\"") + 8, "%Y-%m-%dT%H:%M:%S", &parts));
	seen = timegm(&parts);
	assert_true(seen >= before && seen <= after);
}

static void test_permissive_refuses_nothing(void **state)
{
	(void)state;
	file_write(POLICY, HEAD NO_EXEC "  - { name: own, mode: enforce, on: file.open, object: { path: '" DIR "/a\\x20secret\\x0afile' }, "
		   "action: deny }\n", 0644);
	start("--permissive", POLICY);
	assert_int_equal(try_exec(), 0);
	assert_int_equal(try_open(SECRET), 0);
	end(SIGTERM);
	assert_has(run.err.text, "; permissive: nothing is refused\n");
	assert_has(run.out.text, "Z WOULD-DENY   process.exec ");
	assert_has(run.out.text, "Z WOULD-DENY   file.open ");
	assert_has_not(run.out.text, "DENIED");
}

static void test_hup_exchanges_policies(void **state)
{
	(void)state;
	start("--json", POLICY);
	assert_int_equal(try_open(SECRET), EACCES);
	file_write(POLICY, HEAD NO_EXEC, 0644);
	assert_int_equal(kill(run.pid, SIGHUP), 0);
	stream_wait(&run.err, "krsi: in force: 1 policy, 1 rule, ");
	assert_int_equal(try_open(SECRET), 0);
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	assert_has(run.out.text, "\"rule\":\"no-open\"");
	assert_has(run.out.text, "\"rule\":\"no-exec\"");
}

static void test_hup_keeps_policies_when_the_new_ones_are_wrong(void **state)
{
	static const struct {
		const char *text, *words;
		mode_t mode;
	} cases[] = {
		{ HEAD "  - { name: no-exec, on: process.exce, action: deny }\n", "krsi: " POLICY ":4:26: ", 0644 },
		{ "", "krsi: " POLICY ":1:1: ", 0644 },
		{ HEAD NO_EXEC, "lets others write it", 0666 },
		{ NULL, "no such file", 0 },
	};
	size_t i;

	(void)state;
	start(POLICY);
	umask(0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unlink(POLICY);
		if (cases[i].text)
			file_write(POLICY, cases[i].text, cases[i].mode);
		assert_int_equal(kill(run.pid, SIGHUP), 0);
		stream_wait_count(&run.err, "krsi: the policies in force stay as they were\n", (unsigned int)i + 1);
		assert_has(run.err.text, cases[i].words);
		assert_int_equal(try_open(SECRET), EACCES);
		assert_int_equal(try_exec(), EPERM);
	}
	umask(022);
	end(SIGTERM);
	assert_int_equal(try_exec(), 0);
}

static void test_a_policy_that_is_wrong_at_the_start(void **state)
{
	struct vm_count before = vm_count();

	(void)state;
	file_write(POLICY, HEAD NO_EXEC "  - { name: no-exec, on: file.open, action: deny }\n", 0644);
	tool_start(&run, 0, LIST("--ready-fd", "9", "--pidfile", PIDFILE, POLICY));
	assert_int_equal(read(run.ready, &(char){ 0 }, 1), 0);
	tool_finish(&run);
	assert_int_equal(run.code, WRONG_POLICY);
	assert_has(run.err.text, "krsi: " POLICY ":5:");
	assert_int_equal(access(PIDFILE, F_OK), -1);
	assert_int_equal(try_exec(), 0);
	vm_wait_for_count(before);
}

static void test_several_policies(void **state)
{
	(void)state;
	file_write(POLICY, HEAD NO_EXEC, 0644);
	file_write(DIR "/second.yaml", "version: 1\nname: second\nrules:\n" NO_OPEN, 0644);
	start("-v", POLICY, DIR "/second.yaml");
	assert_int_equal(try_exec(), EPERM);
	assert_int_equal(try_open(SECRET), EACCES);
	end(SIGTERM);
	assert_has(run.err.text, "krsi: in force: 2 policies, 2 rules, ");
	assert_has(run.err.text, "krsi: policy second: 1 rule, enforce\n");
	assert_has(run.err.text, "krsi: rule test/no-exec: 1 hit, 0 events kept back");
	assert_has(run.out.text, " test/no-exec EPERM\n");
	assert_has(run.out.text, " second/no-open EACCES\n");
}

static void test_a_second_one_is_refused(void **state)
{
	char line[32], text[32] = "";
	struct stat st;
	int fd;

	(void)state;
	file_write(PIDFILE, "4194303\n", 0600);	/* of one that crashed */
	start("--pidfile", PIDFILE, POLICY);
	snprintf(line, sizeof(line), "%d\n", (int)run.pid);
	fd = open(PIDFILE, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && fstat(fd, &st) == 0);
	close(fd);
	assert_string_equal(text, line);
	assert_int_equal(st.st_mode & 07777, 0644);
	tool_start(&second, 0, LIST("--pidfile", PIDFILE, POLICY));
	tool_finish(&second);
	assert_int_equal(second.code, FAILED);
	assert_has(second.err.text, "is running already\n");
	assert_has_not(second.err.text, "in force");
	assert_int_equal(try_exec(), EPERM);
	assert_int_equal(access(PIDFILE, F_OK), 0);
	end(SIGTERM);
	assert_int_equal(access(PIDFILE, F_OK), -1);
}

static void file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
}

/* Read it when its last line is whole: while the disk is full each try leaves a part of one, which is cut off again at once. */
static void file_read_whole(const char *path, char *text, size_t size)
{
	struct pollfd changed = { .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	char events[4096];

	assert_true(inotify_add_watch(changed.fd, path, IN_MODIFY) >= 0);
	for (;;) {
		file_read(path, text, size);
		if (*text && text[strlen(text) - 1] == '\n')
			break;
		assert_int_equal(poll(&changed, 1, PATIENCE_MS), 1);
		assert_true(read(changed.fd, events, sizeof(events)) > 0);
	}
	close(changed.fd);
}

/* Each line begins with a time of this century, and the last one ends. */
static void lines_are_whole(const char *text)
{
	const char *at = text;

	while (*at) {
		if (strncmp(at, "20", 2) != 0)
			fail_msg("no line begins so: %.80s", at);
		at = strchr(at, '\n');
		assert_non_null(at);
		at++;
	}
}

static void test_output_follows_logrotate(void **state)
{
	static char text[8192];

	(void)state;
	start("--output", DIR "/log", POLICY);
	assert_int_equal(try_open(SECRET), EACCES);
	assert_int_equal(rename(DIR "/log", DIR "/log.1"), 0);
	assert_int_equal(kill(run.pid, SIGHUP), 0);
	stream_wait_count(&run.err, "krsi: in force: ", 2);
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	assert_string_equal(run.out.text, "");
	file_read(DIR "/log.1", text, sizeof(text));
	assert_has(text, "test/no-open EACCES\n");
	assert_has_not(text, "no-exec");
	file_read(DIR "/log", text, sizeof(text));
	assert_has(text, "test/no-exec EPERM\n");
}

/* The sum of what a member of some lines says. */
static unsigned int sum(const char *text, const char *name)
{
	unsigned int n = 0;

	for (; (text = strstr(text, name)); text += strlen(name))
		n += (unsigned int)strtoul(text + strlen(name), NULL, 10);
	return n;
}

#define FLOOD 5000

static void test_a_full_ring_denies_just_the_same(void **state)
{
	char summary[64];
	int i;

	(void)state;
	start("--json", "--ring-size", "4096", POLICY);
	/* Nobody reads stdout, so nobody reads the ring. */
	for (i = 0; i < FLOOD; i++)
		assert_int_equal(try_open(SECRET), EACCES);
	stream_wait(&run.out, "\"type\":\"lost\"");
	assert_int_equal(try_exec(), EPERM);
	kill(run.pid, SIGTERM);
	tool_finish(&run);
	assert_int_equal(run.code, DONE);
	assert_has(run.out.text, "\"cause\":\"ring\",\"count\":");
	assert_int_equal(run.out.text[run.out.size - 1], '\n');
	/* No event is missing without being counted. */
	assert_int_equal(count(run.out.text, "\"type\":\"event\"") + sum(run.out.text, "\"cause\":\"ring\",\"count\":"), FLOOD + 1);
	snprintf(summary, sizeof(summary), "%u events, %u lost, 0 not written\n", count(run.out.text, "\"type\":\"event\""),
		 sum(run.out.text, "\"cause\":\"ring\",\"count\":"));
	assert_has(run.err.text, summary);
}

static void test_a_reader_that_goes_does_not_end_it(void **state)
{
	(void)state;
	start(POLICY);
	close(run.out.fd);
	run.out.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(try_open(SECRET), EACCES);
	stream_wait(&run.err, "krsi: stdout: nobody reads it any more; ");
	assert_int_equal(try_exec(), EPERM);
	end(SIGTERM);
	assert_has(run.err.text, ": 2 events, 0 lost, 2 not written\n");
}

static void test_a_full_disk_does_not_end_it(void **state)
{
	static char text[64 * 1024];
	int i;

	(void)state;
	assert_int_equal(system("mkdir -p " DIR "/small && mount -t tmpfs -o size=16k tmpfs " DIR "/small"), 0);
	start("--output", DIR "/small/log", POLICY);
	for (i = 0; i < 300; i++)
		assert_int_equal(try_open(SECRET), EACCES);
	stream_wait(&run.err, "krsi: " DIR "/small/log: No space left on device; events are dropped and counted");
	file_read_whole(DIR "/small/log", text, sizeof(text));
	lines_are_whole(text);
	/* Room for all that still comes: what was emptied only might be full again before anything is seen of it. */
	assert_int_equal(system("mount -o remount,size=1m " DIR "/small"), 0);
	assert_int_equal(try_exec(), EPERM);
	stream_wait(&run.err, "/small/log: can be written again; ");
	end(SIGTERM);
	file_read(DIR "/small/log", text, sizeof(text));
	lines_are_whole(text);
	assert_has(text, "could not be written, ");
	assert_has(text, "test/no-exec EPERM\n");
	assert_int_equal(system("umount " DIR "/small"), 0);
}

static void test_without_privilege_it_says_what_is_missing(void **state)
{
	(void)state;
	tool_start(&run, NOBODY, LIST("--ready-fd", "9", POLICY));
	tool_finish(&run);
	assert_int_equal(run.code, FAILED);
	assert_has(run.err.text, "CAP_BPF");
	assert_has_not(run.err.text, "in force");
}

static int setup(void **state)
{
	(void)state;
	if (system("rm -rf " DIR " && mkdir -m 0755 " DIR))
		return -1;
	file_write(PROGRAM, "#!/bin/sh\nexit 0\n", 0755);
	file_write(SECRET, "secret", 0644);
	file_write(POLICY, HEAD NO_EXEC NO_OPEN, 0644);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (run.pid > 0) {
		kill(run.pid, SIGKILL);
		waitpid(run.pid, NULL, 0);
		run.pid = 0;
	}
	umount2(DIR "/small", MNT_DETACH);
	return 0;
}

#define tool_run_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tool_run_test(test_the_backend_lsm_is_refused_where_nobody_would_call_it),
		tool_run_test(test_fmod_ret_denies_wherever_it_is_asked_for),
		tool_run_test(test_ancestors_are_told),
		tool_run_test(test_denials_begin_when_it_is_ready_and_end_with_it),
		tool_run_test(test_events_as_text),
		tool_run_test(test_events_as_json),
		tool_run_test(test_times_are_those_of_the_clock),
		tool_run_test(test_permissive_refuses_nothing),
		tool_run_test(test_hup_exchanges_policies),
		tool_run_test(test_hup_keeps_policies_when_the_new_ones_are_wrong),
		tool_run_test(test_a_policy_that_is_wrong_at_the_start),
		tool_run_test(test_several_policies),
		tool_run_test(test_a_second_one_is_refused),
		tool_run_test(test_output_follows_logrotate),
		tool_run_test(test_a_full_ring_denies_just_the_same),
		tool_run_test(test_a_reader_that_goes_does_not_end_it),
		tool_run_test(test_a_full_disk_does_not_end_it),
		tool_run_test(test_without_privilege_it_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

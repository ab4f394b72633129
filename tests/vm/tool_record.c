/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * krsi record, replay and learn, which are /test/krsi here: what a program does is recorded, also when the recorder is
 * killed; a policy that is made of it lets the program go on, and refuses it what is new.
 */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOL "/test/krsi"
#define DIR "/tmp/record"
#define PROGRAM DIR "/worker"	/* this program once more, under another name */
#define DATA DIR "/data"
#define SECRET DIR "/secret"
#define RECORDING DIR "/recording"
#define POLICY DIR "/learned.yaml"
#define READY_FD 9
#define FILES 12
#define PATIENCE_MS 40000

enum exit_code { DONE = 0, FAILED = 1 };

/* --- the recorded program --------------------------------------------------------- */

/* Read some files, write one, and run a program. 0, or the errno of what failed first. */
static int work(void)
{
	char path[64];
	int fd, i;

	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), DATA "/file-%c", 'a' + i);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return errno;
		close(fd);
	}
	snprintf(path, sizeof(path), "/tmp/worker-%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return unlink(path) ? errno : 0;
}

static int deed(void)
{
	int fd = open(SECRET, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Run the program. Its exit code, which is an errno or 0. */
static int program(const char *what)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		execl(PROGRAM, "worker", what, NULL);
		_exit(errno);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* --- the command -------------------------------------------------------------------- */

static pid_t running;
static char output[256 * 1024], errors[64 * 1024];

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

static void file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static pid_t tool_start(int ready, const char *const argv[])
{
	pid_t child = fork();
	int out, err;

	assert_true(child >= 0);
	if (child)
		return child;
	out = open(DIR "/stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	err = open(DIR "/stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (out < 0 || err < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 || (ready >= 0 && dup2(ready, READY_FD) < 0))
		_exit(126);
	execv(TOOL, (char *const *)argv);
	_exit(127);
}

static int tool_finish(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	file_read(DIR "/stdout", output, sizeof(output));
	file_read(DIR "/stderr", errors, sizeof(errors));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define LIST(...) ((const char *const []){ "krsi", __VA_ARGS__, NULL })

static void tool(int code, const char *const argv[])
{
	int got = tool_finish(tool_start(-1, argv));

	if (got != code)
		print_message("# exit code %d: %s%s\n", got, output, errors);
	assert_int_equal(got, code);
}

/* Start what stays, and wait until all is in force. */
static void start(const char *const argv[])
{
	char byte = 0;
	int ready[2];

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	running = tool_start(ready[1], argv);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		tool_finish(running);
		running = 0;
		fail_msg("it did not get ready: %s", errors);
	}
	close(ready[0]);
}

static void end(void)
{
	assert_int_equal(kill(running, SIGTERM), 0);
	assert_int_equal(tool_finish(running), DONE);
	running = 0;
}

#define assert_has(text, words)								\
	do {										\
		if (!strstr((text), (words)))						\
			fail_msg("\"%s\" is not in: %.4000s", (words), (text));	\
	} while (0)

/* --- tests ------------------------------------------------------------------------------ */

static void test_what_happens_is_recorded(void **state)
{
	(void)state;
	start(LIST("record", "--ready-fd", "9", RECORDING));
	assert_int_equal(program("work"), 0);
	assert_int_equal(program("deed"), 0);
	end();
	assert_has(errors, " 0 lost, 0 not written\n");
	tool(DONE, LIST("replay", RECORDING));
	assert_has(output, " " DATA "/file-a krsi-record/all -\n");
	assert_has(output, " process.exec ");
	assert_has(output, " file.unlink ");
	assert_has(output, " FORK ");
	assert_has(output, " EXIT ");
	assert_has(output, " " SECRET " krsi-record/all -\n");
	/* Who descends from whom is in it, also of processes that were there. */
	file_write(DIR "/parent.yaml", "version: 1\nname: parent\nrules:\n"
		      "  - { name: child, on: file.read, subject: { parent: { exe: /test/vm_tool_record } }, object: { path: " SECRET " }, action: deny }\n");
	tool(DONE, LIST("replay", "--policy", DIR "/parent.yaml", RECORDING));
	assert_has(output, " WOULD-DENY   file.read ");
	assert_has(errors, " 1 would be denied, 0 audited, 0 not sure, none lost");
}

static void test_on_chooses_operations(void **state)
{
	(void)state;
	start(LIST("record", "--ready-fd", "9", "--on", "process.exec,file.unlink", RECORDING));
	assert_int_equal(program("work"), 0);
	end();
	tool(DONE, LIST("replay", RECORDING));
	assert_has(output, " krsi-record/chosen -\n");
	assert_has(output, " file.unlink ");
	assert_null(strstr(output, " file.read "));
}

/* Wait until a recording has grown, then kill who writes it. */
static void test_what_was_written_before_a_kill_can_be_read(void **state)
{
	struct pollfd changed = { .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	char events[4096];

	(void)state;
	/* Replaying does none of these itself. */
	start(LIST("record", "--ready-fd", "9", "--on", "file.unlink", RECORDING));
	assert_true(inotify_add_watch(changed.fd, RECORDING, IN_MODIFY) >= 0);
	assert_int_equal(program("work"), 0);
	for (;;) {
		tool_finish(tool_start(-1, LIST("replay", RECORDING)));	/* it may end in the middle of a write */
		if (strstr(output, " file.unlink "))
			break;
		assert_int_equal(poll(&changed, 1, PATIENCE_MS), 1);
		assert_true(read(changed.fd, events, sizeof(events)) > 0);
	}
	close(changed.fd);
	assert_int_equal(program("deed"), 0);
	assert_int_equal(kill(running, SIGKILL), 0);
	tool_finish(running);
	running = 0;
	if (tool_finish(tool_start(-1, LIST("replay", RECORDING))) != DONE)
		assert_has(errors, "damaged at byte ");
	assert_has(output, " file.unlink ");
	assert_has(output, " krsi-record/chosen -\n");
}

static void test_a_learned_policy_lets_it_work_and_nothing_else(void **state)
{
	static char policy[64 * 1024];

	(void)state;
	start(LIST("record", "--ready-fd", "9", "--on", "process.exec,file.read,file.write,file.create,file.unlink,file.exec_mmap", RECORDING));
	assert_int_equal(program("work"), 0);
	assert_int_equal(program("work"), 0);
	end();
	tool(DONE, LIST("learn", "--exe", PROGRAM, "--enforce", "-o", POLICY, RECORDING));
	file_read(POLICY, policy, sizeof(policy));
	assert_has(policy, "- '" DATA "/*'  # 24, such as " DATA "/file-a\n");
	assert_has(policy, "- '/tmp/worker-*'");
	tool(DONE, LIST("check", POLICY));
	tool(DONE, LIST("replay", "--policy", POLICY, RECORDING));
	assert_has(errors, " 0 would be denied, ");
	assert_int_equal(program("deed"), 0);
	start(LIST("run", "--ready-fd", "9", POLICY));
	assert_int_equal(program("work"), 0);
	assert_int_equal(program("deed"), EPERM);
	assert_int_equal(deed(), 0);	/* by another program */
	end();
	assert_has(output, " DENIED       file.read ");
	assert_has(output, " " SECRET " learned/p1-worker-otherwise EPERM\n");
}

static void test_a_recording_is_rotated(void **state)
{
	int i;

	(void)state;
	start(LIST("record", "--ready-fd", "9", "--on", "file.read,process.exec", "--rotate-size", "16K", "--rotate-count", "3", RECORDING));
	for (i = 0; i < 5; i++)
		assert_int_equal(program("work"), 0);
	end();
	assert_has(errors, " 0 not written\n");
	tool(DONE, LIST("replay", RECORDING));
	tool(DONE, LIST("replay", RECORDING ".1"));
	assert_has(output, "krsi-record/chosen");
}

static int setup(void **state)
{
	char path[64];
	int i;

	(void)state;
	if (system("rm -rf " DIR " && mkdir -m 0755 " DIR " " DATA ""))
		return -1;
	snprintf(path, sizeof(path), "cp /proc/%d/exe " PROGRAM, (int)getpid());
	if (system(path))
		return -1;
	for (i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), DATA "/file-%c", 'a' + i);
		file_write(path, "data");
	}
	file_write(SECRET, "secret");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (running > 0) {
		kill(running, SIGKILL);
		waitpid(running, NULL, 0);
		running = 0;
	}
	return 0;
}

#define record_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		record_test(test_what_happens_is_recorded),
		record_test(test_on_chooses_operations),
		record_test(test_what_was_written_before_a_kill_can_be_read),
		record_test(test_a_learned_policy_lets_it_work_and_nothing_else),
		record_test(test_a_recording_is_rotated),
	};

	if (argc > 1)
		return strcmp(argv[1], "work") == 0 ? work() : deed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

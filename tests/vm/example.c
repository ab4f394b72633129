/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "example.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Emulated kernels are slow, and a machine may be busy. */
#define PATIENCE_MS 60000

#define LINE_MAX_SIZE (1 << 20)

static struct {
	pid_t pid;			/* 0 while none runs */
	int out, err;
	char text[LINE_MAX_SIZE];	/* what was read of `out`; a line that was handed out is at its front */
	size_t used;
	size_t line;			/* size of that line, its line feed included */
} example;

const char *text_format(char *to, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(to, size, fmt, args);
	va_end(args);
	return to;
}

/* --- an example and its lines -------------------------------------------- */

void example_start(const char *const argv[], uid_t uid)
{
	int out[2], err[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	example.pid = fork();
	if (example.pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		if (setresuid(uid, uid, uid))
			_exit(99);
		prctl(PR_SET_PDEATHSIG, SIGKILL);	/* a change of the user would undo it */
		execv(TEXT("/test/%s", argv[0]), (char *const *)argv);
		_exit(99);
	}
	close(out[1]);
	close(err[1]);
	example.out = out[0];
	example.err = err[0];
	example.used = 0;
	example.line = 0;
}

/* Read more lines; false at the end of file. */
static bool lines_read(void)
{
	struct pollfd ready = { .fd = example.out, .events = POLLIN };
	ssize_t n;

	if (poll(&ready, 1, PATIENCE_MS) != 1)
		fail_msg("no line came in %d seconds", PATIENCE_MS / 1000);
	n = read(example.out, example.text + example.used, LINE_MAX_SIZE - example.used);
	assert_true(n >= 0);
	example.used += (size_t)n;
	return n > 0;
}

const char *line_next(void)
{
	char *feed;

	example.used -= example.line;
	memmove(example.text, example.text + example.line, example.used);
	example.line = 0;
	while (!(feed = memchr(example.text, '\n', example.used))) {
		assert_true(example.used < LINE_MAX_SIZE);
		if (!lines_read())
			return NULL;
	}
	*feed = '\0';
	example.line = (size_t)(feed + 1 - example.text);
	return example.text;
}

void assert_has(const char *line, const char *words)
{
	if (!line || !strstr(line, words))
		fail_msg("\"%s\" is not in: %.2000s", words, line ? line : "(nothing)");
}

void assert_has_not(const char *line, const char *words)
{
	if (!line || strstr(line, words))
		fail_msg("\"%s\" is in: %.2000s", words, line ? line : "(nothing)");
}

void assert_ends(const char *line, const char *words)
{
	size_t size = line ? strlen(line) : 0;

	if (size < strlen(words) || strcmp(line + size - strlen(words), words) != 0)
		fail_msg("\"%s\" does not end: %.2000s", words, line ? line : "(nothing)");
}

const char *expect_words(const char *const words[])
{
	const char *line = line_next();

	for (; *words; words++)
		assert_has(line, *words);
	return line;
}

/* Wait for the end of the example: its exit code, or 128 and the signal. */
static int example_wait(void)
{
	int status;

	assert_int_equal(waitpid(example.pid, &status, 0), example.pid);
	example.pid = 0;
	close(example.out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What it said on stderr, after its end. */
static const char *complaint_read(void)
{
	static char text[8192];
	size_t used = 0;
	ssize_t n;

	while ((n = read(example.err, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	close(example.err);
	text[used] = '\0';
	return text;
}

void example_ready(const char *const argv[])
{
	const char *line;

	example_start(argv, 0);
	line = line_next();
	if (!line) {
		example_wait();
		fail_msg("%s does not start: %s", argv[0], complaint_read());
	}
	assert_string_equal(line, "ready");
}

void example_signal(int number)
{
	assert_int_equal(kill(example.pid, number), 0);
}

void example_ended(void)
{
	assert_null(line_next());
	assert_int_equal(example_wait(), 0);
	assert_int_equal(close(example.err), 0);
}

const char *example_end(int signal_number)
{
	static char last[128];
	const char *line;

	example_signal(signal_number);
	line = line_next();
	assert_non_null(line);
	if (strncmp(line, "ended: ", 7) != 0)
		fail_msg("a line that nothing explains: %s", line);
	snprintf(last, sizeof(last), "%s", line);
	example_ended();
	return last;
}

const char *example_fails(int code)
{
	const char *complaint;

	assert_null(line_next());
	assert_int_equal(example_wait(), code);
	complaint = complaint_read();
	assert_int_not_equal(*complaint, '\0');
	return complaint;
}

/* --- processes to provoke it with ---------------------------------------- */

/* A program that runs is known by the pipe that execve() closed. */
int spawn(const struct start *start, pid_t *pid)
{
	const char *const *envp = start->envp ? start->envp : LIST(NULL);
	int status[2], null, err = 0;

	assert_int_equal(pipe2(status, O_CLOEXEC), 0);
	*pid = fork();
	if (*pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		if (start->prepare)
			start->prepare();
		execve(start->path, (char *const *)start->argv, (char *const *)envp);
		err = errno;
		_exit(write(status[1], &err, sizeof(err)) != sizeof(err));
	}
	close(status[1]);
	if (read(status[0], &err, sizeof(err)) == sizeof(err))
		waitpid(*pid, NULL, 0);
	close(status[0]);
	return err;
}

int run(const struct start *start)
{
	int status, err;
	pid_t pid;

	err = spawn(start, &pid);
	if (err)
		return -err;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_argv(const char *path, const char *const argv[], const char *const envp[])
{
	return run(&(struct start){ .path = path, .argv = argv, .envp = envp });
}

void kill_and_wait(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* --- files ----------------------------------------------------------------- */

static void copy_to(const char *from, int to)
{
	char bytes[1 << 16];
	ssize_t n;
	int in;

	in = open(from, O_RDONLY | O_CLOEXEC);
	assert_true(in >= 0 && to >= 0);
	while ((n = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(to, bytes, (size_t)n), n);
	close(in);
}

void file_copy(const char *from, const char *to)
{
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	copy_to(from, out);
	close(out);
}

void file_write(const char *path, const char *text)
{
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_true(out >= 0);
	assert_int_equal(write(out, text, strlen(text)), strlen(text));
	close(out);
}

int memfd_copy(const char *from, const char *name)
{
	int memfd, fd;

	memfd = memfd_create(name, MFD_CLOEXEC);
	copy_to(from, memfd);
	fd = open(TEXT("/proc/self/fd/%d", memfd), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	close(memfd);	/* what is open for writing cannot be executed */
	return fd;
}

/* --- tests ------------------------------------------------------------------ */

int example_setup(void **state)
{
	(void)state;
	return mkdir(DIR, 0755) && errno != EEXIST;
}

/* An example that a failed test left running must not disturb the next. */
int example_teardown(void **state)
{
	(void)state;
	if (!example.pid)
		return 0;
	kill_and_wait(example.pid);
	example.pid = 0;
	close(example.out);
	close(example.err);
	return 0;
}

void skip_unless_lsm_active(void)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
}

/* deleted-exe is not on hooks but behind them, and does not mind. */
static bool needs_lsm(void)
{
	return strcmp(example_argv[0], "deleted-exe") != 0;
}

void test_help_and_wrong_usage(void **state)
{
	const char *usage = TEXT("usage: %s", example_argv[0]);

	(void)state;
	example_start(LIST(example_argv[0], "--help"), 0);
	assert_has(line_next(), usage);
	while (line_next())
		;
	assert_int_equal(example_wait(), 0);
	assert_string_equal(complaint_read(), "");
	example_start(LIST(example_argv[0], "--no-such-option"), 0);
	assert_has(example_fails(2), usage);
}

void test_ends_by_either_signal(void **state)
{
	(void)state;
	if (needs_lsm())
		skip_unless_lsm_active();
	example_ready(example_argv);
	assert_string_equal(example_end(SIGINT), "ended: 0 records, 0 lost");
	example_ready(example_argv);
	assert_string_equal(example_end(SIGTERM), "ended: 0 records, 0 lost");
}

void test_fails_without_privilege(void **state)
{
	(void)state;
	example_start(example_argv, 65534);
	assert_has(example_fails(1), "it needs CAP_BPF and CAP_PERFMON");
}

void test_fails_when_the_kernel_would_not_call_it(void **state)
{
	(void)state;
	if (vm_bpf_is_active())
		skip_because("bpf is in the active LSM list of this boot");
	example_start(example_argv, 0);
	assert_has(example_fails(1), "boot with lsm=");
}

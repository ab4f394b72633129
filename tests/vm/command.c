/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm.h"

#define NOBODY 65534

struct run run;

static void __attribute__((noreturn)) child_exec(const struct how *how, int out, const char *const argv[])
{
	int err = open(STDERR_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	setenv("TERM", "xterm", 1);
	if (how->variable)
		putenv(strdup(how->variable));
	if (how->nobody && (setgid(NOBODY) || setuid(NOBODY)))
		_exit(126);
	execv(TOOL, (char *const *)argv);
	_exit(127);
}

void tool_start(const struct how *how, const char *const argv[])
{
	int fds[2];

	run.size = 0;
	run.out[0] = '\0';
	if (how->terminal) {
		fds[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(fds[0] >= 0 && grantpt(fds[0]) == 0 && unlockpt(fds[0]) == 0);
		fds[1] = open(ptsname(fds[0]), O_RDWR | O_NOCTTY | O_CLOEXEC);
		assert_true(fds[1] >= 0);
	} else {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	}
	run.pid = fork();
	assert_true(run.pid >= 0);
	if (run.pid == 0)
		child_exec(how, fds[1], argv);
	close(fds[1]);
	run.fd = fds[0];
}

bool tool_read_until(const char *words)
{
	struct pollfd ready = { .fd = run.fd, .events = POLLIN };
	ssize_t n;

	while (!words || !strstr(run.out, words)) {
		assert_int_equal(poll(&ready, 1, 40 * 1000), 1);
		assert_true(run.size < sizeof(run.out) - 1);
		n = read(run.fd, run.out + run.size, sizeof(run.out) - 1 - run.size);
		if (n <= 0)	/* a terminal that nobody holds any more gives EIO */
			return false;
		run.size += (size_t)n;
		run.out[run.size] = '\0';
	}
	return true;
}

void tool_finish(void)
{
	int status, fd;
	ssize_t n;

	tool_read_until(NULL);
	close(run.fd);
	assert_int_equal(waitpid(run.pid, &status, 0), run.pid);
	run.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fd = open(STDERR_FILE, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, run.err, sizeof(run.err) - 1);
	assert_true(n >= 0);
	run.err[n] = '\0';
	close(fd);
}

void run_assert(int code, bool holds, const char *what, const char *file, int line)
{
	if (!holds)
		print_message("# %s; exit code %d, wanted %d (or words); stdout:\n%s\n# stderr:\n%s\n", what, run.code, code,
			      run.out, run.err);
	_assert_true(holds, what, file, line);
}

void skip_unless_lsm_active(void)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
}

size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

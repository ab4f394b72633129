/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "evasion.h"

#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* --- files --------------------------------------------------------------- */

void file_make(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* A tree that is deeper than a path can say is moved out of the way by whoever made it. */
static void tree_remove(const char *path)
{
	nftw(path, entry_remove, 64, FTW_DEPTH | FTW_PHYS);
}

static void files_make(void)
{
	assert_int_equal(chdir("/"), 0);
	tree_remove(DIR);
	assert_int_equal(mkdir(DIR, 0755), 0);
	assert_int_equal(mkdir(VAULT, 0755), 0);
	assert_int_equal(mkdir(VAULT "/sub", 0755), 0);
	assert_int_equal(mkdir(OPEN, 0777), 0);
	file_make(SECRET, "secret\n");
	file_make(DEEP, "deep\n");
	file_make(NEIGHBOUR, "neighbour\n");
	file_make(OPEN "/file", "file\n");
}

/* --- policies ------------------------------------------------------------ */

int evasion_group_setup(void **state)
{
	struct krsi_policy *policy;
	char rules[1024];

	(void)state;
	engine_share();
	/* A part that is run alone needs some of the programs, and its cases load them. */
	if (getenv("PARTS"))
		return 0;
	/* All at once, and not a few with each case: every load has to read all the types of the kernel. */
	engine_all_rules(rules, sizeof(rules));
	policy = engine_policy(&policy_engine, rules);
	/* What a kernel is without fails the cases that need it, and no others. */
	if (krsi_engine_prepare(policy_engine.engine, &policy, 1))
		print_message("# nothing is loaded beforehand: %s\n", krsi_ctx_error_detail(policy_engine.ctx));
	krsi_policy_free(policy);
	return 0;
}

int evasion_setup(void **state)
{
	(void)state;
	files_make();
	return 0;
}

int evasion_teardown(void **state)
{
	(void)state;
	policy_stop();
	return 0;
}

void policy_start(const char *rules)
{
	char text[8192];

	assert_true((size_t)snprintf(text, sizeof(text), "version: 1\nname: p\nrules:\n%s", rules) < sizeof(text));
	engine_apply(&policy_engine, text);
}

void policy_stop(void)
{
	assert_ok(policy_engine.ctx, krsi_engine_apply(policy_engine.engine, NULL, 0));
}

/* --- acts ---------------------------------------------------------------- */

int opened(int fd)
{
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int reads_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), err = 0;
	char byte;

	if (fd < 0)
		return errno;
	if (read(fd, &byte, 1) < 0)
		err = errno;
	close(fd);
	return err;
}

int reads(const char *path)
{
	return reads_at(AT_FDCWD, path);
}

int writes(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, "x", 1) < 0)
		err = errno;
	close(fd);
	return err;
}

void prove_reads(void)
{
	denied(reads(SECRET));
	allowed(reads(NEIGHBOUR));
}

void prove_deep(void)
{
	denied(reads(DEEP));
	allowed(reads(NEIGHBOUR));
}

int text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* --- a program to execute ------------------------------------------------ */

#define VICTIM_RAN 42

void file_copy(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)n), n);
	close(in);
	close(out);
}

void program_make(const char *path)
{
	file_copy("/proc/self/exe", path);
}

void *victim_executes(void *victim)
{
	char variable[300], *const argv[] = { (char *)"program", NULL }, *const environment[] = { variable, NULL };

	snprintf(variable, sizeof(variable), "VICTIM=%s", (const char *)victim);
	execve(OTHER_PROGRAM, argv, environment);
	_exit(1);
}

static int child_reads(const char *path)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		_exit(reads(path));
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 1;
	return WEXITSTATUS(status);
}

void victim_main(void)
{
	const char *what = getenv("VICTIM");
	static char then[256];
	pthread_t thread;
	int err = 0;
	char byte;

	if (!what)
		return;
	if (strncmp(what, "wait ", 5) == 0) {
		if (write(1, "", 1) != 1 || read(0, &byte, 1) != 1)
			exit(1);
		what += 5;
	}
	snprintf(then, sizeof(then), "read %s", strchr(what, ' ') ? strchr(what, ' ') + 1 : "");
	if (strncmp(what, "exec ", 5) == 0)
		victim_executes(then);
	if (strncmp(what, "thread ", 7) == 0) {
		pthread_create(&thread, NULL, victim_executes, then);
		pause();
	}
	if (strncmp(what, "read ", 5) == 0)
		err = reads(what + 5);
	if (strncmp(what, "child ", 6) == 0)
		err = child_reads(what + 6);
	exit(err ? err : VICTIM_RAN);
}

int outcome(int status)
{
	int code = WEXITSTATUS(status);

	if (WIFSIGNALED(status))
		return SIGNALED + WTERMSIG(status);
	return code == VICTIM_RAN ? 0 : code == DENIED ? DENIED : EXITED + code;
}

static int executes_either(const char *path, int fd, const char *const *argv, const char *victim)
{
	const char *const only[] = { path, NULL };
	char variable[300], *const environment[] = { variable, NULL };
	int report[2], err = 0, status = 0, null;
	pid_t child;

	snprintf(variable, sizeof(variable), "VICTIM=%s", victim);
	must(pipe2(report, O_CLOEXEC) == 0);
	fflush(stdout);
	child = fork();
	must(child >= 0);
	if (child == 0) {
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
		dup2(null, 1);
		dup2(null, 2);
		if (fd >= 0)
			syscall(SYS_execveat, fd, "", only, environment, AT_EMPTY_PATH);
		else
			execve(path, (char *const *)(argv ? argv : only), environment);
		err = errno;
		_exit(write(report[1], &err, sizeof(err)) != sizeof(err));
	}
	close(report[1]);
	if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report[0]);
	must(waitpid(child, &status, 0) == child);
	return err ? err : outcome(status);
}

int executes(const char *path, const char *const *argv, const char *victim)
{
	return executes_either(path, -1, argv, victim);
}

int executes_fd(int fd, const char *victim)
{
	return executes_either("victim", fd, NULL, victim);
}

struct waiting waits_start(const char *path, const char *victim)
{
	char variable[300], byte, *const environment[] = { variable, NULL };
	const char *const argv[] = { path, NULL };
	struct waiting waiting;
	int ready[2], go[2];

	snprintf(variable, sizeof(variable), "VICTIM=wait %s", victim);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	fflush(stdout);
	waiting.pid = fork();
	assert_true(waiting.pid >= 0);
	if (waiting.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(go[0], 0);
		dup2(ready[1], 1);
		execve(path, (char *const *)argv, environment);
		_exit(1);
	}
	close(ready[1]);
	close(go[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	waiting.go = go[1];
	return waiting;
}

int waits_end(struct waiting *waiting)
{
	int status;

	assert_int_equal(write(waiting->go, "", 1), 1);
	close(waiting->go);
	assert_int_equal(waitpid(waiting->pid, &status, 0), waiting->pid);
	return outcome(status);
}

/* --- children ------------------------------------------------------------ */

#define MUST_FAILED 99

void must_fail(const char *what, const char *file, int line)
{
	printf("# %s:%d: %s: %s\n", file, line, what, strerror(errno));
	fflush(stdout);
	_exit(MUST_FAILED);
}

void namespace_leave(void)
{
	must(unshare(CLONE_NEWNS) == 0);
	/* rootfs is private already. */
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL);
}

int attempt_after(void (*before)(void), int (*act)(void))
{
	int report[2], result, status;
	pid_t child;

	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (before)
			before();
		result = act();
		_exit(write(report[1], &result, sizeof(result)) != sizeof(result));
	}
	close(report[1]);
	if (read(report[0], &result, sizeof(result)) != sizeof(result))
		result = -1;
	close(report[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == MUST_FAILED)
		fail_msg("the attempt could not be made");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the attempt ended with status %#x", (unsigned int)status);
	return result;
}

int attempt(int (*act)(void))
{
	return attempt_after(NULL, act);
}

int attempt_in_namespace(int (*act)(void))
{
	return attempt_after(namespace_leave, act);
}

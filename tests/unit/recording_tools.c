/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "recording_tools.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 24
#define START 1000

char tool_out[256 * 1024], tool_err[16 * 1024];

static char dir[64];
static struct krsi_ctx *ctx;
static struct krsi_recorder *recorder;
static uint64_t sequence;
static int fd;

/* --- the command ------------------------------------------------------------ */

const char *file_write(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return name;
}

void file_read(const char *name, char *text, size_t size)
{
	FILE *file = fopen(name, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, size - 1, file);
	assert_true(n < size - 1);
	text[n] = '\0';
	fclose(file);
}

static void redirect(const char *name, int flags, int to)
{
	int file = open(name, flags, 0600);

	if (file < 0 || dup2(file, to) < 0)
		_exit(126);
	close(file);
}

int tool(const char *const *arguments)
{
	const char *argv[ARGUMENTS_MAX + 2] = { "krsi" };
	int status, i;
	pid_t child;

	for (i = 0; arguments[i]; i++) {
		assert_true(i < ARGUMENTS_MAX);
		argv[i + 1] = arguments[i];
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		redirect("/dev/null", O_RDONLY, STDIN_FILENO);
		redirect("stdout", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
		redirect("stderr", O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
		setenv("LC_ALL", "C", 1);
		execv(TOOL_PROGRAM, (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	file_read("stdout", tool_out, sizeof(tool_out));
	file_read("stderr", tool_err, sizeof(tool_err));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void expect(int code, const char *words, const char *const *arguments)
{
	int got = tool(arguments);

	if (got != code)
		print_message("# exit code %d: %s%s\n", got, tool_out, tool_err);
	assert_int_equal(got, code);
	assert_words(code == DONE ? tool_out : tool_err, words);
}

int dir_make(void **state)
{
	(void)state;
	strcpy(dir, unit_dir_make());
	return chdir(dir);
}

int dir_remove(void **state)
{
	(void)state;
	unit_dir_remove(dir);
	return chdir("/");
}

/* --- recordings --------------------------------------------------------------- */

void recording_begin(const char *name)
{
	assert_int_equal(krsi_ctx_new(NULL, &ctx), 0);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_ok(ctx, krsi_recorder_new(ctx, fd, &recorder));
	sequence = 0;
}

void recording_end(void)
{
	assert_ok(ctx, krsi_recorder_flush(recorder));
	krsi_recorder_free(recorder);
	krsi_ctx_free(ctx);
	close(fd);
}

static void begin(struct event_made *made, const char *operation)
{
	event_begin(made, operation);
	made->policy = "recorded";
	made->rule = "seen";
	made->head.sequence = ++sequence;
	made->head.time = EVENT_TIME + sequence * 1000000000;
}

static void end(struct event_made *made)
{
	event_end(made);
	assert_ok(ctx, krsi_recorder_event(recorder, &made->event));
	event_free(made);
}

static void subject_put(struct event_made *made, uint64_t pid, const char *exe)
{
	event_number_put(made, KRSI_EVENT_PID, pid);
	event_number_put(made, KRSI_EVENT_START_TIME, START);
	event_number_put(made, KRSI_EVENT_PPID, 1);
	event_number_put(made, KRSI_EVENT_PARENT_START_TIME, 1);
	event_number_put(made, KRSI_EVENT_UID, 0);
	event_number_put(made, KRSI_EVENT_GID, 0);
	event_number_put(made, KRSI_EVENT_CAP_EFFECTIVE, 0);
	event_string_put(made, KRSI_EVENT_CGROUP, "/system.slice/web.service");
	if (*exe)
		event_string_put(made, KRSI_EVENT_EXE, exe);
}

void process_add(uint64_t pid, const char *exe)
{
	struct event_made made;

	begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_PROCESS;
	subject_put(&made, pid, exe);
	end(&made);
}

void lost_add(uint64_t count)
{
	struct event_made made;

	begin(&made, "file.read");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, count);
	end(&made);
}

void unwritten_add(uint64_t count)
{
	struct event_made made;

	begin(&made, "");
	made.head.kind = KRSI_EVENT_KIND_LOST;
	event_number_put(&made, KRSI_EVENT_LOST_COUNT, count);
	event_number_put(&made, KRSI_EVENT_LOST_CAUSE, KRSI_EVENT_LOST_OUTPUT);
	end(&made);
}

static void number_put_if(struct event_made *made, uint32_t field, uint64_t number)
{
	if (number)
		event_number_put(made, field, number);
}

void deed_add(const struct deed *deed)
{
	static const uint8_t none[16];
	struct event_made made;

	begin(&made, deed->operation);
	made.head.verdict = (uint8_t)(deed->verdict ? deed->verdict : KRSI_EVENT_AUDIT);
	subject_put(&made, 100, deed->exe ? deed->exe : "/usr/bin/cat");
	if (deed->path)
		event_text_put(&made, KRSI_EVENT_PATH, deed->path, deed->path_size ? deed->path_size : strlen(deed->path), deed->path_flags);
	if (deed->path2)
		event_string_put(&made, KRSI_EVENT_PATH2, deed->path2);
	number_put_if(&made, KRSI_EVENT_FAMILY, deed->family);
	number_put_if(&made, KRSI_EVENT_PORT, deed->port);
	if (memcmp(deed->address, none, sizeof(none)) != 0)
		event_text_put(&made, KRSI_EVENT_ADDRESS, (const char *)deed->address, sizeof(deed->address), 0);
	if (deed->unix_address)
		event_string_put(&made, KRSI_EVENT_UNIX_ADDRESS, deed->unix_address);
	number_put_if(&made, KRSI_EVENT_SIGNAL_NUMBER, deed->signal);
	number_put_if(&made, KRSI_EVENT_FACTS, deed->facts);
	if (deed->target_pid) {
		event_number_put(&made, KRSI_EVENT_TARGET_PID, deed->target_pid);
		event_number_put(&made, KRSI_EVENT_TARGET_START_TIME, START);
	}
	end(&made);
}

void read_add(const char *exe, const char *path)
{
	deed_add(&(struct deed){ .operation = "file.read", .exe = exe, .path = path });
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libkrsi/bpf.h>

#define WAIT_MS 5000

static void file_make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x\n", 2), 2);
	close(fd);
}

static void file_copy(const char *from, const char *to)
{
	char buffer[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		assert_int_equal(write(out, buffer, (size_t)n), n);
	close(in);
	close(out);
}

int engine_files_setup(void **state)
{
	(void)state;
	mkdir(ENGINE_DIR, 0755);
	mkdir(ENGINE_DIR "/dir", 0755);
	mkdir(ENGINE_DIR "/dir/sub", 0755);
	file_make(ENGINE_DIR "/secret");
	file_make(ENGINE_DIR "/other");
	file_make(ENGINE_DIR "/dir/sub/deep");
	file_make(ENGINE_DIR "/xy.conf");
	file_make(ENGINE_DIR "/xyz.conf");
	file_copy("/bin/busybox", ENGINE_DIR "/program");
	return 0;
}

struct krsi_policy *engine_policy(struct engine *e, const char *yaml)
{
	struct krsi_policy *policy = NULL;

	assert_ok(e->ctx, krsi_policy_parse(e->ctx, yaml, strlen(yaml), NULL, &policy));
	return policy;
}

void engine_apply(struct engine *e, const char *yaml)
{
	struct krsi_policy *policy = engine_policy(e, yaml);

	assert_ok(e->ctx, krsi_engine_apply(e->engine, &policy, 1));
	krsi_policy_free(policy);
}

void engine_assert_backend(const struct krsi_engine *engine)
{
	struct krsi_engine_info info = { .sz = sizeof(info) };

	assert_int_equal(krsi_engine_info(engine, &info), 0);
	assert_int_equal(info.backend, vm_bpf_is_active() ? KRSI_ENGINE_LSM : KRSI_ENGINE_FMOD_RET);
}

struct engine engine_start_new(struct krsi_ctx *ctx, const char *yaml)
{
	struct engine e = { .ctx = ctx };

	assert_ok(ctx, krsi_engine_new(ctx, NULL, &e.engine));
	engine_assert_backend(e.engine);
	engine_apply(&e, yaml);
	return e;
}

void engine_stop_new(struct engine *e)
{
	krsi_engine_free(e->engine);
	e->engine = NULL;
}

struct engine policy_engine;

void engine_share(void)
{
	if (policy_engine.engine)
		return;
	krsi_bpf_silence();
	if (!policy_engine.ctx)
		assert_int_equal(krsi_ctx_new(NULL, &policy_engine.ctx), 0);
	assert_ok(policy_engine.ctx, krsi_engine_new(policy_engine.ctx, NULL, &policy_engine.engine));
	engine_assert_backend(policy_engine.engine);
}

void engine_unshare(void)
{
	engine_stop_new(&policy_engine);
	krsi_ctx_free(policy_engine.ctx);
	policy_engine.ctx = NULL;
}

void engine_all_rules(char *yaml, size_t size)
{
	/* Linux 6.1 has the first hook for it. */
	const char *without = vm_kernel_at_least(6, 1) ? "" : ", \"!process.unshare\"";

	snprintf(yaml, size, "version: 1\nname: all\nrules:\n"
		 "  - { name: a, on: [process, file, network, mount, kernel, \"!process.setns\"%s], subject: { uid: 4000000, tag: x }, action: deny }\n"
		 "  - { name: b, on: process.setns, subject: { uid: 4000000 }, action: kill }\n"
		 "  - { name: c, on: [file.read, file.write], object: { path: /x }, already_open: true, action: deny }\n", without);
}

struct engine engine_start(const char *yaml)
{
	engine_share();
	engine_apply(&policy_engine, yaml);
	return policy_engine;
}

void engine_stop(struct engine *e)
{
	krsi_engine_set_event(e->engine, NULL, NULL);
	assert_ok(e->ctx, krsi_engine_apply(e->engine, NULL, 0));
	engine_events_drain(e);
}

static void text_copy(const struct krsi_event *event, uint32_t which, char *into, size_t room)
{
	size_t size = 0;
	const char *text = krsi_event_text(event, which, &size, NULL);

	if (!text)
		size = 0;
	assert_true(size < room);
	if (size)
		memcpy(into, text, size);
	into[size] = '\0';
}

static int copy(void *data, const struct krsi_event *event)
{
	struct seen *seen = data;
	uint64_t number = 0;

	snprintf(seen->operation, sizeof(seen->operation), "%s", krsi_event_operation(event));
	snprintf(seen->policy, sizeof(seen->policy), "%s", krsi_event_policy(event) ? krsi_event_policy(event) : "");
	snprintf(seen->rule, sizeof(seen->rule), "%s", krsi_event_rule(event) ? krsi_event_rule(event) : "");
	text_copy(event, KRSI_EVENT_COMM, seen->comm, sizeof(seen->comm));
	text_copy(event, KRSI_EVENT_PATH, seen->path, sizeof(seen->path));
	text_copy(event, KRSI_EVENT_PATH2, seen->path2, sizeof(seen->path2));
	text_copy(event, KRSI_EVENT_EXE, seen->exe, sizeof(seen->exe));
	text_copy(event, KRSI_EVENT_UNIX_ADDRESS, seen->unix_address, sizeof(seen->unix_address));
	seen->verdict = krsi_event_verdict(event);
	seen->flags = krsi_event_flags(event);
	krsi_event_number(event, KRSI_EVENT_PID, &number);
	seen->pid = (int)number;
	number = 0;
	krsi_event_number(event, KRSI_EVENT_ERROR, &number);
	seen->error = (int)number;
	return 0;
}

struct seen engine_event(struct engine *e)
{
	struct pollfd ready = { .fd = krsi_engine_fd(e->engine), .events = POLLIN };
	struct seen seen = { 0 };
	uint32_t count = 0;

	krsi_engine_set_event(e->engine, copy, &seen);
	while (!count) {
		assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
		assert_ok(e->ctx, krsi_engine_dispatch(e->engine, 1, &count));
	}
	krsi_engine_set_event(e->engine, NULL, NULL);
	return seen;
}

struct seen engine_event_of(struct engine *e, const char *rule)
{
	struct seen seen;

	do
		seen = engine_event(e);
	while (strcmp(seen.rule, rule) != 0);
	return seen;
}

uint32_t engine_events_drain(struct engine *e)
{
	uint32_t count = 0;

	assert_ok(e->ctx, krsi_engine_dispatch(e->engine, 0, &count));
	return count;
}

int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int run(const char *path, const char *arg1, const char *arg2)
{
	int report[2], err = 0, status = 0;
	pid_t child;

	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execl(path, arg1 ? arg1 : path, arg2, (char *)NULL);
		err = errno;
		_exit(write(report[1], &err, sizeof(err)) != sizeof(err));
	}
	close(report[1]);
	if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (err)
		return -err;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int try_exec(const char *path)
{
	int code = run(path, "true", NULL);

	return code < 0 ? -code : code > 128 ? -(code - 128) : code;
}

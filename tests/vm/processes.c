/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The table of processes against what really runs. */
#include "engine.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct table {
	struct engine e;
	struct krsi_processes *processes;
};

static int take(void *data, const struct krsi_event *event)
{
	assert_int_equal(krsi_processes_event(data, event), 0);
	return 0;
}

/* Of all cases: most of their time would go into loading programs otherwise. */
static struct engine watching;

static void watching_start(void)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .flags = KRSI_ENGINE_PROCESSES };

	if (watching.engine)
		return;
	assert_int_equal(krsi_ctx_new(NULL, &watching.ctx), 0);
	assert_ok(watching.ctx, krsi_engine_new(watching.ctx, &opts, &watching.engine));
	engine_assert_backend(watching.engine);
}

static struct table table_start(void)
{
	struct table table;

	watching_start();
	/* What became of processes before is not for this one. */
	krsi_engine_set_event(watching.engine, NULL, NULL);
	engine_events_drain(&watching);
	table.e = watching;
	assert_ok(watching.ctx, krsi_processes_new(watching.ctx, NULL, &table.processes));
	krsi_engine_set_event(watching.engine, take, table.processes);
	return table;
}

static void table_update(struct table *table)
{
	assert_ok(table->e.ctx, krsi_engine_dispatch(table->e.engine, 0, NULL));
}

static void table_stop(struct table *table)
{
	krsi_engine_set_event(table->e.engine, NULL, NULL);
	krsi_processes_free(table->processes);
}

static uint64_t number(const struct krsi_event *event, uint32_t field)
{
	uint64_t value = ~0ULL;

	assert_int_equal(krsi_event_number(event, field, &value), 0);
	return value;
}

static void text_is(const struct krsi_event *event, uint32_t field, const char *bytes, size_t size)
{
	size_t have = 0;
	const char *text = krsi_event_text(event, field, &have, NULL);

	assert_non_null(text);
	assert_int_equal(have, size);
	assert_memory_equal(text, bytes, size);
}

/* Until it is told of: descriptors are closed before the execution is over. Returns the process's cookie. */
static uint64_t wait_for_execution(struct table *table, pid_t pid)
{
	struct pollfd ready = { .fd = krsi_engine_fd(table->e.engine), .events = POLLIN };
	const struct krsi_event *process;
	uint64_t cookie;

	for (;;) {
		table_update(table);
		cookie = krsi_processes_pid(table->processes, (uint32_t)pid);
		process = krsi_processes_find(table->processes, cookie);
		if (process && krsi_event_text(process, KRSI_EVENT_ARGV, NULL, NULL))
			return cookie;
		assert_int_equal(poll(&ready, 1, 5000), 1);
	}
}

/* A child that waits for its end, in one of two ways; `fd` is to be closed for that. */
struct child {
	pid_t pid;
	int fd;
};

static struct child child_start(bool execute)
{
	struct child child;
	char byte;
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	child.pid = fork();
	if (child.pid == 0) {
		close(to[1]);
		if (execute) {
			dup2(to[0], 0);
			execl("/tmp/engine/program", "cat", "-", (char *)NULL);
			_exit(1);
		}
		close(from[1]);
		_exit(read(to[0], &byte, 1) == 0 ? 5 : 6);
	}
	close(to[0]);
	close(from[1]);
	/* An execution closes it; who only waits has done so too. */
	assert_int_equal(read(from[0], &byte, 1), 0);
	close(from[0]);
	child.fd = to[1];
	return child;
}

static int child_end(struct child *child)
{
	int status;

	close(child->fd);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	return status;
}

static void test_a_life(void **state)
{
	struct table table = table_start();
	const struct krsi_event *process;
	struct child child;
	uint64_t cookie, mine;
	int status;

	(void)state;
	assert_int_equal(chdir("/"), 0);
	assert_ok(table.e.ctx, krsi_engine_processes(table.e.engine, table.processes));
	mine = krsi_processes_pid(table.processes, (uint32_t)getpid());
	assert_true(mine);
	process = krsi_processes_find(table.processes, mine);
	assert_non_null(process);
	text_is(process, KRSI_EVENT_EXE, "/test/vm_processes", 18);
	text_is(process, KRSI_EVENT_COMM, "vm_processes", 12);

	child = child_start(true);
	cookie = wait_for_execution(&table, child.pid);
	assert_true(cookie && cookie != mine);
	assert_true(krsi_processes_parent(table.processes, cookie) == mine);
	process = krsi_processes_find(table.processes, cookie);
	text_is(process, KRSI_EVENT_EXE, "/tmp/engine/program", 19);
	text_is(process, KRSI_EVENT_ARGV, "cat\0-", 6);
	text_is(process, KRSI_EVENT_CWD, "/", 1);
	assert_int_equal(number(process, KRSI_EVENT_PID), child.pid);
	assert_int_equal(number(process, KRSI_EVENT_PPID), getpid());

	kill(child.pid, SIGKILL);
	status = child_end(&child);
	assert_int_equal(WTERMSIG(status), SIGKILL);
	table_update(&table);
	assert_true(krsi_processes_pid(table.processes, (uint32_t)child.pid) == 0);
	process = krsi_processes_find(table.processes, cookie);
	assert_non_null(process);
	assert_int_equal(number(process, KRSI_EVENT_EXIT_SIGNAL), SIGKILL);
	assert_true(number(process, KRSI_EVENT_RUN_TIME) > 0);
	text_is(process, KRSI_EVENT_EXE, "/tmp/engine/program", 19);
	table_stop(&table);
}

static void test_an_end_has_its_code(void **state)
{
	struct table table = table_start();
	struct child child = child_start(false);
	const struct krsi_event *process;
	uint64_t cookie, value;

	(void)state;
	table_update(&table);
	cookie = krsi_processes_pid(table.processes, (uint32_t)child.pid);
	assert_true(cookie);
	/* It is what its creator is. */
	text_is(krsi_processes_find(table.processes, cookie), KRSI_EVENT_EXE, "/test/vm_processes", 18);
	assert_int_equal(WEXITSTATUS(child_end(&child)), 5);
	table_update(&table);
	process = krsi_processes_find(table.processes, cookie);
	assert_non_null(process);
	assert_int_equal(number(process, KRSI_EVENT_EXIT_CODE), 5);
	assert_int_equal(krsi_event_number(process, KRSI_EVENT_EXIT_SIGNAL, &value), -ENOENT);
	table_stop(&table);
}

/* --- an end that several threads have a part in ------------------------------ */

#define THREADS 8
#define ROUNDS 300

static pthread_barrier_t together;

/* Not the process, but this thread of it; the last one is the end of the process. */
static void *thread_end(void *data)
{
	pthread_barrier_wait(&together);
	syscall(SYS_exit, 0);
	return data;
}

static void threads_end(void)
{
	pthread_t thread;
	int i;

	pthread_barrier_init(&together, NULL, THREADS);
	for (i = 1; i < THREADS; i++)
		if (pthread_create(&thread, NULL, thread_end, NULL))
			_exit(1);
	thread_end(NULL);
}

struct ends {
	uint64_t pid;
	int count;
};

static int ends_count(void *data, const struct krsi_event *event)
{
	struct ends *ends = data;

	ends->count += krsi_event_kind(event) == KRSI_EVENT_KIND_EXIT && number(event, KRSI_EVENT_PID) == ends->pid;
	return 0;
}

/* Threads that end at the same time each see that none is left. */
static void test_an_end_is_told_once(void **state)
{
	struct table table = table_start();
	struct ends ends;
	int status, i;
	pid_t child;

	(void)state;
	krsi_engine_set_event(table.e.engine, ends_count, &ends);
	for (i = 0; i < ROUNDS; i++) {
		child = fork();
		if (child == 0)
			threads_end();
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		ends = (struct ends){ .pid = (uint64_t)child };
		table_update(&table);
		if (ends.count != 1)
			fail_msg("the end of process %d, number %d, was told %d times", (int)child, i, ends.count);
	}
	table_stop(&table);
}

/* Every process of /proc is there, under the number that events have. */
static void test_who_was_there_already(void **state)
{
	struct child child = child_start(true);
	struct table table = table_start();
	struct dirent *entry;
	uint64_t cookie;
	int count = 0;
	DIR *dir;

	(void)state;
	assert_ok(table.e.ctx, krsi_engine_processes(table.e.engine, table.processes));
	dir = opendir("/proc");
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		unsigned long pid = strtoul(entry->d_name, NULL, 10);

		if (!pid)
			continue;
		if (!krsi_processes_pid(table.processes, (uint32_t)pid))
			table_update(&table);	/* a thread of the kernel that was made after we looked */
		assert_true(krsi_processes_pid(table.processes, (uint32_t)pid));
		count++;
	}
	closedir(dir);
	assert_true(count > 10);
	cookie = krsi_processes_pid(table.processes, (uint32_t)child.pid);
	text_is(krsi_processes_find(table.processes, cookie), KRSI_EVENT_EXE, "/tmp/engine/program", 19);
	child_end(&child);
	table_update(&table);
	/* The same process for the iterator and for the tracepoint. */
	assert_true(krsi_processes_pid(table.processes, (uint32_t)child.pid) == 0);
	assert_int_equal(number(krsi_processes_find(table.processes, cookie), KRSI_EVENT_EXIT_CODE), 0);
	table_stop(&table);
}

/* While the table is being filled, processes come and go: in the end it has those that are there. */
static void test_filling_races_with_forks(void **state)
{
	struct table table = table_start();
	struct krsi_processes_info info = { .sz = sizeof(info) };
	pid_t forker = fork();
	uint64_t before;
	int i;

	(void)state;
	if (forker == 0) {
		for (;;) {
			pid_t child = fork();

			if (child == 0)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
	for (i = 0; i < 20; i++)
		assert_ok(table.e.ctx, krsi_engine_processes(table.e.engine, table.processes));
	kill(forker, SIGKILL);
	waitpid(forker, NULL, 0);
	table_update(&table);
	assert_ok(table.e.ctx, krsi_processes_info(table.processes, &info));
	before = info.running;
	assert_int_equal(info.refused, 0);
	/* Nobody is left over: what the iterator saw and what has ended since are the same processes. */
	krsi_processes_free(table.processes);
	assert_ok(table.e.ctx, krsi_processes_new(table.e.ctx, NULL, &table.processes));
	krsi_engine_set_event(table.e.engine, take, table.processes);
	assert_ok(table.e.ctx, krsi_engine_processes(table.e.engine, table.processes));
	assert_ok(table.e.ctx, krsi_processes_info(table.processes, &info));
	print_message("# %llu run, %llu after a second look\n", (unsigned long long)before, (unsigned long long)info.running);
	/* Threads of the kernel come and go as well. */
	assert_in_range(before, info.running - 3, info.running + 3);
	table_stop(&table);
}

/* It ended before anybody looked, and nobody has waited for it: there is no end to come. */
static void test_a_zombie_does_not_run(void **state)
{
	struct child child = child_start(false);
	struct table table;
	siginfo_t ended;

	(void)state;
	close(child.fd);
	assert_int_equal(waitid(P_PID, (id_t)child.pid, &ended, WEXITED | WNOWAIT), 0);
	table = table_start();
	assert_ok(table.e.ctx, krsi_engine_processes(table.e.engine, table.processes));
	table_update(&table);
	assert_true(krsi_processes_pid(table.processes, (uint32_t)getpid()) != 0);
	assert_true(krsi_processes_pid(table.processes, (uint32_t)child.pid) == 0);
	assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
	table_stop(&table);
}

/* What the events of one process said of it. */
struct identity {
	pid_t pid;
	unsigned int changes, executions;
	uint64_t uid, saved_uid, effective, permitted, inode, mode;
	char script[64], exe[64];
};

static void text_note(const struct krsi_event *event, uint32_t field, char *into, size_t room)
{
	size_t size = 0;
	const char *text = krsi_event_text(event, field, &size, NULL);

	assert_true(size < room);
	if (text)
		memcpy(into, text, size);
}

static int identity_note(void *data, const struct krsi_event *event)
{
	struct identity *identity = data;

	if (krsi_event_kind(event) == KRSI_EVENT_KIND_LOST || number(event, KRSI_EVENT_PID) != (uint64_t)identity->pid)
		return 0;
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_IDENTITY) {
		assert_string_equal(krsi_event_operation(event), "process.identity");
		identity->changes++;
		identity->uid = number(event, KRSI_EVENT_UID);
		identity->saved_uid = number(event, KRSI_EVENT_SAVED_UID);
		identity->effective = number(event, KRSI_EVENT_CAP_EFFECTIVE);
		identity->permitted = number(event, KRSI_EVENT_CAP_PERMITTED);
	} else if (krsi_event_kind(event) == KRSI_EVENT_KIND_EXEC) {
		identity->executions++;
		identity->inode = number(event, KRSI_EVENT_INODE);
		identity->mode = number(event, KRSI_EVENT_MODE);
		text_note(event, KRSI_EVENT_SCRIPT, identity->script, sizeof(identity->script));
		text_note(event, KRSI_EVENT_EXE, identity->exe, sizeof(identity->exe));
	}
	return 0;
}

/* What is told of a child that does this and ends. */
static struct identity identity_of(void (*deed)(void))
{
	struct table table = table_start();
	struct identity identity = { 0 };
	int status;

	krsi_engine_set_event(table.e.engine, identity_note, &identity);
	identity.pid = fork();
	if (identity.pid == 0) {
		deed();
		_exit(0);
	}
	assert_int_equal(waitpid(identity.pid, &status, 0), identity.pid);
	assert_int_equal(status, 0);
	table_update(&table);
	table_stop(&table);
	return identity;
}

static void become_nobody(void)
{
	/* The second changes nothing, and is nothing to tell. */
	if (seteuid(65534) || seteuid(65534))
		_exit(1);
}

static void drop_privileges(void)
{
	if (setresuid(65534, 65534, 65534))
		_exit(1);
}

static void test_another_user_is_told(void **state)
{
	struct identity identity = identity_of(become_nobody);

	(void)state;
	assert_int_equal(identity.changes, 1);
	assert_true(identity.uid == 65534 && identity.saved_uid == 0);
	assert_true(identity.effective == 0 && identity.permitted != 0);
	identity = identity_of(drop_privileges);
	assert_int_equal(identity.changes, 1);
	assert_true(identity.uid == 65534 && identity.saved_uid == 65534);
	assert_true(identity.effective == 0 && identity.permitted == 0);
}

static void run_program(void)
{
	execl("/tmp/engine/program", "true", (char *)NULL);
	_exit(1);
}

static void run_script(void)
{
	if (chdir("/tmp/engine"))
		_exit(1);
	execl("./a script", "a script", (char *)NULL);
	_exit(1);
}

static void test_an_execution_tells_script_and_file(void **state)
{
	struct identity identity;
	struct stat program;
	int fd = open("/tmp/engine/a script", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "#!/bin/busybox sh\nexit 0\n"), 25);
	close(fd);
	assert_int_equal(stat("/bin/busybox", &program), 0);
	identity = identity_of(run_script);
	assert_int_equal(identity.executions, 1);
	assert_string_equal(identity.script, "./a script");
	assert_string_equal(identity.exe, "/bin/busybox");
	assert_true(identity.inode == program.st_ino && identity.mode == program.st_mode);
	/* A program is no script, and root that stays root no other user. */
	identity = identity_of(run_program);
	assert_int_equal(identity.executions, 1);
	assert_string_equal(identity.script, "");
	assert_int_equal(identity.changes, 0);
}

static void test_without_the_flag_it_is_refused(void **state)
{
	struct krsi_ctx *ctx = *state;
	struct engine e = { .ctx = ctx };
	struct krsi_processes *processes;

	assert_ok(ctx, krsi_engine_new(ctx, NULL, &e.engine));
	assert_ok(ctx, krsi_processes_new(ctx, NULL, &processes));
	assert_int_equal(krsi_engine_processes(e.engine, processes), -EINVAL);
	krsi_processes_free(processes);
	engine_stop_new(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_a_life),
		vm_test(test_an_end_has_its_code),
		vm_test(test_an_end_is_told_once),
		vm_test(test_who_was_there_already),
		vm_test(test_filling_races_with_forks),
		vm_test(test_a_zombie_does_not_run),
		vm_test(test_another_user_is_told),
		vm_test(test_an_execution_tells_script_and_file),
		vm_test(test_without_the_flag_it_is_refused),
	};

	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}

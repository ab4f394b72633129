/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What events say of who did it, in which order they come, and that none is lost without a count. */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES "version: 1\nname: p\nrules:\n"
#define SECRET "  - { name: secret, on: file.open, object: { path: /tmp/engine/secret }, action: { deny: EACCES } }\n"
#define OTHER "  - { name: other, on: file.open, object: { path: /tmp/engine/other }, action: audit }\n"
#define PROGRAM "  - { name: program, on: process.exec, object: { path: /tmp/engine/program }, action: audit }\n"

static struct engine start(struct krsi_ctx *ctx, const struct krsi_engine_opts *opts, const char *yaml)
{
	struct engine e = { .ctx = ctx };

	assert_ok(ctx, krsi_engine_new(ctx, opts, &e.engine));
	engine_assert_backend(e.engine);
	engine_apply(&e, yaml);
	return e;
}

/* --- who did it -------------------------------------------------------------- */

static uint64_t number(const struct krsi_event *event, uint32_t field)
{
	uint64_t value = ~0ULL;

	assert_int_equal(krsi_event_number(event, field, &value), 0);
	return value;
}

static void text_is(const struct krsi_event *event, uint32_t field, const void *bytes, size_t size)
{
	size_t have = 0;
	uint32_t flags = ~0U;
	const char *text = krsi_event_text(event, field, &have, &flags);

	assert_non_null(text);
	assert_int_equal(flags, 0);
	assert_int_equal(have, size);
	assert_memory_equal(text, bytes, size);
}

/* The inode number that a link of /proc/self/ns has in its brackets. */
static uint64_t namespace_number(const char *name)
{
	char path[64], text[64] = "";

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	assert_true(readlink(path, text, sizeof(text) - 1) > 0);
	return strtoull(strchr(text, '[') + 1, NULL, 10);
}

/* Field `n` of /proc/PID/stat, which are counted from 1; those up to the name in brackets cannot be had. */
static uint64_t stat_field(pid_t pid, int n)
{
	char path[64], text[1024] = "", *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	at = strrchr(text, ')');
	for (n -= 2; n; n--)
		at = strchr(at + 1, ' ');
	return strtoull(at, NULL, 10);
}

static void start_time_is(uint64_t ns, pid_t pid)
{
	uint64_t ticks = stat_field(pid, 22), per_second = (uint64_t)sysconf(_SC_CLK_TCK);

	assert_int_equal(ns / (1000000000 / per_second), ticks);
}

static uint64_t capabilities(const char *set)
{
	char line[256];
	uint64_t bits = 0;
	FILE *file = fopen("/proc/self/status", "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, set, strlen(set)) == 0)
			bits = strtoull(line + strlen(set) + 1, NULL, 16);
	fclose(file);
	return bits;
}

static int look_at_context(void *data, const struct krsi_event *event)
{
	static const struct {
		const char *name;
		uint32_t field;
	} namespaces[] = {
		{ "cgroup", KRSI_EVENT_NS_CGROUP }, { "ipc", KRSI_EVENT_NS_IPC }, { "mnt", KRSI_EVENT_NS_MNT }, { "net", KRSI_EVENT_NS_NET },
		{ "pid", KRSI_EVENT_NS_PID }, { "time", KRSI_EVENT_NS_TIME }, { "user", KRSI_EVENT_NS_USER }, { "uts", KRSI_EVENT_NS_UTS },
	};
	struct stat st;
	uint64_t value;
	size_t i;

	(*(int *)data)++;
	assert_int_equal(krsi_event_kind(event), KRSI_EVENT_KIND_RULE);
	assert_int_equal(number(event, KRSI_EVENT_PID), getpid());
	assert_int_equal(number(event, KRSI_EVENT_TID), getpid());
	assert_int_equal(number(event, KRSI_EVENT_PPID), getppid());
	start_time_is(number(event, KRSI_EVENT_START_TIME), getpid());
	start_time_is(number(event, KRSI_EVENT_PARENT_START_TIME), getppid());
	assert_true(number(event, KRSI_EVENT_COOKIE) == krsi_process_cookie((uint32_t)getpid(), number(event, KRSI_EVENT_START_TIME)));
	assert_int_equal(number(event, KRSI_EVENT_UID), 7);
	assert_int_equal(number(event, KRSI_EVENT_REAL_UID), 0);
	assert_int_equal(number(event, KRSI_EVENT_SAVED_UID), 0);
	assert_int_equal(number(event, KRSI_EVENT_FS_UID), 7);
	assert_int_equal(number(event, KRSI_EVENT_GID), 8);
	assert_int_equal(number(event, KRSI_EVENT_REAL_GID), 0);
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_LOGIN_UID, &value), -ENOENT);
	assert_int_equal(number(event, KRSI_EVENT_CAP_PERMITTED), capabilities("CapPrm:"));
	assert_int_equal(number(event, KRSI_EVENT_CAP_EFFECTIVE), 0);
	assert_int_equal(number(event, KRSI_EVENT_CAP_INHERITABLE), capabilities("CapInh:"));
	for (i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		assert_int_equal(number(event, namespaces[i].field), namespace_number(namespaces[i].name));
	assert_int_equal(number(event, KRSI_EVENT_NS_TGID), getpid());
	assert_int_equal(stat("/tmp/engine/other", &st), 0);
	assert_int_equal(number(event, KRSI_EVENT_INODE), st.st_ino);
	assert_int_equal(number(event, KRSI_EVENT_MODE), st.st_mode);
	text_is(event, KRSI_EVENT_PATH, "/tmp/engine/other", 17);
	text_is(event, KRSI_EVENT_CWD, "/tmp/engine/dir", 15);
	text_is(event, KRSI_EVENT_CGROUP, "/", 1);
	text_is(event, KRSI_EVENT_COMM, "vm_events", 9);
	assert_null(krsi_event_text(event, KRSI_EVENT_ARGV, NULL, NULL));
	assert_null(krsi_event_text(event, KRSI_EVENT_PID, NULL, NULL));
	assert_int_equal(krsi_event_number(event, KRSI_EVENT_PATH, &value), -EINVAL);
	return 0;
}

static void test_context_of_an_operation(void **state)
{
	struct engine e = engine_start(RULES OTHER);
	int seen = 0;

	(void)state;
	assert_int_equal(chmod("/tmp/engine/other", 0644), 0);
	assert_int_equal(chdir("/tmp/engine/dir"), 0);
	assert_int_equal(setegid(8), 0);
	assert_int_equal(seteuid(7), 0);
	assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), 0);
	krsi_engine_set_event(e.engine, look_at_context, &seen);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(seen, 1);
	engine_stop(&e);
}

/* --- arguments ---------------------------------------------------------------- */

struct strings {
	char argv[512], env[512];
	size_t argv_size, env_size;
	uint32_t argv_flags;
	int seen;
};

static void strings_keep(struct strings *strings, const struct krsi_event *event)
{
	const char *argv = krsi_event_text(event, KRSI_EVENT_ARGV, &strings->argv_size, &strings->argv_flags);
	const char *env = krsi_event_text(event, KRSI_EVENT_ENV, &strings->env_size, NULL);

	strings->seen++;
	if (argv && strings->argv_size <= sizeof(strings->argv))
		memcpy(strings->argv, argv, strings->argv_size);
	if (env && strings->env_size <= sizeof(strings->env))
		memcpy(strings->env, env, strings->env_size);
}

/* The rule's event is made before the program is there, from its pages, and the other one afterwards, from its memory. */
struct told {
	struct strings rule, exec;
};

static int look_at_strings(void *data, const struct krsi_event *event)
{
	struct told *told = data;

	if (krsi_event_kind(event) == KRSI_EVENT_KIND_RULE)
		strings_keep(&told->rule, event);
	else if (krsi_event_kind(event) == KRSI_EVENT_KIND_EXEC)
		strings_keep(&told->exec, event);
	return 0;
}

static void program_run(const char *const *argv, const char *const *envp)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execve("/tmp/engine/program", (char **)argv, (char **)envp);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
}

static struct told strings_of_exec(struct engine *e, const char *const *argv, const char *const *envp)
{
	struct told told = { 0 };

	krsi_engine_set_event(e->engine, look_at_strings, &told);
	program_run(argv, envp);
	assert_ok(e->ctx, krsi_engine_dispatch(e->engine, 0, NULL));
	assert_int_equal(told.rule.seen, 1);
	assert_int_equal(told.exec.seen, 1);
	return told;
}

static void strings_are(const struct strings *strings, const char *argv, size_t argv_size, uint32_t argv_flags, const char *env, size_t env_size)
{
	assert_int_equal(strings->argv_size, argv_size);
	assert_memory_equal(strings->argv, argv, argv_size);
	assert_int_equal(strings->argv_flags, argv_flags);
	assert_int_equal(strings->env_size, env_size);
	if (env_size)
		assert_memory_equal(strings->env, env, env_size);
}

static void told_is(const struct told *told, const char *argv, size_t argv_size, uint32_t argv_flags, const char *env, size_t env_size)
{
	strings_are(&told->rule, argv, argv_size, argv_flags, env, env_size);
	strings_are(&told->exec, argv, argv_size, argv_flags, env, env_size);
}

/*
 * The end of the arguments is looked for eight bytes at a time: wherever it is, nothing is missing and nothing more is
 * there.
 */
static void arguments_end_anywhere(struct engine *e)
{
	static const char *const arguments[] = { "", "a", "abc", "abcdef", "abcdefg", "abcdefgh", "abcdefghijklmnop" };
	const char *argv[8] = { "echo" }, *envp[] = { "SECRET=1", NULL };
	struct told told;
	char expected[512];
	size_t i, k, size;

	for (i = 0; i < 7 * 7; i++) {
		memcpy(expected, "echo", size = 5);
		for (k = 1; k <= i / 7; k++) {
			argv[k] = arguments[(i + k) % 7];
			memcpy(expected + size, argv[k], strlen(argv[k]) + 1);
			size += strlen(argv[k]) + 1;
		}
		argv[k] = NULL;
		told = strings_of_exec(e, argv, envp);
		told_is(&told, expected, size, 0, NULL, 0);
	}
}

/* How many of ten executions, which are twenty events, find no room in a ring that is too small for their environment. */
static uint64_t lost_of_execs(struct engine *e)
{
	static char variable[7000];
	const char *argv[] = { "echo", NULL }, *envp[] = { variable, NULL };
	uint64_t lost = ~0ULL;
	int i;

	memset(variable, 'x', sizeof(variable) - 1);
	for (i = 0; i < 10; i++)
		program_run(argv, envp);
	assert_ok(e->ctx, krsi_engine_lost(e->engine, "process.exec", KRSI_ENGINE_LOST_RING, &lost));
	return lost;
}

#define STRING(text) text, sizeof(text)

static void test_arguments_and_environment(void **state)
{
	static const char *const one[] = { "LD_PRELOAD" }, *const some[] = { "LD_*", "A", "B" };
	static const struct {
		uint32_t flags;
		const char *const *names;
		size_t name_count;
		const char *env;
		size_t env_size;
	} cases[] = {
		{ KRSI_ENGINE_ENVIRONMENT, NULL, 0, STRING("A=1\0LD_PRELOAD=/x\0LD_DEBUG=\0LD") },
		{ 0, one, 1, STRING("LD_PRELOAD=/x") },
		{ 0, some, 3, STRING("A=1\0LD_PRELOAD=/x\0LD_DEBUG=") },
		/* It may hold secrets: only who asks for it sees it. */
		{ 0, NULL, 0, NULL, 0 },
	};
	const char *argv[] = { "echo", "a b\n", "", NULL }, *envp[] = { "A=1", "LD_PRELOAD=/x", "LD_DEBUG=", "LD", NULL };
	struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 131072 };
	struct engine e;
	struct told told;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		opts.flags = KRSI_ENGINE_PROCESSES | cases[i].flags;
		opts.environment = cases[i].names;
		opts.environment_count = cases[i].name_count;
		e = start(*state, &opts, RULES PROGRAM);
		told = strings_of_exec(&e, argv, envp);
		told_is(&told, STRING("echo\0a b\n\0"), 0, cases[i].env, cases[i].env_size);
		/* What nobody asked for does not leave the kernel. */
		assert_true((lost_of_execs(&e) > 0) == (cases[i].env_size > 0));
		if (!cases[i].env_size) {
			assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
			arguments_end_anywhere(&e);
		}
		engine_stop_new(&e);
	}
}

static void test_long_arguments_are_cut_and_say_so(void **state)
{
	static char arg[20000];
	static const char *const names[] = { "LD_*" };
	const char *argv[] = { "echo", arg, "", NULL }, *envp[] = { "LD_PRELOAD=/x", NULL };
	struct krsi_engine_opts opts = { .sz = sizeof(opts), .flags = KRSI_ENGINE_PROCESSES, .environment = names };
	struct engine e;
	struct told told;

	memset(arg, 'x', sizeof(arg) - 1);
	for (; opts.environment_count < 2; opts.environment_count++) {
		e = start(*state, &opts, RULES PROGRAM);
		told = strings_of_exec(&e, argv, envp);
		told_is(&told, STRING("echo"), KRSI_EVENT_TEXT_CUT, NULL, 0);
		engine_stop_new(&e);
	}
}

/* --- losses ------------------------------------------------------------------- */

struct flood {
	uint64_t audits, denials, lost, other;
	uint64_t last;
	int backwards;
};

static int count(void *data, const struct krsi_event *event)
{
	struct flood *flood = data;
	uint64_t value;

	if (krsi_event_kind(event) == KRSI_EVENT_KIND_LOST) {
		assert_string_equal(krsi_event_operation(event), "file.open");
		flood->lost += number(event, KRSI_EVENT_LOST_COUNT);
		return 0;
	}
	value = number(event, KRSI_EVENT_SEQUENCE);
	flood->backwards += flood->last && value <= flood->last;
	flood->last = value;
	flood->denials += krsi_event_verdict(event) == KRSI_EVENT_DENY;
	flood->audits += krsi_event_verdict(event) == KRSI_EVENT_AUDIT;
	return 0;
}

static void flood(uint32_t audits, uint32_t denials)
{
	uint32_t i;

	for (i = 0; i < audits || i < denials; i++) {
		if (i < audits)
			assert_int_equal(try_open("/tmp/engine/other", O_RDONLY), 0);
		if (i < denials)
			assert_int_equal(try_open("/tmp/engine/secret", O_RDONLY), EACCES);
	}
}

static uint64_t lost_on(const struct engine *e, uint32_t cpu, uint32_t cause)
{
	uint64_t lost = 0;

	assert_ok(e->ctx, krsi_engine_lost_cpu(e->engine, cpu, cause, &lost));
	return lost;
}

/* All that is lost is lost on the CPU that the process runs on: the last one, which is another than the first where there are two. */
static void test_what_is_lost_is_counted_by_cpu(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 65536 };
	struct engine e = start(*state, &opts, RULES OTHER);
	uint64_t lost = 0, all = 0, count_of_one = 0;
	cpu_set_t before, one;
	uint32_t cpu = CPU_SETSIZE - 1, i;
	int err;

	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	while (!CPU_ISSET(cpu, &before))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	flood(1000, 0);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	assert_ok(e.ctx, krsi_engine_lost(e.engine, NULL, KRSI_ENGINE_LOST_ANY, &lost));
	assert_true(lost > 0);
	assert_int_equal(lost_on(&e, cpu, KRSI_ENGINE_LOST_ANY), lost);
	assert_int_equal(lost_on(&e, cpu, KRSI_ENGINE_LOST_RING), lost);
	assert_int_equal(lost_on(&e, cpu, KRSI_ENGINE_LOST_PLACE), 0);
	for (i = 0; (err = krsi_engine_lost_cpu(e.engine, i, KRSI_ENGINE_LOST_ANY, &count_of_one)) == 0; i++)
		all += count_of_one;
	assert_int_equal(err, -ENOENT);
	assert_true(i > cpu);
	assert_int_equal(all, lost);
	assert_int_equal(krsi_engine_lost_cpu(e.engine, 0, KRSI_ENGINE_LOST_PLACE + 1, &lost), -EINVAL);
	assert_int_equal(krsi_engine_lost_cpu(NULL, 0, KRSI_ENGINE_LOST_ANY, &lost), -EINVAL);
	engine_stop(&e);
}

static void test_what_is_lost_is_counted(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 65536, .denial_ring_size = 262144 };
	struct engine e = start(*state, &opts, RULES SECRET OTHER);
	struct flood seen = { 0 };
	uint64_t lost = 0, denials = 0;

	krsi_engine_set_event(e.engine, count, &seen);
	flood(1000, 100);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_int_equal(seen.denials, 100);
	assert_true(seen.lost > 0);
	assert_int_equal(seen.audits + seen.lost, 1000);
	assert_int_equal(seen.backwards, 0);
	assert_ok(e.ctx, krsi_engine_lost(e.engine, "file.open", KRSI_ENGINE_LOST_RING, &lost));
	assert_int_equal(lost, seen.lost);
	assert_ok(e.ctx, krsi_engine_lost(e.engine, NULL, KRSI_ENGINE_LOST_DENIALS, &denials));
	assert_int_equal(denials, 0);
	/* A reader that is there again misses nothing. */
	flood(50, 50);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_int_equal(seen.denials, 150);
	assert_int_equal(seen.audits + seen.lost, 1050);
	assert_int_equal(lost, seen.lost);
	engine_stop_new(&e);
}

static void test_denials_are_carried_out_when_nothing_can_be_told(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 4096, .denial_ring_size = 4096 };
	struct engine e = start(*state, &opts, RULES SECRET);
	struct flood seen = { 0 };
	uint64_t lost = 0;

	krsi_engine_set_event(e.engine, count, &seen);
	flood(0, 500);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_ok(e.ctx, krsi_engine_lost(e.engine, NULL, KRSI_ENGINE_LOST_DENIALS, &lost));
	assert_true(lost > 0);
	assert_int_equal(lost, seen.lost);
	assert_int_equal(seen.denials + seen.lost, 500);
	engine_stop_new(&e);
}

/* How many operations the kernel did not show to the programs, at most: docs/backends.md. */
static uint64_t missed(const struct engine *e)
{
	struct krsi_engine_info info = { .sz = sizeof(info) };

	assert_ok(e->ctx, krsi_engine_info(e->engine, &info));
	assert_true(info.backend == KRSI_ENGINE_FMOD_RET || info.missed == 0);
	return info.missed;
}

/* Refusals that the producers saw, in memory of all of them. */
static uint64_t *refused;

static void producer(int go)
{
	char byte;
	int i, err;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	for (i = 0; i < 2000; i++) {
		if (try_open("/tmp/engine/other", O_RDONLY))
			_exit(2);
		if (i % 10)
			continue;
		err = try_open("/tmp/engine/secret", O_RDONLY);
		if (err == EACCES)
			__atomic_fetch_add(refused, 1, __ATOMIC_RELAXED);
		else if (err || vm_bpf_is_active())
			_exit(3);
	}
	_exit(0);
}

/* Several producers at full speed, and a reader that stalls. */
static void test_flood_from_several_processes(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 131072, .denial_ring_size = 1048576 };
	struct engine e = start(*state, &opts, RULES SECRET OTHER);
	struct flood seen = { 0 };
	int go[2], status, i;
	uint64_t lost = 0, unseen;

	refused = mmap(NULL, sizeof(*refused), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(refused != MAP_FAILED);
	krsi_engine_set_event(e.engine, count, &seen);
	assert_int_equal(pipe(go), 0);
	for (i = 0; i < 4; i++)
		if (fork() == 0)
			producer(go[0]);
	assert_int_equal(write(go[1], "....", 4), 4);
	/* It takes a few, and lets the rings fill up until one more of them is done. */
	for (i = 0; i < 4; i++) {
		assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 10, NULL));
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	}
	close(go[0]);
	close(go[1]);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_ok(e.ctx, krsi_engine_lost(e.engine, "file.open", KRSI_ENGINE_LOST_ANY, &lost));
	unseen = 8800 - seen.denials - seen.audits - seen.lost;
	print_message("# %llu audits, %llu denials, %llu lost, %llu passed by, %llu at most\n", (unsigned long long)seen.audits, (unsigned long long)seen.denials,
		      (unsigned long long)seen.lost, (unsigned long long)unseen, (unsigned long long)missed(&e));
	assert_true(lost > 0);
	assert_int_equal(lost, seen.lost);
	/* No refusal is lost, and of the rest nothing without a count. */
	assert_int_equal(seen.denials, *refused);
	assert_true(*refused <= 800);
	assert_true(unseen <= missed(&e));
	if (vm_bpf_is_active()) {
		assert_int_equal(seen.denials, 800);
		assert_int_equal(seen.audits + seen.lost, 8000);
	}
	munmap(refused, sizeof(*refused));
	engine_stop_new(&e);
}

static int stop(void *data, const struct krsi_event *event)
{
	count(data, event);
	return 1;
}

/* One at a time, whichever ring it comes from, and none is lost by that. */
static void test_the_callback_ends_a_dispatch(void **state)
{
	struct engine e = engine_start(RULES SECRET OTHER);
	struct flood seen = { 0 };
	uint32_t handed, i;

	(void)state;
	krsi_engine_set_event(e.engine, stop, &seen);
	flood(3, 3);
	for (i = 0; i < 6; i++) {
		assert_int_equal(krsi_engine_dispatch(e.engine, 0, &handed), -ECANCELED);
		assert_int_equal(handed, 1);
	}
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, &handed));
	assert_int_equal(handed, 0);
	assert_int_equal(seen.audits, 3);
	assert_int_equal(seen.denials, 3);
	assert_int_equal(seen.backwards, 0);
	engine_stop(&e);
}

/* --- waking ------------------------------------------------------------------- */

static void test_budget_leaves_the_rest_readable(void **state)
{
	struct engine e = engine_start(RULES SECRET OTHER);
	struct pollfd ready = { .fd = krsi_engine_fd(e.engine), .events = POLLIN };
	struct flood seen = { 0 };
	uint32_t handed, i;

	(void)state;
	krsi_engine_set_event(e.engine, count, &seen);
	flood(5, 5);
	for (i = 0; i < 10; i++) {
		assert_int_equal(poll(&ready, 1, 0), 1);
		assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 1, &handed));
		assert_int_equal(handed, 1);
	}
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 1, &handed));
	assert_int_equal(handed, 0);
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_int_equal(seen.audits, 5);
	assert_int_equal(seen.denials, 5);
	assert_int_equal(seen.backwards, 0);
	engine_stop(&e);
}

static void test_wake_ups_are_batched_by_bytes(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 1048576, .wake_bytes = 65536, .wake_ms = 3600000 };
	struct engine e = start(*state, &opts, RULES SECRET OTHER);
	struct pollfd ready = { .fd = krsi_engine_fd(e.engine), .events = POLLIN };
	struct flood seen = { 0 };

	krsi_engine_set_event(e.engine, count, &seen);
	flood(1, 0);
	assert_int_equal(poll(&ready, 1, 0), 0);
	/* A refusal waits for nothing. */
	flood(0, 1);
	assert_int_equal(poll(&ready, 1, 0), 1);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_int_equal(seen.audits, 1);
	flood(200, 0);
	assert_int_equal(poll(&ready, 1, 0), 1);
	assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	assert_int_equal(seen.audits, 201);
	engine_stop_new(&e);
}

static void test_wake_ups_are_batched_by_time(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = 1048576, .wake_bytes = 65536, .wake_ms = 20 };
	struct engine e = start(*state, &opts, RULES OTHER);
	struct pollfd ready = { .fd = krsi_engine_fd(e.engine), .events = POLLIN };
	struct flood seen = { 0 };

	krsi_engine_set_event(e.engine, count, &seen);
	flood(1, 0);
	while (!seen.audits) {
		assert_int_equal(poll(&ready, 1, 5000), 1);
		assert_ok(e.ctx, krsi_engine_dispatch(e.engine, 0, NULL));
	}
	engine_stop_new(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_context_of_an_operation),
		vm_test(test_arguments_and_environment),
		vm_test(test_long_arguments_are_cut_and_say_so),
		vm_test(test_what_is_lost_is_counted),
		vm_test(test_what_is_lost_is_counted_by_cpu),
		vm_test(test_denials_are_carried_out_when_nothing_can_be_told),
		vm_test(test_flood_from_several_processes),
		vm_test(test_the_callback_ends_a_dispatch),
		vm_test(test_budget_leaves_the_rest_readable),
		vm_test(test_wake_ups_are_batched_by_bytes),
		vm_test(test_wake_ups_are_batched_by_time),
	};

	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What an event costs, from the hook to a line of text. Run by tests/bench/events in a virtual machine that
 * counts instructions: a nanosecond is one. Prints lines "WHAT<tab>WHO<tab>NUMBER".
 *
 * Of programs the kernel itself tells how long they ran (BPF_ENABLE_STATS), so what is measured is the program
 * from its first instruction to its last. An event is the difference between two runs of one program: with
 * a rule that is told of, and with the same rule as one that allows, which looks for the same and tells nothing. In
 * the hand-written program (plain.bpf.c) it is that between reporting the file and only looking for it.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>
#include <libkrsi/encode.h>
#include <libkrsi/krsi.h>

#include "plain.h"
#include "plain.skel.h"
#include "tools.h"

#define RING_SIZE (16 << 20)
#define PROCESSES 10000

static const char *file = "/tmp/bench/one/file", *program = "/tmp/bench/one/true";
static struct krsi_ctx *ctx;

/* The figures would be of something else. */
static void refuse(const char *why)
{
	fprintf(stderr, "event_cost: %s\n", why);
	exit(1);
}

static void check(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "event_cost: %s: %s\n", what, krsi_ctx_error_detail(ctx));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void tell(const char *what, const char *who, uint64_t number)
{
	printf("%s\t%s\t%llu\n", what, who, (unsigned long long)number);
	fflush(stdout);
}

/* --- what is done ---------------------------------------------------------- */

static void do_open(void)
{
	int fd = open(file, O_RDONLY);

	if (fd < 0)
		die(file);
	close(fd);
}

static void do_exec(void)
{
	pid_t child = vfork();
	int status;

	if (child == 0) {
		execl(program, "true", "--of", "the benchmark", (char *)NULL);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child || status)
		die(program);
}

static const struct act {
	const char *name, *operation, *path;
	const char *hook, *plain;	/* programs: the engine's, and the hand-written one's */
	uint32_t plain_operation;
	void (*run)(void);
	uint32_t rounds;
} acts[] = {
	{ "open", "file.open", "/tmp/bench/one/file", "file_open", "plain_open", PLAIN_OPEN, do_open, 2000 },
	{ "exec", "process.exec", "/tmp/bench/one/true", "exec_check", "plain_exec", PLAIN_EXEC, do_exec, 300 },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* --- how long programs run -------------------------------------------------- */

struct run {
	uint64_t time, count;
};

/* Of the program of that name that is attached. */
static struct run run_of(const char *name)
{
	struct bpf_prog_info info;
	struct run run = { 0 };
	uint32_t id = 0, size;
	int fd;

	while (bpf_prog_get_next_id(id, &id) == 0) {
		fd = bpf_prog_get_fd_by_id(id);
		size = sizeof(info);
		memset(&info, 0, sizeof(info));
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			die(name);
		close(fd);
		if (strcmp(info.name, name) == 0 && info.run_cnt >= run.count)
			run = (struct run){ info.run_time_ns, info.run_cnt };
	}
	return run;
}

/* Do it many times. Returns the instructions of one run of the program. */
static uint64_t measure(const struct act *act, const char *name)
{
	struct run before, after;
	uint32_t i;

	for (i = 0; i < act->rounds / 20; i++)
		act->run();
	before = run_of(name);
	for (i = 0; i < act->rounds; i++)
		act->run();
	after = run_of(name);
	if (after.count - before.count != act->rounds) {
		fprintf(stderr, "event_cost: %s ran %llu times, not %u\n", name, (unsigned long long)(after.count - before.count), act->rounds);
		exit(1);
	}
	return (after.time - before.time) / act->rounds;
}

/* --- the hand-written program ----------------------------------------------- */

static size_t plain_events, plain_bytes;

static int plain_event(void *data, void *bytes, size_t size)
{
	(void)data, (void)bytes;
	plain_events++;
	plain_bytes += size;
	return 0;
}

static void plain_measure(const struct act *act, struct plain *plain, struct ring_buffer *ring)
{
	uint64_t quiet, told, start, wanted;
	struct stat st;
	char what[64];

	if (stat(act->path, &st))
		die(act->path);
	plain->bss->wanted_inode = st.st_ino;
	plain->bss->reporting = 0;
	quiet = measure(act, act->plain);
	plain->bss->reporting = act->plain_operation;
	told = measure(act, act->plain);
	plain->bss->reporting = 0;
	plain_events = plain_bytes = 0;
	wanted = act->rounds + act->rounds / 20;
	start = now();
	ring_buffer__consume(ring);
	start = now() - start;
	if (plain_events != wanted || plain->bss->lost)
		refuse("hand-written program: events are missing");
	snprintf(what, sizeof(what), "%s: not told", act->name);
	tell(what, "hand-written", quiet);
	snprintf(what, sizeof(what), "%s: event", act->name);
	tell(what, "hand-written", told - quiet);
	snprintf(what, sizeof(what), "%s: ring to callback", act->name);
	tell(what, "hand-written", start / wanted);
	snprintf(what, sizeof(what), "%s: bytes", act->name);
	tell(what, "hand-written", plain_bytes / wanted);
}

static void plain_all(void)
{
	struct plain *plain = plain__open_and_load();
	struct ring_buffer *ring;
	size_t i;

	if (!plain || plain__attach(plain))
		die("hand-written program: cannot be loaded");
	ring = ring_buffer__new(bpf_map__fd(plain->maps.plain_ring), plain_event, NULL, NULL);
	if (!ring)
		refuse("hand-written program: no ring");
	for (i = 0; i < ACTS; i++)
		plain_measure(&acts[i], plain, ring);
	ring_buffer__free(ring);
	plain__destroy(plain);
}

/* --- the engine -------------------------------------------------------------- */

static struct krsi_encoder *encoder;	/* NULL: nothing is done with the events */
static uint64_t encoded_bytes;

static int event_take(void *data, const struct krsi_event *event)
{
	const char *text;
	size_t size;

	(void)data;
	if (!encoder)
		return 0;
	check(krsi_encoder_event(encoder, event, &text, &size), "encoder");
	encoded_bytes += size;
	return 0;
}

static void apply(struct krsi_engine *engine, const struct act *act, const char *action)
{
	struct krsi_policy *policy;
	char text[512];

	snprintf(text, sizeof(text), "version: 1\nname: bench\nrules:\n  - { name: file, on: %s, object: { path: %s }, action: %s }\n",
		 act->operation, act->path, action);
	check(krsi_policy_parse(ctx, text, strlen(text), NULL, &policy), "policy");
	check(krsi_engine_apply(engine, &policy, 1), "apply");
	krsi_policy_free(policy);
}

/* Hand out what waits. Returns the instructions of one event. */
static uint64_t dispatch(struct krsi_engine *engine, uint32_t wanted)
{
	uint64_t start = now();
	uint32_t count;

	check(krsi_engine_dispatch(engine, 0, &count), "dispatch");
	start = now() - start;
	if (count != wanted) {
		fprintf(stderr, "event_cost: %u events, not %u\n", count, wanted);
		exit(1);
	}
	return start / wanted;
}

static void encode(struct krsi_engine *engine, const struct act *act, uint64_t without)
{
	static const struct { uint32_t format; const char *name; } formats[] = {
		{ KRSI_ENCODE_TEXT, "text" }, { KRSI_ENCODE_JSON, "JSON" }, { KRSI_ENCODE_ECS, "ECS" }, { KRSI_ENCODE_OCSF, "OCSF" },
	};
	struct krsi_encoder_opts opts = { .sz = sizeof(opts), .host_name = "bench" };
	char what[64];
	uint32_t i, k;
	uint64_t cost;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		opts.format = formats[i].format;
		check(krsi_encoder_new(ctx, &opts, &encoder), "encoder");
		encoded_bytes = 0;
		for (k = 0; k < act->rounds; k++)
			act->run();
		cost = dispatch(engine, act->rounds);
		krsi_encoder_free(encoder);
		encoder = NULL;
		snprintf(what, sizeof(what), "%s: encode", act->name);
		tell(what, formats[i].name, cost - without);
		snprintf(what, sizeof(what), "%s: bytes", act->name);
		tell(what, formats[i].name, encoded_bytes / act->rounds);
	}
}

static void engine_measure(const struct act *act, struct krsi_engine *engine)
{
	uint64_t quiet, told, handed, lost;
	char what[64];

	apply(engine, act, "allow");
	quiet = measure(act, act->hook);
	apply(engine, act, "audit");
	told = measure(act, act->hook);
	handed = dispatch(engine, act->rounds + act->rounds / 20);
	snprintf(what, sizeof(what), "%s: not told", act->name);
	tell(what, "libkrsi", quiet);
	snprintf(what, sizeof(what), "%s: event", act->name);
	tell(what, "libkrsi", told - quiet);
	snprintf(what, sizeof(what), "%s: ring to callback", act->name);
	tell(what, "libkrsi", handed);
	encode(engine, act, handed);
	check(krsi_engine_lost(engine, NULL, KRSI_ENGINE_LOST_ANY, &lost), "lost");
	if (lost)
		refuse("events were lost");
}

static void engine_all(void)
{
	struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = RING_SIZE };
	struct krsi_engine *engine;
	size_t i;

	check(krsi_engine_new(ctx, &opts, &engine), "engine");
	krsi_engine_set_event(engine, event_take, NULL);
	for (i = 0; i < ACTS; i++)
		engine_measure(&acts[i], engine);
	krsi_engine_free(engine);
}

/* --- the table of processes --------------------------------------------------- */

static int event_keep(void *data, const struct krsi_event *event)
{
	krsi_processes_event(data, event);
	return 0;
}

/* Processes that were forked, executed a program and ended: they stay in the table. */
static void table_measure(void)
{
	struct krsi_engine_opts opts = { .sz = sizeof(opts), .ring_size = RING_SIZE, .flags = KRSI_ENGINE_PROCESSES };
	struct krsi_processes_info info = { .sz = sizeof(info) };
	struct krsi_processes *processes;
	struct krsi_engine *engine;
	size_t heap;
	uint32_t i;

	check(krsi_engine_new(ctx, &opts, &engine), "engine");
	heap = mallinfo2().uordblks;
	check(krsi_processes_new(ctx, NULL, &processes), "table");
	krsi_engine_set_event(engine, event_keep, processes);
	for (i = 0; i < PROCESSES; i++) {
		do_exec();
		if (i % 1000 == 999)
			check(krsi_engine_dispatch(engine, 0, NULL), "dispatch");
	}
	check(krsi_processes_info(processes, &info), "table");
	if (info.running + info.ended < PROCESSES || info.evicted || info.refused)
		refuse("table: processes are missing");
	tell("table: processes", "libkrsi", info.running + info.ended);
	tell("table: bytes for 10,000", "libkrsi", info.bytes * 10000 / (info.running + info.ended));
	tell("table: heap for 10,000", "libkrsi", (mallinfo2().uordblks - heap) * 10000 / (info.running + info.ended));
	krsi_processes_free(processes);
	krsi_engine_free(engine);
}

/* --- main --------------------------------------------------------------------- */

int main(void)
{
	mkdir("/tmp/bench", 0755);
	mkdir("/tmp/bench/one", 0755);
	close(open(file, O_RDWR | O_CREAT, 0644));
	copy("/bin/busybox", program);
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0)
		die("cannot have the kernel tell how long programs run");
	check(krsi_ctx_new(NULL, &ctx), "context");
	plain_all();
	krsi_bpf_silence();
	engine_all();
	table_measure();
	krsi_ctx_free(ctx);
	return 0;
}

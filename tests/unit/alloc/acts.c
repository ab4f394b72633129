/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libkrsi/bpf.h>
#include <libkrsi/krsi.h>
#include <linux/bpf.h>

#include "acts.h"
#include "inject.h"

static const struct acts_stage *stage;

/* What one performance has in its hands. */
struct hands {
	struct krsi_ctx *ctx;
	struct krsi_object *object;
	struct krsi_map *map;		/* made ready for the act */
	struct krsi_map *got_map;	/* what the act itself got */
	struct krsi_stream *stream;
	struct krsi_link *link;
	struct krsi_hooks *hooks;
	unsigned int entries;
	char *bytes;
	size_t size;
};

struct act {
	const char *name;
	const char *object;			/* opened for it; NULL for none */
	bool load, attach;			/* and so far already */
	void (*ready)(struct hands *hands);	/* what else it needs; may be NULL */
	int (*run)(struct hands *hands);
	void (*check)(struct hands *hands);	/* what must hold when it succeeded; may be NULL */
	int want;				/* what it says when no allocation fails */
	bool made_up;				/* the fake kernel alone can be made to say so */
};

/* --- getting ready ------------------------------------------------------- */

static void must(struct hands *hands, int err, const char *what)
{
	if (err)
		fail_msg("%s: %s: %s", what, krsi_error_name(err), krsi_ctx_error_detail(hands->ctx));
}

#define MUST(hands, call) must((hands), (call), #call)

static const char *object_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", stage->objects, name);
	return path;
}

static const char *pin_path(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", stage->pins, name);
	return path;
}

static struct krsi_map *map_make(struct hands *hands, uint32_t type, uint32_t value_size, uint32_t entries)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "made", .type = type, .key_size = type == BPF_MAP_TYPE_RINGBUF ? 0 : 4,
		.value_size = value_size, .max_entries = entries,
	};
	struct krsi_map *map = NULL;

	MUST(hands, krsi_map_new(hands->ctx, &shape, &map));
	return map;
}

static void ready_hash(struct hands *hands)
{
	uint32_t key;

	hands->map = map_make(hands, BPF_MAP_TYPE_HASH, 8, 600);
	for (key = 0; key < 600; key++) {
		uint64_t value = key;

		MUST(hands, krsi_map_update(hands->map, &key, 4, &value, 8, 0));
	}
}

static void ready_counter(struct hands *hands)
{
	hands->map = map_make(hands, BPF_MAP_TYPE_PERCPU_ARRAY, 24, 1);
}

/* Walked by key, whatever the kernel has: a map of maps. */
static void ready_outer(struct hands *hands)
{
	struct krsi_map *inner = map_make(hands, BPF_MAP_TYPE_HASH, 4, 4);
	uint32_t key = 1;

	MUST(hands, krsi_object_set_inner_map(hands->object, "outer", inner));
	MUST(hands, krsi_object_load(hands->object));
	MUST(hands, krsi_map_open(hands->object, "outer", &hands->map));
	MUST(hands, krsi_map_set_inner(hands->map, &key, sizeof(key), inner));
	krsi_map_free(inner);
}

static void ready_same_shape(struct hands *hands)
{
	hands->map = map_make(hands, BPF_MAP_TYPE_HASH, 8, 8);
}

static void ready_pattern(struct hands *hands)
{
	hands->map = map_make(hands, BPF_MAP_TYPE_HASH, 4, 4);
}

static void ready_bytes(struct hands *hands)
{
	FILE *file = fopen(object_path("mkdir"), "r");

	assert_non_null(file);
	hands->bytes = malloc(1 << 20);
	hands->size = fread(hands->bytes, 1, 1 << 20, file);
	fclose(file);
}

static void ready_settings(struct hands *hands)
{
	uint32_t on = 1;

	MUST(hands, krsi_object_set_variable(hands->object, "enforce", &on, sizeof(on)));
	MUST(hands, krsi_object_set_map_size(hands->object, "counts", 20));
	MUST(hands, krsi_object_set_program(hands->object, "mkdir_check", KRSI_PROGRAM_OPTIONAL));
	MUST(hands, krsi_object_set_target(hands->object, "mkdir_check", "inode_mkdir"));
}

static void ready_optional(struct hands *hands)
{
	MUST(hands, krsi_object_set_program(hands->object, "bad", KRSI_PROGRAM_OPTIONAL));
}

/* Only a tracepoint with a target of the caller's allocates on its way. */
static void ready_tracepoint(struct hands *hands)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t i;

	for (i = 0; i < krsi_object_program_count(hands->object); i++) {
		MUST(hands, krsi_object_program_info(hands->object, i, &info));
		if (strcmp(info.name, "kind_tracepoint") != 0)
			MUST(hands, krsi_object_set_program(hands->object, info.name, KRSI_PROGRAM_SKIP));
	}
	MUST(hands, krsi_object_set_target(hands->object, "kind_tracepoint", "sched/sched_process_exec"));
	MUST(hands, krsi_object_load(hands->object));
}

static void ready_stream(struct hands *hands)
{
	MUST(hands, krsi_stream_new(hands->ctx, &hands->stream));
	MUST(hands, krsi_map_open(hands->object, "events", &hands->map));
}

static void ready_perf(struct hands *hands)
{
	MUST(hands, krsi_stream_new(hands->ctx, &hands->stream));
}

static int stop_at_once(void *data, const void *record, size_t size)
{
	(void)data;
	(void)record;
	(void)size;
	return 1;
}

static void ready_record(struct hands *hands)
{
	MUST(hands, krsi_stream_new(hands->ctx, &hands->stream));
	MUST(hands, krsi_stream_add_object(hands->stream, hands->object, "events", stop_at_once, NULL));
	stage->record();
	stage->record();	/* one more for the second try */
}

static void ready_pins(struct hands *hands)
{
	MUST(hands, krsi_object_pin(hands->object, stage->pins));
}

/* --- the acts ------------------------------------------------------------ */

static int ctx_new(struct hands *hands)
{
	struct krsi_ctx *ctx = NULL;
	int err = krsi_ctx_new(NULL, &ctx);

	assert_true(err ? !ctx : !!ctx);
	krsi_ctx_free(ctx);
	(void)hands;
	return err;
}

static int object_open(struct hands *hands)
{
	struct krsi_object_opts opts = { .sz = sizeof(opts), .kconfig = "CONFIG_HZ=250\n", .btf_path = stage->btf };

	return krsi_object_open(hands->ctx, object_path("kinds"), &opts, &hands->object);
}

static int object_open_memory(struct hands *hands)
{
	return krsi_object_open_memory(hands->ctx, hands->bytes, hands->size, NULL, &hands->object);
}

static void object_is_whole(struct hands *hands)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t i;

	assert_true(krsi_object_program_count(hands->object) > 0);
	for (i = 0; i < krsi_object_program_count(hands->object); i++) {
		MUST(hands, krsi_object_program_info(hands->object, i, &info));
		assert_true(*info.name && *info.section && info.target && info.reason && info.log);
	}
}

static int set_program(struct hands *hands)
{
	return krsi_object_set_program(hands->object, "mkdir_check", KRSI_PROGRAM_SKIP);
}

static void program_is_skipped(struct hands *hands)
{
	struct krsi_program_info info = { .sz = sizeof(info) };

	MUST(hands, krsi_object_program_info(hands->object, 0, &info));
	assert_int_equal(info.state, KRSI_PROGRAM_SKIPPED);
}

static int set_target(struct hands *hands)
{
	return krsi_object_set_target(hands->object, "mkdir_check", "inode_mknod");
}

static void target_is_set(struct hands *hands)
{
	struct krsi_program_info info = { .sz = sizeof(info) };

	MUST(hands, krsi_object_program_info(hands->object, 0, &info));
	assert_string_equal(info.target, "inode_mknod");
}

static int set_map_size(struct hands *hands)
{
	return krsi_object_set_map_size(hands->object, "events", 8192);
}

static int set_variable(struct hands *hands)
{
	uint32_t value = 7;

	return krsi_object_set_variable(hands->object, "enforce", &value, sizeof(value));
}

/* A pattern cannot be set twice, so what a failed call left behind would show in the second try. */
static int set_inner_map(struct hands *hands)
{
	return krsi_object_set_inner_map(hands->object, "outer", hands->map);
}

static int reuse_map(struct hands *hands)
{
	return krsi_object_reuse_map(hands->object, "counts", hands->map);
}

static int load(struct hands *hands)
{
	return krsi_object_load(hands->object);
}

static void programs_are_loaded(struct hands *hands)
{
	struct krsi_program_info info = { .sz = sizeof(info) };
	size_t i;

	for (i = 0; i < krsi_object_program_count(hands->object); i++) {
		MUST(hands, krsi_object_program_info(hands->object, i, &info));
		if (strcmp(info.name, "bad") == 0)
			assert_int_equal(info.error, -ENOEXEC);	/* refused, and by the verifier alone */
		else
			assert_int_equal(info.state, KRSI_PROGRAM_LOADED);
	}
}

static int map_new(struct hands *hands)
{
	struct krsi_map_opts shape = {
		.sz = sizeof(shape), .name = "made", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 2,
	};

	return krsi_map_new(hands->ctx, &shape, &hands->got_map);
}

static int map_open(struct hands *hands)
{
	return krsi_map_open(hands->object, "counts", &hands->got_map);
}

static int map_open_fd(struct hands *hands)
{
	return krsi_map_open_fd(hands->ctx, krsi_map_fd(hands->map), &hands->got_map);
}

static int map_get_inner(struct hands *hands)
{
	uint32_t key = 1;

	return krsi_map_get_inner(hands->map, &key, sizeof(key), &hands->got_map);
}

static void map_is_whole(struct hands *hands)
{
	struct krsi_map_info info = { .sz = sizeof(info) };

	MUST(hands, krsi_map_info(hands->got_map, &info));
	assert_non_null(info.name);
	assert_int_equal(info.key_size, 4);
}

static int count_entry(void *data, const void *key, const void *value)
{
	(void)key;
	(void)value;
	++*(unsigned int *)data;
	return 0;
}

static int map_each(struct hands *hands)
{
	hands->entries = 0;
	return krsi_map_each(hands->map, count_entry, &hands->entries);
}

static void all_were_seen(struct hands *hands)
{
	assert_int_equal(hands->entries, 600);
}

static int map_sum(struct hands *hands)
{
	uint32_t key = 0;
	uint64_t sum;

	return krsi_map_sum(hands->map, &key, sizeof(key), 8, &sum);
}

static int stream_new(struct hands *hands)
{
	return krsi_stream_new(hands->ctx, &hands->stream);
}

static int stream_add(struct hands *hands)
{
	return krsi_stream_add(hands->stream, hands->map, NULL, stop_at_once, NULL);
}

static int stream_add_object(struct hands *hands)
{
	return krsi_stream_add_object(hands->stream, hands->object, "events", stop_at_once, NULL);
}

static int stream_add_perf(struct hands *hands)
{
	return krsi_stream_add_object(hands->stream, hands->object, "samples", stop_at_once, NULL);
}

static void ring_is_there_once(struct hands *hands)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) };

	MUST(hands, krsi_stream_stats(hands->stream, &stats));
	assert_int_equal(stats.rings, 1);
}

static int stream_stats(struct hands *hands)
{
	struct krsi_stream_stats_info stats = { .sz = sizeof(stats) };

	return krsi_stream_stats(hands->stream, &stats);
}

static int stream_dispatch(struct hands *hands)
{
	return krsi_stream_dispatch(hands->stream, 0, NULL);
}

static int attach(struct hands *hands)
{
	return krsi_object_attach(hands->object, NULL);
}

static void program_is_attached(struct hands *hands)
{
	struct krsi_program_info info = { .sz = sizeof(info) };

	MUST(hands, krsi_object_program_info(hands->object, 0, &info));
	assert_int_equal(info.state, KRSI_PROGRAM_ATTACHED);
}

static int attach_program(struct hands *hands)
{
	return krsi_object_attach_program(hands->object, "kind_tracepoint", NULL);
}

static int pin(struct hands *hands)
{
	int err = krsi_object_pin(hands->object, stage->pins);

	assert_int_equal(access(stage->pins, F_OK), err ? -1 : 0);	/* all of it or nothing */
	return err;
}

static int link_open_pin(struct hands *hands)
{
	return krsi_link_open_pin(hands->ctx, pin_path("link_mkdir_check"), &hands->link);
}

static int map_open_pin(struct hands *hands)
{
	return krsi_map_open_pin(hands->ctx, pin_path("map_counts"), &hands->got_map);
}

static int map_pin(struct hands *hands)
{
	int err = krsi_map_pin(hands->map, pin_path("another"));

	if (!err)
		unlink(pin_path("another"));
	return err;
}

static void ready_pins_and_map(struct hands *hands)
{
	ready_pins(hands);
	ready_same_shape(hands);
}

static int hooks_new(struct hands *hands)
{
	struct krsi_hooks_opts opts = { .sz = sizeof(opts), .btf_path = stage->btf };

	return krsi_hooks_new(hands->ctx, &opts, &hands->hooks);
}

static void hooks_are_whole(struct hands *hands)
{
	struct krsi_hook_arg_info arg = { .sz = sizeof(arg) };
	struct krsi_hook_info hook = { .sz = sizeof(hook) };
	size_t i, k;

	assert_true(krsi_hooks_count(hands->hooks) > 0);
	for (i = 0; i < krsi_hooks_count(hands->hooks); i++) {
		MUST(hands, krsi_hook_info(hands->hooks, i, &hook));
		assert_true(*hook.name && *hook.prototype);
		for (k = 0; k < hook.arg_count; k++) {
			MUST(hands, krsi_hook_arg(hands->hooks, i, k, &arg));
			assert_true(arg.name && *arg.type);
		}
	}
}

/* Failures for other reasons keep their number when there is no memory to tell the story. */
static int find_nothing(struct hands *hands)
{
	return krsi_object_find_program(hands->object, "no_such_program", NULL);
}

static const struct act acts[] = {
	{ "test_ctx_new", .run = ctx_new },
	{ "test_object_open", .run = object_open, .check = object_is_whole },
	{ "test_object_open_memory", .ready = ready_bytes, .run = object_open_memory, .check = object_is_whole },
	{ "test_failure_to_tell", .object = "mkdir", .run = find_nothing, .want = -ENOENT },
	{ "test_set_program", .object = "mkdir", .run = set_program, .check = program_is_skipped },
	{ "test_set_target", .object = "mkdir", .run = set_target, .check = target_is_set },
	{ "test_set_map_size", .object = "mkdir", .run = set_map_size },
	{ "test_set_variable", .object = "mkdir", .run = set_variable },
	{ "test_set_inner_map", .object = "maps", .ready = ready_pattern, .run = set_inner_map },
	{ "test_reuse_map", .object = "mkdir", .ready = ready_same_shape, .run = reuse_map },
	{ "test_load", .object = "mkdir", .ready = ready_settings, .run = load, .check = programs_are_loaded },
	{ "test_load_without_an_optional_program", .object = "refused", .ready = ready_optional, .run = load, .check = programs_are_loaded },
	{ "test_load_that_is_refused", .object = "refused", .run = load, .want = -ENOEXEC },
	{ "test_load_that_lacks_a_symbol", .object = "missing_symbol", .run = load, .want = -ENOENT },
	{ "test_load_that_lacks_a_map", .object = "mkdir", .made_up = true, .run = load, .want = -EOPNOTSUPP },
	{ "test_map_new", .run = map_new, .check = map_is_whole },
	{ "test_map_open", .object = "mkdir", .load = true, .run = map_open, .check = map_is_whole },
	{ "test_map_open_fd", .ready = ready_same_shape, .run = map_open_fd, .check = map_is_whole },
	{ "test_map_get_inner", .object = "maps", .ready = ready_outer, .run = map_get_inner, .check = map_is_whole },
	{ "test_map_each_by_batch", .ready = ready_hash, .run = map_each, .check = all_were_seen },
	{ "test_map_each_by_key", .object = "maps", .ready = ready_outer, .run = map_each },
	{ "test_map_sum", .ready = ready_counter, .run = map_sum },
	{ "test_stream_new", .run = stream_new },
	{ "test_stream_add", .object = "mkdir", .load = true, .ready = ready_stream, .run = stream_add, .check = ring_is_there_once },
	{ "test_stream_add_object", .object = "mkdir", .load = true, .ready = ready_stream, .run = stream_add_object, .check = ring_is_there_once },
	{ "test_stream_add_perf", .object = "perf", .load = true, .ready = ready_perf, .run = stream_add_perf, .check = ring_is_there_once },
	{ "test_attach", .object = "mkdir", .load = true, .run = attach, .check = program_is_attached },
	{ "test_attach_program", .object = "kinds", .ready = ready_tracepoint, .run = attach_program },
	{ "test_stream_stats", .object = "mkdir", .attach = true, .ready = ready_record, .run = stream_stats },
	{ "test_stream_dispatch_that_is_ended", .object = "mkdir", .attach = true, .ready = ready_record, .run = stream_dispatch, .want = -ECANCELED },
	{ "test_pin", .object = "mkdir", .attach = true, .run = pin },
	{ "test_link_open_pin", .object = "mkdir", .attach = true, .ready = ready_pins, .run = link_open_pin },
	{ "test_map_open_pin", .object = "mkdir", .attach = true, .ready = ready_pins, .run = map_open_pin, .check = map_is_whole },
	{ "test_map_pin", .object = "mkdir", .attach = true, .ready = ready_pins_and_map, .run = map_pin },
	/* Of a real kernel it would take thousands, each after reading some megabytes. */
	{ "test_hooks_new", .made_up = true, .run = hooks_new, .check = hooks_are_whole },
};

/* --- the performances ---------------------------------------------------- */

static int fd_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void set_up(const struct act *act, struct hands *hands)
{
	uint32_t tgid = (uint32_t)getpid();

	inject_stop();	/* should an assertion have ended the act before */
	if (stage->ready)
		stage->ready(act->name);
	memset(hands, 0, sizeof(*hands));
	assert_int_equal(krsi_ctx_new(NULL, &hands->ctx), 0);
	if (act->object) {
		MUST(hands, krsi_object_open(hands->ctx, object_path(act->object), NULL, &hands->object));
		krsi_object_set_variable(hands->object, "only_tgid", &tgid, sizeof(tgid));
	}
	if (act->load || act->attach)
		MUST(hands, krsi_object_load(hands->object));
	if (act->attach)
		MUST(hands, krsi_object_attach(hands->object, NULL));
	if (act->ready)
		act->ready(hands);
}

static void clear_away(struct hands *hands)
{
	krsi_hooks_free(hands->hooks);
	krsi_link_free(hands->link);
	krsi_stream_free(hands->stream);
	krsi_map_free(hands->got_map);
	krsi_map_free(hands->map);
	if (hands->object && access(stage->pins, F_OK) == 0)
		krsi_object_unpin(hands->object, stage->pins);
	krsi_object_free(hands->object);
	krsi_ctx_free(hands->ctx);
	free(hands->bytes);
}

/* One performance with the n-th allocation failing. Whether there was one. */
static bool perform(const struct act *act, unsigned int nth, bool all_after)
{
	unsigned int failed;
	struct hands hands;
	int err;

	set_up(act, &hands);
	inject_start(nth, all_after);
	err = act->run(&hands);
	failed = inject_stop();
	if (err != act->want && !(failed && err == -ENOMEM))
		fail_msg("allocation %u%s: %s: %s", nth, all_after ? " and all after it" : "", krsi_error_name(err),
			 krsi_ctx_error_detail(hands.ctx));
	if (err == -ENOMEM && act->want != -ENOMEM) {
		err = act->run(&hands);
		if (err != act->want)
			fail_msg("after allocation %u%s had failed: %s: %s", nth, all_after ? " and all after it" : "",
				 krsi_error_name(err), krsi_ctx_error_detail(hands.ctx));
	}
	if (!err && act->check)
		act->check(&hands);
	clear_away(&hands);
	return failed;
}

static void act_play(void **state)
{
	const struct act *act = *state;
	unsigned int nth, total = 0;
	int all_after, before;

	if (stage->ready)
		stage->ready(act->name);
	before = fd_count();
	/* On a real kernel, in a virtual machine, once is long enough. */
	for (all_after = 0; all_after <= (stage->ready ? 1 : 0); all_after++) {
		for (nth = 1; perform(act, nth, all_after); nth++)
			total++;
		assert_true(nth > 1);	/* it allocates, or it need not be here */
	}
	if (stage->ready)
		stage->ready(act->name);
	print_message("# %s: %u failures\n", act->name, total);
	assert_int_equal(fd_count(), before);
}

int acts_run(const struct acts_stage *where)
{
	struct CMUnitTest tests[sizeof(acts) / sizeof(acts[0])];
	size_t i, n = 0;

	stage = where;
	krsi_bpf_silence();
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (stage->ready || !acts[i].made_up)
			tests[n++] = (struct CMUnitTest){ .name = acts[i].name, .test_func = act_play, .initial_state = (void *)&acts[i] };
	return _cmocka_run_group_tests("alloc", tests, n, NULL, NULL);
}

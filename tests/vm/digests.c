/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Digests of what is executed, beside those of sha256sum(1), and that nothing is read where nobody asked for them. */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RULES "version: 1\nname: p\nrules:\n"
#define AUDIT "  - { name: exec, on: process.exec, object: { path: \"/tmp/engine/**\" }, action: audit }\n"
#define DENY "  - { name: exec, on: process.exec, object: { path: \"/tmp/engine/**\" }, action: { deny: EACCES } }\n"
#define OPEN "  - { name: open, on: file.open, object: { path: /tmp/engine/secret }, action: audit }\n"

#define SHA256 4	/* of linux/hash_info.h */
#define PROGRAM ENGINE_DIR "/program"
#define SCRIPT ENGINE_DIR "/script"

/* A digest in hexadecimal; "": absent. */
struct digest {
	char hex[129];
	uint64_t algorithm;
};

/* Of what a rule said, and of what was executed. */
struct told {
	struct digest rule, exec;
	int rules, execs;
};

static struct engine start(struct krsi_ctx *ctx, uint32_t flags, const char *yaml)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .flags = flags };
	struct engine e = { .ctx = ctx };

	assert_ok(ctx, krsi_engine_new(ctx, &opts, &e.engine));
	engine_apply(&e, yaml);
	return e;
}

static struct digest digest_of_event(const struct krsi_event *event)
{
	struct digest digest = { .hex = "", .algorithm = ~0ULL };
	size_t size = 0, i;
	const char *bytes = krsi_event_text(event, KRSI_EVENT_DIGEST, &size, NULL);

	assert_true(size <= 64);
	for (i = 0; bytes && i < size; i++)
		sprintf(digest.hex + 2 * i, "%02x", (unsigned char)bytes[i]);
	krsi_event_number(event, KRSI_EVENT_DIGEST_ALGORITHM, &digest.algorithm);
	/* Nothing here is on a file system that has it. */
	assert_null(krsi_event_text(event, KRSI_EVENT_VERITY_DIGEST, NULL, NULL));
	return digest;
}

/* The first event of a rule is of the file that was executed, the next one of its interpreter. */
static int look(void *data, const struct krsi_event *event)
{
	struct told *told = data;

	if (krsi_event_kind(event) == KRSI_EVENT_KIND_RULE && told->rules++ == 0)
		told->rule = digest_of_event(event);
	if (krsi_event_kind(event) == KRSI_EVENT_KIND_EXEC) {
		told->execs++;
		told->exec = digest_of_event(event);
	}
	return 0;
}

static struct told told_of(struct engine *e, const char *path, int error)
{
	struct told told = { 0 };

	engine_events_drain(e);
	krsi_engine_set_event(e->engine, look, &told);
	assert_int_equal(try_exec(path), error);
	assert_ok(e->ctx, krsi_engine_dispatch(e->engine, 0, NULL));
	krsi_engine_set_event(e->engine, NULL, NULL);
	return told;
}

static void digest_is(const struct digest *digest, const char *path)
{
	char command[256], hex[65] = "";
	FILE *sum;

	snprintf(command, sizeof(command), "/bin/busybox sha256sum %s", path);
	sum = popen(command, "r");
	assert_non_null(sum);
	assert_int_equal(fscanf(sum, "%64s", hex), 1);
	pclose(sum);
	assert_string_equal(digest->hex, hex);
	assert_int_equal(digest->algorithm, SHA256);
}

static void file_add(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | flags, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* Whether the programs that have files read are attached. */
static bool is_attached(const struct engine *e)
{
	const char *name;
	bool any = false;
	size_t i;

	for (i = 0; (name = krsi_engine_program(e->engine, i)); i++)
		any = any || strncmp(name, "digest_", 7) == 0;
	return any;
}

static void skip_unless_lsm_active(void)
{
	if (!vm_bpf_is_active())
		skip_because("bpf is not in the active LSM list of this boot");
}

static void test_digests_are_refused_where_programs_cannot_sleep(void **state)
{
	const struct krsi_engine_opts opts = { .sz = sizeof(opts), .flags = KRSI_ENGINE_DIGESTS, .backend = KRSI_ENGINE_FMOD_RET };
	struct krsi_engine *engine;

	assert_int_equal(krsi_engine_new(*state, &opts, &engine), -EOPNOTSUPP);
	assert_detail(*state, "which the backend fmod_ret cannot have");
}

static void test_digests_are_those_of_the_file(void **state)
{
	struct told told, other;
	struct engine e;

	skip_unless_lsm_active();
	e = start(*state, KRSI_ENGINE_DIGESTS | KRSI_ENGINE_PROCESSES, RULES AUDIT);
	told = told_of(&e, PROGRAM, 0);
	assert_int_equal(told.rules, 1);
	assert_int_equal(told.execs, 1);
	digest_is(&told.rule, PROGRAM);
	digest_is(&told.exec, PROGRAM);
	/* The same name, and another file. */
	file_add(PROGRAM, "x", O_APPEND);
	other = told_of(&e, PROGRAM, 0);
	digest_is(&other.rule, PROGRAM);
	digest_is(&other.exec, PROGRAM);
	assert_string_not_equal(other.exec.hex, told.exec.hex);
	/* A script is what was executed, and its interpreter is what runs. */
	file_add(SCRIPT, "#!/bin/busybox true\n", O_TRUNC);
	told = told_of(&e, SCRIPT, 0);
	digest_is(&told.rule, SCRIPT);
	digest_is(&told.exec, "/bin/busybox");
	/* What is refused is told all the same, and leaves nothing to what comes next. */
	engine_apply(&e, RULES DENY);
	told = told_of(&e, PROGRAM, EACCES);
	assert_int_equal(told.rules, 1);
	assert_int_equal(told.execs, 0);
	digest_is(&told.rule, PROGRAM);
	told = told_of(&e, "/bin/busybox", 0);
	assert_int_equal(told.rules, 0);
	digest_is(&told.exec, "/bin/busybox");
	engine_stop_new(&e);
}

static void test_nothing_is_read_that_is_not_told(void **state)
{
	struct told told;
	struct engine e;

	skip_unless_lsm_active();
	e = start(*state, KRSI_ENGINE_DIGESTS, RULES OPEN);
	assert_false(is_attached(&e));
	engine_apply(&e, RULES AUDIT);
	assert_true(is_attached(&e));
	told = told_of(&e, PROGRAM, 0);
	digest_is(&told.rule, PROGRAM);
	engine_apply(&e, RULES OPEN);
	assert_false(is_attached(&e));
	engine_stop_new(&e);
}

static void test_digests_are_absent_unless_asked_for(void **state)
{
	struct engine e = start(*state, KRSI_ENGINE_PROCESSES, RULES AUDIT);
	struct told told;

	assert_false(is_attached(&e));
	told = told_of(&e, PROGRAM, 0);
	assert_int_equal(told.rules, 1);
	assert_int_equal(told.execs, 1);
	assert_string_equal(told.rule.hex, "");
	assert_string_equal(told.exec.hex, "");
	assert_int_equal(told.rule.algorithm, ~0ULL);
	engine_stop_new(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		vm_test(test_digests_are_refused_where_programs_cannot_sleep),
		vm_test(test_digests_are_those_of_the_file),
		vm_test(test_nothing_is_read_that_is_not_told),
		vm_test(test_digests_are_absent_unless_asked_for),
	};

	if (!vm_kernel_at_least(5, 12)) {
		printf("no function computes digests before Linux 5.12\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, engine_files_setup, NULL);
}

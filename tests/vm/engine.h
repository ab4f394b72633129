/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the tests of the engine share: a policy in force, acts to try, and the events of them. */
#ifndef KRSI_TESTS_VM_ENGINE_H
#define KRSI_TESTS_VM_ENGINE_H

#include <sys/types.h>

#include "vm.h"

#define ENGINE_DIR "/tmp/engine"

struct engine {
	struct krsi_ctx *ctx;
	struct krsi_engine *engine;
};

/* An event, copied. Texts that are absent are "". */
struct seen {
	char operation[32], policy[64], rule[64], comm[16];
	char path[4200], path2[4200], exe[4200], unix_address[256];
	uint32_t verdict, flags;
	int pid, error;
};

/*
 * cmocka's setup of a group: in ENGINE_DIR, "secret", "other", "dir/sub/deep", "xy.conf", "xyz.conf",
 * and "program", a copy of busybox.
 */
int engine_files_setup(void **state);

/*
 * The engine that the cases of a program share, as most of their time would go into loading programs otherwise:
 * made where there is none, or the test fails with the reason; and gone.
 */
extern struct engine policy_engine;
void engine_share(void);
void engine_unshare(void);

/* Rules about every operation that this kernel has a hook for, none of which ever applies. */
void engine_all_rules(char *yaml, size_t size);

/* It with the policy of that YAML in force; and no policy in force any more. */
struct engine engine_start(const char *yaml);
void engine_stop(struct engine *e);

/* The same with an engine of its own, for what depends on what it did before. */
struct engine engine_start_new(struct krsi_ctx *ctx, const char *yaml);
void engine_stop_new(struct engine *e);

/* That of KRSI_ENGINE_AUTO: all tests run with bpf in lsm=, and without. */
void engine_assert_backend(const struct krsi_engine *engine);

struct krsi_policy *engine_policy(struct engine *e, const char *yaml);
void engine_apply(struct engine *e, const char *yaml);

/* The next event, waited for; the test fails when there is none within five seconds. */
struct seen engine_event(struct engine *e);

/* The next event of a rule; others are passed over. */
struct seen engine_event_of(struct engine *e, const char *rule);

/* How many events are waiting; they are read and gone. */
uint32_t engine_events_drain(struct engine *e);

/* Each returns 0 or the errno. */
int try_open(const char *path, int flags);
int try_exec(const char *path);		/* in a child; 0 when it ran, -SIGNAL when that ended it */

/* Run a program with one or two arguments in a child: its exit code, 128 + signal, or -errno of execve(). */
int run(const char *path, const char *arg1, const char *arg2);

#endif

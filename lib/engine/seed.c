/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The processes that were there before a policy: an iterator in the kernel looks at each of them. */
#include <errno.h>
#include <unistd.h>

#include <libkrsi/error.h>
#include <libkrsi/object.h>

#include "../ctx.h"
#include "engine.h"

/* What a process descends from comes down one level with each pass, or all at once in the order of PIDs. */
#define PASSES_MAX 64

static int pass(struct krsi_engine *engine)
{
	char text[256];
	ssize_t n;
	int fd, err;

	err = krsi_object_open_iter(engine->kernel.seed, "seed", &fd);
	if (err)
		return err;
	do
		n = read(fd, text, sizeof(text));
	while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
	err = n < 0 ? krsi_priv_fail(engine->ctx, -EIO, "engine: cannot look at the processes that run: %s", krsi_error_name(errno)) : 0;
	close(fd);
	return err;
}

int krsi_priv_seed(struct krsi_engine *engine, uint32_t number)
{
	struct krsi_priv_engine_globals *globals = &engine->kernel.globals;
	int passes, err;

	err = krsi_object_attach_program(engine->kernel.seed, "seed", NULL);
	if (err && err != -EALREADY)
		return err;
	__atomic_store_n(globals->seed_generation, number, __ATOMIC_SEQ_CST);
	for (passes = 0; passes < PASSES_MAX; passes++) {
		__atomic_store_n(globals->seed_changed, 0, __ATOMIC_SEQ_CST);
		err = pass(engine);
		if (err || !__atomic_load_n(globals->seed_changed, __ATOMIC_SEQ_CST))
			return err;
	}
	return krsi_priv_fail(engine->ctx, -EIO, "engine: in %d passes over the processes that run there was always one that could not be taken note of: "
			      "the kernel has no memory for them, or they change faster than that", PASSES_MAX);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* User space's part of bpf/engine/known.bpf.h: whose namespace paths are of, and images that are gone. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <libkrsi/bpf.h>
#include <libkrsi/map.h>

#include "../ctx.h"
#include "engine.h"

int krsi_priv_home_look(struct krsi_engine *engine, struct krsi_object *object)
{
	struct bpf_program *program = bpf_object__find_program_by_name(krsi_object_bpf(object), "home_look");
	LIBBPF_OPTS(bpf_test_run_opts, run);
	int err = program ? bpf_prog_test_run_opts(bpf_program__fd(program), &run) : -ENOENT;

	if (!err)
		return 0;
	return krsi_priv_fail(engine->ctx, err == -EPERM || err == -ENOMEM ? err : -EIO, "engine: cannot tell its programs which mount namespace paths are of: %s",
			      strerror(-err));
}

/* As struct known_key has it. */
struct key {
	uint64_t key;
	uint32_t generation;
	uint32_t reserved;
};

static int entry_look(void *data, const void *key, const void *value)
{
	const struct krsi_engine *engine = data;
	const struct key *of = key;

	(void)value;
	if (of->generation != engine->current && of->generation != engine->previous)
		krsi_map_delete(engine->kernel.known, key, sizeof(*of));
	return 0;
}

void krsi_priv_identities_forget(struct krsi_engine *engine)
{
	krsi_map_each(engine->kernel.known, entry_look, engine);
}

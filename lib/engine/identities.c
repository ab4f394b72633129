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
#include "../match/hash.h"
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

/* As struct known_key and struct known of bpf/engine/state.bpf.h. */
struct key {
	uint64_t key;
	uint32_t generation;
	uint32_t reserved;
};

struct entry {
	uint32_t refs[4];
};

/* --- what has changed while policies were applied -------------------------- */

static uint32_t image_find(const struct krsi_priv_generation *generation, uint64_t key)
{
	const struct image_header *header = (const struct image_header *)generation->units;
	const struct image_entry *entry = (const struct image_entry *)&generation->units[header->hash + (key >> header->hash_shift)];
	uint32_t i;

	for (i = 0; i < IMAGE_PROBES_MAX && entry[i].key; i++)
		if (entry[i].key == key)
			return entry[i].value;
	return 0;
}

/* All that a path means as `kind` its identity means as `of`. */
static void learn(struct krsi_engine *engine, const struct krsi_priv_generation *generation, const struct krsi_priv_resolution *path,
		  uint32_t kind, uint32_t of)
{
	const struct image_header *header = (const struct image_header *)generation->units;
	struct key key = { match_key(engine->secret, of, match_identity(path->resolved.device, path->resolved.inode)), generation->number, 0 };
	struct entry entry = { { image_find(generation, match_key(engine->secret, kind, krsi_priv_path_value(engine->secret, path->path, strlen(path->path)))), image_find(generation, key.key) } };
	uint64_t bit = match_filter_bit(header->filter_bits, match_identity_filter(engine->secret, path->resolved.inode));
	uint64_t *words = (uint64_t *)&generation->units[IMAGE_REF_FILTER];

	if (!entry.refs[0])
		return;
	/* What the programs have put in meanwhile is as new as this. */
	if (krsi_map_update(engine->kernel.known, &key, sizeof(key), &entry, sizeof(entry), KRSI_MAP_NEW) != 0)
		return;
	__atomic_store_n(engine->kernel.globals.known_any, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&words[bit / 64], 1ULL << bit % 64, __ATOMIC_SEQ_CST);
}

void krsi_priv_identities_again(struct krsi_engine *engine, const struct krsi_priv_generation *generation)
{
	const struct krsi_priv_resolutions *resolutions = &generation->resolutions;
	struct krsi_priv_resolution now;
	size_t i;

	for (i = 0; i < resolutions->count; i++) {
		const struct krsi_priv_resolution *before = &resolutions->at[i];

		now = *before;
		if (!krsi_priv_resolve_path(NULL, before->path, &now.resolved))
			continue;
		if (before->found && now.resolved.device == before->resolved.device && now.resolved.inode == before->resolved.inode)
			continue;
		learn(engine, generation, &now, IMAGE_KIND_LITERAL, IMAGE_KIND_IDENTITY);
		if (now.resolved.is_directory)
			learn(engine, generation, &now, IMAGE_KIND_SUBTREE, IMAGE_KIND_DIRECTORY);
	}
}

/* --- images that are gone -------------------------------------------------- */

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
